"""From the text of a publication to lines and running prose, both with page and line numbers."""

from __future__ import annotations

import bisect
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

_SPACES = re.compile(r"[\u00a0\u2000-\u200a\u202f\u205f\u3000\t\v]")
_THOUSANDS = re.compile(r"(?<![\d.,])(\d{1,3})[\u2009\u202f](?=\d{3}(?!\d))")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")
_DASHES = re.compile(r"[\u2010-\u2013\u2212\ufe63\uff0d]")
_DOTS = re.compile(r"(?<=\d)[\u00b7\u2219\u22c5\u2027\u30fb](?=\d)")
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_FOOTNOTE = re.compile(rf"(?<=[\d)%])[{_SUPERSCRIPTS}]+")
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_CHARACTERS = str.maketrans(
    {
        **_LIGATURES,
        **{mark: str(value) for value, mark in enumerate(_SUPERSCRIPTS)},
        "’": "'", "‘": "'", "“": '"', "”": '"', "⩾": "≥", "⩽": "≤", "＜": "<", "＝": "=", "∗": "*",
    }
)  # fmt: skip
_PREFIXES = frozenset(
    [
        "non",
        "well",
        "long",
        "high",
        "low",
        "first",
        "second",
        "third",
        "progression",
        "disease",
        "event",
        "placebo",
        "double",
        "open",
        "follow",
        "anti",
        "co",
        "pre",
        "post",
        "re",
        "self",
        "time",
        "single",
        "multi",
        "sub",
        "log",
        "dose",
        "relapse",
        "recurrence",
    ]
)
_POWER = re.compile(r"(?<=[a-z])\((-?[23])\)")
"""A power as PubMed prints it: `mg/m(2)`."""
_PERCENT = re.compile(r"(?<=\d)[ -]?per ?cent\b", re.IGNORECASE)
_P = re.compile(r"\bP ?(?=[<>=])")
_SIGN_SPACE = re.compile(r"(?<=[<>≤≥=]) +(?=[\d.])")
_PAGE_BREAK = re.compile(r"^\s*-{3,}\s*$")


def normalise(text: str) -> str:
    """Journal typography to plain characters: `22·8` -> `22.8`, `7·7–13·8` -> `7.7-13.8`.

    Superscript digits after a digit are footnote marks or exponents and go; elsewhere (`¹⁷⁷Lu`)
    they are digits. `95 percent` is `95%`.
    """
    if not text.isascii():
        text = _THOUSANDS.sub(r"\1", _INVISIBLE.sub("", unicodedata.normalize("NFC", text)))
        text = _FOOTNOTE.sub("", _DOTS.sub(".", _DASHES.sub("-", text))).translate(_CHARACTERS)
    text = _PERCENT.sub("%", _POWER.sub(r"\1", _SPACES.sub(" ", text)))
    return _SIGN_SPACE.sub("", _P.sub("p", text))


_COMMA = re.compile(r"(?<![\d,.])(?P<a>\d{1,3}),(?P<b>\d{1,2}|(?<=\b0,)\d{3})(?![\d,]|\s*\d)")


_UNIT = r" ?(?:months|%|mo\b|weeks|years)"


def decimal_points(text: str, force: bool = False) -> str:
    """Decimal commas as points, in a text that plainly uses them (`11,3 months`, `0,43`)."""
    comma = len(re.findall(rf"\d,\d{{1,2}}{_UNIT}|\b0,\d{{2,3}}\b", text))
    if not force and comma < 2:
        return text
    point = len(re.findall(rf"\d\.\d+{_UNIT}|\b0\.\d{{2,3}}\b", text))
    if not force and (comma < 2 or point > comma / 3):
        return text
    return _COMMA.sub(r"\g<a>.\g<b>", text)


@dataclass(frozen=True)
class Line:
    """A line of the document: its page, its number in the file, and its plain text."""

    page: int
    number: int
    text: str

    @property
    def place(self) -> str:
        """Where it is, for a locator."""
        return f"p {self.page}, line {self.number}"


