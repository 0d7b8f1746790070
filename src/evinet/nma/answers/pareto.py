"""Pareto-smoothed importance sampling of many points at once."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp, softmax

AT_ONCE = 256  # points, for the memory that they take
FEWEST = 5  # weights in a tail that a distribution is fitted to
LEAST = float(np.log(np.finfo(float).tiny))
STEEPNESS, PRIOR_K, PRIOR_SIZE = 3.0, 0.5, 10.0


def smoothed(log_ratios: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smoothed and normalised log weights, and Pareto's k, of each point.

    The largest weights are replaced by quantiles of a generalised Pareto distribution (Vehtari,
    Simpson, Gelman, Yao & Gabry 2024, J Mach Learn Res 25:72).

    Parameters
    ----------
    log_ratios
        Of independent draws, shape (points, draws).

    Returns
    -------
    log_weights, pareto_k
        Shapes (points, draws), (points,). k is infinite where the tail is too short or too flat.

    Examples
    --------
    >>> draws = np.random.default_rng(1).standard_normal((2, 4000))
    >>> log_weights, k = smoothed(np.array([[0.1], [2.0]]) * draws)
    >>> np.exp(log_weights).sum(axis=1).round(6).tolist(), (k > 0.7).tolist()
    ([1.0, 1.0], [False, True])
    """
    parts = [_smoothed(log_ratios[start : start + AT_ONCE])
             for start in range(0, len(log_ratios), AT_ONCE)]  # fmt: skip
    weights, k = zip(*parts, strict=True)
    return np.concatenate(weights), np.concatenate(k)


def _smoothed(log_ratios: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    found = log_ratios - log_ratios.max(axis=1, keepdims=True)
    draws = found.shape[1]
    size = int(np.ceil(min(draws / 5, 3 * np.sqrt(draws))))
    largest = np.argpartition(found, draws - size - 1, axis=1)[:, draws - size - 1 :]
    order = np.argsort(np.take_along_axis(found, largest, axis=1), axis=1)
    largest = np.take_along_axis(largest, order, axis=1)
    values = np.take_along_axis(found, largest, axis=1)
    threshold = np.maximum(values[:, 0], LEAST)
    lengths = (values > threshold[:, None]).sum(axis=1)  # fewer than `size` where draws are alike
    pareto_k = np.full(len(found), np.inf)
    for length in np.unique(lengths[lengths >= FEWEST]):
        own = np.flatnonzero(lengths == length)
        least = np.exp(threshold[own])[:, None]
        with np.errstate(all="ignore"):  # of a flat tail: not finite, and left as it is
            k, sigma = _generalised_pareto(np.exp(values[own, -length:]) - least)
            spent = -np.log1p(-(np.arange(length) + 0.5) / length)
            times = np.where(abs(k) > 1e-30, np.expm1(k * spent) / k, spent)
            above = np.minimum(np.log(least + sigma * times), 0.0)
        fitted = np.isfinite(k[:, 0]) & np.isfinite(above).all(axis=1)
        pareto_k[own[fitted]] = k[fitted, 0]
        found[own[fitted, None], largest[own[fitted], -length:]] = above[fitted]
    return found - logsumexp(found, axis=1, keepdims=True), pareto_k


def _generalised_pareto(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """k and sigma of ascending numbers above a threshold, shape (points, numbers); (points, 1).

    Zhang & Stephens 2009, Technometrics 51:316; k is drawn towards 0.5 by ten numbers' weight.
    """
    size = x.shape[1]
    grid = 30 + int(np.sqrt(size))
    quarter = x[:, [int(size / 4 + 0.5) - 1]]
    b = 1 / x[:, -1:] + (1 - np.sqrt(grid / (np.arange(grid) + 0.5))) / (STEEPNESS * quarter)
    k = np.log1p(-b[:, :, None] * x[:, None, :]).mean(axis=2)
    weights = softmax(size * (np.log(-b / k) - k - 1), axis=1)
    best = (b * weights).sum(axis=1, keepdims=True)
    k = np.log1p(-best * x).mean(axis=1, keepdims=True)
    return (size * k + PRIOR_SIZE * PRIOR_K) / (size + PRIOR_SIZE), -k / best
