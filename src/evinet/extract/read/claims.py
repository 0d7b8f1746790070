"""Results in prose: medians, landmarks, events, response rates and hazard ratios.

A sentence is read as its quantities and the outcomes and arms that it names; a group of quantities
of one kind and outcome is given to arms by syntax (`assign`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import log
from typing import Any

from evinet.extract.read import numbers, words
from evinet.extract.read.arms import Arms
from evinet.extract.read.assign import VERSUS, Assigned, assign, compared
from evinet.extract.read.findings import NO_INTERVAL, Finding
from evinet.extract.read.passages import Passage, Sentence, sentences
from evinet.extract.read.quantities import Quantity, months, quantities

_MEDIAN = re.compile(r"\bmedians?\b|\bm(?:PFS|OS|TTP)\b", re.IGNORECASE)
_SPREAD = re.compile(r"\b(?:mean|range|IQR|interquartile)\b", re.IGNORECASE)
_HR = re.compile(
    r"\b(?:hazards?[- ]ratios?|HRs?)\b(?:\s*[\[(]HR[\])])?(?!\s*(?:positive|negative|\+))",
    re.IGNORECASE,
)
_RATIO = re.compile(
    r"(?<![\d.,])(?P<value>\d{1,2}\.\d{1,4}|\.\d{2,4}|(?<=[=,:(] )1|(?<=[=(])1)(?![\d.%]|\s*(?:%"
    r"|months|"
    r"weeks|years|days|mg))"
)
_TIME = re.compile(
    r"(?P<a>\b\d{1,3}|\b(?:one|two|three|four|five|six|seven|eight|nine|ten))[- ](?P<ua>months?"
    r"|mo|years?|"
    r"yrs?|y|weeks?)[- ](?=(?:\w+[- ]){0,3}?(?:rates?|probabilit|estimate|Kaplan|PFS|OS|DFS|RFS"
    r"|EFS|TTP|"
    r"overall|progression|disease|relapse|recurrence|event|survival|metastas))"
    r"|\b(?:at|after) (?P<b>\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten) "
    r"(?P<ub>months?|mo\b"
    r"|years?|yrs?|weeks?)"
    r"|\bat (?P<uc>month|year|week) (?P<c>\d{1,3})",
    re.IGNORECASE,
)
_EVENT = re.compile(
    r"\b(?:events?|occurred|deaths?|died|progressed|relapses?|recurrences?)\b", re.IGNORECASE
)
_SOME_DEATHS = words.Phrases(
    r"\b(?:or|and) deaths?\b|\bdeaths? or\b|composite|\b(?:by|at|within|before|until|during|in "
    r"the first|"
    r"through) (?:day|week|month|year|\d|the first)|\b\d+-(?:day|month|year)|in[- ]hospital"
    r"|\bdays\b|"
    r"remission|defined as|\b(?:died|deaths?) (?:of|from) (?!any\b|all\b)"
    r"|\b(?:cardiovascular|cardiac|vascular|sudden|cancer|disease|specific|early|f(?:o)?etal|neonatal"
    r"|infant|maternal|postoperative|perioperative|CV) deaths?\b"
)
_NOT_EVENTS = words.Phrases(
    r"adverse|toxic|serious|treatment-related|grade|\bsafety|without|alive|censor|cause of death"
    r"|due to|owing to|because of|attribut|\bS?AEs?\b|-related\b|related to"
)
_CENTRAL = words.Phrases(
    r"\bcentral|\bBICR\b|\bBIRC\b|\bBIIRC\b|\bIRC\b|\bICR\b|\bIRRC\b"
    r"|independent(?:ly)?[- ](?:\w+[- ]){0,3}(?:review|assess)|\bblinded (?:\w+ )?review"
)
_LOCAL = words.Phrases(r"\binvestigators?\b|\blocal(?:ly)?[- ](?:assess|review)")
_STRATIFIED = re.compile(r"\b(?P<un>un-?)?stratified", re.IGNORECASE)
_COORDINATED = re.compile(
    r"(?:\s*\([^()]*\))?\s*"
    r"(?:(?:and|or|and median|/|, and)\s*(?:the |median )*|,\s*(?:median )*)",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    r"(?: (?:group|arm|patients|alone|therapy|regimen)s?)?(?=\s*[,;]?\s*[(\[]?\s*(?:\d{2}% ?C|\["
    r"|\())",
    re.IGNORECASE,
)
_FAVOURS = re.compile(
    r"[^.;]{0,80}?\bin favou?r of (?P<who>[^.;]{3,60})"
    r"|[^.;]{0,40}?\bfavou?r(?:ing|ed) (?P<whom>[^.;]{3,60})"
)
_SPEAKS = re.compile(
    r"[Ss]urviv|[Hh]azard|HR|[Mm]edian|[PDERMF]FS|OS|TTP|[Rr]espon|[Ee]vents?|[Dd]eaths?|[Dd]ied|[Pp]rogress|"
    r"[Cc]ontrol rate|ORR|outcome|end ?point|[Rr]emission|DCR|[Rr]ecurrence|[Rr]elapse"
)
_PRIMARY = re.compile(r"primary (?:efficacy )?(?:end[- ]?point|outcome)", re.IGNORECASE)
_UNSAID = {
    "response": (
        re.compile(r"(?:objective|tumou?r) response|RECIST|complete response|remission"
                   r"|cancer|tumou?r|carcinoma|lymphom|leuk|melanom|myelom|sarcom|gliom", re.I),
        "the paper does not speak of tumours",
    ),
    "events": (
        re.compile(r"overall survival|[- ]free survival|\bOS\b|\bPFS\b|all-cause|any cause", re.I),
        "the paper names no outcome of survival",
    ),
}  # fmt: skip
"""What a paper must speak of somewhere for a kind of reading to be what it seems."""


_ASKED = re.compile(r"questionnaires? (?:were |was )?(?:mailed|sent|post|return)|\bsurvey"
                    r"|respondents?\b|\bmailed\b|\bpostal\b", re.IGNORECASE)  # fmt: skip
"""Words of papers whose response rates may be of people who were asked, not of tumours."""


@dataclass(frozen=True)
class Group:
    """Quantities of one outcome that stand together, and the stretch that speaks of them."""

    outcome: str
    items: tuple[Quantity, ...]
    start: int
    end: int


_OPENING = 3000
"""Characters in which a paper says what it is of: title and abstract."""


def not_spoken_of(passages: list[Passage]) -> dict[str, str]:
    """Why readings of a kind may not be what they seem: title and abstract do not speak of it."""
    said = " ".join(p.text for p in passages if p.section not in ("closed", "introduction"))
    return {
        kind: doubt
        for kind, (pattern, doubt) in _UNSAID.items()
        if not pattern.search(said[:_OPENING])
        or (kind == "response" and _ASKED.search(said[:_OPENING]))
    }


def find_claims(passages: list[Passage], arms: Arms, unsaid: dict[str, str]) -> Iterator[Finding]:
    """Every reading of a result; the same fact is read as often as it is said.

    `unsaid` is what `not_spoken_of` gives.
    """
    only = _only_assessor(passages)
    for sentence in sentences(passages, "abstract", "results"):
        if not _SPEAKS.search(sentence.text):
            continue
        found = quantities(sentence.text)
        readers = (_medians, _landmarks, _events, _responses, _ratios)
        read = [finding for reader in readers for finding in reader(sentence, found, arms)]
        planned = words.PLANNED.find(sentence.text) if read else ""
        if not read or (planned and "% CI" not in sentence.text):
            continue
        notes = [*_asides(sentence), *_other_groups(sentence.text, arms)]
        notes += [f"it may be a plan ({planned})"] if planned else []
        lead = _LEAD.match(sentence.text)
        if lead and (limit := _limit(lead["lead"] + ",", arms)):
            notes.append(f"the sentence opens with {limit!r}")
        if any(note.startswith("another trial") for note in notes):
            continue
        limits = {f.unsure for f in read if f.unsure.startswith(_LIMITED)}
        control = re.search(r"\bcontrols?\b", sentence.text, re.I)
        overall = "os" in {topic[2] for topic in sentence.topics}
        for finding in read:
            noted = _noted(finding, notes, only, overall)
            doubts = (*sorted(limits), arms.fewer, arms.assumed if control else "",
                      unsaid.get(finding.kind, ""))  # fmt: skip
            for doubt in filter(None, doubts):
                noted = noted.doubted(doubt)
            yield noted


def _only_assessor(passages: list[Passage]) -> str:
    """Who assessed, where the primary endpoint names one and the document names no other."""
    whole = [s.text for s in sentences(passages, "abstract", "methods", "results")]
    said = {assessor(text) for text in whole} & {"bicr", "investigator", "both"}
    primary = {assessor(text) for text in whole if _PRIMARY.search(text)} & said
    return said.pop() if len(said) == 1 and primary and "both" not in said else "unstated"


@lru_cache(maxsize=4096)
def assessor(text: str) -> str:
    """Who assessed, by the words of `text`: bicr, investigator, unstated, or both."""
    central, local = bool(_CENTRAL.find(text)), bool(_LOCAL.find(text))
    if central == local:
        return "both" if central else "unstated"
    return "bicr" if central else "investigator"


def _asides(sentence: Sentence) -> list[str]:
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


_LIMITED = "it may be limited: "


def _limited(sentence: Sentence, start: int, end: int, arms: Arms) -> str:
    """Why a value may be limited, from what stands between its outcome and itself."""
    limit = _limit(sentence.text[start:end], arms)
    return f"{_LIMITED}{limit!r}" if limit else ""


def _other_groups(text: str, arms: Arms) -> list[str]:
    """Groups of patients that are no arm: `in the prior chemotherapy group`."""
    mentions = arms.mentions(text)
    for match in _GROUP.finditer(text):
        start, end = match.span("name")
        named = any(a < end and start < b for a, b, _ in mentions)
        if not named and not _GENERIC.match(match["name"]):
            return [f"another group ({match['name']})"]
    return []


def _noted(finding: Finding, notes: list[str], only: str, overall: bool) -> Finding:
    """A finding with its notes, its assessor, and the doubts of its outcome's name.

    `overall` tells that the sentence speaks of overall survival too.
    """
    about = dict(finding.about)
    unsure = finding.unsure
    who = about["assessor"]
    if who == "both":
        unsure = "; ".join(filter(None, (unsure, "the sentence names central and local review")))
    if who == "unstated" and about["outcome"] in ("pfs", "ttp", "orr", "dcr", "efs", "dfs"):
        who = only
    if about["outcome"] == "os" or who == "both":
        who = "unstated"
    if about["outcome"] == "survival":
        about["outcome"] = "os"
        who = "unstated"
        if not overall:
            unsure = "; ".join(filter(None, (unsure, "survival: taken for overall survival")))
    if about["outcome"].startswith(_TIME_TO):
        unsure = "; ".join(filter(None, (unsure, words.UNNAMED)))
    if about["outcome"] == "primary-outcome":
        unsure = "; ".join(filter(None, (unsure, "the primary outcome: name it")))
    about["assessor"] = who
    return Finding(finding.kind, about, finding.values, finding.printed, finding.place,
                   finding.words, unsure, finding.part, "; ".join(notes))  # fmt: skip


def _finding(sentence: Sentence, kind: str, about: dict[str, Any], values: dict[str, Any],
             span: tuple[int, int], unsure: str = "") -> Finding:  # fmt: skip
    start, end = span
    printed = sentence.text[start:end].strip(" ,;")
    for opening, closing in ("()", "[]"):
        if printed.count(opening) > printed.count(closing):
            printed += closing
    around = sentence.text[max(start - 90, 0) : end + 90].strip()
    return Finding(kind, {"assessor": assessor(sentence.text), **about}, values, printed,
                   sentence.where(start), around, unsure, sentence.part)  # fmt: skip


def _survival(outcome: str) -> bool:
    return (
        outcome in words.SURVIVAL
        or outcome == "survival"
        or (outcome.rsplit("-", 1)[-1] in (*words.SURVIVAL, "survival"))
    )


_TIME_TO = "time-to-"
_TIMED = re.compile(
    r"times? to (?:the |a )?(?P<what>[A-Za-z][^,.;:()]{2,80}?)(?=\s*(?:\b(?:was|were|of|with|in|for"
    r"|from|did|and|by|at|compared|between|than|versus|vs)\b|[,.;:()]|$))",
    re.IGNORECASE,
)
_RISK_OF = re.compile(
    r"\b(?:risks?|rates?|incidences?|hazards?) (?:of|for) (?:an? |the )?"
    r"(?P<what>[A-Za-z][^,.;:()]{2,80}?)"
    r"(?=\s*(?:\b(?:was|were|by|with|in|at|did|than|compared|between|among|over)\b|[,;:()]|$))",
    re.IGNORECASE,
)
_HAPPENS = re.compile(
    r"(?P<what>[A-Za-z][^,.;:()]{2,80}?) (?:was |were )?(?:also |more |less |significantly )?"
    r"(?:occurred|was|were|developed|had|did|differed|reported|experienced)\b",
    re.IGNORECASE,
)
_OPENS = re.compile(
    r"^(?:the|an?|and|but|that|which|of|to|first|percentages?|proportions?|numbers?|shares?|patients"
    r"|participants|who|with|incidences?|rates?|risks?|estimates?|kaplan-meier|cumulative) ",
    re.IGNORECASE,
)


def _of_its_own(text: str, topic: tuple[int, int, str]) -> str:
    """The slug of an outcome; of one without, the words of its time: `time-to-first-relapse`."""
    if topic[2] != "other":
        return topic[2]
    timed = _TIMED.match(text, topic[0])
    return _TIME_TO + _slug(timed["what"]) if timed else ""


def _slug(words_printed: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", words_printed.lower())[:8])


_NO_NAME = re.compile(
    r"\d{2}|\bmedian\b|\bthere\b|^(?:in|at|with|for|to|it|they|these) |\bassigned\b", re.IGNORECASE
)


def _by_its_words(text: str, head: re.Match[str], between: str, arms: Arms) -> str:
    """The slug of an outcome of which only the sentence's own words tell: what occurred, or may."""
    said = re.match(r"\W*(?:for|of) (?:the )?(?P<what>[A-Za-z][^,.;:()\d]{2,70}?)(?= with | in "
                    r"| was | of |[,;:(]|$)", between)  # fmt: skip
    clause = re.split(r"[;:]|, (?:and|but|with)\b", text[: head.start()])[-1]
    for found in (said, _TIMED.search(clause), _RISK_OF.search(clause), _HAPPENS.search(clause)):
        what = found["what"].strip() if found else ""
        while what and (shorter := _OPENS.sub("", what)) != what:
            what = shorter
        if _slug(what) and not _NO_NAME.search(what) and not arms.mentions(what):
            return (_TIME_TO if found is not None and found.re is _TIMED else "") + _slug(what)
    return "outcome-without-a-name"


