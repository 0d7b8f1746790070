"""Studies by their published contrasts, and the covariance of those of one study."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.linalg import block_diag, cholesky, solve_triangular

from evinet.errors import InputError, Problem
from evinet.nma.data import frames

Z95 = 1.959963984540054
RATIOS = ("hr", "or", "rr", "irr", "ratio")


@dataclass(frozen=True)
class Contrasts:
    """Published effects: `rows` are (study, treatment, baseline).

    `y` holds the effects, `covariance` theirs: block diagonal, a block a study.
    """

    rows: list[tuple[str, str, str]]
    y: np.ndarray
    covariance: np.ndarray

    @property
    def whitening(self) -> np.ndarray:
        """Turns residuals into independent ones of variance 1, shape (rows, rows)."""
        root = cholesky(self.covariance, lower=True)
        return np.asarray(solve_triangular(root, np.eye(len(self.y)), lower=True))

    def blocks(self) -> list[tuple[str, np.ndarray]]:
        """The numbers of each study's rows."""
        studies = np.array([study for study, _, _ in self.rows], dtype=object)
        return [(study, np.flatnonzero(studies == study)) for study in dict.fromkeys(studies)]


EMPTY = Contrasts([], np.zeros(0), np.zeros((0, 0)))


def read(frame: pd.DataFrame) -> Contrasts:
    """Contrasts from a table in one of two forms.

    A row an arm: study, treatment, diff, se; the baseline's diff is empty, or 0 with an empty se.
    In a study of three arms or more its se is that of its own arm, whose square is the covariance
    of two contrasts (NICE TSD 2, section 3.5).

    A row a contrast: study, treatment, comparator, diff, se and, in a study with several,
    shared_variance: the variance of the comparator's arm. Of all contrasts of a study those with
    one common comparator count; they must compare each arm once with it.

    In place of diff and se: a ratio (hr, or, rr, irr, ratio) with lower and upper, its 95 % limits.

    Raises
    ------
    InputError
        A column is missing, a study has no baseline or several, or standard errors are not positive
        or impossible together.
    """
    found = frames.prepared(frame, ("study", "treatment"))
    problems: list[Problem] = []
    found = _log_ratios(found, problems)
    lacking = [name for name in ("diff", "se") if name not in found]
    if lacking:
        written = ", ".join(str(name) for name in frame.columns)
        raise InputError([
            Problem(str(found.attrs["file"]), name, "(absent)", "the column is missing",
                    f"Add it, or a ratio with its limits lower and upper; there are {written}")
            for name in lacking
        ])  # fmt: skip
    for name in ("diff", "se", "shared_variance"):
        if name in found:
            found[name] = frames.numbers(found, name, problems)
    frames.stop(problems)
    each = _pairs if "comparator" in found else _arms
    rows: list[tuple[str, str, str]] = []
    values: list[float] = []
    blocks: list[np.ndarray] = []
    for study in dict.fromkeys(found["study"]):
        places = np.flatnonzero((found["study"] == study).to_numpy())
        read_study = each(found, places, problems)
        if read_study is not None:
            baseline, names, y, covariance = read_study
            rows += [(study, name, baseline) for name in names]
            values += list(y)
            blocks.append(covariance)
    frames.stop(problems)
    return Contrasts(rows, np.array(values), block_diag(*blocks))


def _log_ratios(frame: pd.DataFrame, problems: list[Problem]) -> pd.DataFrame:
    given = [name for name in RATIOS if name in frame]
    if "diff" in frame or not given or not {"lower", "upper"} <= set(frame):
        return frame
    estimate, lower, upper = (
        frames.numbers(frame, name, problems) for name in (given[0], "lower", "upper")
    )
    some = np.isfinite(estimate)
    with np.errstate(invalid="ignore"):
        wrong = some & ~((lower > 0) & (lower < estimate) & (estimate < upper))
    problems += [
        frames.problem(frame, int(row), given[0], "is not between its limits, above 0",
                       "Write lower < ratio < upper, the 95 % limits")
        for row in np.flatnonzero(wrong)
    ]  # fmt: skip
    with np.errstate(invalid="ignore", divide="ignore"):
        se = np.log(upper / lower) / (2 * Z95)
        changed = frame.assign(diff=np.log(estimate))
    own = frames.numbers(frame, "se", problems) if "se" in frame else np.full(len(frame), np.nan)
    return changed.assign(se=np.where(some, se, own))


