"""Numbers at risk under a Kaplan-Meier figure, in rows, or in cells one a line."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from evinet.extract.read import numbers
from evinet.extract.read.arms import Arms
from evinet.extract.read.findings import Finding
from evinet.extract.read.text import Document, Line
from evinet.extract.read.words import SURVIVAL, TOPIC

_TITLE = re.compile(
    r"^\s*(?:(?:numbers?|no\.?|patients|subjects|participants|n)\s+(?:of\s+\w+\s+)?(?:still\s+)?at\s+risk)",
    re.IGNORECASE,
)
_CELL = r"\d{1,5}(?:\s*\(\d{1,5}\))?"
_ROW = re.compile(rf"^(?P<label>.*?)\s*(?P<cells>(?:{_CELL}\s+){{2,}}{_CELL})\s*$")
_ONLY = re.compile(rf"^\s*{_CELL}\s*$")
_AXIS = re.compile(
    r"\((?P<unit>months?|mo|years?|weeks?|days?)\)|\b(?P<bare>months|years|weeks)\b", re.I
)
_REACH = 45


def find_at_risk(document: Document, arms: Arms) -> Iterator[Finding]:
    """Pairs of time and number at risk for each arm; a table that does not add up is left out."""
    lines = document.lines
    for index, line in enumerate(lines):
        if not _TITLE.match(line.text):
            continue
        block = _block(lines, index)
        outcome, unit, doubt = _context(lines, index)
        if outcome is None or not block:
            continue
        table = _cells(block, arms) or _rows(block, lines, index, arms)
        for slug, times, counts, origin, unsure in table or []:
            n = arms.n(slug)
            if not _plausible(counts) or n is None or counts[0] > n:
                continue
            if counts[0] != n:
                unsure = unsure or f"starts at {counts[0]}, {n} were randomised"
            yield Finding(
                "at-risk", {"outcome": outcome, "arm": slug},
                {"times": [numbers.months(t, unit) for t in times], "counts": counts},
                " ".join(map(str, counts)), origin.place,
                f"{line.text.strip()}: {len(counts)} pairs, time in {unit}",
                "; ".join(filter(None, (unsure, doubt))),
            )  # fmt: skip


def _block(lines: list[Line], index: int) -> list[Line]:
    """The lines after the title up to the next title, caption, or prose."""
    block: list[Line] = []
    for line in lines[index : index + 160]:
        text = _TITLE.sub("", line.text) if line is lines[index] else line.text
        text = re.sub(
            r"^\s*\((?:number )?(?:of )?(?:censored|events)[^)]*\)|^\s*\(censored\)", "", text
        )
        if line is not lines[index] and (_TITLE.match(text) or line.page != lines[index].page):
            break
        if re.match(r"\s*(?:Figure|Fig\.?|Table)\s*\d", text, re.IGNORECASE):
            break
        if text.strip(" :"):
            block.append(Line(line.page, line.number, text.strip(" :")))
        if len(text.split()) > 12 and not _ROW.match(text):
            break
    return block


def _context(lines: list[Line], index: int) -> tuple[str | None, str | None, str]:
    """The outcome and the unit of time that the figure's own words name, nearest first."""
    page = lines[index].page
    near = sorted(
        (i for i in range(max(index - _REACH, 0), min(index + _REACH * 2, len(lines)))
         if lines[i].page == page and len(lines[i].text) < 140),
        key=lambda i: abs(i - index),
    )  # fmt: skip
    outcome, unit = None, None
    distance: dict[str, int] = {}
    for i in near:
        if re.search(r"\bmedian\b|\bHR\b|hazard", lines[i].text, re.IGNORECASE):
            continue
        match = next(TOPIC.finditer(lines[i].text), None)
        if match and match.lastgroup in SURVIVAL:
            outcome = outcome or match.lastgroup
            distance.setdefault(match.lastgroup, abs(i - index) + 1)
        axis = _AXIS.search(lines[i].text)
        if (
            axis
            and unit is None
            and (
                axis["unit"]
                or re.search(r"\b(?:time|since|from)\b|^\W*months\W*$", lines[i].text, re.I)
            )
        ):
            unit = (axis["unit"] or axis["bare"]).lower()
    nearest, *others = sorted(distance.items(), key=lambda item: item[1]) or [("", 0)]
    close = [name for name, far in others if far < 2 * nearest[1]]
    doubt = f"{', '.join(close)} is named nearby too" if close else ""
    if unit is None:
        doubt = "; ".join(filter(None, (doubt, "the unit of time was not seen; months assumed")))
    return outcome, unit or "months", doubt


