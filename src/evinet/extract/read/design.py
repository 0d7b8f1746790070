"""Design and registration: the registry number, DOI, phase, allocation, blinding, dates."""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from evinet.extract.read import numbers
from evinet.extract.read.findings import Finding
from evinet.extract.read.passages import Passage, sentences
from evinet.extract.read.words import ASIDE, PLANNED

_REGISTRATION = re.compile(
    r"\bNCT ?0\d{7}\b|\bNCT ?\d{8}\b|\bISRCTN ?\d{8}\b"
    r"|\bUMIN(?:-?CTR)?[ :]{0,2}(?:ID[ :]{0,2})?(?:UMIN)?"
    r"\d{9}\b|\bACTRN ?\d{14}\b|\bChiCTR(?:-[A-Z]{2,5})?-?\d{8,10}\b|\bjRCTs?\d{9,10}\b"
    r"|\bJapicCTI-?\d{6}\b|\bCTRI/\d{4}/\d{2,3}/\d{6}\b|\bDRKS\d{8}\b|\bKCT\d{7}\b|\bIRCT\d{11,16}N\d+\b"
    r"|\bNTR ?\d{3,4}\b|\bTCTR\d{11}\b|\b(?:EudraCT[^\d]{0,25})?20\d\d-\d{6}-\d\d\b"
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
_PERIOD = re.compile(
    rf"\b(?:between|from) (?P<a>{_DATE}),? (?:and|to|through|until|till) (?P<b>{_DATE})", re.I
)
_CUTOFF = re.compile(
    rf"(?:data )?cut-?\s?off(?: date)?(?: (?:for|of) [\w\s-]{{0,40}})?[ ,(]*(?:was |of |on |is "
    rf")?\(?"
    rf"(?P<a>{_DATE})|(?P<b>{_DATE}) ?[(,] ?(?:the )?data cut-?\s?off",
    re.I,
)
_ENROLLED = re.compile(
    r"random|enrol|recruit|assign|accru|allocat|register|patients|participants", re.I
)
_SEARCHED = re.compile(
    r"\bsearch|PubMed|MEDLINE|Embase|Cochrane|publish|abstracts? |conference|databases?", re.I
)
_FOLLOW_UP = re.compile(
    rf"median (?:duration of )?(?:\w+ )?follow-?\s?up[^.;%\d]{{0,90}}?(?:was|of|:) "
    rf"(?P<value>{numbers.NUMBER}) ?{numbers.UNIT}",
    re.I,
)


@dataclass(frozen=True)
class _Text:
    """Passages one after the other, each place still known."""

    text: str
    starts: tuple[int, ...]
    passages: tuple[Passage, ...]

    def passage(self, match: re.Match[str]) -> Passage:
        """The passage of a match in the text."""
        return self.passages[max(bisect.bisect_right(self.starts, match.start()) - 1, 0)]

    def finding(self, name: str, value: object, match: re.Match[str], unsure: str = "") -> Finding:
        """A fact of the design, at a match in the text."""
        at = max(bisect.bisect_right(self.starts, match.start()) - 1, 0)
        place = self.passages[at].where(match.start() - self.starts[at])
        around = self.text[max(match.start() - 60, 0) : match.end() + 60].strip()
        return Finding("design", {"field": name}, {"value": value}, match.group().strip(), place,
                       around, unsure)  # fmt: skip


def _joined(passages: list[Passage]) -> _Text:
    kept = [
        p
        for p in passages
        if not re.match(r"\W*(?:\d+\W*)?(?:references|bibliography)", p.heading, re.I)
    ]
    starts: list[int] = []
    length = 0
    for passage in kept:
        starts.append(length)
        length += len(passage.text) + 1
    return _Text("\n".join(p.text for p in kept), tuple(starts), tuple(kept))


def find_design(passages: list[Passage]) -> Iterator[Finding]:
    """Design facts, each from the first place that gives it."""
    if not passages:
        return
    body = _joined(passages)
    yield from _registration(body)
    match = _DOI.search(body.text)
    if match:
        doi = match.group() if "(" in match.group() else match.group().rstrip(")")
        others = {m.group().rstrip(").") for m in _DOI.finditer(body.text)} - {doi}
        late = len(others) > 0 and match.start() > len(body.text) / 3
        yield body.finding("doi", doi, match, "it may be of a reference" if late else "")
    yield from _phase(body)
    yield from _terms(body)
    ratio = re.search(
        r"(?:random|assign|allocat)[^.;]{0,80}?\(?\b(?P<ratio>\d ?: ?\d(?: ?: ?\d)?)\b",
        body.text,
        re.I,
    )
    if ratio:
        yield body.finding("allocation", ratio["ratio"].replace(" ", ""), ratio)
    yield from _enrolment(passages)
    yield from _only(body, "data-cutoff", _CUTOFF)
    yield from _follow_up(body)


def _registration(body: _Text) -> Iterator[Finding]:
    matches = list(_REGISTRATION.finditer(body.text))
    if not matches:
        return
    names = [_number(match.group()) for match in matches]
    common = Counter(names).most_common(2)
    tied = len(common) > 1 and common[0][1] == common[1][1]
    doubt = f"{common[1][0]} is printed as often" if tied else ""
    own = [m for m, name in zip(matches, names, strict=True) if name == common[0][0]]
    if not any(_own(body.passage(match)) for match in own):
        doubt = doubt or "it stands where other trials are spoken of"
    yield body.finding("registration", common[0][0], matches[names.index(common[0][0])], doubt)


def _own(passage: Passage) -> bool:
    """Whether a passage speaks of the document's own trial: no introduction, no discussion."""
    if passage.part == "abstract" or re.search(
        r"regist|clinical ?trial|fund", passage.heading, re.I
    ):
        return True
    return passage.section not in ("introduction", "closed")


def _number(printed: str) -> str:
    """A registry number as the registry writes it."""
    text = re.sub(r"\s", "", printed)
    if text.startswith("UMIN"):
        return "UMIN" + re.sub(r"\D", "", text)
    found = re.search(r"20\d\d-\d{6}-\d\d$", text)
    return found.group() if found and not text.startswith("20") and "EudraCT" in text else text


def _phase(body: _Text) -> Iterator[Finding]:
    matches = [
        match for match in _PHASE.finditer(body.text[:9000])
        if _STUDY.search(body.text[match.end() : match.end() + 40])
    ]  # fmt: skip
    if not matches:
        return
    values = [
        _ROMAN.get(m["phase"].upper(), m["phase"]) + (m["half"] or "").lower() for m in matches
    ]
    other = ", ".join(sorted(set(values)))
    doubt = "" if len(set(values)) == 1 else f"other phases are named: {other}"
    yield body.finding("phase", values[0], matches[0], doubt)


def _terms(body: _Text) -> Iterator[Finding]:
    """Words of the design in the first sentences (title and abstract) that speak of the trial."""
    head = ""
    for s in sentences(list(body.passages), "title", "abstract", "methods", "results"):
        if not PLANNED.search(s.text) and not ASIDE["another trial"].search(s.text):
            head += s.text + " "
        if len(head) > 3000:
            break
    terms = [name for name, pattern in _TERMS.items() if re.search(pattern, head, re.IGNORECASE)]
    match = _STUDY.search(body.text)
    if terms and match:
        yield body.finding("terms", ", ".join(terms), match)


def _enrolment(passages: list[Passage]) -> Iterator[Finding]:
    """The period of enrolment, from a sentence that speaks of patients and of no search."""
    found: list[Finding] = []
    for sentence in sentences(passages, "abstract", "methods", "results"):
        text = sentence.text
        match = _PERIOD.search(text)
        if match is None or not _ENROLLED.search(text) or _SEARCHED.search(text):
            continue
        value = f"{match['a']} to {match['b']}"
        found.append(Finding("design", {"field": "enrolment"}, {"value": value}, match.group(),
                             sentence.where(match.start()), text.strip()[:300]))  # fmt: skip
    values = {finding.values["value"] for finding in found}
    if found:
        other = "; ".join(sorted(map(str, values - {found[0].values["value"]})))
        yield found[0] if not other else found[0].doubted(f"other periods are named: {other}")


def _only(body: _Text, name: str, pattern: re.Pattern[str]) -> Iterator[Finding]:
    """A date that is the same wherever it is named."""
    matches = list(pattern.finditer(body.text))
    values = list(dict.fromkeys(" to ".join(filter(None, m.groups())) for m in matches))
    if matches:
        doubt = "" if len(values) == 1 else f"other dates are named: {', '.join(values[1:])}"
        yield body.finding(name, values[0], matches[0], doubt)


def _follow_up(body: _Text) -> Iterator[Finding]:
    matches = list(_FOLLOW_UP.finditer(body.text))
    values = [numbers.months(numbers.number(m["value"]), m["unit"]) for m in matches]
    if matches:
        same = len(values) > 1 and len(set(values)) == 1
        doubt = "" if same else "read once, or with other values: of which patients and analysis?"
        yield body.finding("median-follow-up", values[0], matches[0], doubt)
