"""Control variates keep a mean and take away its Monte Carlo error."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from evinet.nma.answers.control_variates import Controls


def trace(position: np.ndarray, gradient: np.ndarray) -> SimpleNamespace:
    """Draws in two chains."""
    dims, shape = ("chain", "draw", "dim"), (2, -1, position.shape[1])
    named = {"unconstrained_draw": position, "gradient": gradient}
    stats = {name: (dims, values.reshape(shape)) for name, values in named.items()}
    return SimpleNamespace(sample_stats=xr.Dataset(stats))


def correlated(draws: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Normal draws, their gradients and the inverse of their covariance."""
    rng = np.random.default_rng(seed)
    root = np.tril(rng.normal(size=(5, 5))) + 3 * np.eye(5)
    inverse = np.linalg.inv(root @ root.T)
    position = rng.normal(size=(draws, 5)) @ root.T
    return position, -position @ inverse, inverse


def test_linear_functions_and_the_deviance_of_a_normal_posterior_are_exact():
    position, gradient, inverse = correlated(200, 1)
    deviance = np.einsum("ki,ij,kj->k", position, inverse, position)
    found = Controls(trace(position + 7, gradient)).mean(np.column_stack([deviance, position + 7]))
    assert found == pytest.approx([5, 7, 7, 7, 7, 7], abs=1e-9)


def test_means_of_a_skewed_posterior_are_closer():
    """The log of a gamma variable of shape 4: the mean of the variable is 4, and not quadratic."""
    ours, plain = [], []
    for seed in range(50):
        gamma = np.random.default_rng(seed).gamma(4.0, size=1000)
        controls = Controls(trace(np.log(gamma)[:, None], (4 - gamma)[:, None]))
        other = np.sqrt(gamma)[:, None]
        ours.append(controls.mean(other)[0])
        plain.append(other.mean())
    exact = 1.9386213994  # Gamma(4.5) / Gamma(4)
    assert np.mean(ours) == pytest.approx(exact, abs=4 * np.std(plain) / 50**0.5)
    assert np.std(ours) < 0.2 * np.std(plain)


def test_with_few_draws_a_mean_is_that_of_the_draws():
    position, gradient, _ = correlated(40, 2)
    values = position[:, :1] ** 3
    assert Controls(trace(position, gradient)).mean(values)[0] == pytest.approx(values.mean())
