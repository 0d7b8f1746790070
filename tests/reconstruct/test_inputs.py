"""Tidying of messy input."""

from __future__ import annotations

import numpy as np
import pytest

from evinet.errors import InputError
from evinet.patients.data import Interval
from evinet.reconstruct import layouts
from evinet.reconstruct.inputs import ArmInput, Contrast, Landmark, TrialInput, tidy


def tidied(**content) -> tuple[ArmInput, set[str]]:
    trial, flags = tidy(TrialInput((ArmInput("a", **content),)))
    return trial.arms[0], {flag.code for flag in flags}


def arrays(time, values):
    return np.array(time, dtype=float), np.array(values, dtype=float)


def test_a_messy_curve():
    given = arrays([4, 2, 2, 2, np.nan, 6], [60, 90, 80, 90, 50, 60])
    arm, codes = tidied(curve=given)
    assert arm.curve[0].tolist() == [0, 2, 2, 4, 6]
    assert arm.curve[1] == pytest.approx([1, 0.9, 0.8, 0.6, 0.6])
    assert codes == {"curve-percent", "curve-incomplete"}


def test_points_outside_the_axes():
    arm, codes = tidied(curve=arrays([-0.1, 3], [1.01, -0.002]))
    assert [axis.tolist() for axis in arm.curve] == [[0, 3], [1, 0]]
    assert codes == {"curve-outside"}


def test_numbers_at_risk_are_sorted_and_start_with_everybody():
    arm, codes = tidied(n=50, at_risk=arrays([6, 3, np.nan], [20, 41, 5]))
    assert [axis.tolist() for axis in arm.at_risk] == [[0, 3, 6], [50, 41, 20]]
    assert codes == set()


def test_a_misread_number_at_risk_is_left_out_not_the_others():
    arm, codes = tidied(at_risk=arrays([0, 2, 4, 6], [151, 43, 138, 129]))
    assert [axis.tolist() for axis in arm.at_risk] == [[0, 4, 6], [151, 138, 129]]
    assert codes == {"at-risk-rises"}


def test_the_number_at_risk_at_0_outranks_the_number_randomised():
    arm, codes = tidied(n=75, at_risk=arrays([0, 2], [73, 60]))
    assert arm.n == 73
    assert codes == {"n-differs"}


def test_too_many_events_are_not_believed():
    arm, codes = tidied(n=20, events=21)
    assert arm.events is None
    assert codes == {"events-exceed-n"}


def test_limits_that_do_not_hold_their_estimate():
    arm, codes = tidied(median=Interval(8.0, 9.0, 12.0))
    assert arm.median == Interval(8.0)
    assert codes == {"median-limits"}


def test_landmarks_in_per_cent():
    arm, _ = tidied(landmarks=(Landmark(24, 45.5, 40.0, 51.0), Landmark(12, 70.0)))
    assert [mark.survival for mark in arm.landmarks] == pytest.approx([0.7, 0.455])
    assert arm.landmarks[1].upper == pytest.approx(0.51)


def test_a_contrast_of_arms_that_are_not_there():
    trial, flags = tidy(TrialInput((ArmInput("a"),), (Contrast("a", "b", 0.5),)))
    assert trial.contrasts == ()
    assert [flag.code for flag in flags] == ["contrast-arms"]


def test_tidying_twice_changes_nothing_more():
    given = TrialInput((
        ArmInput("a", n=9, curve=arrays([3, 1], [20, 70]), at_risk=arrays([2, 1], [5, 7]),
                 events=4, median=Interval(2.0), marks=np.array([3.0, np.nan, 1.0])),
    ))  # fmt: skip
    once, _ = tidy(given)
    twice, flags = tidy(once)
    assert flags == ()
    for before, after in zip(once.arms[0].curve, twice.arms[0].curve, strict=True):
        assert before.tolist() == after.tolist()
    assert once.arms[0].marks.tolist() == [1.0, 3.0]


@pytest.mark.parametrize(
    "text",
    ["arm;time;n\na;0;1.250\na;6;980\n", "arm;time;n\na;0,5;1,250\n", "arm;0;6\na;1.250;980\n"],
)
def test_patients_at_risk_have_no_decimals(tmp_path, text):
    (tmp_path / "at-risk.csv").write_text(text)
    with pytest.raises(InputError, match="between thousands"):
        layouts.read(tmp_path / "at-risk.csv", "n")
