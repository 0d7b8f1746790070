"""The generalised gamma distribution of w, in the parameterisation of Prentice 1974 (Biometrika
61:539), for NumPy and PyTensor and smooth through Q = 0.

    log g(w) = constant(Q) - (exp(Q w) - 1 - Q w) / Q^2

Q = 0 is the normal distribution, Q = 1 the (smallest) extreme value distribution, so that times are
log-normal and Weibull. The tail's integral is by Gauss-Legendre nodes rather than the incomplete
gamma function, whose derivative by its first argument is slow, and wrong near Q = 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

NODES = 24  # the log of the tail is right to about 1e-5 for Q between -2 and 2
SMALL_X, SMALL_Q = 1e-3, 0.2
LARGEST = 50.0  # exp(-exp(50)) is 0


def _exponent(xp: Any, q: Any, w: Any) -> Any:
    """log g(w) without its constant; its maximum is 0, at w = 0."""
    x = xp.clip(q * w, -700.0, LARGEST)
    small = abs(x) < SMALL_X
    safe = xp.where(small, 1.0, x)
    series = 0.5 + x / 6 + x**2 / 24 + x**3 / 120
    return -(w**2) * xp.where(small, series, (xp.expm1(safe) - safe) / safe**2)


def _constant(xp: Any, q: Any) -> Any:
    small = abs(q) < SMALL_Q
    safe = xp.where(small, 1.0, q)
    a = safe**-2
    lgamma = special.gammaln(a) if xp is np else xp.gammaln(a)
    stirling = -0.5 * np.log(2 * np.pi) - q**2 / 12 + q**6 / 360 - q**10 / 1260
    return xp.where(small, stirling, xp.log(abs(safe)) + a * xp.log(a) - a - lgamma)


def log_density(xp: Any, w: Any, q: Any) -> Any:
    """Log density of w."""
    return _constant(xp, q) + _exponent(xp, q, w)


def _log_tail(xp: Any, w: Any, q: Any) -> Any:
    """Log probability beyond w, away from the mode at 0."""
    y, weight = np.polynomial.legendre.leggauss(NODES)
    y, weight = (y + 1) / 2, weight / 2
    x = xp.clip(q * w, -700.0, LARGEST)
    small = abs(q) < SMALL_X
    slope = abs(xp.where(small, w, xp.expm1(x) / xp.where(small, 1.0, q)))
    width = 1 / (slope + 1 / (1 + abs(q)))
    away = xp.where(w > 0, 1.0, -1.0)
    peak = _exponent(xp, q, w)
    total = 0.0
    for at, share in zip(y / (1 - y), weight / (1 - y) ** 2, strict=True):
        total = total + share * xp.exp(_exponent(xp, q, w + away * width * at) - peak)
    return _constant(xp, q) + peak + xp.log(width * total)


def cumulative(xp: Any, w: Any, q: Any) -> Any:
    """Minus the log probability that w is exceeded."""
    tail = _log_tail(xp, w, q)
    below = xp.minimum(tail, -1e-12)
    return xp.where(w > 0, -tail, -xp.log1p(-xp.exp(below)))
