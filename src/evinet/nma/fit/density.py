"""The log posterior density of arms and contrasts with its gradient, written out for any network.

`evinet.nma.graph` states the same density as a PyMC graph, and a test holds the two together. A
graph is compiled for the shapes of its data, which takes seconds to minutes; these functions take
shapes as data, so that they are compiled once on a machine, and sampling needs no PyMC.

`density_data` makes the vector of all data; `density_arms` and `hazards` hold the likelihoods.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numba
import numpy as np
from numba import carray, cfunc, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from evinet.nma.fit.density_arms import (
    averaged,
    cut_points,
    cut_points_back,
    free_levels,
    free_levels_back,
    means_of_patients,
    of_arm,
    of_categories,
    of_patients,
)  # fmt: skip
from evinet.nma.fit.density_data import CODES, LIMITED, SIZES
from evinet.nma.fit.hazards import of_hazards
from evinet.nma.fit.standardised import deviate, deviate_back, prior_of_scale


@njit(cache=True)
def _evaluate(point, data, gradient, kept, rarer, of_hazard):  # noqa: C901
    """Log density; fills the gradient, and `kept` with `names` if it has room.

    What is `rarer`, and what is of hazards, is compiled where it is not None: see `parts`.
    """
    acting, extra = int(data[0]), int(data[1])
    rows, arms, studies = int(data[2]), int(data[3]), int(data[4])
    free, members, contrasts, gaps = int(data[5]), int(data[6]), int(data[7]), int(data[8])
    code, sigma_free, risky = int(data[9]), data[11] > 0, data[12] > 0
    intercept_sd, sigma, random_cuts = data[13], data[14], data[15] > 0
    limited, wide = code in LIMITED, gaps + 2 if gaps else 1
    terms, of_two = int(data[SIZES + CODES - 3]), data[SIZES + CODES - 2] > 0
    curves = int(data[SIZES + CODES - 1])
    size = acting + extra
    at = SIZES + CODES
    centre = data[at : at + size]
    at += size
    root = data[at : at + size * size].reshape(size, size)
    at += size * size
    sd = data[at : at + size]
    at += size
    effects = data[at : at + rows * acting].reshape(rows, acting)
    at += rows * acting

    c = centre + np.dot(root, point[:size])
    log = -0.5 * ((c / sd) ** 2).sum()
    g_c = -c / sd**2
    theta = np.dot(effects, c[:acting])
    place = size

    class_at = at
    u, u_narrow, g_u = np.zeros(members), np.zeros(members), np.zeros(members)
    u_slope = np.zeros(members)
    g_sigma = 0.0
    sigma_slope, sigma_log_slope = 0.0, 0.0
    members_at = place
    place += members
    sigma_at = place
    if members:
        if sigma_free:
            sigma, sigma_slope, more, sigma_log_slope = prior_of_scale(
                int(data[20]), data[21], data[22], data[23], point[place]
            )
            log += more
            place += 1
        precision = data[at : at + members]
        at += members
        base = data[at : at + members]
        at += members
        u_effects = data[at : at + members * acting].reshape(members, acting)
        at += members * acting
        u_spread = data[at : at + rows * members].reshape(rows, members)
        at += rows * members
        u_slope = base - np.dot(u_effects, c[:acting])
        log += deviate(
            point[members_at : members_at + members], sigma, precision, u_slope, u, u_narrow
        )
        theta = theta + sigma * np.dot(u_spread, u)

    tau, tau_slope, tau_log_slope = 0.0, 0.0, 0.0
    tau_at = place
    z, z_narrow, z_slope = np.zeros(free), np.zeros(free), np.zeros(free)
    random_at = at
    if free:
        tau, tau_slope, more, tau_log_slope = prior_of_scale(
            int(data[16]), data[17], data[18], data[19], point[place]
        )
        log += more
        place += 1
        z_precision = data[at : at + free]
        at += free
        z_base = data[at : at + free]
        at += free
        z_effects = data[at : at + free * acting].reshape(free, acting)
        at += free * acting
        deviations = data[at : at + rows * free].reshape(rows, free)
        at += rows * free
        z_slope = z_base - np.dot(z_effects, c[:acting])
        log += deviate(point[place : place + free], tau, z_precision, z_slope, z, z_narrow)
        spread = np.dot(deviations, z)
        theta = theta + tau * spread
        place += free

    g_theta = np.zeros(rows)
    eta, mu = np.zeros(arms), np.zeros(studies)
    cuts, g_cuts = np.zeros((studies, gaps + 1)), np.zeros((studies, gaps + 1))
    cuts_at, cuts_sigma, people_at, residual_at, residuals = 0, 0.0, 0, 0, 0
    if arms:
        x = data[at : at + arms * wide]
        at += len(x)
        s = data[at : at + arms * (wide + 1 if gaps else 1)]
        at += len(s)
        offset = data[at : at + arms]
        at += arms
        study = data[at : at + arms]
        at += arms
        weights = data[at : at + arms]
        at += arms
        level_centre = data[at : at + studies]
        at += studies
        level_scale = data[at : at + studies]
        at += studies
        level = point[place : place + studies]
        moved = np.empty(studies)
        g_mu = np.zeros(studies)
        risk_at = at
        if risky:
            at += arms + 1
        slopes, g_slopes = np.zeros((arms, terms)), np.zeros((arms, terms))
        arm_means = slopes
        people_at = at
        if rarer is not None and terms:
            people, published_arms, points = int(data[at]), int(data[at + 1]), int(data[at + 2])
            residuals = int(data[at + 3])
            at += 4
            slope_c = data[at : at + arms * terms * acting].reshape(arms * terms, acting)
            at += arms * terms * acting
            slope_u = data[at : at + arms * terms * members].reshape(arms * terms, members)
            at += arms * terms * members
            slopes = (np.dot(slope_c, c[:acting]) + sigma * np.dot(slope_u, u)).reshape(arms, terms)
            arm_means = data[at : at + arms * terms].reshape(arms, terms)
            people_at = at + arms * terms
            at = people_at + 3 * arms + studies + residuals
            person_columns = data[at : at + people * terms]
            at += people * terms
            person_x = data[at : at + people * wide]
            at += people * wide
            person_s = data[at : at + people * (wide + 1 if gaps else 1)]
            at += len(person_s)
            person_n = data[at : at + people]
            at += people
            person_square = data[at : at + people]
            at += people
            every_point = data[at : at + published_arms * points * terms]
            at += published_arms * points * terms
            point_weights = data[at : at + published_arms * points].reshape(-1, points)
            at += published_arms * points
        residual_at = cuts_at = place + studies
        if gaps:
            residual_at += gaps
            if random_cuts:
                residual_at += 1 + studies * gaps
        gradient[residual_at : residual_at + residuals] = 0.0
        for j in range(studies):
            if risky:
                log += abs(level[j]) + math.log1p(math.exp(-2 * abs(level[j])))
                moved[j] = math.sinh(level[j])
            else:
                moved[j] = level[j]
            mu[j] = level_centre[j] + level_scale[j] * moved[j]
        if rarer is not None and gaps:
            more, cuts_sigma = cut_points(
                point, cuts_at, studies, gaps, random_cuts, data, cuts, gradient
            )
            log += more
        share = np.empty(studies if limited else 0)
        ends = np.empty((len(share), 2), np.int64)
        if rarer is not None and limited:
            log += free_levels(code, mu, theta, study, weights, share, ends)
            if log == -math.inf:
                return log
        else:
            for i in range(arms):
                mean = theta[i]
                for k in range(terms):
                    mean += arm_means[i, k] * slopes[i, k]
                mu[int(study[i])] -= weights[i] * mean
        for j in range(studies):
            log -= 0.5 * (mu[j] / intercept_sd) ** 2
            g_mu[j] = -mu[j] / intercept_sd**2
        for i in range(arms):
            j = int(study[i])
            eta[i] = offset[i] + mu[j] + theta[i]
            times = 1.0
            if risky:
                away = mu[j] - data[risk_at + arms]
                eta[i] += data[risk_at + i] * away * c[size - 1]
                times += data[risk_at + i] * c[size - 1]
            here = x[i * wide : (i + 1) * wide]
            there = s[i * (wide + 1) : (i + 1) * (wide + 1)] if gaps else s[i : i + 1]
            if rarer is not None and terms:
                start, stop = int(data[people_at + i]), int(data[people_at + arms + i])
                number = int(data[people_at + 2 * arms + i])
                own = person_columns[start * terms : stop * terms]
                if number >= 0:
                    own = every_point[number * points * terms : (number + 1) * points * terms]
                own = own.reshape(terms, -1)
                at_own = np.full(own.shape[1], eta[i])
                for k in range(terms):
                    for q in range(len(at_own)):
                        at_own[q] += slopes[i, k] * own[k, q]
                g_own = np.empty(len(at_own))
                if number >= 0:
                    one = averaged(
                        code, of_two, at_own, here, there, point_weights[number], cuts[j],
                        g_cuts[j], g_own,
                    )  # fmt: skip
                elif code == 4:
                    residual = int(data[people_at + 3 * arms + j])
                    log_sd = data[people_at + 3 * arms + studies + residual]
                    log_sd += point[residual_at + residual]
                    one, g_sd = means_of_patients(
                        at_own, person_x[start:stop], person_n[start:stop],
                        person_square[start:stop], log_sd, g_own,
                    )  # fmt: skip
                    gradient[residual_at + residual] += g_sd
                else:
                    one = of_patients(
                        code, at_own, person_x[start * wide : stop * wide],
                        person_s[start * (wide + 1) if gaps else start :], wide, cuts[j], g_cuts[j],
                        g_own,
                    )  # fmt: skip
                slope = g_own.sum()
                g_slopes[i] += np.dot(own, g_own)
            elif rarer is not None and gaps:
                one, slope = of_categories(code, here, there, eta[i], cuts[j], g_cuts[j])
            else:
                one, slope = of_arm(code, x[i], s[i], eta[i])
            log += one
            g_theta[i] += slope
            g_mu[j] += slope * times
            if risky:
                g_c[size - 1] += slope * data[risk_at + i] * (mu[j] - data[risk_at + arms])
        if rarer is not None and gaps:
            cut_points_back(
                point, cuts_at, studies, gaps, random_cuts, data, cuts_sigma, cuts, g_cuts, gradient
            )
        if rarer is not None and limited:
            free_levels_back(code, theta, study, weights, share, ends, g_mu, g_theta)
        else:
            for i in range(arms):
                moved_by = weights[i] * g_mu[int(study[i])]
                g_theta[i] -= moved_by
                for k in range(terms):
                    g_slopes[i, k] -= moved_by * arm_means[i, k]
        if rarer is not None and terms:
            flat_slopes = g_slopes.reshape(arms * terms)
            g_c[:acting] += np.dot(slope_c.T, flat_slopes)
            if members:
                g_u += sigma * np.dot(slope_u.T, flat_slopes)
                g_sigma += np.dot(np.dot(slope_u, u), flat_slopes)
        for j in range(studies):
            g = g_mu[j] * level_scale[j]
            if risky:
                gradient[place + j] = g * math.cosh(level[j]) + math.tanh(level[j])
            else:
                gradient[place + j] = g
    put = 0
    if of_hazard is not None:
        if len(kept):
            put = size + members + rows + (free > 0) + (members > 0 and sigma_free)
        more, g_curves, at = of_hazards(
            point, place, data, at, curves, c[:acting], sigma, u, theta, gradient, g_theta,
            g_c[:acting], g_u, kept, put,
        )  # fmt: skip
        log += more
        g_sigma += g_curves
    if contrasts:
        published = data[at : at + contrasts]
        at += contrasts
        whitening = data[at : at + contrasts * contrasts].reshape(contrasts, contrasts)
        white = np.dot(whitening, published - theta[rows - contrasts :])
        log -= 0.5 * (white**2).sum()
        g_theta[rows - contrasts :] += np.dot(whitening.T, white)

    g_c[:acting] += np.dot(effects.T, g_theta)
    if members:
        precision = data[class_at : class_at + members]
        start = class_at + 2 * members
        u_effects = data[start : start + members * acting].reshape(members, acting)
        start += members * acting
        u_spread = data[start : start + rows * members].reshape(rows, members)
        g_u += sigma * np.dot(u_spread.T, g_theta) - u
        g_slope = np.empty(members)
        g_sigma += np.dot(np.dot(u_spread, u), g_theta)
        g_sigma += deviate_back(
            point[members_at : members_at + members], sigma, precision, u_slope, u_narrow, g_u,
            gradient[members_at : members_at + members], g_slope,
        )  # fmt: skip
        g_c[:acting] -= np.dot(u_effects.T, g_slope)
        if sigma_free:
            gradient[sigma_at] = g_sigma * sigma_slope + sigma_log_slope
    if free:
        z_precision = data[random_at : random_at + free]
        start = random_at + 2 * free
        z_effects = data[start : start + free * acting].reshape(free, acting)
        start += free * acting
        deviations = data[start : start + rows * free].reshape(rows, free)
        g_z = tau * np.dot(deviations.T, g_theta) - z
        g_slope = np.empty(free)
        g_tau = np.dot(spread, g_theta)
        g_tau += deviate_back(
            point[tau_at + 1 : tau_at + 1 + free], tau, z_precision, z_slope, z_narrow, g_z,
            gradient[tau_at + 1 : tau_at + 1 + free], g_slope,
        )  # fmt: skip
        g_c[:acting] -= np.dot(z_effects.T, g_slope)
        gradient[tau_at] = g_tau * tau_slope + tau_log_slope
    gradient[:size] = np.dot(root.T, g_c)

    if len(kept):
        kept[:size] = c
        put = size
        kept[put : put + members] = sigma * u
        put += members
        kept[put : put + rows] = theta
        put += rows
        kept[put : put + arms] = eta
        put += arms
        kept[put : put + studies] = mu
        put += studies
        if free:
            kept[put] = tau
            put += 1
        if members and sigma_free:
            kept[put] = sigma
            put += 1
        for m in range(gaps):
            at_m = point[cuts_at + m]
            kept[put] = prior_of_scale(int(data[24]), data[25], data[26], data[27], at_m)[0]
            put += 1
        if random_cuts:
            kept[put] = cuts_sigma
            put += 1
            for j in range(studies):
                for m in range(gaps):
                    kept[put] = cuts[j, m + 1] - cuts[j, m]
                    put += 1
        for j in range(residuals):
            log_sd = data[people_at + 3 * arms + studies + j] + point[residual_at + j]
            kept[put] = math.exp(log_sd)
            put += 1
    return log


@intrinsic
def _pointer(typingctx: Any, address: Any) -> Any:
    """A number as a pointer."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), generate


