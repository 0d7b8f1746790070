"""Data that try to be code, in every text that a page, a figure or a table can show."""

from __future__ import annotations

import csv
import itertools
import json
import os
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pypdfium2
import pytest
from click.testing import CliRunner

from evinet import files, tables
from evinet.report.commands import exhibits, report

# Names of 200 characters leave some figures no room, which is not what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore:Tight layout not applied:UserWarning")

PAGES = Path(__file__).parents[2] / "reports"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

STRUCTURE = {
    "arm", "assessor", "comparator", "component", "method", "model", "measure", "outcome",
    "parameter", "population", "source", "status", "tier", "treatment", "trial",
    "comparator_arm", "trial_comparator", "trial_treatment", "use", "verdict", "best",
    "lower_best", "upper_best", "study",
}  # fmt: skip
"""Columns that name rows of other tables, or take one of a few words: their readers check them."""

HOSTILE = (
    '=<x-hostile onclick="hostile=1">`<x-hostile>`{=html}[l](javascript:hostile=1)![i](x.png)'
    "{{< env HOME >}}|*b*</script><script>hostile=1</script><!--\"'&amp;$x$~s~^p^@c # h ::: \\ "
)


BROKEN = r"[\s\xad\x02\ufffe\u2060-]"
"""What the breaking of lines adds to a text, or takes away."""

WANTED = {
    "title", "question", "model", "analysis", "caution", "proxy", "bridge", "population", "margin",
    "judgement", "heterogeneity", "sigma prior", "trials.name", "trials.doi", "trials.design",
    "trials.registration", "arms.description", "arms.dose", "contrasts.p", "contrasts.locator",
    "subgroups.level_name", "adverse-events.event", "adverse-events.grade", "populations.category",
    "populations.value", "treatments.label", "sources.citation", "sources.url", "sources.doi",
    "sources.kind", "facts.value", "facts.printed", "facts.reason", "facts.path", "checks.rule",
    "checks.found", "safety-signals.event", "network-excluded.reason", "inconsistency.finding",
    "powerscale.finding", "quality.flags.message", "quality.grade", "manifest.platform",
}  # fmt: skip
"""Fields that must be seen on some page, or the test looks at nothing."""

IN_WORDS = {"facts.path"}
"""Fields that a page takes apart and says in words: nothing of them may run, but they change."""


class Payloads:
    """Hostile texts, with a number to find each by; a spreadsheet would compute them."""

    def __init__(self) -> None:
        self.made: dict[int, str] = {}

    def __call__(self, field: str, start: str = "=") -> str:
        number = len(self.made)
        self.made[number] = field
        return f"{start}Zq{number}q{HOSTILE}z{number}q"


@pytest.fixture(scope="module")
def hostile(project: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Payloads]:
    """The invented review with hostile text in every field, rendered; and the texts."""
    root, payload = tmp_path_factory.mktemp("hostile"), Payloads()
    shutil.copytree(project / "results", root / "results", ignore=shutil.ignore_patterns("report"))
    _spoil_tables(root / "results", payload)
    for path in root.glob("results/**/*.json"):
        if path.name in ("quality.json", "fit.json", "manifest.json"):
            files.write_json(path, _spoil(files.read_json(path), payload, path.stem))
    config = files.read_json(project / "config/config.yaml")
    files.write_json(root / "config.yaml", _spoil_config(config, payload))
    shutil.copytree(PAGES, root / "reports")
    judgement = {"analysis": "pfs", "treatment": "low", "comparator": "placebo",
                 "domain": "indirectness", "level": "some concerns",
                 "reason": payload("judgement")}  # fmt: skip
    files.write_json(root / "reports/certainty.yaml", {"judgements": [judgement]})
    options = ["--config", str(root / "config.yaml"), "--results", str(root / "results")]
    for command, more in (
        (exhibits, ["--figures", str(root / "results/figures"),
                    "--tables", str(root / "results/tables")]),
        (report, ["--pages", str(root / "reports"), "--out", str(root / "out"),
                  "--renderer", "builtin"]),
    ):  # fmt: skip
        done = CliRunner().invoke(command, [*options, *more], catch_exceptions=False)
        assert done.exit_code == 0, done.output
    return root, payload


