"""Assumptions and bridges: what joins the islands, and how wrong it may be."""

from __future__ import annotations

from typing import Any

from evinet import tables
from evinet.report import words
from evinet.report.effects import contrasts, interval, pair
from evinet.report.markdown import (
    Markdown,
    blocks,
    bullets,
    callout,
    escape,
    folded,
    md,
    strong,
    table,
)
from evinet.report.numbers import estimate, limits, outcome_name, ratio, with_limits
from evinet.report.pages.beside import beside
from evinet.report.pages.beside import would_join as would_join
from evinet.report.pages.common import by_analysis, optional_exhibit, prior_text
from evinet.report.pages.later import caution_line
from evinet.report.results import Fit, Results


def bridges(results: Results) -> Markdown:
    """Every bridge: its assumption, its members, its prior."""
    if not results.config.bridges:
        return escape("This review uses no bridge.")
    parts = []
    for name, bridge in results.config.bridges.items():
        members = [results.labels[member] for member in bridge.members]
        prior = prior_text(bridge.sigma_prior) if bridge.sigma_prior else "set by each model"
        text = blocks([
            bridge.assumption, "Members of the class:", bullets(members),
            f"Prior of sigma: {prior}.",
        ])  # fmt: skip
        parts.append(callout("warning", results.bridge_label(name), text))
    return blocks(parts)


def answers(results: Results) -> Markdown:
    """Comparisons that rest on a bridge, by how far the members of its class may differ."""

    def one(results: Results, name: str) -> Markdown:
        fits = _bridged(results, name)
        if not fits:
            return escape("No bridge was used, so islands are not compared.")
        drawn = optional_exhibit(results, f"{name}-bridge")
        return blocks([caution_line(results, name), drawn, _answers(results, fits)])

    return by_analysis(results, one)


def tipping(results: Results) -> Markdown:
    """How wrong the bridge may be before an interval reaches no difference."""

    def one(results: Results, name: str) -> Markdown:
        fits = _bridged(results, name)
        return _tipping(results, fits[0]) if fits else md("")

    return by_analysis(results, one)


def _bridged(results: Results, name: str) -> list[Fit]:
    return [fit for fit in results.fits(name) if fit.model.bridge is not None]


def _tipping(results: Results, fit: Fit) -> Markdown:
    shown = {(row["treatment"], row["comparator"]) for row in contrasts(results, fit)}
    fields = [
        "Comparison", "Hazard ratio (95 % credible interval)",
        "Factor at which the interval reaches 1",
    ]  # fmt: skip
    lines = []
    for row in fit.table(tables.TIPPING):
        if (row["treatment"], row["comparator"]) not in shown:
            continue
        ratios = interval(row)
        factor = "it includes 1 already" if row["shift"] <= 0 else ratio(row["ratio"])
        said = with_limits(ratios)
        lines.append([pair(results, row), said, factor])
    if not lines:
        return md("")
    return blocks([
        optional_exhibit(results, f"{fit.analysis}-{fit.name}-tipping"),
        table(fields, lines, f"Tipping points of {fit.model.label}"),
    ])  # fmt: skip


def _answers(results: Results, fits: list[Fit]) -> Markdown:
    """What each model assumes, then a row for each comparison across islands and each model."""
    assumed, rows = [], []
    for fit in fits:
        bridge = results.config.bridges[fit.model.bridge or ""]
        scale = bridge.sigma_prior.scale if bridge.sigma_prior else None
        text = words.class_effect(fit.model.sigma, scale)
        assumed.append(md("{}: {}", strong(fit.model.label), text))
        rows += [_answer(results, fit, row) for row in contrasts(results, fit) if row["crosses"]]
    fields = ["Comparison", "Model", "Hazard ratio", "95 % credible interval"]
    rows.sort(key=lambda cells: cells[0])
    listing = table(fields, rows, "Comparisons that rest on a bridge")
    return blocks([bullets(assumed), folded("In a table", listing)])


def _answer(results: Results, fit: Fit, row: dict[str, Any]) -> list[str]:
    ratios = interval(row)
    return [pair(results, row), fit.model.label, estimate(ratios), limits(ratios)]


def others(results: Results) -> Markdown:
    """Analyses that rest on another bridge."""
    return by_analysis(results, lambda of, name: beside(of, name, "bridge")) or escape(
        "No other bridge was tried."
    )


def proxies(results: Results) -> Markdown:
    """Outcomes that stand in for the one that was wanted."""
    items = [
        md("{}: {}. {}", strong(analysis.title), outcome_name(outcome), reason)
        for analysis in results.config.analyses.values()
        for outcome, reason in analysis.proxies.items()
    ]
    return bullets(items) if items else escape("No outcome stands in for another.")
