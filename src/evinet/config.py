"""The configuration of a review: data, validated once at the door."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from evinet import document, files
from evinet.conduct import Conduct
from evinet.document import Document, Location
from evinet.errors import InputError, Problem
from evinet.fields import LONGEST, Date, Line, Months, Prose, Slug, Strict, Unique
from evinet.nma.settings import Margin, Sampler

HELP = "See config/README.md for what the field wants"


class Review(Strict):
    """What is asked, and where the evidence is."""

    slug: Slug
    title: Line
    question: Prose
    data: Line = Field("data/raw", description="folder of the evidence as published")
    data_cutoff: Date = Field(description="date to which the evidence was collected; printed")
    allow_unsure: bool = Field(
        False, description="use values marked unsure, for exploring; the report says so"
    )


class Reconstruction(Strict):
    """How individual patient data are reconstructed."""

    draws: int = Field(
        default=20, ge=1, le=1000, description="draws that carry what is not identified"
    )


class HalfNormal(Strict):
    """A half-normal prior for a standard deviation on the log hazard-ratio scale."""

    distribution: Literal["half-normal"] = "half-normal"
    scale: float = Field(gt=0, le=100)
    source: Prose = Field(description="why this prior: a reference or a reason; printed")


class ClassEffect(Strict):
    """Treatments of one class are exchangeable around a class mean, with SD `sigma`."""

    kind: Literal["class-effect"] = "class-effect"
    label: Line | None = Field(None, description="what pages call it; empty: made of its name")
    members: Annotated[list[Slug], Unique] = Field(min_length=2)
    assumption: Prose = Field(description="the assumption in plain words; printed")
    sigma_prior: HalfNormal | None = None


class ComponentSums(Strict):
    """Treatments are combinations; the effects of their components add up (component NMA)."""

    kind: Literal["components"]
    label: Line | None = Field(None, description="what pages call it; empty: made of its name")
    treatments: dict[Slug, Annotated[list[Slug], Unique, Field(min_length=1)]] = Field(
        min_length=1,
        description="treatment: its components; a treatment that is not named is one, itself",
    )
    inactive: Slug | None = Field(
        None, description="the component without an effect, such as placebo"
    )
    interactions: list[Annotated[list[Slug], Unique, Field(min_length=2, max_length=2)]] = Field(
        default=[], description="pairs of components that do more or less than their sum"
    )
    assumption: Prose = Field(description="the assumption in plain words; printed")


def _kind(bridge: Any) -> Any:
    """A bridge that does not say its kind is a class."""
    return {"kind": "class-effect", **bridge} if isinstance(bridge, dict) else bridge


Bridge = Annotated[
    Annotated[ClassEffect | ComponentSums, Field(discriminator="kind")], BeforeValidator(_kind)
]


class Regression(Strict):
    """Patients' covariates that change outcomes and effects: multilevel meta-regression."""

    formula: Line = Field(description="of the covariates, such as: age + grade")
    patients: Line = Field(
        description="table of patients with covariates: study, treatment, the covariates, and time "
        "and event, or r (0 or 1)"
    )
    covariates: Line = Field(
        description="table of the other trials' covariates: study, treatment, n, age_mean, age_sd"
    )
    interactions: Literal["shared", "class", "separate", "exchangeable"] = Field(
        "shared", description="what shares how covariates change effects; class: a column class"
    )
    interactions_sigma: Line | None = Field(
        None, description="of exchangeable interactions: their spread for a standard deviation of "
        "a covariate, a number or a prior such as half-normal(0.2)",
    )  # fmt: skip
    likelihood: Literal["binomial", "binomial2"] = Field(
        "binomial", description="of counts in the other trials; binomial2: with the variance of "
        "patients who differ",
    )  # fmt: skip
    margins: dict[Line, Literal["normal", "gamma", "lognormal", "logitnormal", "beta"]] = Field(
        default={}, description="covariate: family of its distribution in the other trials"
    )
    populations: dict[Slug, Line] = Field(
        default={},
        description="further populations: table of patients, or of one row of means and shares",
    )

    @property
    def files(self) -> list[str]:
        """Every table that it names."""
        return [self.patients, self.covariates, *self.populations.values()]


