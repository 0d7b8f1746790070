"""About how many are at risk, and how many are censored when: where the lattice starts from.

Between two numbers at risk R0 and R1 the hazard of censoring adds up to ln(R0/R1) - ln(S0/S1): what
the curve leaves of those who left. When in between it was high is not printed; in large arms with
heavy censoring it decides how many events a drop of the curve is, so it is left open (`LEVELS`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evinet.patients.data import Floats, Integers
from evinet.reconstruct import monotone

UNKNOWN_SHARE = 0.3  # censored in all of follow-up, where nothing is known of it
SMOOTH = 0.8  # share of it that is smooth in time; the rest is even between numbers at risk
LEAST_CENSORED = 0.2  # in an interval
LEAST_SURVIVAL = 1e-6  # so that even the square of it is a number
RECENT = 3  # intervals that tell the rate of censoring after the last number at risk
HALVINGS = 40
LEVELS = (1 / 4, 1 / 2, 1.0, 2.0, 4.0)
"""Factors of the rate of censoring that is expected, between numbers at risk ..."""
CHANCES = (0.1, 0.2, 0.4, 0.2, 0.1)  # ... and how probable they are
USUAL = LEVELS.index(1.0)
SWITCHES = 3.0  # times that the level changes between two numbers at risk, on average
HEAVY = 0.25  # share censored in an interval that decides how many events there are ...
BLURRED = 0.5  # ... if survival is read to within so many events
MANY = 5.0  # censored in an interval: among fewer it does not matter when
RATES = (1 / 3, 1.0, 3.0)  # factors of the rate of censoring where no number at risk fixes it
WITH_EVENTS = (0.5, 1.0, 2.0)  # the same where the total of events is known


@dataclass(frozen=True, eq=False)
class Course:
    """The course of an arm: about how many are at risk, and are censored in all, at each of `time`.

    Stretch j is from number at risk j to the next; the last one is open.

    Attributes
    ----------
    time, at_risk, censored : (G,)
    ends : (J,) the ends of the stretches; that of the last is infinite.
    factor, chance : (J, L) of the rate of censoring in each stretch, at each level, and how
        probable the level is.
    hazard : the rate of censoring of a patient in the end.
    """

    time: Floats
    at_risk: Floats
    censored: Floats
    ends: Floats
    factor: Floats
    chance: Floats
    hazard: float

    def number(self, time: Floats) -> Floats:
        """Roughly the number at risk."""
        return np.interp(time, self.time, self.at_risk)

    def heavy(self, reach: float) -> tuple[float, float] | None:
        """The share that is censored between two numbers at risk, and the time of the first of
        them, where it is so large that it decides how many events there are.

        It does if survival cannot tell one event from another: it is read to within `reach`.
        """
        start = np.append(0.0, self.ends[:-2])
        at_risk = np.maximum(self.number(start), 1.0)
        lost = np.diff(np.interp(np.append(start, self.ends[-2:-1]), self.time, self.censored))
        share = np.where(at_risk * reach > BLURRED, lost / at_risk, 0.0)
        which = int(np.argmax(share)) if len(share) else 0
        if not len(share) or share[which] < HEAVY:
            return None
        return float(share[which]), float(start[which])

    def levels(
        self, time: Floats, pinned: np.ndarray, single: bool = False
    ) -> tuple[Floats, Floats, Floats]:
        """Levels of censoring that are possible: (K, L) factor of the rate before each of K times,
        (K, L) chance of each and (K,) chance that it is that before.

        `pinned` are the numbers at risk among the times. With `single`, the usual level alone.
        """
        used = np.arange(len(LEVELS)) == USUAL if single else self.chance.any(axis=0)
        stretch = np.cumsum(pinned) - pinned
        length = np.diff(self.ends, prepend=0.0)[stretch]
        stay = np.exp(-SWITCHES * np.diff(time, prepend=0.0) / length)
        stay[np.diff(stretch, prepend=-1) > 0] = 0.0
        chance = self.chance[stretch][:, used]
        chance = chance / chance.sum(axis=1, keepdims=True)
        return self.factor[stretch][:, used], chance, stay

    def between(self, low: Floats, high: Floats, share: Floats) -> Floats:
        """Times by which `share` of the censorings between `low` and `high` are expected."""
        # never quite flat, so that the inverse exists
        rising = self.censored + 1e-3 * self.time / max(self.time[-1], 1e-9)
        first, last = np.interp(low, self.time, rising), np.interp(high, self.time, rising)
        return np.clip(np.interp(first + share * (last - first), rising, self.time), low, high)


def course(
    curve: tuple[Floats, Floats], table: tuple[Floats, Integers], events: int | None,
    marked: bool = False,
) -> Course:  # fmt: skip
    """The course that a curve (without outliers) and numbers at risk suggest.

    Numbers at risk start at time 0. After the last the rate of censoring is that of the last
    intervals, or, where the total of events is known, such that this total results. Where censor
    marks are known (`marked`), they say when patients were censored.
    """
    times, counts = table[0], table[1].astype(float)
    time = np.concatenate([[0.0], curve[0]])
    level = np.minimum.accumulate(np.concatenate([[1.0], curve[1]]))
    positive = level[level > 0]
    floor = 0.5 * positive[-1]  # the last event of all brings survival to 0
    at = level[np.maximum(np.searchsorted(time, times, side="left") - 1, 0)]
    at = np.maximum(at, floor)
    number = np.maximum(counts, 0.5)
    weight = np.maximum(at, LEAST_SURVIVAL) ** 2
    lost = np.diff(_rising(np.log(number[0] / number) + np.log(at / at[0]), weight))
    lost = np.maximum(lost, LEAST_CENSORED / number[:-1])
    reached = np.concatenate([[0.0], np.cumsum(lost)])  # cumulative hazard of censoring
    grid = np.unique(np.concatenate([time, times, np.linspace(0, times[-1], 200)]))
    stretch = np.searchsorted(times, grid, side="right") - 1
    left = level[np.searchsorted(time, grid, side="right") - 1] / at[stretch]
    size = np.append(lost, 0.0)[stretch]
    share = np.divide(_smooth(grid, times, reached) - reached[stretch], size,
                      out=np.zeros(len(grid)), where=size > 0)  # fmt: skip
    inside = size * share

    def expected(hazard: float) -> tuple[Floats, Floats]:
        """Numbers at risk and censorings, (G,), with a rate after the last number at risk."""
        hazards = inside + hazard * np.maximum(grid - times[-1], 0)
        at_risk = number[stretch] * left * np.exp(-hazards)
        steps = np.diff(reached[stretch] + hazards)
        return at_risk, np.append(0.0, np.cumsum(-np.expm1(-steps) * at_risk[:-1]))

    censored = np.diff(np.interp(times, grid, expected(0.0)[1]))
    leaving = counts[:-1] - counts[1:]
    hazard = _recent(times, counts, censored, time[-1])
    if events is not None:
        rest = events - float((leaving - np.minimum(censored, leaving)).sum())
        beyond = _open(time, level, times[-1], counts[-1])
        hazard = _hazard_with_events(*beyond, rest / max(counts[-1], 1))
    factor, chance = np.ones((2, len(times), len(LEVELS)))
    factor[:-1] = LEVELS
    chance[:] = np.eye(len(LEVELS))[USUAL]
    chance[:-1][(censored > MANY) & (not marked)] = CHANCES
    if time[-1] > times[-1] and (events is None or len(times) > 1):
        factor[-1, USUAL - 1 : USUAL + 2] = RATES if events is None else WITH_EVENTS
        chance[-1] = 0.0
        chance[-1, USUAL - 1 : USUAL + 2] = 1 / 3
    at_risk, total = expected(hazard)
    ends = np.append(times[1:], np.inf)
    return Course(grid, at_risk, total, ends, factor, chance, hazard)


def _rising(values: Floats, weight: Floats) -> Floats:
    """The nearest values that never fall, the first of which stays (isotonic regression).

    Survival is read with noise: falls cut off one by one would leave only what it adds.

    >>> _rising(np.array([0.0, 0.3, 0.1, 0.5]), np.ones(4))
    array([0. , 0.2, 0.2, 0.5])
    """
    fitted = np.maximum(values, values[0])
    total = np.append(0.0, np.cumsum(weight * fitted))
    size = np.append(0.0, np.cumsum(weight))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (total[None, 1:] - total[:-1, None]) / (size[None, 1:] - size[:-1, None])
    return np.array([
        mean[: place + 1, place:].min(axis=1).max() for place in range(len(values))
    ])  # fmt: skip


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
    """The cumulative hazard of censoring at the times of a grid, given it at the numbers at risk.

    What is smooth in time is the share that is censored, not its hazard: where follow-up ends and
    nobody is left, the hazard grows without limit.
    """
    if len(times) == 1:
        return np.zeros(len(grid))
    gone = -np.expm1(-total)
    even = np.interp(grid, times, gone)
    smooth = np.minimum(monotone.interpolate(np.minimum(grid, times[-1]), times, gone), gone[-1])
    result: Floats = -SMOOTH * np.log1p(-smooth) - (1 - SMOOTH) * np.log1p(-even)
    return result
