"""Reconstruction from survival posted at a few times, in place of numbers at risk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evinet.patients.cox import hazard_ratio
from evinet.patients.data import Patients, at_risk
from evinet.patients.kaplan_meier import kaplan_meier
from evinet.reconstruct import posted_survival
from evinet.reconstruct.at_risk import reconstruct
from evinet.reconstruct.inputs import ArmInput, Contrast, Landmark, Reconstruction, TrialInput
from evinet.reconstruct.quality import assess

POSTED = Path(__file__).parent / "data" / "radiant-4.csv"


@pytest.fixture(scope="module")
def radiant_4() -> TrialInput:
    """RADIANT-4, progression-free survival by central review.

    Kaplan-Meier estimates as posted on ClinicalTrials.gov, NCT01524783 (see data/SOURCES.md);
    patients, events and the stratified hazard ratio from Yao JC et al. 2016, Lancet 387:968-977,
    doi 10.1016/S0140-6736(15)00817-X.
    """
    rows = pd.read_csv(POSTED)
    arms = [
        ArmInput(
            name, n=n, events=events,
            landmarks=tuple(
                Landmark(time, survival)
                for time, survival in rows.loc[rows["arm"] == name, ["time", "survival"]].to_numpy()
            ),
        )
        for name, n, events in (("everolimus", 205, 113), ("placebo", 97, 65))
    ]  # fmt: skip
    hr = Contrast("everolimus", "placebo", 0.48, 0.35, 0.67, stratified=True)
    return TrialInput(tuple(arms), (hr,))


@pytest.fixture(scope="module")
def drawn(radiant_4: TrialInput) -> Reconstruction:
    return reconstruct(replace(radiant_4, contrasts=()), 20, np.random.default_rng(1))


def test_events_are_exact_and_posted_survival_is_met(radiant_4, drawn):
    assert {flag.code for flag in drawn.flags} == {"at-risk-unknown"}
    for arm in radiant_4.arms:
        times = np.array([mark.time for mark in arm.landmarks])
        printed = np.array([mark.survival for mark in arm.landmarks])
        off = []
        for patients in drawn.arms[arm.name]:
            assert len(patients.time) == arm.n
            assert patients.event.sum() == arm.events
            off.append(np.abs(kaplan_meier(patients).at(times) - printed).max())
        assert off[0] < 0.02
        assert np.median(off) < 0.03


def test_unstratified_hazard_ratio(drawn):
    """0.56 with patients read off the published figure (kmdata, doi 10.1093/database/baab037)."""
    ratios = [
        np.exp(hazard_ratio(own, other).log_hr)
        for own, other in zip(*drawn.arms.values(), strict=True)
    ]
    assert 0.53 < ratios[0] < 0.61
    assert min(ratios) < 0.56 < max(ratios)


def test_numbers_at_risk_differ_between_draws(drawn):
    tables = {tuple(at_risk(p, np.array([6.0, 12.0, 18.0]))) for p in drawn.arms["everolimus"]}
    assert len(tables) > 5


def test_the_published_ratio_pulls_but_does_not_force(radiant_4, drawn):
    made = reconstruct(radiant_4, 20, np.random.default_rng(1))
    free, weighed = (
        np.exp(hazard_ratio(*(x[0] for x in each.arms.values())).log_hr) for each in (drawn, made)
    )
    assert 0.48 < weighed < free


def test_one_arm_with_numbers_at_risk_and_one_without(radiant_4, netter_2):
    trial = TrialInput((radiant_4.arms[0], netter_2.arms[0]))
    made = reconstruct(trial, 2, np.random.default_rng(1))
    times, counts = netter_2.arms[0].at_risk
    for patients in made.arms["lu-dotatate"]:
        assert at_risk(patients, times).tolist() == counts.tolist()
    assert all(len(patients.time) == 205 for patients in made.arms["everolimus"])


def test_many_precise_landmarks_beside_numbers_at_risk():
    """The weights of so many exact values must not leave the filter with one bad particle."""
    rng = np.random.default_rng(3)
    time, censored = rng.exponential(10, 300), rng.uniform(4, 24, 300)
    true = Patients(np.minimum(time, censored), (time <= censored).astype(np.int64))
    times = np.arange(1.0, 19.0)
    printed = kaplan_meier(true).at(times).round(3)
    table = np.arange(0, 24, 3.0)
    arm = ArmInput(
        "a", 300, at_risk=(table, at_risk(true, table)), events=int(true.event.sum()),
        landmarks=tuple(Landmark(*mark) for mark in zip(times, printed, strict=True)),
    )  # fmt: skip
    made = reconstruct(TrialInput((arm,)), 20, np.random.default_rng(1))
    off = [np.abs(kaplan_meier(p).at(times) - printed).max() for p in made.arms["a"]]
    assert off[0] < 0.01
    assert max(off) < 0.03
    assert len({p.time.tobytes() for p in made.arms["a"]}) > 15


def test_events_that_cannot_be_are_named_with_their_number(radiant_4):
    trial = TrialInput((replace(radiant_4.arms[0], events=4),))
    made = reconstruct(trial, 1, np.random.default_rng(1))
    flags = {flag["code"]: flag for flag in assess(trial, made, "x", None)["flags"]}
    assert flags["events-too-few"]["size"] == 6
    assert flags["landmark-missed"]["size"] > 0.03


@settings(max_examples=40)
@given(
    st.integers(20, 500),
    st.lists(st.floats(0.02, 1), min_size=3, max_size=12),
    st.floats(0, 1),
    st.integers(0, 10),
)
def test_tables_never_rise_and_start_with_everybody(n, survival, share, seed):
    marks = tuple(Landmark(float(t), s) for t, s in enumerate(sorted(survival, reverse=True), 1))
    arm = ArmInput("a", n, events=round(share * n), landmarks=marks)
    filled = posted_survival.fill([arm], 3, np.random.default_rng(seed))
    for (one,) in filled:
        counts = one.at_risk[1]
        assert counts[0] == n
        assert (np.diff(counts) <= 0).all()
        assert counts[-1] >= 0
