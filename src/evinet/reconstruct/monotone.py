"""Monotone cubic interpolation (Fritsch and Butland 1984, doi 10.1137/0905021), as scipy's PCHIP.

Importing scipy.interpolate takes as long as reconstructing a trial.
"""

from __future__ import annotations

import numpy as np

from evinet.patients.data import Floats


def interpolate(at: Floats, time: Floats, value: Floats) -> Floats:
    """Values at `at`, between the first and the last of K rising times, given those at the times.

    >>> interpolate(np.array([0.5, 1.5]), np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 1.0]))
    array([0.6875, 1.    ])
    """
    value = np.asarray(value, dtype=float)
    width = np.diff(time)
    slope = np.diff(value) / width
    if len(time) == 2:
        return value[0] + (at - time[0]) * slope[0]
    steep = np.zeros(len(time))
    before, after = 2 * width[1:] + width[:-1], width[1:] + 2 * width[:-1]
    same = slope[:-1] * slope[1:] > 0
    total = np.divide(before, slope[:-1], out=np.ones_like(before), where=same)
    total += np.divide(after, slope[1:], out=np.zeros_like(after), where=same)
    steep[1:-1] = np.where(same, (before + after) / total, 0)
    steep[0] = _end(width[0], width[1], slope[0], slope[1])
    steep[-1] = _end(width[-1], width[-2], slope[-1], slope[-2])
    place = np.clip(np.searchsorted(time, at, side="right") - 1, 0, len(width) - 1)
    h, u = width[place], (at - time[place]) / width[place]
    result: Floats = (
        value[place] * (1 + 2 * u) * (1 - u) ** 2 + h * steep[place] * u * (1 - u) ** 2
        + value[place + 1] * u**2 * (3 - 2 * u) + h * steep[place + 1] * u**2 * (u - 1)
    )  # fmt: skip
    return result


def _end(first: float, second: float, slope: float, further: float) -> float:
    """Slope at an end: that of the parabola through three points, unless it is not monotone."""
    found = ((2 * first + second) * slope - first * further) / (first + second)
    if found * slope <= 0:
        return 0.0
    return 3 * slope if slope * further < 0 and abs(found) > 3 * abs(slope) else found
