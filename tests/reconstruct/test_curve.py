"""What kind of points a curve was given by, and the noise of their survival."""

from __future__ import annotations

import numpy as np
import pytest

from evinet.reconstruct.curve import Reading, read
from evinet.reconstruct.noise import rounding

AT_RISK = (np.array([0.0, 30.0]), np.array([100.0, 10.0]))


def curve(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, 30, 60))
    return time, np.cumprod(1 - 1 / np.arange(100, 40, -1))


def readings(time: np.ndarray, survival: np.ndarray) -> dict[str, Reading]:
    return {each.style: each for each in read(time, survival, AT_RISK, 30.0, "a")[0]}


def test_feet_of_drops() -> None:
    reading = readings(*curve())["drops"]
    assert reading.certain.all()
    assert (reading.earliest == reading.time).all()


def test_whole_steps() -> None:
    time, survival = curve()
    tops = np.concatenate([[1.0], survival[:-1]])
    found = readings(np.repeat(time, 2), np.stack([tops, survival], 1).ravel())
    assert list(found) == ["steps"]
    reading = found["steps"]
    assert np.allclose(reading.time, time)
    assert np.allclose(reading.survival, survival)


def test_feet_whose_times_are_rounded_to_one_are_no_steps() -> None:
    """Of many patients, to a tenth of a month and whole per cent: often two feet at one time."""
    time = np.sort(np.random.default_rng(2).uniform(0, 6, 150))
    survival = np.cumprod(1 - 1 / np.arange(400, 250, -1))
    points = {(t, s) for t, s in zip(np.round(time, 1), np.round(survival, 2), strict=True)}
    tidy = np.array(sorted(points, key=lambda point: (point[0], -point[1])))
    found, _ = read(*tidy.T, (np.array([0.0, 6.0]), np.array([400.0, 250.0])), 6.0, "a")
    assert [each.style for each in found] == ["drops"]


def test_the_start_and_the_end_of_a_curve_need_not_be_whole_pixels() -> None:
    time, survival = curve()
    time = (np.round(time * 20) + 0.3) / 20
    survival = (np.round(survival * 317) + 0.2) / 317
    tops = np.concatenate([[1.0], survival[:-1]])
    time, survival = np.repeat(time, 2), np.stack([tops, survival], 1).ravel()
    first, last = ([0.0, 0.0], [1.0, survival[1]]), ([30.0, 30.0], [survival[-1], 0.0])
    time, survival = np.hstack([first, (time[2:], survival[2:]), last])
    reading = readings(time, survival)["steps"]
    assert reading.time_grid == pytest.approx(1 / 20)
    assert reading.survival_grid == pytest.approx(1 / 317)


def test_every_pixel() -> None:
    time, survival = curve()
    columns = np.arange(751) / 750 * 30
    rows = np.concatenate([[1.0], survival])[np.searchsorted(time, columns, side="right")]
    found = readings(columns, np.round(rows * 375) / 375)
    assert list(found) == ["points"]
    reading = found["points"]
    assert reading.survival_grid == pytest.approx(1 / 375)
    assert reading.time_grid == pytest.approx(30 / 750)
    assert (reading.earliest < reading.time).all()
    assert len(reading.time) < 130  # only the ends of runs


def test_the_end_of_the_line_is_no_drop() -> None:
    time, survival = curve()
    reading = readings(np.append(time, 30.0), np.append(survival, survival[-1]))["drops"]
    assert reading.certain[:-1].all()
    assert not reading.certain[-1]


def test_many_events_at_few_times_are_unlikely_unless_the_times_are_regular() -> None:
    time, survival = curve()
    irregular = readings(time[9::10], survival[9::10])["drops"]
    regular = readings(np.arange(1, 7) * 5.0, survival[9::10])["drops"]
    assert (
        irregular.log_prior < regular.log_prior < 0 == readings(time, survival)["drops"].log_prior
    )


def test_points_off_the_curve_are_left_out_and_flagged() -> None:
    time, survival = curve()
    wrong = survival.copy()
    wrong[20], wrong[40] = 0.1, 0.95
    (reading, *_), flags = read(time, wrong, AT_RISK, 30.0, "a")
    assert [(flag.code, flag.size) for flag in flags] == [("curve-outliers", 2.0)]
    assert np.allclose(reading.survival, np.delete(survival, [20, 40]))


def test_zero_while_patients_are_at_risk_is_left_out() -> None:
    time, survival = curve()
    survival[-1] = 0.0
    (reading, *_), flags = read(time, survival, AT_RISK, 31.0, "a")
    assert [flag.code for flag in flags] == ["curve-outliers"]
    assert reading.survival[-1] > 0


@pytest.mark.parametrize("spacing", [1 / 375, 1 / 9000, 0.001, 0.005, 0.048])
@pytest.mark.parametrize("form", ["%.17g", "%.6g", "%.10f", "%.8g"])
def test_grid_of_rounded_values_as_programs_write_them(spacing: float, form: str) -> None:
    values = np.round(np.random.default_rng(1).random(80) / spacing) * spacing
    values *= 1 if spacing < 0.01 else 36
    written = np.array([float(form % value) for value in values])
    wanted = spacing if spacing < 0.01 else 36 * spacing
    assert rounding(written).spacing == pytest.approx(wanted, rel=1e-3)


@pytest.mark.parametrize("digits", [2, 3, 4])
def test_significant_digits(digits: int) -> None:
    values = 40 * np.random.default_rng(1).random(80) ** 3
    written = np.array([float(f"{value:.{digits}g}") for value in values])
    found = rounding(written)
    assert (np.abs(written - values) <= found.half * 1.0001).all()
    assert found.half == pytest.approx(0.5 * 10.0 ** (np.floor(np.log10(written)) + 1 - digits))


def test_days_in_months_to_three_digits() -> None:
    """Days differ by 0.03 months, and above 10 months three digits tell only tenths."""
    days = np.random.default_rng(1).choice(np.arange(1, 900), 120, replace=False) / 30.4375
    written = np.array([float(f"{value:.3g}") for value in days])
    assert (np.abs(written - days) <= rounding(written).half + 1e-12).all()


def test_few_values_make_no_grid_of_their_decimals() -> None:
    values = np.array([0.909, 0.818, 0.716, 0.614, 0.491])
    assert rounding(values).spacing == pytest.approx(0.001)


def test_no_grid_of_other_values() -> None:
    assert rounding(np.random.default_rng(1).random(80)).spacing == 0
