"""What published network meta-analyses found, beside ours."""

from __future__ import annotations

from typing import Any

from evinet import tables
from evinet.report.effects import league
from evinet.report.markdown import Markdown, escape, faint, md
from evinet.report.numbers import Interval, outcome_name, ratio, with_limits
from evinet.report.pages.beside import said
from evinet.report.pages.common import source_link, table_of
from evinet.report.results import Results


def published_networks(results: Results) -> Markdown:
    """A table of published estimates, with ours where our networks connect the pair."""
    return table_of(results.rows(tables.PUBLISHED_NMAS), "Published network meta-analyses", {
        "Published": lambda row: row["nma"], "Outcome": lambda row: outcome_name(row["outcome"]),
        "Comparison there": lambda row: (
            f"{row['treatment_published']} vs {row['comparator_published']}"),
        "Its hazard ratio": _theirs,
        "Ours, of the nearest pair": lambda row: _ours(results, row),
        "Source": lambda row: source_link(row) + (md("; {}", row["note"]) if row["note"] else ""),
    }, "No published network meta-analysis is entered in this review.")  # fmt: skip


def _theirs(row: dict[str, Any]) -> Markdown:
    if row["estimate"] is None:
        return faint("no number could be read")
    if row["lower"] is None or row["upper"] is None:
        return escape(ratio(row["estimate"]))
    ratios = Interval(row["estimate"], row["lower"], row["upper"])
    return escape(with_limits(ratios))


def _ours(results: Results, row: dict[str, Any]) -> str:
    """Our answer without a bridge, else one with each bridge, of the same outcome."""
    pair = (row["treatment"], row["comparator"])
    if None in pair:
        return ""
    names = [
        name
        for name in (*results.config.analyses, *results.supporting)
        if results.analysis(name).outcome == row["outcome"]
    ]
    labels = " vs ".join(results.labels.get(slug, slug) for slug in pair)
    bridged: dict[str, str] = {}
    for fit in (fit for name in names for fit in results.fits(name)):
        found = league(fit).get(pair)
        if found is None:
            continue
        if not found["bridged"]:
            return f"{labels}: {said(found)}"
        bridged.setdefault(fit.model.bridge or "", f"{said(found)} ({fit.model.label})")
    return f"{labels}: {'; '.join(bridged.values()) or 'not connected here'}"
