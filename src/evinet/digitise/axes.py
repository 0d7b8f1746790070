"""The two axes of a plot, from words and straight lines.

The values beside an axis are taken for its ticks only if they lie on a straight line against
their positions: at least three of them, robustly fitted, with the residuals kept. Positions come
from tick marks where there are any, from grid lines next, and from the middle of the words last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np

from evinet.digitise.drawing import Box, Floats, Stroke, Word

LEAST = 3  # values that an axis must have to be believed
CLOSE = 0.8  # pixels or points: ticks are no farther off the line
ROWS = 6  # of short lines beside an axis that may be its ticks
LABEL_ERROR = 0.12  # of the height of a word: how far its middle may be off


@dataclass(frozen=True)
class Segment:
    """A straight line along the page: `at` across, from `start` to `end` along."""

    at: float
    start: float
    end: float
    colour: tuple[int, int, int] = (0, 0, 0)

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass(frozen=True)
class Segments:
    """Straight lines of a figure: upright ones have `at` from the left, level ones from the top."""

    upright: list[Segment] = field(default_factory=list)
    level: list[Segment] = field(default_factory=list)


@dataclass(frozen=True)
class Tick:
    """A value of an axis and where it is; `how` says what its position was taken from."""

    at: float
    value: float
    how: str = "tick"


@dataclass(frozen=True, eq=False)
class Axis:
    """A straight axis: value = offset + slope * position."""

    ticks: tuple[Tick, ...]
    offset: float
    slope: float
    residuals: Floats  # in units of the position
    left_out: tuple[str, ...] = ()  # words beside it that do not fit
    broken: bool = False  # one of them stands beyond those that fit
    goes_on: bool = False  # its line goes on far beyond its last value

    @property
    def error(self) -> float:
        """Root mean square of the residuals, of which two are used up by the line."""
        free = max(len(self.ticks) - 2, 1)
        return float(np.sqrt((self.residuals**2).sum() / free))

    def value(self, position: float | Floats) -> Floats:
        """Values at positions."""
        return self.offset + self.slope * np.asarray(position, dtype=np.float64)

    def position(self, value: float) -> float:
        """Where a value is."""
        return (value - self.offset) / self.slope

    @property
    def snapped(self) -> bool:
        """Whether its ticks stand at whole units, off the line by no more than rounding."""
        places = np.array([tick.at for tick in self.ticks])
        parts = (places - places[0]) % 1.0
        whole = bool((np.minimum(parts, 1 - parts) < 0.01).all())
        worst = float(np.abs(self.residuals).max())
        return whole and 0.02 < worst < 0.55

    @property
    def lowest(self) -> float:
        return min(tick.value for tick in self.ticks)

    @property
    def highest(self) -> float:
        return max(tick.value for tick in self.ticks)


def fit(ticks: Sequence[Tick]) -> Axis:
    """The least squares line through ticks; two or more with different positions are needed."""
    at = np.array([tick.at for tick in ticks])
    value = np.array([tick.value for tick in ticks])
    slope, offset = np.polyfit(at - at.mean(), value, 1)
    offset -= slope * at.mean()
    residuals = at - (value - offset) / slope
    return Axis(tuple(ticks), float(offset), float(slope), residuals)


def number(text: str) -> float | None:
    """A number as it stands beside an axis: "0.5", ".5", "0,5", "50%", "1,000", "0.5-"."""
    text = (
        text.strip()
        .rstrip("-\u2010\u2011\u2012\u2013\u2014_")
        .rstrip("%")
        .strip()
        .replace("\u2212", "-")
        .replace("\u00b7", ".")
    )
    if re.fullmatch(r"[oO]", text):
        return 0.0
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+", text):
        return float(text.replace(",", ""))
    if re.fullmatch(r"-?(?:\d+(?:[.,]\d*)?|[.,]\d+)", text):
        return float(text.replace(",", "."))
    return None


@dataclass(frozen=True)
class Panel:
    """A plot: its axes, and the rectangle in which its curves run."""

    x: Axis
    y: Axis
    box: Box

    @property
    def full(self) -> float:
        """What stands for everybody on the survival axis: 1, or 100 per cent.

        It is 10 where the points of 0.0 to 1.0 were lost: no axis of survival ends at 10 per cent.
        """
        return everybody(self.y.highest)

    def survival(self, position: float | Floats) -> Floats:
        """Proportions at positions from the top."""
        return self.y.value(position) / self.full


def everybody(highest: float) -> float:
    """The value of a survival axis at which all are event-free, from its highest value."""
    return 1.0 if highest <= 1.5 else 10.0 if abs(highest - 10) < 0.1 else 100.0


def panels(words: Iterable[Word], segments: Segments, size: tuple[float, float]) -> list[Panel]:
    """Every plot with a survival scale, from left to right and from top to bottom."""
    numbers = [(word, v) for word in _percentages(words) if (v := number(word.text)) is not None]
    found: list[Panel] = []
    rows = list(_rows([pair for pair in numbers if pair[0].upright]))
    for column in _columns(numbers):
        side = _side(column)
        across = [row for row in rows if _belongs(row, side)]
        if not across:
            continue
        row = min(_longest(across), key=lambda row: row.words[0][0].box.y)
        found.append(_panel(row, side, segments, size))
    found = [panel for panel in found if panel.box.left > -1]  # where time 0 is on the page
    found = [panel for place, panel in enumerate(found) if not _repeated(panel, found[:place])]
    return sorted(found, key=lambda panel: (round(panel.box.top / 50), panel.box.left))


def _percentages(words: Iterable[Word]) -> list[Word]:
    """Words, with a number and the "%" that stands apart from it as one: it is centred as one."""
    every = list(words)
    signs = [word for word in every if word.text == "%"]
    joined = []
    for word in every:
        if word.text == "%":
            continue
        if signs and number(word.text) is not None:
            near = [sign for sign in signs if _adjoins(word, sign)]
            if near:
                word = replace(word, text=word.text + "%", box=word.box.union(near[0].box))
        joined.append(word)
    return joined


def _adjoins(word: Word, sign: Word) -> bool:
    """Whether a sign follows a word at its height: to the right, or further up the page."""
    if word.upright != sign.upright:
        return False
    if word.upright:
        gap, apart = sign.box.left - word.box.right, abs(sign.box.y - word.box.y)
    else:
        gap, apart = word.box.top - sign.box.bottom, abs(sign.box.x - word.box.x)
    return -0.2 * word.size < gap < 0.9 * word.size and apart < 0.4 * word.size


def _repeated(panel: Panel, before: list[Panel]) -> bool:
    return any(
        abs(panel.box.left - each.box.left) < 0.1 * panel.box.width
        and abs(panel.box.top - each.box.top) < 0.1 * panel.box.height
        for each in before
    )


@dataclass(frozen=True)
class _Series:
    """Numbers in a row or a column that rise evenly, and those beside them that do not fit."""

    words: list[tuple[Word, float]]
    others: list[tuple[Word, float]]


def _columns(numbers: list[tuple[Word, float]]) -> list[_Series]:
    """Columns of numbers that fall down the page between 0 and 1, or 0 and 100; longest first."""
    found: dict[tuple[int, ...], _Series] = {}
    for anchor in ("right", "x", "left"):
        for word, _ in numbers:
            line = [
                pair
                for pair in numbers
                if pair[0].upright == word.upright
                and abs(getattr(pair[0].box, anchor) - getattr(word.box, anchor)) < 0.45 * word.size
            ]
            series = _even(line, upright=True)
            if series is not None and _survival_scale([value for _, value in series.words]):
                key = tuple(sorted(id(member) for member, _ in series.words))
                found.setdefault(key, series)
    return _longest(list(found.values()))


def _longest(found: list[_Series]) -> list[_Series]:
    """Series of which no word is one of a longer one, the longest first."""
    kept: list[_Series] = []
    used: set[int] = set()
    for series in sorted(found, key=lambda series: -len(series.words)):
        own = {id(word) for word, _ in series.words}
        if not own & used:
            kept.append(series)
            used |= own
    return kept


def _survival_scale(values: list[float]) -> bool:
    high, low = max(values), min(values)
    return low >= 0 and ((0.15 <= high <= 1.2) or (10 <= high <= 120))


def _side(column: _Series) -> _Series:
    return _Series(sorted(column.words, key=lambda pair: pair[0].box.y), column.others)


def _rows(numbers: list[tuple[Word, float]]) -> list[_Series]:
    """Rows of numbers that rise evenly to the right."""
    found: dict[tuple[int, ...], _Series] = {}
    for word, _ in numbers:
        line = [pair for pair in numbers if abs(pair[0].box.y - word.box.y) < 0.4 * word.box.height]
        for part in _stretches(line):
            series = _even(part, upright=False)
            if series is not None and min(value for _, value in series.words) >= 0:
                key = tuple(sorted(id(member) for member, _ in series.words))
                found.setdefault(key, series)
    return list(found.values())


def _stretches(line: list[tuple[Word, float]]) -> list[list[tuple[Word, float]]]:
    """A row parted where its values fall: two plots side by side."""
    line = sorted(line, key=lambda pair: pair[0].box.left)
    cuts = [k for k in range(1, len(line)) if line[k][1] < line[k - 1][1]]
    parts = [line[a:b] for a, b in zip([0, *cuts], [*cuts, len(line)], strict=True)]
    return [line, *parts] if len(parts) > 1 else [line]


def _even(line: list[tuple[Word, float]], upright: bool) -> _Series | None:
    """The most numbers of a line whose values rise straight with their position."""
    if len(line) < LEAST:
        return None
    at = np.array([pair[0].box.y if upright else pair[0].box.x for pair in line])
    value = np.array([pair[1] for pair in line])
    tolerance = 0.3 * float(np.median([pair[0].size for pair in line]))
    best: np.ndarray | None = None
    score = (0, 0.0)
    for i, j in combinations(range(len(line)), 2):
        if abs(at[i] - at[j]) < 2 * tolerance or value[i] == value[j]:
            continue
        slope = (value[j] - value[i]) / (at[j] - at[i])
        if (slope > 0) == upright:
            continue
        off = np.abs(at - (at[i] + (value - value[i]) / slope))
        inside = off < tolerance
        mine = (int(inside.sum()), -float(off[inside].sum()))
        if mine > score:
            best, score = inside, mine
    if best is None or score[0] < LEAST:
        return None
    inside_words: list[tuple[Word, float]] = []
    others: list[tuple[Word, float]] = []
    for k, (word, read) in enumerate(line):
        rest = best & (np.arange(len(line)) != k)
        mended = _without_line(word)
        if mended is not None and rest.sum() > LEAST:
            slope, start = np.polyfit(value[rest], at[rest], 1)
            off = abs(at[k] - start - slope * mended)
            # such a line makes the box of the word larger, too
            if off < 2 * tolerance and off < abs(at[k] - start - slope * read):
                inside_words.append((word, mended))
                continue
        moved = None if best[k] or upright else _flush(word, read, at[best], value[best], tolerance)
        if moved is not None:
            inside_words.append((moved, read))
            continue
        (inside_words if best[k] else others).append((word, read))
    if len({value for _, value in inside_words}) < LEAST:
        return None
    return _Series(inside_words, others)


def _flush(
    word: Word, read: float, at: Floats, value: Floats, tolerance: float
) -> Word | None:  # fmt: skip
    """The first or last number of a level axis with its middle at its tick, where it was set flush
    with it: it starts there, or ends there, so as not to stand out."""
    if value.min() <= read <= value.max():
        return None
    slope, start = np.polyfit(value, at, 1)
    here = float(start + slope * read)
    edge = word.box.right if read > value.max() else word.box.left
    if abs(edge - here) > tolerance:
        return None
    half = (word.box.right - word.box.left) / 2
    return replace(word, box=replace(word.box, left=here - half, right=here + half))


def _without_line(word: Word) -> float | None:
    """The number of a word whose last digit may be the line of an axis or a tick beside it."""
    return number(word.text[:-1]) if word.text.endswith("1") else None


def _belongs(row: _Series, side: _Series) -> bool:
    """Whether a row of numbers can be the axis below a column of them."""
    words = [word for word, _ in side.words]
    bottom, high = words[-1].box, words[-1].size
    rise = words[-1].box.y - words[0].box.y
    first = min(row.words, key=lambda pair: pair[0].box.left)[0].box
    last = max(row.words, key=lambda pair: pair[0].box.right)[0].box
    below = -0.2 * high < first.y - bottom.y < max(0.5 * rise, 6 * high)
    beside = first.x > bottom.left - high and first.left < bottom.right + 1.2 * rise
    return below and beside and last.right - first.left > 0.4 * rise


def _panel(row: _Series, side: _Series, segments: Segments, size: tuple[float, float]) -> Panel:
    bottom_words = [word.box for word, _ in row.words]
    side_words = [word.box for word, _ in side.words]
    # the box of a word that was read in a picture may take in the tick beside it
    ceiling, floor = min(box.y for box in side_words), max(box.top for box in bottom_words)
    wall = min(box.right for box in side_words)
    end = max(box.right for box in bottom_words)
    side = replace(side, others=[pair for pair in side.others if pair[0].box.y < floor])
    x = _axis(row, segments.upright, False, (ceiling, floor))
    y = _axis(side, segments.level, True, (wall, end))
    box = _frame(x, y, segments, size, (row, side))
    return Panel(replace(x, goes_on=_goes_on(box, segments)), y, box)


def _goes_on(box: Box, segments: Segments) -> bool:
    """Whether the line of the time axis goes on far beyond where curves are looked for."""
    return any(
        abs(line.at - box.bottom) < 0.03 * box.height
        and line.start < box.left + 0.05 * box.width and line.end > box.right + 0.1 * box.width
        for line in segments.level
    )  # fmt: skip


def _axis(
    series: _Series, lines: list[Segment], upright: bool, plot: tuple[float, float]
) -> Axis:  # fmt: skip
    """The axis of a series: ticks from marks, else from grid lines, else from the words."""
    words = [
        (word.box.y if upright else word.box.x, value, word.size) for word, value in series.words
    ]
    rough = fit([Tick(at, value, "label") for at, value, _ in words])
    high = float(np.median([size for _, _, size in words]))
    depth = plot[1] - plot[0]
    edge = plot[0] if upright else plot[1]  # where the labels stand
    short = [
        line
        for line in lines
        if line.length < 0.09 * depth
        and (
            line.start > edge - 0.45 * high and line.start < edge + 0.12 * depth + high
            if upright
            else line.end < edge + 0.45 * high and line.end > edge - 0.12 * depth - high
        )
    ]
    long = [line for line in lines if line.length > 0.6 * depth]
    step = min(abs(a - b) for a, b in combinations([at for at, _, _ in words], 2))
    turned = [word.box.height for word, _ in series.words if upright and not word.upright]
    reach = min(max([0.75 * high, *(0.5 * long for long in turned)]), 0.3 * step)
    others = [word for word, _ in series.others if _beside(word, series, upright)]
    if upright and min(value for _, value in series.words) == 0:  # nothing is less than nobody
        floor = max(at for at, _, _ in words)
        others = [word for word in others if word.box.y < floor]
    ends = sorted(at for at, _, _ in words)
    left_out = tuple(word.text for word in others)
    broken = any(
        not ends[0] < (word.box.y if upright else word.box.x) < ends[-1] for word in others
    )
    for how, rows in (("tick", _aligned(short, lines, upright)), ("grid", [long])):
        fitted: list[tuple[bool, int, bool, int, Axis]] = []
        for place, found in enumerate(rows):
            near = [
                (word, value, _nearest(found, rough.position(value), reach, 0.09 * depth))
                for word, value in series.words
            ]
            ticks = [Tick(line.at, value, how) for _, value, line in near if line is not None]
            if len(ticks) < max(LEAST, 0.6 * len(words)):
                continue
            axis = fit(ticks)
            worst = np.abs(axis.residuals).max()
            if worst < 0.12 * high + 0.02 * step and len({tick.at for tick in ticks}) == len(ticks):
                letters = all(line is None or _within(line, word.box, upright)
                              for word, _, line in near)  # fmt: skip
                fitted.append((letters, -len(ticks), bool(worst > CLOSE), place, axis))
        if fitted:
            return replace(min(fitted)[-1], left_out=left_out, broken=broken)
    return replace(rough, left_out=left_out, broken=broken)


def _beside(word: Word, series: _Series, upright: bool) -> bool:
    """Whether a number that does not fit stands in the line of those that do."""
    boxes = [other.box for other, _ in series.words]
    at = [box.y if upright else box.x for box in boxes]
    here = word.box.y if upright else word.box.x
    gap = (max(at) - min(at)) / (len(at) - 1)
    return min(at) - 1.3 * gap < here < max(at) + 1.3 * gap


def _within(line: Segment, box: Box, upright: bool) -> bool:
    """Whether a line lies in the box of a word: a stroke of its letters."""
    if upright:
        return box.left <= line.start and line.end <= box.right and box.top <= line.at <= box.bottom
    return box.top <= line.start and line.end <= box.bottom and box.left <= line.at <= box.right


def _aligned(short: list[Segment], lines: list[Segment], upright: bool) -> list[list[Segment]]:
    """The lines that reach out as far as some short ones do, those with most of these first.

    Ticks do, one of which may go on as a frame; in a picture strokes of the letters do, too.
    """
    ends = np.array([line.start if upright else line.end for line in short])
    found: list[list[Segment]] = []
    while len(ends) and len(found) < ROWS:
        together = [int((np.abs(ends - end) < 1.5).sum()) for end in ends]
        outer = float(ends[int(np.argmax(together))])
        found.append(
            [line for line in lines if abs((line.start if upright else line.end) - outer) < 1.5]
        )
        ends = ends[np.abs(ends - outer) >= 1.5]
    return found


def _nearest(lines: list[Segment], at: float, reach: float, short: float) -> Segment | None:
    """The line nearest to a place; a short one first: a long one may run on as a curve."""
    near = [line for line in lines if abs(line.at - at) < reach]
    return min(near, key=lambda line: (line.length > short, abs(line.at - at)), default=None)


def _frame(
    x: Axis, y: Axis, segments: Segments, size: tuple[float, float], words: tuple[_Series, _Series]
) -> Box:
    """Where curves may run: from time 0 to the end of the axis, from survival 0 to 1."""
    left = x.position(0.0)
    right = max(x.position(value) for _, value in words[0].words)
    top = min(y.position(value) for _, value in words[1].words)
    bottom = max(y.position(value) for _, value in words[1].words)
    full = everybody(y.highest)
    if y.highest > 0.65 * full:
        top = min(top, y.position(full))
    if y.lowest < 0.25 * full:
        bottom = max(bottom, y.position(0.0))
    floor = min(word.box.top for word, _ in words[0].words)  # no curve runs among the words below
    wide, high = right - left, bottom - top
    spanning = [
        line for line in segments.level
        if line.start < left + 0.05 * wide and line.end > left + wide - 1
        and line.length < 1.35 * wide and top - 0.3 * high < line.at < floor
    ]  # fmt: skip
    # the drawn axis or frame may go on beyond the last tick
    right = max([right, *(line.end for line in spanning)])
    below = [line.at for line in spanning if line.at > bottom]
    first = min(y.position(value) for _, value in words[1].words)
    slack = 3 + 0.005 * high
    cut = [line.at for line in spanning if top + slack < line.at < first - slack]
    top = min(cut, default=top)  # a frame below the place of everybody: the axis is cut there
    if y.lowest > 0:
        bottom = max(below, default=max(bottom, min(floor, y.position(0.0))))
    return Box(left, top, min(right, size[0]), bottom)


def straight(strokes: Iterable[Stroke]) -> Segments:
    """The straight level and upright pieces among strokes that have few points."""
    found = Segments()
    for stroke in strokes:
        if len(stroke.points) > 6 or stroke.curved:
            continue
        for (x0, y0), (x1, y1) in zip(stroke.points[:-1], stroke.points[1:], strict=True):
            if abs(x0 - x1) < 0.02 and abs(y0 - y1) > 0.5:
                low, high = sorted((float(y0), float(y1)))
                found.upright.append(Segment(float(x0), low, high, stroke.colour))
            elif abs(y0 - y1) < 0.02 and abs(x0 - x1) > 0.5:
                low, high = sorted((float(x0), float(x1)))
                found.level.append(Segment(float(y0), low, high, stroke.colour))
    return found
