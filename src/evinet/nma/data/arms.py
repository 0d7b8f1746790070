"""Studies by their arms: what each brings, checked when the likelihood is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evinet.errors import InputError, Problem
from evinet.nma.data import apart, frames

OUTCOMES = ("r", "y")
KNOWN = ("r", "n", "e", "y", "se", "diff")


def read(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Arms, and the rows of studies that enter by their contrasts, from a table of both.

    A study whose rows have no outcome (r or y) but a diff enters by its contrasts. Columns have the
    names that `layouts.read` gives them.

    Raises
    ------
    InputError
        A column or a label is missing, text stands for a number, a study has a single arm, or
        several rows of a treatment that no column `arm` tells apart.
    """
    found = frames.prepared(frame, ("study", "treatment"))
    problems: list[Problem] = []
    for name in KNOWN:
        if name in found:
            found[name] = frames.numbers(found, name, problems)
    problems += apart.repeated(found)
    alone = ~found.duplicated("study", keep=False).to_numpy()
    problems += [
        frames.problem(found, int(row), "study", "has a single arm",
                       "A study needs two arms to compare: add the other arm, or leave the study "
                       "out")
        for row in np.flatnonzero(alone)
    ]  # fmt: skip
    frames.stop(problems)
    outcomes = [name for name in OUTCOMES if name in found]
    if "diff" not in found:
        return found, found.iloc[:0]
    of_study = found["study"]
    has = (
        found[outcomes].notna().any(axis=1).groupby(of_study).transform("any")
        if outcomes
        else pd.Series(False, index=found.index)
    )
    contrast = (~has & found["diff"].notna().groupby(of_study).transform("any")).to_numpy()
    published = found[contrast]
    if contrast.any() and "se_diff" in found:
        published = published.assign(se=frames.numbers(published, "se_diff", []))
    return found[~contrast], published


def data(
    arms: pd.DataFrame, columns: tuple[str, ...], time: str | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The data x and s of a likelihood, and the offset log(time); each of shape (arms,).

    Of ordered categories x and s are those of `likelihoods.ordered`.

    Raises
    ------
    InputError
        A column is missing or a value impossible.
    """
    file = str(arms.attrs["file"])
    if len(columns) > 2:
        from evinet.nma.likelihoods import ordered

        counts = arms[list(columns[:-1])].to_numpy(float)
        return *ordered.structure(counts, arms["n"].to_numpy(float)), np.zeros(len(arms))
    first, second = columns
    missing = [name for name in columns if name not in arms]
    if missing:
        written = ", ".join(str(name) for name in arms.columns)
        raise InputError([
            Problem(file, name, "(absent)", "the column is missing",
                    f"Add it, name it so, or choose another likelihood; there are {written}")
            for name in missing
        ])  # fmt: skip
    problems: list[Problem] = []
    x, s = arms[first].to_numpy(float), arms[second].to_numpy(float)
    effects = ', or say that y are effects against that arm: --columns "y=diff"'
    tests = [(first, ~np.isfinite(x), "is missing", "Write it" + effects * (first == "y")),
             (second, ~(s > 0), "is not above 0", "Write it")]  # fmt: skip
    if first == "r":
        tests.append((first, x < 0, "is below 0", "Write a count"))
        tests.append((first, x != np.round(x), "is not a whole number", "Write a count"))
    if columns == ("r", "n"):
        tests.append((first, x > s, "exceeds n", "Correct the one or the other"))
        tests.append((second, s != np.round(s), "is not a whole number", "Write a count"))
    offset = np.zeros(len(arms))
    if time is not None:
        if time not in arms:
            raise InputError(
                Problem(file, time, "(absent)", "the column is missing",
                        f"Add it; there are {', '.join(map(str, arms.columns))}")
            )  # fmt: skip
        given = frames.numbers(arms, time, problems)
        tests.append((time, ~(given > 0), "is not above 0", "Write it"))
        with np.errstate(invalid="ignore", divide="ignore"):
            offset = np.log(given)
    problems += [
        frames.problem(arms, int(row), name, message, remedy)
        for name, wrong, message, remedy in tests
        for row in np.flatnonzero(wrong & ~(np.isnan(arms[name].to_numpy(float))
                                            if message not in ("is missing", "is not above 0")
                                            else np.zeros(len(arms), bool)))
    ]  # fmt: skip
    if columns == ("y", "se"):
        problems += frames.too_precise(arms, *columns)
    frames.stop(problems)
    return x, s, offset


def events(arms: pd.DataFrame, columns: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Whether each arm has an event, and whether it has a patient without one.

    Of ordered categories: a patient in a better one than the worst, and in a worse one than the
    best that is reported.
    """
    if len(columns) > 2:
        reached = arms[list(columns[:-1])]
        best = reached.ffill(axis=1).iloc[:, -1]
        return arms["r"].to_numpy(float) > 0, (best < arms["n"]).to_numpy()
    if columns[0] != "r":
        every = np.ones(len(arms), bool)
        return every, every
    r = arms["r"].to_numpy(float)
    others = r != arms["n"].to_numpy(float) if columns[1] == "n" else np.ones(len(arms), bool)
    return r > 0, others


def silent(arms: pd.DataFrame, columns: tuple[str, ...], link: str) -> list[str]:
    """Studies whose arms have no event, or nothing but events: they say nothing of a ratio.

    With any level of the study's outcomes their likelihood is the same for every effect, in the
    limit. A difference of risks (the identity link) is told by them too.
    """
    counts = columns[0] == "r" or len(columns) > 2
    if not counts or link == "identity" or not set(columns) <= set(arms):
        return []
    has, others = events(arms, columns)
    study = arms["study"].to_numpy()
    known = arms[["r", columns[-1]]].notna().all(axis=1).to_numpy()
    none = pd.Series(known & ~has).groupby(study, sort=False).all()
    every = pd.Series(known & ~others & (link != "log")).groupby(study, sort=False).all()
    return [str(study) for study in none.index if none[study] or every[study]]
