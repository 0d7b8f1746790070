"""The Bayesian model of a network of survival trials, and the normal algebra that it rests on.

Row i of the network compares treatment t with comparator c of trial j (Dias et al., NICE TSD 2):

    theta ~ Normal(A d, tau^2 H)              H: 1 on the diagonal, 1/2 between contrasts of a trial
    y ~ Normal(theta, V)                      published ln HR, V: squared standard errors, and the
                                              variance of the shared comparator between contrasts
    events ~ Poisson(exposure * hazard)       reconstructed patients, piecewise exponential
    d_k ~ Normal(0, prior SD), d_reference = 0

A class effect makes the members of a class exchangeable, d_k = mean + sigma * u_k with
u_k ~ Normal(0, 1) (Dias et al., NICE TSD 3, section 5).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from evinet.config import Config, Model
from evinet.synthesise import priors
from evinet.synthesise.network import Network

INTERVALS = 12
FAR = 15.0
"""Log hazard ratios are sought up to this far from 0."""


@dataclass(frozen=True)
class Exposure:
    """Events and patient-months of one trial's arms in each interval of time.

    `events` and `exposure` have shape (2, intervals), the comparator first.
    """

    events: np.ndarray
    exposure: np.ndarray


@dataclass(frozen=True)
class Contrasts:
    """Rows of a network: `design` (rows, treatments), y (rows,), V and H (rows, rows)."""

    trials: list[str]
    treatments: list[str]
    design: np.ndarray
    y: np.ndarray
    within: np.ndarray
    between: np.ndarray

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Treatment and comparator of each row."""
        return [
            (self.treatments[int(row.argmax())], self.treatments[int(row.argmin())])
            for row in self.design
        ]

    def subset(self, rows: np.ndarray) -> Contrasts:
        """Some of the rows, by a mask or their numbers."""
        index = np.arange(len(self.trials))[rows]
        both = np.ix_(index, index)
        trials = [self.trials[number] for number in index]
        return Contrasts(
            trials, self.treatments, self.design[index], self.y[index],
            self.within[both], self.between[both],
        )  # fmt: skip


def contrasts(network: Network) -> Contrasts:
    """The rows of a network's studies table as normal likelihood."""
    studies = network.studies
    treatments = list(network.nodes["treatment"])
    design = np.zeros((len(studies), len(treatments)))
    for row, study in enumerate(studies.to_dict("records")):
        design[row, treatments.index(study["treatment"])] += 1
        design[row, treatments.index(study["comparator"])] -= 1
    trials = studies["trial"].astype(str).to_numpy()
    same = trials[:, None] == trials[None, :]
    own = np.eye(len(studies)) == 1
    shared = studies["shared_variance"].fillna(0.0).to_numpy(float)
    within = np.where(own, studies["se"].to_numpy(float) ** 2, same * shared[:, None])
    y = studies["log_estimate"].to_numpy(float)
    return Contrasts(list(trials), treatments, design, y, within, np.where(own, 1.0, same / 2))


@dataclass(frozen=True)
class Specification:
    """One model of one network of an analysis."""

    analysis: str
    network: Network
    model: Model
    config: Config
    ipd: dict[str, list[Exposure]] = field(default_factory=dict)
    """Trial -> the exposure of each of its reconstructions."""

    @property
    def treatments(self) -> list[str]:
        return list(self.network.nodes["treatment"])

    @property
    def members(self) -> list[str]:
        """Members of the bridge's class that are in the network."""
        if self.model.bridge is None:
            return []
        members = self.config.bridges[self.model.bridge].members
        return [treatment for treatment in self.treatments if treatment in members]

    @property
    def apart(self) -> dict[str, int]:
        """Treatment -> island, without any bridge."""
        numbers = self.network.nodes["component"].astype(int)
        return dict(zip(self.treatments, numbers, strict=True))

    @property
    def islands(self) -> dict[str, int]:
        """Treatment -> island, after the bridge: the lowest number of the islands it joins."""
        joined = {self.apart[treatment] for treatment in self.members}
        return {
            treatment: min(joined) if island in joined else island
            for treatment, island in self.apart.items()
        }

    @property
    def references(self) -> dict[int, str]:
        """Island, after the bridge -> its reference: the first one that the analysis names."""
        first: dict[int, str] = {}
        for treatment in self.config.analyses[self.analysis].references:
            first.setdefault(self.islands[treatment], treatment)
        return first

    @property
    def reconstructions(self) -> int:
        """How many reconstructions of patients the model is fitted to; 1 without patients."""
        return max((len(draws) for draws in self.ipd.values()), default=1)

    @property
    def tau_prior(self) -> priors.Prior | None:
        """The prior of tau; None with fixed effects."""
        if self.model.effects == "fixed":
            return None
        if self.model.tau_prior is not None:
            return priors.parse(self.model.tau_prior)
        return half_normal(self.config.heterogeneity.scale)

    @property
    def sigma_prior(self) -> priors.Prior | None:
        """The prior of sigma; None without a bridge, or where the model fixes sigma."""
        if self.model.bridge is None or self.model.sigma is not None:
            return None
        prior = self.config.bridges[self.model.bridge].sigma_prior
        return None if prior is None else half_normal(prior.scale)

    @property
    def reported(self) -> list[str]:
        """The variables of the posterior that are reported."""
        names = {"tau": self.tau_prior, "sigma": self.sigma_prior}
        return ["d", *(name for name, prior in names.items() if prior is not None)]

    def effect_covariance(self, sigma: np.ndarray | float) -> np.ndarray:
        """Prior covariance of d given sigma of shape (...): (..., treatments, treatments)."""
        basic = np.array([float(name not in self.references.values()) for name in self.treatments])
        member = np.array([float(name in self.members) for name in self.treatments])
        square = np.asarray(sigma, dtype=float)[..., None, None] ** 2
        wide = self.config.effect_prior_sd**2
        own = wide * np.diag(basic * (1 - member))
        return own + wide * np.outer(member, member) + square * np.diag(member)


