"""Where every number comes from, and which numbers were rejected, with the reason."""

from __future__ import annotations

from typing import Any

from evinet import tables
from evinet.report import words
from evinet.report.markdown import (
    Markdown,
    anchor,
    blocks,
    bullets,
    code,
    escape,
    faint,
    folded,
    link,
    md,
    searchable,
    strong,
    table,
)
from evinet.report.results import Results
from evinet.report.rows import records

VERDICTS = {"pass": "passed", "warn": "need a look", "fail": "failed"}


def counts(results: Results) -> str:
    """How many values there are of each kind, in a sentence."""
    of = results.evidence(tables.FACTS)["use"].value_counts()
    used, rejected, missing = (int(of.get(use, 0)) for use in ("used", "rejected", "not-known"))
    return (
        f"The report uses {words.counted(used, 'value')}. "
        f"{words.counted(rejected, 'other value').capitalize()} "
        f"{'was' if rejected == 1 else 'were'} read and rejected. For {missing} more, somebody "
        "looked and recorded that the value could not be found."
    )


def rejected(results: Results) -> Markdown:
    """Rejected values beside those that are used in their place."""
    instead = {(row["trial"], row["path"]): row["value"] for row in _facts(results, "used")}
    rows = [
        [results.trial_names[row["trial"]], code(row["path"]),
         instead.get((row["trial"], row["path"]), "none"), _value(row), row["reason"],
         md("{}, {}", _source(row), row["locator"])]
        for row in _facts(results, "rejected")
    ]  # fmt: skip
    fields = [
        "Trial", "Value of", "Used", "Rejected", "Why it was rejected",
        "Source of the rejected value",
    ]  # fmt: skip
    return table(fields, rows, "Rejected values") if rows else escape("No value was rejected.")


def used(results: Results) -> Markdown:
    """Every value in use, a table for each trial, under one search field."""
    fields = ["Value of", "Value", "Source", "Where in the source"]
    rows: dict[str, list[list[object]]] = {}
    for row in _facts(results, "used"):
        cells = [code(row["path"]), _value(row), _source(row), row["locator"]]
        rows.setdefault(str(row["trial"]), []).append(cells)
    names = results.trial_names
    parts = [
        folded(
            f"{names[trial]}: {words.counted(len(found), 'value')}",
            table(fields, found, f"Values in use, {names[trial]}"),
        )
        for trial, found in rows.items()
    ]
    return searchable(blocks(parts), "Search all values")


def missing(results: Results) -> Markdown:
    """Values that were looked for and not found."""
    rows = [
        [results.trial_names[row["trial"]], code(row["path"]), row["reason"]]
        for row in _facts(results, "not-known")
    ]
    fields = ["Trial", "Value of", "Why"]
    return (
        table(fields, rows, "Missing values") if rows else escape("No missing value is recorded.")
    )


def checks(results: Results) -> Markdown:
    """How many checks there were, and those that did not pass."""
    frame = results.evidence(tables.CHECKS)
    found = frame["verdict"].value_counts()
    said = ", ".join(f"{found.get(verdict, 0)} {how}" for verdict, how in VERDICTS.items())
    rows = [
        [results.trial_names[str(row["trial"])], code(row["path"]), row["rule"], row["verdict"],
         row["found"], row["expected"]]
        for row in records(frame[frame["verdict"] != "pass"])
    ]  # fmt: skip
    fields = ["Trial", "Value of", "Rule", "Verdict", "Found", "Expected"]
    counted = f"Of {words.counted(len(frame), 'check')}: {said}."
    return blocks([counted, table(fields, rows, "Checks that did not pass") if rows else ""])


def bibliography(results: Results) -> Markdown:
    """Every source, with a name that values link to."""
    return bullets(_entry(row) for row in records(results.evidence(tables.SOURCES)))


def _entry(row: dict[str, Any]) -> Markdown:
    shown = anchor(strong(row["source"]), f"source-{row['source']}")
    where = md("")
    if row["doi"]:
        where = md(" {}", link(f"doi:{row['doi']}", f"https://doi.org/{row['doi']}"))
    elif row["url"]:
        where = md(" {}", link(row["url"], row["url"]))
    return md("{} ({}). {}{}", shown, row["kind"], row["citation"], where)


def _facts(results: Results, use: str) -> list[dict[str, Any]]:
    facts = results.evidence(tables.FACTS)
    return records(facts[facts["use"] == use])


def _value(row: dict[str, Any]) -> Markdown:
    """The value, and how it was printed where that is not the same."""
    value, printed = row["value"] or "", row["printed"]
    if printed is None or printed == value:
        return escape(value)
    return md("{} {}", value, faint(md("printed: {}", printed)))


def _source(row: dict[str, Any]) -> Markdown:
    key = row["source"]
    return link(key, f"#source-{key}") if key else md("")
