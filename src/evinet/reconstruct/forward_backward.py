"""Forward filtering and backward sampling over the number at risk and the survival so far.

A state is the number at risk n and, in bins around the last point of the curve, survival S; each
state keeps the exact S of the most probable way into it. Nodes are points of the curve, where
events happen (S falls by S d / n), and numbers at risk, which pin n; before each node some
patients are censored, at a rate whose level is part of the state and changes now and then. No state
is ever left without a successor: misfits cost, they do not forbid.

Compiled functions have loops in place of NumPy's sums and products of arrays, which take longer to
compile.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from evinet.cache import INSIDE

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

BINS = 24
REACH = 4.0  # standard deviations of the noise that the bins cover on either side
OUTLIER_SPAN = 0.2  # range of survival over which a point that is an outlier may lie
MISREAD, PER_PATIENT = 10.0, 2.0  # log-probability lost by a number at risk that is not met
CROWDED = 0.05  # share of nodes with more events than a Poisson distribution has
STEEPEST = 500.0  # largest log weight of the events of a node
FORGOTTEN = 1e-8
SMALLEST = 1e-300
NEGLIGIBLE = 1e-1  # ways this much less probable than a state that is dropped are not followed


class Filtered(NamedTuple):
    """What was kept of the forward pass, flat; rows of BINS states, by number at risk.

    `survival` is one number a state, `weight` one for each of its levels of censoring.

    `at`, `low`, `rows` say where the rows of a node start, their lowest number at risk, and how
    many there are; index 0 is after the censoring of the node, index 1 after its events.
    `fewest` and `most` bound the events of a node.
    """

    log_evidence: float
    at: Integers
    low: Integers
    rows: Integers
    fewest: Integers
    most: Integers
    weight: NDArray[np.float32]
    survival: Floats


@njit(**INSIDE)
def _fit(residual, half, sd, outlier):
    """Density of a residual, relative to that of none; `outlier` is the probability of one."""
    outlier = outlier / OUTLIER_SPAN * (2 * half + 2.5066 * sd)
    beyond = abs(residual) - half
    if beyond <= 0:
        return 1.0 + outlier
    return np.exp(-0.5 * (beyond / sd) ** 2) + outlier


@njit(**INSIDE)
def _bin(residual, half, sd):
    width = 2 * (half + REACH * sd) / BINS
    place = np.floor(residual / width) + BINS // 2
    return int(min(max(place, 0), BINS - 1))


@njit(**INSIDE)
def _events(n, survival, value, half, sd):
    """Smallest and largest number of events that bring `survival` near `value`."""
    if n == 0 or survival <= 0:
        return 0, 0
    window = half + REACH * sd
    least = np.floor(n * (1 - (value + window) / survival))
    most = np.ceil(n * (1 - (value - window) / survival))
    return int(min(max(least, 0), n)), int(min(max(most, 0), n))


@njit(**INSIDE)
def _chances(most, n, none, more, massed, tilt):
    """Weight of 0, 1, ... events of n patients: beyond the first Poisson, crowded, or massed.

    A mass of events may be of any size: a share `massed` falls as 1 / d^2 or not at all.
    """
    chance = np.empty(most + 1)
    chance[0] = none
    ratio = (2 * more + 0.5) / (2 * more + 1.5)
    poisson, crowded = (1 - CROWDED - massed) * np.exp(-more), CROWDED * (1 - ratio)
    for d in range(1, most + 1):
        weighed = np.exp(min(max(tilt * d, -STEEPEST), STEEPEST))
        mass = massed / 2 * (1 / (d * (d + 1)) + 1 / n)
        chance[d] = (1 - none) * (poisson + crowded + mass) * weighed
        poisson *= more / d
        crowded *= ratio
    return chance


@njit(**INSIDE)
def _lost(apart):
    """Factor for a number at risk that is `apart` patients off."""
    if apart == 0:
        return 1.0
    return np.exp(-MISREAD - PER_PATIENT * 20 * (1 - np.exp(-apart / 20)) - 0.001 * apart)


@njit(**INSIDE)
def _censoring(c, pmf, length, level):
    """Probability of c censorings; beyond the table it halves with each."""
    if c < length:
        return pmf[c, level]
    return pmf[length - 1, level] * 0.5 ** min(c - length + 1, 900)


@njit(**INSIDE)
def _merge(mass, kept, largest, j, b, x, s, sd):
    """Let a way of weight x join state (j, b): survival is the mean of ways that hardly differ."""
    mass[j, b] += x
    if abs(s - kept[j, b]) < sd:
        kept[j, b] += x / mass[j, b] * (s - kept[j, b])
        largest[j, b] = max(largest[j, b], x)
    elif x > largest[j, b]:
        largest[j, b], kept[j, b] = x, s


@njit(**INSIDE)
def _all(weight, i, b):
    """The weight of all levels of censoring of a state."""
    total = 0.0
    for level in range(weight.shape[2]):
        total += weight[i, b, level]
    return total


@njit(**INSIDE)
def _most(weight, i, b):
    """The largest weight of a level of censoring of a state."""
    largest = 0.0
    for level in range(weight.shape[2]):
        largest = max(largest, weight[i, b, level])
    return largest


@njit(**INSIDE)
def _blank(rows):
    """Mass, survival and weight of the largest way of states that none leads to yet."""
    mass, kept, largest = np.zeros((rows, BINS)), np.zeros((rows, BINS)), np.zeros((rows, BINS))
    for j in range(rows):
        for b in range(BINS):
            kept[j, b] = 1.0
    return mass, kept, largest


@njit(**INSIDE)
def _switch(weight, stay, chance):
    """Let the level of censoring change, to any as probable as it is."""
    for i in range(weight.shape[0]):
        for b in range(BINS):
            moved = (1 - stay) * _all(weight, i, b)
            if moved > 0:
                for level in range(len(chance)):
                    weight[i, b, level] = stay * weight[i, b, level] + moved * chance[level]


@njit(**INSIDE)
def _censor(weight, survival, low, pmf, length, first, sd, least):
    """Take censorings from every state, down to `first`; not in ways less probable than `least`."""
    rows, _, levels = weight.shape
    new = np.zeros((low + rows - first, BINS, levels))
    mass, kept, largest = _blank(low + rows - first)
    filled = np.zeros(BINS)
    for i in range(rows):
        top = 0.0
        for b in range(BINS):
            top = max(top, _most(weight, i, b))
            filled[b] = _all(weight, i, b)
        for c in range(min(length, low + i - first + 1)):
            j = low + i - c - first
            start, stop = 0, levels  # of the levels that can have so many
            while start < stop and top * pmf[c, start] <= least:
                start += 1
            while stop > start and top * pmf[c, stop - 1] <= least:
                stop -= 1
            if start == stop:
                continue
            for b in range(BINS):
                if filled[b] <= 0:
                    continue
                x = 0.0
                for level in range(start, stop):
                    way = weight[i, b, level] * pmf[c, level]
                    new[j, b, level] += way
                    x += way
                if x > 0:
                    _merge(mass, kept, largest, j, b, x, survival[i, b], sd)
    return new, kept


@njit(**INSIDE)
def _censor_far(weight, survival, low, pmf, length, target, new, kept):
    """Add the censorings beyond the table that lead to the `target` alone (row 0 of `new`)."""
    rows, _, levels = weight.shape
    largest = np.zeros(BINS)
    for i in range(rows):
        c = low + i - target
        if c < length:
            continue
        for b in range(BINS):
            x = 0.0
            for level in range(levels):
                x += weight[i, b, level] * _censoring(c, pmf, length, level)
            if _all(new, 0, b) <= x and x > largest[b]:
                largest[b], kept[0, b] = x, survival[i, b]
            for level in range(levels):
                way = weight[i, b, level] * _censoring(c, pmf, length, level)
                new[0, b, level] += way


@njit(**INSIDE)
def _die(weight, survival, low, value, half, sd, none, more, massed, outlier, tilt):
    """Take events from every state; also the fewest and most events that fit somewhere."""
    rows, _, levels = weight.shape
    least, most = np.zeros((rows, BINS), np.int64), np.zeros((rows, BINS), np.int64)
    lowest, fewest, largest_d = low, low + rows, 0
    for i in range(rows):
        for b in range(BINS):
            if _most(weight, i, b) > 0:
                first, last = _events(low + i, survival[i, b], value, half, sd)
                least[i, b], most[i, b] = first, last
                lowest = min(lowest, low + i - last)
                fewest, largest_d = min(fewest, first), max(largest_d, last)
    chance = _chances(largest_d, low + rows, none, more, massed, tilt)
    new = np.zeros((low + rows - lowest, BINS, levels))
    mass, kept, largest = _blank(low + rows - lowest)
    for i in range(rows):
        n = low + i
        for b in range(BINS):
            total = _all(weight, i, b)
            if total == 0:
                continue
            for d in range(least[i, b] - 1 if least[i, b] > 0 else 0, most[i, b] + 1):
                if d < least[i, b]:
                    d = 0  # the point may be an outlier
                s = survival[i, b] * (1 - d / n) if n > 0 else survival[i, b]
                fit = _fit(value - s, half, sd, outlier) * chance[d]
                j, to = n - d - lowest, _bin(s - value, half, sd)
                for level in range(levels):
                    new[j, to, level] += weight[i, b, level] * fit
                _merge(mass, kept, largest, j, to, total * fit, s, sd)
    return new, kept, lowest, fewest, largest_d


@njit(**INSIDE)
def _trim(weight, survival, low, forgotten):
    """Normalise, and drop the states that hardly count."""
    rows, _, levels = weight.shape
    total = 0.0
    for i in range(rows):
        for b in range(BINS):
            for level in range(levels):
                total += weight[i, b, level]
    total = max(total, SMALLEST)
    first, last = rows, 0
    for i in range(rows):
        for b in range(BINS):
            for level in range(levels):
                weight[i, b, level] /= total
            if _all(weight, i, b) < forgotten:
                for level in range(levels):
                    weight[i, b, level] = 0.0
            else:
                first, last = min(first, i), max(last, i + 1)
    return weight[first:last], survival[first:last], low + first, total


@njit(**INSIDE)
def _grown(flat, size):
    if size <= len(flat):
        return flat
    longer = np.empty(2 * size, flat.dtype)
    for i in range(len(flat)):
        longer[i] = flat[i]
    return longer


@njit(**INSIDE)
def _to_number(weight, survival, low, pmf, length, target, sd):
    """Censor up to a node with a number at risk: that number, or near it at a cost."""
    first = max(low - length + 1, 0)
    far = target < first
    first = min(first, target)
    new, kept = _censor(weight, survival, low, pmf, length, first, sd, 0.0)
    if far:
        _censor_far(weight, survival, low, pmf, length, target, new, kept)
    for j in range(new.shape[0]):
        lost = _lost(abs(first + j - target))
        for b in range(BINS):
            for level in range(new.shape[2]):
                new[j, b, level] *= lost
    return new, kept, first


@njit(cache=True, error_model="numpy")
def forward(n, nodes, tilt, forgotten=FORGOTTEN):
    """Filter from n patients on; each event weighs exp(tilt) more, to steer their total.

    States less probable than `forgotten` are dropped.
    """
    size, levels = nodes.chance.shape
    at, lows = np.zeros((2, size), np.int64), np.zeros((2, size), np.int64)
    counts, bounds = np.zeros((2, size), np.int64), np.zeros((2, size), np.int64)
    weights, survivals, used = np.empty(65536, np.float32), np.empty(65536), 0
    weight, survival, low = np.zeros((1, BINS, levels)), np.ones((1, BINS)), n
    weight[0, BINS // 2, 0] = 1.0
    log_evidence = 0.0
    for k in range(size):
        pmf, length, sd = nodes.censored[k], nodes.length[k], nodes.sd[k]
        _switch(weight, nodes.stay[k], nodes.chance[k])
        if nodes.pinned[k]:
            target = int(nodes.value[k])
            weight, survival, low = _to_number(weight, survival, low, pmf, length, target, sd)
        else:
            first = max(low - length + 1, 0)
            least = NEGLIGIBLE * forgotten
            weight, survival = _censor(weight, survival, low, pmf, length, first, sd, least)
            low = first
        for phase in range(2):
            if phase == 1 and not nodes.pinned[k]:
                half = nodes.half[k]
                weight, survival, low, bounds[0, k], bounds[1, k] = _die(
                    weight, survival, low, nodes.value[k], half, sd, nodes.none[k], nodes.more[k],
                    nodes.massed[k], nodes.outlier[k], tilt,
                )  # fmt: skip
                log_evidence -= np.log(2 * half + 2.5066 * sd)
            weight, survival, low, total = _trim(weight, survival, low, forgotten)
            log_evidence += np.log(total)
            cells = len(weight) * BINS
            weights = _grown(weights, (used + cells) * levels)
            survivals = _grown(survivals, used + cells)
            for i in range(len(weight)):
                for b in range(BINS):
                    cell = used + i * BINS + b
                    survivals[cell] = survival[i, b]
                    for level in range(levels):
                        weights[cell * levels + level] = weight[i, b, level]
            at[phase, k], lows[phase, k], counts[phase, k] = used, low, len(weight)
            used += cells
    return Filtered(
        log_evidence, at, lows, counts, bounds[0], bounds[1],
        weights[: used * levels].copy().reshape(used, levels), survivals[:used].copy(),
    )  # fmt: skip


@njit(**INSIDE)
def _choose(cumulative, uniform):
    """Index drawn by its share of the cumulated weight; the first if none has any."""
    last = len(cumulative) - 1
    if cumulative[last] == 0:
        return 0
    low, high, wanted = 0, last, uniform * cumulative[last]
    while low < high:
        middle = (low + high) // 2
        if wanted < cumulative[middle]:
            high = middle
        else:
            low = middle + 1
    return low


@njit(**INSIDE)
def _ways_of_dying(n, to, level, nodes, k, filtered, chances):
    """Cumulated weight of the states before the events of node k, given that after: (n, bin)."""
    start, low, rows = filtered.at[0, k], filtered.low[0, k], filtered.rows[0, k]
    value, half, sd = nodes.value[k], nodes.half[k], nodes.sd[k]
    first = max(n, low)
    ways = np.zeros(max(low + rows - first, 1) * BINS)
    for m in range(first, min(low + rows, n + len(chances))):
        d = m - n
        if 0 < d < filtered.fewest[k]:
            continue
        for b in range(BINS):
            cell = start + (m - low) * BINS + b
            x = filtered.weight[cell, level]
            if x == 0:
                continue
            before = filtered.survival[cell]
            s = before * (1 - d / m) if m > 0 else before
            if _bin(s - value, half, sd) != to:
                continue
            least, most = _events(m, before, value, half, sd)
            if d == 0 or least <= d <= most:
                ways[(m - first) * BINS + b] = (
                    x * _fit(value - s, half, sd, nodes.outlier[k]) * chances[d]
                )
    for i in range(1, len(ways)):
        ways[i] += ways[i - 1]
    return ways


@njit(**INSIDE)
def _order(state, levels):
    """Draws of the same state, (draws, 3), one after another: sorted by Shell's method."""
    size = len(state)
    keys, order = np.empty(size, np.int64), np.empty(size, np.int64)
    for draw in range(size):
        keys[draw] = (state[draw, 0] * BINS + state[draw, 1]) * levels + state[draw, 2]
        order[draw] = draw
    gap = size // 2
    while gap > 0:
        for place in range(gap, size):
            draw, free = order[place], place
            while free >= gap and keys[order[free - gap]] > keys[draw]:
                order[free] = order[free - gap]
                free -= gap
            order[free] = draw
        gap //= 2
    return order


