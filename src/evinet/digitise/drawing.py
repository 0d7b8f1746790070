"""What a figure is made of: words and strokes, in one kind of coordinates.

Coordinates run from the left and from the top, in points (PDF), user units (SVG) or pixels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Colour = tuple[int, int, int]
BLACK: Colour = (0, 0, 0)
EDGE = 0.05  # points: what is so little outside a clip is on its edge
SIGNS = "+|×•●○"  # characters that stand for a censor mark


@dataclass(frozen=True)
class Box:
    """A rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def x(self) -> float:
        """Its centre from the left."""
        return (self.left + self.right) / 2

    @property
    def y(self) -> float:
        """Its centre from the top."""
        return (self.top + self.bottom) / 2

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def holds(self, x: float, y: float, margin: float = 0.0) -> bool:
        """Whether a point lies inside, or no more than `margin` outside."""
        across = self.left - margin <= x <= self.right + margin
        return across and self.top - margin <= y <= self.bottom + margin

    def common(self, other: Box) -> Box:
        """The rectangle that both share; where there is none its sides are exchanged."""
        return Box(
            max(self.left, other.left), max(self.top, other.top),
            min(self.right, other.right), min(self.bottom, other.bottom),
        )  # fmt: skip

    def union(self, other: Box) -> Box:
        """The smallest rectangle around both."""
        return Box(
            min(self.left, other.left), min(self.top, other.top),
            max(self.right, other.right), max(self.bottom, other.bottom),
        )  # fmt: skip


@dataclass(frozen=True)
class Word:
    """Text without a wide gap; `upright` is false for text that runs up or down the page."""

    text: str
    box: Box
    colour: Colour = BLACK
    upright: bool = True
    score: float = 1.0  # of the optical reading; 1 where the file holds the text

    @property
    def size(self) -> float:
        """How high its letters are."""
        return self.box.height if self.upright else self.box.width


@dataclass(frozen=True, eq=False)
class Stroke:
    """A line as it is drawn: its points (n, 2), colour, width and dashes (empty when solid).

    `cut` holds the ends at which a clip hides how it goes on; `whole` is then the rectangle around
    all of it.
    """

    points: Floats
    colour: Colour = BLACK
    width: float = 1.0
    dash: tuple[float, ...] = ()
    curved: bool = False
    cut: tuple[tuple[float, float], ...] = ()
    whole: Box | None = None

    @property
    def box(self) -> Box:
        """The rectangle around its points."""
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        return Box(float(low[0]), float(low[1]), float(high[0]), float(high[1]))

    @property
    def style(self) -> tuple[Colour, float, tuple[float, ...]]:
        """What one arm's strokes have in common."""
        return self.colour, round(self.width, 1), tuple(round(each, 1) for each in self.dash)


@dataclass(frozen=True, eq=False)
class Drawing:
    """A page or figure: its size, its words, its strokes, and the part of it that is pictures."""

    width: float
    height: float
    words: list[Word] = field(default_factory=list)
    strokes: list[Stroke] = field(default_factory=list)
    pictures: list[Box] = field(default_factory=list)
    outlines: list[Stroke] = field(default_factory=list)  # edges of filled shapes

    def within(self, box: Box) -> Drawing:
        """The part inside `box`, with coordinates unchanged."""
        return replace(
            self,
            words=[word for word in self.words if box.holds(word.box.x, word.box.y)],
            strokes=[line for line in self.strokes if box.holds(line.box.x, line.box.y)],
            outlines=[line for line in self.outlines if box.holds(line.box.x, line.box.y)],
        )


def clipped(stroke: Stroke, clip: Box | None) -> list[Stroke]:
    """The pieces of a line that a clip leaves (Liang and Barsky 1984, doi:10.1145/357332.357333).

    Examples
    --------
    >>> line = Stroke(np.array([[0.0, 0], [4, 0], [4, 9], [8, 9], [8, 1]]))
    >>> [piece.points.tolist() for piece in clipped(line, Box(1, 0, 10, 3))]
    [[[1.0, 0.0], [4.0, 0.0], [4.0, 3.0]], [[8.0, 3.0], [8.0, 1.0]]]
    """
    if clip is None:
        return [stroke]
    box = stroke.box
    if clip.holds(box.left, box.top, EDGE) and clip.holds(box.right, box.bottom, EDGE):
        return [stroke]
    low = np.array([clip.left, clip.top]) - EDGE
    high = np.array([clip.right, clip.bottom]) + EDGE
    pieces: list[list[Floats]] = [[]]
    for start, end in zip(stroke.points[:-1], stroke.points[1:], strict=True):
        step = end - start
        level = step == 0
        if ((start < low) | (start > high))[level].any():
            continue
        sides = np.sort([(each - start)[~level] / step[~level] for each in (low, high)], axis=0)
        enters, leaves = max([0.0, *sides[0]]), min([1.0, *sides[1]])
        if enters > leaves:
            continue
        if not pieces[-1]:
            pieces[-1].append(start + enters * step)
        pieces[-1].append(start + leaves * step)
        if leaves < 1:
            pieces.append([])
    ends = {tuple(stroke.points[0]), tuple(stroke.points[-1])}
    return [
        replace(stroke, points=np.clip(piece, low + EDGE, high - EDGE), whole=box, cut=tuple(
            (x, y) for x, y in np.clip([piece[0], piece[-1]], low + EDGE, high - EDGE).tolist()
            if (x, y) not in ends
        ))
        for piece in pieces if len(piece) > 1
    ]  # fmt: skip


def phrases(words: Iterable[Word], gap: float = 0.6) -> list[Word]:
    """Words of one line that stand closer than `gap` times their height, put together."""
    rows = sorted((word for word in words if word.upright), key=lambda word: word.box.left)
    joined: list[Word] = []
    for word in rows:
        for place, before in enumerate(joined):
            near = word.box.left - before.box.right
            high = min(word.box.height, before.box.height)
            level = abs(word.box.bottom - before.box.bottom) < 0.4 * high
            if level and -0.5 * high < near < gap * max(word.box.height, before.box.height):
                text = f"{before.text} {word.text}"
                score = min(before.score, word.score)
                box = before.box.union(word.box)
                joined[place] = Word(text, box, before.colour, True, score)
                break
        else:
            joined.append(word)
    return joined


def from_pieces(pieces: list[tuple[str, Box, Colour]], upright: bool) -> list[Word]:
    """Words from single characters in reading order; a gap of a quarter of their height parts."""
    words: list[Word] = []
    for text, box, colour in pieces:
        if not text.strip():
            words.append(Word("", box, colour, upright))
            continue
        last = words[-1] if words else None
        if last is not None and text in SIGNS and last.text[-1:] in (text, ""):
            words.append(Word(text, box, colour, upright))  # marks, however near, are single
        elif last is not None and last.text and last.colour == colour and _follows(last, box):
            words[-1] = replace(last, text=last.text + text, box=last.box.union(box))
        else:
            words.append(Word(text, box, colour, upright))
    return [word for word in words if word.text]


def _follows(word: Word, box: Box) -> bool:
    """Whether a character at `box` goes on with the word."""
    if not word.upright:
        high = max(word.box.width, box.width)
        gap = min(abs(word.box.top - box.bottom), abs(box.top - word.box.bottom))
        return gap < 0.3 * high and abs(word.box.x - box.x) < 0.6 * high
    high = max(word.box.height, box.height, 1e-6)
    overlap = min(word.box.bottom, box.bottom) - max(word.box.top, box.top)
    close = -0.6 * high < box.left - word.box.right < 0.3 * high
    return close and overlap > -0.25 * high
