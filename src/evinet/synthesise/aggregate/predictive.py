"""Would the model, or its priors alone, have produced each outcome?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from evinet.synthesise.aggregate.fit import Fit
from evinet.synthesise.aggregate.model import Specification, arm_data, contrast_covariance
from evinet.synthesise.answers import checked


def predictive(fit: Fit, rng: np.random.Generator) -> pd.DataFrame:
    """Outcomes of the arms and contrasts against those of new studies like these.

    A new study has the baseline mu of the old one, and a deviation of its own where effects are
    random (Marshall & Spiegelhalter 2003, Stat Med 22:1649): with mu, effects and tau from the
    posterior, and from the priors. Columns study, treatment, against (of a contrast), observed, and
    for both q2.5, q97.5 and the two-sided mid-p of what was observed.
    """
    specification = fit.specification
    b = np.column_stack([draws.ravel() for draws in fit.sampled.values()])
    tau = np.zeros(len(b)) if fit.tau is None else fit.tau.ravel()
    after = _replicated(specification, b, fit.linear()[1], tau, rng)
    before = _replicated(specification, *_prior(specification, len(b), rng), rng)
    network, design = specification.network, specification.design
    observed = np.concatenate([
        network.arms["x"].to_numpy(float)[: design.arms],
        network.contrasts["diff"].dropna().to_numpy(float),
    ])  # fmt: skip
    rows = design.rows
    against = rows["against"].where(np.arange(len(rows)) >= design.arms, "")
    checks = [
        checked("posterior_", after[:, row], value) | checked("prior_", before[:, row], value)
        for row, value in enumerate(observed)
    ]
    named = rows[["study", "treatment"]].assign(against=against, observed=observed)
    return pd.concat([named, pd.DataFrame(checks, index=named.index)], axis=1)


def _prior(
    specification: Specification, size: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draws of coefficients, intercepts and tau from the priors."""
    priors = specification.priors
    b = rng.standard_normal((size, len(specification.names))) * specification.prior_sd
    mu = rng.standard_normal((size, specification.studies)) * priors.intercepts
    random = specification.effects == "random"
    return b, mu, priors.tau.draws(rng, size) if random else np.zeros(size)


def _replicated(
    specification: Specification,
    b: np.ndarray,
    mu: np.ndarray,
    tau: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Outcomes of new studies, shape (draws, rows)."""
    design, network, likelihood = (
        specification.design, specification.network, specification.likelihood,
    )  # fmt: skip
    width, arms = design.effects.shape[1], design.arms
    fresh = rng.standard_normal((len(b), design.deviations.shape[1]))
    effect = b[:, :width] @ design.effects.T + tau[:, None] * (fresh @ design.deviations.T)
    found = []
    if likelihood is not None and arms:
        values = arm_data(specification)[1]
        eta = values["offset"] + mu[:, design.study] + effect[:, :arms]
        if specification.baseline_risk:
            risk = mu[:, design.study] - values["risk_centre"]
            eta = eta + values["risk"] * risk * b[:, [width]]
        found.append(likelihood.replicate(rng, eta, values["s"]))
    if len(network.contrasts):
        root = np.linalg.cholesky(contrast_covariance(network))
        noise = rng.standard_normal((len(b), len(root))) @ root.T
        found.append(effect[:, arms:] + noise)
    return np.column_stack(found)