def _spoil_tables(root: Path, payload: Payloads) -> None:
    """Every text column of every table, but for what gives the tables structure."""
    for table in tables.ALL:
        name = table.name.removeprefix("network-")
        for path in sorted(
            {*root.rglob(f"{table.name}.csv"), *root.glob(f"networks/*/{name}.csv")}
        ):
            frame = table.read(path)
            if frame.empty and "trial" in table.columns and path.parent.name == "evidence":
                frame = table.frame([_row(table)])
            for column, kind in table.columns.items():
                if kind.kind == "text" and column not in STRUCTURE:
                    start = "javascript:" if column == "url" else "="
                    frame[column] = [
                        payload(f"{table.name}.{column}", start) for _ in range(len(frame))
                    ]
            if table is tables.SOURCES:  # a source is shown with its DOI or, without one, its URL
                frame = pd.concat([frame, frame.assign(source="other-2020", doi=pd.NA)])
            if table is tables.CHECKS:  # a page says of a check that passed only that it did
                frame["verdict"] = "warn"
            if table is tables.FACTS:
                frame.loc[0, "path"] = f"other_evidence[{payload('facts.path')}]"
            table.write(path, frame)


def _row(table: tables.Table) -> dict[str, object]:
    """A row of a table that the invented review has empty."""
    words = {"trial": "alba", "arm": "new", "comparator": "high", "outcome": "pfs",
             "assessor": "bicr", "source": "invented-2020", "measure": "hr"}  # fmt: skip
    values = {"text": "x", "integer": 1, "number": 0.5, "flag": True}
    return {name: words.get(name, values[column.kind]) for name, column in table.columns.items()}


def _spoil(content: Any, payload: Payloads, field: str) -> Any:
    """Every text of a JSON document, but for keys and what other code looks up."""
    if isinstance(content, dict):
        kept = {"trial", "outcome", "tier", "method", "files", "arm"}
        return {
            key: value if key in kept else _spoil(value, payload, f"{field}.{key}")
            for key, value in content.items()
        }
    if isinstance(content, list):
        return [_spoil(value, payload, field) for value in content]
    return payload(field) if isinstance(content, str) else content


