"""Tables of one number by arm and time, in the layouts that digitisers and people write.

A curve may come as arm, time, survival; as time and survival of one arm, with a header or without;
with one column for each arm beside a common time; or in pairs of columns X, Y under the names of
the arms, as WebPlotDigitizer writes all its curves. Numbers at risk come in the same layouts, or
with times across the top and one row for each arm.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evinet import usertable
from evinet.errors import InputError, Problem
from evinet.usertable import Cells, column, number

ARM = ("arm", "group", "treatment", "curve", "strata", "stratum", "series", "name", "study_arm")
TIME = ("time", "times", "x", "t", "trisk", "month", "months", "year", "years", "day", "days",
        "week", "weeks", "time_(months)", "time_(years)")  # fmt: skip
VALUES = {
    "survival": ("survival", "surv", "s", "st", "y", "s(t)", "probability", "km", "sur",
                 "survival_probability", "incidence", "cumulative_incidence", "event_free"),
    "n": ("n", "at_risk", "number_at_risk", "n_at_risk", "nrisk", "n.risk", "n_risk", "y",
          "patients_at_risk", "no_at_risk", "no._at_risk"),
}  # fmt: skip
PATIENTS = {"event", "status", "cens", "censored"}


@dataclass(frozen=True)
class Row:
    """One value of an arm at a time; an empty arm is that of a file of one arm."""

    arm: str
    time: float
    value: float
    file: str
    line: int


def read(path: Path, what: str) -> list[Row]:
    """The rows of a table of `what` ("survival" or "n"); empty cells are left out.

    Raises
    ------
    InputError
        A layout that is not known, or cells that are no numbers, with line and value.
    """
    table = usertable.cells(path)
    if not table.rows:
        raise InputError(_problem(table, None, "", "is empty", "Write a table"))
    rows = _layout(table, what)
    if not rows:
        raise InputError(
            _problem(table, table.lines[0], ", ".join(table.rows[0]),
                     "has a header and no rows", "Add the points")
        )  # fmt: skip
    return rows


def _layout(table: Cells, what: str) -> list[Row]:
    head = [column(cell) for cell in table.rows[0]]
    second = [column(cell) for cell in table.rows[1]] if len(table) > 1 else []
    named = {cell for cell in second if cell}
    if named and named <= {"x", "y"} and second.count("x") > 0:
        return _pairs(table, what)
    if all(np.isfinite(number(cell)) for cell in table.rows[0] if cell):
        if len(table.rows[0]) == 2:
            return _long(table, None, 0, 1, what)
        raise InputError(
            _problem(table, table.lines[0], ", ".join(table.rows[0]),
                     f"{len(table.rows[0])} columns without a header",
                     f"Write the header arm,time,{what}")
        )  # fmt: skip
    arm, time, value = (_place(head, names) for names in (ARM, TIME, VALUES[what]))
    body = table.without(1)
    if PATIENTS & set(head):
        raise InputError(
            _problem(table, table.lines[0], ", ".join(table.rows[0]),
                     f"holds patients, and has no column {what}",
                     "Give patients to `evinet nma --ipd` as they are")
        )  # fmt: skip
    if time is not None and value is not None and time != value:
        return _long(body, arm, time, value, what)
    across = [number(cell) for cell in table.rows[0][1:]]
    if what == "n" and across and all(np.isfinite(across)):
        return _times_across(table, across, what)
    if time is not None and arm is None and len(head) > 1:
        return _columns(table, time, what)
    lacking = "time" if time is None else what
    raise InputError(
        _problem(table, table.lines[0], ", ".join(table.rows[0]),
                 f"there is no column {lacking}",
                 f"Write the header arm,time,{what}, or time and one column for each arm",
                 "time" if time is None else what)
    )  # fmt: skip


def _place(head: list[str], names: tuple[str, ...]) -> int | None:
    """The first column that has one of the names, the usual ones first."""
    return next((head.index(name) for name in names if name in head), None)


def _long(table: Cells, arm: int | None, time: int, value: int, what: str) -> list[Row]:
    cells = [
        ("" if arm is None else _cell(row, arm), _cell(row, time), _cell(row, value), line)
        for row, line in zip(table.rows, table.lines, strict=True)
    ]
    return _numbers(table, cells, what)


def _pairs(table: Cells, what: str) -> list[Row]:
    """Pairs of columns X, Y under the names of the arms."""
    names, kinds = table.rows[0], [column(cell) for cell in table.rows[1]]
    cells, name = [], ""
    places = [place for place, kind in enumerate(kinds) if kind == "x"]
    for place in places:
        name = _cell(names, place) or f"curve {places.index(place) + 1}"
        if place + 1 >= len(kinds) or kinds[place + 1] != "y":
            raise InputError(
                _problem(table, table.lines[1], ", ".join(table.rows[1]),
                         "a column X without a column Y beside it", "Write X, Y for each curve")
            )  # fmt: skip
        body = table.without(2)
        cells += [(name, _cell(row, place), _cell(row, place + 1), line)
                  for row, line in zip(body.rows, body.lines, strict=True)]  # fmt: skip
    return _numbers(table, cells, what)


def _columns(table: Cells, time: int, what: str) -> list[Row]:
    """One column of times, and one for each arm."""
    head, body = table.rows[0], table.without(1)
    return _numbers(table, [
        (head[place], _cell(row, time), _cell(row, place), line)
        for place in range(len(head)) if place != time and head[place]
        for row, line in zip(body.rows, body.lines, strict=True)
    ], what)  # fmt: skip


def _times_across(table: Cells, times: list[float], what: str) -> list[Row]:
    """Times across the top, arms down."""
    body = table.without(1)
    cells = []
    for row, line in zip(body.rows, body.lines, strict=True):
        cells += [(row[0], table.rows[0][place + 1], _cell(row, place + 1), line)
                  for place in range(len(times))]  # fmt: skip
    return _numbers(table, cells, what)


def _numbers(table: Cells, cells: list[tuple[str, str, str, int]], what: str) -> list[Row]:
    """Cells as numbers; those without a value are left out."""
    problems, rows = [], []
    texts = [text for _, time, value, _ in cells for text in (time, value)]
    signs = usertable.decimals(texts)
    for arm, time, value, line in cells:
        if usertable.missing(value) or usertable.missing(time):
            continue
        for field, text in (("time", time), (what, value)):
            why = usertable.doubt(text, signs)
            if field == "n":  # patients are whole
                why = why or usertable.parted(text)
            if why:
                problems.append(_problem(table, line, text, *why, field))
        rows.append(Row(arm.strip(), number(time), number(value), table.path, line))
    if problems:
        raise InputError(problems)
    return rows


def _cell(row: list[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def _problem(
    table: Cells, line: int | None, value: str, message: str, remedy: str, field: str = "(table)"
) -> Problem:
    return Problem(table.path, field, value, message, remedy, line=line)