def half_normal(scale: float) -> priors.Prior:
    """The half-normal prior of that scale."""
    return priors.parse(f"half-normal({scale!r})")


def study_effects(
    rows: Contrasts, d: np.ndarray, tau: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draws of theta given d, tau and y, shape (draws, rows).

    A draw of theta and of data, given d and tau, is moved to the observed data by the regression of
    theta on y (Doucet 2010, Matheron's rule): the result is a draw of the conditional.
    """
    mean = d @ rows.design.T
    unit = rng.standard_normal((2, *mean.shape))
    theta = mean + tau[:, None] * (unit[0] @ np.linalg.cholesky(rows.between).T)
    new = theta + unit[1] @ np.linalg.cholesky(rows.within).T
    spread = tau[:, None, None] ** 2 * rows.between
    gain = np.linalg.solve(rows.within + spread, (rows.y - new)[..., None])
    return theta + (spread @ gain)[..., 0]


def exposures(ipd: pd.DataFrame, treatment: str, comparator: str) -> list[Exposure]:
    """Events and exposure of every draw of a reconstruction (table IPD), by quantiles of events.

    The proportional, piecewise exponential model depends on the patients through these alone, so
    its cost does not grow with them. The cut points are those of draw 0, the same for all draws.
    Draw 0 is the best reconstruction; the draws that carry what is open are 1 to M, and only they
    are returned when there are any.
    """
    best = ipd[ipd["draw"] == 0]
    shares = np.linspace(0, 1, INTERVALS + 1)[1:-1]
    cuts = np.unique(np.quantile(best.loc[best["event"] == 1, "time"].to_numpy(float), shares))
    edges = np.concatenate([[0.0], cuts, [np.inf]])
    numbers = sorted(set(ipd["draw"]) - {0}) or [0]
    return [
        _exposure(ipd[ipd["draw"] == number], (comparator, treatment), edges) for number in numbers
    ]


def summary(draws: list[Exposure]) -> tuple[float, float]:
    """Mean and variance of the log hazard ratio in the likelihood of reconstructed patients.

    The maximum of the piecewise exponential likelihood, its hazards profiled out; the variance is
    the mean of the reconstructions' own plus that between them (Rubin 1987, infinitely many). Both
    arms need events.
    """
    estimates, variances = zip(*map(_maximum, draws), strict=True)
    between = float(np.var(estimates, ddof=1)) if len(draws) > 1 else 0.0
    return float(np.mean(estimates)), float(np.mean(variances)) + between


def _maximum(draw: Exposure) -> tuple[float, float]:
    """Where one reconstruction's likelihood is highest, and 1 / its curvature there."""
    total = draw.events.sum(axis=0)

    def treated_share(theta: float) -> np.ndarray:
        treated = draw.exposure[1] * np.exp(theta)
        at_risk = draw.exposure[0] + treated
        return np.divide(treated, at_risk, out=np.zeros_like(treated), where=at_risk > 0)

    def score(theta: float) -> float:
        return float((draw.events[1] - total * treated_share(theta)).sum())

    estimate = float(brentq(score, -FAR, FAR))
    share = treated_share(estimate)
    return estimate, 1 / float((total * share * (1 - share)).sum())


def _exposure(patients: pd.DataFrame, arms: tuple[str, str], edges: np.ndarray) -> Exposure:
    events, exposure = [], []
    for arm in arms:
        mine = patients[patients["arm"] == arm]
        time, event = mine["time"].to_numpy(float), mine["event"].to_numpy(int) == 1
        inside = np.clip(time[:, None], edges[:-1], edges[1:]) - edges[:-1]
        exposure.append(inside.sum(axis=0))
        interval = np.searchsorted(edges, time[event], side="left") - 1
        events.append(np.bincount(np.clip(interval, 0, None), minlength=len(edges) - 1))
    return Exposure(np.array(events, dtype=float), np.array(exposure))
