"""Design and registration: the registry number, DOI, phase, allocation, blinding, dates."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from evinet.extract.read import numbers
from evinet.extract.read.findings import Finding
from evinet.extract.read.prose import Sentence, sentences
from evinet.extract.read.text import Document

_REGISTRATION = re.compile(
    r"\bNCT ?\d{8}\b|\bISRCTN ?\d{8}\b|\b(?:EudraCT[^\d]{0,20})?20\d\d-\d{6}-\d\d\b"
)
_DOI = re.compile(
    r"\b10\.\d{4,9}/[^\s\"<>;,]+[^\s\"<>;,.\])]|\b10\.\d{4,9}/\S+?\(\d+\)\S*[^\s.,;\])]"
)
_PHASE = re.compile(
    r"\bphase[- ](?P<phase>[1-4]|I{1,3}V?|IV)(?P<half>(?:/|-)(?:[1-4]|I{1,3})|[ab])?\b", re.I
)
_ROMAN = {"I": "1", "II": "2", "III": "3", "IV": "4"}
_TERMS = {
    "randomised": r"\brandomi[sz]ed\b|randomly (?:assigned|allocated)",
    "open-label": r"\bopen[- ]label",
    "double-blind": r"\bdouble[- ](?:blind|mask)",
    "placebo-controlled": r"\bplacebo[- ]controlled",
    "multicentre": r"\bmulti-?cent(?:re|er|ric)|\b\d+ (?:centres|centers|sites)\b",
    "parallel-group": r"\bparallel[- ]group",
    "superiority": r"(?<!non-)(?<!non)\bsuperiority\b",
    "non-inferiority": r"\bnon-?inferiority",
    "crossover": r"\bcrossover (?:trial|study|design)",
    "single-arm": r"\bsingle[- ](?:arm|group)",
}
_STUDY = re.compile(r"\b(?:trial|study)\b", re.IGNORECASE)
_DATE = (
    r"(?:(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.? "
    r"(?:\d{1,2},? )?\d{4}"
    r"|\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
    r" \d{4})"
)
_NAMED = {
    "enrolment": re.compile(
        rf"\b(?:between|from) (?P<a>{_DATE}),? (?:and|to|through|until) (?P<b>{_DATE})", re.I
    ),
    "data-cutoff": re.compile(
        rf"(?:data )?cut-?\s?off(?: date)?(?: (?:for|of) [\w\s-]{{0,40}})?[ ,(]*(?:was |of"
        rf" |on |is )?\(?(?P<a>{_DATE})"
        rf"|(?P<b>{_DATE}) ?[(,] ?(?:the )?data cut-?\s?off", re.I),
}  # fmt: skip
_FOLLOW_UP = re.compile(
    rf"median (?:duration of )?(?:\w+ )?follow-?up[^.;%]{{0,90}}?(?:was|of|:) "
    rf"(?P<value>{numbers.NUMBER}) ?{numbers.UNIT}",
    re.I,
)


def find_design(document: Document) -> Iterator[Finding]:
    """Design facts, each from the first place that gives it."""
    text = document.prose
    end = re.search(r"\bReferences\b(?=[\s\d]*(?:1|\[1))", text)
    body = text[: end.start()] if end and end.start() > len(text) // 3 else text
    yield from _registration(document, body)
    match = _DOI.search(body)
    if match:
        yield _at(
            document,
            "doi",
            match.group().rstrip(")") if "(" not in match.group() else match.group(),
            match,
        )
    yield from _phase(document, body)
    yield from _terms(document)
    ratio = re.search(
        r"(?:random|assign|allocat)[^.;]{0,80}?\(?\b(?P<ratio>\d:\d(?::\d)?)\b", body, re.I
    )
    if ratio:
        yield _at(document, "allocation", ratio["ratio"], ratio)
    yield from _dates(document)


def _at(document: Document, name: str, value: object, match: re.Match[str], offset: int = 0,
        unsure: str = "") -> Finding:  # fmt: skip
    start, end = match.start() + offset, match.end() + offset
    line = document.line_at(start)
    return Finding("design", {"field": name}, {"value": value}, match.group().strip(), line.page,
                   line.number, document.around(start, end), unsure)  # fmt: skip


def _registration(document: Document, body: str) -> Iterator[Finding]:
    matches = list(_REGISTRATION.finditer(body))
    if not matches:
        return
    names = [re.sub(r"\s", "", match.group()) for match in matches]
    common = Counter(names).most_common(2)
    tied = len(common) > 1 and common[0][1] == common[1][1]
    doubt = f"{common[1][0]} is printed as often" if tied else ""
    yield _at(document, "registration", common[0][0], matches[names.index(common[0][0])], 0, doubt)


def _phase(document: Document, body: str) -> Iterator[Finding]:
    matches = [
        match for match in _PHASE.finditer(body[:9000])
        if _STUDY.search(body[match.end() : match.end() + 40])
    ]  # fmt: skip
    if not matches:
        return
    values = [
        _ROMAN.get(m["phase"].upper(), m["phase"]) + (m["half"] or "").lower() for m in matches
    ]
    doubt = (
        "" if len(set(values)) == 1 else f"other phases are named: {', '.join(sorted(set(values)))}"
    )
    yield _at(document, "phase", values[0], matches[0], 0, doubt)


def _terms(document: Document) -> Iterator[Finding]:
    """Words of the design in the first sentences (title and abstract) that speak of the trial."""
    head = " ".join(sentence.text for sentence in _first(document))
    terms = [name for name, pattern in _TERMS.items() if re.search(pattern, head, re.IGNORECASE)]
    match = _STUDY.search(document.prose)
    if terms and match:
        yield _at(document, "terms", ", ".join(terms), match)


def _first(document: Document) -> list[Sentence]:
    found: list[Sentence] = []
    length = 0
    for sentence in sentences(document):
        found.append(sentence)
        length += len(sentence.text)
        if length > 3000:
            break
    return found


def _dates(document: Document) -> Iterator[Finding]:
    for name, pattern in _NAMED.items():
        match = pattern.search(document.prose)
        if match:
            value = " to ".join(filter(None, (match["a"], match["b"])))
            yield _at(document, name, value, match)
    match = _FOLLOW_UP.search(document.prose)
    if match:
        months = numbers.months(numbers.number(match["value"]), match["unit"])
        yield _at(document, "median-follow-up", months, match)
