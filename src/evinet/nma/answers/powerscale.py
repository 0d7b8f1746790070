"""Sensitivity to priors and likelihood by power scaling (Kallioinen et al. 2024)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import rel_entr

from evinet import tables

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit

STEP = 1.01
"""Powers 1 / 1.01 and 1.01: a numerical derivative at 1."""
STRONG = 0.05
"""Above this a prior is informative, below it a likelihood is weak (Stat Comput 34:57)."""


def powerscale(fit: Fit) -> pd.DataFrame:
    """Table POWERSCALE: how much each parameter would move were a prior or the data to weigh more.

    A prior density is raised to a power a little below and above 1, by importance weights on the
    draws; the sensitivity is the cumulative Jensen-Shannon distance to the posterior for a doubling
    of the power.
    """
    densities = components(fit)
    found = []
    for parameter, draws in fit.parameters.items():
        if parameter not in (*fit.specification.names, "tau", "sigma"):
            continue
        values = np.concatenate([each.ravel() for each in draws])
        moved = {name: sensitivity(values, density) for name, density in densities.items()}
        for name, value in moved.items():
            row: dict[str, Any] = {"parameter": parameter, "component": name, "sensitivity": value}
            if name != "likelihood":
                row["finding"] = finding(value, moved["likelihood"])
            found.append(row)
    return tables.POWERSCALE.frame(found)


def finding(prior: float, likelihood: float) -> str:
    """What a prior's and the likelihood's sensitivity mean together."""
    if prior < STRONG:
        return "prior not influential"
    return "prior strong, data weak" if likelihood < STRONG else "prior and data may disagree"


def components(fit: Fit) -> dict[str, np.ndarray]:
    """Log density of the data, and of each prior, at each draw; shape (draws,) each."""
    model, b = fit.specification, fit.coefficients
    found = {"likelihood": _likelihood(fit)}
    keep, _ = model.design.mixing
    size = len(keep)
    independent = np.hstack([b[:, :size] @ np.linalg.pinv(keep).T, b[:, size:]])
    scaled = independent / model.independent_sd
    slope = np.array([model.names[of].startswith("beta") for of in model.stand_for], bool)
    found["prior of effects"] = -0.5 * (scaled[:, ~slope] ** 2).sum(axis=1)
    if slope.any():
        found["prior of coefficients"] = -0.5 * (scaled[:, slope] ** 2).sum(axis=1)
    mu = intercepts(fit)
    if mu is not None:
        sd = model.priors.intercepts if model.arms is not None else model.baseline.intercept_sd  # type: ignore[union-attr]
        found["prior of intercepts"] = -0.5 * ((mu / sd) ** 2).sum(axis=1)
    if model.gaps:
        gaps = np.diff(fit.samples["cut"].transpose("sample", ...).to_numpy(), prepend=0.0)
        found["prior of cut-points"] = model.priors.cuts.logpdf(gaps).sum(axis=1)
    if model.random:
        found["prior of tau"] = model.priors.tau.logpdf(fit.tau)
    if model.sigma_prior is not None:
        found["prior of sigma"] = model.sigma_prior.logpdf(fit.sigma)
    return found


def intercepts(fit: Fit) -> np.ndarray | None:
    """Draws of the studies' mu, shape (draws, studies); None where none has a normal prior.

    Contrasts have none, and of piecewise hazards the prior is flat. An exact posterior holds mu in
    the fitted value of each study's baseline arm, which is mu as its theta is 0.
    """
    if "mu" in fit.samples:
        return np.asarray(fit.samples["mu"].transpose("sample", ...).to_numpy())
    model = fit.specification
    if model.arms is None:
        return None
    arms = model.design.rows.iloc[model.design.of("arm")]
    own = np.flatnonzero(arms["treatment"] == arms["against"])
    own = own[~arms["study"].iloc[own].duplicated()]  # a baseline may stand in several arms
    return np.asarray(fit.samples["fitted"].transpose("sample", ...).to_numpy()[:, own])


def _likelihood(fit: Fit) -> np.ndarray:
    from evinet.nma.answers.fit_measures import parts
    from evinet.nma.fit.exact import data

    if fit.mixture is not None:
        given = data(fit.specification)
        residual = given.y - fit.samples["fitted"].transpose("sample", ...).to_numpy()
        precision = np.linalg.inv(given.noise)
        return np.asarray(-0.5 * ((residual @ precision) * residual).sum(axis=1))
    return np.concatenate([
        np.sum([part.log_likelihood @ part.counts for part in parts(fit, number)], axis=0)
        for number in range(len(fit.traces))
    ])  # fmt: skip


def sensitivity(draws: np.ndarray, log_density: np.ndarray) -> float:
    """Mean distance of the two power-scaled posteriors, for a doubling of the power."""
    distances = []
    for power in (1 / STEP, STEP):
        scaled = (power - 1) * log_density
        weight = np.exp(scaled - scaled.max())
        distances.append(distance(draws, weight / weight.sum()))
    return float(np.mean(distances) / np.log2(STEP))


def distance(draws: np.ndarray, weight: np.ndarray) -> float:
    """Cumulative Jensen-Shannon distance of draws and of the same draws weighted.

    Nguyen & Vreeken 2015 (ECML PKDD), normalised; the larger of the distances of x and of -x.
    """
    return max(_distance(draws, weight), _distance(-draws, weight))


def _distance(draws: np.ndarray, weight: np.ndarray) -> float:
    order = np.argsort(draws, kind="stable")
    widths = np.diff(draws[order])
    p = np.arange(1, len(draws)) / len(draws)
    q = np.cumsum(weight[order])[:-1].clip(max=1.0)
    p_total, q_total = float(widths @ p), float(widths @ q)
    if not p_total + q_total > 0:  # all draws are one number
        return 0.0
    divergence = sum(
        float(widths @ rel_entr(one, (p + q) / 2)) + 0.5 * (other_total - one_total)
        for one, one_total, other_total in ((p, p_total, q_total), (q, q_total, p_total))
    )
    return float(np.sqrt(max(divergence / np.log(2), 0.0) / (p_total + q_total)))
