"""What the checks of plausibility found, in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from evinet.report.markdown import Markdown, blocks, bullets, escape
from evinet.report.pages.common import in_words
from evinet.report.results import Results

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
    "events-patients": "more events than patients",
    "subgroup-sum": "sums over subgroups that are not the whole: some patients are in none of them "
    "(or, where the sum is larger, in several)",
    "dates-order": "dates in an order that deserves a look, such as an analysis before enrolment "
    "ended",
}
"""What a rule found where it did not pass; docs/evidence.md says what each expects."""

WORDS = {
    "n": "patients", "hr": "hazard ratio", "data_cutoff": "data cut-off", "reports": "reports",
    "pfs": "PFS", "os": "OS",
}  # fmt: skip
"""Parts of the path of a value, as people say them."""


def plausibility(results: Results, rows: Sequence[dict[str, Any]]) -> Markdown:
    """How many checks passed, and what each of the others found."""
    others = [row for row in rows if row["verdict"] != "pass"]
    passed = len(rows) - len(others)
    if not others:
        return escape(f"All {len(rows)} checks passed.")
    by_rule: dict[str, list[dict[str, Any]]] = {}
    for row in others:
        by_rule.setdefault(row["rule"], []).append(row)
    lead = (
        f"{passed} of {len(rows)} checks passed. "
        f"{'The other one' if len(others) == 1 else f'The other {len(others)}'} may be right and "
        f"{'deserves' if len(others) == 1 else 'deserve'} a second look. No value was changed:"
    )
    items = (_found(results, rule, found) for rule, found in by_rule.items())
    return blocks([lead, bullets(items)])


def _found(results: Results, rule: str, rows: Sequence[dict[str, Any]]) -> str:
    """What one rule found, with each value and what was expected."""
    each = [
        in_words(results, row["trial"],
                 f"{_about(row['path'])}: {row['found']}, expected {row['expected']}")
        for row in rows
    ]  # fmt: skip
    failed = sum(row["verdict"] == "fail" for row in rows)
    grave = f" ({failed} of them cannot be right)" if failed else ""
    said = f"{FOUND.get(rule, rule)}{grave}. {'; '.join(each)}."
    return said[0].upper() + said[1:]


def _about(path: str) -> str:
    """The end of a path, which tells the value: ``race, sunitinib, patients``."""
    end = path.rsplit("]", 1)[-1].strip(".") or re.sub(r".*\[|\]", "", path).replace(",", ".")
    return ", ".join(WORDS.get(part, part) for part in end.split("."))
