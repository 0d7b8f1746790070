"""What a reader found: one fact, how it was printed, where, and whether it is sure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One fact of a publication or record.

    `about` says what the fact is of (outcome, assessor, arm, event, ...) and identifies it together
    with `kind`; `values` is what was found; `unsure`, when not empty, says why a person must look.
    """

    kind: str
    about: dict[str, Any]
    values: dict[str, Any]
    printed: str
    page: int = 0
    line: int = 0
    words: str = ""
    unsure: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """What identifies the fact."""
        return (self.kind, *sorted((name, str(value)) for name, value in self.about.items()))

    @property
    def locator(self) -> str:
        """Where it is printed."""
        return f"p {self.page}, line {self.line}" if self.line else "record"

    def doubted(self, reason: str) -> Finding:
        """The same finding, marked unsure."""
        return replace(self, unsure="; ".join(filter(None, (self.unsure, reason))))


@dataclass
class Reading:
    """All that was found in one document."""

    source: str
    findings: list[Finding] = field(default_factory=list)

    def of(self, kind: str) -> list[Finding]:
        """The findings of a kind, in the order of the document."""
        return [finding for finding in self.findings if finding.kind == kind]


def settle(findings: Iterable[Finding]) -> list[Finding]:
    """One finding a fact.

    The same fact read twice with the same values is one; a reading that only adds values (a
    confidence interval, say) completes the other. Readings that disagree leave the first in place,
    marked unsure with the other's value.
    """
    settled: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        known = settled.get(finding.key)
        if known is None or (known.unsure and not finding.unsure):
            settled[finding.key] = finding
        elif finding.unsure and not known.unsure:
            continue
        else:
            settled[finding.key] = _joined(known, finding)
    return list(settled.values())


def _joined(known: Finding, other: Finding) -> Finding:
    shared = known.values.keys() & other.values.keys()
    if any(
        known.values[name] != other.values[name]
        for name in shared
        if known.values[name] is not None and other.values[name] is not None
    ):
        return known.doubted(f"also read as {other.printed!r} ({other.locator})")
    filled = {name: value for name, value in other.values.items() if known.values.get(name) is None}
    richer = other if len(other.printed) > len(known.printed) and filled else known
    return replace(richer, values={**known.values, **filled})
