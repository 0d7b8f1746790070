"""What tables say of efficacy by arm: rows of medians, events and hazard ratios.

A row is read where its label, its heading or the caption names one outcome and the quantity. It is
a second reading of what the text says: it confirms or contradicts that, and alone it is never sure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from evinet.extract.read import numbers, words
from evinet.extract.read.arms import Arms
from evinet.extract.read.assign import compared
from evinet.extract.read.findings import NO_INTERVAL, Finding
from evinet.extract.read.grid import EMPTY, Column, Grid, Row, count_cell
from evinet.extract.read.outcomes import assessor
from evinet.extract.read.ratios import log_symmetric

_MEDIAN = re.compile(r"\bmedians?\b|\bm(?:PFS|OS|TTP)\b", re.IGNORECASE)
_OTHER_STATISTIC = re.compile(
    r"\bmeans?\b|rates?\b|\bat \d|\d[- ](?:month|year|week)|follow|probabilit|proportion|range\b"
    r"|difference",
    re.IGNORECASE,
)
_RATIO = re.compile(r"\bhazards?[- ]ratios?\b|\bHRs?\b", re.IGNORECASE)
_EVENTS = re.compile(
    r"^(?:number of |no\. of |total )?(?:patients with (?:an )?)?(?:events?|deaths?)\b",
    re.IGNORECASE,
)
_UNIT = re.compile(rf"\b{numbers.UNIT}", re.IGNORECASE)
_OPEN = re.compile(r"(?:NR|NE|NYR|not (?:yet )?(?:reached|estimable))\b", re.IGNORECASE)
_VALUE = re.compile(rf"(?P<value>{numbers.NUMBER})(?= |\(|\[|$)")
_RATIO_VALUE = re.compile(r"(?P<value>\d{1,2}\.\d{1,4}|\.\d{2,4})(?= |\(|\[|$)")


def find_efficacy(grid: Grid, arms: Arms) -> Iterator[Finding]:
    """Medians, events and hazard ratios of a table that has one column for each arm."""
    if any(column.grade for column in grid.columns):
        return
    for row in grid.rows:
        said = [row.label, row.section, grid.title]
        outcome = next(filter(None, map(_outcome, said)), "")
        if not outcome:
            continue
        named = _MEDIAN.search(row.label) or _outcome(row.label)
        if named and _MEDIAN.search(" / ".join(said)) and not _OTHER_STATISTIC.search(row.label):
            yield from _medians(grid, row, outcome)
        if _EVENTS.search(row.label) and not words.asides(row.label):
            yield from _events(grid, row, outcome)
        if len(arms) == 2:
            yield from _ratios(grid, row, outcome, arms)


def _outcome(text: str) -> str:
    """The one outcome of survival that a text names, and nothing else."""
    names = {name for _, _, name in words.topics(text)}
    name = names.pop() if len(names) == 1 else ""
    return "os" if name == "survival" else name if name in words.SURVIVAL else ""


def _of(grid: Grid, row: Row, kind: str, about: dict[str, Any], values: dict[str, Any],
        cell: str, doubt: str) -> Finding:  # fmt: skip
    context = " / ".join(filter(None, (grid.title, row.section, row.label)))
    who = assessor(context) if about["outcome"] != "os" else "unstated"
    return Finding(kind, {"assessor": who, **about}, values, cell, row.place,
                   f"{context}: " + " | ".join(row.cells), doubt or grid.doubt, "table",
                   "; ".join(words.asides(context)))  # fmt: skip


def _each(grid: Grid, row: Row) -> Iterator[tuple[Column, str]]:
    for column, cell in zip(grid.columns, row.cells, strict=True):
        if column.arm is not None:
            yield column, cell.strip()


def _medians(grid: Grid, row: Row, outcome: str) -> Iterator[Finding]:
    for column, cell in _each(grid, row):
        unit = next(
            filter(None, map(_UNIT.search, (cell, row.label, row.section, grid.title))), None
        )
        value, reached = _VALUE.match(cell), _OPEN.match(cell)
        if unit is None or not (value or reached) or "%" in cell:
            continue
        scale = numbers.MONTHS[unit["unit"].lower().rstrip(".").removesuffix("s")]
        interval = numbers.interval_at(cell, (value or reached).end())  # type: ignore[union-attr]
        values: dict[str, Any] = {
            "median": round(float(value["value"]) * scale, 6) if value else None,
            "reached": value is not None,
        }
        if interval and interval.holds(float(value["value"]) if value else None):
            limits = (("lower", interval.low), ("upper", interval.high))
            values |= {name: limit and round(limit * scale, 6) for name, limit in limits}
        about = {"outcome": outcome, "arm": column.arm}
        yield _of(grid, row, "median", about, values, cell, row.doubt)


def _events(grid: Grid, row: Row, outcome: str) -> Iterator[Finding]:
    for column, cell in _each(grid, row):
        counted = count_cell(cell)
        if counted and (counted[1] is None or numbers.agrees(counted[0], column.n, counted[1])):
            about = {"outcome": outcome, "arm": column.arm}
            yield _of(grid, row, "events", about, {"events": counted[0]}, cell, row.doubt)


def _ratios(grid: Grid, row: Row, outcome: str, arms: Arms) -> Iterator[Finding]:
    """A ratio in a column of its own, or in a row of its own."""
    own = _RATIO.search(row.label) is not None
    if not own and not _outcome(row.label) and not _MEDIAN.search(row.label):
        return
    odd = "" if row.doubt == EMPTY else row.doubt
    for column, cell in zip(grid.columns, row.cells, strict=True):
        if not own and not (column.other and _RATIO.search(column.label)):
            continue
        value = _RATIO_VALUE.match(cell.strip())
        if value is None:
            continue
        interval = numbers.interval_at(cell.strip(), value.end())
        estimate, low, high = float(value["value"]), None, None
        if interval and interval.low and interval.high:
            low, high = interval.low, interval.high
            if not low < estimate < high or not log_symmetric(estimate, low, high):
                continue
        pair = compared(row.label if own else column.label, arms)
        first, second = pair or (arms.slugs[0], arms.slugs[1])
        values = {"estimate": estimate, "lower": low, "upper": high, "level": None, "p": None,
                  "stratified": None, "direction": "said" if pair else ""}  # fmt: skip
        about = {"outcome": outcome, "arm": first, "comparator": second}
        yield _of(grid, row, "hr", about, values, cell, odd or ("" if low else NO_INTERVAL))
        return
