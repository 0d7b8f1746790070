"""About how many are at risk, and how many are censored when: where the lattice starts from.

In an interval with constant hazards, of those who leave a share p = ln(S1/S0) / ln(R1/R0) have
an event (events and censorings interleave evenly).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evinet.patients.data import Floats, Integers

UNKNOWN_SHARE = 0.3  # censored in all of follow-up, where nothing is known of it
SMOOTH = 0.8  # share of the censoring that is smooth in time; the rest is even between counts
LEAST_CENSORED = 0.2  # in an interval
RECENT = 3  # intervals that tell the rate of censoring after the last number at risk
HALVINGS = 40


@dataclass(frozen=True, eq=False)
class Course:
    """The course of an arm: `at_risk` and `censored` (in all) at each of `time`.

    `hazard` is the rate of censoring of a patient in the end.
    """

    time: Floats
    at_risk: Floats
    censored: Floats
    hazard: float

    def number(self, time: Floats) -> Floats:
        """Roughly the number at risk."""
        return np.interp(time, self.time, self.at_risk)

    def lost(self, time: Floats) -> Floats:
        """Censorings expected by a time."""
        return np.interp(time, self.time, self.censored)

    def between(self, low: Floats, high: Floats, share: Floats) -> Floats:
        """Times by which `share` of the censorings between `low` and `high` are expected."""
        # never quite flat, so that the inverse exists
        rising = self.censored + 1e-3 * self.time / max(self.time[-1], 1e-9)
        first, last = np.interp(low, self.time, rising), np.interp(high, self.time, rising)
        return np.clip(np.interp(first + share * (last - first), rising, self.time), low, high)


def course(
    curve: tuple[Floats, Floats], table: tuple[Floats, Integers], events: int | None
) -> Course:
    """The course that a curve (without outliers) and numbers at risk suggest.

    Numbers at risk start at time 0. After the last the rate of censoring is that of the last
    intervals, or, where the total of events is known, such that this total results.
    """
    times, counts = table[0], table[1].astype(float)
    time = np.concatenate([[0.0], curve[0]])
    level = np.minimum.accumulate(np.concatenate([[1.0], curve[1]]))
    positive = level[level > 0]
    floor = 0.5 * positive[-1]  # the last event of all brings survival to 0
    at = level[np.maximum(np.searchsorted(time, times, side="left") - 1, 0)]
    at = np.maximum(at, floor)
    attrition = np.log(np.maximum(counts[1:], 0.5) / np.maximum(counts[:-1], 0.5))
    mortality = np.log(at[1:] / at[:-1])
    share = np.divide(mortality, attrition, out=np.ones_like(attrition), where=attrition < 0)
    leaving = counts[:-1] - counts[1:]
    censored = np.maximum((1 - share.clip(0, 1)) * leaving, LEAST_CENSORED)
    open_part = _open(time, level, times[-1], counts[-1])
    hazard = _recent(times, counts, censored, time[-1])
    if events is not None:
        rest = events - float((leaving - np.minimum(censored, leaving)).sum())
        hazard = _hazard_with_events(*open_part, rest / max(counts[-1], 1))
    grid = np.unique(np.concatenate([time, times, np.linspace(0, times[-1], 200)]))
    inside = grid <= times[-1]
    beyond, factors = open_part
    number = counts[-1] * factors * np.exp(-hazard * (beyond - times[-1]))
    at_risk = np.where(inside, np.interp(grid, times, counts), np.interp(grid, beyond, number))
    lost = _smooth(grid[inside], times, np.concatenate([[0.0], np.cumsum(censored)]))
    middle = (at_risk[1:] + at_risk[:-1]) / 2
    further = np.cumsum((hazard * middle * np.diff(grid))[inside.sum() - 1 :])
    return Course(grid, at_risk, np.concatenate([lost, lost[-1] + further]), hazard)


def _open(time: Floats, level: Floats, last: float, count: float) -> tuple[Floats, Floats]:
    """Times from the last number at risk on, and survival relative to it."""
    start = float(level[max(int(np.searchsorted(time, last, side="left")) - 1, 0)])
    after = time > last
    beyond = np.concatenate([[last], time[after]])
    if start <= 0 or count <= 0:
        return beyond, np.zeros(len(beyond))
    return beyond, np.concatenate([[1.0], level[after] / start])


def _recent(times: Floats, counts: Floats, censored: Floats, end: float) -> float:
    if len(times) == 1:
        return float(-np.log(1 - UNKNOWN_SHARE) / max(end, 1e-9))
    person_time = np.diff(times) * (counts[:-1] + counts[1:]) / 2
    return float(censored[-RECENT:].sum() / max(person_time[-RECENT:].sum(), 1e-9))


def _hazard_with_events(beyond: Floats, factors: Floats, events: float) -> float:
    """Rate of censoring after the last number at risk with which `events` a patient follow."""
    fall = np.divide(-np.diff(factors), factors[:-1], out=np.zeros(len(factors) - 1),
                     where=factors[:-1] > 0)  # fmt: skip
    length = max(beyond[-1] - beyond[0], 1e-9)
    low, high = 0.02 / length, 20.0 / length
    for _ in range(HALVINGS):
        hazard = (low * high) ** 0.5
        share = np.exp(-hazard * (beyond[1:] - beyond[0]))
        low, high = (hazard, high) if fall @ (factors[:-1] * share) > events else (low, hazard)
    return float(hazard)


def _smooth(grid: Floats, times: Floats, total: Floats) -> Floats:
    """Censorings by the times of a grid, given those by the numbers at risk."""
    if len(times) == 1:
        return np.zeros(len(grid))
    from scipy.interpolate import PchipInterpolator

    even = np.interp(grid, times, total)
    result: Floats = SMOOTH * PchipInterpolator(times, total)(grid) + (1 - SMOOTH) * even
    return result