def _groups(
    sentence: Sentence, found: Sequence[Quantity], wanted: Any, arms: Arms
) -> Iterator[Group]:
    """Quantities that are `wanted`, by the outcome named last before them (or right after)."""
    text, named = sentence.text, sentence.topics
    kept = [q for q in found if wanted(q)]
    crowded: set[Quantity] = set()
    groups: list[tuple[tuple[int, int, str] | None, list[Quantity]]] = []
    for quantity in kept:
        before = [topic for topic in named if topic[1] <= quantity.start]
        topic = before[-1] if before else None
        if groups and groups[-1][0] == topic and len(groups[-1][1]) < max(len(arms), 2):
            groups[-1][1].append(quantity)
            continue
        if groups and groups[-1][0] == topic:
            last = groups[-1][1][-1]
            if _LISTED.fullmatch(text, last.end, quantity.start):
                crowded |= {*groups[-1][1], quantity}  # more values than arms that are known
        groups.append((topic, [quantity]))
    for index, (topic, items) in enumerate(groups):
        outcome = _of_its_own(text, topic) if topic else ""
        if topic is None or not outcome or crowded & {*items}:
            continue
        coordinated = [
            other for other in named
            if other[1] <= topic[0] and other[2] != topic[2]
            and _COORDINATED.fullmatch(text, other[1], topic[0])
            and not any(other[1] <= q.start < topic[0] for q in found)
        ]  # fmt: skip
        if coordinated:
            continue  # `median OS and PFS were 9.1 and 3.3 months`: the values are of the outcomes
        start = groups[index - 1][1][-1].end if index else 0
        end = _next(named, items[-1].end, groups, index)
        yield Group(outcome, tuple(items), start, end if end is not None else len(text))


