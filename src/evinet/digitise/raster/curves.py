"""The curves of a plot in a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from evinet.digitise.axes import Panel, number
from evinet.digitise.drawing import Box, Colour, Floats, Word
from evinet.digitise.labels import SIGN, like, name_of, one_colour
from evinet.digitise.raster import ink as inks
from evinet.digitise.raster import marks, path, staircase
from evinet.digitise.raster.shapes import dilated
from evinet.digitise.strokes import Sample, levels_of, without_bands
from evinet.digitise.trace import AT_FRAME, BEHIND, GOES_ON, Doubt, Look, Trace

ERROR_ACROSS = 0.3  # pixels: standard error of a level
ERROR_ALONG = 0.35  # pixels: standard error of the place of a drop
GRID = (2, 4)  # places of drops and levels are rounded to a half and a quarter of a pixel
SAME = 28  # units of 255: two looks of one colour
MARGIN = 6  # pixels around the plot
MOST = 5  # curves of one colour
LEAST = 0.15  # of the plot's width: a curve is at least so long
COLOURFUL = 60  # units of 255 between the parts of a colour that is no grey
HIDDEN = 0.5  # of a pixel: other ink hides what is there
CLIPPED = 0.75  # pixels: an edge so near the top of the plot may be where it was cut off
BEYOND = 10  # pixels beyond the end of a curve that hold no more of it
PLAIN = 0.1  # share of its length of which a curve is a curve though the table has no row for it
CLEAR = 1.5  # pixels: ink less far below the line of a curve is no drop from it ...
CLEAR_ON_AXIS = 0.75  # ... and ink that ends on the axis, which hides the rest


class Plot:
    """A plot of a picture, with what has been worked out of it."""

    errors = (ERROR_ALONG, ERROR_ACROSS)

    def __init__(self, pixels: NDArray[np.uint8], panel: Panel):
        self.panel = panel
        box = panel.box
        self.left = max(int(np.floor(box.left)), 0)
        self.top = max(int(np.floor(box.top)) - MARGIN, 0)
        right = min(int(np.ceil(box.right)) + MARGIN, pixels.shape[1])
        bottom = min(int(np.ceil(box.bottom)) + MARGIN, pixels.shape[0])
        part = pixels[self.top : bottom, self.left : right].astype(np.float64)
        self.whole = pixels
        self.ink = inks.prepare(part, _frames(part))
        self.rising = False
        self.made: dict[tuple[Colour, bool], list[Trace]] = {}

    def find(self, rows: int) -> list[Trace]:
        """Every curve that starts at time 0 with everybody, and nothing but curves.

        Where there are more of them than `rows` of numbers at risk, those hardly seen are none.
        """
        found: list[Trace] = []
        for rising in (False, True):
            self.rising = rising
            for colour in self.colours:
                found += self._of(colour)
            if found:
                break
        found = without_bands(_different(found), self.panel)
        if 0 < rows < len(found):
            seen = sorted(found, key=_unseen)
            found = seen[:rows] + [trace for trace in seen[rows:] if _unseen(trace) < PLAIN]
        return sorted(found, key=lambda trace: (trace.look.colour, len(trace.look.dash)))

    def follow(self, looks: Sequence[Look]) -> list[Trace | None]:
        """The curve of each look; looks of one colour in order, solid ones first."""
        result: list[Trace | None] = [None] * len(looks)
        groups: list[tuple[Colour, list[int]]] = []
        for place, look in enumerate(looks):
            for colour, members in groups:
                if like(colour, look.colour) <= SAME:
                    members.append(place)
                    break
            else:
                groups.append((look.colour, [place]))
        for rising in (False, True):
            self.rising = rising
            for colour, members in groups:
                traces = self._of(colour)[: len(members)]
                for place, trace in _paired([looks[m] for m in members], traces):
                    result[members[place]] = trace
            if any(result):
                break
        return result

    def _of(self, colour: Colour) -> list[Trace]:
        """The curves of a colour, the plainest first; worked out once."""
        key = (colour, self.rising)
        if key not in self.made:
            self.made[key] = self._followed(colour) if self._starts_inside() else []
        return self.made[key]

    @cached_property
    def colours(self) -> list[Colour]:
        """Colours that its lines may have."""
        return inks.colours(self.ink)

    def _shares(self, colour: Colour) -> tuple[Floats, Floats]:
        """Shares of a colour and of other ink in each pixel."""
        others = [other for other in self.colours if like(other, colour) > SAME]
        return inks.apart(self.ink, colour, others)

    def _followed(self, colour: Colour) -> list[Trace]:
        share, hidden = self._shares(colour)
        share = np.where(self.ink.blank, 0.0, share)
        hidden = np.where(self.ink.blank, 1.0, hidden)
        if self.rising:
            share, hidden = share[::-1], hidden[::-1]
        found: list[Trace] = []
        covered = np.zeros(share.shape, dtype=bool)
        while len(found) < MOST:
            free = np.where(covered, 0.0, share)
            veil = np.maximum(hidden, np.where(covered, 1.0, 0.0))
            trace, own = self._one(colour, free, veil, covered)
            if trace is None:
                break
            found.append(trace)
            covered |= own
        return found

    def _one(
        self, colour: Colour, share: Floats, hidden: Floats, taken: NDArray[np.bool_]
    ) -> tuple[Trace | None, NDArray[np.bool_]]:
        blank = self.ink.blank[::-1] if self.rising else self.ink.blank
        along, down = path.costs(share, hidden, taken, blank)
        along[:, int(np.ceil(self.panel.box.right)) + 1 - self.left :] = 0.0  # no curve runs there
        start = self._start()
        first, last = max(start - 2, 0), min(start + 2, share.shape[0] - 1)
        found = path.find(along, down, first, last)
        seen = _seen(share, found)
        end, dashes = _end(seen, _veiled(hidden, found))
        while not dashes and (stop := _touching(share, found, end)) > end + BEYOND:
            # it left its own ink for another line that goes on to the right
            shorter = path.find(along[:, :stop].copy(), down[:, :stop].copy(), first, last)
            found = np.concatenate([shorter, np.repeat(shorter[-1:], len(found) - stop)])
            seen = _seen(share, found)
            before, (end, dashes) = end, _end(seen, _veiled(hidden, found))
            if end <= before:
                break
        nothing = np.zeros(share.shape, dtype=bool)
        if end < LEAST * self.panel.box.width:
            return None, nothing
        cut = found[:end]
        edges = staircase.edges(share[:, :end], hidden[:, :end], cut)
        wide = staircase.width(edges)
        if not self.rising:
            # at the top of the plot a line may be cut off: there its upper edge tells nothing
            above = np.abs(edges.upper - (self.panel.box.top - self.top)) < CLIPPED
            edges = replace(edges, upper=np.where(above, np.nan, edges.upper))
        marked = marks.columns(edges, cut, wide)
        bar = staircase.bars(share[:, :end], hidden[:, :end], cut, wide)
        touched = marks.covered(edges, cut, wide)
        height = staircase.levels(edges, cut, wide, marked, touched, bar)
        known = np.isfinite(height)
        if known.sum() < 0.2 * end:
            return None, nothing
        veiled = _veiled(hidden, found)[:end] & ~known
        height = np.where(veiled, cut + 0.5, height)  # under other ink the path is all there is
        steps = staircase.runs(height, known | veiled)
        corners = staircase.corners(steps, float(end), start + 0.5, staircase.lag(wide))
        corners, unknown = self._last_drop(corners, edges, cut, wide, marked, share, hidden)
        if not unknown and _goes_on(corners, share, wide):
            unknown = GOES_ON
        if not self._plausible(corners, start):
            return None, nothing
        own = _around(cut, share.shape, wide)
        for column in np.flatnonzero(marked):
            top = np.fmin(edges.upper[column], cut[column])
            bottom = np.fmax(edges.lower[column], cut[column])
            own[max(int(top) - 1, 0) : int(bottom) + 2, column] = True
        doubts = _gaps(known, dashes, self.left)
        if unknown:
            doubts += (Doubt(float(self.left + end - 1), float(self.left + end), unknown),)
        look = Look(colour, round(wide, 2), dashes)
        centres = marks.centres(marked, edges, wide)
        return self._placed(look, corners, centres, doubts), own

    def _starts_inside(self) -> bool:
        """Whether the place where curves start is in the plot at all."""
        place = self.panel.y.position(0.0 if self.rising else self.panel.full) - self.top
        return -2 <= place <= self.ink.contrast.shape[0] + 2

    def _start(self) -> int:
        """The row at which curves start."""
        value = 0.0 if self.rising else self.panel.full
        row = self.panel.y.position(value) - self.top - 0.5
        rows = self.ink.contrast.shape[0]
        return int(np.clip(round(rows - 1 - row if self.rising else row), 0, rows - 1))

    def _last_drop(
        self, corners: Floats, edges: staircase.Edges, cut: NDArray[np.int64], wide: float,
        marked: NDArray[np.bool_], share: Floats, hidden: Floats,
    ) -> tuple[Floats, str]:  # fmt: skip
        """A drop at the very end of the curve, as when the last patient has the event.

        One that ends on the axis ends at 0, if the axis is there and the line was clear of it. It
        may be hidden in part by another curve that falls there, too. Second, why it cannot be told
        whether there is one; else nothing.
        """
        size = int(np.ceil(wide)) + 1
        columns = np.arange(len(cut) - size, min(len(cut) + size, share.shape[1]))
        rows = cut[np.minimum(columns, len(cut) - 1)]
        below = np.full(len(columns), np.nan)
        below[:size] = np.where(marked, np.nan, edges.lower)[-size:]
        level, nobody = corners[-1, 1], self.panel.y.position(self.panel.full * self.rising)
        nobody -= self.top
        nobody = share.shape[0] - nobody if self.rising else nobody
        for place, column in enumerate(columns):
            foot = _foot(share[:, column], hidden[:, column], int(rows[place]), wide)
            framed = self._framed(share[:, column], foot, column)
            clear = CLEAR_ON_AXIS if framed else CLEAR
            if foot < level + wide / 2 + clear or (place < size and marked[column]):
                continue
            if not foot <= below[place] + 2 * wide:
                below[place] = foot
            if framed and abs(nobody - foot) < wide + 6:
                below[place] = nobody + wide / 2
        if not np.isfinite(below).any() or not np.isfinite(edges.upper[-size:]).any():
            return corners, ""
        low = float(np.nanmax(below)) - wide / 2
        entering = levels_of(corners, np.maximum(columns[:size] - wide / 2 - 1, 0.0))
        out = max(1.5, 0.6 * wide)  # as far as a mark sticks out above the line
        beyond = share[: int(level - wide / 2 - out), columns[size:]]
        with np.errstate(invalid="ignore"):
            sticks = bool((edges.upper[-size:] < entering - wide / 2 - out).any())
        sticks = sticks or bool((beyond[-1:] >= staircase.HALF).any())
        if sticks or abs(low - level - _of_marks(corners, edges, wide)) < 1.5:
            return corners, ""
        if low < level + max(2.0, 0.75 * wide):
            return corners, self._unknown_end(level, wide, columns, hidden)
        # the line's left edge tells where it falls: its right one may be cut off with the plot
        falling = share[int(level + wide / 2) + 1 : int(low - 1), columns[0] : columns[-1] + 1]
        inked = columns[(falling >= staircase.HALF).any(axis=0)]  # none where other ink hides it
        at = columns[0] + _left(falling) + wide / 2 if len(inked) else corners[-1, 0] - wide / 2
        at = min(max(at, corners[-2, 0]), max([corners[-1, 0], *(inked + 1.0)]))
        corners = corners.copy()
        corners[-1, 0] = at
        return np.vstack([corners, [at, low]]), ""

    def _unknown_end(
        self, level: float, wide: float, columns: NDArray[np.int64], hidden: Floats
    ) -> str:
        """Why it cannot be told whether a curve falls at its end; else nothing."""
        blank = (self.ink.blank[::-1] if self.rising else self.ink.blank)[:, columns]
        start = int(level + wide / 2) + 1
        stop = start + int(3 * wide) + 3
        if stop >= len(blank):
            return ""
        if blank[start:stop].all(axis=0).any():
            return AT_FRAME
        return BEHIND if (hidden[start:stop, columns] > HIDDEN).all(axis=0).any() else ""

    def _framed(self, ink: Floats, row: int, column: int) -> bool:
        """Whether ink that ends before a row ends on a frame or axis."""
        blank = (self.ink.blank[::-1] if self.rising else self.ink.blank)[:, column]
        return bool(blank[row] and ink[row - 1] >= staircase.HALF)

    def _plausible(self, corners: Floats, start: int) -> bool:
        """Whether a path is a curve: it does not run down a frame."""
        if len(corners) < 3:
            return False
        early = corners[corners[:, 0] < 4, 1]
        return float(early.max() - start) < 0.5 * self.panel.box.height

    def _placed(
        self, look: Look, corners: Floats, centres: Floats, doubts: tuple[Doubt, ...]
    ) -> Trace:
        """The trace in the coordinates of the picture, rounded to parts of a pixel."""
        rows = self.ink.contrast.shape[0]
        x = np.round(corners[:, 0] * GRID[0]) / GRID[0] + self.left
        y = np.round(corners[:, 1] * GRID[1]) / GRID[1]
        levels = np.column_stack([np.full(len(centres), 0.0)] * 2)
        if len(centres):
            place = np.clip(np.searchsorted(corners[:, 0], centres, side="right") - 1, 0, None)
            levels = np.column_stack([centres + self.left, corners[place, 1]])
        if self.rising:
            y, levels[:, 1] = rows - y, rows - levels[:, 1]
        placed = np.column_stack([x, y + self.top])
        levels[:, 1] += self.top
        placed[0, 0] = min(placed[0, 0], self.panel.x.position(0.0) + 0.0)
        return Trace(look, placed, levels, doubts, self.errors)

    def samples(self, words: Sequence[Word], traces: Sequence[Trace]) -> list[Sample]:
        """Short lines of the curves' colours to the left of words, as in legends.

        A line that is part of a curve is none: a mark on it may be read as a letter.
        """
        found = []
        looks = [trace.look for trace in traces]
        for word in words:
            below = word.box.y > self.panel.box.bottom
            if not word.upright or word.size < 5 or below or number(word.text) is not None:
                continue
            if not self._near(word):
                continue
            high = word.size
            box = Box(word.box.left - 5.5 * high, word.box.y - 0.45 * high, word.box.left - 2,
                      word.box.y + 0.45 * high)  # fmt: skip
            found += [
                Sample(here, look)
                for here, look in self._drawn(box, looks)
                if not any(_on(trace, here) for trace in traces)
            ]
        return found

    def _near(self, word: Word) -> bool:
        """Whether a word stands where the legend of this plot may be, not of the one beside it."""
        box = self.panel.box
        return box.left - 0.1 * box.width < word.box.left < box.right + 0.4 * box.width

    def _drawn(self, box: Box, looks: Sequence[Look]) -> list[tuple[Box, Look]]:
        """The line of a look that crosses a box, if there is one."""
        top, left = max(int(box.top), 0), max(int(box.left), 0)
        part = self.whole[top : int(box.bottom) + 1, left : int(box.right) + 1].astype(np.float64)
        if min(part.shape[:2]) < 3:
            return []
        small = inks.Ink(part, self.ink.paper, np.abs(part - self.ink.paper).max(axis=2),
                         np.zeros(part.shape[:2], dtype=bool))  # fmt: skip
        found = []
        for look in looks:
            line = np.array(look.colour, dtype=np.float64) - small.paper
            mixed = np.clip((small.pixels - small.paper) @ line / (line @ line), 0, 1)
            away = np.linalg.norm(small.pixels - small.paper - mixed[..., None] * line, axis=2)
            on = (mixed > 0.6) & (away < inks.OFF)
            across = on.any(axis=0)
            if across.sum() < 0.35 * part.shape[0] or across.sum() < 5:
                continue
            row = int(on.sum(axis=1).argmax())
            dashed = _dash(on[max(row - 1, 0) : row + 2].any(axis=0))
            columns = np.flatnonzero(on[row])
            if len(columns) < 4:
                continue
            here = Box(float(left + columns[0]), float(top + row), float(left + columns[-1] + 1),
                       float(top + row + 1))  # fmt: skip
            found.append((here, Look(look.colour, look.width, dashed)))
        colours = [look.colour for _, look in found]
        return [  # the edges of a black line look like a grey one
            each for each in found
            if not any(inks.faint(each[1].colour, other, small.paper) for other in colours)
        ]  # fmt: skip

    def others(self, words: Sequence[Word], samples: Sequence[Sample]) -> list[Sample]:
        """Lines of whatever colour and dashes where other entries of the legend would have them.

        They stand below or beside an entry that is known, as far before their first word as its
        own line does; another plot's legend is none of them.
        """
        found = []
        words = [
            word for word in words
            if word.upright and not SIGN.match(word.text) and self._near(word)
        ]  # fmt: skip
        for sample in samples:
            for own in name_of(sample.box, words, self.panel)[:1]:
                for word in words:
                    below = abs(word.box.left - own.box.left) < 0.7 * own.size
                    below = below and abs(word.box.y - own.box.y) < 4 * own.size
                    beside = abs(word.box.y - own.box.y) < 0.3 * own.size
                    beside = beside and word.box.left < self.panel.box.right
                    left = sample.box.left + word.box.left - own.box.left
                    right = left + sample.box.width
                    if (below or beside) and not _taken(left, right, word, words, samples):
                        found += self._line(sample, word, left)
        return found

    def _line(self, sample: Sample, word: Word, start: float) -> list[Sample]:
        """A line as long as a sample at the height of a word, if there is one, dashed or not."""
        left, right = max(int(start), 0), int(np.ceil(start + sample.box.width))
        top = max(int(word.box.y - 0.45 * word.size), 0)
        part = self.whole[top : int(word.box.y + 0.45 * word.size) + 1, left:right]
        if part.size == 0:
            return []
        apart = np.abs(part.astype(np.float64) - self.ink.paper).max(axis=2)
        row = int((apart > 55).sum(axis=1).argmax())
        on = np.flatnonzero(apart[row] > 55)
        wide = apart.shape[1]
        if len(on) < 0.35 * wide or on[0] > 0.25 * wide or on[-1] < 0.7 * wide:
            return []
        darkest = part[row, on[np.argsort(-apart[row, on])[: max(1, len(on) // 2)]]]
        red, green, blue = (int(v) for v in np.median(darkest, axis=0))
        box = Box(float(left), float(top + row), float(right), float(top + row + 1))
        return [Sample(box, Look((red, green, blue), sample.look.width))]

    def unexplained(self, traces: Sequence[Trace | None]) -> float:
        """Share of the ink of curves that lies on no curve, words and frames aside.

        It is the ink of the curves' own colours, and of other colours but greys, which grids have,
        where it falls or rises.
        """
        drawn = [trace for trace in traces if trace is not None]
        if not drawn:
            return 1.0
        near = np.zeros(self.ink.contrast.shape, dtype=bool)
        for trace in drawn:
            _paint(near, trace, self.left, self.top)
        size = int(np.ceil(max(trace.look.width for trace in drawn))) * 3 + 5
        open_to_all = ~self.ink.blank & ~dilated(near, size, size)
        own = [trace.look.colour for trace in drawn]
        foreign = [
            colour for colour in self.colours
            if max(colour) - min(colour) > COLOURFUL
            and not any(one_colour(colour, other) for other in own)
        ]  # fmt: skip
        long = _long([self._shares(colour)[0] for colour in own], open_to_all)
        for colour in foreign:
            long += _long([self._shares(colour)[0]], open_to_all, 2 * size)
        total = sum(float(np.ptp(trace.corners[:, 0])) for trace in drawn)
        return long / max(total, 1.0)


def _long(shares: list[Floats], free: NDArray[np.bool_], high: int = 0) -> int:
    """How long the long pieces of ink are together: words and samples of a legend are short.

    Only those count that are higher than `high`.
    """
    rest = (np.max(shares, axis=0) > 0.6) & free
    labelled, _ = ndimage.label(ndimage.binary_closing(rest, np.ones((3, 5), dtype=bool)))
    return sum(
        piece[1].stop - piece[1].start
        for piece in ndimage.find_objects(labelled)
        if piece is not None
        and piece[1].stop - piece[1].start > LEAST * free.shape[1]
        and piece[0].stop - piece[0].start > high
    )


def _touching(share: Floats, found: NDArray[np.int64], end: int) -> int:
    """The column before which the ink ends that goes on to the right of a path's last ink."""
    if not 0 < end < share.shape[1]:
        return end
    labelled, _ = ndimage.label(share[:, end - 1 :] >= staircase.HALF, np.ones((3, 3), dtype=int))
    row = int(found[end - 1])
    names = set(labelled[max(row - 1, 0) : row + 2, 0].tolist()) - {0}
    columns = np.flatnonzero(np.isin(labelled, list(names)).any(axis=0))
    return end + int(columns[-1]) if len(columns) else end