class Weights(Strict):
    """Trials that count less, such as those at a high risk of bias."""

    trials: dict[Slug, Annotated[float, Field(gt=0, le=1)]] = Field(
        min_length=1, description="trial: the power to which its likelihood is raised"
    )
    assumption: Prose = Field(description="why, and by whose judgement; printed")


TIME_RATIOS = ("lognormal", "loglogistic", "gengamma")
"""Baselines whose effects are ratios of times."""


class Model(Strict):
    """One model of an analysis."""

    label: Line
    effects: Literal["fixed", "random"]
    ipd: Annotated[list[Slug], Unique] = Field(
        default=[], description="trials that enter by their reconstructed IPD, not their ln HR"
    )
    bridge: Slug | None = Field(None, description="a bridge of this configuration, by name")
    sigma: float | None = Field(
        None, ge=0, le=100, description="SD between members of the bridge's class; empty: its prior"
    )
    tau_prior: Line | None = Field(
        None,
        description="prior of tau instead of `heterogeneity`: half-normal(0.5), or a published one "
        "such as turner-2015:all-cause-mortality:pharmacological-placebo",
    )
    priors: dict[Literal["effects", "intercepts", "coefficients", "tau"], Line] = Field(
        default={}, description="priors in place of the usual ones, such as normal(0, 10)"
    )
    relation: Literal["consistency", "ume"] = Field(
        "consistency", description="ume: unrelated mean effects of every compared pair"
    )
    node_split: bool = Field(
        False, description="take direct and indirect effects of every pair apart as well"
    )
    covariate: Line | None = Field(
        None, description="column of the analysis's data: a meta-regression on it"
    )
    interactions: Literal["shared", "separate"] = Field(
        "shared", description="one coefficient for the covariate, or one for each treatment"
    )
    baseline_risk: bool = Field(
        False, description="of counts: effects depend on the trials' risk on the reference"
    )
    regression: Regression | None = Field(
        None, description="of patients' covariates; trials of `ipd` then need theirs"
    )
    weights: Weights | None = Field(
        None, description="trials that count less by judgement: a bias-adjusted analysis"
    )
    link: Literal["logit", "probit", "cloglog", "log", "identity"] | None = Field(
        None, description="of counts; empty: logit; log for risk ratios, identity for differences"
    )
    counts: Literal["likeliest", "favouring-treatment", "favouring-reference"] = Field(
        "likeliest",
        description="which of the counts that a rounded percentage allows; the other two give the "
        "range: most events in other arms and fewest in the reference's, or the reverse",
    )
    baseline: Literal[
        "mspline", "piecewise", "fracpoly", "exponential", "weibull", "gompertz", "lognormal",
        "loglogistic", "gengamma",
    ] = Field(
        "piecewise",
        description="baseline hazards of the trials in `ipd`; effects of lognormal, loglogistic "
        "and gengamma are ratios of times, not of hazards: every trial must then be in `ipd`",
    )  # fmt: skip
    shapes: Literal["study", "treatment", "arm"] | None = Field(
        None, description="study: proportional hazards; treatment: effects on the hazard's shape"
    )
    knots: int | None = Field(None, ge=1, le=20, description="knots of M-splines, or cuts; 7")
    powers: list[float] = Field(
        default=[], max_length=2, description="of time in fractional polynomials, one or two; [0]"
    )

    @property
    def prior_of_tau(self) -> str | None:
        """The prior of tau that it has in place of `heterogeneity`."""
        return self.tau_prior or self.priors.get("tau")

    @property
    def any_shape(self) -> bool:
        """Whether hazards need not be proportional."""
        return self.shapes in ("treatment", "arm")

    @property
    def time_ratios(self) -> bool:
        """Whether its effects are ratios of times (accelerated failure), not of hazards."""
        return self.baseline in TIME_RATIOS


