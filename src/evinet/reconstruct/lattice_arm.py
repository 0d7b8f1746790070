"""Posterior of the events and censorings of one arm, given its curve and what was printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evinet.patients.data import Floats, Integers
from evinet.reconstruct.curve import Reading, read
from evinet.reconstruct.draws import tempered
from evinet.reconstruct.ffbs import FORGOTTEN, Filtered, backward, forward
from evinet.reconstruct.inputs import ArmInput, Flag
from evinet.reconstruct.lattice_nodes import Nodes, Segments, nodes, segments
from evinet.reconstruct.lattice_rates import Course, course
from evinet.reconstruct.noise import EXACT, Noise, hypotheses
from evinet.reconstruct.particles import systematic

FIRST = 50  # points of the curve on which hypotheses of style and noise are compared
CLICKED = 1e-3  # of the axis: no hand is nearer
PLAUSIBLE = 5.0  # log evidence within which other hypotheses of style and noise are drawn, too
MOST = 3  # such hypotheses
OTHER_STYLE = 5.0  # log evidence lost by a style that the points of another arm cannot have
UNLIKELY = 10.0  # log evidence below the best noise from which larger noises are not looked at
RATES = (1 / 3, 1.0, 3.0)  # factors of the rate of censoring where no number at risk fixes it
WITH_EVENTS = (0.5, 1.0, 2.0)  # the same where the total of events is known
STEEPEST = 20.0  # largest weight of an event, on the log scale, to meet the total
TILTS = 24
BATCHES = 4
LEAST_EFFECTIVE = 0.2  # share of the paths that must keep weight
COARSE = 1e-5  # states less probable than this are dropped in large arms, and to tell the noise
LARGE = 1000  # patients of an arm
TRIES = 32  # paths that tell their total of events
CONTRADICTS = 25.0  # log evidence that a total of events may cost before the curve is kept to


@dataclass(frozen=True, eq=False)
class Paths:
    """Sampled paths under one hypothesis: (P, K) censorings before, and events at, each of K nodes.

    `pixel` is the width of a pixel of the time axis, or of the error of clicked times, otherwise 0.
    """

    segments: Segments
    reading: Reading
    course: Course
    censored: Integers
    died: Integers
    pixel: float


@dataclass(frozen=True, eq=False)
class _Arm:
    """An arm under one hypothesis of its style and noise."""

    n: int
    events: int | None
    reading: Reading
    segments: Segments
    course: Course
    noise: Noise
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

    def evidence(self, cut: float) -> float:
        """Log evidence of the points up to a time; the same points under every hypothesis.

        Survival between two points, where a number at risk is, was not read; and of points that
        tell nothing beside their neighbours each is as probable as its neighbour.
        """
        every = self.nodes()
        first = every.first(int(np.searchsorted(self.segments.time, cut, side="right")))
        if not len(first.value):
            return self.reading.log_prior
        width = np.log(2 * first.half + 2.5066 * first.sd)
        read = self.segments.read[: len(width)]
        between = ~read & ~first.pinned
        found = forward(self.n, first, 0.0, COARSE).log_evidence + float(width[between].sum())
        skipped = self.reading.early(cut)
        if skipped and read.any():
            found -= skipped * float(np.median(width[read]))
        return found + self.reading.log_prior


@dataclass(frozen=True, eq=False)
class Hypotheses:
    """What the style and the noise of an arm's curve may be, each with its log evidence."""

    arm: ArmInput
    states: list[_Arm]
    scores: Floats

    def best_of(self, style: str) -> float:
        """The largest evidence of a style; of one that is out of the question, a little less."""
        own = [score for state, score in zip(self.states, self.scores, strict=True)
               if state.reading.style == style]  # fmt: skip
        return max(own, default=float(self.scores.max()) - OTHER_STYLE)

    def plausible(self, others: Sequence[Hypotheses], most: int) -> tuple[list[_Arm], Floats]:
        """At most so many hypotheses under which the curve is probable, and their shares.

        The curves of a figure are read the same way: the `others` of the trial tell of the style.
        """
        styles = [state.reading.style for state in self.states]
        common = {style: sum(other.best_of(style) for other in others) for style in set(styles)}
        scores = self.scores + np.array([common[style] for style in styles])
        order = np.argsort(-scores, kind="stable")[:most]
        order = order[scores[order] > scores.max() - PLAUSIBLE]
        weight = np.exp(scores[order] - scores.max())
        return [self.states[which] for which in order], weight / weight.sum()


def hypotheses_of(arm: ArmInput) -> tuple[Hypotheses, list[Flag]]:
    """What the points of a tidy arm with a curve and a known number of patients may be."""
    assert arm.curve is not None
    assert arm.n is not None
    table = _table(arm)
    rough = course(arm.curve, table, arm.events)
    alive = float(table[0][table[1] > 0][-1])
    readings, flags = read(*arm.curve, (rough.time, rough.at_risk), alive, arm.name)
    longest = max(readings, key=lambda each: len(each.time))
    cut = float(longest.time[min(FIRST, len(longest.time)) - 1]) if len(longest.time) else 0.0
    states: list[_Arm] = []
    scores: list[float] = []
    for reading in readings:
        found = course((reading.time, reading.survival), table, arm.events)
        best = -np.inf
        for state in _arms(arm, reading, table, found):
            score = state.evidence(cut)
            states.append(state)
            scores.append(score)
            best = max(best, score)
            if score < best - UNLIKELY:  # more noise is less probable still
                break
    return Hypotheses(arm, states, np.array(scores)), flags


