"""What columns beside the outcomes tell of arms, studies and treatments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from evinet import usertable
from evinet.errors import InputError, Problem
from evinet.nma.data import frames

Owner = Literal["arm", "treatment"]


def cells(tables: Sequence[pd.DataFrame], name: str) -> Iterator[tuple[pd.DataFrame, str]]:
    """Each table with what a column is called in it.

    Raises
    ------
    InputError
        A table has no such column.
    """
    wanted = usertable.column(name)
    for table in tables:
        spelt = table.attrs.get("written", {})
        known = wanted if wanted in table else next(
            (
                str(ours)
                for ours in table
                if usertable.column(str(spelt.get(ours, ""))) == wanted
            ), ""
        )  # fmt: skip
        if known not in table:
            raise InputError(
                Problem(str(table.attrs["file"]), name, "(absent)", "the column is missing",
                        f"Add it; there are {', '.join(map(str, table.columns))}")
            )  # fmt: skip
        yield table, known


def in_words(tables: Sequence[pd.DataFrame], name: str) -> bool:
    """Whether no cell of a column is a number."""
    found = [str(cell) for table, known in cells(tables, name) for cell in table[known]
             if not pd.isna(cell) and not usertable.missing(str(cell))]  # fmt: skip
    return bool(found) and not np.isfinite([usertable.number(cell) for cell in found]).any()


def told(
    tables: Sequence[pd.DataFrame],
    members: Mapping[str, set[str]],
    name: str,
    owner: Owner,
    words: bool,
) -> dict[tuple[str, str], float | str]:
    """Arm, or treatment (with an empty study), -> what a column tells of it.

    A row of a pair tells of all arms of its study, and of the class of its first treatment.
    `members` holds the treatments of each study; `words` takes cells as text.

    Raises
    ------
    InputError
        The column is missing, or has a gap or several values of one arm or treatment.
    """
    found: dict[tuple[str, str], float | str] = {}
    problems: list[Problem] = []
    for table, known in cells(tables, name):
        values: list[Any] = (
            ["" if pd.isna(cell) or usertable.missing(str(cell)) else str(cell).strip()
             for cell in table[known]]
            if words else list(frames.numbers(table, known, problems))
        )  # fmt: skip
        frames.stop(problems)  # what is no number is not also said to be missing
        whole = owner == "arm" and "comparator" in table
        for study, treatment, cell in zip(table["study"], table["treatment"], values,
                                          strict=True):  # fmt: skip
            empty = cell == "" or cell != cell
            if empty and owner == "treatment":
                continue
            arms = (
                [(str(study), each) for each in sorted(members[str(study)])]
                if whole
                else [(str(study) if owner == "arm" else "", str(treatment))]
            )
            for arm in arms:
                if empty or found.setdefault(arm, cell) != cell:
                    what = "study" if whole else owner
                    problems.append(
                        Problem(str(table.attrs["file"]), name, str(study if whole else ", "
                                .join(filter(None, arm))), f"has no value, or several, for "
                                f"this {what}", f"Write one value in all rows of the {what}")
                    )  # fmt: skip
    frames.stop(list(dict.fromkeys(problems)))
    return found
