"""Survival in prose: events, medians, landmarks and hazard ratios."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

from evinet.extract.read import numbers
from evinet.extract.read.arms import Arms
from evinet.extract.read.assign import to_arms
from evinet.extract.read.findings import Finding
from evinet.extract.read.prose import (
    SURVIVAL,
    TOPIC,
    Sentence,
    assessor,
    primary_assessor,
    sentences,
    topic_before,
)
from evinet.extract.read.text import Document

UNDIRECTED = "the direction of the ratio is not said"
_N = numbers.NUMBER
_MEDIAN = re.compile(
    rf"(?<![\w.<>≥≤=-])(?P<value>{_N})[- ]{numbers.UNIT}|\b(?P<open>not (?:yet )?"
    rf"(?:been )?(?:reached|estimable|estimated)|NE\b|NR\b)",
    re.IGNORECASE,
)
_HR = re.compile(
    r"(?:\b(?:hazard[- ]ratios?|HRs?)\b(?:\s*[\[(]HR[\])])?)"
    r"(?P<between>(?:[^.;\d]|\d+(?= ?(?:mg|g|GBq|MBq|mCi)\b)|\d+(?=-?Lu)|"
    r"(?<=\bvs)\.){0,160}?)(?<![\d.])"
    r"(?P<value>\d{1,2}\.\d{1,3}|\.\d{2,3})(?![\d.%])"
)
_EVENTS = re.compile(
    r"(?<![\w.,=%-])(?P<n>\d{1,4}|no|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
    r"(?: of (?:the )?(?P<of>\d{1,4}))?(?: (?:patients|events|deaths|of them))?"
    r"(?: ?[(\[](?P<percent>\d+(?:\.\d+)?)%[)\]])?(?![\d.]*\s*(?:%|months?|weeks?"
    r"|years?|days?))(?![.·]?\w)",
    re.IGNORECASE,
)
_RATE = re.compile(r"(?<![\w.<>≥≤-])(?P<value>\d{1,3}(?:\.\d+)?) ?%(?! ?(?:CI\b|confidence))")
_TIME = re.compile(
    r"(?:at|at month|at year|rate at|after) (?:(?P<u1>months?|years?|weeks?) )?(?P<t1>\d+)"
    r"(?:[- ](?P<u2>months?|years?|weeks?|mo\b))?|(?<![\d.])(?P<t2>\d+)[- ]"
    r"(?P<u3>months?|years?|weeks?)"
    r"(?=[- ](?:rate|probabilit|estimate|Kaplan|\w+[- ](?:free|survival)|PFS|OS"
    r"|overall|progression|TTP))"
)


def find_survival(document: Document, arms: Arms) -> Iterator[Finding]:
    """Events, medians, landmarks and hazard ratios that sentences of the results give by arm."""
    primary = primary_assessor(document)
    for sentence in sentences(document):
        if TOPIC.search(sentence.text) is None and not re.search(
            r"\bdeaths?\b|\bdied\b", sentence.text
        ):
            continue
        for read in (_medians, _landmarks, _events, _ratios):
            for finding in read(document, sentence, arms):
                yield _assessed(finding, primary)


def _assessed(finding: Finding, primary: dict[str, str]) -> Finding:
    about = dict(finding.about)
    if about.get("outcome") == "os":
        about["assessor"] = "unstated"
    elif about["assessor"] == "unstated":
        about["assessor"] = primary.get(about["outcome"], "unstated")
    unsure = finding.unsure
    if about["assessor"] == "both":
        about["assessor"] = "unstated"
        unsure = "the sentence names central and local review"
    return Finding(finding.kind, about, finding.values, finding.printed, finding.page, finding.line,
                   finding.words, unsure)  # fmt: skip


def _finding(
    document: Document, sentence: Sentence, kind: str, about: dict[str, Any],
    values: dict[str, Any], span: tuple[int, int], unsure: str = "",
) -> Finding:  # fmt: skip
    start, end = sentence.start + span[0], sentence.start + span[1]
    line = document.line_at(start)
    printed = sentence.text[span[0] : span[1]].strip()
    for opening, closing in ("()", "[]"):
        if printed.count(opening) > printed.count(closing):
            printed += closing
    about = {"outcome": about["outcome"], "assessor": assessor(sentence.text), **about}
    return Finding(kind, about, values, printed, line.page,
                   line.number, document.around(start, end), unsure)  # fmt: skip


def _medians(document: Document, sentence: Sentence, arms: Arms) -> Iterator[Finding]:
    text = sentence.text
    if not re.search(r"\bmedian", text, re.IGNORECASE):
        return
    found: dict[str, list[tuple[int, int, dict[str, Any]]]] = {}
    cursor = 0
    for match in _MEDIAN.finditer(text):
        topic = topic_before(text, match.start())
        if (
            match.start() < cursor
            or topic not in SURVIVAL
            or not _said(text, match.start(), "median")
        ):
            continue
        interval = numbers.interval_at(text, match.end())
        if re.search(r"\b(?:by|another|additional|every|within) $", text[: match.start()]):
            continue
        value = numbers.months(
            numbers.number(match["value"]) if match["value"] else None, match["unit"]
        )
        values: dict[str, Any] = {"median": value, "reached": match["value"] is not None}
        if interval is not None and interval.holds(value if match["unit"] else None):
            values |= {
                "lower": numbers.months(interval.low, match["unit"]),
                "upper": numbers.months(interval.high, match["unit"]),
            }
            if interval.level:
                values["level"] = interval.level
        cursor = interval.end if interval else match.end()
        found.setdefault(topic, []).append((match.start(), cursor, values))
    for outcome, values_found in found.items():
        for slug, item in _paired(text, values_found, arms):
            yield _finding(document, sentence, "median", {"outcome": outcome, "arm": slug},
                           item[2], (item[0], item[1]))  # fmt: skip


def _said(text: str, position: int, word: str) -> bool:
    """Whether the `word` was said before `position` (`median` once serves a whole comparison)."""
    return word in text[:position].lower()


def _paired(
    text: str, values: list[tuple[int, int, dict[str, Any]]], arms: Arms
) -> list[tuple[str, tuple[int, int, dict[str, Any]]]]:
    packed = [(start, end, (start, end, value)) for start, end, value in values]
    return to_arms(text, packed, arms) or []


def _landmarks(document: Document, sentence: Sentence, arms: Arms) -> Iterator[Finding]:
    text = sentence.text
    times = list(_TIME.finditer(text))
    by_time: dict[tuple[str, float, str], list[tuple[int, int, dict[str, Any]]]] = {}
    cursor = 0
    for match in _RATE.finditer(text):
        topic = topic_before(text, match.start())
        before = [time for time in times if time.start() < match.start()]
        if match.start() < cursor or topic not in SURVIVAL or not before:
            continue
        time = before[-1]
        unit = time["u1"] or time["u2"] or time["u3"]
        months = numbers.months(numbers.number(time["t1"] or time["t2"]), unit)
        if unit is None or months is None:
            continue
        percent = float(match["value"])
        values: dict[str, Any] = {"survival": round(percent / 100, 6)}
        interval = numbers.interval_at(text, match.end())
        if (
            interval
            and interval.low is not None
            and interval.high is not None
            and interval.holds(percent)
        ):
            values |= {
                "lower": round(interval.low / 100, 6),
                "upper": round(interval.high / 100, 6),
            }
            cursor = interval.end
        else:
            cursor = match.end()
        by_time.setdefault((topic, months, time.group()), []).append(
            (match.start(), cursor, values)
        )
    for (outcome, months, _), found in by_time.items():
        for slug, item in _paired(text, found, arms):
            yield _finding(document, sentence, "landmark",
                           {"outcome": outcome, "arm": slug, "time": months}, item[2],
                           (item[0], item[1]))  # fmt: skip


def _events(document: Document, sentence: Sentence, arms: Arms) -> Iterator[Finding]:
    text = sentence.text
    outcome = _event_outcome(text)
    if (
        outcome is None
        or not arms.arms
        or re.search(r"adverse|serious|\btoxic", text, re.IGNORECASE)
    ):
        return
    start = re.search(r"\bevents?\b|\bdeaths?\b|\bdied\b|progression or death", text)
    values: list[tuple[int, int, dict[str, Any]]] = []
    for match in _EVENTS.finditer(text):
        value = numbers.count(match["n"])
        if (
            value is None
            or start is None
            or re.search(
                r"(?:grade|phase|figure|table|week|month)s? $", text[: match.start()], re.I
            )
        ):
            continue
        if (
            not match["percent"]
            and not match["of"]
            and not re.search(r"\d|events|deaths|patients", match.group(), re.I)
        ):
            continue
        values.append(
            (
                match.start(),
                match.end(),
                {"events": value, "_p": match["percent"], "_of": match["of"]},
            )
        )
    mentions = arms.mentions(text)
    values = [item for item in values if not any(a <= item[0] < b for a, b, _ in mentions)]
    values = [item for item in values if _is_count(text, item)]
    if len(values) != len(arms):
        return
    for slug, (a, b, item) in _paired(text, values, arms):
        n = arms.n(slug)
        percent, of = item.pop("_p"), item.pop("_of")
        if item["events"] > n or (
            percent and not numbers.agrees(item["events"], int(of or n), percent)
        ):
            continue
        yield _finding(document, sentence, "events", {"outcome": outcome, "arm": slug},
                       {"events": item["events"]}, (a, b))  # fmt: skip


def _is_count(text: str, item: tuple[int, int, dict[str, Any]]) -> bool:
    """Whether the number counts patients or events: not a denominator, a time, a P or an age."""
    before, after = text[: item[0]], text[item[1] :]
    return not (
        re.search(r"(?:\bof(?: the)?|[<>=≥≤(\[/]|\d:|CI|version|aged|n =) ?$", before)
        or re.match(r"\s*(?:%|[-/:]\s*\d|CI|years|months|weeks)", after)
    )


def _event_outcome(text: str) -> str | None:
    topics = {m.lastgroup for m in TOPIC.finditer(text)} & set(SURVIVAL)
    if re.search(r"\bevents?\b|progression or death|died or|progressed or", text):
        return topics.pop() if len(topics) == 1 else None
    if re.search(r"\bdeaths?\b|\bdied\b", text) and topics == {"os"}:
        return "os"
    return None


def _ratios(document: Document, sentence: Sentence, arms: Arms) -> Iterator[Finding]:
    text = sentence.text
    for match in _HR.finditer(text):
        between = TOPIC.search(match["between"])
        outcome = between.lastgroup if between else topic_before(text, match.start())
        interval = numbers.interval_at(text, match.end())
        value = numbers.number(match["value"])
        if outcome not in SURVIVAL or interval is None or interval.low is None or not value:
            continue
        if interval.high is None or not interval.low < value < interval.high:
            continue
        if not _log_symmetric(float(value), interval.low, interval.high):
            continue
        pair, doubt = _contrast(text, match, arms)
        if pair is None:
            continue
        stop = re.search(r"[.;]\s+[A-Z]|\)[^)]*$|hazard ratio|\bHR\b", text[interval.end :])
        tail = text[interval.end : interval.end + (stop.end() if stop else 80)][:80]
        values: dict[str, Any] = {
            "estimate": value, "lower": interval.low, "upper": interval.high,
            "level": interval.level, "p": numbers.p_value(tail),
            "stratified": _stratified(text[max(match.start() - 40, 0) : interval.end + 40]),
        }  # fmt: skip
        yield _finding(document, sentence, "hr",
                       {"outcome": outcome, "arm": pair[0], "comparator": pair[1]},
                       values, (match.start(), interval.end), doubt)  # fmt: skip


def _log_symmetric(estimate: float, low: float, high: float) -> bool:
    """Whether the interval is about symmetric on the log scale: a guard against misread numbers."""
    from math import log

    if low <= 0:
        return False
    left, right = log(estimate / low), log(high / estimate)
    return 0.5 < left / right < 2


def _stratified(text: str) -> bool | None:
    if re.search(r"\bun(?:-)?stratified", text, re.IGNORECASE):
        return False
    return True if re.search(r"\bstratified", text, re.IGNORECASE) else None


def _contrast(text: str, match: re.Match[str], arms: Arms) -> tuple[tuple[str, str] | None, str]:
    """The arm and the comparator of a hazard ratio: said, or by the control where it is plain."""
    slugs = arms.slugs
    for stretch in (match["between"], text[match.end() : match.end() + 160], text[: match.start()]):
        for a, b in _versus(stretch, arms):
            return (a, b), ""
    if len(slugs) != 2:
        return None, ""
    doubt = "" if arms.has_control else UNDIRECTED
    return (slugs[0], slugs[1]), doubt


def _versus(text: str, arms: Arms) -> Iterator[tuple[str, str]]:
    mentions = arms.mentions(text)
    for (_, end, a), (start, _, b) in itertools.pairwise(mentions):
        link = text[end:start]
        if a != b and re.fullmatch(
            r"[\s\w]{0,20}?\b(?:vs\.?|versus|compared (?:with|to)|relative to|over|as"
            r" compared with)\b"
            r"[\s\w,]{0,20}", link.strip()
        ):  # fmt: skip
            yield a, b
