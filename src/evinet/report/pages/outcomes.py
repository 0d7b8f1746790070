"""Results of each outcome: every comparison, the league table and the ranks."""

from __future__ import annotations

from evinet.report.effects import contrasts
from evinet.report.markdown import Field, bullets, callout, escape, folded, table
from evinet.report.numbers import chance, number
from evinet.report.pages.common import (
    bridge_text,
    comparisons,
    exhibit,
    optional_exhibit,
    sentences,
)
from evinet.report.pages.explorer import explorer
from evinet.report.pages.later import caution
from evinet.report.results import Fit, Results
from evinet.report.rows import records


def outcomes(results: Results) -> str:
    """The page."""
    parts = []
    for name, analysis in results.config.analyses.items():
        parts += [f"## {escape(analysis.title)} {{#{name}}}\n", exhibit(results, f"{name}-forest")]
        parts += [caution(results, name), explorer(results, name)]
        parts += _fit(results, results.unbridged(name))
        bridged = results.bridged(name)
        if bridged is not None:
            parts += _fit(results, bridged)
    return "\n".join(parts)


def _fit(results: Results, fit: Fit) -> list[str]:
    """One model's results."""
    base = f"{fit.analysis}-{fit.name}"
    parts = [f"### {escape(fit.model.label)} {{#{base}}}\n"]
    if fit.model.bridge is not None:
        parts.append(callout("warning", "Rests on an assumption", bridge_text(results, fit)))
    return [
        *parts,
        bullets(sentences(results, contrasts(results, fit))),
        exhibit(results, f"{base}-league"),
        folded(
            "Every comparison in a table",
            comparisons(results, records(fit.league), f"Every comparison, {fit.model.label}"),
        ),
        optional_exhibit(results, f"{base}-ranks"),
        folded("Ranks in a table", _ranks(results, fit)) if len(fit.ranks) else "",
    ]


def _ranks(results: Results, fit: Fit) -> str:
    rows = []
    for component, island in fit.ranks.groupby("component"):
        best = island.groupby("treatment")["sucra"].first().sort_values(ascending=False)
        for treatment, sucra in best.items():
            first = island[(island["treatment"] == treatment) & (island["rank"] == 1)]
            rows.append(
                [str(component), escape(results.labels[str(treatment)]), number(sucra),
                 chance(float(first["probability"].iloc[0])), str(len(best))]
            )  # fmt: skip
    fields = [
        Field("Island", "c", 6), Field("Treatment", "l", 24), Field("SUCRA", "r", 7),
        Field("Probability of the first rank", "r", 14), Field("Among", "r", 6),
    ]  # fmt: skip
    return table(fields, rows, f"Ranks, {fit.model.label}")
