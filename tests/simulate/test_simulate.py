"""Replicates do not depend on their jobs, data have the truth asked for, measures are Morris's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from evinet import tables
from evinet.cli import cli
from evinet.simulate import generate, run
from evinet.simulate.performance import performance
from evinet.simulate.study import Scenario, Study

ROOT = Path(__file__).parents[2]
OUTCOMES = {
    "hazard-ratios": {"kind": "hazard-ratios", "median": [10, 12], "follow_up": [30, 40]},
    "binomial": {"kind": "binomial", "risk": [0.4, 0.5]},
    "normal": {"kind": "normal", "mean": [0, 5], "sd": 1.0},
}


def scenario(outcome: str, tau: float = 0.0, trials: int = 2, patients: int = 100) -> Scenario:
    return Scenario.model_validate({
        "label": "Three treatments",
        "network": [{"arms": ["b", "a", "c"], "trials": trials}, {"arms": ["a", "b"], "trials": 1}],
        "effects": {"a": -0.6, "c": 0.4}, "tau": tau, "patients": [patients, patients],
        "outcome": OUTCOMES[outcome], "models": ["fixed"],
    })  # fmt: skip


def study(**scenarios: Scenario) -> Study:
    return Study.model_validate({
        "title": "A study", "aim": "To test.", "seed": 5, "replicates": 6, "batch": 2,
        "models": {"fixed": {"label": "Fixed effects", "effects": "fixed"},
                   "random": {"label": "Random effects", "effects": "random"}},
        "scenarios": {name: each.model_dump() for name, each in scenarios.items()},
    })  # fmt: skip


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_large_trials_tell_the_truth(outcome):
    """With very many patients and no heterogeneity, data are the effects that were asked for."""
    network = generate.network(scenario(outcome, patients=20_000), 1, "job")
    assert network.references == ["b"]
    if outcome == "hazard-ratios":
        rows = dict(zip(network.contrasts.rows, network.contrasts.y, strict=True))
        found = {pair: y for pair, y in rows.items() if pair[0] == "trial-1"}
        truth = {"a": -0.6, "b": 0.0, "c": 0.4}
        assert len(found) == 2
        for (_, treatment, baseline), y in found.items():
            assert y == pytest.approx(truth[treatment] - truth[baseline], abs=0.06)
        return
    own = network.arms[network.arms["study"] == "trial-1"].set_index("treatment")
    level = (
        np.log(own["r"] / (own["n"] - own["r"])) if outcome == "binomial" else own["y"]
    ).astype(float)
    assert level["a"] - level["b"] == pytest.approx(-0.6, abs=0.08)
    assert level["c"] - level["b"] == pytest.approx(0.4, abs=0.08)


def test_contrasts_vary_by_tau_with_correlation_a_half():
    network = generate.network(scenario("normal", tau=2.0, trials=900, patients=50_000), 1, "job")
    arms = network.arms.pivot(index="study", columns="treatment", values="y").dropna()
    contrasts = arms[["a", "c"]].sub(arms["b"], axis=0)
    covariance = np.cov(contrasts.to_numpy().T)
    assert covariance[0, 0] == pytest.approx(4.0, rel=0.15)
    assert covariance[0, 1] == pytest.approx(2.0, rel=0.2)


def test_a_trial_without_events_does_not_stop_the_study():
    rare = scenario("hazard-ratios").model_copy(
        update={"outcome": Scenario.model_validate(
            scenario("hazard-ratios").model_dump()
            | {"outcome": {"kind": "hazard-ratios", "median": [1000, 1000], "follow_up": [1, 1]}}
        ).outcome, "patients": [2, 3]}
    )  # fmt: skip
    found = run.replicates(study(rare=rare), "rare", range(1, 4))
    assert found["mean"].isna().all()
    assert found["failure"].str.contains("without an event").all()


def test_the_size_of_batches_changes_no_result(tmp_path):
    written = (ROOT / "config/simulation.yaml").read_text()
    tables_written = []
    for batch in (2, 3):
        config = tmp_path / f"{batch}.yaml"
        text = (
            written.split("scenarios:\n")[0]
            + "scenarios:\n"
            + (
                "  one:\n    label: One\n    network: [{arms: [a, b], trials: 2}]\n"
                "    effects: {b: 1}\n    tau: 0.1\n    patients: [30, 60]\n"
                "    outcome: {kind: normal, mean: [0, 1], sd: 1}\n    models: [fixed, random]\n"
            )
        )
        text = text.replace("replicates: 200", "replicates: 6")
        config.write_text(text.replace("batch: 50", f"batch: {batch}"))
        for first in range(1, 7, batch):
            last = first + batch - 1
            out = tmp_path / f"{batch}/one/{first}-{last}.csv"
            words = ["simulate", "one", "--config", config, "--first", first, "--last", last]
            done = CliRunner().invoke(cli, [*map(str, words), "--out", str(out)])
            assert done.exit_code == 0, done.output
        folder = str(tmp_path / str(batch))
        words = ["performance", folder, "--config", str(config), "--out", folder]
        assert CliRunner().invoke(cli, words).exit_code == 0
        tables_written.append(
            [(tmp_path / str(batch) / name).read_bytes()
             for name in ("simulated.csv", "performance.csv")]
        )  # fmt: skip
    assert tables_written[0] == tables_written[1]
    assert len(tables.SIMULATED.read(tmp_path / "2/simulated.csv")) == 6 * (1 + 2)


def test_measures_and_their_errors_are_those_of_morris():
    """By hand: five estimates around a truth of 1, one replicate without a result."""
    rows = [
        {"scenario": "one", "model": "fixed", "replicate": number, "parameter": parameter,
         "mean": mean, "sd": sd, "q2.5": mean - 2 * sd, "q97.5": mean + 2 * sd}
        for parameter in ("d[a]", "d[c]")
        for number, (mean, sd) in enumerate(
            [(0.9, 0.1), (1.1, 0.2), (1.0, 0.1), (1.4, 0.1), (0.6, 0.3)], start=1)
    ]  # fmt: skip
    rows += [
        {
            "scenario": "one",
            "model": "fixed",
            "replicate": 6,
            "parameter": parameter,
            "failure": "x",
        }
        for parameter in ("d[a]", "d[c]")
    ]
    of = study(one=scenario("normal").model_copy(update={"effects": {"a": 1.0, "c": 1.0}}))
    found = performance(of, tables.SIMULATED.frame(rows)).iloc[0]
    estimates = np.array([0.9, 1.1, 1.0, 1.4, 0.6])
    spread = np.sqrt(((estimates - 1.0) ** 2).sum() / 4)
    assert (found["replicates"], found["failed"]) == (5, 1)
    assert found["bias"] == pytest.approx(0.0, abs=1e-12)
    assert found["bias_mcse"] == pytest.approx(np.sqrt(((estimates - 1) ** 2).sum() / (5 * 4)))
    assert found["empirical_se"] == pytest.approx(spread)
    assert found["empirical_se_mcse"] == pytest.approx(spread / np.sqrt(2 * 4))
    squares = np.array([0.01, 0.04, 0.01, 0.01, 0.09])
    model_se = np.sqrt(squares.mean())
    assert found["model_se"] == pytest.approx(model_se)
    variance = ((squares - squares.mean()) ** 2).sum() / 4
    assert found["model_se_mcse"] == pytest.approx(np.sqrt(variance / (4 * 5 * model_se**2)))
    assert found["coverage"] == pytest.approx(0.8)
    assert found["coverage_mcse"] == pytest.approx(np.sqrt(0.8 * 0.2 / 5))


def test_no_interval_of_a_positive_number_holds_nought():
    rows = [
        {"scenario": "one", "model": "random", "replicate": n, "parameter": "tau", "mean": 0.1 * n,
         "sd": 0.1, "q2.5": 0.01, "q97.5": 0.4}
        for n in (1, 2, 3)
    ]  # fmt: skip
    found = performance(study(one=scenario("normal")), tables.SIMULATED.frame(rows)).iloc[0]
    assert pd.isna(found["coverage"])
    assert found["bias"] == pytest.approx(0.2)
