"""What kind of points a curve was given by, and the noise of their survival."""

from __future__ import annotations

import numpy as np
import pytest

from evinet.reconstruct.curve import read
from evinet.reconstruct.noise import grid

AT_RISK = (np.array([0.0, 30.0]), np.array([100.0, 10.0]))


def curve(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, 30, 60))
    return time, np.cumprod(1 - 1 / np.arange(100, 40, -1))


def test_feet_of_drops() -> None:
    reading, flags = read(*curve(), AT_RISK, 30.0, "a")
    assert not flags
    assert reading.style == "drops"
    assert reading.certain.all()
    assert (reading.earliest == reading.time).all()


def test_whole_steps() -> None:
    time, survival = curve()
    tops = np.concatenate([[1.0], survival[:-1]])
    reading, _ = read(np.repeat(time, 2), np.stack([tops, survival], 1).ravel(), AT_RISK, 30.0, "a")
    assert reading.style == "steps"
    assert np.allclose(reading.time, time)
    assert np.allclose(reading.survival, survival)


def test_every_pixel() -> None:
    time, survival = curve()
    columns = np.arange(751) / 750 * 30
    rows = np.concatenate([[1.0], survival])[np.searchsorted(time, columns, side="right")]
    reading, _ = read(columns, np.round(rows * 375) / 375, AT_RISK, 30.0, "a")
    assert reading.style == "points"
    assert reading.survival_grid == pytest.approx(1 / 375)
    assert reading.time_grid == pytest.approx(30 / 750)
    assert (reading.earliest < reading.time).all()
    assert len(reading.time) < 130  # only the ends of runs


def test_a_few_clicked_points() -> None:
    time, survival = curve()
    reading, _ = read(time[::6] + 0.1, survival[::6] + 1e-3 * np.sin(time[::6]), AT_RISK, 30.0, "a")
    assert reading.style == "points"


def test_points_off_the_curve_are_left_out_and_flagged() -> None:
    time, survival = curve()
    wrong = survival.copy()
    wrong[20], wrong[40] = 0.1, 0.95
    reading, flags = read(time, wrong, AT_RISK, 30.0, "a")
    assert [(flag.code, flag.size) for flag in flags] == [("curve-outliers", 2.0)]
    assert np.allclose(reading.survival, np.delete(survival, [20, 40]))


def test_zero_while_patients_are_at_risk_is_left_out() -> None:
    time, survival = curve()
    survival[-1] = 0.0
    reading, flags = read(time, survival, AT_RISK, 31.0, "a")
    assert [flag.code for flag in flags] == ["curve-outliers"]
    assert reading.survival[-1] > 0


@pytest.mark.parametrize("spacing", [1 / 375, 1 / 9000, 0.001, 0.005])
def test_grid_of_rounded_values(spacing: float) -> None:
    values = np.round(np.random.default_rng(1).random(80) / spacing) * spacing
    assert grid(values) == pytest.approx(spacing)


def test_no_grid_of_other_values() -> None:
    assert grid(np.random.default_rng(1).random(80)) == 0