def _goes_on(corners: Floats, share: Floats, wide: float) -> bool:
    """Whether ink of the colour falls further just beyond the end of a curve."""
    column, row = int(corners[-1, 0] + wide), int(corners[-1, 1] + wide / 2) + 2
    beyond = share[row:, column : column + BEYOND] >= staircase.HALF
    return bool(beyond.sum(axis=0).max(initial=0) > 3 * wide + 4)


def _foot(ink: Floats, hidden: Floats, row: int, wide: float) -> int:
    """The row before which the ink that goes down from a line ends; other ink may hide parts.

    Where a line is cut off as it turns, a part of the turn may be missing.
    """
    near = np.flatnonzero(ink[row : row + int(np.ceil(wide)) + 1] >= staircase.HALF)
    row += int(near[-1]) if len(near) else 0
    last = row - 1
    while row < len(ink) - 1 and (ink[row] >= staircase.HALF or hidden[row] > HIDDEN):
        last = row if ink[row] >= staircase.HALF else last
        row += 1
    return last + 1


def _of_marks(corners: Floats, edges: staircase.Edges, wide: float) -> float:
    """How far the ink of marks goes below level stretches of a curve; NaN where few do."""
    columns = np.arange(len(edges.lower) - int(np.ceil(wide)) - 1, dtype=np.float64)
    before = levels_of(corners, np.maximum(columns - wide - 1, 0.0))
    after = levels_of(corners, columns + wide + 2)
    with np.errstate(invalid="ignore"):
        deep = edges.lower[: len(columns)] - wide / 2 - before
        alone = deep[(before == after) & (deep > max(2.0, 0.75 * wide))]
    return float(np.median(alone)) if len(alone) >= 3 else np.nan