def sample(
    found: Hypotheses, others: Sequence[Hypotheses], size: int, rng: np.random.Generator,
    single: bool = False,
) -> tuple[list[Paths], list[Flag]]:  # fmt: skip
    """Sample `size` paths of an arm, in all.

    Each of the hypotheses of style and noise that are plausible has as many paths as it deserves,
    the most plausible first; with `single` it has all.
    """
    arm, flags = found.arm, []
    states, share = found.plausible(others, 1 if single else MOST)
    counts = np.diff(np.rint(np.cumsum(np.append(0.0, share)) * size)).astype(int)
    events = arm.events
    if events is not None and len(states[0].segments.time):
        least, most = _possible(states[0], events, rng)
        if not least <= events <= most:
            likely = f"about {least} to {most}" if least < most else f"about {least}"
            message = f"{events} events, but the curve has {likely}: kept to the curve"
            flags.append(Flag("events-contradict-curve", arm.name, message, float(events - most)))
            events = None
    paths = []
    for state, count in zip(states, counts, strict=True):
        if count:
            censored, died = np.zeros((2, count, 0), np.int64)
            if len(state.segments.time):
                censored, died = _sampled(state, events, int(count), rng)
            made = Paths(
                state.segments, state.reading, state.course, censored, died,
                _pixel(state.reading, state.noise),
            )  # fmt: skip
            paths.append(made)
    _, sd = states[0].noise.of(states[0].reading.half)
    if len(_table(arm)[0]) == 1 and events is None and max(sd, default=0) > 1e-4:
        message = "neither numbers at risk nor total events: the censoring is assumed"
        flags.append(Flag("censoring-assumed", arm.name, message))
    reached = int(paths[0].died[0].sum())
    if events is not None and reached != events:
        message = f"the curve allows {reached} events, not {events}"
        flags.append(Flag("events-unmet", arm.name, message, float(reached - events)))
    return paths, flags


def _table(arm: ArmInput) -> tuple[Floats, Integers]:
    assert arm.n is not None
    return arm.at_risk or (np.zeros(1), np.array([arm.n]))


def _arms(
    arm: ArmInput, reading: Reading, table: tuple[Floats, Integers], found: Course
) -> list[_Arm]:
    """The arm under each hypothesis of its noise."""
    assert arm.n is not None
    level = np.minimum.accumulate(np.concatenate([[1.0], reading.survival]))
    fall = 1 - level[1:] / np.maximum(level[:-1], 1e-9)
    events = float(fall @ found.number(reading.time))
    ties = max(events / max(len(fall), 1) - 1, 0.0)
    clicked = reading.style == "points" and not reading.survival_grid
    states = []
    for noise in hypotheses(reading.survival_grid, arm.n):
        if clicked and EXACT < noise.sd < CLICKED:
            continue
        parts = segments(reading, table, arm.marks, _blur(reading, noise), _spread(reading, noise))
        states.append(
            _Arm(arm.n, arm.events, reading, parts, found, noise, ties, arm.marks is not None,
                 float(table[0][-1]))
        )  # fmt: skip
    return states


def _blur(reading: Reading, noise: Noise) -> Floats:
    """Width of the error of times: their rounding, or that of survival in shares of the axes."""
    size = len(reading.time)
    if (not noise.rounded and noise.sd <= 2 * EXACT) or not size:
        return np.zeros(size)
    if reading.time_grid or reading.survival_grid:
        return np.zeros(size) if reading.style == "points" else 2 * reading.time_half
    return np.full(size, 12**0.5 * noise.sd * reading.time[-1])


def _spread(reading: Reading, noise: Noise) -> Floats:
    """Factor of the noise of survival where times are as noisy: the steeper the curve, the more."""
    if noise.rounded or reading.style != "points" or noise.sd <= 2 * EXACT:
        return np.ones(len(reading.time))
    return np.hypot(1.0, reading.steepness)


def _pixel(reading: Reading, noise: Noise) -> float:
    if reading.time_grid:
        return reading.time_grid
    blur = _blur(reading, noise)
    return float(blur[0]) if len(blur) else 0.0


def _possible(state: _Arm, events: int, rng: np.random.Generator) -> tuple[int, int]:
    """The least and the most events that do not contradict the curve, in view of a total."""
    each = state.nodes()
    made = forward(state.n, each, 0.0, state.forgotten)
    _, died, _ = backward(state.n, each, made, 0.0, rng.random((TRIES, 2 * len(each.value) + 1)))
    total = died.sum(axis=1)
    least, most = int(total.min()), int(total.max())
    if least <= events <= most:
        return least, most
    tilt = _tilt(state.n, each, events, 0.0, state.forgotten, rng)
    steep = forward(state.n, each, tilt, state.forgotten)
    _, died, _ = backward(state.n, each, steep, tilt, rng.random((TRIES, 2 * len(each.value) + 1)))
    reached = died.sum(axis=1)
    cost = made.log_evidence - (steep.log_evidence - tilt * float(reached.mean()))
    near = abs(float(reached.mean()) - events) <= max(3 * float(reached.std()), 3.0)
    if near and cost < CONTRADICTS:
        return min(least, events), max(most, events)
    return least, most


def _sampled(
    state: _Arm, events: int | None, size: int, rng: np.random.Generator
) -> tuple[Integers, Integers]:
    """Paths under several rates of censoring where it is open, each as probable as it is."""
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
