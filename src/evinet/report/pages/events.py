"""Responses and adverse events: analyses of counts of patients."""

from __future__ import annotations

import math
from typing import Any

from evinet import tables
from evinet.config import Analysis
from evinet.report.markdown import (
    Markdown,
    blocks,
    bullets,
    callout,
    escape,
    folded,
    heading,
    table,
)
from evinet.report.numbers import Interval, chance, estimate, limits
from evinet.report.pages.common import optional_exhibit
from evinet.report.results import Fit, Results
from evinet.report.rows import records

NONE = "No analysis of counts is named in the configuration."
PRIOR_ONLY = (
    "‡ Only the prior keeps this effect from being infinite, because an arm has no event: its "
    "interval is the prior's as much as the data's."
)


def every(results: Results) -> Markdown:
    """Every analysis of counts."""
    parts: list[object] = []
    for name, analysis in results.counted.items():
        parts.append(heading(3, analysis.title, f"counts-{name}"))
        if analysis.cautions:
            parts.append(callout("warning", "Bear in mind", bullets(analysis.cautions)))
        parts += [
            _islands(results, name),
            optional_exhibit(results, f"{name}-network"),
            optional_exhibit(results, f"{name}-forest"),
            _counts(results, name),
            _effects(results, name, analysis),
            _excluded(results, name),
        ]
    return blocks(parts or [NONE])


def benefit(results: Results) -> Markdown:
    """The effect on survival against those on responses and adverse events."""
    return optional_exhibit(results, "benefit-risk") or escape(
        "No two treatments are compared in both survival and a count of patients."
    )


def _islands(results: Results, name: str) -> Markdown:
    islands = results.islands(name)
    if len(islands) == 1:
        return escape("The trials form one connected network.")
    said = "; ".join(", ".join(island) for island in islands)
    return escape(
        f"The trials form {len(islands)} islands that no trial joins: {said}. Nothing is said "
        "across islands."
    )


def _counts(results: Results, name: str) -> Markdown:
    """What the models are fitted to; a count that follows from a percentage is marked."""
    frame = tables.NETWORK_DATA.read(results.root / "networks" / name / "data.csv")
    lines = []
    for row in records(frame):
        exact = row["fewest"] == row["most"]
        allowed = f" (rounding allows {row['fewest']} to {row['most']})"
        lines.append([
            results.trial_names[row["study"]], results.labels[row["treatment"]],
            f"{row['r']}{'' if exact else allowed}", f"{row['n']}",
            f"{100 * row['r'] / row['n']:.1f} %",
        ])  # fmt: skip
    sources = [
        f"{results.trial_names[row['trial']]}: {row['locator']}."
        for row in records(results.studies(name))
    ]
    fields = ["Trial", "Treatment", "Patients with it", "Patients", "Share"]
    return blocks([table(fields, lines, "What was counted"), bullets(sources)])


def _effects(results: Results, name: str, analysis: Analysis) -> Markdown:
    word = "more" if analysis.better == "higher" else "fewer"
    fields = [
        "Model", "Treatment", "Against", "Odds ratio", "95 % interval", f"Probability of {word}",
    ]  # fmt: skip
    lines, failed, held = [], [], False
    for fit in results.every_fit(name):
        if fit.failures:
            failed.append(
                f"{fit.model.label}: did not converge, sampled twice, and is not reported: "
                f"{'; '.join(fit.failures)}."
            )
            continue
        rows = [row for row in records(fit.league) if row["comparator"] in analysis.references]
        held = held or any(row["prior_only"] for row in rows)
        lines += [_line(results, fit, row) for row in rows]
    return blocks([
        callout("warning", "Models that did not converge", bullets(failed)) if failed else "",
        folded("Odds ratios in a table", table(fields, lines, "Odds ratios by every model")),
        PRIOR_ONLY if held else "",
    ])  # fmt: skip


def _line(results: Results, fit: Fit, row: dict[str, Any]) -> list[str]:
    odds = Interval(*(math.exp(row[key]) for key in ("q50", "q2.5", "q97.5")))
    mark = " ‡" if row["prior_only"] else ""
    return [
        fit.model.label, results.labels[row["treatment"]], results.labels[row["comparator"]],
        estimate(odds) + mark, limits(odds), chance(row["p_better"]),
    ]  # fmt: skip


def _excluded(results: Results, name: str) -> Markdown:
    said = [
        f"{results.trial_names[row['trial']]}: {row['reason']}." for row in results.excluded(name)
    ]
    return blocks(["Not in this analysis:", bullets(said)]) if said else escape("")
