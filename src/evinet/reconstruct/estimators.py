"""Kaplan-Meier, Brookmeyer-Crowley, log-rank and two-arm Cox estimators of patients."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from evinet.reconstruct.inputs import Floats, Integers, Interval, Patients

Transform = Literal["log-log", "log", "plain"]


@dataclass(frozen=True, eq=False)
class KaplanMeier:
    """Survival after each distinct event time, with Greenwood's sum d/(n(n-d))."""

    time: Floats
    survival: Floats
    greenwood: Floats

    def at(self, times: Floats) -> Floats:
        """Survival at `times` (right-continuous)."""
        padded = np.concatenate([[1.0], self.survival])
        return padded[np.searchsorted(self.time, times, side="right")]

    def median(self, level: float = 0.95, transform: Transform = "log-log") -> Interval:
        """Median with its limits by Brookmeyer and Crowley (1982, Biometrics 38:29-41)."""
        lower, upper = band(self.survival, self.greenwood, level, transform)
        curves = (self.survival, lower, upper)
        estimate, low, high = (_first(self.time, curve <= 0.5 + 1e-9) for curve in curves)
        return Interval(estimate, low, high, level)

    def limits(self, time: float, level: float = 0.95) -> tuple[float, float]:
        """Log-log confidence limits of survival at a time; NaN before the first event."""
        index = int(np.searchsorted(self.time, time, side="right")) - 1
        if index < 0:
            return float("nan"), float("nan")
        here = slice(index, index + 1)
        lower, upper = band(self.survival[here], self.greenwood[here], level, "log-log")
        return float(lower[0]), float(upper[0])

    def rmst(self, horizon: float) -> float:
        """Restricted mean survival time to `horizon`."""
        inside = self.time < horizon
        edges = np.concatenate([[0.0], self.time[inside], [horizon]])
        return float(np.diff(edges) @ np.concatenate([[1.0], self.survival[inside]]))


def kaplan_meier(patients: Patients) -> KaplanMeier:
    """The Kaplan-Meier estimate; a patient censored at an event time is at risk of it."""
    events = patients.time[patients.event == 1]
    times, deaths = np.unique(events, return_counts=True)
    at_risk = len(patients.time) - np.searchsorted(np.sort(patients.time), times, side="left")
    with np.errstate(divide="ignore"):
        greenwood = np.cumsum(deaths / (at_risk * (at_risk - deaths)), dtype=np.float64)
    survival = np.cumprod(1 - deaths / at_risk, dtype=np.float64)
    return KaplanMeier(times, survival, greenwood)


def band(
    survival: Floats, greenwood: Floats, level: float, transform: Transform
) -> tuple[Floats, Floats]:
    """Pointwise confidence limits of S; not estimable (NaN) where S is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = normal_quantile(level) * np.sqrt(greenwood)
        if transform == "plain":
            lower, upper = survival * (1 - spread), survival * (1 + spread)
        elif transform == "log":
            lower, upper = survival * np.exp(-spread), survival * np.exp(spread)
        else:
            spread = spread / np.log(survival)
            lower, upper = survival ** np.exp(-spread), survival ** np.exp(spread)
    return lower, upper


def at_risk(patients: Patients, times: Floats) -> Integers:
    """Number at risk just before each of `times`."""
    return len(patients.time) - np.searchsorted(np.sort(patients.time), times, side="left")


@dataclass(frozen=True)
class Cox:
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


def cox(arm: Patients, comparator: Patients) -> Cox:
    """Cox model with the arm as its only covariate, ties by Efron (1977, JASA 72:557-565)."""
    times = np.unique(
        np.concatenate([arm.time[arm.event == 1], comparator.time[comparator.event == 1]])
    )
    n1, n2 = (at_risk(group, times).astype(float) for group in (arm, comparator))
    d1, d2 = (_deaths(group, times) for group in (arm, comparator))
    p = _logrank_p(d1, d2, n1, n2)
    if not len(times) or p is None:
        return Cox(float("nan"), float("nan"), float("nan"))
    d = (d1 + d2).astype(int)
    row = np.repeat(np.arange(len(d)), d)
    share = (np.arange(len(row)) - np.repeat(np.cumsum(d) - d, d)) / d[row]
    m1, m2 = n1[row] - share * d1[row], n2[row] - share * d2[row]
    log_hr, total = 0.0, d1.sum()
    for _ in range(50):
        probability = m1 * np.exp(log_hr) / (m1 * np.exp(log_hr) + m2)
        information = float(np.sum(probability * (1 - probability)))
        if information < 1e-9:
            return Cox(float(np.copysign(np.inf, log_hr)), float("inf"), p)
        step = float(np.clip((total - probability.sum()) / information, -1, 1))
        log_hr += step
        if abs(step) < 1e-10:
            break
    return Cox(log_hr, information**-0.5, p)


def _deaths(patients: Patients, times: Floats) -> Floats:
    events = np.sort(patients.time[patients.event == 1])
    before = np.searchsorted(events, times, side="left")
    return (np.searchsorted(events, times, side="right") - before).astype(float)


def _logrank_p(d1: Floats, d2: Floats, n1: Floats, n2: Floats) -> float | None:
    """Two-sided P of the log-rank test; None where it has no variance."""
    d, n = d1 + d2, n1 + n2
    variance = np.sum(d * n1 * n2 * (n - d) / (n**2 * np.maximum(n - 1, 1)))
    if variance <= 0:
        return None
    z = np.sum(d1 - d * n1 / n) / np.sqrt(variance)
    from scipy.special import erfc

    return float(erfc(abs(z) / np.sqrt(2)))


@cache
def normal_quantile(level: float) -> float:
    """Two-sided normal quantile: 1.96 for 0.95."""
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2))


def _first(times: Floats, reached: np.ndarray) -> float | None:
    return float(times[np.argmax(reached)]) if reached.any() else None