@njit(**INSIDE)
def _before_events(state, nodes, k, filtered, tilt, uniforms, assumed):
    """States before the events of node k, from those after; adds what is assumed of the point."""
    low, start = filtered.low[0, k], filtered.at[0, k]
    chances = _chances(
        max(filtered.most[k], 0), low + filtered.rows[0, k], nodes.none[k], nodes.more[k],
        nodes.massed[k], tilt,
    )  # fmt: skip
    known, ways = (-1, -1, -1), np.zeros(1)
    for draw in _order(state, nodes.chance.shape[1]):
        n, b, level = state[draw, 0], state[draw, 1], state[draw, 2]
        if (n, b, level) != known:
            known = (n, b, level)
            ways = _ways_of_dying(n, b, level, nodes, k, filtered, chances)
        chosen = _choose(ways, uniforms[draw, 2 * k])
        m, b = max(n, low) + chosen // BINS, chosen % BINS
        before = filtered.survival[start + (m - low) * BINS + b]
        s = before * (1 - (m - n) / m) if m > 0 else before
        state[draw, 0], state[draw, 1] = m, b
        assumed[draw] += np.log(
            _fit(nodes.value[k] - s, nodes.half[k], nodes.sd[k], nodes.outlier[k])
        )


@njit(**INSIDE)
def _before_censoring(state, nodes, k, filtered, uniforms):
    """Number at risk and level after node k - 1, from the states before the events of node k."""
    start, low, rows = filtered.at[1, k - 1], filtered.low[1, k - 1], filtered.rows[1, k - 1]
    length, levels = nodes.length[k], nodes.chance.shape[1]
    known, ways = (-1, -1, -1), np.zeros(1)
    for draw in _order(state, levels):
        m, b, level = state[draw, 0], state[draw, 1], state[draw, 2]
        first = max(m, low)
        if (m, b, level) != known:
            known = (m, b, level)
            stay, moved = nodes.stay[k], (1 - nodes.stay[k]) * nodes.chance[k, level]
            ways = np.zeros(max(low + rows - first, 1) * levels)
            for n in range(first, low + rows if nodes.pinned[k] else min(low + rows, m + length)):
                chance = _censoring(n - m, nodes.censored[k], length, level)
                cell = start + (n - low) * BINS + b
                for before in range(levels):
                    step = moved + stay if before == level else moved
                    ways[(n - first) * levels + before] = (
                        filtered.weight[cell, before] * step * chance
                    )
            for i in range(1, len(ways)):
                ways[i] += ways[i - 1]
        chosen = _choose(ways, uniforms[draw, 2 * k + 1])
        state[draw, 0], state[draw, 2] = first + chosen // levels, chosen % levels


