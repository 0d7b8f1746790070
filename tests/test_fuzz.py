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

import numpy as np
import pandas as pd
import pytest

from evinet import config, document, files, tables, usertable
from evinet.digitise import axis
from evinet.errors import InputError
from evinet.extract import checks, load, review, vocabulary
from evinet.extract.rows import rows
from evinet.nma import Network
from evinet.nma import graph as graphs
from evinet.nma import model as models
from evinet.nma.population import regression
from evinet.reconstruct import options
from evinet.report import certainty, qmd
from evinet.simulate import study as simulate

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


def take_arms(folder: Path) -> None:
    """As `evinet nma` does, up to the sampler."""
    network = Network.read(folder / "arms.csv")
    model = models.build(network, effects="fixed")
    if {"r", "n"} <= set(network.arms):
        assert network.arms["r"].between(0, network.arms["n"]).all()
    assert all(np.isfinite(each).all() for each in graphs.values(model).values())


def take_effects(folder: Path) -> None:
    """Hazard ratios with limits, as `evinet nma` takes them."""
    network = Network.read(folder / "effects.csv")
    assert np.isfinite(network.contrasts.y).all()
    assert np.linalg.eigvalsh(network.contrasts.covariance).min() > 0


def take_patients(folder: Path) -> None:
    """As `evinet nma --ipd` does."""
    network = Network.from_patients(usertable.read(folder / "patients.csv"))
    best = network.patients.best
    assert (np.isfinite(best.time) & (best.time >= 0)).all()
    assert set(best.event) <= {0, 1}


def take_points(folder: Path) -> None:
    """As `evinet reconstruct` does."""
    trial, _ = options.read(
        options.Options(curve=[str(folder / "points.csv")], at_risk=[str(folder / "at-risk.csv")])
    )
    for arm in trial.arms:
        time, survival = arm.curve or (np.zeros(0), np.zeros(0))
        assert np.isfinite(time).all()
        assert ((survival >= 0) & (survival <= 1)).all()
        assert arm.at_risk is None or (arm.at_risk[1] >= 0).all()


def take_covariates(folder: Path) -> None:
    """As `evinet nma --regression` does, up to the sampler."""
    network = regression.network(
        usertable.read(folder / "people.csv"), usertable.read(folder / "arms.csv"), "age + male",
        covariates=usertable.read(folder / "covariates.csv"), points=16,
    )  # fmt: skip
    model = models.build(network, effects="fixed")
    assert all(np.isfinite(each).all() for each in graphs.values(model).values())


def take_page(folder: Path) -> None:
    """As both renderers do."""
    qmd.read(folder / "index.qmd")


def take_axis(folder: Path) -> None:
    """As `evinet digitise --axis` does before it looks at the figure."""
    found = axis.read(folder / "axis.yaml")
    found.panel()
    found.rows()
    found.typed()


DOORS = {
    "a trial": Door("data/raw/trials/netter-2/trial.yaml", take_trials),
    "another trial": Door("data/raw/trials/promid/trial.yaml", take_trials),
    "treatments": Door("data/raw/treatments.yaml", take_trials),
    "sources": Door("data/raw/sources.yaml", take_trials),
    "numbers at risk": Door("data/raw/trials/netter-2/at-risk/pfs.csv", take_trials),
    "a curve": Door("data/raw/trials/netter-2/curves/pfs.csv", take_trials),
    "safety signals": Door("data/raw/safety-signals.csv", take_trials),
    "the configuration": Door("config/config.yaml", take_config),
    "a simulation study": Door(
        "config/simulation.yaml", lambda folder: simulate.load(folder / "config/simulation.yaml")
    ),
    "judgements": Door("certainty.yaml", lambda folder: certainty.load(folder / "certainty.yaml")),
    "a page": Door("index.qmd", take_page),
    "an axis file": Door("axis.yaml", take_axis),
    "arms": Door("arms.csv", take_arms),
    "effects": Door("effects.csv", take_effects),
    "patients": Door("patients.csv", take_patients),
    "points of a curve": Door("points.csv", take_points),
    "numbers at risk of anybody": Door("at-risk.csv", take_points),
    "covariates": Door("covariates.csv", take_covariates),
    "patients with covariates": Door("people.csv", take_covariates),
}  # fmt: skip
KEPT = ("netter-2", "promid")
CURVE = (
    "report,arm,time,survival,source,locator\n"
    "primary,lu-dotatate,0,1,singh-2024,Figure 2A\nprimary,lu-dotatate,12,0.652,singh-2024,Figure\n"
    "primary,octreotide,0,1,singh-2024,Figure 2A\nprimary,octreotide,12,0.3,singh-2024,Figure 2A\n"
)
ANYBODYS = {
    "arms.csv": "study,treatment,r,n\nÅ 1,A,10,100\nÅ 1,B,20,100\n2,A,12,90\n2,B,18,95\n",
    "effects.csv": "study;treat1;treat2;hr;lower;upper\nAlba;new;old;0.7;0.5;0.98\n"
    "Birch;other;old;0.9;0.7;1.16\n",
    "patients.csv": "study,treatment,time,event\n" + "".join(
        f"{study},{treatment},{1 + 3 * number % 7 + number / 10:g},{number % 2}\n"
        for study, pair in (("S", "AB"), ("T", "BC")) for treatment in pair for number in range(9)
    ),
    "points.csv": "arm,time,survival\nnew,0,1\nnew,3,0.9\nnew,9.5,0.71\nold,0,1\nold,2,0.8\n"
    "old,8,0.43\n",
    "at-risk.csv": "arm,time,n\nnew,0,60\nnew,6,45\nnew,12,20\nold,0,58\nold,6,30\nold,12,9\n",
    "people.csv": "study,treatment,age,male,r\n" + "".join(
        f"S,{'AB'[number % 2]},{50 + 7 * number % 31},{number // 2 % 2},{number // 3 % 2}\n"
        for number in range(40)
    ),
    "covariates.csv": "study,treatment,n,age_mean,age_sd,male\n"
    "Å 1,A,100,61.5,8,0.4\nÅ 1,B,100,60,9,0.6\n2,A,90,64,7,0.5\n2,B,95,63,7.5,0.55\n",
    "certainty.yaml": "judgements:\n  - {analysis: pfs, treatment: lanreotide-120,\n"
    "     comparator: placebo, domain: indirectness, level: some concerns, reason: Grade 1}\n",
    "axis.yaml": "figure: figure.png\nsha256: 0a\nkind: raster\nsize: [800, 600]\nunit: months\n"
    "time: [{at: 60, value: 0, read: [60, 0]}, {at: 700, value: 24}]\n"
    "survival: [{at: 500, value: 0}, {at: 40.5, value: 1}]\n"
    "arms: [{name: new, arm: new, colour: '#ff0000', dash: [3, 1]}, {name: old}]\n"
    "at_risk: {times: [0, 12], rows: [{arm: new, n: [60, 20]}, {arm: old, n: [58, null]}]}\n"
    "doubts: [{code: dashes, about: the old arm, left: 0.8}]\n",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A review of two trials."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copytree(ROOT / "data/raw", tmp_path / "data/raw")
    for trial in (tmp_path / "data/raw/trials").iterdir():
        if trial.name not in KEPT:
            shutil.rmtree(trial)
    files.write_text(tmp_path / "data/raw/trials/netter-2/curves/pfs.csv", CURVE)
    shutil.copy(ROOT / "reports/index.qmd", tmp_path)
    for name, text in ANYBODYS.items():
        files.write_text(tmp_path / name, text)
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
