"""Numbers, intervals and P values as journals print them (after `text.normalise`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|(?<![\w.])\.\d+"
OPEN_END = (
    r"NE\b|NR\b|NA\b|NC\b|∞|infinity|not (?:yet )?(?:been )?"
    r"(?:reached|estimated|estimable|evaluable|calculable|available)(?: \[N[ERA]\])?"
)
_LIMIT = rf"(?:{NUMBER}|{OPEN_END})"
_CI = (
    r"(?P<level>\d{2}(?:\.\d+)?) ?% ?(?:C\.?I\.?\b|confidence (?:interval|limits?)s?)"
    r"(?: ?[\[(]CI[\])])?"
)
INTERVAL = re.compile(
    rf"\s*(?P<bracket>[,;:]?\s*[(\[]?)\s*(?:{_CI})?[\s,:;=\[(]*"
    rf"(?P<low>{_LIMIT})(?: ?%| months| weeks| years| days)?\s*(?:-|—|to|,"
    rf"|;)\s*(?P<high>{_LIMIT})(?!\s*%?\s*(?:CI|\d))(?P<unit> (?:months|weeks|years|days)\b)?",
    re.IGNORECASE,
)
_BARE = re.compile(rf",\s*(?:{NUMBER})\s*[-—]\s*{_LIMIT}(?=\s*[;,)\]])", re.IGNORECASE)
_LEVEL = re.compile(r"\d{2} ?% ?C\.?I\b|confidence", re.IGNORECASE)
"""An interval of numbers alone, and what must stand before it."""
P_VALUE = re.compile(
    r"\b[Pp](?:[- ]?values?)?(?: for [a-z]+)?\s*(?:was |of )?"
    r"(?P<sign>[<>=≤]|equal to|less than)\s*(?P<p>0?\.\d+|1\.0+|\d(?:\.\d+)?\s*[x×]\s*10-?\d+)"
)
_SMALL = {
    word: value
    for values, words in (
        (range(20), "zero one two three four five six seven eight nine ten eleven twelve thirteen "
                    "fourteen fifteen sixteen seventeen eighteen nineteen"),
        (range(20, 100, 10), "twenty thirty forty fifty sixty seventy eighty ninety"),
    )
    for value, word in zip(values, words.split(), strict=True)
}  # fmt: skip
WORDS = {"no": 0} | {word: value for word, value in _SMALL.items() if 1 <= value <= 12}
MONTHS = {"month": 1.0, "mo": 1.0, "year": 12.0, "yr": 12.0, "week": 7 * 12 / 365.25,
          "wk": 7 * 12 / 365.25, "day": 12 / 365.25}  # fmt: skip
UNIT = r"(?P<unit>months?|mo\b|years?|yrs?\b|weeks?|wks?\b|days?)"


@dataclass(frozen=True)
class Interval:
    """A confidence interval: limits (None: not estimable), level, how it was printed, its unit."""

    low: float | None
    high: float | None
    level: float | None
    printed: str
    end: int
    unit: str = ""

    def holds(self, value: float | None) -> bool:
        """Whether the interval is in order and `value` lies in it (unknown ends hold)."""
        low = self.low if self.low is not None else float("-inf")
        high = self.high if self.high is not None else float("inf")
        return low <= high and (value is None or low <= value <= high)


def number(printed: str) -> float | None:
    """The value of a printed number; None for NE, NR, not reached, ∞."""
    text = printed.strip().replace(",", "")
    if re.fullmatch(r"\d*\.?\d+", text):
        value = float(text)
        return int(value) if value.is_integer() and "." not in text else value
    return None


_WORD = "|".join(["hundred", "thousand", *_SMALL])
SPELLED = rf"(?:{_WORD})(?:(?: and |[ -])(?:{_WORD}))*"
"""A whole number in words, as a sentence starts with: `Three hundred and twenty-seven`."""


def spelled(words: str) -> int:
    """The value of a whole number in words.

    >>> spelled("Three hundred and twenty-seven"), spelled("one thousand ninety-two")
    (327, 1092)
    """
    whole = part = 0
    for word in re.findall("[a-z]+", words.lower()):
        if word == "hundred":
            part = max(part, 1) * 100
        elif word == "thousand":
            whole, part = whole + max(part, 1) * 1000, 0
        else:
            part += _SMALL.get(word, 0)
    return whole + part


def count(printed: str) -> int | None:
    """A whole number in digits or in words (`seven`)."""
    if printed.lower() in WORDS:
        return WORDS[printed.lower()]
    value = number(printed)
    return int(value) if value is not None and float(value).is_integer() else None


def months(value: float | None, unit: str | None) -> float | None:
    """`value` in months, from months, years, weeks or days."""
    if value is None or unit is None:
        return value
    factor = MONTHS[unit.lower().removesuffix("s")]
    return value if factor == 1 else round(value * factor, 4)


_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
DATE = (
    rf"(?:{_MONTH} \d{{1,2}}, \d{{4}}|\d{{1,2}} {_MONTH},? \d{{4}}|{_MONTH} \d{{4}}"
    rf"|{_MONTH} \d{{1,2}}(?!\d))"
)
"""A date as journals print it."""


def iso_date(printed: str) -> str | None:
    """A printed date in ISO form.

    >>> iso_date("Jan 22, 2020"), iso_date("April 2012")
    ('2020-01-22', '2012-04')
    """
    text = printed.replace(",", "").replace(".", "").replace("Sept ", "Sep ")
    for pattern, shape in (
        ("%b %d %Y", "%Y-%m-%d"), ("%B %d %Y", "%Y-%m-%d"), ("%d %b %Y", "%Y-%m-%d"),
        ("%d %B %Y", "%Y-%m-%d"), ("%b %Y", "%Y-%m"), ("%B %Y", "%Y-%m"),
    ):  # fmt: skip
        try:
            return datetime.strptime(text, pattern).strftime(shape)
        except ValueError:
            continue
    return None


def interval_at(text: str, position: int) -> Interval | None:
    """The confidence interval printed right at `position`.

    Without the words (`95% CI`) it must stand in brackets, or behind a comma where a level is
    printed before: journals drop them after the first.

    >>> interval_at("8.4 months, 95% CI 7.2-9.9 v 6.3 months, 5.1-7.0; p=0.01", 39).low
    5.1
    """
    match = INTERVAL.match(text, position)
    if match is None:
        return None
    if not match["level"] and not re.search(r"[(\[]", match["bracket"]):
        bare = _BARE.match(text, position)
        if bare is None or not _LEVEL.search(text, 0, position):
            return None
    level = round(float(match["level"]) / 100, 6) if match["level"] else None
    return Interval(
        number(match["low"]), number(match["high"]), level, match.group().strip(" ,;:"),
        match.end(), (match["unit"] or "").strip(),
    )  # fmt: skip


def p_value(text: str) -> str | None:
    """The first P value of `text`, as `<0.0001` or `0.03`."""
    match = P_VALUE.search(text)
    if match is None:
        return None
    sign = {"=": "", "equal to": "", "less than": "<"}.get(match["sign"], match["sign"])
    digits = match["p"]
    return sign + ("0" + digits if digits.startswith(".") else digits)


def agrees(part: int, whole: int, percent: str) -> bool:
    """Whether `part` of `whole` rounds to the printed percentage (`<1`, `43`, `43.0`)."""
    if whole <= 0 or part > whole:
        return False
    exact = 100 * part / whole
    if percent.startswith("<"):
        return exact < float(percent[1:])
    decimals = len(percent.partition(".")[2])
    return abs(exact - float(percent)) <= 0.5 * 10**-decimals + 1e-9
