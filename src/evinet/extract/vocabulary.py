"""What all trials share: the treatments and the bibliography."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from evinet import document, tables
from evinet.errors import InputError, Problem
from evinet.extract.values import DOI, LARGEST_RATIO
from evinet.fields import Line, Prose, Slug

FEW = 30
"""So many known words are all named where none is like the one that was written."""


class Entry(BaseModel):
    """An entry of the vocabulary: a misspelt field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Treatment(Entry):
    """A node of the networks. Treatments never merge: another dose or label is another node."""

    label: Line = Field(description="name in plain words")
    treatment_class: Slug | None = Field(
        None, alias="class", description="class, for class effects"
    )
    components: list[Slug] = Field(description="what is given together")
    dose: Line | None = None


class Treatments(Entry):
    """`data/raw/treatments.yaml`."""

    classes: dict[Slug, Line] = Field(description="class slug: name in plain words")
    treatments: dict[Slug, Treatment]


class Source(Entry):
    """A source: the original publication, and the copy in which it was read."""

    kind: Literal[
        "publication",
        "label",
        "registry",
        "conference abstract",
        "company material",
        "news",
        "secondary",
        "data set",
    ]
    citation: Prose
    doi: str | None = Field(None, pattern=DOI)
    pmid: str | None = Field(None, pattern=r"^\d{1,9}$")
    url: str | None = Field(None, pattern=r"^https?://[^\s<>\"'\\]+$")
    read_in: Prose | None = Field(
        None, description="where it was read, if not in the original or if only in part"
    )


class Sources(Entry):
    """`data/raw/sources.yaml`."""

    sources: dict[Slug, Source]


@dataclass(frozen=True)
class Vocabulary:
    """The treatments and the sources that trial files may name."""

    treatments: Treatments
    sources: dict[str, Source]

    def treatment_rows(self) -> list[dict[str, object]]:
        """Rows of `tables.TREATMENTS`."""
        return [
            {
                "treatment": slug,
                "label": item.label,
                "class": item.treatment_class,
                "class_label": self.treatments.classes.get(item.treatment_class or ""),
            }
            for slug, item in self.treatments.treatments.items()
        ]

    def source_rows(self) -> list[dict[str, object]]:
        """Rows of `tables.SOURCES`; the citation says in which copy a source was read."""
        return [
            {
                "source": slug,
                "kind": item.kind,
                "citation": item.citation + (f" [read in: {item.read_in}]" if item.read_in else ""),
                "doi": item.doi,
                "pmid": item.pmid,
                "url": item.url,
            }
            for slug, item in self.sources.items()
        ]


def load(data: Path) -> Vocabulary:
    """Read `treatments.yaml` and `sources.yaml` of a data folder.

    Raises
    ------
    InputError
        All that is wrong in either file.
    """
    problems: list[Problem] = []
    treatments = _read(data / "treatments.yaml", Treatments, problems)
    sources = _read(data / "sources.yaml", Sources, problems)
    if treatments is not None:
        problems += _unknown_classes(document.load(data / "treatments.yaml"), treatments)
    if problems or treatments is None or sources is None:
        raise InputError(problems)
    return Vocabulary(treatments, sources.sources)


def suggestion(word: str, known: Iterable[str]) -> str:
    """The known word most like `word`, or all of them if they are few."""
    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=1)
    if close:
        return close[0]
    return (
        f"one of {', '.join(words) or '(none yet)'}" if len(words) <= FEW else "one that is there"
    )


def review_rows(data: Path, words: Vocabulary, table: tables.Table) -> list[dict[str, object]]:
    """Rows of a table that a review may have as a file of that name, such as `safety-signals.csv`.

    Raises
    ------
    InputError
        A cell is wrong, or a source is not in the bibliography.
    """
    path = data / f"{table.name}.csv"
    if not path.is_file():
        return []
    frame = table.read(path)
    rows = [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
    problems = [
        Problem(str(path), "source", row["source"], "there is no such source",
                "Add it to sources.yaml", line)
        for line, row in enumerate(rows, start=2)
        if row["source"] not in words.sources
    ]  # fmt: skip
    for line, row in enumerate(rows, start=2):
        problems += _impossible(str(path), line, row)
    if problems:
        raise InputError(problems)
    return rows


def _impossible(path: str, line: int, row: dict[str, object]) -> Iterator[Problem]:
    """Numbers of a row that no source can have printed. Empty cells are NaN, and are passed by."""
    most = {"level": 1.0}
    if row["measure"] == "percent":
        most |= dict.fromkeys(("value", "lower", "upper"), 100.0)
    for name in ("value", "estimate", "lower", "upper", "level"):
        number, limit = row.get(name), most.get(name, LARGEST_RATIO)
        if isinstance(number, float) and (number < 0 or number > limit):
            message = f"is not between 0 and {limit:g}"
            yield Problem(path, name, number, message, "Compare with the source", line)
    lower, upper = row["lower"], row["upper"]
    if isinstance(lower, float) and isinstance(upper, float) and lower > upper:
        message = f"is above the upper limit, {upper:g}"
        yield Problem(path, "lower", lower, message, "Compare with the source", line)


def _read(
    path: Path, model: type[document.Model], problems: list[Problem]
) -> document.Model | None:
    """The content of a file, or nothing and its problems."""
    try:
        return document.validate(document.load(path), model)
    except InputError as error:
        problems += error.problems
        return None


def _unknown_classes(written: document.Document, content: Treatments) -> list[Problem]:
    return [
        written.problem(
            ("treatments", slug, "class"),
            "there is no such class",
            f"Use one of {', '.join(content.classes)}, or add it under classes",
        )
        for slug, item in content.treatments.items()
        if item.treatment_class is not None and item.treatment_class not in content.classes
    ]