class Population(Strict):
    """Patients in whom survival on every connected treatment is predicted."""

    trial: Slug = Field(
        description="trial of the network whose reconstructed comparator arm gives the baseline"
    )
    assumption: Prose = Field(description="why effects of other trials hold in them; printed")
    times: Annotated[list[Months], Unique] = Field(
        default=[], description="months at which survival is stated"
    )
    horizon: float | None = Field(
        None,
        gt=0,
        le=LONGEST,
        description="end of restricted means, months; empty: the arm's follow-up",
    )


class Level(Strict):
    """A value of an effect modifier for which effects are stated."""

    value: float
    label: Line


class Modifier(Strict):
    """A covariate that may change effects, and where publications state it."""

    label: Line = Field(description="what it is, such as: primary tumour in the pancreas")
    step: Line = Field(description="what a step of 1 means, such as: pancreas against elsewhere")
    levels: list[Level] = Field(min_length=2, description="values that pages name")
    subgroups: dict[Line, dict[Line, float]] = Field(
        default={}, description="characteristic of published subgroups: subgroup: its value"
    )
    population: dict[Line, dict[Line, float]] = Field(
        default={}, description="characteristic of populations: category: its value"
    )
    caution: Prose | None = Field(None, description="what readers must bear in mind; printed")


class Question(Strict):
    """A comparison that readers ask for."""

    treatment: Slug
    comparator: Slug


class Support(Strict):
    """An analysis that stands beside another: what it varies, or another bridge."""

    analysis: Slug = Field(description="the analysis that it stands beside")
    shows: Literal["sensitivity", "bridge"] = Field(description="the page that shows it")
    because: Prose = Field(description="what it changes, and why; printed")


class Analysis(Strict):
    """One network: an outcome, its trials and the models fitted to it."""

    title: Line
    outcome: Slug
    data: Literal["hazard-ratios", "responses", "adverse-events"] = Field(
        "hazard-ratios", description="what trials bring: hazard ratios, or counts of patients"
    )
    event: Line = Field("any", description="of adverse-events: the event as published")
    grades: Annotated[list[Line], Unique] = Field(
        default=[">=3"],
        min_length=1,
        description="of adverse-events: the grades as published, the preferred one first",
    )
    better: Literal["lower", "higher"] = Field(
        "lower", description="whether a lower or a higher effect is an improvement"
    )
    proxies: dict[Slug, Prose] = Field(
        default={}, description="outcomes that stand in for it, each with the assumption"
    )
    cautions: list[Prose] = Field(
        default=[], description="what a reader must bear in mind, each a sentence or two; printed"
    )
    trials: Annotated[list[Slug], Unique] = Field(min_length=1)
    assessors: Annotated[list[Literal["bicr", "investigator", "unstated"]], Unique] = Field(
        min_length=1,
        default=["bicr", "investigator", "unstated"],
        description="which assessment, best first",
    )
    references: Annotated[list[Slug], Unique] = Field(
        min_length=1,
        description="the reference treatment of each island; more than one declares that the "
        "network is disconnected, and a trial that joins none of them is refused",
    )
    models: Annotated[list[Slug], Unique] = Field(
        min_length=1, description="models of this configuration, by name"
    )
    populations: dict[Slug, Population] = Field(
        default={}, description="in whom survival is predicted, by name"
    )
    questions: list[Question] = Field(
        default=[],
        description="the comparisons that pages answer; empty: each treatment against the "
        "reference of its island",
    )
    modifiers: Annotated[list[Slug], Unique] = Field(
        default=[], description="effect modifiers of this configuration that are looked into"
    )
    supports: Support | None = Field(
        None, description="given: no answer of its own, but beside another analysis"
    )
    instead: dict[Slug, Slug] = Field(
        default={},
        description="trial: source of the rejected hazard ratio that is used in place of the one "
        "that was chosen",
    )


class Harm(Strict):
    """An adverse event that is set side by side across trials."""

    label: Line
    terms: Annotated[list[Line], Unique] = Field(
        min_length=1, description="the event as trial files call it, each spelling"
    )


