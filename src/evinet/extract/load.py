"""A trial's folder, read and validated: every problem of every file at once."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evinet import document, files, tables
from evinet.document import Document, is_slug
from evinet.errors import InputError, Problem
from evinet.extract import points, vocabulary, walk
from evinet.extract.facts import Fact, facts
from evinet.extract.points import Point
from evinet.extract.schema import Trial
from evinet.extract.vocabulary import Vocabulary, suggestion

if TYPE_CHECKING:
    from evinet.digitise.handover import Source

RENAME = "Rename it with lower-case letters, digits and single hyphens"
UNSURE = re.compile(r"(?:^|\s)#\s*unsure\b:?(?P<reason>.*)$", re.IGNORECASE)
"""The mark that the reader of publications leaves where a person must look."""


@dataclass(frozen=True)
class Evidence:
    """One trial, validated."""

    trial: Trial
    written: Document
    facts: list[Fact]
    points: list[Point]
    vocabulary: Vocabulary


def load(
    data: Path, slug: str, words: Vocabulary | None = None, digitised: Sequence[Path] = ()
) -> Evidence:
    """Read and validate `data/trials/<slug>/`; `words` spares reading the vocabulary again.

    `digitised` are the folders of the trial's digitised figures.

    Raises
    ------
    InputError
        All that is wrong in the trial's files, the treatments and the bibliography.
    """
    evidence, wrong = read(data, slug, words, digitised)
    if wrong:
        raise InputError(wrong)
    return evidence


def read(
    data: Path, slug: str, words: Vocabulary | None = None, digitised: Sequence[Path] = ()
) -> tuple[Evidence, list[Problem]]:
    """As `load`, with what contradicts itself listed, not raised.

    Raises
    ------
    InputError
        The files cannot be read as a trial at all.
    """
    words = words or vocabulary.load(data)
    folder = data / "trials" / slug
    if not is_slug(slug):
        message = "the folder's name is not a slug"
        raise InputError(Problem(str(folder), "trial", slug, message, RENAME))
    written = document.load(folder / "trial.yaml")
    found, wrong = points.read(folder)
    wrong += _misnamed(folder)
    try:
        trial = document.validate(written, Trial)
    except InputError as error:
        raise InputError([*error.problems, *wrong]) from None
    for made in digitised:
        try:
            found += points.digitised(made, set(trial.arms), found)
        except InputError as error:
            wrong += error.problems
    listed = list(facts(written))
    wrong += _problems(trial, written, listed, words, slug)
    wrong += points.problems(found, trial, set(words.sources))
    return Evidence(trial, written, listed, found, words), wrong


def slugs(data: Path) -> list[str]:
    """Names of all trial folders of a data folder.

    Raises
    ------
    InputError
        A folder's name is not a slug, or a trial file lies beside the folders.
    """
    found = sorted((data / "trials").glob("[!.]*"))
    wrong = [
        Problem(str(path), "trial", path.name, "the folder's name is not a slug", RENAME)
        for path in found
        if path.is_dir() and not is_slug(path.name)
    ]
    wrong += [
        Problem(
            str(path),
            "trial",
            path.name,
            "a trial file without a folder is not read",
            f"Move it to {path.with_suffix('') / 'trial.yaml'}",
        )
        for path in found
        if path.suffix in (".yaml", ".yml") and not path.is_dir()
    ]
    if wrong:
        raise InputError(wrong)
    return [path.name for path in found if path.is_dir()]


def trial_files(data: Path, slug: str) -> list[Path]:
    """The files of a trial that are read: `trial.yaml`, and those of its points.

    Raises
    ------
    InputError
        A file of numbers at risk or of a curve is wrongly named.
    """
    folder = data / "trials" / slug
    found, wrong = points.files(folder)
    if wrong:
        raise InputError(wrong)
    return [folder / "trial.yaml", *(path for _, path in found)]


def figures(data: Path, slug: str) -> list[Source]:
    """The figures of a trial that are to be digitised.

    Raises
    ------
    InputError
        An axis file or its figure is not as it must be.
    """
    from evinet.digitise import handover

    return handover.sources(data / "trials" / slug)


def input_files(data: Path) -> list[Path]:
    """Every file of a data folder that is read.

    Raises
    ------
    InputError
        A folder or file is wrongly named.
    """
    optional = [f"{table.name}.csv" for table in tables.REVIEW]
    shared = [data / name for name in ("treatments.yaml", "sources.yaml", *optional)]
    return [path for path in shared if path.is_file()] + [
        path
        for slug in slugs(data)
        for path in (
            *trial_files(data, slug),
            *(path for each in figures(data, slug) for path in (each.axis, each.figure)),
        )
    ]


@dataclass(frozen=True)
class Mark:
    """A place that the reader of publications marked `# unsure`, and that nobody has settled."""

    file: str
    line: int
    text: str
    reason: str


def unsure(data: Path, slug: str) -> list[Mark]:
    """The marks that are left in a trial's files, in their order."""
    return [
        Mark(str(path), number, line[: found.start()].strip(), found["reason"].strip())
        for path in trial_files(data, slug)
        if path.is_file()
        for number, line in enumerate(files.read_text(path).splitlines(), start=1)
        if (found := UNSURE.search(line))
    ]


