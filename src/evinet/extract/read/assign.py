"""Which value of a sentence belongs to which arm; nothing when the sentence does not say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from evinet.extract.read.arms import Arms

Value = TypeVar("Value")
# what stands between a value and the arm named after it
_LINK = re.compile(
    r"[)\]]?\s*(?:(?:patients|events|deaths)?\s*(?:\(\d+(?:\.\d+)?%\))?\s*(?:patients|events|deaths)?"
    r"\s*(?:(?:had )?occurred |died )?(?:in|with|for|among|on|receiving|to"
    r"|of)\b[^.;:]{0,60}$|\(\s*$)"
)


def to_arms(
    text: str, values: Sequence[tuple[int, int, Value]], arms: Arms
) -> list[tuple[str, Value]] | None:
    """Pair values (start, end, value) with the arms that `text` names.

    Three ways of writing are read: `x with A and y with B`, `A: x; B: y`, and `x and y with A and
    B, respectively`. Each arm must be named once for each value; anything else is None.
    """
    if not values:
        return None
    first, last = values[0][0], values[-1][1]
    mentions = [item for item in arms.mentions(text) if not _inside(item, values)]
    between = [item for item in mentions if first < item[0] < last]
    after = [item for item in mentions if item[0] >= last]
    before = [item for item in mentions if item[1] <= first]
    k = len(values)
    for order in (
        _trailing(text, values, between + after),
        _leading(values, before + between),
        _block(after[:k], k) if not between else None,
        _block(before[-k:], k) if not between else None,
    ):
        if order is not None:
            return [(slug, value[2]) for slug, value in zip(order, values, strict=True)]
    return None


def _inside(mention: tuple[int, int, str], values: Sequence[tuple[int, int, Value]]) -> bool:
    return any(start <= mention[0] < end for start, end, _ in values)


def _trailing(
    text: str, values: Sequence[tuple[int, int, Value]], mentions: list[tuple[int, int, str]]
) -> list[str] | None:
    """The arm named after each value, before the next one."""
    limits = [value[0] for value in values[1:]] + [None]
    order: list[str] = []
    for value, limit in zip(values, limits, strict=True):
        named = [m for m in mentions if m[0] >= value[1] and (limit is None or m[0] < limit)]
        if not named or not _LINK.match(text[value[1] : named[0][0]]):
            return None
        slugs = {m[2] for m in named[:1]} if limit is None else {m[2] for m in named}
        if len(slugs) != 1:
            return None
        order.append(slugs.pop())
    return order if len(set(order)) == len(order) else None


def _leading(
    values: Sequence[tuple[int, int, Value]], mentions: list[tuple[int, int, str]]
) -> list[str] | None:
    """The arm named before each value, after the one before."""
    order, start = [], 0
    for value in values:
        named = [m for m in mentions if start <= m[0] and m[1] <= value[0]]
        if not named or (start and len({m[2] for m in named}) != 1):
            return None
        order.append(named[-1][2])
        start = value[1]
    return order if len(set(order)) == len(order) else None


def _block(mentions: list[tuple[int, int, str]], k: int) -> list[str] | None:
    slugs = [mention[2] for mention in mentions]
    return slugs if k > 1 and len(slugs) == k == len(set(slugs)) else None
