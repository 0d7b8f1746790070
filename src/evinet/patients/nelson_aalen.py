"""The Nelson-Aalen estimate of the cumulative hazard."""

from __future__ import annotations

import numpy as np

from evinet.patients.data import Floats, Patients, at_risk


def nelson_aalen(patients: Patients) -> tuple[Floats, Floats]:
    """The distinct times of events, and the cumulative hazard after each."""
    times, deaths = np.unique(patients.time[patients.event == 1], return_counts=True)
    return times, np.cumsum(deaths / at_risk(patients, times))
