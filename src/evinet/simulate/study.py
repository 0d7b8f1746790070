"""The configuration of a simulation study: its scenarios and the models fitted to each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evinet import document
from evinet.document import Document, Location
from evinet.errors import InputError, Problem
from evinet.fields import LONGEST, Line, Prose, Slug, Strict, Unique
from evinet.nma.settings import Sampler

FILE = "config/simulation.yaml"
DOCUMENTS = Path(__file__).parent / "documents"
"""The page of the report."""
Name = Literal["effects", "intercepts", "tau"]
Range = Annotated[list[float], Field(min_length=2, max_length=2)]


class Design(Strict):
    """Trials of the same arms."""

    arms: Annotated[list[Slug], Unique] = Field(min_length=2, description="treatments")
    trials: int = Field(default=1, ge=1, le=1000, description="how many trials have these arms")


class HazardRatios(Strict):
    """Survival: patients are drawn, and each trial publishes the hazard ratios of a Cox model."""

    kind: Literal["hazard-ratios"]
    median: Range = Field(description="months, on the reference: uniform between the trials")
    follow_up: Range = Field(description="months, of a patient: uniform between these limits")


class Binomial(Strict):
    """Events of patients, by arms; effects are log odds ratios."""

    kind: Literal["binomial"]
    risk: Range = Field(description="risk on the reference: uniform between the trials")


class Normal(Strict):
    """Means with their standard errors, by arms; effects are differences of means."""

    kind: Literal["normal"]
    mean: Range = Field(description="mean on the reference: uniform between the trials")
    sd: float = Field(gt=0, le=1e6, description="standard deviation of a patient's value")


class Scenario(Strict):
    """A way in which data come about."""

    label: Line
    network: list[Design] = Field(min_length=1, description="which trials there are")
    effects: dict[Slug, float] = Field(
        min_length=1,
        description="true effect of each treatment against the reference, which has none here",
    )
    tau: float = Field(ge=0, le=10, description="true heterogeneity of effects")
    patients: Annotated[list[int], Field(min_length=2, max_length=2)] = Field(
        description="patients of an arm: from the first to the second number, the same in a trial"
    )
    outcome: Annotated[HazardRatios | Binomial | Normal, Field(discriminator="kind")]
    models: Annotated[list[Slug], Unique] = Field(
        min_length=1, description="models of this configuration that are fitted, by name"
    )

    @property
    def treatments(self) -> list[str]:
        """All treatments, in the order in which the trials name them."""
        return list(dict.fromkeys(name for design in self.network for name in design.arms))

    @property
    def reference(self) -> str:
        """The treatment against which effects are."""
        return next(name for name in self.treatments if name not in self.effects)

    @model_validator(mode="after")
    def _holds_together(self) -> Scenario:
        known = self.treatments
        unknown = [name for name in self.effects if name not in known]
        if unknown:
            raise ValueError(f"effects name {', '.join(unknown)}, which no trial has")
        without = [name for name in known if name not in self.effects]
        if len(without) != 1:
            raise ValueError(
                f"exactly one treatment, the reference, has no effect; here {len(without)} have "
                f"none: {', '.join(without)}"
            )
        reached = {without[0]}
        for _ in known:
            for design in self.network:
                if reached & set(design.arms):
                    reached |= set(design.arms)
        apart = [name for name in known if name not in reached]
        if apart:
            raise ValueError(f"no chain of trials joins {', '.join(apart)} to {without[0]}")
        return self


class Fitted(Strict):
    """A model that is fitted to the data of a replicate."""

    label: Line
    effects: Literal["fixed", "random"]
    priors: dict[Name, Line] = Field(
        default={}, description="priors in place of the usual ones, such as half-normal(0.5)"
    )


class Study(Strict):
    """A simulation study (Morris et al. 2019, Stat Med 38:2074-2102)."""

    title: Line
    aim: Prose
    seed: int = Field(ge=0, lt=2**63)
    replicates: int = Field(ge=2, le=1_000_000, description="data sets of each scenario")
    batch: int = Field(
        default=25, ge=1, le=100_000, description="replicates of one job; changes no result"
    )
    sampler: Sampler = Field(Sampler(), description="where there is no exact posterior")
    models: dict[Slug, Fitted] = Field(min_length=1)
    scenarios: dict[Slug, Scenario] = Field(min_length=1)

    def batches(self) -> list[tuple[int, int]]:
        """First and last replicate of each job."""
        return [
            (first, min(first + self.batch - 1, self.replicates))
            for first in range(1, self.replicates + 1, self.batch)
        ]

    def tables(self) -> list[str]:
        """The tables of all jobs, in the folder of the batches."""
        return [
            f"{name}/{first}-{last}.csv"
            for name in self.scenarios
            for first, last in self.batches()
        ]


def load(path: Path | str = FILE) -> Study:
    """Read and validate the configuration of a simulation study.

    Raises
    ------
    InputError
        Every field that is unknown, missing, of the wrong kind or contradicts another.
    """
    written = document.load(Path(path))
    found = document.validate(written, Study)
    wrong = list(_contradictions(found, written))
    if wrong:
        raise InputError(wrong)
    return found


def _contradictions(study: Study, written: Document) -> Iterator[Problem]:
    from evinet.nma import priors

    for name, model in study.models.items():
        if model.effects == "fixed" and "tau" in model.priors:
            where = ("models", name, "priors", "tau")
            message = "a model with fixed effects has no tau"
            yield written.problem(where, message, "Remove it, or write effects: random")
            continue
        try:
            priors.priors({str(key): text for key, text in model.priors.items()})
        except InputError as error:
            for problem in error.problems:
                key = problem.field.split()[-1]
                yield written.problem(
                    ("models", name, "priors", key), problem.message, problem.remedy
                )
    for name, scenario in study.scenarios.items():
        for number, each in enumerate(scenario.models):
            if each not in study.models:
                remedy = f"Use one of {', '.join(study.models)}"
                at = ("scenarios", name, "models", number)
                yield written.problem(at, "there is no such model", remedy)
        for place, values, low, high in _ranges(scenario):
            if not low <= values[0] <= values[1] <= high:
                message = f"is not a range between {low:g} and {high:g}"
                remedy = "Write the smaller number first"
                yield written.problem(("scenarios", name, *place), message, remedy)


def _ranges(scenario: Scenario) -> Iterator[tuple[Location, Sequence[float], float, float]]:
    """The ranges of a scenario: where they stand, and what they must lie between."""
    yield ("patients",), scenario.patients, 2, 1e6
    match scenario.outcome:
        case HazardRatios(median=median, follow_up=followed):
            yield ("outcome", "median"), median, 1e-3, LONGEST
            yield ("outcome", "follow_up"), followed, 1e-3, LONGEST
        case Binomial(risk=risk):
            yield ("outcome", "risk"), risk, 1e-6, 1 - 1e-6
        case Normal(mean=mean):
            yield ("outcome", "mean"), mean, -1e6, 1e6
