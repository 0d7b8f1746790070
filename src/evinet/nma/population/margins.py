"""Points that stand for a population: margins as published, joined by a Gaussian copula.

The points are a scrambled Sobol sequence (quasi-Monte Carlo), so that averages over 64 of them have
errors as of thousands of random ones (Phillippo et al. 2020, J R Stat Soc A 183:1189).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from evinet.errors import InputError, Problem
from evinet.nma.population.summaries import Summary

FAMILIES = ("normal", "gamma", "lognormal", "logitnormal", "beta", "bernoulli")
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(61)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
TINY = 1e-12


@dataclass(frozen=True)
class Margin:
    """The distribution of one covariate, by its mean and standard deviation.

    Examples
    --------
    >>> Margin("normal", 60, 10).quantile(np.array([0.5])).round(3)
    array([60.])
    >>> Margin("bernoulli", 0.3).quantile(np.array([0.69, 0.71]))
    array([0., 1.])
    >>> float(Margin("gamma", 17, 12).quantile((np.arange(9999) + 0.5) / 9999).mean().round(2))
    17.0
    """

    family: str
    mean: float
    sd: float = float("nan")
    levels: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()

    @classmethod
    def categorical(cls, shares: dict[str, float]) -> Margin:
        """The distribution of categories with these shares, which add up to 1."""
        return cls("categorical", float("nan"), levels=tuple(shares), shares=tuple(shares.values()))

    def quantile(self, share: np.ndarray) -> np.ndarray:
        """Values below which these shares of the population lie, any shape."""
        mean, sd = self.mean, self.sd
        share = np.clip(share, TINY, 1 - TINY)
        if self.levels:
            place = np.searchsorted(np.cumsum(self.shares)[:-1], share, side="right")
            return np.asarray(self.levels, object)[place]
        if self.family == "bernoulli":
            return (share > 1 - mean).astype(float)
        if self.family == "normal":
            return mean + sd * special.ndtri(share)
        if self.family == "gamma":
            shape = (mean / sd) ** 2
            return np.asarray(special.gammaincinv(shape, share) * mean / shape)
        if self.family == "lognormal":
            spread = np.log1p((sd / mean) ** 2)
            return np.exp(np.log(mean) - spread / 2 + np.sqrt(spread) * special.ndtri(share))
        if self.family == "beta":
            total = mean * (1 - mean) / sd**2 - 1
            return np.asarray(special.betaincinv(mean * total, (1 - mean) * total, share))
        centre, spread = _logit_normal(mean, sd)
        return np.asarray(special.expit(centre + spread * special.ndtri(share)))


def _logit_normal(mean: float, sd: float) -> tuple[float, float]:
    """Mean and standard deviation of the logit that give those of the share itself."""

    def away(at: np.ndarray) -> np.ndarray:
        values = special.expit(at[0] + np.exp(at[1]) * NODES)
        own = WEIGHTS @ values
        return np.array([own - mean, np.sqrt(WEIGHTS @ (values - own) ** 2) - sd])

    start = np.array([special.logit(mean), np.log(sd / (mean * (1 - mean)))])
    found = optimize.root(away, start, tol=1e-10)
    return float(found.x[0]), float(np.exp(found.x[1]))


def margin(
    name: str, summary: Summary, patients: np.ndarray | None, family: str | None, where: str
) -> Margin:
    """The margin of a covariate in a population.

    Without a family: Bernoulli for a covariate of 0 and 1, gamma where all patients are above 0,
    else normal. Without a published standard deviation: that of the patients.

    Raises
    ------
    InputError
        The mean is not published, or the family cannot have such a mean and standard deviation.
    """
    if not np.isfinite(summary.mean):
        raise InputError(
            Problem(where, f"{name}_mean", "(missing)", "a model of the outcome needs the mean of "
                    f"{name}; its median is not enough",
                    f"Write {name}_mean, or use weights (maic), which can match a median")
        )  # fmt: skip
    if summary.binary:
        return Margin("bernoulli", summary.mean)
    sd = summary.sd
    if not np.isfinite(sd):
        if patients is None:
            raise InputError(
                Problem(where, f"{name}_sd", "(missing)", "the standard deviation is not "
                        "published, and there are no patients to take it from", f"Write {name}_sd")
            )  # fmt: skip
        sd = float(patients.std(ddof=1))
    if family is None:
        above = patients is not None and bool((patients > 0).all()) and summary.mean > 0
        family = "gamma" if above else "normal"
    if family not in FAMILIES:
        raise InputError(
            Problem("(options)", "--margin", f"{name}={family}",
                    "is not a known family of distributions", f"Use one of {', '.join(FAMILIES)}")
        )  # fmt: skip
    positive, share = family in ("gamma", "lognormal"), family in ("beta", "logitnormal")
    if positive and summary.mean <= 0:
        message, remedy = f"a {family} covariate is above 0", "Use normal, or correct the mean"
    elif share and not 0 < summary.mean < 1:
        message, remedy = (
            f"a {family} covariate is between 0 and 1",
            "Divide it by its highest value",
        )
    elif share and sd**2 >= summary.mean * (1 - summary.mean):
        message, remedy = f"no {family} covariate has a standard deviation of {sd:g}", "Correct it"
    else:
        return Margin(family, summary.mean, sd)
    raise InputError(Problem(where, f"{name}_mean", summary.mean, message, remedy))


def correlation(patients: pd.DataFrame, names: list[str]) -> np.ndarray:
    """Correlation of the copula's normal variables, from the ranks of patients within studies.

    2 sin(pi r / 6) of Spearman's r, averaged over studies by their patients (as for continuous
    margins; for binary ones it is an approximation).

    Returns
    -------
    correlation
        Positive definite, shape (covariates, covariates).
    """
    size = len(names)
    found, weight = np.zeros((size, size)), 0.0
    for _, own in patients.groupby("study", sort=True):
        if len(own) < 4:
            continue
        ranks = own[names].rank().to_numpy(float)
        centred = ranks - ranks.mean(axis=0)
        norm = np.sqrt((centred**2).sum(axis=0))
        norm[norm == 0] = np.inf
        found += (len(own) - 3) * (centred / norm).T @ (centred / norm)
        weight += len(own) - 3
    if weight:
        found = 2 * np.sin(np.pi * found / weight / 6)
    np.fill_diagonal(found, 1.0)
    return _definite(found)


def given_correlation(given: pd.DataFrame, names: list[str]) -> np.ndarray:
    """A table of correlations, in the order of the covariates.

    Raises
    ------
    InputError
        A covariate is not in it, or no covariates can have these correlations together.
    """
    lacking = [name for name in names if name not in given.index or name not in given.columns]
    if lacking:
        raise InputError(
            Problem(str(given.attrs.get("file", "(options)")), "correlations", ", ".join(lacking),
                    "has no row or no column in the table of correlations", "Add both")
        )  # fmt: skip
    matrix = given.loc[names, names].to_numpy(float)
    values = np.linalg.eigvalsh((matrix + matrix.T) / 2)
    alike = np.allclose(matrix, matrix.T) and np.allclose(np.diag(matrix), 1)
    if not alike or abs(matrix).max() > 1 or values.min() < 1e-9:
        raise InputError(
            Problem(str(given.attrs.get("file", "(options)")), "correlations",
                    np.round(matrix, 3).tolist(), "no covariates can have these correlations "
                    "together", "Give a symmetric, positive definite table with 1 on its diagonal, "
                    "or none: then those of the patients count")
        )  # fmt: skip
    return matrix


def _definite(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    if values.min() > 1e-6:
        return matrix
    mended = vectors @ np.diag(values.clip(min=1e-6)) @ vectors.T
    scale = np.sqrt(np.diag(mended))
    return np.asarray(mended / np.outer(scale, scale))


def points(
    margins: dict[str, Margin], correlated: np.ndarray, count: int, seed: np.random.SeedSequence
) -> pd.DataFrame:
    """A population of `count` points, each of the same weight.

    Parameters
    ----------
    margins
        Of each covariate.
    correlated
        Correlation of the copula, shape (covariates, covariates).
    count
        A power of two.

    Returns
    -------
    points
        A column for each covariate, shape (count, covariates).
    """
    from scipy.stats import qmc

    root = np.linalg.cholesky(correlated)
    rng = np.random.default_rng(seed)
    unit = qmc.Sobol(len(margins), scramble=True, rng=rng).random(count)
    normal = special.ndtri(np.clip(unit, TINY, 1 - TINY)) @ root.T
    share = stats.norm.cdf(normal)
    return pd.DataFrame(
        {name: each.quantile(share[:, place]) for place, (name, each) in enumerate(margins.items())}
    )
