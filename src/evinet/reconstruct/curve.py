"""From the coordinates of a digitised curve to the steps of a Kaplan-Meier estimate."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]


def steps(time: ArrayLike, survival: ArrayLike, tolerance: float = 1e-9) -> tuple[Vector, Vector]:
    """Times of the drops of a curve, and survival just after each.

    Coordinates may be unsorted, in percent (largest value above 1.5), repeated, or rise by noise;
    of several points at one time the lowest counts, the foot of the step. Points that are not
    finite or lie before time 0 are left out. Falls of at most `tolerance` are no drops.
    """
    t, s = (np.asarray(values, dtype=float).ravel() for values in (time, survival))
    usable = np.isfinite(t) & np.isfinite(s) & (t >= 0)
    t, s = t[usable], s[usable]
    if t.size == 0:
        return np.empty(0), np.empty(0)
    if s.max() > 1.5:
        s = s / 100
    order = np.lexsort((-s, t))
    t, s = t[order], np.minimum.accumulate(np.clip(s[order], 0, 1))
    last = np.append(t[1:] != t[:-1], True)
    t, s = t[last], s[last]
    falls = np.append(1.0, s[:-1]) - s > tolerance
    return t[falls], s[falls]
