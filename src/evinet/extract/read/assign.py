"""Which value of a sentence belongs to which arm, by syntax.

The sentence is written as a row of letters, one for each thing that matters, and a table of
patterns says how journals pair values with arms. What fits no pattern is assigned to nobody.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evinet.extract.read.arms import Arms

Span = tuple[int, int]
VERSUS = (
    r"v(?:(?:ersu)?s)?\.?|compared (?:with|to)|as compared (?:with|to)|than|relative to|over"
    r"|against|(?:superior|inferior|non-?inferior|similar|equivalent) to"
)
_PIECE = re.compile(
    rf"(?P<v>\b(?:{VERSUS})(?!\w))|(?P<c>\band\b|\bor\b|/)"
    r"|(?P<w>\b(?:with|in|for|of|among|on|to|receiving|from|by|within|at)\b)"
    r"|(?P<r>\brespectively\b)|(?P<p>[,;:])|(?P<o>[(\[])|(?P<e>[)\]])|(?P<x>[A-Za-z]\w*)",
    re.IGNORECASE,
)
_T = "Ve?o?x{0,2}[wo][wx]{0,4}A"  # a value and the arm named right after it
_J = "e?p?[cvp]{1,3}[wx]{0,3}"  # what joins two values, or two arms
# V value, A arm, v versus, c and, w preposition, r respectively, p comma, o (, e ), x word
PATTERNS: tuple[tuple[str, str, bool], ...] = (
    # how the pattern is called, the pattern, whether it leaves no doubt (for two arms and more)
    ("each value, its arm", rf"{_T}(?:[^VA]{{0,12}}{_T})+", True),
    ("value, arm; arm, value", r"Ve?wx{0,3}A[^VA]{0,5}[vcp][^VA]{0,4}A[^VA]{0,6}V", False),
    ("each arm, its value", r"A[^VA]{0,12}V(?:[^VA]{0,4}[pcv][^VA]{0,5}A[^VA]{0,10}V)+", True),
    ("values, then arms", rf"V(?:{_J}V)+[^VA]{{0,14}}A(?:{_J}A)+", True),
    ("arms, then values", rf"A(?:{_J}A)+[^VA]{{0,40}}V(?:{_J}V)+", True),
    ("arms apart, then values", rf"A[^VA]{{0,25}}v[wx]{{0,4}}A[^VA]{{0,40}}V(?:{_J}V)+", True),
    ("arm, value; value, arm", r"A[^VA]{0,12}V[^VA]{0,4}[cvp][^VA]{0,4}Ve?[wo]x{0,3}A", False),
    ("values, the arm of the second", r"Ve?p?v[wx]{0,2}Ve?[wo]x{0,3}A", False),
    ("one arm, then two values", r"A[^VA]{0,40}Ve?p?v[wx]{0,2}V", False),
)  # fmt: skip


@dataclass(frozen=True)
class Assigned:
    """Slugs in the order of the values, the pattern, and whether it leaves no doubt."""

    slugs: tuple[str, ...]
    pattern: str
    sure: bool


def encode(text: str, values: Sequence[Span], arms: Sequence[tuple[int, int, str]],
           start: int = 0, end: int | None = None) -> tuple[str, list[int]]:  # fmt: skip
    """The letters of a stretch of `text`, and the place of each in it.

    Brackets that hold neither a value nor an arm (an interval, a P value) are left out.
    """
    end = len(text) if end is None else end
    marks: list[tuple[int, int, str]] = [(a, b, "V") for a, b in values]
    marks += [(a, b, "A") for a, b, _ in arms if not any(x < b and a < y for x, y in values)]
    marks = sorted(mark for mark in marks if start <= mark[0] and mark[1] <= end)
    letters: list[str] = []
    places: list[int] = []
    cursor = start
    for a, b, letter in [*marks, (end, end, "")]:
        for piece in _PIECE.finditer(text, cursor, a):
            letters.append(str(piece.lastgroup))
            places.append(piece.start())
        if letter:
            letters.append(letter)
            places.append(a)
        cursor = max(b, cursor)
    return _without_brackets(letters, places)


def _without_brackets(letters: list[str], places: list[int]) -> tuple[str, list[int]]:
    keep = [True] * len(letters)
    opened: list[int] = []
    for i, letter in enumerate(letters):
        if letter == "o":
            opened.append(i)
        elif letter == "e":
            if not opened:
                keep[i] = False
                continue
            j = opened.pop()
            if not {"V", "A"} & set(letters[j : i + 1]):
                keep[j : i + 1] = [False] * (i + 1 - j)
    kept = [(x, y) for x, y, k in zip(letters, places, keep, strict=True) if k]
    return "".join(x for x, _ in kept), [y for _, y in kept]


_CLAUSE = re.compile(r";|, (?:but|while|whereas)\b")


def assign(
    text: str, values: Sequence[Span], arms: Arms, start: int = 0, end: int | None = None
) -> Assigned | None:
    """The arm of each value (their spans in `text`), from what stands between `start` and `end`.

    Every arm that is assigned is named once; two values of which one arm is named take the other
    arm of two, with doubt.
    """
    if len(values) < 2 or len(values) > len(arms):
        return None
    mentions = arms.mentions(text)
    slug_at = {a: slug for a, _, slug in mentions}
    value_at = {a: i for i, (a, _) in enumerate(values)}
    letters, places = encode(text, values, mentions, start, end)
    for name, pattern, sure in PATTERNS:
        for match in re.finditer(f"(?={pattern})", letters):
            whole = re.compile(pattern).match(letters, match.start())
            if whole is None:
                continue
            inside = range(whole.start(), whole.end())
            found = [value_at[places[i]] for i in inside if letters[i] == "V"]
            slugs = [slug_at[places[i]] for i in inside if letters[i] == "A"]
            if found != list(range(len(values))):
                continue
            if len(slugs) == 1 and len(values) == 2 and len(arms) == 2:
                other = arms.other(slugs[0])
                clause = [m.end() for m in _CLAUSE.finditer(text, start, places[inside[0]])]
                before = {
                    slug_at[places[i]] for i in range(whole.end())
                    if letters[i] == "A" and places[i] >= max(clause, default=0)
                }  # fmt: skip
                at = next(places[i] for i in inside if letters[i] == "A")
                last = letters[whole.end() - 1] == "A"
                compared = re.search(rf"\b(?:{VERSUS})(?: the| with| in| for)* $", text[:at], re.I)
                if last:
                    return None if other is None else Assigned((other, slugs[0]), name, False)
                apart = _CLAUSE.search(text, at, values[0][0])
                if other and not apart and not compared and before == {slugs[0]}:
                    return Assigned((slugs[0], other), name, False)
                continue
            if name == "arms, then values" and letters[: whole.start()].endswith("v"):
                slugs = slugs[1:] + slugs[:1]  # `compared with B, A improved it (x v y)`
            if len(slugs) == len(values) == len(set(slugs)):
                others = {slug_at[places[i]] for i, x in enumerate(letters) if x == "A"} - set(
                    slugs
                )
                return Assigned(tuple(slugs), name, sure and not others)
    return None


def compared(
    text: str, arms: Arms, start: int = 0, end: int | None = None, last: bool = False
) -> tuple[str, str] | None:
    """The first pair of arms that a stretch compares: `A versus B`, `longer with A than with B`.

    Of what stands before a ratio, the `last` pair is meant.
    """
    found = None
    letters, places = encode(text, [], arms.mentions(text), start, end)
    slug_at = {a: slug for a, _, slug in arms.mentions(text)}
    for match in re.finditer(r"A[^A]{0,12}v[wxo]{0,4}A", letters):
        pair = slug_at[places[match.start()]], slug_at[places[match.end() - 1]]
        if pair[0] != pair[1]:
            found = pair
            if not last:
                break
    return found
