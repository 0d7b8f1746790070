"""The log posterior density of arms and contrasts with its gradient, written out for any network.

`evinet.nma.graph` states the same density as a PyMC graph, and a test holds the two together. A
graph is compiled for the shapes of its data, which takes seconds to minutes; these functions take
shapes as data, so that they are compiled once on a machine, and sampling needs no PyMC.

`density_data` makes the vector of all data; `arms` and `hazards` hold the likelihoods.

The prior and each kind of likelihood are C functions that call each other by their address:
functions that Numba links into each other are compiled again in each that calls them.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import carray, cfunc, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from evinet import cache as kept_code
from evinet.cache import INSIDE
from evinet.nma.fit import arms, hazards
from evinet.nma.fit.density_data import CODES, LIMITED, SIZES
from evinet.nma.fit.standardised import (
    deviate,
    deviate_back,
    inner,
    prior_of_scale,
    product,
    transposed,
)

_DOUBLES = types.CPointer(types.double)
_DENSITY = types.int64(types.uint64, _DOUBLES, _DOUBLES, _DOUBLES, types.voidptr)
_QUANTITIES = types.int64(types.uint64, types.uint64, _DOUBLES, _DOUBLES, types.voidptr)
_EVALUATE = types.double(
    types.int64, _DOUBLES, _DOUBLES, types.int64, _DOUBLES, types.voidptr
)  # fmt: skip
_VECTOR = types.double[::1]
_LIKELIHOOD = types.Tuple((types.double, types.double, types.int64))(
    types.double,
    _VECTOR,
    types.int64,
    _VECTOR,
    types.int64,
    _VECTOR,
    types.double,
    *[_VECTOR] * 7,
    types.int64,
)
RECORD = np.dtype([(name, np.uintp) for name in ("data", "size", "evaluate", "likelihood")])
"""What the sampler hands over to the density: addresses, and the length of the data."""


@intrinsic
def _pointer(typingctx: Any, address: Any) -> Any:
    """A number as a pointer."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), generate


@njit(**INSIDE)
def _words(record):
    """The numbers of a record."""
    return carray(record, (4,), numba.int64)  # type: ignore[call-overload]


@njit(**INSIDE)
def _data(words):
    """The vector of data of a record."""
    start: Any = _pointer(words[0])  # type: ignore[call-arg]
    return carray(start, (words[1],), numba.float64)


