"""Rows that have one study's name and are of several: trials, times, outcomes or subgroups."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from evinet import usertable
from evinet.errors import Problem
from evinet.nma.data import frames, vocabulary

YEAR = re.compile(r"(publication|pub)?(year|jahr)(ofpublication)?|published")
CALENDAR = re.compile(r"(19|20)\d\d(\.0*|[a-z])?$")  # no time since something, in years
OUTCOME = re.compile(r"param(cd)?|endpoints?")
KNOWN = re.compile(
    r".*year|jahr|published|.*time(point)?|visit|weeks?|months?|days?|follow_?up|outcomes?"
    r"|endpoints?|param(cd)?|subgroups?|.*population|group|strat(um|a)|cohort|phase|part"
    r"|analysis(set)?|set|sex|gender"
)
"""Columns, as `vocabulary.key` has them, that often tell rows of one study apart."""
NAMED = 3  # columns of other names


def columns(table: pd.DataFrame, groups: list[np.ndarray]) -> list[str]:
    """The columns that tell the rows of each group apart, those with a known name before all."""
    found = []
    for name in map(str, table.columns):
        if name in vocabulary.OURS - {"e"} or name in ("arm", frames.FILE):
            continue
        cells = table[name].astype(str).str.strip().to_numpy()
        if all(len(set(cells[rows])) == len(rows) for rows in groups):
            found.append(name)
    usual = [name for name in found
             if KNOWN.fullmatch(vocabulary.key(usertable.written(table, name)))]  # fmt: skip
    used = {"e", *table.attrs.get("named", ())}  # categories of the outcome, say
    found = usual or [name for name in found if name not in used][:NAMED]
    return [usertable.written(table, name) for name in found]


def remedy(found: list[str], otherwise: str) -> str:
    """What to do with rows that some columns tell apart; else another remedy."""
    if not found:
        return otherwise
    names, first = " and ".join(found), found[0]
    if YEAR.fullmatch(vocabulary.key(first)):
        return f"The column {first} tells them apart: write it into the study's name"
    told = f"The column {names} tells" if len(found) == 1 else f"The columns {names} tell"
    return (f"{told} them apart: keep the rows of one {first}, or, if their patients are "
            "different people, write it into the study's name")  # fmt: skip


def of_two_years(table: pd.DataFrame) -> list[Problem]:
    """Studies whose rows name several years of publication: several trials of one author."""
    label = usertable.written(table, "study")
    return [
        frames.problem(
            table, row, "study", f"has rows of several years: {', '.join(years)}",
            f"Write the year into the study's name ({study} {years[0]}) where they are several "
            f"trials of one {label}; of one trial give all rows one year",
        )
        for name in map(str, table.columns)
        if YEAR.fullmatch(vocabulary.key(usertable.written(table, name)))
        for study, row, years in _several(table, name, empty=False)
        if all(map(CALENDAR.match, years)) and len({float(year[:4]) for year in years}) > 1
    ]  # fmt: skip


def of_several_outcomes(patients: pd.DataFrame) -> list[Problem]:
    """Studies with rows of several outcomes, in whose table each patient stands several times."""
    return [
        frames.problem(
            patients, row, name, f"is one of several outcomes of {study}: {', '.join(outcomes)}",
            "Keep the rows of one outcome",
        )
        for name in map(str, patients.columns) if OUTCOME.fullmatch(vocabulary.key(name))
        for study, row, outcomes in _several(patients, name, empty=True)
    ]  # fmt: skip


def _several(
    table: pd.DataFrame, name: str, *, empty: bool
) -> Iterator[tuple[str, int, list[str]]]:
    """Studies with several values in a column: the study, its first row, the values in order.

    An empty cell is a value of its own, or none.
    """
    studies = table["study"].to_numpy()
    cells = table[name].astype(str).str.strip().to_numpy(object)
    told = empty | (table[name].notna().to_numpy(bool) & (cells != ""))
    for study in dict.fromkeys(studies):
        mine = studies == study
        values = list(dict.fromkeys(cells[mine & told]))
        if len(values) > 1:
            yield str(study), int(np.flatnonzero(mine)[0]), values


def repeated(table: pd.DataFrame) -> list[Problem]:
    """Studies with several rows of a treatment that no column `arm` tells apart."""
    known = ["study", "treatment", *(["arm"] if "arm" in table else [])]
    again = table.duplicated(known, keep=False).to_numpy()
    problems = []
    for study in dict.fromkeys(table["study"][again]):
        mine = again & (table["study"] == study).to_numpy()
        groups = [
            np.flatnonzero(mine)[places]
            for places in table[known][mine].groupby(known, sort=False, dropna=False).indices
            .values()
        ]  # fmt: skip
        lines = "rows" if table.attrs.get("file", frames.FRAME) == frames.FRAME else "lines"
        where = "; ".join(
            f"{table['treatment'].iloc[rows[0]]} in {lines} "
            + ", ".join(str(table.index[row]) for row in rows) for rows in groups
        )  # fmt: skip
        same = table.iloc[groups[0]].astype(str).duplicated(keep=False).all()
        otherwise = ("Remove rows that stand twice" if same else
                     "Give different studies different names")  # fmt: skip
        own = ("arms that had the same treatment need a column named arm" if "arm" not in table
               else "give each arm of the study its own name in the column arm")  # fmt: skip
        problems.append(frames.problem(
            table, int(groups[0][0]), "treatment", f"stands in several rows of {study}: {where}",
            f"{remedy(columns(table, groups), otherwise)}; {own}",
        ))  # fmt: skip
    return problems