@njit(**INSIDE)
def _log_fit(n, nodes, censored, died):
    """Log density of the points, given a path."""
    density, survival, number = 0.0, 1.0, n
    for k in range(len(died)):
        number -= censored[k]
        if not nodes.pinned[k]:
            if number > 0:
                survival *= 1 - died[k] / number
            density += np.log(
                _fit(nodes.value[k] - survival, nodes.half[k], nodes.sd[k], nodes.outlier[k])
            )
        number -= died[k]
    return density


@njit(cache=True, error_model="numpy")
def backward(n, nodes, filtered, tilt, uniforms):
    """Sample paths: censorings and events at each node, (draws, K) each; uniforms (draws, 2K + 1).

    The number at risk after the last node is what is left of n. Also returned is the log of a
    weight for each path, for what was lost by merging ways into states.
    """
    draws, size = len(uniforms), len(nodes.value)
    censored, died = np.zeros((draws, size), np.int64), np.zeros((draws, size), np.int64)
    levels = nodes.chance.shape[1]
    start, rows = filtered.at[1, size - 1], filtered.rows[1, size - 1]
    ways, total = np.empty(rows * BINS * levels), np.float32(0)
    for cell in range(rows * BINS):
        for level in range(levels):
            total += filtered.weight[start + cell, level]
            ways[cell * levels + level] = total
    state = np.empty((draws, 3), np.int64)  # number at risk, bin, level of censoring
    for draw in range(draws):
        last = _choose(ways, uniforms[draw, 2 * size])
        state[draw, 0] = filtered.low[1, size - 1] + last // levels // BINS
        state[draw, 1], state[draw, 2] = last // levels % BINS, last % levels
    log_weight = np.zeros(draws)
    for k in range(size - 1, -1, -1):
        for draw in range(draws):
            died[draw, k] = -state[draw, 0]
        if not nodes.pinned[k]:
            _before_events(state, nodes, k, filtered, tilt, uniforms, log_weight)
        for draw in range(draws):
            died[draw, k] += state[draw, 0]
            censored[draw, k] = -state[draw, 0]
        if k > 0:
            _before_censoring(state, nodes, k, filtered, uniforms)
        for draw in range(draws):
            censored[draw, k] += state[draw, 0] if k > 0 else n
    for draw in range(draws):
        fit = _log_fit(n, nodes, censored[draw], died[draw])
        log_weight[draw] = fit - log_weight[draw]
    return censored, died, log_weight
