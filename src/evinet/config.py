"""The configuration of a review: data, validated once at the door."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML

from evinet.errors import InputError, Problem

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class Strict(BaseModel):
    """A section of the configuration: a misspelt key is an error, and nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Review(Strict):
    """What is asked, and where the evidence is."""

    slug: Slug
    title: str
    question: str
    data: str = Field("data/raw", description="folder of the evidence as published")
    data_cutoff: str = Field(description="date to which the evidence was collected; printed")


class Reconstruction(Strict):
    """How individual patient data are reconstructed."""

    draws: int = Field(
        default=20, ge=1, le=1000, description="draws that carry what is not identified"
    )


class Gates(Strict):
    """What a fit must pass before it is reported."""

    rhat: float = Field(default=1.01, gt=1, description="largest R-hat")
    ess: int = Field(default=400, ge=1, description="smallest bulk and tail effective sample size")
    bfmi: float = Field(default=0.3, ge=0, description="smallest E-BFMI")
    divergences: float = Field(default=0.0, ge=0, lt=1, description="largest share of divergences")


class Sampler(Strict):
    """How posteriors are sampled; the number of chains never depends on the cores."""

    chains: int = Field(default=4, ge=2, le=16)
    warmup: int = Field(default=1000, ge=100)
    draws: int = Field(default=1000, ge=100, description="kept draws of each chain")
    target_accept: float = Field(default=0.95, gt=0.5, lt=1)
    gates: Gates = Gates()


class HalfNormal(Strict):
    """A half-normal prior for a standard deviation on the log hazard-ratio scale."""

    distribution: Literal["half-normal"] = "half-normal"
    scale: float = Field(gt=0)
    source: str = Field(description="why this prior: a reference or a reason; printed")


class ClassEffect(Strict):
    """Treatments of one class are exchangeable around a class mean, with SD `sigma`."""

    kind: Literal["class-effect"] = "class-effect"
    members: list[Slug] = Field(min_length=2)
    assumption: str = Field(description="the assumption in plain words; printed")
    sigma_prior: HalfNormal | None = None


class Model(Strict):
    """One model of an analysis."""

    label: str
    effects: Literal["fixed", "random"]
    ipd: list[Slug] = Field(
        default=[], description="trials that enter by their reconstructed IPD, not their ln HR"
    )
    bridge: Slug | None = Field(None, description="a bridge of this configuration, by name")
    sigma: float | None = Field(
        None, ge=0, description="SD between members of the bridge's class; empty: its prior"
    )
    tau_prior: str | None = Field(
        None,
        description="prior of tau instead of `heterogeneity`: half-normal(0.5), or a published one "
        "such as turner-2015:all-cause-mortality:pharmacological-placebo",
    )


class Population(Strict):
    """Patients in whom survival on every connected treatment is predicted."""

    trial: Slug = Field(
        description="trial of the network whose reconstructed comparator arm gives the baseline"
    )
    assumption: str = Field(description="why effects of other trials hold in them; printed")
    times: list[float] = Field(default=[], description="months at which survival is stated")
    horizon: float | None = Field(
        None, gt=0, description="end of restricted means, months; empty: the arm's follow-up"
    )


class Analysis(Strict):
    """One network: an outcome, its trials and the models fitted to it."""

    title: str
    outcome: Slug
    proxies: dict[Slug, str] = Field(
        default={}, description="outcomes that stand in for it, each with the assumption"
    )
    cautions: list[str] = Field(
        default=[], description="what a reader must bear in mind, each a sentence or two; printed"
    )
    trials: list[Slug] = Field(min_length=1)
    assessors: list[Literal["bicr", "investigator", "unstated"]] = Field(
        default=["bicr", "investigator", "unstated"], description="which assessment, best first"
    )
    references: list[Slug] = Field(
        min_length=1,
        description="the reference treatment of each island; more than one declares that the "
        "network is disconnected, and a trial that joins none of them is refused",
    )
    models: list[Slug] = Field(min_length=1, description="models of this configuration, by name")
    populations: dict[Slug, Population] = Field(
        default={}, description="in whom survival is predicted, by name"
    )


class Margin(Strict):
    """A difference that matters: how likely is it that a hazard ratio is below this one?"""

    ratio: float = Field(gt=0, description="hazard ratio; 1 is any difference")
    source: str = Field(description="who set it and why: a reference or the reviewers; printed")


