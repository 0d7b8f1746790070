"""What tables say of patients: baseline characteristics, tumour response and adverse events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from evinet.extract.read import numbers
from evinet.extract.read.findings import Finding
from evinet.extract.read.grid import Column, Grid, Row, consistent, count_cell

_RESPONSE = {
    "cr": r"complete (?:response|remission)s?|CR\b",
    "pr": r"partial (?:response|remission)s?|PR\b",
    "sd": r"stable disease|SD\b",
    "pd": r"progressive disease|disease progression|PD\b",
    "non-cr-non-pd": r"non-?complete response",
    "unknown": r"unknown|not (?:evaluable|assess|known)|missing|NE\b|indeterminate",
    "orr": r"(?:objective|overall) (?:tumou?r )?response|ORR\b",
    "dcr": r"disease[- ]control|DCR\b",
}
_QUALIFIED = re.compile(r"confirmed|durable|investigator|central|independent|week|month|≥|>", re.I)
_WITH_CI = re.compile(
    r"^(?P<n>\d+)(?:/\d+)?\s*[(\[]\s*(?P<percent>\d+(?:\.\d+)?)\s*%?(?P<rest>.*?)[)\]]?$"
)
_STATISTIC = re.compile(r"\b(?:median|mean|range|IQR|SD|years?|quartiles?)\b", re.IGNORECASE)
_SUMMARY = re.compile(r"\b(?:median|mean|range|IQR|SD|quartiles?)\b", re.IGNORECASE)
_NO_NAME = re.compile(
    r"^(?:[\W\d]*|[·•◦*–-].*|[IVX]+[abc]?(?:\W+[IVX]+[abc]?)*|others?|yes|no|unknown"
    r"|missing(?: data)?|none|n)$",
    re.I,
)
_LATER = re.compile(
    r"complet(?:ed|ers|ing)|\bfinal\b|discontinu|withdr[ae]w|follow-?\s?up"
    r"|\bpost-?\s?(?:test|treat|interv|oper)|\bnadir\b|\bprotocol\b|\bprocedur"
    r"|\bat (?:\w+ ){0,2}(?:weeks?|months?|years?|days?)\b|\b(?:week|month|day) \d|outcome"
    r"|\bchanges?\b|effects?\b|\bwithin\b|\bresults?\b|\bduring\b|\bafter\b|relapse|died|deaths?\b",
    re.IGNORECASE,
)
"""What in a caption or a row of a table of the start may speak of a later time."""
_NEVER_SURE = (
    "of whom a table of the start is, and under which heading a row stands, is not checked"
)
"""Counts of baseline tables agree with their percentages also where the patients are not all who
were randomised, where a heading was lost, or where the table is of others: nothing in them tells.
docs/reading.md has the measurements.
"""
_TITLES = {
    "adverse-event": r"adverse|toxicit|safety|side[- ]effect",
    "response": r"\brespon[sd]",
    "baseline": r"baseline|characteristic|demographic",
}


def find_patients(grid: Grid) -> Iterator[Finding]:
    """Findings of a table that has one column for each arm."""
    kind = _kind(grid)
    for row in grid.rows:
        if kind == "baseline":
            yield from _baseline(grid, row)
        elif kind == "response":
            yield from _response(grid, row)
        elif kind == "adverse-event":
            yield from _adverse(grid, row)


def _kind(grid: Grid) -> str:
    """What the table is of: by its caption, or else by rows that leave no doubt."""
    title = grid.title
    if re.search(r"exposure|subgroup|quality of life|cost|multivari|univari|prognos|predict", title,
                 re.IGNORECASE):  # fmt: skip
        return ""
    for kind, pattern in _TITLES.items():
        if re.search(pattern, title, re.IGNORECASE):
            return kind
    labels = " | ".join(row.label.lower() for row in grid.rows)
    if "partial response" in labels and "stable disease" in labels:
        return "response"
    if re.search(r"\bfemale\b|\bmale\b|\bage\b", labels):
        return "baseline"
    return ""


def _of(row: Row, kind: str, about: dict[str, Any], values: dict[str, Any], cell: str,
        unsure: str = "") -> Finding:  # fmt: skip
    words = " / ".join(filter(None, (row.section, row.label))) + ": " + " | ".join(row.cells)
    return Finding(kind, about, values, cell, row.place, words, unsure, "table")


def _doubt(grid: Grid, row: Row) -> str:
    """Why a whole row of counts is unsure: a cell does not fit, or there is no percentage."""
    if row.doubt or grid.doubt:
        return row.doubt or grid.doubt
    cells = [(c, cell) for c, cell in zip(grid.columns, row.cells, strict=True) if not c.other]
    if not all(consistent(cell, column.n) for column, cell in cells):
        return "a count of the row disagrees with its percentage or N"
    counted = [count_cell(cell) for _, cell in cells]
    if not any(found and found[1] is not None for found in counted):
        return "no percentage confirms the counts"
    return ""


def _each(grid: Grid, row: Row) -> Iterator[tuple[Column, str]]:
    for column, cell in zip(grid.columns, row.cells, strict=True):
        if not column.other:
            yield column, cell


def _baseline(grid: Grid, row: Row) -> Iterator[Finding]:
    if not row.label.strip():
        return
    characteristic, category = (row.section or row.label), (row.label if row.section else "")
    statistic = _STATISTIC.search(row.label) or (
        _STATISTIC.search(row.section) and not any("%" in cell for cell in row.cells)
    )
    for column, cell in _each(grid, row):
        if column.arm is None and not column.whole:
            continue
        counted = count_cell(cell)
        is_count = counted is not None and (
            "%" in cell
            or (not statistic and consistent(cell, column.n))
            or (not _SUMMARY.search(row.label) and _doubt(grid, row) == "")
        )
        about = {"characteristic": characteristic, "category": category, "arm": column.arm or "all"}
        if is_count and counted:
            values: dict[str, Any] = {"n": counted[0], "percent": counted[1], "total": column.n}
            doubt = _doubt(grid, row)
            if _LATER.search(f"{grid.title} / {row.section} / {row.label}"):
                doubt = doubt or "it may not be of the start of the trial"
            if not row.section and _NO_NAME.match(row.label):
                doubt = doubt or "the heading above the row was not seen"
            doubt = doubt or _NEVER_SURE
            yield _of(row, "baseline", about, values, cell, doubt)
        elif re.search(r"\d", cell):
            doubt = row.doubt or grid.doubt or "nothing confirms this value, which is not a count"
            yield _of(row, "baseline", about, {"value": cell}, cell, doubt)


def _response(grid: Grid, row: Row) -> Iterator[Finding]:
    name = next(
        (key for key, pattern in _RESPONSE.items() if re.match(pattern, row.label, re.I)), None
    )
    if name is None:
        return
    doubt = "" if not _QUALIFIED.search(f"{row.label} {row.section}") else "the row is qualified"
    for column, cell in _each(grid, row):
        if column.arm is None:
            continue
        about = {"outcome": name, "assessor": "unstated", "arm": column.arm}
        match = _WITH_CI.match(cell)
        if match and match["rest"] and name in ("orr", "dcr"):
            interval = numbers.interval_at("(" + match["rest"].lstrip(" ;,[("), 0)
            values: dict[str, Any] = {
                "n": int(match["n"]), "total": column.n, "percent": match["percent"],
            }  # fmt: skip
            if interval and interval.holds(float(values["percent"])):
                values |= {"lower": interval.low, "upper": interval.high}
            agree = numbers.agrees(values["n"], column.n, match["percent"])
            unsure = row.doubt or grid.doubt or doubt
            yield _of(row, "response", about, values, cell,
                      unsure if agree else "count and percentage disagree")  # fmt: skip
        elif (counted := count_cell(cell)) is not None:
            values = {"n": counted[0], "total": column.n}
            if counted[1]:
                values["percent"] = counted[1]
            yield _of(row, "response", about, values, cell, _doubt(grid, row) or doubt)


def _adverse(grid: Grid, row: Row) -> Iterator[Finding]:
    if not row.label.strip():
        return
    event, related = row.label, None
    match = re.match(r"(?:drug-|treatment-)?related to (.+)", row.label, re.IGNORECASE)
    if match:
        parent = _parent(grid, row)
        event, related = f"{parent}, related to {match[1]}", True
    elif row.section and re.search(r"leading to|adverse|death|grade", row.section, re.IGNORECASE):
        event = f"{row.section}: {row.label}"
    for column, cell in _each(grid, row):
        counted = count_cell(cell)
        if column.arm is None or counted is None:
            continue
        grade = column.grade or _grade_of(grid.title)
        about = {
            "table": grid.title.strip(" .") or "adverse events",
            "event": event,
            "grade": _grade(grade or "not stated"),
            "arm": column.arm,
        }
        values: dict[str, Any] = {"n": counted[0], "total": column.n, "percent": counted[1]}
        if related:
            values["related"] = True
        doubt = _doubt(grid, row) or ("" if grade else "the grade is not stated")
        yield _of(row, "adverse-event", about, values, cell, doubt)


def _parent(grid: Grid, row: Row) -> str:
    before = grid.rows[: next(i for i, other in enumerate(grid.rows) if other is row)]
    own = [
        other.label for other in before if not re.match(r"(?:\w+-)?related to", other.label, re.I)
    ]
    return own[-1] if own else "Adverse events"


def _grade_of(title: str) -> str:
    match = re.search(
        r"(?:any|all)[- ]grades?|grades?\s*(?:≥|>=)?\s*[1-5](?:\s*(?:-|or|to|and)\s*(?:[1-5]"
        r"|worse|higher))?",
        title, re.I,
    )  # fmt: skip
    return match.group() if match else ""


def _grade(printed: str) -> str:
    """`All grades` -> any; `Grade 3 or worse` -> >=3; `Grade 3-4` -> 3-4."""
    text = printed.lower()
    if text.startswith(("any", "all")):
        return "any"
    digits = re.findall(r"[1-5]", text)
    if re.search(r"≥|>=|worse|higher|more", text) and digits:
        return f">={digits[0]}"
    return "-".join(digits) if digits else text
