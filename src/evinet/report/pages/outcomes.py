"""Results of each outcome: every comparison, the league table and the ranks."""

from __future__ import annotations

from evinet.report.effects import contrasts, ranked
from evinet.report.markdown import (
    Markdown,
    blocks,
    bullets,
    callout,
    folded,
    heading,
    md,
    table,
)
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


def every(results: Results) -> Markdown:
    """The results of each analysis, without a bridge and with the first one."""
    parts: list[object] = []
    for name, analysis in results.config.analyses.items():
        parts += [
            heading(2, analysis.title, name),
            exhibit(results, f"{name}-forest"),
            caution(results, name),
            explorer(results, name),
        ]
        fits = (results.unbridged(name), results.bridged(name))
        parts += [_fit(results, fit) for fit in fits if fit is not None]
    return blocks(parts)


def _fit(results: Results, fit: Fit) -> Markdown:
    """One model's results."""
    base = f"{fit.analysis}-{fit.name}"
    ranks = _ranks(results, fit)
    return blocks([
        heading(3, fit.model.label, base),
        callout("warning", "These answers rest on an assumption", bridge_text(results, fit))
        if fit.model.bridge else "",
        bullets(sentences(results, contrasts(results, fit))),
        exhibit(results, f"{base}-league"),
        folded(
            "Every comparison in a table",
            comparisons(results, records(fit.league), f"Every comparison, {fit.model.label}"),
        ),
        optional_exhibit(results, f"{base}-ranks"),
        folded("Ranks in a table", ranks) if ranks else "",
    ])  # fmt: skip


def _ranks(results: Results, fit: Fit) -> Markdown:
    """Ranks inside each island that is large enough for ranks to say something."""
    rows = []
    for component, island in ranked(fit).groupby("component"):
        best = island.groupby("treatment")["sucra"].first().sort_values(ascending=False)
        for treatment, sucra in best.items():
            first = island[(island["treatment"] == treatment) & (island["rank"] == 1)]
            rows.append(
                [str(component), results.labels[str(treatment)], number(sucra),
                 chance(float(first["probability"].iloc[0])), str(len(best))]
            )  # fmt: skip
    fields = ["Island", "Treatment", "SUCRA", "Probability of rank 1", "Treatments in the island"]
    return table(fields, rows, f"Ranks, {fit.model.label}") if rows else md("")
