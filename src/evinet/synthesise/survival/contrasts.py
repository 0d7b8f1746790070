"""Published effects of trials without patients, and their correlation in trials of several arms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.linalg import block_diag, cholesky, solve_triangular

from evinet.errors import InputError, Problem

COLUMNS = ("study", "treatment", "diff", "se")


@dataclass(frozen=True)
class Contrasts:
    """Published effects of other trials: `rows` are (study, treatment, baseline).

    `y` holds the effects, `root` the lower Cholesky factor of their covariance.
    """

    rows: list[tuple[str, str, str]]
    y: np.ndarray
    root: np.ndarray


def from_frame(frame: pd.DataFrame, file: str = "contrasts") -> Contrasts:
    """Contrasts from columns study, treatment, diff, se: a row an arm, the baseline's diff empty.

    In a study of three arms or more the baseline row's `se` is that of its own arm: the square is
    the covariance of two contrasts (NICE TSD 2, section 3.5).

    Raises
    ------
    InputError
        A column is missing, a study has no or several baseline rows, or standard errors are not
        positive, or impossible together.
    """
    missing = [name for name in COLUMNS if name not in frame]
    if missing:
        raise InputError(
            [Problem(file, name, None, "the column is missing", f"Add {name}") for name in missing]
        )
    rows, values, roots, problems = [], [], [], []
    for study, arms in frame.groupby("study", sort=True):
        others = arms[arms["diff"].notna()].sort_values("treatment")
        baseline = arms[arms["diff"].isna()]
        wrong = _contrast_problem(str(study), baseline, others, file)
        if wrong is not None:
            problems.append(wrong)
            continue
        covariance = np.diag(others["se"].to_numpy(float) ** 2)
        if len(others) > 1:
            shared = float(baseline["se"].iloc[0]) ** 2
            covariance = np.where(np.eye(len(others)) == 1, covariance, shared)
        roots.append(cholesky(covariance, lower=True))
        rows += [(str(study), str(name), str(baseline["treatment"].iloc[0]))
                 for name in others["treatment"]]  # fmt: skip
        values += list(others["diff"].astype(float))
    if problems:
        raise InputError(problems)
    return Contrasts(rows, np.array(values), block_diag(*roots))


def _contrast_problem(
    study: str, baseline: pd.DataFrame, others: pd.DataFrame, file: str
) -> Problem | None:
    if len(baseline) != 1 or others.empty:
        return Problem(
            file, "diff", study, f"has {len(baseline)} rows with an empty diff",
            "Give each study one baseline row, and a row for each other arm",
        )  # fmt: skip
    se = others["se"].to_numpy(float)
    if not (np.isfinite(se) & (se > 0)).all():
        return Problem(file, "se", study, "a contrast has no positive standard error", "Write it")
    if len(others) > 1:
        shared = float(baseline["se"].iloc[0])
        if not 0 < shared < se.min():
            return Problem(
                file, "se", shared, f"{study} has several contrasts, whose covariance is the "
                "square of the baseline arm's own se: it must lie between 0 and theirs",
                "Write the se of the baseline arm's log hazard",
            )  # fmt: skip
    return None


def whitened(contrasts: Contrasts, values: np.ndarray) -> np.ndarray:
    """Residuals or designs of contrasts (first axis) in units of independent unit variance."""
    return np.asarray(solve_triangular(contrasts.root, values, lower=True))
