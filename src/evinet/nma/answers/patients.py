"""What reconstructed patients say of their study's effects, as a normal likelihood."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from evinet.nma.data.patients import Patients, Records
from evinet.nma.likelihoods.survival.sufficient import distinct
from evinet.patients import cox

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit

STEP = 1e-3  # of differences, for second derivatives of a log-likelihood


def normal_summaries(fit: Fit) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Study -> mean and covariance of its ln HR, by Cox regression of every reconstruction.

    Where events are known to have happened within intervals it is by Weibull regression.
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
        summary = _weibull if study in patients.intervals else _cox
        each = [summary(patients, records, study) for records in patients.draws]
        means = np.array([mean for mean, _ in each])
        within = np.mean([covariance for _, covariance in each], axis=0)
        between = np.atleast_2d(np.cov(means.T, ddof=1)) if len(each) > 1 else 0.0
        found[study] = (means.mean(axis=0), within + between)
    return found


def _cox(patients: Patients, records: Records, study: str) -> tuple[np.ndarray, np.ndarray]:
    """ln HR of a study's arms against its baseline arm, and their covariance."""
    baseline, *others = patients.arms_of(study)
    mine = np.isin(records.arm, [baseline, *others])
    columns = (records.arm[mine][:, None] == np.array(others)).astype(float)
    found = cox.fit(records.time[mine], records.event[mine], columns, entry=records.entry[mine])
    return found.coefficients, found.covariance


def _weibull(patients: Patients, records: Records, study: str) -> tuple[np.ndarray, np.ndarray]:
    """ln HR of a study's arms against its baseline arm, by maximum likelihood; their covariance."""
    from evinet.nma.answers.fit_measures import of_patients
    from evinet.nma.likelihoods.survival.families import FAMILIES  # loads numba

    family, arms, unit = FAMILIES["weibull"], patients.arms_of(study), records.rough.time.mean()
    people = [distinct(*(column / scale for column, scale in zip(
        (*records.of(arm), records.entries(arm), records.ends(arm)), (unit, 1, unit, unit),
        strict=True))) for arm in arms]  # fmt: skip

    def loss(point: np.ndarray) -> float:
        """Minus the log-likelihood of the level, the log of the shape, and the ln HR."""
        level, shape, total = point[0], (np.exp(point[1]),), 0.0
        for effect, (rows, counts) in zip([0.0, *point[2:]], people, strict=True):
            hazards = partial(family.hazards, np.full((1, 1), level + effect), shape)
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                total -= float((of_patients(hazards, *rows.T) @ counts)[0])
        return total

    found = minimize(loss, np.zeros(len(arms) + 1)).x
    steps = STEP * np.eye(len(found))
    curvature = [
        [sum(a * b * loss(found + a * one + b * other) for a in (1, -1) for b in (1, -1))
         for other in steps] for one in steps
    ]  # fmt: skip
    covariance = np.linalg.inv(np.array(curvature) / (4 * STEP**2))
    return found[2:], covariance[2:, 2:]
