"""The contract of a trial file, `data/raw/trials/<slug>/trial.yaml`."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from evinet.extract.values import (
    Block,
    Cell,
    Count,
    Day,
    Doi,
    Duration,
    Estimate,
    EventsOf,
    Landmark,
    Patients,
    Spread,
    Text,
    Value,
    When,
    Year,
    ratio,
)
from evinet.fields import Line, Prose, Slug

Assessor = Literal["bicr", "investigator", "unstated"]
Percent = Annotated[float, Field(ge=0, le=100)]
Judgement = Literal["low", "some concerns", "high"]
Domain = Literal[
    "randomisation", "deviations", "missing-data", "measurement", "selection", "overall"
]


class Arm(Block):
    """One arm as randomised."""

    treatment: Slug = Field(description="node of the network: a key of data/raw/treatments.yaml")
    description: Text | None = Field(None, description="treatment as published")
    dose: Text | None = Field(None, description="dose as published")
    n_randomised: Count | None = Field(None, description="patients randomised (analysis set)")
    n_treated: Count | None = Field(None, description="patients treated (safety set)")


class Report(Block):
    """One report of the trial: primary, final, label, interim, ..."""

    title: Line = Field(description="which analysis, in plain words")
    data_cutoff: Day | None = None
    follow_up: Spread | None = Field(None, description="median follow-up in months")


class Stratification(Block):
    """What randomisation was stratified by."""

    factors: list[Line]


class Enrolment(Block):
    """When patients were enrolled."""

    start: When | None = Field(None, description="date as known: 2020-01-22, 2020-01 or 2020")
    end: When | None = None


class Contrast(Estimate):
    """A published relative effect; below 1 favours `arm` where the event is bad."""

    arm: Slug
    comparator: Slug
    measure: Literal["hr", "or"]
    value: float = Field(gt=0)
    p: Line | None = Field(None, description="P value as printed")
    stratified: bool | None = Field(None, description="whether the analysis was stratified")
    preferred: Prose | None = Field(
        None, min_length=1, description="why analyses use it, where several reports give it"
    )

    @model_validator(mode="after")
    def _limits_are_ratios(self) -> Self:
        ratio(self.value, self.lower, self.upper)
        return self


class SurvivalArm(Block):
    """Time-to-event results of one arm."""

    n: Count | None = Field(None, description="patients analysed, if not those randomised")
    events: Count | None = None
    median: Duration | None = Field(None, description="months; NR when not reached")
    landmarks: list[Landmark] = Field([])


class Result(Block):
    """One time-to-event outcome in one report, by one assessor."""

    outcome: Slug = Field(description="pfs, os, ttp, ...")
    report: Slug
    assessor: Assessor = "unstated"
    arms: dict[Slug, SurvivalArm] = Field({})
    contrasts: list[Contrast] = Field([])
    events: Count | None = Field(None, description="events of all arms, if only that was printed")


class ResponseArm(Patients):
    """Response of one arm, with the confidence interval of its percentage."""

    lower: Percent | None = None
    upper: Percent | None = None
    level: float = Field(0.95, gt=0, lt=1)


class Response(Block):
    """One outcome that is counted: objective response, disease control, ..."""

    outcome: Slug = Field(description="orr, dcr, complete-response, ...")
    report: Slug
    assessor: Assessor = "unstated"
    arms: dict[Slug, ResponseArm] = Field({})
    contrasts: list[Contrast] = Field([])


class Level(Value):
    """One row of a subgroup forest plot."""

    characteristic: Line
    level: Line
    in_arm: EventsOf | None = Field(None, description="events/patients of the arm, as 30/86")
    in_comparator: EventsOf | None = None
    value: float | None = Field(gt=0, description="hazard ratio; null if not known")
    lower: float | None = None
    upper: float | None = None
    confidence: float = Field(0.95, gt=0, lt=1)

    @model_validator(mode="after")
    def _limits_are_ratios(self) -> Self:
        ratio(self.value, self.lower, self.upper)
        return self


class Subgroups(Block):
    """Subgroup results of one contrast."""

    outcome: Slug
    report: Slug
    assessor: Assessor = "unstated"
    arm: Slug
    comparator: Slug
    levels: list[Level] = Field(min_length=1)


class AdverseEvent(Block):
    """One row of a table of adverse events."""

    event: Line
    grade: Line = Field("any", description="any, >=3, 3-4, ... as published")
    related: bool | None = Field(None, description="whether only treatment-related events count")
    counts: dict[Slug, Cell] = Field(description="by arm, as printed: 136 (93%)")


class AdverseEvents(Block):
    """A table of adverse events."""

    report: Slug
    table: Line = Field(description="what the table is about: safety summary, ...")
    totals: dict[Slug, Count] = Field({}, description="patients at risk, by arm")
    events: list[AdverseEvent]


class Characteristic(Block):
    """One row of a table of baseline characteristics."""

    characteristic: Line
    category: Line | None = None
    counts: dict[Slug, Patients] = Field(description="by arm, and `all` for the whole trial")

    @model_validator(mode="after")
    def _a_median_counts_nobody(self) -> Self:
        for slug, cell in self.counts.items():
            if cell.n is not None and re.search(r"\b(median|mean)\b", self.category or ""):
                raise ValueError(
                    f"counts.{slug} = {cell.n}: a {self.category} is not a number of patients; "
                    "write its unit, such as 62 years"
                )
        return self


class Judged(Block):
    """A RoB 2 judgement, made by a person."""

    outcome: Slug
    domain: Domain
    judgement: Judgement
    reviewer: Line = Field(min_length=1, description="name of the person who judged")
    reason: Prose = Field(min_length=1)


class Later(Patients):
    """Patients of an arm who were treated on after the trial's own treatment of it.

    What they live through afterwards counts for the arm: overall survival is confounded by it.
    """

    arm: Slug
    therapy: Line = Field(description="what they were given, such as crossover to the other arm")


class Other(Value):
    """Evidence of its own kind: shown, never pooled."""

    topic: Line
    kind: Literal[
        "quality-of-life", "exposure", "crossover", "regulatory", "safety", "design", "other"
    ]
    value: int | float | Line | None = None


class Trial(Block):
    """A trial, as published."""

    trial: Slug = Field(description="the name of the folder")
    name: Line
    status: Literal["reported", "ongoing", "non-comparative"]
    registration: Text | None = None
    doi: Doi | None = Field(None, description="DOI of the main publication")
    year: Year | None = Field(None, description="year of the main publication")
    phase: Text | None = None
    design: Text | None = None
    stratification: Stratification | None = None
    enrolment: Enrolment | None = None
    arms: dict[Slug, Arm] = Field({})
    reports: dict[Slug, Report] = Field({})
    results: list[Result] = Field([])
    responses: list[Response] = Field([])
    subgroups: list[Subgroups] = Field([])
    adverse_events: list[AdverseEvents] = Field([])
    population: list[Characteristic] = Field([])
    risk_of_bias: list[Judged] = Field([], description="absent until a named person judged")
    later_treatment: list[Later] = Field(
        [], description="crossover and other treatment after the trial's own, by arm"
    )
    other_evidence: list[Other] = Field([])


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a trial file, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Trial.model_json_schema(mode="validation"),
    }
