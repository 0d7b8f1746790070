"""The log posterior density of arms and contrasts with its gradient, written out for any network.

`evinet.nma.model.graph` states the same density as a PyMC graph, and a test holds the two together.
A graph is compiled for the shapes of its data, which takes seconds to minutes; these functions take
shapes as data, so that they are compiled once on a machine, and sampling needs no PyMC.

All data are one vector: sizes and codes, then arrays, in the order of `_layout`.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from numba import carray, cfunc, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from evinet.nma.fit import hazards
from evinet.nma.fit.hazards import of_hazards
from evinet.nma.fit.standardised import deviate, deviate_back, prior_of_scale, psi

if TYPE_CHECKING:
    from evinet.nma.model import Model
    from evinet.nma.priors import Prior

SIZES = 9  # acting, extra, rows, arms, studies, deviations, members, contrasts, gaps of cut-points
CODES = 26
"""Likelihood, random, sigma free, risk, intercept sd, sigma, random cuts, 4 * prior, terms, two
parameters of averages, arms of patients."""
LIKELIHOODS = {
    ("binomial", "logit"): 0, ("binomial", "probit"): 1, ("binomial", "cloglog"): 2,
    ("poisson", "log"): 3, ("normal", "identity"): 4, ("binomial", "log"): 5,
    ("binomial", "identity"): 6, ("ordered", "probit"): 7, ("ordered", "logit"): 8,
}  # fmt: skip
FAMILIES = {
    "half-normal": 0, "half-cauchy": 1, "half-t": 2, "exponential": 3, "uniform": 4,
    "log-normal": 5, "log-t": 6,
}  # fmt: skip
LIMITED = (5, 6)  # likelihoods whose levels have limits
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


def supported(model: Model) -> bool:
    """Whether the density is written out: of survival that of M-splines is."""
    return model.baseline is None or hazards.baseline(model) is not None


def vector(model: Model, values: dict[str, np.ndarray]) -> np.ndarray:
    """All data of a model as one vector."""
    design, arms = model.design, model.arms
    keep, spread = design.mixing
    random, prior = model.random, model.sigma_prior
    count, members = len(design.of("arm")), spread.shape[1]
    extra = len(values["b_sd"]) - keep.shape[1]
    free = design.deviations.shape[1] if random else 0
    sizes = [keep.shape[1], extra, len(design.rows), count, arms.studies if arms else 0, free,
             members, len(model.network.contrasts.rows), model.gaps]  # fmt: skip
    code = LIKELIHOODS[arms.likelihood.name, arms.likelihood.link] if arms else 4
    codes = [code, random, prior is not None, model.terms.baseline_risk, model.priors.intercepts,
             model.known_sigma, model.random_cuts, *_prior(model.priors.tau), *_prior(prior),
             *_prior(model.priors.cuts), *_prior(model.priors.cuts_sigma),
             values["arm_means"].shape[1] if "arm_means" in values else 0,
             arms is not None and arms.likelihood.of_two,
             len(design.of("patients")) if model.baseline is not None else 0]  # fmt: skip
    study = arms.study if arms else np.zeros(0)
    weights = values["weights"][study, np.arange(count)] if arms else np.zeros(0)
    order = [
        values["b_centre"], values["b_root"], values["b_sd"], values["effects"],
        *([values[name] for name in
           ("class_precision", "class_slope", "class_effects", "class_spread")] if members else []),
        *([values[name] for name in ("u_precision", "u_slope", "u_effects", "deviations")]
          if free else []),
        *([values["x"], values["s"], values["offset"], study, weights, values["level_centre"],
           values["level_scale"]] if arms else []),
        *([values["risk"], values["risk_centre"]] if model.terms.baseline_risk else []),
        *_people(model, values), *(hazards.vector(model, values) if codes[-1] else []),
        *([values["published"], values["whitening"]] if sizes[7] else []),
    ]  # fmt: skip
    parts = [np.array(sizes, float), np.array(codes, float), *order]
    return np.concatenate([np.ravel(part).astype(float) for part in parts])


def _people(model: Model, values: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Patients and points of the arms; none without patients' covariates.

    Columns of an arm one after another: products with slopes are fast along them.
    """
    if "arm_means" not in values:
        return []
    keep, spread = model.design.mixing
    of = values["slope_of"][values["arm_rows"]]
    arm, published = values["person_arm"], values["published_arms"]
    numbers = np.arange(len(of))
    ends = [np.searchsorted(arm, numbers, side) for side in ("left", "right")]
    place = np.full(len(of), -1)
    place[published] = np.arange(len(published))
    sizes = [len(arm), *values["point_weights"].shape, _residuals(values)]
    columns = [np.ravel(values["person_columns"][slice(*own)].T) for own in zip(*ends, strict=True)]
    return [
        np.array(sizes), of @ keep, of @ spread, values["arm_means"], *ends, place,
        values["residual_of"], values["residual_start"], *columns,
        *(values[f"person_{name}"] for name in ("x", "s", "n", "square")),
        values["points"].swapaxes(1, 2), values["point_weights"],
    ]  # fmt: skip


