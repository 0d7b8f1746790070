"""Spoilt files at every door for YAML and CSV: told or taken, in seconds; nothing impossible taken.

Mutations are seeded. The slow test makes many, the fast one a few of each door.
"""

from __future__ import annotations

import random
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from evinet import config, document, files, tables, usertable
from evinet.errors import InputError
from evinet.extract import checks, load, review, vocabulary
from evinet.extract.rows import rows

ROOT = Path(__file__).parents[1]
WORDS = (
    "-1", "0", "1e308", "-1e308", "9" * 400, ".nan", "NaN", ".inf", "inf", "1e-320", "true", "no",
    "null", "~", "''", '"', "'", "{", "}", "[", "]", "<<: *a", "&a ", "*a", "!!int x", "!!binary x",
    "!!python/name:os.system", "2023-02-30", "0000-00-00", "12:30:45", "0x1F", "0o17", "1_000", "?",
    ": ", "- ", "# ", "|", ">", "%", "@", "`", "\t", "\0", "\x07", "\x1b[31m", "\u202e", "\ufeff",
    '"\\ud800"', '"\\x00"', "\u00e9", "\U0001f600", "x" * 5000, "[" * 300, "{a: " * 300, ",", ";",
    "\n", "\r", "\r\n", "\n\n---\n", "=cmd()", "<script>", "../../x", "C:\\x", "%s", "{x}", "150%",
    "193 (300%)", "30/0", "NE", "NR", "<1%",
)  # fmt: skip
NUMBER = re.compile(r"-?\d+(\.\d+)?")


