"""What an outcome is called and who assessed it, by the words of a sentence."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from evinet.extract.read import words
from evinet.extract.read.arms import Arms
from evinet.extract.read.findings import Finding
from evinet.extract.read.passages import Sentence

_CENTRAL = words.Phrases(
    r"\bcentral|\bBICR\b|\bBIRC\b|\bBIIRC\b|\bIRC\b|\bICR\b|\bIRRC\b"
    r"|independent(?:ly)?[- ](?:\w+[- ]){0,3}(?:review|assess)|\bblinded (?:\w+ )?review"
)
_LOCAL = words.Phrases(r"\binvestigators?\b|\blocal(?:ly)?[- ](?:assess|review)")
COORDINATED = re.compile(
    r"(?:\s*\([^()]*\))?\s*"
    r"(?:(?:and|or|and median|/|, and)\s*(?:the |median )*|,\s*(?:median )*)",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def assessor(text: str) -> str:
    """Who assessed, by the words of `text`: bicr, investigator, unstated, or both."""
    central, local = bool(_CENTRAL.find(text)), bool(_LOCAL.find(text))
    if central == local:
        return "both" if central else "unstated"
    return "bicr" if central else "investigator"


def result(sentence: Sentence, kind: str, about: dict[str, Any], values: dict[str, Any],
           span: tuple[int, int], unsure: str = "") -> Finding:  # fmt: skip
    """A finding of a sentence: `span` is where its value is printed, in characters."""
    start, end = span
    printed = sentence.text[start:end].strip(" ,;")
    for opening, closing in ("()", "[]"):
        if printed.count(opening) > printed.count(closing):
            printed += closing
    around = sentence.text[max(start - 90, 0) : end + 90].strip()
    return Finding(kind, {"assessor": assessor(sentence.text), **about}, values, printed,
                   sentence.where(start), around, unsure, sentence.part,
                   sentence=sentence.text, span=span)  # fmt: skip


def survival(outcome: str) -> bool:
    """Whether the slug of an outcome is of survival, or of the time to an event.

    >>> survival("intracranial-pfs"), survival("orr")
    (True, False)
    """
    return (
        outcome in words.SURVIVAL
        or outcome == "survival"
        or (outcome.rsplit("-", 1)[-1] in (*words.SURVIVAL, "survival"))
    )


TIME_TO = "time-to-"
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


def of_its_own(text: str, topic: tuple[int, int, str]) -> str:
    """The slug of an outcome; of one without, the words of its time: `time-to-first-relapse`."""
    if topic[2] != "other":
        return topic[2]
    timed = _TIMED.match(text, topic[0])
    return TIME_TO + _slug(timed["what"]) if timed else ""


def _slug(words_printed: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", words_printed.lower())[:8])


_NO_NAME = re.compile(
    r"\d{2}|\bmedian\b|\bthere\b|^(?:in|at|with|for|to|it|they|these) |\bassigned\b", re.IGNORECASE
)


def by_its_words(text: str, head: re.Match[str], between: str, arms: Arms) -> str:
    """The slug of an outcome of which only the sentence's own words tell: what occurred, or may."""
    said = re.match(r"\W*(?:for|of) (?:the )?(?P<what>[A-Za-z][^,.;:()\d]{2,70}?)(?= with | in "
                    r"| was | of |[,;:(]|$)", between)  # fmt: skip
    clause = re.split(r"[;:]|, (?:and|but|with)\b", text[: head.start()])[-1]
    for found in (said, _TIMED.search(clause), _RISK_OF.search(clause), _HAPPENS.search(clause)):
        what = found["what"].strip() if found else ""
        while what and (shorter := _OPENS.sub("", what)) != what:
            what = shorter
        if {slug for _, _, slug in words.topics(what)} == {"primary-outcome"}:
            return "primary-outcome"
        if _slug(what) and not _NO_NAME.search(what) and not arms.mentions(what):
            return (TIME_TO if found is not None and found.re is _TIMED else "") + _slug(what)
    return "outcome-without-a-name"
