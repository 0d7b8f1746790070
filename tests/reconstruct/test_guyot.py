"""Guyot's method: answers known by hand, and an answer to every input."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from benchmarks.trials import lifelines_trials, published, simulated
from hypothesis import given, settings
from hypothesis import strategies as st

from evinet.patients.cox import hazard_ratio
from evinet.patients.data import Patients, at_risk
from evinet.patients.kaplan_meier import kaplan_meier
from evinet.reconstruct.guyot import reconstruct
from evinet.reconstruct.inputs import ArmInput, Reconstruction, TrialInput

METHOD = pytest.mark.parametrize("method", ["guyot", "ipdfromkm"])


def solve(arm: ArmInput, method: str = "guyot", draws: int = 0) -> Reconstruction:
    from evinet.reconstruct import methods

    return methods.method(method)(TrialInput((arm,)), draws, np.random.default_rng(0))


def only(made: Reconstruction) -> Patients:
    (patients,) = made.arms["a"]
    return patients


def codes(made: Reconstruction) -> set[str]:
    return {flag.code for flag in made.flags}


def arm(time: list[float], survival: list[float], **known: object) -> ArmInput:
    return ArmInput("a", curve=(np.array(time), np.array(survival)), **known)  # type: ignore[arg-type]


def table(*pairs: tuple[float, int]) -> tuple[np.ndarray, np.ndarray]:
    times, counts = zip(*pairs, strict=True)
    return np.array(times, dtype=float), np.array(counts)


@METHOD
def test_without_censoring_the_patients_come_back(method: str) -> None:
    made = solve(arm([1, 2, 3, 4], [0.75, 0.5, 0.25, 0], n=4), method)
    assert only(made).time.tolist() == [1, 2, 3, 4]
    assert only(made).event.tolist() == [1, 1, 1, 1]
    assert codes(made) == set()


@METHOD
def test_censorings_are_spread_evenly_until_the_numbers_at_risk_come_out(method: str) -> None:
    # 10 patients, one death at 1 and one at 6; 3 censored between 0 and 6, at 1.5, 3, 4.5
    given_arm = arm(
        [0, 1, 2, 3, 4, 5, 6], [1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.75],
        at_risk=table((0, 10), (6, 6)),
    )  # fmt: skip
    patients = only(solve(given_arm, method))
    assert patients.time[patients.event == 1].tolist() == [1, 6]
    assert at_risk(patients, np.array([0.0, 6.0])).tolist() == [10, 6]
    assert patients.time[patients.event == 0][:3].tolist() == [1.5, 3.5, 4.5]
    assert patients.time[-1] == 6


@METHOD
def test_without_numbers_at_risk_nobody_is_censored_before_the_end(method: str) -> None:
    patients = only(solve(arm([1, 2, 5], [0.9, 0.8, 0.8], n=20), method))
    assert patients.event.sum() == 4
    assert set(patients.time[patients.event == 0]) == {5.0}


def test_total_events_change_the_last_interval_alone() -> None:
    time, survival = [0, 1, 2, 3, 4, 5], [1, 0.9, 0.8, 0.6, 0.4, 0.2]
    known = {"at_risk": table((0, 10), (3, 8))}
    free = only(solve(arm(time, survival, **known)))
    assert free.event.sum() == 8
    told = solve(arm(time, survival, events=6, **known))
    events = [int((each.event[each.time < 3]).sum()) for each in (free, only(told))]
    assert events == [2, 2]
    assert abs(int(only(told).event.sum()) - 6) <= 1
    # more events before the last interval than in all: none after
    few = solve(arm(time, survival, events=1, **known))
    assert only(few).event.sum() == 2
    assert "events-missed" in codes(few)


@METHOD
def test_an_interval_without_points_is_flagged(method: str) -> None:
    given_arm = arm([1, 9], [0.9, 0.5], at_risk=table((0, 10), (3, 8), (6, 7), (8, 6)))
    made = solve(given_arm, method)
    assert "at-risk-unused" in codes(made)
    assert len(only(made).time) == 10


@METHOD
def test_draws_are_not_pretended(method: str) -> None:
    made = solve(arm([1, 2], [0.9, 0.8], n=10), method, draws=20)
    assert len(made.arms["a"]) == 1
    assert "no-draws" in codes(made)


@METHOD
def test_what_cannot_be_known_is_left_out(method: str) -> None:
    for missing in (arm([1, 2], [0.9, 0.8]), ArmInput("a", n=20)):
        made = solve(missing, method)
        assert made.arms == {}
        assert codes(made) == {"not-reconstructable"}


@METHOD
def test_what_is_not_used_is_said(method: str) -> None:
    from evinet.reconstruct import methods

    given_trial = published(simulated(11, 0), "exact", ["marks", "median", "hr"])
    made = methods.method(method)(given_trial, 0, np.random.default_rng(0))
    unused = [(flag.arm, flag.message) for flag in made.flags if flag.code == "input-unused"]
    assert unused == [
        ("", f"{method} does not use published contrasts"),
        ("treated", f"{method} does not use: median, marks"),
        ("control", f"{method} does not use: median, marks"),
    ]


@METHOD
def test_hazard_ratio_of_lung_cancer_with_exact_coordinates(method: str) -> None:
    (lung,) = (trial for trial in lifelines_trials() if trial.name == "lifelines-lung")
    given_trial = published(lung, "exact", ["at-risk"])
    from evinet.reconstruct import methods

    made = methods.method(method)(given_trial, 0, np.random.default_rng(0))
    found = hazard_ratio(made.arms["treated"][0], made.arms["control"][0])
    assert found.log_hr == pytest.approx(-0.531, abs=0.02)


@METHOD
def test_simulated_trials_are_answered_with_all_patients(method: str) -> None:
    from evinet.reconstruct import methods

    for index in range(20):
        trial = simulated(11, index)
        for style in ("exact", "raster375", "clicked"):
            given_trial = published(trial, style, ["at-risk", "events"])
            made = methods.method(method)(given_trial, 0, np.random.default_rng(0))
            for name, patients in trial.arms.items():
                found = made.arms[name][0]
                assert len(found.time) == len(patients.time)
                times = np.linspace(0, patients.time.max(), 50)
                error = kaplan_meier(found).at(times) - kaplan_meier(patients).at(times)
                assert np.abs(error).mean() < 0.1


@METHOD
@given(data=st.data())
@settings(max_examples=150)
def test_every_input_is_answered(method: str, data: st.DataObject) -> None:
    numbers = st.floats(-5, 150) | st.just(float("nan"))
    points = data.draw(st.lists(st.tuples(numbers, st.floats(-0.2, 1.2)), min_size=1, max_size=40))
    counts = data.draw(st.lists(st.tuples(st.floats(0, 150), st.integers(0, 300)), max_size=8))
    events = data.draw(st.none() | st.integers(0, 400))
    time, survival = np.array(points).T
    rows = table(*counts) if counts else None
    made = solve(ArmInput("a", 200, (time, survival), rows, events), method)
    usable = np.isfinite(time) & np.isfinite(survival)
    if not usable.any():
        assert made.arms == {} or len(made.arms["a"]) == 1
        return
    if not made.arms:
        assert "not-reconstructable" in codes(made)
        return
    patients = only(made)
    assert set(np.unique(patients.event)) <= {0, 1}
    assert all(early <= late for early, late in pairwise(patients.time))
    assert len(patients.time) in {200, *(count for _, count in counts)}


def test_reconstruct_is_the_registered_method() -> None:
    from evinet.reconstruct import methods

    assert methods.method("guyot") is reconstruct
