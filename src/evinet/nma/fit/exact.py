"""Exact posteriors of normal data: no Markov chain is needed.

Given tau and sigma everything is normal,

    y ~ Normal(X b, V + tau^2 H),  b ~ Normal(0, P(sigma))

so that b has a normal posterior and the data a known marginal likelihood. tau and sigma, one or two
numbers, are integrated over a fine grid: the posterior is a mixture of normal distributions (the
direct method of Röver 2020, J Stat Softw 93(6), for networks).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.linalg import block_diag
from scipy.special import ndtr

from evinet.nma.distribution import Distribution, summaries
from evinet.nma.priors import Prior

if TYPE_CHECKING:
    from evinet.nma.model import Model

REACH = 6.0
"""The grid covers the priors from -6 to 6 on the scale of a standard normal quantile."""
POINTS = {1: 61, 2: 45}
"""Points on an axis of the grid, by how many axes there are."""
WIDE = 0.6
"""The grid is drawn anew until the posterior takes up this share of each axis."""
BESIDE = 0.1
"""What a grid has on either side of that of a posterior which is near, as a share of its width."""
FINER = 16
"""Points for one of the grid in the distribution of tau or sigma alone."""
NEGLIGIBLE = 20.0
"""Points whose log density lies this far below the highest are left out."""
BATCH = 512


@dataclass(frozen=True, eq=False)
class NormalData:
    """Normal data and the prior of what they are of.

    Attributes
    ----------
    studies, pairs
        Study of each row, and what it compares: treatment and comparator.
    y
        Shape (rows,).
    columns
        X, shape (rows, coefficients).
    noise
        Covariance of y given its means; `intercepts` that of the studies' prior means.
    between
        H: 1 on the diagonal, 1/2 between contrasts of a study.
    shared, own
        The prior covariance of coefficients is shared + sigma^2 own, both (coefficients, same).
    tau, sigma
        Their priors, or what is known.
    """

    studies: list[str]
    pairs: list[tuple[str, str]]
    y: np.ndarray
    columns: np.ndarray
    noise: np.ndarray
    intercepts: np.ndarray
    between: np.ndarray
    shared: np.ndarray
    own: np.ndarray
    tau: Prior | float
    sigma: Prior | float

    @property
    def within(self) -> np.ndarray:
        """V: covariance of y given the effects."""
        return self.noise + self.intercepts

    def subset(self, rows: np.ndarray) -> NormalData:
        """Some of the rows, by a mask or their numbers."""
        index = np.arange(len(self.y))[rows]
        both = np.ix_(index, index)
        return replace(
            self,
            studies=[self.studies[row] for row in index],
            pairs=[self.pairs[row] for row in index],
            y=self.y[index],
            columns=self.columns[index],
            noise=self.noise[both],
            intercepts=self.intercepts[both],
            between=self.between[both],
        )

    def with_column(self, column: np.ndarray, sd: float) -> NormalData:
        """With one more coefficient of its own normal prior."""
        return replace(
            self,
            columns=np.column_stack([self.columns, column]),
            shared=block_diag(self.shared, np.array([[sd**2]])),
            own=block_diag(self.own, np.zeros((1, 1))),
        )

    def prior(self, sigma: np.ndarray | float) -> np.ndarray:
        """P: prior covariance of b given sigma of shape (...): (..., coefficients, same)."""
        square = np.asarray(sigma, dtype=float)[..., None, None] ** 2
        return self.shared + square * self.own

    def covariance(self, tau: np.ndarray, sigma: np.ndarray) -> np.ndarray:
        """Of y, b integrated out, given each (tau, sigma): (points, rows, rows)."""
        spread = self.columns @ self.prior(sigma) @ self.columns.T
        return spread + self.within + tau[:, None, None] ** 2 * self.between

    def gain(self, tau: np.ndarray, sigma: np.ndarray) -> np.ndarray:
        """Regression of b on y for each (tau, sigma): (points, coefficients, rows).

        P X' (X P X' + V + tau^2 H)^-1.
        """
        across = self.prior(sigma) @ self.columns.T
        covariance = self.covariance(tau, sigma)
        return np.swapaxes(np.linalg.solve(covariance, np.swapaxes(across, -1, -2)), -1, -2)

    @cached_property
    def blocks(self) -> list[np.ndarray]:
        """Rows of the studies of one size, shape (studies, size), for each size."""
        rows: dict[str, list[int]] = {}
        for number, study in enumerate(self.studies):
            rows.setdefault(study, []).append(number)
        sizes = dict.fromkeys(map(len, rows.values()))
        return [np.array([own for own in rows.values() if len(own) == size]) for size in sizes]

    def _white(self, tau: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """[X y] whitened by V + tau^2 H, study by study, and the logarithm of its root determinant.

        Shapes (points, rows, coefficients + 1) and (points,).
        """
        both, within = np.column_stack([self.columns, self.y]), self.within
        parts, logs = [], np.zeros(len(tau))
        for rows in self.blocks:
            at = rows[:, :, None], rows[:, None, :]
            spread = tau[:, None, None, None] ** 2 * self.between[at]
            root = np.linalg.cholesky(within[at] + spread)
            own = np.broadcast_to(both[rows], (len(tau), *both[rows].shape))
            white = own / root if rows.shape[1] == 1 else np.linalg.solve(root, own)
            parts.append(white.reshape(len(tau), rows.size, both.shape[1]))
            logs += np.log(np.diagonal(root, axis1=2, axis2=3)).sum(axis=(1, 2))
        return np.concatenate(parts, axis=1), logs

    def _solved(
        self, tau: np.ndarray, sigma: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Log likelihood of y up to a constant, and L, C and C^-1 L' X' y of `given`."""
        some, at = np.unique(tau, return_inverse=True)
        white, logs = self._white(some)
        turned, y = np.swapaxes(white[..., :-1], -1, -2), white[..., -1:]
        steps, place = np.unique(sigma, return_inverse=True)
        values, vectors = np.linalg.eigh(self.prior(steps))
        spread = (vectors * np.sqrt(values.clip(min=0.0))[:, None, :])[place]
        across = np.swapaxes(spread, -1, -2)
        told = across @ (turned @ white[..., :-1])[at] @ spread
        root = np.linalg.cholesky(np.eye(told.shape[-1]) + told)
        score = np.linalg.solve(root, across @ (turned @ y)[at])
        diagonal = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
        squares = (y**2).sum(axis=(1, 2))[at] - (score**2).sum(axis=(1, 2))
        return -0.5 * squares - logs[at] - diagonal, spread, root, score

    def given(self, tau: np.ndarray, sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the posterior of b is made of at each (tau, sigma): its mean, and R.

        With P = L L' and the whitened X and y it is that of b = L c, c ~ N(0, 1): its precision
        A = 1 + L' X' X L has the root C, so that b has mean R C^-1 L' X' y and covariance R R' with
        R = L C'^-1. Shapes (points, coefficients) and (points, coefficients, same).
        """
        _, spread, root, score = self._solved(tau, sigma)
        back = np.swapaxes(np.linalg.solve(root, np.swapaxes(spread, -1, -2)), -1, -2)
        return (back @ score)[..., 0], back

    def log_marginal(self, tau: np.ndarray, sigma: np.ndarray) -> np.ndarray:
        """Log likelihood of y given tau and sigma, up to a constant; shape (points,)."""
        parts = [slice(start, start + BATCH) for start in range(0, len(tau), BATCH)]
        return np.concatenate([self._solved(tau[part], sigma[part])[0] for part in parts])


@dataclass(frozen=True, eq=False)
class Mixture:
    """A posterior: normal distributions of b, one for each point (tau, sigma), and their weights.

    Attributes
    ----------
    tau, sigma, weight
        Shape (points,).
    mean, covariance
        Of b at each point, shapes (points, coefficients) and (points, coefficients, same).
    ends
        Of the grid on the scale of the priors' normal quantiles, shape (2, scales that are free).
    """

    tau: np.ndarray
    sigma: np.ndarray
    weight: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    ends: np.ndarray | None = None

    def of(self, row: np.ndarray, tau: float = 0.0, noise: float = 0.0) -> Distribution:
        """The distribution of a linear function of b.

        Plus `tau` times a new study's deviation, plus normal `noise` of that variance.
        """
        own = np.flatnonzero(row)
        variance = (self.covariance[:, own[:, None], own] @ row[own]) @ row[own]
        variance = variance + (tau * self.tau) ** 2 + noise
        return Distribution(self.mean @ row, np.sqrt(variance.clip(min=0.0)), self.weight)

    def differences(self, rows: np.ndarray, pairs: np.ndarray) -> dict[str, np.ndarray]:
        """Summaries of differences of linear functions of b, as `of` gives them one by one.

        Parameters
        ----------
        rows : shape (functions, coefficients).
        pairs : shape (differences, 2), numbers of the functions.
        """
        one, other = pairs.T
        both = rows @ self.covariance @ rows.T
        own = np.diagonal(both, axis1=1, axis2=2)
        variance = own[:, one] + own[:, other] - both[:, one, other] - both[:, other, one]
        mean = self.mean @ rows.T
        sd = np.sqrt(variance.clip(min=np.finfo(float).tiny))
        return summaries((mean[:, one] - mean[:, other]).T, sd.T, self.weight)

    def scale(self, name: str) -> Distribution:
        """The distribution of tau or sigma: the grid made finer, and smoothed over its steps."""
        every = self.tau if name == "tau" else self.sigma
        values, places = np.unique(every, return_inverse=True)
        weight = np.bincount(places, self.weight)
        if len(values) < 4:
            return Distribution(values, np.zeros(len(values)), weight)
        number = np.arange(len(values))
        finer = np.linspace(0, number[-1], FINER * number[-1] + 1)
        values = CubicSpline(number, values)(finer)
        weight = np.exp(CubicSpline(number, np.log(weight))(finer))
        return Distribution(values, np.gradient(values), weight / weight.sum())

    def draws(
        self, size: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Independent draws of b, shape (size, coefficients), tau and sigma, shape (size,)."""
        chosen = rng.choice(len(self.weight), size, p=self.weight)
        values, vectors = np.linalg.eigh(self.covariance)
        roots = vectors * np.sqrt(values.clip(min=0.0))[:, None, :]
        unit = rng.standard_normal((size, self.mean.shape[1]))
        b = self.mean[chosen]
        for point in np.unique(chosen):
            own = chosen == point
            b[own] += unit[own] @ roots[point].T
        return b, _of_cells(self.tau, chosen, rng), _of_cells(self.sigma, chosen, rng)


def _of_cells(points: np.ndarray, chosen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A scale's draws: anywhere in the cell of the grid around the chosen point."""
    values, places = np.unique(points, return_inverse=True)
    beside = rng.uniform(-0.5, 0.5, len(chosen))
    return np.interp(places[chosen] + beside, np.arange(len(values)), values)


def solve(data: NormalData, near: Mixture | None = None) -> Mixture:
    """The posterior of normal data; sooner if it is `near` another one of the same priors."""
    free = {
        name: prior
        for name, prior in (("tau", data.tau), ("sigma", data.sigma))
        if isinstance(prior, Prior)
    }
    known = {name: float(value) for name, value in (("tau", data.tau), ("sigma", data.sigma))
             if not isinstance(value, Prior)}  # fmt: skip

    def both(points: dict[str, np.ndarray], count: int) -> tuple[np.ndarray, np.ndarray]:
        tau, sigma = (
            points[name] if name in points else np.full(count, known[name])
            for name in ("tau", "sigma")
        )
        return tau, sigma

    points: dict[str, np.ndarray] = {}
    weight, ends = np.ones(1), None
    if free:
        points, weight, ends = _grid_of(
            free,
            lambda at, count: data.log_marginal(*both(at, count)),
            None if near is None else near.ends,
        )
    tau, sigma = both(points, len(weight))
    parts = [slice(start, start + BATCH) for start in range(0, len(tau), BATCH)]
    found = [data.given(tau[part], sigma[part]) for part in parts]
    root = np.concatenate([back for _, back in found])
    mean = np.concatenate([centre for centre, _ in found])
    return Mixture(tau, sigma, weight, mean, root @ np.swapaxes(root, -1, -2), ends)


def _grid_of(
    free: dict[str, Prior],
    log_likelihood: Callable[[dict[str, np.ndarray], int], np.ndarray],
    near: np.ndarray | None,
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Points of the heterogeneity and the class's spread, their posterior weights, and the ends.

    The first grid covers the priors (or a little more than `near`, if the posterior ends within
    it), the next ones where the one before found the posterior. Their points are even on the scale
    of the priors' normal quantiles, where the integrand is smooth and vanishes at both ends, so
    that the sum has hardly an error.
    """

    def scaled(points: np.ndarray) -> dict[str, np.ndarray]:
        return {
            name: prior.ppf(ndtr(points[:, number]))
            for number, (name, prior) in enumerate(free.items())
        }

    def log_density(points: np.ndarray) -> np.ndarray:
        return log_likelihood(scaled(points), len(points)) - 0.5 * (points**2).sum(axis=1)

    count = POINTS[len(free)]
    everywhere = np.array([[-REACH, REACH]] * len(free)).T
    ends = everywhere if near is None else near + BESIDE * np.diff(near, axis=0) * [[-1], [1]]
    while True:
        points = _grid(np.linspace(ends[0], ends[1], count).T)
        density = log_density(points)
        kept = density >= density.max() - NEGLIGIBLE
        width = np.diff(ends, axis=0)[0]
        step = width / (count - 1)
        if (
            near is not None
            and np.isclose([points[kept].min(axis=0), points[kept].max(axis=0)], ends).any()
        ):
            near, ends = None, everywhere
            continue
        near = None
        ends = np.array([points[kept].min(axis=0) - step, points[kept].max(axis=0) + step])
        if (np.diff(ends, axis=0)[0] >= WIDE * width).all():
            break
    share = np.exp(density[kept] - density.max())
    return scaled(points[kept]), share / share.sum(), ends


def _grid(axes: np.ndarray) -> np.ndarray:
    """Every combination of the values of axes, shape (axes, values): (points, axes)."""
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))


def data(model: Model) -> NormalData:
    """The data of a model whose posterior is normal given tau and sigma: arms, then contrasts."""
    design = model.design
    rows = np.concatenate([design.of("arm"), design.of("contrast")])
    y: list[np.ndarray] = []
    count = len(design.of("arm"))
    size = len(rows)
    noise, intercepts = np.zeros((size, size)), np.zeros((size, size))
    if model.arms is not None:
        y.append(model.arms.x - model.arms.offset)
        noise[:count, :count] = np.diag(model.arms.s**2)
        same = model.arms.study[:, None] == model.arms.study
        intercepts[:count, :count] = model.priors.intercepts**2 * same
    if size > count:
        y.append(model.network.contrasts.y)
        noise[count:, count:] = model.network.contrasts.covariance
    deviations = design.deviations[rows]
    return _of(model, rows, np.concatenate(y), noise, intercepts, deviations @ deviations.T)


def summarised(model: Model, patients: dict[str, tuple[np.ndarray, np.ndarray]]) -> NormalData:
    """Any model's data as normal contrasts on the scale of effects, the free rows.

    Contrasts are as they are; arms count by differences of their rough estimates on the scale of
    the link; patients by the mean and the covariance of their study's effects, if given, else by
    the log-rank test.
    """
    rows = model.design.free
    y, noise = model.rough_effects()
    studies = model.design.rows["study"].to_numpy()[rows]
    for study, (mean, covariance) in patients.items():
        own = np.flatnonzero(studies == study)
        y[own] = mean
        noise[np.ix_(own, own)] = covariance
    deviations = model.design.deviations[rows]
    return _of(model, rows, y, noise, np.zeros_like(noise), deviations @ deviations.T)


def _of(
    model: Model,
    rows: np.ndarray,
    y: np.ndarray,
    noise: np.ndarray,
    intercepts: np.ndarray,
    between: np.ndarray,
) -> NormalData:
    design = model.design
    table = design.rows.iloc[rows]
    prior = model.sigma_prior
    keep, spread = design.mixing
    return NormalData(
        studies=list(table["study"]),
        pairs=list(zip(table["treatment"], table["against"], strict=True)),
        y=y,
        columns=design.effects[rows],
        noise=noise,
        intercepts=intercepts,
        between=between,
        shared=(keep * model.independent_sd[: keep.shape[1]] ** 2) @ keep.T,
        own=spread @ spread.T,
        tau=model.priors.tau if model.random else 0.0,
        sigma=model.known_sigma if prior is None else prior,
    )
