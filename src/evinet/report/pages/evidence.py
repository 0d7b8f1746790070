"""Tables of what was published: a document says which rows, and names the columns."""

from __future__ import annotations

from collections.abc import Callable

from evinet import tables
from evinet.report.markdown import Markdown, blocks, folded, md
from evinet.report.numbers import listing
from evinet.report.pages.columns import Row, by_arm, patients, responders, table_of, usual
from evinet.report.pages.notes import notes
from evinet.report.results import Results
from evinet.report.words import counted

BY_NAME = {each.name: each for each in tables.ALL}
OF_ARM: dict[str, Callable[[Row], object]] = {
    "responses": responders, "adverse-events": patients,
    "populations": lambda row: row["value"] or patients(row),
}  # fmt: skip
"""Tables that have a column for each arm on the page of a trial, and what they tell of an arm."""


def table(
    results: Results, of: str | list[Row], label: str, headings: str, trial: str | None = None,
    none: str = "", fold: bool = False,
) -> Markdown:  # fmt: skip
    """Rows, or those of an evidence table by its name, and their notes.

    `headings` name the columns, with commas between them (`columns.COLUMNS`).
    """
    rows = results.rows(BY_NAME[of], trial) if isinstance(of, str) else of
    if trial and isinstance(of, str) and of in OF_ARM:
        cells = usual(results, headings).values()
        lines: dict[str, list[Row]] = {}
        for row in rows:
            lines.setdefault(repr([cell(row) for cell in cells]), []).append(row)
        arms = by_arm(results, trial, rows, OF_ARM[of])
        shown = table_of(results, lines.values(), label, headings, arms, none=none)
    else:
        lines = {}
        shown = table_of(results, rows, label, headings, none=none)
    number = len(lines or rows)
    return blocks([
        folded(f"{label}: {counted(number, 'row')}", shown) if number and fold else shown,
        "" if "Note" in headings else notes(rows, results, trial),
    ])  # fmt: skip


def missing(results: Results, trial: str, **names: str) -> Markdown:
    """The evidence tables, each with what it is called, that hold nothing of a trial."""
    absent = [name for of, name in names.items()
              if not results.rows(BY_NAME[of.replace("_", "-")], trial)]  # fmt: skip
    if not absent:
        return md("")
    return md("Of {} nothing was published arm by arm, or nothing could be read.",
              listing(absent))  # fmt: skip
