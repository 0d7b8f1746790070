"""What a configuration may ask of a model, and what is refused at the door."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evinet import files, tables
from evinet.errors import InputError
from evinet.extract import review
from evinet.nma.model import BASELINE_RISK
from evinet.nma.network import Network
from evinet.synthesise import jobs, models


def test_a_wrong_prior_of_a_model_is_refused_at_the_door(make_config):
    with pytest.raises(InputError, match=r"models.m.tau_prior = 'turner:any': .*no table 'turner'"):
        make_config({"m": {"label": "m", "effects": "random", "tau_prior": "turner:any"}}, ["a"])


def test_a_prior_without_heterogeneity_is_refused(make_config):
    with pytest.raises(InputError, match="tau_prior is set, but effects are fixed"):
        make_config({"m": {"label": "m", "effects": "fixed", "tau_prior": "uniform(0, 1)"}}, ["a"])


def test_what_does_not_go_together_is_refused_at_the_door(make_config):
    for change, message in (
        ({"powers": [0, 1]}, r"models.m.powers .*the baseline is piecewise"),
        ({"baseline": "fracpoly", "powers": [0, 7]}, r"models.m.powers.*Use one of -2, -1,"),
        ({"baseline_risk": True}, r"models\[0\] = 'm': has baseline_risk, which hazard ratios"),
        ({"baseline_risk": True, "relation": "ume"}, r"models.m.relation .*baseline risk"),
        ({"baseline_risk": True, "covariate": "year"}, r"models.m.covariate .*baseline_risk"),
    ):
        with pytest.raises(InputError, match=message):
            make_config({"m": {"label": "m", "effects": "fixed", **change}}, ["a"])


@pytest.fixture
def arms(tmp_path):
    """Counts of two trials (a, b) and of two others (a, c)."""
    rows = [
        (study, treatment, r, 100)
        for study, other in {"one": "b", "two": "b", "three": "c", "four": "c"}.items()
        for treatment, r in (("a", 50 + 5 * len(study)), (other, 40))
    ]
    names = ("study", "treatment", "r", "n")
    frame = tables.NETWORK_DATA.frame([dict(zip(names, row, strict=True)) for row in rows])
    tables.NETWORK_DATA.write(tmp_path / "data.csv", frame)
    return tmp_path / "data.csv"


def test_effects_of_counts_may_depend_on_baseline_risk(make_config, arms):
    config = make_config({"m": {"label": "m", "effects": "fixed"}}, ["a"])
    counts = config.analyses["x"].model_copy(update={"data": "responses"})
    model = config.models["m"].model_copy(update={"baseline_risk": True})
    config = config.model_copy(update={"analyses": {"x": counts}, "models": {"m": model}})
    specified = models.specify(config, model, models.network(config, "x", model, arms, []))
    assert specified.names[-1] == BASELINE_RISK


def test_fractional_polynomials_take_the_powers_of_the_configuration(make_config):
    model = {"label": "m", "effects": "fixed", "baseline": "fracpoly", "powers": [-1, 0.5]}
    config = make_config({"m": model}, ["a"])
    rng = np.random.default_rng(1)
    patients = pd.DataFrame({
        "study": "one", "treatment": ["a", "b"] * 50, "time": rng.exponential(9, 100), "event": 1,
    })  # fmt: skip
    specified = models.specify(config, config.models["m"], Network.from_patients(patients, ["a"]))
    assert specified.baseline.powers == (-1, 0.5)


@pytest.fixture
def regressed(write_data, make_config, tmp_path):
    """Patients of trial one (a, b), counts of trial two (a, c), and what a model makes of them."""
    rng = np.random.default_rng(3)
    people = pd.DataFrame({
        "study": "one", "treatment": ["a", "b"] * 100, "age": rng.normal(60, 8, 200).round(1),
        "r": rng.integers(0, 2, 200),
    })  # fmt: skip
    people.to_csv(tmp_path / "patients.csv", index=False)
    covariates = pd.DataFrame({"study": ["two"], "n": [100], "age_mean": [65], "age_sd": [7]})
    covariates.to_csv(tmp_path / "covariates.csv", index=False)
    rows = [
        ("one", "a", 50, 100),
        ("one", "b", 40, 100),
        ("two", "a", 30, 50),
        ("two", "c", 20, 50),
    ]
    names = ("study", "treatment", "r", "n")
    tables.NETWORK_DATA.write(
        tmp_path / "data.csv",
        tables.NETWORK_DATA.frame([dict(zip(names, row, strict=True)) for row in rows]),
    )

    def made(**change):
        regression = {
            "formula": "age", "patients": str(tmp_path / "patients.csv"),
            "covariates": str(tmp_path / "covariates.csv"), **change,
        }  # fmt: skip
        model = {"label": "m", "effects": "fixed", "regression": regression}
        config = make_config({"m": model}, ["a"])
        found = config.analyses["x"].model_copy(update={"data": "responses"})
        config = config.model_copy(update={"analyses": {"x": found}})
        studies = models.network(config, "x", config.models["m"], tmp_path / "data.csv", [])
        return config, models.specify(config, config.models["m"], studies)

    return made


def test_patients_with_covariates_enter_beside_counts(regressed, tmp_path):
    _, specified = regressed(interactions="separate")
    assert specified.names == ["d[b]", "d[c]", "beta[age]", "beta[age: b]", "beta[age: c]"]
    assert list(specified.network.regression.published) == [("two", "a"), ("two", "c")]
    people = pd.read_csv(tmp_path / "patients.csv")
    people.assign(study="three").to_csv(tmp_path / "patients.csv", index=False)
    with pytest.raises(InputError, match=r"three.*no trial of the analysis"):
        regressed()


def test_a_trial_without_patients_or_reconstruction_is_told(write_data, make_config, tmp_path):
    people = pd.DataFrame({
        "study": "one", "treatment": ["a", "b"] * 20, "age": np.arange(40.0),
        "time": np.arange(1.0, 41.0), "event": 1,
    })  # fmt: skip
    people.to_csv(tmp_path / "patients.csv", index=False)
    regression = {"formula": "age", "patients": str(tmp_path / "patients.csv"),
                  "covariates": "covariates.csv"}  # fmt: skip
    model = {"label": "m", "effects": "fixed", "regression": regression}
    config = make_config({"m": model}, ["a"])
    data = write_data([("one", "b", "a", -1.0, 0.2), ("two", "c", "a", -0.5, 0.2)])
    with pytest.raises(InputError, match="leave no other trial"):
        models.network(config, "x", config.models["m"], data, [])
    with pytest.raises(InputError, match="does not go together with regression"):
        make_config({"m": {**model, "node_split": True}}, ["a"])


@pytest.mark.slow
def test_effects_by_population_are_written(regressed, tmp_path):
    config, _ = regressed(populations={"young": str(tmp_path / "young.csv")})
    (tmp_path / "young.csv").write_text("age_mean,age_sd\n50,5\n")
    folder = tmp_path / "fit"
    said = jobs.fit(config, "x", "m", tmp_path / "data.csv", [], folder)
    assert "R-hat" in said
    adjusted = tables.ADJUSTED.read(folder / "adjusted.csv")
    assert set(adjusted["population"]) == {"one", "two", "young"}
    assert set(adjusted["kind"]) == {"conditional", "marginal"}
    record = files.read_json(folder / "fit.json")["populations"]
    assert record["integration_error"] < 0.01
    outcomes = tables.STANDARDISED.read(folder / "standardised.csv")
    assert outcomes["mean"].between(0, 1).all()
    jobs.answers(config, "x", "m", tmp_path / "data.csv", [], folder, folder)
    assert len(tables.MARGINS.read(folder / "margins.csv")) == 0


def test_components_are_a_bridge_with_its_test(tmp_path, make_config, write_data):
    """Linde et al. 2016, four studies: netcomb of netmeta 3.3-1, as in test_components."""
    linde = [
        ("16", "pst", "pst-ssri", -0.237672, 0.408287),
        ("16", "ssri", "pst-ssri", 0.405465, 0.491596),
        ("24", "pst", "placebo", 1.393842, 0.549792), ("24", "tca", "placebo", 0.911836, 0.536560),
        ("49", "pst", "placebo", 0.310407, 0.253818), ("49", "ssri", "placebo", 0.564050, 0.251433),
        ("118", "pst", "uc", 0.039221, 0.339447),
    ]  # fmt: skip
    squares = {  # variance of the shared arm: half of what the pairs' variances leave
        "16": (0.408287**2 + 0.491596**2 - 0.418367**2) / 2,
        "24": (0.549792**2 + 0.536560**2 - 0.522214**2) / 2,
        "49": (0.253818**2 + 0.251433**2 - 0.245993**2) / 2,
    }
    bridge = {
        "kind": "components", "treatments": {"pst-ssri": ["pst", "ssri"]}, "inactive": "placebo",
        "assumption": "sums",
    }  # fmt: skip
    models_ = {"m": {"label": "m", "effects": "fixed", "bridge": "sums"}}
    config = make_config(models_, ["placebo"], bridges={"sums": bridge}, effect_prior_sd=1000)
    data = write_data(linde, squares)
    jobs.fit(config, "x", "m", data, [], tmp_path / "fit")
    record = files.read_json(tmp_path / "fit/fit.json")["components"]
    assert record["p_difference"] == pytest.approx(0.1801627, abs=1e-5)
    assert record["treatments"]["pst-ssri"] == ["pst", "ssri"]
    found = {row["component"]: (row["mean"], row["sd"]) for row in record["effects"]}
    assert found["pst"] == pytest.approx((0.33769, 0.20862), abs=2e-5)
    assert found["uc"] == pytest.approx((0.29846, 0.39843), abs=2e-5)
    assert not files.read_json(tmp_path / "fit/fit.json")["failures"]
    with_pair = {**bridge, "interactions": [["pst", "ssri"]]}
    config = make_config(models_, ["placebo"], bridges={"sums": with_pair})
    jobs.fit(config, "x", "m", data, [], tmp_path / "fit")
    assert files.read_json(tmp_path / "fit/fit.json")["components"]["df_difference"] == 0


def test_components_join_islands_by_name(tmp_path, make_config, write_data):
    """a against p and b against p tell a-b against p, from which c-a differs by c less b."""
    data = write_data([
        ("S1", "a", "p", -0.5, 0.1), ("S2", "b", "p", -0.2, 0.2), ("S3", "a-c", "a-b", -0.4, 0.1),
    ])  # fmt: skip
    bridge = {
        "kind": "components", "inactive": "p", "assumption": "sums",
        "treatments": {"a-b": ["a", "b"], "a-c": ["a", "c"]},
    }  # fmt: skip
    config = make_config({"m": {"label": "m", "effects": "fixed", "bridge": "sums"}},
                         ["p", "a-b"], bridges={"sums": bridge}, effect_prior_sd=1000)  # fmt: skip
    jobs.fit(config, "x", "m", data, [], tmp_path / "fit")
    jobs.answers(config, "x", "m", data, [], tmp_path / "fit", tmp_path / "fit")
    league = tables.LEAGUE.read(tmp_path / "fit/league.csv")
    row = league.set_index(["treatment", "comparator"]).loc[("a-c", "p")]
    assert row["mean"] == pytest.approx(-0.5 - 0.2 - 0.4, abs=1e-4)
    assert row["sd"] == pytest.approx(np.sqrt(0.1**2 + 0.2**2 + 0.1**2), abs=1e-4)
    assert row["crosses"]
    assert row["bridged"]
    assert {"a-c", "p"} in [{*pair} for pair in tables.TIPPING.read(tmp_path / "fit/tipping.csv")[
        ["treatment", "comparator"]].to_numpy().tolist()]  # fmt: skip


@pytest.mark.parametrize(
    ("bridge", "model", "said"),
    [
        ({"treatments": {}}, {}, r"bridges.sums.treatments"),
        ({"treatments": {"c": []}}, {}, r"bridges.sums.treatments.c"),
        ({"interactions": [["a"]]}, {}, r"bridges.sums.interactions"),
        ({"kind": "sum"}, {}, r"bridges.sums"),
        ({}, {"sigma": 0.1}, r"models.m.sigma .*the bridge is of components"),
        ({}, {"node_split": True}, r"models.m.node_split .*not split"),
        ({}, {"relation": "ume"}, r"models.m.relation .*no sums of components"),
    ],
)
def test_what_components_cannot_have_is_refused_at_the_door(make_config, bridge, model, said):
    sums = {"kind": "components", "treatments": {"c": ["a", "b"]}, "assumption": "s", **bridge}
    asked = {"m": {"label": "m", "effects": "fixed", "bridge": "sums", **model}}
    with pytest.raises(InputError, match=said):
        make_config(asked, ["a"], bridges={"sums": sums})


def test_combinations_must_be_treatments_of_the_review(make_config):
    sums = {"kind": "components", "treatments": {"c": ["a", "b"]}, "assumption": "s"}
    config = make_config({"m": {"label": "m", "effects": "fixed", "bridge": "sums"}}, ["a"],
                         bridges={"sums": sums})  # fmt: skip
    wrong = [where for where, _, _, _ in review._unknown(config, ["one"], ["a", "b"])]
    assert wrong == [("bridges", "sums", "treatments", "c")]


def test_trials_may_count_less_by_a_named_assumption(tmp_path, make_config, write_data):
    asked = {"label": "m", "effects": "fixed",
             "weights": {"trials": {"S2": 0.25}, "assumption": "judged by us"}}  # fmt: skip
    asked["weights"]["trials"] = {"s-two": 0.25, "elsewhere": 0.5}
    config = make_config({"m": asked}, ["a"], effect_prior_sd=1000)
    data = write_data([("s-one", "b", "a", 0.0, 0.2), ("s-two", "b", "a", 1.0, 0.1)])
    jobs.fit(config, "x", "m", data, [], tmp_path / "fit")
    record = files.read_json(tmp_path / "fit/fit.json")
    assert record["weights"] == {"s-two": 0.25}
    league = tables.LEAGUE.read(tmp_path / "fit/league.csv").set_index(["treatment", "comparator"])
    assert league.at[("b", "a"), "mean"] == pytest.approx(0.5, abs=1e-4), "both weigh 25"
    for change, said in (({"weights": {"trials": {"s": 1.5}, "assumption": "a"}}, "weights"),
                         ({"ipd": ["s-two"]}, "not weighted")):  # fmt: skip
        with pytest.raises(InputError, match=said):
            make_config({"m": {**asked, **change}}, ["a"])


def times(**change: object) -> dict:
    """A main model, and one whose effects are ratios of times."""
    model = {"label": "t", "effects": "fixed", "baseline": "lognormal", "ipd": ["one"], **change}
    return {"m": {"label": "m", "effects": "fixed"}, "t": model}


def test_a_lower_hazard_is_a_longer_time(make_config):
    config = make_config(times(), ["a"])
    assert models.improvement(config, "x", "m") == "lower"
    assert models.improvement(config, "x", "t") == "higher"
    patients = pd.DataFrame({"study": "one", "treatment": ["a", "b"] * 20,
                             "time": np.arange(1.0, 41), "event": 1})  # fmt: skip
    specified = models.specify(config, config.models["t"], Network.from_patients(patients, ["a"]))
    assert specified.scale == "ln time ratio"


def test_what_is_on_the_scale_of_hazard_ratios_is_refused_of_time_ratios(make_config):
    for change, message in (
        ({"ipd": []}, r"models\[1\] = 't'.*hazard ratios do not inform.*by theirs: one"),
        ({"bridge": "class"}, r"models.t.bridge .*effects of lognormal are ratios of times"),
        ({"effects": "random"}, r"models.t.tau_prior .*heterogeneity is that of ln HR"),
    ):
        with pytest.raises(InputError, match=message) as told:
            make_config(times(**change), ["a"])
        assert len(told.value.problems) == 1, "one clear message"
    with pytest.raises(InputError, match="the first model gives the main answer"):
        make_config({"t": times()["t"]}, ["a"])
    make_config(times(effects="random", tau_prior="half-normal(0.5)"), ["a"])
