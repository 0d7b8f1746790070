"""Numbers at risk that agree with survival posted at a few times (as registries do), and events.

Patients at risk at t are N S(t) G(t), where G is the chance of not being censored by t. How
patients are censored is not known: tables are drawn with many shapes of G, whose level follows from
the number of events if that is known, and weighed by how well whole patients give the survival
posted. The particle filter then draws the patients, given a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evinet.patients.data import Floats, Integers
from evinet.reconstruct.draws import tempered
from evinet.reconstruct.inputs import ArmInput
from evinet.reconstruct.likelihood import rounding
from evinet.reconstruct.particle_weights import systematic
from evinet.reconstruct.prior import DROPOUT, POWERS, STARTS, STEADY

LEAST = 3  # posted times that an arm must have
CANDIDATES = 600
TENTHS = 10
WALK_SD, OWN_SD = 1.0, 0.5  # SD of a tenth's step of the log hazard of censoring: all arms, one
BEYOND = (1.02, 1.25)  # follow-up ends after the last posted time, by a factor in this range
LEVEL_SD = 0.7  # SD of the log of the level of censoring where the number of events is not known
HALVINGS = 15  # of the interval that holds the level


@dataclass(frozen=True, eq=False)
class _Shapes:
    """Shapes of censoring, by candidate: (K,) cumulative hazards at level 1."""

    power: Floats  # share censored by t is (t / end)^power; 0 for a constant hazard
    start: Floats  # nobody is censored before this share of follow-up
    end: Floats
    walk: Floats  # (TENTHS, K) departures of the log hazard over the tenths of follow-up

    def between(self, start: float, stop: float, own: Floats) -> Floats:
        """Cumulative hazard at level 1 between two times, with an arm's own departures."""
        middle = min((start + stop) / 2 / self.end.max(), 0.999) * TENTHS
        departure = (self.walk + own)[int(middle)]
        return (self._cumulative(stop) - self._cumulative(start)) * np.exp(departure)

    def _cumulative(self, time: float) -> Floats:
        share = np.clip((time / self.end - self.start) / (1 - self.start), 0, 0.999)
        cut = -np.log1p(-(share ** np.maximum(self.power, 0.1)))
        result: Floats = np.where(self.power == 0, share, cut) + DROPOUT * time / self.end
        return result


@dataclass(frozen=True, eq=False)
class _Tables:
    """Candidates for the numbers at risk (K, M + 1) of one arm, their events and log weights."""

    at_risk: Integers
    events: Integers
    log_weight: Floats


def usable(arm: ArmInput) -> bool:
    """Whether an arm has what tables are drawn from."""
    return bool(arm.n) and len(arm.landmarks) >= LEAST


def fill(arms: Sequence[ArmInput], count: int, rng: np.random.Generator) -> list[list[ArmInput]]:
    """`count` times the arms, each time with other numbers at risk at the posted times.

    The shape of censoring is common to all arms, as accrual and data cut are.
    """
    last = max(mark.time for arm in arms for mark in arm.landmarks)
    shapes = _shapes(last, rng)
    found = [_tables(arm, shapes, rng) for arm in arms]
    log_weight, _ = tempered(np.sum([each.log_weight for each in found], axis=0), CANDIDATES / 6)
    chosen = systematic(log_weight, count, rng)
    return [
        [
            replace(arm, at_risk=(_times(arm), each.at_risk[k]))
            for arm, each in zip(arms, found, strict=True)
        ]
        for k in chosen
    ]


def misses(arm: ArmInput, time: Floats, event: Floats) -> Floats:
    """Largest difference from survival posted, of each row of sorted times (P, N) and events."""
    at_risk = time.shape[1] - np.arange(time.shape[1])
    path = np.cumsum(np.log(np.where(event, np.maximum(1 - 1 / at_risk, 1e-12), 1.0)), axis=1)
    survival = np.exp(np.concatenate([np.zeros((len(time), 1)), path], axis=1))
    worst = np.zeros(len(time))
    for mark in arm.landmarks:
        left = (time <= mark.time).sum(axis=1)
        found = np.take_along_axis(survival, left[:, None], axis=1)[:, 0]
        worst = np.maximum(worst, np.abs(found - mark.survival))
    return worst


def _times(arm: ArmInput) -> Floats:
    return np.array([0.0, *(mark.time for mark in arm.landmarks)])


