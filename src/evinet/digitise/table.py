"""The numbers at risk below a plot.

A row of the table is a line of whole numbers that stand under the values of the time axis, all
shifted alike, and never rise. Events or censored patients in brackets are left aside, and so are
rows that are called so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from evinet.digitise.axes import Panel
from evinet.digitise.drawing import Box, Colour, Word, phrases

CELL = re.compile(r"^(\d{1,3}(?:,\d{3})+|\d{1,6})(?:[(\[/].*)?$")
AT_RISK = re.compile(r"at\s*-?\s*risk", re.I)
OTHER = re.compile(r"censor|event|cumul|death|progress|died|surviv|%", re.I)
BLOCK = re.compile(  # a heading above rows that are no numbers at risk
    r"((cumulative|cum\.?|total)\s+)?((number|no\.?|n)\s+)?(of\s+)?"
    r"(censor\w*|events?|deaths?|survival)(\s*\(.*\))?", re.I
)  # fmt: skip
HEADING = re.compile(r"at\s*-?\s*risk|no\.|number|patients|strata|^n$", re.I)


@dataclass(frozen=True)
class Cell:
    """A number at risk and where it stands."""

    time: float
    n: int
    box: Box
    score: float = 1.0


@dataclass(frozen=True)
class Row:
    """The numbers at risk of one arm, in order of time; `label` as it stands beside them."""

    label: str
    cells: tuple[Cell, ...]
    colour: Colour
    doubts: tuple[str, ...] = ()


def rows(words: Iterable[Word], panel: Panel) -> list[Row]:
    """The rows of the table below `panel`, from the top."""
    low = panel.box.bottom
    span = panel.box.width
    below = [
        word
        for word in words
        if word.upright
        and word.box.y > low
        and panel.box.left - 0.6 * span < word.box.x < panel.box.right + 0.15 * span
    ]
    found = [
        row
        for line in _lines(below)
        if (row := _row(line, below, panel)) is not None and not _is_axis(row)
    ]
    headings = [
        phrase for phrase in phrases(below)
        if AT_RISK.search(phrase.text) or BLOCK.fullmatch(phrase.text.strip(" :"))
    ]  # fmt: skip
    kept = [row for row in found if _counts_at_risk(row, headings)]
    return [_under_its_arm(row, below) for row in kept]


def _counts_at_risk(row: Row, headings: list[Word]) -> bool:
    """Whether a row holds numbers at risk: by its own label, else by the heading above it."""
    if AT_RISK.search(row.label):
        return True
    if OTHER.search(row.label):
        return False
    first = row.cells[0].box
    above = [heading for heading in headings if heading.box.y < first.y - 0.3 * first.height]
    if not above:
        return True
    return AT_RISK.search(max(above, key=lambda heading: heading.box.y).text) is not None


def _under_its_arm(row: Row, words: list[Word]) -> Row:
    """A row called "At risk" with the name of its arm, which stands above it; else with none."""
    called = r"(number|no\.?|n)?\s*(of\s+\w+\s+)?at\s*-?\s*risk(\s*\(.*\)?)?"
    if not re.fullmatch(called, row.label, re.I):
        return row
    first = row.cells[0].box
    above = [
        phrase
        for phrase in phrases(words)
        if 0.2 * first.height < first.y - phrase.box.y < 3.0 * first.height
        and phrase.box.left < first.left
        and re.search(r"[^\W\d]", phrase.text)
        and not (HEADING.search(phrase.text) or OTHER.search(phrase.text))
    ]
    name = max(above, key=lambda phrase: phrase.box.y).text if above else ""
    return replace(row, label=name)


def _lines(words: list[Word]) -> list[list[Word]]:
    """Words that stand at one height, from the top."""
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda word: word.box.y):
        high = word.size
        if lines and abs(np.median([w.box.y for w in lines[-1]]) - word.box.y) < 0.45 * high:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [_once(sorted(line, key=lambda word: word.box.left)) for line in lines]


def _once(line: list[Word]) -> list[Word]:
    """A line without words that were printed twice in one place."""
    kept: list[Word] = []
    for word in line:
        if not any(
            before.text == word.text and abs(before.box.x - word.box.x) < 0.3 * word.size
            for before in kept
        ):
            kept.append(word)
    return kept


def _row(line: list[Word], words: list[Word], panel: Panel) -> Row | None:
    cells = []
    for word in line:
        found = CELL.match(word.text.replace("O", "0").replace("o", "0"))
        if found:
            cells.append((word, int(found[1].replace(",", ""))))
    placed = _placed(cells, panel)
    if placed is None:
        return None
    label, box = _label(line, placed[0].box, words)
    colour = next((word.colour for word in line if box is not None and word.box.left >= box.left
                   and word.box.right <= box.right), line[0].colour)  # fmt: skip
    counts = [cell.n for cell in placed]
    doubts = () if counts == sorted(counts, reverse=True) else ("the numbers at risk rise",)
    return Row(label, tuple(placed), colour, doubts)


def _placed(cells: list[tuple[Word, int]], panel: Panel) -> list[Cell] | None:
    """The cells at the times of the axis under which they stand; None if they do not."""
    if len(cells) < 2:
        return None
    return _under(cells, panel, 1) or _under(cells, panel, 2)


def _under(cells: list[tuple[Word, int]], panel: Panel, parts: int) -> list[Cell] | None:
    """The cells at the ticks, or at these and between them in equal parts."""
    times = _times(panel, parts)
    at = np.array([panel.x.position(time) for time in times])
    step = float(np.diff(at).min()) if len(at) > 1 else 1.0
    high = float(np.median([word.size for word, _ in cells]))
    reach = max(0.14 * step, min(0.4 * high, 0.4 * step))
    best: list[Cell] = []
    worst = np.inf
    for anchor in ("x", "left", "right"):
        where = np.array([getattr(word.box, anchor) for word, _ in cells])
        first = where[:, None] - at[None, :]
        for shift in np.unique(np.round(first[np.abs(first) < 0.6 * step], 1)):
            off = np.abs(first - shift)
            nearest = off.argmin(axis=1)
            good = off[np.arange(len(cells)), nearest] < reach
            if len(set(nearest[good])) < good.sum():
                continue
            spread = float(off[np.arange(len(cells)), nearest][good].sum())
            spread += 0.02 * abs(float(shift))
            if (good.sum(), -spread) > (len(best), -worst):
                worst = spread
                best = [
                    Cell(float(times[k]), n, word.box, word.score)
                    for (word, n), k, fits in zip(cells, nearest, good, strict=True)
                    if fits
                ]
    if len(best) < 2 or len(best) < 0.7 * len(cells):
        return None
    return sorted(best, key=lambda cell: cell.time)


def _times(panel: Panel, parts: int) -> list[float]:
    """The times under which a number may stand: the ticks, evenly filled up."""
    values = sorted(tick.value for tick in panel.x.ticks)
    step = float(np.median(np.diff(values))) / parts
    first = values[0] - step * round(values[0] / step) if values[0] > 0 else values[0]
    last = float(panel.x.value(panel.box.right)) + 0.5 * step
    count = round((max(values[-1], last) - first) / step)
    even = [float(np.round(first + step * k, 9)) for k in range(count + 1)]
    # the last tick may stand alone, as at 72 after 60 and 70
    return sorted(even + [v for v in values if min(abs(v - e) for e in even) > 0.05 * step])


def _is_axis(row: Row) -> bool:
    """The values of the axis once more, as below tables of R's survminer."""
    same = [abs(cell.n - cell.time) < 1e-9 for cell in row.cells]
    return sum(same) >= max(2, 0.8 * len(same)) and row.cells[0].n < row.cells[-1].n