def same_registration(trials: Iterable[tuple[str, str | None]]) -> dict[str, list[str]]:
    """Registration numbers that more than one trial has, each with the trials."""
    known: dict[str, list[str]] = {}
    for slug, number in trials:
        if number is not None:
            known.setdefault(number, []).append(slug)
    return {number: found for number, found in known.items() if len(found) > 1}


def _misnamed(folder: Path) -> list[Problem]:
    """Folders and files whose names are nearly those that are read."""
    wrong = []
    for path in sorted(folder.glob("[!.]*")):
        plain = path.name.lower().replace("_", "-")
        like = difflib.get_close_matches(plain, points.KINDS, n=1, cutoff=0.8)
        if path.is_dir() and path.name not in points.KINDS and like:
            message = "is not read: the folders that are read are called at-risk and curves"
            remedy = f"Rename it to {like[0]}, or choose a name that is less similar"
            wrong.append(Problem(str(path), "folder", path.name, message, remedy))
    return wrong


def _problems(
    trial: Trial, written: Document, listed: list[Fact], words: Vocabulary, slug: str
) -> Iterator[Problem]:
    if trial.trial != slug:
        yield written.problem(("trial",), f"the folder is called {slug}", "Give both one name")
    yield from _unfilled(trial, written)
    yield from _unknown_treatments(trial, written, words)
    yield from _unknown_names(trial, written)
    yield from _with_itself(trial, written)
    yield from _provenance(written, listed, words)
    yield from _doubles(written, listed)
    yield from _events_twice(trial, written)
    yield from _intervals(written, listed)
    yield from _counts(trial, written)
    yield from _preferred(trial, written)


def _unfilled(trial: Trial, written: Document) -> Iterator[Problem]:
    """What a trial with results must have at least."""
    if trial.status == "ongoing":
        return
    if len(trial.arms) < 2:
        remedy = "Enter the others, or write status: ongoing while there is nothing to compare"
        found = f"a trial that reported needs two arms or more, and has {len(trial.arms)}"
        yield written.problem(("arms",), found, remedy)
    if not (trial.results or trial.responses or trial.adverse_events):
        remedy = "Enter a result (events, median or contrast), or write status: ongoing"
        yield written.problem(
            ("results",), "a trial that reported needs a result, and has none", remedy
        )
    if trial.source is None:
        yield written.problem(
            ("source",), "the main source is missing", "Name a key of sources.yaml"
        )


def _unknown_treatments(trial: Trial, written: Document, words: Vocabulary) -> Iterator[Problem]:
    known = words.treatments.treatments
    for slug, arm in trial.arms.items():
        if arm.treatment not in known:
            remedy = f"Add it to treatments.yaml, or use {suggestion(arm.treatment, known)}"
            yield written.problem(("arms", slug, "treatment"), "there is no such treatment", remedy)


def _unknown_names(trial: Trial, written: Document) -> Iterator[Problem]:
    """Arms and reports that are named but not declared."""
    for location, kind, name in walk.names(trial):
        known = trial.arms if kind == "arm" else trial.reports
        if name not in known:
            yield written.problem(
                location, f"there is no {kind} {name!r}", f"Use {suggestion(name, known)}"
            )


