"""Trials that are not in any analysis: ongoing ones to watch, and those that give no contrast."""

from __future__ import annotations

from typing import Any

from evinet import tables
from evinet.report import words
from evinet.report.markdown import Field, escape, table
from evinet.report.pages.common import unknown
from evinet.report.results import REPORTED, Results
from evinet.report.rows import records


def watch(results: Results) -> str:
    """The page."""
    rows = records(results.evidence(tables.TRIALS))
    used = {trial for a in results.config.analyses.values() for trial in a.trials}
    ongoing = [row for row in rows if row["status"] == "ongoing"]
    outside = [row for row in rows if row["status"] != "ongoing" and row["trial"] not in used]
    counted = words.counted(len(ongoing), "ongoing trial").capitalize()
    parts = [
        "## Ongoing trials\n",
        f"{counted} {'is' if len(ongoing) == 1 else 'are'} entered in this review"
        f"{', as of ' + escape(results.config.review.data_cutoff) if ongoing else ''}.\n",
        _table(results, ongoing, "Ongoing trials") if ongoing else "",
        "## Trials that are in no analysis\n",
        _table(results, outside, "Trials in no analysis")
        if outside else "Every other trial of this review is in an analysis.\n",
    ]  # fmt: skip
    return "\n".join(parts)


def _table(results: Results, rows: list[dict[str, Any]], label: str) -> str:
    fields = [
        Field("Trial", "l", 14), Field("Status", "l", 12), Field("Arms", "l", 40),
        Field("Design", "l", 26), Field("Registration", "l", 14),
    ]  # fmt: skip
    arms: dict[str, list[str]] = {}
    for arm in records(results.evidence(tables.ARMS)):
        arms.setdefault(arm["trial"], []).append(escape(results.labels[arm["treatment"]]))
    cells = [
        [_name(row), escape(row["status"]),
         "; ".join(arms.get(row["trial"], [])) or unknown(None), unknown(row["design"]),
         registration(row["registration"])]
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
