"""Piecewise constant baseline hazards, integrated out of the likelihood.

With hazard ``lambda_g exp(theta_a)`` of arm a in interval g and the prior 1 / lambda_g, flat on its
logarithm, the integral over lambda_g of the likelihood of a study is, up to a constant,

    sum_a D_a theta_a - sum_g D_g log(sum_a exposure_ag exp(theta_a))

with D_a and D_g the events of an arm and of an interval. With a cut at every event time it is
Breslow's partial likelihood (Kalbfleisch 1978, JRSS B 40:214). Given theta the hazards have the
gamma distributions that `complete` draws from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from evinet.errors import InputError, Problem
from evinet.nma.data.patients import Patients, Records
from evinet.nma.likelihoods.survival.baseline import spline_basis
from evinet.patients.person_time import events_and_exposure


@dataclass(frozen=True)
class Piecewise:
    """Piecewise exponential baselines of a network's studies, hazards proportional.

    Parameters
    ----------
    knots : cut points, at quantiles of each study's event times, unless `cuts` gives them.
    """

    patients: Patients
    knots: int = 7
    cuts: tuple[float, ...] | None = None

    scale = "ln HR"
    parameters = ()
    saved = ("hazard",)
    positive = ("hazard",)

    def reached(self, study: str) -> list[str] | None:
        """All of the study's island: hazards are proportional."""
        return None

    @property
    def priors(self) -> dict[str, str]:
        """Priors of its parameters, as formulas."""
        return {"hazard": "flat on the log hazard of every interval"}

    def cuts_of(self, study: str) -> np.ndarray:
        """Cut points of a study, by the best reconstruction."""
        if self.cuts is not None:
            return np.asarray(self.cuts, float)
        return spline_basis(self.patients, [study], self.knots, 0).internal

    def data(self, records: Records) -> dict[str, np.ndarray]:
        """Events and person-time of every arm in every interval of its study.

        Raises
        ------
        InputError
            Patients came under observation after the first of the `cuts`.
        """
        cells = [
            events_and_exposure(*records.of(number), self.cuts_of(study), records.entries(number))
            for number, (study, _) in enumerate(self.patients.arms)
        ]
        exposure = np.array([exposure for _, exposure in cells])
        unseen = self.patients.incidence @ exposure[:, :1] == 0
        if unseen.any():
            names = ", ".join(np.array(self.patients.studies)[unseen[:, 0]])
            raise InputError(
                Problem("arguments", "cuts", self.cuts, f"nobody in {names} was under observation "
                        "before the first cut", "Move it, or leave cuts out")
            )  # fmt: skip
        return {
            "events": np.array([events for events, _ in cells]),
            "exposure": exposure,
        }

    def coordinates(self) -> dict[str, Any]:
        """Names along the dimensions of the baseline's variables."""
        count = len(self.cuts_of(self.patients.studies[0])) + 1
        return {"interval": np.arange(1, count + 1)}

    def log_likelihood(self, values: dict[str, Any], theta: Any) -> Any:
        """Log-likelihood of the effects, the hazards integrated out."""
        import pymc as pm
        import pytensor.tensor as pt

        incidence = values["incidence"]
        at_risk = pm.Deterministic(
            "at_risk",
            pt.dot(incidence, values["exposure"] * pt.exp(theta)[:, None]),
            dims=("study", "interval"),
        )
        events = pt.dot(incidence, values["events"])
        # an interval without events says nothing, and may be after the last patient
        logs = pt.log(pt.switch(pt.gt(events, 0), at_risk, 1.0))
        return (values["events"].sum(axis=1) * theta).sum() - (events * logs).sum()

    def complete(
        self, posterior: xr.Dataset, data: dict[str, np.ndarray], rng: np.random.Generator
    ) -> xr.Dataset:
        """The posterior with the hazards: gamma(events of the interval) / exposure at risk."""
        events = self.patients.incidence @ data["events"]
        at_risk = posterior["at_risk"]
        draws = rng.standard_gamma(np.broadcast_to(events, at_risk.shape))
        return posterior.assign(hazard=at_risk.copy(data=draws / at_risk.to_numpy()))

    def hazards(
        self,
        posterior: xr.Dataset,
        population: str,
        treatment: str,
        effect: np.ndarray,
        time: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Log hazard and cumulative hazard of a treatment in a study's population."""
        cuts = self.cuts_of(population)
        edges = np.concatenate([[0.0], cuts, [np.inf]])
        spent = np.clip(time[:, None], edges[:-1], edges[1:]) - edges[:-1]
        hazard = posterior["hazard"].sel(study=population).to_numpy()
        with np.errstate(divide="ignore"):  # no event in an interval: no hazard there
            log_hazard = np.log(hazard[:, np.searchsorted(cuts, time, side="left")])
        return effect[:, None] + log_hazard, np.exp(effect)[:, None] * (hazard @ spent.T)
