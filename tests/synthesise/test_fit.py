"""Whole fits of small networks against what is known in closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evinet import files, tables
from evinet.errors import InputError
from evinet.synthesise import diagnostics, fit, model

STUDIES = [
    ("one", "b", "a", -1.0, 0.2),
    ("two", "b", "a", -0.6, 0.3),
    ("three", "d", "c", -0.5, 0.25),
]
APART = {"a": 1, "b": 1, "c": 2, "d": 2}


@pytest.fixture
def run(make_network, make_config, tmp_path):
    """Fit models to the studies above and read their tables."""

    def fitted(models: dict, references=("a", "c"), **other):
        network = make_network(STUDIES, APART)
        config = make_config(models, list(references), **other)
        fit.fit_all(fit.Analysis("x", config, network, tmp_path / "ipd"), tmp_path / "fits")
        return {
            name: (
                tables.ESTIMATES.read(tmp_path / "fits" / name / "estimates.csv").set_index(
                    "parameter"
                ),
                tables.LEAGUE.read(tmp_path / "fits" / name / "league.csv").set_index(
                    ["treatment", "comparator"]
                ),
                files.read_json(tmp_path / "fits" / name / "fit.json"),
            )
            for name in models
        }

    return fitted


def test_fixed_effects_are_the_inverse_variance_mean_and_islands_stay_apart(run):
    estimates, league, record = run({"fixed": {"label": "f", "effects": "fixed"}})["fixed"]
    weight = np.array([0.2, 0.3]) ** -2.0
    mean, sd = (weight * [-1.0, -0.6]).sum() / weight.sum(), weight.sum() ** -0.5
    assert estimates.at["d[b]", "mean"] == pytest.approx(mean, abs=0.05 * sd)
    assert estimates.at["d[b]", "sd"] == pytest.approx(sd, rel=0.05)
    assert estimates.at["d[d]", "mean"] == pytest.approx(-0.5, abs=0.05 * 0.25)
    assert ("b", "c") not in league.index
    residual = (((np.array([-1.0, -0.6]) - mean) / [0.2, 0.3]) ** 2).sum()
    assert record["pD"] == pytest.approx(2, abs=0.15)
    assert record["residual_deviance"] == pytest.approx(residual + record["pD"], abs=0.1)


def test_lumping_a_class_is_the_chain_of_contrasts(run):
    """With sigma 0 b and c are one: d against a is d against c plus b against a."""
    models = {"lumped": {"label": "l", "effects": "fixed", "bridge": "class", "sigma": 0}}
    estimates, league, _ = run(models)["lumped"]
    weight = np.array([0.2, 0.3]) ** -2.0
    mean = (weight * [-1.0, -0.6]).sum() / weight.sum()
    assert estimates.at["d[b]", "mean"] == estimates.at["d[c]", "mean"]
    assert estimates.at["d[d]", "mean"] == pytest.approx(mean - 0.5, abs=0.02)
    assert league.at[("d", "a"), "bridged"]
    assert not league.at[("b", "a"), "bridged"]


def test_a_wider_class_is_less_certain(run):
    bridged = {"effects": "fixed", "bridge": "class", "label": "l"}
    found = run({"narrow": {**bridged, "sigma": 0.0}, "wide": {**bridged, "sigma": 0.5}})
    narrow, wide = (found[name][1].at[("d", "a"), "sd"] for name in ("narrow", "wide"))
    # c differs from b by sqrt(2) sigma
    assert wide == pytest.approx(np.sqrt(narrow**2 + 2 * 0.5**2), rel=0.06)


def test_random_effects_agree_with_numerical_integration(run):
    estimates, _, _ = run({"random": {"label": "r", "effects": "random"}})["random"]
    tau = np.linspace(1e-4, 4, 4000)
    variance = np.array([0.2, 0.3])[:, None] ** 2 + tau**2
    third = 0.25**2 + tau**2 + 10.0**2
    precision = (1 / variance).sum(axis=0) + 1 / 100
    mean = (np.array([-1.0, -0.6])[:, None] / variance).sum(axis=0) / precision
    log_marginal = (
        -0.5 * np.log(variance).sum(axis=0)
        - 0.5 * np.log(precision)
        - 0.5 * (np.array([1.0, 0.36])[:, None] / variance).sum(axis=0)
        + 0.5 * mean**2 * precision
        - 0.5 * np.log(third)
        - 0.5 * 0.25 / third
        - 0.5 * (tau / 0.5) ** 2
    )
    weight = np.exp(log_marginal - log_marginal.max())
    weight /= weight.sum()
    assert estimates.at["tau", "mean"] == pytest.approx((weight * tau).sum(), abs=0.02)
    assert estimates.at["d[b]", "mean"] == pytest.approx((weight * mean).sum(), abs=0.02)


def test_a_bridge_with_fewer_than_two_members_is_refused(make_network, make_config, tmp_path):
    network = make_network(STUDIES[:2], {"a": 1, "b": 1})
    models = {"m": {"label": "l", "effects": "fixed", "bridge": "class", "sigma": 0}}
    with pytest.raises(InputError, match="fewer than two members"):
        fit.fit_all(fit.Analysis("x", make_config(models, ["a"]), network, tmp_path), tmp_path)


def test_a_bridge_whose_member_is_the_reference_is_refused(run):
    models = {"m": {"label": "l", "effects": "fixed", "bridge": "class", "sigma": 0}}
    with pytest.raises(InputError, match="needs a reference outside its class"):
        run(models, references=("b", "c"))


def test_a_fit_that_fails_a_gate_is_not_written(run, tmp_path):
    sampler = {"chains": 2, "warmup": 100, "draws": 100, "gates": {"ess": 5000}}
    with pytest.raises(diagnostics.NotConverged, match=r"bulk ESS .* is below 5000"):
        run({"fixed": {"label": "f", "effects": "fixed"}}, sampler=sampler)
    assert not list((tmp_path / "fits").rglob("*.csv"))


def patients(hazards: dict[str, float], size: int, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for arm, hazard in hazards.items():
        time = rng.exponential(1 / hazard, size)
        rows.append(
            pd.DataFrame(
                {
                    "study": "one",
                    "draw": 0,
                    "arm": arm,
                    "treatment": arm,
                    "time": time.clip(max=20),
                    "event": time < 20,
                }
            )
        )
    return pd.concat(rows).astype({"event": int})


def test_exposure_counts_every_event_and_every_month():
    ipd = patients({"b": 0.05, "a": 0.1}, 80, np.random.default_rng(1))
    exposure = model.exposures(ipd, "b", "a")[0]
    for row, arm in enumerate(("a", "b")):
        mine = ipd[ipd["arm"] == arm]
        assert exposure.events[row].sum() == mine["event"].sum()
        assert exposure.exposure[row].sum() == pytest.approx(mine["time"].sum())


def test_patients_give_what_cox_regression_gives(make_network, make_config, tmp_path):
    from lifelines import CoxPHFitter

    ipd = patients({"b": 0.05, "a": 0.1}, 150, np.random.default_rng(2))
    tables.IPD.write(tmp_path / "ipd/one/pfs/ipd.csv", tables.IPD.frame(ipd.to_dict("records")))
    models = {"patients": {"label": "p", "effects": "fixed", "ipd": ["one"]}}
    network = make_network([("one", "b", "a", -9.0, 0.2)], {"a": 1, "b": 1})
    config = make_config(models, ["a"])
    fit.fit_all(fit.Analysis("x", config, network, tmp_path / "ipd"), tmp_path / "fits")
    found = tables.ESTIMATES.read(tmp_path / "fits/patients/estimates.csv").iloc[0]
    frame = pd.DataFrame(
        {"time": ipd["time"], "event": ipd["event"], "b": (ipd["arm"] == "b").astype(int)}
    )
    cox = CoxPHFitter().fit(frame, "time", "event").summary.loc["b"]
    assert found["mean"] == pytest.approx(cox["coef"], abs=0.15 * cox["se(coef)"])
    assert found["sd"] == pytest.approx(cox["se(coef)"], rel=0.06)


def test_the_normal_summary_of_patients_is_poisson_regression():
    """One interval: the estimate is the log ratio of rates, its variance the sum of 1 / events."""
    exposure = model.Exposure(np.array([[40.0], [20.0]]), np.array([[400.0], [500.0]]))
    mean, variance = model.summary([exposure])
    assert mean == pytest.approx(np.log((20 / 500) / (40 / 400)))
    assert variance == pytest.approx(1 / 40 + 1 / 20)
    other = model.Exposure(np.array([[40.0], [30.0]]), np.array([[400.0], [500.0]]))
    both, total = model.summary([exposure, other])
    assert both == pytest.approx(mean + np.log(1.5) / 2)
    assert total == pytest.approx(1 / 40 + (1 / 20 + 1 / 30) / 2 + np.log(1.5) ** 2 / 2)


def test_an_arm_without_events_is_refused(make_network, make_config, tmp_path):
    ipd = patients({"b": 1e-9, "a": 0.1}, 20, np.random.default_rng(1))
    tables.IPD.write(tmp_path / "one/pfs/ipd.csv", tables.IPD.frame(ipd.to_dict("records")))
    models = {"patients": {"label": "p", "effects": "fixed", "ipd": ["one"]}}
    network = make_network([("one", "b", "a", -0.5, 0.2)], {"a": 1, "b": 1})
    with pytest.raises(InputError, match="an arm has no event"):
        fit.fit_all(fit.Analysis("x", make_config(models, ["a"]), network, tmp_path), tmp_path)


def test_patients_that_were_not_reconstructed_are_missed(make_network, make_config, tmp_path):
    models = {"patients": {"label": "p", "effects": "fixed", "ipd": ["one"]}}
    network = make_network([("one", "b", "a", -0.5, 0.2)], {"a": 1, "b": 1})
    with pytest.raises(InputError, match="its patients cannot be reconstructed"):
        fit.fit_all(fit.Analysis("x", make_config(models, ["a"]), network, tmp_path), tmp_path)


@pytest.mark.slow
def test_patients_agree_with_the_normal_summary_of_their_likelihood(
    make_network, make_config, tmp_path
):
    """Random effects, a class, a three-arm trial: NUTS with patients against exact draws."""
    ipd = patients({"b": 0.05, "a": 0.1}, 300, np.random.default_rng(4))
    tables.IPD.write(tmp_path / "ipd/one/pfs/ipd.csv", tables.IPD.frame(ipd.to_dict("records")))
    studies = [
        ("one", "b", "a", -9.0, 0.2), ("two", "b", "a", -0.6, 0.3),
        ("three", "c", "a", -0.5, 0.25), ("three", "d", "a", -0.9, 0.3),
    ]  # fmt: skip
    islands = {"a": 1, "b": 1, "c": 1, "d": 1}
    network = make_network(studies, islands, {"three": 0.03})
    settings = {"label": "m", "effects": "random", "bridge": "class"}
    models = {"patients": {**settings, "ipd": ["one"]}, "published": settings}
    gates = {"divergences": 0.001}
    sampler = {"chains": 4, "draws": 2500, "warmup": 1000, "target_accept": 0.98, "gates": gates}
    config = make_config(models, ["a"], sampler=sampler)
    analysis = fit.Analysis("x", config, network, tmp_path / "ipd")
    nuts = fit.by_nuts(fit.specify(analysis, "patients", config.models["patients"]), "job")
    assert nuts.failures() == []
    changed = network.studies.copy()
    changed.loc[changed["trial"] == "one", "log_estimate"] = nuts.rows.y[0]
    changed.loc[changed["trial"] == "one", "se"] = nuts.rows.within[0, 0] ** 0.5
    summarised = fit.Analysis("x", config, replace(network, studies=changed), tmp_path)
    exactly = fit.exactly(fit.specify(summarised, "published", config.models["published"]), "job")
    for name in ("tau", "sigma"):
        mine, other = nuts.draws(name), exactly.draws(name)
        assert mine.mean() == pytest.approx(other.mean(), abs=0.05 * other.std())
        assert mine.std() == pytest.approx(other.std(), rel=0.07)
    for name in "bcd":
        spread = exactly.d[name].std()
        assert nuts.d[name].mean() == pytest.approx(exactly.d[name].mean(), abs=0.06 * spread)
        assert nuts.d[name].std() == pytest.approx(spread, rel=0.07)
    theta = nuts.draws("theta"), exactly.draws("theta")
    assert theta[0].mean(axis=0) == pytest.approx(theta[1].mean(axis=0), abs=0.02)
