"""Simulated treatment comparison: a model of the outcome, averaged over a published population.

The model's effect at the mean of the population is conditional, and not that of the population
where the link is not linear: outcomes are predicted for points that stand for the population, and
averaged before they are compared (Remiro-Azócar et al. 2022, Res Synth Methods 13:716).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import interpolate, optimize, special

from evinet.nma.population.comparison import Comparison
from evinet.patients import cox
from evinet.patients.data import Patients
from evinet.patients.kaplan_meier import kaplan_meier

STEPS = 50
FAR = 50.0
GRID = 301


class NoFit(Exception):
    """The model cannot be fitted to these patients: they are separated, or too few."""


def effects(
    comparison: Comparison, patients: pd.DataFrame, population: pd.DataFrame
) -> tuple[float, float]:
    """Marginal and conditional effect of the patients' treatment in the population.

    Anchored: against the common treatment, every covariate prognostic and an effect modifier.
    Unanchored: against the published arm; the conditional effect is NaN, as that of the other arm
    is not known.

    Parameters
    ----------
    population
        Points of equal weight, one column for each covariate.

    Raises
    ------
    NoFit
        The model cannot be fitted.
    """
    names = comparison.covariates
    centre = population[names].mean().to_numpy()
    x = patients[names].to_numpy(float) - centre
    points = population[names].to_numpy(float) - centre
    treated = (patients["treatment"] == comparison.treatment).to_numpy(float)
    if comparison.anchor is None:
        columns, of, against = x, points, None
    else:
        columns = np.column_stack([treated, x, treated[:, None] * x])
        one, none = np.ones(len(points)), np.zeros(len(points))
        of = np.column_stack([one, points, points])
        against = np.column_stack([none, points, 0 * points])
    if comparison.kind == "survival":
        return _survival(comparison, patients, columns, of, against)
    outcome = patients["r" if comparison.kind == "binomial" else "y"].to_numpy(float)
    binomial = comparison.kind == "binomial"
    theta = _logistic(columns, outcome) if binomial else _linear(columns, outcome)
    predicted = [_mean(theta, each, binomial) for each in (of, against) if each is not None]
    if against is None:
        return predicted[0], float("nan")
    return predicted[0] - predicted[1], float(theta[1])


def _mean(theta: np.ndarray, columns: np.ndarray, binomial: bool) -> float:
    """The mean outcome of the points, on the scale of the link."""
    linear = theta[0] + columns @ theta[1:]
    return float(special.logit(special.expit(linear).mean())) if binomial else float(linear.mean())


def _linear(columns: np.ndarray, y: np.ndarray) -> np.ndarray:
    design = np.column_stack([np.ones(len(y)), columns])
    theta, _, rank, _ = np.linalg.lstsq(design, y, rcond=None)
    if rank < design.shape[1]:
        raise NoFit
    return np.asarray(theta)


def _logistic(columns: np.ndarray, r: np.ndarray) -> np.ndarray:
    design = np.column_stack([np.ones(len(r)), columns])
    theta = np.zeros(design.shape[1])
    for _ in range(STEPS):
        share = special.expit(design @ theta)
        information = (design * (share * (1 - share))[:, None]).T @ design
        try:
            step = np.linalg.solve(information, design.T @ (r - share))
        except np.linalg.LinAlgError:
            raise NoFit from None
        theta = theta + step
        if abs(design @ theta).max() > FAR:
            raise NoFit
        if abs(step).max() < 1e-10:
            return theta
    raise NoFit


def _survival(
    comparison: Comparison, patients: pd.DataFrame, columns: np.ndarray, of: np.ndarray,
    against: np.ndarray | None,
) -> tuple[float, float]:  # fmt: skip
    """ln HR of the averaged survival curves, as a trial with this follow-up would find it."""
    time, event = patients["time"].to_numpy(float), patients["event"].to_numpy(float)
    found = cox.fit(time, event, columns)
    theta = found.coefficients
    if not np.isfinite(theta).all() or abs(columns @ theta).max() > FAR:
        raise NoFit

    def averaged(points: np.ndarray, at: np.ndarray) -> np.ndarray:
        spent = np.append(0.0, np.cumsum(found.hazard))
        spent = spent[np.searchsorted(found.times, at, side="right")]
        grid = spent.max() * np.linspace(0, 1, GRID) ** 2  # survival is smooth in what was spent
        curve = np.exp(-np.exp(points @ theta)[:, None] * grid).mean(axis=0)
        return np.asarray(interpolate.PchipInterpolator(grid, curve)(spent))

    if against is not None:
        at = found.times
        own, other = averaged(of, at), averaged(against, at)
        return average_ratio(own, other, censoring(time, event, at)), float(theta[0])
    assert comparison.reconstructed is not None
    published = comparison.of(comparison.comparator, comparison.reconstructed)
    their_time, their_event = published["time"].to_numpy(float), published["event"].to_numpy(float)
    at = np.unique(np.concatenate([found.times, their_time[their_event == 1]]))
    at = at[at <= min(time.max(), their_time.max())]
    both = censoring(np.concatenate([time, their_time]), np.concatenate([event, their_event]), at)
    other = kaplan_meier(Patients(their_time, their_event)).at(at)
    return average_ratio(averaged(of, at), other, both), float("nan")


def average_ratio(own: np.ndarray, other: np.ndarray, followed: np.ndarray) -> float:
    """ln HR that Cox regression tends to between two survival curves in arms of equal size.

    Parameters
    ----------
    own, other
        Survival just after each of the times, shape (times,).
    followed
        Share not yet censored just before each of them.
    """
    before = np.append(1.0, own[:-1]), np.append(1.0, other[:-1])
    deaths = followed * (before[0] - own), followed * (before[1] - other)

    def score(log_ratio: float) -> float:
        risk = before[0] * np.exp(log_ratio)
        total = (risk + before[1]).clip(1e-300)
        return float((deaths[0] - (deaths[0] + deaths[1]) * risk / total).sum())

    if not score(-20.0) > 0 > score(20.0):
        raise NoFit
    return float(optimize.brentq(score, -20.0, 20.0))


def censoring(time: np.ndarray, event: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Share not yet censored just before each time (Kaplan-Meier of censoring)."""
    return kaplan_meier(Patients(time, 1 - event)).at(np.nextafter(at, 0))
