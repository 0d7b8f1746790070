"""Plausibility checks of a trial: one small function for each rule.

A check never changes a value. `pass` and `fail` speak for themselves; `warn` is a value that may
be right but deserves a second look at the source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from evinet.extract import rules_counts, rules_ratios, rules_survival
from evinet.extract.finding import Finding
from evinet.extract.load import Evidence, Mark

RULES: dict[str, Callable[[Evidence], Iterator[Finding]]] = {
    "ci-symmetry": rules_ratios.ci_symmetry,
    "se-events": rules_ratios.se_events,
    "p-interval": rules_ratios.p_interval,
    "hr-medians": rules_ratios.hr_medians,
    "median-interval": rules_survival.median_interval,
    "landmark-median": rules_survival.landmark_median,
    "landmark-order": rules_survival.landmark_order,
    "at-risk-monotone": rules_survival.at_risk_monotone,
    "at-risk-start": rules_survival.at_risk_start,
    "percent-count": rules_counts.percent_count,
    "as-printed": rules_counts.as_printed,
    "events-patients": rules_counts.events_patients,
    "subgroup-sum": rules_counts.subgroup_sum,
    "dates-order": rules_counts.dates_order,
}


def unsure(mark: Mark) -> Finding:
    """A mark that nobody has settled, of a trial that is used all the same."""
    where = f"{Path(mark.file).name}:{mark.line}"
    expected = f"compared with the source: {mark.reason}".rstrip(": ")
    return Finding(where, "unsure", "warn", mark.text or "(whole line)", expected)


def run(evidence: Evidence) -> list[Finding]:
    """All findings of all rules."""
    return [finding for rule in RULES.values() for finding in rule(evidence)]
