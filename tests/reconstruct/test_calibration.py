"""Bands across draws, without a curve, hold what the true patients say: simulated trials."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.trials import Trial, published, simulated

from evinet.patients.cox import hazard_ratio
from evinet.patients.data import Patients, at_risk
from evinet.patients.kaplan_meier import kaplan_meier
from evinet.reconstruct.at_risk import reconstruct
from evinet.reconstruct.inputs import ArmInput, Landmark, TrialInput

TRIALS, DRAWS = 40, 79


def posted(trial: Trial) -> TrialInput:
    """Survival at ten times to three digits, and the events, in place of numbers at risk."""
    arms = []
    for name, own in trial.arms.items():
        times = np.linspace(0, trial.end, 12)[1:-1].round(1)
        times = times[at_risk(own, times) > 0]
        survival = kaplan_meier(own).at(times).round(3)
        marks = tuple(Landmark(*mark) for mark in zip(times, survival, strict=True))
        events = int(own.event.sum())
        arms.append(ArmInput(name, len(own.time), events=events, landmarks=marks))
    return TrialInput(tuple(arms))


def measured(arms: dict[str, Patients], horizon: float) -> list[float]:
    own, other = arms.values()
    return [hazard_ratio(own, other).log_hr, *(kaplan_meier(x).rmst(horizon) for x in (own, other))]


def judged(printed: str) -> tuple[np.ndarray, np.ndarray]:
    """Whether bands hold (trials, 3): ln HR and both RMST; and the error of draw 0's ln HR."""
    held, errors = [], []
    for index in range(TRIALS):
        trial = simulated(11, index)
        given = posted(trial) if printed == "posted" else published(
            trial, None, ("at-risk", "events", "median")
        )  # fmt: skip
        made = reconstruct(replace(given, contrasts=()), DRAWS, np.random.default_rng(index))
        if set(made.arms) != set(trial.arms):
            continue
        horizon = 0.9 * min(float(own.time.max()) for own in trial.arms.values())
        truth = np.array(measured(trial.arms, horizon))
        drawn = np.array([
            measured({name: made.arms[name][k] for name in trial.arms}, horizon)
            for k in range(DRAWS + 1)
        ])  # fmt: skip
        if not np.isfinite(truth).all():
            continue
        ordered = np.sort(drawn[1:], axis=0)
        held.append((ordered[1] - 1e-9 <= truth) & (truth <= ordered[-2] + 1e-9))
        errors.append(abs(drawn[0, 0] - truth[0]))
    return np.array(held), np.array(errors)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("printed", "log_hr", "rmst", "error"),
    [("at-risk, events, median", 0.88, 0.88, 0.03), ("posted", 0.85, 0.88, 0.04)],
)
def test_bands_hold_the_truth(printed, log_hr, rmst, error):
    held, errors = judged(printed)
    coverage = f"ln HR {held[:, 0].mean():.3f}, RMST {held[:, 1:].mean():.3f}"
    print(f"\n{printed}: {len(held)} trials, {coverage}, error of ln HR {np.median(errors):.4f}")
    assert len(held) > 0.9 * TRIALS
    assert held[:, 0].mean() >= log_hr
    assert held[:, 1:].mean() >= rmst
    assert np.median(errors) < error
