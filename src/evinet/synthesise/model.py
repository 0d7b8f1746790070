"""The Bayesian model of a network of two-arm survival trials.

Trial i compares treatment t with comparator c (Dias et al., NICE TSD 2):

    theta_i ~ Normal(d_t - d_c, tau)                published ln HR: y_i ~ Normal(theta_i, se_i), or
    events_ag ~ Poisson(exposure_ag * hazard_ag)    reconstructed patients, piecewise exponential
    d_k ~ Normal(0, prior SD), d_reference = 0

The theta of published trials is integrated out, y_i ~ Normal(d_t - d_c, sqrt(se_i^2 + tau^2)), and
drawn afterwards (`study_effects`). A class effect makes the members of a class exchangeable,
d_k = mean + sigma * u_k with u_k ~ Normal(0, 1) (Dias et al., NICE TSD 3, section 5). One graph
holds all of it; what a model does not use is switched off by its data, so an analysis compiles once
for published contrasts and once for patients.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from evinet.config import Config, Model
from evinet.synthesise.network import Network


@dataclass(frozen=True)
class Exposure:
    """Events and patient-months of one trial's arms in each interval of time.

    `events` and `exposure` have shape (2, intervals), the comparator first.
    """

    events: np.ndarray
    exposure: np.ndarray


@dataclass(frozen=True)
class Specification:
    """One model of one network, ready to become data of the graph."""

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
    def islands(self) -> dict[str, int]:
        """Treatment -> island, after the bridge: the lowest number of the islands it joins."""
        islands = dict(zip(self.treatments, self.network.nodes["component"], strict=True))
        joined = {islands[treatment] for treatment in self.members}
        return {
            treatment: min(joined) if island in joined else int(island)
            for treatment, island in islands.items()
        }

    def references(self, analysis: str) -> dict[int, str]:
        """Island, after the bridge -> its reference: the first one that the analysis names."""
        first: dict[int, str] = {}
        for treatment in self.config.analyses[analysis].references:
            first.setdefault(self.islands[treatment], treatment)
        return first


def graph(specification: Specification) -> pm.Model:
    """The PyMC graph for a specification's network; `data` fills it for any of its models."""
    placeholder = data(specification, analysis=None, draw=0)
    with pm.Model(coords={"treatment": specification.treatments}) as model:
        values = {name: pm.Data(name, value) for name, value in placeholder.items()}
        free = pm.Normal("free", 0.0, 1.0, dims="treatment") * values["prior_sd"]
        centre = pm.Normal("centre", 0.0, 1.0) * values["prior_sd"]
        spread = pm.Normal("spread", 0.0, 1.0, dims="treatment")
        sigma = pm.Deterministic(
            "sigma", values["sigma_fixed"] + values["sigma_scale"] * pm.HalfNormal("sigma_unit", 1)
        )
        tau = pm.Deterministic("tau", values["tau_scale"] * pm.HalfNormal("tau_unit", 1))
        member = values["member"]
        effect = member * (centre + sigma * spread) + (1 - member) * free
        d = pm.Deterministic("d", values["basic"] * effect, dims="treatment")
        mean = values["design"] @ d
        variance = values["se"] ** 2 + tau**2
        published = -0.5 * (pm.math.log(variance) + (values["y"] - mean) ** 2 / variance)
        pm.Potential("published", (values["by_contrast"] * published).sum())
        for position, trial in enumerate(specification.ipd):
            row = list(specification.network.studies["trial"]).index(trial)
            deviation = pm.Normal(f"deviation_{position}", 0.0, 1.0)
            theta = pm.Deterministic(f"theta_{position}", mean[row] + tau * deviation)
            _patients(values, theta, position)
    return model


def _patients(values: dict, theta: pt.TensorVariable, position: int) -> None:
    """Piecewise exponential likelihood of one trial by its events and exposure (Friedman 1982)."""
    events, exposure = values[f"events_{position}"], values[f"exposure_{position}"]
    intervals = events.get_value().shape[1]
    log_hazard = pm.Normal(f"log_hazard_{position}", -3.0, 3.0, shape=intervals)
    log_rate = log_hazard[None, :] + np.array([[0.0], [1.0]]) * theta
    pm.Potential(
        f"patients_{position}", (events * log_rate - exposure * pm.math.exp(log_rate)).sum()
    )


def study_effects(
    specification: Specification, posterior: xr.Dataset, rng: np.random.Generator
) -> xr.DataArray:
    """Draws of theta, dimensions (chain, draw, study): those integrated out from their conditional.

    theta_i | d, tau, y_i ~ Normal(m + w (y_i - m), sqrt(w) se_i), m = d_t - d_c,
    w = tau^2 / (tau^2 + se_i^2).
    """
    studies = specification.network.studies
    d, tau = posterior["d"], posterior["tau"]
    by_trial = []
    for study in studies.to_dict("records"):
        if study["trial"] in specification.ipd:
            by_trial.append(posterior[f"theta_{list(specification.ipd).index(study['trial'])}"])
            continue
        mean = d.sel(treatment=study["treatment"], drop=True) - d.sel(
            treatment=study["comparator"], drop=True
        )
        weight = tau**2 / (tau**2 + study["se"] ** 2)
        noise = rng.standard_normal(mean.shape)
        by_trial.append(
            mean + weight * (study["log_estimate"] - mean) + weight**0.5 * study["se"] * noise
        )
    trials = pd.Index(studies["trial"].astype(str), name="study")
    return xr.concat(by_trial, dim=trials).transpose("chain", "draw", "study")


def data(specification: Specification, analysis: str | None, draw: int) -> dict[str, np.ndarray]:
    """The graph's data for a model; `draw` numbers the reconstructions of its patients."""
    model, config = specification.model, specification.config
    treatments, studies = specification.treatments, specification.network.studies
    references = set() if analysis is None else set(specification.references(analysis).values())
    design = np.zeros((len(studies), len(treatments)))
    for row, study in enumerate(studies.to_dict("records")):
        design[row, treatments.index(study["treatment"])] += 1
        design[row, treatments.index(study["comparator"])] -= 1
    prior = config.bridges[model.bridge].sigma_prior if model.bridge else None
    estimated = model.bridge is not None and model.sigma is None and prior is not None
    filled = {
        "prior_sd": np.array(config.effect_prior_sd),
        "basic": np.array([float(treatment not in references) for treatment in treatments]),
        "member": np.array([float(treatment in specification.members) for treatment in treatments]),
        "sigma_fixed": np.array(model.sigma or 0.0),
        "sigma_scale": np.array(prior.scale if estimated and prior else 0.0),
        "tau_scale": np.array(config.heterogeneity.scale if model.effects == "random" else 0.0),
        "design": design,
        "y": studies["log_estimate"].to_numpy(float),
        "se": studies["se"].to_numpy(float),
        "by_contrast": (~studies["trial"].isin(list(specification.ipd))).to_numpy(float),
    }
    for position, draws in enumerate(specification.ipd.values()):
        filled[f"events_{position}"] = draws[draw].events
        filled[f"exposure_{position}"] = draws[draw].exposure
    return filled


INTERVALS = 12


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
