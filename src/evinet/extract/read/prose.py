"""Sentences of a publication's own results, and what they are about."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from evinet.extract.read.text import Document

OUTCOMES = {
    "pfs": r"progression[- ]?\s?free[- ]survival|\bPFS\b|progression or death"
    r"|alive and progression[- ]free",
    "os": r"overall survival|\bOS\b|(?:hazard ratio|risk) (?:for|of) death\b",
    "ttp": r"time to (?:tumou?r |disease )?progression|\bTTP\b",
    "dfs": r"disease[- ]free survival|\bDFS\b",
    "rfs": r"(?:relapse|recurrence)[- ]free survival|\bRFS\b",
    "efs": r"event[- ]free survival|\bEFS\b",
    "orr": r"(?:objective|overall) (?:tumou?r )?(?:response|remission)(?: rates?)?|\bORR\b"
    r"|response rates?",
    "dcr": r"disease[- ]control(?: rates?)?|\bDCR\b",
}
SURVIVAL = ("pfs", "os", "ttp", "dfs", "rfs", "efs")
OTHER = (
    r"duration of|follow[- ]?up|time to (?!(?:tumou?r |disease )?progression)\w+|time since|\bage\b"
    r"|exposure|(?:median|mean|cumulative|total) dose|dose intensity|\bcycles\b"
    r"|quality of life|odds ratio|treatment duration|time on treatment"
    r"|improvement of|difference|increase of|\bDOR\b|deteriorat\w+"
)
TOPIC = re.compile(
    "|".join(f"(?P<{name}>{pattern})" for name, pattern in OUTCOMES.items())
    + f"|(?P<other>{OTHER})",
    re.IGNORECASE,
)
_PLANNED = re.compile(
    r"\bassum|\bpower\b|sample size|hypothesi[sz]ed|anticipat|\bwould be\b|\bexpected\b|historical"
    r"|to detect|(?:previous|prior|earlier|another|other|historical)(?:ly)? (?:\w+ )?"
    r"(?:stud|trial|report)|studies of others|study of others|\bet al\b|meta-analys|were required",
    re.IGNORECASE,
)
_BOUNDARY = re.compile(
    r"(?<=[.?!])(?<!\bvs\.)(?<!\bal\.)(?<!\bie\.)(?<!\beg\.)(?<!\bNo\.)(?<!\bFig\.)\s+(?=[A-Z\d(\[])"
)
_CENTRAL = re.compile(r"\bcentral|\bBICR\b|\bBIRC\b|\bBIIRC\b|\bIRC\b|independent(?:ly)?[- ]"
                      r"(?:\w+[- ]){0,3}(?:review|assess)|blinded", re.IGNORECASE)  # fmt: skip
_LOCAL = re.compile(r"\binvestigators?\b|\blocal(?:ly)?\b", re.IGNORECASE)
_AGREEING = re.compile(
    r"(?:in (?:agreement|line)|consistent|similar|concordant|comparable) (?:with|to) "
    r"(?:the |those )?"
    r"(?:\w+ ){0,4}?(?:central\w*|independent\w*|blinded|investigator\w*|local\w*)"
    r"(?:[- ](?:review\w*|assess\w*))?", re.IGNORECASE
)  # fmt: skip
_OPEN = {
    "results", "findings", "summary", "abstract", "efficacy", "safety", "methods",
    "patients and methods", "materials and methods",
}  # fmt: skip
_INLINE = re.compile(
    r"^(?:(?P<shut>Background|Purpose|Aims?|Objectives?|Introduction|Interpretation|Conclusions?)"
    r"|Methods|Patients and Methods|Findings|Results)(?=:| [A-Z])", re.IGNORECASE
)  # fmt: skip
_SHUT = {
    "introduction", "discussion", "references", "statistical analysis", "research in context",
    "acknowledgments", "acknowledgements", "conclusion",
    "background", "conclusions", "contributors", "statistical methods",
}  # fmt: skip


@dataclass(frozen=True)
class Sentence:
    """A sentence of the prose and where it starts in it."""

    text: str
    start: int


def sentences(document: Document) -> Iterator[Sentence]:
    """Sentences of the abstract and the results: not of other trials, plans or references."""
    for start, end in _zones(document):
        text = document.prose[start:end]
        cursor = 0
        for stop in [match.end() for match in _BOUNDARY.finditer(text)] + [len(text)]:
            piece = text[cursor:stop]
            if piece.strip() and not _PLANNED.search(piece):
                yield Sentence(piece, start + cursor)
            cursor = stop


def _zones(document: Document) -> list[tuple[int, int]]:
    """Stretches of prose under headings that hold results; all of it when there are no headings."""
    marks: list[tuple[int, bool]] = [(0, True)]
    for line in document.lines:
        heading = re.sub(r"^[\dIVX.\s]+", "", line.text.strip()).rstrip(":.").lower()
        if heading in _OPEN | _SHUT:
            marks.append((document.offset_of(line), heading in _OPEN))
        elif (start := _INLINE.match(line.text.strip())) and start.group()[0].isupper():
            marks.append((document.offset_of(line), start["shut"] is None))
    marks.append((len(document.prose), False))
    marks.sort()
    zones = [
        (start, end)
        for (start, is_open), (end, _) in itertools.pairwise(marks)
        if is_open and end > start
    ]
    for first, last in document.tables:
        hole = document.offset_of(first), document.offset_of(last) + len(last.text.strip())
        zones = [part for zone in zones for part in _without(zone, hole)]
    return zones


def _without(zone: tuple[int, int], hole: tuple[int, int]) -> list[tuple[int, int]]:
    parts = [(zone[0], min(zone[1], hole[0])), (max(zone[0], hole[1]), zone[1])]
    return [(start, end) for start, end in parts if end > start]


def topic_before(text: str, position: int) -> str | None:
    """The outcome named last before `position`; None when something else was named after it."""
    last = None
    for match in TOPIC.finditer(text, 0, position):
        last = match.lastgroup
    return None if last == "other" else last


def assessor(text: str) -> str:
    """Who assessed, by the words of `text`: bicr, investigator, unstated, or both."""
    text = _AGREEING.sub("", text)
    central, local = bool(_CENTRAL.search(text)), bool(_LOCAL.search(text))
    if central == local:
        return "both" if central else "unstated"
    return "bicr" if central else "investigator"


def primary_assessor(document: Document) -> dict[str, str]:
    """The assessor that the definition of the primary endpoint names, by outcome."""
    found: dict[str, str] = {}
    pattern = re.compile(
        r"primary (?:efficacy )?(?:end[- ]?point|outcome)[^.]{0,60}?(?:was|is|:)[^.]{0,250}", re.I
    )
    for match in pattern.finditer(document.prose):
        topic = TOPIC.search(match.group())
        named = assessor(match.group())
        if topic and topic.lastgroup in ("pfs", "ttp") and named in ("bicr", "investigator"):
            found.setdefault(topic.lastgroup, named)
    return found
