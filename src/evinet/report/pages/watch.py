"""What the registry and PubMed brought, ongoing trials, and trials that give no contrast."""

from __future__ import annotations

from typing import Any

from evinet import tables
from evinet.report import words
from evinet.report.markdown import Field, escape, table
from evinet.report.pages.beside import would_join
from evinet.report.pages.common import unknown
from evinet.report.results import REPORTED, Results
from evinet.report.rows import records


def watch(results: Results) -> str:
    """The page."""
    rows = records(results.evidence(tables.TRIALS))
    used = {trial for a in results.config.analyses.values() for trial in a.trials}
    ongoing = [row for row in rows if row["status"] == "ongoing"]
    outside = [row for row in rows if row["status"] != "ongoing" and row["trial"] not in used]
    joining = would_join(results)
    counted = words.counted(len(ongoing), "ongoing trial").capitalize()
    parts = [
        "## News since the evidence was collected\n",
        _news(results),
        "## Ongoing trials\n",
        f"{counted} {'is' if len(ongoing) == 1 else 'are'} entered in this review"
        f"{', as of ' + escape(results.config.review.data_cutoff) if ongoing else ''}.\n",
        _table(results, ongoing, "Ongoing trials") if ongoing else "",
        "## Trials that would connect islands\n" if joining else "",
        joining,
        "## Trials that are in no analysis\n",
        _table(results, outside, "Trials in no analysis")
        if outside else "Every other trial of this review is in an analysis.\n",
    ]  # fmt: skip
    return "\n".join(parts)


def _news(results: Results) -> str:
    """What `evinet watch` noticed from the day on to which the evidence was collected."""
    asked = [row["last_asked"] for row in records(results.evidence(tables.WATCH_QUERIES))]
    if not asked:
        return (
            "ClinicalTrials.gov and PubMed have not been asked: nobody knows here what is new. "
            "`evinet watch` asks them.\n"
        )
    cutoff = results.config.review.data_cutoff
    news = [
        row
        for row in reversed(records(results.evidence(tables.WATCH_NEWS)))
        if row["noticed"] >= cutoff
    ]
    last = f"ClinicalTrials.gov and PubMed were last asked on {max(asked)}. "
    if not news:
        return last + "Nothing was new.\n"
    fields = [
        Field("Noticed", "l", 12), Field("What", "l", 14), Field("Before", "l", 12),
        Field("Now", "l", 12), Field("Where", "l", 14), Field("Title", "l", 36),
    ]  # fmt: skip
    cells = [
        [row["noticed"], escape(row["what"]), escape(row["before"] or ""),
         escape(row["after"] or ""), _record(row), escape(row["title"] or "")]
        for row in news
    ]  # fmt: skip
    return (
        f"{last}None of this is in the results: a person must read it and enter what matters.\n\n"
        + table(fields, cells, "News")
    )


def _record(row: dict[str, Any]) -> str:
    """A registered trial or a publication, linked."""
    if row["database"] == "PubMed":
        return f"[PubMed {escape(row['id'])}](https://pubmed.ncbi.nlm.nih.gov/{row['id']}/)"
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
    return escape("; ".join(parts))


def _table(results: Results, rows: list[dict[str, Any]], label: str) -> str:
    fields = [
        Field("Trial", "l", 14), Field("Status", "l", 12), Field("Arms", "l", 34),
        Field("Design", "l", 24), Field("Registration", "l", 14), Field("In the registry", "l", 16),
    ]  # fmt: skip
    arms: dict[str, list[str]] = {}
    for arm in records(results.evidence(tables.ARMS)):
        arms.setdefault(arm["trial"], []).append(escape(results.labels[arm["treatment"]]))
    cells = [
        [_name(row), escape(row["status"]),
         "; ".join(arms.get(row["trial"], [])) or unknown(None), unknown(row["design"]),
         registration(row["registration"]), _registered(results, row["registration"])]
        for row in rows
    ]  # fmt: skip
    return table(fields, cells, label)


def _name(row: dict[str, Any]) -> str:
    """A trial, linked to its page where it has one."""
    name = f"**{escape(row['name'])}**"
    return f"[{name}](trial-{row['trial']}.qmd)" if row["status"] == REPORTED else name


def registration(value: str | None) -> str:
    """A registry number, linked where the registry is known."""
    if value is not None and value.startswith("NCT"):
        return f"[{escape(value)}](https://clinicaltrials.gov/study/{value})"
    return unknown(value)
