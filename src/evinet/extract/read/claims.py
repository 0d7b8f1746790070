"""Results in prose: medians, landmarks, events, response rates and hazard ratios.

A sentence is read as its quantities and the outcomes and arms that it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from evinet.extract.read import numbers, words
from evinet.extract.read.analyses import Told
from evinet.extract.read.arms import Arms
from evinet.extract.read.assign import assign
from evinet.extract.read.findings import Finding
from evinet.extract.read.groups import Group, assigned_to, each, groups
from evinet.extract.read.limits import LIMITED, asides, limited, opening, other_groups, says_more
from evinet.extract.read.outcomes import TIME_TO, assessor, result, survival
from evinet.extract.read.passages import Passage, Sentence, sentences
from evinet.extract.read.quantities import Quantity, months, quantities
from evinet.extract.read.ratios import ratios

_MEDIAN = re.compile(r"\bmedians?\b|\bm(?:PFS|OS|TTP)\b", re.IGNORECASE)
_SPREAD = re.compile(r"\b(?:mean|range|IQR|interquartile)\b", re.IGNORECASE)
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
_BEHIND = re.compile(
    r"(?: (?:group|arm|patients|alone|therapy|regimen)s?)?(?=\s*[,;]?\s*[(\[]?\s*(?:\d{2}% ?C|\["
    r"|\())",
    re.IGNORECASE,
)
SPEAKS = re.compile(
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
    told = Told()
    for sentence in sentences(passages, "abstract", "results"):
        told = told.next(sentence)
        if not SPEAKS.search(sentence.text):
            continue
        found = quantities(sentence.text)
        readers = (_medians, _landmarks, _events, _responses, ratios)
        read = [finding for reader in readers for finding in reader(sentence, found, arms)]
        planned = words.PLANNED.find(sentence.text) if read else ""
        if not read or (planned and "% CI" not in sentence.text):
            continue
        notes = [*asides(sentence), *other_groups(sentence.text, arms)]
        notes += [f"it may be a plan ({planned})"] if planned else []
        if limit := opening(sentence.text, arms):
            notes.append(f"the sentence opens with {limit!r}")
        if any(note.startswith("another trial") for note in notes):
            continue
        limits = {f.unsure for f in read if f.unsure.startswith(LIMITED)}
        control = re.search(r"\bcontrols?\b", sentence.text, re.I)
        overall = "os" in {topic[2] for topic in sentence.topics}
        first = min(finding.span[0] for finding in read)
        for finding in read:
            noted = _noted(finding, notes, only, overall)
            noted = replace(noted, analysis=told.at(noted.span[0], first))
            if not noted.aside and (word := says_more(sentence, finding.printed, arms)):
                noted = noted.doubted(f"its sentence says more than the result: {word!r}")
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
    if about["outcome"].startswith(TIME_TO):
        unsure = "; ".join(filter(None, (unsure, words.UNNAMED)))
    if about["outcome"] == "primary-outcome":
        unsure = "; ".join(filter(None, (unsure, "the primary outcome: name it")))
    about["assessor"] = who
    return replace(finding, about=about, unsure=unsure, aside="; ".join(notes))


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
    if said is None and "survival" not in text.lower() and not sentence.goes_on:
        return

    def wanted(q: Quantity) -> bool:
        if q.unit not in numbers.MONTHS and q.unit != "open":
            return False
        timed = any(m.start() <= q.start < m.end() + 1 for m in _TIME.finditer(text))
        gain = words.GAIN.search(text, max(q.start - 90, 0), q.start)
        return not (timed or gain or words.GAINED.match(text, q.end))

    for group in groups(sentence, found, wanted, arms):
        if not survival(group.outcome) and not group.outcome.startswith(TIME_TO):
            continue
        assigned = assigned_to(sentence, group, arms)
        if assigned is None:
            continue
        doubt = _median_doubt(text, group) or limited(
            sentence, _topic_end(sentence, group), group.items[0].start, arms
        )
        if not assigned.sure:
            doubt = "; ".join(filter(None, (doubt, f"read by its order only: {assigned.pattern}")))
        for slug, q in each(assigned, group):
            values = _median_values(q if q.interval else _late(text, q, slug, arms), group)
            yield result(sentence, "median", {"outcome": group.outcome, "arm": slug}, values,
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

    for group in groups(sentence, found, wanted, arms):
        if not survival(group.outcome) or group.outcome == "primary-outcome":
            continue
        near = [t for t in times if t[0] < group.items[0].start and t[0] >= group.start] or [
            t for t in times if group.items[-1].end <= t[0] < group.end
        ]
        if len(near) != 1 or near[0][2] is None:
            continue
        assigned = assigned_to(sentence, group, arms)
        if assigned is None:
            continue
        doubt = "" if assigned.sure else f"read by its order only: {assigned.pattern}"
        doubt = doubt or limited(sentence, _topic_end(sentence, group), group.items[0].start, arms)
        if re.search(
            r"incidence|risk of|rate of (?:death|progression|relapse|recurrence)", text, re.I
        ):
            doubt = doubt or "it may be the share with an event"
        for slug, q in each(assigned, group):
            if q.value is None or not 0 <= q.value <= 100:
                continue
            values = {"survival": round(q.value / 100, 6), **_limits(q, 0.01)}
            about = {"outcome": group.outcome, "arm": slug, "time": near[0][2]}
            yield result(sentence, "landmark", about, values, (q.start, q.end), doubt)


def _events(sentence: Sentence, found: Sequence[Quantity], arms: Arms) -> Iterator[Finding]:
    text = sentence.text
    said = _EVENT.search(text)
    if said is None or _NOT_EVENTS.find(text):
        return
    named = {topic[2] for topic in sentence.topics if survival(topic[2])}
    deaths = re.search(r"\bdeaths?\b|\bdied\b", text, re.IGNORECASE)
    if re.search(r"\bevents?\b|progression or death|died or|progressed or|outcome occurred", text,
                 re.IGNORECASE):  # fmt: skip
        outcome = named.pop() if len(named) == 1 else None
    else:
        outcome = "os" if deaths and named <= {"os", "survival"} else None
    if outcome is None:
        return
    counts = [q for q in found if q.n is not None or (q.unit == "" and q.whole)]
    if len(counts) == len(arms) + 1 and _count(counts[0]) == sum(map(_count, counts[1:])):
        counts = counts[1:]  # `301 died (142 in the A group and 159 in the B group)`
    if len(counts) != len(arms):
        return
    spans = [(q.start, q.end) for q in counts]
    assigned = assign(text, spans, arms) or assigned_to(
        sentence, Group(outcome, tuple(counts), 0, len(text)), arms
    )
    if assigned is None or len(assigned.slugs) != len(counts):
        return
    for slug, q in zip(assigned.slugs, counts, strict=True):
        n = _count(q)
        whole = q.of or arms.n(slug)
        if whole is None or n > whole:
            continue
        if q.percent and not numbers.agrees(n, whole, q.percent):
            continue
        sure = assigned.sure and bool(q.percent or q.of) and q.of in (None, arms.n(slug))
        doubt = "" if sure else "no percentage or denominator confirms the count"
        if outcome in ("os", "survival") and _SOME_DEATHS.find(text):
            doubt = doubt or "not all deaths may be meant, or more than deaths"
        yield result(sentence, "events", {"outcome": outcome, "arm": slug}, {"events": n},
                       (q.start, q.end), doubt)  # fmt: skip


def _count(quantity: Quantity) -> int:
    """The patients that a quantity counts."""
    return quantity.n if quantity.n is not None else int(quantity.value or 0)


def _responses(sentence: Sentence, found: Sequence[Quantity], arms: Arms) -> Iterator[Finding]:
    text = sentence.text

    def wanted(q: Quantity) -> bool:
        if q.unit not in ("%", "n"):
            return False
        return not words.GAIN.search(text, max(q.start - 90, 0), q.start)

    for group in groups(sentence, found, wanted, arms):
        if group.outcome not in words.COUNTED:
            continue
        between = text[max(group.start, group.items[0].start - 90) : group.items[0].start]
        if words.NOT_RESPONSE.search(between) and group.outcome == "orr":
            continue
        assigned = assigned_to(sentence, group, arms)
        if assigned is None:
            continue
        doubt = "" if assigned.sure else f"read by its order only: {assigned.pattern}"
        if group.outcome == "cr":
            doubt = doubt or "a complete response of what kind, and when?"
        for slug, q in each(assigned, group):
            values: dict[str, Any] = {} if q.percent is None else {"percent": q.percent}
            unsure = doubt
            if q.n is not None:
                whole = q.of or arms.n(slug)
                values |= {"n": q.n} | ({"total": whole} if whole else {})
                if q.percent and whole and not numbers.agrees(q.n, whole, q.percent):
                    unsure = unsure or "count and percentage disagree"
            if not values:
                continue
            yield result(sentence, "response", {"outcome": group.outcome, "arm": slug},
                           {**values, **_limits(q)}, (q.start, q.end), unsure)  # fmt: skip
