"""Tables that a user hands over, as a data frame or from a file, and what is wrong with them.

Columns are known by the names of `evinet.usertable.column`: small letters. A frame that `usertable`
read has the name of its file in ``attrs["file"]`` and lines as its index, so that a problem names
both; of any other frame it names the row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from evinet import usertable
from evinet.errors import InputError, Problem
from evinet.nma.data import vocabulary

UNUSED = "weights are used only where they are asked for (evinet nma --weights)"
CHANGE_MEANING = {
    "entry": "delayed entry is modelled only of the patients of evinet nma --ipd, without "
    "--regression",
    "weight": UNUSED,
    "weights": UNUSED,
}  # fmt: skip
TOTAL = re.compile(
    r"((grand |sub-?)?totals?|overall|pooled|sum|summary|all (studies|trials)|gesamt|summe"
    r"|insgesamt|somme|total (général|general)|σ)( (effects?|events?|estimate|result))?"
    r"[ :]*([(\[].*)?"
    r"|(random|fixed|common)[ -]effects?( model)?[ :]*([(\[].*)?"
)
"""Names, in small letters, of rows that sum up the studies."""
LARGEST = 1e12
"""Beyond what a study can measure."""
FINEST = 1e-6
"""Share of the largest number, below which no standard error is computed with."""
FRAME = "the data frame"
FILE = "file of the row"  # a column of tables that are put together of several files


def prepared(
    frame: pd.DataFrame,
    required: Iterable[str],
    covariates: Iterable[str] = (),
    empty: Iterable[str] = (),
) -> pd.DataFrame:
    """A copy with known column names and stripped labels of studies and treatments.

    Columns that are named as covariates, or that the caller reads (``attrs["named"]``), are just
    that: the body weight of patients is no weight.
    Labels that may be `empty` are those of rows that stand for a whole study.

    Raises
    ------
    InputError
        It has no rows, lacks a required column, has a column that would change the meaning of the
        others, an empty label, or labels that differ by case or blanks alone.
    """
    file = str(frame.attrs.get("file", FRAME))
    named = {*covariates, *frame.attrs.get("named", ())}
    found = vocabulary.written(frame)
    found.attrs["named"] = tuple(sorted(named))
    found = vocabulary.renamed(found, (vocabulary.LABELS,))
    found.attrs["file"] = file
    if found.empty:
        raise InputError(
            Problem(file, "(whole file)", "", "has no rows", "Write one row for each arm")
        )
    missing = [name for name in required if name not in found]
    there = ", ".join(usertable.written(frame, name) for name in frame.columns)
    problems = [
        Problem(file, name, "(absent)", "the column is missing",
                f"Add it, or name it so; there are {there}")
        for name in missing
    ]  # fmt: skip
    problems += [
        Problem(file, name, "(column)", f"is a column of the table, but {why}",
                "Remove the column if it does not matter, or analyse these data with other "
                "software")
        for name, why in CHANGE_MEANING.items()
        if name in found and name not in named
    ]  # fmt: skip
    stop(problems)
    for name in ("study", "treatment", "comparator"):
        if name in found:
            labels = ["" if pd.isna(label) else usertable.composed(str(label)).strip()
                      for label in found[name]]  # fmt: skip
            found[name] = labels
            problems += [
                problem(found, row, name, "is empty", f"Name the {name}")
                for row, label in enumerate(labels) if not label and name not in set(empty)
            ]  # fmt: skip
    problems += _one_to_one(found)
    problems += [
        problem(found, row, "study", "seems to be a total of the studies, not one of them",
                "Remove the row, or give the study another name")
        for row, label in enumerate(found["study"] if "study" in required else ())
        if TOTAL.fullmatch(label.casefold())
    ]  # fmt: skip
    stop(problems)
    return found


def _one_to_one(table: pd.DataFrame) -> list[Problem]:
    """Labels that have several numbers beside them, in multinma's columns studyn and trtn."""
    found = []
    for name, number in (("study", "studyn"), ("treatment", "trtn")):
        if name not in table or number not in table:
            continue
        numbers = table.groupby(name, sort=False)[number].unique()
        found += [
            problem(table, int(np.flatnonzero(table[name] == label)[0]), name,
                    f"is one label of several numbers in {number}: "
                    + ", ".join(map(str, own)), f"Write a label for each, or name the column by "
                    f"--columns {number}={name}")
            for label, own in numbers.items() if len(own) > 1
        ]  # fmt: skip
    return found


