"""Whole numbers of events and censorings behind a Kaplan-Meier curve, by dynamic programming.

A drop from n at risk with d events has height S d / n, with n and d whole. The path of the number
at risk that explains the drops and the printed numbers best is found by the Viterbi algorithm
(the principle: Liu, Rich and Hanley 2014, doi 10.1186/2046-4053-3-151).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy.stats import geom, poisson

Vector = NDArray[np.float64]
SPREAD = 2  # events tried on either side of the nearest whole number
NO_EVENT = 3.0  # log-score lost by a drop that is explained as noise
BISECTIONS = 40


@dataclass(frozen=True)
class Path:
    """The best path: at each node its time, censorings since the last node, and events."""

    time: Vector
    censored: NDArray[np.int64]
    events: NDArray[np.int64]
    left: int
    score: float


def best_path(
    time: ArrayLike,
    survival: ArrayLike,
    n: int,
    at_risk: dict[float, int] | None = None,
    events: int | None = None,
    sigma: float = 1e-4,
) -> Path | None:
    """The most probable path of the number at risk, or None when no path meets the input.

    Parameters
    ----------
    time, survival
        The drops and survival after each, as `evinet.reconstruct.curve.steps` gives them.
    n
        Patients at time 0.
    at_risk
        Printed numbers at risk just before each time; met exactly.
    events
        Total events, met exactly; None when not known.
    sigma
        Standard deviation of the survival that was read.
    """
    t, s = np.asarray(time, dtype=float), np.asarray(survival, dtype=float)
    table = {x: r for x, r in sorted((at_risk or {}).items()) if x > 0}
    nodes = sorted(
        [(x, 0, float(r)) for x, r in table.items()]
        + [(x, 1, y) for x, y in zip(t, s, strict=True)]
    )
    if not nodes:
        return Path(np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64), n, 0.0)
    when = np.array([x for x, _, _ in nodes])
    is_drop = np.array([kind == 1 for _, kind, _ in nodes])
    value = np.array([y for _, _, y in nodes])
    log_q = _log_censoring(np.diff(when, prepend=0.0) * _rates(when, t, s, n, table), n)

    def at(slope: float) -> Path | None:
        score, censored, died, left = _viterbi(n, is_drop, value, log_q, sigma, slope)
        return Path(when, censored, died, int(left), score) if np.isfinite(score) else None

    return at(0.0) if events is None else _with_total(at, events)


def patients(path: Path, end: float) -> tuple[Vector, NDArray[np.bool_]]:
    """Times and event flags: censorings evenly inside each segment, the rest at `end`."""
    times, flags, previous = [], [], 0.0
    for x, c, d in zip(path.time, path.censored, path.events, strict=True):
        times += [previous + (x - previous) * (np.arange(c) + 0.5) / max(c, 1), np.full(d, x)]
        flags += [np.zeros(c, bool), np.ones(d, bool)]
        previous = x
    times.append(np.full(path.left, max(end, previous)))
    flags.append(np.zeros(path.left, bool))
    return np.concatenate(times), np.concatenate(flags)


def _with_total(at: Callable[[float], Path | None], events: int) -> Path | None:
    """Bisect a reward per event until the path has the total; None when none of them has it."""
    low, high = -60.0, 60.0
    for step in range(BISECTIONS):
        slope = 0.0 if step == 0 else (low + high) / 2
        path = at(slope)
        if path is None:
            return None
        total = int(path.events.sum())
        if total == events:
            return path
        low, high = (slope, high) if total < events else (low, slope)
    return None


def _rates(when: Vector, t: Vector, s: Vector, n: int, table: dict[float, int]) -> Vector:
    """Censorings per unit of time before each node, constant between printed numbers.

    Events are the share ln(S1/S0) / ln(R1/R0) of the attrition of an interval.
    """
    knots, risk = np.array([0.0, *table]), np.array([n, *table.values()], dtype=float)
    if len(knots) == 1:
        return np.full(len(when), 0.3 * n / max(when[-1], 1e-12))
    surviving = np.append(1.0, s)[np.searchsorted(t, knots, side="left")]
    attrition = np.log(np.maximum(risk[1:], 0.5) / risk[:-1].clip(0.5))
    mortality = np.log(np.maximum(surviving[1:], 1e-3) / surviving[:-1].clip(1e-3))
    share = np.divide(mortality, attrition, out=np.ones_like(attrition), where=attrition < 0)
    censored = (1 - share.clip(0, 1)) * (risk[:-1] - risk[1:]).clip(0)
    rate = censored / np.diff(knots)
    rate = np.append(rate, rate[-1])
    return rate[np.searchsorted(knots, when, side="left") - 1]


def _log_censoring(mean: Vector, n: int) -> Vector:
    """Log-probability of 0..n censorings before each node: Poisson, with a geometric tail."""
    counts = np.arange(n + 1)
    mean = np.maximum(mean, 1e-6)[:, None]
    tail = geom.pmf(counts + 1, 1 / (1.5 + 2 * mean))
    log_q: Vector = np.log(0.95 * poisson.pmf(counts, mean) + 0.05 * tail + 1e-300)
    return log_q


@njit(cache=True)
def _censor(best, km, log_q):
    """Take censorings from every state: the new scores, curves, and censorings behind each."""
    size = len(best)
    after = np.full(size, -np.inf)
    after_km = np.ones(size)
    back = np.zeros(size, np.int32)
    for i in range(size):
        if best[i] == -np.inf:
            continue
        for c in range(i + 1):
            if log_q[c] < -600 and c > 0:
                break
            score = best[i] + log_q[c]
            if score > after[i - c]:
                after[i - c], after_km[i - c], back[i - c] = score, km[i], c
    return after, after_km, back


@njit(cache=True)
def _die(after, after_km, value, sigma, slope):
    """Take events from every state at a drop to `value`."""
    size = len(after)
    best = np.full(size, -np.inf)
    km = np.ones(size)
    back = np.zeros(size, np.int32)
    for i in range(size):
        if after[i] == -np.inf:
            continue
        centre = round(i * (1 - value / after_km[i])) if after_km[i] > 0 else 0
        for d in range(max(0, centre - SPREAD), min(i, centre + SPREAD) + 1):
            s = after_km[i] * (1 - d / i) if i > 0 else after_km[i]
            score = after[i] - 0.5 * ((value - s) / sigma) ** 2 + slope * d
            score -= NO_EVENT if d == 0 else 0.05 * (d - 1)
            if score > best[i - d]:
                best[i - d], km[i - d], back[i - d] = score, s, d
    return best, km, back


@njit(cache=True)
def _viterbi(n, is_drop, value, log_q, sigma, slope):
    nodes = len(value)
    best = np.full(n + 1, -np.inf)
    km = np.ones(n + 1)
    best[n] = 0.0
    c_back = np.zeros((nodes, n + 1), np.int32)
    d_back = np.zeros((nodes, n + 1), np.int32)
    for k in range(nodes):
        best, km, c_back[k] = _censor(best, km, log_q[k])
        if is_drop[k]:
            best, km, d_back[k] = _die(best, km, value[k], sigma, slope)
        else:
            r = int(value[k])
            for i in range(n + 1):
                if i != r:
                    best[i] = -np.inf
    left = int(np.argmax(best))
    censored = np.zeros(nodes, np.int64)
    died = np.zeros(nodes, np.int64)
    i = left
    for k in range(nodes - 1, -1, -1):
        died[k] = d_back[k, i]
        i += died[k]
        censored[k] = c_back[k, i]
        i += censored[k]
    return best[left], censored, died, left
