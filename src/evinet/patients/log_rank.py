"""The log-rank statistic: its P value, and the hazard ratios that it suggests."""

from __future__ import annotations

import math

import numpy as np

from evinet.patients.data import Floats, Patients

FAINT = 1e-3  # information that every arm is taken to have


def deaths_at(patients: Patients, times: Floats) -> Floats:
    """Number of events at each of `times`."""
    events = np.sort(patients.time[patients.event == 1])
    before = np.searchsorted(events, times, side="left")
    return (np.searchsorted(events, times, side="right") - before).astype(float)


def p_value(d1: Floats, d2: Floats, n1: Floats, n2: Floats) -> float | None:
    """Two-sided P of the log-rank test; None where it has no variance."""
    d, n = d1 + d2, n1 + n2
    variance = np.sum(d * n1 * n2 * (n - d) / (n**2 * np.maximum(n - 1, 1)))
    if variance <= 0:
        return None
    z = np.sum(d1 - d * n1 / n) / np.sqrt(variance)
    return math.erfc(abs(float(z)) / math.sqrt(2))


def one_step(
    arm: np.ndarray, time: np.ndarray, event: np.ndarray, entry: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """One-step estimates of ln HR of arms 1, 2, ... against arm 0, and their covariance.

    From the log-rank statistic's observed minus expected events and their covariance (Peto et al.
    1977, Br J Cancer 35:1): rough, and good enough to tell a sampler where to look. An arm that
    nobody was watched in at an event has a variance of 1 / FAINT. Patients are at risk
    after `entry`, by default from the start.
    """
    arms = np.arange(int(arm.max()) + 1)
    at = np.unique(time[event == 1])
    watched = time[:, None] >= at
    if entry is not None:
        watched &= entry[:, None] < at
    risk = np.array([watched[arm == a].sum(axis=0) for a in arms], float)
    deaths = np.array([(time[(arm == a) & (event == 1)][:, None] == at).sum(axis=0) for a in arms])
    total, share = deaths.sum(axis=0), risk / risk.sum(axis=0)
    spread = total * (risk.sum(axis=0) - total) / np.maximum(risk.sum(axis=0) - 1, 1)
    excess = (deaths - total * share).sum(axis=1)[1:]
    covariance = (np.diag((spread * share).sum(axis=1)) - (spread * share) @ share.T)[1:, 1:]
    inverse = np.linalg.inv(covariance + FAINT * np.eye(len(covariance)))
    return inverse @ excess, inverse
