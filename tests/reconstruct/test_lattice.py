"""The lattice against trials whose patients are known."""

import numpy as np
import pytest

from evinet.reconstruct.curve import steps
from evinet.reconstruct.lattice import best_path, patients


def trial(seed: int, n: int = 120) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    death, censoring = rng.exponential(12, n), rng.uniform(3, 30, n)
    return np.minimum(death, censoring), death <= censoring


def observe(time: np.ndarray, event: np.ndarray) -> tuple[np.ndarray, np.ndarray, dict]:
    drops = np.unique(time[event])
    factors = [1 - (event & (time == x)).sum() / (time >= x).sum() for x in drops]
    at_risk = {float(x): int((time >= x).sum()) for x in range(0, 25, 6)}
    return drops, np.cumprod(factors), at_risk


@pytest.mark.parametrize("seed", range(8))
def test_total_events_are_met_and_every_patient_is_there(seed: int) -> None:
    time, event = trial(seed)
    t, s, at_risk = observe(time, event)
    path = best_path(t, s, len(time), at_risk, int(event.sum()), sigma=1e-5)
    assert path is not None
    rebuilt, flags = patients(path, time.max())
    assert len(rebuilt) == len(time)
    assert flags.sum() == event.sum()
    for x, r in at_risk.items():
        assert (rebuilt >= x).sum() == r
    assert np.allclose(observe(rebuilt, flags)[1], s, atol=1e-4)


def test_exact_curves_with_numbers_at_risk_give_the_events() -> None:
    exact = 0
    for seed in range(20):
        time, event = trial(seed)
        t, s, at_risk = observe(time, event)
        path = best_path(t, s, len(time), at_risk, sigma=1e-5)
        exact += path is not None and path.events.sum() == event.sum()
    assert exact >= 19


def test_contradiction_is_no_path() -> None:
    assert best_path([1.0], [0.5], 10, {2.0: 11}) is None


def test_steps_of_messy_points() -> None:
    t, s = steps([2, 1, 1, 3, 3, np.nan, -1], [90, 100, 90, 91, 45, 3, 20])
    assert t.tolist() == [1, 3]
    assert np.allclose(s, [0.9, 0.45])
