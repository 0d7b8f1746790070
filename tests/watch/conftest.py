"""An invented review, and a local server that answers as both services document.

ClinicalTrials.gov: https://clinicaltrials.gov/data-api/api (version 2). PubMed: E-utilities,
https://www.ncbi.nlm.nih.gov/books/NBK25499/. All trials and publications are invented.
"""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result

from evinet import tables
from evinet.cli import cli
from evinet.watch import pubmed, registry

ALBA, BIRCH = "NCT90000001", "NCT90000002"
TRIAL = """
trial: {slug}
name: {slug}
status: {status}
source: paper
locator: p. 1
{registration}
arms:
  new: {{treatment: new}}
  old: {{treatment: old}}
{results}
"""
RESULTS = """
reports:
  primary: {title: Primary}
results:
  - outcome: pfs
    report: primary
    contrasts: [{arm: new, comparator: old, measure: hr, value: 0.5, lower: 0.3, upper: 0.8}]
"""
TREATMENTS = """
classes: {}
treatments:
  new: {label: New drug, components: [new]}
  old: {label: Old drug, components: [old]}
"""
SOURCES = """
sources:
  paper: {kind: publication, citation: "Invented, 2020", pmid: "1001"}
"""
CONFIG = """
review:
  {{slug: invented, title: Invented, question: Which?, data: {data}, data_cutoff: "2026-01-01"}}
seed: 1
heterogeneity: {{scale: 0.5, source: invented}}
models: {{fixed: {{label: Fixed, effects: fixed}}}}
analyses:
  pfs: {{title: PFS, outcome: pfs, trials: [alba], references: [old], models: [fixed]}}
watch:
  contact: reviewer@example.org
  trials: {{tumours: {{condition: tumour}}}}
  publications: {{tumours: "tumour AND trial"}}
"""


class World:
    """What the services know; a test changes it between two runs."""

    def __init__(self) -> None:
        self.trials: dict[str, dict[str, object]] = {}
        self.publications: dict[str, dict[str, object]] = {}
        self.mentions: dict[str, list[str]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.agents: set[str] = set()
        self.broken: dict[str, list[tuple[int, str]]] = {}
        self.page = 2

    def trial(self, number: str, status: str = "RECRUITING", results: str | None = None) -> None:
        about = {"nctId": number, "briefTitle": f"A tumour trial, {number}"}
        dates = {"primaryCompletionDateStruct": {"date": "2027-03", "type": "ESTIMATED"}}
        if results:
            dates["resultsFirstPostDateStruct"] = {"date": results, "type": "ACTUAL"}
        modules = {"identificationModule": about,
                   "statusModule": {"overallStatus": status, **dates}}  # fmt: skip
        self.trials[number] = {"protocolSection": modules, "hasResults": bool(results)}

    def publication(self, number: str, mentions: str = "", **fields: object) -> None:
        self.publications[number] = {
            "uid": number, "pubdate": "2026 Feb", "source": "Invented J",
            "title": f"Paper {number}", "pubtype": ["Journal Article"], "references": [],
            "articleids": [{"idtype": "pubmed", "value": number},
                           {"idtype": "doi", "value": f"10.9/{number}"}],
            **fields,
        }  # fmt: skip
        self.mentions.setdefault(mentions, []).append(number)

    def answer(self, path: str, asked: dict[str, str]) -> tuple[int, str]:
        self.asked.append((path, asked))
        if self.broken.get(path):
            return self.broken[path].pop(0)
        made = {"studies": self._studies, "esearch.fcgi": self._search,
                "esummary.fcgi": self._summaries}[path](asked)  # fmt: skip
        return 200, json.dumps(made)

    def _studies(self, asked: dict[str, str]) -> dict[str, object]:
        numbers = sorted(self.trials)
        if "filter.ids" in asked:
            numbers = [number for number in numbers if number in asked["filter.ids"].split(",")]
        start = int(asked.get("pageToken", "0"))
        content: dict[str, object] = {
            "studies": [self.trials[number] for number in numbers[start : start + self.page]]
        }
        if start + self.page < len(numbers):
            content["nextPageToken"] = str(start + self.page)
        return content

    def _search(self, asked: dict[str, str]) -> dict[str, object]:
        number = re.match(r"(NCT\d{8})\[si\]", asked["term"])
        found = self.mentions.get(number.group(1), []) if number else sorted(self.publications)
        result: dict[str, object] = {"count": str(len(found)), "retstart": "0", "idlist": found}
        if not number and "unheard" in asked["term"]:
            result["errorlist"] = {"phrasesnotfound": ["unheard"], "fieldsnotfound": []}
        return {"header": {"type": "esearch", "version": "0.3"}, "esearchresult": result}

    def _summaries(self, asked: dict[str, str]) -> dict[str, object]:
        numbers = asked["id"].split(",")
        error = {"error": "cannot get document summary"}
        known = {n: self.publications.get(n, {"uid": n, **error}) for n in numbers}
        return {"header": {"type": "esummary"}, "result": {"uids": numbers, **known}}


@pytest.fixture
def world() -> World:
    """Two trials that the review knows, one that it does not, and the paper that it cites."""
    made = World()
    for number in (ALBA, BIRCH, "NCT90000003"):
        made.trial(number)
    made.publication("1001", ALBA)
    made.publication("1002")
    return made


@pytest.fixture
def server(world: World, monkeypatch: pytest.MonkeyPatch):
    """Both services at one local address; the review is told so, and waits for nobody."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            world.agents.add(self.headers["User-Agent"])
            status, body = world.answer(parts.path.rsplit("/", 1)[-1], asked)
            self.send_response(status)
            self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{served.server_port}"
    monkeypatch.setenv("EVINET_CTGOV_URL", f"{address}/api/v2")
    monkeypatch.setenv("EVINET_PUBMED_URL", f"{address}/entrez/eutils")
    for module in (registry, pubmed):
        monkeypatch.setattr(module, "INTERVAL", 0.0)
    monkeypatch.delenv("NCBI_API_KEY", raising=False)
    yield address
    served.shutdown()
    served.server_close()


class Review:
    """A review in a folder of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.data = folder / "data"
        self.config = folder / "config.yaml"
        self.data.mkdir()
        (self.data / "treatments.yaml").write_text(TREATMENTS)
        (self.data / "sources.yaml").write_text(SOURCES)
        self.add("alba", ALBA, "reported")
        self.add("birch", BIRCH, "ongoing")
        self.add("cedar", None, "ongoing")
        self.config.write_text(CONFIG.format(data=self.data))

    def add(self, slug: str, number: str | None, status: str) -> None:
        path = self.data / "trials" / slug / "trial.yaml"
        path.parent.mkdir(parents=True)
        registration = f"registration: {number}" if number else ""
        results = RESULTS if status == "reported" else ""
        path.write_text(
            TRIAL.format(slug=slug, status=status, registration=registration, results=results)
        )

    def watch(self, *options: str) -> Result:
        done = CliRunner().invoke(cli, ["watch", "--config", str(self.config), *options])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    def rows(self, table: tables.Table) -> list[dict[str, object]]:
        return table.read(self.data / "watch" / f"{table.name}.csv").to_dict("records")

    def memory(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.data / "watch").glob("*")}


@pytest.fixture
def review(tmp_path: Path) -> Review:
    """A review with a reported trial, an ongoing one, and one without a registry number."""
    return Review(tmp_path)
