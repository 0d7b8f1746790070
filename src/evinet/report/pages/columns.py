"""Tables of pages: rows are data, and the heading of a column says what it shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import compress
from typing import Any

from evinet import tables
from evinet.errors import InputError, Problem
from evinet.report import words
from evinet.report.effects import interval, pair
from evinet.report.markdown import Markdown, escape, faint, link, md, sourced, strong, table
from evinet.report.numbers import (
    MISSING,
    NBSP,
    Interval,
    count,
    months,
    outcome_name,
    percent,
    ratio,
    with_limits,
)
from evinet.report.results import REPORTED, Results

SHORT = ("dcr", "orr", "os", "pfs", "ttp")
"""Outcomes that are written as abbreviations."""
NAMED = {"ki67": "Ki-67"}
"""Parts of slugs that are written otherwise."""
GRADES = {">=3": "3 or more", "3-4": "3 or 4"}
"""Grades of adverse events as sources print them -> in words."""
WEAK = {"company material": "company material", "news": "a news item",
        "secondary": "a secondary source"}  # fmt: skip
"""Kinds of source in which a value may be misquoted or chosen, and what they are called."""
OF_ANY = re.compile(r"^(any|(?:fatal )?serious|treatment-emergent)(?=,|$)")
"""Events of a trial's file that are named by their kind alone."""
Row = dict[str, Any]
Column = str | Callable[[Any], object]
"""The name of a column of the rows, or what makes the cell of a row."""


def table_of(
    results: Results, rows: Iterable[Any], label: str, *columns: str | Mapping[str, Column],
    none: object = "", **named: Any,
) -> Markdown:  # fmt: skip
    """A table with a line for each row, or for each group of rows; `none` without any.

    `columns` are headings, several with commas between them, which say themselves what they show
    (`COLUMNS`, or a column of the rows in words; of a group its first row), and others by their
    headings. One whose cells are all empty is left out.

    Raises
    ------
    InputError
        A heading says nothing.
    """
    made: dict[str, Column] = {}
    for each in columns:
        made |= usual(results, each) if isinstance(each, str) else each
    lines = [
        [row[cell] if isinstance(cell, str) else cell(row) for cell in made.values()]
        for row in rows
    ]
    filled = [any(cell not in ("", None) for cell in cells) for cells in zip(*lines, strict=True)]
    kept = [[*compress(line, filled)] for line in lines]
    return table([*compress(made, filled)], kept, label, **named) if lines else escape(none)


def usual(results: Results, headings: str) -> dict[str, Callable[[Any], object]]:
    """Columns by their headings, with commas between them."""
    return {heading: partial(_usual, results, heading) for heading in headings.split(", ")}


def _usual(results: Results, heading: str, row: Any) -> object:
    """What a column shows of a row by its heading."""
    row = row[0] if isinstance(row, list) else row
    if heading in COLUMNS:
        return COLUMNS[heading](results, row)
    name = heading.lower().replace(" ", "_")
    if isinstance(row, dict) and name in row:
        return dash(row[name])
    raise InputError(
        Problem("a table of a page", "column", heading, "says nothing that these rows hold",
                f"Name one of {', '.join(COLUMNS)}, or a column of docs/tables.md in words")
    )  # fmt: skip


def spread(
    rows: Iterable[Row], by: str, say: Callable[[Row], object],
    heading: Callable[[Any], str] = str, none: object = MISSING,
) -> dict[str, Column]:  # fmt: skip
    """A column for each value in the column `by` of rows, for a table whose lines are groups.

    `say` writes the cell. Several rows of one group all stand there; `none` without any.
    """

    def of(value: object) -> Callable[[list[Row]], object]:
        return lambda found: md("; ").join(say(row) for row in found if row[by] == value) or none

    return {heading(value): of(value) for value in dict.fromkeys(row[by] for row in rows)}


def by_arm(
    results: Results, trial: str, rows: list[Row], say: Callable[[Row], object]
) -> dict[str, Column]:
    """A column for each arm of the rows of a trial, each value with its source."""
    names = results.arm_names(trial)
    return spread(rows, "arm", lambda row: with_source(say(row), row),
                  lambda arm: names.get(arm, "All"), dash(None))  # fmt: skip


def unknown(value: object) -> Markdown:
    """A value, or that it is not known."""
    return faint("not known") if value is None else escape(value)


