"""The likelihood of arms with its gradient, written out for any network.

`density_arms` holds that of one arm.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from evinet.cache import INSIDE
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
)
from evinet.nma.fit.density_data import CODES, LIMITED, SIZES
from evinet.nma.fit.standardised import prior_of_scale, product, transposed


@njit(**INSIDE)
def _levels(log, point, place, studies, data, at, risky, mu):
    """Fills the levels of studies, from which effects are not yet taken off; adds to `log`."""
    for j in range(studies):
        level = point[place + j]
        moved = level
        if risky:
            log += abs(level) + math.log1p(math.exp(-2 * abs(level)))
            moved = math.sinh(level)
        mu[j] = data[at + j] + data[at + studies + j] * moved
    return log


@njit(**INSIDE)
def _levels_back(point, place, studies, data, at, risky, g_mu, gradient):
    """Fills the gradient in what the sampler moves of the levels."""
    for j in range(studies):
        g = g_mu[j] * data[at + studies + j]
        if risky:
            level = point[place + j]
            g = g * math.cosh(level) + math.tanh(level)
        gradient[place + j] = g


@njit(**INSIDE)
def _slopes(data, people, sigma, c, u, slopes):
    """Fills the slopes of each arm's predictor."""
    size, by_u = len(slopes), people + 4 + len(slopes) * len(c)
    more = np.empty(size)
    product(data, people + 4, size, len(c), c, slopes)
    product(data, by_u, size, len(u), u, more)
    for k in range(size):
        slopes[k] += sigma * more[k]


@njit(**INSIDE)
def _slopes_back(data, people, sigma, u, g_slopes, g_c, g_u):
    """Adds the slopes in c and u that those of the arms' slopes make; returns that in sigma."""
    size, by_u, g_sigma = len(g_slopes), people + 4 + len(g_slopes) * len(g_c), 0.0
    added, more, back = np.empty(len(g_c)), np.empty(len(u)), np.empty(size)
    transposed(data, people + 4, size, len(g_c), g_slopes, added)
    for k in range(len(g_c)):
        g_c[k] += added[k]
    if len(u):
        transposed(data, by_u, size, len(u), g_slopes, more)
        for k in range(len(u)):
            g_u[k] += sigma * more[k]
        product(data, by_u, size, len(u), u, back)
        g_sigma = np.dot(back, g_slopes)
    return g_sigma


@njit(**INSIDE)
def _of_people(i, j, data, people, means, eta, x, s, point, residual_at, slopes, g_slopes, cuts,
               g_cuts, gradient):  # fmt: skip
    """Log-likelihood of arm i of study j by its patients, or by points if it was published.

    `people` is where their data start, and `means` those after the effects of slopes. Also the
    slope in eta; adds those in the slopes of predictors.
    """
    arms, studies, gaps, code = int(data[3]), int(data[4]), int(data[8]), int(data[9])
    terms, of_two = int(data[SIZES + CODES - 3]), data[SIZES + CODES - 2] > 0
    wide, widest = (gaps + 2, gaps + 3) if gaps else (1, 1)
    count, published, points = int(data[people]), int(data[people + 1]), int(data[people + 2])
    ends = means + arms * terms
    residual_of = ends + 3 * arms
    columns = residual_of + studies + int(data[people + 3])
    first_x = columns + count * terms
    first_s = first_x + count * wide
    first_n = first_s + count * widest
    first_point = first_n + 2 * count
    first_weight = first_point + published * points * terms
    start, stop = int(data[ends + i]), int(data[ends + arms + i])
    number = int(data[ends + 2 * arms + i])
    own, size = columns + start * terms, stop - start
    if number >= 0:
        own, size = first_point + number * points * terms, points
    at, g_at, g_own = np.empty(size), np.empty(size), np.empty(terms)
    for q in range(size):
        at[q] = eta
    for k in range(terms):
        for q in range(size):
            at[q] += slopes[i * terms + k] * data[own + k * size + q]
    if number >= 0:
        weights = first_weight + number * points
        log = averaged(code, of_two, at, x, s, data[weights : weights + points], cuts, g_cuts, g_at)
    elif code == 4:
        residual = int(data[residual_of + j])
        log_sd = data[residual_of + studies + residual]
        log_sd += point[residual_at + residual]
        log, g_sd = means_of_patients(
            at, data[first_x + start : first_x + stop], data[first_n + start : first_n + stop],
            data[first_n + count + start : first_n + count + stop], log_sd, g_at,
        )  # fmt: skip
        gradient[residual_at + residual] += g_sd
    else:
        log = of_patients(
            code, at, data[first_x + start * wide : first_x + stop * wide],
            data[first_s + start * widest : first_s + stop * widest], wide, cuts, g_cuts, g_at,
        )  # fmt: skip
    slope = 0.0
    for q in range(size):
        slope += g_at[q]
    product(data, own, terms, size, g_at, g_own)
    for k in range(terms):
        g_slopes[i * terms + k] += g_own[k]
    return log, slope


