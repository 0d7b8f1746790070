"""Sensitivity: what was changed, and what moved."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from evinet.config import Model
from evinet.report import words
from evinet.report.effects import contrasts, interval
from evinet.report.markdown import Field, escape, folded, table
from evinet.report.numbers import Interval, limits, listing, ratio
from evinet.report.pages.beside import beside
from evinet.report.pages.common import formula
from evinet.report.pages.later import caution_line
from evinet.report.results import Fit, Results


@dataclass(frozen=True)
class Change:
    """One comparison in two models."""

    names: str
    before: Interval
    after: Interval

    @property
    def factor(self) -> float:
        """By what the hazard ratio was multiplied."""
        return self.after.estimate / self.before.estimate


def sensitivity(results: Results) -> str:
    """The page."""
    parts = [
        "Each row changes one thing and says what moved. Models without a bridge are held against "
        "the first of them, models with a bridge against the first that has one.\n"
    ]
    for name, analysis in results.config.analyses.items():
        parts += [f"## {escape(analysis.title)}\n", caution_line(results, name)]
        for base in (results.unbridged(name), results.bridged(name)):
            if base is not None:
                parts += _against(results, base)
        parts.append(beside(results, name, "sensitivity"))
    return "\n".join(parts)


def _against(results: Results, base: Fit) -> list[str]:
    """One row a model that is like `base` with or without a bridge, and all numbers folded."""
    others = [
        fit
        for fit in results.fits(base.analysis)
        if fit.name != base.name and (fit.model.bridge is None) == (base.model.bridge is None)
    ]
    title = f"### Against: {escape(base.model.label)}\n"
    if not others:
        return [title, "Nothing was varied here.\n"]
    changes = [(fit, _changes(results, base, fit)) for fit in others]
    fields = [
        Field("What was changed", "l", 30), Field("Largest move", "l", 34),
        Field("Conclusions that turned", "l", 34),
    ]  # fmt: skip
    rows = [
        [escape(difference(results, base.model, fit.model)), _largest(found), _turned(found)]
        for fit, found in changes
    ]
    label = f"Sensitivity against {base.model.label}"
    return [title, table(fields, rows, label), folded("Every number", _details(results, changes))]


def _changes(results: Results, base: Fit, other: Fit) -> list[Change]:
    """The comparisons that both models make, before and after."""
    before = {_pair(row): row for row in contrasts(results, base)}
    return [
        Change(_names(results, row), interval(before[_pair(row)]), interval(row))
        for row in contrasts(results, other)
        if _pair(row) in before
    ]


def _largest(changes: list[Change]) -> str:
    """The comparison whose hazard ratio moved most, with the factor."""
    if not changes:
        return "no comparison in common"
    furthest = max(changes, key=lambda change: abs(math.log(change.factor)))
    said = words.moved(furthest.before, furthest.after).split(";")[0]
    return f"{furthest.names}: {escape(said)}"


def _turned(changes: list[Change]) -> str:
    """The comparisons whose interval lies differently about 1."""
    turned = [
        f"{change.names}: {_shown(change.before)} became {_shown(change.after)}"
        for change in changes
        if change.before.side_of_one() != change.after.side_of_one()
    ]
    return "; ".join(turned) or "none"


def _details(results: Results, changes: list[tuple[Fit, list[Change]]]) -> str:
    fields = [
        Field("Model", "l", 26), Field("Comparison", "l", 30), Field("Before", "l", 16),
        Field("After", "l", 16), Field("What moved", "l", 26),
    ]  # fmt: skip
    rows = [
        [escape(fit.model.label), change.names, _shown(change.before), _shown(change.after),
         escape(words.moved(change.before, change.after))]
        for fit, found in changes
        for change in found
    ]  # fmt: skip
    return table(fields, rows, "Every comparison before and after")


def _shown(ratios: Interval) -> str:
    return f"{ratio(ratios.estimate)} ({limits(ratios)})"


def difference(results: Results, base: Model, other: Model) -> str:
    """What one model does otherwise than another, in plain words."""
    changes = []
    if base.effects != other.effects:
        changes.append(f"{other.effects} effects instead of {base.effects}")
    if base.tau_prior != other.tau_prior:
        usual = f"half-normal({results.config.heterogeneity.scale:g})"
        was, now = (formula(model.tau_prior or usual) for model in (base, other))
        changes.append(f"prior of tau {now} instead of {was}")
    if base.ipd != other.ipd:
        names = [results.trial_names[trial] for trial in other.ipd]
        changes.append(
            f"{listing(names)} by reconstructed patients"
            if names
            else "published hazard ratios only"
        )
    if base.bridge != other.bridge:
        changes.append(f"bridge {other.bridge} instead of {base.bridge}")
    if base.sigma != other.sigma:
        was = "estimated under its prior" if base.sigma is None else f"{base.sigma:g}"
        now = "estimated under its prior" if other.sigma is None else f"{other.sigma:g}"
        changes.append(f"sigma {now} instead of {was}")
    return listing(changes) or "nothing in the configuration"


def _pair(row: dict[str, Any]) -> tuple[str, str]:
    return row["treatment"], row["comparator"]


def _names(results: Results, row: dict[str, Any]) -> str:
    first, second = (results.labels[name] for name in _pair(row))
    return f"{escape(first)} v {escape(second)}"
