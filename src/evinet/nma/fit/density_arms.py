"""The log-likelihood of arms and of their patients by linear predictors, with its slopes.

Compiled; `code` is that of `density_data.LIKELIHOODS`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from evinet.cache import INSIDE
from evinet.nma.fit.density_data import SIZES
from evinet.nma.fit.standardised import prior_of_scale, psi

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
TINY = 1e-14  # averaged probabilities are this far from 0 and 1
LOWEST, HIGHEST, PER_UNIT = -10.0, 8.0, 64  # where log Phi is tabled, and knots per unit
NEAR = min(-LOWEST, HIGHEST)


def _pieces() -> np.ndarray:
    """log Phi between knots, cubic Hermite: coefficients of the share of the way, (pieces, 4)."""
    from scipy import special

    x = np.linspace(LOWEST, HIGHEST, int((HIGHEST - LOWEST) * PER_UNIT) + 1)
    log = special.log_ndtr(x)
    slope = np.exp(-0.5 * x * x - HALF_LOG_2PI - log) / PER_UNIT
    rise, start, end = np.diff(log), slope[:-1], slope[1:]
    return np.column_stack([log[:-1], start, 3 * rise - 2 * start - end, start + end - 2 * rise])


PIECES = _pieces()


@njit(**INSIDE)
def _log_ndtr(x):
    """log Phi(x) and phi(x) / Phi(x), right to 1e-10."""
    at = (x - LOWEST) * PER_UNIT
    if 0 <= at < len(PIECES):
        place = int(at)
        t, piece = at - place, PIECES[place]
        log = piece[0] + t * (piece[1] + t * (piece[2] + t * piece[3]))
        return log, (piece[1] + t * (2 * piece[2] + t * 3 * piece[3])) * PER_UNIT
    if x > -35.0:
        share = 0.5 * math.erfc(-x / math.sqrt(2.0))
        return math.log(share), math.exp(-0.5 * x * x - HALF_LOG_2PI) / share
    square = 1 / (x * x)
    series = 1 - square * (1 - 3 * square * (1 - 5 * square))
    log = -0.5 * x * x - math.log(-x) - HALF_LOG_2PI + math.log(series)
    return log, -x / series


@njit(**INSIDE)
def _of_risk(code, x, s, eta):
    """The same where eta is a risk's logarithm, or the risk itself."""
    p = math.exp(eta) if code == 5 else eta
    if p < 0 or p > 1 or (p == 0 and x > 0) or (p == 1 and x < s):
        return -math.inf, 0.0
    log, slope = 0.0, 0.0
    if x > 0:
        log, slope = x * math.log(p), x / p
    if x < s:
        log, slope = log + (s - x) * math.log1p(-p), slope - (s - x) / (1 - p)
    return log, slope * (p if code == 5 else 1.0)


@njit(**INSIDE)
def of_arm(code, x, s, eta):
    """Log-likelihood of one arm up to a constant, and its slope in eta."""
    if code == 0:
        if eta > 0:
            small = math.exp(-eta)
            return x * eta - s * (eta + math.log1p(small)), x - s / (1 + small)
        large = math.exp(eta)
        return x * eta - s * math.log1p(large), x - s * large / (1 + large)
    if code == 1:
        log, slope = 0.0, 0.0
        if x > 0:
            above, ratio = _log_ndtr(eta)
            log, slope = x * above, x * ratio
        if s > x:
            below, ratio = _log_ndtr(-eta)
            log, slope = log + (s - x) * below, slope - (s - x) * ratio
        return log, slope
    if code == 2:
        hazard = math.exp(eta)
        log, slope = -(s - x) * hazard, -(s - x) * hazard
        if x > 0:
            share = -math.expm1(-hazard)
            log += x * math.log(share)
            slope += x * hazard * math.exp(-hazard) / share
        return log, slope
    if code == 3:
        expected = s * math.exp(eta)
        return x * eta - expected, x - expected
    if code >= 5:
        return _of_risk(code, x, s, eta)
    z = (x - eta) / s
    return -0.5 * z * z, z / s


@njit(**INSIDE)
def _log_cdf(code, eta):
    """log F(eta) of ordered categories, and log of its slope."""
    if code == 7:
        return _log_ndtr(eta)[0], -0.5 * eta * eta - HALF_LOG_2PI
    small = math.log1p(math.exp(-abs(eta)))
    return min(eta, 0.0) - small, -abs(eta) - 2 * small


