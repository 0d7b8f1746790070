"""What in a sentence may limit its values to some patients, some time or another analysis."""

from __future__ import annotations

import re

from evinet.extract.read import words
from evinet.extract.read.arms import Arms
from evinet.extract.read.passages import Sentence
from evinet.extract.read.quantities import quantities


def asides(sentence: Sentence) -> list[str]:
    """What in a sentence, its heading, or the sentence before speaks of something else."""
    found = list(words.asides(sentence.text))
    found += [f"under the heading {sentence.passage.heading!r}"
              for _ in words.asides(sentence.passage.heading)[:1]]  # fmt: skip
    if not words.WHOLE.find(sentence.text):
        few = quantities(sentence.before)
        part = (words.PART if few else words.ASIDE["another population"]).find(sentence.before)
        found += [f"the sentence before speaks of {part!r}"] if part else []
    return found


_GROUP = re.compile(
    r"\b(?:[Ii]n|[Ff]or|[Ww]ithin|[Oo]f|[Ww]ith) (?:the |a |an "
    r")?(?P<name>[\w+/≥≤<>=-][\w+/≥≤<>= -]{1,60}?) "
    r"(?:sub)?(?:groups?|arms?|cohorts?|populations?|patients|strat(?:um|a))\b"
)
_GENERIC = re.compile(
    r"^(?:(?:the|two|three|both|each|either|all|whole|full|overall|entire|total|study|treatment|"
    r"trial|randomi[sz]ed|randomly|assigned|allocated|treated|intention-to-treat|ITT|intent-to-treat|"
    r"control|experimental|intervention|comparator|number|of|these|same|adult|eligible|receiving|"
    r"combination|other|first|between|respective|corresponding|and|or|in|A|B|\d+)\s*)*$",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"\W*(?:Results?:|Findings:?)?\s*(?P<lead>(?:In|Among|For|During|Within|Throughout|Across|On|When|If|"
    r"Under|Using|Based|From|Of|With|Excluding|Including|By|At|After|Before|Following|Since|Until|"
    r"Restricting|Considering|Regarding|Through)\b[^,;:]{2,140}),"
)
_LIMIT = re.compile(
    r"\b(?:in|among|during|for|within|throughout|across|on|under|using|based|from|of|with|excluding|"
    r"including|by|at|after|before|following|since|until|restricting|considering|through|when|if)\b"
    r"(?P<what>[^,;:()]{2,80}?)(?=\b(?:was|were|is|are|had|reached|did|in|for|with|of|at|by|from|and)\b|"
    r"[,;:()]|$)",
    re.IGNORECASE,
)
_FREE = re.compile(
    r"follow-?\s?up|intent(?:ion)?[- ]to[- ]treat|\bITT\b|cut-?\s?off|\b(?:whole|overall|entire"
    r"|full|total|"
    r"all|both|two|treatment|study|randomi[sz]ed)\b|review|assess|\b(?:this|our|the present) "
    r"(?:trial|"
    r"study)|\d+ (?:patients|participants)|(?:\d|one|two|three|five|ten|month"
    r"|year)[\w.]*[ -]?(?:months?|"
    r"years?|weeks?|\d+)|\bmonths?\b|\bpatients?$|progression|death|survival|relapse|recurrence|events?|"
    r"\b(?:PFS|OS|DFS|TTP|EFS|RFS)\b|treat(?:ed|ment)|^\s*(?:the|a|an|median)?\s*$|respect to"
    r"|terms of|"
    r"comparison|contrast|hazard|addition|primary (?:end|out)|\bgroups?\b|\barms?\b|"
    r"^\s*(?:an? )?(?:estimated )?(?:median|HR|rate|time)\b|\d",
    re.IGNORECASE,
)


def _limit(text: str, arms: Arms) -> str:
    """The first phrase that may limit a value to some patients or some time: `in Japan`."""
    mentions = arms.mentions(text)
    for match in _LIMIT.finditer(text):
        start, end = match.span()
        named = any(a < end and start < b for a, b, _ in mentions)
        if not named and not _FREE.search(match["what"]):
            return match.group().strip()
    return ""


LIMITED = "it may be limited: "


def limited(sentence: Sentence, start: int, end: int, arms: Arms) -> str:
    """Why a value may be limited, from what stands between its outcome and itself."""
    limit = _limit(sentence.text[start:end], arms)
    return f"{LIMITED}{limit!r}" if limit else ""


def other_groups(text: str, arms: Arms) -> list[str]:
    """Groups of patients that are no arm: `in the prior chemotherapy group`."""
    mentions = arms.mentions(text)
    for match in _GROUP.finditer(text):
        start, end = match.span("name")
        named = any(a < end and start < b for a, b, _ in mentions)
        if not named and not _GENERIC.match(match["name"]):
            return [f"another group ({match['name']})"]
    return []


def opening(text: str, arms: Arms) -> str:
    """What the words before a sentence's first comma limit it to: `In Japan, ...`."""
    if lead := _LEAD.match(text):
        return _limit(lead["lead"] + ",", arms)
    clause = _CLAUSE.match(text)
    return clause["lead"] if clause and not arms.mentions(clause["lead"]) else ""


