"""Survival in named populations: what relative effects mean for patients, in months."""

from __future__ import annotations

from typing import Any

from evinet import tables
from evinet.config import Population
from evinet.report import words
from evinet.report.effects import chosen
from evinet.report.markdown import (
    Markdown,
    blocks,
    breaks,
    bullets,
    callout,
    escape,
    folded,
    heading,
    link,
    md,
    strong,
    table,
)
from evinet.report.numbers import NBSP, Interval, months, percent, with_limits
from evinet.report.pages.common import DAGGER, bridge_text, optional_exhibit
from evinet.report.results import Fit, Results

NONE = (
    "The configuration names no population, so nothing is predicted. The field populations of an "
    "analysis takes a trial whose patients were reconstructed."
)
Row = dict[str, Any]


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
    fits = chosen(results, analysis, slug)
    trial = results.trial_names[population.trial]
    observed = results.predicted(analysis, tables.OBSERVED_TIMES, slug)
    rests = [fit for fit in dict.fromkeys(fits.values()) if fit.model.bridge]
    labels = [results.labels[name] for name in dict.fromkeys(results.nodes(analysis)["treatment"])
              if name not in fits]  # fmt: skip
    return blocks([
        bullets(_gains(results, observed)),
        md(
            "These gains compare the areas under the Kaplan-Meier curves of {} and assume nothing "
            "about hazards. The predictions below come from these models:",
            link(trial, f"trial-{population.trial}.qmd"),
        ),
        bullets(_models(results, fits)),
        *(callout("warning", f"What rests on an assumption ({DAGGER})",
                  bridge_text(results, fit)) for fit in rests),
        optional_exhibit(results, f"{analysis}-{slug}-predicted"),
        _predicted(results, analysis, slug, population, fits),
        words.not_predicted(labels) if labels else "",
        heading(3, f"Do the predictions hold the patients of {trial}?", f"{analysis}-{slug}-held"),
        _held(results, analysis, slug, fits),
        *(_ratios(results, analysis, slug, fit, population.times)
          for fit in dict.fromkeys(fits.values())),
    ])  # fmt: skip


def _gains(results: Results, observed: list[Row]) -> list[str]:
    """What the trial's own patients say, without proportional hazards."""
    labels = results.labels
    return [
        words.mean_gain(
            labels[row["treatment"]], labels[row["comparator"]], row["horizon"], _interval(row)
        )
        for row in observed
        if row["measure"] == "rmst-gain"
    ]


def _models(results: Results, fits: dict[str, Fit]) -> list[Markdown]:
    """Which model predicts what."""
    by_fit: dict[Fit, list[str]] = {}
    for treatment, fit in fits.items():
        by_fit.setdefault(fit, []).append(results.labels[treatment])
    return [
        md("{}: {} ({})", ", ".join(names), fit.model.label, words.hazards_assumed(fit.any_shape))
        for fit, names in by_fit.items()
    ]


def _predicted(
    results: Results, analysis: str, slug: str, population: Population, fits: dict[str, Fit]
) -> Markdown:
    """A row for each treatment, by the model that was chosen for it."""
    lines: list[list[object]] = []
    end, against = 0.0, ""
    for treatment, fit in fits.items():
        curve = {row["time"]: row for row in _of(results, analysis, tables.PREDICTED_SURVIVAL, slug,
                                                  fit, treatment)}  # fmt: skip
        own = {row["measure"]: row for row in _of(results, analysis, tables.PREDICTED_TIMES, slug,
                                                   fit, treatment)}  # fmt: skip
        end, against = own["rmst"]["horizon"], own["rmst"]["comparator"]
        gain = "–" if treatment == against else _months(own["rmst-gain"])
        lines.append([
            strong(results.labels[treatment] + (f" {DAGGER}" if own["rmst"]["bridged"] else "")),
            *(_lines(percent(curve[time]["q50"]), _percents(curve[time]))
              for time in population.times),
            *map(_months, (own["median"], own["rmst"])), gain,
        ])  # fmt: skip
    times = [f"{time:g} months" for time in population.times]
    fields = ["Treatment", *times, "Median, months", f"Mean within {end:g} months", "Gain in mean"]
    caption = (
        "Predicted survival, with 95 % credible intervals. The gain is in months, over "
        f"{results.labels.get(against, '')}."
    )
    if any(row.endswith(DAGGER) for row in (str(line[0]).strip("*") for line in lines)):
        caption += f" {DAGGER} rests on the assumption above."
    return table(fields, lines, "Predicted survival", f"{analysis}-{slug}-predicted", caption)


