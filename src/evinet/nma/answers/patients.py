"""What reconstructed patients say of their study's effects, as a normal likelihood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evinet.nma.data.patients import Patients, Records

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit

STEPS = 50
FAR = 5.0  # a step of ln HR, at most


def normal_summaries(fit: Fit) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Study -> mean and covariance of its ln HR, by Cox regression of every reconstruction.

    The covariance is the mean of the reconstructions' own plus that between them (Rubin 1987,
    infinitely many). Studies of one arm, with an arm without events, and effects that are no ln HR
    have no entry.
    """
    patients = fit.specification.patients
    if patients is None or fit.specification.scale != "ln HR":
        return {}
    found = {}
    empty = {study for study, _ in patients.without_events}
    for study in patients.studies:
        if study in patients.single or study in empty:
            continue
        each = [cox(patients, records, study) for records in patients.draws]
        means = np.array([mean for mean, _ in each])
        within = np.mean([covariance for _, covariance in each], axis=0)
        between = np.atleast_2d(np.cov(means.T, ddof=1)) if len(each) > 1 else 0.0
        found[study] = (means.mean(axis=0), within + between)
    return found


def cox(patients: Patients, records: Records, study: str) -> tuple[np.ndarray, np.ndarray]:
    """ln HR of a study's arms against its baseline arm, and their covariance (Cox, Breslow)."""
    arms = patients.arms_of(study)
    time, event = records.of(*arms)
    own = [records.of(arm) for arm in arms]
    at = np.unique(time[event == 1])
    at_risk = np.array([len(t) - np.searchsorted(np.sort(t), at, side="left") for t, _ in own])
    events = np.array([e.sum() for _, e in own], float)
    deaths = np.array([np.isin(time[event == 1], each).sum() for each in at], float)
    theta = np.zeros(len(arms) - 1)
    for _ in range(STEPS):
        weight = at_risk * np.exp(np.append(0.0, theta))[:, None]
        share = (weight / weight.sum(axis=0))[1:]
        score = events[1:] - share @ deaths
        information = np.diag(share @ deaths) - (share * deaths) @ share.T
        step = np.clip(np.linalg.solve(information, score), -FAR, FAR)
        theta = theta + step
        if abs(step).max() < 1e-10:
            break
    return theta, np.linalg.inv(information)
