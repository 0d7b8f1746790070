"""Exact draws against generalised least squares and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evinet.synthesise import exact, model

ISLANDS = {"a": 1, "b": 1, "c": 1, "d": 1}
STUDIES = [
    ("one", "b", "a", -1.0, 0.2),
    ("two", "b", "a", -0.4, 0.3),
    ("three", "c", "a", -0.6, 0.25),
    ("three", "d", "a", -0.9, 0.30),
]
SHARED = {"three": 0.03}


@pytest.fixture
def specify(make_network, make_config):
    """A specification of the studies above."""

    def made(settings: dict, islands=ISLANDS, references=("a",)):
        network = make_network(STUDIES, islands, SHARED)
        config = make_config({"m": {"label": "m", **settings}}, list(references))
        return model.Specification("x", network, config.models["m"], config)

    return made


def rng():
    return np.random.default_rng(5)


def test_fixed_effects_are_generalised_least_squares(specify):
    specification = specify({"effects": "fixed"})
    rows = model.contrasts(specification.network)
    draws = exact.draw(specification, rows, 20000, rng())["d"]
    design = rows.design[:, 1:]
    covariance = np.linalg.inv(
        design.T @ np.linalg.solve(rows.within, design) + np.eye(3) / 10.0**2
    )
    mean = covariance @ design.T @ np.linalg.solve(rows.within, rows.y)
    assert (draws[:, 0] == 0).all(), "the reference"
    assert draws[:, 1:].mean(axis=0) == pytest.approx(mean, abs=0.01)
    assert np.cov(draws[:, 1:].T) == pytest.approx(covariance, abs=0.004)


@pytest.mark.parametrize(
    "settings",
    [
        {"effects": "random"},
        {"effects": "random", "tau_prior": "turner-2015:any"},
        {"effects": "random", "bridge": "class"},
        {"effects": "fixed", "bridge": "class"},
    ],
)
def test_heterogeneity_and_class_agree_with_brute_force(specify, settings):
    """Draws from the priors of tau and sigma, weighted by the marginal likelihood."""
    specification = specify(settings)
    rows = model.contrasts(specification.network)
    found = exact.draw(specification, rows, 40000, rng())
    size = 20000
    priors = {"tau": specification.tau_prior, "sigma": specification.sigma_prior}
    source = rng()
    points = {
        name: np.zeros(size) if prior is None else prior.draws(source, size)
        for name, prior in priors.items()
    }
    prior = specification.effect_covariance(points["sigma"])
    covariance = rows.design @ prior @ rows.design.T + rows.within
    covariance = covariance + points["tau"][:, None, None] ** 2 * rows.between
    density = np.array([stats.multivariate_normal(cov=c).logpdf(rows.y) for c in covariance])
    weight = np.exp(density - density.max())
    weight /= weight.sum()
    for name, prior in priors.items():
        if prior is not None:
            expected = float(weight @ points[name])
            spread = float(np.sqrt(weight @ (points[name] - expected) ** 2))
            assert found[name].mean() == pytest.approx(expected, abs=0.04 * spread)
            assert found[name].std() == pytest.approx(spread, rel=0.05)


def test_study_effects_are_the_conditional_normal(specify):
    rows = model.contrasts(specify({"effects": "random"}).network)
    size = 40000
    d = np.tile([0.0, -0.5, -0.2, -0.3], (size, 1))
    theta = model.study_effects(rows, d, np.full(size, 0.4), rng())
    spread = 0.4**2 * rows.between
    gain = spread @ np.linalg.inv(spread + rows.within)
    mean = rows.design @ d[0] + gain @ (rows.y - rows.design @ d[0])
    assert theta.mean(axis=0) == pytest.approx(mean, abs=0.01)
    assert np.cov(theta.T) == pytest.approx(spread - gain @ spread, abs=0.003)


def test_a_heterogeneity_far_from_its_prior_is_found(specify):
    """The grid reaches where the data are, deep in the tail of the prior."""
    specification = specify({"effects": "random", "tau_prior": "half-normal(0.05)"})
    rows = model.contrasts(specification.network)
    wild = model.Contrasts(
        rows.trials, rows.treatments, rows.design, rows.y * [3, -3, 1, 1], rows.within, rows.between
    )
    tau = exact.draw(specification, wild, 4000, rng())["tau"]
    grid = np.linspace(1e-4, 1.0, 4000)
    log = exact.marginal(specification, wild, grid, np.zeros(4000)) - 0.5 * (grid / 0.05) ** 2
    weight = np.exp(log - log.max())
    assert tau.mean() == pytest.approx((weight * grid).sum() / weight.sum(), rel=0.02)
    assert tau.mean() > 0.1