_CLAUSE = re.compile(
    r"\W*(?:Results?:|Findings:?)?\s*(?P<lead>(?:Once|Where|Unless|Provided|Given|Limited|Restricted"
    r"|Censored|As treated|[A-Z][a-z]+ing)\b[^,;:]{2,140}),"
)
"""A clause that says how a sentence is meant: `Treating missing scans as events, ...`."""


FORMULA = frozenset(
    re.findall(
        r"\S+",
        "a about according achieved added adding addition advantage all allocated "
        "almost alone also although an and appendix approximately arm arms as assessed "
        "assessment assigned assignment associated at be been benefit benefits better between "
        "blinded both but by central centrally ci clinically committee comparable "
        "compared comparing comparison confidence corresponding cut-off cutoff data date day "
        "days death deaths decrease decreased demonstrated did died differ difference "
        "differences different dying each efficacy either end endpoint endpoints estimable "
        "estimate estimated estimates evaluable event events experienced experiencing favor "
        "favored favoring favour favoured favouring fewer fig figure five-year follow-up for "
        "greater group groups had has have hazard hazards higher however hr hrs ie "
        "improve improved improvement improvements improves in increase increased independent "
        "indicated inferior intent-to-treat intention-to-treat interval intervals "
        "investigator investigator's investigator-assessed investigators iqr is it itt "
        "kaplan-meier last less like likelihood local locally log log-rank logrank longer lower "
        "markedly masked meaningful meaningfully median medians meeting met minimum modest "
        "month months more n ne nearly neither no nominal non-inferior "
        "non-inferiority noninferior noninferiority nor not noted nr numerically observed "
        "occurred of on one one-sided one-year only or outcome outcomes overall p "
        "participants patient patients per percentage percentages plus point population "
        "primary probabilities probability progressed progression prolongation prolonged "
        "prolongs radiological radiologist randomised randomized randomly range rank rate "
        "rates ratio ratios reached received receiving recist reduced reduces reduction "
        "regimen relative repeated reported respectively resulted resulting results review "
        "reviewed reviewers same secondary seen shorter show showed shown shows "
        "significance significant significantly similar similarly slight slightly "
        "statistical statistically stratified study subjects substantial substantially "
        "superior superiority survived table terms test than that the therapy those three "
        "three-year time times to total treatment treatments trial two two-sided "
        "two-year unadjusted unstratified v value values versus vs was week weeks were "
        "whereas which while whole with worse year years yet yielded yielding ",
    )
)
"""The words in which results of a whole trial are told; any other word may say of whom they are."""
_ASIDE_OF_TIME = re.compile(
    r"\bthere (?:was|were|is|are)\b|\brisks? (?:of|for)\b"
    r"|\bfrom (?:the date of )?random(?:i[sz]ation| assignment)\b"
    r"|\b(?:this|the present|our) (?:trial|study)\b"
    r"|\b(?:with|after|at|over|during) [^,;()]{0,60}\bfollow-?\s?up\b[^,;()]*"
    r"(?:\([^()]*\))?[^,;()]*,"
    r"|\b(?:at|by|as of) (?:the )?(?:time of )?(?:the )?data cut-?\s?off\b[^,;]*,",
    re.IGNORECASE,
)
_GIVEN = re.compile(r"\b(?:treated with|treatment with|given)(?: the| either)? $", re.IGNORECASE)
"""What leads to the name of an arm."""
_WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")


def says_more(sentence: Sentence, printed: str, arms: Arms) -> str:
    """The first word beside a value that is no word of a trial's main result: `smokers`.

    Looked at is the clause, up to a semicolon outside of brackets, without the names of outcomes
    and arms, numbers, times of follow-up and cutoffs.
    """
    text = sentence.text
    at = max(text.find(printed.rstrip(")]")), 0)
    start, end = _clause(text, at)
    kept = list(text)
    mentions = arms.mentions(text)
    spans = [(a, b) for a, b, _ in (*mentions, *sentence.topics)]
    given = (_GIVEN.search(text, 0, a) for a, _, _ in mentions)
    spans += [match.span() for match in (*filter(None, given), *_ASIDE_OF_TIME.finditer(text))]
    for a, b in spans:
        kept[a:b] = " " * (b - a)
    rest = re.sub(r"\S*\d\S*", " ", "".join(kept)[start:end])
    known = FORMULA.union(*(name for arm in arms.arms for name in arm.names))
    return next((word for word in _WORD.findall(rest) if word.lower() not in known), "")


def _clause(text: str, at: int) -> tuple[int, int]:
    """The clause around a place: what stands between semicolons outside of brackets."""
    depth, start = 0, 0
    for place, letter in enumerate(text):
        depth = max(depth + (letter in "([") - (letter in ")]"), 0)
        if letter == ";" and not depth:
            if place > at:
                return start, place
            start = place + 1
    return start, len(text)
