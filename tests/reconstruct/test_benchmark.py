"""The benchmark's metrics on cases made by hand, and that it runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from benchmarks import reconstruct as benchmark
from benchmarks.reconstruct import Case, Summary
from benchmarks.trials import Trial, simulated
from click.testing import CliRunner

from evinet.patients.data import Patients
from evinet.patients.kaplan_meier import kaplan_meier
from evinet.reconstruct.inputs import Reconstruction


def patients(*pairs: tuple[float, int]) -> Patients:
    times, events = zip(*pairs, strict=True)
    return Patients(np.array(times, dtype=float), np.array(events))


TRUE = patients((1, 1), (2, 1), (3, 0), (4, 0))
LATE = patients((1, 1), (3, 1), (3, 0), (4, 0))  # survival 0.75, not 0.5, between 2 and 3
FEWER = patients((1, 1), (2, 0), (3, 0), (4, 0))


def test_distance_of_curves() -> None:
    iae, rmse = benchmark.distance(kaplan_meier(TRUE), kaplan_meier(LATE), 4.0)
    assert iae == pytest.approx(0.25 * 1 / 4)
    assert rmse == pytest.approx(0.25 * np.sqrt(1 / 4))
    assert benchmark.distance(kaplan_meier(TRUE), kaplan_meier(TRUE), 4.0) == (0, 0)


def test_events_of_an_arm() -> None:
    assert benchmark.arm_errors(TRUE, LATE)["exact"]
    row = benchmark.arm_errors(TRUE, FEWER)
    assert (row["exact"], row["events"], row["true_events"]) == (False, 1, 2)
    assert row["iae"] == pytest.approx(0.25 * 2 / 4)


@pytest.mark.parametrize(
    ("found", "true", "expected"),
    [(0.3, 0.1, 0.2), (np.inf, np.inf, 0), (np.inf, 0.1, np.inf), (-np.inf, np.inf, np.inf)],
)
def test_difference_of_log_hazard_ratios(found: float, true: float, expected: float) -> None:
    assert benchmark.difference(found, true) == pytest.approx(expected)


def test_summary() -> None:
    found = benchmark.summary({"treated": TRUE, "control": FEWER}, 3.0)
    assert found.arms["treated"] == {"median": 2.0, "RMST": 1 + 0.75 + 0.5, "events": 2.0}
    assert found.arms["control"]["median"] == np.inf


def test_band_of_79_draws_is_from_the_second_to_the_second_last() -> None:
    drawn = [Summary(float(k), {}) for k in range(79)]
    (row,) = benchmark.bands(Summary(5.0, {}), drawn)
    assert (row["lower"], row["centre"], row["upper"]) == (1, 39, 77)


def test_scaling_tells_how_far_bands_are_too_wide() -> None:
    truth = np.random.default_rng(1).standard_normal(4000)
    half = np.full(4000, 2 * 1.96)
    factor = benchmark.scaling(truth, -half, np.zeros(4000), half)
    assert 1 / factor == pytest.approx(2, rel=0.05)
    nothing = np.zeros(4000)
    assert benchmark.scaling(nothing, -half, nothing, half) == 0


def test_coverage_in_the_table() -> None:
    label = {"curve": "c", "printed": "p", "method": "m", "quantity": "ln HR"}
    band = {"lower": -1.0, "centre": 0.0, "upper": 1.0}
    rows = [{**label, **band, "truth": truth} for truth in (0.0, 0.5, -1.0, 2.0)]
    last = benchmark.calibration_table(pd.DataFrame(rows)).splitlines()[-1]
    assert last == "| c | p | m | ln HR | 75.0 % | 2.0000 | 0.50 |"


def test_truth_scores_without_error(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = simulated(1, 0)
    perfect = {name: [each] * 4 for name, each in trial.arms.items()}
    made = Reconstruction("perfect", perfect)
    monkeypatch.setattr(benchmark.methods, "method", lambda name: lambda *given: made)
    accuracy, calibration = benchmark.score(trial, [Case("perfect", "exact", (), 3)], 1)
    assert [(row["exact"], row["iae"], row["off"]) for row in accuracy] == [(True, 0, 0)] * 2
    assert len(calibration) == 1 + 2 * 3
    assert all(row["lower"] == row["truth"] == row["upper"] for row in calibration)


def test_failures_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> object:
        raise RuntimeError(name)

    monkeypatch.setattr(benchmark.methods, "method", broken)
    trial = Trial("t", {"treated": TRUE, "control": LATE}, 4.0, 1.0)
    accuracy, calibration = benchmark.score(trial, [Case("broken", "exact", ())], 1)
    table = benchmark.accuracy_table(pd.DataFrame(accuracy))
    assert "| 2 of 2 |" in table
    assert calibration == []


def test_the_result_depends_neither_on_the_workers_nor_on_the_order() -> None:
    todo = [Case("guyot", "clicked", ("at-risk",)), Case("at-risk", "no curve", ("at-risk",), 3)]
    pooled = benchmark.run(2, todo, 2, 2, lifelines=False)
    alone = [benchmark.score(simulated(2, index), todo, 2) for index in (1, 0)][::-1]
    for part, together in enumerate(pooled):
        rows = pd.DataFrame([row for scored in alone for row in scored[part]])
        pd.testing.assert_frame_equal(
            together.drop(columns="seconds", errors="ignore"),
            rows.drop(columns="seconds", errors="ignore"),
        )


def test_the_command_prints_its_tables(tmp_path: Path) -> None:
    out = tmp_path / "accuracy.csv"
    options = ["--trials", "2", "--no-lifelines", "--workers", "1", "--draws", "3", "--every", "2"]
    chosen = ["--methods", "lattice,ipdfromkm", "--styles", "exact", "--out", str(out)]
    result = CliRunner().invoke(benchmark.main, [*options, *chosen])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("2 trials, 4 arms")
    assert "| exact | at-risk, events | lattice | 100 % |" in result.stdout
    assert "| exact | at-risk | lattice | ln HR |" in result.stdout
    frame = pd.read_csv(out)
    assert len(frame) == 2 * 2 * (2 * 2 + 1 * 3)  # methods, arms, trials of 2 + 3 inputs
    assert not frame["failed"].any()


def test_the_bands_of_styles_gaps_and_sizes_are_judged_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(benchmark, "SIZES", (20,))
    options = ["--bands", "--trials", "1", "--workers", "1", "--draws", "3"]
    result = CliRunner().invoke(benchmark.main, [*options, "--styles", "rounded375,digits"])
    assert result.exit_code == 0, result.output
    judged = [line.split(" | ")[0] for line in result.stdout.splitlines() if "| ln HR |" in line]
    assert judged == ["| rounded375", "| digits", "| rounded375", "| rounded375, 20 patients"]
    assert "events exact" not in result.stdout


def test_unknown_names_are_refused() -> None:
    result = CliRunner().invoke(benchmark.main, ["--methods", "magic"])
    assert result.exit_code == 2
    assert "magic" in result.output
