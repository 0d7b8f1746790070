"""Sensitivity: what was changed, and what moved."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from evinet.config import Model
from evinet.report import words
from evinet.report.effects import contrasts, interval, pair
from evinet.report.markdown import Markdown, blocks, folded, heading, table
from evinet.report.numbers import Interval, listing, with_limits
from evinet.report.pages.beside import beside
from evinet.report.pages.common import by_analysis, formula
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


def models(results: Results) -> Markdown:
    """Each model compared with the main one of its kind: what was changed, and what moved."""

    def one(results: Results, name: str) -> Markdown:
        bases = (results.unbridged(name), results.bridged(name))
        shown = [_against(results, base) for base in bases if base is not None]
        return blocks([caution_line(results, name), *shown, beside(results, name, "sensitivity")])

    return by_analysis(results, one, level=2)


def _against(results: Results, base: Fit) -> Markdown:
    """A row for each model that is like `base` with or without a bridge, and all numbers folded."""
    others = [
        fit
        for fit in results.fits(base.analysis)
        if fit.name != base.name and (fit.model.bridge is None) == (base.model.bridge is None)
    ]
    title = heading(3, f"Compared with: {base.model.label}")
    if not others:
        return blocks([title, "No other model of this kind was fitted."])
    changes = [(fit, _changes(results, base, fit)) for fit in others]
    fields = ["What was changed", "Largest change of an estimate", "Conclusions that changed"]
    rows = [
        [difference(results, base.model, fit.model), _largest(found), _turned(found)]
        for fit, found in changes
    ]
    label = f"Sensitivity, compared with {base.model.label}"
    return blocks([
        title, table(fields, rows, label), folded("Every number", _details(changes))
    ])  # fmt: skip


def _changes(results: Results, base: Fit, other: Fit) -> list[Change]:
    """The comparisons that both models make, before and after."""
    before = {_pair(row): row for row in contrasts(results, base)}
    return [
        Change(pair(results, row), interval(before[_pair(row)]), interval(row))
        for row in contrasts(results, other)
        if _pair(row) in before
    ]


def _largest(changes: list[Change]) -> str:
    """The comparison whose hazard ratio moved most, with the factor."""
    if not changes:
        return "no comparison in common"
    furthest = max(changes, key=lambda change: abs(math.log(change.factor)))
    said = words.moved(furthest.before, furthest.after).split(";")[0]
    return f"{furthest.names}: {said}"


def _turned(changes: list[Change]) -> str:
    """The comparisons whose interval lies differently about 1."""
    turned = [
        f"{change.names}: {_shown(change.before)} became {_shown(change.after)}"
        for change in changes
        if change.before.side_of_one() != change.after.side_of_one()
    ]
    return "; ".join(turned) or "none"


def _details(changes: list[tuple[Fit, list[Change]]]) -> Markdown:
    fields = ["Model", "Comparison", "Before", "After", "What changed"]
    rows = [
        [fit.model.label, change.names, _shown(change.before), _shown(change.after),
         words.moved(change.before, change.after)]
        for fit, found in changes
        for change in found
    ]  # fmt: skip
    return table(fields, rows, "Every comparison before and after")


def _shown(ratios: Interval) -> str:
    return with_limits(ratios)


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
            f"{listing(names)} enters by its reconstructed patients"
            if names
            else "published hazard ratios only"
        )
    if base.bridge != other.bridge:
        was, now = (
            results.bridge_label(model.bridge) if model.bridge else "none"
            for model in (base, other)
        )
        changes.append(f"bridge {now} instead of {was}")
    if base.sigma != other.sigma:
        was = "estimated" if base.sigma is None else f"{base.sigma:g}"
        now = "estimated" if other.sigma is None else f"{other.sigma:g}"
        changes.append(f"sigma {now} instead of {was}")
    return listing(changes) or "nothing in the configuration"


def _pair(row: dict[str, Any]) -> tuple[str, str]:
    return row["treatment"], row["comparator"]
