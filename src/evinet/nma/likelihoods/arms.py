"""Likelihoods of an arm's outcome given its linear predictor eta (Dias et al., NICE TSD 2).

Each knows its columns, its links, a rough estimate of eta (to tell the sampler where to look), the
log-likelihood as a PyTensor expression, and deviances and log-likelihoods of draws of eta.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from evinet.nma.likelihoods import ordered

LOGIT, PROBIT, CLOGLOG, LOG, IDENTITY = "logit", "probit", "cloglog", "log", "identity"
UNLIMITED = (-np.inf, np.inf)
MOST = 1e15  # events that a vague prior may predict


@dataclass(frozen=True)
class Likelihood:
    """One likelihood with one link. `columns` names its columns of data, two, here called x and s.

    `rough` gives eta and its variance from (x, s); `symbolic` the log-likelihood of (x, s, eta) up
    to a constant; `fitted` the expectation of x; `log_likelihood` that of draws of eta, in full;
    `deviance` of x at an expectation, against the saturated model; `replicate` draws new x given
    draws of eta. `scale` says what effects are; `limits` between which numbers eta must lie. Of
    ordered categories x, s and eta have one more axis (see `ordered`).
    """

    name: str
    link: str
    scale: str
    columns: tuple[str, ...]
    rough: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
    symbolic: Callable[[Any, Any, Any], Any]
    fitted: Callable[[np.ndarray, np.ndarray], np.ndarray]
    log_likelihood: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
    deviance: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
    replicate: Callable[[np.random.Generator, np.ndarray, np.ndarray], np.ndarray]
    limits: tuple[float, float] = UNLIMITED
    of_two: bool = False
    """Whether averages over patients have two parameters (see `individual`)."""

    @property
    def called(self) -> str:
        """The name by which it is asked for."""
        return self.name + "2" * self.of_two

    @property
    def ordered(self) -> bool:
        """Whether outcomes are ordered categories."""
        return self.name == "ordered"

    @property
    def limited(self) -> bool:
        """Whether eta has limits, so that the link does not keep risks between 0 and 1."""
        return self.limits != UNLIMITED


def _binomial_rough(link: str) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    def rough(r: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        p = (r + 0.5) / (n + 1)
        if link == LOGIT:
            eta, slope = special.logit(p), 1 / (p * (1 - p))
        elif link == PROBIT:
            eta = special.ndtri(p)
            slope = np.sqrt(2 * np.pi) * np.exp(eta**2 / 2)
        elif link == LOG:
            eta, slope = np.log(p), 1 / p
        elif link == IDENTITY:
            eta, slope = p, np.ones_like(p)
        else:
            eta = np.log(-np.log1p(-p))
            slope = -1 / ((1 - p) * np.log1p(-p))
        return eta, slope**2 * p * (1 - p) / (n + 1)

    return rough


def _binomial_symbolic(link: str) -> Callable[[Any, Any, Any], Any]:
    def symbolic(r: Any, n: Any, eta: Any) -> Any:
        import pytensor.tensor as pt
        from pymc.distributions.dist_math import normal_lcdf
        from pytensor.tensor.xlogx import xlogy0

        if link == LOGIT:
            return r * eta - n * pt.softplus(eta)
        if link == PROBIT:
            return r * normal_lcdf(0, 1, eta) + (n - r) * normal_lcdf(0, 1, -eta)
        if link in (LOG, IDENTITY):
            p = pt.exp(eta) if link == LOG else eta
            with_it: Any = r * eta if link == LOG else xlogy0(r, eta)
            return with_it + xlogy0(n - r, 1 - p)
        hazard = pt.exp(eta)
        return r * pt.log(-pt.expm1(-hazard)) - (n - r) * hazard

    return symbolic


def _probability(link: str, eta: np.ndarray) -> np.ndarray:
    inverse: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        LOGIT: special.expit,
        PROBIT: special.ndtr,
        CLOGLOG: lambda x: -np.expm1(-np.exp(np.minimum(x, 500))),
        LOG: lambda x: np.exp(np.minimum(x, 0.0)),
        IDENTITY: lambda x: np.clip(x, 0.0, 1.0),
    }
    return inverse[link](eta)


def _binomial_deviance(r: np.ndarray, n: np.ndarray, expected: np.ndarray) -> np.ndarray:
    return 2 * (
        special.xlogy(r, r)
        - special.xlogy(r, expected)
        + special.xlogy(n - r, n - r)
        - special.xlogy(n - r, n - expected)
    )


def binomial_density(r: np.ndarray, n: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Log of the binomial probability of r events of n patients, who need be no whole number."""
    left = np.maximum(n - r, 0.0)
    ways = special.gammaln(n + 1) - special.gammaln(r + 1) - special.gammaln(left + 1)
    found = ways + special.xlogy(r, p) + special.xlog1py(left, -p)
    return np.asarray(np.where(n < r, -np.inf, found))


