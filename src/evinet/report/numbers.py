"""Numbers as text: rounded so that what is printed never contradicts what was computed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from typing_extensions import TypeIs

MISSING = "not known"
NBSP = "\N{NO-BREAK SPACE}"
NINETY_FIVE = f"95{NBSP}%"
TOUCHING = 1e-6
"""A ratio whose logarithm is nearer to 0 than this is on neither side of 1."""


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval; `lower` or `upper` is NaN when it was not estimable."""

    estimate: float
    lower: float
    upper: float

    @classmethod
    def of_logs(cls, estimate: float, lower: float, upper: float) -> Interval:
        """A ratio from its estimate and limits on the natural-log scale."""
        return cls(math.exp(estimate), math.exp(lower), math.exp(upper))

    def inverted(self) -> Interval:
        """The same ratio seen from the other side."""
        return Interval(1 / self.estimate, 1 / self.upper, 1 / self.lower)

    def side_of_one(self) -> int:
        """-1 when all of the interval lies below 1, 1 above it, 0 when it holds 1."""
        if _side(self.upper) < 0:
            return -1
        return 1 if _side(self.lower) > 0 else 0


def number(value: float | None, decimals: int = 2) -> str:
    """`value` with `decimals` decimals; a missing value says so."""
    if _missing(value):
        return MISSING
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")


def ratio(value: float | None) -> str:
    """A ratio with two decimals, or as many as it takes to stay on its side of 1 and above 0."""
    if _missing(value):
        return MISSING
    if _side(value) == 0:
        return "1.00"
    if value >= 100:
        return f"{value:.0f}"
    for decimals in range(2, 8):
        text = f"{value:.{decimals}f}"
        if float(text) > 0 and _side(float(text)) == _side(value):
            return text
    return f"{value:.3g}"


def estimate(interval: Interval) -> str:
    """The estimate of an interval of a ratio; near 1 it has more decimals only if all of it has."""
    near = abs(interval.estimate - 1) < 0.005 and interval.side_of_one() == 0
    return "1.00" if near else ratio(interval.estimate)


def with_limits(interval: Interval) -> str:
    """A ratio and the limits of its interval: ``0.28 (0.18 to 0.42)``."""
    return f"{estimate(interval)} ({limits(interval)})"


def ratio_interval(interval: Interval, name: str = f"{NINETY_FIVE} interval") -> str:
    """A ratio and its interval: ``0.28 (95 % interval 0.18 to 0.42)``."""
    return f"{estimate(interval)} ({name} {limits(interval)})"


def limits(interval: Interval) -> str:
    """The limits of an interval of a ratio: ``0.18 to 0.42``."""
    return f"{_limit(interval.lower)}{NBSP}to{NBSP}{_limit(interval.upper)}"


def percent(share: float | None) -> str:
    """A probability or proportion in per cent; 0 and 100 are only said when exact."""
    if _missing(share):
        return MISSING
    if 0 < share < 0.01:
        return f"less than 1{NBSP}%"
    if 0.99 < share < 1:
        return f"more than 99{NBSP}%"
    return f"{100 * share:.0f}{NBSP}%"


def percent_limits(row: Mapping[str, Any]) -> str:
    """The limits of the 95 % interval of a proportion, from a row with its quantiles."""
    return f"{percent(row['q2.5'])}{NBSP}to{NBSP}{percent(row['q97.5'])}"


def chance(share: float | None) -> str:
    """A probability estimated from draws, which are never enough to say 0 or 100 per cent."""
    return MISSING if _missing(share) else percent(min(max(share, TOUCHING), 1 - TOUCHING))


def months(value: float | None) -> str:
    """A time in months; a missing value is one that was not reached or not given."""
    return MISSING if _missing(value) else f"{value:.1f}"


def count(value: float | None) -> str:
    """A whole number, or that it is not known."""
    return MISSING if _missing(value) else f"{round(value)}"


def outcome_name(slug: str) -> str:
    """An outcome as people say it: short slugs are abbreviations."""
    return slug.upper() if len(slug) <= 4 else slug.replace("-", " ")


def listing(items: list[str], last: str = "and") -> str:
    """Items as prose: ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def _side(value: float) -> int:
    """On which side of 1 a ratio lies; NaN, a limit that was not estimable, on neither."""
    distance = math.log(value) if value > 0 else -math.inf
    return 0 if math.isnan(value) or abs(distance) <= TOUCHING else int(math.copysign(1, distance))


def _limit(value: float) -> str:
    return "not estimated" if _missing(value) else ratio(value)


def _missing(value: float | None) -> TypeIs[None]:
    """Whether a number is None or NaN."""
    return value is None or math.isnan(value)