_LISTED = re.compile(r"\W*(?:(?:and|or|versus|vs\.?)\W*)?", re.IGNORECASE)


def _next(
    named: Sequence[tuple[int, int, str]], after: int, groups: list[Any], index: int
) -> int | None:
    """Where the next group's outcome is named."""
    if index + 1 >= len(groups):
        return None
    starts = [a for a, _, _ in named if a >= after]
    return min([*starts, groups[index + 1][1][0].start])


def _assigned(sentence: Sentence, group: Group, arms: Arms) -> Assigned | None:
    """The arms of a group, from its own stretch, or from arms named once for the whole sentence."""
    spans = [(q.start, q.end) for q in group.items]
    text = sentence.text
    if len(spans) == 1:
        return _alone(text, group, arms)
    own = assign(text, spans, arms, group.start, group.end)
    mentioned = [m for m in arms.mentions(text) if group.start <= m[0] < group.end]
    if own and len(mentioned) == 1 and ";" in text[mentioned[0][1] : spans[0][0]]:
        own, mentioned = None, []  # the arm is of what stands before the semicolon
    if own is not None and (own.sure or len(mentioned) > 1):
        return own
    if len(mentioned) < 2 or own is None:
        whole = _shared(text, spans, arms) or _better(text, group, arms)
        if whole is not None:
            return whole
    said = arms.mentions(text[: spans[0][0]])
    order = list(dict.fromkeys(slug for _, _, slug in said))
    if own is None and len(order) == len(spans) and _IN_TURN.search(text, spans[-1][1], group.end):
        return Assigned(tuple(order), "in the order in which the arms are named before", False)
    if own is None and not arms.mentions(text) and "respectively" in text:
        slugs = [slug for _, _, slug in arms.mentions(sentence.before)]
        if len(slugs) == len(spans) == len(arms) and len(set(slugs)) == len(slugs):
            return Assigned(tuple(slugs), "the arms are named in the sentence before", False)
    return own


