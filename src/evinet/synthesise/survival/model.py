"""The PyMC graph of a survival network: effects, patients by their baseline, published contrasts.

d_k, omega ~ Normal(0, effect_sd), d_reference = 0, beta ~ Normal(0, coefficient_sd)
theta = columns @ (d, omega, beta) + tau * deviations    tau ~ its prior
patients of an arm: the baseline's likelihood given theta
published ln HR y ~ multivariate normal(theta, V)

What is sampled are the principal axes of a `rough` approximation of d, omega and beta.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from evinet.synthesise.packing import unpack
from evinet.synthesise.priors import Prior, parse
from evinet.synthesise.rough import rough
from evinet.synthesise.survival.baseline import Baseline
from evinet.synthesise.survival.conditional import standard_normal
from evinet.synthesise.survival.contrasts import Contrasts, whitened
from evinet.synthesise.survival.design import BETA, OMEGA, Design
from evinet.synthesise.survival.patients import Records


@dataclass(frozen=True)
class Priors:
    """Priors of effects, of a covariate's coefficients and of tau; baselines state their own.

    That of tau is by default the weakly informative one of Röver et al. 2021, Res Synth Methods
    12:448, for effects on a log-ratio scale.
    """

    effect_sd: float = 100.0
    coefficient_sd: float = 100.0
    tau: Prior = field(default_factory=lambda: parse("half-normal(0.5)"))


@dataclass(frozen=True)
class Network:
    """Everything that a survival network's model is made of."""

    design: Design
    baseline: Baseline
    contrasts: Contrasts | None
    effects: Literal["fixed", "random"]
    priors: Priors


def data(network: Network, records: Records) -> dict[str, np.ndarray]:
    """The model's data for one reconstruction of the patients."""
    design, (columns, _), free = network.design, network.design.columns, network.design.free
    values = network.baseline.data(records) | {"columns": columns}
    if network.contrasts is not None:
        values["published"] = network.contrasts.y
    y, covariance = design.approximation(
        records, network.contrasts, network.baseline.scale != "ln HR"
    )
    deviations = design.deviations[free] if network.effects == "random" else None
    centre, root = rough(columns[free], y, covariance, deviations, prior_sd(network))
    values |= {"effect_centre": centre, "effect_root": root}
    if deviations is not None:
        unmix = np.linalg.inv(deviations)
        values["rough_effect"] = unmix @ y
        values["rough_variance"] = np.diag(unmix @ covariance @ unmix.T).copy()
        values["unmixed"] = unmix @ columns[free]
    return values


def graph(network: Network, values: dict[str, np.ndarray]) -> pm.Model:
    """The model; `values` are the data of any reconstruction, to be replaced for the others.

    They are passed as `packing.pack` puts them together, so all must have the same shapes.
    """
    design, coordinates = network.design, network.baseline.coordinates()
    coordinates |= {"treatment": design.treatments, "study": network.baseline.patients.studies}
    coordinates["covaried"] = [each for each in design.treatments if each not in design.references]
    coordinates["pair"] = design.pairs
    coordinates["row"] = np.arange(len(design.rows))
    with pm.Model(coords=coordinates) as model:
        known = unpack(values)
        theta = pm.Deterministic("theta", _effects(network, known), dims="row")
        patients = network.baseline.log_likelihood(known, theta[: design.arms])
        pm.Potential("patients", patients)
        if network.contrasts is not None:
            root = whitened(network.contrasts, np.eye(len(network.contrasts.rows)))
            residual = pt.dot(root, known["published"] - theta[design.arms :])
            pm.Potential("published", -0.5 * pt.sqr(residual).sum())
    return model


def prior_sd(network: Network) -> np.ndarray:
    """Prior standard deviation of each coefficient."""
    slope = np.array([name.startswith(BETA) for name in network.design.columns[1]])
    return np.where(slope, network.priors.coefficient_sd, network.priors.effect_sd)


def _effects(network: Network, values: dict[str, Any]) -> Any:
    """Effects of the design's rows; adds d, omega and beta if there are, and tau if random."""
    design, priors, names = network.design, network.priors, network.design.columns[1]
    slopes = [number for number, name in enumerate(names) if name.startswith(BETA)]
    moves = pm.Flat("effect_moves", shape=len(names), initval=np.zeros(len(names)))
    effect = values["effect_centre"] + pt.dot(values["effect_root"], moves)
    pm.Potential("effect_prior", -0.5 * pt.sqr(effect / prior_sd(network)).sum())
    if design.terms.unrelated:
        pm.Deterministic("d", effect[: len(design.pairs)], dims="pair")
    else:
        basic = np.flatnonzero(design.basic)
        chosen = np.eye(len(design.basic))[:, basic]
        pm.Deterministic("d", pt.dot(chosen, effect[: len(basic)]), dims="treatment")
    if design.terms.split is not None:
        pm.Deterministic(OMEGA, effect[names.index(OMEGA)])
    if design.terms.covariate is not None:
        shared = design.terms.interactions == "shared"
        dims = None if shared else "covaried"
        pm.Deterministic(BETA, effect[slopes[0] if shared else slopes], dims=dims)
    theta = pt.dot(values["columns"], effect)
    if network.effects == "random":
        tau = priors.tau.variable("tau")
        excess = values["rough_effect"] - pt.dot(values["unmixed"], effect)
        precision = 1 / values["rough_variance"]
        shape = (design.deviations.shape[1],)
        z = standard_normal("deviation", shape, tau, excess * precision, precision)
        theta = theta + tau * pt.dot(design.deviations, z)
    return theta
