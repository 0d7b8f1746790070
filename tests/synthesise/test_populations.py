"""Absolute survival: a baseline from patients and relative effects from a network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from evinet import tables
from evinet.config import Config
from evinet.errors import InputError
from evinet.nma.distribution import KEPT, thinned
from evinet.synthesise import jobs
from evinet.synthesise import populations as absolute

BASELINE = absolute.Baseline(np.array([0.0, 3.0, 8.0, 20.0]), np.array([[0.1, 0.0, 0.3]]))


@given(st.floats(0.5, 20), st.floats(-2, 2))
def test_restricted_means_are_areas_under_survival(until: float, effect: float) -> None:
    log_hr = np.array([effect])
    area = quad(
        lambda t: float(BASELINE.survival(log_hr, np.array([t]))[0, 0]), 0, until,
        points=[time for time in (3.0, 8.0) if time < until] or None,
    )[0]  # fmt: skip
    assert BASELINE.restricted_mean(log_hr, until)[0] == pytest.approx(area, abs=1e-6)


@given(st.floats(-2, 3))
def test_half_survive_the_median(effect: float) -> None:
    log_hr = np.array([effect])
    median = BASELINE.median(log_hr)
    if np.isfinite(median[0]):
        assert BASELINE.survival(log_hr, median)[0, 0] == pytest.approx(0.5)
    else:
        assert BASELINE.survival(log_hr, np.array([20.0]))[0, 0] > 0.5


def patients(draws: int, size: int, seed: int = 1) -> pd.DataFrame:
    """Table IPD: exponential with hazards 0.05 (b) and 0.1 (a), cut at 20 months."""
    rng = np.random.default_rng(seed)
    rows = []
    for draw in range(draws):
        for arm, hazard in (("b", 0.05), ("a", 0.1)):
            time = rng.exponential(1 / hazard, size)
            rows += [
                {
                    "study": "one",
                    "draw": draw,
                    "arm": arm,
                    "treatment": arm,
                    "time": min(each, 20.0),
                    "event": int(each < 20),
                }
                for each in time
            ]
    return tables.IPD.frame(rows)


def test_the_baseline_is_the_hazard_of_the_arm() -> None:
    own = absolute.baseline(patients(4, 2000), "a", np.random.default_rng(1))
    survival = own.survival(np.zeros(len(own.hazard)), np.array([5.0, 15.0])).mean(axis=0)
    assert survival == pytest.approx(np.exp([-0.5, -1.5]), abs=0.02)
    assert own.follow_up <= 20
    assert len(own.hazard) == absolute.DRAWS


def test_reconstructions_that_differ_widen_the_baseline() -> None:
    alike = patients(2, 100)
    other = alike.assign(time=np.where(alike["draw"] == 1, alike["time"] / 3, alike["time"]))
    more = pd.concat([other, alike[alike["draw"] == 1].assign(draw=2)])
    widths = [
        np.ptp(np.quantile(absolute.baseline(ipd, "a", np.random.default_rng(1))
                           .spent(np.array([4.0])), (0.025, 0.975)))
        for ipd in (alike, more)
    ]  # fmt: skip
    assert widths[1] > 1.5 * widths[0]


def test_observed_means_of_uncensored_patients_are_plain_means() -> None:
    ipd = patients(1, 50)
    mine = ipd[(ipd["arm"] == "a")].assign(event=1)
    mean, variance = absolute._restricted(mine, 12.0)
    times = np.minimum(mine["time"].to_numpy(float), 12.0)
    assert mean == pytest.approx(times.mean())
    assert variance == pytest.approx(times.var() / len(times), rel=1e-6)


@pytest.fixture
def predict(write_data, make_config, tmp_path: Path):
    """Trial one compares b with a; two compares d with c, on another island. Fitted, predicted."""
    apart = {"label": "p", "effects": "fixed"}
    both = {"apart": apart, "joined": {**apart, "bridge": "class", "sigma": 0.1}}

    def make(effect: float = -0.7, models=both, **population: object):
        sampler = {"chains": 2, "warmup": 300, "draws": 1000, "target_accept": 0.9}
        config = make_config(models, ["a", "d"], sampler=sampler).model_dump(mode="json")
        config["analyses"]["x"]["populations"] = {
            "own": {"trial": "one", "assumption": "none", **population}
        }
        config["analyses"]["x"]["trials"] = ["one", "two"]
        review = Config.model_validate(config)
        data = write_data([("one", "b", "a", effect, 0.1), ("two", "c", "d", -0.2, 0.1)])
        rows = [
            {"study": study, "treatment": one, "comparator": other, "outcome": "pfs", "tier": "C",
             "arm": one, "comparator_arm": other, "log_estimate": -0.5, "se": 0.1,
             "component": number, "report": "primary", "source": "s", "locator": "l"}
            for number, (study, one, other) in enumerate((("one", "b", "a"), ("two", "c", "d")), 1)
        ]  # fmt: skip
        tables.NETWORK_STUDIES.write(tmp_path / "studies.csv", tables.NETWORK_STUDIES.frame(rows))
        tables.IPD.write(tmp_path / "ipd.csv", patients(2, 300))
        for name in models:
            jobs.fit(review, "x", name, data, [tmp_path / "ipd.csv"], tmp_path / "fits" / name)
        absolute.predict(
            review, "x", data, tmp_path / "studies.csv", [tmp_path / "ipd.csv"],
            tmp_path / "fits", tmp_path / "out",
        )  # fmt: skip

    return make


def test_only_connected_treatments_are_predicted(predict, tmp_path: Path) -> None:
    predict(times=[6, 12], horizon=15)
    found = tables.PREDICTED_SURVIVAL.read(tmp_path / "out/predicted-survival.csv")
    assert set(found.loc[found["model"] == "apart", "treatment"]) == {"a", "b"}
    joined = found[found["model"] == "joined"]
    assert set(joined.loc[joined["bridged"], "treatment"]) == {"c", "d"}
    at = found[(found["model"] == "apart") & (found["time"] == 12)].set_index("treatment")["q50"]
    assert at["a"] == pytest.approx(np.exp(-1.2), abs=0.05)
    assert at["b"] == pytest.approx(np.exp(-1.2 * np.exp(-0.7)), abs=0.05)
    observed = tables.OBSERVED_TIMES.read(tmp_path / "out/observed-times.csv")
    gain = observed[observed["measure"] == "rmst-gain"].iloc[0]
    exact = (1 - np.exp(-0.75)) / 0.05 - (1 - np.exp(-1.5)) / 0.1
    assert gain["q2.5"] < exact < gain["q97.5"]


@pytest.mark.parametrize(("effect", "held"), [(np.log(0.5), True), (0.7, False)])
def test_predictions_are_held_against_the_patients(
    predict, tmp_path: Path, effect: float, held: bool
) -> None:
    """The hazard of b's patients is half that of a's: the first effect says so, the other not."""
    predict(effect, times=[6, 12])
    beside = tables.PREDICTED_OBSERVED.read(tmp_path / "out/predicted-observed.csv")
    beside = beside[beside["model"] == "apart"].set_index(["treatment", "time"])
    for arm, hazard, agrees in (("a", 0.1, True), ("b", 0.05, held)):
        for time in (6, 12):
            row = beside.loc[(arm, time)]
            assert row["observed"] == pytest.approx(np.exp(-hazard * time), abs=0.06)
            assert bool(row["held"]) == agrees, (arm, time)


def test_nothing_is_extrapolated(predict, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is after the end of follow-up"):
        predict(times=[6, 36])
    assert not (tmp_path / "out").exists()


def test_a_population_needs_patients(predict, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be reconstructed"):
        predict(trial="two")


def test_draws_of_survival_go_with_the_draws_of_the_effect(predict, tmp_path: Path) -> None:
    """The d of M-splines is the ln ratio of cumulative hazards at the end (docs/survival.md)."""
    patients_of = {"label": "p", "effects": "fixed", "ipd": ["one"], "baseline": "mspline",
                   "shapes": "arm", "knots": 2}  # fmt: skip
    predict(models={"apart": {"label": "p", "effects": "fixed"}, "shapes": patients_of}, times=[6])
    drawn = tables.SURVIVAL_DRAWS.read(tmp_path / "out/survival-draws.csv")
    own = drawn[drawn["model"] == "shapes"]
    assert set(drawn["model"].dropna()) == {"shapes"}
    assert len(own) == 2 * KEPT * 21
    with xr.open_dataset(tmp_path / "fits/shapes/posterior.nc", group="posterior") as posterior:
        d = posterior["d"].sel(treatment="b").to_numpy().ravel()
    end = own[own["time"] == 20].pivot(index="draw", columns="treatment", values="survival")
    ratio = np.log(np.log(end["b"]) / np.log(end["a"]))
    assert ratio.to_numpy() == pytest.approx(d[thinned(len(d))], abs=1e-4)
    summary = tables.PREDICTED_SURVIVAL.read(tmp_path / "out/predicted-survival.csv")
    summary = summary[(summary["model"] == "shapes") & (summary["time"] == 12)]
    at = own[own["time"] == 12].groupby("treatment")["survival"]
    for limit, share in (("q2.5", 0.025), ("q50", 0.5), ("q97.5", 0.975)):
        assert at.quantile(share).to_numpy() == pytest.approx(summary[limit].to_numpy(), abs=0.01)
    baseline = drawn[drawn["model"].isna()]
    assert set(baseline["treatment"]) == {"a"}
    assert baseline["draw"].max() == KEPT
