"""A curve as it was read: a staircase with what is doubtful about it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from evinet.digitise.axes import Panel
from evinet.digitise.drawing import Colour, Floats

AT_FRAME = "it runs to the frame: whether it falls there cannot be seen"
BEHIND = "another curve falls where it ends: whether it falls there, too, cannot be seen"
GOES_ON = "something of its colour falls further just beyond its end: it may be its last events"
"""Why it cannot be told whether a curve falls at its end."""
PASSES = "it goes on beyond the frame, where nobody sees it: read as far as the frame"
EVEN = 6  # like steps in a row that are a slope ...
DENSE = (2.0, 0.6)  # ... unless within so many pixels the curve falls by so many patients


@dataclass(frozen=True)
class Look:
    """How an arm is drawn: colour, line width and dashes (on and off lengths; none when solid)."""

    colour: Colour
    width: float
    dash: tuple[float, ...] = ()


@dataclass(frozen=True)
class Doubt:
    """A stretch of a curve that was not plainly seen, and why."""

    start: float  # position from the left
    end: float
    why: str


@dataclass(frozen=True, eq=False)
class Trace:
    """One arm's curve in the coordinates of the figure.

    Attributes
    ----------
    corners : (n, 2) corners of the staircase, each level followed by a drop or a rise.
    marks : (m, 2) censor marks.
    error : standard error of a level and of the place of a drop, across and along.
    """

    look: Look
    corners: Floats
    marks: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    doubts: tuple[Doubt, ...] = ()
    error: tuple[float, float] = (0.0, 0.0)
    name: str = ""


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve in the units of its axes: (k,) times and survival, whole steps, never rising."""

    time: Floats
    survival: Floats

    @property
    def drops(self) -> tuple[Floats, Floats, Floats]:
        """Times of the drops, survival before and after each."""
        fall = np.flatnonzero(self.survival[1:] < self.survival[:-1])
        return self.time[fall + 1], self.survival[fall], self.survival[fall + 1]

    def at(self, time: Floats) -> Floats:
        """Survival just before each time (a patient who fails then is still at risk)."""
        place = np.searchsorted(self.time, time, side="left") - 1
        return np.where(place < 0, 1.0, self.survival[np.maximum(place, 0)])


def survival(panel: Panel, corners: Floats) -> tuple[Curve, bool]:
    """The curve in the units of the axes, and whether it was drawn as cumulative incidence."""
    time = panel.x.value(corners[:, 0])
    value = panel.survival(corners[:, 1])
    rising = bool(value[-1] > value[0] and value[0] < 0.5)
    if rising:
        value = 1 - value
    time = np.maximum.accumulate(np.maximum(time, 0.0))
    value = np.minimum.accumulate(np.clip(value, 0.0, 1.0))
    return Curve(time, value), rising


def slanting(corners: Floats, one: Floats | None = None) -> float:
    """The share of the fall of a picture's curve that goes in even small steps, as slopes do.

    Steps of patients differ: runs of `EVEN` like ones, within a pixel, are those of a slope, unless
    there are so many patients that nearly every pixel has an event. `one` is by how much the curve
    falls at each corner if one of those at risk fails.

    Examples
    --------
    >>> slope = np.repeat(np.arange(40.0), 2)
    >>> corners = np.column_stack([slope[1:], slope[:-1]])
    >>> slanting(corners), slanting(corners, np.full(79, 0.8))
    (1.0, 0.0)
    """
    step = np.diff(corners, axis=0)
    along, down = step[:-1, 0], np.abs(step[1:, 1])
    steps = (along > 0) & (down > 0)
    pairs = np.column_stack([along, down])[steps]
    like = np.concatenate([(np.abs(np.diff(pairs, axis=0)) <= (1.0, 0.5)).all(axis=1), [False]])
    if one is not None:
        like &= (pairs[:, 0] > DENSE[0]) | (pairs[:, 1] < DENSE[1] * one[1:-1][steps])
    total, start = 0.0, 0
    for k in np.flatnonzero(~like).tolist():
        if k + 1 - start >= EVEN:
            total += float(pairs[start : k + 1, 1].sum())
        start = k + 1
    return total / max(float(pairs[:, 1].sum()), 1e-12)


def staircase(points: Floats) -> Floats:
    """Corners of a staircase through points that go level or straight up and down.

    A slanting piece becomes a level and a drop at its end: where a device drew corners off.
    """
    kept = [points[0]]
    for point in points[1:]:
        last = kept[-1]
        if point[0] != last[0] and point[1] != last[1]:
            kept.append(np.array([point[0], last[1]]))
        kept.append(point)
    corners = np.array(kept)
    if len(corners) < 3:
        return corners
    before, here, after = corners[:-2], corners[1:-1], corners[2:]
    level = (before[:, 1] == here[:, 1]) & (here[:, 1] == after[:, 1])
    upright = (before[:, 0] == here[:, 0]) & (here[:, 0] == after[:, 0])
    return np.asarray(corners[np.concatenate([[True], ~(level | upright), [True]])])