@dataclass
class Document:
    """A publication: lines for tables and figures, prose for sentences.

    `tables` are the stretches of `lines` that were read as tables, from and up to.
    """

    name: str
    lines: list[Line]
    tables: list[tuple[int, int]] = field(default_factory=list)

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word printed whole, to decide whether a hyphen at a line's end belongs."""
        return frozenset(
            word.lower()
            for line in self.lines
            for word in re.findall(r"[^\W\d_]+(?!-?$)(?![^\W\d_])", line.text.strip())
        )

    @cached_property
    def _flow(self) -> tuple[str, list[int], list[Line]]:
        parts: list[str] = []
        starts: list[int] = []
        owners: list[Line] = []
        length = 0
        for line in self.lines:
            text = line.text.strip()
            if not text:
                continue
            if parts:
                parts[-1], glue = self._joint(parts[-1], text)
                length = starts[-1] + len(parts[-1]) + len(glue)
                parts[-1] += glue
            starts.append(length)
            owners.append(line)
            parts.append(text)
        return "".join(parts), starts, owners

    def _joint(self, before: str, after: str) -> tuple[str, str]:
        """The end of a line and what glues it to the next one."""
        if re.search(r"10\.\d{4,}/\S*$", before) and before.endswith("/"):
            return before, ""
        if not before.endswith("-") or before.endswith(" -"):
            return before, " "
        if not re.match(r"[^\W_]", after):
            return before, " "
        head = re.search(r"[^\W\d_]+(?=-$)", before)
        tail = re.match(r"[^\W\d_]+", after)
        if head and tail:
            whole, first = (head.group() + tail.group()).lower(), head.group().lower()
            if whole in self.words or (
                first not in self.words | _PREFIXES and tail.group().islower()
            ):
                return before[:-1], ""
        return before, ""

    @property
    def prose(self) -> str:
        """The document as running text, words broken across lines put together."""
        return self._flow[0]

    def line_at(self, offset: int) -> Line:
        """The line that holds the character of `prose` at `offset`."""
        _, starts, owners = self._flow
        return owners[max(bisect.bisect_right(starts, offset) - 1, 0)]

    def flowing(self) -> Iterator[tuple[Line, int]]:
        """The lines that are not blank, each with where it starts in `prose`."""
        _, starts, owners = self._flow
        yield from zip(owners, starts, strict=True)

    @cached_property
    def _starts(self) -> dict[int, int]:
        _, starts, owners = self._flow
        return {id(owner): start for owner, start in zip(owners, starts, strict=True)}

    def outside(self, stretches: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
        """Of each stretch of `prose`, the parts that are in no table; stretches are in order."""
        holes = self._holes()
        for start, end in stretches:
            parts = []
            for first, last in holes[max(bisect.bisect_left(holes, (start, 0)) - 1, 0) :]:
                if first >= end:
                    break
                if last > start:
                    if first > start:
                        parts.append((start, first))
                    start = max(start, last)
            yield parts + ([(start, end)] if start < end else [])

    def _holes(self) -> list[tuple[int, int]]:
        """The tables, as stretches of `prose`, in order."""
        found: list[tuple[int, int]] = []
        for first, last in self.tables:
            inside = [self._starts.get(id(line)) for line in self.lines[first:last]]
            known = [start for start in inside if start is not None]
            if known:
                after = bisect.bisect_right(self._flow[1], known[-1])
                stop = self._flow[1][after] if after < len(self._flow[1]) else len(self.prose)
                found.append((known[0], stop))
        return sorted(found)

    def around(self, start: int, end: int, margin: int = 60) -> str:
        """The words around a stretch of `prose`."""
        return self.prose[max(start - margin, 0) : end + margin].strip()


def document(text: str, name: str = "text") -> Document:
    """Lines of `text` with pages (form feeds, or lines of dashes alone); side-by-side columns of
    a page laid out as printed are put one under the other."""
    lines: list[Line] = []
    page = 1
    text = normalise(decimal_points(text))
    current: list[Line] = []
    rows = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, raw in enumerate(rows, start=1):
        pieces = raw.split("\f")
        for index, piece in enumerate(pieces):
            if index or _PAGE_BREAK.match(piece):
                lines += _columns(current)
                current = []
                page += 1
            if not _PAGE_BREAK.match(piece):
                current.append(Line(page, number, piece.rstrip()))
    return Document(name, lines + _columns(current))


def _columns(lines: list[Line]) -> list[Line]:
    """Two columns of prose that share lines, one after the other; anything else unchanged."""
    width = max((len(line.text) for line in lines), default=0)
    gutter = _gutter([line.text for line in lines], width)
    if gutter is None:
        return lines
    left, right = [], []
    for line in lines:
        text = line.text
        if len(text) > gutter and text[gutter - 1 : gutter + 1].strip() == "":
            left.append(Line(line.page, line.number, text[:gutter].rstrip()))
            right.append(Line(line.page, line.number, text[gutter:].strip()))
        else:
            left.append(line)
    return left + right


_BLANKS = re.compile(r"\s{2,}")
_LINES = 12
"""Lines that a page of two columns has at least."""


def _gutter(texts: list[str], width: int) -> int | None:
    """The column of blanks between two columns of prose, if the page has one."""
    blanks: Counter[int] = Counter()
    for text in texts:
        for run in _BLANKS.finditer(text):
            blanks.update(range(run.start() + 2, run.end() + 1))
    best: tuple[int, int] | None = None
    for column in range(width // 3, 2 * width // 3 + 1):
        if blanks[column] < 0.8 * _LINES:
            continue
        long = [text for text in texts if len(text) > column + 10]
        if len(long) < _LINES:
            return None if best is None else best[1]
        split = [
            text
            for text in long
            if text[column - 2 : column].strip() == ""
            and len(text[:column].split()) >= 4
            and len(text[column:].split()) >= 4
        ]
        if len(split) >= 0.8 * len(long) and (best is None or len(split) > best[0]):
            best = (len(split), column)
    return None if best is None else best[1]
