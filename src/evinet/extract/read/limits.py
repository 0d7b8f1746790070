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
    lead = _LEAD.match(text)
    return _limit(lead["lead"] + ",", arms) if lead else ""
