"""Whatever the input: patients that add up, or none and a flag; never an exception."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evinet.patients.cox import hazard_ratio
from evinet.patients.data import Interval
from evinet.patients.kaplan_meier import kaplan_meier
from evinet.reconstruct.inputs import ArmInput, Contrast, Landmark, TrialInput
from evinet.reconstruct.lattice import reconstruct
from evinet.reconstruct.quality import assess

missing = st.just(float("nan"))
numbers = st.floats(-5, 130) | missing
proportions = st.one_of(st.floats(0, 1), st.floats(-0.2, 1.3), numbers)


@st.composite
def arms(draw: st.DrawFn, name: str) -> ArmInput:
    def floats(values: st.SearchStrategy[float], size: int) -> np.ndarray:
        return np.array(draw(st.lists(values, min_size=size, max_size=size)), dtype=float)

    points, rows = draw(st.integers(0, 12)), draw(st.integers(0, 6))
    time, survival = floats(numbers, points), floats(proportions, points)
    if draw(st.booleans()):
        time, survival = np.sort(np.abs(time)), np.sort(np.clip(survival, 0, 1))[::-1]
    counts = floats(st.floats(-3, 80) | missing, rows)
    return ArmInput(
        name,
        n=draw(st.none() | st.integers(-1, 60)),
        curve=draw(st.sampled_from([(time, survival), None])) if points else (time, survival),
        at_risk=draw(st.sampled_from([None, (floats(numbers, rows), counts)])),  # type: ignore[arg-type]
        events=draw(st.none() | st.integers(-2, 80)),
        marks=draw(st.sampled_from([None, floats(numbers, rows)])),
        median=draw(st.sampled_from([None, Interval(5.0, 2.0, None), Interval(float("nan"))])),
        landmarks=draw(st.sampled_from([(), (Landmark(3.0, 0.4), Landmark(2.0, 50.0))])),
    )


@settings(max_examples=80, suppress_health_check=list(HealthCheck))
@given(arms("a"), arms("b"), st.booleans(), st.integers(0, 3))
def test_any_input_is_answered(first: ArmInput, second: ArmInput, ratio: bool, draws: int) -> None:
    contrasts = (Contrast("a", "b", 0.7, 0.5, 0.9, p=0.01),) if ratio else ()
    trial = TrialInput((first, second), contrasts)
    made = reconstruct(trial, draws, np.random.default_rng(0))
    refused = {flag.arm for flag in made.flags if flag.code == "not-reconstructable"}
    assert refused | set(made.arms) == {"a", "b"}
    for drawn in made.arms.values():
        assert len(drawn) == draws + 1
        assert len({len(each.time) for each in drawn}) == 1
        for each in drawn:
            assert np.isfinite(each.time).all()
            assert (each.time >= 0).all()
            assert set(each.event.tolist()) <= {0, 1}
    assess(trial, made, "junk", None)


def curve(n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(1.0, n + 1) / 3, 1 - np.arange(1.0, n + 1) / n


@pytest.mark.parametrize(
    ("time", "survival"),
    [
        ([], []),
        ([5.0], [0.5]),
        ([0.0, 0.0, 0.0], [1.0, 0.5, 0.0]),
        ([1.0, 2.0, 3.0], [1.0, 1.0, 1.0]),
        ([1.0, 2.0, 3.0], [0.0, 0.0, 0.0]),
        ([3.0, 2.0, 1.0], [0.1, 0.5, 0.9]),
        ([1.0, 2.0, 3.0], [0.2, 0.5, 0.9]),
        ([1.0, 2.0, 3.0, 4.0], [0.5, 0.2, 0.0, 0.0]),
        ([0.0, 1.0], [1.0, 1e-159]),
        (np.linspace(0, 10, 9000), np.linspace(1, 0.3, 9000)),
    ],
)
def test_curves_that_are_hardly_curves(time: list[float], survival: list[float]) -> None:
    table = (np.array([0.0, 4.0, 8.0]), np.array([40, 21, 3]))
    arm = ArmInput("a", curve=(np.array(time), np.array(survival)), at_risk=table)
    made = reconstruct(TrialInput((arm,)), 2, np.random.default_rng(0))
    for each in made.arms.get("a", []):
        assert len(each.time) == 40
    assert made.arms or "not-reconstructable" in {flag.code for flag in made.flags}


def test_wrong_numbers_at_risk_cost_accuracy_not_the_answer() -> None:
    time, survival = curve()
    table = (np.array([0.0, 5.0, 10.0]), np.array([60, 2, 1]))
    arm = ArmInput("a", curve=(time, survival), at_risk=table, events=59)
    made = reconstruct(TrialInput((arm,)), 1, np.random.default_rng(0))
    assert len(made.arms["a"][0].time) == 60
    found = kaplan_meier(made.arms["a"][0])
    assert np.isfinite(found.survival).all()
    assert hazard_ratio(made.arms["a"][0], made.arms["a"][1]).log_hr == pytest.approx(0, abs=0.5)
