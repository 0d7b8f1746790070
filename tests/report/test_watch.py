"""The watch list."""

from __future__ import annotations

import shutil
from html import unescape

import pytest

from evinet import tables
from evinet.report import pages
from evinet.report.results import load

NEWS = {"database": "ClinicalTrials.gov", "id": "NCT90000002", "trials": "dogwood",
        "title": "A <trial> | of dogwood", "what": "status", "before": "recruiting",
        "after": "completed"}  # fmt: skip


@pytest.fixture
def watched(project, tmp_path):
    """The invented results with an ongoing trial, and what `evinet watch` noticed about it."""
    root = shutil.copytree(project, tmp_path / "project")
    folder = root / "results/evidence"
    trials = tables.TRIALS.read(folder / "trials.csv").to_dict("records")
    trials.append({"trial": "dogwood", "name": "DOGWOOD", "status": "ongoing", "tier": "C",
                   "registration": "NCT90000002"})  # fmt: skip
    rows = [
        (tables.TRIALS, trials),
        (tables.WATCH_QUERIES, [{"database": "PubMed", "query": "q", "first_asked": "2019-01-01",
                                "last_asked": "2030-02-03", "found": 2}]),
        (tables.WATCH_RECORDS, [{"database": "ClinicalTrials.gov", "id": "NCT90000002",
                                "status": "completed", "results_posted": "2030-01-01"}]),
        (tables.WATCH_NEWS, [{**NEWS, "noticed": "2030-02-03"},
                            {**NEWS, "noticed": "1999-01-01", "title": "Long known"},
                            {"noticed": "2030-02-03", "database": "PubMed", "id": "1001",
                             "what": "notice", "after": "retracted"}]),
    ]  # fmt: skip
    for table, content in rows:
        table.write(folder / f"{table.name}.csv", table.frame(content))
    opened = load(root / "config/config.yaml", root / "results")
    ongoing = pages.evidence.table(
        opened, pages.watch.ongoing(opened), "Ongoing", "Trial, Registration, In the registry"
    )
    return unescape(pages.watch.news(opened) + ongoing)


def test_news_since_the_evidence_was_collected_are_listed(watched):
    assert "last asked on 2030-02-03" in watched
    assert "| recruiting | completed |" in watched
    assert "A <trial> | of dogwood" in watched
    assert "https://clinicaltrials.gov/study/NCT90000002" in watched
    assert "https://pubmed.ncbi.nlm.nih.gov/1001/" in watched
    assert "Long known" not in watched


def test_an_ongoing_trial_has_what_the_registry_says(watched):
    assert "completed; results posted 2030-01-01" in watched


def test_services_that_were_never_asked_are_not_said_to_have_no_news(results):
    page = pages.watch.news(results)
    assert "have not been asked" in page
    assert "Nothing was new" not in page
