"""Coordinates in which a random walk with unknown step size is easy to sample.

The walk's steps are ``sigma * z`` with z standard normal: the case that `conditional` treats, once
the steps are rotated so that data tell them independently.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

SWEEPS = 3  # over walks that strata share


@dataclass(frozen=True)
class Shape:
    """What tells the coefficients of one stratum: rows of M at events with weights, and arms.

    Parameters
    ----------
    hazard : M_k at the event nodes, shape (nodes, size); `weight` has shape (nodes,).
    cumulative : summed I_k of each arm, shape (arms, size); `events` of each arm, shape (arms,).
    """

    hazard: np.ndarray
    weight: np.ndarray
    cumulative: np.ndarray
    events: np.ndarray

    def profile(self, logits: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Log-likelihood with every arm's level profiled out: value, gradient, curvature."""
        events, arms = _shares(self.hazard, logits), _shares(self.cumulative, logits)
        value = self.weight @ events[1] - self.events @ arms[1]
        gradient = self.weight @ events[0] - self.events @ arms[0]
        curvature = (
            (events[0].T * self.weight) @ events[0]
            - np.diag(self.weight @ events[0])
            + np.diag(self.events @ arms[0])
            - (arms[0].T * self.events) @ arms[0]
        )
        return float(value), gradient, curvature


def _shares(basis: np.ndarray, logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of each coefficient in ``sum_k exp(logits_k) basis_k``, and the log of the sum."""
    with np.errstate(divide="ignore"):
        terms = np.log(basis) + logits
    total = logsumexp(terms, axis=1, keepdims=True)
    return np.exp(terms - total), total[:, 0]


@dataclass(frozen=True)
class Coordinates:
    """Rotation from w to logits, shape (size, size - 1); slope and curvature in w."""

    rotation: np.ndarray
    slope: np.ndarray
    curvature: np.ndarray


def coordinates(
    strata: list[Shape], mixture: np.ndarray, constant: np.ndarray, steps: np.ndarray
) -> list[Coordinates]:
    """Approximate the likelihood of every walk around the penalised maximum (steps ~ Normal(0, 1)).

    A stratum's logits are its `constant`, shape (strata, size), and the walks that `mixture`, shape
    (strata, walks), adds up; `steps` has shape (walks, size - 1). Where strata share walks each is
    moved in turn.
    """
    size = constant.shape[1]
    paths = [
        np.vstack([np.zeros(size - 1), np.tril(np.ones((size - 1, size - 1))) * each])
        for each in steps
    ]
    walks = np.zeros((len(paths), size))
    moves = np.zeros((len(paths), size - 1))
    shared = (np.count_nonzero(mixture, axis=1) > 1).any()
    for _ in range(SWEEPS if shared else 1):
        for number, path in enumerate(paths):
            seen = _Seen(strata, mixture, constant + mixture @ walks, number, path)
            moves[number] = seen.best(moves[number])
            walks[number] = path @ moves[number]
    found = []
    for number, path in enumerate(paths):
        seen = _Seen(strata, mixture, constant + mixture @ walks, number, path)
        _, gradient, curvature = seen.profile(np.zeros(size))
        roots, axes = np.linalg.eigh(path.T @ curvature @ path)
        roots = np.clip(roots, 0.0, None)
        slope = axes.T @ (gradient @ path) + roots * (axes.T @ moves[number])
        found.append(Coordinates(path @ axes, slope, roots))
    return found


@dataclass(frozen=True)
class _Seen:
    """The likelihood as one walk sees it, the others held where they are."""

    strata: list[Shape]
    mixture: np.ndarray
    logits: np.ndarray
    number: int
    path: np.ndarray

    def profile(self, change: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Value, gradient and curvature when the walk changes."""
        size = len(change)
        value, gradient, curvature = 0.0, np.zeros(size), np.zeros((size, size))
        for stratum in np.flatnonzero(self.mixture[:, self.number]):
            share = self.mixture[stratum, self.number]
            found = self.strata[stratum].profile(self.logits[stratum] + share * change)
            value += found[0]
            gradient += share * found[1]
            curvature += share**2 * found[2]
        return value, gradient, curvature

    def best(self, moves: np.ndarray) -> np.ndarray:
        """The moves of the penalised maximum, from where they are."""

        def objective(new: np.ndarray) -> tuple[float, np.ndarray]:
            value, gradient, _ = self.profile(self.path @ (new - moves))
            return -value + new @ new / 2, -(gradient @ self.path) + new

        return np.asarray(minimize(objective, moves, jac=True, method="BFGS").x)
