"""Reconstruction from numbers at risk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evinet.patients.cox import hazard_ratio
from evinet.patients.data import Interval, at_risk
from evinet.patients.kaplan_meier import kaplan_meier
from evinet.reconstruct import look_ahead
from evinet.reconstruct.at_risk import reconstruct
from evinet.reconstruct.follow_up import FollowUp
from evinet.reconstruct.inputs import ArmInput, Contrast, Landmark, Reconstruction, TrialInput
from evinet.reconstruct.likelihood import Mark


@pytest.fixture(scope="module", params=[1, 2, 3])
def netter_2_draws(netter_2: TrialInput, request: pytest.FixtureRequest) -> Reconstruction:
    return reconstruct(netter_2, 20, np.random.default_rng(request.param))


def test_netter_2_numbers_at_risk_and_events_are_exact_in_every_draw(netter_2, netter_2_draws):
    for arm in netter_2.arms:
        draws = netter_2_draws.arms[arm.name]
        assert len(draws) == 21
        for patients in draws:
            assert at_risk(patients, arm.at_risk[0]).tolist() == arm.at_risk[1].tolist()
            assert patients.event.sum() == arm.events


def test_netter_2_medians(netter_2, netter_2_draws):
    for arm in netter_2.arms:
        for patients in netter_2_draws.arms[arm.name]:
            assert abs(kaplan_meier(patients).median().estimate - arm.median.estimate) < 0.5


def test_netter_2_hazard_ratio(netter_2_draws):
    best = hazard_ratio(*(netter_2_draws.arms[name][0] for name in ("lu-dotatate", "octreotide")))
    assert abs(np.exp(best.log_hr) / 0.276 - 1) < 0.10
    assert netter_2_draws.flags == ()


def test_draws_differ(netter_2_draws):
    times = {patients.time.tobytes() for patients in netter_2_draws.arms["octreotide"]}
    assert len(times) > 15


def test_same_seed_same_draws(netter_2):
    first, second = (reconstruct(netter_2, 3, np.random.default_rng(7)) for _ in range(2))
    for name in first.arms:
        for a, b in zip(first.arms[name], second.arms[name], strict=True):
            assert a.time.tolist() == b.time.tolist()
            assert a.event.tolist() == b.event.tolist()


def test_without_events_the_total_varies_and_is_flagged(netter_2):
    unknown = replace(netter_2, arms=tuple(replace(arm, events=None) for arm in netter_2.arms))
    made = reconstruct(unknown, 20, np.random.default_rng(1))
    assert {flag.code for flag in made.flags} == {"events-unknown"}
    totals = {int(patients.event.sum()) for patients in made.arms["lu-dotatate"]}
    assert len(totals) > 3
    # the width of the hazard ratio's interval says how many events there were
    both = [sum(int(made.arms[name][i].event.sum()) for name in made.arms) for i in range(21)]
    assert 85 <= np.mean(both) <= 117


def test_an_unstratified_hazard_ratio_is_met_closely(netter_2):
    hr = Contrast("lu-dotatate", "octreotide", 0.31, 0.207, 0.462, stratified=False)
    made = reconstruct(replace(netter_2, contrasts=(hr,)), 20, np.random.default_rng(1))
    for own, other in zip(*made.arms.values(), strict=True):
        assert abs(hazard_ratio(own, other).log_hr - np.log(0.31)) < 0.04


def test_landmarks_are_met(netter_2):
    arm = replace(netter_2.arms[0], landmarks=(Landmark(9, 0.8), Landmark(12.0, 0.72)))
    made = reconstruct(TrialInput((arm,)), 20, np.random.default_rng(1))
    for patients in made.arms["lu-dotatate"]:
        reached = kaplan_meier(patients).at(np.array([9.0, 12.0]))
        assert reached == pytest.approx([0.8, 0.72], abs=0.015)


def test_an_arm_without_numbers_over_time_gets_no_patients(netter_2):
    bare = ArmInput("octreotide", n=75, events=46, median=Interval(8.5))
    made = reconstruct(TrialInput((netter_2.arms[0], bare)), 2, np.random.default_rng(1))
    assert set(made.arms) == {"lu-dotatate"}
    assert [(flag.code, flag.arm) for flag in made.flags] == [("not-reconstructable", "octreotide")]


numbers = st.one_of(st.none(), st.floats(-5, 200))


@st.composite
def arms(draw: st.DrawFn, name: str) -> ArmInput:
    """Arms as wrong as they come: rising counts, too many events, medians that cannot be."""
    size = draw(st.integers(0, 12))
    times = draw(st.lists(st.floats(-1, 60), min_size=size, max_size=size))
    counts = draw(st.lists(st.integers(-1, 80), min_size=size, max_size=size))
    marks = draw(st.lists(st.tuples(st.floats(-1, 80), st.floats(-0.1, 101)), max_size=4))
    return ArmInput(
        name, n=draw(st.one_of(st.none(), st.integers(-1, 80))),
        at_risk=draw(st.sampled_from([None, (np.array(times), np.array(counts))])),
        events=draw(st.one_of(st.none(), st.integers(-1, 100))),
        median=Interval(draw(numbers), draw(numbers), draw(numbers), draw(st.floats(0, 1))),
        landmarks=tuple(Landmark(time, survival) for time, survival in marks),
    )  # fmt: skip


@settings(max_examples=30)
@given(arms("a"), arms("b"), numbers, numbers, st.integers(0, 3))
def test_whatever_is_given_is_answered(a, b, hr, p, draws):
    trial = TrialInput((a, b), (Contrast("a", "b", hr, None, None, p=p),))
    made = reconstruct(trial, draws, np.random.default_rng(0))
    refused = {flag.arm for flag in made.flags if flag.code == "not-reconstructable"}
    assert set(made.arms) | refused == {"a", "b"}
    for drawn in made.arms.values():
        assert len(drawn) == draws + 1
        for patients in drawn:
            assert np.isfinite(patients.time).all()
            assert (patients.time >= 0).all()
            assert set(patients.event.tolist()) <= {0, 1}


def test_times_that_differ_by_rounding_alone():
    counts = np.array([61, 52, 36, 23, 11, 5, 3, 1, 0])
    times = 3.3 * np.arange(9)
    other = np.where(np.arange(9) % 2, times, np.nextafter(times, 99))
    pair = (
        ArmInput("a", 61, at_risk=(times, counts), events=42),
        ArmInput("b", 61, at_risk=(other, counts), events=42),
    )
    made = reconstruct(TrialInput(pair), 3, np.random.default_rng(1))
    assert [len(made.arms[name]) for name in "ab"] == [4, 4]
    assert all(draw.event.sum() == 42 for name in "ab" for draw in made.arms[name])


@pytest.mark.parametrize(("kind", "convention"), [("lower", 0.04), ("survival", 0.0)])
def test_where_a_median_or_its_limit_is_has_the_error_of_patients_and_of_conventions(
    kind, convention
):
    """Log survival is known within half an event of 50 at risk, and of where a limit is drawn."""
    times = FollowUp(np.array([0.0, 10.0, 20.0]), np.array([100, 50, 0]), np.array([50, 50]),
                     np.array([750.0, 250.0]))  # fmt: skip
    found = look_ahead.survival_sum(times, Mark(kind, 10.0, 1, 0.0))
    assert found.noise == pytest.approx(np.hypot(0.5 / 50, convention), rel=1e-9)