class RegistryQuery(Strict):
    """A question to ClinicalTrials.gov; what is given must hold together."""

    condition: Line | None = Field(None, description="query.cond: condition or disease")
    intervention: Line | None = Field(None, description="query.intr: treatment")
    term: Line | None = Field(None, description="query.term: words anywhere in the record")
    filter: Line | None = Field(
        None, description="filter.advanced, such as AREA[Phase](PHASE2 OR PHASE3)"
    )

    @model_validator(mode="after")
    def _asks(self) -> RegistryQuery:
        if not (self.condition or self.intervention or self.term or self.filter):
            raise ValueError("the query is empty: give a condition, intervention, term or filter")
        return self


class Watch(Strict):
    """What `evinet watch` asks; the trials and publications of the review are always asked."""

    contact: Line | None = Field(
        None, description="e-mail address that the services may write to; or set EVINET_CONTACT"
    )
    trials: dict[Slug, RegistryQuery] = Field(
        default={}, description="queries of ClinicalTrials.gov, by name"
    )
    publications: dict[Slug, Line] = Field(default={}, description="queries of PubMed, by name")


class Config(Strict):
    """A review: the question, the analyses, the models, the priors and the one seed."""

    review: Review
    seed: int = Field(ge=0, lt=2**63)
    reconstruction: Reconstruction = Reconstruction()
    sampler: Sampler = Sampler()
    effect_prior_sd: float = Field(
        default=10.0,
        gt=0,
        le=1000,
        description="SD of the normal prior of each basic effect (ln HR)",
    )
    heterogeneity: HalfNormal
    margins: list[Margin] = Field(
        default=[], description="differences whose probability is reported for every pair"
    )
    bridges: dict[Slug, Bridge] = Field(
        default={}, description="assumptions that may join islands: a class, or components"
    )
    modifiers: dict[Slug, Modifier] = Field(
        default={}, description="covariates that may change effects, by name"
    )
    models: dict[Slug, Model]
    analyses: dict[Slug, Analysis]
    conduct: Conduct = Conduct()
    harms: Annotated[list[Harm], Unique] = Field(
        default=[], description="adverse events that are shown across trials, in this order"
    )
    watch: Watch | None = Field(None, description="where new trials are looked for")

    @property
    def smallest_important_ratio(self) -> float | None:
        """Hazard ratio nearer to 1 than which a difference does not matter; None where not set."""
        return next((each.ratio for each in self.margins if each.smallest_important), None)


def parse(content: object, *written: Document) -> Config:
    """Validate configuration content.

    Parameters
    ----------
    content
        The configuration as plain values; several files may have been laid over one another.
    written
        The files, the last on top: problems are told with the line of the file that has them.

    Raises
    ------
    InputError
        Every key that is unknown, missing or of the wrong kind, with file, line, field and value,
        and names that nothing in the configuration has.
    """
    from evinet.config_contradictions import contradictions

    try:
        config = Config.model_validate(content)
        wrong = list(contradictions(config))
    except ValidationError as error:
        wrong = [(_untagged(where), message, HELP)
                 for where, message, _ in document.explained(error)]  # fmt: skip
    if wrong:
        layers = written or (Document("config/config.yaml", content, {}),)
        raise InputError([located(layers, *item) for item in wrong])
    return config


def _untagged(where: Location) -> Location:
    """Where a problem is in the file: pydantic says of which kind of bridge it is, in between."""
    return (*where[:2], *where[3:]) if tuple(where[:1]) == ("bridges",) else where


def located(written: Sequence[Document], where: Location, message: str, remedy: str) -> Problem:
    """A problem in the uppermost of the files that say most of where it is."""
    deepest = max(reversed(written), key=lambda layer: layer.depth(where))
    return deepest.problem(where, message, remedy)


def load(path: Path | str = "config/config.yaml") -> Config:
    """Read and validate a configuration file, YAML or JSON (see `parse`)."""
    path = Path(path)
    if path.suffix == ".json":
        return parse(files.read_json(path), Document(str(path), {}, {}))
    written = document.load(path)
    return parse(written.tree, written)


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