def _left(falling: Floats) -> float:
    """The left edge of the ink in most rows that have some."""
    rows = falling[(falling >= staircase.HALF).any(axis=1)]
    first = (rows >= staircase.HALF).argmax(axis=1)
    number = np.arange(len(rows))
    before = np.where(first > 0, rows[number, np.maximum(first - 1, 0)], 0.0)
    return float(np.median(first - before + np.maximum(0.0, 1 - rows[number, first])))


def _taken(
    left: float, right: float, word: Word, words: Sequence[Word], samples: Sequence[Sample]
) -> bool:
    """Whether a word or a sample stands between `left` and `right` at the height of a word."""
    boxes = [each.box for each in words] + [each.box for each in samples]
    return any(
        abs(box.y - word.box.y) < 0.7 * word.size and box.left < right and left < box.right
        for box in boxes
    )


def _on(trace: Trace, box: Box) -> bool:
    """Whether the middle of a box lies on a curve."""
    within = trace.corners[0, 0] <= box.x <= trace.corners[-1, 0]
    level = float(levels_of(trace.corners, np.array([box.x]))[0])
    return bool(within and abs(level - box.y) < trace.look.width + 2)


def _unseen(trace: Trace) -> float:
    """Share of the length of a trace that was not plainly seen."""
    span = max(float(np.ptp(trace.corners[:, 0])), 1.0)
    return sum(doubt.end - doubt.start for doubt in trace.doubts) / span


