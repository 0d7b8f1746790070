"""Hazard ratios of the rows of league tables and networks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from evinet import tables
from evinet.report.numbers import Interval
from evinet.report.results import Fit, Results
from evinet.report.rows import records

if TYPE_CHECKING:
    import pandas as pd

Pair = tuple[str, str]
"""A treatment, and what it is compared with."""
RANKED = 3  # treatments of an island, at least, whose ranks are shown


def contrasts(results: Results, fit: Fit) -> list[dict[str, Any]]:
    """League rows of the questions of an analysis that the model connects.

    Without questions: every treatment against the reference of its island. Where a bridge has
    merged islands, the first reference of the configuration is used.
    """
    rows = records(fit.league)
    asked = results.analysis(fit.analysis).questions
    if asked:
        by_pair = {(row["treatment"], row["comparator"]): row for row in rows}
        pairs = [(each.treatment, each.comparator) for each in asked]
        return [by_pair[pair] for pair in pairs if pair in by_pair]
    island = {row[side]: row["component"] for row in rows for side in ("treatment", "comparator")}
    chosen: dict[int, str] = {}
    for reference in results.analysis(fit.analysis).references:
        if reference in island:
            chosen.setdefault(island[reference], reference)
    order = {name: place for place, name in enumerate(results.nodes(fit.analysis)["treatment"])}
    found = [
        row for row in rows if chosen.get(row["component"]) == row["comparator"] != row["treatment"]
    ]
    return sorted(found, key=lambda row: order[row["treatment"]])


def added(results: Results, fit: Fit) -> list[dict[str, Any]]:
    """What `contrasts` shows of a model beyond the main answer.

    Where a model differs from it by a bridge alone: the comparisons that the bridge moves.
    """
    rows, main = contrasts(results, fit), results.unbridged(fit.analysis)
    apart = {"bridge": None, "sigma": None, "label": ""}
    alike = fit.model.model_copy(update=apart) == main.model.model_copy(update=apart)
    return [row for row in rows if row["bridged"]] if alike and fit.name != main.name else rows


def answered(results: Results, fit: Fit, of: tables.Table) -> list[dict[str, Any]]:
    """Rows of a table of a fit about the comparisons that `added` shows."""
    shown = {(row["treatment"], row["comparator"]) for row in added(results, fit)}
    return [row for row in fit.table(of) if (row["treatment"], row["comparator"]) in shown]


def asked(results: Results, analysis: str) -> list[Pair]:
    """The questions of an analysis, else what `contrasts` shows of its models."""
    questions = results.analysis(analysis).questions
    if questions:
        return [(each.treatment, each.comparator) for each in questions]
    rows = [row for fit in results.main(analysis) for row in contrasts(results, fit)]
    return list(dict.fromkeys((row["treatment"], row["comparator"]) for row in rows))


def league(fit: Fit) -> dict[Pair, dict[str, Any]]:
    """Every comparison that a fit can make."""
    return {(row["treatment"], row["comparator"]): row for row in records(fit.league)}


def counting(results: Results, analysis: str) -> list[Fit]:
    """The fits of an analysis of counts; where rounding leaves no choice, the likeliest alone."""
    open_ = any(row["fewest"] != row["most"] for row in results.data(analysis))
    return [fit for fit in results.fits(analysis) if open_ or fit.model.counts == "likeliest"]


def partner(results: Results, fit: Fit) -> Fit | None:
    """The first model like a fixed-effect one, of the same bridge, with random effects."""
    if fit.model.effects == "random":
        return None
    return next(
        (other for other in results.fits(fit.analysis)
         if (other.model.effects, other.model.bridge) == ("random", fit.model.bridge)), None,
    )  # fmt: skip


def chosen(results: Results, analysis: str, population: str) -> dict[str, Fit]:
    """Treatment -> the model whose predictions of it are shown in a population.

    First the model with hazards of the population's own patients, of any shape; then the main
    answer; then the first with a bridge. Only the first need hold the patients (see table
    `predicted-observed`).
    """
    trial = results.config.analyses[analysis].populations[population].trial
    fits = (results.by_patients(analysis, trial), results.unbridged(analysis),
            results.bridged(analysis))  # fmt: skip
    found: dict[str, Fit] = {}
    for fit in filter(None, fits):
        for row in results.predicted(analysis, tables.PREDICTED_TIMES, population, fit.name):
            found.setdefault(row["treatment"], fit)
    order = list(results.nodes(analysis)["treatment"])
    return dict(sorted(found.items(), key=lambda item: order.index(item[0])))


def interval(row: dict[str, Any]) -> Interval:
    """The hazard ratio of a league row."""
    return Interval.of_logs(row["q50"], row["q2.5"], row["q97.5"])


def ranked(fit: Fit) -> pd.DataFrame:
    """Ranks of the islands in which they say more than the only comparison does."""
    among = fit.ranks.groupby("component")["treatment"].transform("nunique")
    return fit.ranks[among >= RANKED]


def pair(results: Results, row: dict[str, Any]) -> str:
    """The two treatments of a row, in plain words; those of its arms where it names arms alone."""
    if "treatment" in row:
        return versus(results.labels, row["treatment"], row["comparator"])
    return versus(results.arm_names(row["trial"]), row["arm"], row["comparator"])


def versus(labels: dict[str, str], treatment: str, comparator: str) -> str:
    """Two treatments, the one that is judged first."""
    return f"{labels[treatment]} vs {labels[comparator]}"


def prediction(row: dict[str, Any]) -> Interval | None:
    """The prediction interval of a league row, where the model has one."""
    lower, upper = row["predict_q2.5"], row["predict_q97.5"]
    return None if lower is None else Interval.of_logs(row["q50"], lower, upper)


def published(results: Results, study: dict[str, Any]) -> Interval:
    """The ratio that a trial brings to a network, with the limits that were printed.

    Where the 95 % limits were not printed they follow from the standard error.
    """
    for row in records(results.evidence(tables.CONTRASTS)):
        same = all(row[name] == study[name] for name in ("trial", "report", "outcome", "assessor"))
        if not same or row["level"] != 0.95 or row["lower"] is None or row["upper"] is None:
            continue
        for sign in (1.0, -1.0):
            if math.isclose(sign * row["log_estimate"], study["log_estimate"], abs_tol=1e-9):
                printed = Interval(row["estimate"], row["lower"], row["upper"])
                return printed if sign > 0 else printed.inverted()
    estimate, reach = study["log_estimate"], 1.959964 * study["se"]
    return Interval.of_logs(estimate, estimate - reach, estimate + reach)
