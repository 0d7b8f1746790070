"""Events and time at risk by period."""

from __future__ import annotations

import numpy as np


def events_and_exposure(
    time: np.ndarray, event: np.ndarray, cuts: np.ndarray, entry: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Events and person-time in (0, c1], (c1, c2], ..., (cK, inf): arrays of length len(cuts) + 1.

    Patients are under observation from `entry`, by default 0.
    They are sufficient for a piecewise exponential hazard (Friedman 1982, Ann Stat 10:101).
    """
    edges = np.concatenate([[0.0], cuts, [np.inf]])
    interval = np.searchsorted(cuts, time[event == 1], side="left")
    events = np.bincount(interval, minlength=len(cuts) + 1).astype(float)
    start = edges[:-1] if entry is None else np.clip(entry[:, None], edges[:-1], edges[1:])
    exposure = (np.clip(time[:, None], edges[:-1], edges[1:]) - start).sum(axis=0)
    return events, exposure
