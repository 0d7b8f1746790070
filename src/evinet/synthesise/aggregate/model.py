"""The PyMC graph of aggregate data: one graph for any design, filled through `pm.Data`.

    arms        x_jk ~ likelihood(eta_jk),  eta_jk = offset_jk + mu_j + effect_jk
    contrasts   y_j ~ multivariate normal(effect_j, V_j)
    effects     X b + tau * deviations,  deviations ~ N(0, 1) with correlation 1/2 in a study
    priors      b ~ N(0, prior SD), mu ~ N(0, prior SD), tau as named

What is sampled is standardised by a rough normal approximation of the posterior, which changes how
fast the sampler moves and never where to: mu is replaced by its study's mean predictor, b by its
principal axes (`rough`), deviations as in `evinet.synthesise.survival.conditional`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from scipy.linalg import block_diag, cholesky, solve_triangular

from evinet.synthesise import columns
from evinet.synthesise.aggregate.design import Design
from evinet.synthesise.aggregate.likelihoods import Likelihood
from evinet.synthesise.aggregate.network import Network
from evinet.synthesise.packing import unpack
from evinet.synthesise.priors import Prior, parse
from evinet.synthesise.rough import rough

Effects = Literal["fixed", "random"]
BASELINE_RISK = "beta[baseline risk]"


@dataclass(frozen=True)
class Priors:
    """Standard deviations of the normal priors, and the prior of tau."""

    effects: float = 100.0
    intercepts: float = 100.0
    coefficients: float = 100.0
    tau: Prior = field(default_factory=lambda: parse("half-normal(5)"))


@dataclass(frozen=True)
class Specification:
    """A model of a network: what `graph` and `data` need.

    `at` is the covariate, or the baseline risk mu, for which effects are reported.
    """

    network: Network
    likelihood: Likelihood | None
    design: Design
    effects: Effects
    priors: Priors
    baseline_risk: bool = False
    at: float | None = None

    @property
    def centre(self) -> float:
        """Where effects are sampled: the mean baseline risk, else the mean of the covariate."""
        if self.baseline_risk:
            return float(arm_data(self)[1]["risk_centre"])
        return columns.centre(self.design.rows)

    @property
    def reported_at(self) -> float:
        """Where effects are reported: `at`, or the centre."""
        return self.centre if self.at is None else self.at

    @property
    def studies(self) -> int:
        """Studies with arm data."""
        return self.network.arms["study"].nunique()

    @property
    def names(self) -> list[str]:
        """Names of the coefficients b."""
        return [*self.design.coefficients, *([BASELINE_RISK] if self.baseline_risk else [])]

    @property
    def prior_sd(self) -> np.ndarray:
        """Prior standard deviation of each coefficient."""
        effect = np.array([name.startswith(("d[", "omega")) for name in self.names])
        return np.where(effect, self.priors.effects, self.priors.coefficients)


def graph(specification: Specification, values: dict[str, np.ndarray]) -> Any:
    """The PyMC model; `values` are those of any design with as many coefficients."""
    import pymc as pm
    import pytensor.tensor as pt

    size, arms, studies = len(specification.names), specification.design.arms, specification.studies
    with pm.Model(coords={"coefficient": specification.names}) as model:
        known = unpack(values)
        moves = pm.Flat("moves", shape=size, initval=np.zeros(size))
        b = pm.Deterministic(
            "b", known["b_centre"] + pt.dot(known["b_root"], moves), dims="coefficient"
        )
        pm.Potential("b_prior", -0.5 * pt.sqr(b / known["b_sd"]).sum())
        width = specification.design.effects.shape[1]
        effect = pt.dot(known["effects"], b[:width])
        if specification.effects == "random":
            effect = effect + _deviations(specification, known, b[:width])
        linear = [effect[arms + studies :]]
        if specification.likelihood is not None and arms:
            level = pm.Flat("level", shape=studies, initval=np.zeros(studies))
            if specification.baseline_risk:  # mu of an arm without events has a long tail
                pm.Potential("level_jacobian", pt.log(pt.cosh(level)).sum())
                level = pt.sinh(level)
            level = known["level_centre"] + known["level_scale"] * level
            mu = level + effect[arms : arms + studies]
            pm.Potential("mu_prior", -0.5 * pt.sqr(mu / specification.priors.intercepts).sum())
            eta = known["offset"] + level[specification.design.study] + effect[:arms]
            if specification.baseline_risk:
                risk = mu[specification.design.study] - known["risk_centre"]
                eta = eta + known["risk"] * risk * b[width]
            likelihood = specification.likelihood.symbolic(known["x"], known["s"], eta)
            pm.Potential("arms", likelihood.sum())
            linear = [eta, mu, *linear]
        pm.Deterministic("linear", pt.concatenate(linear))
        if len(specification.network.contrasts):
            residual = known["white_y"] - pt.dot(known["white"], effect[arms + studies :])
            pm.Potential("contrasts", -0.5 * pt.sqr(residual).sum())
    return model


def _deviations(specification: Specification, known: dict[str, Any], b: Any) -> Any:
    """tau * deviations, in the rows of `effects`; adds tau."""
    import pytensor.tensor as pt

    from evinet.synthesise.survival.conditional import standard_normal

    tau = specification.priors.tau.variable("tau")
    slope = known["u_slope"] - pt.dot(known["u_effects"], b)
    shape = (specification.design.deviations.shape[1],)
    z = standard_normal("deviation", shape, tau, slope, known["u_precision"])
    return tau * pt.dot(known["deviations"], z)


def data(specification: Specification) -> dict[str, np.ndarray]:
    """The graph's data: the network's own, and what standardises the sampler's moves."""
    design = specification.design
    weights, values = arm_data(specification)
    arms = design.arms

    def stacked(rows: np.ndarray) -> np.ndarray:
        """Rows of arms less their study's weighted mean, of -means, and of contrasts."""
        means = weights @ rows[:arms]
        return np.vstack([rows[:arms] - means[design.study], -means, rows[arms:]])

    values["effects"] = stacked(design.effects)
    y, covariance = rough_effects(specification)
    free = design.free
    centre, root = rough(
        design.effects[free], y, covariance,
        design.deviations[free] if specification.effects == "random" else None,
        specification.prior_sd[: design.effects.shape[1]],
    )  # fmt: skip
    extra = len(specification.names) - design.effects.shape[1]
    values["b_centre"] = np.concatenate([centre, np.zeros(extra)])
    values["b_root"] = block_diag(root, np.eye(extra))
    values["b_sd"] = specification.prior_sd
    if specification.effects == "random":
        unmix = np.linalg.inv(design.deviations[design.free])
        precision = 1 / np.diag(unmix @ covariance @ unmix.T)
        values["deviations"] = stacked(design.deviations)
        values["u_precision"] = precision
        values["u_slope"] = precision * (unmix @ y)
        values["u_effects"] = precision[:, None] * (unmix @ design.effects[design.free])
    if len(specification.network.contrasts):
        factor = cholesky(contrast_covariance(specification.network), lower=True)
        others = specification.network.contrasts["diff"].dropna().to_numpy(float)
        values["white"] = solve_triangular(factor, np.eye(len(others)), lower=True)
        values["white_y"] = values["white"] @ others
    return values