def _poisson_density(r: np.ndarray, mean: np.ndarray) -> np.ndarray:
    return np.asarray(special.xlogy(r, mean) - mean - special.gammaln(r + 1))


def _binomial(link: str, scale: str, limits: tuple[float, float] = UNLIMITED) -> Likelihood:
    return Likelihood(
        "binomial",
        link,
        scale,
        ("r", "n"),
        _binomial_rough(link),
        _binomial_symbolic(link),
        lambda eta, n: n * _probability(link, eta),
        lambda r, n, eta: binomial_density(r, n, _probability(link, eta)),
        _binomial_deviance,
        lambda rng, eta, n: rng.binomial(n.astype(int), _probability(link, eta)),
        limits,
    )


def _ordered(link: str, scale: str) -> Likelihood:
    """Counts in ordered categories, which the network names."""
    return Likelihood(
        "ordered",
        link,
        scale,
        (),
        lambda x, s: ordered.rough(_binomial_rough(link), x, s),
        lambda x, s, at: ordered.symbolic(link, x, s, at),
        lambda at, s: s[..., -1:] * ordered.shares(link, at, s),
        lambda x, s, at: ordered.log_likelihood(link, x, s, at),
        lambda x, s, expected: ordered.deviance(x, expected),
        lambda rng, at, s: ordered.replicate(link, rng, at, s),
    )


def _poisson_symbolic(r: Any, exposure: Any, eta: Any) -> Any:
    import pytensor.tensor as pt

    return r * eta - exposure * pt.exp(eta)


POISSON = Likelihood(
    "poisson",
    LOG,
    "ln rate ratio",
    ("r", "e"),
    lambda r, exposure: (np.log((r + 0.5) / exposure), 1 / (r + 0.5)),
    _poisson_symbolic,
    lambda eta, exposure: exposure * np.exp(eta),
    lambda r, exposure, eta: _poisson_density(r, exposure * np.exp(eta)),
    lambda r, exposure, expected: 2 * (special.xlogy(r, r) - special.xlogy(r, expected)
                                       - r + expected),
    lambda rng, eta, exposure: rng.poisson(
        np.exp(np.minimum(eta + np.log(exposure), np.log(MOST)))
    ),
)  # fmt: skip
NORMAL = Likelihood(
    "normal",
    IDENTITY,
    "mean difference",
    ("y", "se"),
    lambda y, se: (y, se**2),
    lambda y, se, eta: -0.5 * ((y - eta) / se) ** 2,
    lambda eta, se: eta,
    lambda y, se, eta: -0.5 * ((y - eta) / se) ** 2 - np.log(se) - 0.5 * np.log(2 * np.pi),
    lambda y, se, expected: ((y - expected) / se) ** 2,
    lambda rng, eta, se: rng.normal(eta, se),
)
EVERY = (
    _binomial(LOGIT, "ln OR"),
    _binomial(PROBIT, "difference of probits"),
    _binomial(CLOGLOG, "ln HR"),
    _binomial(LOG, "ln RR", (-np.inf, 0.0)),
    _binomial(IDENTITY, "risk difference", (0.0, 1.0)),
    POISSON,
    NORMAL,
    _ordered(PROBIT, "difference of probits"),
    _ordered(LOGIT, "ln OR"),
)
LINKS: dict[str, Callable[[Any], Any]] = {
    LOGIT: special.logit,
    PROBIT: special.ndtri,
    CLOGLOG: lambda p: np.log(-np.log1p(-p)),
    LOG: np.log,
    IDENTITY: lambda x: x,
}
"""The linear predictor of a mean outcome, by link."""
LIKELIHOODS = {(each.name, each.link): each for each in EVERY}
"""Likelihoods by name and link."""


def links(name: str) -> list[str]:
    """The links of a likelihood, the usual one first."""
    return [link for known, link in LIKELIHOODS if known == name]
