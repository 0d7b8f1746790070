"""Counts of patients in ordered categories: one column for each, from the worst to the best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from evinet import usertable
from evinet.errors import InputError, Problem
from evinet.nma.data import frames, vocabulary

if TYPE_CHECKING:
    from evinet.nma.data.layouts import Reading

CategoryCounts = Literal["exclusive", "inclusive"]


def names(table: pd.DataFrame, reading: Reading) -> tuple[str, ...]:
    """The columns of the categories; none where they are not asked for, or in a table of effects.

    Raises
    ------
    InputError
        There is one alone, one twice, or one is missing.
    """
    found = tuple(usertable.column(name) for name in reading.categories)
    of_effects = reading.kind == "effects" or (
        not {"r", "y"} & set(table)
        and bool({"comparator", "diff", "o_e", *vocabulary.effect_names(table)} & set(table))
    )
    if not found or (of_effects and not set(found) & set(table)):
        return ()
    file = str(table.attrs.get("file", frames.FRAME))
    missing = [asked for asked, name in zip(reading.categories, found, strict=True)
               if name not in table]  # fmt: skip
    if missing:
        there = ", ".join(usertable.written(table, name) for name in table)
        raise InputError([
            Problem(file, name, "(absent)", "the column of a category is missing",
                    f"Name columns of the file; there are {there}") for name in missing
        ])  # fmt: skip
    if len(found) < 2 or len(set(found)) < len(found):
        raise InputError(
            Problem(file, "categories", ", ".join(found), "are not two different columns or more",
                    "Name the categories from the worst to the best; of one alone, name its column "
                    "r")
        )  # fmt: skip
    if "r" in table:
        raise InputError(
            Problem(file, usertable.written(table, "r"), "(column)",
                    "stands beside the columns of ordered categories",
                    "Remove the one or the other")
        )  # fmt: skip
    return found


def read(table: pd.DataFrame, reading: Reading, known: tuple[str, ...]) -> tuple[pd.DataFrame, str]:
    """With counts of each category alone, and r, those who reached any; what they were, in words.

    `known` are the columns of the categories; attrs has their names as they were asked for.

    Counts are of each category alone (exclusive), or of those who reached it or a better one
    (inclusive). If that is not told, it is what the counts allow.

    Raises
    ------
    InputError
        Counts are none, or allow neither or both.

    Examples
    --------
    >>> from evinet.nma.data.layouts import Reading
    >>> frame = pd.DataFrame({"study": "S", "n": [50.0, 50], "half": [20, 9], "cured": [5.0, None]})
    >>> reading = Reading(categories=("half", "cured"), category_counts="inclusive")
    >>> found, said = read(frame, reading, ("half", "cured"))
    >>> found[["r", "half", "cured"]].to_numpy().tolist()
    [[20.0, 15.0, 5.0], [9.0, 9.0, nan]]
    """
    problems: list[Problem] = []
    written = [usertable.written(table, name) for name in known]
    given = np.column_stack([frames.numbers(table, name, problems) for name in known])
    problems += [
        frames.problem(table, int(row), known[place], "is not a count", "Write a whole number, or "
                       "leave the cell empty where the category is not reported")
        for row, place in np.argwhere((given < 0) | (given % 1 > 0))
    ]  # fmt: skip
    if "n" not in table:
        raise InputError(
            Problem(str(table.attrs.get("file", frames.FRAME)), "n", "(absent)",
                    "the column is missing", "Add the patients of each arm, or name it so")
        )  # fmt: skip
    n = table["n"].to_numpy(float)
    told = np.isfinite(given).any(axis=1)
    problems += [
        frames.problem(table, int(row), "n", "is not a whole number above 0", "Write the patients "
                       "of the arm")
        for row in np.flatnonzero(told & ~((n > 0) & (n % 1 == 0)))
    ]  # fmt: skip
    frames.stop(problems)
    alone = _alone(given)
    wrong = {"exclusive": np.nansum(given, axis=1) > n, "inclusive": (alone < 0).any(axis=1)
             | (given > n[:, None]).any(axis=1)}  # fmt: skip
    kind, why = _kind(table, reading.category_counts, wrong, given, written)
    frames.stop([
        frames.problem(table, int(row), known[0],
                       "with the other categories is more than n" if kind == "exclusive" else
                       "and the other categories, from the worst to the best, do not fall from n",
                       "Correct the counts, or the order of the categories")
        for row in np.flatnonzero(wrong[kind])
    ])  # fmt: skip
    counts = alone if kind == "inclusive" else given
    reached = np.where(told, np.nansum(counts, axis=1), np.nan)
    first = np.isfinite(given[:, 0])
    if first.any() and (reached == n)[first].all():
        raise InputError(
            Problem(str(table.attrs.get("file", frames.FRAME)), written[0], "(column)",
                    "is a category that every patient reached", "Leave it out of the categories: "
                    "patients of n in none of the others are in it")
        )  # fmt: skip
    found = table.assign(**dict(zip(known, counts.T, strict=True)), r=reached)
    found.attrs = table.attrs | {"categories": tuple(reading.categories)}
    meant = ("patients in each category alone" if kind == "exclusive" else
             "patients who reached each category or a better one")  # fmt: skip
    return found, f"counts are of {meant}{why}"


def _alone(given: np.ndarray) -> np.ndarray:
    """Of inclusive counts those of each category alone; below 0 where they do not decrease."""
    found = given.copy()
    above = np.zeros(len(given))
    for place in range(given.shape[1] - 1, -1, -1):
        mine = np.isfinite(given[:, place])
        found[mine, place] = given[mine, place] - above[mine]
        above[mine] = given[mine, place]
    return found


def _kind(
    table: pd.DataFrame, asked: CategoryCounts | None, wrong: dict[str, np.ndarray],
    given: np.ndarray, written: list[str],
) -> tuple[CategoryCounts, str]:  # fmt: skip
    """What counts are, and by which arm that is known if it is not told."""
    if asked is not None:
        return asked, ""
    impossible: dict[CategoryCounts, np.ndarray] = {
        "inclusive": np.flatnonzero(wrong["inclusive"]),
        "exclusive": np.flatnonzero(wrong["exclusive"]),
    }
    possible = [kind for kind, rows in impossible.items() if not len(rows)]
    if len(possible) != 1:
        several = (np.isfinite(given).sum(axis=1) > 1).any()
        if possible and not several:
            return "exclusive", ""  # no arm reports two, so that both are the same
        names, file = ", ".join(written), str(table.attrs.get("file", frames.FRAME))
        if possible:
            raise InputError(
                Problem(file, "category counts", "(not told)",
                        f"{names} may be counts of each category alone, or of those who reached it "
                        "or a better one: the numbers allow both",
                        "Say exclusive for the one, inclusive for the other")
            )  # fmt: skip
        one, other = (table.iloc[int(rows[0])] for rows in impossible.values())
        raise InputError(
            Problem(file, "category counts", "(not told)",
                    f"{names} are counts neither of each category alone (more than n together: "
                    f"{other['study']}, {other['treatment']}), nor of those who reached it or a "
                    f"better one (not falling from n: {one['study']}, {one['treatment']})",
                    "Correct the counts, or name the categories from the worst to the best")
        )  # fmt: skip
    (kind,) = possible
    (first, *_) = impossible["inclusive" if kind == "exclusive" else "exclusive"]
    row = table.iloc[int(first)]
    return kind, f", as {row['study']}, {row['treatment']} shows"
