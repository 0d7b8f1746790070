"""Forest plots of subgroups: rows on one line, or columns printed apart from their labels."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from evinet.extract.read import numbers
from evinet.extract.read.arms import Arms
from evinet.extract.read.findings import Finding
from evinet.extract.read.text import Document, Line
from evinet.extract.read.words import SURVIVAL, TOPIC

_EVENTS = r"(?P<e{0}>\d+) ?/ ?(?P<n{0}>\d+)(?: \((?P<p{0}><?\d+(?:\.\d+)?)%?\))?"
_HR = r"(?P<hr>\d+\.\d+) ?[(\[](?P<low>\d+\.\d+) ?(?:-|to|,) ?(?P<high>\d+\.\d+)[)\]]"
_ONE = re.compile(rf"^{_EVENTS.format(1)}$")
_RATIO = re.compile(rf"^{_HR}$")
_LABEL_N = re.compile(r"^(?P<label>.+?) \(n ?= ?(?P<n>\d+)\)$", re.IGNORECASE)
_FULL = re.compile(
    rf"^(?P<label>.*?\S)\s+{_EVENTS.format(1)}\s+{_EVENTS.format(2)}\s+{_HR}(?:\s+\S+)?$"
)


@dataclass
class Group:
    """One row of a forest plot."""

    characteristic: str
    level: str
    counts: tuple[int, int, int, int]
    ratio: tuple[float, float, float]
    line: Line
    unsure: str = ""


def find_subgroups(document: Document, arms: Arms) -> Iterator[Finding]:
    """Rows with events and patients of two arms, and their hazard ratio."""
    if len(arms) != 2:
        return
    for _, group in itertools.groupby(sorted(document.lines, key=_page), key=_page):
        lines = list(group)
        rows = _one_line(lines) or _apart(lines, arms) or _cells(lines)
        outcome = _outcome(lines) if rows else None
        if len(rows) < 2 or outcome is None:
            continue
        order, doubt = _order(rows, arms)
        for row in rows:
            e1, n1, e2, n2 = row.counts if order == 0 else (*row.counts[2:], *row.counts[:2])
            about = {"outcome": outcome, "assessor": "unstated",
                     "characteristic": row.characteristic, "level": row.level}  # fmt: skip
            values = {
                "arm": arms.slugs[0], "comparator": arms.slugs[1],
                "events_arm": e1, "n_arm": n1, "events_comparator": e2, "n_comparator": n2,
                "estimate": row.ratio[0], "lower": row.ratio[1], "upper": row.ratio[2],
            }  # fmt: skip
            first, second = f"{row.counts[0]}/{row.counts[1]}", f"{row.counts[2]}/{row.counts[3]}"
            printed = f"{first} {second} {row.ratio[0]} ({row.ratio[1]}-{row.ratio[2]})"
            yield Finding("subgroup", about, values, printed, row.line.place,
                          f"{row.characteristic}: {row.level}",
                          "; ".join(filter(None, (row.unsure, doubt))))  # fmt: skip


def _page(line: Line) -> int:
    return line.page


def _outcome(lines: list[Line]) -> str | None:
    found: list[str] = []
    for line in lines:
        for match in TOPIC.finditer(line.text):
            if match.lastgroup in SURVIVAL and re.search(
                r"figure|fig\.|subgroup|forest|analys", line.text, re.I
            ):
                found.append(match.lastgroup)
    return found[0] if len(set(found)) == 1 else None


def _order(rows: list[Group], arms: Arms) -> tuple[int, str]:
    """Which printed column is the first arm: levels that follow each other add up to its N."""
    targets = [arm.n for arm in arms.arms]
    votes = [0, 0]
    for a, b in itertools.pairwise(rows):
        sums = (a.counts[1] + b.counts[1], a.counts[3] + b.counts[3])
        votes[0] += sums == (targets[0], targets[1])
        votes[1] += sums == (targets[1], targets[0])
    if None in targets or targets[0] == targets[1] or votes[0] == votes[1]:
        return 0, "which column is which arm was not confirmed by sums"
    return (0, "") if votes[0] > votes[1] else (1, "")


def _numbers(match: re.Match[str]) -> tuple[float, float, float]:
    return float(match["hr"]), float(match["low"]), float(match["high"])


def _ordered(ratio: tuple[float, float, float]) -> bool:
    return 0 < ratio[1] <= ratio[0] <= ratio[2]


def _one_line(lines: list[Line]) -> list[Group]:
    """`Female 30/70 25/35 0.30 (0.16-0.55)`, under a heading with the characteristic."""
    rows: list[Group] = []
    heading = ""
    for line in lines:
        match = _FULL.match(line.text.strip())
        if match is None:
            if 0 < len(line.text.strip()) < 60 and not re.search(r"\d+/\d+", line.text):
                heading = line.text.strip()
            continue
        counts = tuple(int(match[name]) for name in ("e1", "n1", "e2", "n2"))
        if _ordered(_numbers(match)) and counts[0] <= counts[1] and counts[2] <= counts[3]:
            label = re.sub(r" \(n ?= ?\d+\)$", "", match["label"])
            rows.append(Group(heading, label, counts, _numbers(match), line))  # type: ignore[arg-type]
    return rows


def _cells(lines: list[Line]) -> list[Group]:
    """Label, events, events, ratio: each on its own line."""
    rows: list[Group] = []
    texts = [line for line in lines if line.text.strip()]
    heading = ""
    for i, line in enumerate(texts):
        if i + 4 > len(texts):
            break
        window = [other.text.strip() for other in texts[i : i + 4]]
        first, second, ratio = _ONE.match(window[1]), _ONE.match(window[2]), _RATIO.match(window[3])
        if first and second and ratio and _ordered(_numbers(ratio)):
            label = re.sub(r" \(n ?= ?\d+\)$", "", window[0])
            counts = (int(first["e1"]), int(first["n1"]), int(second["e1"]), int(second["n1"]))
            rows.append(Group(heading, label, counts, _numbers(ratio), line))
        elif (
            not any(pattern.match(window[0]) for pattern in (_ONE, _RATIO)) and len(window[0]) < 60
        ):
            heading = window[0]
    return rows


def _apart(lines: list[Line], arms: Arms) -> list[Group]:
    """All events, then all ratios, then the labels with their n: joined by n1 + n2 = n.

    A label out of its place in the text is still found by its n. Where two rows have the same n,
    the label's neighbours decide; where they do not, nothing is read.
    """
    events = [(match, line) for line in lines if (match := _ONE.match(line.text.strip()))]
    ratios = [(match, line) for line in lines if (match := _RATIO.match(line.text.strip()))]
    k = len(ratios)
    if k < 2 or len(events) != 2 * k:
        return []
    if not all(_sound(match) for match, _ in events):
        return []
    pairs = [(events[i][0], events[i + k][0]) for i in range(k)]
    labels = _labels(lines)
    placed = _place([int(a["n1"]) + int(b["n1"]) for a, b in pairs], labels)
    if placed is None:
        return []
    headings = _headings(lines, placed)
    return [
        Group(headings[i], placed[i][0], (int(a["e1"]), int(a["n1"]), int(b["e1"]), int(b["n1"])),
              _numbers(ratios[i][0]), ratios[i][1])
        for i, (a, b) in enumerate(pairs)
    ]  # fmt: skip


def _sound(match: re.Match[str]) -> bool:
    events, n = int(match["e1"]), int(match["n1"])
    return events <= n and (not match["p1"] or numbers.agrees(events, n, match["p1"]))


def _labels(lines: list[Line]) -> list[tuple[str, int, int]]:
    """Labels with their n and position among the lines."""
    return [
        (match["label"], int(match["n"]), i)
        for i, line in enumerate(lines)
        if (match := _LABEL_N.match(line.text.strip()))
    ]


def _place(totals: list[int], labels: list[tuple[str, int, int]]) -> list[tuple[str, int]] | None:
    """For each row the label whose n is the row's total; None when that leaves a choice."""
    placed: list[tuple[str, int] | None] = [None] * len(totals)
    for total in set(totals):
        rows = [i for i, value in enumerate(totals) if value == total]
        fitting = [label for label in labels if label[1] == total]
        if len(fitting) != len(rows):
            return None
        for row, label in zip(rows, fitting, strict=True):
            if len(rows) > 1 and not _beside(row, label, totals, labels):
                return None
            placed[row] = (label[0], label[2])
    return [item for item in placed if item is not None]


