"""Survival in named populations: what relative effects mean for patients, in months."""

from __future__ import annotations

from collections.abc import Callable

from evinet import tables
from evinet.config import Population
from evinet.report import words
from evinet.report.effects import chosen, interval
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
)
from evinet.report.numbers import NBSP, Interval, months, percent, percent_limits, with_limits
from evinet.report.pages.common import DAGGER, Row, assumed, optional_exhibit, table_of
from evinet.report.results import Fit, Results
from evinet.report.rows import grouped

NONE = (
    "The configuration names no population, so nothing is predicted. The field populations of an "
    "analysis takes a trial whose patients were reconstructed."
)
HELD = (
    "Observed survival beside what models predict, with 95 % credible intervals. An exclamation "
    "mark: the interval reaches no reconstruction."
)


def every(results: Results) -> Markdown:
    """What is observed and predicted in each population of each analysis."""
    return blocks(
        part
        for name, analysis in results.config.analyses.items()
        for slug, population in analysis.populations.items()
        for part in (
            heading(2, f"{analysis.title}, patients as in {results.trial_names[population.trial]}",
                    f"{name}-{slug}"),
            callout("warning", "What this assumes", population.assumption),
            _population(results, name, slug, population),
        )
    ) or escape(NONE)  # fmt: skip


def _population(results: Results, analysis: str, slug: str, population: Population) -> Markdown:
    fits, labels = chosen(results, analysis, slug), results.labels
    trial = results.trial_names[population.trial]
    by_fit: dict[Fit, list[str]] = {}
    for treatment, fit in fits.items():
        by_fit.setdefault(fit, []).append(labels[treatment])
    unpredicted = [labels[name] for name in dict.fromkeys(results.nodes(analysis)["treatment"])
                   if name not in fits]  # fmt: skip
    return blocks([
        bullets(
            words.mean_gain(labels[row["treatment"]], labels[row["comparator"]], row["horizon"],
                            _interval(row))
            for row in results.predicted(analysis, tables.OBSERVED_TIMES, slug)
            if row["measure"] == "rmst-gain"
        ),
        md(
            "These gains compare the areas under the Kaplan-Meier curves of {} and assume nothing "
            "about hazards. The predictions below come from these models:",
            link(trial, f"trial-{population.trial}.qmd"),
        ),
        bullets(md("{}: {} ({})", ", ".join(names), fit.model.label,
                   words.hazards_assumed(fit.any_shape)) for fit, names in by_fit.items()),
        *(assumed(results, fit) for fit in by_fit if fit.model.bridge),
        optional_exhibit(results, f"{analysis}-{slug}-predicted"),
        _predicted(results, analysis, slug, population, fits),
        words.not_predicted(unpredicted) if unpredicted else "",
        heading(3, f"Do the predictions hold the patients of {trial}?", f"{analysis}-{slug}-held"),
        _held(results, analysis, slug, fits),
        *(_ratios(results, analysis, slug, fit, population.times) for fit in by_fit),
    ])  # fmt: skip


def _predicted(
    results: Results, analysis: str, slug: str, population: Population, fits: dict[str, Fit]
) -> Markdown:
    """A row for each treatment, by the model that was chosen for it."""
    curves, times = (
        grouped(results.predicted(analysis, of, slug), "model", "treatment")
        for of in (tables.PREDICTED_SURVIVAL, tables.PREDICTED_TIMES)
    )
    rows: list[Row] = [
        {"treatment": treatment, "at": {row["time"]: row for row in curves[fit.name, treatment]}}
        | {row["measure"]: row for row in times[fit.name, treatment]}
        for treatment, fit in fits.items()
    ]
    if not rows:
        return md("")
    against, bridged = rows[-1]["rmst"]["comparator"], any(row["rmst"]["bridged"] for row in rows)
    columns: dict[str, Callable[[Row], object]] = {
        "Treatment": lambda row: strong(
            results.labels[row["treatment"]] + (f" {DAGGER}" if row["rmst"]["bridged"] else ""))
    }  # fmt: skip
    for time in population.times:
        columns[f"{time:g} months"] = lambda row, time=time: breaks(  # type: ignore[misc]
            [percent(row["at"][time]["q50"]), f"({percent_limits(row['at'][time])})"])  # fmt: skip
    columns |= {
        "Median, months": lambda row: _months(row["median"]),
        f"Mean within {rows[-1]['rmst']['horizon']:g} months": lambda row: _months(row["rmst"]),
        "Gain in mean": lambda row: (
            "–" if row["treatment"] == against else _months(row["rmst-gain"])),
    }  # fmt: skip
    caption = (
        "Predicted survival, with 95 % credible intervals. The gain is in months, over "
        f"{results.labels[against]}."
    ) + (f" {DAGGER} rests on the assumption above." if bridged else "")
    return table_of(rows, "Predicted survival", columns, name=f"{analysis}-{slug}-predicted",
                    caption=caption)  # fmt: skip


