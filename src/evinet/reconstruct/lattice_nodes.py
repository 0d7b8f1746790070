"""The nodes of the lattice of an arm: observations of the curve and numbers at risk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evinet.patients.data import Floats, Integers
from evinet.reconstruct.curve import Reading
from evinet.reconstruct.noise import EXACT, Noise

NOT_CERTAIN = 0.02  # probability that a point given as a drop is none
TIES = 0.01  # events beyond the first at a drop, where nothing tells of more
MASSED, MASSED_LAST = 0.003, 0.2  # drops that are a mass of any size: any drop, and the last
OUTLIER, OUTLIER_LAST = 0.003, 1e-5  # points that may lie anywhere: any point, and the last
BUNCHED = 0.03  # share of segments whose censoring is not Poisson but bunched
LEAST_CENSORED = 1e-14
EXTRA = 0.02  # patients beyond the first at a censor mark, at least
UNMARKED = 1e-3  # probability that a censored patient has no mark, each


@dataclass(frozen=True, eq=False)
class Segments:
    """Nodes in order of time, without their noise.

    Attributes
    ----------
    earliest, latest : (K,) events of a node lie between them.
    time : (K,) the middle of both; censorings of a node lie between the node before and it.
    pinned : (K,) a number at risk.
    value : (K,) number at risk, or survival.
    gap : (K,) for survival that was not read but lies between two points: their distance.
    certain : (K,) an event is all but certain.
    half : (K,) half the width to which survival was rounded.
    spread : (K,) factor of the noise of survival: of clicked points it grows with the slope.
    blur : (K,) width of the error of the time.
    hidden : (K,) events beyond the first expected at a drop (see `Reading`).
    split : (K,) one of the sides of a number at risk on which an all but certain event may be.
    last : (K,) the last point of the curve.
    read : (K,) survival that was read, neither a number at risk nor between two points.
    marks : (K,) censor marks since the node before.
    """

    time: Floats
    earliest: Floats
    latest: Floats
    pinned: np.ndarray
    value: Floats
    gap: Floats
    certain: np.ndarray
    half: Floats
    spread: Floats
    blur: Floats
    hidden: Floats
    split: np.ndarray
    last: np.ndarray
    read: np.ndarray
    marks: Integers


class Nodes(NamedTuple):
    """The nodes of an arm, in order of time (arrays over K nodes).

    Attributes
    ----------
    pinned : a number at risk (True), or a point of the curve.
    value : the number at risk, or survival as read.
    half, sd : noise of survival: uniform within `half`, with normal flanks of `sd`.
    none : probability of no event at the node.
    more : events expected beyond the first, if there is one.
    massed : probability that they are a mass of any size, as at visits or where follow-up is cut.
    outlier : probability that the point lies anywhere.
    chance : (K, L) of each level of censoring, where it changes.
    stay : (K,) probability that the level is that before the node.
    censored : (K, M, L) probability of 0, 1, ... censorings since the node before.
    length : (K,) number of rows of `censored` that count.
    """

    pinned: np.ndarray
    value: Floats
    half: Floats
    sd: Floats
    none: Floats
    more: Floats
    massed: Floats
    outlier: Floats
    chance: Floats
    stay: Floats
    censored: Floats
    length: Integers

    def first(self, size: int) -> Nodes:
        """The first nodes alone."""
        return Nodes(
            self.pinned[:size], self.value[:size], self.half[:size], self.sd[:size],
            self.none[:size], self.more[:size], self.massed[:size], self.outlier[:size],
            self.chance[:size], self.stay[:size], self.censored[:size], self.length[:size],
        )  # fmt: skip


def segments(
    reading: Reading, table: tuple[Floats, Integers], marks: Floats | None, blur: Floats,
    spread: Floats,
) -> Segments:  # fmt: skip
    """Merge observations and the numbers at risk after time 0.

    Where the events of an observation may lie on either side of a number at risk (by half of
    `blur`, the width of the error of its time, where times are exact otherwise) there is a node on
    either side.
    """
    rows: list[tuple[float, int, float, bool, float, float, bool, int]] = []
    times, counts = table
    earliest = reading.earliest - blur / 2
    latest = reading.time + blur / 2
    level = np.concatenate([[1.0], reading.survival])
    inside = times[None, :] > earliest[:, None]
    inside &= (times[None, :] < latest[:, None]) & (times > 0)
    for j, (time, value) in enumerate(zip(reading.time, reading.survival, strict=True)):
        within = times[inside[j]]
        start = reading.earliest[j]
        for later in within:
            just = float(np.nextafter(later, -1))  # before the number at risk is counted
            between, gap = (level[j] + value) / 2, abs(level[j] - value)
            rows.append((just, 0, min(start, just), False, between, gap, False, j))
            start = later
        sure = bool(reading.certain[j] and not len(within))
        rows.append((max(time, start), 2, start, False, value, 0.0, sure, j))
    rows += [
        (float(t), 1, float(t), True, float(r), 0.0, False, -1)
        for t, r in zip(times, counts, strict=True)
        if t > 0
    ]
    rows.sort(key=lambda row: row[:2])
    latest, order, start, pinned, value, gap, certain, index = (
        np.array(column) for column in (zip(*rows, strict=True) if rows else [()] * 8)
    )
    latest, start = latest.astype(float), np.minimum(start.astype(float), latest.astype(float))
    middle = np.where(start < latest, (start + latest) / 2, latest)
    counted = np.zeros(len(middle), dtype=np.int64)
    if marks is not None and len(middle):
        place = np.searchsorted(middle, marks, side="right")
        counted = np.bincount(place, minlength=len(middle) + 1)[: len(middle)].astype(np.int64)

    def of(values: Floats) -> Floats:
        """Values of observations by node; 0 at numbers at risk."""
        return np.append(values, 0)[index.astype(int)]

    return Segments(
        middle, start, latest, pinned.astype(bool), value.astype(float), gap.astype(float),
        certain.astype(bool), of(reading.half), of(spread), of(blur), of(reading.hidden),
        (of(reading.certain) == 1) & ~certain.astype(bool), index == len(reading.time) - 1,
        order == 2, counted,
    )  # fmt: skip


def nodes(
    segments: Segments, noise: Noise, at_risk: Floats,
    levels: tuple[Floats, Floats], censored: Floats, marked: bool,
) -> Nodes:  # fmt: skip
    """Give the nodes their noise and their prior.

    Parameters
    ----------
    at_risk
        (K,) roughly the number at risk at each node.
    levels
        Of censoring: `chance` and `stay` of `Nodes`.
    censored
        (K, L) censorings expected before each node at each level.
    marked
        Censor marks were given.
    """
    half, sd = noise.of(segments.half)
    half, sd = half + segments.gap / 2, np.maximum(sd * segments.spread, EXACT)
    expected = _expected_events(segments, at_risk)
    none = np.where(segments.certain, NOT_CERTAIN, np.exp(-expected))
    none = np.where(segments.split, 0.5, none)  # a drop on either side of a number at risk
    beyond = np.where(
        segments.certain | segments.split, np.maximum(segments.hidden, TIES),
        expected / -np.expm1(-expected) - 1 + TIES,
    )  # fmt: skip
    most = int(at_risk.max(initial=1))
    pmf = _censoring(censored, segments.marks if marked else None, most)
    counts = (pmf > LEAST_CENSORED * pmf.max(axis=1, keepdims=True, initial=0)).any(axis=2)
    length = counts.shape[1] - np.argmax(counts[:, ::-1], axis=1)
    # In one order of memory always: what is compiled is compiled for each order anew.
    chance, stay, pmf = map(np.ascontiguousarray, (*levels, pmf))
    return Nodes(
        segments.pinned, segments.value, half, sd, np.clip(none, 0.01, 0.99), beyond,
        np.where(segments.last, MASSED_LAST, MASSED),
        np.where(segments.last, OUTLIER_LAST, OUTLIER), chance, stay, pmf, length,
    )  # fmt: skip


def _expected_events(segments: Segments, at_risk: Floats) -> Floats:
    """Events expected at nodes where none is certain, at a hazard that is smooth in time."""
    drawn = ~segments.pinned
    expected = np.full(len(segments.time), 0.1)
    time, value = segments.time[drawn], np.clip(segments.value[drawn], 1e-3, 1)
    if len(time) < 2:
        return np.where(drawn, np.maximum(at_risk * (1 - segments.value), 0.5), expected)
    knots = np.unique(np.linspace(0, len(time) - 1, max(len(time) // 8, 2)).astype(int))
    smooth = np.interp(
        time, np.concatenate([[0.0], time[knots]]),
        np.concatenate([[0.0], -np.log(np.minimum.accumulate(value[knots]))]),
    )  # fmt: skip
    hazard = np.diff(smooth, prepend=0.0)
    expected[drawn] = np.maximum(at_risk[drawn] * hazard, 0.02)
    return expected


def _censoring(mean: Floats, marks: Integers | None, n: int) -> Floats:
    """(K, M, L) probability of 0, 1, ... censorings; marks count at least one patient each."""
    if marks is not None:
        total, seen, marks = mean.sum(axis=0), float(marks.sum()), marks[:, None]
        missing = np.maximum(total - seen, EXTRA * seen)
        share = (marks + 0.02) / (marks + 0.02).sum() if len(marks) else marks
        mean = missing * (0.9 * share + 0.1 * mean / np.maximum(total, 1e-9))
        mean = np.maximum(mean, EXTRA * marks)
    mean = np.maximum(mean, 1e-6)
    most = int(min(n, (mean + 9 * np.sqrt(mean) + 12).max(initial=12))) + 1
    counts, mean = np.arange(most)[:, None], mean[:, None, :]
    log_factorial = np.cumsum(np.log(np.maximum(counts, 1)))[:, None]
    poisson = np.exp(counts * np.log(mean) - mean - log_factorial)
    ratio = (2 * mean + 0.5) / (2 * mean + 1.5)
    pmf: Floats = (1 - BUNCHED) * poisson + BUNCHED * (1 - ratio) * ratio**counts
    if marks is None or not marks.any():
        return pmf
    shifted = np.zeros((len(mean), most + int(marks.max()), mean.shape[2]))
    for row, own, mark in zip(shifted, pmf, marks[:, 0], strict=True):
        row[mark : mark + most] = own
        row[:mark] = own[0] * UNMARKED ** np.minimum(np.arange(mark, 0, -1), 12)[:, None]
    return shifted
