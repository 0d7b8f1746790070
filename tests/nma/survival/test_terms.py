"""A covariate of the studies, node-splits, and a population of one arm, in one survival network."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from lifelines import KaplanMeierFitter
from scipy.optimize import minimize_scalar

from evinet import files, tables
from evinet.errors import InputError
from evinet.nma import Network
from evinet.nma.command import nma
from evinet.nma.design import build
from evinet.nma.terms import Terms

EFFECTS = {"a": 0.0, "b": -0.6, "c": -0.3}
BETA = 0.4
AGE = {"one": -1.0, "two": 0.0, "three": 1.0, "four": 2.0, "registry": 3.0}
STUDIES = {"one": "ab", "two": "ab", "three": "ac", "four": "bc", "registry": "b"}


def simulated() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    rows = []
    for study, treatments in STUDIES.items():
        for treatment in treatments:
            effect = EFFECTS[treatment] + BETA * (AGE[study] - 0.5) * (treatment != "a")
            time = rng.exponential(12 * np.exp(-effect), 300)
            rows += [(study, treatment, min(t, 24.0), int(t < 24), AGE[study]) for t in time]
    return pd.DataFrame(rows, columns=["study", "treatment", "time", "event", "age"])


def asked(folder: Path, *more: str) -> None:
    simulated().to_csv(folder / "ipd.csv", index=False)
    told = CliRunner().invoke(nma, [
        "--ipd", str(folder / "ipd.csv"), "--effects", "fixed", "--baseline", "weibull",
        "--reference", "a", "--times", "12", "--out", str(folder / "out"), *more,
    ], catch_exceptions=False)  # fmt: skip
    assert told.exit_code == 0, told.output
    assert "registry has one arm" in told.output


def deviance(effect: float, studies: tuple[str, ...], treatment: str) -> float:
    """Of Weibull hazards with that ln HR against a; each study's level and shape are maximised."""
    frame, total = simulated(), 0.0
    for study in studies:
        own = frame[frame["study"] == study]
        time, event = own["time"].to_numpy(), own["event"].to_numpy()
        other = (own["treatment"] == treatment).to_numpy()

        def at(log_k: float, time=time, event=event, other=other) -> float:
            k = np.exp(log_k)
            spent = (time**k * np.exp(effect * other)).sum()
            powers = event.sum() * log_k + (k - 1) * np.log(time[event == 1]).sum()
            return float(event.sum() * np.log(spent) - (event * other).sum() * effect - powers)

        total += 2 * minimize_scalar(at).fun
    return total