@njit(cache=True)
def _data(record):
    """The vector of data: the sampler hands over a record of its address and its length."""
    header = carray(record, (2,), numba.uint64)  # type: ignore[call-overload]
    start: Any = _pointer(header[0])  # type: ignore[call-arg]
    return carray(start, (numba.int64(header[1]),), numba.float64)


def parts(data: np.ndarray) -> tuple[bool | None, bool | None]:
    """Which parts of the density a vector of data needs, True or None.

    What is rarer: categories, links whose levels have limits, patients' covariates. Then patients'
    hazards.
    """
    rarer = data[8] > 0 or data[9] in LIMITED or data[SIZES + CODES - 3] > 0
    return True if rarer else None, True if data[SIZES + CODES - 1] > 0 else None


def _density(rarer: bool | None, hazard: bool | None) -> Any:
    """The sampler's log density."""

    def density(size, point, gradient, value, record):
        slope = carray(gradient, (numba.int64(size),))
        here = carray(point, (numba.int64(size),))
        found = _evaluate(here, _data(record), slope, np.empty(0), rarer, hazard)
        carray(value, (1,))[0] = found
        if math.isfinite(found) and np.isfinite(slope).all():
            return 0
        return 3

    return density


def _quantities(rarer: bool | None, hazard: bool | None) -> Any:
    """What the sampler keeps of a point."""

    def quantities(size, length, point, values, record):
        kept = carray(values, (numba.int64(length),))
        here, slope = carray(point, (numba.int64(size),)), np.empty(numba.int64(size))
        _evaluate(here, _data(record), slope, kept, rarer, hazard)
        return 0

    return quantities


_DOUBLES = types.CPointer(types.double)
_DENSITY = types.int64(types.uint64, _DOUBLES, _DOUBLES, _DOUBLES, types.voidptr)
_QUANTITIES = types.int64(types.uint64, types.uint64, _DOUBLES, _DOUBLES, types.voidptr)


@cache
def functions(rarer: bool | None, hazard: bool | None) -> tuple[Any, Any]:
    """The compiled log density and what is kept of a point, with the `parts` that are needed."""
    return (
        cfunc(_DENSITY, cache=True)(_density(rarer, hazard)),
        cfunc(_QUANTITIES, cache=True)(_quantities(rarer, hazard)),
    )