def _different(found: list[Trace]) -> list[Trace]:
    """Traces without those that run along another of another colour: the edges of its line."""
    kept: list[Trace] = []
    for trace in sorted(found, key=_unseen):
        if not any(_together(trace, other) for other in kept):
            kept.append(trace)
    return kept


def _together(a: Trace, b: Trace) -> bool:
    """Whether two traces lie on each other nearly all the way that both go."""
    end = min(a.corners[-1, 0], b.corners[-1, 0])
    grid = np.arange(a.corners[0, 0] + 2, end, 2.0)
    if len(grid) < 10:
        return False
    apart = np.abs(levels_of(a.corners, grid) - levels_of(b.corners, grid))
    near = 1.2 * max(a.look.width, b.look.width) + 1
    return bool((apart < near).mean() > 0.8)


def _frames(part: Floats) -> NDArray[np.bool_]:
    """Pixels of frames and axes: dark rows at the top and bottom, dark columns at the sides.

    A curve that ends at the last time with a drop to 0 fills a column, too, but not up to the top.
    """
    grey = part.mean(axis=2)
    paper = float(np.median(grey))
    dark = grey < paper - 60
    blank = np.zeros(dark.shape, dtype=bool)
    rows, columns = dark.shape
    # of one colour from end to end: an axis, not a curve
    for row in [*range(min(14, rows)), *range(max(rows - 14, 0), rows)]:
        if dark[row].mean() > 0.93:
            blank[max(row - 1, 0) : row + 2] = True
    for column in [*range(min(9, columns)), *range(max(columns - 14, 0), columns)]:
        upper = dark[MARGIN + 1 : MARGIN + 1 + max(rows // 20, 3), column]
        if dark[:, column].mean() > 0.85 and upper.mean() > 0.5:
            blank[:, column] = True
            frame = np.median(part[dark[:, column], column], axis=0) - paper
            for beside in (column - 1, column + 1):
                if 0 <= beside < columns:  # its paler edges, not the curves that run up to it
                    off = part[:, beside] - paper
                    shade = np.clip(off @ frame / max(float(frame @ frame), 1.0), 0, 1)
                    away = np.linalg.norm(off - shade[:, None] * frame, axis=1)
                    blank[:, beside] |= away < inks.OFF
    return blank


def _seen(share: Floats, found: NDArray[np.int64]) -> NDArray[np.bool_]:
    columns = np.arange(len(found))
    rows = share.shape[0]
    near = [share[np.clip(found + shift, 0, rows - 1), columns] for shift in (-1, 0, 1)]
    return np.asarray(np.max(near, axis=0) > 0.45)


def _veiled(hidden: Floats, found: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.asarray(hidden[found, np.arange(len(found))] > 0.5)


def _end(
    seen: NDArray[np.bool_], veiled: NDArray[np.bool_]
) -> tuple[int, tuple[float, ...]]:  # fmt: skip
    """Where a path stops being on a curve (columns), and the dashes of the curve."""
    if not seen.any():
        return 0, ()
    dashes = _dash(seen[: int(np.flatnonzero(seen)[-1]) + 1], veiled)
    allowed = 12.0 if not dashes else max(14.0, 3.0 * dashes[1])
    bare, last = 0.0, 0
    for column, (on, under) in enumerate(zip(seen, veiled, strict=True)):
        if on:
            last, bare = column + 1, 0.0
        elif not under:
            bare += 1
            if bare > allowed and column > 8:
                break
    return last, dashes


def _dash(on: NDArray[np.bool_], veiled: NDArray[np.bool_] | None = None) -> tuple[float, ...]:
    """(on, off) lengths of a dashed line; nothing for a solid one."""
    gap = ~on if veiled is None else ~on & ~veiled[: len(on)]
    if gap.mean() < 0.08:
        return ()
    lengths = [len(list(part)) for part in _groups(gap)]
    pieces = [len(list(part)) for part in _groups(on)]
    if len(lengths) < 4:
        return ()
    return float(np.median(pieces)), float(np.median(lengths))


def _groups(flags: NDArray[np.bool_]) -> list[list[int]]:
    labelled, count = ndimage.label(flags)
    places = np.flatnonzero(flags)
    return [list(places[labelled[places] == k]) for k in range(1, count + 1)]


def _around(cut: NDArray[np.int64], shape: tuple[int, ...], wide: float) -> NDArray[np.bool_]:
    """Pixels that the curve itself covers."""
    own = np.zeros(shape, dtype=bool)
    before = np.concatenate([cut[:1], cut[:-1]])
    for column, (top, bottom) in enumerate(zip(before, cut, strict=True)):
        own[top : bottom + 1, column] = True
    size = int(np.ceil(wide)) + 2
    size += 1 - size % 2
    return dilated(own, size, size)


def _gaps(known: NDArray[np.bool_], dashes: tuple[float, ...], left: int) -> tuple[Doubt, ...]:
    """Stretches that were not seen, longer than the gaps between dashes."""
    usual = 6.0 if not dashes else 2.2 * dashes[1] + 2
    return tuple(
        Doubt(float(left + part[0]), float(left + part[-1] + 1), "hidden or not drawn")
        for part in _groups(~known)
        if len(part) > usual
    )


def _paired(looks: list[Look], traces: list[Trace]) -> list[tuple[int, Trace]]:
    """Traces of one colour for looks of that colour: solid with solid, dashes by their length."""

    def length(look: Look) -> float:
        return look.dash[1] / max(look.dash[0], 0.5) if look.dash else 0.0

    order = sorted(range(len(looks)), key=lambda k: length(looks[k]))
    by_dash = sorted(traces, key=lambda trace: length(trace.look))
    return list(zip(order, by_dash, strict=False))


def _paint(near: NDArray[np.bool_], trace: Trace, left: int, top: int) -> None:
    rows, columns = near.shape
    for (x0, y0), (x1, y1) in zip(trace.corners[:-1], trace.corners[1:], strict=True):
        a, b = sorted((int(x0) - left, int(x1) - left))
        c, d = sorted((int(y0) - top, int(y1) - top))
        near[max(c, 0) : min(d, rows - 1) + 1, max(a, 0) : min(b, columns - 1) + 1] = True