def dash(value: object) -> Markdown:
    """A value in a table, or a dash where there is none."""
    if value is None:
        return faint("–")
    return escape(f"{value:g}" if isinstance(value, float) else value)


def source_link(row: Row) -> Markdown:
    """The source of a row, linked to the bibliography, and the place in it; a dash without one."""
    if not row["source"]:
        return dash(None)
    return md("{}, {}", link(row["source"], _address(row)), row["locator"])


def with_source(text: object, row: Row) -> Markdown:
    """A value that links to its source, which shows when pointed at and when focused."""
    shown = escape(text)
    if not row.get("source") or shown in (dash(None), unknown(None)):
        return shown
    where = ", ".join(part for part in (row["source"], row["locator"]) if part)
    return sourced(shown, _address(row), where)


def _address(row: Row) -> str:
    return f"provenance.qmd#source-{row['source']}"


def weak(results: Results, source: str | None) -> str | None:
    """What a weak source is called; None for any other."""
    return WEAK.get(results.source_kinds.get(source or "", ""))


def mark(results: Results, source: str | None) -> Markdown:
    """A mark beside a value of a weak source, which says what it was read in."""
    said = weak(results, source)
    return escape(f" ‡ read in {said}" if said else "")


def slug_words(slug: str) -> str:
    """A slug as words: ``January 2018``, ``Interim OS``."""
    parts = [slug] if " " in slug else slug.split("-")  # what has spaces is in words already
    said = " ".join(part.upper() if part in SHORT else NAMED.get(part, part) for part in parts)
    return said[0].upper() + said[1:]


def patients(row: Row) -> Markdown:
    """Patients, of how many, and the percentage as printed."""
    n, total, share = row["n"], row.get("total"), row["percent"]
    said = dash(n) if total is None else md("{} / {}", dash(n), dash(total))
    if share is None:
        return said
    printed = share if isinstance(share, str) else f"{share:g}"
    printed = printed if printed.endswith("%") else f"{printed}{NBSP}%"
    return escape(printed) if n is None else md("{} ({})", said, printed)


def responders(row: Row) -> Markdown:
    """Patients with a response, with the interval of their percentage as printed."""
    reach = printed_limits(row, "%")
    return patients(row) + (f", {reach}" if reach else "")


def printed_limits(row: Row, unit: str = "", factor: float = 1) -> str:
    """Limits as they were printed, and their level where that is not 95 %; "" without any."""
    ends = (row["lower"], row["upper"])
    if ends == (None, None):
        return ""
    scaled = [None if end is None else factor * end for end in ends]
    places = _places(scaled, 2 if "estimate" in row else 1 if "median" in row else 0)
    low, high = ("not estimated" if end is None else f"{end:.{places}f}" for end in scaled)
    level = "" if row.get("level") in (None, 0.95) else f" ({percent(row['level'])} interval)"
    return f"{low}{NBSP}to{NBSP}{high}{unit and NBSP + unit}{level}"


def _places(values: Iterable[float | None], least: int) -> int:
    """Decimals of numbers that were printed together: files hold a printed 0.40 as 0.4."""
    texts = [f"{value:.6f}".rstrip("0") for value in values if value is not None]
    return max([least, *(len(text.partition(".")[2]) for text in texts)])


def printed_ratio(row: Row) -> str | None:
    """A ratio as it was printed; None where none was."""
    return None if row["estimate"] is None else (
        f"{row['estimate']:.{_places([row['estimate']], 2)}f}")  # fmt: skip


def registration(value: str | None) -> Markdown:
    """A registry number, linked where the registry is known."""
    known = value is not None and value.startswith("NCT")
    return linked(value, "https://clinicaltrials.gov/study/") if known else unknown(value)


def linked(value: str | None, start: str) -> Markdown:
    """A value that links to an address which it ends."""
    return unknown(value) if value is None else link(value, f"{start}{value}")


def _trial(results: Results, row: Row) -> Markdown:
    """A trial; a row that says how it stands links to its page, where it has one."""
    name, status = results.trial_names[row["trial"]], row.get("status")
    if status == REPORTED:
        return link(strong(name), f"trial-{row['trial']}.qmd")
    return strong(name) if status else escape(name)


def _of_arm(name: str) -> Callable[[Results, Row], Markdown]:
    """What shows a column of table `arms` with the source of each value."""
    return lambda results, row: with_source(
        unknown(row[name]), results.facts.get((row["trial"], f"arms.{row['arm']}.{name}"), {})
    )


