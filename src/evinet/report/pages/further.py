"""What a trial published beyond its tables: conduct of the trial and other evidence in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from evinet.report.markdown import Markdown, md, table
from evinet.report.pages.common import with_source

LABELS = (
    (r"enrolment\.start", "Enrolment from"),
    (r"enrolment\.end", "Enrolment to"),
    (r"stratification\.factors\[\d+\]", "Stratified by"),
    (r"reports\.(.+)\.data_cutoff", r"Data cut-off, \1 report"),
    (r"reports\.(.+)\.follow_up", r"Median follow-up, months, \1 report"),
    (r"other_evidence\[(.+)\]", r"\1"),
)
"""Path of a fact -> what it is called."""


def further(facts: Mapping[str, dict[str, Any]]) -> Markdown:
    """A table of the facts, by their path, that no other table of a trial's page shows."""
    found: dict[str, list[Markdown]] = {}
    for pattern, label in LABELS:
        for path, fact in facts.items():
            match = re.fullmatch(pattern, path)
            if match:
                name = match.expand(label)
                what = name[0].upper() + name[1:]
                found.setdefault(what, []).append(with_source(fact["value"], fact))
    fields = ["Item", "As published"]
    rows = [[what, md("; ").join(said)] for what, said in found.items()]
    return table(fields, rows, "What else was published") if rows else md("")
