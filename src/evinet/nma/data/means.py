"""Standardised mean differences and ratios of means, worked out of arms with means.

Both are effects of pairs of arms, whose standard errors tell the covariance of the contrasts of one
study (`contrasts.read`), so that studies of several arms count in full.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import gammaln

from evinet.errors import InputError, Problem
from evinet.nma.data import frames

SMD, ROM = "SMD", "ROM"
OUTCOME = ("y", "se", "sd", "n", "lower", "upper", "arm")


def correction(freedom: np.ndarray | float) -> np.ndarray:
    """Hedges' factor J, which makes a standardised mean difference unbiased.

    Examples
    --------
    >>> print(correction(np.array([10.0, 100.0])).round(4))
    [0.9227 0.9925]
    """
    half = np.asarray(freedom, float) / 2
    return np.asarray(np.exp(gammaln(half) - gammaln(half - 0.5)) / np.sqrt(half))


def pairs(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Effects of all pairs of each study's arms: study, treatment, comparator, diff, se.

    SMD is Hedges' g, with the standard deviation pooled over all arms of the study; the variance of
    g of arms a and b is 1 / n_a + 1 / n_b + g^2 / (2 N), and covariances follow (Gleser & Olkin
    2009, Handbook of Research Synthesis and Meta-Analysis, chapter 19). ROM is the logarithm of the
    ratio, with the variance se_a^2 / y_a^2 + se_b^2 / y_b^2 (Hedges et al. 1999, Ecology 80:1150).

    Parameters
    ----------
    table
        Arms with y and se, and n for SMD.
    measure
        SMD or ROM.

    Raises
    ------
    InputError
        A mean, its standard error or n is missing; a mean of a ratio is not above 0.

    Examples
    --------
    >>> arms = pd.DataFrame({"study": ["S", "S"], "treatment": ["A", "B"], "y": [10.0, 12.0],
    ...                      "se": [0.4, 0.4], "n": [25, 25]})
    >>> arms.attrs["file"] = "arms.csv"
    >>> pairs(arms, "SMD")[["treatment", "comparator", "diff", "se"]].round(3).to_numpy().tolist()
    [['B', 'A', 0.984, 0.299]]
    """
    needed = ("y", "se", "n") if measure == SMD else ("y", "se")
    _check(table, measure, needed)
    rest = [name for name in table.columns if name not in OUTCOME]
    rows = []
    for _, mine in table.groupby("study", sort=False):
        y, se = mine["y"].to_numpy(float), mine["se"].to_numpy(float)
        n = mine["n"].to_numpy(float) if measure == SMD else np.full(len(y), np.nan)
        freedom = (n - 1).sum()
        pooled = np.sqrt(((n - 1) * se**2 * n).sum() / freedom)
        for base, other in combinations(range(len(mine)), 2):
            if measure == SMD:
                diff = float(correction(freedom)) * (y[other] - y[base]) / pooled
                variance = 1 / n[other] + 1 / n[base] + diff**2 / (2 * n.sum())
            else:
                diff = np.log(y[other] / y[base])
                variance = (se[other] / y[other]) ** 2 + (se[base] / y[base]) ** 2
            known = mine[rest].iloc[other].to_dict()
            comparator = mine["treatment"].iloc[base]
            rows.append({**known, "comparator": comparator, "diff": diff, "se": np.sqrt(variance)})
    found = pd.DataFrame(rows)
    found.attrs = dict(table.attrs)
    return found


def _check(table: pd.DataFrame, measure: str, needed: tuple[str, ...]) -> None:
    lacking = [name for name in needed if name not in table]
    file = str(table.attrs.get("file", frames.FRAME))
    if lacking:
        raise InputError([
            Problem(file, name, "(absent)", f"the column is missing, which {measure} needs",
                    "Give mean, sd and n of each arm") for name in lacking
        ])  # fmt: skip
    tests = [(name, ~np.isfinite(table[name].to_numpy(float)), "is missing") for name in needed]
    if measure == SMD:
        tests.append(("n", table["n"].to_numpy(float) <= 1, "is not above 1"))
    else:
        tests.append(("y", table["y"].to_numpy(float) <= 0,
                      "is not above 0, so that a ratio of means is not defined"))  # fmt: skip
    frames.stop([
        frames.problem(table, int(row), name, message, "Write it, or leave the study out")
        for name, wrong, message in tests for row in np.flatnonzero(wrong)
    ])  # fmt: skip
