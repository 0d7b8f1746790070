"""Survival in a population, against closed forms for exponential hazards."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from evinet.errors import InputError
from evinet.synthesise.survival import curves, patients
from evinet.synthesise.survival.choice import choose
from evinet.synthesise.survival.design import build
from evinet.synthesise.survival.fit import Fit
from evinet.synthesise.survival.model import Network, Priors

DRAWS = 50


def fitted(name: str = "exponential", **options: object) -> Fit:
    """A fit whose draws are made up: rates around 0.1 in study one, effects of b and c."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        [(s, t, rng.uniform(1, 12), 1) for s, ts in {"one": "ab", "two": "bc"}.items()
         for t in ts for _ in range(30)],
        columns=["study", "treatment", "time", "event"],
    )  # fmt: skip
    people = patients.from_frame(pd.concat([frame, frame.assign(time=13.0, event=0)]), "a")
    baseline = choose(name, people, None, options)
    network = Network(build(people, None), baseline, None, "fixed", Priors())
    d = np.column_stack(
        [np.zeros(DRAWS), rng.normal(-0.5, 0.1, DRAWS), rng.normal(0.3, 0.1, DRAWS)]
    )
    mu = np.log(rng.uniform(0.08, 0.12, (DRAWS, 2)))
    posterior = xr.Dataset(
        {
            "d": (("chain", "draw", "treatment"), d[None]),
            "mu": (("chain", "draw", "study"), mu[None]),
            "theta": (("chain", "draw", "row"), np.zeros((1, DRAWS, 4))),
        },
        coords={"treatment": ["a", "b", "c"], "study": ["one", "two"],
                "chain": [0], "draw": range(DRAWS)},
    )  # fmt: skip
    if name == "mspline":
        names, size = baseline.coordinates()["stratum"], 11
        shares = np.full((1, DRAWS, len(names), size), 1 / size)
        posterior = posterior.assign(
            coefficients=(("chain", "draw", "stratum", "coefficient"), shares),
            sigma=(("chain", "draw", "stratum"), np.ones((1, DRAWS, len(names)))),
        ).assign_coords(stratum=names)
    return Fit(network, [SimpleNamespace(posterior=posterior)], 0.0, 0.0)


def rate(fit: Fit, study: str, treatment: str, baseline: str) -> np.ndarray:
    d = fit.samples["d"]
    effect = d.sel(treatment=treatment) - d.sel(treatment=baseline)
    return np.exp((fit.samples["mu"].sel(study=study) + effect).to_numpy())


@pytest.mark.parametrize(("study", "baseline"), [("one", "a"), ("two", "b")])
@pytest.mark.parametrize("treatment", ["a", "b", "c"])
def test_exponential_answers_have_closed_forms(study: str, baseline: str, treatment: str) -> None:
    fit = fitted()
    hazard = rate(fit, study, treatment, baseline)
    times = np.array([0.0, 3.0, 12.0])
    assert curves.survival(fit, study, treatment, times) == pytest.approx(
        np.exp(-np.outer(hazard, times))
    )
    assert curves.restricted_mean(fit, study, treatment, 10.0) == pytest.approx(
        (1 - np.exp(-10 * hazard)) / hazard
    )
    true = np.log(2) / hazard
    found = curves.median(fit, study, treatment)
    assert found[true < 12.9] == pytest.approx(true[true < 12.9], abs=1e-3)
    assert np.isinf(found[true > 13.0]).all()


def test_a_median_after_follow_up_is_missing() -> None:
    table = curves.median_table(fitted()).set_index(["population", "treatment"])
    reached = table["p_reached"]
    assert table["q97.5"].isna().any()
    assert (reached[table["q97.5"].isna()] < 0.975 + 1 / DRAWS).all()
    assert (reached[table["q97.5"].notna()] > 0.97).all()


def test_hazard_ratios_are_constant_where_hazards_are_proportional() -> None:
    table = curves.hazard_ratio_table(fitted(), (1.0, 5.0))
    spread = table.groupby(["population", "treatment"])["mean"].agg(np.ptp)
    assert (spread < 1e-12).all()
    assert set(table["time"]) == {1.0, 5.0}


def test_differences_are_of_every_ordered_pair_and_opposite() -> None:
    means, differences = curves.restricted_mean_tables(fitted(), 8.0)
    assert len(means) == 6
    assert len(differences) == 12
    there = differences.set_index(["population", "treatment", "comparator"])["mean"]
    assert there["one", "a", "b"] == pytest.approx(-there["one", "b", "a"])


def test_arms_with_shapes_of_their_own_do_not_go_elsewhere() -> None:
    fit = fitted("mspline", shapes="arm")
    assert curves.treatments(fit, "one") == ["a", "b"]
    with pytest.raises(InputError, match="has no curve in one"):
        curves.survival(fit, "one", "c", np.array([1.0]))
    assert curves.treatments(fitted("mspline"), "one") == ["a", "b", "c"]


def test_nothing_is_extrapolated() -> None:
    fit = fitted()
    with pytest.raises(InputError, match="the follow-up of one"):
        curves.survival(fit, "one", "a", np.array([13.1]))
    with pytest.raises(InputError, match="no study with patients"):
        curves.survival(fit, "three", "a", np.array([1.0]))
    assert curves.survival_table(fit, (5.0, 14.0))["time"].unique().tolist() == [5.0]