@pytest.fixture(scope="module")
def regression(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("regression")
    asked(folder, "--covariate", "age")
    return folder / "out"


def test_the_coefficient_of_the_covariate_is_found(regression: Path) -> None:
    found = tables.ESTIMATES.read(regression / "estimates.csv").set_index("parameter")
    for name, true in {"beta": BETA, "d[b]": EFFECTS["b"], "d[c]": EFFECTS["c"]}.items():
        assert abs(found.at[name, "mean"] - true) < 3 * found.at[name, "sd"]
    assert found.at["beta", "sd"] < 0.12
    record = files.read_json(regression / "fit.json")["depends_on"]
    assert record["centre"] == 0.5  # of the studies that compare


def test_effects_in_a_population_are_those_at_its_covariate(regression: Path) -> None:
    found = tables.ESTIMATES.read(regression / "estimates.csv").set_index("parameter")["mean"]
    ratios = pd.read_csv(regression / "hazard_ratios.csv").set_index(["population", "treatment"])
    old, registry = ratios.loc[("four", "c")], ratios.loc[("registry", "a")]
    assert old["mean"] == pytest.approx(found["d[c]"] - found["d[b]"])  # both change alike
    assert registry["comparator"] == "b"
    assert registry["mean"] == pytest.approx(-found["d[b]"] - found["beta"] * (3 - 0.5))


def test_effects_may_be_asked_for_at_a_value_of_the_covariate(
    tmp_path: Path,
) -> None:
    asked(tmp_path, "--covariate", "age", "--at", "2", "--interactions", "separate")
    estimates = tables.ESTIMATES.read(tmp_path / "out" / "estimates.csv").set_index("parameter")
    found = estimates["mean"]
    for name in ("b", "c"):
        there = EFFECTS[name] + 1.5 * BETA
        assert abs(found[f"d[{name}]"] - there) < 3 * estimates.at[f"d[{name}]", "sd"]
    ratios = pd.read_csv(tmp_path / "out" / "hazard_ratios.csv")
    row = ratios.set_index(["population", "treatment"]).loc[("four", "c")]  # where age is 2
    assert row["mean"] == pytest.approx(found["d[c]"] - found["d[b]"])


def test_a_study_of_one_arm_is_a_population(regression: Path) -> None:
    survival = pd.read_csv(regression / "survival.csv").set_index(["population", "treatment"])
    assert set(survival.loc["registry"].index) == {"a", "b", "c"}
    own = simulated().query("study == 'registry'")
    km = KaplanMeierFitter().fit(own["time"], own["event"]).predict(12)
    assert survival.at[("registry", "b"), "mean"] == pytest.approx(km, abs=0.04)


def test_a_split_pair_has_its_direct_effect_from_its_own_studies(tmp_path: Path) -> None:
    asked(tmp_path, "--model", "node-split")
    splits = pd.read_csv(tmp_path / "out" / "splits.csv").set_index(["treatment", "comparator"])
    assert list(splits.index) == [("b", "a"), ("c", "a"), ("c", "b")]
    row, own = splits.loc[("b", "a")], partial(deviance, studies=("one", "two"), treatment="b")
    best = minimize_scalar(own)
    assert row["direct_mean"] == pytest.approx(best.x, abs=0.1 * row["direct_sd"])
    assert own(best.x + row["direct_sd"]) == pytest.approx(best.fun + 1, abs=0.15)
    assert row["difference_mean"] == pytest.approx(row["direct_mean"] - row["indirect_mean"])
    assert row["p"] < 0.05  # the covariate, left out here, sets direct and indirect apart


def test_unrelated_effects_are_those_of_each_pair_alone(tmp_path: Path) -> None:
    asked(tmp_path, "--model", "ume")
    found = tables.ESTIMATES.read(tmp_path / "out" / "estimates.csv").set_index("parameter")
    best = minimize_scalar(partial(deviance, studies=("three",), treatment="c"))
    row = found.loc["d[c vs a]"]
    assert row["mean"] == pytest.approx(best.x, abs=0.1 * row["sd"])
    assert {"d[b vs a]", "d[c vs b]"} < set(found.index)
    assert not (tmp_path / "out" / "league.csv").exists()


def test_coefficients_may_differ_by_treatment() -> None:
    network = Network.from_patients(simulated(), "a")
    terms = Terms(covariate="age", interactions="separate", split=("a", "b"))
    plan = build(network, terms)
    assert plan.names == ["d[b]", "d[c]", "omega", "beta[b]", "beta[c]"]
    rows = dict(zip(network.patients.arms, plan.effects.tolist(), strict=True))
    assert rows["one", "b"] == [1, 0, 1, -1.5, 0]
    assert rows["four", "c"] == [-1, 1, 0, -1.5, 1.5]
    assert rows["registry", "b"] == [0, 0, 0, 0, 0]


def test_studies_of_one_arm_alone_compare_nothing() -> None:
    network = Network.from_patients(simulated().query("study == 'registry'"))
    with pytest.raises(InputError, match="nothing is compared"):
        network.islands  # noqa: B018


@pytest.mark.parametrize(
    ("value", "words"), [("", "has no value, or several"), ("7", "has no value, or several")]
)
def test_a_covariate_is_one_value_of_an_arm(tmp_path: Path, value: str, words: str) -> None:
    frame = simulated().astype({"age": object})
    frame.loc[0, "age"] = value
    frame.to_csv(tmp_path / "ipd.csv", index=False)
    with pytest.raises(InputError, match=words):
        CliRunner().invoke(nma, [
            "--ipd", str(tmp_path / "ipd.csv"), "--covariate", "age", "--out", str(tmp_path / "o"),
        ], catch_exceptions=False)  # fmt: skip


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--better", "higher", "--time", "age"), "--time does nothing with --ipd"),
        (("--population", "p=0.1"), "--population does nothing with --ipd"),
        (("--at", "2"), "name it"),
        (("--model", "ume", "--check-proportional"), "needs consistent effects"),
        (("--better", "higher"), "--better does nothing"),
    ],
)
def test_options_that_would_change_nothing_are_refused(
    tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    simulated().to_csv(tmp_path / "ipd.csv", index=False)
    told = CliRunner().invoke(
        nma, ["--ipd", str(tmp_path / "ipd.csv"), *options, "--out", str(tmp_path / "out")]
    )
    assert told.exit_code == 2
    assert words in told.output


def test_options_of_survival_are_refused_without_patients(tmp_path: Path) -> None:
    (tmp_path / "arms.csv").write_text("study,treatment,r,n\n")
    told = CliRunner().invoke(
        nma, [str(tmp_path / "arms.csv"), "--times", "3", "--out", str(tmp_path / "out")]
    )
    assert "--times needs --ipd" in told.output
