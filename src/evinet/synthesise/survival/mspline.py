"""M-spline baseline hazards with a random-walk prior (Phillippo et al. 2024, arXiv:2401.12640).

    h(t) = exp(mu + theta) * sum_k s_k M_k(t)
    s = softmax(logits of a constant hazard + random walk with standard deviation sigma)

A stratum is a set of arms that share their coefficients s: a study under proportional hazards, an
arm when hazards need not be proportional.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from evinet.synthesise.survival.baseline import study_basis
from evinet.synthesise.survival.conditional import standard_normal
from evinet.synthesise.survival.patients import Patients, Records
from evinet.synthesise.survival.splines import Basis
from evinet.synthesise.survival.statistics import event_nodes
from evinet.synthesise.survival.walk import Shape, coordinates

NODES = 12  # event nodes between two knots: the log-likelihood is right to about 1e-4


@dataclass(frozen=True)
class MSpline:
    """M-spline baselines of a network's studies.

    Parameters
    ----------
    patients : whose hazards they are.
    knots : number of internal knots, at quantiles of the study's event times.
    cuts : internal knots of every study in their place, such as (6.0, 12.0, 24.0).
    proportional : whether a study's arms share their coefficients.
    sigma_scale : scale of the half-normal prior of each stratum's sigma.
    intercept_sd : standard deviation of the normal prior of each study's intercept mu.
    """

    patients: Patients
    knots: int = 7
    degree: int = 3
    proportional: bool = True
    sigma_scale: float = 1.0
    intercept_sd: float = 100.0
    cuts: tuple[float, ...] | None = None

    scale = "ln HR"
    parameters = ("mu", "sigma")
    saved = ("mu", "sigma", "coefficients")
    positive = ("sigma", "coefficients")

    @property
    def transports(self) -> bool:
        """Only if proportional: an arm's own coefficients say nothing of another study."""
        return self.proportional

    @property
    def priors(self) -> dict[str, str]:
        """Priors of its parameters, as formulas."""
        return {
            "mu": f"normal(0, {self.intercept_sd:g})",
            "sigma": f"half-normal({self.sigma_scale:g})",
            "coefficients": "softmax of a random walk of standard deviation sigma",
        }

    @property
    def stratum_of_arm(self) -> np.ndarray:
        """Number of each arm's stratum."""
        arms = np.arange(len(self.patients.arms))
        return self.patients.study_of_arm if self.proportional else arms

    @property
    def strata(self) -> list[str]:
        """Names of the strata: a study, or a study and a treatment."""
        if self.proportional:
            return self.patients.studies
        return [f"{study}: {treatment}" for study, treatment in self.patients.arms]

    def basis(self, study: str) -> Basis:
        """A study's basis."""
        if self.cuts is not None:
            return Basis(np.asarray(self.cuts, float), self.patients.upper(study), self.degree)
        return study_basis(self.patients, study, self.knots, self.degree)

    @property
    def size(self) -> int:
        """Coefficients of a stratum."""
        return (self.knots if self.cuts is None else len(self.cuts)) + self.degree + 1

    def _shape(self, stratum: int, records: Records) -> Shape:
        arms = np.flatnonzero(self.stratum_of_arm == stratum).tolist()
        basis = self.basis(self.patients.arms[arms[0]][0])
        time, event = records.of(*arms)
        nodes, weight = event_nodes(time[event == 1], basis, NODES)
        own = [records.of(arm) for arm in arms]
        return Shape(
            basis.hazard(nodes),
            weight,
            np.array([basis.cumulative(time).sum(axis=0) for time, _ in own]),
            np.array([float(event.sum()) for _, event in own]),
        )

    def data(self, records: Records) -> dict[str, np.ndarray]:
        """Sufficient statistics of one reconstruction, and coordinates for its random walks."""
        numbers = range(len(self.strata))
        shapes = [self._shape(number, records) for number in numbers]
        bases = [
            self.basis(self.patients.arms[np.argmax(self.stratum_of_arm == number)][0])
            for number in numbers
        ]
        found = [
            coordinates(shape, basis.constant, basis.steps)
            for shape, basis in zip(shapes, bases, strict=True)
        ]
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
            "constant": np.log([basis.constant for basis in bases]),
            "rotation": np.array([at.rotation for at in found]),
            "slope": np.array([at.slope for at in found]),
            "curvature": np.array([at.curvature for at in found]),
        }

    def log_likelihood(self, values: dict[str, Any], theta: Any) -> Any:
        """Collapsed log-likelihood; adds mu (study), coefficients and sigma (stratum)."""
        import pymc as pm
        import pytensor.tensor as pt

        coefficients = self._coefficients(values)
        integrated = (values["cumulative"] * coefficients[self.stratum_of_arm]).sum(axis=1)
        relative = pt.exp(theta) * integrated
        incidence = self.patients.incidence
        # the sampler moves the study's log expected events, which hardly depend on its shape
        level = pm.Flat("level", shape=len(incidence), initval=np.zeros(len(incidence)))
        observed = pt.dot(incidence, values["events"])
        mu = pm.Deterministic(
            "mu", level + pt.log(observed) - pt.log(pt.dot(incidence, relative)), dims="study"
        )
        pm.Potential("mu_prior", -0.5 * pt.sqr(mu / self.intercept_sd).sum())
        hazard = (values["hazard"] * coefficients[:, None, :]).sum(axis=2)
        return (
            (values["weight"] * pt.log(hazard)).sum()
            + (values["events"] * (mu[self.patients.study_of_arm] + theta)).sum()
            - (observed * pt.exp(level)).sum()
        )

    def _coefficients(self, values: dict[str, Any]) -> Any:
        """Coefficients of every stratum, by its random walk."""
        import pymc as pm
        import pytensor.tensor as pt

        shape = (len(self.strata), self.size - 1)
        sigma = pm.HalfNormal("sigma", self.sigma_scale, dims="stratum")
        scale = sigma[:, None]
        z = standard_normal("moves", shape, scale, values["slope"], values["curvature"])
        walk = (values["rotation"] * (scale * z)[:, None, :]).sum(axis=2)
        terms = pt.exp(values["constant"] + walk)
        return pm.Deterministic(
            "coefficients",
            terms / terms.sum(axis=1, keepdims=True),
            dims=("stratum", "coefficient"),
        )

    def coordinates(self) -> dict[str, Any]:
        """Names along the dimensions of the baseline's variables."""
        return {"stratum": self.strata, "coefficient": np.arange(self.size)}

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
        stratum = population if self.proportional else f"{population}: {treatment}"
        basis = self.basis(population)
        coefficients = posterior["coefficients"].sel(stratum=stratum).transpose("sample", ...)
        level = posterior["mu"].sel(study=population).to_numpy() + effect
        s = coefficients.to_numpy()
        return (
            level[:, None] + np.log(s @ basis.hazard(time).T),
            np.exp(level)[:, None] * (s @ basis.cumulative(time).T),
        )
