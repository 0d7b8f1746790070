"""Figures of what the answers rest on: contributions, loops, bridges, small trials."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from evinet import tables
from evinet.report.effects import answered, interval, pair
from evinet.report.exhibit import Exhibit
from evinet.report.numbers import Interval
from evinet.report.results import Fit, Results
from evinet.report.rows import records

FUNNEL = 3  # trials whose comparison has another trial, at least
REACH = 1.959964


def robustness(results: Results, fit: Fit) -> Iterator[Exhibit]:
    """The figures that a fit has tables for."""
    yield from _contribution(results, fit)
    yield from _inconsistency(results, fit)
    yield from _tipping(results, fit)
    if fit.model.bridge is None:
        yield from _funnel(results, fit)


def _contribution(results: Results, fit: Fit) -> Iterator[Exhibit]:
    from evinet.report.figures import contribution

    shares: dict[str, dict[str, float]] = {}
    for row in answered(results, fit, tables.CONTRIBUTION):
        found = shares.setdefault(pair(results, row), {})
        trial = results.trial_names[row["trial"]]
        found[trial] = found.get(trial, 0.0) + row["share"]
    trials = {results.trial_names[row["trial"]] for row in records(results.studies(fit.analysis))}
    shares = {
        which: found for which, found in shares.items() if max(found.values()) < contribution.ALONE
    }
    for found in shares.values():
        found["assumption or prior"] = max(1 - sum(found.values()), 0.0)
    columns = [
        name
        for name in (*sorted(trials), "assumption or prior")
        if any(found.get(name, 0) >= contribution.LEAST for found in shares.values())
    ]
    if len(columns) > 1:
        yield Exhibit(
            f"{fit.analysis}-{fit.name}-contribution",
            f"{fit.model.label}: share of the evidence on each comparison that comes from each "
            "trial, in per cent. The darker, the larger. What no trial carries comes from an "
            "assumption or a prior. Comparisons that one trial carries alone are in the table "
            "only.",
            "Heat map of the contribution of each trial to each comparison. The table on this page "
            "holds the numbers.",
            partial(contribution.draw, shares, columns),
        )


def _inconsistency(results: Results, fit: Fit) -> Iterator[Exhibit]:
    from evinet.report.figures import forest

    groups = [
        forest.Group(
            pair(results, row),
            [forest.Row(f"{name} evidence", _normal(row[kind], row[f"{kind}_sd"]))
             for name, kind in (("Direct", "direct"), ("Indirect", "indirect"))],
        )
        for row in fit.table(tables.INCONSISTENCY)
        if row["method"] == "node-split" and row["direct"] is not None
        and row["indirect"] is not None
    ]  # fmt: skip
    if groups:
        yield Exhibit(
            f"{fit.analysis}-{fit.name}-inconsistency",
            f"{fit.model.label}: direct against indirect evidence, wherever there are both; "
            "indirect evidence may run through the bridge, where the model has one. Hazard ratios "
            "with 95 % intervals; where the two differ, the network is inconsistent.",
            "Forest plot of direct and indirect hazard ratios of each split comparison.",
            partial(forest.draw, groups),
        )


def _tipping(results: Results, fit: Fit) -> Iterator[Exhibit]:
    from evinet.report.figures import tipping

    answers = {
        pair(results, row): (interval(row), row["ratio"])
        for row in answered(results, fit, tables.TIPPING)
    }
    if answers:
        yield Exhibit(
            f"{fit.analysis}-{fit.name}-tipping",
            f"{fit.model.label}: what becomes of each answer across the bridge if the bridge is "
            "wrong by a factor, to the disadvantage of the answer. Dashed: the factor at which the "
            "95 % interval reaches 1. Without a dashed line it includes 1 from the start.",
            "Hazard ratio and interval against the factor by which the bridge is wrong, a panel a "
            "comparison. The table on this page holds the turning points.",
            partial(tipping.draw, answers),
        )


def _funnel(results: Results, fit: Fit) -> Iterator[Exhibit]:
    """Trials about the mean of their comparison, of comparisons with several trials."""
    from evinet.report.figures import funnel

    pooled = {(row["treatment"], row["comparator"]): row["q50"] for row in records(fit.league)}
    found: dict[str, list[tuple[str, float, float]]] = {}
    for row in records(results.studies(fit.analysis)):
        off = row["log_estimate"] - pooled[row["treatment"], row["comparator"]]
        name = results.trial_names[row["trial"]]
        found.setdefault(pair(results, row), []).append((name, off, row["se"]))
    points = {which: trials for which, trials in found.items() if len(trials) > 1}
    count = sum(map(len, points.values()))
    if count >= FUNNEL:
        yield Exhibit(
            f"{fit.analysis}-funnel",
            f"Comparison-adjusted funnel of the {count} trials whose comparison has another trial: "
            "each trial's hazard ratio divided by its comparison's, against its standard error. "
            "Dashed: where 95 % of trials lie if only chance moves them. Small trials on one side "
            "would hint at missing results; with fewer than ten trials nothing can be "
            "concluded.",
            "Funnel plot of the trials about their comparisons' means.",
            partial(funnel.draw, points),
        )


def _normal(mean: float, sd: float) -> Interval:
    return Interval.of_logs(mean, mean - REACH * sd, mean + REACH * sd)