def _prior(prior: Prior | None) -> list[float]:
    if prior is None:
        return [0.0, 1.0, 0.0, 0.0]
    given = [*prior.parameters, 0.0, 0.0][:3]
    return [float(FAMILIES[prior.family]), *given]


def names(model: Model, values: dict[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
    """Name and shape of what `quantities` gives, in its order.

    c are the independent coefficients and `members` what a class adds to its members' effects: the
    coefficients b follow from them.
    """
    spread = model.design.mixing[1]
    found: dict[str, tuple[int, ...]] = {
        "c": (len(values["b_sd"]),), "members": (spread.shape[1],),
        "theta": (len(model.design.rows),),
        "eta": (len(model.arms.x) if model.arms else 0,),
        "mu": (model.arms.studies if model.arms else 0,),
    }  # fmt: skip
    if model.random:
        found["tau"] = ()
    if model.sigma_prior is not None:
        found["sigma"] = ()
    found["gap"] = (model.gaps,)
    if model.random_cuts:
        assert model.arms is not None
        found |= {"cuts_sigma": (), "study_gap": (model.arms.studies * model.gaps,)}
    found["residual_sd"] = (_residuals(values),)
    found |= hazards.names(model)
    return {name: shape for name, shape in found.items() if shape != (0,)}


def _residuals(values: dict[str, np.ndarray]) -> int:
    """How many studies have a standard deviation of patients' outcomes."""
    return len(values["residual_start"]) if "residual_start" in values else 0


def dimension(model: Model, values: dict[str, np.ndarray]) -> int:
    """How many numbers the sampler moves."""
    members = model.design.mixing[1].shape[1]
    free = 1 + model.design.deviations.shape[1] if model.random else 0
    studies = model.arms.studies if model.arms else 0
    cuts = model.gaps + model.random_cuts * (1 + studies * model.gaps)
    fixed = len(values["b_sd"]) + members + (model.sigma_prior is not None)
    return fixed + free + studies + cuts + _residuals(values) + hazards.dimension(model)


@njit(cache=True)
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


@njit(cache=True)
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


@njit(cache=True)
def _likelihood(code, x, s, eta):
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


@njit(cache=True)
def _log_cdf(code, eta):
    """log F(eta) of ordered categories, and log of its slope."""
    if code == 7:
        return _log_ndtr(eta)[0], -0.5 * eta * eta - HALF_LOG_2PI
    small = math.log1p(math.exp(-abs(eta)))
    return min(eta, 0.0) - small, -abs(eta) - 2 * small


@njit(cache=True)
def _ordered(code, x, s, eta, cuts, g_cuts):
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


@njit(cache=True)
def _cut_points(point, place, studies, gaps, random, data, cuts, gradient):
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


@njit(cache=True)
def _cut_points_back(point, place, studies, gaps, random, data, sigma, cuts, g_cuts, gradient):
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


@njit(cache=True)
def _limited(code, mu, theta, study, weights, share, ends):
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


@njit(cache=True)
def _limited_back(code, theta, study, weights, share, ends, g_mu, g_theta):
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


@njit(cache=True, error_model="numpy")
def _of_probits(at, x, s, g_at):
    """`_of_patients` of the probit link: patients alone, and near enough, without a branch.

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
            log[i], g_at[i] = _likelihood(1, x[i], s[i], at[i])
        total += log[i]
    return total


@njit(cache=True)
def _of_patients(code, at, x, s, wide, cuts, g_cuts, g_at):
    """Log-likelihood of an arm's patients by their predictors; fills the slopes in these."""
    if code == 1:
        return _of_probits(at, x, s, g_at)
    log = 0.0
    for i in range(len(at)):
        if code >= 7:
            here, there = x[i * wide : (i + 1) * wide], s[i * (wide + 1) : (i + 1) * (wide + 1)]
            one, g_at[i] = _ordered(code, here, there, at[i], cuts, g_cuts)
        else:
            one, g_at[i] = _likelihood(code, x[i], s[i], at[i])
        log += one
    return log


@njit(cache=True)
def _means_of_patients(at, x, n, square, log_sd, g_at):
    """The same of normal outcomes, x and square sums over n; also the slope in log_sd."""
    log, g_sd, precision = 0.0, 0.0, math.exp(-2 * log_sd)
    for i in range(len(at)):
        squares = (square[i] - 2 * at[i] * x[i] + n[i] * at[i] * at[i]) * precision
        log -= n[i] * log_sd + 0.5 * squares
        g_at[i] = (x[i] - n[i] * at[i]) * precision
        g_sd += squares - n[i]
    return log, g_sd


@njit(cache=True)
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


@njit(cache=True)
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


@njit(cache=True)
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


@njit(cache=True)
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


@njit(cache=True)
def _averaged(code, of_two, at, x, s, weights, cuts, g_cuts, g_at):
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
            more, cuts_sigma = _cut_points(
                point, cuts_at, studies, gaps, random_cuts, data, cuts, gradient
            )
            log += more
        share = np.empty(studies if limited else 0)
        ends = np.empty((len(share), 2), np.int64)
        if rarer is not None and limited:
            log += _limited(code, mu, theta, study, weights, share, ends)
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
                    one = _averaged(
                        code, of_two, at_own, here, there, point_weights[number], cuts[j],
                        g_cuts[j], g_own,
                    )  # fmt: skip
                elif code == 4:
                    residual = int(data[people_at + 3 * arms + j])
                    log_sd = data[people_at + 3 * arms + studies + residual]
                    log_sd += point[residual_at + residual]
                    one, g_sd = _means_of_patients(
                        at_own, person_x[start:stop], person_n[start:stop],
                        person_square[start:stop], log_sd, g_own,
                    )  # fmt: skip
                    gradient[residual_at + residual] += g_sd
                else:
                    one = _of_patients(
                        code, at_own, person_x[start * wide : stop * wide],
                        person_s[start * (wide + 1) if gaps else start :], wide, cuts[j], g_cuts[j],
                        g_own,
                    )  # fmt: skip
                slope = g_own.sum()
                g_slopes[i] += np.dot(own, g_own)
            elif rarer is not None and gaps:
                one, slope = _ordered(code, here, there, eta[i], cuts[j], g_cuts[j])
            else:
                one, slope = _likelihood(code, x[i], s[i], eta[i])
            log += one
            g_theta[i] += slope
            g_mu[j] += slope * times
            if risky:
                g_c[size - 1] += slope * data[risk_at + i] * (mu[j] - data[risk_at + arms])
        if rarer is not None and gaps:
            _cut_points_back(
                point, cuts_at, studies, gaps, random_cuts, data, cuts_sigma, cuts, g_cuts, gradient
            )
        if rarer is not None and limited:
            _limited_back(code, theta, study, weights, share, ends, g_mu, g_theta)
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
