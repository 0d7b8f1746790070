"""Cox regression: of two arms, and of any columns with weights and a robust variance.

Both are quick enough for a bootstrap; that of two arms works on event times alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evinet.patients.data import Interval, Patients, at_risk, normal_quantile
from evinet.patients.log_rank import deaths_at, p_value

STEPS = 50
FAR = 5.0  # a step of ln HR, at most


@dataclass(frozen=True)
class HazardRatio:
    """Hazard ratio of two arms, with Wald limits, and the log-rank P value.

    `log_hr` is infinite when one arm has no event while it could have had one.
    """

    log_hr: float
    se: float
    logrank_p: float

    def interval(self, level: float = 0.95) -> Interval:
        """The hazard ratio with its confidence limits."""
        margin = normal_quantile(level) * self.se
        with np.errstate(over="ignore", invalid="ignore"):
            limits = np.exp(self.log_hr + np.array([0.0, -margin, margin]))
        estimate, low, high = (float(x) if 0 < x < np.inf else None for x in limits)
        return Interval(estimate, low, high, level)


def hazard_ratio(arm: Patients, comparator: Patients) -> HazardRatio:
    """Cox model with the arm as its only covariate, ties by Efron (1977, JASA 72:557-565)."""
    times = np.unique(
        np.concatenate([arm.time[arm.event == 1], comparator.time[comparator.event == 1]])
    )
    n1, n2 = (at_risk(group, times).astype(float) for group in (arm, comparator))
    d1, d2 = (deaths_at(group, times) for group in (arm, comparator))
    p = p_value(d1, d2, n1, n2)
    if not len(times) or p is None:
        return HazardRatio(float("nan"), float("nan"), float("nan"))
    d = (d1 + d2).astype(int)
    row = np.repeat(np.arange(len(d)), d)
    share = (np.arange(len(row)) - np.repeat(np.cumsum(d) - d, d)) / d[row]
    m1, m2 = n1[row] - share * d1[row], n2[row] - share * d2[row]
    log_hr, total = 0.0, d1.sum()
    for _ in range(50):
        probability = m1 * np.exp(log_hr) / (m1 * np.exp(log_hr) + m2)
        information = float(np.sum(probability * (1 - probability)))
        if information < 1e-9:
            return HazardRatio(float(np.copysign(np.inf, log_hr)), float("inf"), p)
        step = float(np.clip((total - probability.sum()) / information, -1, 1))
        log_hr += step
        if abs(step) < 1e-10:
            break
    return HazardRatio(log_hr, information**-0.5, p)


@dataclass(frozen=True, eq=False)
class Regression:
    """A fitted model.

    Attributes
    ----------
    coefficients
        ln HR of each column, shape (columns,).
    covariance
        Inverse of the information, shape (columns, columns).
    robust
        Sandwich of the weighted score residuals (Lin & Wei 1989, JASA 84:1074), same shape.
    times, hazard
        Event times, and the jumps of the baseline's cumulative hazard there (Breslow), shape
        (times,).
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    robust: np.ndarray
    times: np.ndarray
    hazard: np.ndarray


