"""A sentence's quantities: durations, percentages and counts, each with its interval."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from evinet.extract.read import numbers, words
from evinet.extract.read.numbers import NUMBER, UNIT, Interval

_OPEN = (
    r"\b(?:(?:was |were |has |had |have )?(?:not (?:yet )?(?:been )?(?:reached|estimable|estimated"
    r"|evaluable)|NE\b|NR\b|NYR\b|unreached))"
)
_START = r"(?<![\w.<>≥≤=/·?-])(?<!\d,)(?<!\d )"
_AT = _START.replace("=", "")
"""Where a value with a unit starts; it may stand behind an equals sign."""
_NOT_A_VALUE = re.compile(
    r"(?:\b(?:grades?|phase|figures?|figs?\.?|tables?|days?|weeks?|months?|years?|cycles?|stage|arms?"
    r"|groups?|cohorts?|ECOG|WHO|version|level|type|score|factor|ref|refs|page|pp?|n|chi|df"
    r"|ratio of"
    r"|power of|CTCAE|v|age|aged|dose|doses|level|median follow-up of|follow-up of|courses?)"
    r"|[<>=≥≤±+/~]|\d:|§|#)\s*$",
    re.IGNORECASE,
)
_DOSE = re.compile(
    r"\s*-?(?:mg|g|kg|GBq|MBq|mCi|Gy|mcg|µg|μg|mL|ml|cm|mm|mmol|IU|U|AUC|fractions?|cycles?|courses?"
    r"|doses?|times|centers?|centres?|sites?|countries|hospitals|institutions|patients? per|lines?"
    r"|Lu\b|ng|pg|nm|°|h\b|hours?|min\b|minutes|(?:st|nd|rd|th)\b|°C|points?|fold|degrees)"
    r"(?![a-z])",
    re.IGNORECASE,
)
_WORD = "|".join(word for word in numbers.WORDS if word != "no")
_TOKEN = re.compile(
    words.in_small(
        rf"(?P<open>{_OPEN})"
        rf"|{_START}(?P<n>\d[\d,]*|\b(?:{_WORD})) (?:events |deaths |patients |participants )?"
        rf"(?:\((?P<p1>\d+(?:\.\d+)?)(?: ?%)\) )?(?:out )?of (?:the |all )?(?:(?:\w+ "
        rf")?)(?P<of>\d[\d,]*)"
        rf"(?:(?: \w+)?(?: randomi[sz]ed| evaluable)?(?: patients| participants)?"
        rf" ?[(\[](?P<p2>\d+(?:\.\d+)?) ?%(?P<tail>[^()%]{{0,60}})[)\]])?"
        rf"|{_START}(?P<n3>\d[\d,]*)/(?P<of3>\d[\d,]*)(?: (?:patients|participants))?"
        rf"(?: ?[(\[](?P<p3>\d+(?:\.\d+)?) ?%[)\]])?"
        rf"|{_START}(?P<p4>\d{{1,3}}(?:\.\d+)?)"
        rf" ?% ?[(\[](?P<n4>\d[\d,]*) ?(?:of|/) ?(?P<of4>\d[\d,]*)"
        rf"(?: patients| participants)?[)\]]"
        rf"|{_START}(?P<n5>\d[\d,]*)(?: (?:events|deaths|patients|participants|of them))?"
        rf" ?[(\[](?P<p5>\d+(?:\.\d+)?) ?%[)\]]"
        rf"|{_AT}(?P<p6>\d{{1,3}}(?:\.\d+)?) ?%(?! ?(?:CI\b|confidence|C\.I))"
        rf"|{_AT}(?P<d>{NUMBER})[- ]?{UNIT}"
        rf"|{_START}(?P<x>\d+(?:,\d{{3}})*(?:\.\d+)?|\b(?:{_WORD})\b)"
    )
)
"""A quantity in a text of small letters (faster than a pattern that does not mind capitals)."""


@dataclass(frozen=True)
class Quantity:
    """A number of a sentence and what it is.

    `unit` is `month`, `week`, ... for a duration, `%` for a percentage, `n` for a count, `` for a
    bare number, `open` for a median that is not reached. Numbers of a count are `n` and `of`.
    """

    start: int
    end: int
    value: float | None
    unit: str
    printed: str
    interval: Interval | None = None
    n: int | None = None
    of: int | None = None
    percent: str | None = None

    @property
    def whole(self) -> bool:
        """Whether it is a whole number, as a count is."""
        return self.value is not None and float(self.value).is_integer() and "." not in self.printed


_DATE = re.compile(numbers.DATE)


@lru_cache(maxsize=8)
def quantities(text: str) -> tuple[Quantity, ...]:
    """The quantities of a sentence; limits of intervals, P values and doses are not among them."""
    found: list[Quantity] = []
    taken = [match.span() for match in numbers.P_VALUE.finditer(text)]
    taken += [match.span() for match in _DATE.finditer(text)]
    taken += [match.span() for match in re.finditer(r"\b[nN] ?= ?\d[\d,]*", text)]
    taken += [match.span() for match in re.finditer(r"\d+(?:\.\d+)? ?% ?(?:C\.?I|confid)", text)]
    taken += [m.span() for m in re.finditer(r"\((?:range|IQR|interquartile range|SD|SE)\b[^()]*\)",
                                            text, re.IGNORECASE)]  # fmt: skip
    cursor = 0
    small = words.small(text)
    while match := _TOKEN.search(small, cursor):
        cursor = match.end()
        if any(a <= match.start() < b for a, b in taken):
            continue
        quantity = _quantity(text, match)
        if quantity is not None:
            found.append(quantity)
            cursor = quantity.end
    return tuple(_units(text, found))


def _quantity(text: str, match: re.Match[str]) -> Quantity | None:
    start, end = match.span()
    if match["open"]:
        interval = numbers.interval_at(text, end)
        end = interval.end if interval else end
        return Quantity(start, end, None, "open", text[start:end], interval)
    for n, of, percent in (("n", "of", "p2"), ("n3", "of3", "p3"), ("n4", "of4", "p4")):
        if match[n]:
            part, whole = numbers.count(match[n]), numbers.count(match[of])
            said = match[percent] or (match["p1"] if n == "n" else None)
            if part is None or whole is None or part > whole:
                return None
            interval = numbers.interval_at(text, end)
            if n == "n" and match["tail"]:
                interval = numbers.interval_at(text[: end - 1], match.start("tail")) or interval
                end = match.end()
            end = max(end, interval.end if interval and interval.end > end else end)
            return Quantity(start, end, float(said) if said else None, "n", text[start:end],
                            interval, part, whole, said)  # fmt: skip
    if match["n5"]:
        return Quantity(start, end, float(match["p5"]), "n", text[start:end], None,
                        numbers.count(match["n5"]), None, match["p5"])  # fmt: skip
    if match["p6"]:
        if text[:start].rstrip().endswith("±"):
            return None
        interval = _held(numbers.interval_at(text, end), float(match["p6"]))
        end = interval.end if interval else end
        return Quantity(start, end, float(match["p6"]), "%", text[start:end], interval,
                        percent=match["p6"])  # fmt: skip
    if match["d"]:
        value = numbers.number(match["d"])
        interval = _held(numbers.interval_at(text, end), value)
        end = interval.end if interval else end
        return Quantity(start, end, value, _unit(match["unit"]), text[start:end], interval)
    return _bare(text, match)


def _bare(text: str, match: re.Match[str]) -> Quantity | None:
    """A number without a unit, or with its interval before it: `5.5 (3.8-14.0) months`."""
    start, end = match.span()
    if _NOT_A_VALUE.search(text, max(start - 22, 0), start) or _DOSE.match(text, end):
        return None
    if re.match(r"[-/:][\w]|\.\w|[A-Za-z]|(?:,\d)", text[end:]):
        return None
    value: float | int | None = numbers.number(match["x"])
    value = numbers.count(match["x"]) if value is None else value
    interval = _held(numbers.interval_at(text, end), value)
    end = interval.end if interval else end
    if interval and interval.unit:
        return Quantity(start, end, value, _unit(interval.unit), text[start:end], interval)
    after = re.compile(rf" ?\]?\)? ?{UNIT}", re.IGNORECASE).match(text, end) if interval else None
    if after:
        return Quantity(start, after.end(), value, _unit(after["unit"]), text[start : after.end()],
                        interval)  # fmt: skip
    return Quantity(start, end, value, "", text[start:end], interval)


def _held(interval: Interval | None, value: float | None) -> Interval | None:
    return interval if interval and interval.holds(value) else None


def _unit(printed: str) -> str:
    return printed.lower().rstrip(".").removesuffix("s")


def _units(text: str, found: list[Quantity]) -> list[Quantity]:
    """`6.1 vs 2.9 months`: a bare number takes the unit of the one that it is coordinated with."""
    done = list(found)
    for i in range(len(found) - 2, -1, -1):
        this, then = done[i], done[i + 1]
        link = text[this.end : then.start]
        if this.unit == "" and then.unit not in ("", "open", "n") and _LINK.fullmatch(link):
            percent = f"{this.value:g}" if then.unit == "%" else None
            if then.unit != "%" or (this.value is not None and this.value <= 100):
                done[i] = replace(this, unit=then.unit, percent=percent)
    for i in range(1, len(done)):
        this, before = done[i], done[i - 1]
        link = text[before.end : this.start]
        near = len(link) < 60 and not re.search(r"[;:]", link) and _AFTER.match(text, this.end)
        if this.unit == "" and before.unit in numbers.MONTHS and _LINKED.search(link) and near:
            done[i] = replace(this, unit=before.unit)
    return done


_LINK = re.compile(
    r"[\])]?,?\s*(?:\([A-Za-z][\w .-]{0,30}\)\s*)?"
    r"(?:(?:for|with|in) (?:the )?[\w+/-]+(?: [\w+/-]+){0,3} )?(?:v(?:(?:ersu)?s)?\.?|and|or|to|,|/"
    r"|compared (?:with|to)|as compared with|than|against)\s*",
    re.IGNORECASE,
)


_LINKED = re.compile(r"\b(?:v(?:ersu)?s?\.?|and|than|compared (?:with|to))\s*$", re.IGNORECASE)
_AFTER = re.compile(r"\s*(?:[(\[,;.]|(?:in|with|for|among|on)\b|$)", re.IGNORECASE)


def months(quantity: Quantity) -> float | None:
    """The value of a duration in months."""
    return numbers.months(quantity.value, quantity.unit)