@njit(**INSIDE)
def of_categories(code, x, s, eta, cuts, g_cuts):
    """Log-likelihood of one arm's ordered categories, and its slope in eta; adds those in cuts.

    Of a category between the predictors a > b it is log(F(a) - F(b)), taken in the tail that is
    nearer: F(a) - F(b) = F(-b) - F(-a).
    """
    log, slope, last = 0.0, 0.0, len(cuts)
    for m in range(last + 1):
        if x[m] == 0:
            continue
        above = int(s[m])
        a = eta - cuts[m - 1] if m > 0 else math.inf
        b = eta - cuts[above - 1] if above <= last else -math.inf
        flip = a + b > 0
        high, low = (-b, -a) if flip else (a, b)
        one, log_high = _log_cdf(code, high)
        log_low = -math.inf
        if low > -math.inf:
            other, log_low = _log_cdf(code, low)
            if other >= one:
                return -math.inf, 0.0
            one += math.log(-math.expm1(other - one))
        g_high, g_low = x[m] * math.exp(log_high - one), -x[m] * math.exp(log_low - one)
        g_a, g_b = (-g_low, -g_high) if flip else (g_high, g_low)
        log += x[m] * one
        slope += g_a + g_b
        if m > 0:
            g_cuts[m - 1] -= g_a
        if above <= last:
            g_cuts[above - 1] -= g_b
    return log, slope


@njit(**INSIDE)
def cut_points(point, place, studies, gaps, random, data, cuts, gradient):
    """Fills `cuts` of each study, and their priors' slopes into the gradient; log density, sigma.

    At `place` of the point are the distances of cut-points and, where these are random, the spread
    of their logarithms and each study's own deviations.
    """
    log, sigma = 0.0, 0.0
    spread_at, own_at = place + gaps, place + gaps + 1
    if random:
        code = int(data[SIZES + 19])
        p1, p2, p3 = data[SIZES + 20], data[SIZES + 21], data[SIZES + 22]
        sigma, _, more, gradient[spread_at] = prior_of_scale(code, p1, p2, p3, point[spread_at])
        log += more
    code = int(data[SIZES + 15])
    p1, p2, p3 = data[SIZES + 16], data[SIZES + 17], data[SIZES + 18]
    for m in range(gaps):
        gap, _, more, gradient[place + m] = prior_of_scale(code, p1, p2, p3, point[place + m])
        log += more
        for j in range(studies):
            own = gap
            if random:
                e = point[own_at + j * gaps + m]
                log -= 0.5 * e * e
                gradient[own_at + j * gaps + m] = -e
                own = gap * math.exp(sigma * e)
            cuts[j, m + 1] = cuts[j, m] + own
    return log, sigma


@njit(**INSIDE)
def cut_points_back(point, place, studies, gaps, random, data, sigma, cuts, g_cuts, gradient):
    """Adds to the gradient what the slopes in the cut-points of each study make of it."""
    spread_at, own_at = place + gaps, place + gaps + 1
    spread_slope = 0.0
    if random:
        code = int(data[SIZES + 19])
        p1, p2, p3 = data[SIZES + 20], data[SIZES + 21], data[SIZES + 22]
        spread_slope = prior_of_scale(code, p1, p2, p3, point[spread_at])[1]
    code = int(data[SIZES + 15])
    p1, p2, p3 = data[SIZES + 16], data[SIZES + 17], data[SIZES + 18]
    for m in range(gaps):
        gap, gap_slope = prior_of_scale(code, p1, p2, p3, point[place + m])[:2]
        for j in range(studies):
            g_own = g_cuts[j, m + 1 :].sum()  # a distance moves every later cut-point
            own = cuts[j, m + 1] - cuts[j, m]
            gradient[place + m] += g_own * own / gap * gap_slope
            if random:
                e = point[own_at + j * gaps + m]
                gradient[own_at + j * gaps + m] += g_own * own * sigma
                gradient[spread_at] += g_own * own * e * spread_slope


