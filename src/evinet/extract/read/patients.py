"""What tables say of patients: baseline characteristics, tumour response and adverse events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from evinet.extract.read import numbers
from evinet.extract.read.arms import Arms
from evinet.extract.read.assign import to_arms
from evinet.extract.read.findings import Finding
from evinet.extract.read.grid import Column, Grid, Row, consistent, count_cell, grids
from evinet.extract.read.prose import assessor, sentences, topic_before
from evinet.extract.read.text import Document

_RESPONSE = {
    "cr": r"complete (?:response|remission)|CR\b",
    "pr": r"partial (?:response|remission)|PR\b",
    "sd": r"stable disease|SD\b",
    "pd": r"progressive disease|disease progression|PD\b",
    "non-cr-non-pd": r"non-?complete response",
    "unknown": r"unknown|not (?:evaluable|assess|known)|missing|NE\b|indeterminate",
    "orr": r"(?:objective|overall) (?:tumou?r )?response|ORR\b",
    "dcr": r"disease[- ]control|clinical benefit|DCR\b",
}
_WITH_CI = re.compile(
    r"^(?P<n>\d+)(?:/\d+)?\s*[(\[]\s*(?P<percent>\d+(?:\.\d+)?)\s*%?(?P<rest>.*?)[)\]]?$"
)
_STATISTIC = re.compile(r"^(?:median|mean|range|IQR|SD)\b", re.IGNORECASE)
_RATE = re.compile(r"(?<![\w.<>≥≤-])(?P<value>\d{1,3}(?:\.\d+)?) ?%(?! ?(?:CI\b|confidence))")


def find_patients(document: Document, arms: Arms) -> Iterator[Finding]:
    """Findings of every table that has a column an arm, and response given in sentences."""
    in_tables = set()
    for grid in list(grids(document, arms)):
        kind = _kind(grid)
        for row in grid.rows:
            if kind == "baseline":
                yield from _baseline(grid, row)
            elif kind == "response":
                for finding in _response(grid, row):
                    in_tables.add((finding.about["outcome"], finding.about["arm"]))
                    yield finding
            elif kind == "adverse-event":
                yield from _adverse(grid, row)
    for finding in _response_rates(document, arms):
        if (finding.about["outcome"], finding.about["arm"]) not in in_tables:
            yield finding


def _kind(grid: Grid) -> str:
    """What the table is of: by its caption, or else by rows that leave no doubt."""
    title = grid.title
    if re.search(r"exposure|subgroup|quality of life|cost", title, re.IGNORECASE):
        return ""
    if re.search(r"adverse|toxicit|safety|side[- ]effect", title, re.IGNORECASE):
        return "adverse-event"
    if re.search(r"\brespon[sd]", title, re.IGNORECASE):
        return "response"
    if re.search(r"baseline|characteristic|demographic", title, re.IGNORECASE):
        return "baseline"
    labels = " | ".join(row.label.lower() for row in grid.rows)
    if "partial response" in labels and "stable disease" in labels:
        return "response"
    if re.search(r"\bfemale\b|\bmale\b|\bage\b", labels):
        return "baseline"
    return ""


def _each(grid: Grid, row: Row) -> Iterator[tuple[Column, str]]:
    yield from zip(grid.columns, row.cells, strict=True)


def _of(row: Row, kind: str, about: dict[str, Any], values: dict[str, Any], cell: str,
        unsure: str = "") -> Finding:  # fmt: skip
    words = " / ".join(filter(None, (row.section, row.label))) + ": " + " | ".join(row.cells)
    return Finding(kind, about, values, cell, row.line.page, row.line.number, words, unsure)


def _doubt(cell: str, n: int) -> str:
    return "" if consistent(cell, n) else f"count and percentage disagree with N={n}"


def _baseline(grid: Grid, row: Row) -> Iterator[Finding]:
    characteristic, category = (row.section or row.label), (row.label if row.section else "")
    for column, cell in _each(grid, row):
        if column.arm is None and not re.search(r"all|total|overall", column.label, re.I):
            continue
        counted = count_cell(cell)
        is_count = (
            counted is not None
            and not _STATISTIC.match(row.label)
            and (counted[1] is not None or counted[0] == 0 or row.section != "")
        )
        if not is_count and not row.section:
            characteristic, category = row.label, ""
        elif not is_count and not _STATISTIC.match(row.label):
            characteristic, category = f"{row.section}: {row.label}", ""
        about = {"characteristic": characteristic, "category": category, "arm": column.arm or "all"}
        if is_count and counted and _percent_cell(cell):
            values: dict[str, Any] = {"n": counted[0], "percent": counted[1], "total": column.n}
            yield _of(row, "baseline", about, values, cell, _doubt(cell, column.n))
        elif re.search(r"\d", cell):
            yield _of(row, "baseline", about, {"value": cell}, cell)


def _percent_cell(cell: str) -> bool:
    """`81 (54%)` and `0` count patients; `61 (54)` may be a median and its spread."""
    return "%" in cell or re.fullmatch(r"\d+(?: \(\d+(?:\.\d+)?\))?", cell) is not None


def _response(grid: Grid, row: Row) -> Iterator[Finding]:
    name = next(
        (key for key, pattern in _RESPONSE.items() if re.match(pattern, row.label, re.I)), None
    )
    if name is None:
        return
    for column, cell in _each(grid, row):
        if column.arm is None:
            continue
        about = {"outcome": name, "assessor": "unstated", "arm": column.arm}
        match = _WITH_CI.match(cell)
        if match and match["rest"] and name in ("orr", "dcr"):
            interval = numbers.interval_at("(" + match["rest"].lstrip(" ;,["), 0)
            values: dict[str, Any] = {
                "n": int(match["n"]),
                "total": column.n,
                "percent": match["percent"],
            }
            if interval and interval.holds(float(values["percent"])):
                values |= {"lower": interval.low, "upper": interval.high}
            agree = numbers.agrees(values["n"], column.n, match["percent"])
            yield _of(
                row,
                "response",
                about,
                values,
                cell,
                "" if agree else "count and percentage disagree",
            )
        elif (counted := count_cell(cell)) is not None:
            values = {"n": counted[0], "total": column.n}
            if counted[1]:
                values["percent"] = counted[1]
            yield _of(row, "response", about, values, cell, _doubt(cell, column.n))


def _response_rates(document: Document, arms: Arms) -> Iterator[Finding]:
    """`the objective response rate was 43.0% (95% CI ...) with A and 9.3% with B`."""
    for sentence in sentences(document):
        text = sentence.text
        found: dict[str, list[tuple[int, int, tuple[int, int, dict[str, Any]]]]] = {}
        cursor = 0
        for match in _RATE.finditer(text):
            topic = topic_before(text, match.start())
            if topic not in ("orr", "dcr") or match.start() < cursor:
                continue
            if re.search(
                r"\bby |\b(?:power|level|one-sided|two-sided)[\w\s]*$",
                text[max(match.start() - 15, 0) : match.start()],
            ):
                continue
            values: dict[str, Any] = {"percent": match["value"]}
            interval = numbers.interval_at(text, match.end())
            if interval and interval.holds(float(values["percent"])):
                values |= {"lower": interval.low, "upper": interval.high}
            cursor = interval.end if interval else match.end()
            found.setdefault(topic, []).append(
                (match.start(), cursor, (match.start(), cursor, values))
            )
        for outcome, items in found.items():
            for slug, (start, end, values) in to_arms(text, items, arms) or []:
                line = document.line_at(sentence.start + start)
                who = "unstated" if assessor(text) == "both" else assessor(text)
                yield Finding(
                    "response", {"outcome": outcome, "arm": slug, "assessor": who},
                    values, text[start:end].strip(), line.page, line.number,
                    document.around(sentence.start + start, sentence.start + end),
                )  # fmt: skip


def _adverse(grid: Grid, row: Row) -> Iterator[Finding]:
    event, related = row.label, None
    match = re.match(r"(?:drug-|treatment-)?related to (.+)", row.label, re.IGNORECASE)
    if match:
        parent = _parent(grid, row)
        event, related = f"{parent}, related to {match[1]}", True
    elif row.section and re.search(r"leading to|adverse|death|grade", row.section, re.IGNORECASE):
        event = f"{row.section}: {row.label}"
    for column, cell in _each(grid, row):
        counted = count_cell(cell)
        if column.arm is None or counted is None:
            continue
        grade = column.grade or _grade_of(grid.title) or "not stated"
        about = {
            "table": grid.title.strip(" .") or "adverse events",
            "event": event,
            "grade": _grade(grade),
            "arm": column.arm,
        }
        values: dict[str, Any] = {"n": counted[0], "total": column.n, "percent": counted[1]}
        if related:
            values["related"] = True
        yield _of(row, "adverse-event", about, values, cell, _doubt(cell, column.n))


def _parent(grid: Grid, row: Row) -> str:
    before = grid.rows[: next(i for i, other in enumerate(grid.rows) if other is row)]
    own = [
        other.label for other in before if not re.match(r"(?:\w+-)?related to", other.label, re.I)
    ]
    return own[-1] if own else "Adverse events"


def _grade_of(title: str) -> str:
    match = re.search(
        r"grades?\s*(?:≥|>=)?\s*[1-5](?:\s*(?:-|or|to)\s*(?:[1-5]|worse|higher))?", title, re.I
    )
    return match.group() if match else ""


def _grade(printed: str) -> str:
    """`All grades` -> any; `Grade 3 or worse` -> >=3; `Grade 3-4` -> 3-4."""
    text = printed.lower()
    if text.startswith(("any", "all")):
        return "any"
    digits = re.findall(r"[1-5]", text)
    if re.search(r"≥|>=|worse|higher|more", text) and digits:
        return f">={digits[0]}"
    return "-".join(digits) if digits else text
