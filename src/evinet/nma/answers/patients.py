"""What reconstructed patients say of their study's effects, as a normal likelihood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evinet.nma.data.patients import Patients, Records
from evinet.patients import cox

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit


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
        each = [_cox(patients, records, study) for records in patients.draws]
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
