"""Sensitivity: what was changed, and what moved."""

from __future__ import annotations

import math
from collections.abc import Callable

from evinet.config import Model
from evinet.report import words
from evinet.report.effects import contrasts, interval, pair
from evinet.report.markdown import (
    Markdown,
    blocks,
    bullets,
    escape,
    folded,
    heading,
    link,
    md,
    strong,
)
from evinet.report.numbers import listing, with_limits
from evinet.report.pages.beside import beside
from evinet.report.pages.columns import Row, table_of
from evinet.report.pages.common import (
    by_patients,
    each_analysis,
    effects_table,
    exhibit,
    named_prior,
    scaled,
    weights_text,
)
from evinet.report.pages.later import caution_line
from evinet.report.results import Fit, Results


@each_analysis(level=2)
def models(results: Results, name: str) -> Markdown:
    """Each model compared with the main one of its kind: what was changed, and what moved."""
    compared = [_against(results, base) for base in results.main(name)]
    compared.append(beside(results, name, "sensitivity"))
    if not any(compared):
        return escape("No other model of this outcome was fitted.")
    return blocks([caution_line(results, name), *compared])


@each_analysis("No model of this review has such effects.", anchor="{}-times")
def times(results: Results, name: str) -> Markdown:
    """Every model whose effects are ratios of times: sentences, and every comparison folded."""
    fits = results.time_ratios(name)
    return blocks([
        exhibit(results, f"{name}-times-forest", optional=True) if fits else "",
        *(part for fit in fits for part in _times(results, fit)),
    ])  # fmt: skip


def _times(results: Results, fit: Fit) -> list[Markdown]:
    labels = results.labels
    one = "All trials of a comparison share one true time ratio."
    said = one if fit.model.effects == "fixed" else "True ln time ratios vary between trials."
    return [
        md("{}. {}", strong(fit.model.label), said),
        bullets(
            words.time_comparison(labels[row["treatment"]], labels[row["comparator"]],
                                  interval(row), row["p_better"])
            for row in contrasts(results, fit)
        ),
        folded(f"Every comparison, {fit.model.label}", effects_table(
            results, scaled(fit, "ln time ratio"), f"Time ratios, {fit.model.label}",
            "Probability of a longer time")),
    ]  # fmt: skip


def pointer(results: Results, analysis: str) -> Markdown:
    """Where the models of an analysis are whose effects are ratios of times."""
    if not results.time_ratios(analysis):
        return md("")
    there = link("ratios of times", f"sensitivity.qmd#{analysis}-times")
    return md("Models without proportional hazards are apart, with {} for effects.", there)


def _against(results: Results, base: Fit) -> Markdown:
    """A row for each model that is like `base` with or without a bridge, and all numbers folded."""
    title = heading(3, f"Compared with: {base.model.label}")
    before = {(row["treatment"], row["comparator"]): row for row in contrasts(results, base)}
    changes: dict[Fit, list[Row]] = {
        fit: [
            {"fit": fit, "pair": pair(results, row), "before": interval(before[key]),
             "after": interval(row)}
            for row in contrasts(results, fit)
            if (key := (row["treatment"], row["comparator"])) in before
        ]
        for fit in results.fits(base.analysis)
        if fit.name != base.name and (fit.model.bridge is None) == (base.model.bridge is None)
    }  # fmt: skip
    if not changes:
        return md("")
    every = table_of(results, (row for rows in changes.values() for row in rows),
                     "Every comparison before and after", {
        "Model": lambda row: row["fit"].model.label, "Comparison": "pair",
        "Before": lambda row: with_limits(row["before"]),
        "After": lambda row: with_limits(row["after"]),
        "What changed": lambda row: words.moved(row["before"], row["after"]),
    })  # fmt: skip
    listed = table_of(results, changes, f"Sensitivity, compared with {base.model.label}", {
        "What was changed": lambda fit: difference(results, base.model, fit.model),
        "Largest change of an estimate": lambda fit: _largest(changes[fit]),
        "Conclusions that changed": lambda fit: _turned(changes[fit]),
    })  # fmt: skip
    return blocks([title, listed, folded("Every number", every)])


def _largest(changes: list[Row]) -> str:
    """The comparison whose hazard ratio moved most, with the factor."""
    if not changes:
        return "no comparison in common"
    furthest = max(
        changes, key=lambda row: abs(math.log(row["after"].estimate / row["before"].estimate))
    )
    said = words.moved(furthest["before"], furthest["after"]).split(";")[0]
    return f"{furthest['pair']}: {said}"


def _turned(changes: list[Row]) -> str:
    """The comparisons whose interval lies differently about 1."""
    return (
        "; ".join(
            f"{row['pair']}: {with_limits(row['before'])} became {with_limits(row['after'])}"
            for row in changes
            if row["before"].side_of_one() != row["after"].side_of_one()
        )
        or "none"
    )


def difference(results: Results, base: Model, other: Model) -> str:
    """What one model does otherwise than another, in plain words."""
    usual = f"half-normal({results.config.heterogeneity.scale:g})"
    parts: dict[str, Callable[[Model], str]] = {
        "{} effects instead of {}": lambda model: model.effects,
        "prior of tau {} instead of {}" if base.effects == "random" else "prior of tau {}":
            lambda model: named_prior(model.prior_of_tau or usual, published=False),
        "bridge {} instead of {}": lambda model: (
            results.bridge_label(model.bridge) if model.bridge else "none"),
        "sigma {} instead of {}": lambda model: (
            "estimated" if model.sigma is None else f"{model.sigma:g}"),
    }  # fmt: skip
    changes = [said.format(now, was) for said, show in parts.items()
               if (now := show(other)) != (was := show(base))]  # fmt: skip
    if _hazards(base) != _hazards(other):
        changes.append(by_patients(results, other) if other.ipd else "published hazard ratios only")
    if base.weights != other.weights:
        whole = "every trial in full"
        changes.append(weights_text(results, other.weights) if other.weights else whole)
    return listing(changes) or other.label


def _hazards(model: Model) -> tuple[object, ...]:
    """Whose hazards a model has, and what it takes of them."""
    shapes = model.baseline, model.shapes, model.knots, model.powers
    return (model.ipd, *shapes) if model.ipd else ()
