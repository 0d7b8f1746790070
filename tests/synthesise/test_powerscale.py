"""Power scaling against ArviZ, and what it says in cases that are known."""

from __future__ import annotations

import arviz as az
import numpy as np
import pytest

from evinet.synthesise import fit, model, powerscale


@pytest.fixture
def drawn(make_network, make_config):
    def made(y: float, se: float, tau_prior: str, **other: object):
        network = make_network(
            [("one", "b", "a", y, se), ("two", "b", "a", y, se)], {"a": 1, "b": 1}
        )
        chosen = {"label": "m", "effects": "random", "tau_prior": tau_prior}
        config = make_config({"m": chosen}, ["a"], **other)
        return fit.exactly(model.Specification("x", network, config.models["m"], config), "job")

    return made


def test_sensitivities_are_those_of_arviz():
    rng = np.random.default_rng(1)
    draws = rng.normal(0.3, 0.8, (4, 1000))
    prior = -0.5 * draws**2
    data = az.from_dict({"x": draws}, log_likelihood={"y": (prior * 1.7)[..., None]})
    data.add_groups({"log_prior": {"x": prior}}, coords={}, dims={})
    for component, density in (("prior", prior), ("likelihood", prior * 1.7)):
        expected = float(az.psens(data, component=component)["x"])
        assert powerscale.sensitivity(draws.ravel(), density.ravel()) == pytest.approx(
            expected, rel=0.02
        )


def test_a_distance_is_zero_without_weighting_and_grows_with_it():
    draws = np.random.default_rng(1).normal(size=2000)
    even = np.full(2000, 1 / 2000)
    assert powerscale.distance(draws, even) == pytest.approx(0, abs=1e-6)
    tilted = [powerscale.distance(draws, np.exp(k * draws) / np.exp(k * draws).sum())
              for k in (0.05, 0.1, 0.2)]  # fmt: skip
    assert tilted[0] < tilted[1] < tilted[2]


def test_two_trials_leave_tau_to_its_prior(drawn):
    table = powerscale.powerscale(drawn(-0.5, 0.3, "half-normal(0.2)"))
    found = table.set_index(["parameter", "component"])
    assert found.at[("tau", "prior of tau"), "finding"] == "prior strong, data weak"
    assert found.at[("d[b]", "prior of effects"), "finding"] == "prior not influential"


def test_a_narrow_prior_of_effects_against_the_data_is_noticed(drawn):
    table = powerscale.powerscale(drawn(-2.0, 0.2, "half-normal(0.05)", effect_prior_sd=0.3))
    found = table.set_index(["parameter", "component"])
    assert found.at[("d[b]", "prior of effects"), "finding"] == "prior and data may disagree"