_DID = re.compile(
    r"\b(?:(?P<well>longer|better|superior|improve[ds]?|prolong(?:ed|s)|increase[ds]?|greater|higher"
    r"|favou?r\w*|advantage)|(?P<ill>shorter|worse|inferior|reduced|decreased|lower))\b",
    re.IGNORECASE,
)


def _better(text: str, group: Group, arms: Arms) -> Assigned | None:
    """Two durations and the one arm that is said to have the longer: `superior with A (8 v 5)`."""
    if len(arms) != 2 or len(group.items) != 2 or not {q.unit for q in group.items} <= _DURATION:
        return None
    values = [months(q) for q in group.items]
    slugs = {slug for _, _, slug in arms.mentions(text)}
    said = {match.lastgroup for match in _DID.finditer(text)}
    if len(slugs) != 1 or len(said) != 1 or None in values or values[0] == values[1]:
        return None
    (slug,), (how,) = slugs, said
    if re.search(rf"\b(?:{VERSUS}) (?:the |with |in )*$", text[: arms.mentions(text)[0][0]], re.I):
        return None
    other = str(arms.other(slug))
    first = (float(values[0] or 0) > float(values[1] or 0)) == (how == "well")
    why = (
        "longer is of the arm that did well"
        if how == "well"
        else "shorter is of the one that did ill"
    )
    return Assigned((slug, other) if first else (other, slug), f"the {why}", False)


_DURATION = frozenset(numbers.MONTHS)


def _alone(text: str, group: Group, arms: Arms) -> Assigned | None:
    """The arm of a value that stands alone: the one named with it, or both of two."""
    (item,) = group.items
    named = [m for m in arms.mentions(text) if group.start <= m[0] < group.end]
    slugs = {slug for _, _, slug in named}
    of_both = _OF_BOTH.match(text, item.end)
    if len(arms) == 2 and (
        _IN_BOTH.match(text, item.end)
        or (of_both and len(slugs) == 2 and named[0][0] == of_both.end())
        or (len(slugs) == 2 and _SAME.search(text, group.start, item.start))
    ):
        return Assigned(tuple(arms.slugs), "one value for both arms", False)
    if len(slugs) == 1 and not re.search(
        rf"\b(?:{VERSUS}|compared|both|either|respectively)\b", text[group.start : group.end], re.I
    ):
        return Assigned((named[0][2],), "one value and one arm", False)
    return None


_IN_BOTH = re.compile(
    r"[)\]]?(?: \([^()]*\))? (?:in|for|with) (?:both|each|either|the two) "
    r"(?:treatment |study |of the )*(?:arms?|groups?)\b",
    re.IGNORECASE,
)
_OF_BOTH = re.compile(r"[)\]]?(?: \([^()]*\))? (?:in|for|with) both (?:the )?")
_SAME = re.compile(r"\b(?:the same|identical|equal)\b[^.;]{0,30}$", re.IGNORECASE)


def _each(assigned: Assigned, group: Group) -> Iterator[tuple[str, Quantity]]:
    """Each arm with its value; one value of both arms is the value of each."""
    items = group.items * len(assigned.slugs) if len(group.items) == 1 else group.items
    yield from zip(assigned.slugs, items, strict=True)


