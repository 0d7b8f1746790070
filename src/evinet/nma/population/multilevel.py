"""Multilevel network meta-regression: patients of some trials, published arms of the others.

Phillippo et al. 2020 (J R Stat Soc A 183:1189). A patient i of study j on treatment k has

    link(p) = mu_j + x_i'beta + d_k + x_i'gamma_c(k),   r_i ~ Bernoulli(p)

and a published arm the average of p over its covariates' joint distribution, which points of
quasi-Monte Carlo stand for (see `margins`): r ~ Binomial(n, mean p). The interactions gamma are one
set for all treatments against the reference (common), one a class, or one a treatment.
Effects are fixed.

The posterior is sampled without a Markov chain: independent draws from a Student t around the mode,
with the curvature there, are weighted by how much they differ from the posterior (Pareto-smoothed
importance sampling, Vehtari et al. 2024, J Mach Learn Res 25:72). A Pareto k above 0.7 is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import optimize, special

from evinet import seeds
from evinet.errors import InputError, Problem
from evinet.nma import distribution
from evinet.nma.data import arms as arm_data
from evinet.nma.data import frames
from evinet.nma.population import comparison, margins, summaries
from evinet.usertable import column

Interactions = Literal["common", "class", "treatment"]
POINTS, FINE = 256, 2048
PROPOSED, KEPT, BATCH = 6_000, 4_000, 250
COMPARED = 1_000  # draws, for the integration error
DEGREES = 50.0
WORST = 0.7  # Pareto k
STEP = 1e-5


@dataclass(frozen=True)
class Link:
    """A link of binomial outcomes: its inverse, that one's slope, and its logarithm."""

    share: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]
    log: Callable[[np.ndarray], np.ndarray]
    back: Callable[[np.ndarray], np.ndarray]


