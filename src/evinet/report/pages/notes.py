"""What a reader of values should know: notes of files, what reports are, which sources are weak."""

from __future__ import annotations

from collections.abc import Sequence

from evinet import tables
from evinet.report.effects import Pair, pair
from evinet.report.markdown import Markdown, bullets, md
from evinet.report.numbers import listing, outcome_name
from evinet.report.pages.columns import Row, slug_words, weak
from evinet.report.results import Fit, Results
from evinet.report.rows import grouped

PART = 0.005
"""A trial carries an effect that it contributes at least such a share to."""


def sentence(note: str) -> str:
    """A note as a sentence."""
    return note[0].upper() + note[1:] + ("" if note.endswith(".") else ".")


def notes(rows: Sequence[Row], results: Results, trial: str | None = None) -> Markdown:
    """The notes of the rows of a table, each once, with what it is about; nothing without one.

    The trial is named where the rows are not all of `trial`.
    """
    about = {
        note: dict.fromkeys(_subject(row, results, trial) for row in found)
        for (note,), found in grouped((row for row in rows if row.get("note")), "note").items()
    }
    if len(about) == 1 < len(rows) and all(row.get("note") for row in rows):
        return md("Of all rows: {}.", *about)
    return bullets(
        md("{}: {}.", md("; ").join(said), note.rstrip(".")) for note, said in about.items()
    )


def _subject(row: Row, results: Results, trial: str | None) -> Markdown:
    """What a row is about: PFS, sunitinib vs placebo."""
    parts: list[object] = [] if trial else [results.trial_names[row["trial"]]]
    if row.get("outcome"):
        report = md(" ({})", slug_words(row["report"])) if row.get("report") else ""
        parts.append(md("{}{}", outcome_name(row["outcome"]), report))
    if row.get("arm"):
        named = results.arm_names(row["trial"])[row["arm"]]
        parts.append(pair(results, row) if row.get("comparator") else named)
    if row.get("characteristic"):
        parts.append(slug_words(row["characteristic"]))
    parts += [row[name] for name in ("event", "therapy", "topic") if row.get(name)]
    return md(", ").join(parts)


def report_titles(rows: Sequence[Row]) -> Markdown:
    """What each report of a trial is, by the name that the tables give it."""
    return bullets(
        md("**{}**: {}", slug_words(row["report"]), row["title"])
        + (md("; data cut-off {}", row["data_cutoff"]) if row["data_cutoff"] else "")
        + (md(" ({})", row["note"]) if row["note"] else "")
        for row in rows
    )


def weakly_sourced(results: Results, fit: Fit, pair: Pair) -> bool:
    """Whether a trial that carries a part of an effect has its hazard ratio of a weak source."""
    trials = {row["trial"] for row in results.studied(fit.analysis) if weak(results, row["source"])}
    return any(
        row["trial"] in trials and row["share"] >= PART
        for row in fit.table(tables.CONTRIBUTION)
        if {row["treatment"], row["comparator"]} == set(pair)
    )


def weak_sources(results: Results, analysis: str) -> Markdown:
    """A sentence that names the hazard ratios of an analysis that weak sources gave; or nothing."""
    by_kind: dict[str, dict[str, None]] = {}
    for row in results.studied(analysis):
        if found := weak(results, row["source"]):
            by_kind.setdefault(found, {})[results.trial_names[row["trial"]]] = None
    if not by_kind:
        return md("")
    return md(
        "Not read in the publication (‡): the hazard ratio of {}. [Sensitivity](sensitivity.qmd) "
        "shows what other values would change, where there are any; "
        "[Provenance](provenance.qmd#where-sources-disagree) lists them.",
        listing([f"{listing(list(names))} (in {kind})" for kind, names in by_kind.items()]),
    )
