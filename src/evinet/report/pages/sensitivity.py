"""Sensitivity: what was changed, and what moved."""

from __future__ import annotations

from typing import Any

from evinet.config import Model
from evinet.report import words
from evinet.report.exhibits import contrasts, interval
from evinet.report.markdown import Field, escape, table
from evinet.report.numbers import limits, listing, ratio
from evinet.report.results import Fit, Results


def sensitivity(results: Results) -> str:
    """The page."""
    parts = [
        "Each row changes one thing and shows what moved. Models without a bridge are held "
        "against the first of them, models with a bridge against the first that has one.\n"
    ]
    for name, analysis in results.config.analyses.items():
        parts.append(f"## {escape(analysis.title)}\n")
        fits = results.fits(name)
        for base in (results.unbridged(name), results.bridged(name)):
            others = [
                fit
                for fit in fits
                if base and (fit.model.bridge is None) == (base.model.bridge is None)
            ]
            if base is not None:
                parts += [
                    f"### Against: {escape(base.model.label)}\n",
                    _table(results, base, others),
                ]
    return "\n".join(parts)


def _table(results: Results, base: Fit, others: list[Fit]) -> str:
    before = {_pair(row): row for row in contrasts(results, base)}
    fields = [
        Field("What was changed", "l", 26), Field("Comparison", "l", 30), Field("Before", "l", 16),
        Field("After", "l", 16), Field("What moved", "l", 26),
    ]  # fmt: skip
    rows = []
    for fit in others:
        changed = escape(difference(results, base.model, fit.model))
        for row in contrasts(results, fit) if fit.name != base.name else []:
            if _pair(row) in before:
                old, new = interval(before[_pair(row)]), interval(row)
                rows.append(
                    [changed, _names(results, row), f"{ratio(old.estimate)} ({limits(old)})",
                     f"{ratio(new.estimate)} ({limits(new)})", escape(words.moved(old, new))]
                )  # fmt: skip
    if not rows:
        return "Nothing was varied here.\n"
    return table(fields, rows, f"Sensitivity against {base.model.label}")


def difference(results: Results, base: Model, other: Model) -> str:
    """What one model does otherwise than another, in plain words."""
    changes = []
    if base.effects != other.effects:
        changes.append(f"{other.effects} effects instead of {base.effects}")
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
