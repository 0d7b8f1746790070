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

from evinet.nma.fit.standardised import deviate, deviate_back, exponentials, prior_of_scale

if TYPE_CHECKING:
    from evinet.nma.likelihoods.survival.mspline import MSpline
    from evinet.nma.model import Model

SIZES = 14
"""Terms, studies, strata, walks, coefficients, event nodes, patients, published arms, points, nodes
of published arms, intervals, whether walks are kept, SD of levels, scale of the walks' steps."""


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
    sizes = [slopes.shape[1], len(values["incidence"]), len(values["constant"]), len(of.walks),
             size, values["weight"].shape[1], len(of_arm), *people["point_weights"].shape,
             len(weight), len(intervals), of.shapes == "treatment", of.intercept_sd,
             of.sigma_scale]  # fmt: skip
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


@njit(cache=True, error_model="numpy")
def _coefficients(point, place, walks, size, scale, constant, mixture, rotation, slope, curvature,
                  z, narrow, walk, coefficients):  # fmt: skip
    """Fills z, the walks and the coefficients of every stratum; log density of their priors."""
    log, moves = 0.0, place + walks
    for w in range(walks):
        sigma, _, more, _ = prior_of_scale(0, scale, 0.0, 0.0, point[place + w])
        own = point[moves + w * (size - 1) : moves + (w + 1) * (size - 1)]
        log += more + deviate(own, sigma, curvature[w], slope[w], z[w], narrow[w])
        walk[w] = np.dot(rotation[w], sigma * z[w])
    for r in range(len(coefficients)):
        logits = constant[r] + np.dot(mixture[r], walk)
        terms = np.exp(logits)
        coefficients[r] = terms / terms.sum()
    return log


@njit(cache=True, error_model="numpy")
def _coefficients_back(point, place, walks, size, scale, mixture, rotation, slope, curvature, z,
                       narrow, coefficients, g_coefficients, gradient):  # fmt: skip
    """Fills the gradient in steps and moves from slopes in the coefficients."""
    moves = place + walks
    g_logits = np.empty_like(coefficients)
    for r in range(len(coefficients)):
        mean = np.dot(coefficients[r], g_coefficients[r])
        g_logits[r] = coefficients[r] * (g_coefficients[r] - mean)
    g_walk = np.dot(mixture.T, g_logits)
    spare = np.empty(size - 1)
    for w in range(walks):
        sigma, by, _, g_log = prior_of_scale(0, scale, 0.0, 0.0, point[place + w])
        start, stop = moves + w * (size - 1), moves + (w + 1) * (size - 1)
        g_scaled = np.dot(rotation[w].T, g_walk[w])
        g_sigma = np.dot(z[w], g_scaled) + deviate_back(
            point[start:stop], sigma, curvature[w], slope[w], narrow[w], sigma * g_scaled - z[w],
            gradient[start:stop], spare,
        )  # fmt: skip
        gradient[place + w] = g_sigma * by + g_log


@njit(cache=True, error_model="numpy")
def _averaged(at, weights, spent, weight, events, g_at, g_spent):
    """Log-likelihood of a published arm over its points; fills slopes in these and in `spent`.

    Of a node log of the mean of exp(event * at - spent * exp(at)): the first `events` nodes are of
    events.
    """
    points, nodes = len(at), len(spent)
    relative, flat = np.empty(points), np.empty(nodes * points)
    exponentials(at, relative)
    least = relative.min()
    for i in range(nodes):
        for q in range(points):
            flat[i * points + q] = spent[i] * (least - relative[q])
    shares = np.empty(nodes * points)
    exponentials(flat, shares)
    terms = shares.reshape(nodes, points)
    first, second = weights * relative, weights * relative * relative
    log = 0.0
    times, scaled = np.empty(nodes), np.empty(nodes)
    sums = np.empty((2, nodes))
    sums[0, :events], sums[1, :events] = (
        np.dot(terms[:events], first), np.dot(terms[:events], second)
    )  # fmt: skip
    sums[0, events:], sums[1, events:] = (
        np.dot(terms[events:], weights), np.dot(terms[events:], first)
    )  # fmt: skip
    for i in range(nodes):
        log += weight[i] * (math.log(sums[0, i]) - spent[i] * least)
        times[i] = weight[i] / sums[0, i]
        scaled[i] = times[i] * spent[i]
        g_spent[i] = -times[i] * sums[1, i]
    g_at[:] = first * (
        np.dot(times[:events], terms[:events])
        - relative * np.dot(scaled[:events], terms[:events])
        - np.dot(scaled[events:], terms[events:])
    )
    return log


