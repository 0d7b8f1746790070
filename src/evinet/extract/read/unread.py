"""Numbers of results that stand in a document and are not in its draft: what a person must look at.

No rule knows every sentence. What is seen and not used is listed with its sentence, so that nothing
is left out without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from evinet.extract.read import numbers, words
from evinet.extract.read.claims import SPEAKS
from evinet.extract.read.confirm import MAIN
from evinet.extract.read.findings import Finding, Unread
from evinet.extract.read.passages import Passage, Sentence, sentences
from evinet.extract.read.quantities import Quantity, quantities

_ESTIMATE = re.compile(
    r"(?<![\d.])(?P<value>-?\d+(?:\.\d+)?|\.\d+)(?: ?%)?(?!-)(?=[^\d.()\[\]]{0,60}[(\[]?"
    r"\d\d(?:\.\d+)?% ?(?:C\.?I\b|conf|cred))"
)
"""A number with its interval behind it: a ratio, a difference, a change."""
_AT = re.compile(r"\b(?:at|after|within|over|for|through|with) $", re.IGNORECASE)
_RATE = re.compile(
    r"(?<![\d.])\d+(?:\.\d+)?(?= (?:\w+ )?per (?:\d|patient|person|participant|year|month))"
)
_SPELLED = re.compile(
    rf"^\W*(?P<n>{numbers.SPELLED}) (?:[\w-]+ )?(?:deaths|events|patients|participants)\b",
    re.IGNORECASE,
)
_MEDIAN = re.compile(r"\bmedians?\b|\bm(?:PFS|OS|TTP)\b|survival|\bPFS\b|\bOS\b", re.IGNORECASE)
_COUNTED = words.Phrases(r"\bdeaths?\b|\bdied\b|\bevents?\b|\brelapses?\b|\bprogressed\b")
_NO_RESULT = re.compile(
    r"(?:\b(?:follow-?\s?up|age[ds]?|IQR|range|SD|(?:duration of|time on) treatment"
    r"|treatment duration|margin|dose|exposure|washout)\b:?(?: [^.;,:]{0,30})?"
    r"|\b(?:women|men|females?|males?|completed|completing|enrolled|screened)\b[^.;\d]{0,12}"
    r")$",
)
"""What stands before a number that is no result: of the patients, the treatment or the calendar."""
_NO_RESULT_BEHIND = re.compile(
    r"(?:\W*(?:of (?:the )?)?(?:(?:patients|participants) )?(?:(?:were|was) )?"
    r"(?:women|men|fe?males?|male|white|completed|of age|years? of age|years? old)\b"
    r"| (?:of )?(?:median )?follow-?\s?up\b)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")


def find_unread(passages: list[Passage], readings: list[Finding],
                settled: list[Finding]) -> list[Unread]:  # fmt: skip
    """The sentences with numbers of results that are neither values nor in a mark of the draft.

    Of the body of a paper, which repeats its abstract, those are meant that name an outcome of
    survival or response, with numbers that the draft has nowhere. Where nothing was read, the whole
    document is looked at: its headings may be unusual.
    """
    used = _used(readings, settled)
    known = {number for finding in settled for number in _NUMBER.findall(finding.printed)}
    found: dict[tuple[str, ...], Unread] = {}
    sections = ("abstract", "results") if used else ("abstract", "results", "methods", "closed")
    for sentence in sentences(passages, *sections):
        abstract = sentence.part == "abstract"
        if not (abstract or (SPEAKS.search(sentence.text) and _OUTCOMES & _named(sentence))):
            continue
        spans = used.get(sentence.text, [])
        left = [
            (start, end) for start, end in _results(sentence)
            if not any(a < end and start < b for a, b in spans)
        ]  # fmt: skip
        printed = tuple(sentence.text[start:end].strip(" ,;([") for start, end in left)
        if not abstract:
            printed = tuple(p for p in printed if not {*_NUMBER.findall(p)[:1]} & known)
        of_read = spans and left and numbers.P_VALUE.match(sentence.text, left[0][0])
        if printed and not of_read and not _no_result(sentence):
            text = " ".join(sentence.text.split())
            found.setdefault(printed, Unread(text, printed, sentence.where(left[0][0])))
    return list(found.values())


_OUTCOMES = frozenset((*words.SURVIVAL, *words.COUNTED))
_ENROLLED = re.compile(
    r"\b(?:we|were|was|been) (?:\w+ )?"
    r"(?:assigned|randomi[sz]ed|allocated|screened|enrolled|recruited|excluded)\b",
    re.IGNORECASE,
)


def _named(sentence: Sentence) -> set[str]:
    """The outcomes that a sentence names."""
    return {slug for _, _, slug in sentence.topics}


def _no_result(sentence: Sentence) -> bool:
    """Whether a sentence is of a plan, or counts the patients of the trial."""
    planned = words.PLANNED.find(sentence.text) and "% CI" not in sentence.text
    return bool(planned or (_ENROLLED.search(sentence.text) and not _named(sentence)))


def _used(readings: Iterable[Finding], settled: list[Finding]) -> dict[str, list[tuple[int, int]]]:
    """Where values stand that the draft has, by their sentences: as a value, or shown in a mark."""
    values = {_what(finding) for finding in settled if finding.kind in MAIN}
    marks: dict[object, str] = {}
    for finding in settled:
        if "also read as" in finding.unsure:
            kind = finding.kind, finding.about.get("outcome")
            marks[kind] = f"{marks.get(kind, '')} {finding.unsure}"
    used: dict[str, list[tuple[int, int]]] = {}
    for reading in readings:
        if reading.sentence:
            shown = marks.get((reading.kind, reading.about.get("outcome")), "")
            if _what(reading) in values or repr(reading.printed) in shown:
                used.setdefault(reading.sentence, []).append(reading.span)
    return used


def _what(finding: Finding) -> tuple[object, ...]:
    """What a finding says, of whichever arm."""
    about = (finding.about.get("outcome"), finding.about.get("time"))
    return finding.kind, *about, finding.values.get(MAIN[finding.kind]), finding.values.get("n")


def _results(sentence: Sentence) -> list[tuple[int, int]]:
    """Where numbers of results stand in a sentence."""
    text = sentence.text
    found = [match.span() for match in (*_ESTIMATE.finditer(text), *_RATE.finditer(text))]
    counted = _COUNTED.find(text)
    if counted and (spelled := _SPELLED.match(text)):
        found.append(spelled.span("n"))
    for quantity in quantities(text):
        inside = any(a < quantity.end and quantity.start < b for a, b in found)
        if not inside and _is_result(sentence, quantity, bool(counted)):
            found.append((quantity.start, quantity.end))
    return sorted(found) or [match.span() for match in numbers.P_VALUE.finditer(text)]


def _is_result(sentence: Sentence, quantity: Quantity, counted: bool) -> bool:
    """Whether a quantity may be a result, and none of the patients' ages, of doses or times."""
    text = sentence.text
    if _NO_RESULT.search(
        text[max(quantity.start - 60, 0) : quantity.start]
    ) or _NO_RESULT_BEHIND.match(text, quantity.end):
        return False
    if quantity.unit in numbers.MONTHS:
        before = text[max(quantity.start - 90, 0) : quantity.start]
        timed = "-" in quantity.printed or words.GAIN.search(before) or _AT.search(before)
        told = _MEDIAN.search(f"{sentence.before} {text}")
        return quantity.interval is not None or (not timed and told is not None)
    if quantity.unit == "open":
        return _MEDIAN.search(text) is not None
    if quantity.unit == "":
        return quantity.interval is not None or (counted and quantity.whole)
    return True
