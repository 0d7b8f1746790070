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
)
from evinet.report.numbers import Interval, chance, estimate, limits
from evinet.report.pages.common import failed, optional_exhibit, table_of
from evinet.report.results import Results
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

    def counted(row: dict[str, Any]) -> str:
        exact = row["fewest"] == row["most"]
        return f"{row['r']}" + (
            "" if exact else f" (rounding allows {row['fewest']} to {row['most']})"
        )

    sources = [
        f"{results.trial_names[row['trial']]}: {row['locator']}." for row in results.studied(name)
    ]
    return blocks([table_of(records(frame), "What was counted", {
        "Trial": lambda row: results.trial_names[row["study"]],
        "Treatment": lambda row: results.labels[row["treatment"]], "Patients with it": counted,
        "Patients": lambda row: f"{row['n']}",
        "Share": lambda row: f"{100 * row['r'] / row['n']:.1f} %",
    }), bullets(sources)])  # fmt: skip


def _effects(results: Results, name: str, analysis: Analysis) -> Markdown:
    word = "more" if analysis.better == "higher" else "fewer"
    rows = [
        {**row, "model": fit.model.label,
         "odds": Interval(*(math.exp(row[key]) for key in ("q50", "q2.5", "q97.5")))}
        for fit in results.every_fit(name) if not fit.failures
        for row in records(fit.league) if row["comparator"] in analysis.references
    ]  # fmt: skip
    listing = table_of(rows, "Odds ratios by every model", {
        "Model": lambda row: row["model"],
        "Treatment": lambda row: results.labels[row["treatment"]],
        "Against": lambda row: results.labels[row["comparator"]],
        "Odds ratio": lambda row: estimate(row["odds"]) + (" ‡" if row["prior_only"] else ""),
        "95 % interval": lambda row: limits(row["odds"]),
        f"Probability of {word}": lambda row: chance(row["p_better"]),
    })  # fmt: skip
    held = any(row["prior_only"] for row in rows)
    return blocks([
        failed(results, name), folded("Odds ratios in a table", listing) if rows else "",
        PRIOR_ONLY if held else "",
    ])  # fmt: skip


def _excluded(results: Results, name: str) -> Markdown:
    said = [
        f"{results.trial_names[row['trial']]}: {row['reason']}." for row in results.excluded(name)
    ]
    return blocks(["Not in this analysis:", bullets(said)]) if said else escape("")
