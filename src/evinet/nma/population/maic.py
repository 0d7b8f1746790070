"""Matching-adjusted indirect comparison: weights that give patients a published population.

Signorovitch et al. 2010, PharmacoEconomics 28:935; NICE DSU TSD 18 (Phillippo et al. 2016).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize

from evinet.errors import InputError, Problem
from evinet.nma.population.comparison import Comparison

STEPS = 200
CLOSE = 1e-9
ROUNDING = 1e-12  # of a log sum


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights of patients, whose mean is 1.

    Attributes
    ----------
    weight
        Shape (patients,).
    balance
        One row for each matched moment: what, target, before, after (weighted).
    """

    weight: np.ndarray
    balance: pd.DataFrame

    @property
    def effective(self) -> float:
        """Effective sample size, (sum w)^2 / sum w^2."""
        return float(self.weight.sum() ** 2 / (self.weight**2).sum())


def moments(
    comparison: Comparison, patients: pd.DataFrame, match_sd: bool
) -> tuple[np.ndarray, list[str], np.ndarray]:
    """What is matched: values of each patient, their names, and the published values.

    Means; with `match_sd` the mean squares that the published standard deviations stand for; and
    the share above a published median, one half.
    """
    values: list[np.ndarray] = []
    names: list[str] = []
    target: list[float] = []
    for name in comparison.covariates:
        summary, own = comparison.target[name], patients[name].to_numpy(float)
        if np.isfinite(summary.mean):
            values.append(own)
            names.append(f"{name}: mean")
            target.append(summary.mean)
            if match_sd and np.isfinite(summary.sd) and not summary.binary:
                values.append(own**2)
                names.append(f"{name}: mean square")
                target.append(summary.mean**2 + summary.sd**2)
        if np.isfinite(summary.median):
            values.append((own > summary.median).astype(float))
            names.append(f"{name}: share above the median")
            target.append(0.5)
    return np.column_stack(values), names, np.array(target)


def weigh(comparison: Comparison, patients: pd.DataFrame, match_sd: bool = False) -> Weights:
    """The weights exp(z'a) of all patients together that match the published moments.

    The convex function sum exp(z'a) is minimised by Newton's method.

    Raises
    ------
    InputError
        No weights give these patients such a population.
    """
    values, names, target = moments(comparison, patients, match_sd)
    scale = values.std(axis=0)
    if (scale == 0).any():
        raise _no_overlap(comparison, names[int(np.argmin(scale))], values, target, scale)
    z = (values - target) / scale
    weight = _solve(z)
    if weight is None:
        raise _no_overlap(comparison, None, values, target, scale, names)
    share = weight / weight.sum()
    balance = pd.DataFrame({
        "moment": names, "target": target, "before": values.mean(axis=0), "after": share @ values,
    })  # fmt: skip
    return Weights(weight * len(weight) / weight.sum(), balance)


def _solve(z: np.ndarray) -> np.ndarray | None:
    """exp(z'a) with mean zero of z; None where there is none."""
    at = np.zeros(z.shape[1])

    def log_sum(a: np.ndarray) -> float:
        linear = z @ a
        top = linear.max()
        return float(top + np.log(np.exp(linear - top).sum()))

    for _ in range(STEPS):
        linear = z @ at
        weight = np.exp(linear - linear.max())
        weight = weight / weight.sum()
        slope = weight @ z
        if abs(slope).max() < CLOSE:
            return np.asarray(weight)
        curvature = (z * weight[:, None]).T @ z - np.outer(slope, slope)
        step = np.linalg.lstsq(curvature, -slope, rcond=None)[0]
        size, now = 1.0, log_sum(at)
        enough = 1e-4 * slope @ step
        while log_sum(at + size * step) > now + size * enough + ROUNDING and size > 1e-10:
            size /= 2
        at = at + size * step
        if abs(at).max() > 1e4:
            return None
    return None


def _no_overlap(
    comparison: Comparison, name: str | None, values: np.ndarray, target: np.ndarray,
    scale: np.ndarray, names: list[str] | None = None,
) -> InputError:  # fmt: skip
    """Which published moment lies outside the patients, or that all together do."""
    for place, each in enumerate(names or ([name] if name else [])):
        low, high = values[:, place].min(), values[:, place].max()
        if not low < target[place] < high or scale[place] == 0:
            return InputError(
                Problem(comparison.file, each, float(np.round(target[place], 6)),
                        f"is published, but the patients have {low:g} to {high:g}: the populations "
                        "do not overlap, and no weights can make one of the other",
                        "Leave the covariate out, or use a model of the outcome (stc), which "
                        "extrapolates and says so")
            )  # fmt: skip
    inside = optimize.linprog(
        np.zeros(len(values)), A_eq=np.vstack([(values - target).T, np.ones(len(values))]),
        b_eq=np.append(np.zeros(len(target)), 1.0), bounds=(0, None), method="highs",
    )  # fmt: skip
    why = (
        "only a few extreme patients could be weighted to" if inside.status == 0
        else "no weights of these patients can give"
    )  # fmt: skip
    return InputError(
        Problem(comparison.file, ", ".join(names or []), [float(f"{x:.6g}") for x in target],
                f"{why} all of these published moments together",
                "Match fewer moments, first those of covariates that modify the effect")
    )  # fmt: skip
