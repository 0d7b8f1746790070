"""Rows that have one study's name and are of several: trials, times, outcomes or subgroups."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from evinet.errors import Problem
from evinet.nma.data import frames, vocabulary

YEAR = re.compile(r"(publication|pub)?(year|jahr)(ofpublication)?|published")
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
    spelt = table.attrs.get("written", {})
    usual = [name for name in found if KNOWN.fullmatch(vocabulary.key(str(spelt.get(name, name))))]
    found = usual or [name for name in found if name != "e"][:NAMED]
    return [str(spelt.get(name, name)) for name in found]


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
    spelt = table.attrs.get("written", {})
    years = [name for name in map(str, table.columns)
             if YEAR.fullmatch(vocabulary.key(str(spelt.get(name, name))))]  # fmt: skip
    problems = []
    for name in years:
        cells = table[name].astype(str).str.strip().where(table[name].notna(), "")
        for study, mine in cells[cells != ""].groupby(table["study"], sort=False):
            several = list(dict.fromkeys(mine))
            if len(several) > 1:
                row = int(np.flatnonzero((table["study"] == study).to_numpy())[0])
                label = spelt.get("study", "study")
                problems.append(frames.problem(
                    table, row, "study", f"has rows of several years: {', '.join(several)}",
                    f"Write the year into the study's name ({study} {several[0]}) where they are "
                    f"several trials of one {label}; of one trial give all rows one year",
                ))  # fmt: skip
    return problems


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
