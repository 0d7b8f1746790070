"""The density of patients with M-spline hazards, written out for any network, with its gradient.

It is that of `likelihoods.survival.mspline` and, of patients with covariates and of published arms
that are averaged over theirs, of `likelihoods.survival.individual`. Without covariates each arm is
one patient whose spent hazard is the arm's.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from evinet.cache import INSIDE
from evinet.nma.fit.standardised import (
    deviate,
    deviate_back,
    exponentials,
    inner,
    prior_of_scale,
    product,
    transposed,
)

if TYPE_CHECKING:
    from evinet.nma.likelihoods.survival.mspline import MSpline
    from evinet.nma.model import Model

SIZES = 15
"""Arms, terms, studies, strata, walks, coefficients, event nodes, patients, published arms, points,
nodes of published arms, intervals, whether walks are kept, SD of levels, scale of the walks' steps.
"""


def baseline(model: Model) -> MSpline | None:
    """The M-splines of a model, whose density is written out here; None: it has other hazards."""
    from evinet.nma.likelihoods.survival.mspline import MSpline

    return model.baseline if isinstance(model.baseline, MSpline) else None


def vector(model: Model, values: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The data of patients, in the order in which `of_hazards` reads them."""
    of = baseline(model)
    assert of is not None
    arms, size = len(values["events"]), of.size
    keep, spread = model.design.mixing
    known = np.arange(arms)
    none = np.zeros((arms, 0))
    slopes = np.zeros((arms, 0, len(model.design.names)))
    people = {"person_arm": known, "person_columns": none, "event_columns": none,
              "person_cumulative": values["cumulative"], "points": np.zeros((0, 0, 0)),
              "point_weights": np.zeros((0, 0))}  # fmt: skip
    published, nodes, ends = np.zeros(0, int), np.zeros((0, size)), np.zeros((0, 3), int)
    weight = np.zeros(0)
    if "person_arm" in values:
        people = {name: values[name] for name in people}
        slopes = values["slope_of"][values["arm_rows"]]
        published = values["published_arms"]
        nodes, weight, ends = _nodes(values)
    place = np.full(arms, -1)
    place[published] = np.arange(len(published))
    of_arm = people["person_arm"]
    of_patients = [np.searchsorted(of_arm, known, side) for side in ("left", "right")]
    intervals = values.get("interval_count", np.zeros(0))
    sizes = [arms, slopes.shape[1], len(values["incidence"]), len(values["constant"]),
             len(of.walks), size, values["weight"].shape[1], len(of_arm),
             *people["point_weights"].shape, len(weight), len(intervals), of.shapes == "treatment",
             of.intercept_sd, of.sigma_scale]  # fmt: skip
    return [
        np.array(sizes, float), slopes @ keep, slopes @ spread, values["study_of_arm"],
        values["stratum_of_arm"], values["events"], place, *of_patients, values["weight"],
        values["hazard"], values["constant"], values["mixture"], values["rotation"],
        values["slope"], values["curvature"], people["person_columns"],
        people["person_cumulative"], people["event_columns"], values["cumulative"],
        people["points"], people["point_weights"], ends, weight, nodes,
        values.get("interval_arm", np.zeros(0)), intervals,
        values.get("interval_basis", np.zeros((0, size))),
    ]  # fmt: skip


