"""Where every number comes from, and which numbers were rejected, with the reason."""

from __future__ import annotations

from typing import Any

import pandas as pd

from evinet import tables
from evinet.report.markdown import Field, escape, searchable, table
from evinet.report.results import Results
from evinet.report.rows import records


def provenance(results: Results) -> str:
    """The page."""
    facts = results.evidence(tables.FACTS)
    used, rejected = facts[facts["use"] == "used"], facts[facts["use"] == "rejected"]
    unknown = facts[facts["use"] == "not-known"]
    checks = results.evidence(tables.CHECKS)
    parts = [
        f"{len(used)} values are used and {len(rejected)} were seen and rejected. Each has its "
        f"place in the trial file and in its source. {len(unknown)} were looked for and not "
        "found; what else a trial may have published is not known either.\n",
        "## Where sources disagree\n",
        table(_REJECTED, _rejected(results, records(rejected), records(used)), "Rejected values")
        if len(rejected) else "No value was rejected.\n",
        "## Every value\n",
        searchable(
            table(_FIELDS, [_used(results, row) for row in records(used)], "Every value in use"),
            "Search trial, value or source",
        ),
        "## Looked for and not found\n",
        table(_UNKNOWN, [_unknown(results, r) for r in records(unknown)], "Missing values")
        if len(unknown) else "Nothing is marked as missing.\n",
        "## Checks of plausibility\n", _checks(results, checks),
        "## Sources\n",
        "For reference managers: [BibTeX](tables/references.bib), [RIS](tables/references.ris).\n",
        _sources(results.evidence(tables.SOURCES)),
    ]  # fmt: skip
    return "\n".join(parts)


_FIELDS = [
    Field("Trial", "l", 11), Field("What", "l", 34), Field("Value", "l", 22),
    Field("Source", "l", 18), Field("Where", "l", 24),
]  # fmt: skip
_REJECTED = [
    Field("Trial", "l", 11), Field("What", "l", 28), Field("In use", "l", 12),
    Field("Rejected", "l", 12), Field("Why rejected", "l", 34),
    Field("Source of the rejected", "l", 24),
]  # fmt: skip
_UNKNOWN = [Field("Trial", "l", 11), Field("What", "l", 34), Field("Why", "l", 34)]


def _used(results: Results, row: dict[str, Any]) -> list[str]:
    return [
        escape(results.trial_names[str(row["trial"])]), f"`{row['path']}`", _value(row),
        _source(row), escape(row["locator"] or ""),
    ]  # fmt: skip


def _rejected(
    results: Results, rejected: list[dict[str, Any]], used: list[dict[str, Any]]
) -> list[list[str]]:
    """Rejected values beside those that are used in their place."""
    instead = {(row["trial"], row["path"]): escape(row["value"]) for row in used}
    return [
        [escape(results.trial_names[row["trial"]]), f"`{row['path']}`",
         instead.get((row["trial"], row["path"]), "none"), _value(row),
         escape(row["reason"] or ""), f"{_source(row)}, {escape(row['locator'])}"]
        for row in rejected
    ]  # fmt: skip


def _unknown(results: Results, row: dict[str, Any]) -> list[str]:
    return [
        escape(results.trial_names[row["trial"]]), f"`{row['path']}`",
        escape(row["reason"] or ""),
    ]  # fmt: skip


def _value(row: dict[str, Any]) -> str:
    """The value, and how it was printed where that is not the same."""
    value, printed = row["value"] or "", row["printed"]
    if printed is None or printed == value:
        return escape(value)
    return f"{escape(value)} [printed: {escape(printed)}]{{.no}}"


def _source(row: dict[str, Any]) -> str:
    key = row["source"]
    return f"[{escape(key)}](#source-{key})" if key else ""


def _checks(results: Results, checks: pd.DataFrame) -> str:
    counts = checks["verdict"].value_counts()
    said = ", ".join(f"{counts.get(verdict, 0)} {verdict}" for verdict in ("pass", "warn", "fail"))
    open_checks = checks[checks["verdict"] != "pass"]
    text = f"{len(checks)} checks: {said}.\n"
    if open_checks.empty:
        return text
    rows = [
        [escape(results.trial_names[str(row["trial"])]), f"`{row['path']}`", escape(row["rule"]),
         escape(row["verdict"]), escape(row["found"]), escape(row["expected"])]
        for row in records(open_checks)
    ]  # fmt: skip
    fields = [
        Field("Trial", "l", 11), Field("What", "l", 26), Field("Rule", "l", 18),
        Field("Verdict", "l", 7), Field("Found", "l", 22), Field("Expected", "l", 22),
    ]  # fmt: skip
    return text + "\n" + table(fields, rows, "Checks that did not pass")


def _sources(sources: pd.DataFrame) -> str:
    lines = []
    for row in records(sources):
        link = ""
        if row["doi"]:
            link = f" [doi:{escape(row['doi'])}](https://doi.org/{row['doi']})"
        elif row["url"]:
            link = f" <{row['url']}>"
        lines.append(
            f"- [**{escape(row['source'])}**]{{#source-{row['source']}}} "
            f"({escape(row['kind'])}). {escape(row['citation'])}{link}"
        )
    return "\n".join(lines) + "\n"
