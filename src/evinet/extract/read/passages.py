"""Passages: the prose of a document by section, whatever the document is, and its sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from evinet.extract.read import words
from evinet.extract.read.text import Document

LONGEST_ABSTRACT = 5000
"""Characters of an abstract without headings; what follows may be an introduction."""
Where = Callable[[int], str]
_BOUNDARY = re.compile(
    r"[.?!](?:(?<!\bvs\.)(?<!\bal\.)(?<!\bi\.e\.)(?<!\be\.g\.)(?<!\bie\.)(?<!\beg\.)(?<!\bNo\.)"
    r"(?<!\bFig\.)(?<!\bFigs\.)(?<!\bDr\.)(?<!\bc\.)(?<!\bapprox\.)(?<!\bca\.)"
    r"\s+(?=[A-Z\d(\[]|m[A-Z])|(?<=[a-z)\]]\.)(?=\d{2,} (?:patients|of))"
    r"|(?<=[a-z]{4}\.)(?=[A-Z][a-z]+[, ]))"
)
"""The end of a sentence: its full stop comes first in the pattern, which is found fast."""


@dataclass(frozen=True)
class Passage:
    """A stretch of prose under one heading.

    `section` is results, methods, abstract, introduction, title or closed; `part` tells the
    abstract from the body, whose readings confirm each other; `where` says where a character is
    printed.
    """

    text: str
    section: str
    part: str
    heading: str = ""
    where: Where = field(default=lambda _: "", compare=False)

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """Its sentences, those of blanks left out."""
        found: list[Sentence] = []
        cursor = 0
        for stop in [*(match.end() for match in _BOUNDARY.finditer(self.text)), len(self.text)]:
            piece = self.text[cursor:stop]
            if piece.strip():
                before = found[-1].text if found else ""
                found.append(Sentence(piece, cursor, self, before))
            cursor = stop
        return tuple(found)


@dataclass(frozen=True)
class Sentence:
    """A sentence of a passage, where it starts in it, and the sentence before."""

    text: str
    start: int
    passage: Passage
    before: str = ""

    @property
    def part(self) -> str:
        """Abstract or body."""
        return self.passage.part

    def where(self, offset: int) -> str:
        """Where a character of the sentence is printed."""
        return self.passage.where(self.start + offset)

    @cached_property
    def topics(self) -> tuple[tuple[int, int, str], ...]:
        """The outcomes that it names, or goes on with."""
        named = words.topics(self.text)
        again = words.AGAIN.search(self.text)
        if again and all(slug == "other" for _, _, slug in named):
            before = {slug for _, _, slug in words.topics(self.before)} - {"other"}
            if len(before) == 1:
                return tuple(sorted((*named, (again.start(), again.end(), before.pop()))))
        return named

    @property
    def goes_on(self) -> bool:
        """Whether its values are of what the sentence before names."""
        return words.AGAIN.search(self.text) is not None


_ABSTRACT = 6000
"""Characters that no abstract has."""


def is_paper(passages: list[Passage]) -> bool:
    """Whether a document is more than an abstract, so that its parts can confirm each other."""
    read = [p for p in passages if p.section in ("abstract", "methods", "results")]
    return any(p.part == "body" for p in read) or sum(len(p.text) for p in read) > _ABSTRACT


def sentences(passages: list[Passage], *sections: str) -> Iterator[Sentence]:
    """Sentences of the passages of these sections."""
    for passage in passages:
        if passage.section in sections:
            yield from passage.sentences


Mark = tuple[int, int, str, str]
"""Where a heading starts, its length, its kind and itself."""


def headings(document: Document) -> list[Mark]:
    """The headings of a text, and its start."""
    marks: list[Mark] = [(0, 0, "abstract", "")]
    previous = ""
    for line, offset in document.flowing():
        text = line.text.strip()
        marks += _mark(text, offset, previous)
        for inner in words.WITHIN.finditer(text):
            kind = words.section(inner["word"])
            if kind and inner["word"][0].isupper():
                marks.append((offset + inner.start(), len(inner.group()), kind, inner["word"]))
        previous = text
    return marks


def passages(document: Document, marks: list[Mark]) -> list[Passage]:
    """The passages of a text, by its `headings`, without the tables that were found in it."""
    body = _body([(start, kind, heading) for start, _, kind, heading in marks])
    found = []
    ends = [mark[0] for mark in marks[1:]] + [len(document.prose)]
    inherited = "abstract"
    kinds = []
    for _, _, kind, _ in marks:
        inherited = kind or inherited
        kinds.append(inherited)
    stretches = [
        (start + skip, min(end, start + LONGEST_ABSTRACT) if kind == "abstract" and len(marks) > 2
         else end)
        for (start, skip, _, _), kind, end in zip(marks, kinds, ends, strict=True)
    ]  # fmt: skip
    parts = document.outside(stretches)
    for (_, _, _, heading), kind, found_parts in zip(marks, kinds, parts, strict=True):
        for first, last in found_parts:
            found.append(
                Passage(document.prose[first:last], kind, "body" if first >= body else "abstract",
                        heading, _placed(document, first))
            )  # fmt: skip
    return found


def _placed(document: Document, first: int) -> Where:
    def where(offset: int) -> str:
        return document.line_at(first + offset).place

    return where


def _mark(text: str, offset: int, previous: str) -> Iterator[Mark]:
    """Where a line opens a passage: offset, length of the heading, kind, heading."""
    if (kind := words.section(text)) is not None:
        yield offset, len(text), kind, text
        return
    inline = words.INLINE.match(text)
    if inline and inline["word"][0].isupper():
        sure = re.search(r"[:.—–-]", inline["stop"]) or not previous or previous[-1] in ".:;])"
        if sure and (kind := words.section(inline["word"])):
            yield offset, inline.end(), kind, inline["word"]
            return
    if _subheading(text, previous):
        yield offset, len(text), "", text


def _subheading(text: str, previous: str) -> bool:
    """A short line alone, such as `Subgroup analyses`: it says what the text below it is of."""
    count = len(text.split())
    return (
        0 < count <= 8
        and len(text) < 70
        and text[0].isupper()
        and not re.search(r"[.,;:(\d]|\bn ?=", text)
        and (not previous or previous[-1] in ".:?!")
        and re.search(r"[a-z]{3}", text) is not None
        and re.search(
            r"analys[ei]s|subgroup|biomarker|survival|efficacy|exploratory|population|post[- ]hoc"
            r"|secondary|quality|response|safety|prognos|mutation|sensitivity|limitation|strength",
            text,
            re.IGNORECASE,
        )
        is not None
    )


def _body(marks: list[tuple[int, str, str]]) -> float:
    """Where the abstract ends: at an introduction, or at the second heading of results."""
    seen: list[str] = []
    for start, kind, heading in marks:
        named = re.search("introduction", heading, re.IGNORECASE) and start > 300
        if kind == "introduction" and (named or {"results", "closed"} & set(seen)):
            return start
        if kind == "results" and kind in seen and seen[-1] != "results":
            methods = [s for s, k, _ in marks if k == "methods" and s < start]
            first = next(s for s, k, _ in marks if k == "results")
            later = [s for s in methods if s > first]
            return min([start, *later])
        if kind:
            seen.append(kind)
    return float("inf")