def _nodes(values: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is spent at the nodes of published arms, their weights, and where each arm's are.

    Those of events come first; columns of the last: first node, first without event, end.
    """
    nodes, weights, ends, start = [], [], [], 0
    happened = values["node_event"] > 0
    for spent, weight in zip(values["node_cumulative"], values["node_weight"], strict=True):
        used = weight > 0
        order = [np.flatnonzero(used & happened), np.flatnonzero(used & ~happened)]
        stop = start + len(order[0]) + len(order[1])
        ends.append((start, start + len(order[0]), stop))
        chosen = np.concatenate(order)
        nodes.append(spent[chosen])
        weights.append(weight[chosen])
        start = stop
    size = values["node_cumulative"].shape[2]
    return (np.concatenate([np.zeros((0, size)), *nodes]), np.concatenate([np.zeros(0), *weights]),
            np.array(ends, int).reshape(-1, 3))  # fmt: skip


def dimension(model: Model) -> int:
    """How many numbers the sampler moves: steps, moves and levels."""
    of = baseline(model)
    return 0 if of is None else len(of.walks) * of.size + len(of.patients.studies)


def names(model: Model) -> dict[str, tuple[int, ...]]:
    """Name and shape of what is kept of a point, in its order."""
    of = baseline(model)
    if of is None:
        return {}
    walks, strata = len(of.walks), len(of.strata)
    found: dict[str, tuple[int, ...]] = {"level": (len(of.patients.studies),), "step_sd": (walks,),
             "coefficients": (strata * of.size,)}  # fmt: skip
    return found | ({"walks": (walks * of.size,)} if of.shapes == "treatment" else {})


def complete(model: Model, drawn: dict[str, np.ndarray]) -> dict[str, tuple[tuple[str, ...], Any]]:
    """Variables of the posterior with their dimensions, from draws of `names`."""
    of = baseline(model)
    if of is None:
        return {}
    shape = drawn["step_sd"].shape[:2]
    found: dict[str, tuple[tuple[str, ...], Any]] = {
        "mu": (("study",), drawn["level"]),
        "step_sd": (("walk",), drawn["step_sd"]),
        "coefficients": (
            ("stratum", "coefficient"), drawn["coefficients"].reshape(*shape, -1, of.size)
        ),
    }  # fmt: skip
    if "walks" in drawn:
        changes = drawn["walks"].reshape(*shape, -1, of.size)[:, :, len(of.patients.studies) :]
        found["shape"] = (("shaped", "coefficient"), changes)
    return found


@njit(**INSIDE)
def _coefficients(point, place, walks, size, strata, scale, data, parts, z, narrow, walk,
                  coefficients):  # fmt: skip
    """Fills z, the walks and the coefficients of every stratum; log density of their priors.

    `parts` is where the data have `constant`, `mixture`, `rotation`, `slope` and `curvature`.
    """
    log, moves, steps = 0.0, place + walks, size - 1
    mixture = parts + strata * size
    rotation = mixture + strata * walks
    slope = rotation + walks * size * steps
    curvature = slope + walks * steps
    scaled = np.empty(steps)
    for w in range(walks):
        sigma, _, more, _ = prior_of_scale(0, scale, 0.0, 0.0, point[place + w])
        first, last = w * steps, (w + 1) * steps
        log += more + deviate(
            point[moves + first : moves + last], sigma, data[curvature + first : curvature + last],
            data[slope + first : slope + last], z[first:last], narrow[first:last],
        )  # fmt: skip
        for k in range(steps):
            scaled[k] = sigma * z[first + k]
        product(data, rotation + first * size, size, steps, scaled, walk[w * size : (w + 1) * size])
    for r in range(strata):
        own = coefficients[r * size : (r + 1) * size]
        transposed(walk, 0, walks, size, data[mixture + r * walks : mixture + (r + 1) * walks], own)
        total = 0.0
        for k in range(size):
            own[k] = math.exp(data[parts + r * size + k] + own[k])
            total += own[k]
        for k in range(size):
            own[k] /= total
    return log


@njit(**INSIDE)
def _coefficients_back(point, place, walks, size, strata, scale, data, parts, z, narrow,
                       coefficients, g_coefficients, gradient):  # fmt: skip
    """Fills the gradient in steps and moves from slopes in the coefficients."""
    moves, steps = place + walks, size - 1
    mixture = parts + strata * size
    rotation = mixture + strata * walks
    slope = rotation + walks * size * steps
    curvature = slope + walks * steps
    g_logits = np.empty((strata, size))
    for r in range(strata):
        first = r * size
        mean = inner(coefficients, first, g_coefficients, first, size)
        for k in range(size):
            g_logits[r, k] = coefficients[first + k] * (g_coefficients[first + k] - mean)
    mixed = data[mixture : mixture + strata * walks].reshape(strata, walks)
    g_walk = np.dot(mixed.T, g_logits)
    g_scaled, g_z, spare = np.empty(steps), np.empty(steps), np.empty(steps)
    for w in range(walks):
        sigma, by, _, g_log = prior_of_scale(0, scale, 0.0, 0.0, point[place + w])
        first, last = w * steps, (w + 1) * steps
        transposed(data, rotation + first * size, size, steps, g_walk[w], g_scaled)
        for k in range(steps):
            g_z[k] = sigma * g_scaled[k] - z[first + k]
        g_sigma = inner(z, first, g_scaled, 0, steps) + deviate_back(
            point[moves + first : moves + last], sigma, data[curvature + first : curvature + last],
            data[slope + first : slope + last], narrow[first:last], g_z,
            gradient[moves + first : moves + last], spare,
        )  # fmt: skip
        gradient[place + w] = g_sigma * by + g_log


@njit(**INSIDE)
def _averaged(at, first_at, points, data, weights, node_weight, nodes, events, spent, g_at,
              g_spent):  # fmt: skip
    """Log-likelihood of a published arm over its points; fills slopes in these and in `spent`.

    Of a node log of the mean of exp(event * at - spent * exp(at)): the first `events` nodes are of
    events. Weights of points and nodes are at `weights` and at `node_weight` of the data.
    """
    own = data[weights : weights + points]
    relative, shares = np.empty(points), np.empty(nodes * points)
    exponentials(at[first_at : first_at + points], relative)
    least = relative[0]
    for q in range(points):
        least = min(least, relative[q])
    flat = np.empty(nodes * points)
    for i in range(nodes):
        for q in range(points):
            flat[i * points + q] = spent[i] * (least - relative[q])
    exponentials(flat, shares)
    first, second = np.empty(points), np.empty(points)
    for q in range(points):
        first[q] = own[q] * relative[q]
        second[q] = own[q] * relative[q] * relative[q]
    others = nodes - events
    means, slopes, times, scaled = (
        np.empty(nodes), np.empty(nodes), np.empty(nodes), np.empty(nodes)
    )  # fmt: skip
    product(shares, 0, events, points, first, means[:events])
    product(shares, 0, events, points, second, slopes[:events])
    product(shares, events * points, others, points, own, means[events:])
    product(shares, events * points, others, points, first, slopes[events:])
    log = 0.0
    for i in range(nodes):
        log += data[node_weight + i] * (math.log(means[i]) - spent[i] * least)
        times[i] = data[node_weight + i] / means[i]
        scaled[i] = times[i] * spent[i]
        g_spent[i] = -times[i] * slopes[i]
    happened, more, rest = np.empty(points), np.empty(points), np.empty(points)
    transposed(shares, 0, events, points, times[:events], happened)
    transposed(shares, 0, events, points, scaled[:events], more)
    transposed(shares, events * points, others, points, scaled[events:], rest)
    for q in range(points):
        g_at[q] = first[q] * (happened[q] - relative[q] * more[q] - rest[q])
    return log


def of_hazards(log_prior, point, place, data, at, every_c, sigma, u, theta, gradient,  # noqa: C901
               g_theta, every_g, g_u, kept, put):  # fmt: skip
    """Adds the log density of patients by arms, whose data are at `at`, to `log_prior`.

    The sampler's numbers of the hazards are at `place` of the point. Fills their slopes in the
    gradient, and adds those in the effects, in c and in sigma * u; fills `kept` from `put`, if it
    has room. Returns also the slope in sigma, and where the data end.
    """
    acting, members = int(data[0]), len(u)
    c, g_c = every_c[:acting], every_g[:acting]
    arms, terms, studies = int(data[at]), int(data[at + 1]), int(data[at + 2])
    strata, walks, size = int(data[at + 3]), int(data[at + 4]), int(data[at + 5])
    nodes, patients, published = int(data[at + 6]), int(data[at + 7]), int(data[at + 8])
    points, averaged, intervals = int(data[at + 9]), int(data[at + 10]), int(data[at + 11])
    walks_kept, level_sd, scale = data[at + 12] > 0, data[at + 13], data[at + 14]
    slope_c = at + SIZES
    slope_u = slope_c + arms * terms * acting
    study = slope_u + arms * terms * members
    stratum, events, number = study + arms, study + 2 * arms, study + 3 * arms
    begin, end = study + 4 * arms, study + 5 * arms
    weight = study + 6 * arms
    hazard = weight + strata * nodes
    parts = hazard + strata * nodes * size
    columns = parts + strata * (size + walks) + walks * (size + 2) * (size - 1)
    spent_by = columns + patients * terms
    event_columns = spent_by + patients * size
    total = event_columns + arms * terms
    every_point = total + arms * size
    point_weights = every_point + published * points * terms
    ends = point_weights + published * points
    node_weight = ends + 3 * published
    node_spent = node_weight + averaged
    interval_arm = node_spent + averaged * size
    interval_count, interval_basis = interval_arm + intervals, interval_arm + 2 * intervals

    z, narrow = np.empty(walks * (size - 1)), np.empty(walks * (size - 1))
    walk, coefficients = np.empty(walks * size), np.empty(strata * size)
    log = _coefficients(point, place, walks, size, strata, scale, data, parts, z, narrow, walk,
                        coefficients)  # fmt: skip
    g_coefficients, slopes = np.zeros(strata * size), np.zeros(arms * terms)
    spare, g_slopes = np.empty(max(size, terms)), np.empty(arms * terms)
    for k in range(arms * terms):
        g_slopes[k] = data[event_columns + k]
    if terms:
        product(data, slope_c, arms * terms, acting, c, slopes)
        if members:
            more = np.empty(arms * terms)
            product(data, slope_u, arms * terms, members, u, more)
            for k in range(arms * terms):
                slopes[k] += sigma * more[k]

    expected, observed = np.zeros(studies), np.zeros(studies)
    relative = np.zeros(arms)  # what an arm spends at a level of 0
    rates, at_patients, more_of = np.empty(patients), np.empty(patients), np.empty(patients)
    at_points = np.empty(published * points)
    of_points, by_points = np.empty(points), np.empty(points)
    for a in range(arms):
        j, first = int(data[study + a]), int(data[stratum + a]) * size
        q, own = int(data[number + a]), slopes[a * terms : (a + 1) * terms]
        observed[j] += data[events + a]
        own_coefficients = coefficients[first : first + size]
        if q >= 0:
            for i in range(points):
                of_points[i] = 0.0
            if terms:
                product(data, every_point + q * points * terms, points, terms, own, of_points)
            for i in range(points):
                at_points[q * points + i] = theta[a] + of_points[i]
                by_points[i] = math.exp(at_points[q * points + i])
            relative[a] = inner(data, point_weights + q * points, by_points, 0, points) * inner(
                data, total + a * size, coefficients, first, size
            )
        else:
            start, stop = int(data[begin + a]), int(data[end + a])
            here, more = at_patients[start:stop], more_of[start:stop]
            if terms:
                product(data, columns + start * terms, stop - start, terms, own, more)
            for i in range(start, stop):
                at_patients[i] = theta[a] + (more_of[i] if terms else 0.0)
            exponentials(here, rates[start:stop])
            product(data, spent_by + start * size, stop - start, size, own_coefficients, more)
            for i in range(start, stop):
                at_patients[i] = rates[i] * more_of[i]
                relative[a] += at_patients[i]
        expected[j] += relative[a]
    within = np.empty(intervals)
    for i in range(intervals):
        a, count = int(data[interval_arm + i]), data[interval_count + i]
        j, first = int(data[study + a]), int(data[stratum + a]) * size
        within[i] = math.exp(theta[a]) * inner(
            data, interval_basis + i * size, coefficients, first, size
        )
        observed[j] += count
        expected[j] += count * within[i] / 2

    level_at = place + walks * size
    mu, g_mu, level = np.empty(studies), np.empty(studies), np.empty(studies)
    for j in range(studies):
        mu[j] = point[level_at + j] + math.log(observed[j]) - math.log(expected[j])
        log -= 0.5 * (mu[j] / level_sd) ** 2
        g_mu[j] = -mu[j] / level_sd**2
        level[j] = math.exp(mu[j])

    rate, share = np.empty(nodes), np.empty(nodes)
    for r in range(strata):
        basis, first = hazard + r * nodes * size, r * size
        product(data, basis, nodes, size, coefficients[first : first + size], rate)
        for i in range(nodes):
            here_weight = data[weight + r * nodes + i]
            share[i] = here_weight / rate[i]
            if here_weight > 0:
                log += here_weight * math.log(rate[i])
        transposed(data, basis, nodes, size, share, spare[:size])
        for k in range(size):
            g_coefficients[first + k] += spare[k]
    g_relative = np.zeros(arms)
    for a in range(arms):
        j, first, q = int(data[study + a]), int(data[stratum + a]) * size, int(data[number + a])
        log += data[events + a] * mu[j]
        g_mu[j] += data[events + a]
        if q < 0:
            log += data[events + a] * theta[a] - relative[a] * level[j]
            g_theta[a] += data[events + a]
            g_relative[a] = -level[j]
            g_mu[j] -= relative[a] * level[j]
        else:
            start, middle = int(data[ends + 3 * q]), int(data[ends + 3 * q + 1])
            count = int(data[ends + 3 * q + 2]) - start
            spent, g_spent = np.empty(count), np.empty(count)
            product(
                data, node_spent + start * size, count, size, coefficients[first : first + size],
                spent,
            )  # fmt: skip
            for i in range(count):
                spent[i] *= level[j]
            log += _averaged(
                at_points, q * points, points, data, point_weights + q * points,
                node_weight + start, count, middle - start, spent, of_points, g_spent,
            )  # fmt: skip
            g_mu[j] += inner(g_spent, 0, spent, 0, count)
            transposed(data, node_spent + start * size, count, size, g_spent, spare[:size])
            for k in range(size):
                g_coefficients[first + k] += level[j] * spare[k]
            sum_of_points = 0.0
            for i in range(points):
                sum_of_points += of_points[i]
            g_theta[a] += sum_of_points
            if terms:
                transposed(data, every_point + q * points * terms, points, terms, of_points,
                           spare[:terms])  # fmt: skip
                for k in range(terms):
                    g_slopes[a * terms + k] += spare[k]
        for k in range(terms):
            log += data[event_columns + a * terms + k] * slopes[a * terms + k]
    g_within = np.empty(intervals)
    for i in range(intervals):
        j, count = int(data[study + int(data[interval_arm + i])]), data[interval_count + i]
        spent_here = within[i] * level[j]
        log += count * math.log(-math.expm1(-spent_here))
        g_within[i] = count / math.expm1(spent_here)
        g_mu[j] += g_within[i] * spent_here
        g_within[i] *= level[j]

    for j in range(studies):
        gradient[level_at + j] = g_mu[j]
    for i in range(intervals):
        a = int(data[interval_arm + i])
        j, first = int(data[study + a]), int(data[stratum + a]) * size
        g = g_within[i] - g_mu[j] / expected[j] * data[interval_count + i] / 2
        g_theta[a] += g * within[i]
        by = g * math.exp(theta[a])
        for k in range(size):
            g_coefficients[first + k] += by * data[interval_basis + i * size + k]
    for a in range(arms):
        j, first, q = int(data[study + a]), int(data[stratum + a]) * size, int(data[number + a])
        g = g_relative[a] - g_mu[j] / expected[j]
        g_theta[a] += g * relative[a]
        if q >= 0:
            mean = 0.0
            for i in range(points):
                by_points[i] = data[point_weights + q * points + i] * math.exp(
                    at_points[q * points + i]
                )
                mean += by_points[i]
            for k in range(size):
                g_coefficients[first + k] += g * mean * data[total + a * size + k]
            if terms:
                transposed(data, every_point + q * points * terms, points, terms, by_points,
                           spare[:terms])  # fmt: skip
                for k in range(terms):
                    g_slopes[a * terms + k] += g * relative[a] / mean * spare[k]
        else:
            start, stop = int(data[begin + a]), int(data[end + a])
            transposed(data, spent_by + start * size, stop - start, size, rates[start:stop],
                       spare[:size])  # fmt: skip
            for k in range(size):
                g_coefficients[first + k] += g * spare[k]
            if terms:
                transposed(data, columns + start * terms, stop - start, terms,
                           at_patients[start:stop], spare[:terms])  # fmt: skip
                for k in range(terms):
                    g_slopes[a * terms + k] += g * spare[k]
    _coefficients_back(point, place, walks, size, strata, scale, data, parts, z, narrow,
                       coefficients, g_coefficients, gradient)  # fmt: skip
    g_sigma = 0.0
    if terms:
        added = np.empty(acting)
        transposed(data, slope_c, arms * terms, acting, g_slopes, added)
        for k in range(acting):
            g_c[k] += added[k]
        if members:
            more, back = np.empty(arms * terms), np.empty(members)
            transposed(data, slope_u, arms * terms, members, g_slopes, back)
            for k in range(members):
                g_u[k] += sigma * back[k]
            product(data, slope_u, arms * terms, members, u, more)
            g_sigma = inner(more, 0, g_slopes, 0, arms * terms)

    if len(kept):
        for j in range(studies):
            kept[put + j] = mu[j]
        put += studies
        for w in range(walks):
            kept[put + w] = prior_of_scale(0, scale, 0.0, 0.0, point[place + w])[0]
        put += walks
        for k in range(strata * size):
            kept[put + k] = coefficients[k]
        put += strata * size
        if walks_kept:
            for k in range(walks * size):
                kept[put + k] = walk[k]
    return log_prior + log, g_sigma, interval_basis + intervals * size
