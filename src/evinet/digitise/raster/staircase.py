"""From the path of a curve to its staircase, finer than a pixel.

A line of width w drawn with a square pen along the staircase y(x) has its upper edge at
y(x - w/2) - w/2 and its lower edge at y(x + w/2) + w/2, however close the drops are. Both edges,
moved back, are two estimates of the staircase; where a mark or another curve covers one of them,
the other one tells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evinet.digitise.drawing import Floats
from evinet.digitise.raster.shapes import opened

HALF = 0.5  # share of ink at an edge
STEP = 0.45  # pixels: a smaller change of level is none
CORNER = 1.0  # pixels by which a rounded corner may be off ...
DROP = 2.0  # ... beside a drop of more than this
BRIEF = 3  # columns: a curve that falls within so many is taken to start with everybody


@dataclass(frozen=True, eq=False)
class Edges:
    """For each column of the path: the upper and lower edge of its ink, NaN where not seen."""

    upper: Floats
    lower: Floats

    @property
    def thickness(self) -> Floats:
        return self.lower - self.upper


def edges(share: Floats, hidden: Floats, path: NDArray[np.int64]) -> Edges:
    """The edges of the ink that the path runs in; an edge under other ink is not seen."""
    rows, columns = share.shape
    upper, lower = np.full(columns, np.nan), np.full(columns, np.nan)
    for column in range(columns):
        line = share[:, column]
        row = int(path[column])
        near = [r for r in (row, row - 1, row + 1) if 0 <= r < rows and line[r] >= HALF]
        if not near:
            continue
        top = bottom = near[0]
        while top > 0 and line[top - 1] >= HALF:
            top -= 1
        while bottom < rows - 1 and line[bottom + 1] >= HALF:
            bottom += 1
        above = line[top - 1] if top > 0 else 0.0
        below = line[bottom + 1] if bottom < rows - 1 else 0.0
        # what is left of an edge pixel is in the pixel itself or in the next one
        if not (top > 0 and hidden[top - 1, column] > HALF):
            upper[column] = top - above + max(0.0, 1 - line[top])
        if not (bottom < rows - 1 and hidden[bottom + 1, column] > HALF):
            lower[column] = bottom + 1 + below - max(0.0, 1 - line[bottom])
    return Edges(upper, lower)


def width(found: Edges) -> float:
    """The width of the line: the commonest of the smaller thicknesses, as where it runs level."""
    thick = found.thickness[np.isfinite(found.thickness)]
    if not len(thick):
        return 1.0
    lower = np.round(2 * thick[thick <= np.median(thick)]).astype(np.int64)
    usual = int(np.bincount(lower).argmax()) / 2
    return float(max(np.median(thick[np.abs(thick - usual) <= 0.5]), 1.0))


def bars(share: Floats, hidden: Floats, path: NDArray[np.int64], wide: float) -> Floats:
    """The height of the level ink near the path, upright ink left out; NaN where there is none."""
    size = round(wide) + 4
    found = edges(opened(share, 1, size), hidden, path)
    plain = np.abs(found.thickness - wide) < 1.0
    return np.where(plain, (found.upper + found.lower) / 2, np.nan)


def levels(
    found: Edges, path: NDArray[np.int64], wide: float, marked: NDArray[np.bool_],
    touched: NDArray[np.bool_], bar: Floats,
) -> Floats:  # fmt: skip
    """The height of the staircase in each column, `lag` to the right; NaN where nothing tells.

    The upper edge in column k tells of k + 1/2 - w/2, the lower one of k + 1/2 + w/2: shifted by
    whole columns, w in all, both tell of one place. Where a mark stands (`marked`) it is that of
    the level ink, `bar`; where other ink is `touched` too, if there is any level ink.
    """
    columns = len(path)
    whole = max(round(wide), 1)
    estimates = []
    for edge, way, shift in (
        (found.upper, 1.0, -(whole // 2)), (found.lower, -1.0, whole - whole // 2)
    ):  # fmt: skip
        value = np.where(marked, np.nan, edge + way * wide / 2)
        moved = np.full(columns, np.nan)
        place = np.arange(columns) + shift
        good = (place >= 0) & (place < columns) & np.isfinite(value)
        moved[place[good]] = value[good]
        estimates.append(moved)
    upper, lower = estimates
    centre = path + 0.5
    for each in estimates:  # an edge far from the path belongs to something else
        each[np.abs(each - centre) > _reach(path, wide)] = np.nan
    both = np.isfinite(upper) & np.isfinite(lower)
    agree = both & (np.abs(upper - lower) < 1.2)
    height = np.where(agree, (upper + lower) / 2, np.nan)
    one = np.isfinite(upper) ^ np.isfinite(lower)
    height = np.where(one, np.where(np.isfinite(upper), upper, lower), height)
    rest = both & ~agree  # the one nearer to the path
    nearer = np.where(np.abs(upper - centre) <= np.abs(lower - centre), upper, lower)
    height = np.where(rest, nearer, height)
    bar = np.where(np.abs(bar - centre) < wide / 2 + 1, bar, np.nan)
    height = np.where(touched & np.isfinite(bar), bar, height)
    return np.where(marked, bar, height)


def lag(wide: float) -> float:
    """By how many columns the heights of `levels` are told from right of the middle of theirs.

    >>> lag(2.0), lag(3.0)
    (0.0, -0.5)
    """
    return -0.5 if max(round(wide), 1) % 2 else 0.0


def _reach(path: NDArray[np.int64], wide: float) -> Floats:
    """How far a level may be from the path: half a line, and the drops beside it."""
    size = int(np.ceil(wide / 2)) + 1
    low = np.array([path[max(0, k - size) : k + size + 1].min() for k in range(len(path))])
    high = np.array([path[max(0, k - size) : k + size + 1].max() for k in range(len(path))])
    return np.maximum(high - path, path - low) + wide / 2 + 0.8


def monotone(height: Floats, known: NDArray[np.bool_]) -> Floats:
    """Least-squares fit that never rises (pool adjacent violators), over the known columns."""
    values: list[float] = []
    weights: list[float] = []
    sizes: list[int] = []
    for value in height[known]:
        values.append(float(value))
        weights.append(1.0)
        sizes.append(1)
        while len(values) > 1 and values[-2] > values[-1]:
            weight = weights[-2] + weights[-1]
            values[-2] = (values[-2] * weights[-2] + values[-1] * weights[-1]) / weight
            weights[-2] = weight
            sizes[-2] += sizes[-1]
            del values[-1], weights[-1], sizes[-1]
    return np.repeat(values, sizes)


def runs(height: Floats, known: NDArray[np.bool_]) -> list[tuple[int, int, float]]:
    """(first column, last column, height) of the levels of the staircase."""
    columns = np.flatnonzero(known)
    if not len(columns):
        return []
    fitted = monotone(height, known)
    found: list[tuple[int, int, float]] = []
    start = 0
    for k in range(1, len(columns) + 1):
        if k < len(columns) and fitted[k] - np.median(fitted[start:k]) <= STEP:
            continue
        level = float(np.median(fitted[start:k]))
        found.append((int(columns[start]), int(columns[k - 1]), level))
        start = k
    return _settled(_rounded_off(found))


def _rounded_off(found: list[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
    """Levels without those of the rounded corners of a drop: a column nearly as high as its
    neighbour on one side, with the drop on the other."""
    kept: list[tuple[int, int, float]] = []
    for first, last, level in found:
        if kept and kept[-1][1] == first - 1 and level - kept[-1][2] < CORNER:
            start, end, before = kept[-1]
            fall = before - kept[-2][2] if len(kept) > 1 and kept[-2][1] == start - 1 else 0.0
            if start == end and fall > DROP:
                both = (before + level) / 2 if first == last else level
                kept[-1] = (start, last, both)
                continue
        kept.append((first, last, level))
    found, kept = kept, []
    for first, last, level in reversed(found):
        if kept and kept[-1][0] == last + 1 and kept[-1][2] - level < CORNER:
            start, end, after = kept[-1]
            fall = kept[-2][2] - after if len(kept) > 1 and kept[-2][0] == end + 1 else 0.0
            if start == end and fall > DROP:
                kept[-1] = (first, end, (after + level) / 2 if first == last else level)
                continue
        kept.append((first, last, level))
    return kept[::-1]


def _settled(found: list[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
    """Levels of one column between two others are the edge of a drop: left out."""
    kept: list[tuple[int, int, float]] = []
    for place, (first, last, level) in enumerate(found):
        alone = first == last and 0 < place < len(found) - 1
        if alone and found[place - 1][1] == first - 1 and found[place + 1][0] == last + 1:
            before, after = found[place - 1][2], found[place + 1][2]
            if after - before < 2.5:  # smeared over two pixels: the drop is inside this column
                continue
        kept.append((first, last, level))
    return kept


def corners(
    found: list[tuple[int, int, float]], end: float, start: float, late: float = 0.0
) -> Floats:
    """The corners of the staircase, in pixels from the left and from the top, from `start` on.

    Levels were told from `late` columns to the right of the middle of theirs.
    """
    points: list[tuple[float, float]] = []
    if found and found[0][2] > start + 1.5:
        points = [(0.0, start), (found[0][0] / 2, start)]
    elif found and found[0][1] < BRIEF:  # too short to be a level of its own
        found = [(*found[0][:2], min(start, found[0][2])), *found[1:]]
    for place, (_, last, level) in enumerate(found):
        points.append((points[-1][0] if points else 0.0, level))
        right = end if place == len(found) - 1 else (last + 1 + found[place + 1][0]) / 2 + late
        points.append((float(max(right, points[-1][0])), level))
    return np.array(points)