def _arms(
    frame: pd.DataFrame, places: np.ndarray, problems: list[Problem]
) -> tuple[str, list[str], np.ndarray, np.ndarray] | None:
    """Baseline, treatments, effects and covariance of a study with one row for each arm."""
    mine = frame.iloc[places]
    diff, se = mine["diff"].to_numpy(float), mine["se"].to_numpy(float)
    names = list(mine["treatment"])

    def refused(place: int, field: str, message: str, remedy: str) -> None:
        problems.append(frames.problem(frame, int(places[place]), field, message, remedy))

    at = np.flatnonzero(np.isnan(diff))
    if not len(at):
        at = np.flatnonzero((diff == 0) & np.isnan(se))
    if len(at) != 1:
        refused(0, "diff", f"study {mine['study'].iloc[0]} has {len(at)} baseline rows",
                "One row of a study, the baseline, has an empty diff")  # fmt: skip
        return None
    others = [place for place in range(len(names)) if place != at[0]]
    if not others:
        refused(0, "study", "has a single arm", "A study compares: add its other arm, or drop it")
        return None
    bad = [place for place in others if not se[place] > 0]
    again = [place for place in others if names.index(names[place]) != place]
    for place in bad:
        refused(place, "se", "is not above 0", "Write it")
    for place in again:
        refused(place, "treatment", "is twice in its study", "Write one row a treatment")
    if bad or again:
        return None
    covariance = np.diag(se[others] ** 2)
    if len(others) > 1:
        shared = se[at[0]]
        if not 0 < shared < se[others].min():
            refused(int(at[0]), "se",
                    "of the baseline arm must lie between 0 and those of its contrasts",
                    "Write the standard error of the baseline arm itself: its square is the "
                    "covariance of the study's contrasts")  # fmt: skip
            return None
        covariance = np.where(np.eye(len(others)) == 1, covariance, shared**2)
    return names[at[0]], [names[place] for place in others], diff[others], covariance


def _pairs(
    frame: pd.DataFrame, places: np.ndarray, problems: list[Problem]
) -> tuple[str, list[str], np.ndarray, np.ndarray] | None:
    """The same of a study with one row for each contrast."""
    mine = frame.iloc[places]
    se = mine["se"].to_numpy(float)

    def refused(place: int, field: str, message: str, remedy: str) -> None:
        problems.append(frames.problem(frame, int(places[place]), field, message, remedy))

    bad = [place for place in range(len(mine)) if not se[place] > 0]
    for place in bad:
        refused(place, "se", "is not above 0", "Write it")
    for lacking in np.flatnonzero(~np.isfinite(mine["diff"].to_numpy(float))):
        refused(int(lacking), "diff", "is missing", "Write it, or leave the row out")
        bad.append(int(lacking))
    if bad:
        return None
    pairs = list(zip(mine["treatment"], mine["comparator"], strict=True))
    arms = sorted({name for pair in pairs for name in pair})
    for comparator in sorted({other for _, other in pairs}):
        chosen = [place for place, (_, other) in enumerate(pairs) if other == comparator]
        if sorted(pairs[place][0] for place in chosen) == [a for a in arms if a != comparator]:
            break
    else:
        message = "the contrasts of its study do not compare each arm once with one common arm"
        refused(0, "comparator", message, "Give its contrasts against one arm")
        return None
    covariance = np.diag(se[chosen] ** 2)
    if len(chosen) > 1:
        given = mine["shared_variance"].to_numpy(float) if "shared_variance" in mine else None
        shared = np.nan if given is None else float(given[chosen[0]])
        if not 0 < shared < (se[chosen] ** 2).min():
            refused(chosen[0], "shared_variance",
                    "the contrasts of a study of three arms or more are correlated through their "
                    "comparator: its variance must lie between 0 and theirs",
                    "Add a column shared_variance: 1 / events of the comparator's arm")  # fmt: skip
            return None
        covariance = np.where(np.eye(len(chosen)) == 1, covariance, shared)
    names = [pairs[place][0] for place in chosen]
    return comparator, names, mine["diff"].to_numpy(float)[chosen], covariance