def _beside(row: int, label: tuple[str, int, int], totals: list[int],
            labels: list[tuple[str, int, int]]) -> bool:  # fmt: skip
    """Whether the label before or after this one belongs to the row before or after."""
    at = labels.index(label)
    before = at > 0 and row > 0 and labels[at - 1][1] == totals[row - 1]
    after = at + 1 < len(labels) and row + 1 < len(totals) and labels[at + 1][1] == totals[row + 1]
    return before or after


def _headings(lines: list[Line], placed: list[tuple[str, int]]) -> list[str]:
    """The characteristic of each row: the line before its run of labels; a heading that lost its
    labels takes the rows that stand between its neighbours'."""
    positions = [position for _, position in placed]
    labelled = set(positions)
    first = min(positions)
    block = range(max(first - 1, 0), max(positions) + 1)
    found = [
        i
        for i in block
        if i not in labelled
        and lines[i].text.strip()
        and not _ONE.match(lines[i].text.strip())
        and not _RATIO.match(lines[i].text.strip())
    ]
    under = [max((i for i in found if i < position), default=-1) for position in positions]
    displaced = [
        j for j in range(len(positions)) if any(p < positions[j] for p in positions[j + 1 :])
    ]
    empty = [
        i for i in found if i not in {under[j] for j in range(len(under)) if j not in displaced}
    ]
    names: list[str] = []
    for j in range(len(placed)):
        if j not in displaced:
            names.append(lines[under[j]].text.strip() if under[j] >= 0 else "")
            continue
        before = [under[m] for m in range(j) if m not in displaced]
        after = [under[m] for m in range(j + 1, len(placed)) if m not in displaced]
        lost = [i for i in empty if (not before or i > before[-1]) and (not after or i < after[0])]
        here = lost[0] if len(lost) == 1 else (before[-1] if before and not lost else -1)
        names.append(lines[here].text.strip() if here >= 0 else "")
    return names
