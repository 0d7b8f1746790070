"""Survival in named populations: what relative effects mean for patients, in months."""

from __future__ import annotations

from typing import Any

import numpy as np

from evinet import tables
from evinet.config import Population
from evinet.report import words
from evinet.report.figures import km
from evinet.report.markdown import Field, bullets, callout, escape, folded, table
from evinet.report.numbers import NBSP, Interval, months, percent
from evinet.report.pages.common import bridge_text, optional_exhibit
from evinet.report.results import Fit, Results

NONE = (
    "No population is named in the configuration, so nothing is predicted. `populations` of an "
    "analysis takes a trial whose patients are reconstructed."
)


def survival(results: Results) -> str:
    """The page."""
    parts = []
    for name, analysis in results.config.analyses.items():
        for slug, population in analysis.populations.items():
            title = f"{analysis.title}, patients as in {results.trial_names[population.trial]}"
            parts.append(f"## {escape(title)} {{#{name}-{slug}}}\n")
            parts.append(callout("warning", "What this assumes", escape(population.assumption)))
            parts += _population(results, name, slug, population)
    return "\n".join(parts) if parts else NONE


def _population(results: Results, analysis: str, slug: str, population: Population) -> list[str]:
    observed = results.predicted(analysis, tables.OBSERVED_TIMES, slug)
    parts = [bullets(_said(results, observed)), _proportional(results, population)]
    for fit in (results.unbridged(analysis), results.bridged(analysis)):
        if fit is None:
            continue
        curves = results.predicted(analysis, tables.PREDICTED_SURVIVAL, slug, fit.name)
        measures = results.predicted(analysis, tables.PREDICTED_TIMES, slug, fit.name)
        shown = [
            optional_exhibit(results, f"{analysis}-{slug}-{fit.name}-predicted"),
            _landmarks(results, curves, population.times, fit) if population.times else "",
            _means(results, measures, fit),
        ]
        parts.append(f"### {escape(fit.model.label)} {{#{analysis}-{slug}-{fit.name}}}\n")
        if fit.model.bridge is None:
            missed = _missed(results, analysis, slug, curves, population.times)
            parts += [_absent(results, fit, curves), missed, *shown]
        else:
            rests = callout("warning", "Rests on an assumption", bridge_text(results, fit))
            parts += [rests, folded("Predictions that rest on the bridge", "\n".join(shown))]
    return parts


def _said(results: Results, observed: list[dict[str, Any]]) -> list[str]:
    """What the trial's own patients say, without proportional hazards."""
    labels = results.labels
    return [
        escape(
            words.mean_gain(
                labels[row["treatment"]], labels[row["comparator"]], row["horizon"], _interval(row)
            )
        )
        for row in observed
        if row["measure"] == "rmst-gain"
    ]


def _proportional(results: Results, population: Population) -> str:
    return (
        "The estimate above compares the areas under the two Kaplan-Meier curves and assumes "
        "nothing about hazards. What follows takes hazards to be proportional; the page of "
        f"[{escape(results.trial_names[population.trial])}](trial-{population.trial}.qmd) shows "
        "how well that holds. All of it uses every reconstruction of the patients, so that "
        "intervals carry what was not published.\n"
    )


def _absent(results: Results, fit: Fit, curves: list[dict[str, Any]]) -> str:
    """Treatments that nothing connects with the population."""
    there = {row["treatment"] for row in curves}
    away = [
        results.labels[name]
        for name in dict.fromkeys(results.nodes(fit.analysis)["treatment"])
        if name not in there
    ]
    return escape(words.not_predicted(away)) + "\n" if away else ""


def _missed(
    results: Results, analysis: str, slug: str, curves: list[dict[str, Any]], times: list[float]
) -> str:
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
                label = escape(results.labels[treatment])
                said.append(words.prediction_misses(label, time, span, _interval(row)))
    if not said:
        return ""
    text = (
        "In every reconstruction these values lie outside the predicted intervals, so the hazards "
        "were hardly proportional. For a comparison of the trial's own arms read the estimate at "
        "the head of this section, not the predictions.\n\n"
    )
    return callout("important", "The predictions miss what was observed", text + bullets(said))


def _landmarks(results: Results, curves: list[dict[str, Any]], times: list[float], fit: Fit) -> str:
    fields = [Field("Treatment", "l", 20), *(Field(f"{time:g} months", "l", 12) for time in times)]
    lines = []
    for treatment in dict.fromkeys(row["treatment"] for row in curves):
        at = {row["time"]: row for row in curves if row["treatment"] == treatment}
        cells = [f"{percent(at[time]['q50'])} ({_percents(at[time])})" for time in times]
        lines.append([_name(results, at[times[0]]), *cells])
    return table(fields, lines, f"Predicted survival, {fit.model.label}")


def _means(results: Results, measures: list[dict[str, Any]], fit: Fit) -> str:
    if not measures:
        return ""
    end, against = measures[0]["horizon"], results.labels[measures[0]["comparator"]]
    fields = [
        Field("Treatment", "l", 20), Field("Median, months", "l", 12),
        Field(f"Mean within {end:g} months", "l", 12),
        Field(f"Gain in that mean over {escape(against)}", "l", 14),
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
    return escape(results.labels[row["treatment"]]) + (" †" if row["bridged"] else "")


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