def _arms(results: Results, row: Row) -> Markdown:
    return escape("; ".join(
        f"{results.labels[arm['treatment']]} (n{NBSP}={NBSP}{count(arm['n_randomised'])})"
        for arm in results.rows(tables.ARMS, row["trial"])
    )) or unknown(None)  # fmt: skip


def said_median(row: Row | None) -> str | None:
    """A median in months; None where it is not known."""
    if row is None or (row["median"] is None and not row["not_reached"]):
        return None
    return "not reached" if row["not_reached"] else months(row["median"])


def _median(_: Results, row: Row) -> Markdown:
    known, reach = said_median(row), printed_limits(row)
    return unknown(f"{known} ({reach})" if known and reach else known)


def _patients_of(side: str) -> Callable[[Results, Row], Markdown]:
    """What shows the events and patients of one side of a subgroup."""

    def cell(_: Results, row: Row) -> Markdown:
        events, n = row[f"events_{side}"], row[f"n_{side}"]
        return with_source(dash(None) if events is n is None
                           else md("{} / {}", dash(events), dash(n)), row)  # fmt: skip

    return cell


def _theirs(_: Results, row: Row) -> Markdown:
    if row["estimate"] is None:
        return faint("no number could be read")
    if row["lower"] is None or row["upper"] is None:
        return escape(ratio(row["estimate"]))
    return escape(with_limits(Interval(row["estimate"], row["lower"], row["upper"])))


def _interval(_: Results, row: Row) -> Markdown:
    reach = printed_limits(row, "%", 100) if "survival" in row else printed_limits(row)
    return escape(reach) or dash(None)


COLUMNS: dict[str, Callable[[Results, Row], object]] = {
    "Analysis": lambda results, row: results.analysis(row["analysis"]).title,
    "Arm": lambda results, row: results.arm_names(row["trial"])[row["arm"]],
    "Arms (patients randomised)": _arms,
    "Arms": lambda _, row: unknown(row["arms"]),
    "As published": _of_arm("description"),
    "Assessed by": lambda _, row: words.ASSESSORS[row["assessor"] or "unstated"],
    "Characteristic": lambda _, row: slug_words(row["characteristic"]),
    "Comparison": pair,
    "Comparison there": lambda _, row: (
        f"{row['treatment_published']} vs {row['comparator_published']}"),
    "Design": lambda _, row: unknown(row["design"]),
    "Dose": _of_arm("dose"),
    "Event-free": lambda _, row: f"{100 * row['survival']:g}{NBSP}%",
    "Event": lambda _, row: OF_ANY.sub(r"\1 adverse event", row["event"]),
    "Events": lambda _, row: unknown(row["events"]),
    "Events / patients": _patients_of("arm"),
    "Events / patients of the comparator": _patients_of("comparator"),
    "Grade": lambda _, row: GRADES.get(row["grade"], row["grade"]),
    "HR": lambda _, row: with_source(dash(printed_ratio(row)), row),
    "Hazard ratio": lambda _, row: with_limits(interval(row)),
    "Hazard ratio (95 % credible interval)": lambda _, row: with_limits(interval(row)),
    "Interval": _interval,
    "Its hazard ratio": _theirs,
    "Median (months)": _median,
    "Model": lambda _, row: row["model"],
    "Network meta-analysis": lambda _, row: row["nma"],
    "Months": lambda _, row: f"{row['time']:g}",
    "Outcome": lambda _, row: outcome_name(row["outcome"]),
    "P value": lambda _, row: dash(row["p"]),
    "Patients analysed": lambda _, row: unknown(row["n"]),
    "Publication": lambda _, row: linked(row["doi"], "https://doi.org/"),
    "Randomised": _of_arm("n_randomised"),
    "Ratio": lambda _, row: f"{row['measure'].upper()} {printed_ratio(row)}",
    "Registration": lambda _, row: registration(row["registration"]),
    "Related only": lambda _, row: {None: dash(None), True: "yes", False: "no"}[row["related"]],
    "Report": lambda _, row: dash(row["report"] and slug_words(row["report"])),
    "Source": lambda results, row: source_link(row) + mark(results, row["source"]),
    "Subgroup": lambda _, row: row["level_name"],
    "Treated": _of_arm("n_treated"),
    "Treatment": lambda results, row: results.labels[row["treatment"]],
    "Trial": _trial,
    "Year": lambda _, row: unknown(row["year"]),
}  # fmt: skip
"""What columns show, by their headings: of the results, and of a row."""