@njit(**INSIDE)
def free_levels(code, mu, theta, study, weights, share, ends):
    """Turns the numbers x in `mu` into the levels of `likelihoods.limited`; log of their slopes.

    Fills `share`, expit of the argument, and `ends`, the arms of the highest and lowest effect.
    """
    log = 0.0
    mean = np.zeros(len(mu))
    ends[:, :] = -1
    for i in range(len(study)):
        j = int(study[i])
        mean[j] += weights[i] * theta[i]
        if ends[j, 0] < 0 or theta[i] > theta[ends[j, 0]]:
            ends[j, 0] = i
        if ends[j, 1] < 0 or theta[i] < theta[ends[j, 1]]:
            ends[j, 1] = i
    for j in range(len(mu)):
        top, bottom = theta[ends[j, 0]], theta[ends[j, 1]]
        x = mu[j] + (top - mean[j] if code == 5 else 0.0)
        small = math.log1p(math.exp(-abs(x)))
        up, down = max(x, 0.0) + small, max(-x, 0.0) + small
        share[j] = math.exp(-down)
        if code == 5:
            mu[j] = -down - top
            log -= up
            continue
        width = 1 - (top - bottom)
        if width <= 0:
            return -math.inf
        mu[j] = width * share[j] - bottom
        log += math.log(width) - up - down
    return log


@njit(**INSIDE)
def free_levels_back(code, theta, study, weights, share, ends, g_mu, g_theta):
    """Adds slopes in the effects, and turns those in the levels into those in x."""
    for i in range(len(study)):
        j = int(study[i])
        if code == 5:
            g_theta[i] += weights[i] * (share[j] - (1 - share[j]) * g_mu[j])
    for j in range(len(g_mu)):
        top, bottom, p = ends[j, 0], ends[j, 1], share[j]
        if code == 5:
            g_theta[top] -= p * (g_mu[j] + 1)
            g_mu[j] = (1 - p) * g_mu[j] - p
            continue
        width = 1 - (theta[top] - theta[bottom])
        g_theta[top] -= p * g_mu[j] + 1 / width
        g_theta[bottom] += (p - 1) * g_mu[j] + 1 / width
        g_mu[j] = width * p * (1 - p) * g_mu[j] + 1 - 2 * p


@njit(**INSIDE)
def _of_probits(at, x, s, g_at):
    """`of_patients` of the probit link: patients alone, and near enough, without a branch.

    So that the processor takes several at once: the last bits do not depend on how many.
    """
    log, share = np.empty(len(at)), np.empty(len(at))
    place = np.empty(len(at), np.int32)
    last = len(PIECES) - 1.0
    for i in range(len(at)):
        here = ((2 * x[i] - 1) * at[i] - LOWEST) * PER_UNIT
        here = min(here, last) if here > 0 else 0.0  # 0 also if it is not a number
        place[i] = np.int32(here)
        share[i] = here - place[i]
    for i in range(len(at)):
        k, t = place[i], share[i]
        one, two, three = PIECES[k, 1], PIECES[k, 2], PIECES[k, 3]
        log[i] = PIECES[k, 0] + t * (one + t * (two + t * three))
        g_at[i] = (one + t * (2 * two + t * 3 * three)) * PER_UNIT
    total = 0.0
    for i in range(len(at)):
        g_at[i] *= 2 * x[i] - 1
        alone = s[i] == 1 and (x[i] == 0 or x[i] == 1)
        if not (alone and abs(at[i]) < NEAR):
            log[i], g_at[i] = of_arm(1, x[i], s[i], at[i])
        total += log[i]
    return total


@njit(**INSIDE)
def of_patients(code, at, x, s, wide, cuts, g_cuts, g_at):
    """Log-likelihood of an arm's patients by their predictors; fills the slopes in these."""
    if code == 1:
        return _of_probits(at, x, s, g_at)
    log = 0.0
    for i in range(len(at)):
        if code >= 7:
            here, there = x[i * wide : (i + 1) * wide], s[i * (wide + 1) : (i + 1) * (wide + 1)]
            one, g_at[i] = of_categories(code, here, there, at[i], cuts, g_cuts)
        else:
            one, g_at[i] = of_arm(code, x[i], s[i], at[i])
        log += one
    return log


@njit(**INSIDE)
def means_of_patients(at, x, n, square, log_sd, g_at):
    """The same of normal outcomes, x and square sums over n; also the slope in log_sd."""
    log, g_sd, precision = 0.0, 0.0, math.exp(-2 * log_sd)
    for i in range(len(at)):
        squares = (square[i] - 2 * at[i] * x[i] + n[i] * at[i] * at[i]) * precision
        log -= n[i] * log_sd + 0.5 * squares
        g_at[i] = (x[i] - n[i] * at[i]) * precision
        g_sd += squares - n[i]
    return log, g_sd


