"""The generalised gamma distribution of w, in the parameterisation of Prentice 1974 (Biometrika
61:539), for NumPy and PyTensor and smooth through Q = 0.

    log g(w) = constant(Q) - (exp(Q w) - 1 - Q w) / Q^2

Q = 0 is the normal distribution, Q = 1 the (smallest) extreme value distribution, so that times are
log-normal and Weibull. The tail's integral is found with its derivatives in `gengamma_tail`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from evinet.nma.likelihoods.survival.gengamma_tail import LARGEST, log_tails

SMALL_X, SMALL_Q = 1e-3, 0.2


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


def cumulative(xp: Any, w: Any, q: Any) -> Any:
    """Minus the log probability that w is exceeded."""
    constant = _constant(xp, q)
    if xp is np:
        same = np.broadcast_arrays(w, q, constant)
        return -log_tails(*(each.ravel().astype(float) for each in same))[0].reshape(same[0].shape)
    from evinet.nma.likelihoods.survival.gengamma_op import log_tail

    return -log_tail(w, q, constant)
