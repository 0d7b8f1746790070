"""The generalised gamma's log survival and its derivatives, one number at a time.

With a = 1 / Q^2 and u = a exp(Q w), the probability below w is the regularised incomplete gamma
function P(a, u) if Q > 0; if Q < 0, P(a, u) is that beyond w. One tail is found as a multiple of
the density, the other is 1 minus it:

    u below about a      the tail below u, by its power series (DLMF 8.11.4)
    u above about a      the tail above u, by its continued fraction (DLMF 8.9.2, contracted)
    |Q| < NEARLY_NORMAL  the tail away from the mode, by a Gauss-Legendre rule

Each is differentiated by Q along with its value. Relative errors are below 1e-9, and below 1e-7 of
the derivative by Q; ten times smaller unless |Q| < NEARLY_NORMAL.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from scipy.special import factorial

NEARLY_NORMAL = 0.1  # series are long, and cancel when differentiated
ACCURACY = 1e-14  # of the power series
DEPTH = 24  # of the continued fraction
NODES, WEIGHTS = np.polynomial.legendre.leggauss(14)
REACH = 24.0  # the rule ends about where the density has fallen by exp(-REACH)
LARGEST = 50.0  # exp(-exp(50)) is 0
TAYLOR = 1 / factorial(np.arange(14, 1, -1))


@njit(error_model="numpy")
def _excess(x):
    """(exp(x) - 1 - x) / x^2 and its derivative."""
    if abs(x) > 1:
        exp = math.exp(x)
        return (exp - 1 - x) / x**2, (x * exp - 2 * exp + 2 + x) / x**3
    value, slope = 0.0, 0.0
    for coefficient in TAYLOR:
        slope = slope * x + value
        value = value * x + coefficient
    return value, slope


@njit(error_model="numpy")
def _below(w, q, a, u):
    """Probability below u over the density of w, and the derivative of its log by Q."""
    by_a, by_u = -2 * a / q, w - 2 / q  # derivatives of a and of log u by Q
    term, slope = 1 / a, -by_a / a
    total, moment = term, term * slope
    n = a
    while term > ACCURACY * total:
        n += 1
        term *= u / n
        slope += by_u - by_a / n
        total += term
        moment += term * slope
    return total / abs(q), moment / total - 1 / q


@njit(error_model="numpy")
def _above(w, q, a, u):
    """Probability above u over the density of w, and the derivative of its log by Q."""
    by_a = -2 * a / q
    rise = u * (w - 2 / q) - by_a  # derivative of u - a by Q
    rest, slope = 0.0, 0.0
    for n in range(DEPTH, 0, -1):
        inverse = 1 / (u - a + 2 * n + 1 + rest)
        rest = n * (a - n) * inverse
        slope = (n * by_a - rest * (rise + slope)) * inverse
    inverse = 1 / (u - a + 1 + rest)
    return inverse / abs(q), -(rise + slope) * inverse - 1 / q


@njit(error_model="numpy")
def _away(w, q, x):
    """Probability beyond w >= 0 over the density there, and the derivative of its log by Q."""
    exp = math.exp(x)
    value, slope = _excess(x)
    steep = w + q * w**2 * value  # minus the derivative of the log density
    by_q = w**2 * (value + x * slope)
    width = REACH / (steep + math.sqrt(steep**2 + 2 * REACH * exp))
    total, moment = 0.0, 0.0
    for number in range(len(NODES)):
        step = width * (1 + NODES[number])
        value, slope = _excess(q * step)
        density = WEIGHTS[number] * math.exp(-step * (steep + exp * step * value))
        total += density
        moment -= density * step * (by_q + exp * step * (w * value + step * slope))
    return width * total, moment / total


@njit(error_model="numpy")
def _log_tail(w, q, constant):
    """Log probability beyond w, and its derivatives by w, by Q and by `constant`."""
    if math.isinf(w):
        return min(0.0, -w), 0.0, 0.0, 0.0
    x = min(q * w, LARGEST)
    if abs(q) < NEARLY_NORMAL:
        beyond = w >= 0
        side = 1 if beyond else -1
        ratio, by_q = _away(side * w, side * q, x)
        by_q *= side
    else:
        a = q**-2
        u = a * math.exp(x)
        below = u < a + math.sqrt(a) + 2
        beyond = below == (q < 0)
        ratio, by_q = _below(w, q, a, u) if below else _above(w, q, a, u)
    value, slope = _excess(x)
    log_found = constant - w**2 * value + math.log(ratio)
    by_q -= w**3 * slope
    if beyond:
        return log_found, -1 / ratio, by_q, 1.0
    odds = 1 / math.expm1(-log_found)
    return math.log1p(-math.exp(log_found)), -odds / ratio, -odds * by_q, -odds


@njit(cache=True, error_model="numpy")
def log_tails(w, q, constant):
    """Log probabilities beyond w, and their derivatives by w, by Q and by `constant`.

    All are vectors of one length; `constant` is that of the log density, given Q.
    """
    found = np.empty((4, len(w)))
    for number in range(len(w)):
        found[:, number] = _log_tail(w[number], q[number], constant[number])
    return found[0], found[1], found[2], found[3]
