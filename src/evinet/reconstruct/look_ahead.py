"""How likely it is, from one interval on, to end at what is printed further on.

A normal approximation in the events of the intervals to come; the particle filter uses it to
propose and takes it back by weighting, so it costs nothing but efficiency.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evinet.patients.data import Floats, Integers
from evinet.patients.kaplan_meier import band
from evinet.reconstruct.follow_up import FollowUp
from evinet.reconstruct.hazards import Sum
from evinet.reconstruct.likelihood import Mark

LIMIT_SD = 0.04  # of log survival where a limit is, given that it depends on the convention


def survival_sum(times: FollowUp, mark: Mark, level: float = 0.95) -> Sum:
    """-log survival at a mark as a sum over events, if they come evenly among those who leave.

    Within an interval S falls by (R_{m+1}/R_m)^p where a share p of the leaving are events.
    """
    weights = np.zeros(len(times.leaving))
    for interval in range(mark.interval + 1):
        leaving = times.leaving[interval] * (mark.share if interval == mark.interval else 1)
        if leaving > 0:
            start = float(times.at_risk[interval])
            weights[interval] = (
                -np.log1p(-min(leaving, start - 0.5) / start) / times.leaving[interval]
            )
    leaving, start = times.leaving[mark.interval], times.at_risk[mark.interval]
    at_risk = max(start - mark.share * leaving, 1.0)
    target = max(mark.target, 0.01)
    placing = mark.share * (1 - mark.share) * leaving / 2
    variance = (mark.tolerance / target) ** 2 / 3 + (0.25 + placing) / at_risk**2
    if mark.kind in ("lower", "upper"):
        target = at_limit(mark.kind == "lower", float(times.at_risk[0]), at_risk, level)
        variance += LIMIT_SD**2
    return Sum(weights, -float(np.log(target)), float(np.sqrt(variance)))


def at_limit(lower: bool, n: float, at_risk: float, level: float) -> float:
    """Survival where, about, its log-log limit is 0.5, when `at_risk` of `n` patients are left.

    Greenwood's sum is that of a fixed number of patients, between those who started and those who
    would have, had nobody been censored.
    """
    survival = np.linspace(0.5, 0.99, 99) if lower else np.linspace(0.5, 0.01, 99)
    patients = np.minimum(np.sqrt(n * at_risk / survival), n)
    limits = band(survival, (1 - survival) / (survival * patients), level, "log-log")
    return float(survival[np.argmin(np.abs(limits[0 if lower else 1] - 0.5))])


@dataclass(frozen=True, eq=False)
class Guide:
    """The sums that are printed for one arm: the total of events, and survival at some times."""

    times: FollowUp
    survival: list[tuple[Mark, Sum]]
    total: bool

    def ahead(
        self, interval: int, share: Floats, left: Floats | Integers, log_survival: Floats
    ) -> Floats:
        """Log density of what is printed beyond `interval`.

        `share` (K, M) is the probability of an event, `left` and `log_survival` (K, ...) the events
        still to come and log S at the end of the interval.
        """
        probability, rest = share[:, interval + 1 :], self.times.leaving[interval + 1 :]
        mean, variance = probability * rest, probability * (1 - probability) * rest

        def fit(values: Floats) -> Floats:
            return values.reshape(values.shape + (1,) * (log_survival.ndim - 1))

        coming = next((pair for pair in self.survival if pair[0].interval > interval), None)
        total = self.total and rest.sum() > 0
        if total:
            error = left - fit(mean.sum(axis=1))
            spread = fit(variance.sum(axis=1)) + 0.25
        if coming is not None:
            weights = coming[1].weights[interval + 1 :]
            off = coming[1].value + log_survival - fit(mean @ weights)
            width = fit(variance @ weights**2) + coming[1].noise ** 2
        if total and coming is not None:
            shared = fit(variance @ weights)
            determinant = spread * width - shared**2
            square = (width * error**2 - 2 * shared * error * off + spread * off**2) / determinant
            return -0.5 * square - 0.5 * np.log(determinant)
        if total:
            return -0.5 * error**2 / spread - 0.5 * np.log(spread)
        if coming is not None:
            return -0.5 * off**2 / width - 0.5 * np.log(width)
        return np.zeros_like(log_survival)

    def choice(
        self, interval: int, share: Floats, left: Integers, log_survival: Floats, events: Integers
    ) -> Floats:
        """Log density of what is printed from `interval` on, for `events` (1, L + 1) in it."""
        start, leaving = float(self.times.at_risk[interval]), float(self.times.leaving[interval])
        fall = np.log1p(-min(leaving, start - 0.5) / start) / leaving
        after = log_survival[:, None] + fall * events
        density = self.ahead(interval, share, left[:, None] - events, after)
        for mark, row in self.survival:
            if mark.interval == interval:
                off = row.value + log_survival[:, None] - row.weights[interval] * events
                density = density - 0.5 * (off / row.noise) ** 2
        return density
