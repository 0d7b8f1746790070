"""Arithmetic that must hold between a curve and the numbers at risk below it.

Of `R` patients at risk at a time, at most `R * S(later) / S(time)` can be at risk later: those who
fail are gone, and who is censored is gone too. A curve is drawn as long as somebody is at risk,
and no longer. A drop from S to S (1 - d/n) has a whole number d of events among a whole number n
of patients, between the numbers at risk before and after it (Liu, Rich and Hanley 2014,
doi:10.1186/2046-4053-3-151).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations

import numpy as np

from evinet.digitise.table import Row
from evinet.digitise.trace import Curve

MOST_ARMS = 6
REACH = 3.0  # standard errors
KNOWN = 0.12  # of a patient: the standard error below which a number of events can be told


@dataclass(frozen=True)
class Fit:
    """How well a row of the table fits a curve.

    `excess` is by how many patients, of those at risk, the table has too many at its worst time;
    `tail` tells that the curve ends too early or too late; `whole` is the share of the drops
    that are whole numbers of patients, None where the curve is not read finely enough to tell.
    """

    excess: float
    when: float
    tail: str
    whole: float | None

    @property
    def penalty(self) -> float:
        """0 for a perfect fit; below 1 is good."""
        wrong = 0.0 if self.whole is None else 2 * max(0.0, 0.9 - self.whole)
        return 12 * max(0.0, self.excess) + (0.8 if self.tail else 0.0) + wrong


def fit(curve: Curve, row: Row, sigma: float, dt: float, end: float) -> Fit:
    """Compare a curve with a row of the table.

    Parameters
    ----------
    sigma, dt : standard error of survival and of time, in the units of the axes.
    end : where the time axis ends.
    """
    time = np.array([cell.time for cell in row.cells])
    number = np.array([cell.n for cell in row.cells], dtype=float)
    level = curve.at(time + 0.0)
    later = curve.at(time + 2 * dt)
    earlier = curve.at(np.maximum(time - 2 * dt, 0.0))
    excess, when = 0.0, 0.0
    for k in range(len(time) - 1):
        if level[k] <= 3 * sigma or number[k] <= 0:
            continue
        top = earlier[k + 1] + 2 * sigma
        bound = number[k] * min(1.0, top / max(later[k] - 2 * sigma, 1e-9)) + 0.5
        over = (number[k + 1] - bound) / max(number[k], 1.0)
        if over > excess:
            excess, when = float(over), float(time[k + 1])
    return Fit(
        excess, when, _tail(curve, time, number, dt, end), _whole(curve, time, number, sigma)
    )


@dataclass(frozen=True)
class Counted:
    """Whether tables count those who fail at a time of theirs.

    `after`: they do not, and count those at risk after it; None where neither fits. `open` is by
    how many events the two differ where it cannot be told.
    """

    after: bool | None
    open: float = 0.0


def counted(pairs: Sequence[tuple[Curve, Row]], sigma: float, dt: float) -> Counted:
    """How the tables of a figure count, by the drops at their times.

    A drop by a share q at a time with R in the table is of q R patients if those who fail are among
    the R, else of q (R + c) / (1 - q), with c censored at that time: whole numbers.

    Examples
    --------
    >>> from evinet.digitise.drawing import Box
    >>> from evinet.digitise.table import Cell
    >>> curve = Curve(np.array([0.0, 6.0, 12.0]), np.array([1.0, 0.9, 0.8]))
    >>> at, after = ([Cell(t, n, Box(0, 0, 0, 0)) for t, n in zip((0, 6, 12), counts)]
    ...              for counts in ((50, 50, 45), (50, 45, 40)))
    >>> [counted([(curve, Row("", tuple(cells), (0, 0, 0)))], 1e-5, 1e-4).after
    ...  for cells in (at, after)]
    [False, True]
    """
    ties = [tie for curve, row in pairs for tie in _ties(curve, row, sigma, dt)]
    at, after, differ = [], [], 0.0
    for number, left, share, error in ties:
        if error > KNOWN:
            differ += number * share**2 / (1 - share)
            continue
        ways = (number + np.arange(left + 1)) * share / (1 - share)
        scale = np.hypot(0.02, error)
        at.append(abs(number * share - round(number * share)) / scale)
        after.append(np.abs(ways - np.round(ways)).min() / scale)
    if sum(off > REACH for off in at) < 2 or np.mean(at) < 2:
        return Counted(False, differ if len(at) < 2 else 0.0)
    return Counted(True) if np.mean(after) < 2 else Counted(None)


def _ties(
    curve: Curve, row: Row, sigma: float, dt: float
) -> Iterator[tuple[int, int, float, float]]:  # fmt: skip
    """(R, how many fewer than before, q, error of qR) of each time at which the curve drops."""
    when, high, low = curve.drops
    for before, cell in pairwise(row.cells):
        near = np.flatnonzero(np.abs(when - cell.time) < REACH * dt)
        if len(near) and cell.n > 0 and low[near[-1]] > 0:
            first, last = high[near[0]], low[near[-1]]
            share = (first - last) / first
            yield cell.n, max(before.n - cell.n, 0), share, 1.5 * sigma * cell.n / first


def settled(
    curve: Curve, row: Row, sigma: float, dt: float, after: bool = False
) -> Curve:  # fmt: skip
    """The curve with drops near a time of the table on the side of it that the table says.

    Who fails at a time is still at risk then, unless the table counts those at risk `after` it. A
    drop is read with an error, so one that is nearer to a time of the table than `REACH` standard
    errors may be at that time: it is, where otherwise the table would count more patients there
    than the curve leaves.
    """
    time = curve.time.copy()
    for before, cell in pairwise(row.cells):
        if after:
            near = np.abs(time - cell.time) < REACH * dt
            time[near] = np.minimum(time[near], cell.time - dt)
            continue
        near = (time > cell.time - REACH * dt) & (time < cell.time)
        start = float(curve.at(np.array([before.time + 2 * dt]))[0])
        left = float(curve.at(np.array([cell.time]))[0])
        if near.any() and start > 2 * sigma:
            most = before.n * min(1.0, (left + 2 * sigma) / (start - 2 * sigma)) + 0.5
            time[near] = np.where(cell.n > most, cell.time, time[near])
    return Curve(np.maximum.accumulate(time), curve.survival)


def _tail(curve: Curve, time: np.ndarray, number: np.ndarray, dt: float, end: float) -> str:
    last = float(curve.time[-1])
    gone = bool(curve.survival[-1] < 0.005)
    slack = 4 * dt + 0.01 * end
    alive = time[number > 0]
    if len(alive) and last < min(alive.max(), end) - slack:
        return f"the curve ends at {last:.4g}, but the table counts patients at {alive.max():.4g}"
    empty = time[number == 0]
    if len(empty) and last > empty.min() + slack and not gone:
        return f"the table counts nobody at {empty.min():.4g}, but the curve goes on to {last:.4g}"
    return ""


def _whole(curve: Curve, time: np.ndarray, number: np.ndarray, sigma: float) -> float | None:
    """Share of the drops that d events of n patients explain, n within the table's bounds."""
    when, before, after = curve.drops
    good, seen = 0, 0
    for t, high, low in zip(when, before, after, strict=True):
        k = int(np.searchsorted(time, t + 1e-9, side="right")) - 1
        if k < 0 or k + 1 >= len(time) or high <= 0:
            continue
        most, least = number[k], number[k + 1]
        error = 2.5 * sigma / high
        if most < 1 or error > 0.35 / most:
            continue
        share = (high - low) / high
        seen += 1
        for d in range(1, int(min(most, share * most + 2)) + 1):
            low_n, high_n = d / max(share + error, 1e-12), d / max(share - error, 1e-12)
            if np.floor(min(high_n, most)) >= np.ceil(max(low_n, least + d - 0.01, 1.0)):
                good += 1
                break
    return good / seen if seen >= 5 else None


def match(
    curves: list[Curve], rows: list[Row], sigma: float, dt: float, end: float
) -> tuple[list[int], float]:
    """The assignment of rows to curves that fits best, and by how much the next is worse."""
    count = len(curves)
    if count != len(rows) or count > MOST_ARMS:
        return [], 0.0
    cost = np.array([[fit(curve, row, sigma, dt, end).penalty for row in rows] for curve in curves])
    totals = sorted(
        (float(sum(cost[k, each] for k, each in enumerate(order))), list(order))
        for order in permutations(range(count))
    )
    margin = totals[1][0] - totals[0][0] if len(totals) > 1 else np.inf
    return totals[0][1], margin
