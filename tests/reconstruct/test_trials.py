"""The simulated trials, and what is shown of them."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import trials
from benchmarks.trials import ARMS, PRINTED, STYLES, Trial, curve, published, simulated

from evinet.patients.cox import hazard_ratio
from evinet.patients.data import Patients, at_risk
from evinet.patients.kaplan_meier import kaplan_meier
from evinet.reconstruct.inputs import tidy

FEW = Trial(
    "few",
    {
        "treated": Patients(np.array([1.0, 2.0, 3.0, 4.0, 10.0]), np.array([1, 0, 1, 1, 0])),
        "control": Patients(np.array([1.0, 1.0, 2.0, 3.0]), np.array([1, 1, 1, 0])),
    },
    end=10.0,
    step=5.0,
)


def test_seed_and_index_determine_a_trial() -> None:
    first, again, other = simulated(7, 13), simulated(7, 13), simulated(8, 13)
    for arm in ARMS:
        np.testing.assert_array_equal(first.arms[arm].time, again.arms[arm].time)
        np.testing.assert_array_equal(first.arms[arm].event, again.arms[arm].event)
    assert first.arms["control"].time[0] != other.arms["control"].time[0]


def test_twenty_trials_hold_every_hazard_with_every_censoring() -> None:
    kinds = {simulated(1, index).name.split("-", 1)[1] for index in range(20)}
    assert kinds == {f"{h}-{c}" for h in trials.HAZARDS for c in trials.CENSORINGS}


def test_sizes_and_axis() -> None:
    for index in range(40):
        trial = simulated(3, index)
        for patients in trial.arms.values():
            assert 20 <= len(patients.time) <= 1000
            assert patients.time.max() <= trial.end
        assert trial.end == pytest.approx(trial.step * round(trial.end / trial.step))


@pytest.mark.parametrize("hazard", ["exponential", "weibull"])
def test_half_of_the_controls_die_by_the_median(hazard: str) -> None:
    _, control = trials._deaths(hazard, 10.0, np.random.default_rng(2))
    deaths = control(np.random.default_rng(3).exponential(size=4000))
    assert np.median(deaths) == pytest.approx(10, rel=0.08)


def test_a_share_is_cured_under_a_plateau() -> None:
    _, control = trials._deaths("plateau", 10.0, np.random.default_rng(2))
    deaths = control(np.random.default_rng(3).exponential(size=4000))
    assert 0.13 < (deaths > 300).mean() < 0.47


def test_what_is_printed_is_true() -> None:
    given = published(FEW, "exact", PRINTED)
    treated, control = given.arms
    assert treated.n == 5
    assert treated.events == 3
    assert treated.at_risk is not None
    assert treated.at_risk[0].tolist() == [0, 5, 10]
    assert treated.at_risk[1].tolist() == [5, 1, 1]
    assert treated.marks is not None
    assert treated.marks.tolist() == [2.0]  # the patient at the end of the axis has no mark
    assert treated.curve is not None
    np.testing.assert_allclose(treated.curve[0], [0, 1, 3, 4])
    np.testing.assert_allclose(treated.curve[1], [1, 0.8, 0.8 * 2 / 3, 0.8 / 3])
    assert control.median is not None
    assert control.median.estimate == 1.0
    fit = hazard_ratio(FEW.arms["treated"], FEW.arms["control"])
    assert given.contrasts[0].hr == round(float(np.exp(fit.log_hr)), 2)


def test_nothing_is_given_unasked() -> None:
    given = published(FEW, None, ())
    assert given.contrasts == ()
    for arm in given.arms:
        assert arm.n
        assert (arm.curve, arm.at_risk, arm.events, arm.marks, arm.median) == (None,) * 5


@pytest.mark.parametrize(
    ("style", "error"),
    [("exact", 0), ("vector", 1 / 9000), ("raster750", 1 / 750), ("raster375", 1 / 375),
     ("rounded375", 1 / 375), ("clicked", 6 * trials.CLICK_SD)],
)  # fmt: skip
def test_points_lie_on_the_line_within_their_precision(style: str, error: float) -> None:
    assert style in STYLES
    trial = simulated(5, 0)
    for arm, patients in zip(published(trial, style, ()).arms, trial.arms.values(), strict=True):
        assert arm.curve is not None
        time, survival = arm.curve
        slack = error * trial.end + 1e-9
        estimate = kaplan_meier(patients)
        assert (survival <= estimate.at(time - 2 * slack) + error + 1e-9).all()
        assert (survival >= estimate.at(time + slack) - error - 1e-9).all()
        assert (np.diff(time) >= 0).all()


def test_a_raster_has_a_point_in_every_column() -> None:
    trial = simulated(5, 0)
    arm = published(trial, "raster375", ()).arms[0]
    assert arm.curve is not None
    columns = np.unique(np.rint(arm.curve[0] / trial.end * 750))
    np.testing.assert_array_equal(columns, np.arange(len(columns)))
    levels = arm.curve[1] * 375
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-9)


def test_what_is_published_is_tidy() -> None:
    for index in range(20):
        for style in (*STYLES, None):
            expected = {"curve-outside", "curve-percent" if style == "percent" else ""}
            _, flags = tidy(published(simulated(2, index), style, PRINTED))
            assert [flag.code for flag in flags if flag.code not in expected] == []


def test_lifelines_sets_are_whole() -> None:
    known = {trial.name: trial for trial in trials.lifelines_trials()}
    assert len(known) == 12
    lung = known["lifelines-lung"]
    assert [len(patients.time) for patients in lung.arms.values()] == [90, 138]
    assert sum(int(patients.event.sum()) for patients in lung.arms.values()) == 165
    fit = hazard_ratio(lung.arms["treated"], lung.arms["control"])
    assert fit.log_hr == pytest.approx(-0.531, abs=0.001)  # R's survival: sex -0.5310
    remission = known["lifelines-leukemia"].arms["treated"]
    assert at_risk(remission, np.array([6 / (52 / 12)])).tolist() == [21]


def test_a_size_and_a_kind_of_trial_that_are_asked_for() -> None:
    trial = simulated(1, 3, size=50, kind="visits")
    assert [len(patients.time) for patients in trial.arms.values()] == [50, 50]
    for patients in trial.arms.values():
        events = patients.time[patients.event == 1] / trial.end * 10
        assert np.allclose(events, np.rint(events))
    last = 0
    for index in range(8):
        massed = simulated(1, index, kind="massed")
        for own in massed.arms.values():
            last += int(((own.time == massed.end) & (own.event == 1)).sum())
    assert last > 0
    heavy = simulated(1, 3, size=400, kind="heavy")
    for own in heavy.arms.values():
        early = (own.time < heavy.step) & (own.event == 0)
        assert 0.2 < early.mean() < 0.6


def test_numbers_at_risk_with_gaps() -> None:
    whole, gaps = (published(simulated(1, 0), None, (printed,)).arms[0].at_risk
                   for printed in ("at-risk", "gaps"))  # fmt: skip
    assert set(gaps[0]) < set(whole[0])
    assert gaps[0][0] == 0


def test_styles_of_points() -> None:
    trial = simulated(1, 0)
    patients, end = trial.arms["treated"], trial.end
    feet, ended, cut, digits, percent = (
        curve(patients, style, end, np.random.default_rng(0))
        for style in ("rounded375", "rounded375-end", "cut375", "digits", "percent")
    )
    assert ended[1][-1] == feet[1][-1]
    assert len(ended[0]) == len(feet[0]) + 1
    assert cut[0].max() <= 0.6 * end < feet[0].max()
    assert all(float(f"{value:.3g}") == value for value in digits[1])
    assert (percent[1] == np.rint(percent[1])).all()
