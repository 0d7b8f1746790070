"""Models whose effects are ratios of times: apart from all hazard ratios, and named as such."""

from __future__ import annotations

from typing import Any

from evinet.report import words
from evinet.report.effects import contrasts, interval, pair, prediction
from evinet.report.markdown import Markdown, blocks, bullets, escape, folded, heading, link, md
from evinet.report.numbers import chance, estimate, limits
from evinet.report.pages.common import optional_exhibit, table_of
from evinet.report.results import Fit, Results
from evinet.report.rows import records

MEANING = (
    "These models do not take hazards to be proportional. A treatment stretches time: with a time "
    "ratio of 1.5 any share of the patients, such as half, has its events after 1.5 times as long. "
    "Above 1 is better, where of hazard ratios below 1 is. The two measures are never pooled, and "
    "a time ratio is not to be set against a hazard ratio by its size."
)


def ratios(results: Results, analysis: str) -> Markdown:
    """Every model of an analysis whose effects are ratios of times; nothing where it has none."""
    fits = results.time_ratios(analysis)
    if not fits:
        return md("")
    return blocks([
        heading(3, "Ratios of times", f"{analysis}-times"),
        MEANING,
        optional_exhibit(results, f"{analysis}-times-forest"),
        *(part for fit in fits for part in _fit(results, fit)),
    ])  # fmt: skip


def pointer(results: Results, analysis: str) -> Markdown:
    """Where the models of an analysis are whose effects are ratios of times."""
    if not results.time_ratios(analysis):
        return md("")
    there = link("ratios of times", f"sensitivity.qmd#{analysis}-times")
    return md("Models without proportional hazards are apart, with {} for effects.", there)


def _fit(results: Results, fit: Fit) -> list[Markdown]:
    label = f"Time ratios, {fit.model.label}"
    said = [
        words.time_comparison(
            results.labels[row["treatment"]], results.labels[row["comparator"]], interval(row),
            row["p_better"],
        )
        for row in contrasts(results, fit)
    ]  # fmt: skip
    return [
        md("{}. {}", md("**{}**", fit.model.label), _tau(fit)),
        bullets(said),
        folded(f"Every comparison, {fit.model.label}", table_of(records(fit.league), label, {
            "Comparison": lambda row: pair(results, row),
            "Time ratio": lambda row: estimate(interval(row)),
            "95 % credible interval": lambda row: limits(interval(row)),
            "Probability of a longer time": lambda row: chance(row["p_better"]),
            "95 % prediction interval": _new,
        })),
    ]  # fmt: skip


def _new(row: dict[str, Any]) -> Markdown:
    found = prediction(row)
    return escape("–" if found is None else limits(found))


def _tau(fit: Fit) -> str:
    if fit.model.effects == "fixed":
        return "All trials of a comparison share one true time ratio."
    return "True ln time ratios vary between trials."