def arm_data(specification: Specification) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Weights of each study's arms in its mean predictor (studies, arms), and the arms' data."""
    arms, design = specification.network.arms, specification.design
    if specification.likelihood is None or arms.empty:
        return np.zeros((0, 0)), {}
    x, s = arms["x"].to_numpy(float), arms["s"].to_numpy(float)
    offset = arms["offset"].to_numpy(float)
    eta, variance = specification.likelihood.rough(x, s)
    eta = eta - offset
    member = (np.arange(specification.studies)[:, None] == design.study).astype(float)
    if specification.baseline_risk:  # mu itself must be sampled: it multiplies a coefficient
        baseline = (design.rows["treatment"] == design.rows["against"])[: design.arms].to_numpy()
        member = member * baseline
    precision = member / variance
    weights = precision / precision.sum(axis=1, keepdims=True)
    values = {
        "x": x, "s": s, "offset": offset,
        "level_centre": weights @ eta,
        "level_scale": np.sqrt(1 / precision.sum(axis=1)),
    }  # fmt: skip
    if specification.baseline_risk:
        reference = specification.network.reference
        rows = design.rows[: design.arms]
        active = (rows["treatment"] != reference).astype(float)
        values["risk"] = (active - (rows["against"] != reference)).to_numpy(float)
        with_reference = ((rows["treatment"] == reference).to_numpy(float) @ member.T) > 0
        values["risk_centre"] = np.array((weights @ eta)[with_reference].mean())
    return (np.zeros_like(weights) if specification.baseline_risk else weights), values


def contrast_covariance(network: Network) -> np.ndarray:
    """Covariance of the contrasts: block diagonal, a block a study (NICE TSD 2, section 3.5)."""
    blocks = []
    for _, rows in network.contrasts.groupby("study", sort=False):
        se = rows["se"].to_numpy(float)
        block = np.diag(se[1:] ** 2)
        if len(se) > 2:
            block = np.where(np.eye(len(se) - 1) == 1, block, se[0] ** 2)
        blocks.append(block)
    return block_diag(*blocks) if blocks else np.zeros((0, 0))


def rough_effects(specification: Specification) -> tuple[np.ndarray, np.ndarray]:
    """Rough effects of the rows that have one, and their covariance, from the data alone."""
    design, network = specification.design, specification.network
    values, blocks = [], []
    if specification.likelihood is not None and len(network.arms):
        eta, variance = specification.likelihood.rough(
            network.arms["x"].to_numpy(float), network.arms["s"].to_numpy(float)
        )
        eta = eta - network.arms["offset"].to_numpy(float)
        for study in range(specification.studies):
            own = np.flatnonzero(design.study == study)
            values.append(eta[own[1:]] - eta[own[0]])
            blocks.append(np.diag(variance[own[1:]]) + variance[own[0]])
    if len(network.contrasts):
        values.append(network.contrasts["diff"].dropna().to_numpy(float))
        blocks.append(contrast_covariance(network))
    return np.concatenate(values), block_diag(*blocks)
