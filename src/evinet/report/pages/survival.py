"""Survival in named populations: what relative effects mean for patients, in months."""

from __future__ import annotations

from typing import Any

import numpy as np

from evinet import tables
from evinet.config import Population
from evinet.report import words
from evinet.report.figures import km
from evinet.report.markdown import (
    Field,
    Markdown,
    blocks,
    bullets,
    callout,
    folded,
    heading,
    link,
    md,
    table,
)
from evinet.report.numbers import NBSP, Interval, limits, months, percent, ratio
from evinet.report.pages.common import DAGGER, bridge_text, optional_exhibit
from evinet.report.results import Fit, Results

NONE = (
    "The configuration names no population, so nothing is predicted. The field populations of an "
    "analysis takes a trial whose patients were reconstructed."
)


def every(results: Results) -> Markdown:
    """What is observed and predicted in each population of each analysis."""
    parts: list[object] = []
    for name, analysis in results.config.analyses.items():
        for slug, population in analysis.populations.items():
            title = f"{analysis.title}, patients as in {results.trial_names[population.trial]}"
            parts += [
                heading(2, title, f"{name}-{slug}"),
                callout("warning", "What this assumes", population.assumption),
                _population(results, name, slug, population),
            ]
    return blocks(parts or [NONE])


def _population(results: Results, analysis: str, slug: str, population: Population) -> Markdown:
    observed = results.predicted(analysis, tables.OBSERVED_TIMES, slug)
    own = results.by_patients(analysis, population.trial)
    parts: list[object] = [
        bullets(_said(results, observed)), _proportional(results, population, own),
    ]  # fmt: skip
    for fit in (own, results.unbridged(analysis), results.bridged(analysis)):
        if fit is None:
            continue
        curves = results.predicted(analysis, tables.PREDICTED_SURVIVAL, slug, fit.name)
        measures = results.predicted(analysis, tables.PREDICTED_TIMES, slug, fit.name)
        shown = blocks([
            optional_exhibit(results, f"{analysis}-{slug}-{fit.name}-predicted"),
            _landmarks(results, curves, population.times, fit) if population.times else "",
            _means(results, measures, fit),
            _ratios(results, analysis, slug, fit, population.times),
        ])  # fmt: skip
        parts.append(heading(3, fit.model.label, f"{analysis}-{slug}-{fit.name}"))
        if fit.model.bridge is None:
            missed = _missed(results, analysis, slug, curves, population.times)
            parts += [_absent(results, fit, curves), missed, shown]
        else:
            rests = bridge_text(results, fit)
            parts += [
                callout("warning", "These predictions rest on an assumption", rests),
                folded("The predictions", shown),
            ]
    return blocks(parts)


def _said(results: Results, observed: list[dict[str, Any]]) -> list[str]:
    """What the trial's own patients say, without proportional hazards."""
    labels = results.labels
    return [
        words.mean_gain(
            labels[row["treatment"]], labels[row["comparator"]], row["horizon"], _interval(row)
        )
        for row in observed
        if row["measure"] == "rmst-gain"
    ]


def _ratios(results: Results, analysis: str, slug: str, fit: Fit, times: list[float]) -> Markdown:
    """Hazard ratios over time, of a model whose hazards need not be proportional."""
    rows = results.predicted(analysis, tables.PREDICTED_RATIOS, slug, fit.name)
    if fit.model.shapes not in ("treatment", "arm") or not rows or not times:
        return md("")
    at = [min(rows, key=lambda row: abs(row["time"] - time))["time"] for time in times]
    fields = [Field("Treatment", "l", 20), *(Field(f"{time:.0f} months", "l", 12) for time in at)]
    lines = []
    for treatment in dict.fromkeys(row["treatment"] for row in rows):
        mine = {row["time"]: row for row in rows if row["treatment"] == treatment}
        shown = [Interval.of_logs(*(mine[time][key] for key in ("q50", "q2.5", "q97.5")))
                 for time in at]  # fmt: skip
        cells = [f"{ratio(each.estimate)} ({limits(each)})" for each in shown]
        lines.append([_name(results, mine[at[0]]), *cells])
    against = results.labels[rows[0]["comparator"]]
    return table(fields, lines, f"Hazard ratio against {against} over time, {fit.model.label}")


