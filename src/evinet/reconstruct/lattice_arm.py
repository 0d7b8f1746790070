"""Posterior of the events and censorings of one arm, given its curve and what was printed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evinet.reconstruct.curve import Reading, read
from evinet.reconstruct.draws import tempered
from evinet.reconstruct.ffbs import FORGOTTEN, Filtered, backward, forward
from evinet.reconstruct.inputs import ArmInput, Flag, Floats, Integers
from evinet.reconstruct.lattice_nodes import Nodes, Segments, nodes, segments
from evinet.reconstruct.lattice_rates import Course, course
from evinet.reconstruct.noise import EXACT, Noise, hypotheses
from evinet.reconstruct.particles import systematic

FIRST = 60  # nodes on which hypotheses of the noise are compared
CLICKED = 1e-3  # of the axis: no hand is nearer
DOUBT = 2.0  # log evidence by which noises of clicked points are told apart
RATES = (1 / 3, 1.0, 3.0)  # factors of the rate of censoring where no number at risk fixes it
WITH_EVENTS = (0.5, 1.0, 2.0)  # the same where the total of events is known
STEEPEST = 20.0  # largest weight of an event, on the log scale, to meet the total
TILTS = 24
BATCHES = 4
LEAST_EFFECTIVE = 0.2  # share of the paths that must keep weight
COARSE = 1e-5  # states less probable than this are dropped in large arms, and to tell the noise
LARGE = 1000  # patients of an arm
TRIES = 32  # paths that tell their total of events


@dataclass(frozen=True, eq=False)
class Paths:
    """Sampled paths: (P, K) censorings before, and events at, each of K nodes.

    `pixel` is the width of a pixel where times were read from pixels, otherwise 0.
    """

    segments: Segments
    reading: Reading
    course: Course
    censored: Integers
    died: Integers
    pixel: float


@dataclass(frozen=True, eq=False)
class _Arm:
    """An arm under one hypothesis of its noise."""

    n: int
    events: int | None
    segments: Segments
    course: Course
    noise: Noise
    pixel: float
    ties: float
    marked: bool
    last: float  # time of the last number at risk

    @property
    def forgotten(self) -> float:
        """States less probable than this are dropped."""
        return FORGOTTEN if self.n <= LARGE else COARSE

    def nodes(self, factor: float = 1.0) -> Nodes:
        """The nodes, with `factor` times the censoring after the last number at risk."""
        time = self.segments.time
        rate = np.maximum(np.diff(self.course.lost(time), prepend=0.0), 0)
        rate = np.where(time > self.last, factor * rate, rate)
        at_risk = np.maximum(self.course.number(time), 0.5)
        return nodes(self.segments, self.noise, at_risk, self.ties, rate, self.marked)


def sample(arm: ArmInput, size: int, rng: np.random.Generator) -> tuple[Paths, list[Flag]]:
    """Sample `size` paths of a tidy arm with a curve and a known number of patients."""
    assert arm.curve is not None
    assert arm.n is not None
    table = arm.at_risk or (np.zeros(1), np.array([arm.n]))
    rough = course(arm.curve, table, arm.events)
    alive = float(table[0][table[1] > 0][-1])
    at_risk = rough.time, rough.at_risk
    reading, flags = read(*arm.curve, at_risk, alive, arm.name)
    state = _likeliest(arm, reading, table)
    if reading.style == "points" and state.noise.sd <= EXACT and not reading.even:
        # nobody clicks that exactly: drops of several events each
        reading, flags = read(*arm.curve, at_risk, alive, arm.name, "drops")
        state = _likeliest(arm, reading, table)
    if len(state.segments.time):
        censored, died = _sampled(state, size, rng)
    else:
        censored, died = np.zeros((2, size, 0), np.int64)
    if len(table[0]) == 1 and arm.events is None and state.noise.sd > 1e-4:
        message = "neither numbers at risk nor total events: the censoring is assumed"
        flags.append(Flag("censoring-assumed", arm.name, message))
    off = 0 if arm.events is None else int(died[0].sum()) - arm.events
    if off:
        message = f"the curve allows {died[0].sum()} events, not {arm.events}"
        flags.append(Flag("events-unmet", arm.name, message, float(off)))
    return Paths(state.segments, reading, state.course, censored, died, state.pixel), flags


def _likeliest(arm: ArmInput, reading: Reading, table: tuple[Floats, Integers]) -> _Arm:
    """The arm with the noise under which the first part of its curve is most probable."""
    found = course((reading.time, reading.survival), table, arm.events)
    clicked = reading.style == "points" and not reading.survival_grid
    tried = [
        _arm(arm, reading, table, found, noise)
        for noise in hypotheses(reading.survival_grid, int(table[1][0]))
        if not (clicked and EXACT < noise.sd < CLICKED)
    ]
    if not len(tried[0].segments.time):
        return tried[0]
    scores = [
        forward(each.n, each.nodes().first(FIRST), 0.0, COARSE).log_evidence for each in tried
    ]
    if clicked:  # of noises that are about as likely the largest
        return tried[int(np.flatnonzero(np.array(scores) > max(scores) - DOUBT)[-1])]
    return tried[int(np.argmax(scores))]


def _arm(
    arm: ArmInput, reading: Reading, table: tuple[Floats, Integers], found: Course, noise: Noise
) -> _Arm:
    """The arm with its noise; times have that of their pixels where survival has."""
    assert arm.n is not None
    pixel = _blur(reading, noise)
    level = np.minimum.accumulate(np.concatenate([[1.0], reading.survival]))
    fall = 1 - level[1:] / np.maximum(level[:-1], 1e-9)
    events = float(fall @ found.number(reading.time))
    ties = max(events / max(len(fall), 1) - 1, 0.0)
    return _Arm(
        arm.n, arm.events, segments(reading, table, arm.marks, pixel), found, noise, pixel, ties,
        arm.marks is not None, float(table[0][-1]),
    )  # fmt: skip


def _blur(reading: Reading, noise: Noise) -> float:
    """Width of the error of times: a pixel, or that of survival in shares of the axes."""
    if noise.sd <= 2 * EXACT or not len(reading.time):
        return 0.0
    if reading.time_grid or reading.survival_grid:
        return 0.0 if reading.style == "points" else reading.time_grid
    return float(12**0.5 * noise.sd * reading.time[-1])


def _sampled(state: _Arm, size: int, rng: np.random.Generator) -> tuple[Integers, Integers]:
    """Paths under several rates of censoring where it is open, each as probable as it is."""
    events = state.events
    factors: tuple[float, ...] = RATES if events is None else WITH_EVENTS
    if not (state.segments.time > state.last).any() or (events is not None and state.last == 0):
        factors = (1.0,)
    tried = [state.nodes(factor) for factor in factors]
    tilts = [0.0]
    for each in tried:
        tilts.append(
            0.0 if events is None else _tilt(state.n, each, events, tilts[-1], state.forgotten, rng)
        )
    tilts = tilts[1:]
    filters = [
        forward(state.n, each, tilt, state.forgotten)
        for each, tilt in zip(tried, tilts, strict=True)
    ]
    evidence = np.array([each.log_evidence for each in filters])
    drawn = [
        _paths(state.n, each, made, tilt, size, events, rng)
        for each, made, tilt in zip(tried, filters, tilts, strict=True)
    ]
    if events is not None:  # evidence of the total: untilted, and as often as it was met
        met = [max(chance, 1e-6) for *_, chance in drawn]
        total = [died.sum(axis=1).mean() for _, died, _ in drawn]
        evidence = evidence + np.log(met) - np.array(tilts) * np.array(total)
    weight = np.exp(evidence - evidence.max())
    chosen = rng.choice(len(tried), size=size, p=weight / weight.sum())
    censored = np.array([drawn[which][0][i] for i, which in enumerate(chosen)])
    died = np.array([drawn[which][1][i] for i, which in enumerate(chosen)])
    return censored, died


def _paths(
    n: int, each: Nodes, made: Filtered, tilt: float, size: int, events: int | None,
    rng: np.random.Generator,
) -> tuple[Integers, Integers, float]:  # fmt: skip
    """Sampled paths, with the total of events nearest to a known one; and how often it is met."""
    wide = 2 * len(each.value) + 1
    batches, met = [], 0
    for _ in range(1 if events is None else BATCHES):
        batches.append(backward(n, each, made, tilt, rng.random((size, wide))))
        met += int((batches[-1][1].sum(axis=1) == events).sum())
        if met >= size // 2:
            break
    censored, died, log_weight = (np.concatenate(part) for part in zip(*batches, strict=True))
    usable = np.arange(len(died))
    if events is not None:
        off = np.abs(died.sum(axis=1) - events)
        usable = np.flatnonzero(off == off.min())
    weight, _ = tempered(log_weight[usable], LEAST_EFFECTIVE * min(size, len(usable)))
    picked = usable[rng.permutation(systematic(weight, size, rng))]
    return censored[picked], died[picked], met / len(died)


def _tilt(
    n: int, each: Nodes, events: int, start: float, forgotten: float, rng: np.random.Generator
) -> float:
    """Weight of an event with which paths have the total often."""
    low, high, tilt = -STEEPEST, STEEPEST, start
    best, least = start, np.inf
    for _ in range(TILTS):
        made = forward(n, each, tilt, forgotten)
        _, died, _ = backward(n, each, made, tilt, rng.random((TRIES, 2 * len(each.value) + 1)))
        total = died.sum(axis=1)
        off = float(total.mean() - events)
        if abs(off) < least:
            best, least = tilt, abs(off)
        if abs(off) < max(0.7 * total.std(), 0.3) or high - low < 0.05:
            break
        low, high = (tilt, high) if off < 0 else (low, tilt)
        step = -off / max(float(total.var()), 0.05)
        tilt = tilt + step if low < tilt + step < high else (low + high) / 2
    return best