def _held(results: Results, analysis: str, slug: str, fits: dict[str, Fit]) -> Markdown:
    """What the trial's own patients did, beside what each model predicts of them."""
    rows = results.predicted(analysis, tables.PREDICTED_OBSERVED, slug)
    if not rows:
        return md("No time was named at which predicted survival could be held against theirs.")
    times = results.time_ratios(analysis)  # survival is one measure, whatever effects are
    compared = [fit for fit in
                dict.fromkeys([*fits.values(), results.unbridged(analysis), *times])
                if fit.model.bridge is None]  # fmt: skip
    seen = grouped(rows, "treatment", "time")
    columns: dict[str, Callable[[list[Row]], object]] = {
        "Treatment": lambda found: results.labels[found[0]["treatment"]],
        "Months": lambda found: f"{found[0]['time']:g}",
        "Observed (range of the reconstructions)": lambda found: words.observed(
            _observed(found[0])),
    }  # fmt: skip
    for fit in compared:
        columns[f"Predicted: {fit.model.label}"] = lambda found, fit=fit: next(  # type: ignore[misc]
            (_said(row) for row in found if row["model"] == fit.name), "–"
        )
    missed = {
        fit.model.label: [row for row in rows if row["model"] == fit.name and not row["held"]]
        for fit in compared
    }
    wrong = [
        words.prediction_misses(
            results.labels[row["treatment"]], row["time"], _observed(row), _interval(row)
        )
        for row in rows
        if not row["held"] and row["treatment"] in fits
        and fits[row["treatment"]].name == row["model"]
    ]  # fmt: skip
    held_by = [found for found in seen.values()
               if {row["model"] for row in found} & {fit.name for fit in compared}]  # fmt: skip
    return blocks([
        words.predictions_hold(missed, len(seen)),
        callout("important", "The patients did otherwise", bullets(wrong)) if wrong else "",
        table_of(held_by, "Observed and predicted survival", columns,
                 name=f"{analysis}-{slug}-held", caption=HELD),
    ])  # fmt: skip


def _said(row: Row) -> Markdown:
    text = f"{percent(row['q50'])} ({percent_limits(row)})"
    return md("{}", text) if row["held"] else strong(f"{text} !")


def _ratios(results: Results, analysis: str, slug: str, fit: Fit, times: list[float]) -> Markdown:
    """Hazard ratios over time, of a model whose hazards need not be proportional."""
    rows = results.predicted(analysis, tables.PREDICTED_RATIOS, slug, fit.name)
    if not fit.any_shape or not rows or not times:
        return md("")
    columns: dict[str, Callable[[list[Row]], object]] = {
        "Treatment": lambda mine: results.labels[mine[0]["treatment"]]
    }
    for time in times:
        nearest = min(rows, key=lambda row: abs(row["time"] - time))["time"]
        columns[f"{nearest:.0f} months"] = lambda mine, at=nearest: next(  # type: ignore[misc]
            with_limits(interval(row)) for row in mine if row["time"] == at
        )
    against = results.labels[rows[0]["comparator"]]
    label = f"Hazard ratio against {against} over time, {fit.model.label}"
    return folded(label, table_of(grouped(rows, "treatment").values(), label, columns))


def _interval(row: Row) -> Interval:
    return Interval(row["q50"], row["q2.5"], row["q97.5"])


def _observed(row: Row) -> Interval:
    return Interval(row["observed"], row["observed_lowest"], row["observed_highest"])


def _months(row: Row) -> Markdown:
    """Estimate and limits; what was not reached in follow-up says so."""
    estimate, lower, upper = (
        "not reached" if row[key] is None else months(row[key]).replace("-", "−")
        for key in ("q50", "q2.5", "q97.5")
    )
    if lower == "not reached":
        return escape(estimate)
    return breaks([estimate, f"({lower} to {upper})".replace(" ", NBSP)])
