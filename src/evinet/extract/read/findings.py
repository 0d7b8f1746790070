"""What a reader found: one fact, how it was printed, where, and whether it is sure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

NO_INTERVAL = "no confidence interval was read"
"""Why a ratio may be no estimate; another reading of it, with an interval, takes this away."""


@dataclass(frozen=True)
class Analysis:
    """An analysis of a trial as a sentence names it: the interim one, the final one.

    `slug` identifies it, `rank` and `when` (a date, or months of follow-up) put it in order,
    `cutoff` is its date, `start` is where the sentence names it. Without a slug it is not named.
    """

    slug: str = ""
    words: str = ""
    rank: float = 2.0
    when: str = ""
    cutoff: str = ""
    start: int = 0

    @property
    def order(self) -> tuple[float, str]:
        """What tells which of two analyses is the later one."""
        return self.rank, self.when


NOT_NAMED = Analysis()


@dataclass(frozen=True)
class Finding:
    """One fact of a publication or record.

    `about` says what the fact is of (outcome, assessor, arm, event, ...) and identifies it together
    with `kind`; `values` is what was found; `unsure`, when not empty, says why a person must look.
    `part` is where it was read (abstract, body, table, registry): readings of different parts
    confirm each other. `aside` says why a reading may be of another population, analysis or trial;
    `analysis` is the one that is named for it. `sentence` and `span` are where its value stands.
    """

    kind: str
    about: dict[str, Any]
    values: dict[str, Any]
    printed: str
    place: str = ""
    words: str = ""
    unsure: str = ""
    part: str = ""
    aside: str = ""
    analysis: Analysis = NOT_NAMED
    sentence: str = ""
    span: tuple[int, int] = (0, 0)

    @property
    def key(self) -> tuple[object, ...]:
        """What identifies the fact."""
        return (self.kind, *sorted((name, str(value)) for name, value in self.about.items()))

    @property
    def locator(self) -> str:
        """Where it is printed."""
        return self.place or "record"

    def doubted(self, reason: str) -> Finding:
        """The same finding, marked unsure."""
        if reason in self.unsure:
            return self
        return replace(self, unsure="; ".join(filter(None, (self.unsure, reason))))


@dataclass(frozen=True)
class Unread:
    """A sentence with numbers of results that are not in the draft, and its place."""

    sentence: str
    printed: tuple[str, ...]
    place: str


@dataclass
class Reading:
    """All that was found in one document; `notes` say what could not be read in it.

    `unread` are sentences with numbers of results that are not among the findings.
    """

    source: str
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    def of(self, kind: str) -> list[Finding]:
        """The findings of a kind, in the order of the document."""
        return [finding for finding in self.findings if finding.kind == kind]