def fit(
    time: np.ndarray, event: np.ndarray, columns: np.ndarray, weights: np.ndarray | None = None,
    entry: np.ndarray | None = None,
) -> Regression:  # fmt: skip
    """Fit by Newton's method; ties by Efron (1977, JASA 72:557), as R's survival does.

    Parameters
    ----------
    time, event
        Shape (patients,); event 1 or 0.
    columns
        Shape (patients, columns).
    weights
        Shape (patients,); default 1.
    entry
        Patients are at risk after it, shape (patients,); default: from the start.
    """
    order = np.argsort(-time, kind="stable")
    time, event, columns = time[order], event[order].astype(bool), columns[order].astype(float)
    weight = np.ones(len(time)) if weights is None else weights[order].astype(float)
    # cells: an event time, cut into as many as there are events then (Efron)
    at = time[event]
    stop = np.searchsorted(-time, -at, side="right")  # patients at risk: the first `stop`
    late = _late(at, None if entry is None else entry[order])
    values, place, count = np.unique(-at, return_inverse=True, return_counts=True)
    rank = np.arange(len(at)) - np.concatenate([[0], np.cumsum(count)])[:-1][place]
    share = rank / count[place]
    mean_weight = np.bincount(place, weight[event]) / count

    theta = np.zeros(columns.shape[1])
    for _ in range(STEPS):
        risk = weight * np.exp(np.clip(columns @ theta, -500, 500))
        s0, s1, s2 = _sums(risk, columns, stop, late, event, place, share)
        mean = s1 / s0[:, None]
        score = weight[event] @ columns[event] - mean_weight[place] @ mean
        spread = s2 / s0[:, None, None] - mean[:, :, None] * mean[:, None, :]
        information = np.einsum("e,eij->ij", mean_weight[place], spread)
        step = np.clip(np.linalg.lstsq(information, score, rcond=None)[0], -FAR, FAR)
        theta = theta + step
        if abs(step).max(initial=0.0) < 1e-9:
            break
    risk = weight * np.exp(np.clip(columns @ theta, -500, 500))
    s0, s1, _ = _sums(risk, columns, stop, late, event, place, share)
    mean, jump = s1 / s0[:, None], mean_weight[place] / s0
    covariance = np.linalg.pinv(information)
    residuals = _residuals(
        columns, event, risk / weight.clip(1e-300), stop, late, mean, jump, place, share
    )
    scaled = (weight[:, None] * residuals) @ covariance
    times = -values[::-1]
    return Regression(theta, covariance, scaled.T @ scaled, times, np.bincount(place, jump)[::-1])


Late = tuple[np.ndarray, np.ndarray]
"""Patients from the last entry to the first, and how many of them enter at a cell or later."""


def _late(at: np.ndarray, entry: np.ndarray | None) -> Late:
    entry = np.zeros(0) if entry is None else entry
    order = np.argsort(-entry, kind="stable")[: (entry > 0).sum()]
    return order, np.searchsorted(-entry[order], -at, side="right")


def _sums(
    risk: np.ndarray, columns: np.ndarray, stop: np.ndarray, late: Late, event: np.ndarray,
    place: np.ndarray, share: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Sums over who is at risk in each cell, of 1, x and x x', less the share of those who die."""
    square = columns[:, :, None] * columns[:, None, :]
    found = []
    for values in (np.ones(len(risk)), columns, square):
        weighted = risk.reshape(-1, *[1] * (values.ndim - 1)) * values
        every = np.cumsum(weighted, axis=0)[stop - 1]
        if late[1].any():
            absent = np.cumsum(weighted[late[0]], axis=0)[late[1] - 1]
            absent[late[1] == 0] = 0.0
            every = every - absent
        own = np.zeros((int(place.max()) + 1, *weighted.shape[1:]))
        np.add.at(own, place, weighted[event])
        found.append(every - share.reshape(-1, *[1] * (values.ndim - 1)) * own[place])
    return found[0], found[1], found[2]


def _residuals(
    columns: np.ndarray, event: np.ndarray, ratio: np.ndarray, stop: np.ndarray, late: Late,
    mean: np.ndarray, jump: np.ndarray, place: np.ndarray, share: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Score residuals of the patients, without their weights."""
    # a patient is at risk in the cells whose `stop` lies above its number
    both = jump[:, None] * np.column_stack([np.ones(len(jump)), mean])
    total = _after(both, stop, len(ratio))
    total[late[0]] -= _after(both, late[1], len(late[0]))
    spent, spent_mean = total[:, 0], total[:, 1:]
    own = np.bincount(place, share * jump)[place]
    own_mean = np.zeros((int(place.max()) + 1, columns.shape[1]))
    np.add.at(own_mean, place, (share * jump)[:, None] * mean)
    average = np.zeros_like(own_mean)
    np.add.at(average, place, mean)
    average = (average / np.bincount(place)[:, None])[place]
    found = -ratio[:, None] * (columns * spent[:, None] - spent_mean)
    found[event] += ratio[event][:, None] * (columns[event] * own[:, None] - own_mean[place])
    found[event] += columns[event] - average
    return found


def _after(values: np.ndarray, stop: np.ndarray, size: int) -> np.ndarray:
    """Sums, for each of `size` numbers, over the cells whose `stop` lies above it."""
    found = np.zeros((size + 1, values.shape[1]))
    np.add.at(found, stop, values)
    return np.cumsum(found[::-1], axis=0)[::-1][1:]