class RegistryQuery(Strict):
    """A question to ClinicalTrials.gov; what is given must hold together."""

    condition: str | None = Field(None, description="query.cond: condition or disease")
    intervention: str | None = Field(None, description="query.intr: treatment")
    term: str | None = Field(None, description="query.term: words anywhere in the record")
    filter: str | None = Field(
        None, description="filter.advanced, such as AREA[Phase](PHASE2 OR PHASE3)"
    )

    @model_validator(mode="after")
    def _asks(self) -> RegistryQuery:
        if not (self.condition or self.intervention or self.term or self.filter):
            raise ValueError("the query is empty: give a condition, intervention, term or filter")
        return self


class Watch(Strict):
    """What `evinet watch` asks; the trials and publications of the review are always asked."""

    contact: str | None = Field(
        None, description="e-mail address that the services may write to; or set EVINET_CONTACT"
    )
    trials: dict[Slug, RegistryQuery] = Field(
        default={}, description="queries of ClinicalTrials.gov, by name"
    )
    publications: dict[Slug, str] = Field(default={}, description="queries of PubMed, by name")


class Config(Strict):
    """A review: the question, the analyses, the models, the priors and the one seed."""

    review: Review
    seed: int = Field(ge=0)
    reconstruction: Reconstruction = Reconstruction()
    sampler: Sampler = Sampler()
    effect_prior_sd: float = Field(
        default=10.0, gt=0, description="SD of the normal prior of each basic effect (ln HR)"
    )
    heterogeneity: HalfNormal
    margins: list[Margin] = Field(
        default=[], description="differences whose probability is reported for every pair"
    )
    bridges: dict[Slug, ClassEffect] = {}
    models: dict[Slug, Model]
    analyses: dict[Slug, Analysis]
    watch: Watch | None = Field(None, description="where new trials are looked for")

    @model_validator(mode="after")
    def _names_exist(self) -> Config:
        for name, model in self.models.items():
            if model.bridge is not None and model.bridge not in self.bridges:
                raise ValueError(
                    f"models.{name}.bridge = {model.bridge!r}: there is no such bridge; "
                    f"known: {', '.join(self.bridges) or 'none'}"
                )
            if model.sigma is not None and model.bridge is None:
                raise ValueError(f"models.{name}.sigma is set, but the model has no bridge")
            if model.bridge and model.sigma is None and not self.bridges[model.bridge].sigma_prior:
                raise ValueError(f"models.{name} has no sigma, and its bridge has no sigma_prior")
            if model.tau_prior is not None and model.effects == "fixed":
                raise ValueError(f"models.{name}.tau_prior is set, but its effects are fixed")
            if model.tau_prior is not None:
                from evinet.synthesise import priors

                priors.parse(model.tau_prior, f"models.{name}.tau_prior", "config/config.yaml")
        for name, analysis in self.analyses.items():
            for model_name in analysis.models:
                if model_name not in self.models:
                    raise ValueError(
                        f"analyses.{name}.models has {model_name!r}: there is no such model; "
                        f"known: {', '.join(self.models)}"
                    )
            for population in analysis.populations.values():
                if population.trial not in analysis.trials:
                    raise ValueError(
                        f"analyses.{name}.populations has {population.trial!r}, which is none of "
                        "the analysis's trials"
                    )
        return self


def parse(content: dict[str, Any], file: str = "config/config.yaml") -> Config:
    """Validate configuration content.

    Raises
    ------
    InputError
        Every key that is unknown, missing or of the wrong kind, with file, field and value.
    """
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        raise InputError(
            [
                Problem(
                    file,
                    ".".join(str(part) for part in item["loc"]) or "(whole file)",
                    "(absent)" if item["type"] == "missing" else _shown(item["input"]),
                    item["msg"].removeprefix("Value error, "),
                    "See config/README.md for what the field wants",
                )
                for item in error.errors()
            ]
        ) from None


def load(path: Path | str = "config/config.yaml") -> Config:
    """Read and validate a configuration file (see `parse`)."""
    return parse(YAML(typ="safe").load(Path(path)), str(path))


def _shown(value: object) -> object:
    """The value, unless it is a whole section."""
    return "(section)" if isinstance(value, dict | list) else value


def analysis(config: Config, name: str) -> Analysis:
    """The analysis of that name.

    Raises
    ------
    InputError
        The configuration has none.
    """
    if name not in config.analyses:
        raise InputError(
            Problem(
                "config/config.yaml",
                "analyses",
                name,
                "there is no such analysis",
                f"Use one of {', '.join(config.analyses)}",
            )
        )
    return config.analyses[name]
