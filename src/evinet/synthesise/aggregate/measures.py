"""How well a fitted network fits: residual deviance, leverage, DIC, leave-one-out."""

from __future__ import annotations

from typing import Any

import numpy as np

from evinet.synthesise.aggregate.fit import Fit
from evinet.synthesise.aggregate.model import contrast_covariance
from evinet.synthesise.control import Controls

HIGH_PARETO_K = 0.7


def points(fit: Fit) -> list[dict[str, Any]]:
    """A row an arm, and a row a study with contrasts: deviance, leverage, log-likelihood draws.

    Leverage is the mean deviance less that at the posterior mean of the fitted value (Spiegelhalter
    et al. 2002, JRSS B 64:583; Dias et al., NICE TSD 2, section 6.2). Mean deviances have control
    variates, see `control`.
    """
    eta, _, theta = fit.linear()
    controls = Controls(fit.trace)
    return [*_arms(fit, eta, controls), *_contrasts(fit, theta, controls)]


def _arms(fit: Fit, eta: np.ndarray, controls: Controls) -> list[dict[str, Any]]:
    likelihood, arms = fit.specification.likelihood, fit.specification.network.arms
    if likelihood is None or arms.empty:
        return []
    x, s = arms["x"].to_numpy(float), arms["s"].to_numpy(float)
    fitted = likelihood.fitted(eta, s)
    deviance = controls.mean(likelihood.deviance(x, s, fitted))
    at_mean = likelihood.deviance(x, s, fitted.mean(axis=0))
    log_likelihood = likelihood.log_likelihood(x, s, eta)
    return [
        {"study": study, "treatment": treatment, "data_points": 1,
         "deviance": float(deviance[row]), "leverage": float(deviance[row] - at_mean[row]),
         "log_likelihood": log_likelihood[:, row]}
        for row, (study, treatment) in enumerate(zip(arms["study"], arms["treatment"], strict=True))
    ]  # fmt: skip


def _contrasts(fit: Fit, theta: np.ndarray, controls: Controls) -> list[dict[str, Any]]:
    network = fit.specification.network
    if network.contrasts.empty:
        return []
    others = network.contrasts[network.contrasts["diff"].notna()]
    covariance, y = contrast_covariance(network), others["diff"].to_numpy(float)
    rows = []
    for study in dict.fromkeys(others["study"]):
        own = np.flatnonzero((others["study"] == study).to_numpy())
        block = covariance[np.ix_(own, own)]
        residual = y[own] - theta[:, own]
        inverse = np.linalg.inv(block)
        deviance = np.einsum("ki,ij,kj->k", residual, inverse, residual)
        centre, mean = residual.mean(axis=0), float(controls.mean(deviance[:, None])[0])
        constant = np.linalg.slogdet(2 * np.pi * block)[1]
        rows.append({
            "study": study, "treatment": "", "data_points": len(own),
            "deviance": mean, "leverage": mean - float(centre @ inverse @ centre),
            "log_likelihood": -0.5 * (deviance + constant),
        })  # fmt: skip
    return rows


def fit_measures(fit: Fit) -> dict[str, Any]:
    """What fit.json says of the fit; LOO leaves out an arm, or a study's contrasts."""
    import arviz as az

    rows = points(fit)
    residual = sum(row["deviance"] for row in rows)
    pd = sum(row["leverage"] for row in rows)
    log_likelihood = np.array([row["log_likelihood"] for row in rows])
    weights, pareto_k = az.psislw(-log_likelihood, 1.0)
    elpd = np.logaddexp.reduce(weights + log_likelihood, axis=1)
    inside = np.logaddexp.reduce(log_likelihood, axis=1) - np.log(log_likelihood.shape[1])
    high = int((np.atleast_1d(pareto_k) > HIGH_PARETO_K).sum())
    return {
        "data_points": sum(row["data_points"] for row in rows),
        "residual_deviance": residual,
        "pD": pd,
        "DIC": residual + pd,
        "LOO": {
            "elpd": float(elpd.sum()),
            "se": float(np.sqrt(len(elpd)) * elpd.std(ddof=1)) if len(elpd) > 1 else None,
            "p_loo": float((inside - elpd).sum()),
            "looic": float(-2 * elpd.sum()),
            "high_pareto_k": high,
            "warning": f"{high} of {len(elpd)} points have Pareto k above {HIGH_PARETO_K}: "
            "leave-one-out is not to be trusted there" if high else None,
        },
        "points": [
            {name: row[name] for name in ("study", "treatment", "deviance", "leverage")}
            for row in rows
        ],
    }  # fmt: skip
