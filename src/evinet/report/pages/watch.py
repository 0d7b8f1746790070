"""What the registry and PubMed brought, ongoing trials, and trials that give no contrast."""

from __future__ import annotations

from typing import Any

from evinet import tables
from evinet.report import words
from evinet.report.markdown import Markdown, blocks, escape, link, md, strong
from evinet.report.pages.common import table_of, unknown
from evinet.report.results import REPORTED, Results

ONGOING = "ongoing"


def news(results: Results) -> Markdown:
    """What `evinet watch` noticed from the day on to which the evidence was collected."""
    asked = [row["last_asked"] for row in results.rows(tables.WATCH_QUERIES)]
    if not asked:
        return md(
            "ClinicalTrials.gov and PubMed have not been asked, so nobody knows here what is new. "
            "The command `evinet watch` asks them."
        )
    cutoff = results.config.review.data_cutoff
    found = [row for row in reversed(results.rows(tables.WATCH_NEWS)) if row["noticed"] >= cutoff]
    last = f"ClinicalTrials.gov and PubMed were last asked on {max(asked)}."
    if not found:
        return escape(f"{last} Nothing was new.")
    note = f"{last} None of this is in the results: a person must read it and enter what matters."
    return blocks([note, table_of(found, "News", {
        "Noticed": lambda row: row["noticed"], "What": lambda row: row["what"],
        "Before": lambda row: row["before"], "Now": lambda row: row["after"], "Where": _record,
        "Title": lambda row: row["title"],
    })])  # fmt: skip


def _record(row: dict[str, Any]) -> Markdown:
    """A registered trial or a publication, linked."""
    if row["database"] == "PubMed":
        return link(f"PubMed {row['id']}", f"https://pubmed.ncbi.nlm.nih.gov/{row['id']}/")
    return registration(row["id"])


def _registered(results: Results, number: str | None) -> str:
    """What the registry said last about a trial."""
    row = next(
        (row for row in results.rows(tables.WATCH_RECORDS) if row["id"] == number),
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
    return _table(results, rows, "Ongoing trials", "No ongoing trial is entered.")


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
    none = "Every other trial of this review is in an analysis."
    return _table(results, rows, "Trials in no analysis", none)


def _outside(results: Results) -> list[dict[str, Any]]:
    """Trials that no analysis names, and those that still run."""
    used = {trial for a in results.config.analyses.values() for trial in a.trials}
    rows = results.rows(tables.TRIALS)
    return [row for row in rows if row["status"] == ONGOING or row["trial"] not in used]


def _table(results: Results, rows: list[dict[str, Any]], label: str, none: str) -> Markdown:
    arms: dict[str, list[str]] = {}
    for arm in results.rows(tables.ARMS):
        arms.setdefault(arm["trial"], []).append(results.labels[arm["treatment"]])
    return table_of(rows, label, {
        "Trial": _name, "Status": lambda row: row["status"],
        "Arms": lambda row: "; ".join(arms.get(row["trial"], [])) or unknown(None),
        "Design": lambda row: unknown(row["design"]),
        "Registration": lambda row: registration(row["registration"]),
        "In the registry": lambda row: _registered(results, row["registration"]),
    }, none)  # fmt: skip


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
