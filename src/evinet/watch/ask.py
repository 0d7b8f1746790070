"""Ask both services all questions of a review; what comes back updates its memory.

ClinicalTrials.gov is asked the queries of the configuration and the review's own trials by their
numbers. PubMed is asked the queries of the configuration, publications that carry the number of
one of the review's trials (as secondary source or in the abstract), and what was published about
the publications that the review cites (retractions, corrections).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from evinet.config import Watch
from evinet.watch import compare, registry
from evinet.watch.known import Known
from evinet.watch.memory import Memory, Row
from evinet.watch.pubmed import PubMed
from evinet.watch.record import NOT_FOUND, PUBMED, REGISTRY, Record
from evinet.web import Service

OWN_TRIALS = "trials of this review, by number"
OWN_PUBLICATIONS = "publications with the number of a trial of this review"
CITED = "publications that this review cites"
Key = tuple[str, str]
"""Database and number of a record."""


@dataclass(frozen=True)
class Answer:
    """The numbers that a database gave for a question."""

    database: str
    question: str
    numbers: tuple[str, ...]
    asked_before: bool
    """Whether what it finds is new in the world, and not only to us."""
    trials: tuple[str, ...] = ()
    """Slugs of the review's trials that the question is about."""


@dataclass(frozen=True)
class Found:
    """What the services answered: `records` holds what was described anew."""

    answers: list[Answer]
    records: dict[Key, Record]
    cautions: list[str]


def ask(
    watch: Watch, known: Known, memory: Memory, clinical_trials: Service, pubmed: PubMed
) -> Found:
    """Ask everything; the memory is read and not changed.

    Raises
    ------
    NoAnswer
        A service did not answer.
    """
    answers, records = _ask_registry(watch, known, memory, clinical_trials)
    cautions: list[str] = []
    answers += _ask_pubmed(watch, known, memory, pubmed, cautions)
    listed = {number for each in answers if each.database == PUBMED for number in each.numbers}
    seen = {number for database, number in memory.records if database == PUBMED}
    records += pubmed.look_up(listed - seen | known.cited)
    attributed = _attributed(answers, known, memory)
    described = {(record.database, record.id): record for record in records}
    return Found(
        answers,
        {
            key: replace(record, trials=attributed.get(key, ()))
            for key, record in described.items()
        },
        cautions,
    )  # fmt: skip


def remember(found: Found, known: Known, memory: Memory, today: date) -> list[Row]:
    """Update the memory by what was found; return the news, which are in the memory too."""
    expected = {
        (each.database, number)
        for each in found.answers
        for number in each.numbers
        if each.asked_before
    }
    news: list[Row] = []
    for key, record in sorted(found.records.items()):
        before = memory.records.get(key)
        if before is not None:
            news += compare.changes(before, record)
        else:
            in_review = record.id in known.trials or record.id in known.cited
            ongoing = record.id in known.ongoing
            news += compare.first_sight(record, key in expected, in_review, ongoing)
        memory.records[key] = record
    news = [{"noticed": today.isoformat(), **row} for row in news]
    memory.news += news
    _note_questions(found, memory, today)
    return news


def _note_questions(found: Found, memory: Memory, today: date) -> None:
    numbers: dict[Key, set[str]] = {}
    for each in found.answers:
        numbers.setdefault((each.database, each.question), set()).update(each.numbers)
    for (database, question), listed in numbers.items():
        first = memory.queries.get((database, question), {}).get("first_asked")
        memory.queries[database, question] = {
            "database": database, "query": question, "found": len(listed),
            "first_asked": first or today.isoformat(), "last_asked": today.isoformat(),
        }  # fmt: skip


def _ask_registry(
    watch: Watch, known: Known, memory: Memory, service: Service
) -> tuple[list[Answer], list[Record]]:
    answers, records = [], []
    for query in watch.trials.values():
        asked = registry.parameters(query)
        text = "&".join(f"{name}={value}" for name, value in asked.items())
        found = registry.search(service, query)
        numbers = tuple(record.id for record in found)
        answers.append(Answer(REGISTRY, text, numbers, (REGISTRY, text) in memory.queries))
        records += found
    found = registry.look_up(service, known.trials)
    numbers = tuple(record.id for record in found)
    answers.append(Answer(REGISTRY, OWN_TRIALS, numbers, False))
    missing = set(known.trials) - set(numbers)
    records += [*found, *(Record(REGISTRY, number, status=NOT_FOUND) for number in missing)]
    return answers, records


def _ask_pubmed(
    watch: Watch, known: Known, memory: Memory, pubmed: PubMed, cautions: list[str]
) -> Iterator[Answer]:
    for name, query in watch.publications.items():
        numbers, missed = pubmed.search(query)
        yield Answer(PUBMED, query, tuple(numbers), (PUBMED, query) in memory.queries)
        cautions += [
            f"PubMed does not know {phrase!r} of the query {name!r} and left it out"
            for phrase in missed
        ]
    for number, slugs in sorted(known.trials.items()):
        numbers, _ = pubmed.search(f"{number}[si] OR {number}[tiab]")
        registered = memory.records.get((REGISTRY, number))
        before = registered is not None and bool(registered.trials)
        yield Answer(PUBMED, OWN_PUBLICATIONS, tuple(numbers), before, slugs)
    yield Answer(PUBMED, CITED, tuple(sorted(known.cited)), False)


def _attributed(answers: list[Answer], known: Known, memory: Memory) -> dict[Key, tuple[str, ...]]:
    """The trials of the review that each record belongs to; publications keep what they had."""
    found: dict[Key, set[str]] = {
        key: set(record.trials) for key, record in memory.records.items() if key[0] == PUBMED
    }
    found |= {(REGISTRY, number): set(slugs) for number, slugs in known.trials.items()}
    for each in answers:
        for number in each.numbers:
            found.setdefault((each.database, number), set()).update(each.trials)
    return {key: tuple(sorted(slugs)) for key, slugs in found.items()}
