"""Where IPDfromKM's method differs from Guyot's; what they share is in test_guyot."""

from __future__ import annotations

import numpy as np

from evinet.patients.data import Floats, Integers, at_risk
from evinet.reconstruct.inputs import ArmInput, Reconstruction, TrialInput
from evinet.reconstruct.ipdfromkm import reconstruct

TIME = np.arange(0.0, 11.0)
FALLING = np.array([1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5])


def solve(
    time: Floats, survival: Floats, table: tuple[Floats, Integers], events: int | None = None
) -> Reconstruction:
    arm = ArmInput("a", curve=(time, survival), at_risk=table, events=events)
    return reconstruct(TrialInput((arm,)), 0, np.random.default_rng(0))


def test_an_outlier_between_good_points_is_left_out() -> None:
    survival = FALLING.copy()
    survival[3] = 0.3
    table = (np.array([0.0]), np.array([20]))
    made = solve(TIME, survival, table)
    assert "curve-outliers" in {flag.code for flag in made.flags}
    assert made.arms["a"][0].event.sum() == solve(TIME, FALLING, table).arms["a"][0].event.sum()


def test_no_more_are_censored_than_leave() -> None:
    # The curve is flat and 8 leave: 8 are censored, whatever the first guess.
    survival = np.where(TIME < 9, 1.0, 0.9)
    table = (np.array([0.0, 8.0]), np.array([40, 32]))
    patients = solve(TIME, survival, table).arms["a"][0]
    assert at_risk(patients, np.array([8.0])).tolist() == [32]
    assert (patients.event[patients.time < 8] == 0).all()


def test_total_events_bound_the_last_censorings_but_are_not_enforced() -> None:
    table = (np.array([0.0, 5.0]), np.array([100, 50]))
    free = solve(TIME, FALLING, table)
    told = solve(TIME, FALLING, table, events=60)
    events = [int(made.arms["a"][0].event.sum()) for made in (free, told)]
    assert events[1] >= events[0]
    assert events[1] < 60
    missed = {flag.code: flag.size for flag in told.flags}
    assert missed["events-missed"] == events[1] - 60


def test_patients_at_risk_after_the_last_point_are_not_censored_before_it() -> None:
    table = (np.array([0.0, 5.0]), np.array([100, 50]))
    longer = (np.array([0.0, 5.0, 12.0]), np.array([100, 50, 30]))
    lost = []
    for each in (table, longer):
        patients = solve(TIME, FALLING, each).arms["a"][0]
        inside = (patients.time > 5) & (patients.time < 10)
        lost.append(int((patients.event[inside] == 0).sum()))
    assert lost[1] == 20  # 50 - 30 at most
    assert lost[0] > 20