Table = list[tuple[str, list[float], list[int], Line, str]]


def _cells(block: list[Line], arms: Arms) -> Table | None:
    """Cells one a line: labels first, then either time by time or arm by arm."""
    labels: list[Line] = []
    values: list[int] = []
    for line in block:
        if _ONLY.match(line.text):
            values.append(int(re.match(r"\s*(\d+)", line.text)[1]))  # type: ignore[index]
        elif values:
            break
        else:
            labels.append(line)
    named = _labelled(labels, arms)
    k = len(named)
    if k != len(arms) or k < 2 or len(values) < 3 * k:
        return None
    step = k + 1
    for size in range(len(values) // step, 2, -1):
        groups = [values[i * step : (i + 1) * step] for i in range(size)]
        for at in (0, k):
            times = [float(group[at]) for group in groups]
            columns = [[g[j if at else j + 1] for g in groups] for j in range(k)]
            if _axis(times) and all(map(_plausible, columns)) and _starts(columns, named, arms):
                rest = values[size * step :]
                doubt = "numbers left over after the table" if len(rest) in range(1, step) else ""
                return [
                    (slug, times, column, line, doubt)
                    for (slug, line), column in zip(named, columns, strict=True)
                ]
    return None


def _labelled(labels: list[Line], arms: Arms) -> list[tuple[str, Line]]:
    found: list[tuple[str, Line]] = []
    for line in labels:
        slug = arms.meant(line.text)
        if slug and slug not in [known for known, _ in found]:
            found.append((slug, line))
    return found


def _starts(columns: list[list[int]], named: list[tuple[str, Line]], arms: Arms) -> bool:
    return all(column[0] == arms.n(slug) for column, (slug, _) in zip(columns, named, strict=True))


def _rows(block: list[Line], lines: list[Line], index: int, arms: Arms) -> Table | None:
    """Rows: a label, on the line or the one before, and its numbers; the times are another row."""
    rows: list[tuple[str, list[int], Line, str]] = []
    times: list[float] | None = None
    label = ""
    for line in block:
        match = _ROW.match(line.text)
        if match is None:
            label = line.text if not _ONLY.match(line.text) else label
            continue
        counts = [int(cell) for cell in re.findall(r"(\d+)(?:\s*\(\d+\))?", match["cells"])]
        slug, text = None, match["label"].strip()
        ending = re.search(r"(\d+(?:\.\d+)?)$", text)  # a label that ends in a number of its own
        if _increasing([float(value) for value in counts]) and arms.meant(text) is None:
            times = times or [float(value) for value in counts]
            continue
        slug = arms.meant(text) or (arms.meant(label) if not text else None)
        if slug is None or ending or slug in [row[0] for row in rows]:
            continue
        n = arms.n(slug)
        if n is not None and counts[0] != n and n in counts[:3]:
            counts = counts[counts.index(n) :]  # a dose in the label
        rows.append((slug, counts, line, ""))
        label = ""
    times = times or _axis_near(lines, index)
    if times is None or not rows:
        return None
    table: Table = []
    for slug, counts, line, _ in rows:
        if len(counts) > len(times):
            return None
        doubt = (
            "" if len(counts) == len(times) else "fewer numbers than times: taken from time 0 on"
        )
        table.append((slug, times[: len(counts)], counts, line, doubt))
    return table


def _axis_near(lines: list[Line], index: int) -> list[float] | None:
    """The row of times on the axis above or below, in one line."""
    around = range(max(index - 12, 0), min(index + 12, len(lines)))
    for i in sorted(around, key=lambda i: abs(i - index)):
        match = re.fullmatch(
            r"\s*(?:[A-Za-z() ]*?)\s*((?:\d+(?:\.\d+)?\s+){3,}\d+(?:\.\d+)?)\s*(?:[A-Za-z() ]*)",
            lines[i].text,
        )
        if match and lines[i].page == lines[index].page:
            values = [float(value) for value in match[1].split()]
            if _increasing(values):
                return values
    return None


def _axis(values: list[float]) -> bool:
    """Times: from 0, equal steps."""
    steps = {round(b - a, 6) for a, b in itertools.pairwise(values)}
    return len(values) >= 3 and values[0] == 0 and len(steps) == 1 and steps.pop() > 0


def _increasing(values: list[float]) -> bool:
    """Times of a row: from 0 on, not always in equal steps."""
    ordered = all(a < b for a, b in itertools.pairwise(values))
    return len(values) >= 3 and values[0] == 0 and ordered


def _plausible(counts: list[int]) -> bool:
    return len(counts) >= 3 and all(a >= b for a, b in itertools.pairwise(counts))
