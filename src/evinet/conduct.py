"""How a review was done: what reviewers write down, and no program can find out.

Every field may be left out; the report then says that it is not reported, or awaits the reviewers.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from evinet.fields import Date, Line, Prose, Slug, Strict, Unique

Count = Annotated[int, Field(ge=0, le=100_000_000)]


class Author(Strict):
    """Who wrote the review."""

    name: Line
    affiliation: Line | None = None
    orcid: str | None = Field(None, pattern=r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$")
    role: Line | None = Field(None, description="what they did: screening, extraction, statistics")


class Protocol(Strict):
    """Where the protocol is, and what was done otherwise."""

    registration: Line | None = Field(None, description="such as PROSPERO CRD42024000000")
    url: Line | None = None
    date: Date | None = None
    deviations: list[Prose] = Field(default=[])


class Search(Strict):
    """One source that was searched for trials."""

    source: Line = Field(description="database, registry, congress or list of references")
    date: Date | None = Field(None, description="when it was last searched")
    strategy: Prose | None = Field(None, description="the query as it was run")
    records: Count | None = Field(None, description="records found")


class Eligibility(Strict):
    """Which trials the review takes."""

    population: Prose | None = None
    interventions: Prose | None = None
    comparators: Prose | None = None
    outcomes: Prose | None = None
    designs: Prose | None = None
    other: Prose | None = Field(None, description="languages, dates, status of publication")


class Flow(Strict):
    """Records and trials on their way into the review (PRISMA 2020); null where not counted."""

    identified: Count | None = None
    duplicates: Count | None = None
    screened: Count | None = None
    excluded_on_title: Count | None = None
    sought: Count | None = None
    not_retrieved: Count | None = None
    assessed: Count | None = None
    excluded_on_full_text: Count | None = None
    included: Count | None = None


class Excluded(Strict):
    """Trials that the review knows and does not use, with the reason."""

    trials: Annotated[list[Line], Unique] = Field(
        min_length=1, description="slugs of data/raw/trials, or names as published"
    )
    would_join: Prose | None = Field(
        None, description="which treatments they would connect that no trial in use connects"
    )
    reason: Prose = Field(description="why they are not used; printed")


class Modifier(Strict):
    """Something about patients or trials that may change relative effects (NICE DSU TSD 7)."""

    characteristics: Annotated[list[Slug], Unique] = Field(
        min_length=1, description="characteristics of trial files that tell of it"
    )
    label: Line
    why: Prose = Field(description="why it may change relative effects")
    alike: dict[Line, list[Line]] = Field(
        {}, description="categories of trials that are drawn as one, in order, by a common name"
    )
    judgement: Prose | None = Field(
        None, description="whether the trials can be compared in spite of it; empty: not judged"
    )
    reviewer: Line | None = Field(None, description="who judged")


class Conduct(Strict):
    """How the review was done."""

    version: Line | None = Field(None, description="version of the report; printed")
    authors: list[Author] = Field(default=[])
    funding: Prose | None = Field(None, description="who paid, and what they had a say in")
    interests: Prose | None = Field(None, description="declared interests of the authors")
    protocol: Protocol = Protocol()
    eligibility: Eligibility = Eligibility()
    searches: list[Search] = Field(default=[])
    selection: Prose | None = Field(None, description="how records were screened, and by whom")
    extraction: Prose | None = Field(None, description="how data were taken, and by whom")
    flow: Flow = Flow()
    excluded: list[Excluded] = Field(default=[])
    modifiers: list[Modifier] = Field(default=[])
    patients: dict[Slug, Line] = Field(
        default={},
        description="trial: its patients in a few words, for the table of findings; empty: what "
        "the trial printed of the first modifiers",
    )
    rationale: Prose | None = None
    discussion: Prose | None = Field(
        None, description="limitations and conclusions, in the authors' words"
    )
