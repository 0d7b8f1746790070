"""The PyMC model of a network in which some trials enter by their reconstructed patients.

The theta of published contrasts is integrated out, y ~ Normal(A d, V + tau^2 H); `model.
study_effects` draws it afterwards. The deviations of trials with patients are scaled and shifted by
the normal summary of their likelihood, so that the sampler sees no funnel. One graph serves all
reconstructions of the patients.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from evinet.synthesise.model import Contrasts, Specification, contrasts, summary
from evinet.synthesise.packing import unpack
from evinet.synthesise.survival.conditional import standard_normal


def graph(specification: Specification) -> pm.Model:
    """The model of a specification; `data` fills in a reconstruction."""
    rows = contrasts(specification.network)
    with pm.Model(coords={"treatment": specification.treatments}) as model:
        values = unpack(data(specification, 0))
        prior = specification.tau_prior
        tau = pt.constant(0.0) if prior is None else prior.variable("tau")
        mean = (rows.design * _effects(specification)).sum(axis=1)
        published = np.flatnonzero(~np.isin(rows.trials, list(specification.ipd)))
        _published(rows.subset(published), mean[published], tau)
        for position, trial in enumerate(specification.ipd):
            theta = mean[rows.trials.index(trial)]
            if prior is not None:
                near, variance = summary(specification.ipd[trial])
                name = f"deviation_{position}"
                pull = (near - theta) / variance
                theta = theta + tau * standard_normal(name, (), tau, pull, 1 / variance)
            pm.Deterministic(f"theta_{position}", theta)
            _patients(values, theta, position)
    return model


def data(specification: Specification, draw: int) -> dict[str, np.ndarray]:
    """The graph's data; `draw` numbers the reconstructions, those of a trial with fewer in turn."""
    filled = {}
    for position, draws in enumerate(specification.ipd.values()):
        filled[f"events_{position}"] = draws[draw % len(draws)].events
        filled[f"exposure_{position}"] = draws[draw % len(draws)].exposure
    return filled


def _effects(specification: Specification) -> Any:
    """The variable d: basic effects, and the members of a class around their mean."""
    names, wide = specification.treatments, specification.config.effect_prior_sd
    members = specification.members
    own = [name for name in names if name not in (*members, *specification.references.values())]
    place = {name: row for row, name in enumerate(names)}
    d = pt.zeros(len(names))
    if own:
        basic = pm.Normal("basic", 0.0, 1.0, shape=len(own))
        d = d[[place[name] for name in own]].set(wide * basic)
    if members:
        prior = specification.sigma_prior
        sigma: Any = specification.model.sigma if prior is None else prior.variable("sigma")
        around = sigma * pm.Normal("spread", 0.0, 1.0, shape=len(members))
        centre = wide * pm.Normal("centre", 0.0, 1.0)
        d = d[[place[name] for name in members]].set(centre + around)
    return pm.Deterministic("d", d, dims="treatment")


def _published(rows: Contrasts, mean: Any, tau: Any) -> None:
    """Two-arm trials are independent; the contrasts of a larger one are drawn together."""
    variance = np.diag(rows.within)
    alone = np.array([rows.trials.count(trial) == 1 for trial in rows.trials], dtype=bool)
    if alone.any():
        scale = pm.math.sqrt(variance[alone] + tau**2)
        pm.Normal("published", mean[np.flatnonzero(alone)], scale, observed=rows.y[alone])
    names = np.array(rows.trials, dtype=str)
    for trial in dict.fromkeys(rows.trials):
        mine = np.flatnonzero(names == trial)
        if len(mine) == 1:
            continue
        own = rows.subset(mine)
        covariance = own.within + tau**2 * own.between
        pm.MvNormal(f"published_{trial}", mean[mine], cov=covariance, observed=own.y)


def _patients(values: dict[str, Any], theta: Any, position: int) -> None:
    """Piecewise exponential likelihood of one trial by its events and exposure (Friedman 1982)."""
    events, exposure = values[f"events_{position}"], values[f"exposure_{position}"]
    intervals = events.type.shape[1]
    log_hazard = pm.Normal(f"log_hazard_{position}", -3.0, 3.0, shape=intervals)
    log_rate = log_hazard[None, :] + np.array([[0.0], [1.0]]) * theta
    pm.Potential(
        f"patients_{position}", (events * log_rate - exposure * pm.math.exp(log_rate)).sum()
    )
