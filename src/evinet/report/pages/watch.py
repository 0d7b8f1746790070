"""What the registry and PubMed brought, ongoing trials, and trials that give no contrast."""

from __future__ import annotations

from typing import Any

from evinet import tables
from evinet.report import words
from evinet.report.markdown import Markdown, blocks, escape, link, md, strong, table
from evinet.report.pages.common import unknown
from evinet.report.results import REPORTED, Results
from evinet.report.rows import records

ONGOING = "ongoing"


def news(results: Results) -> Markdown:
    """What `evinet watch` noticed from the day on to which the evidence was collected."""
    asked = [row["last_asked"] for row in records(results.evidence(tables.WATCH_QUERIES))]
    if not asked:
        return md(
            "ClinicalTrials.gov and PubMed have not been asked, so nobody knows here what is new. "
            "The command `evinet watch` asks them."
        )
    cutoff = results.config.review.data_cutoff
    found = [
        row
        for row in reversed(records(results.evidence(tables.WATCH_NEWS)))
        if row["noticed"] >= cutoff
    ]
    last = f"ClinicalTrials.gov and PubMed were last asked on {max(asked)}."
    if not found:
        return escape(f"{last} Nothing was new.")
    fields = ["Noticed", "What", "Before", "Now", "Where", "Title"]
    cells = [
        [row["noticed"], row["what"], row["before"], row["after"], _record(row), row["title"]]
        for row in found
    ]
    note = f"{last} None of this is in the results: a person must read it and enter what matters."
    return blocks([note, table(fields, cells, "News")])


def _record(row: dict[str, Any]) -> Markdown:
    """A registered trial or a publication, linked."""
    if row["database"] == "PubMed":
        return link(f"PubMed {row['id']}", f"https://pubmed.ncbi.nlm.nih.gov/{row['id']}/")
    return registration(row["id"])


def _registered(results: Results, number: str | None) -> str:
    """What the registry said last about a trial."""
    row = next(
        (row for row in records(results.evidence(tables.WATCH_RECORDS)) if row["id"] == number),
        None,
    )
    if row is None:
        return "not asked"
    parts = [row["status"]]
    if row["results_posted"]:
        parts.append(f"results posted {row['results_posted']}")
    if row["primary_completion"]:
        parts.append(f"primary completion {row['primary_completion']}")
    return "; ".join(parts)


def ongoing(results: Results) -> Markdown:
    """The trials that still run."""
    rows = [row for row in _outside(results) if row["status"] == ONGOING]
    return (
        _table(results, rows, "Ongoing trials") if rows else escape("No ongoing trial is entered.")
    )


def count(results: Results) -> str:
    """How many trials still run, in a sentence."""
    number = sum(row["status"] == ONGOING for row in _outside(results))
    return (
        f"{words.counted(number, 'ongoing trial').capitalize()} "
        f"{'is' if number == 1 else 'are'} entered in this review."
    )


def unused(results: Results) -> Markdown:
    """Trials that have ended and are in no analysis."""
    rows = [row for row in _outside(results) if row["status"] != ONGOING]
    if not rows:
        return escape("Every other trial of this review is in an analysis.")
    return _table(results, rows, "Trials in no analysis")


def _outside(results: Results) -> list[dict[str, Any]]:
    """Trials that no analysis names, and those that still run."""
    used = {trial for a in results.config.analyses.values() for trial in a.trials}
    rows = records(results.evidence(tables.TRIALS))
    return [row for row in rows if row["status"] == ONGOING or row["trial"] not in used]


def _table(results: Results, rows: list[dict[str, Any]], label: str) -> Markdown:
    fields = ["Trial", "Status", "Arms", "Design", "Registration", "In the registry"]
    arms: dict[str, list[str]] = {}
    for arm in records(results.evidence(tables.ARMS)):
        arms.setdefault(arm["trial"], []).append(results.labels[arm["treatment"]])
    cells = [
        [_name(row), row["status"], "; ".join(arms.get(row["trial"], [])) or unknown(None),
         unknown(row["design"]), registration(row["registration"]),
         _registered(results, row["registration"])]
        for row in rows
    ]  # fmt: skip
    return table(fields, cells, label)


def _name(row: dict[str, Any]) -> Markdown:
    """A trial, linked to its page where it has one."""
    name = strong(row["name"])
    return link(name, f"trial-{row['trial']}.qmd") if row["status"] == REPORTED else name


def registration(value: str | None) -> Markdown:
    """A registry number, linked where the registry is known."""
    if value is not None and value.startswith("NCT"):
        return link(value, f"https://clinicaltrials.gov/study/{value}")
    return unknown(value)


def doi(value: str | None) -> Markdown:
    """A DOI as a link."""
    return unknown(value) if value is None else link(value, f"https://doi.org/{value}")
