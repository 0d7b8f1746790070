"""Quantities of one outcome that stand together, and the arms that they are of.

A group is given to arms by syntax (`assign`); where one arm is named, or none, by what is said of
it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from evinet.extract.read import numbers
from evinet.extract.read.arms import Arms
from evinet.extract.read.assign import VERSUS, Assigned, assign
from evinet.extract.read.outcomes import COORDINATED, of_its_own
from evinet.extract.read.passages import Sentence
from evinet.extract.read.quantities import Quantity, months


@dataclass(frozen=True)
class Group:
    """Quantities of one outcome that stand together, and the stretch that speaks of them."""

    outcome: str
    items: tuple[Quantity, ...]
    start: int
    end: int


def groups(
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
        outcome = of_its_own(text, topic) if topic else ""
        if topic is None or not outcome or crowded & {*items}:
            continue
        coordinated = [
            other for other in named
            if other[1] <= topic[0] and other[2] != topic[2]
            and not _FOLLOW_UP.search(text, other[0], other[1])
            and COORDINATED.fullmatch(text, other[1], topic[0])
            and not any(other[1] <= q.start < topic[0] for q in found)
        ]  # fmt: skip
        if coordinated:
            continue  # `median OS and PFS were 9.1 and 3.3 months`: the values are of the outcomes
        start = groups[index - 1][1][-1].end if index else 0
        end = _next(named, items[-1].end, groups, index)
        yield Group(outcome, tuple(items), start, end if end is not None else len(text))


_FOLLOW_UP = re.compile(r"follow-?\s?up", re.IGNORECASE)
_LISTED = re.compile(r"\W*(?:(?:and|or|versus|vs\.?)\W*)?", re.IGNORECASE)


def _next(
    named: Sequence[tuple[int, int, str]], after: int, groups: list[Any], index: int
) -> int | None:
    """Where the next group's outcome is named."""
    if index + 1 >= len(groups):
        return None
    starts = [a for a, _, _ in named if a >= after]
    return min([*starts, groups[index + 1][1][0].start])


def assigned_to(sentence: Sentence, group: Group, arms: Arms) -> Assigned | None:
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
    goes_on = "respectively" in text or sentence.goes_on
    if own is None and not arms.mentions(text) and goes_on:
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


def each(assigned: Assigned, group: Group) -> Iterator[tuple[str, Quantity]]:
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