def _held(results: Results, analysis: str, slug: str, fits: dict[str, Fit]) -> Markdown:
    """What the trial's own patients did, beside what each model predicts of them."""
    rows = results.predicted(analysis, tables.PREDICTED_OBSERVED, slug)
    if not rows:
        return md("No time was named at which predicted survival could be held against theirs.")
    compared = list(dict.fromkeys([*fits.values(), results.unbridged(analysis)]))
    compared = [fit for fit in compared if fit.model.bridge is None]
    at = {(row["model"], row["treatment"], row["time"]): row for row in rows}
    seen = dict.fromkeys((row["treatment"], row["time"]) for row in rows)
    lines = []
    for treatment, time in seen:
        found = [at.get((fit.name, treatment, time)) for fit in compared]
        row = next(filter(None, found), None)
        if row is None:
            continue
        span = Interval(row["observed"], row["observed_lowest"], row["observed_highest"])
        lines.append([
            results.labels[treatment], f"{time:g}", words.observed(span),
            *("–" if each is None else _said(each) for each in found),
        ])  # fmt: skip
    fields = [
        "Treatment", "Months", "Observed (range of the reconstructions)",
        *(f"Predicted: {fit.model.label}" for fit in compared),
    ]  # fmt: skip
    missed = {
        fit.model.label: [row for row in rows if row["model"] == fit.name and not row["held"]]
        for fit in compared
    }
    used = {row["treatment"]: fits[row["treatment"]] for row in rows if row["treatment"] in fits}
    wrong = [
        words.prediction_misses(
            results.labels[row["treatment"]], row["time"],
            Interval(row["observed"], row["observed_lowest"], row["observed_highest"]),
            _interval(row),
        )
        for row in rows
        if row["treatment"] in used and used[row["treatment"]].name == row["model"]
        and not row["held"]
    ]  # fmt: skip
    return blocks([
        words.predictions_hold(missed, len(seen)),
        callout("important", "The patients did otherwise", bullets(wrong)) if wrong else "",
        table(fields, lines, "Observed and predicted survival", f"{analysis}-{slug}-held",
              "Observed survival beside what models predict, with 95 % credible intervals. An "
              "exclamation mark: the interval reaches no reconstruction."),
    ])  # fmt: skip


def _said(row: Row) -> Markdown:
    text = f"{percent(row['q50'])} ({_percents(row)})"
    return md("{}", text) if row["held"] else strong(f"{text} !")


def _ratios(results: Results, analysis: str, slug: str, fit: Fit, times: list[float]) -> Markdown:
    """Hazard ratios over time, of a model whose hazards need not be proportional."""
    rows = results.predicted(analysis, tables.PREDICTED_RATIOS, slug, fit.name)
    if not fit.any_shape or not rows or not times:
        return md("")
    at = [min(rows, key=lambda row: abs(row["time"] - time))["time"] for time in times]
    fields = ["Treatment", *(f"{time:.0f} months" for time in at)]
    lines = []
    for treatment in dict.fromkeys(row["treatment"] for row in rows):
        mine = {row["time"]: row for row in rows if row["treatment"] == treatment}
        shown = [Interval.of_logs(*(mine[time][key] for key in ("q50", "q2.5", "q97.5")))
                 for time in at]  # fmt: skip
        cells = [with_limits(each) for each in shown]
        lines.append([results.labels[treatment], *cells])
    against = results.labels[rows[0]["comparator"]]
    label = f"Hazard ratio against {against} over time, {fit.model.label}"
    return folded(label, table(fields, lines, label))


def _of(
    results: Results, analysis: str, of: tables.Table, slug: str, fit: Fit, treatment: str
) -> list[Row]:
    return [row for row in results.predicted(analysis, of, slug, fit.name)
            if row["treatment"] == treatment]  # fmt: skip


def _interval(row: Row) -> Interval:
    return Interval(row["q50"], row["q2.5"], row["q97.5"])


def _percents(row: Row) -> str:
    return f"{percent(row['q2.5'])}{NBSP}to{NBSP}{percent(row['q97.5'])}"


def _lines(estimate: str, interval: str) -> Markdown:
    """An estimate with its interval below it."""
    return breaks([estimate, f"({interval})"])


def _months(row: Row) -> Markdown:
    """Estimate and limits; what was not reached in follow-up says so."""
    estimate, lower, upper = (
        "not reached" if row[key] is None else months(row[key]).replace("-", "−")
        for key in ("q50", "q2.5", "q97.5")
    )
    if lower == "not reached":
        return escape(estimate)
    return _lines(estimate, f"{lower} to {upper}".replace(" ", NBSP))
