"""Curves and censor marks among the strokes of a vector figure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from evinet.digitise.axes import Panel
from evinet.digitise.drawing import Box, Colour, Floats, Stroke, Word
from evinet.digitise.trace import AT_FRAME, PASSES, Doubt, Look, Trace, staircase

WHITE = 240  # of 255: the parts of a colour that is nearly white
SMALL = 0.045  # of the plot: a mark is no larger
SAMPLE = 0.2  # of the plot's width: a line of a legend is shorter
LEAST = 0.15  # of the plot's width: a line that may be a curve is at least so long ...
STRAIGHT = 1.5  # points: ... and so far off a straight line
TOUCH = 0.75  # points within which two ends are one
BRIDGE = 0.03  # of the plot's width: a wider gap is never closed


@dataclass(frozen=True, eq=False)
class Sample:
    """A short level line outside the curves, as legends have: where it is and how it looks."""

    box: Box
    look: Look


@dataclass(frozen=True, eq=False)
class Found:
    """What a plot of a vector figure holds.

    `open` is the share of lines that go to the right and fall or rise, but are on no curve.
    """

    traces: list[Trace]
    samples: list[Sample]
    open: float = 0.0


def find(strokes: Iterable[Stroke], words: Iterable[Word], panel: Panel) -> Found:
    """The curves of a plot, with their marks, and the samples of its legend."""
    groups = defaultdict(list)
    samples: list[Sample] = []
    for stroke in strokes:
        if _inside(stroke.box, panel.box):
            if not _frame(stroke, panel.box):
                groups[stroke.style].append(stroke)
        elif _around(stroke.box, panel.box) and _short(stroke, panel.box):
            samples.append(Sample(stroke.box, Look(*stroke.style)))
    drawn = {
        stroke.colour
        for members in groups.values()
        for stroke in members
        if not _small(stroke, panel.box) and _whole(_forward(stroke.points), panel)
    }
    traces: list[Trace] = []
    limits: list[Trace] = []
    others: list[Floats] = []
    small: list[Stroke] = []
    for (colour, width, dash), members in groups.items():
        look = Look(colour, width, dash)
        large = [stroke for stroke in members if not _small(stroke, panel.box)]
        little = [stroke for stroke in members if _small(stroke, panel.box)]
        chains = _chains(large, [] if colour in drawn else little, panel.box)
        used: set[int] = set()
        for points, pieces, doubts in chains:
            if _level_sample(points, panel.box):
                continue
            if _starts(points, panel) and _monotone(points, panel):
                traces.append(Trace(look, staircase(points), doubts=doubts))
                used |= pieces
            elif _starts(points, panel) and _forth(points):
                limits.append(Trace(look, staircase(points)))
            elif _like_curve(points, panel.box):
                others.append(points)
        rest = [stroke for stroke in members if id(stroke) not in used]
        flat = [stroke for stroke in rest if _is_sample(stroke, panel.box)]
        samples += [Sample(stroke.box, look) for stroke in flat]
        small += [stroke for stroke in rest if stroke in little and stroke not in flat]
    bare = without_bands(traces + limits, panel)
    others += [trace.corners for trace in bare if trace in limits]
    kept = _without_outlines([trace for trace in bare if trace not in limits], samples)
    marked = [_marked(trace, small, words, kept, panel) for trace in kept]
    samples = _of_curves(samples, {trace.look.colour for trace in kept})
    on_curves = sum(float(np.ptp(trace.corners[:, 0])) for trace in kept)
    on_none = sum(float(np.ptp(points[:, 0])) for points in others)
    return Found(marked, samples, on_none / max(on_curves, 1.0))


def _inside(box: Box, plot: Box) -> bool:
    """Whether a stroke lies in or near the plot (a legend may stand beside it)."""
    wide, high = plot.width, plot.height
    return (
        box.left > plot.left - 0.1 * wide
        and box.right < plot.right + 0.6 * wide
        and box.top > plot.top - 0.35 * high
        and box.bottom < plot.bottom + 0.12 * high
    )


def _around(box: Box, plot: Box) -> bool:
    """Whether a stroke is so near the plot that it may belong to its legend."""
    wide, high = plot.width, plot.height
    return plot.left - 0.4 * wide < box.x < plot.right + 0.6 * wide and (
        plot.top - 0.5 * high < box.y < plot.bottom + 0.8 * high
    )


def _frame(stroke: Stroke, plot: Box) -> bool:
    """Whether a stroke is a frame, an axis, a grid line or a reference line."""
    box = stroke.box
    straight = box.width < 0.05 or box.height < 0.05
    closed = len(stroke.points) > 3 and bool(np.allclose(stroke.points[0], stroke.points[-1]))
    long = box.width > 0.85 * plot.width or box.height > 0.7 * plot.height
    if len(stroke.points) <= 4 and long and not straight:  # both axes in one line
        step = np.abs(np.diff(stroke.points, axis=0))
        upright = step[:, 1].argmax()
        if step[upright, 1] > 0.6 * plot.height:
            return abs(stroke.points[upright, 0] - plot.left) < 0.08 * plot.width
    return (straight or closed) and long


def _small(stroke: Stroke, plot: Box) -> bool:
    box = stroke.box
    return box.width < SMALL * plot.width and box.height < SMALL * plot.height


def _is_sample(stroke: Stroke, plot: Box) -> bool:
    tick = stroke.box.left <= plot.left + 1 and plot.top - 1 < stroke.box.y < plot.bottom + 1
    return _short(stroke, plot) and not tick


def _short(stroke: Stroke, plot: Box) -> bool:
    """Whether a stroke is a short level line, drawn one way."""
    box, steps = stroke.box, np.diff(stroke.points[:, 0])
    one_way = bool((steps >= 0).all() or (steps <= 0).all())
    return box.height < 0.05 and 3 < box.width < SAMPLE * plot.width and one_way


def _starts(points: Floats, panel: Panel) -> bool:
    """Whether a chain starts at time 0 with everybody (or nobody, for incidence)."""
    x, y = points[0]
    value = float(panel.survival(y))
    near = x < panel.box.left + 0.03 * panel.box.width
    top = abs(value - 1) < 0.004 and x < panel.box.left + 0.35 * panel.box.width
    bottom = abs(value) < 0.004 and near
    long = np.ptp(points[:, 0]) > 0.04 * panel.box.width
    return bool(long and (top or bottom or (near and value > 0.97)))


def _whole(points: Floats, panel: Panel) -> bool:
    """Whether a single stroke is a curve: then small strokes of its colour are marks."""
    return len(points) > 4 and _starts(points, panel) and _monotone(points, panel)


def _monotone(points: Floats, panel: Panel) -> bool:
    """Whether a chain only goes right, and only down (or only up)."""
    step = np.diff(points, axis=0)
    back = -float(np.minimum(step[:, 0], 0).sum())
    down, up = float(np.maximum(step[:, 1], 0).sum()), -float(np.minimum(step[:, 1], 0).sum())
    slanting = np.abs(step).min(axis=1) > 0.3
    steep = float(np.hypot(*step[slanting].T).sum()) / max(float(np.hypot(*step.T).sum()), 1e-9)
    return back < 0.5 and min(down, up) < 0.02 * max(down, up) + 0.3 and steep < 0.5


def _level_sample(points: Floats, plot: Box) -> bool:
    """Whether a chain is a short level line that does not start at time 0, as legends have."""
    box = Stroke(points).box
    short = box.height < 0.05 and box.width < SAMPLE * plot.width
    return short and abs(box.left - plot.left) > TOUCH


def _like_curve(points: Floats, plot: Box) -> bool:
    """Whether a chain in the plot goes on to the right, and falls or rises at several places.

    Lines that show a median turn once.
    """
    box, step = Stroke(points).box, np.diff(points, axis=0)
    if step[:, 0].min() < -0.5 or box.width < LEAST * plot.width or not plot.holds(box.x, box.y):
        return False
    along = points[-1] - points[0]
    off = np.abs((points - points[0]) @ np.array([-along[1], along[0]])) / np.hypot(*along)
    places = np.unique(points[1:][np.abs(step[:, 1]) > 0.3, 0].round(1))
    return bool(off.max() > STRAIGHT and len(places) > 2)


def _forth(points: Floats) -> bool:
    """Whether a chain goes only right, level or straight up and down."""
    step = np.diff(points, axis=0)
    return bool(step[:, 0].min() > -0.5 and (np.abs(step).min(axis=1) < 0.3).all())


def _chains(
    large: list[Stroke], little: list[Stroke], plot: Box
) -> list[tuple[Floats, set[int], tuple[Doubt, ...]]]:
    """Strokes of one look put end to end, each chain from its first stroke on the left."""
    pieces = [(_forward(stroke.points), id(stroke)) for stroke in large]
    pieces += [(_forward(stroke.points), id(stroke)) for stroke in little if not stroke.curved]
    pieces.sort(key=lambda piece: (piece[0][0, 0], piece[0][-1, 0]))
    left = dict(enumerate(pieces))
    big = {id(stroke) for stroke in large}
    cut = {end for stroke in large for end in stroke.cut}
    chains = []
    for first in range(len(pieces)):
        if first not in left:
            continue
        if pieces[first][1] not in big and pieces[first][0][0, 0] > plot.left + 0.35 * plot.width:
            continue
        points, name = left.pop(first)
        members, parts, doubts = {name}, [points], []
        while (best := _next(parts[-1][-1], left, plot)) is not None:
            following, name = left.pop(best)
            gap = float(following[0, 0] - parts[-1][-1, 0])
            if gap > TOUCH:
                start, end = float(parts[-1][-1, 0]), float(following[0, 0])
                doubts.append(Doubt(start, end, "a gap in the line"))
            parts.append(following)
            members.add(name)
        (_, before), (x, y) = parts[-1][-2:].tolist()
        if (x, y) in cut:
            doubts.append(Doubt(x, x, PASSES if before == y else AT_FRAME))
        chains.append((np.vstack(parts), members, tuple(doubts)))
    return chains


def _forward(points: Floats) -> Floats:
    """Points from left to right; an upright line from top to bottom."""
    first, last = points[0], points[-1]
    turned = last[0] < first[0] or (last[0] == first[0] and last[1] < first[1])
    return points[::-1] if turned else points


def _next(end: Floats, left: dict[int, tuple[Floats, int]], plot: Box) -> int | None:
    """The piece that goes on where a chain ends: one that touches, else one after a small gap."""
    best, nearest = None, BRIDGE * plot.width
    for key, (points, _) in left.items():
        right, down = points[0] - end
        if abs(right) <= TOUCH and abs(down) <= TOUCH:
            return key
        if right < -TOUCH or right > nearest or down < -TOUCH or down > BRIDGE * plot.height:
            continue
        distance = float(np.hypot(right, down))
        if distance < nearest:
            best, nearest = key, distance
    return best


def without_bands(traces: list[Trace], panel: Panel) -> list[Trace]:
    """Traces without the limits of confidence bands.

    Limits are two of one look around a third of their colour, or dashed ones that keep to one side
    of the only solid one of their colour where there is a solid one of another colour.
    """
    kept: list[Trace] = []
    by_colour = defaultdict(list)
    for trace in traces:
        by_colour[trace.look.colour].append(trace)
    solid = {
        colour: [trace for trace in members if not trace.look.dash]
        for colour, members in by_colour.items()
    }
    several = sum(bool(members) for members in solid.values()) > 1
    for colour, members in by_colour.items():
        rest = list(members)
        for middle in members:
            others = [trace for trace in members if trace is not middle]
            for upper in others:
                for lower in others:
                    if upper is lower or upper.look != lower.look or upper.look == middle.look:
                        continue
                    if _between(middle, upper, lower, panel):
                        rest = [t for t in rest if t is not upper and t is not lower]
        if several and len(solid[colour]) == 1:
            middle = solid[colour][0]
            rest = [
                t for t in rest
                if t is middle or not (_between(middle, t, middle, panel)
                                       or _between(middle, middle, t, panel))
            ]  # fmt: skip
        kept += rest
    return sorted(kept, key=traces.index)


def _without_outlines(traces: list[Trace], samples: list[Sample]) -> list[Trace]:
    """One trace of those that lie on each other all the way, as a line and its outline do.

    It is the one that the legend shows, else the thinnest that is not white.
    """
    listed = {sample.look.colour for sample in samples}
    order = sorted(
        traces,
        key=lambda t: (t.look.colour not in listed, min(t.look.colour) > WHITE, t.look.width),
    )
    kept: list[Trace] = []
    for trace in order:
        if not any(
            len(trace.corners) == len(other.corners)
            and np.abs(trace.corners - other.corners).max() < TOUCH
            for other in kept
        ):
            kept.append(trace)
    return sorted(kept, key=traces.index)


def _of_curves(samples: list[Sample], drawn: set[Colour]) -> list[Sample]:
    """Samples without the outlines of those that have the colour of a curve."""
    plain = [sample.box for sample in samples if sample.look.colour in drawn]
    return [
        sample for sample in samples
        if sample.look.colour in drawn or not any(
            abs(sample.box.y - box.y) < TOUCH and abs(sample.box.x - box.x) < TOUCH
            for box in plain
        )
    ]  # fmt: skip


def _between(middle: Trace, upper: Trace, lower: Trace, panel: Panel) -> bool:
    grid = np.linspace(panel.box.left, panel.box.right, 60)[2:]
    levels = [levels_of(trace.corners, grid) for trace in (upper, middle, lower)]
    seen = np.isfinite(levels).all(axis=0)
    if seen.sum() < 5:
        return False
    above, inside, below = (level[seen] for level in levels)
    return bool((above <= inside + 0.6).mean() > 0.95 and (inside <= below + 0.6).mean() > 0.95)


def levels_of(corners: Floats, grid: Floats) -> Floats:
    """The height of a staircase at places from the left; NaN where there is none."""
    place = np.searchsorted(corners[:, 0], grid, side="right") - 1
    level = corners[np.clip(place, 0, len(corners) - 1), 1].astype(float)
    level[(grid < corners[0, 0]) | (grid > corners[-1, 0])] = np.nan
    return level


def _marked(
    trace: Trace, small: list[Stroke], words: Iterable[Word], traces: list[Trace], panel: Panel
) -> Trace:
    """The trace with the marks on it: short strokes, closed shapes or characters."""
    found: list[tuple[float, float]] = []
    reach = 0.012 * panel.box.height
    for stroke in small:
        if stroke.colour != trace.look.colour:
            continue
        box = stroke.whole or stroke.box
        if box.height < 1.0 and not stroke.curved:
            continue  # the level bar of a cross, or a stray dash
        if _distance(trace, box.x, box.y) < reach + 0.25 * box.height:
            found.append((box.x, box.y))
    signs = [
        word
        for word in words
        if word.text in ("+", "|", "×", "x", "•", "l", "●", "○", "I")
        and panel.box.holds(word.box.x, word.box.y, 4)
        and (word.colour == trace.look.colour or len({t.look.colour for t in traces}) == 1)
    ]
    for word in signs:
        if _distance(trace, word.box.x, word.box.y) < 0.02 * panel.box.height:
            found.append((word.box.x, word.box.y))
    rivals = [other for other in traces if other is not trace
              and other.look.colour == trace.look.colour]  # fmt: skip
    own = [
        (x, y)
        for x, y in found
        if all(_distance(other, x, y) > _distance(trace, x, y) for other in rivals)
    ]
    marks = np.array(sorted(own)).reshape(-1, 2)
    if len(marks):
        marks = marks[np.concatenate([[True], np.diff(marks[:, 0]) > 0.02])]
    return Trace(trace.look, trace.corners, marks, trace.doubts, trace.error, trace.name)


def _distance(trace: Trace, x: float, y: float) -> float:
    """How far a point is from the staircase, up or down; a drop at its place counts as on it."""
    corners = trace.corners
    if not corners[0, 0] - 0.5 <= x <= corners[-1, 0] + 0.5:
        return np.inf
    near = corners[np.abs(corners[:, 0] - x) < 0.3, 1]
    level = levels_of(corners, np.array([np.clip(x, corners[0, 0], corners[-1, 0])]))
    heights = np.concatenate([near, level])
    low, high = heights.min(), heights.max()
    return float(max(low - y, y - high, 0.0))