@njit(cache=True, error_model="numpy")
def of_hazards(point, place, data, at, arms, c, sigma, u, theta, gradient,  # noqa: C901
               g_theta, g_c, g_u, kept, put):  # fmt: skip
    """Log density of the patients of `arms` arms, whose data are at `at`.

    The sampler's numbers of the hazards are at `place` of the point. Fills their slopes in the
    gradient, and adds those in the effects, in c and in sigma * u; fills `kept` from `put`, if it
    has room. Returns also the slope in sigma, and where the data end.
    """
    acting, members = len(c), len(u)
    terms, studies, strata, walks = (
        int(data[at]), int(data[at + 1]), int(data[at + 2]), int(data[at + 3])
    )  # fmt: skip
    size, nodes, patients = int(data[at + 4]), int(data[at + 5]), int(data[at + 6])
    published, points, averaged = int(data[at + 7]), int(data[at + 8]), int(data[at + 9])
    intervals, walks_kept = int(data[at + 10]), data[at + 11] > 0
    level_sd, scale = data[at + 12], data[at + 13]
    at += SIZES
    slope_c = data[at : at + arms * terms * acting].reshape(arms * terms, acting)
    at += arms * terms * acting
    slope_u = data[at : at + arms * terms * members].reshape(arms * terms, members)
    at += arms * terms * members
    study, stratum = data[at : at + arms], data[at + arms : at + 2 * arms]
    events, number = data[at + 2 * arms : at + 3 * arms], data[at + 3 * arms : at + 4 * arms]
    begin, end = data[at + 4 * arms : at + 5 * arms], data[at + 5 * arms : at + 6 * arms]
    at += 6 * arms
    weight = data[at : at + strata * nodes].reshape(strata, nodes)
    at += strata * nodes
    hazard = data[at : at + strata * nodes * size].reshape(strata, nodes, size)
    at += strata * nodes * size
    constant = data[at : at + strata * size].reshape(strata, size)
    at += strata * size
    mixture = data[at : at + strata * walks].reshape(strata, walks)
    at += strata * walks
    rotation = data[at : at + walks * size * (size - 1)].reshape(walks, size, size - 1)
    at += walks * size * (size - 1)
    slope = data[at : at + walks * (size - 1)].reshape(walks, size - 1)
    at += walks * (size - 1)
    curvature = data[at : at + walks * (size - 1)].reshape(walks, size - 1)
    at += walks * (size - 1)
    columns = data[at : at + patients * terms].reshape(patients, terms)
    at += patients * terms
    spent_by = data[at : at + patients * size].reshape(patients, size)
    at += patients * size
    event_columns = data[at : at + arms * terms].reshape(arms, terms)
    at += arms * terms
    total = data[at : at + arms * size].reshape(arms, size)
    at += arms * size
    every_point = data[at : at + published * points * terms].reshape(published, points, terms)
    at += published * points * terms
    point_weights = data[at : at + published * points].reshape(published, points)
    at += published * points
    ends = data[at : at + 3 * published].reshape(published, 3)
    at += 3 * published
    node_weight = data[at : at + averaged]
    at += averaged
    node_spent = data[at : at + averaged * size].reshape(averaged, size)
    at += averaged * size
    interval_arm, interval_count = data[at : at + intervals], data[at + intervals :]
    at += 2 * intervals
    interval_basis = data[at : at + intervals * size].reshape(intervals, size)
    at += intervals * size

    z, narrow = np.empty((walks, size - 1)), np.empty((walks, size - 1))
    walk, coefficients = np.empty((walks, size)), np.empty((strata, size))
    log = _coefficients(
        point, place, walks, size, scale, constant, mixture, rotation, slope, curvature, z, narrow,
        walk, coefficients,
    )  # fmt: skip
    g_coefficients = np.zeros((strata, size))
    slopes, g_slopes = np.zeros((arms, terms)), event_columns.copy()
    if terms:
        flat = np.dot(slope_c, c)
        if members:
            flat = flat + sigma * np.dot(slope_u, u)
        slopes = flat.reshape(arms, terms)

    expected, observed = np.zeros(studies), np.zeros(studies)
    relative = np.zeros(arms)  # what an arm spends at a level of 0
    rates, at_patients = np.empty(patients), np.empty(patients)
    at_points = np.empty((published, points))
    for a in range(arms):
        j, s, q = int(study[a]), int(stratum[a]), int(number[a])
        observed[j] += events[a]
        if q >= 0:
            at_points[q] = theta[a]
            if terms:
                at_points[q] += np.dot(every_point[q], slopes[a])
            each = np.exp(at_points[q])
            relative[a] = np.dot(point_weights[q], each) * np.dot(total[a], coefficients[s])
        else:
            start, stop = int(begin[a]), int(end[a])
            at_patients[start:stop] = theta[a]
            if terms:
                at_patients[start:stop] += np.dot(columns[start:stop], slopes[a])
            exponentials(at_patients[start:stop], rates[start:stop])
            at_patients[start:stop] = rates[start:stop] * np.dot(
                spent_by[start:stop], coefficients[s]
            )
            relative[a] = at_patients[start:stop].sum()
        expected[j] += relative[a]
    within = np.empty(intervals)
    for i in range(intervals):
        a = int(interval_arm[i])
        within[i] = math.exp(theta[a]) * np.dot(interval_basis[i], coefficients[int(stratum[a])])
        observed[int(study[a])] += interval_count[i]
        expected[int(study[a])] += interval_count[i] * within[i] / 2

    level_at = place + walks * size
    mu, g_mu, level = np.empty(studies), np.empty(studies), np.empty(studies)
    for j in range(studies):
        mu[j] = point[level_at + j] + math.log(observed[j]) - math.log(expected[j])
        log -= 0.5 * (mu[j] / level_sd) ** 2
        g_mu[j] = -mu[j] / level_sd**2
        level[j] = math.exp(mu[j])

    for r in range(strata):
        rate = np.dot(hazard[r], coefficients[r])
        share = np.empty(nodes)
        for i in range(nodes):
            share[i] = weight[r, i] / rate[i]
            if weight[r, i] > 0:
                log += weight[r, i] * math.log(rate[i])
        g_coefficients[r] += np.dot(share, hazard[r])
    g_relative = np.zeros(arms)
    for a in range(arms):
        j, s, q = int(study[a]), int(stratum[a]), int(number[a])
        log += events[a] * mu[j]
        g_mu[j] += events[a]
        if q < 0:
            log += events[a] * theta[a] - relative[a] * level[j]
            g_theta[a] += events[a]
            g_relative[a] = -level[j]
            g_mu[j] -= relative[a] * level[j]
        else:
            start, middle, stop = int(ends[q, 0]), int(ends[q, 1]), int(ends[q, 2])
            spent = np.dot(node_spent[start:stop], coefficients[s]) * level[j]
            g_at, g_spent = np.empty(points), np.empty(stop - start)
            log += _averaged(
                at_points[q], point_weights[q], spent, node_weight[start:stop], middle - start,
                g_at, g_spent,
            )  # fmt: skip
            g_mu[j] += np.dot(g_spent, spent)
            g_coefficients[s] += level[j] * np.dot(g_spent, node_spent[start:stop])
            g_theta[a] += g_at.sum()
            if terms:
                g_slopes[a] += np.dot(g_at, every_point[q])
        for k in range(terms):
            log += event_columns[a, k] * slopes[a, k]
    g_within = np.empty(intervals)
    for i in range(intervals):
        j = int(study[int(interval_arm[i])])
        spent_here = within[i] * level[j]
        log += interval_count[i] * math.log(-math.expm1(-spent_here))
        g_within[i] = interval_count[i] / math.expm1(spent_here)
        g_mu[j] += g_within[i] * spent_here
        g_within[i] *= level[j]

    for j in range(studies):
        gradient[level_at + j] = g_mu[j]
    for i in range(intervals):
        a = int(interval_arm[i])
        j, s = int(study[a]), int(stratum[a])
        g = g_within[i] - g_mu[j] / expected[j] * interval_count[i] / 2
        g_theta[a] += g * within[i]
        g_coefficients[s] += g * math.exp(theta[a]) * interval_basis[i]
    for a in range(arms):
        j, s, q = int(study[a]), int(stratum[a]), int(number[a])
        g = g_relative[a] - g_mu[j] / expected[j]
        g_theta[a] += g * relative[a]
        if q >= 0:
            each = point_weights[q] * np.exp(at_points[q])
            mean = each.sum()
            g_coefficients[s] += g * mean * total[a]
            if terms:
                g_slopes[a] += g * relative[a] / mean * np.dot(each, every_point[q])
        else:
            start, stop = int(begin[a]), int(end[a])
            g_coefficients[s] += g * np.dot(rates[start:stop], spent_by[start:stop])
            if terms:
                g_slopes[a] += g * np.dot(at_patients[start:stop], columns[start:stop])
    _coefficients_back(
        point, place, walks, size, scale, mixture, rotation, slope, curvature, z, narrow,
        coefficients, g_coefficients, gradient,
    )  # fmt: skip
    g_sigma = 0.0
    if terms:
        flat_slopes = g_slopes.reshape(arms * terms)
        g_c += np.dot(slope_c.T, flat_slopes)
        if members:
            g_u += sigma * np.dot(slope_u.T, flat_slopes)
            g_sigma = np.dot(np.dot(slope_u, u), flat_slopes)

    if len(kept):
        kept[put : put + studies] = mu
        put += studies
        for w in range(walks):
            kept[put + w] = prior_of_scale(0, scale, 0.0, 0.0, point[place + w])[0]
        put += walks
        kept[put : put + strata * size] = coefficients.reshape(strata * size)
        put += strata * size
        if walks_kept:
            kept[put : put + walks * size] = walk.reshape(walks * size)
    return log, g_sigma, at
