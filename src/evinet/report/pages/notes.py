"""What a reader of a trial's values should know: notes of its file, and what its reports are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evinet.report.exhibits import arm_labels
from evinet.report.markdown import Markdown, bullets, md
from evinet.report.numbers import outcome_name
from evinet.report.pages.common import slug_words

if TYPE_CHECKING:
    from evinet.report.results import Results


def sentence(note: str) -> str:
    """A note as a sentence."""
    said = note
    return said[0].upper() + said[1:] + ("" if said.endswith(".") else ".")


def notes(
    rows: Sequence[dict[str, Any]], results: Results, trial: str | None = None
) -> Markdown:  # fmt: skip
    """The notes of the rows of a table, each once, with what it is about; nothing without one.

    The trial is named where the rows are not all of `trial`.
    """
    about: dict[str, dict[str, None]] = {}
    for row in rows:
        if row.get("note"):
            about.setdefault(row["note"], {})[_subject(row, results, trial)] = None
    if len(about) == 1 < len(rows) and all(row.get("note") for row in rows):
        return md("Of all rows: {}.", *about)
    return bullets(
        md("{}: {}.", md("; ").join(said), note.rstrip(".")) for note, said in about.items()
    )


def _subject(row: dict[str, Any], results: Results, trial: str | None) -> Markdown:
    """What a row is about: PFS, sunitinib vs placebo."""
    parts: list[object] = [] if trial else [results.trial_names[row["trial"]]]
    if row.get("outcome"):
        report = md(" ({})", slug_words(row["report"])) if row.get("report") else ""
        parts.append(md("{}{}", outcome_name(row["outcome"]), report))
    pair = [row[side] for side in ("arm", "comparator") if row.get(side)]
    if pair:
        parts.append(" vs ".join(arm_labels(results, row["trial"], pair).values()))
    if row.get("characteristic"):
        parts.append(slug_words(row["characteristic"]))
    parts += [row[name] for name in ("event", "therapy", "topic") if row.get(name)]
    return md(", ").join(parts)


def report_titles(rows: Sequence[dict[str, Any]]) -> Markdown:
    """What each report of a trial is, by the name that the tables give it."""
    return bullets(
        md("**{}**: {}", slug_words(row["report"]), row["title"])
        + (md("; data cut-off {}", row["data_cutoff"]) if row["data_cutoff"] else "")
        + (md(" ({})", row["note"]) if row["note"] else "")
        for row in rows
    )
