"""Hazard ratios in prose: interval and P value, outcome, and which arm is above the line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import log
from typing import Any

from evinet.extract.read import numbers, words
from evinet.extract.read.arms import Arms
from evinet.extract.read.assign import assign, compared
from evinet.extract.read.findings import NO_INTERVAL, Finding
from evinet.extract.read.limits import limited
from evinet.extract.read.outcomes import COORDINATED, by_its_words, result, survival
from evinet.extract.read.passages import Sentence
from evinet.extract.read.quantities import Quantity

_HR = re.compile(
    r"\b(?:hazards?[- ]ratios?|HRs?)\b(?:\s*[\[(]HR[\])])?(?!\s*(?:positive|negative|\+))",
    re.IGNORECASE,
)
_RATIO = re.compile(
    r"(?<![\d.,])(?P<value>\d{1,2}\.\d{1,4}|\.\d{2,4}|(?<=[=,:(] )1|(?<=[=(])1)(?![\d.%]|\s*(?:%"
    r"|months|"
    r"weeks|years|days|mg))"
)
_STRATIFIED = re.compile(r"\b(?P<un>un-?)?stratified", re.IGNORECASE)
_FAVOURS = re.compile(
    r"[^.;]{0,80}?\bin favou?r of (?P<who>[^.;]{3,60})"
    r"|[^.;]{0,40}?\bfavou?r(?:ing|ed) (?P<whom>[^.;]{3,60})"
)


def ratios(sentence: Sentence, found: Sequence[Quantity], arms: Arms) -> Iterator[Finding]:
    """The hazard ratios of a sentence; `found` are its other quantities."""
    text = sentence.text
    if len(arms) < 2:
        return
    heads = [match for match in _HR.finditer(text)]
    for index, head in enumerate(heads):
        around = (
            heads[index - 1].end() if index else 0,
            heads[index + 1].start() if index + 1 < len(heads) else len(text),
        )
        stop = around[1]
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
        said = between + (text[value.end() : interval.end] if interval else "")
        yield from _ratio(sentence, found, head, value, interval, around, said, arms)
        if interval and (more := _AND_FOR.match(text, interval.end, stop)):
            interval = numbers.interval_at(text, more.end())
            pair = text[interval.end : min(interval.end + 120, stop)] if interval else ""
            if compared(pair, arms):
                yield from _ratio(sentence, found, head, more, interval, around, pair, arms)


_AND_FOR = re.compile(
    r"[^()\[\]]{0,40}[)\]] for [^.;()\[\]]{3,80}? and (?P<value>\d{0,2}\.\d{1,4})(?= [(\[]\d\d)"
)
"""From one ratio to the next of the same words: `0.4 (...) for A versus C and 0.6 (...) for B`."""
_PAIR_FIRST = re.compile(
    r" (?:for|with|in|favou?ring) [^.;()\[\]\d]{3,80}?(?=[,;]? ?[(\[]?\d\d(?:\.\d+)?% ?CI)"
)
"""The arms of a ratio between its value and its interval."""
_FOR_OUTCOME = re.compile(r"(?:(?:[^.()\[\]]|\.(?=\d)){0,40}[)\]])?\s*for (?:the )?")
"""What leads to an outcome behind a ratio: `0.79 (95% CI, 0.53 to 1.18; P = .25) for OS`."""


def _ratio(sentence: Sentence, found: Sequence[Quantity], head: re.Match[str],
           value: re.Match[str], interval: numbers.Interval | None, around: tuple[int, int],
           said: str, arms: Arms) -> Iterator[Finding]:  # fmt: skip
    """A ratio at `value`, of the words at `head`; `said` may say its arms.

    What speaks of it stands `around`: behind the ratio before it and before the next one.
    """
    text = sentence.text
    previous, following = around
    between = text[head.end() : value.start("value")]
    outcome, doubt = _ratio_outcome(sentence, head, value, interval)
    if outcome is None or not survival(outcome):
        if not arms.mentions(text):
            return
        outcome, doubt = by_its_words(text, head, between, arms), words.UNNAMED
    estimate = float(value["value"])
    low = high = level = None
    start = value.start("value") if value.re is _AND_FOR else head.start()
    end = value.end()
    if interval is not None and interval.low is not None and interval.high is not None:
        if not interval.low < estimate < interval.high or not log_symmetric(
            estimate, interval.low, interval.high
        ):
            return
        low, high, level, end = interval.low, interval.high, interval.level, interval.end
    else:
        doubt = doubt or NO_INTERVAL
    pair, how = _direction(text, said, previous, head.start(), end, following, arms)
    if pair is None or _of_a_stranger(text, previous, following, arms):
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
    doubt = doubt or limited(sentence, head.end(), value.start("value"), arms)
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
    yield result(sentence, "hr", about, values, (start, end), doubt)


_OVERALL = re.compile(r"[Ss]urvival|\bOS\b")
_NUMERAL = r"(?:\d+|one|two|three|five|six|ten|twelve|thirty|sixty|ninety)"
_UNTIL = re.compile(
    rf"\b(?:by|at|within|before|until|through|in the first) (?:day|week|month|year|{_NUMERAL})\b"
    rf"|\b{_NUMERAL}-(?:day|week|month|year)\b|\bin[- ]hospital\b",
    re.IGNORECASE,
)


_COMPARED = re.compile(
    r"\b(?:[Ff]or|[Oo]f|[Bb]etween|[Cc]omparing) (?:the )?"
    r"(?P<who>[A-Za-z][\w-]+(?: plus [\w-]+)?) (?:versus|vs\.?|v|compared with) (?:the )?"
)


def _of_a_stranger(text: str, previous: int, following: int, arms: Arms) -> bool:
    """Whether a ratio compares an arm with a name that is none: `for B versus placebo`.

    Patients may be randomised twice, to A or placebo and to B or placebo.
    """
    mentions = arms.mentions(text)
    starts = {a for a, _, _ in mentions}
    return any(
        match.end() in starts
        and not any(a < match.end("who") and match.start("who") < b for a, b, _ in mentions)
        and not _NO_STRANGER.fullmatch(match["who"])
        for match in _COMPARED.finditer(text, previous, following)
    )


_NO_STRANGER = re.compile(
    r"(?:death|progression|survival|mortality|treatment|therapy|group|arm|patients|outcome"
    r"|relapse|recurrence|experimental|combination|intervention|control)s?",
    re.IGNORECASE,
)
"""What may be compared with an arm and is no arm of another comparison."""


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
            if t[2] != last[2] and COORDINATED.fullmatch(sentence.text, t[1], last[0])
        ]  # fmt: skip
        if close and not re.search(r"\d", prefix):
            return last[2], "several outcomes are named before it"
        return last[2], ""
    said = sentence.text[: head.start()]
    if re.search(r"\bdeaths\b|\bdied\b", said) and not _MORE_THAN_DEATHS.search(said):
        return "os", "deaths: taken for overall survival"
    earlier = [t[2] for t in words.topics(sentence.before) if survival(t[2])]
    if len(set(earlier)) == 1:
        return earlier[0], "the outcome is named in the sentence before"
    return None, ""


_MORE_THAN_DEATHS = re.compile(
    r"progress|relaps|recurr|\bevents?\b|\bor\b|composite|hospital|infarct|stroke|vascular|cardiac"
    r"|\b(?:died|deaths) (?:of|from) (?!any\b|all\b)",
    re.IGNORECASE,
)
"""Words of a sentence whose ratio may be of more, or of less, than deaths."""


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
        said = {slug for _, _, slug in arms.mentions(text[previous:close])}
        two = [slug for slug in arms.slugs if slug in said]
        return ((two[0], two[1]) if len(two) == 2 else None), ""
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
