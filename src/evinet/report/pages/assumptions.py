"""Assumptions and bridges: what joins the islands, and how wrong it may be."""

from __future__ import annotations

from typing import Any

from evinet.report import words
from evinet.report.effects import contrasts, interval
from evinet.report.markdown import Field, bullets, callout, escape, table
from evinet.report.numbers import limits, ratio
from evinet.report.pages.beside import beside, would_join
from evinet.report.pages.common import optional_exhibit, prior_text
from evinet.report.pages.later import caution_line
from evinet.report.pages.robustness import tipping
from evinet.report.results import Fit, Results


def assumptions(results: Results) -> str:
    """The page."""
    parts = ["## The bridges\n", *_bridges(results), would_join(results)]
    for name, analysis in results.config.analyses.items():
        fits = [fit for fit in results.fits(name) if fit.model.bridge is not None]
        parts += [f"## {escape(analysis.title)}\n", caution_line(results, name)]
        if not fits:
            parts.append("No bridge was used: islands are not compared.\n")
            continue
        parts += [
            "### The answers across islands, by how much the assumption allows\n",
            optional_exhibit(results, f"{name}-bridge"),
            _answers(results, fits),
            "### How wrong a bridge may be\n",
            *(tipping(results, fit) for fit in fits[:1]),
            beside(results, name, "bridge"),
        ]
    parts += ["## Stand-in outcomes\n", _proxies(results)]
    return "\n".join(parts)


def _bridges(results: Results) -> list[str]:
    if not results.config.bridges:
        return ["This review uses no bridge.\n"]
    parts = []
    for name, bridge in results.config.bridges.items():
        members = [escape(results.labels[member]) for member in bridge.members]
        prior = prior_text(bridge.sigma_prior) if bridge.sigma_prior else "fixed by each model"
        text = f"{escape(bridge.assumption)}\n\nMembers of the class:\n\n{bullets(members)}"
        parts.append(callout("warning", f"Bridge {name}", f"{text}\n\nPrior of sigma: {prior}."))
    return parts


def _answers(results: Results, fits: list[Fit]) -> str:
    """What each model assumes, then a row a bridged comparison and model."""
    assumed, rows = [], []
    for fit in fits:
        bridge = results.config.bridges[fit.model.bridge or ""]
        scale = bridge.sigma_prior.scale if bridge.sigma_prior else None
        text = escape(words.class_effect(fit.model.sigma, scale))
        assumed.append(f"**{escape(fit.model.label)}**: {text}")
        rows += [_answer(results, fit, row) for row in contrasts(results, fit) if row["bridged"]]
    fields = [
        Field("Comparison", "l", 30), Field("Model", "l", 30), Field("Hazard ratio", "r", 8),
        Field("95 % interval", "l", 13),
    ]  # fmt: skip
    rows.sort(key=lambda cells: cells[0])
    return bullets(assumed) + "\n" + table(fields, rows, "Comparisons that rest on a bridge")


def _answer(results: Results, fit: Fit, row: dict[str, Any]) -> list[str]:
    treatment, comparator = results.labels[row["treatment"]], results.labels[row["comparator"]]
    ratios = interval(row)
    return [
        f"{escape(treatment)} v {escape(comparator)}", escape(fit.model.label),
        ratio(ratios.estimate), limits(ratios),
    ]  # fmt: skip


def _proxies(results: Results) -> str:
    items = [
        f"**{escape(analysis.title)}**: {escape(outcome.upper())}. {escape(reason)}"
        for analysis in results.config.analyses.values()
        for outcome, reason in analysis.proxies.items()
    ]
    return bullets(items) if items else "No outcome stands in for another.\n"