@njit(**INSIDE)
def _keep(point, data, kept, put, eta, mu, cuts_at, cuts, cuts_sigma, residual_at, starts):
    """What is kept of arms: predictors, levels, cut-points, standard deviations of patients."""
    studies, gaps, random_cuts = len(mu), int(data[8]), data[15] > 0
    for i in range(len(eta)):
        kept[put + i] = eta[i]
    put += len(eta)
    for j in range(studies):
        kept[put + j] = mu[j]
    put += studies
    for m in range(gaps):
        at = point[cuts_at + m]
        kept[put] = prior_of_scale(int(data[24]), data[25], data[26], data[27], at)[0]
        put += 1
    if gaps and random_cuts:
        kept[put] = cuts_sigma
        put += 1
        for j in range(studies):
            for m in range(gaps):
                kept[put] = cuts[j, m + 1] - cuts[j, m]
                put += 1
    for j in range(len(starts)):
        kept[put + j] = math.exp(starts[j] + point[residual_at + j])


def likelihood(rarer: bool | None) -> Any:  # noqa: C901
    """The likelihood of arms, to be compiled.

    What is `rarer` is compiled where it is not None: categories, links whose levels have limits,
    patients' covariates.
    """

    def of_arms(log, point, place, data, at, c, sigma, u, theta, gradient,  # noqa: C901
                g_theta, g_c, g_u, kept, put):  # fmt: skip
        """Adds the log density of arms, whose data are at `at`, and of studies' levels to `log`.

        What the sampler moves of them is at `place` of the point. Fills their slopes in the
        gradient, and adds those in the effects, in c and in sigma * u; fills `kept` from `put`, if
        it has room. Returns also the slope in sigma, and where the data end.
        """
        acting, size, arms, studies = int(data[0]), len(c), int(data[3]), int(data[4])
        gaps, code, risky = int(data[8]), int(data[9]), data[12] > 0
        intercept_sd, random_cuts = data[13], data[15] > 0
        terms = int(data[SIZES + CODES - 3])
        wide, widest = (gaps + 2, gaps + 3) if gaps else (1, 1)
        x = at
        s = x + arms * wide
        offset = s + arms * widest
        study, weight = offset + arms, offset + 2 * arms
        levels = weight + arms
        risk = levels + 2 * studies
        at = risk + arms + 1 if risky else risk
        g_sigma = 0.0
        eta, mu, g_mu = np.empty(arms), np.empty(studies), np.empty(studies)
        if rarer is not None:
            people, means, residuals = at, at, 0
            slopes, g_slopes = np.zeros(arms * terms), np.zeros(arms * terms)
            cuts, g_cuts = np.zeros((studies, gaps + 1)), np.zeros((studies, gaps + 1))
            cuts_sigma, cuts_at = 0.0, place + studies
            residual_at = cuts_at + gaps
            if gaps and random_cuts:
                residual_at += 1 + studies * gaps
            limited = code in LIMITED
            share, ends = np.empty(studies), np.empty((studies, 2), np.int64)
            if terms:
                count, points = int(data[at]), int(data[at + 1]) * int(data[at + 2])
                residuals = int(data[at + 3])
                _slopes(data, at, sigma, c[:acting], u, slopes)
                means = at + 4 + arms * terms * (acting + len(u))
                at = means + arms * (terms + 3) + studies + residuals
                at += count * (terms + wide + widest + 2) + points * (terms + 1)
            for k in range(residuals):
                gradient[residual_at + k] = 0.0
        log = _levels(log, point, place, studies, data, levels, risky, mu)
        if rarer is not None:
            if gaps:
                more, cuts_sigma = cut_points(
                    point, cuts_at, studies, gaps, random_cuts, data, cuts, gradient
                )
                log += more
            if limited:
                log += free_levels(code, mu, theta, data[study : study + arms],
                                   data[weight : weight + arms], share, ends)  # fmt: skip
                if log == -math.inf:
                    return log, 0.0, at
            else:
                for i in range(arms):
                    mean = theta[i]
                    for k in range(i * terms, (i + 1) * terms):
                        mean += data[means + k] * slopes[k]
                    mu[int(data[study + i])] -= data[weight + i] * mean
        else:
            for i in range(arms):
                mu[int(data[study + i])] -= data[weight + i] * theta[i]
        for j in range(studies):
            log -= 0.5 * (mu[j] / intercept_sd) ** 2
            g_mu[j] = -mu[j] / intercept_sd**2
        for i in range(arms):
            j = int(data[study + i])
            eta[i] = data[offset + i] + mu[j] + theta[i]
            times = 1.0
            if risky:
                away = mu[j] - data[risk + arms]
                eta[i] += data[risk + i] * away * c[size - 1]
                times += data[risk + i] * c[size - 1]
            if rarer is None:
                one, slope = of_arm(code, data[x + i], data[s + i], eta[i])
            else:
                here = data[x + i * wide : x + (i + 1) * wide]
                there = data[s + i * widest : s + (i + 1) * widest]
                if terms:
                    one, slope = _of_people(
                        i, j, data, people, means, eta[i], here, there, point, residual_at, slopes,
                        g_slopes, cuts[j], g_cuts[j], gradient,
                    )  # fmt: skip
                elif gaps:
                    one, slope = of_categories(code, here, there, eta[i], cuts[j], g_cuts[j])
                else:
                    one, slope = of_arm(code, here[0], there[0], eta[i])
            log += one
            g_theta[i] += slope
            g_mu[j] += slope * times
            if risky:
                g_c[size - 1] += slope * data[risk + i] * (mu[j] - data[risk + arms])
        if rarer is not None:
            if gaps:
                cut_points_back(point, cuts_at, studies, gaps, random_cuts, data, cuts_sigma, cuts,
                                g_cuts, gradient)  # fmt: skip
            if limited:
                free_levels_back(
                    code, theta, data[study : study + arms], data[weight : weight + arms], share,
                    ends, g_mu, g_theta,
                )  # fmt: skip
            else:
                for i in range(arms):
                    moved_by = data[weight + i] * g_mu[int(data[study + i])]
                    g_theta[i] -= moved_by
                    for k in range(i * terms, (i + 1) * terms):
                        g_slopes[k] -= moved_by * data[means + k]
            if terms:
                g_sigma = _slopes_back(data, people, sigma, u, g_slopes, g_c[:acting], g_u)
        else:
            for i in range(arms):
                g_theta[i] -= data[weight + i] * g_mu[int(data[study + i])]
        _levels_back(point, place, studies, data, levels, risky, g_mu, gradient)
        if len(kept):
            if rarer is None:
                for i in range(arms):
                    kept[put + i] = eta[i]
                for j in range(studies):
                    kept[put + arms + j] = mu[j]
            else:
                starts = means + arms * (terms + 3) + studies
                _keep(point, data, kept, put, eta, mu, cuts_at, cuts, cuts_sigma, residual_at,
                      data[starts : starts + residuals])  # fmt: skip
        return log, g_sigma, at

    return of_arms
