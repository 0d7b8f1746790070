"""M-spline baseline hazards with a random-walk prior (Phillippo et al. 2024, arXiv:2401.12640).

    h(t) = exp(mu + theta) * sum_k s_k M_k(t)
    s = softmax(logits of a constant hazard + random walks with standard deviations sigma)

A stratum is a set of arms that share their coefficients s: a study under proportional hazards, an
arm when hazards need not be proportional. Each stratum has a random walk of its own; where
treatments have effects on the shape, each study and each treatment but the reference has one, and
an arm adds its study's and its treatment's, less that of its study's baseline arm. Those effects
need one basis for all studies, so that a coefficient means the same time in each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from evinet.nma.data.patients import Patients, Records
from evinet.nma.likelihoods.scaled_normal import standard_normal
from evinet.nma.likelihoods.survival.baseline import intercepts, spline_basis, within
from evinet.nma.likelihoods.survival.random_walk import Shape, coordinates
from evinet.nma.likelihoods.survival.sharing import ShapeEffects, Sharing, shape_effects
from evinet.nma.likelihoods.survival.splines import Basis
from evinet.nma.likelihoods.survival.sufficient import event_nodes, intervals

NODES = 12  # event nodes between two knots: the log-likelihood is right to about 1e-4


@dataclass(frozen=True)
class MSpline:
    """M-spline baselines of a network's studies.

    Parameters
    ----------
    patients : whose hazards they are.
    knots : number of internal knots, at quantiles of the study's event times, or of all studies'
        when treatments have effects on the shape.
    cuts : internal knots of every study in their place, such as (6.0, 12.0, 24.0).
    shapes : who shares the coefficients (see `sharing`).
    sigma_scale : scale of the half-normal prior of each walk's sigma.
    intercept_sd : standard deviation of the normal prior of each study's intercept mu.
    """

    patients: Patients
    knots: int = 7
    degree: int = 3
    shapes: Sharing = "study"
    sigma_scale: float = 1.0
    intercept_sd: float = 100.0
    cuts: tuple[float, ...] | None = None

    scale = "ln HR"
    parameters = ("mu", "step_sd")
    positive = ("step_sd", "coefficients")

    @property
    def saved(self) -> tuple[str, ...]:
        """Variables that `hazards` needs."""
        found = ("mu", "step_sd", "coefficients")
        return (*found, "shape") if self.shapes == "treatment" else found

    @cached_property
    def effects(self) -> ShapeEffects:
        """Effects of treatments on the coefficients."""
        return shape_effects(self.patients)

    def reached(self, study: str) -> list[str] | None:
        """Treatments with a hazard in a study; None: all of its island."""
        own = [self.patients.arms[number][1] for number in self.patients.arms_of(study)]
        if self.shapes == "treatment":
            return self.effects.reached(own[0])
        return None if self.shapes == "study" else own

    @property
    def priors(self) -> dict[str, str]:
        """Priors of its parameters, as formulas."""
        return {
            "mu": f"normal(0, {self.intercept_sd:g})",
            "step_sd": f"half-normal({self.sigma_scale:g})",
            "coefficients": "softmax of a random walk of standard deviation step_sd",
        }

    @property
    def stratum_of_arm(self) -> np.ndarray:
        """Number of each arm's stratum."""
        arms = np.arange(len(self.patients.arms))
        return self.patients.study_of_arm if self.shapes == "study" else arms

    @property
    def strata(self) -> list[str]:
        """Names of the strata: a study, or a study and a treatment."""
        if self.shapes == "study":
            return self.patients.studies
        return [f"{study}: {treatment}" for study, treatment in self.patients.arms]

    @property
    def walks(self) -> list[str]:
        """Names of the random walks: of the strata, or of studies and treatments' effects."""
        if self.shapes != "treatment":
            return self.strata
        return [*self.patients.studies, *(f"effect of {name}" for name in self.effects.changed)]

    @property
    def mixture(self) -> np.ndarray:
        """How often each walk enters each stratum, shape (strata, walks)."""
        if self.shapes != "treatment":
            return np.eye(len(self.strata))
        changed = self.effects.contrasts[:, self.effects.free]
        return np.column_stack([self.patients.incidence.T, changed])

    def basis(self, study: str) -> Basis:
        """A study's basis."""
        studies = self.patients.studies if self.shapes == "treatment" else [study]
        if self.cuts is not None:
            upper = max(self.patients.upper(name) for name in studies)
            return Basis(np.asarray(self.cuts, float), upper, self.degree)
        return spline_basis(self.patients, studies, self.knots, self.degree)

    @property
    def size(self) -> int:
        """Coefficients of a stratum."""
        return (self.knots if self.cuts is None else len(self.cuts)) + self.degree + 1

    def _shape(self, stratum: int, records: Records) -> Shape:
        arms = np.flatnonzero(self.stratum_of_arm == stratum).tolist()
        basis = self.basis(self.patients.arms[arms[0]][0])
        time, event = records.of(*arms)
        nodes, weight = event_nodes(time[event == 1], basis, NODES)
        own = [(*records.of(arm), records.entries(arm)) for arm in arms]
        return Shape(
            basis.hazard(nodes),
            weight,
            np.array(
                [
                    (basis.cumulative(time) - basis.cumulative(entry)).clip(min=0.0).sum(axis=0)
                    for time, _, entry in own
                ]
            ),
            np.array([float(event.sum()) for _, event, _ in own]),
        )

    def data(self, records: Records) -> dict[str, np.ndarray]:
        """Sufficient statistics of one reconstruction, and coordinates for its random walks."""
        numbers = range(len(self.strata))
        shapes = [self._shape(number, records) for number in numbers]
        bases = [
            self.basis(self.patients.arms[np.argmax(self.stratum_of_arm == number)][0])
            for number in numbers
        ]
        constant = np.log([basis.constant for basis in bases])
        # with effects of treatments there are fewer walks than strata, and one basis for all
        steps = np.array([basis.steps for basis in bases[: len(self.walks)]])
        rough = records.rough
        seen = shapes if rough is records else [self._shape(number, rough) for number in numbers]
        found = coordinates(seen, self.mixture, constant, steps)
        rows, size = self.size, NODES * (self.size - self.degree)
        hazard, weight = np.ones((len(shapes), size, rows)), np.zeros((len(shapes), size))
        for number, shape in enumerate(shapes):
            hazard[number, : len(shape.weight)] = shape.hazard
            weight[number, : len(shape.weight)] = shape.weight
        return {
            "hazard": hazard,
            "weight": weight,
            "cumulative": np.concatenate([shape.cumulative for shape in shapes]),
            "events": np.concatenate([shape.events for shape in shapes]),
            "stratum_of_arm": self.stratum_of_arm,
            "mixture": self.mixture,
            "constant": constant,
            "rotation": np.array([at.rotation for at in found]),
            "slope": np.array([at.slope for at in found]),
            "curvature": np.array([at.curvature for at in found]),
            **self._intervals(records),
        }

    def _intervals(self, records: Records) -> dict[str, np.ndarray]:
        """What adds up of each basis function over the intervals that hold an event, if any do."""
        if not self.patients.intervals:
            return {}
        rows, count = intervals(self.patients, records)
        arm, start, end = rows.T
        spent = np.zeros((len(rows), self.size))
        for number in np.unique(arm).astype(int):
            basis, own = self.basis(self.patients.arms[number][0]), arm == number
            spent[own] = basis.cumulative(end[own]) - basis.cumulative(start[own])
        return {
            "interval_arm": arm.astype(int),
            "interval_count": count,
            "interval_basis": spent.clip(min=0.0),
        }

    def log_likelihood(self, values: dict[str, Any], theta: Any) -> Any:
        """Collapsed log-likelihood; adds mu (study), coefficients (stratum), step_sd (walk)."""
        import pytensor.tensor as pt

        coefficients = self._coefficients(values)
        integrated = (values["cumulative"] * coefficients[values["stratum_of_arm"]]).sum(axis=1)
        relative, spent = pt.exp(theta) * integrated, None
        if "interval_arm" in values:
            arm = values["interval_arm"]
            own = coefficients[values["stratum_of_arm"][arm]]
            spent = pt.exp(theta[arm]) * (values["interval_basis"] * own).sum(axis=1)
        mu = intercepts(self.patients, values, values["events"], relative, self.intercept_sd, spent)
        hazard = (values["hazard"] * coefficients[:, None, :]).sum(axis=2)
        level = mu[values["study_of_arm"]]
        found = (
            (values["weight"] * pt.log(hazard)).sum()
            + (values["events"] * (level + theta)).sum()
            - (relative * pt.exp(level)).sum()
        )
        if spent is None:
            return found
        return found + within(values, spent * pt.exp(level[values["interval_arm"]]))

    def _coefficients(self, values: dict[str, Any]) -> Any:
        """Coefficients of every stratum, by random walks."""
        import pymc as pm
        import pytensor.tensor as pt

        shape = (len(self.walks), self.size - 1)
        sigma = pm.HalfNormal("step_sd", self.sigma_scale, dims="walk")
        scale = sigma[:, None]
        z = standard_normal("moves", shape, scale, values["slope"], values["curvature"])
        walks = (values["rotation"] * (scale * z)[:, None, :]).sum(axis=2)
        if self.shapes == "treatment":
            changes = walks[values["incidence"].shape[0] :]
            pm.Deterministic("shape", changes, dims=("shaped", "coefficient"))
        terms = pt.exp(values["constant"] + pt.dot(values["mixture"], walks))
        return pm.Deterministic(
            "coefficients",
            terms / terms.sum(axis=1, keepdims=True),
            dims=("stratum", "coefficient"),
        )

    def coordinates(self) -> dict[str, Any]:
        """Names along the dimensions of the baseline's variables."""
        found = {"stratum": self.strata, "walk": self.walks, "coefficient": np.arange(self.size)}
        return found | ({"shaped": self.effects.changed} if self.shapes == "treatment" else {})

    def complete(
        self, posterior: xr.Dataset, data: dict[str, np.ndarray], rng: np.random.Generator
    ) -> xr.Dataset:
        """The posterior as it is: nothing was integrated out."""
        return posterior

    def hazards(
        self,
        posterior: xr.Dataset,
        population: str,
        treatment: str,
        effect: np.ndarray,
        time: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Log hazard and cumulative hazard of a treatment in a study's population."""
        basis = self.basis(population)
        s = self._coefficients_of(posterior, population, treatment)
        level = posterior["mu"].sel(study=population).to_numpy() + effect
        return (
            level[:, None] + np.log(s @ basis.hazard(time).T),
            np.exp(level)[:, None] * (s @ basis.cumulative(time).T),
        )

    def _coefficients_of(
        self, posterior: xr.Dataset, population: str, treatment: str
    ) -> np.ndarray:
        """Draws of a treatment's coefficients in a study, shape (draws, size)."""
        baseline = self.patients.baseline(population)
        own = (population, treatment) in self.patients.arms
        near = treatment if own else baseline
        stratum = population if self.shapes == "study" else f"{population}: {near}"
        found = posterior["coefficients"].sel(stratum=stratum).transpose("sample", ...).to_numpy()
        if own or self.shapes == "study":
            return found
        terms = found * np.exp(self.effects.difference(posterior["shape"], treatment, baseline))
        return terms / terms.sum(axis=1, keepdims=True)
