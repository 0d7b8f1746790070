"""What several pages show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

from evinet import files
from evinet.config import ComponentSums, HalfNormal, Model, Weights
from evinet.errors import InputError, Problem
from evinet.report import words
from evinet.report.effects import interval, pair, prediction
from evinet.report.exhibit import INDEX
from evinet.report.markdown import (
    Markdown,
    blocks,
    bullets,
    callout,
    escape,
    faint,
    figure,
    heading,
    link,
    md,
    sourced,
    strong,
    table,
)
from evinet.report.numbers import NBSP, chance, estimate, limits, listing, number
from evinet.report.results import REMEDY, Fit, Results

DAGGER = "\N{DAGGER}"
AWAITING = faint("awaiting the reviewers")
SHORT = ("os", "pfs", "ttp")
"""Outcomes that are written as abbreviations."""
Row = dict[str, Any]


def each_analysis(
    none: object = "", level: int = 3
) -> Callable[[Callable[..., Markdown]], Callable[..., Markdown]]:
    """Make what shows one analysis show every one, each under its title; `none` without any.

    What it makes takes the results, and what else the function takes after the analysis.
    """

    def decorated(show: Callable[..., Markdown]) -> Callable[..., Markdown]:
        @wraps(show)
        def every(results: Results, *more: Any) -> Markdown:
            return blocks(
                part
                for name, analysis in results.config.analyses.items()
                if (content := show(results, name, *more))
                for part in (heading(level, analysis.title), content)
            ) or escape(none)

        return every

    return decorated


def exhibit(results: Results, name: str) -> Markdown:
    """A figure of results/figures, with its caption.

    Raises
    ------
    InputError
        It was not drawn.
    """
    text = optional_exhibit(results, name)
    if not text:
        path = results.root / "figures" / INDEX
        raise InputError(Problem(str(path), name, None, "this figure was not drawn", REMEDY))
    return text


def optional_exhibit(results: Results, name: str) -> Markdown:
    """A figure that the data may not allow: nothing when it was not drawn."""
    path = results.root / "figures" / INDEX
    if not path.exists():
        raise InputError(Problem(str(path), "figures", None, "is not there", REMEDY))
    drawn = files.read_json(path).get(f"{name}.svg")
    return figure(name, drawn["caption"], drawn["alt"]) if drawn else md("")


def failed(results: Results, analysis: str) -> Markdown:
    """The models that may not be reported, each in its place, with the reason."""
    said = [
        f"{fit.model.label}: did not converge, sampled twice, and is not reported: "
        f"{'; '.join(fit.failures)}."
        for fit in results.every_fit(analysis)
        if fit.failures
    ]
    return callout("warning", "Models that did not converge", bullets(said)) if said else md("")


def comparisons(results: Results, rows: list[dict[str, Any]], label: str) -> Markdown:
    """A table of league rows on the hazard-ratio scale."""
    columns: dict[str, Callable[[Row], object]] = {
        "Comparison": lambda row: pair(results, row),
        "Hazard ratio": lambda row: estimate(interval(row)),
        "95 % credible interval": lambda row: limits(interval(row)),
        "Probability of a lower hazard": lambda row: chance(row["p_better"]),
    }
    if any(prediction(row) is not None for row in rows):
        columns["95 % prediction interval"] = lambda row: (
            None if (new := prediction(row)) is None else limits(new)
        )
    columns["Evidence"] = lambda row: strong("assumption") if row["bridged"] else "trials"
    return table_of(rows, label, columns)


def sentences(results: Results, rows: list[dict[str, Any]]) -> list[str]:
    """What league rows say, each in a sentence."""
    return [
        words.comparison(
            results.labels[row["treatment"]], results.labels[row["comparator"]],
            interval(row), row["p_better"],
        )
        for row in rows
    ]  # fmt: skip


def bridge_words(results: Results, model: Model) -> str:
    """What the bridge of a model lets effects do."""
    bridge = results.config.bridges[model.bridge or ""]
    if isinstance(bridge, ComponentSums):
        pairs = [" with ".join(map(results.part, pair)) for pair in bridge.interactions]
        return words.component_sums(bridge.inactive and results.part(bridge.inactive), pairs)
    prior = bridge.sigma_prior
    return words.class_effect(model.sigma, prior.scale if prior else None)


def bridge_tested(results: Results, fit: Fit) -> str:
    """What the bridge of a fit lets effects do, and the test of a bridge of components."""
    test = fit.record.get("components")
    return bridge_words(results, fit.model) + (f" {words.additivity(test)}" if test else "")


def bridge_text(results: Results, fit: Fit) -> str:
    """The assumption that a fit rests on, in the words of the configuration, and its test."""
    assumption = results.config.bridges[fit.model.bridge or ""].assumption
    return f"{assumption} {bridge_tested(results, fit)}"


def weights_text(results: Results, weights: Weights) -> str:
    """Which trials count less, and why, to stand in a sentence."""
    each = [f"{results.trial_names[trial]} {number(weight)}"
            for trial, weight in weights.trials.items()]  # fmt: skip
    return (
        f"by assumption the likelihoods of trials are raised to powers, so that they count less "
        f"({listing(each)}): {weights.assumption.rstrip('.')}"
    )


def unknown(value: object) -> Markdown:
    """A value, or that it is not known."""
    return faint("not known") if value is None else escape(value)


def dash(value: object) -> Markdown:
    """A value in a table, or a dash where there is none."""
    if value is None:
        return faint("–")
    return escape(f"{value:g}" if isinstance(value, float) else value)


def source_link(row: dict[str, Any]) -> Markdown:
    """The source of a row, linked to the bibliography, and the place in it."""
    return md("{}, {}", link(row["source"], _source(row)), row["locator"])


def with_source(text: object, row: dict[str, Any]) -> Markdown:
    """A value that links to its source, which shows when pointed at and when focused."""
    shown = escape(text)
    if not row.get("source") or shown in (dash(None), unknown(None)):
        return shown
    where = ", ".join(part for part in (row["source"], row["locator"]) if part)
    return sourced(shown, _source(row), where)


def _source(row: dict[str, Any]) -> str:
    return f"provenance.qmd#source-{row['source']}"


def slug_words(slug: str | None) -> Markdown:
    """A slug as words: ``January 2018``, ``Interim OS``; a dash where there is none."""
    if slug is None:
        return dash(None)
    said = " ".join(word.upper() if word in SHORT else word for word in slug.split("-"))
    return escape(said[0].upper() + said[1:])


def arm_name(results: Results, trial: str, arm: str) -> str:
    """An arm by its treatment."""
    return results.arm_names(trial)[arm]


def in_words(results: Results, trial: str, text: str) -> str:
    """A text with the names of arms in the place of their slugs."""
    names = results.arm_names(trial)
    slugs = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.sub(rf"(?<![\w-])({slugs})(?![\w-])", lambda found: names[found[0]], text)


def table_of(
    rows: Iterable[Any], label: str, columns: Mapping[str, str | Callable[[Any], object]],
    none: object = "", **named: Any,
) -> Markdown:  # fmt: skip
    """A table with a line for each row; `none` without rows.

    `columns` are, by their headings, names of columns of the rows, or what makes cells of rows.
    """
    lines = [
        [row[cell] if isinstance(cell, str) else cell(row) for cell in columns.values()]
        for row in rows
    ]
    return table(list(columns), lines, label, **named) if lines else escape(none)


def by_arm(
    rows: list[dict[str, Any]],
    names: tuple[str, ...],
    say: Callable[[dict[str, Any]], object],
) -> tuple[list[str | None], list[list[Any]]]:
    """Rows of a table with a column for each arm: the arms, and the cells of each row.

    `names` are the columns that make a row; `say` writes the cell of an arm. Where an arm has
    several values they all stand in its cell, each with its source.
    """
    arms = list(dict.fromkeys(row["arm"] for row in rows))
    found: dict[tuple[Any, ...], dict[str, list[Markdown]]] = {}
    for row in rows:
        said = found.setdefault(tuple(row[name] for name in names), {})
        said.setdefault(row["arm"], []).append(with_source(say(row), row))
    cells = [
        [*key, *(md("; ").join(said[arm]) if arm in said else dash(None) for arm in arms)]
        for key, said in found.items()
    ]
    return arms, cells


def patients(n: float | None, total: float | None, share: object) -> Markdown:
    """Patients, of how many, and the percentage as printed."""
    said = dash(n) if total is None else md("{} / {}", dash(n), dash(total))
    if share is None:
        return said
    printed = share if isinstance(share, str) else f"{share:g}"
    printed = printed if printed.endswith("%") else f"{printed}{NBSP}%"
    return escape(printed) if n is None else md("{} ({})", said, printed)


def formula(prior: str) -> str:
    """The family and the numbers of a prior that the configuration gives or names."""
    from evinet.nma import priors

    return priors.parse(prior).formula


def named_prior(prior: str) -> str:
    """A prior that the configuration gives or names, with its publication."""
    from evinet.nma import priors

    found = priors.parse(prior)
    if found.source is None:
        return found.formula
    _, outcome, *comparison = prior.split(":")
    setting = ", ".join([outcome.replace("-", " "), *comparison])
    return f"{found.formula} ({setting}, for a {found.effects}; {found.source})"


def prior_text(prior: HalfNormal) -> str:
    """A prior with its reason."""
    return f"half-normal with scale {prior.scale:g} ({prior.source})"
