"""Hazard ratios of the rows of league tables and networks."""

from __future__ import annotations

from typing import Any

from evinet.report.numbers import Interval
from evinet.report.results import Fit, Results
from evinet.report.rows import records


def contrasts(results: Results, fit: Fit) -> list[dict[str, Any]]:
    """League rows of every treatment against the reference of its island, as configured.

    Where a bridge has merged islands, the first reference of the configuration is used.
    """
    rows = records(fit.league)
    island = {row[side]: row["component"] for row in rows for side in ("treatment", "comparator")}
    chosen: dict[int, str] = {}
    for reference in results.config.analyses[fit.analysis].references:
        if reference in island:
            chosen.setdefault(island[reference], reference)
    order = {name: place for place, name in enumerate(results.nodes(fit.analysis)["treatment"])}
    found = [
        row for row in rows if chosen.get(row["component"]) == row["comparator"] != row["treatment"]
    ]
    return sorted(found, key=lambda row: order[row["treatment"]])


def interval(row: dict[str, Any]) -> Interval:
    """The hazard ratio of a league row."""
    return Interval.of_logs(row["q50"], row["q2.5"], row["q97.5"])


def prediction(row: dict[str, Any]) -> Interval | None:
    """The prediction interval of a league row, where the model has one."""
    lower, upper = row["predict_q2.5"], row["predict_q97.5"]
    return None if lower is None else Interval.of_logs(row["q50"], lower, upper)


def published_interval(row: dict[str, Any]) -> Interval:
    """The 95 % interval of a published contrast, from its standard error."""
    estimate, reach = row["log_estimate"], 1.959964 * row["se"]
    return Interval.of_logs(estimate, estimate - reach, estimate + reach)
