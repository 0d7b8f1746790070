"""From the coordinates of a digitised curve to observations of a Kaplan-Meier estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evinet.reconstruct.inputs import Flag, Floats
from evinet.reconstruct.noise import grid

Style = Literal["drops", "steps", "points"]
RISE = 0.012  # points that rise by more than this above later ones are outliers
MOST = 3000  # points looked at, at most


@dataclass(frozen=True, eq=False)
class Reading:
    """Observations of survival, in order of time.

    Attributes
    ----------
    time, survival : (K,) survival as read at, or just after, each time.
    earliest : (K,) events of an observation lie between `earliest` and `time`.
    certain : (K,) an event is all but certain: a point that was given as a drop.
    style : the points are the feet of drops, whole steps, or any points of the curve.
    survival_grid, time_grid : spacing of the values that occur (pixels, decimals); 0 if none.
    """

    time: Floats
    survival: Floats
    earliest: Floats
    certain: np.ndarray
    style: Style
    survival_grid: float
    time_grid: float

    @property
    def even(self) -> bool:
        """Whether most points are as far apart as the next."""
        gaps = np.diff(self.time)
        return bool(len(gaps) and (np.abs(gaps - np.median(gaps)) < 1e-6).mean() > 0.8)


def read(
    time: Floats, survival: Floats, at_risk: tuple[Floats, Floats], alive: float, name: str,
    style: Style | None = None,
) -> tuple[Reading, list[Flag]]:  # fmt: skip
    """Tell drops from other points, and leave out what a survival curve cannot be.

    Parameters
    ----------
    time, survival
        A tidy curve (see `inputs.tidy`): in order of time, from high to low at one time.
    at_risk
        Times, and roughly the number at risk at each.
    alive
        A time at which patients were still at risk, as printed.
    style
        How the curve was read, if that is known.
    """
    flags: list[Flag] = []
    if len(time) > MOST:
        kept = np.unique(np.linspace(0, len(time) - 1, MOST).astype(int))
        flags.append(Flag("curve-thinned", name, f"{MOST} points used", float(len(time))))
        time, survival = time[kept], survival[kept]
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
    spacing = grid(survival), grid(places)
    style = style or _style(places, high, low, at_risk, *spacing)
    times, values, starts, certain = _observations(places, high, low, style)
    return Reading(times, values, starts, certain, style, *spacing), flags


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


def _style(
    time: Floats, high: Floats, low: Floats, at_risk: tuple[Floats, Floats],
    survival_grid: float, time_grid: float,
) -> Style:  # fmt: skip
    """Feet of drops come where they fall; other points come at any time or at every pixel."""
    if len(time) < 2:
        return "drops"
    before = np.concatenate([[1.0], low[:-1]])
    fall = before - low
    upright = (fall > 1e-9) & (high > low) & (np.abs(before - high) < 0.15 * fall)
    if upright.sum() > 0.25 * (fall > 1e-9).sum():
        return "steps"
    if time_grid > 0:
        gaps = np.rint(np.diff(time) / time_grid)
        if len(gaps) > 10 and (gaps <= 2).mean() > 0.95 and (fall > 1e-9).mean() < 0.9:
            return "points"
    number = np.maximum(np.interp(time, *at_risk), 1.0)
    least = np.minimum.accumulate(before) / number  # survival that one event takes
    if (fall < 0.5 * least - survival_grid).mean() > 0.1:
        return "points"
    events = float(np.sum(np.clip(fall / least, 0, number)))
    ties = 1 + events * time_grid / (2 * max(time[-1], 1e-12))
    many = events > len(time) * (1.25 * ties + 0.35)
    single = (fall <= 1.5 * least + survival_grid / 2).mean()  # ties leave many, points few
    return "points" if many and single < 0.3 else "drops"


def _observations(
    time: Floats, high: Floats, low: Floats, style: Style
) -> tuple[Floats, Floats, Floats, np.ndarray]:
    """Observations, the start of the time in which their events lie, and which are certain."""
    start = np.concatenate([[0.0], time[:-1]])
    if style == "drops":
        return time, low, time, np.ones(len(time), dtype=bool)
    before = np.concatenate([[1.0], low[:-1]])
    if style == "points":
        # of points of equal height only the ends tell something
        after = np.append(low[1:], -1.0)
        kept = (low != before) | (low != after)
        kept[-1:] = True
        time, low = time[kept], low[kept]
        start = np.concatenate([[0.0], time[:-1]])
        return time, low, start, np.zeros(len(time), dtype=bool)
    rows = []
    for t, top, foot, level, earliest in zip(time, high, low, before, start, strict=True):
        if level - top > 0.3 * (level - foot) and level > top:
            rows.append((t, top, earliest, False))
        if top > foot:
            rows.append((t, foot, t, True))
    times, values, starts, certain = zip(*rows, strict=True)
    return np.array(times), np.array(values), np.array(starts), np.array(certain)
