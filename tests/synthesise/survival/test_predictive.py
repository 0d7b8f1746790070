"""Replicated events, when the hazards are right and when they are not."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from evinet.synthesise.survival import patients
from evinet.synthesise.survival.choice import choose
from evinet.synthesise.survival.design import build
from evinet.synthesise.survival.fit import Fit
from evinet.synthesise.survival.model import Network, Priors
from evinet.synthesise.survival.predictive import predictive

DRAWS, SIZE, RATE = 2000, 200, 0.1


def fitted(shape: float, seed: int) -> Fit:
    """Exponential hazards, all but known, for patients whose times are Weibull."""
    rng = np.random.default_rng(seed)
    time = rng.weibull(shape, 2 * SIZE) / RATE
    frame = pd.DataFrame({
        "study": "s", "treatment": np.repeat(["a", "b"], SIZE), "time": np.minimum(time, 20),
        "event": (time < 20).astype(int),
    })  # fmt: skip
    people = patients.from_frame(frame)
    baseline = choose("exponential", people, None, {})
    mu = np.log(RATE) + 0.05 * rng.standard_normal((1, DRAWS, 1))
    posterior = xr.Dataset(
        {"mu": (("chain", "draw", "study"), mu),
         "theta": (("chain", "draw", "row"), np.zeros((1, DRAWS, 2)))},
        coords={"study": ["s"], "chain": [0], "draw": range(DRAWS)},
    )  # fmt: skip
    network = Network(build(people, None), baseline, None, "fixed", Priors())
    return Fit(network, [SimpleNamespace(posterior=posterior)], 0.0, 0.0)


def p_values(shape: float, count: int) -> np.ndarray:
    rng = np.random.default_rng(5)
    return np.concatenate([predictive(fitted(shape, n), rng)["p"] for n in range(count)])


def test_right_hazards_are_seldom_surprised() -> None:
    found = p_values(1.0, 40)
    assert (found < 0.05).mean() < 0.08
    assert found.mean() == pytest.approx(0.5, abs=0.1)


def test_wrong_shapes_are_seen() -> None:
    assert (p_values(2.0, 10) < 0.05).mean() > 0.5


def test_every_event_is_in_a_period() -> None:
    fit = fitted(1.0, 3)
    table = predictive(fit, np.random.default_rng(1))
    assert table["observed"].sum() == fit.network.baseline.patients.best.event.sum()
    assert (table["end"] > table["start"]).all()
