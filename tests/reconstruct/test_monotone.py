"""Interpolation between numbers at risk, against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from evinet.reconstruct import monotone


@pytest.mark.parametrize("size", [2, 3, 4, 9])
def test_it_is_the_monotone_cubic_of_scipy(size: int) -> None:
    rng = np.random.default_rng(size)
    for _ in range(20):
        time = np.cumsum(rng.uniform(0.1, 3, size))
        value = np.cumsum(rng.integers(-3, 4, size)).astype(float)  # level, rising and falling
        at = np.append(rng.uniform(time[0], time[-1], 40), time)
        expected = PchipInterpolator(time, value)(at)
        np.testing.assert_allclose(monotone.interpolate(at, time, value), expected, atol=1e-10)
