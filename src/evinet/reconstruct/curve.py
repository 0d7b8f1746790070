"""From the coordinates of a digitised curve to observations of a Kaplan-Meier estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evinet.patients.data import Floats
from evinet.reconstruct.inputs import Flag
from evinet.reconstruct.noise import Rounding, rounding

Style = Literal["drops", "steps", "points"]
RISE = 0.012  # points that rise by more than this above later ones are outliers
CORNERS = 0.75  # share of the points that must pair up as corners
TOO_MANY = 1.3  # points for each event, from which on they are no feet of drops
TURNED = 3  # drops whose corners were clicked in the wrong order, from which on a hand did it
HAND = 0.012  # of the time axis: the ends of a drop that a hand clicked are no further apart
MOST = 3000  # points looked at, at most
COARSEST = 1 / 40  # of the time axis: a wider grid of times is a schedule, no rounding
REGULAR = 0.05  # times that are multiples of a spacing, but for this share of it, are regular
IRREGULAR_TIES = -6.0  # log prior of many events at each of a few times that are not regular
REGULAR_TIES = -1.0  # the same where they are: visits, or survival read at regular times
TWICE = 0.1  # of the drops, at whose times are several points: of a line there is one at a time
STEPS = 0.85  # of the drops, whose both ends are points
HIDES = 0.2  # of the grid of survival: a fall of less may be hidden, with others, in a level line
AROUND = 12  # points on either side that tell how dense events are
NEIGHBOURS = 3  # points on either side that tell how steep a curve is


@dataclass(frozen=True, eq=False)
class Reading:
    """Observations of survival, in order of time, if the points of a curve are of one style.

    Attributes
    ----------
    time, survival : (K,) survival as read at, or just after, each time.
    earliest : (K,) events of an observation lie between `earliest` and `time`.
    certain : (K,) an event is all but certain: a point that was given as a drop.
    half, time_half : (K,) half the widths to which survival and time were rounded.
    steepness : (K,) fall of the curve around each time, in shares of the axes.
    hidden : (K,) events beyond the first expected at a drop, because their times were rounded to
        the same: so many as the fall of the curve around it tells.
    style : the points are the feet of drops, whole steps, or any points of the curve.
    survival_grid, time_grid : usual width of the rounding (pixels, decimals); 0 if none.
    skipped : times of points that tell nothing beside their neighbours.
    log_prior : how plausible the style is before the values are looked at.
    """

    time: Floats
    survival: Floats
    earliest: Floats
    certain: np.ndarray
    half: Floats
    time_half: Floats
    steepness: Floats
    hidden: Floats
    style: Style
    survival_grid: float
    time_grid: float
    skipped: Floats
    log_prior: float = 0.0

    def early(self, cut: float) -> int:
        """How many points up to a time tell nothing beside their neighbours."""
        return int((self.skipped <= cut).sum())


def read(
    time: Floats, survival: Floats, at_risk: tuple[Floats, Floats], alive: float, name: str
) -> tuple[list[Reading], list[Flag]]:
    """What the points of a curve may be, and which of them no survival curve passes through.

    Parameters
    ----------
    time, survival
        A tidy curve (see `inputs.tidy`): in order of time, from high to low at one time.
    at_risk
        Times, and roughly the number at risk at each.
    alive
        A time at which patients were still at risk, as printed.

    Returns
    -------
    readings
        One for each style that the points may have; the data decide between them.
    flags
        What was left out.
    """
    flags: list[Flag] = []
    if len(time) > MOST:
        kept = np.unique(np.linspace(0, len(time) - 1, MOST).astype(int))
        flags.append(Flag("curve-thinned", name, f"{MOST} points used", float(len(time))))
        time, survival = time[kept], survival[kept]
    time, survival, style = _corners(time, survival, at_risk)
    low = 0.5 / max(float(at_risk[1][0]), 1.0)
    # a curve that touched the axis while patients were at risk
    kept = _falling(survival) & ~((survival <= low) & (time < alive))
    if not kept.all():
        message = f"{(~kept).sum()} points that no survival curve passes through: left out"
        flags.append(Flag("curve-outliers", name, message, float((~kept).sum())))
    time, survival = time[kept], survival[kept]
    places, first, count = np.unique(time, return_index=True, return_counts=True)
    high, low = survival[first], survival[first + count - 1]
    if len(places) and places[0] == 0 and low[0] == 1:  # the start of the curve tells nothing
        places, high, low = places[1:], high[1:], low[1:]
    points = _Points(places, high, low, at_risk)
    styles = points.styles() if style is None else [(style, 0.0)]
    return [points.reading(each, prior) for each, prior in styles], flags


def _corners(
    time: Floats, survival: Floats, at_risk: tuple[Floats, Floats]
) -> tuple[Floats, Floats, Style | None]:
    """The points, with one foot for both corners of each drop if a hand clicked them; their style.

    A hand misses the time of either corner, so that some lower corners come first in time. Along
    the curve, to the right and down, the upper one comes first: where most points are corners, and
    some drops go back in time, the time of each drop is the mean of its two, and the height of the
    line after it that of its lower corner and the next upper one. Points of the line between two
    drops are left out, but for its end. Corners too dense to tell which two belong together (more
    points than events, by far) are points of the line; without any, the style is open.
    """
    n = max(float(at_risk[1][0]), 1.0)
    order = np.argsort(time / time[-1] - survival, kind="stable")
    along, level = time[order], survival[order]
    apart = np.diff(along) / time[-1]
    fall = -np.diff(level)
    least = min(0.5 / n, RISE / 2)  # half an event is told from the noise of a line
    drop = (fall > np.maximum(np.abs(apart), least)) & (np.abs(apart) < HAND)
    foot = np.zeros(len(time), dtype=bool)
    for i in np.flatnonzero(drop):
        foot[i + 1] = not foot[i]
    feet = np.flatnonzero(foot)
    if (apart[feet - 1] < 0).sum() < TURNED:
        return time, survival, None
    if 2 * len(feet) + 2 < CORNERS * len(time):
        lowest = np.append(1.0, np.minimum.accumulate(level))
        hazard = -np.diff(lowest) / np.maximum(lowest[:-1], 1e-9)
        events = float(hazard @ np.interp(along, *at_risk))
        return time, survival, "points" if len(time) > TOO_MANY * events else None
    along[feet] = (along[feet] + along[feet - 1]) / 2
    paired = np.zeros(len(time), dtype=bool)
    paired[feet - 1] = True  # the upper corners
    paired[-1] = True  # the end of the line
    flat = feet[feet + 1 < len(time)]
    flat = flat[paired[flat + 1]]  # the line after a drop: its height was clicked twice
    level[flat] = (level[flat] + level[flat + 1]) / 2
    if foot[-2:-1].any():
        level[-1] = level[-2]
    kept = foot | (np.append(1.0, level[:-1]) - level > least)
    kept[feet - 1] = False
    kept[-1] = True
    return np.maximum.accumulate(along[kept]), level[kept], "drops"


def _falling(survival: Floats) -> np.ndarray:
    """The largest set of points none of which rises far above the one before."""
    size = len(survival)
    rises = np.maximum.accumulate(survival[::-1])[::-1] - survival  # later points above this one
    falls = survival - np.minimum.accumulate(survival)  # this one above earlier points
    if max(rises.max(initial=0), falls.max(initial=0)) <= RISE:
        return np.ones(size, dtype=bool)
    length, before = np.ones(size), np.full(size, -1)
    for i in range(1, size):
        usable = survival[:i] >= survival[i] - RISE
        if usable.any():
            best = int(np.argmax(np.where(usable, length[:i], 0)))
            length[i], before[i] = length[best] + 1, best
    kept = np.zeros(size, dtype=bool)
    last = int(np.argmax(length)) if size else -1
    while last >= 0:
        kept[last] = True
        last = int(before[last])
    return kept


def _read_off(values: Floats, known: np.ndarray) -> Rounding:
    """To what values were rounded, but for those that are `known` without being read.

    A curve starts at time 0 with everybody and may end where the axis does, or at 0: nothing of
    this need be on the grid of its pixels.
    """
    found = rounding(values[~known])
    half = np.full(len(values), found.spacing / 2)
    half[~known] = found.half
    return Rounding(found.spacing, half)


class _Points:
    """The points of a curve: the highest and the lowest survival read at each time."""

    def __init__(self, time: Floats, high: Floats, low: Floats, at_risk: tuple[Floats, Floats]):
        self.time, self.high, self.low, self.at_risk = time, high, low, at_risk
        values = np.concatenate([high, low])
        survival = _read_off(values, (values == 0) | (values == 1))
        times = _read_off(time, (time == 0) | (np.arange(len(time)) == len(time) - 1))
        scheduled = len(time) > 0 and times.spacing > COARSEST * time[-1]  # visits, not pixels
        self.survival_grid, self.time_grid = survival.spacing, 0.0 if scheduled else times.spacing
        self.half = survival.half[len(high) :]
        self.time_half = np.zeros(len(time)) if scheduled else times.half
        self.time_half[-1:] = self.time_half[-2:].max(initial=0.0)  # written as the one before
        self.before = np.concatenate([[1.0], low[:-1]])
        self.fall = self.before - low
        self.number = np.maximum(np.interp(time, *at_risk), 1.0)

    def styles(self) -> list[tuple[Style, float]]:
        """The styles that the points may have, with their log priors.

        Both ends of nearly all drops are whole steps (of some: feet whose times were rounded to
        one), and points at every pixel are points of the line. Otherwise the points are the feet
        of drops, or any points of the line: feet of several events each are unlikely unless
        patients are seen at visits.
        """
        falls = self.fall > 1e-9
        twice = falls & (self.high > self.low)
        slack = 0.15 * self.fall + self.survival_grid / 2
        upright = twice & (np.abs(self.before - self.high) < slack)
        if upright.sum() > STEPS * falls.sum():
            return [("steps", 0.0)]
        if len(self.time) < 2 or twice.sum() > TWICE * falls.sum():
            return [("drops", 0.0)]
        if self.time_grid > 0:
            gaps = np.rint(np.diff(self.time) / self.time_grid)
            if len(gaps) > 10 and (gaps <= 2).mean() > 0.95 and falls.mean() < 0.9:
                return [("points", 0.0)]
        least = np.minimum.accumulate(self.before) / self.number  # survival that one event takes
        up = least > 0  # a curve that was at 0 falls no further
        events = float(np.clip(self.fall[up] / least[up], 0, self.number[up]).sum())
        ties = 1 + events * self.time_grid / (2 * max(self.time[-1], 1e-12))
        prior = 0.0
        if events > len(self.time) * (1.25 * ties + 0.35):
            prior = REGULAR_TIES if self._regular() else IRREGULAR_TIES
        return [("drops", prior), ("points", 0.0)]

    def _regular(self) -> bool:
        """Whether most times are multiples of the usual distance between two."""
        gaps = np.diff(self.time, prepend=0.0)
        spacing = float(np.median(gaps))
        slack = max(REGULAR * spacing, 1.01 * self.time_grid)
        off = np.abs(gaps - np.maximum(np.rint(gaps / spacing), 1) * spacing)
        return bool(slack < 0.3 * spacing and (off <= slack).mean() > 0.8)

    def reading(self, style: Style, log_prior: float) -> Reading:
        """The observations if the points are of a style."""
        time, low = self.time, self.low
        start = np.concatenate([[0.0], time[:-1]])
        every = np.arange(len(time))
        rows = every
        if style == "drops":
            certain = np.ones(len(time), dtype=bool)
            if len(time) and abs(self.fall[-1]) <= self.survival_grid / 2 + 1e-9:
                certain[-1] = False  # the end of the line
            start = time
            values = low
        elif style == "points":
            after = np.append(low[1:], -1.0)  # of points of equal height only the ends tell
            kept = (low != self.before) | (low != after)
            kept[-1:] = True
            rows = every[kept]
            time, values = time[kept], low[kept]
            start = np.concatenate([[0.0], time[:-1]])
            certain = np.zeros(len(time), dtype=bool)
        else:
            rows, time, values, start, certain = self._steps(start)
        return Reading(
            time, values, start, certain, self.half[rows], self.time_half[rows],
            self._steepness()[rows], self._hidden()[rows], style, self.survival_grid,
            self.time_grid, self.time[np.setdiff1d(every, rows)], log_prior,
        )  # fmt: skip

    def _steps(self, start: Floats) -> tuple[np.ndarray, Floats, Floats, Floats, np.ndarray]:
        """Tops, where events before them are seen or may be hidden, and feet.

        A line that is level on its grid may fall by events of less than that.
        """
        found, since, last = [], 0.0, len(self.time) - 1
        hides = self.before < HIDES * self.survival_grid * self.number
        for i, (top, foot, level) in enumerate(zip(self.high, self.low, self.before, strict=True)):
            if level - top > 0.3 * (level - foot) and level > top:
                found.append((i, top, start[i], False))
            elif hides[i] and (top > foot or i == last) and self.time[i] > since:
                found.append((i, top, since, False))
            if top > foot:
                found.append((i, foot, self.time[i], True))
            since = self.time[found[-1][0]] if found else 0.0
        if not found:
            found = [(last, self.low[-1], self.time[-1], False)]
        index, values, starts, certain = zip(*found, strict=True)
        rows = np.array(index)
        return rows, self.time[rows], np.array(values), np.array(starts), np.array(certain)

    def _steepness(self) -> Floats:
        """Fall of the curve around each point, in shares of the axes."""
        size = len(self.time)
        if size < 2:
            return np.zeros(size)
        first = np.maximum(np.arange(size) - NEIGHBOURS, 0)
        last = np.minimum(np.arange(size) + NEIGHBOURS, size - 1)
        width = np.maximum(self.time[last] - self.time[first], 1e-9) / self.time[-1]
        return np.maximum(self.low[first] - self.low[last], 0) / width

    def _hidden(self) -> Floats:
        """Events beyond the first behind each drop, if events fall into pixels independently.

        The events around are those by which the curve falls there: where every pixel has a drop,
        how many pixels have one does not tell.
        """
        size = len(self.time)
        if not self.time_grid or size < 2:
            return np.zeros(size)
        first = np.maximum(np.arange(size) - AROUND, 0)
        last = np.minimum(np.arange(size) + AROUND, size - 1)
        pixels = np.rint((self.time[last] - self.time[first]) / self.time_grid)
        fallen = self.number * np.maximum(self.fall, 0) / np.maximum(self.before, 1e-9)
        events = np.cumsum(fallen)
        rate = np.maximum((events[last] - events[first]) / np.maximum(pixels, 1), 1e-9)
        hidden: Floats = rate / -np.expm1(-rate) - 1
        return hidden
