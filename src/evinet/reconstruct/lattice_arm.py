"""Posterior of the events and censorings of one arm, given its curve and what was printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evinet.reconstruct.curve import Reading, read
from evinet.reconstruct.ffbs import Filtered, Nodes, backward, forward
from evinet.reconstruct.inputs import ArmInput, Flag, Floats, Integers
from evinet.reconstruct.lattice_nodes import Segments, nodes, segments
from evinet.reconstruct.noise import Noise, hypotheses

FIRST = 60  # nodes on which hypotheses of the noise are compared
UNKNOWN_SHARE = 0.3  # censored among those who leave, where nothing is known of it
RATES = (0.3, 1.0, 3.0)  # factors of the rate of censoring where no number at risk fixes it
STEEPEST = 20.0  # largest weight of an event, on the log scale, to meet the total
TILTS = 24
SMOOTH = 0.8


@dataclass(frozen=True, eq=False)
class Paths:
    """Sampled paths: (P, K) censorings before, and events at, each of K nodes."""

    segments: Segments
    reading: Reading
    censored: Integers
    died: Integers
    pixel: float


@dataclass(eq=False)
class _Arm:
    """An arm on its way."""

    n: int
    segments: Segments
    reading: Reading
    noise: Noise
    at_risk: Floats
    ties: float
    marked: bool
    open: np.ndarray  # nodes whose censoring no later number at risk fixes

    def nodes(self, rate: Floats) -> Nodes:
        return nodes(self.segments, self.noise, self.at_risk, self.ties, rate, self.marked)


def sample(arm: ArmInput, size: int, rng: np.random.Generator) -> tuple[Paths, list[Flag]]:
    """Sample `size` paths of a tidy arm with a curve and a known number of patients."""
    assert arm.curve is not None
    assert arm.n is not None
    table = arm.at_risk or (np.zeros(1), np.array([arm.n]))
    rough = _rough(arm.curve, table)
    reading, flags = read(*arm.curve, rough, arm.name)
    noise = _noise(arm, reading, table, rough)
    pixel = reading.time_grid if noise.sd > 2e-6 and reading.style != "points" else 0.0
    state = _arm(arm, reading, table, rough, noise, pixel)
    if not len(state.segments.time):
        none = np.zeros((size, 0), np.int64)
        return Paths(state.segments, reading, none, none, pixel), flags
    censored, died = _sampled(state, _rate(arm, state, table), size, arm.events, rng)
    if arm.events is not None:
        off = int(died[0].sum()) - arm.events
        if off:
            message = f"the curve allows {died[0].sum()} events, not {arm.events}"
            flags.append(Flag("events-unmet", arm.name, message, float(off)))
    return Paths(state.segments, reading, censored, died, pixel), flags


def _arm(
    arm: ArmInput, reading: Reading, table: tuple[Floats, Integers],
    rough: tuple[Floats, Floats], noise: Noise, pixel: float,
) -> _Arm:  # fmt: skip
    merged = segments(reading, table, arm.marks, pixel)
    at_risk = np.maximum(np.interp(merged.time, *rough), 0.5)
    before = np.concatenate([[1.0], np.minimum.accumulate(reading.survival)[:-1]])
    fall = np.clip(1 - reading.survival / np.maximum(before, 1e-9), 0, 1)
    events = float(fall @ np.interp(reading.time, *rough))
    ties = max(events / max(len(fall), 1) - 1, 0.0)
    last = table[0][-1] if len(table[0]) > 1 else 0.0
    assert arm.n is not None
    return _Arm(
        arm.n, merged, reading, noise, at_risk, ties, arm.marks is not None, merged.time > last
    )


def _rough(curve: tuple[Floats, Floats], table: tuple[Floats, Integers]) -> tuple[Floats, Floats]:
    """Times and about the number at risk there: as printed; beyond, falling like the curve."""
    times, counts = table[0], table[1].astype(float)
    time, survival = curve
    level = np.minimum.accumulate(survival)
    start = float(np.interp(times[-1], time, level))
    beyond = time > times[-1]
    share = level[beyond] / max(start, 1e-9)
    if len(times) == 1:
        share = share * (1 - UNKNOWN_SHARE * time[beyond] / max(time[-1], 1e-9))
    falling = counts[-1] * share
    return np.append(times, time[beyond]), np.append(counts, falling)


def _noise(
    arm: ArmInput, reading: Reading, table: tuple[Floats, Integers], rough: tuple[Floats, Floats]
) -> Noise:
    """The hypothesis under which the first part of the curve is most probable."""
    tried = hypotheses(reading.survival_grid, int(table[1][0]))
    scores = []
    for noise in tried:
        pixel = reading.time_grid if noise.sd > 2e-6 and reading.style != "points" else 0.0
        state = _arm(arm, reading, table, rough, noise, pixel)
        size = min(FIRST, len(state.segments.time))
        if not size:
            return tried[0]
        all_nodes = state.nodes(_rate(arm, state, table))
        first = all_nodes.first(size)
        scores.append(forward(state.n, first, 0.0).log_evidence)
    return tried[int(np.argmax(scores))]


def _rate(arm: ArmInput, state: _Arm, table: tuple[Floats, Integers]) -> Floats:
    """Censorings expected before each node, at a rate that is smooth between numbers at risk.

    Events are the share ln(S1/S0) / ln(R1/R0) of those who leave an interval.
    """
    times, counts = table[0], table[1].astype(float)
    time = state.segments.time
    width = np.diff(time, prepend=0.0)
    curve_time = np.concatenate([[0.0], state.reading.time])
    level = np.minimum.accumulate(np.concatenate([[1.0], state.reading.survival]))
    if len(times) == 1:
        deaths = state.n * (1 - level[-1])
        if arm.events is not None:
            total = max((deaths - arm.events) * 1.5, 0.02 * state.n)
        else:
            total = UNKNOWN_SHARE * (state.n - 0.5 * deaths)
        return total * width / max(time[-1], 1e-12)
    at = level[np.searchsorted(curve_time, times, side="left").clip(1) - 1]
    at[0] = 1.0
    at = np.maximum(at, 0.5 * level[level > 0][-1])  # the last event of all brings survival to 0
    attrition = np.log(np.maximum(counts[1:], 0.5) / np.maximum(counts[:-1], 0.5))
    mortality = np.log(np.maximum(at[1:], 1e-3) / np.maximum(at[:-1], 1e-3))
    share = np.divide(mortality, attrition, out=np.ones_like(attrition), where=attrition < 0)
    censored = np.maximum((1 - share.clip(0, 1)) * (counts[:-1] - counts[1:]), 0.2)
    person_time = np.diff(times) * (counts[:-1] + counts[1:]) / 2
    recent = slice(-3, None)
    hazard = censored[recent].sum() / max(person_time[recent].sum(), 1e-9)
    lost = _smooth(times, np.concatenate([[0.0], np.cumsum(censored)]))
    before = np.concatenate([[0.0], time[:-1]])
    tail = width * hazard * np.minimum(state.at_risk, max(counts[-1], 0.0))
    result: Floats = np.where(time <= times[-1], lost(time) - lost(before), tail)
    return np.maximum(result, 0)


def _smooth(times: Floats, total: Floats) -> Callable[[Floats], Floats]:
    """Censorings by a time, between numbers at risk: mostly smooth, partly at constant rates."""
    from scipy.interpolate import PchipInterpolator

    curve = PchipInterpolator(times, total)

    def lost(time: Floats) -> Floats:
        inside = np.minimum(time, times[-1])
        result: Floats = SMOOTH * curve(inside) + (1 - SMOOTH) * np.interp(inside, times, total)
        return result

    return lost


def _sampled(
    state: _Arm, rate: Floats, size: int, events: int | None, rng: np.random.Generator
) -> tuple[Integers, Integers]:
    """Paths under several rates of censoring where it is open, each as probable as it is."""
    factors = RATES if state.open.any() else (1.0,)
    tried = [state.nodes(np.where(state.open, rate * factor, rate)) for factor in factors]
    tilts = [0.0 if events is None else _tilt(state.n, each, events, rng) for each in tried]
    filters = [forward(state.n, each, tilt) for each, tilt in zip(tried, tilts, strict=True)]
    evidence = np.array([each.log_evidence for each in filters])
    drawn = [
        _paths(state.n, each, made, tilt, size, events, rng)
        for each, made, tilt in zip(tried, filters, tilts, strict=True)
    ]
    if events is not None:  # evidence of the total: untilted, and as often as it was met
        met = [max(chance, 1e-6) for _, _, chance, _ in drawn]
        total = [died.sum(axis=1).mean() for _, died, _, _ in drawn]
        evidence = evidence + np.log(met) - np.array(tilts) * np.array(total)
    weight = np.exp(evidence - evidence.max())
    chosen = rng.choice(len(tried), size=size, p=weight / weight.sum())
    censored = np.array([drawn[which][0][i] for i, which in enumerate(chosen)])
    died = np.array([drawn[which][1][i] for i, which in enumerate(chosen)])
    return censored, died


def _paths(
    n: int, each: Nodes, made: Filtered, tilt: float, size: int, events: int | None,
    rng: np.random.Generator,
) -> tuple[Integers, Integers, float, int]:  # fmt: skip
    """Sampled paths; with the total of events nearest to the one that is known."""
    wide = 2 * len(each.value) + 1
    if events is None:
        return *backward(n, each, made, tilt, rng.random((size, wide))), 1.0, 0
    kept_c, kept_d, tried, hits = [], [], 0, 0
    for _ in range(4):
        censored, died = backward(n, each, made, tilt, rng.random((size, wide)))
        off = np.abs(died.sum(axis=1) - events)
        kept_c.append(censored)
        kept_d.append(died)
        tried, hits = tried + size, hits + int((off == 0).sum())
        if hits >= size // 2:
            break
    censored, died = np.concatenate(kept_c), np.concatenate(kept_d)
    off = np.abs(died.sum(axis=1) - events)
    nearest = np.flatnonzero(off == off.min())
    picked = np.resize(nearest, size)
    return censored[picked], died[picked], hits / tried, int(off.min())


def _tilt(n: int, each: Nodes, events: int, rng: np.random.Generator) -> float:
    """Weight of an event with which paths have the total most often."""
    low, high, tilt = -STEEPEST, STEEPEST, 0.0
    best, least = 0.0, np.inf
    for _ in range(TILTS):
        made = forward(n, each, tilt)
        _, died = backward(n, each, made, tilt, rng.random((64, 2 * len(each.value) + 1)))
        total = died.sum(axis=1)
        off = float(total.mean() - events)
        if abs(off) < least:
            best, least = tilt, abs(off)
        if abs(off) < max(0.5 * total.std(), 0.25) or high - low < 0.05:
            break
        low, high = (tilt, high) if off < 0 else (low, tilt)
        step = -off / max(float(total.var()), 0.05)
        tilt = tilt + step if low < tilt + step < high else (low + high) / 2
    return best
