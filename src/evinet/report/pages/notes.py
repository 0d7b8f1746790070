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

SAID_OF = ("outcome", "arm", "comparator", "event", "characteristic", "therapy", "topic")
"""The columns that say what a note is about."""


def sentence(note: str) -> str:
    """A note as a sentence."""
    said = note
    return said[0].upper() + said[1:] + ("" if said.endswith(".") else ".")


def notes(rows: Sequence[dict[str, Any]], results: Results | None = None) -> Markdown:
    """The notes of the rows of a table, each once, with what it is about; nothing without one.

    `results` names trials, and arms by their treatments, where the rows are of several trials.
    """
    about: dict[str, dict[str, None]] = {}
    for row in rows:
        if row.get("note"):
            about.setdefault(row["note"], {})[_subject(row, results)] = None
    return bullets(
        f"{'; '.join(subjects)}: {note}." for note, subjects in about.items()
    ) if about else md("")  # fmt: skip


def _subject(row: dict[str, Any], results: Results | None) -> str:
    """What a row is about: PFS, lu-dotatate vs octreotide."""
    parts = [results.trial_names[row["trial"]]] if results else []
    if row.get("outcome"):
        report = f" ({row['report']})" if row.get("report") else ""
        parts.append(f"{outcome_name(row['outcome'])}{report}")
    pair = [row[side] for side in ("arm", "comparator") if row.get(side)]
    if results:
        pair = list(arm_labels(results, row["trial"], pair).values())
    parts += [" vs ".join(pair)] if pair else []
    parts += [slug_words(row[name]) for name in SAID_OF[3:] if row.get(name)]
    return ", ".join(parts)


def report_titles(rows: Sequence[dict[str, Any]]) -> Markdown:
    """What each report of a trial is, by the name that the tables give it."""
    return bullets(
        md("**{}**: {}", row["report"], row["title"])
        + (md("; data cut-off {}", row["data_cutoff"]) if row["data_cutoff"] else "")
        + (md(" ({})", row["note"]) if row["note"] else "")
        for row in rows
    )