def _shapes(last: float, rng: np.random.Generator) -> _Shapes:
    powers = np.array([0.0, *POWERS, *(1.0 for _ in STARTS)])
    starts = np.array([*(0.0 for _ in range(1 + len(POWERS))), *STARTS])
    chance = np.array([STEADY] + [(1 - STEADY) / (len(powers) - 1)] * (len(powers) - 1))
    kind = rng.choice(len(powers), CANDIDATES, p=chance)
    end = last * rng.uniform(*BEYOND, CANDIDATES)
    return _Shapes(powers[kind], starts[kind], end, _walk(WALK_SD, rng))


def _walk(sd: float, rng: np.random.Generator) -> Floats:
    return np.cumsum(sd * rng.standard_normal((TENTHS, CANDIDATES)), axis=0)


def _tables(arm: ArmInput, shapes: _Shapes, rng: np.random.Generator) -> _Tables:
    chance = rng.standard_normal((len(arm.landmarks) + 1, CANDIDATES))
    own = _walk(OWN_SD, rng)
    if arm.events is None:
        level = np.exp(LEVEL_SD * rng.standard_normal(CANDIDATES))
        return _follow(arm, shapes, own, level, chance)
    low, high = np.full(CANDIDATES, np.log(1e-3)), np.full(CANDIDATES, np.log(1e3))
    for _ in range(HALVINGS):  # the more are censored, the fewer have an event
        middle = (low + high) / 2
        more = _follow(arm, shapes, own, np.exp(middle), chance).events > arm.events
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return _follow(arm, shapes, own, np.exp(high), chance)


def _follow(arm: ArmInput, shapes: _Shapes, own: Floats, level: Floats, chance: Floats) -> _Tables:
    """Patients leave by posted survival and by censoring; `chance` is standard normal, by
    interval.

    The weight is the density of the survival posted: S falls by a whole number of patients, in a
    random order with those censored (the variance is that of Mann and Whitney's U).
    """
    time = _times(arm)
    posted = np.minimum.accumulate([1.0, *(mark.survival for mark in arm.landmarks)])
    tolerance = np.array([rounding(mark.survival) for mark in arm.landmarks])
    at_risk = np.empty((CANDIDATES, len(time)), dtype=np.int64)
    at_risk[:, 0] = arm.n or 0
    events, log_weight = np.zeros(CANDIDATES, dtype=np.int64), np.zeros(CANDIDATES)
    log_survival = np.zeros(CANDIDATES)
    for index in range(len(time) - 1):
        here = at_risk[:, index]
        stays = np.exp(-level * shapes.between(time[index], time[index + 1], own))
        ratio = np.minimum(posted[index + 1] / np.exp(log_survival), 1.0)
        censored = _binomial(here, (1 - stays) * (1 + ratio) / 2, chance[index])
        middle = np.maximum(here - censored / 2, 1e-9)
        died = np.minimum(np.rint(middle * (1 - ratio)), here - censored).astype(np.int64)
        log_survival += np.log(np.maximum(1 - died / middle, 1e-6))
        off = np.exp(log_survival) / max(posted[index + 1], 1e-6) - 1
        order = died * censored * (died + censored + 1) / 12 / middle**4
        relative = tolerance[index] / max(posted[index + 1], 1e-3)
        variance = order + relative**2 / 3 + (0.1 / middle) ** 2
        log_weight -= 0.5 * np.minimum(off**2 / variance, 50) + 0.5 * np.log(variance * middle**2)
        at_risk[:, index + 1] = here - censored - died
        events += died
        log_weight -= 50.0 * ((at_risk[:, index + 1] < 1) & (posted[index + 1] > 0))
    rest = at_risk[:, -1]
    fall = (posted[-1] / max(posted[-2], 1e-9)) ** (1 / (time[-1] - time[-2]))
    dying = 1 - max(fall, 1e-9) ** ((shapes.end - time[-1]) / 2)
    events += _binomial(rest, dying, chance[-1])
    if arm.events is not None:
        missing = np.abs(arm.events - np.clip(arm.events, events - rest, events + rest))
        log_weight -= 50.0 * missing
    return _Tables(at_risk, events, log_weight)


def _binomial(count: Integers, probability: Floats, chance: Floats) -> Integers:
    """Binomial numbers by their normal approximation, monotone in the probability and `chance`."""
    p = np.clip(probability, 0, 1)
    drawn = np.rint(count * p + np.sqrt(count * p * (1 - p)) * chance)
    return np.clip(drawn, 0, count).astype(np.int64)
