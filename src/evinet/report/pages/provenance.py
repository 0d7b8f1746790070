"""Where every number comes from, and which numbers were rejected, with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from evinet import tables
from evinet.report import words
from evinet.report.markdown import (
    Markdown,
    anchor,
    blocks,
    bullets,
    escape,
    faint,
    folded,
    link,
    md,
    searchable,
    strong,
)
from evinet.report.pages.columns import Row, table_of
from evinet.report.pages.common import in_words, value_names
from evinet.report.results import Results
from evinet.report.rows import grouped

FOUND = {
    "ci-symmetry": "estimates that do not lie in the middle of their interval",
    "se-events": "intervals wider or narrower than the events suggest",
    "p-interval": "P values that say something else than the interval",
    "hr-medians": "hazard ratios that point another way than the medians",
    "median-interval": "medians outside their interval",
    "landmark-median": "survival at a time that contradicts the median",
    "landmark-order": "survival that rises with time",
    "at-risk-monotone": "numbers at risk that rise",
    "at-risk-start": "numbers at risk that do not start with all patients",
    "percent-count": "percentages that are not their count over their total",
    "as-printed": "values that are none of the numbers printed beside them",
    "events-patients": "more events than patients",
    "subgroup-sum": "sums over subgroups that are not the whole: some patients are in none of them "
    "(or, where the sum is larger, in several)",
    "dates-order": "dates in an order that deserves a look, such as an analysis before enrolment "
    "ended",
}
"""What a rule found where it did not pass; docs/evidence.md says what each expects."""

VERDICTS = {"pass": "passed", "warn": "need a look", "fail": "failed"}


def counts(results: Results) -> str:
    """How many values there are of each kind, in a sentence."""
    of = Counter(row["use"] for row in results.rows(tables.FACTS))
    used, rejected, missing = (of[use] for use in ("used", "rejected", "not-known"))
    return (
        f"The report uses {words.counted(used, 'value')}. "
        f"{words.counted(rejected, 'other value').capitalize()} "
        f"{'was' if rejected == 1 else 'were'} read and rejected. For {missing} more, somebody "
        "looked and recorded that the value could not be found."
    )


def used(results: Results) -> Markdown:
    """Every value in use, a table for each trial, under one search field."""
    return searchable(blocks(
        folded(
            f"{results.trial_names[trial]}: {words.counted(len(found), 'value')}",
            table_of(results, found, f"Values in use, {results.trial_names[trial]}",
                     "Value of, Value, Source"),
        )
        for (trial,), found in grouped(facts(results, "used"), "trial").items()
    ), "Search all values")  # fmt: skip


def checks(results: Results) -> Markdown:
    """How many checks there were, and what those found that did not pass, trial by trial."""
    rows = results.rows(tables.CHECKS)
    found = Counter(row["verdict"] for row in rows)
    said = ", ".join(f"{found[verdict]} {how}" for verdict, how in VERDICTS.items())
    parts: list[object] = [f"Of {len(rows)} checks: {said}."]
    for (trial,), mine in grouped(rows, "trial").items():
        others = grouped((row for row in mine if row["verdict"] != "pass"), "rule")
        if others:
            failed = sum(map(len, others.values()))
            lead = f"{len(mine) - failed} of {len(mine)} checks passed. The others:"
            parts += [
                md("**{}**: {}", results.trial_names[trial], lead),
                bullets(_found(results, rule, of_rule) for (rule,), of_rule in others.items()),
            ]
    return blocks(parts)


def _found(results: Results, rule: str, rows: Sequence[Row]) -> str:
    """What one rule found, with each value and what was expected."""
    named = value_names(results, rows[0]["trial"])
    each = [
        f"{named(_end(row['path']))}: "
        + in_words(results, row["trial"], f"{row['found']}, expected {row['expected']}")
        for row in rows
    ]
    failed = sum(row["verdict"] == "fail" for row in rows)
    grave = f" ({failed} of them cannot be right)" if failed else ""
    said = f"{FOUND.get(rule, rule)}{grave}. {'; '.join(each)}."
    return said[0].upper() + said[1:]


def _end(path: str) -> str:
    """The end of a path, which tells the value: what follows the last bracket, or stands in it."""
    return path.rsplit("]", 1)[-1] or path[path.rindex("[") :]


def bibliography(results: Results) -> Markdown:
    """Every source, with a name that values link to."""
    return bullets(_entry(row) for row in results.rows(tables.SOURCES))


def _entry(row: Row) -> Markdown:
    shown = anchor(strong(row["source"]), f"source-{row['source']}")
    doi = row["doi"] and md(" {}", link(f"doi:{row['doi']}", f"https://doi.org/{row['doi']}"))
    url = row["url"] and md(" {}", link(row["url"], row["url"]))
    return md("{} ({}). {}{}", shown, row["kind"], row["citation"], doi or url or "")


def facts(results: Results, use: str) -> list[Row]:
    """The facts of a use, each with its name in words and what tables show of it."""
    rows = (row for row in results.rows(tables.FACTS) if row["use"] == use)
    return [
        {**row, "value_of": named(row["path"]), "why": row["reason"],
         "used": results.facts.get((trial, row["path"]), {}).get("value", "none"),
         **dict.fromkeys(("value", "rejected"), _value(row))}
        for (trial,), found in grouped(rows, "trial").items()
        for named in [value_names(results, trial)]
        for row in found
    ]  # fmt: skip


def _value(row: Row) -> Markdown:
    """The value, and how it was printed where that is not the same."""
    value, printed = row["value"] or "", row["printed"]
    if printed is None or printed == value:
        return escape(value)
    return md("{} {}", value, faint(md("printed: {}", printed)))