_IN_TURN = re.compile(
    r"\bin (?:each|both|the (?:two|same|respective)) (?:treatment )?(?:groups?|arms?),?"
    r" respectively",
    re.IGNORECASE,
)


def _shared(text: str, spans: list[tuple[int, int]], arms: Arms) -> Assigned | None:
    """Arms that a sentence names once, at its start or end, for all the values in it."""
    mentions = arms.mentions(text)
    slugs = [slug for _, _, slug in mentions]
    if len(slugs) != len(arms) or len(set(slugs)) != len(slugs) or len(spans) != len(slugs):
        return None
    joint = text[mentions[0][1] : mentions[-1][0]]
    if re.search(r"\d[\d.]* ?(?:%|months)", joint):
        return None
    said = re.search(r"respectively", text, re.IGNORECASE) is not None
    before = mentions[-1][1] <= spans[0][0]
    after = mentions[0][0] >= spans[-1][1]
    if before and re.search(rf"\b(?:{VERSUS})(?: the)? $", text[: mentions[0][0]], re.I):
        slugs.reverse()  # `compared with B, A improved it (x v y)`
    if before or after:
        return Assigned(tuple(slugs), "arms named once for the sentence", said)
    return None


def _limits(quantity: Quantity, scale: float = 1.0) -> dict[str, Any]:
    """The interval of a quantity, its limits multiplied by `scale`."""
    found = quantity.interval
    if found is None:
        return {}
    limits: dict[str, Any] = {
        name: None if limit is None else round(limit * scale, 6)
        for name, limit in (("lower", found.low), ("upper", found.high))
    }
    return limits | ({"level": found.level} if found.level else {})


def _medians(sentence: Sentence, found: Sequence[Quantity], arms: Arms) -> Iterator[Finding]:
    text = sentence.text
    said = _MEDIAN.search(text)
    if said is None and "survival" not in text.lower():
        return

    def wanted(q: Quantity) -> bool:
        if q.unit not in numbers.MONTHS and q.unit != "open":
            return False
        timed = any(m.start() <= q.start < m.end() + 1 for m in _TIME.finditer(text))
        gain = words.GAIN.search(text, max(q.start - 90, 0), q.start)
        return not (timed or gain or words.GAINED.match(text, q.end))

    for group in _groups(sentence, found, wanted, arms):
        if not _survival(group.outcome) and not group.outcome.startswith(_TIME_TO):
            continue
        assigned = _assigned(sentence, group, arms)
        if assigned is None:
            continue
        doubt = _median_doubt(text, group) or _limited(
            sentence, _topic_end(sentence, group), group.items[0].start, arms
        )
        if not assigned.sure:
            doubt = "; ".join(filter(None, (doubt, f"read by its order only: {assigned.pattern}")))
        for slug, q in _each(assigned, group):
            values = _median_values(q if q.interval else _late(text, q, slug, arms), group)
            yield _finding(sentence, "median", {"outcome": group.outcome, "arm": slug}, values,
                           (q.start, q.end), doubt)  # fmt: skip


def _topic_end(sentence: Sentence, group: Group) -> int:
    """Where the name of a group's outcome ends."""
    first = group.items[0].start
    return max((b for _, b, _ in sentence.topics if b <= first), default=first)


def _median_doubt(text: str, group: Group) -> str:
    """Why durations may be no medians of survival."""
    first = group.items[0].start
    said = [m.start() for m in _MEDIAN.finditer(text, 0, first)]
    if not said or re.search(r"follow[- ]?up|\bage\b", text[said[-1] : first]):
        return "the word median was not seen"
    if _SPREAD.search(text, said[-1], group.items[-1].end) and "median (" not in text.lower():
        return "the sentence speaks of a mean or range"
    return ""


def _median_values(quantity: Quantity, group: Group) -> dict[str, Any]:
    """A median in months with its interval; the limits of one not reached have the others' unit."""
    unit = quantity.unit
    if unit == "open":
        unit = next((i.unit for i in group.items if i.unit in numbers.MONTHS), "month")
    spread = re.search(r"\b(?:range|IQR)\b", quantity.printed)
    limits = {} if spread else _limits(quantity, numbers.MONTHS[unit])
    reached = quantity.unit != "open"
    return {"median": months(quantity) if reached else None, "reached": reached, **limits}


def _late(text: str, quantity: Quantity, slug: str, arms: Arms) -> Quantity:
    """A quantity with the interval behind its arm: `4.7 months with A (95% CI, 3.1-6.4)`."""
    for a, b, name in arms.mentions(text):
        if a < quantity.end or a - quantity.end > 45 or name != slug:
            continue
        gap = _BEHIND.match(text, b)
        found = numbers.interval_at(text, gap.end()) if gap else None
        if found and found.level and found.holds(quantity.value):
            return replace(quantity, interval=found)
        return quantity
    return quantity


def _time(match: re.Match[str]) -> float | None:
    printed = match["a"] or match["b"] or match["c"]
    unit = (match["ua"] or match["ub"] or match["uc"]).lower().removesuffix("s")
    value = numbers.number(printed)
    value = numbers.count(printed) if value is None else value
    return numbers.months(value, {"y": "year"}.get(unit, unit))