LINKS = {
    "logit": Link(special.expit, lambda eta: special.expit(eta) * special.expit(-eta),
                  special.log_expit, special.logit),
    "probit": Link(special.ndtr, lambda eta: np.exp(-(eta**2) / 2) / np.sqrt(2 * np.pi),
                   special.log_ndtr, special.ndtri),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Data:
    """The design: one row for each patient, and a block of points a published arm.

    Attributes
    ----------
    columns, sign
        Of the patients, shape (patients, coefficients); 1 for an event, -1 for none.
    points
        Shape (arms, points, coefficients).
    r, n
        Of the published arms.
    """

    columns: np.ndarray
    sign: np.ndarray
    points: np.ndarray
    r: np.ndarray
    n: np.ndarray

    def log_arms(self, theta: np.ndarray, link: Link) -> np.ndarray:
        """Log-likelihood of the published arms for draws, shape (draws,)."""
        eta = np.einsum("sp,aqp->saq", theta, self.points, optimize=True)
        share = link.share(eta).mean(axis=-1).clip(1e-300, 1 - 1e-16)
        return np.asarray((self.r * np.log(share) + (self.n - self.r) * np.log1p(-share)).sum(1))

    def log_likelihood(self, theta: np.ndarray, link: Link) -> np.ndarray:
        """Of all data for draws, shape (draws,)."""
        return link.log((theta @ self.columns.T) * self.sign).sum(axis=1) + self.log_arms(
            theta, link
        )

    def slope(self, theta: np.ndarray, link: Link) -> np.ndarray:
        """Its gradient at one point, shape (coefficients,)."""
        signed = (self.columns @ theta) * self.sign
        own = np.exp(np.log(link.slope(signed).clip(1e-300)) - link.log(signed)) * self.sign
        eta = self.points @ theta
        share = link.share(eta).mean(axis=1).clip(1e-300, 1 - 1e-16)
        outer = self.r / share - (self.n - self.r) / (1 - share)
        inner = np.einsum("aq,aqp->ap", link.slope(eta), self.points) / eta.shape[1]
        return np.asarray(own @ self.columns + outer @ inner)


@dataclass(frozen=True, eq=False)
class Multilevel:
    """A fitted model.

    Attributes
    ----------
    names, draws
        Of the coefficients: mu[study], beta[covariate], d[treatment] (against the reference at the
        centre) and gamma[class, covariate]; shape (draws, coefficients).
    covariates, centre
        Names, and where d is: the mean over all patients and published arms.
    treatments, groups
        The reference first; the class of each (of interactions).
    populations
        Study -> points of its covariates, one column for each covariate.
    pareto_k, effective
        How well the draws stand for the posterior: below 0.7, and the effective number of draws.
    integration_error
        How far the means of coefficients would move with more points, as a share of their posterior
        standard deviation: the largest.
    """

    link: str
    names: list[str]
    draws: np.ndarray
    covariates: list[str]
    centre: np.ndarray
    treatments: list[str]
    groups: dict[str, str]
    populations: dict[str, pd.DataFrame]
    pareto_k: float
    effective: float
    integration_error: float

    @cached_property
    def _place(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}

    def coefficients(self) -> pd.DataFrame:
        """Mean, sd and quantiles of every coefficient."""
        rows = [distribution.summary(self.draws[:, place]) for place in range(len(self.names))]
        return pd.DataFrame(rows).assign(parameter=self.names)[["parameter", *rows[0]]]

    def effects(self, population: pd.DataFrame | str) -> pd.DataFrame:
        """Average conditional effects against the reference in a population, on the link's scale.

        Parameters
        ----------
        population
            Points of the covariates (one row for each patient), or the name of a study.
        """
        x = self._population(population)
        rows = []
        for name in self.treatments[1:]:
            drawn = self._effect(name, x.mean(axis=0)[None])[:, 0]
            rows.append({"treatment": name, "comparator": self.treatments[0],
                         **distribution.summary(drawn)})  # fmt: skip
        return pd.DataFrame(rows)

    def absolute(self, population: pd.DataFrame | str, baseline: str | None = None) -> pd.DataFrame:
        """Share of patients with the event on each treatment, averaged over a population.

        Parameters
        ----------
        baseline
            The study whose baseline risk the population has; by default the population's own.
        """
        shares = self._shares(population, baseline)
        rows = [{"treatment": name, **distribution.summary(each)} for name, each in shares.items()]
        return pd.DataFrame(rows)

    def marginal(self, population: pd.DataFrame | str, baseline: str | None = None) -> pd.DataFrame:
        """Marginal effects: the averaged shares on two treatments, compared on the link's scale."""
        shares = self._shares(population, baseline)
        back = LINKS[self.link].back
        first = back(shares[self.treatments[0]])
        rows = [
            {"treatment": name, "comparator": self.treatments[0],
             **distribution.summary(back(shares[name]) - first)}
            for name in self.treatments[1:]
        ]  # fmt: skip
        return pd.DataFrame(rows)

    def _population(self, population: pd.DataFrame | str) -> np.ndarray:
        if isinstance(population, str):
            if population not in self.populations:
                raise InputError(
                    Problem("(options)", "population", population, "is none of the studies",
                            f"Use one of {', '.join(self.populations)}, or give its patients")
                )  # fmt: skip
            population = self.populations[population]
        return population[self.covariates].to_numpy(float) - self.centre

    def _effect(self, treatment: str, x: np.ndarray) -> np.ndarray:
        """Effect against the reference in patients x (centred), shape (draws, patients)."""
        if treatment == self.treatments[0]:
            return np.zeros((len(self.draws), len(x)))
        group = self.groups[treatment]
        places = [self._place[f"gamma[{group}, {name}]"] for name in self.covariates]
        return self.draws[:, self._place[f"d[{treatment}]"], None] + self.draws[:, places] @ x.T

    def _shares(
        self, population: pd.DataFrame | str, baseline: str | None
    ) -> dict[str, np.ndarray]:
        x = self._population(population)
        study = baseline if baseline is not None else population
        if not isinstance(study, str) or f"mu[{study}]" not in self._place:
            raise InputError(
                Problem("(options)", "baseline", str(baseline), "names no study whose baseline "
                        "risk the population has", f"Use one of {', '.join(self.populations)}")
            )  # fmt: skip
        betas = [self._place[f"beta[{name}]"] for name in self.covariates]
        level = self.draws[:, self._place[f"mu[{study}]"], None] + self.draws[:, betas] @ x.T
        return {
            name: LINKS[self.link].share(level + self._effect(name, x)).mean(axis=1)
            for name in self.treatments
        }


def fit(
    patients: pd.DataFrame,
    aggregate: pd.DataFrame,
    on: Sequence[str],
    *,
    reference: str,
    covariates: pd.DataFrame | None = None,
    interactions: Interactions = "common",
    classes: Mapping[str, str] | None = None,
    link: str = "logit",
    families: Mapping[str, str] | None = None,
    points: int = POINTS,
    prior_sd: float = 10.0,
    seed: int = 1,
) -> Multilevel:
    """Fit the model to binary outcomes.

    Parameters
    ----------
    patients
        One row for each patient: study, treatment, r (0 or 1) and the covariates.
    aggregate
        One row for each arm: study, treatment, r, n.
    on
        The covariates.
    reference
        The treatment that effects are against.
    covariates
        The published covariates of each arm or study (see `summaries.read`); by default they stand
        in `aggregate`.
    interactions, classes
        What shares interactions; the class of each treatment.
    link
        logit or probit.
    families
        Families of the covariates' margins (see `margins.margin`).
    points
        Quasi-Monte-Carlo points an arm, a power of two.
    prior_sd
        Of the normal priors of all coefficients.

    Raises
    ------
    InputError
        Whatever is wrong with the tables; studies that nothing connects; a posterior that the draws
        do not stand for.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> own = pd.DataFrame({"study": "S1", "treatment": ["A", "B"] * 300,
    ...                     "age": rng.normal(60, 8, 600)})
    >>> own["r"] = (rng.random(600) < np.where(own["treatment"] == "B", 0.3, 0.5)).astype(int)
    >>> other = pd.DataFrame({"study": "S2", "treatment": ["A", "C"], "r": [60, 40],
    ...                       "n": [120, 120], "age_mean": [65, 65], "age_sd": [7, 7]})
    >>> found = fit(own, other, ["age"], reference="A")
    >>> found.effects("S2")["treatment"].tolist()
    ['B', 'C']
    """
    names = [column(name) for name in on]
    people, kind = comparison.outcomes(
        frames.prepared(patients, ("study", "treatment"), names), names
    )
    if kind != "binomial":
        raise InputError(
            Problem(str(people.attrs["file"]), "(columns)", kind, "outcomes are not fitted here",
                    "Give r, 0 or 1")
        )  # fmt: skip
    if link not in LINKS:
        raise InputError(Problem("(options)", "link", link, "is no link of binary outcomes",
                                 f"Use one of {', '.join(LINKS)}"))  # fmt: skip
    arms = frames.prepared(aggregate, ("study", "treatment", "r", "n"), names)
    problems: list[Problem] = []
    for name in ("r", "n"):
        arms[name] = frames.numbers(arms, name, problems)
    frames.stop(problems)
    r, n, _ = arm_data.data(arms, ("r", "n"), None)
    treatments = _treatments(people, arms, reference)
    groups = _groups(treatments, interactions, classes)
    published = _published(people, arms, covariates, names, dict(families or {}))
    centre = _centre(people, published, n, names)
    coefficients = _names(people, arms, names, treatments, groups)

    def data(count: int) -> Data:
        drawn = [_points(people, each, names, count, seed, number)
                 for number, each in enumerate(published)]  # fmt: skip
        blocks = [
            _columns([study] * count, [treatment] * count, x[names].to_numpy() - centre, names,
                     coefficients, treatments, groups)
            for x, study, treatment in zip(drawn, arms["study"], arms["treatment"], strict=True)
        ]  # fmt: skip
        own = _columns(list(people["study"]), list(people["treatment"]),
                       people[names].to_numpy(float) - centre, names, coefficients, treatments,
                       groups)  # fmt: skip
        return Data(own, np.where(people["r"] == 1, 1.0, -1.0), np.stack(blocks), r, n)

    model, chosen = data(points), LINKS[link]
    draws, k, effective = _sampled(model, chosen, prior_sd, seed)
    if k > WORST:
        raise InputError(
            Problem(str(people.attrs["file"]), "covariates", ", ".join(names),
                    f"the draws do not stand for the posterior (Pareto k {k:.2f})",
                    "Use fewer covariates or common interactions: the data do not tell these apart")
        )  # fmt: skip
    error = _integration_error(draws[:COMPARED], model, data(FINE), chosen)
    populations = {str(study): own[names] for study, own in people.groupby("study", sort=False)}
    for study in dict.fromkeys(arms["study"]):
        mine = np.flatnonzero((arms["study"] == study).to_numpy())
        whole = [_points(people, published[row], names, FINE, seed, int(row)) for row in mine]
        share = np.round(FINE * n[mine] / n[mine].sum()).astype(int)
        populations[study] = pd.concat(
            [each.iloc[:count] for each, count in zip(whole, share, strict=True)]
        )
    return Multilevel(
        link, coefficients, draws, names, centre, treatments, groups, populations, k, effective,
        error,
    )  # fmt: skip


def _integration_error(draws: np.ndarray, coarse: Data, fine: Data, link: Link) -> float:
    """How far the means of coefficients would move with finer integration, in standard deviations.

    To first order a mean moves by its covariance with the change of the log-likelihood. The change
    is regressed on the draws, which leaves out the noise of their number.
    """
    parts = np.array_split(draws, max(len(draws) // BATCH, 1))
    moved = np.concatenate([fine.log_arms(x, link) - coarse.log_arms(x, link) for x in parts])
    centred = draws - draws.mean(axis=0)
    slope = np.linalg.lstsq(centred, moved - moved.mean(), rcond=None)[0]
    covariance = centred.T @ centred / len(draws)
    return float(abs(covariance @ slope / np.sqrt(np.diag(covariance))).max())


def _treatments(people: pd.DataFrame, arms: pd.DataFrame, reference: str) -> list[str]:
    from evinet.nma.network import islands_of

    file = str(arms.attrs["file"])
    both = sorted(set(people["study"]) & set(arms["study"]))
    if both:
        raise InputError(Problem(file, "study", ", ".join(both), "has patients as well",
                                 "A study enters once: leave out its arms"))  # fmt: skip
    members: dict[str, set[str]] = {}
    for frame in (people, arms):
        for study, treatment in zip(frame["study"], frame["treatment"], strict=True):
            members.setdefault(study, set()).add(treatment)
    islands = islands_of(members)
    if len(islands) > 1:
        raise InputError(Problem(file, "study", "; ".join(", ".join(each) for each in islands),
                                 "are treatments that no study connects",
                                 "Analyse one island at a time"))  # fmt: skip
    if reference not in islands[0]:
        raise InputError(Problem(file, "reference", reference, "is none of the treatments",
                                 f"Use one of {', '.join(islands[0])}"))  # fmt: skip
    return [reference, *(name for name in islands[0] if name != reference)]


def _groups(
    treatments: list[str], interactions: Interactions, classes: Mapping[str, str] | None
) -> dict[str, str]:
    others = treatments[1:]
    if interactions == "treatment":
        return {name: name for name in others}
    if interactions == "common":
        return dict.fromkeys(others, "all")
    lacking = [name for name in others if name not in (classes or {})]
    if lacking or classes is None:
        raise InputError(Problem("(options)", "classes", ", ".join(lacking), "have no class",
                                 "Give the class of each treatment but the reference"))  # fmt: skip
    return {name: classes[name] for name in others}


def _published(
    people: pd.DataFrame, arms: pd.DataFrame, table: pd.DataFrame | None, names: list[str],
    families: dict[str, str],
) -> list[dict[str, margins.Margin]]:  # fmt: skip
    """The margins of each published arm."""
    source = arms if table is None else table
    binary = {name for name in names if people[name].isin([0, 1]).all()}
    rows = summaries.read(source, names, binary)
    where = str(source.attrs.get("file", frames.FRAME))
    found = []
    for study, treatment in zip(arms["study"], arms["treatment"], strict=True):
        mine = [row for row in rows if row.study == study and row.treatment in (treatment, "")]
        if not mine:
            raise InputError(Problem(where, "study", study, f"has no covariates for {treatment}",
                                     "Add a row of the arm, or of the study"))  # fmt: skip
        found.append({
            name: margins.margin(name, mine[0].covariates[name], people[name].to_numpy(float),
                                 families.get(name), where)
            for name in names
        })  # fmt: skip
    return found


def _centre(
    people: pd.DataFrame, published: list[dict[str, margins.Margin]], n: np.ndarray,
    names: list[str],
) -> np.ndarray:  # fmt: skip
    means = np.array([[each[name].mean for name in names] for each in published])
    total = people[names].sum().to_numpy(float) + n @ means
    return np.asarray(total / (len(people) + n.sum()))


def _points(
    people: pd.DataFrame, own: dict[str, margins.Margin], names: list[str], count: int, seed: int,
    number: int,
) -> pd.DataFrame:  # fmt: skip
    correlated = margins.correlation(people, names)
    return margins.points(own, correlated, count, seeds.seed_sequence(seed, f"points/{number}"))


def _names(
    people: pd.DataFrame, arms: pd.DataFrame, names: list[str], treatments: list[str],
    groups: dict[str, str],
) -> list[str]:  # fmt: skip
    studies = dict.fromkeys([*people["study"], *arms["study"]])
    return [
        *(f"mu[{study}]" for study in studies), *(f"beta[{name}]" for name in names),
        *(f"d[{name}]" for name in treatments[1:]),
        *(f"gamma[{group}, {name}]" for group in dict.fromkeys(groups.values()) for name in names),
    ]  # fmt: skip


def _columns(
    studies: list[str], given: list[str], x: np.ndarray, names: list[str], coefficients: list[str],
    treatments: list[str], groups: dict[str, str],
) -> np.ndarray:  # fmt: skip
    place = {name: number for number, name in enumerate(coefficients)}
    found = np.zeros((len(x), len(coefficients)))
    rows = np.arange(len(x))
    found[rows, [place[f"mu[{study}]"] for study in studies]] = 1.0
    found[:, [place[f"beta[{name}]"] for name in names]] = x
    for treatment in treatments[1:]:
        own = np.flatnonzero(np.array(given) == treatment)
        found[own, place[f"d[{treatment}]"]] = 1.0
        gamma = [place[f"gamma[{groups[treatment]}, {name}]"] for name in names]
        found[own[:, None], gamma] = x[own]
    return found


def _sampled(data: Data, link: Link, prior_sd: float, seed: int) -> tuple[np.ndarray, float, float]:
    """Draws of the posterior, Pareto k, and the effective number of independent draws."""
    from arviz import psislw

    size = data.columns.shape[1]

    def negative(theta: np.ndarray) -> tuple[float, np.ndarray]:
        value = data.log_likelihood(theta[None], link)[0] - 0.5 * (theta @ theta) / prior_sd**2
        return -float(value), -(data.slope(theta, link) - theta / prior_sd**2)

    found: Any = optimize.minimize(
        negative, np.zeros(size), jac=True, method="BFGS", options={"gtol": 1e-5, "maxiter": 2000}
    )
    mode = found.x
    steps = np.eye(size) * STEP
    curvature = np.array([
        (negative(mode + step)[1] - negative(mode - step)[1]) / (2 * STEP) for step in steps
    ])  # fmt: skip
    values, vectors = np.linalg.eigh((curvature + curvature.T) / 2)
    root = vectors / np.sqrt(values.clip(min=1 / prior_sd**2))
    rng = seeds.generator(seed, "multilevel")
    unit = rng.standard_normal((PROPOSED, size))
    scale = np.sqrt(DEGREES / rng.chisquare(DEGREES, PROPOSED))
    unit = unit * scale[:, None]
    theta = mode + unit @ root.T
    density = -0.5 * (DEGREES + size) * np.log1p((unit**2).sum(axis=1) / DEGREES)
    log = np.concatenate([
        data.log_likelihood(part, link) for part in np.array_split(theta, PROPOSED // BATCH)
    ])  # fmt: skip
    log = log - 0.5 * (theta**2).sum(axis=1) / prior_sd**2 - density
    smoothed, k = psislw(log)
    weight = np.exp(smoothed - special.logsumexp(smoothed))
    cuts = (rng.random() + np.arange(KEPT)) / KEPT  # systematic resampling
    chosen = np.searchsorted(np.cumsum(weight), cuts).clip(max=PROPOSED - 1)
    return theta[rng.permutation(chosen)], float(k), float(1 / (weight**2).sum())
