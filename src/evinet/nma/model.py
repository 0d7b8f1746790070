"""The model of a network: what it is made of, and whether that goes together.

arms        x_jk ~ likelihood(eta_jk),  eta_jk = offset_jk + mu_j + theta_jk
categories  x_jk ~ multinomial,  P(category m or better) = F(eta_jk - c_m),  c_1 = 0
cut-points  c_m+1 - c_m = gap_m,  or gap_m * exp(cuts_sigma * e_jm),  e_jm ~ N(0, 1)
contrasts   y_j ~ multivariate normal(theta_j, V_j)
patients    of an arm: the baseline hazard's likelihood given theta_jk
effects     theta = X b + tau * deviations,  deviations ~ N(0, 1), correlation 1/2 in a study
priors      b ~ N(0, prior SD), mu ~ N(0, prior SD), tau as named
components  d_k = sum of the effects of its components
class       d_k = mean + sigma * u_k,  u_k ~ N(0, 1), of its members; so exchangeable beta_k
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from scipy.linalg import block_diag

from evinet import usertable
from evinet.errors import InputError, Problem
from evinet.nma import design as designs
from evinet.nma.data import arms as arm_data
from evinet.nma.data import patients as patient_data
from evinet.nma.data.patients import Patients, Records
from evinet.nma.data.vocabulary import LINKS, SCALES
from evinet.nma.design import BASELINE_RISK, Design
from evinet.nma.likelihoods.arms import LIKELIHOODS, Likelihood, links
from evinet.nma.likelihoods.survival.baseline import Baseline
from evinet.nma.network import Network
from evinet.nma.priors import Prior, Priors
from evinet.nma.terms import Terms
from evinet.patients import log_rank

Effects = Literal["fixed", "random"]
CUTS = ("cut", "cuts_sigma", "study_gap")
"""Variables of the posterior that are of cut-points."""
RISK = "baseline risk"
PATIENTS = ("logit", "probit", "cloglog")  # links of risks that take patients' covariates


@dataclass(frozen=True, eq=False)
class Arms:
    """The arms in the order of the design's rows: data x, s and offset, the number of their study.

    Of ordered `categories` x and s have a second axis (see `likelihoods.ordered`). `weight` is how
    much each arm counts: x and s are those of the likelihood raised to it, `whole` the observed.
    """

    likelihood: Likelihood
    x: np.ndarray
    s: np.ndarray
    offset: np.ndarray
    study: np.ndarray
    categories: tuple[str, ...] = ()
    weight: np.ndarray | None = None

    @property
    def whole(self) -> tuple[np.ndarray, np.ndarray]:
        """x and s as they were observed, whatever they count."""
        return (self.x, self.s) if self.weight is None else self._counting(1 / self.weight)

    def weighted(self, weight: np.ndarray) -> Arms:
        """The arms with their likelihoods raised to powers, shape (arms,)."""
        x, s = self._counting(weight)
        return replace(self, x=x, s=s, weight=weight)

    def _counting(self, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """x and s whose likelihood is that of these to a power: fewer counts, or wider errors."""
        if self.likelihood.name == "normal":
            return self.x, self.s / np.sqrt(weight)
        if not self.categories:
            return self.x * weight, self.s * weight
        s = self.s.copy()
        s[:, -1] *= weight
        return self.x * weight[:, None], s

    @property
    def gaps(self) -> int:
        """How many distances between cut-points there are."""
        return max(len(self.categories) - 1, 0)

    @property
    def points(self) -> np.ndarray:
        """How many data points of the deviance each arm is."""
        if not self.categories:
            return np.ones(len(self.x), int)
        return np.asarray((self.s[:, 1:-1] > 0).sum(axis=1))

    def outcomes(self, values: np.ndarray) -> Iterator[tuple[int, str, np.ndarray]]:
        """Number of each arm, "" and its outcome, of `values` like x with any axes before.

        Of ordered categories: each that was reported, and who reached it or a better one.
        """
        for place in range(len(self.x)):
            if not self.categories:
                yield place, "", values[..., place]
            for number, name in enumerate(self.categories, start=1):
                if self.s[place, number] > 0:
                    yield place, name, values[..., place, number:].sum(axis=-1)

    @property
    def studies(self) -> int:
        """How many studies they are of."""
        return int(self.study.max()) + 1 if len(self.study) else 0

    @cached_property
    def rough(self) -> tuple[np.ndarray, np.ndarray]:
        """Rough mu + theta of each arm, from its own data, and its variance."""
        eta, variance = self.likelihood.rough(*self.whole)
        if self.weight is not None:
            variance = variance / self.weight
        return eta - self.offset, variance

    @property
    def below_zero(self) -> bool:
        """Whether the linear predictor has an upper limit, 0, and no lower one."""
        return bool(np.isneginf(self.likelihood.limits[0]) and self.likelihood.limits[1] == 0)

    @property
    def member(self) -> np.ndarray:
        """1 where an arm belongs to a study, shape (studies, arms)."""
        return (np.arange(self.studies)[:, None] == self.study).astype(float)


@dataclass(frozen=True, eq=False)
class Model:
    """One model of one network.

    Attributes
    ----------
    network
        The studies.
    design
        Which coefficient acts where.
    effects
        Fixed, or random with the heterogeneity tau.
    priors
        Of effects, intercepts, coefficients and tau.
    arms
        Arms with their likelihood; None without studies by arms.
    baseline
        The baseline hazards of patients; None without them. `hazards` and `settings` say which.
    apart
        Studies that were set apart, because they say nothing of effects.
    cutpoints
        Of ordered categories: fixed, the same in every study, or random.
    """

    network: Network
    design: Design
    effects: Effects
    priors: Priors
    arms: Arms | None = None
    baseline: Baseline | None = None
    hazards: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    apart: tuple[str, ...] = ()
    cutpoints: Effects = "fixed"

    @property
    def terms(self) -> Terms:
        """What shapes effects beside consistency."""
        return self.design.terms

    @property
    def patients(self) -> Patients | None:
        """The patients, if studies enter by them."""
        return None if self.baseline is None else self.network.patients

    @property
    def studies_of_arms(self) -> list[str]:
        """Studies by arms, in the order of mu."""
        return list(dict.fromkeys(self.design.rows["study"].iloc[self.design.of("arm")]))

    @property
    def random(self) -> bool:
        """Whether effects are random."""
        return self.effects == "random"

    @property
    def gaps(self) -> int:
        """How many distances between cut-points of ordered categories there are."""
        return 0 if self.arms is None else self.arms.gaps

    @property
    def random_cuts(self) -> bool:
        """Whether studies have cut-points of their own."""
        return self.gaps > 0 and self.cutpoints == "random"

    @property
    def outcome_parameters(self) -> Sequence[str]:
        """Variables of outcomes that are reported: of baseline hazards, or of cut-points."""
        if self.baseline is not None:
            return self.baseline.parameters
        return CUTS[: self.random_cuts + 1] if self.gaps else ()

    @property
    def _sigma(self) -> float | Prior:
        """Spread of what is exchangeable: of a class, or of interactions."""
        if self.terms.group is not None:
            return self.terms.group.sigma
        return 0.0 if self.terms.slope_sigma is None else self.terms.slope_sigma

    @property
    def sigma_prior(self) -> Prior | None:
        """The prior of sigma; None where it is known, or nothing is exchangeable."""
        return self._sigma if isinstance(self._sigma, Prior) else None

    @property
    def known_sigma(self) -> float:
        """Sigma where it is known, else 0."""
        return 0.0 if isinstance(self._sigma, Prior) else float(self._sigma)

    @property
    def scale(self) -> str:
        """What effects are."""
        if self.baseline is not None:
            return self.baseline.scale
        if self.arms is not None:
            return self.arms.likelihood.scale
        return SCALES.get(self.network.measure or "", "effect")

    @property
    def names(self) -> list[str]:
        """Names of the coefficients b."""
        return [*self.design.names, *([BASELINE_RISK] if self.terms.baseline_risk else [])]

    @cached_property
    def prior_sd(self) -> np.ndarray:
        """Prior standard deviation of each coefficient (of members: of the class mean)."""
        slope = np.array([name.startswith("beta") for name in self.names], bool)
        step = self.design.steps if self.priors.per_sd else {}
        units = np.array([step.get(name, 1.0) for name in self.names])
        return np.where(slope, self.priors.coefficients / units, self.priors.effects)

    @cached_property
    def stand_for(self) -> np.ndarray:
        """The first coefficient that each independent one acts on (see `Design.mixing`)."""
        keep, _ = self.design.mixing
        rest = np.arange(len(keep), len(self.names))
        return np.concatenate([(keep != 0).argmax(axis=0), rest])

    @property
    def independent_sd(self) -> np.ndarray:
        """Prior standard deviations of the independent coefficients c, then of baseline risk's."""
        return np.asarray(self.prior_sd[self.stand_for])

    @property
    def exact(self) -> bool:
        """Whether the posterior is normal given tau and sigma, so that no sampler is needed."""
        normal = self.arms is None or self.arms.likelihood.name == "normal"
        plain = not self.terms.baseline_risk and self.network.regression is None
        return normal and self.baseline is None and plain

    @property
    def centres(self) -> dict[str, float]:
        """Where effects are sampled: the mean baseline risk, else the means of the covariates."""
        return {RISK: self.risk_centre} if self.terms.baseline_risk else self.design.centres

    @cached_property
    def reported_at(self) -> dict[str, float]:
        """Where effects are reported: `at`, or the centres.

        Raises
        ------
        InputError
            `at` names no covariate, or no value of one.
        """
        found, at = dict(self.centres), self.terms.at
        if at is None:
            return found
        if not isinstance(at, Mapping):
            names = [*self.terms.covariates, *([RISK] if self.terms.baseline_risk else [])]
            if len(names) != 1:
                raise _refused("at", at, f"is of which of {', '.join(names)}?",
                               f"Write {names[0]}=VALUE,...")  # fmt: skip
            at = {names[0]: at}
        for name, value in at.items():
            words = {column: column.removeprefix(f"{name}=") for column in found
                     if column.startswith(f"{name}=")}  # fmt: skip
            if name in found and not isinstance(value, str):
                found[name] = float(value)
            elif name in self.terms.covariates and isinstance(value, str) and words:
                known = self.network.words(name)
                if value not in known:
                    raise _refused("at", f"{name}={value}", "is not a value of this covariate",
                                   f"Use one of {', '.join(known)}")  # fmt: skip
                found |= {column: float(word == value) for column, word in words.items()}
            else:
                there = ", ".join([*self.terms.covariates, *found])
                raise _refused("at", f"{name}={value}", "is not a value of a covariate",
                               f"Effects depend on {there}")  # fmt: skip
        return found

    def to_reported(self) -> np.ndarray:
        """From coefficients to those reported: effects d at `at`; shape (coefficients, same)."""
        found = np.eye(len(self.names))
        moved = {
            name: self.reported_at[name] - centre
            for name, centre in self.centres.items() if self.reported_at[name] != centre
        }  # fmt: skip
        for number, treatment in enumerate(self.design.basic if moved else ()):
            row = self.names.index(f"d[{treatment}]")
            for name, by in moved.items():
                if name == RISK:
                    found[row, self.names.index(BASELINE_RISK)] = by
                    continue
                for share, slope in zip(
                    self.design.sharing[0][number], self.design.slopes_of(name), strict=True
                ):
                    found[row, self.names.index(slope)] += by * share
        return found

    @cached_property
    def risk(self) -> np.ndarray:
        """How often the baseline risk acts on each arm: 1, 0 on the reference or against itself."""
        reference = self.network.references[0]
        rows = self.design.rows.iloc[self.design.of("arm")]
        active = (rows["treatment"] != reference).astype(float)
        return (active - (rows["against"] != reference)).to_numpy(float)

    @cached_property
    def risk_centre(self) -> float:
        """The mean of the rough outcomes on the reference."""
        assert self.arms is not None
        weights = self.arm_weights
        rows = self.design.rows.iloc[self.design.of("arm")]
        has = ((rows["treatment"] == self.network.references[0]).to_numpy(float)
               @ self.baseline_member.T) > 0  # fmt: skip
        return float((weights @ self.arms.rough[0])[has].mean())

    @property
    def baseline_member(self) -> np.ndarray:
        assert self.arms is not None
        rows = self.design.rows.iloc[self.design.of("arm")]
        return self.arms.member * (rows["treatment"] == rows["against"]).to_numpy(float)

    @cached_property
    def arm_weights(self) -> np.ndarray:
        """Weights of a study's arms in its mean predictor, shape (studies, arms).

        With baseline risk mu itself must be sampled, as it multiplies a coefficient.
        """
        assert self.arms is not None
        member = self.baseline_member if self.terms.baseline_risk else self.arms.member
        precision = member / self.arms.rough[1]
        return np.asarray(precision / precision.sum(axis=1, keepdims=True))

    def rough_effects(self, records: Records | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Rough effects of the free rows, and their covariance, from the data alone.

        Arms are compared on the scale of the link, patients by the log-rank test; a time ratio is
        taken for a hazard ratio to minus the spread of ln event times.
        """
        values: list[np.ndarray] = []
        blocks: list[np.ndarray] = []
        rows, free = self.design.rows, set(self.design.free)
        if self.arms is not None:
            eta, variance = self.arms.rough
            for study in range(self.arms.studies):
                own = np.flatnonzero(self.arms.study == study)
                others = [row for row in own if row in free]
                values.append(eta[others] - eta[own[0]])
                blocks.append(np.diag(variance[others]) + variance[own[0]])
        if self.baseline is not None:
            assert self.patients is not None
            chosen = (records or self.patients.best).rough
            for name in self.patients.studies:
                arms = self.patients.arms_of(name)
                if len(arms) > 1:
                    mine = np.isin(chosen.arm, arms)
                    estimate, covariance = log_rank.one_step(
                        chosen.arm[mine] - arms[0],
                        chosen.time[mine],
                        chosen.event[mine],
                        chosen.entry[mine],
                    )
                    died = mine & (chosen.event == 1)
                    spread = float(np.log(chosen.time[died]).std()) if died.any() else 1.0
                    accelerated = self.baseline.scale != "ln HR"
                    factor = -max(spread, 0.05) if accelerated else 1.0
                    values.append(factor * estimate)
                    blocks.append(factor**2 * covariance)
        published = self.network.contrasts
        if len(published.rows):
            own = np.array([name != against for _, name, against in published.rows])
            values.append(published.y[own])
            blocks.append(published.covariance[np.ix_(own, own)])
        assert len(rows)
        return np.concatenate(values), block_diag(*blocks)

    def without_likelihood_limits(self) -> set[frozenset[str]]:
        """Pairs of one island whose effect only the prior keeps from being infinite.

        An arm without an event (or with nothing but events) limits its effect to one side. Two
        treatments are held by data if studies connect them through arms with both.
        """
        import networkx as nx

        rows = self.design.rows
        known = np.ones(len(rows), bool)
        if self.arms is not None and self.arms.likelihood.name != "normal":
            arms = self.network.arms.iloc[rows["place"].to_numpy()[self.design.of("arm")]]
            has, others = arm_data.events(arms, self.arms.likelihood.columns)
            low, high = (np.isfinite(limit) for limit in self.arms.likelihood.limits)
            known[self.design.of("arm")] = (has | low) & (others | high)
        if self.patients is not None:
            empty = set(self.patients.without_events)
            pairs = zip(rows["study"], rows["treatment"], strict=True)
            mine = rows["kind"] == "patients"
            known &= ~np.array([pair in empty for pair in pairs]) | ~mine.to_numpy()
        told: list[tuple[str, str]] = []
        for _, own in rows[known].groupby("study", sort=False):
            together = list(own["treatment"])
            published = own["kind"].iloc[0] == "contrast"
            centre = own["against"].iloc[0] if published else together[0]
            told += [(name, centre) for name in together if name != centre]
        graph = self.design.joined(told)
        found = set()
        names = self.network.treatments
        for first in names:
            reached = nx.node_connected_component(graph, first)
            for second in names:
                same = self.design.islands[first] == self.design.islands[second]
                if same and second not in reached:
                    found.add(frozenset((first, second)))
        return found


def build(
    network: Network,
    *,
    likelihood: str | None = None,
    link: str | None = None,
    effects: Effects = "random",
    terms: Terms | None = None,
    priors: Priors | None = None,
    time: str | None = None,
    baseline: str = "mspline",
    settings: dict[str, Any] | None = None,
    cutpoints: Effects = "fixed",
    weights: Mapping[str, float] | None = None,
) -> Model:
    """The model that is asked of a network (see `evinet.nma.fit.fit`).

    Raises
    ------
    InputError
        The data do not have what the likelihood needs, or options do not go together.
    """
    terms = terms or Terms()
    network = network.weighted(weights) if weights else network
    arms, chosen = None, None
    apart: tuple[str, ...] = ()
    if len(network.arms):
        if network.people is not None:
            raise _refused("patients", network.file, "arms and patients have no common scale",
                           "Analyse them apart, or give arms by their ln HR")  # fmt: skip
        chosen = _likelihood(network, likelihood, link, time)
        apart = tuple(arm_data.silent(network.arms, chosen.columns, chosen.link))
        network = network.without(apart) if apart else network
    elif network.people is not None:
        apart = tuple(patient_data.silent(network.people))
        if apart and (network.regression is not None or set(apart) == set(network.people["study"])):
            raise InputError(
                Problem(network.file, "event", 0, f"{', '.join(apart)} has no event",
                        "Leave the study out")
            )  # fmt: skip
        network = network.without(apart) if apart else network
    design = designs.build(network, terms)
    if chosen is not None and len(network.arms):
        arms = _arms(network, design, chosen, time)
    elif likelihood not in (None, "contrast") and network.people is None and not apart:
        raise _refused("likelihood", likelihood, "no study is given by its arms",
                       "Leave it out: contrasts are normal")  # fmt: skip
    elif likelihood not in (None, "contrast") and network.people is not None:
        raise _refused("likelihood", likelihood, "does nothing: the outcome is survival",
                       "Leave it out")  # fmt: skip
    if cutpoints != "fixed" and not network.categories:
        raise _refused("cutpoints", cutpoints, "is of ordered categories, and there are none",
                       "Name the columns of the categories, or leave it out")  # fmt: skip
    _check(network, terms, arms)
    _one_scale(network, arms)
    priors = (priors or Priors()).scaled(*_units(network, arms))
    if network.patients is None:
        return Model(network, design, effects, priors, arms, apart=apart,
                     cutpoints=cutpoints)  # fmt: skip
    from evinet.nma.likelihoods.survival.choice import choose

    published = len(network.contrasts.rows) > 0
    hazards = choose(baseline, network.patients, published, settings or {}, network.regression)
    return Model(network, design, effects, priors, None, hazards, baseline, settings or {}, apart)


def _likelihood(
    network: Network, name: str | None, link: str | None, time: str | None
) -> Likelihood:
    """The likelihood that is named, else that whose columns the arms have."""
    if name is None and network.categories:
        name = "ordered"
    if network.cause is not None and name not in (None, "poisson"):
        raise _refused("likelihood", name, "is not of a cause's events in person-time",
                       "Use poisson, or leave it out")  # fmt: skip
    name = "poisson" if network.cause is not None else name
    if (name == "ordered") != bool(network.categories):
        raise _refused("likelihood", name, "and ordered categories go together",
                       "Name the columns of the categories, or none")  # fmt: skip
    if name is None:
        fits = [
            each for each in dict.fromkeys(name for name, _ in LIKELIHOODS if name != "ordered")
            if set(LIKELIHOODS[each, links(each)[0]].columns) <= set(network.arms)
        ]  # fmt: skip
        if len(fits) != 1:
            found = ", ".join(fits) or "none"
            raise _refused("likelihood", "(not given)", f"the columns fit {found} of binomial (r, "
                           "n), normal (y, se) and poisson (r, e)", "Name one")  # fmt: skip
        name = fits[0]
    if name not in {"binomial2", *(each for each, _ in LIKELIHOODS)}:
        raise _refused("likelihood", name, "is not a likelihood for arms",
                       "Use binomial, binomial2, ordered, normal or poisson")  # fmt: skip
    of_two = name == "binomial2"
    if of_two and network.regression is None:
        raise _refused("likelihood", name, "is of published arms that are averaged over patients' "
                       "covariates", "Use binomial")  # fmt: skip
    name = "binomial" if of_two else name
    if time is not None and (name != "binomial" or link not in (None, "cloglog")):
        raise _refused("time", time, "is the follow-up of binomial arms with the cloglog link",
                       "Use link cloglog, or leave the column out")  # fmt: skip
    counts = name in ("binomial", "ordered") and time is None
    asked = LINKS.get(network.measure or "") if counts else None
    link = link or asked or ("cloglog" if time is not None else links(name)[0])
    if (name, link) not in LIKELIHOODS:
        raise _refused("link", link, f"is not a link of the {name} likelihood",
                       f"Use one of {', '.join(links(name))}")  # fmt: skip
    chosen = replace(LIKELIHOODS[name, link], of_two=of_two)
    if not chosen.ordered:
        return chosen
    return replace(chosen, columns=(*map(usertable.column, network.categories), "n"))


def _arms(network: Network, design: Design, likelihood: Likelihood, time: str | None) -> Arms:
    from evinet.usertable import column

    x, s, offset = arm_data.data(network.arms, likelihood.columns, time and column(time))
    place = design.rows["place"].to_numpy()[design.of("arm")]
    studies = list(design.rows["study"].iloc[design.of("arm")])
    numbers = {study: number for number, study in enumerate(dict.fromkeys(studies))}
    study = np.array([numbers[name] for name in studies])
    found = Arms(likelihood, x[place], s[place], offset[place], study, network.categories)
    if not set(network.weights) & set(studies):
        return found
    return found.weighted(np.array([network.weights.get(name, 1.0) for name in studies]))


def _units(network: Network, arms: Arms | None) -> tuple[float, float]:
    """Powers of ten: the size of outcomes, and of effects, as shares of which priors are wide.

    1 up to 10, as on the scale of logarithms, where no outcome of a study is larger.
    """
    contrasts = network.contrasts
    effects = [contrasts.y, np.sqrt(np.diag(contrasts.covariance))]
    levels: list[np.ndarray] = []
    if arms is not None and arms.likelihood.link == "identity":
        eta, variance = arms.rough
        levels = [eta, np.sqrt(variance)]
        for study in range(arms.studies):
            own = arms.study == study
            effects += [eta[own] - eta[own].min(), np.sqrt(variance[own])]
    return _unit(levels), _unit(effects)


def _unit(values: list[np.ndarray]) -> float:
    largest = max((float(abs(each).max(initial=0.0)) for each in values), default=0.0)
    return float(10 ** max(np.ceil(np.log10(max(largest, 1.0) / 10)), 0))


def _one_scale(network: Network, arms: Arms | None) -> None:
    """Refuse effects of another measure than that of the arms, or of the patients."""
    told = SCALES.get(network.measure or "")
    if told is None:
        return
    scale = arms.likelihood.scale if arms is not None else told
    if network.people is not None and told not in ("ln HR", "ln ratio"):
        scale = "ln HR"
    if scale != told and not (told == "ln ratio" and scale.startswith("ln ")):
        raise _refused("measure", network.measure, f"is not on the scale of the other studies, "
                       f"{scale}", "Give all effects on one scale")  # fmt: skip


def _check(network: Network, terms: Terms, arms: Arms | None) -> None:
    if terms.baseline_risk and (arms is None or len(network.contrasts.rows)):
        raise _refused("baseline_risk", True, "a contrast has no baseline risk",
                       "Give every study by its arms")  # fmt: skip
    if terms.baseline_risk and arms is not None and arms.likelihood.limited:
        raise _refused("baseline_risk", True, f"is not defined for the {arms.likelihood.link} "
                       "link, whose risks have limits", "Use link logit")  # fmt: skip
    if terms.baseline_risk and (terms.group or len(network.references) > 1 or terms.unrelated):
        raise _refused("baseline_risk", True, "needs consistent effects in one island without a "
                       "class", "Leave one of the two out")  # fmt: skip
    if network.regression is not None and arms is not None:
        if arms.likelihood.limited:
            raise _refused("link", arms.likelihood.link, "lets patients' covariates take risks "
                           "beyond 0 and 1", f"Use one of {', '.join(PATIENTS)}")  # fmt: skip
        if terms.baseline_risk:
            raise _refused("baseline_risk", True, "is not defined beside patients' covariates",
                           "Leave one of the two out")  # fmt: skip
    if terms.at is not None and (
        terms.unrelated or (not terms.covariates) == (not terms.baseline_risk)
    ):
        raise _refused("at", terms.at, "needs one covariate, or the baseline risk, for effects to "
                       "depend on",
                       "Give it with a covariate or baseline risk, and not with ume")  # fmt: skip


def _refused(field: str, value: object, message: str, remedy: str) -> InputError:
    return InputError(Problem("(options)", field, value, message, remedy))
