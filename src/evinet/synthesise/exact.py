"""Exact posterior draws of a network of published contrasts: no Markov chain is needed.

Given tau and sigma everything is normal, so d is drawn from its conditional and the data's marginal
likelihood is known; tau and sigma, one or two numbers, are drawn from a fine grid. The draws are
independent (the direct method of Röver 2020, J Stat Softw 93(6), for networks).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import ndtr

from evinet.synthesise.model import Contrasts, Specification
from evinet.synthesise.priors import Prior

REACH = 6.0
"""The grid covers the priors from -6 to 6 on the scale of a standard normal quantile."""
COARSE = {1: 121, 2: 31}
FINE = {1: 401, 2: 81}
NEGLIGIBLE = 20.0
"""Cells whose log density lies this far below the highest are left out of the fine grid."""
BATCH = 4096


def draw(
    specification: Specification, rows: Contrasts, size: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Independent posterior draws: d of shape (size, treatments), tau and sigma of shape (size,).

    tau is 0 with fixed effects; sigma is the model's own where it is not estimated.
    """
    free = {"tau": specification.tau_prior, "sigma": specification.sigma_prior}
    estimated = {name: prior for name, prior in free.items() if prior is not None}
    fixed = {"tau": 0.0, "sigma": specification.model.sigma or 0.0}

    def log_likelihood(points: dict[str, np.ndarray], count: int) -> np.ndarray:
        both = {name: points.get(name, np.full(count, fixed[name])) for name in free}
        return marginal(specification, rows, both["tau"], both["sigma"])

    drawn = _hyperparameters(estimated, log_likelihood, size, rng) if estimated else {}
    points = {name: drawn.get(name, np.full(size, fixed[name])) for name in free}
    given = points if estimated else {name: values[:1] for name, values in points.items()}
    d = effects(specification, rows, given["tau"], given["sigma"], size, rng)
    return {"d": d, **points}


def marginal(
    specification: Specification, rows: Contrasts, tau: np.ndarray, sigma: np.ndarray
) -> np.ndarray:
    """Log likelihood of y given tau and sigma, d integrated out, up to a constant; shape (points,).

    y ~ Normal(0, A P A' + V + tau^2 H), with P the prior covariance of d given sigma.
    """
    found = np.empty(len(tau))
    for start in range(0, len(tau), BATCH):
        part = slice(start, start + BATCH)
        covariance = _covariance(specification, rows, tau[part], sigma[part])
        root = np.linalg.cholesky(covariance)
        white = np.linalg.solve(root, np.broadcast_to(rows.y, root.shape[:2])[..., None])[..., 0]
        diagonal = np.diagonal(root, axis1=1, axis2=2)
        found[part] = -0.5 * (white**2).sum(axis=1) - np.log(diagonal).sum(axis=1)
    return found


def effects(
    specification: Specification,
    rows: Contrasts,
    tau: np.ndarray,
    sigma: np.ndarray,
    size: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draws of d given y, one for each (tau, sigma) or all for the one, shape (size, treatments).

    A draw of d and of data from the prior, moved to the observed data by the regression of d on y.
    """
    d = correlated(_prior(specification, rows, sigma), size, rng)
    root = np.linalg.cholesky(rows.within + tau[:, None, None] ** 2 * rows.between)
    noise = (root @ rng.standard_normal((size, len(rows.y), 1)))[..., 0]
    residual = rows.y - d @ rows.design.T - noise
    return d + (gain(specification, rows, tau, sigma) @ residual[..., None])[..., 0]


def gain(
    specification: Specification, rows: Contrasts, tau: np.ndarray, sigma: np.ndarray
) -> np.ndarray:
    """Regression of d on y for each (tau, sigma), shape (points, treatments, rows).

    P A' (A P A' + V + tau^2 H)^-1, with P the prior covariance of d given sigma.
    """
    across = _prior(specification, rows, sigma) @ rows.design.T
    covariance = _covariance(specification, rows, tau, sigma)
    return np.swapaxes(np.linalg.solve(covariance, np.swapaxes(across, -1, -2)), -1, -2)


def _prior(specification: Specification, rows: Contrasts, sigma: np.ndarray) -> np.ndarray:
    """Prior covariance of the columns of the design: d, and factors after it, if any."""
    own = specification.effect_covariance(sigma)
    more = rows.design.shape[1] - own.shape[-1]
    if more == 0:
        return own
    padded = np.zeros((*own.shape[:-2], own.shape[-1] + more, own.shape[-1] + more))
    padded[..., : own.shape[-1], : own.shape[-1]] = own
    last = np.arange(own.shape[-1], padded.shape[-1])
    padded[..., last, last] = specification.config.effect_prior_sd**2
    return padded


def _covariance(
    specification: Specification, rows: Contrasts, tau: np.ndarray, sigma: np.ndarray
) -> np.ndarray:
    prior = rows.design @ _prior(specification, rows, sigma) @ rows.design.T
    return prior + rows.within + tau[:, None, None] ** 2 * rows.between


def correlated(covariance: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Normal draws, one for each covariance or all for the one; they may be singular."""
    values, vectors = np.linalg.eigh(covariance)
    scale = np.sqrt(values.clip(min=0.0))
    unit = rng.standard_normal((size, covariance.shape[-1]))
    return (vectors @ (scale * unit)[..., None])[..., 0]


def _hyperparameters(
    estimated: dict[str, Prior],
    log_likelihood: Callable[[dict[str, np.ndarray], int], np.ndarray],
    size: int,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Draws of the heterogeneity and the class's spread from their joint posterior.

    A coarse grid over the priors finds where the posterior is, a fine one there is drawn from,
    evenly inside a cell.
    """

    def scaled(points: np.ndarray) -> dict[str, np.ndarray]:
        return {
            name: prior.ppf(ndtr(points[:, number]))
            for number, (name, prior) in enumerate(estimated.items())
        }

    def log_density(points: np.ndarray) -> np.ndarray:
        return log_likelihood(scaled(points), len(points)) - 0.5 * (points**2).sum(axis=1)

    dimensions = len(estimated)
    axes = [np.linspace(-REACH, REACH, COARSE[dimensions])] * dimensions
    points = _grid(axes)
    density = log_density(points)
    kept = points[density > density.max() - NEGLIGIBLE]
    step = axes[0][1] - axes[0][0]
    axes = [
        np.linspace(low - step, high + step, FINE[dimensions])
        for low, high in zip(kept.min(axis=0), kept.max(axis=0), strict=True)
    ]
    points = _grid(axes)
    density = log_density(points)
    share = np.exp(density - density.max())
    chosen = points[rng.choice(len(points), size, p=share / share.sum())]
    cell = np.array([axis[1] - axis[0] for axis in axes])
    return scaled(chosen + cell * (rng.random(chosen.shape) - 0.5))


def _grid(axes: Sequence[np.ndarray]) -> np.ndarray:
    """Every combination of the axes' values, shape (points, axes)."""
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
