"""Person-time gives the likelihood of the rows; the log-rank statistic is that of lifelines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines.statistics import logrank_test

from evinet.patients import log_rank
from evinet.patients.person_time import events_and_exposure

seeds = st.integers(0, 2**32 - 1)


def patients(seed: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.exponential(10, size), (rng.random(size) < 0.7).astype(int)


@given(seeds, st.lists(st.floats(0.1, 30), min_size=0, max_size=6, unique=True))
def test_events_and_exposure_give_the_piecewise_exponential_likelihood(
    seed: int, cuts: list[float]
) -> None:
    time, event = patients(seed, 40)
    edges = np.sort(cuts)
    events, exposure = events_and_exposure(time, event, edges)
    hazard = np.random.default_rng(seed).uniform(0.01, 1, len(edges) + 1)
    rows = 0.0
    for t, d in zip(time, event, strict=True):
        starts = np.concatenate([[0.0], edges])
        stops = np.concatenate([edges, [np.inf]])
        spent = np.maximum(np.minimum(t, stops) - starts, 0)
        rows += d * np.log(hazard[(starts < t) & (t <= stops)][0]) - spent @ hazard
    assert events @ np.log(hazard) - exposure @ hazard == pytest.approx(rows)


def test_an_event_at_a_cut_belongs_to_the_interval_that_ends_there() -> None:
    events, exposure = events_and_exposure(np.array([5.0]), np.array([1]), np.array([5.0]))
    assert events.tolist() == [1, 0]
    assert exposure.tolist() == [5, 0]


@given(seeds)
def test_the_log_rank_estimate_is_the_test_of_lifelines(seed: int) -> None:
    time, event = patients(seed, 80)
    time = np.round(time)  # ties
    arm = np.arange(80) % 2
    estimate, variance = log_rank.one_step(arm, time, event)
    theirs = logrank_test(time[arm == 0], time[arm == 1], event[arm == 0], event[arm == 1])
    assert estimate[0] ** 2 / variance[0, 0] == pytest.approx(theirs.test_statistic, rel=1e-3)


def test_an_arm_that_nobody_was_watched_in_has_a_wide_estimate() -> None:
    time, event = patients(1, 90)
    arm = np.arange(90) % 3
    time[arm == 2] = time.min() / 2
    event[arm == 2] = 0
    estimate, covariance = log_rank.one_step(arm, time, event)
    assert estimate[1] == pytest.approx(0, abs=1e-6)
    assert covariance[1, 1] == pytest.approx(1 / log_rank.FAINT)
