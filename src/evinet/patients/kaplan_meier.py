"""The Kaplan-Meier estimate, its median and restricted mean, and their confidence limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evinet.patients.data import Floats, Interval, Patients, normal_quantile

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

    def rmst_variance(self, horizon: float) -> float:
        """Greenwood's variance of the restricted mean survival time to `horizon`."""
        inside = self.time < horizon
        time, survival = self.time[inside], self.survival[inside]
        steps = np.diff(np.concatenate([[0.0], self.greenwood[inside]]))
        areas = survival * np.diff(np.append(time, horizon))
        beyond = np.cumsum(areas[::-1])[::-1]
        return float((beyond**2)[survival > 0] @ steps[survival > 0])


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


def _first(times: Floats, reached: np.ndarray) -> float | None:
    return float(times[np.argmax(reached)]) if reached.any() else None
