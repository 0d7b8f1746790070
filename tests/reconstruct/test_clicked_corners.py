"""Both corners of every drop, clicked by a hand that misses them by a little in each direction."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from benchmarks import trials
from benchmarks.reconstruct import distance
from benchmarks.trials import published, simulated

from evinet.patients.kaplan_meier import kaplan_meier
from evinet.reconstruct.curve import read
from evinet.reconstruct.inputs import ArmInput, TrialInput
from evinet.reconstruct.lattice import reconstruct

MISSED = 0.002  # SD of a click, in shares of the axes


def test_corners_clicked_in_the_wrong_order_are_one_drop_each() -> None:
    missed, left_out = [], 0.0
    for index in range(4):
        trial = simulated(1, index, 60)
        made = reconstruct(published(trial, "clicked-corners", ("at-risk",), 1), 0,
                           np.random.default_rng(1))  # fmt: skip
        for name, patients in trial.arms.items():
            found = made.arms[name][0]
            assert abs(found.event.sum() - patients.event.sum()) <= 1
            end = float(patients.time.max())
            missed.append(distance(kaplan_meier(patients), kaplan_meier(found), end)[0])
        left_out += sum(flag.size for flag in made.flags if flag.code == "curve-outliers")
    assert np.mean(missed) < 0.75 * MISSED
    assert max(missed) < 1.5 * MISSED
    assert left_out <= 24  # of some 1400 clicks


@pytest.mark.parametrize(("style", "index"), [("clicked-corners", 25), ("clicked", 16)])
def test_a_hand_does_not_lift_or_lower_a_curve(style: str, index: int) -> None:
    """Corners put together are feet of drops, and other clicks are points of the line.

    Taken for the other, survival is half an event or half the distance of two clicks off.
    """
    trial = simulated(201, index)
    made = reconstruct(published(trial, style, ("at-risk",), 201), 0, np.random.default_rng(1))
    for name, patients in trial.arms.items():
        end = float(patients.time.max())
        true, found = (kaplan_meier(each).rmst(end) for each in (patients, made.arms[name][0]))
        assert abs(found - true) < MISSED * end


POINTS = """
0.0354,1 0.9316,.96476 0.9198,1 1.0847,.93228 1.0666,.96427 2.1546,.89717 2.1491,.93261
7.5763,.86936 7.5377,.90163 8.804,.86587 8.7463,.83231 9.1071,.79968 9.1379,.83007 10.8248,.76965
10.7955,.79859 12.5832,.76716 12.5398,.73127 13.4205,.69528 13.445,.73372 15.745,.66872
15.7059,.70101 16.4602,.63439 16.3502,.66807 18.6212,.63296 18.709,.6015 19.0856,.56581
18.9929,.601 21.1583,.56651 21.1884,.52922 23.0726,.53217 23.0814,.49648 23.9417,.49964
"""
"""Both corners of each of 15 drops of 30 patients, in any order, with four decimals."""


def test_decimals_do_not_make_a_hand_exact() -> None:
    time, survival = np.array([point.split(",") for point in POINTS.split()], float).T
    made = reconstruct(TrialInput((ArmInput("B", n=30, curve=(time, survival)),)), 0,
                       np.random.default_rng(1))  # fmt: skip
    assert made.arms["B"][0].event.sum() == 15


@pytest.mark.parametrize("index", [0, 3, 6])
def test_corners_of_a_large_arm_are_told_from_its_noise(index: int, monkeypatch: Any) -> None:
    """The drop of one of 200 patients is as small as what counts as a rise elsewhere."""
    monkeypatch.setattr(trials, "CLICK_SD", 0.0005)
    trial = simulated(5, index, 200)
    made = reconstruct(published(trial, "clicked-corners", ("at-risk",), 1), 0,
                       np.random.default_rng(1))  # fmt: skip
    for name, patients in trial.arms.items():
        found = made.arms[name][0]
        assert abs(found.event.sum() - patients.event.sum()) <= 1
        away, _ = distance(kaplan_meier(patients), kaplan_meier(found), float(patients.time.max()))
        assert away < 0.001


def test_corners_without_error_are_left_as_they_are() -> None:
    time = np.repeat(np.linspace(1, 20, 20), 2)
    survival = np.append(1.0, np.repeat(np.linspace(0.97, 0.4, 20), 2)[:-1])
    readings, flags = read(time, survival, (np.array([0.0]), np.array([100.0])), 20.0, "a")
    assert [each.style for each in readings] == ["steps"]
    assert not flags


def test_noise_that_no_small_noise_explains_is_found() -> None:
    """The feet of an arm with noise: with little of it all points are outliers, one like another.

    In this arm a little more noise is less probable than almost none, and the right one is far on.
    """
    trial = simulated(1, 3, 60)
    rng = np.random.default_rng(4)
    given = published(trial, "exact", ("at-risk",))
    for _ in range(5):
        arms = []
        for arm in given.arms:
            assert arm.curve is not None
            time, survival = arm.curve
            noisy = np.clip(survival + MISSED * rng.standard_normal(len(survival)), 0, 1)
            moved = np.maximum(time + MISSED * trial.end * rng.standard_normal(len(time)), 0)
            arms.append(replace(arm, curve=(moved, noisy)))
        made = reconstruct(replace(given, arms=tuple(arms)), 0, np.random.default_rng(1))
        for name, patients in trial.arms.items():
            found = made.arms[name][0]
            assert abs(found.event.sum() - patients.event.sum()) <= 1
            away, _ = distance(
                kaplan_meier(patients), kaplan_meier(found), float(patients.time.max())
            )
            assert away < 1.5 * MISSED