@njit(**INSIDE)
def _inverse(code, at):
    """The mean outcome of a linear predictor, and its derivative."""
    if code == 0 or code == 8:
        small = math.exp(-abs(at))
        share = (1.0 if at > 0 else small) / (1 + small)
        return share, small / (1 + small) ** 2
    if code == 1 or code == 7:
        return 0.5 * math.erfc(-at / math.sqrt(2.0)), math.exp(-0.5 * at * at - HALF_LOG_2PI)
    if code == 2:
        hazard = math.exp(at)
        return -math.expm1(-hazard), hazard * math.exp(-hazard)
    if code == 3:
        rate = math.exp(at)
        return rate, rate
    return at, 1.0


@njit(**INSIDE)
def _of_shares(x, s, reached, g_reached):
    """Log-likelihood of ordered categories by the shares that reach each; fills their slopes."""
    log, columns = 0.0, len(reached)
    for m in range(columns + 1):
        if x[m] == 0:
            continue
        above = int(s[m])
        share = 1.0 if m == 0 else reached[m - 1]
        if above <= columns:
            share -= reached[above - 1]
        log += x[m] * math.log(max(share, TINY))
        if share > TINY and m > 0:
            g_reached[m - 1] += x[m] / share
        if share > TINY and above <= columns:
            g_reached[above - 1] -= x[m] / share
    return log


@njit(**INSIDE)
def _of_mean(code, x, s, mean, g_mean):
    """Log-likelihood of a published arm by its mean outcome; fills the slope."""
    if code == 4:
        z = (x - mean) / s
        g_mean[0] = z / s
        return -0.5 * z * z
    if code == 3:
        g_mean[0] = x / mean - s
        return x * math.log(s * mean) - s * mean
    share = min(max(mean, TINY), 1 - TINY)
    if share == mean:
        g_mean[0] = x / share - (s - x) / (1 - share)
    return x * math.log(share) + (s - x) * math.log1p(-share)


@njit(**INSIDE)
def _of_two(code, at, r, n, weights, g_at):
    """The same of r events of n patients by the binomial distribution of two parameters."""
    share, slope = np.empty(len(at)), np.empty(len(at))
    mean, square = 0.0, 0.0
    for q in range(len(at)):
        share[q], slope[q] = _inverse(code, at[q])
        mean += weights[q] * share[q]
        square += weights[q] * share[q] * share[q]
    size, chance = n * mean * mean / max(square, TINY * TINY), square / max(mean, TINY)
    if size < r or chance < TINY or chance > 1 - TINY:
        return -math.inf
    log = math.lgamma(size + 1) - math.lgamma(size - r + 1)
    log += r * math.log(chance) + (size - r) * math.log1p(-chance)
    g_size = psi(size + 1) - psi(size - r + 1) + math.log1p(-chance)
    g_chance = r / chance - (size - r) / (1 - chance)
    g_mean = g_size * 2 * size / mean - g_chance * chance / mean
    g_square = (g_chance / mean) - g_size * size / square
    for q in range(len(at)):
        g_at[q] = weights[q] * slope[q] * (g_mean + 2 * share[q] * g_square)
    return log


@njit(**INSIDE)
def averaged(code, of_two, at, x, s, weights, cuts, g_cuts, g_at):
    """Log-likelihood of a published arm, averaged over points; fills the slopes in these."""
    if of_two:
        return _of_two(code, at, x[0], s[0], weights, g_at)
    columns = len(cuts)  # one cut, 0, but of ordered categories
    slope = np.empty((columns, len(at)))
    reached, g_reached = np.zeros(columns), np.zeros(columns)
    for q in range(len(at)):
        for m in range(columns):
            mean, slope[m, q] = _inverse(code, at[q] - cuts[m])
            reached[m] += weights[q] * mean
    if code >= 7:
        log = _of_shares(x, s, reached, g_reached)
    else:
        log = _of_mean(code, x[0], s[0], reached[0], g_reached)
    g_at[:] = 0.0
    for m in range(columns):
        for q in range(len(at)):
            one = slope[m, q] * weights[q] * g_reached[m]
            g_at[q] += one
            g_cuts[m] -= one
    return log
