"""Parametric families: their own calculus, and lifelines' estimates."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import (
    GeneralizedGammaRegressionFitter,
    LogLogisticAFTFitter,
    LogNormalAFTFitter,
    WeibullAFTFitter,
)
from lifelines.datasets import load_waltons
from scipy.optimize import minimize

from evinet.nma import Network
from evinet.nma.likelihoods.survival.families import FAMILIES
from evinet.nma.likelihoods.survival.parametric import Parametric

TIMES = np.geomspace(0.05, 80, 40)


@st.composite
def parameters(draw: st.DrawFn) -> tuple[str, float, tuple[float, ...]]:
    name = draw(st.sampled_from(sorted(FAMILIES)))
    accelerated = FAMILIES[name].accelerated
    eta = draw(st.floats(1.5, 4) if accelerated else st.floats(-5, -2))
    spread = draw(st.floats(0.3, 2))
    shapes = {
        "exponential": (),
        "gompertz": (draw(st.floats(-0.1, 0.05)),),
        "gengamma": (spread, draw(st.floats(-1.5, 1.5))),
    }
    return name, eta, shapes.get(name, (spread,))


@given(parameters())
def test_the_hazard_is_the_derivative_of_its_integral(
    case: tuple[str, float, tuple[float, ...]],
) -> None:
    name, eta, shapes = case
    family, step = FAMILIES[name], 1e-4 * TIMES
    before, after = (
        family.cumulative(np, np.array(eta), shapes, at) for at in (TIMES - step, TIMES + step)
    )
    hazard = np.exp(family.hazards(np.array(eta), shapes, TIMES)[0])
    assert (hazard > 0).any()
    assert (after - before) / (2 * step) == pytest.approx(hazard, rel=2e-3, abs=1e-6)


@given(parameters())
def test_nothing_is_spent_at_time_0(case: tuple[str, float, tuple[float, ...]]) -> None:
    name, eta, shapes = case
    with np.errstate(divide="ignore", invalid="ignore"):
        assert FAMILIES[name].cumulative(np, np.array(eta), shapes, np.zeros(1)).tolist() == [0.0]


def rows(seed: int, size: int = 500) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    time, last = rng.weibull(rng.uniform(0.6, 2), size) * 20, rng.uniform(5, 60, size)
    return pd.DataFrame({
        "study": "s",
        "treatment": np.where(np.arange(size) % 2, "a", "b"),
        "time": np.minimum(time, last),
        "event": (time < last).astype(int),
    })  # fmt: skip


@settings(max_examples=25)
@given(parameters(), st.integers(0, 1000))
def test_the_nodes_give_the_likelihood_of_the_patients(
    case: tuple[str, float, tuple[float, ...]], seed: int
) -> None:
    name, eta, shapes = case
    people = Network.from_patients(rows(seed)).patients
    baseline, records = Parametric(people, name), people.best
    values, family = baseline.data(records), baseline.family
    assert values["time"].shape[1] <= 32
    at_event = family.at_event(np, np.array(eta), shapes, values["event_time"])
    spent = family.cumulative(np, np.array(eta), shapes, values["time"])
    collapsed = (values["event_weight"] * at_event).sum() - (values["weight"] * spent).sum()
    log_hazard, spent = family.hazards(np.array(eta), shapes, records.time)
    exact = (records.event * log_hazard - spent).sum()
    assert collapsed == pytest.approx(exact, rel=1e-5, abs=1e-3)


def waltons() -> pd.DataFrame:
    frame = load_waltons().rename(columns={"T": "time", "E": "event", "group": "treatment"})
    return frame.assign(study="waltons")


def estimate(name: str, frame: pd.DataFrame) -> tuple[np.ndarray, float]:
    """Maximum likelihood: mu, the effect, the shapes' logarithms (Q as it is), and its value."""
    people = Network.from_patients(frame, "control").patients
    baseline = Parametric(people, name)
    shapes = baseline.family.shapes

    def loss(x: np.ndarray) -> float:
        found = {"mu": (("sample", "study"), [[x[0]]])}
        for shape, value in zip(shapes, x[2:], strict=True):
            real = value if shape in baseline.family.signed else np.exp(value)
            found[shape] = (("sample", "study"), [[real]])
        posterior = xr.Dataset(found, coords={"study": people.studies})
        total = 0.0
        for arm, (study, treatment) in enumerate(people.arms):
            time, event = people.best.of(arm)
            log_hazard, spent = baseline.hazards(
                posterior, study, treatment, np.array([arm * x[1]]), time
            )
            total += (event * log_hazard - spent).sum()
        return -total

    start = np.zeros(2 + len(shapes))
    start[0] = np.log(frame["time"].mean()) * (1 if baseline.family.accelerated else -1)
    first = minimize(loss, start, method="Nelder-Mead", options={"maxiter": 4000})
    best = minimize(loss, first.x, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9})
    return best.x, -best.fun


def dummy(frame: pd.DataFrame) -> pd.DataFrame:
    treated = (frame["treatment"] != "control").astype(float)
    return frame[["time", "event"]].assign(treated=treated)


@pytest.mark.parametrize(
    ("name", "fitter", "location"),
    [
        ("lognormal", LogNormalAFTFitter, "mu_"),
        ("loglogistic", LogLogisticAFTFitter, "alpha_"),
    ],
)
def test_accelerated_families_are_those_of_lifelines(
    name: str, fitter: type, location: str
) -> None:
    theirs = fitter().fit(dummy(waltons()), "time", "event")
    ours, value = estimate(name, waltons())
    sign = 1 if name == "lognormal" else -1  # the log-logistic shape is 1 / sigma
    (shape,) = set(theirs.params_.index.get_level_values(0)) - {location}
    expected = [
        theirs.params_[location, "Intercept"],
        theirs.params_[location, "treated"],
        sign * theirs.params_[shape, "Intercept"],
    ]
    assert value == pytest.approx(theirs.log_likelihood_, abs=1e-3)
    assert ours == pytest.approx(expected, abs=2e-3)


def test_the_weibull_is_that_of_lifelines() -> None:
    theirs = WeibullAFTFitter().fit(dummy(waltons()), "time", "event")
    k = np.exp(theirs.params_["rho_", "Intercept"])
    location = theirs.params_["lambda_"]
    ours, value = estimate("weibull", waltons())
    assert value == pytest.approx(theirs.log_likelihood_, abs=1e-3)
    assert ours[0] == pytest.approx(-k * location["Intercept"], rel=2e-3)
    assert ours[1] == pytest.approx(-k * location["treated"], abs=2e-3)  # ln HR of an AFT effect
    assert np.exp(ours[2]) == pytest.approx(k, rel=1e-3)


def test_the_generalised_gamma_is_that_of_lifelines() -> None:
    theirs = GeneralizedGammaRegressionFitter().fit(
        dummy(waltons()), "time", "event",
        regressors={"mu_": "treated", "sigma_": "1", "lambda_": "1"},
    )  # fmt: skip
    ours, value = estimate("gengamma", waltons())
    assert value == pytest.approx(theirs.log_likelihood_, abs=0.02)
    assert ours[1] == pytest.approx(theirs.params_["mu_", "treated"], abs=0.01)


def test_the_exponential_is_events_over_time_at_risk() -> None:
    ours, _ = estimate("exponential", waltons())
    sums = waltons().groupby("treatment")[["event", "time"]].sum()
    rate = np.log(sums["event"] / sums["time"])
    assert ours == pytest.approx([rate["control"], rate["miR-137"] - rate["control"]], abs=1e-4)