def _with_itself(trial: Trial, written: Document) -> Iterator[Problem]:
    """A contrast compares two arms with two treatments: all else counts patients twice."""
    for location, arm, comparator in walk.pairs(trial):
        first, second = trial.arms.get(arm), trial.arms.get(comparator)
        if arm == comparator:
            message, remedy = f"compares {arm} with itself", "Name the other arm"
        elif first and second and first.treatment == second.treatment:
            message = f"compares two arms with one treatment, {first.treatment}"
            remedy = "Give each arm the treatment that it had, or leave the contrast out"
        else:
            continue
        yield written.problem((*location, "comparator"), message, remedy)


def _provenance(written: Document, listed: list[Fact], words: Vocabulary) -> Iterator[Problem]:
    """Every value needs a source that is in the bibliography, and a place in it.

    A source that is not in the bibliography is told once, where it first stands.
    """
    told = set()
    for fact in listed:
        if fact.use == "not-known":
            continue
        if fact.source is None:
            yield Problem(
                written.file,
                fact.path,
                fact.shown(),
                "has no source",
                "Add source: <key of sources.yaml> to it or to a block around it",
                fact.line,
            )
        elif fact.source in told:
            continue
        elif fact.source not in words.sources:
            told.add(fact.source)
            remedy = f"Add it to sources.yaml, or use {suggestion(fact.source, words.sources)}"
            yield Problem(
                written.file,
                f"source of {fact.path}",
                fact.source,
                "there is no such source",
                remedy,
                fact.line,
            )
        elif not fact.locator:
            yield Problem(
                written.file,
                fact.path,
                fact.shown(),
                "has no locator",
                "Say where in the source it was printed: page, table, figure",
                fact.line,
            )


def _doubles(written: Document, listed: list[Fact]) -> Iterator[Problem]:
    seen: dict[str, Fact] = {}
    for fact in listed:
        if fact.use == "rejected":
            continue
        if fact.path in seen:
            yield Problem(
                written.file,
                fact.path,
                fact.shown(),
                f"is a duplicate of line {seen[fact.path].line}",
                "Keep one; put the other under rejected, with its reason",
                fact.line,
            )
        seen.setdefault(fact.path, fact)


def _events_twice(trial: Trial, written: Document) -> Iterator[Problem]:
    """An adverse event that two tables of one report count."""
    seen: dict[tuple[str, ...], str] = {}
    for i, table in enumerate(trial.adverse_events):
        for j, event in enumerate(table.events):
            for arm in event.counts:
                what = (table.report, event.event, event.grade, arm)
                if seen.setdefault(what, table.table) != table.table:
                    yield written.problem(
                        ("adverse_events", i, "events", j, "counts", arm),
                        f"the table {seen[what]!r} has the same event of the same arm",
                        "Keep one, or say in the event's name how they differ",
                    )


def _intervals(written: Document, listed: list[Fact]) -> Iterator[Problem]:
    """An interval contains its estimate."""
    for fact in listed:
        low, value, high = fact.lower, fact.value, fact.upper
        known = [x for x in (low, value, high) if isinstance(x, int | float)]
        if (low is not None or high is not None) and known != sorted(known):
            yield Problem(
                written.file,
                fact.path,
                fact.shown(),
                "the interval does not contain its estimate",
                "Compare value, lower and upper with the source",
                fact.line,
            )


def _counts(trial: Trial, written: Document) -> Iterator[Problem]:
    """No more events than patients."""
    for location, events, patients in walk.counted(trial):
        if events > patients:
            yield written.problem(
                location,
                f"{events} is above the {patients} patients",
                "Compare both with the source",
            )


def _preferred(trial: Trial, written: Document) -> Iterator[Problem]:
    """Of several reports of one contrast, exactly one is preferred."""
    found = list(walk.contrasts(trial))
    reports = Counter(walk.question(block, contrast) for _, block, contrast in found)
    chosen = Counter(
        walk.question(block, contrast) for _, block, contrast in found if contrast.preferred
    )
    for location, block, contrast in found:
        asked = walk.question(block, contrast)
        if reports[asked] > 1 and chosen[asked] == 0:
            yield written.problem(
                location,
                f"{reports[asked]} reports give this contrast, none is preferred",
                "Write preferred: <why> in the one that analyses are to use",
            )
        elif chosen[asked] > 1 and contrast.preferred:
            yield written.problem(
                location, "more than one report of this contrast is preferred", "Keep one"
            )