def _landmarks(sentence: Sentence, found: Sequence[Quantity], arms: Arms) -> Iterator[Finding]:
    text = sentence.text
    times = [(m.start(), m.end(), _time(m)) for m in _TIME.finditer(text)]
    if not times:
        return

    def wanted(q: Quantity) -> bool:
        return q.unit == "%" and not words.GAIN.search(text, max(q.start - 90, 0), q.start)

    for group in _groups(sentence, found, wanted, arms):
        if not _survival(group.outcome) or group.outcome == "primary-outcome":
            continue
        near = [t for t in times if t[0] < group.items[0].start and t[0] >= group.start] or [
            t for t in times if group.items[-1].end <= t[0] < group.end
        ]
        if len(near) != 1 or near[0][2] is None:
            continue
        assigned = _assigned(sentence, group, arms)
        if assigned is None:
            continue
        doubt = "" if assigned.sure else f"read by its order only: {assigned.pattern}"
        doubt = doubt or _limited(sentence, _topic_end(sentence, group), group.items[0].start, arms)
        if re.search(
            r"incidence|risk of|rate of (?:death|progression|relapse|recurrence)", text, re.I
        ):
            doubt = doubt or "it may be the share with an event"
        for slug, q in _each(assigned, group):
            if q.value is None or not 0 <= q.value <= 100:
                continue
            values = {"survival": round(q.value / 100, 6), **_limits(q, 0.01)}
            about = {"outcome": group.outcome, "arm": slug, "time": near[0][2]}
            yield _finding(sentence, "landmark", about, values, (q.start, q.end), doubt)


def _events(sentence: Sentence, found: Sequence[Quantity], arms: Arms) -> Iterator[Finding]:
    text = sentence.text
    said = _EVENT.search(text)
    if said is None or _NOT_EVENTS.find(text):
        return
    named = {topic[2] for topic in sentence.topics if _survival(topic[2])}
    deaths = re.search(r"\bdeaths?\b|\bdied\b", text, re.IGNORECASE)
    if re.search(r"\bevents?\b|progression or death|died or|progressed or|outcome occurred", text,
                 re.IGNORECASE):  # fmt: skip
        outcome = named.pop() if len(named) == 1 else None
    else:
        outcome = "os" if deaths and named <= {"os", "survival"} else None
    if outcome is None:
        return
    counts = [q for q in found if q.n is not None or (q.unit == "" and q.whole)]
    if len(counts) != len(arms):
        return
    spans = [(q.start, q.end) for q in counts]
    assigned = assign(text, spans, arms)
    if assigned is None:
        return
    for slug, q in zip(assigned.slugs, counts, strict=True):
        n = q.n if q.n is not None else int(q.value or 0)
        whole = q.of or arms.n(slug)
        if whole is None or n > whole:
            continue
        if q.percent and not numbers.agrees(n, whole, q.percent):
            continue
        sure = assigned.sure and bool(q.percent or q.of) and q.of in (None, arms.n(slug))
        doubt = "" if sure else "no percentage or denominator confirms the count"
        if outcome in ("os", "survival") and _SOME_DEATHS.find(text):
            doubt = doubt or "not all deaths may be meant, or more than deaths"
        yield _finding(sentence, "events", {"outcome": outcome, "arm": slug}, {"events": n},
                       (q.start, q.end), doubt)  # fmt: skip


def _responses(sentence: Sentence, found: Sequence[Quantity], arms: Arms) -> Iterator[Finding]:
    text = sentence.text

    def wanted(q: Quantity) -> bool:
        if q.unit not in ("%", "n"):
            return False
        return not words.GAIN.search(text, max(q.start - 90, 0), q.start)

    for group in _groups(sentence, found, wanted, arms):
        if group.outcome not in words.COUNTED:
            continue
        between = text[max(group.start, group.items[0].start - 90) : group.items[0].start]
        if words.NOT_RESPONSE.search(between) and group.outcome == "orr":
            continue
        assigned = _assigned(sentence, group, arms)
        if assigned is None:
            continue
        doubt = "" if assigned.sure else f"read by its order only: {assigned.pattern}"
        for slug, q in _each(assigned, group):
            values: dict[str, Any] = {} if q.percent is None else {"percent": q.percent}
            unsure = doubt
            if q.n is not None:
                whole = q.of or arms.n(slug)
                values |= {"n": q.n} | ({"total": whole} if whole else {})
                if q.percent and whole and not numbers.agrees(q.n, whole, q.percent):
                    unsure = unsure or "count and percentage disagree"
            if not values:
                continue
            yield _finding(sentence, "response", {"outcome": group.outcome, "arm": slug},
                           {**values, **_limits(q)}, (q.start, q.end), unsure)  # fmt: skip


def _ratios(sentence: Sentence, found: Sequence[Quantity], arms: Arms) -> Iterator[Finding]:
    text = sentence.text
    heads = [match for match in _HR.finditer(text)]
    for index, head in enumerate(heads):
        stop = heads[index + 1].start() if index + 1 < len(heads) else len(text)
        value = next(
            (m for m in _RATIO.finditer(text, head.end(), stop) if not _is_p(text, m.start())), None
        )
        if value is None or value.start() - head.end() > 170:
            continue
        between = text[head.end() : value.start()]
        if re.search(r"\d\.\d|[.;] [A-Z]|\bP ?[<=>]|\bp ?[<=>]|[<>≤≥] ?$", between):
            continue
        interval = numbers.interval_at(text, value.end())
        if interval is None and (gap := _PAIR_FIRST.match(text, value.end())):
            interval = numbers.interval_at(text, gap.end())  # `0.89 for A versus B, 95% CI 0.8-1`
        yield from _ratio(sentence, found, head, value, interval, index, heads, arms)


