"""Coordinates in which a random walk with unknown step size is easy to sample.

The walk's steps are ``sigma * z`` with z standard normal: the case that `conditional` treats, once
the steps are rotated so that data tell them independently.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp


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


def coordinates(shape: Shape, constant: np.ndarray, steps: np.ndarray) -> Coordinates:
    """Approximate a stratum's likelihood around its penalised maximum (steps ~ Normal(0, 1))."""
    size = len(constant)
    walk = np.zeros((size, size - 1))
    walk[1:] = np.tril(np.ones((size - 1, size - 1))) * steps
    start = np.log(constant)

    def objective(moves: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient, _ = shape.profile(start + walk @ moves)
        return -value + moves @ moves / 2, -(gradient @ walk) + moves

    best = minimize(objective, np.zeros(size - 1), jac=True, method="BFGS").x
    _, gradient, curvature = shape.profile(start + walk @ best)
    roots, axes = np.linalg.eigh(walk.T @ curvature @ walk)
    roots = np.clip(roots, 0.0, None)
    return Coordinates(walk @ axes, axes.T @ (gradient @ walk) + roots * (axes.T @ best), roots)
