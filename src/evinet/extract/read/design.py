"""Design and registration: the registry number, DOI, phase, allocation, blinding, dates."""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from evinet.extract.read import numbers
from evinet.extract.read.findings import Finding
from evinet.extract.read.passages import Passage, Sentence, is_paper, sentences
from evinet.extract.read.words import ASIDE, PLANNED

_REGISTRATION = re.compile(
    r"\bNCT ?0\d{7}\b|\bNCT ?\d{8}\b|\bISRCTN ?\d{8}\b"
    r"|\bUMIN(?:-?CTR)?[ :]{0,2}(?:ID[ :]{0,2})?(?:UMIN)?"
    r"\d{9}\b|\bACTRN ?\d{14}\b|\bChiCTR(?:-[A-Z]{2,5})?-?\d{8,10}\b|\bjRCTs?\d{9,10}\b"
    r"|\bJapicCTI-?\d{6}\b|\bCTRI/\d{4}/\d{2,3}/\d{6}\b|\bDRKS\d{8}\b|\bKCT\d{7}\b|\bIRCT\d{11,16}N\d+\b"
    r"|\bNTR ?\d{3,4}\b|\bTCTR\d{11}\b|\bPACTR\d{15,16}\b|\bRBR-[\da-z]{6,8}\b"
    r"|\b(?:EudraCT[^\d]{0,25})?20\d\d-\d{6}-\d\d(?:-\d\d)?\b"
)
_DOI = re.compile(
    r"\b10\.\d{4,9}/[^\s\"<>;,]+[^\s\"<>;,.\])]|\b10\.\d{4,9}/\S+?\(\d+\)\S*[^\s.,;\])]"
)
_PHASE = re.compile(
    r"\bphase[- ](?P<phase>(?:[1-4]|I{1,3}V?|IV)[ab]?)"
    r"(?:[/-](?P<second>(?:[1-4]|IV|I{1,3})[ab]?)(?!-))?\b",
    re.I,
)
_ROMAN = {"I": "1", "II": "2", "III": "3", "IV": "4"}
_TERMS = {
    "randomised": r"\brandomi[sz]ed\b",
    "open-label": r"\bopen[- ]label",
    "double-blind": r"\bdouble[- ](?:blind|mask)",
    "placebo-controlled": r"\bplacebo[- ]controlled",
    "multicentre": r"\bmulti-?cent(?:re|er|ric)",
    "parallel-group": r"\bparallel[- ]group",
    "superiority": r"(?<!non-)(?<!non)\bsuperiority\b",
    "non-inferiority": r"\bnon-?inferiority",
    "crossover": r"\bcross-?over\b",
    "single-arm": r"\bsingle[- ](?:arm|group)",
}
_STUDY = re.compile(r"\b(?:trial|study)\b", re.IGNORECASE)
_DESIGN = frozenset(
    re.findall(
        r"\w+",
        "randomised randomized controlled clinical prospective comparative pragmatic pilot "
        "exploratory feasibility explanatory international multinational global national multi "
        "multicentre multicenter multicentric single double triple assessor observer evaluator "
        "investigator patient participant partially placebo sham active vehicle open label "
        "labeled labelled blind blinded mask masked dummy parallel group groups arm arms two "
        "three four centre center cross over crossover superiority non noninferiority inferiority "
        "equivalence factorial phase i ii iii iv iia iib iiia iiib a b 1a 1b 2a 2b 3a 3b week "
        "weeks month months year years day days long term comparator dose ranging finding fixed "
        "adaptive and with an stratified design",
    )
)
"""Words of design that stand before the word trial or study."""
_PIECE = re.compile(r"[A-Za-z\d]+|[^A-Za-z\d]+")
_BETWEEN = re.compile(r"[\s,/()\u2013-]+")
_WERE_RANDOMISED = re.compile(
    r"\b(?:were|was) (?:\w+ )?(?:randomly|randomi[sz]ed)\b|\bwe (?:then )?random", re.IGNORECASE
)
_NOT_OWN = re.compile(
    r"randomly (?:divided|split|selected|chosen|sampled|drawn|classified"
    r"|assigned a number)"
    r"|\b(?:validation|training|derivation) (?:\([^)]*\) )?(?:sets?|cohorts?|samples?)\b"
    r"|\b(?:report|data) (?:from|of) the\b"
    r"|\bnot? (?:\w+ ){0,3}random|non-?random|\bshould\b|\bfuture\b|\bfurther\b"
    r"|next step|\bneeded\b|\bwarrant|\brecent(?:ly)?\b|\bprevious(?:ly)?\b|\bearlier\b"
    r"|\bprior\b|\bno stud|\bprohibit"
    r"|\bin the only\b|\bfew\b"
    r"|\bextension\b|\bother\b|\banother\b|\bnumerous\b|\bseveral\b|\bhave (?:shown|been)\b"
    r"|\b(?:studies|trials)\b|\[cited\]|\bsubstudy\b|\bpart of\b|\bsub-?set\b",
    re.IGNORECASE,
)
"""What tells that a sentence may be of another trial, or of part of this one."""
_APART = ({"open-label", "double-blind"}, {"superiority", "non-inferiority"},
          {"single-arm", "randomised"}, {"parallel-group", "crossover"})  # fmt: skip
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
    rf"(?P<a>{_DATE})|(?P<b>{_DATE}) ?[(,] ?(?:the )?data cut-?\s?off"
    rf"(?! ?(?:date)?[ ,:(]*(?:was |of |on |is )?{_DATE})",
    re.I,
)
_ENROLLED = re.compile(
    r"random|enrol|recruit|assign|accru|allocat|register|patients|participants", re.I
)
_JOINED = re.compile(
    r"\b(?:enrol|recruit|accru)\w*|\b(?:was|were|we) (?:then |subsequently )?(?:randomi[sz]ed\b"
    r"|(?:randomly )?(?:assigned|allocated)\b)|\bunderwent randomi[sz]ation|\bwe randomly",
    re.IGNORECASE,
)
_MORE_THAN_JOINED = re.compile(
    r"follow|screen|invit|plan(?:ned)?\b|collect|conduct|took place in|commenced"
    r"|perform|carried out|ended|complet|evaluat"
    r"|referred|approach|assessed|visit|treated|underwent (?!random)|scheduled|admitted|registry"
    r"|extension|sub-?stud|other|second|pilot|expected|temporar|\berror"
    r"|^\W*of (?:the )?\d[\d ,]{5,}",
    re.IGNORECASE,
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
    """Design facts, each from the first place that gives it.

    In a paper, words of the design are sure where the title or two sentences have them.
    """
    if not passages:
        return
    body, paper = _joined(passages), is_paper(passages)
    yield from _registration(body)
    match = _DOI.search(body.text)
    if match:
        doi = match.group() if "(" in match.group() else match.group().rstrip(")")
        others = {m.group().rstrip(").") for m in _DOI.finditer(body.text)} - {doi}
        late = len(others) > 0 and match.start() > len(body.text) / 3
        yield body.finding("doi", doi, match, "it may be of a reference" if late else "")
    found = [*_phase(passages, body), *_terms(passages), *_allocation(passages),
             *_enrolment(passages), *_cutoff(body)]  # fmt: skip
    for finding, times in found:
        yield finding.doubted(_ONCE) if paper and times < 2 else finding
    yield from _follow_up(body)


_ONCE = "the paper says it once"
_Often = tuple[Finding, int]
"""A fact of the design and how often it is said; what the title says counts as said twice."""


def _often(said: list[Sentence]) -> int:
    return 2 if any(s.passage.section == "title" for s in said) else len(set(said))


def _registration(body: _Text) -> Iterator[Finding]:
    matches = list(_REGISTRATION.finditer(body.text))
    if not matches:
        return
    names = [_number(match.group()) for match in matches]
    common = Counter(names).most_common(2)
    tied = len(common) > 1 and common[0][1] == common[1][1]
    doubt = f"{common[1][0]} is printed as often" if tied else ""
    own = [m for m, name in zip(matches, names, strict=True) if name == common[0][0]]
    registry = re.match(r"[A-Za-z]*", common[0][0])
    rivals = sorted(
        {name for m, name in zip(matches, names, strict=True)
         if name != common[0][0] and _own(body.passage(m)) and registry
         and re.match(r"[A-Za-z]*", name)[0] == registry[0]}  # type: ignore[index]
    )  # fmt: skip
    if rivals and not doubt:
        doubt = f"{', '.join(rivals)} is named too"
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
    found = re.search(r"20\d\d-\d{6}-\d\d(?:-\d\d)?$", text)
    return found.group() if found and not text.startswith("20") and "EudraCT" in text else text


_FIRST = 20_000
"""Characters in which a paper says what its trial is."""


def _of_the_trial(passages: list[Passage]) -> Iterator[Sentence]:
    """The sentences that say what the document's own trial is, as far as words can tell."""
    read = 0
    for s in sentences(passages, "title", "abstract", "methods", "results"):
        read += len(s.text)
        if read > _FIRST:
            return
        if s.passage.section == "title" or not (
            PLANNED.find(s.text) or ASIDE["another trial"].find(s.text)
            or _NOT_OWN.search(s.text)
        ):  # fmt: skip
            yield s


_FRAME = re.compile(
    r"(?:^|[.:;,(\[] ?|\b(?:this|these|the|our|present|current|was|were|is|are|in|as|of|by|did|used"
    r"|using|conducted|performed|undertook|undertaken|designed|set up|report|from|to)\b ?"
    r"|(?-i:\b[A-Z][\w-]*[A-Z\d][\w-]*) ?)\W*$",
    re.IGNORECASE,
)


def _designs(sentence: Sentence) -> Iterator[str]:
    """Words of design up to `trial` or `study`, where they say what the trial is."""
    title = sentence.passage.section == "title"
    for study in _STUDY.finditer(sentence.text):
        first = max(study.start() - 250, 0)
        start = study.start()
        for piece in reversed([*_PIECE.finditer(sentence.text, first, study.start())]):
            word = piece.group().lower()
            if not (word in _DESIGN or word.isdigit() or _BETWEEN.fullmatch(word)):
                break
            start = piece.start()
        if start < study.start() and (title or _FRAME.search(sentence.text[:start].lstrip())):
            yield sentence.text[start : study.end()]


def _phase(passages: list[Passage], body: _Text) -> Iterator[_Often]:
    """The phase, from the words of the design; any other phase that is named puts it in doubt."""
    own = [
        (s, found) for s in _of_the_trial(passages) for design in _designs(s)
        for found in _PHASE.finditer(design)
    ]  # fmt: skip
    named = [m for m in _PHASE.finditer(body.text[:9000])
             if _STUDY.search(body.text[m.end() : m.end() + 40])]  # fmt: skip
    values = [_phase_of(found) for _, found in own] + [_phase_of(m) for m in named]
    if not values:
        return
    others = ", ".join(sorted(set(values)))
    doubt = "" if len(set(values)) == 1 else f"other phases are named: {others}"
    if own:
        sentence, found = own[0]
        yield (_said(sentence, "phase", values[0], found.group(), doubt),
               _often([s for s, _ in own]))  # fmt: skip
    else:
        doubt = doubt or "it was not seen to be of this trial"
        yield body.finding("phase", values[0], named[0], doubt), 1


def _phase_of(match: re.Match[str]) -> str:
    """A phase in digits: `IIb` is `2b`, `II/III` is `2/3`, `Ib/II` is `1b/2`."""
    parts = [part.lower() for part in match.group("phase", "second") if part]
    return "/".join(
        _ROMAN.get(part.rstrip("ab").upper(), part.rstrip("ab")) + part[len(part.rstrip("ab")) :]
        for part in parts
    )


def _said(sentence: Sentence, name: str, value: object, printed: str, doubt: str = "") -> Finding:
    """A fact of the design that a sentence gives."""
    return Finding("design", {"field": name}, {"value": value}, printed,
                   sentence.where(0), sentence.text.strip()[:300], doubt)  # fmt: skip


def _terms(passages: list[Passage]) -> Iterator[_Often]:
    """Words of the design that stand before `trial` or `study`, in what is of this trial."""
    found: dict[str, list[Sentence]] = {}
    for s in _of_the_trial(passages):
        if _WERE_RANDOMISED.search(s.text):
            found.setdefault("randomised", []).append(s)
        for design in _designs(s):
            for name, pattern in _TERMS.items():
                if re.search(pattern, design, re.IGNORECASE):
                    found.setdefault(name, []).append(s)
    if not found:
        return
    terms = [name for name in _TERMS if name in found]
    apart = next((pair for pair in _APART if pair <= found.keys()), set())
    doubt = f"both are said: {' and '.join(sorted(apart))}" if apart else ""
    first = next(iter(found.values()))[0]
    yield (_said(first, "terms", ", ".join(terms), ", ".join(terms), doubt),
           min(map(_often, found.values())))  # fmt: skip


_RATIO = re.compile(
    r"(?:random|assign|allocat)[^.;]{0,80}?\(?(?<![\d.:])"
    r"(?P<ratio>\d+(?:\.\d+)?(?: ?[:∶] ?\d+(?:\.\d+)?)+)(?![\d:])",
    re.IGNORECASE,
)


_NO_RATIO = re.compile(
    r"\b(?:not|instead|originally|initially|males?|females?|men|women|arm \d:|\d \(\d+ ?%)", re.I
)


_AND_RATIO = re.compile(
    r"[^.;]{0,60}?\b(?:and|or|then) (?:in a )?(?P<ratio>\d+(?:[:∶]\d+)+)(?![\d:])"
)
"""A second ratio in the same words: `1:1 in part 1 and 2:1 in part 2`."""


def _allocation(passages: list[Passage]) -> Iterator[_Often]:
    """The ratio of allocation; another ratio that is named puts it in doubt."""
    found = [
        (s, match) for s in sentences(passages, "title", "abstract", "methods", "results")
        for match in _RATIO.finditer(s.text)
        if not _NO_RATIO.search(s.text[match.start() : match.end() + 12])
        and all(float(part) <= 10 for part in re.split("[:∶]", match["ratio"]))
    ]  # fmt: skip
    values = [re.sub(r"\s", "", m["ratio"]).replace("∶", ":") for _, m in found]
    if not found:
        return
    own = [i for i, (s, _) in enumerate(found) if not _NOT_OWN.search(s.text)]
    first = own[0] if own else 0
    values += [more["ratio"] for _, m in found if (more := _AND_RATIO.match(m.string, m.end()))]
    others = ", ".join(sorted(set(values)))
    doubt = "" if len(set(values)) == 1 else f"other ratios are named: {others}"
    doubt = doubt or ("" if own else "it may be of part of the patients, or of another trial")
    if re.search(r"\bchanged\b|\bamend", found[first][0].text):
        doubt = doubt or "it was changed"
    yield (_said(found[first][0], "allocation", values[first], found[first][1].group(), doubt),
           _often([found[i][0] for i in own]))  # fmt: skip


def _enrolment(passages: list[Passage]) -> Iterator[_Often]:
    """The period of enrolment, from a sentence that speaks of patients and of no search."""
    found: list[Finding] = []
    for sentence in sentences(passages, "abstract", "methods", "results"):
        text = sentence.text
        match = _PERIOD.search(text)
        if match is None or not _ENROLLED.search(text) or _SEARCHED.search(text):
            continue
        value = f"{match['a']} to {match['b']}"
        plain = _JOINED.search(text) and not _MORE_THAN_JOINED.search(text)
        doubt = "" if plain else "the period may be of more, or of less, than the enrolment"
        found.append(Finding("design", {"field": "enrolment"}, {"value": value}, match.group(),
                             sentence.where(match.start()), text.strip()[:300], doubt))  # fmt: skip
    if found:
        first = next((finding for finding in found if not finding.unsure), found[0])
        values = {finding.values["value"] for finding in found}
        other = "; ".join(sorted(map(str, values - {first.values["value"]})))
        doubt = f"other periods are named: {other}" if other else ""
        yield first.doubted(doubt) if doubt else first, len(found)


def _cutoff(body: _Text) -> Iterator[_Often]:
    """The date of the data cutoff, where it is the same wherever it is named."""
    matches: list[re.Match[str]] = []
    for word in re.finditer(r"cut-?\s?off", body.text, re.IGNORECASE):
        start = max(word.start() - 60, matches[-1].end() if matches else 0)
        if found := _CUTOFF.search(body.text, start, word.end() + 120):
            matches.append(found)
    values = list(dict.fromkeys(" to ".join(filter(None, m.groups())) for m in matches))
    if matches:
        doubt = "" if len(values) == 1 else f"other dates are named: {', '.join(values[1:])}"
        yield body.finding("data-cutoff", values[0], matches[0], doubt), len(matches)


def _follow_up(body: _Text) -> Iterator[Finding]:
    matches = list(_FOLLOW_UP.finditer(body.text))
    values = [numbers.months(numbers.number(m["value"]), m["unit"]) for m in matches]
    if matches:
        same = len(values) > 1 and len(set(values)) == 1
        doubt = "" if same else "read once, or with other values: of which patients and analysis?"
        yield body.finding("median-follow-up", values[0], matches[0], doubt)