def spellings(tables: Iterable[pd.DataFrame]) -> None:
    """Refuse labels that differ by case, blanks or hyphens alone.

    Raises
    ------
    InputError
        There are such labels of studies or treatments.
    """
    frames = list(tables)
    problems = []
    for name in ("study", "treatment"):
        columns = [name] if name == "study" else ["treatment", "comparator"]
        labels = [label for frame in frames for each in columns if each in frame
                  for label in frame[each]]  # fmt: skip
        groups: dict[str, list[str]] = {}
        for first, other in usertable.same_but_written_differently(labels):
            groups.setdefault(first, [first]).append(other)
        problems += [
            Problem(str(frames[0].attrs["file"]), name, ", ".join(group),
                    f"are {len(group)} labels that differ only by case, blanks or hyphens",
                    "Write each label in one way; if they are different things, make their "
                    "labels differ more")
            for group in groups.values()
        ]  # fmt: skip
    stop(problems)


def two_spellings(
    names: Iterable[str], file: str, field: str, many: str, one: str
) -> list[Problem]:
    """Names of one thing in two ways: those that differ by case, blanks or hyphens alone."""
    return [
        Problem(file, field, f"{first}, {other}",
                f"are {many} that differ only by case, blanks or hyphens",
                f"Write each {one} in one way")
        for first, other in usertable.same_but_written_differently(names)
    ]  # fmt: skip


def problem(frame: pd.DataFrame, row: int, field: str, message: str, remedy: str) -> Problem:
    """What is wrong in a row, by its place in the frame."""
    file = str(frame.iloc[row][FILE] if FILE in frame else frame.attrs["file"])
    value: Any = frame.iloc[row][field] if field in frame else ""
    value = "" if pd.isna(value) else value.item() if isinstance(value, np.generic) else value
    field = usertable.written(frame, field)
    if file == FRAME:
        return Problem(f"{file}, row {frame.index[row]}", field, value, message, remedy)
    return Problem(file, field, value, message, remedy, line=int(frame.index[row]))


def numbers(frame: pd.DataFrame, name: str, problems: list[Problem]) -> np.ndarray:
    """A column as floats, NaN where a cell is empty; all NaN where there is no such column."""
    if name not in frame:
        return np.full(len(frame), np.nan)
    if pd.api.types.is_numeric_dtype(frame[name].dtype):
        values = frame[name].to_numpy(float, na_value=np.nan)
    else:
        texts = ["" if pd.isna(cell) else str(cell) for cell in frame[name]]
        values = np.array([usertable.number(text) for text in texts])
        problems += [
            problem(frame, row, name, *why)
            for row, why in enumerate(usertable.doubts(frame, texts)) if why
        ]  # fmt: skip
    problems += [
        problem(frame, int(row), name, "is not finite", "Write a number, or leave the cell empty")
        for row in np.flatnonzero(np.isinf(values))
    ]
    values = np.where(np.abs(values) < np.finfo(float).tiny, 0.0, values)  # dust of rounding
    problems += [
        problem(frame, int(row), name, "is beyond what a study can measure", "Correct it")
        for row in np.flatnonzero(np.isfinite(values) & (np.abs(values) > LARGEST))
    ]
    return values


def counted(studies: int) -> str:
    """A number of studies in words.

    >>> counted(1), counted(2)
    ('1 study', '2 studies')
    """
    return f"{studies} {'study' if studies == 1 else 'studies'}"


def too_precise(frame: pd.DataFrame, value: str, se: str) -> list[Problem]:
    """Standard errors so far below the largest number that sums of both lose their digits."""
    given = frame[[value, se]].abs().to_numpy(float)
    least = FINEST * np.nanmax(given, initial=0.0)
    names = " or ".join(usertable.written(frame, name) for name in (value, se))
    return [
        problem(frame, int(row), se, f"is less than a millionth of the largest {names} "
                f"({least / FINEST:g})", "No study is so precise beside the others: correct the "
                "one or the other")
        for row in np.flatnonzero((given[:, 1] > 0) & (given[:, 1] < least))
    ]  # fmt: skip


def stop(problems: list[Problem]) -> None:
    """Raise what was found, if anything."""
    if problems:
        raise InputError(problems)