_PAIR_FIRST = re.compile(
    r" (?:for|with|in|favou?ring) [^.;()\[\]\d]{3,80}?(?=[,;]? ?[(\[]?\d\d(?:\.\d+)?% ?CI)"
)
"""The arms of a ratio between its value and its interval."""
_FOR_OUTCOME = re.compile(r"(?:(?:[^.()\[\]]|\.(?=\d)){0,40}[)\]])?\s*for (?:the )?")
"""What leads to an outcome behind a ratio: `0.79 (95% CI, 0.53 to 1.18; P = .25) for OS`."""


def _ratio(sentence: Sentence, found: Sequence[Quantity], head: re.Match[str],
           value: re.Match[str], interval: numbers.Interval | None, index: int,
           heads: list[re.Match[str]], arms: Arms) -> Iterator[Finding]:  # fmt: skip
    text = sentence.text
    between = text[head.end() : value.start()]
    if len(arms) < 2:
        return
    outcome, doubt = _ratio_outcome(sentence, head, value, interval)
    if outcome is None or not _survival(outcome):
        if not arms.mentions(text):
            return
        outcome, doubt = _by_its_words(text, head, between, arms), words.UNNAMED
    estimate = float(value["value"])
    low = high = level = None
    end = value.end()
    if interval is not None and interval.low is not None and interval.high is not None:
        if not interval.low < estimate < interval.high or not log_symmetric(
            estimate, interval.low, interval.high
        ):
            return
        low, high, level, end = interval.low, interval.high, interval.level, interval.end
    else:
        doubt = doubt or NO_INTERVAL
    previous = heads[index - 1].end() if index else 0
    following = heads[index + 1].start() if index + 1 < len(heads) else len(text)
    between += text[value.end() : end] if interval else ""
    pair, how = _direction(text, between, previous, head.start(), end, following, arms)
    if pair is None:
        return
    if how in ("", "control", "order"):
        shares = [q for q in found if previous <= q.start and q.end <= head.start()]
        how = "counted" if _counted(text, shares, pair, estimate, arms) else how
    factor = words.ASIDE["a factor, not the treatment"].find(text)
    if (factor or re.search(r"predict|variate", text)) and not arms.mentions(text):
        return
    if not arms.mentions(text) and not re.search(
        r"\b(?:between|both|two|the) (?:treatment )?(?:groups|arms)|treatment|survival", text, re.I
    ):
        doubt = doubt or "the sentence names no arm"
    doubt = doubt or _limited(sentence, head.end(), value.start(), arms)
    if outcome == "os" and (until := _UNTIL.search(text)) and not _OVERALL.search(text):
        doubt = doubt or f"deaths of a time may be meant ({until.group()})"
    p = re.compile(
        rf"[^;.]{{0,6}}[,;\])\s]*(?:[A-Za-z-]+,? ){{0,4}}(?={numbers.P_VALUE.pattern})"
    ).match(text, end)
    p_value = numbers.p_value(text[p.end() :]) if p else None
    stratified = [m for m in _STRATIFIED.finditer(text, max(head.start() - 40, previous), end)]
    values: dict[str, Any] = {
        "estimate": estimate, "lower": low, "upper": high, "level": level, "p": p_value,
        "stratified": (stratified[-1]["un"] is None) if stratified else None,
        "direction": how,
    }  # fmt: skip
    about = {"outcome": outcome, "arm": pair[0], "comparator": pair[1]}
    yield _finding(sentence, "hr", about, values, (head.start(), end), doubt)


_OVERALL = re.compile(r"[Ss]urvival|\bOS\b")
_NUMERAL = r"(?:\d+|one|two|three|five|six|ten|twelve|thirty|sixty|ninety)"
_UNTIL = re.compile(
    rf"\b(?:by|at|within|before|until|through|in the first) (?:day|week|month|year|{_NUMERAL})\b"
    rf"|\b{_NUMERAL}-(?:day|week|month|year)\b|\bin[- ]hospital\b",
    re.IGNORECASE,
)


def _counted(text: str, shares: list[Quantity], pair: tuple[str, str], estimate: float,
             arms: Arms) -> bool:  # fmt: skip
    """Whether the shares of patients with an event go the way of a ratio, and about as far.

    Of two shares p, -log(1 - p) are cumulative hazards; under proportional hazards their ratio is
    the hazard ratio, but for censoring: 1.3 times off at the most.
    """
    stretch = text[shares[0].start - 80 if shares and shares[0].start > 80 else 0 :]
    if len(shares) != 2 or not _HAPPENED.search(stretch) or _SURVIVED.search(stretch):
        return False
    assigned = assign(text, [(q.start, q.end) for q in shares], arms)
    if assigned is None or not assigned.sure or set(assigned.slugs) != set(pair):
        return False
    risks = {slug: _share(q, slug, arms) for slug, q in zip(assigned.slugs, shares, strict=True)}
    a, b = (risks[slug] for slug in pair)
    if not (a and b and 0 < a < 1 and 0 < b < 1) or abs(log(estimate)) < 0.1:
        return False
    return abs(log(log(1 - a) / log(1 - b)) - log(estimate)) < min(log(1.3), abs(log(estimate)))


_HAPPENED = re.compile(
    r"\b(?:occurred|died|deaths?|events?|experienced|developed)\b", re.IGNORECASE
)
_SURVIVED = re.compile(r"\balive\b|\bsurviv(?:ed|ors?|ing)\b|\bfree\b(?![- ]survival events)"
                       r"|\bwithout\b", re.IGNORECASE)  # fmt: skip


