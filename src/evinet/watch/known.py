"""What a review knows already: its trials with their registry numbers, and what it cites."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

NCT = re.compile(r"NCT\d{8}")


@dataclass(frozen=True)
class Known:
    """The trials and citations of a review."""

    trials: Mapping[str, tuple[str, ...]]
    """NCT number -> slugs of the trials that give it."""
    ongoing: frozenset[str]
    """NCT numbers of trials that the review holds to be ongoing."""
    cited: frozenset[str]
    """PubMed numbers in the bibliography."""
    unregistered: tuple[str, ...]
    """Trials without an NCT number: nothing can be asked about them."""


def read(data: Path) -> Known:
    """The trials and citations of a data folder.

    Raises
    ------
    InputError
        A file of the folder is not as it must be.
    """
    from evinet.extract import load, rows, vocabulary

    words = vocabulary.load(data)
    found = []
    for slug in load.slugs(data):
        evidence = load.load(data, slug, words)
        row = rows.rows(evidence)["trials"][0]
        found.append((slug, NCT.findall(str(row["registration"])), str(row["status"])))
    return of(found, (source.pmid for source in words.sources.values() if source.pmid))


def of(trials: Iterable[tuple[str, list[str], str]], cited: Iterable[str]) -> Known:
    """From (slug, NCT numbers, status) of each trial, and the PubMed numbers that are cited."""
    numbers: dict[str, tuple[str, ...]] = {}
    ongoing: set[str] = set()
    unregistered = []
    for slug, registered, status in trials:
        for number in registered:
            numbers[number] = (*numbers.get(number, ()), slug)
            ongoing |= {number} if status == "ongoing" else set()
        unregistered += [] if registered else [slug]
    return Known(numbers, frozenset(ongoing), frozenset(cited), tuple(unregistered))
