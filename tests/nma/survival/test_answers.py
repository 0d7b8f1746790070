"""Answers in a population and replicated events, of made-up draws with closed forms."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from evinet.errors import InputError
from evinet.nma import Network, model
from evinet.nma.answers import survival
from evinet.nma.answers.predictive import predictive
from evinet.nma.posterior import Fit
from evinet.nma.settings import Sampler

DRAWS = 50


def made_up(network: Network, name: str, d: np.ndarray, mu: np.ndarray, **settings: object) -> Fit:
    """A fit whose draws of effects (draws, coefficients) and levels (draws, studies) are given."""
    specified = model.build(network, baseline=name, effects="fixed", settings=settings)
    draws, rows = len(d), len(specified.design.rows)
    posterior = xr.Dataset(
        {
            "b": (("chain", "draw", "parameter"), d[None]),
            "mu": (("chain", "draw", "study"), mu[None]),
            "theta": (("chain", "draw", "row"), np.zeros((1, draws, rows))),
        },
        coords={"parameter": specified.names, "study": specified.patients.studies,
                "chain": [0], "draw": range(draws)},
    )  # fmt: skip
    if name == "mspline":
        strata = specified.baseline.coordinates()["stratum"]
        shares = np.full((1, draws, len(strata), 11), 1 / 11)
        posterior = posterior.assign(
            coefficients=(("chain", "draw", "stratum", "coefficient"), shares)
        ).assign_coords(stratum=strata)
    trace = SimpleNamespace(posterior=posterior)
    return Fit(specified, Sampler(), 1, "fit", "lower", traces=[trace])


def two_studies(name: str = "exponential", **settings: object) -> Fit:
    """Rates around 0.1 in study one, effects of b and c; everybody is followed for 13 months."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        [(s, t, rng.uniform(1, 12), 1) for s, ts in {"one": "ab", "two": "bc"}.items()
         for t in ts for _ in range(30)],
        columns=["study", "treatment", "time", "event"],
    )  # fmt: skip
    network = Network.from_patients(pd.concat([frame, frame.assign(time=13.0, event=0)]), "a")
    d = np.column_stack([rng.normal(-0.5, 0.1, DRAWS), rng.normal(0.3, 0.1, DRAWS)])
    return made_up(network, name, d, np.log(rng.uniform(0.08, 0.12, (DRAWS, 2))), **settings)


def rate(fit: Fit, study: str, treatment: str, baseline: str) -> np.ndarray:
    d = dict(zip("bc", fit.coefficients.T, strict=True)) | {"a": np.zeros(DRAWS)}
    level = fit.samples["mu"].sel(study=study).to_numpy()
    return np.exp(level + d[treatment] - d[baseline])


@pytest.mark.parametrize(("study", "baseline"), [("one", "a"), ("two", "b")])
@pytest.mark.parametrize("treatment", ["a", "b", "c"])
def test_exponential_answers_have_closed_forms(study, baseline, treatment):
    fit = two_studies()
    hazard = rate(fit, study, treatment, baseline)
    times = np.array([0.0, 3.0, 12.0])
    assert survival.survival(fit, study, treatment, times) == pytest.approx(
        np.exp(-np.outer(hazard, times))
    )
    assert survival.restricted_mean(fit, study, treatment, 10.0) == pytest.approx(
        (1 - np.exp(-10 * hazard)) / hazard
    )
    true = np.log(2) / hazard
    found = survival.median(fit, study, treatment)
    assert found[true < 12.9] == pytest.approx(true[true < 12.9], abs=1e-3)
    assert np.isinf(found[true > 13.0]).all()


def test_a_median_after_follow_up_is_missing():
    table = survival.median_table(two_studies()).set_index(["population", "treatment"])
    reached = table["p_reached"]
    assert table["q97.5"].isna().any()
    assert (reached[table["q97.5"].isna()] < 0.975 + 1 / DRAWS).all()
    assert (reached[table["q97.5"].notna()] > 0.97).all()


def test_hazard_ratios_are_constant_where_hazards_are_proportional():
    table = survival.hazard_ratio_table(two_studies(), (1.0, 5.0))
    assert (table.groupby(["population", "treatment"])["mean"].agg(np.ptp) < 1e-12).all()
    assert set(table["time"]) == {1.0, 5.0}


def test_differences_are_of_every_ordered_pair_and_opposite():
    means, differences = survival.restricted_mean_tables(two_studies(), 8.0)
    assert len(means) == 6
    assert len(differences) == 12
    there = differences.set_index(["population", "treatment", "comparator"])["mean"]
    assert there["one", "a", "b"] == pytest.approx(-there["one", "b", "a"])


def test_arms_with_shapes_of_their_own_do_not_go_elsewhere():
    fit = two_studies("mspline", shapes="arm")
    assert survival.treatments(fit, "one") == ["a", "b"]
    with pytest.raises(InputError, match="has no curve in one"):
        survival.survival(fit, "one", "c", np.array([1.0]))
    assert survival.treatments(two_studies("mspline"), "one") == ["a", "b", "c"]


def test_nothing_is_extrapolated():
    fit = two_studies()
    with pytest.raises(InputError, match="the follow-up of one"):
        survival.survival(fit, "one", "a", np.array([13.1]))
    with pytest.raises(InputError, match="not a study with patients"):
        survival.survival(fit, "three", "a", np.array([1.0]))
    assert survival.survival_table(fit, (5.0, 14.0))["time"].unique().tolist() == [5.0]


RATE, SIZE, MANY = 0.1, 200, 2000


def weibull(shape: float, seed: int) -> Fit:
    """Exponential hazards, all but known, for patients whose times are Weibull."""
    rng = np.random.default_rng(seed)
    time = rng.weibull(shape, 2 * SIZE) / RATE
    frame = pd.DataFrame({
        "study": "s", "treatment": np.repeat(["a", "b"], SIZE), "time": np.minimum(time, 20),
        "event": (time < 20).astype(int),
    })  # fmt: skip
    level = np.log(RATE) + 0.05 * rng.standard_normal((MANY, 1))
    return made_up(Network.from_patients(frame), "exponential", np.zeros((MANY, 1)), level)


def p_values(shape: float, count: int) -> np.ndarray:
    rng = np.random.default_rng(5)
    found = [predictive(weibull(shape, n), rng)["posterior_p"] for n in range(count)]
    return np.concatenate(found)


def test_right_hazards_are_seldom_surprised():
    found = p_values(1.0, 40)
    assert (found < 0.05).mean() < 0.08
    assert found.mean() == pytest.approx(0.5, abs=0.1)


def test_wrong_shapes_are_seen():
    assert (p_values(2.0, 10) < 0.05).mean() > 0.5


def test_every_event_is_in_a_period():
    fit = weibull(1.0, 3)
    table = predictive(fit, np.random.default_rng(1))
    assert table["observed"].sum() == fit.specification.patients.best.event.sum()
    assert (table["end"] > table["start"]).all()
