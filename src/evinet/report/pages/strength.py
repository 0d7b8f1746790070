"""How strong the source of a value is: not all were read in the publication."""

from __future__ import annotations

from evinet import tables
from evinet.report.markdown import Markdown, escape, md
from evinet.report.numbers import listing
from evinet.report.results import Results

WEAK = {
    "company material": "company material",
    "news": "a news item",
    "secondary": "a secondary source",
}
"""Kinds of source in which a value may be misquoted or chosen, and what they are called."""


def weak(results: Results, source: str | None) -> str | None:
    """What a weak source is called; None for any other."""
    kinds = {row["source"]: row["kind"] for row in results.rows(tables.SOURCES)}
    return WEAK.get(kinds.get(source, ""))


def mark(results: Results, source: str | None) -> Markdown:
    """A mark beside a value of a weak source, which says what it was read in."""
    said = weak(results, source)
    return escape(f" ‡ read in {said}" if said else "")


def weak_sources(results: Results, analysis: str) -> Markdown:
    """A sentence that names the hazard ratios of an analysis that weak sources gave; or nothing."""
    by_kind: dict[str, dict[str, None]] = {}
    for row in results.studied(analysis):
        found = weak(results, row["source"])
        if found is not None:
            by_kind.setdefault(found, {})[results.trial_names[row["trial"]]] = None
    if not by_kind:
        return md("")
    said = [f"{listing(list(names))} (in {found})" for found, names in by_kind.items()]
    return md(
        "Not read in the publication (‡): the hazard ratio of {}. [Sensitivity](sensitivity.qmd) "
        "shows what other values would change, where there are any; "
        "[Provenance](provenance.qmd#where-sources-disagree) lists them.",
        listing(said),
    )
