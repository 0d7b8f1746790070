"""The posterior of one number: draws, or an exactly known mixture of normal distributions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

QUANTILES = (0.025, 0.5, 0.975)
COLUMNS = ("q2.5", "q50", "q97.5")
Z95 = 1.959963984540054  # half of a normal 95 % interval, in standard deviations
STEPS = 60  # of Newton's method, which halves the interval where it would leave it
ROOT_OF_2_PI = float(np.sqrt(2 * np.pi))
KEPT = 1000
"""Draws that economic models get: enough for a probabilistic analysis, small enough to mail."""


def thinned(draws: int) -> range:
    """The places of at most `KEPT` draws, evenly apart: the same for all that was drawn together.

    Examples
    --------
    >>> thinned(4000)
    range(0, 4000, 4)
    >>> len(thinned(1999)), len(thinned(10))
    (1000, 10)
    """
    return range(draws)[:: max(1, draws // KEPT)][:KEPT]


@dataclass(frozen=True, eq=False)
class Distribution:
    """A mixture of normal distributions; draws are components of standard deviation 0.

    Attributes
    ----------
    mean, sd, weight
        Of the components, shape (components,); the weights add up to 1.

    Examples
    --------
    >>> one = Distribution(np.zeros(1), np.ones(1), np.ones(1))
    >>> round(one.below(-1.96), 3), round(one.quantile(0.975), 2)
    (0.025, 1.96)
    """

    mean: np.ndarray
    sd: np.ndarray
    weight: np.ndarray

    @classmethod
    def of_draws(cls, draws: np.ndarray, sd: np.ndarray | float = 0.0) -> Distribution:
        """From draws, of equal weight; with `sd` each is a normal distribution around it."""
        size = len(draws)
        return cls(draws, np.broadcast_to(np.asarray(sd, float), size), np.full(size, 1 / size))

    @property
    def drawn(self) -> bool:
        """Whether it is made of draws, and so has Monte Carlo error; points of a grid are none."""
        return not self.sd.any() and bool((self.weight == self.weight[0]).all())

    @property
    def centre(self) -> float:
        """The mean."""
        return float(self.weight @ self.mean)

    @property
    def spread(self) -> float:
        """The standard deviation."""
        variance = float(self.weight @ (self.sd**2 + (self.mean - self.centre) ** 2))
        size = len(self.mean)
        return float(np.sqrt(variance * (size / (size - 1) if self.drawn and size > 1 else 1.0)))

    def below(self, value: float) -> float:
        """The probability of less than `value`."""
        if self.drawn:
            return min(float(self.weight @ (self.mean < value)), 1.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            z = (value - self.mean) / self.sd
        z = np.where(self.sd > 0, z, np.where(self.mean < value, np.inf, -np.inf))
        return min(float(self.weight @ ndtr(z)), 1.0)

    def quantile(self, share: float) -> float:
        """The value below which `share` of the probability lies."""
        if self.drawn:
            return float(np.quantile(self.mean, share))
        lower = float((self.mean - 12 * self.sd).min())
        upper = float((self.mean + 12 * self.sd).max())
        found = float(np.clip(self.centre + self.spread * ndtri(share), lower, upper))
        close, smooth = 1e-14 * (upper - lower), bool(self.sd.all())
        for _ in range(STEPS):
            below = self.below(found)
            if below < share:
                lower = found
            else:
                upper = found
            density = self._density(found)
            newton = found - (below - share) / density if density > 0 else lower
            if smooth and abs(newton - found) <= close:
                break
            before, found = found, newton if lower < newton < upper else (lower + upper) / 2
            if abs(found - before) <= close:
                break
        return found

    def _density(self, value: float) -> float:
        """The density at `value` of the components that have one."""
        wide = self.sd > 0
        z = (value - self.mean[wide]) / self.sd[wide]
        return float((self.weight[wide] / self.sd[wide]) @ np.exp(-0.5 * z**2) / ROOT_OF_2_PI)

    def summary(self) -> dict[str, float]:
        """Mean, sd, q2.5, q50, q97.5."""
        quantiles = {name: self.quantile(q) for name, q in zip(COLUMNS, QUANTILES, strict=True)}
        return {"mean": self.centre, "sd": self.spread, **quantiles}


def summaries(mean: np.ndarray, sd: np.ndarray, weight: np.ndarray) -> dict[str, np.ndarray]:
    """`Distribution.summary` of many mixtures of the same weights, each number an array.

    Parameters
    ----------
    mean, sd : shape (mixtures, components): sd above 0.
    weight : shape (components,).

    Examples
    --------
    >>> found = summaries(np.array([[0.0, 1.0]]), np.array([[1.0, 2.0]]), np.array([0.5, 0.5]))
    >>> one = Distribution(np.array([0.0, 1.0]), np.array([1.0, 2.0]), np.array([0.5, 0.5]))
    >>> bool(np.allclose([found[name][0] for name in found], list(one.summary().values())))
    True
    """
    centre = mean @ weight
    spread = np.sqrt((sd**2 + (mean - centre[:, None]) ** 2) @ weight)
    found = {"mean": centre, "sd": spread}
    for name, share in zip(COLUMNS, QUANTILES, strict=True):
        lower, upper = (mean - 12 * sd).min(axis=1), (mean + 12 * sd).max(axis=1)
        at, close = centre + spread * ndtri(share), 1e-14 * (upper - lower)
        for _ in range(STEPS):
            z = (at[:, None] - mean) / sd
            off = ndtr(z) @ weight - share
            lower, upper = np.where(off < 0, at, lower), np.where(off < 0, upper, at)
            with np.errstate(divide="ignore", invalid="ignore"):
                step = at - off / ((np.exp(-0.5 * z**2) / sd) @ weight / ROOT_OF_2_PI)
            done = np.abs(step - at) <= close
            if done.all():
                break
            moved = np.where((lower < step) & (step < upper), step, (lower + upper) / 2)
            at = np.where(done, at, moved)
        found[name] = at
    return found


def summary(draws: np.ndarray) -> dict[str, float]:
    """Mean, standard deviation and quantiles of draws of one quantity."""
    return {
        "mean": float(draws.mean()),
        "sd": float(draws.std(ddof=1)),
        **dict(zip(COLUMNS, map(float, np.quantile(draws, QUANTILES)), strict=True)),
    }


def checked(prefix: str, draws: np.ndarray, observed: float) -> dict[str, float]:
    """95 % interval of replicated outcomes, and the two-sided mid-p of the observed one."""
    lower, upper = np.quantile(draws, (0.025, 0.975))
    below = float((draws < observed).mean() + (draws == observed).mean() / 2)
    found = {"q2.5": float(lower), "q97.5": float(upper), "p": 2 * min(below, 1 - below)}
    return {f"{prefix}{name}": value for name, value in found.items()}
