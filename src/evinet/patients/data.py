"""What the statistics take and give: the patients of an arm, and an estimate with its limits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import inf
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Patients:
    """Individual patients of one arm: `time` in months and `event` (1 event, 0 censored)."""

    time: Floats
    event: Integers


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence limits; None is not known or not estimable."""

    estimate: float | None
    lower: float | None = None
    upper: float | None = None
    level: float = 0.95


def at_risk(patients: Patients, times: Floats) -> Integers:
    """Number at risk just before each of `times`."""
    return len(patients.time) - np.searchsorted(np.sort(patients.time), times, side="left")


@cache
def normal_quantile(level: float) -> float:
    """Two-sided normal quantile: 1.96 for 0.95."""
    below = 0.5 + level / 2
    return NormalDist().inv_cdf(below) if below < 1 else inf