def _share(quantity: Quantity, slug: str, arms: Arms) -> float | None:
    """The share of an arm's patients that a quantity is, where it is one."""
    whole = quantity.of or arms.n(slug)
    if quantity.n is not None and whole:
        return quantity.n / whole
    return float(quantity.percent) / 100 if quantity.percent else None


def _is_p(text: str, start: int) -> bool:
    return (
        re.search(r"[pP][- ]?(?:values?)?\s*[<>=≤]\s*$", text[max(start - 12, 0) : start])
        is not None
    )


def _ratio_outcome(
    sentence: Sentence, head: re.Match[str], value: re.Match[str],
    interval: numbers.Interval | None,
) -> tuple[str | None, str]:  # fmt: skip
    """The outcome of a ratio: said inside it or right behind it, else the last one before it."""
    behind = _FOR_OUTCOME.match(sentence.text, interval.end if interval else value.end())
    after = [t for t in sentence.topics if behind and t[0] == behind.end() and t[2] != "other"]
    if after:
        return after[0][2], ""
    inside = [t for t in sentence.topics if head.start() <= t[0] < value.start()]
    between = sentence.text[head.end() : value.start()]
    if re.search(r", or death\b|\bdeath,", between) and {t[2] for t in inside} <= {"other"}:
        inside = []  # `for progression, recurrence, or death`: what the outcome before is made of
    if len({t[2] for t in inside}) == 1:
        return inside[0][2], ""
    if len(inside) > 1:
        return None, ""
    if re.search(r"\bfor (?:death|mortality)\b", between, re.I):
        return "os", ""
    prefix = sentence.text[max(head.start() - 12, 0) : head.start()]
    before = [t for t in sentence.topics if t[1] <= head.start()]
    if before:
        last = before[-1]
        close = [
            t for t in before
            if t[2] != last[2] and _COORDINATED.fullmatch(sentence.text, t[1], last[0])
        ]  # fmt: skip
        if close and not re.search(r"\d", prefix):
            return last[2], "several outcomes are named before it"
        return last[2], ""
    earlier = [t[2] for t in words.topics(sentence.before) if _survival(t[2])]
    if len(set(earlier)) == 1:
        return earlier[0], "the outcome is named in the sentence before"
    if not earlier and re.search(r"\bdeaths\b|\bdied\b", sentence.text[: head.start()]):
        return "os", "deaths: taken for overall survival"
    return None, ""


def log_symmetric(estimate: float, low: float, high: float) -> bool:
    """Whether the interval is about symmetric on the log scale: a guard against misread numbers."""
    if low <= 0 or estimate <= 0:
        return False
    left, right = log(estimate / low), log(high / estimate)
    return right > 0 and 0.5 < left / right < 2


def _direction(text: str, between: str, previous: int, head: int, end: int, following: int,
               arms: Arms) -> tuple[tuple[str, str] | None, str]:  # fmt: skip
    """The arm above the line and the one below, and how that is known: said, order or control."""
    pair = compared(between, arms)
    if pair:
        return pair, "said"
    inside = {slug for _, _, slug in arms.mentions(between)}
    if len(inside) == 1 and len(arms) == 2:
        (slug,) = inside
        other = arms.other(slug)
        if other and re.search(r"\b(?:in|for|with|of|favou?ring|favou?r of)\b", between):
            return (slug, other), "said"
    after = _FAVOURS.match(text[end:following])
    if after:
        named = arms.mentions(after["who"] or after["whom"])
        if named and (other := arms.other(named[0][2])):
            return (named[0][2], other), "favours"
    behind = _GOES_ON.search(text, end, min(end + 160, following))
    stop = behind.start() if behind else min(end + 160, following)
    close = min(_closes(text, head), stop)
    stretches = [(end, close), (previous, head), (close, stop)]
    if text[:head].rstrip().endswith(":"):
        stretches = [(previous, head), (end, stop)]  # `A v C: HR 0.7; B v C: HR 0.8`
    for start, stop in (*stretches, (0, head)):
        pair = compared(text, arms, start, stop, last=stop <= head)
        if pair:
            return pair, "improved" if _IMPROVED.search(text) else "order"
    if len(arms) != 2:
        return None, ""
    if not arms.has_control:
        return (arms.slugs[0], arms.slugs[1]), ""
    return (arms.slugs[0], arms.slugs[1]), "improved" if _IMPROVED.search(text) else "control"


def _closes(text: str, place: int) -> int:
    """Where the bracket that is open at a place closes; the end of the text if none is open."""
    depth = 0
    for letter in text[:place]:
        depth = max(depth + (letter in "([") - (letter in ")]"), 0)
    if not depth:
        return len(text)
    inside = depth
    for at in range(place, len(text)):
        inside += (text[at] in "([") - (text[at] in ")]")
        if inside < depth:
            return at
    return len(text)


_GOES_ON = re.compile(r";(?!\s*(?:[Pp]\b|\d+(?:\.\d+)?% |log|one|two|stratified))")
"""Where what follows a ratio, its interval and its P value speaks of something else."""
_IMPROVED = re.compile(
    r"(?<!not )(?<!not significantly )\b(?:improved?|improves|prolong(?:s|ed)|longer|superior"
    r"|better|"
    r"reduc(?:ed|es|tion)|lower(?:ed)?)\b(?! not)", re.IGNORECASE,
)  # fmt: skip