def _spoil_config(config: dict[str, Any], printed: Payloads) -> dict[str, Any]:
    """Every text of the configuration that is printed."""

    def payload(field: str) -> str:  # a configuration may hold no backslash
        return printed(field).replace("\\", "")

    config = json.loads(json.dumps(config))
    config["review"] |= {"title": payload("title"), "question": payload("question")}
    config["heterogeneity"]["source"] = payload("heterogeneity")
    config["margins"] = [{"ratio": 0.8, "source": payload("margin")}]
    for bridge in config["bridges"].values():
        bridge["assumption"] = payload("bridge")
        bridge["sigma_prior"]["source"] = payload("sigma prior")
    for model in config["models"].values():
        model["label"] = payload("model")
    for analysis in config["analyses"].values():
        analysis |= {"title": payload("analysis"), "cautions": [payload("caution")]}
        analysis["proxies"] = {"ttp": payload("proxy")}
        for population in analysis["populations"].values():
            population["assumption"] = payload("population")
    return config


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None and not os.environ.get("CI"):
        pytest.skip("no chromium on the PATH (an error where CI is set)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


LOOK = """() => {
  const all = [...document.querySelectorAll('*')];
  const text = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const told = [];
  while (text.nextNode())
    if (!text.currentNode.parentElement.closest('script, style, svg')) told.push(text.currentNode.data);
  return {
    ran: typeof hostile !== 'undefined',
    elements: all.filter((e) => e.localName.startsWith('x-')).length,
    handlers: all.filter((e) => [...e.attributes].some((a) => a.name.startsWith('on'))).length,
    links: all.flatMap((e) => ['href', 'src', 'xlink:href', 'action'].map((n) => e.getAttribute(n))
      .filter((v) => v !== null && !/^(#|https?:|mailto:|data:,|[\\w.-]+\\.(html|css|js|pdf)|(figures|tables)\\/)/.test(v))),
    scripts: document.querySelectorAll('script').length,
    told: told.join(' ').replace(/\\s+/g, ' '),
    attributes: all.flatMap((e) => [...e.attributes].filter((a) => !['id', 'href'].includes(a.name))
      .map((a) => a.value).filter((v) => /Zq\\d+q/.test(v))),
  };
}"""  # noqa: E501


def test_no_page_runs_what_data_say_and_every_page_shows_it(
    browser: Any, hostile: tuple[Path, Payloads]
) -> None:
    root, payload = hostile
    shown: set[int] = set()
    changed: dict[str, str] = {}
    view = browser.new_page()
    for page in sorted((root / "out").glob("*.html")):
        view.goto(page.as_uri())
        seen = view.evaluate(LOOK)
        name = page.name
        assert not seen["ran"], name
        assert (seen["elements"], seen["handlers"], seen["links"]) == (0, 0, []), name
        assert _short_codes(page.read_text(encoding="utf-8")) == [], name
        # the script of the theme, and the data of the one chooser
        assert seen["scripts"] <= 2, name
        for text in map(_words, (seen["told"], *seen["attributes"])):
            for found in re.finditer(r"Zq(\d+)q", text):
                number = int(found[1])
                whole = _words(f"{found[0]}{HOSTILE}z{number}q")
                as_it_is = payload.made[number] not in IN_WORDS
                if as_it_is and not text.startswith(whole, found.start()):
                    said = text[found.start() : found.start() + len(whole)]
                    changed.setdefault(payload.made[number], f"{name}: {said}")
                shown.add(number)
    view.close()
    assert changed == {}
    fields = {payload.made[number] for number in shown}
    assert WANTED - fields == set()


class _ShortCodes(HTMLParser):
    """Attributes and titles with what may be a short code: Quarto looks there, escaped or not."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.title = self.title or tag == "h1"
        self.found += [value for _, value in attrs if value and "{{" in value]

    def handle_endtag(self, tag: str) -> None:
        self.title = self.title and tag != "h1"

    def handle_data(self, data: str) -> None:
        if self.title and "{{" in data:
            self.found.append(data)


def _short_codes(page: str) -> list[str]:
    parser = _ShortCodes()
    parser.feed(page)
    return parser.found


def _words(text: str) -> str:
    """Text with spaces for hyphens, as slugs are shown, and for the backslashes of tables.

    What keeps Quarto from seeing short codes in attributes is not seen by readers.
    """
    return re.sub(r"[-\\ ]+", " ", text.replace("\u2060", ""))


def test_a_spreadsheet_takes_no_text_for_a_formula(hostile: tuple[Path, Payloads]) -> None:
    root, _ = hostile
    book = openpyxl.load_workbook(root / "results/tables/tables.xlsx")
    texts = [
        cell for sheet in book for row in sheet.iter_rows() for cell in row
        if isinstance(cell.value, str) and cell.value[:1] in "=+-@"
    ]  # fmt: skip
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in texts)
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row
                if cell.data_type == "f"]  # fmt: skip
    guarded = set()
    for path in (root / "results/tables").glob("*.csv"):
        with path.open(newline="") as file:
            for value in itertools.chain.from_iterable(csv.reader(file)):
                assert value[:1] not in tuple("=+@\t\r\n") or _is_number(value), (path, value)
                assert value[:1] != "-" or _is_number(value), (path, value)
                if value.startswith("'=Zq"):
                    guarded.add(path.stem)
    assert guarded >= {"trials", "responses", "populations", "robvis-pfs", "cinema-pfs"}


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def test_papers_print_what_data_say_and_run_none_of_it(hostile: tuple[Path, Payloads]) -> None:
    """Typst has a language of its own: what starts with `#`, `$` or `@` in it is code."""
    root, payload = hostile
    whole = re.sub(BROKEN, "", f"=%{HOSTILE}%")
    for paper in sorted((root / "out").glob("*.pdf")):
        with pypdfium2.PdfDocument(paper) as pdf:
            text = "".join(page.get_textpage().get_text_range() for page in pdf)
        text = re.sub(BROKEN, "", text)
        printed = [
            number
            for number in payload.made
            if whole.replace("%", f"Zq{number}q", 1).replace("%", f"z{number}q") in text
        ]
        assert len(printed) > 20, f"{paper.name}: texts are there as they stand in the data"
