"""Assumptions and bridges: what joins the islands, and how wrong it may be."""

from __future__ import annotations

from evinet import tables
from evinet.config import ClassEffect, ComponentSums
from evinet.report.effects import answered, contrasts, pair
from evinet.report.markdown import Markdown, blocks, bullets, callout, escape, folded, md, strong
from evinet.report.numbers import listing, outcome_name, ratio
from evinet.report.pages.beside import beside
from evinet.report.pages.beside import would_join as would_join
from evinet.report.pages.columns import table_of
from evinet.report.pages.common import bridge_tested, each_analysis, exhibit, prior_text
from evinet.report.pages.later import caution_line
from evinet.report.results import Results


def bridges(results: Results) -> Markdown:
    """Every bridge: its assumption; members and prior of a class, or what is made of what."""
    return blocks(
        callout("warning", results.bridge_label(name), blocks([
            bridge.assumption,
            *(_made_of(results, bridge) if isinstance(bridge, ComponentSums)
              else _of_class(results, bridge)),
        ]))
        for name, bridge in results.config.bridges.items()
    ) or escape("This review uses no bridge.")  # fmt: skip


def _of_class(results: Results, bridge: ClassEffect) -> list[object]:
    prior = prior_text(bridge.sigma_prior) if bridge.sigma_prior else "set by each model"
    members = bullets(results.labels[member] for member in bridge.members)
    return ["Members of the class:", members, f"Prior of sigma: {prior}."]


def _made_of(results: Results, bridge: ComponentSums) -> list[object]:
    parts = bullets(
        md("{}: {}", strong(results.part(name)), listing([results.part(each) for each in own]))
        for name, own in bridge.treatments.items()
    )
    inactive = bridge.inactive and f"{results.part(bridge.inactive)} is taken to have no effect."
    return ["What treatments are made of:", parts, inactive or ""]


@each_analysis()
def answers(results: Results, name: str) -> Markdown:
    """Comparisons that rest on a bridge, by how far the members of its class may differ."""
    fits = [fit for fit in results.fits(name) if fit.model.bridge is not None]
    rows = [{**row, "model": fit.model.label}
            for fit in fits for row in contrasts(results, fit) if row["crosses"]]  # fmt: skip
    rows.sort(key=lambda row: pair(results, row))
    listed = table_of(results, rows, "Comparisons that rest on a bridge",
                      "Comparison, Model, Hazard ratio (95 % credible interval)")  # fmt: skip
    return blocks([
        caution_line(results, name), exhibit(results, f"{name}-bridge", optional=True),
        bullets(md("{}: {}", strong(fit.model.label), bridge_tested(results, fit))
                for fit in fits),
        folded("In a table", listed),
    ]) if fits else escape("No bridge was used, so islands are not compared.")  # fmt: skip


@each_analysis()
def tipping(results: Results, name: str) -> Markdown:
    """How wrong the bridge may be before an interval reaches no difference."""
    fit = results.bridged(name)
    return blocks([
        exhibit(results, f"{name}-{fit.name}-tipping", optional=True),
        table_of(results, answered(results, fit, tables.TIPPING),
                 f"Tipping points of {fit.model.label}",
                 "Comparison, Hazard ratio (95 % credible interval)", {
            "Factor at which the interval reaches 1": lambda row: (
                "it includes 1 already" if row["shift"] <= 0 else ratio(row["ratio"])),
        }),
    ]) if fit else md("")  # fmt: skip


def others(results: Results) -> Markdown:
    """Analyses that rest on another bridge."""
    every = blocks(beside(results, name, "bridge") for name in results.config.analyses)
    return every or escape("No other bridge was tried.")


def proxies(results: Results) -> Markdown:
    """Outcomes that stand in for the one that was wanted."""
    return bullets(
        md("{}: {}. {}", strong(analysis.title), outcome_name(outcome), reason)
        for analysis in results.config.analyses.values()
        for outcome, reason in analysis.proxies.items()
    ) or escape("No outcome stands in for another.")
