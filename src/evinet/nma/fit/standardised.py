"""Compiled parts that densities share: priors of scales, what is scaled by them, products.

A matrix is rows after each other in a vector, from a place on: this compiles in a tenth of the time
that slices with two dimensions take.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from evinet.cache import INSIDE

LOG2E, HIGH, LOW = math.log2(math.e), 0.6931471803691238, 1.9082149292705877e-10  # ln 2 in two
MAGIC = 1.5 * 2.0**52  # a number plus this is rounded to a whole one, in its last bits
FURTHEST = 700.0
TERMS = tuple(1 / math.factorial(power) for power in range(13, -1, -1))


@njit(**INSIDE)
def inner(a, at, b, place, size):
    """The inner product of `size` numbers of two vectors."""
    return np.dot(a[at : at + size], b[place : place + size])


@njit(**INSIDE)
def product(matrix, at, rows, columns, x, found):
    """Fills `found` with the matrix times x."""
    np.dot(matrix[at : at + rows * columns].reshape(rows, columns), x, found)


@njit(**INSIDE)
def transposed(matrix, at, rows, columns, x, found):
    """Fills `found` with x times the matrix."""
    np.dot(x, matrix[at : at + rows * columns].reshape(rows, columns), found)


@njit(cache=True)
def exponentials(x, found):
    """exp of the numbers of an array, those beyond 700 taken for 700: right to the last digits.

    Without a branch or a call, so that the processor takes several at once: the last bits do not
    depend on how many.
    """
    rounded = np.empty(len(x))
    for i in range(len(x)):
        at = min(max(x[i], -FURTHEST), FURTHEST)
        rounded[i] = at * LOG2E + MAGIC
        times = rounded[i] - MAGIC
        rest = (at - times * HIGH) - times * LOW
        total = TERMS[0]
        for k in range(1, len(TERMS)):
            total = total * rest + TERMS[k]
        found[i] = total
    power = rounded.view(np.int64)
    for i in range(len(x)):
        power[i] = (power[i] << 52) + (1023 << 52)
    scale = power.view(np.float64)
    for i in range(len(x)):
        found[i] *= scale[i]


@njit(**INSIDE)
def prior_of_scale(code, p1, p2, p3, x):
    """A prior of a scale: the scale at the unconstrained x, its derivative, log density, its."""
    if code == 4:
        share = 1 / (1 + math.exp(-x))
        value = p1 + (p2 - p1) * share
        slope = (p2 - p1) * share * (1 - share)
        log = -math.log1p(math.exp(-abs(x))) * 2 - abs(x)
        return value, slope, log, 1 - 2 * share
    if code >= 5:
        value, z = math.exp(x), (x - p1) / p2
        if code == 5:
            return value, value, -0.5 * z * z, -z / p2
        log = -0.5 * (p3 + 1) * math.log1p(z * z / p3)
        return value, value, log, -(p3 + 1) * z / (p3 + z * z) / p2
    value = math.exp(x)
    if code == 0:
        z = value / p1
        return value, value, -0.5 * z * z + x, 1 - z * z
    if code == 1:
        z = value / p1
        return value, value, -math.log1p(z * z) + x, 1 - 2 * z * z / (1 + z * z)
    if code == 2:
        z = value / p2
        return (
            value,
            value,
            -0.5 * (p1 + 1) * math.log1p(z * z / p1) + x,
            (1 - (p1 + 1) * z * z / (p1 + z * z)),
        )
    return value, value, -p1 * value + x, 1 - p1 * value


@njit(**INSIDE)
def deviate(moves, scale, precision, slope, z, narrow):
    """Standardised z of `likelihoods.scaled_normal` from its moves; log density."""
    log = 0.0
    for k in range(len(moves)):
        q = 1 + scale * scale * precision[k]
        narrow[k] = 1 / math.sqrt(q)
        z[k] = scale * slope[k] / q + narrow[k] * moves[k]
        log += math.log(narrow[k]) - 0.5 * z[k] * z[k]
    return log


@njit(**INSIDE)
def deviate_back(moves, scale, precision, slope, narrow, g_z, g_moves, g_slope):
    """Slopes in moves and in `slope` from those in z; returns the slope in the scale."""
    g_scale = 0.0
    for k in range(len(moves)):
        q = 1 + scale * scale * precision[k]
        g_moves[k] = g_z[k] * narrow[k]
        g_slope[k] = g_z[k] * scale / q
        twice = scale * precision[k] / q
        g_scale += g_z[k] * (slope[k] / q * (1 - 2 * scale * twice) - moves[k] * twice * narrow[k])
        g_scale -= twice
    return g_scale


@njit(cache=True, error_model="numpy")
def psi(x):
    """The derivative of ln Gamma(x), with an error of about 1e-14 of the larger of it and 1.

    Below 10 by the recurrence, from there by the asymptotic series (DLMF 5.5.2, 5.5.4, 5.11.2).
    """
    found = 0.0
    if x <= 0:
        if x == math.floor(x):
            return math.nan
        found = -math.pi / math.tan(math.pi * x)
        x = 1 - x
    while x < 10:
        found -= 1 / x
        x += 1
    square = 1 / (x * x)
    series = 1 / 132 - square * (691 / 32760 - square / 12)
    series = 1 / 120 - square * (1 / 252 - square * (1 / 240 - square * series))
    return found + math.log(x) - 0.5 / x - square * (1 / 12 - square * series)