def _caller(called: Any) -> Any:
    """A function that calls the C function at an address with a tuple of its arguments."""

    @intrinsic
    def call(typingctx: Any, address: Any, given: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            kinds = [context.get_value_type(each) for each in called.args]
            function = ir.FunctionType(context.get_value_type(called.return_type), kinds)
            place = builder.inttoptr(values[0], function.as_pointer())
            return builder.call(place, cgutils.unpack_tuple(builder, values[1]))

        return called.return_type(address, types.Tuple(called.args)), generate

    return call


_call_evaluate, _call_likelihood = _caller(_EVALUATE), _caller(_LIKELIHOOD)


@njit(**INSIDE)
def _scaled(point, place, scale, data, at, count, rows, c, theta, z, narrow, slope, spread):
    """Adds to theta what `count` scaled normal z make of it; fills z and its parts; log density.

    Their data are precisions, slopes without effects, those by the effects c, and those of theta.
    """
    by = at + 2 * count
    product(data, by, count, len(c), c, slope)
    for k in range(count):
        slope[k] = data[at + count + k] - slope[k]
    log = deviate(point[place : place + count], scale, data[at : at + count], slope, z, narrow)
    product(data, by + count * len(c), rows, count, z, spread)
    for i in range(rows):
        theta[i] += scale * spread[i]
    return log


@njit(**INSIDE)
def _scaled_back(point, place, scale, data, at, count, rows, z, narrow, slope, spread, g_theta, g_z,
                 g_scale, gradient, g_c):  # fmt: skip
    """Fills the gradient in z, and adds slopes in c; returns `g_scale` with that in the scale."""
    by = at + 2 * count
    own = np.empty(count)
    transposed(data, by + count * len(g_c), rows, count, g_theta, own)
    for k in range(count):
        g_z[k] += scale * own[k] - z[k]
    g_scale += inner(spread, 0, g_theta, 0, rows)
    g_scale += deviate_back(
        point[place : place + count], scale, data[at : at + count], slope, narrow, g_z,
        gradient[place : place + count], own,
    )  # fmt: skip
    added = np.empty(len(g_c))
    transposed(data, by, count, len(g_c), own, added)
    for k in range(len(g_c)):
        g_c[k] -= added[k]
    return g_scale


@njit(**INSIDE)
def _of_contrasts(data, at, count, theta, g_theta):
    """Log density of published contrasts, the last rows; adds the slopes in theta."""
    log, first, square = 0.0, len(theta) - count, at + count
    apart, white, back = np.empty(count), np.empty(count), np.empty(count)
    for i in range(count):
        apart[i] = data[at + i] - theta[first + i]
    product(data, square, count, count, apart, white)
    for i in range(count):
        log += white[i] * white[i]
    transposed(data, square, count, count, white, back)
    for i in range(count):
        g_theta[first + i] += back[i]
    return -0.5 * log


def _evaluate(size, at_point, at_gradient, room, at_kept, record):  # noqa: C901
    """Log density of a point of `size` numbers; fills the gradient.

    Fills what is kept of the point, `names` of `density_data`, if it has room.
    """
    point, gradient = carray(at_point, (size,)), carray(at_gradient, (size,))
    kept = carray(at_kept, (room,))
    words = _words(record)
    data, likelihood = _data(words), words[3]
    acting, effects = int(data[0]), int(data[0]) + int(data[1])
    rows, free, members, contrasts = int(data[2]), int(data[5]), int(data[6]), int(data[7])
    sigma_free, sigma = data[11] > 0, data[14]
    root = SIZES + CODES + effects
    sd = root + effects * effects
    at = sd + effects
    log = 0.0
    every_c, every_g = np.empty(effects), np.empty(effects)
    product(data, root, effects, effects, point[:effects], every_c)
    for k in range(effects):
        every_c[k] += data[SIZES + CODES + k]
        log += (every_c[k] / data[sd + k]) ** 2
        every_g[k] = -every_c[k] / data[sd + k] ** 2
    log *= -0.5
    c, g_c = every_c[:acting], every_g[:acting]
    by_effects = at
    theta, g_theta = np.empty(rows), np.zeros(rows)
    product(data, at, rows, acting, c, theta)
    at += rows * acting

    of_members, moves = at, effects
    u, g_u, spread_u = np.empty(members), np.zeros(members), np.empty(rows)
    narrow_u, slope_u = np.empty(members), np.empty(members)
    sigma_at, sigma_slope, sigma_log_slope, g_sigma = moves + members, 0.0, 0.0, 0.0
    place = sigma_at
    if members:
        if sigma_free:
            sigma, sigma_slope, more, sigma_log_slope = prior_of_scale(
                int(data[20]), data[21], data[22], data[23], point[sigma_at]
            )
            log += more
            place += 1
        log += _scaled(point, moves, sigma, data, at, members, rows, c, theta, u, narrow_u, slope_u,
                       spread_u)  # fmt: skip
        at += members * (2 + acting + rows)

    of_deviations, tau_at = at, place
    z, g_z, spread_z = np.empty(free), np.zeros(free), np.empty(rows)
    narrow_z, slope_z = np.empty(free), np.empty(free)
    tau, tau_slope, tau_log_slope = 0.0, 0.0, 0.0
    if free:
        tau, tau_slope, more, tau_log_slope = prior_of_scale(
            int(data[16]), data[17], data[18], data[19], point[tau_at]
        )
        log += more
        log += _scaled(point, tau_at + 1, tau, data, at, free, rows, c, theta, z, narrow_z, slope_z,
                       spread_z)  # fmt: skip
        at += free * (2 + acting + rows)
        place += 1 + free

    put = 0
    if room:
        for k in range(effects):
            kept[k] = every_c[k]
        for k in range(members):
            kept[effects + k] = sigma * u[k]
        for i in range(rows):
            kept[effects + members + i] = theta[i]
        put = effects + members + rows
        if free:
            kept[put] = tau
            put += 1
        if members and sigma_free:
            kept[put] = sigma
            put += 1
    if likelihood:
        log, g_sigma, at = _call_likelihood(
            likelihood,
            (log, point, place, data, at, every_c, sigma, u, theta, gradient, g_theta, every_g, g_u,
             kept, put),
        )  # fmt: skip
        if log == -math.inf:
            return log
    if contrasts:
        log += _of_contrasts(data, at, contrasts, theta, g_theta)

    added = np.empty(acting)
    transposed(data, by_effects, rows, acting, g_theta, added)
    for k in range(acting):
        g_c[k] += added[k]
    if members:
        g_sigma = _scaled_back(
            point, moves, sigma, data, of_members, members, rows, u, narrow_u, slope_u, spread_u,
            g_theta, g_u, g_sigma, gradient, g_c,
        )  # fmt: skip
        if sigma_free:
            gradient[sigma_at] = g_sigma * sigma_slope + sigma_log_slope
    if free:
        g_tau = _scaled_back(
            point, tau_at + 1, tau, data, of_deviations, free, rows, z, narrow_z, slope_z, spread_z,
            g_theta, g_z, 0.0, gradient, g_c,
        )  # fmt: skip
        gradient[tau_at] = g_tau * tau_slope + tau_log_slope
    transposed(data, root, effects, effects, every_g, gradient[:effects])
    return log


def _density(size, point, gradient, value, record):
    """The sampler's log density."""
    count = numba.int64(size)
    found = _call_evaluate(_words(record)[2], (count, point, gradient, 0, point, record))
    value[0] = found
    if not math.isfinite(found):
        return 3
    for i in range(count):
        if not math.isfinite(gradient[i]):
            return 3
    return 0


def _quantities(size, length, point, values, record):
    """What the sampler keeps of a point."""
    count = numba.int64(size)
    slope = np.empty(count)
    _call_evaluate(
        _words(record)[2], (count, point, slope.ctypes, numba.int64(length), values, record)
    )
    return 0


def _likelihood(data: np.ndarray) -> str:
    """The kind of likelihood of a vector of data; empty where there are contrasts alone.

    What is rarer of arms: categories, links whose levels have limits, patients' covariates.
    """
    if data[SIZES + CODES - 1] > 0:
        return "hazards"
    if data[3] == 0:
        return ""
    rarer = data[8] > 0 or data[9] in LIMITED or data[SIZES + CODES - 3] > 0
    return "rarer-arms" if rarer else "arms"


@cache
def _compiled(name: str) -> Any:
    """One of the C functions."""
    signature, written = {
        "evaluate": (_EVALUATE, _evaluate),
        "density": (_DENSITY, _density),
        "quantities": (_QUANTITIES, _quantities),
        "arms": (_LIKELIHOOD, arms.likelihood(None)),
        "rarer-arms": (_LIKELIHOOD, arms.likelihood(True)),
        "hazards": (_LIKELIHOOD, hazards.of_hazards),
    }[name]
    with kept_code.alone(f"density-{name}"):
        return cfunc(signature, cache=True, error_model="numpy")(written)


def functions() -> tuple[Any, Any]:
    """The compiled log density and what is kept of a point; each also takes a record."""
    return _compiled("density"), _compiled("quantities")


def record(data: np.ndarray) -> np.ndarray:
    """What `functions` need of a vector of data, which must stay where it is."""
    kind = _likelihood(data)
    likelihood = _compiled(kind).address if kind else 0
    return np.array((data.ctypes.data, data.size, _compiled("evaluate").address, likelihood),
                    RECORD)  # fmt: skip