def _proportional(results: Results, population: Population, own: Fit | None) -> Markdown:
    name = results.trial_names[population.trial]
    first = md(
        "First come the predictions of a model whose hazards may have any shape ({}), for the "
        "treatments of this trial alone. The predictions after it assume",
        own.model.label,
    ) if own is not None else md("The predictions below assume")  # fmt: skip
    return md(
        "This estimate compares the areas under the two Kaplan-Meier curves and assumes nothing "
        "about hazards. {} that hazards are proportional: that the hazard ratio is the same at "
        "all times. The page of {} shows how well that holds. Everything here uses all "
        "reconstructions of the patients, so that the intervals also carry what was not published.",
        first,
        link(name, f"trial-{population.trial}.qmd"),
    )


def _absent(results: Results, fit: Fit, curves: list[dict[str, Any]]) -> str:
    """Treatments that nothing connects with the population."""
    there = {row["treatment"] for row in curves}
    away = [
        results.labels[name]
        for name in dict.fromkeys(results.nodes(fit.analysis)["treatment"])
        if name not in there
    ]
    return words.not_predicted(away) if away else ""


def _missed(
    results: Results, analysis: str, slug: str, curves: list[dict[str, Any]], times: list[float]
) -> Markdown:
    """Where the population's own curves lie outside what proportional hazards predict."""
    said = []
    for treatment, patients in results.own_patients(analysis, slug).items():
        own = np.array([
            km.survival(draw["time"].to_numpy(float), draw["event"].to_numpy(int), np.array(times))
            for _, draw in patients.groupby("draw")
        ])  # fmt: skip
        bands = {row["time"]: row for row in curves if row["treatment"] == treatment}
        for time, seen in zip(times, own.T, strict=True):
            row = bands.get(time)
            if row is None or np.isnan(seen).any():
                continue
            if seen.min() > row["q97.5"] or seen.max() < row["q2.5"]:
                span = Interval(float(seen[0]), float(seen.min()), float(seen.max()))
                label = results.labels[treatment]
                said.append(words.prediction_misses(label, time, span, _interval(row)))
    if not said:
        return md("")
    text = (
        "In every reconstruction these values lie outside the intervals that this model predicts. "
        "Where it assumes proportional hazards, they were hardly proportional: to compare the two "
        "arms of this trial, use the estimate at the head of this section, or the model without "
        "that assumption where there is one."
    )
    return callout("important", "The patients did otherwise", blocks([text, bullets(said)]))


def _landmarks(
    results: Results, curves: list[dict[str, Any]], times: list[float], fit: Fit
) -> Markdown:
    fields = [Field("Treatment", "l", 20), *(Field(f"{time:g} months", "l", 12) for time in times)]
    lines = []
    for treatment in dict.fromkeys(row["treatment"] for row in curves):
        at = {row["time"]: row for row in curves if row["treatment"] == treatment}
        cells = [f"{percent(at[time]['q50'])} ({_percents(at[time])})" for time in times]
        lines.append([_name(results, at[times[0]]), *cells])
    return table(fields, lines, f"Predicted survival, {fit.model.label}")


def _means(results: Results, measures: list[dict[str, Any]], fit: Fit) -> Markdown:
    if not measures:
        return md("")
    end, against = measures[0]["horizon"], results.labels[measures[0]["comparator"]]
    fields = [
        Field("Treatment", "l", 20), Field("Median, months", "l", 12),
        Field(f"Mean within {end:g} months", "l", 12),
        Field(f"Gain in that mean over {against}", "l", 14),
    ]  # fmt: skip
    lines = []
    for treatment in dict.fromkeys(row["treatment"] for row in measures):
        own = {row["measure"]: row for row in measures if row["treatment"] == treatment}
        itself = treatment == own["rmst"]["comparator"]
        gain = "–" if itself else _months(own["rmst-gain"])
        lines.append([_name(results, own["rmst"]), _months(own["median"]), _months(own["rmst"]),
                      gain])  # fmt: skip
    label = f"Predicted medians and restricted means, {fit.model.label}"
    return table(fields, lines, label)


def _name(results: Results, row: dict[str, Any]) -> str:
    return results.labels[row["treatment"]] + (f" {DAGGER}" if row["bridged"] else "")


def _interval(row: dict[str, Any]) -> Interval:
    return Interval(row["q50"], row["q2.5"], row["q97.5"])


def _percents(row: dict[str, Any]) -> str:
    return f"{percent(row['q2.5'])}{NBSP}to{NBSP}{percent(row['q97.5'])}"


def _months(row: dict[str, Any]) -> str:
    """Estimate and limits; what was not reached in follow-up says so."""
    estimate, lower, upper = (
        "not reached" if row[key] is None else months(row[key]).replace("-", "−")
        for key in ("q50", "q2.5", "q97.5")
    )
    return estimate if lower == "not reached" else f"{estimate} ({lower} to {upper})"