def _label(line: list[Word], first: Box, words: list[Word]) -> tuple[str, Box | None]:
    """What stands to the left of the first number, or else alone on the line above."""
    before = [word for word in line if word.box.right < first.left + 0.2 * first.height]
    before = [word for word in before if not re.fullmatch(r"[-–—|+]+", word.text)]
    if any(char.isalnum() for word in before for char in word.text):
        text = " ".join(word.text for word in before)
        box = before[0].box
        for word in before[1:]:
            box = box.union(word.box)
        return text.strip(" :"), box
    above = [
        phrase
        for phrase in phrases(words)
        if 0.2 * first.height < first.y - phrase.box.y < 2.2 * first.height
        and phrase.box.left < first.right
        and any(char.isalpha() for char in phrase.text)
        and not HEADING.search(phrase.text)
        and not _has_numbers(phrase, words)
    ]
    if above:
        nearest = max(above, key=lambda phrase: phrase.box.y)
        return nearest.text, nearest.box
    return "", None


def _has_numbers(phrase: Word, words: list[Word]) -> bool:
    """Whether a phrase is the label of a row of its own: numbers stand to its right."""
    level = [
        word for word in words
        if abs(word.box.y - phrase.box.y) < 0.45 * phrase.size and word.box.left > phrase.box.right
    ]  # fmt: skip
    return sum(CELL.match(word.text) is not None for word in level) >= 2
