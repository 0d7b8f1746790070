"""Counts of patients in ordered categories, which share one effect (Dias et al., NICE TSD 2, 3.6).

A patient reaches category m or a better one with the probability F(eta - c_m): F is the normal
distribution (probit) or the logistic one (logit: proportional odds), c_1 = 0 is the cut-point of
the first category, and the others lie above it. A study may report any of the categories: patients
of a category that it does not report are counted in the next worse one that it does.

x
    Counts, shape (arms, 1 + categories): none reached, then each category alone; 0 if not reported.
s
    Of each of these columns the number of the next reported category (one more than there are
    categories: there is none; 0: it is itself not reported); then the arm's patients.
at
    Linear predictors eta - c_m, shape (..., arms, categories).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

FAR = 700.0  # a predictor that every patient reaches


def structure(counts: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x and s of counts in each category alone, NaN where one is not reported.

    Examples
    --------
    >>> x, s = structure(np.array([[3.0, np.nan, 2.0]]), np.array([10.0]))
    >>> x.tolist(), s.tolist()
    ([[5.0, 3.0, 0.0, 2.0]], [[1.0, 3.0, 0.0, 4.0, 10.0]])
    """
    reported = np.isfinite(counts)
    known = np.where(reported, counts, 0.0)
    x = np.column_stack([n - known.sum(axis=1), known])
    categories = counts.shape[1]
    s = np.zeros((len(counts), categories + 2))
    following = np.full(len(counts), categories + 1.0)
    for category in range(categories, 0, -1):
        mine = reported[:, category - 1]
        s[mine, category] = following[mine]
        following[mine] = category
    s[:, 0] = following
    s[:, -1] = n
    return x, s


def predictors(eta: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """eta less the cut-points, of which `cuts` lacks the first (0); shape (..., categories)."""
    return np.asarray(
        eta[..., None] - np.concatenate([np.zeros_like(cuts[..., :1]), cuts], axis=-1)
    )


def _cdf(link: str, eta: np.ndarray) -> np.ndarray:
    return np.asarray(special.ndtr(eta) if link == "probit" else special.expit(eta))


def shares(link: str, at: np.ndarray, s: np.ndarray) -> np.ndarray:
    """The probability of each column of x, exact in both tails; shape (..., arms, columns)."""
    ends = np.full((*at.shape[:-1], 1), np.inf)
    lower = np.concatenate([ends, at], axis=-1)
    every = np.concatenate([lower, -ends], axis=-1)
    following = np.broadcast_to(s[..., :-1].astype(int), lower.shape)
    upper = np.take_along_axis(every, following, axis=-1)
    with np.errstate(invalid="ignore"):
        flip = lower + upper > 0
    high, low = np.where(flip, -upper, lower), np.where(flip, -lower, upper)
    return np.where(following > 0, np.maximum(_cdf(link, high) - _cdf(link, low), 0.0), 0.0)


def rough(
    binomial: Callable[..., tuple[np.ndarray, np.ndarray]], x: np.ndarray, s: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """eta of each arm by its best known category, with roughly pooled cut-points, and its variance.

    `binomial` gives predictor and variance of counts and patients.
    """
    n, reported = s[:, -1], s[:, 1:-1] > 0
    reached = x[:, :0:-1].cumsum(axis=1)[:, ::-1]
    eta, variance = binomial(reached, n[:, None])
    cuts = np.zeros(reported.shape[1])
    for category in range(1, len(cuts)):
        both = reported[:, [category]] & reported[:, :category]
        with np.errstate(invalid="ignore"):
            weight = both / (variance[:, [category]] + variance[:, :category])
            apart = cuts[:category] + np.maximum(eta[:, :category] - eta[:, [category]], 0.0)
        known = both.any()
        cuts[category] = (weight * apart).sum() / weight.sum() if known else cuts[category - 1] + 1
    best = np.where(reported, variance, np.inf).argmin(axis=1)
    row = np.arange(len(x))
    return eta[row, best] + cuts[best], variance[row, best]


def symbolic(link: str, x: Any, s: Any, at: Any) -> Any:
    """Log-likelihood of each arm up to a constant, as a PyTensor expression."""
    import pytensor.tensor as pt
    from pymc.distributions.dist_math import normal_lcdf
    from pymc.math import logdiffexp

    following = pt.cast(s[:, :-1], "int64")
    ends = pt.full_like(at[:, :1], FAR)
    lower = pt.concatenate([ends, at], axis=1)
    every = pt.concatenate([lower, -ends], axis=1)
    upper = pt.take_along_axis(every, following, axis=1)
    used = x > 0
    flip = lower + upper > 0
    high = pt.switch(used, pt.switch(flip, -upper, lower), 1.0)
    low = pt.switch(used, pt.switch(flip, -lower, upper), 0.0)

    def log_cdf(eta: Any) -> Any:
        return normal_lcdf(0, 1, eta) if link == "probit" else -pt.softplus(-eta)

    return pt.switch(used, x * logdiffexp(log_cdf(high), log_cdf(low)), 0.0).sum(axis=1)


def log_likelihood(link: str, x: np.ndarray, s: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Multinomial log-likelihood of each arm, in full; shape (..., arms)."""
    return multinomial(x, s, shares(link, at, s))


def multinomial(x: np.ndarray, s: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Multinomial log-likelihood of the shares of the columns of x, in full."""
    ways = special.gammaln(s[..., -1] + 1) - special.gammaln(x + 1).sum(axis=-1)
    return np.asarray(ways + special.xlogy(x, share).sum(axis=-1))


def deviance(x: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Against the saturated model, of each arm."""
    return np.asarray(2 * (special.xlogy(x, x) - special.xlogy(x, expected)).sum(axis=-1))


def replicate(link: str, rng: np.random.Generator, at: np.ndarray, s: np.ndarray) -> np.ndarray:
    """New counts x."""
    each = shares(link, at, s)
    patients = np.broadcast_to(s[..., -1].astype(int), each.shape[:-1])
    return rng.multinomial(patients, each / each.sum(axis=-1, keepdims=True))


def untold(categories: tuple[str, ...], s: np.ndarray) -> list[str]:
    """Categories whose cut-point no arm tells, as none reports another one beside them.

    Examples
    --------
    >>> _, s = structure(np.array([[3.0, 1, np.nan], [np.nan, np.nan, 1]]), np.array([9.0, 9]))
    >>> untold(("mild", "moderate", "severe"), s)
    ['severe']
    """
    reached = {0}
    for _ in categories:
        for own in s[:, 1:-1] > 0:
            told = set(np.flatnonzero(own).tolist())
            reached |= told if told & reached else set()
    return [name for place, name in enumerate(categories) if place not in reached]