def spoilt(text: str, rng: random.Random) -> bytes:
    """A text with one to three mistakes."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        text = rng.choice(MISTAKES)(text, rng)
    content = text.encode("utf-8", errors="surrogatepass")
    kind = rng.random()
    if kind < 0.03:
        return content[: rng.randrange(len(content) + 1)]
    if kind < 0.05:
        return text.encode("utf-16")
    if kind < 0.07:
        place = rng.randrange(len(content) + 1)
        return content[:place] + bytes([rng.randrange(128, 256)]) + content[place:]
    return content


def word(text: str, rng: random.Random) -> str:
    place = rng.randrange(len(text) + 1)
    return text[:place] + rng.choice(WORDS) + text[place:]


def number(text: str, rng: random.Random) -> str:
    found = list(NUMBER.finditer(text))
    if not found:
        return word(text, rng)
    one = rng.choice(found)
    other = rng.choice((*WORDS[:12], "-" + one.group(), one.group() + "0" * 6, rng.choice(WORDS)))
    return text[: one.start()] + other + text[one.end() :]


def lines(text: str, rng: random.Random) -> str:
    rows_of = text.splitlines(keepends=True)
    one, other = rng.randrange(len(rows_of)), rng.randrange(len(rows_of))
    action = rng.randrange(5)
    if action == 0:
        del rows_of[one]
    elif action == 1:
        rows_of.insert(other, rows_of[one])
    elif action == 2:
        rows_of[one] = rng.choice((" ", "  ", "\t", "- ")) + rows_of[one]
    elif action == 3:
        rows_of[one] = rows_of[one].lstrip()
    else:
        rows_of[one], rows_of[other] = rows_of[other], rows_of[one]
    return "".join(rows_of) or "x"


def value(text: str, rng: random.Random) -> str:
    """What stands after a colon or comma, replaced."""
    found = list(re.finditer(r"(?<=[:,] )[^\n,}\]]+|(?<=,)[^,\n]*", text))
    if not found:
        return word(text, rng)
    one = rng.choice(found)
    return text[: one.start()] + rng.choice(WORDS) + text[one.end() :]


def letter(text: str, rng: random.Random) -> str:
    place = rng.randrange(len(text))
    return text[:place] + rng.choice(("", chr(rng.randrange(32, 127)))) + text[place + 1 :]


MISTAKES: tuple[Callable[[str, random.Random], str], ...] = (word, number, number, lines, value,
                                                             value, letter)  # fmt: skip


@dataclass(frozen=True)
class Door:
    """A file that people write, and what reads it."""

    path: str
    take: Callable[[Path], None]


def take_trials(folder: Path) -> None:
    """As `evinet check` and `evinet extract` do."""
    data = folder / "data/raw"
    words = vocabulary.load(data)
    for table in tables.REVIEW:
        table_of(table, vocabulary.review_rows(data, words, table))
    table_of(tables.TREATMENTS, words.treatment_rows())
    table_of(tables.SOURCES, words.source_rows())
    for slug in load.slugs(data):
        evidence = load.load(data, slug, words)
        load.unsure(data, slug)
        made = rows(evidence)
        made[tables.CHECKS.name] = [{"trial": slug, **vars(each)} for each in checks.run(evidence)]
        for table in tables.EVIDENCE:
            table_of(table, made.get(table.name, []))


def table_of(table: tables.Table, made: list[dict[str, object]]) -> None:
    """A table that can be written holds nothing impossible."""
    frame = table.frame(made)
    if frame.empty:
        return
    for name in frame:
        if frame[name].dtype == "string":
            assert not frame[name].str.contains(files.CONTROL).any(), name
        elif table.columns[str(name)].kind in ("number", "integer"):
            assert possible(str(name), frame[name].dropna().astype(float)), (table.name, name)
    if {"lower", "upper"} <= set(frame):
        assert not (frame["lower"] > frame["upper"]).any()
    if "se" in frame:
        assert not (frame["se"] <= 0).any()
    if {"n", "total"} <= set(frame):
        assert not (frame["n"] > frame["total"]).any()


def possible(name: str, values: pd.Series) -> bool:
    limits = {
        "year": (1900, 2100), "percent": (0, 100), "survival": (0, 1), "level": (0, 1),
        "estimate": (0, 1e6), "ratio": (1e-6, 1e6), "n": (0, 1e9), "events": (0, 1e9),
        "median": (0, 1200), "time": (0, 1200), "line": (1, 1e9),
    }  # fmt: skip
    low, high = limits.get(name, (-1e9, 1e9))
    return bool(values.between(low, high).all())


def take_config(folder: Path) -> None:
    """As every command and the workflow do."""
    path = folder / "config/config.yaml"
    written = document.load(path)
    read = config.load(path)
    review.check(read.model_copy(update={"review": read.review.model_copy(
        update={"data": str(ROOT / "data/raw")})}), written)  # fmt: skip
    files.write_json(folder / "config.json", read.model_dump(mode="json"))
    assert config.load(folder / "config.json") == read
    for analysis in read.analyses.values():
        assert len(set(analysis.trials)) == len(analysis.trials)


def take_table(path: Path) -> None:
    usertable.read(path)


DOORS = {
    "a trial": Door("data/raw/trials/netter-2/trial.yaml", take_trials),
    "another trial": Door("data/raw/trials/promid/trial.yaml", take_trials),
    "treatments": Door("data/raw/treatments.yaml", take_trials),
    "sources": Door("data/raw/sources.yaml", take_trials),
    "numbers at risk": Door("data/raw/trials/netter-2/at-risk/pfs.csv", take_trials),
    "a curve": Door("data/raw/trials/netter-2/curves/pfs.csv", take_trials),
    "safety signals": Door("data/raw/safety-signals.csv", take_trials),
    "the configuration": Door("config/config.yaml", take_config),
    "a table of anybody": Door(
        "arms.csv", lambda folder: take_table(folder / "arms.csv")
    ),
}  # fmt: skip
KEPT = ("netter-2", "promid")
CURVE = (
    "report,arm,time,survival,source,locator\n"
    "primary,lu-dotatate,0,1,singh-2024,Figure 2A\nprimary,lu-dotatate,12,0.652,singh-2024,Figure\n"
    "primary,octreotide,0,1,singh-2024,Figure 2A\nprimary,octreotide,12,0.3,singh-2024,Figure 2A\n"
)
ARMS = "study,treatment,r,n\nÅ 1,A,10,100\nÅ 1,B,20,100\n2,A,12,90\n2,B,18,95\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A review of two trials."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copytree(ROOT / "data/raw", tmp_path / "data/raw")
    for trial in (tmp_path / "data/raw/trials").iterdir():
        if trial.name not in KEPT:
            shutil.rmtree(trial)
    files.write_text(tmp_path / "data/raw/trials/netter-2/curves/pfs.csv", CURVE)
    files.write_text(tmp_path / "arms.csv", ARMS)
    return tmp_path


def took(door: Door, folder: Path) -> bool:
    """Whether the file was refused, with a remedy for each problem and text that can be shown."""
    try:
        door.take(folder)
    except InputError as error:
        if not all(problem.remedy for problem in error.problems):
            raise ValueError("a problem has no remedy") from error
        str(error).encode()
        return True
    return False


def attack(folder: Path, name: str, number_of: int) -> tuple[int, int]:
    """How many spoilt files were refused, and how many taken."""
    door = DOORS[name]
    path = folder / door.path
    text = path.read_text(encoding="utf-8")
    door.take(folder)
    refused = taken = 0
    for place in range(number_of):
        content = spoilt(text, random.Random(f"{name} {place}"))
        path.write_bytes(content)
        start = time.process_time()
        try:
            told = took(door, folder)
        except Exception as error:
            raise AssertionError(f"{name}, mutation {place}: {content[:2000]!r}") from error
        refused, taken = refused + told, taken + (not told)
        assert time.process_time() - start < 5, f"{name}, mutation {place}"
    path.write_text(text, encoding="utf-8")
    return refused, taken


@pytest.mark.parametrize("name", DOORS)
def test_a_few_spoilt_files_of_each_door(folder, name):
    attack(folder, name, 12)


@pytest.mark.slow
@pytest.mark.parametrize("name", DOORS)
def test_many_spoilt_files_of_each_door(folder, name):
    refused, taken = attack(folder, name, 120)
    assert refused > 5
    assert refused + taken == 120
