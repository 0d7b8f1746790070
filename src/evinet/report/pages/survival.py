"""Survival in named populations: what relative effects mean for patients, in months."""

from __future__ import annotations

from collections.abc import Iterable

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
from evinet.report.pages.columns import Row, spread, table_of
from evinet.report.pages.common import DAGGER, assumed, exhibit
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
        exhibit(results, f"{analysis}-{slug}-predicted", optional=True),
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
    if not fits:
        return md("")
    curves, times = (
        grouped(results.predicted(analysis, of, slug), "model", "treatment")
        for of in (tables.PREDICTED_SURVIVAL, tables.PREDICTED_TIMES)
    )
    shown = [row for treatment, fit in fits.items() for row in curves[fit.name, treatment]
             if row["time"] in population.times]  # fmt: skip
    measured = {
        treatment: {row["measure"]: row for row in times[fit.name, treatment]}
        for treatment, fit in fits.items()
    }
    mean = next(reversed(measured.values()))["rmst"]
    against, bridged = mean["comparator"], any(row["rmst"]["bridged"] for row in measured.values())

    def gain(found: list[Row]) -> object:
        name = found[0]["treatment"]
        return "–" if name == against else _months(measured[name]["rmst-gain"])

    def name(found: list[Row]) -> Markdown:
        treatment = found[0]["treatment"]
        dagger = f" {DAGGER}" if measured[treatment]["rmst"]["bridged"] else ""
        return strong(results.labels[treatment] + dagger)

    caption = (
        "Predicted survival, with 95 % credible intervals. The gain is in months, over "
        f"{results.labels[against]}."
    ) + (f" {DAGGER} rests on the assumption above." if bridged else "")
    return table_of(
        results, grouped(shown, "treatment").values(), "Predicted survival", {"Treatment": name},
        spread(shown, "time", lambda row: breaks(
            [percent(row["q50"]), f"({percent_limits(row)})"]), "{:g} months".format),
        {
            "Median, months": lambda found: _months(measured[found[0]["treatment"]]["median"]),
            f"Mean within {mean['horizon']:g} months": lambda found: _months(
                measured[found[0]["treatment"]]["rmst"]),
            "Gain in mean": gain,
        },
        name=f"{analysis}-{slug}-predicted", caption=caption,
    )  # fmt: skip


def _held(results: Results, analysis: str, slug: str, fits: dict[str, Fit]) -> Markdown:
    """What the trial's own patients did, beside what each model predicts of them."""
    times = results.time_ratios(analysis)  # survival is one measure, whatever effects are
    compared = dict.fromkeys([*fits.values(), results.unbridged(analysis), *times])
    every = results.predicted(analysis, tables.PREDICTED_OBSERVED, slug)
    predicting = {row["model"] for row in every}
    labels = {fit.name: fit.model.label for fit in compared
              if fit.model.bridge is None and fit.name in predicting}  # fmt: skip
    if not every:
        return md("No time was named at which predicted survival could be held against theirs.")
    rows = sorted((row for row in every if row["model"] in labels),
                  key=lambda row: list(labels).index(row["model"]))  # fmt: skip
    wrong = misses(results, (
        row for row in rows
        if (fit := fits.get(row["treatment"])) and fit.name == row["model"]
    ))  # fmt: skip
    missed = {label: [row for row in rows if row["model"] == name and not row["held"]]
              for name, label in labels.items()}  # fmt: skip
    lines = grouped((row for row in every if row["model"] in labels), "treatment", "time")
    return blocks([
        words.predictions_hold(missed, len(grouped(every, "treatment", "time"))),
        callout("important", "The patients did otherwise", bullets(wrong)) if wrong else "",
        table_of(
            results, lines.values(), "Observed and predicted survival", "Treatment, Months",
            {"Observed (range of the reconstructions)": lambda found: words.observed(
                _observed(found[0]))},
            spread(rows, "model", _said, lambda model: f"Predicted: {labels[model]}", "–"),
            name=f"{analysis}-{slug}-held", caption=HELD,
        ),
    ])  # fmt: skip


def misses(results: Results, rows: Iterable[Row]) -> list[str]:
    """What the patients of a population did otherwise than predicted, of rows of such values."""
    return [
        words.prediction_misses(
            results.labels[row["treatment"]], row["time"], _observed(row), _interval(row)
        )
        for row in rows if not row["held"]
    ]  # fmt: skip


def _said(row: Row) -> Markdown:
    text = f"{percent(row['q50'])} ({percent_limits(row)})"
    return md("{}", text) if row["held"] else strong(f"{text} !")


def _ratios(results: Results, analysis: str, slug: str, fit: Fit, times: list[float]) -> Markdown:
    """Hazard ratios over time, of a model whose hazards need not be proportional."""
    rows = results.predicted(analysis, tables.PREDICTED_RATIOS, slug, fit.name)
    if not fit.any_shape or not rows or not times:
        return md("")
    nearest = [min(rows, key=lambda row: abs(row["time"] - time))["time"] for time in times]
    kept = [row for row in rows if row["time"] in nearest]
    label = f"Hazard ratio against {results.labels[rows[0]['comparator']]} over time"
    label = f"{label}, {fit.model.label}"
    return folded(label, table_of(
        results, grouped(kept, "treatment").values(), label, "Treatment",
        spread(kept, "time", lambda row: escape(with_limits(interval(row))),
               "{:.0f} months".format),
    ))  # fmt: skip


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
