"""The jobs of the workflow: models of the configuration, fitted one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evinet import files, tables
from evinet.errors import InputError
from evinet.synthesise import jobs

STUDIES = [
    ("one", "b", "a", -1.0, 0.2),
    ("two", "b", "a", -0.6, 0.3),
    ("three", "d", "c", -0.5, 0.25),
]


@pytest.fixture
def run(write_data, make_config, tmp_path):
    """Fit models to the studies above, write what follows, and read some tables."""

    def fitted(models: dict, references=("a", "c"), studies=STUDIES, ipd=(), **other):
        data, config = write_data(studies), make_config(models, list(references), **other)
        found = {}
        for name in models:
            folder = tmp_path / "fits" / name
            jobs.fit(config, "x", name, data, list(ipd), folder)
            jobs.answers(config, "x", name, data, list(ipd), folder, folder)
            found[name] = (
                tables.ESTIMATES.read(folder / "estimates.csv").set_index("parameter"),
                tables.LEAGUE.read(folder / "league.csv").set_index(["treatment", "comparator"]),
                files.read_json(folder / "fit.json"),
            )
            for table in (*tables.FIT, *tables.ANSWERS):
                table.read(folder / f"{table.name}.csv")
        return found

    return fitted


def test_fixed_effects_are_the_inverse_variance_mean_and_islands_stay_apart(run):
    estimates, league, record = run({"fixed": {"label": "f", "effects": "fixed"}})["fixed"]
    weight = np.array([0.2, 0.3]) ** -2.0
    mean, sd = (weight * [-1.0, -0.6]).sum() / weight.sum(), weight.sum() ** -0.5
    assert estimates.at["d[b]", "mean"] == pytest.approx(mean, abs=1e-3)
    assert estimates.at["d[b]", "sd"] == pytest.approx(sd, rel=1e-3)
    assert estimates.at["d[d]", "mean"] == pytest.approx(-0.5, abs=1e-3)
    assert ("b", "c") not in league.index
    residual = (((np.array([-1.0, -0.6]) - mean) / [0.2, 0.3]) ** 2).sum()
    assert record["method"] == "exact"
    assert record["pD"] == pytest.approx(2, abs=0.01)
    assert record["residual_deviance"] == pytest.approx(residual + record["pD"], abs=0.01)


def test_lumping_a_class_is_the_chain_of_contrasts(run):
    """With sigma 0 b and c are one: d against a is d against c plus b against a."""
    models = {"lumped": {"label": "l", "effects": "fixed", "bridge": "class", "sigma": 0.0}}
    estimates, league, _ = run(models)["lumped"]
    weight = np.array([0.2, 0.3]) ** -2.0
    mean = (weight * [-1.0, -0.6]).sum() / weight.sum()
    assert estimates.at["d[b]", "mean"] == pytest.approx(estimates.at["d[c]", "mean"])
    assert estimates.at["d[d]", "mean"] == pytest.approx(mean - 0.5, abs=0.01)
    assert league.at[("d", "a"), "bridged"]
    assert not league.at[("b", "a"), "bridged"]


def test_a_wider_class_is_less_certain(run):
    bridged = {"effects": "fixed", "bridge": "class", "label": "l"}
    found = run({"narrow": {**bridged, "sigma": 0.0}, "wide": {**bridged, "sigma": 0.5}})
    narrow, wide = (found[name][1].at[("d", "a"), "sd"] for name in ("narrow", "wide"))
    # c differs from b by sqrt(2) sigma
    assert wide == pytest.approx(np.sqrt(narrow**2 + 2 * 0.5**2), rel=0.01)


def test_a_bridge_with_fewer_than_two_members_is_refused(run):
    models = {"m": {"label": "l", "effects": "fixed", "bridge": "class", "sigma": 0.0}}
    with pytest.raises(InputError, match="fewer than two members"):
        run(models, references=("a",), studies=STUDIES[:2])


def test_a_bridge_whose_member_is_the_reference_is_refused(run):
    models = {"m": {"label": "l", "effects": "fixed", "bridge": "class", "sigma": 0.0}}
    with pytest.raises(InputError, match="needs a reference outside it"):
        run(models, references=("b", "c"))


def patients(hazards: dict[str, float], size: int, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for arm, hazard in hazards.items():
        time = rng.exponential(1 / hazard, size)
        rows.append(pd.DataFrame({
            "study": "one", "draw": 0, "arm": arm, "treatment": arm,
            "time": time.clip(max=20), "event": time < 20,
        }))  # fmt: skip
    return pd.concat(rows).astype({"event": int})


def test_patients_give_what_cox_regression_gives_and_failures_stay_alone(run, tmp_path):
    from lifelines import CoxPHFitter

    ipd = patients({"b": 0.05, "a": 0.1}, 150, np.random.default_rng(2))
    path = tmp_path / "ipd.csv"
    tables.IPD.write(path, tables.IPD.frame(ipd.to_dict("records")))
    models = {
        "patients": {"label": "p", "effects": "fixed", "ipd": ["one"], "baseline": "mspline"},
        "published": {"label": "q", "effects": "fixed"},
    }
    found = run(models, ("a",), [("one", "b", "a", -9.0, 0.2)], [path])
    frame = ipd.assign(b=(ipd["arm"] == "b").astype(int))[["time", "event", "b"]]
    cox = CoxPHFitter().fit(frame, "time", "event").summary.loc["b"]
    row = found["patients"][0].loc["d[b]"]
    assert row["mean"] == pytest.approx(cox["coef"], abs=0.15 * cox["se(coef)"])
    assert row["sd"] == pytest.approx(cox["se(coef)"], rel=0.06)
    strict = {"chains": 2, "warmup": 100, "draws": 100, "gates": {"ess": 1_000_000}}
    found = run(models, ("a",), [("one", "b", "a", -9.0, 0.2)], [path], sampler=strict)
    estimates, league, record = found["patients"]
    assert "bulk ESS" in record["failures"][0]
    assert estimates.empty
    assert league.empty
    assert found["published"][2]["failures"] == []
    assert len(found["published"][1]) == 2


def test_patients_that_were_not_reconstructed_are_missed(run):
    models = {"patients": {"label": "p", "effects": "fixed", "ipd": ["one"]}}
    with pytest.raises(InputError, match="its patients cannot be reconstructed"):
        run(models)


def test_counts_within_rounding_give_a_range(make_config, tmp_path):
    rows = [{"study": "one", "treatment": name, "r": r, "n": 100, "fewest": low, "most": high}
            for name, r, low, high in (("a", 20, 18, 22), ("b", 30, 28, 32))]  # fmt: skip
    tables.NETWORK_DATA.write(tmp_path / "data.csv", tables.NETWORK_DATA.frame(rows))
    kinds = ("favouring-reference", "likeliest", "favouring-treatment")
    models = {kind: {"label": kind, "effects": "fixed", "counts": kind} for kind in kinds}
    config = make_config(models, ["a"]).model_copy()
    asked = config.analyses["x"].model_copy(update={"data": "responses"})
    config = config.model_copy(update={"analyses": {"x": asked}})
    found = []
    for kind in kinds:
        jobs.fit(config, "x", kind, tmp_path / "data.csv", [], tmp_path / kind)
        found.append(tables.ESTIMATES.read(tmp_path / kind / "estimates.csv")["mean"].iloc[0])
    odds = [np.log(r / (100 - r) * (100 - s) / s) for r, s in ((28, 22), (30, 20), (32, 18))]
    assert found == pytest.approx(odds, abs=0.05)
