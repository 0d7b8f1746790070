"""Forward filtering and backward sampling over the number at risk and the survival so far.

A state is the number at risk n and, in bins around the last point of the curve, survival S; each
state keeps the exact S of the most probable way into it. Nodes are points of the curve, where
events happen (S falls by S d / n), and numbers at risk, which pin n; before each node some
patients are censored. No state is ever left without a successor: misfits cost, they do not forbid.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

BINS = 24
REACH = 4.0  # standard deviations of the noise that the bins cover on either side
OUTLIER = 0.003  # share of points that may lie anywhere ...
OUTLIER_SPAN = 0.2  # ... over this range of survival
MISREAD, PER_PATIENT = 10.0, 2.0  # log-probability lost by a number at risk that is not met
CROWDED = 0.05  # share of nodes with more events than a Poisson distribution has
FORGOTTEN = 1e-8


class Nodes(NamedTuple):
    """The nodes of an arm, in order of time (arrays over K nodes).

    Attributes
    ----------
    pinned : a number at risk (True), or a point of the curve.
    value : the number at risk, or survival as read.
    half, sd : noise of survival: uniform within `half`, with normal flanks of `sd`.
    none : probability of no event at the node.
    more : events expected beyond the first, if there is one.
    censored : (K, C) probability of 0, 1, ... censorings since the node before.
    length : number of columns of `censored` that count.
    """

    pinned: NDArray[np.bool_]
    value: Floats
    half: Floats
    sd: Floats
    none: Floats
    more: Floats
    censored: Floats
    length: Integers

    def first(self, size: int) -> Nodes:
        """The first nodes alone."""
        return Nodes(
            self.pinned[:size], self.value[:size], self.half[:size], self.sd[:size],
            self.none[:size], self.more[:size], self.censored[:size], self.length[:size],
        )  # fmt: skip


class Filtered(NamedTuple):
    """What was kept of the forward pass, flat; rows of BINS states, by number at risk.

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
    weight: Floats
    survival: Floats


@njit(cache=True, inline="always")
def _fit(residual, half, sd):
    """Density of a residual, relative to that of none."""
    outlier = OUTLIER / OUTLIER_SPAN * (2 * half + 2.5066 * sd)
    beyond = abs(residual) - half
    if beyond <= 0:
        return 1.0 + outlier
    return np.exp(-0.5 * (beyond / sd) ** 2) + outlier


@njit(cache=True, inline="always")
def _bin(residual, half, sd):
    width = 2 * (half + REACH * sd) / BINS
    place = np.floor(residual / width) + BINS // 2
    return int(min(max(place, 0), BINS - 1))


@njit(cache=True, inline="always")
def _events(n, survival, value, half, sd):
    """Smallest and largest number of events that bring `survival` near `value`."""
    if n == 0 or survival <= 0:
        return 0, 0
    window = half + REACH * sd
    least = np.floor(n * (1 - (value + window) / survival))
    most = np.ceil(n * (1 - (value - window) / survival))
    return int(min(max(least, 0), n)), int(min(max(most, 0), n))


@njit(cache=True)
def _chances(most, none, more, tilt):
    """Weight of 0, 1, ... events at a node: beyond the first Poisson, or crowded."""
    chance = np.empty(most + 1)
    chance[0] = none
    ratio = (2 * more + 0.5) / (2 * more + 1.5)
    poisson, crowded = (1 - CROWDED) * np.exp(-more), CROWDED * (1 - ratio)
    for d in range(1, most + 1):
        chance[d] = (1 - none) * (poisson + crowded) * np.exp(tilt * d)
        poisson *= more / d
        crowded *= ratio
    return chance


@njit(cache=True)
def _lost(apart):
    """Factor for a number at risk that is `apart` patients off."""
    if apart == 0:
        return 1.0
    return np.exp(-MISREAD - PER_PATIENT * 20 * (1 - np.exp(-apart / 20)) - 0.001 * apart)


@njit(cache=True, inline="always")
def _censoring(c, row, length):
    """Probability of c censorings; beyond the table it halves with each."""
    return row[c] if c < length else row[length - 1] * 0.5 ** min(c - length + 1, 900)


@njit(cache=True, inline="always")
def _merge(new, kept, largest, j, b, x, s, sd):
    """Let a way of weight x join state (j, b): survival is the mean of ways that hardly differ."""
    new[j, b] += x
    if abs(s - kept[j, b]) < sd:
        kept[j, b] += x / new[j, b] * (s - kept[j, b])
        largest[j, b] = max(largest[j, b], x)
    elif x > largest[j, b]:
        largest[j, b], kept[j, b] = x, s


@njit(cache=True)
def _censor(weight, survival, low, row, length, first, sd):
    rows = weight.shape[0]
    new = np.zeros((low + rows - first, BINS))
    kept = np.ones((low + rows - first, BINS))
    largest = np.zeros((low + rows - first, BINS))
    for i in range(rows):
        for c in range(min(length, low + i - first + 1)):
            j, chance = low + i - c - first, row[c]
            for b in range(BINS):
                if weight[i, b] > 0:
                    x = weight[i, b] * chance
                    _merge(new, kept, largest, j, b, x, survival[i, b], sd)
    return new, kept


@njit(cache=True)
def _censor_far(weight, survival, low, row, length, target, new, kept):
    """Add the censorings beyond the table that lead to the `target` alone (row 0 of `new`)."""
    largest = np.zeros(BINS)
    for i in range(weight.shape[0]):
        c = low + i - target
        if c < length:
            continue
        chance = _censoring(c, row, length)
        for b in range(BINS):
            x = weight[i, b] * chance
            if new[0, b] <= x and x > largest[b]:
                largest[b], kept[0, b] = x, survival[i, b]
            new[0, b] += x


@njit(cache=True)
def _die(weight, survival, low, value, half, sd, none, more, tilt):
    """Take events from every state; also the fewest and most events that fit somewhere."""
    rows = weight.shape[0]
    least, most = np.zeros((rows, BINS), np.int64), np.zeros((rows, BINS), np.int64)
    lowest, fewest, largest_d = low, low + rows, 0
    for i in range(rows):
        for b in range(BINS):
            if weight[i, b] > 0:
                first, last = _events(low + i, survival[i, b], value, half, sd)
                least[i, b], most[i, b] = first, last
                lowest = min(lowest, low + i - last)
                fewest, largest_d = min(fewest, first), max(largest_d, last)
    chance = _chances(largest_d, none, more, tilt)
    shape = (low + rows - lowest, BINS)
    new, kept, largest = np.zeros(shape), np.ones(shape), np.zeros(shape)
    for i in range(rows):
        n = low + i
        for b in range(BINS):
            if weight[i, b] == 0:
                continue
            for d in range(least[i, b] - 1 if least[i, b] > 0 else 0, most[i, b] + 1):
                if d < least[i, b]:
                    d = 0  # the point may be an outlier
                s = survival[i, b] * (1 - d / n) if n > 0 else survival[i, b]
                x = weight[i, b] * _fit(value - s, half, sd) * chance[d]
                j, to = n - d - lowest, _bin(s - value, half, sd)
                _merge(new, kept, largest, j, to, x, s, sd)
    return new, kept, lowest, fewest, largest_d


@njit(cache=True)
def _trim(weight, survival, low, forgotten):
    """Normalise, and drop the states that hardly count."""
    total = weight.sum()
    first, last = weight.shape[0], 0
    for i in range(weight.shape[0]):
        for b in range(BINS):
            weight[i, b] /= total
            if weight[i, b] < forgotten:
                weight[i, b] = 0.0
            else:
                first, last = min(first, i), max(last, i + 1)
    return weight[first:last].copy(), survival[first:last].copy(), low + first, total


@njit(cache=True)
def _grown(flat, size):
    if size <= len(flat):
        return flat
    longer = np.empty(2 * size)
    longer[: len(flat)] = flat
    return longer


@njit(cache=True)
def _to_number(weight, survival, low, row, length, target, sd):
    """Censor up to a node with a number at risk: that number, or near it at a cost."""
    first = max(low - length + 1, 0)
    far = target < first
    first = min(first, target)
    new, kept = _censor(weight, survival, low, row, length, first, sd)
    if far:
        _censor_far(weight, survival, low, row, length, target, new, kept)
    for j in range(new.shape[0]):
        new[j] *= _lost(abs(first + j - target))
    return new, kept, first


@njit(cache=True)
def forward(n, nodes, tilt, forgotten=FORGOTTEN):
    """Filter from n patients on; each event weighs exp(tilt) more, to steer their total.

    States less probable than `forgotten` are dropped.
    """
    size = len(nodes.value)
    at, lows = np.zeros((2, size), np.int64), np.zeros((2, size), np.int64)
    counts, bounds = np.zeros((2, size), np.int64), np.zeros((2, size), np.int64)
    weights, survivals, used = np.empty(65536), np.empty(65536), 0
    weight, survival, low = np.zeros((1, BINS)), np.ones((1, BINS)), n
    weight[0, BINS // 2] = 1.0
    log_evidence = 0.0
    for k in range(size):
        row, length, sd = nodes.censored[k], nodes.length[k], nodes.sd[k]
        if nodes.pinned[k]:
            target = int(nodes.value[k])
            weight, survival, low = _to_number(weight, survival, low, row, length, target, sd)
        else:
            first = max(low - length + 1, 0)
            weight, survival = _censor(weight, survival, low, row, length, first, sd)
            low = first
        for phase in range(2):
            if phase == 1 and not nodes.pinned[k]:
                half = nodes.half[k]
                weight, survival, low, bounds[0, k], bounds[1, k] = _die(
                    weight, survival, low, nodes.value[k], half, sd, nodes.none[k], nodes.more[k],
                    tilt,
                )  # fmt: skip
                log_evidence -= np.log(2 * half + 2.5066 * sd)
            weight, survival, low, total = _trim(weight, survival, low, forgotten)
            log_evidence += np.log(total)
            cells = weight.size
            weights, survivals = _grown(weights, used + cells), _grown(survivals, used + cells)
            weights[used : used + cells] = weight.ravel()
            survivals[used : used + cells] = survival.ravel()
            at[phase, k], lows[phase, k], counts[phase, k] = used, low, len(weight)
            used += cells
    return Filtered(
        log_evidence, at, lows, counts, bounds[0], bounds[1], weights[:used], survivals[:used]
    )


@njit(cache=True)
def _choose(weight, uniform):
    """Index drawn with probability proportional to weight."""
    left = uniform * weight.sum()
    for i in range(len(weight)):
        left -= weight[i]
        if left < 0:
            return i
    return int(np.argmax(weight))


@njit(cache=True)
def _before_events(n, to, nodes, k, filtered, tilt, uniform):
    """State before the events of node k, given the state (n, bin) after them."""
    start, low, rows = filtered.at[0, k], filtered.low[0, k], filtered.rows[0, k]
    value, half, sd = nodes.value[k], nodes.half[k], nodes.sd[k]
    first = max(n, low)
    chances = _chances(max(filtered.most[k], 0), nodes.none[k], nodes.more[k], tilt)
    ways = np.zeros((max(low + rows - first, 1), BINS))
    for m in range(first, min(low + rows, n + len(chances))):
        d = m - n
        if 0 < d < filtered.fewest[k]:
            continue
        chance = chances[d]
        for b in range(BINS):
            cell = start + (m - low) * BINS + b
            x = filtered.weight[cell]
            if x == 0:
                continue
            before = filtered.survival[cell]
            s = before * (1 - d / m) if m > 0 else before
            if _bin(s - value, half, sd) != to:
                continue
            least, most = _events(m, before, value, half, sd)
            if d == 0 or least <= d <= most:
                ways[m - first, b] = x * _fit(value - s, half, sd) * chance
    chosen = _choose(ways.ravel(), uniform)
    m, b = first + chosen // BINS, chosen % BINS
    before = filtered.survival[start + (m - low) * BINS + b]
    s = before * (1 - (m - n) / m) if m > 0 else before
    return m, b, np.log(_fit(value - s, half, sd))


@njit(cache=True)
def _before_censoring(m, b, nodes, k, filtered, uniform):
    """Number at risk after node k - 1, given the state (m, bin) before the events of node k."""
    start, low, rows = filtered.at[1, k - 1], filtered.low[1, k - 1], filtered.rows[1, k - 1]
    first = max(m, low)
    ways = np.zeros(max(low + rows - first, 1))
    last = low + rows if nodes.pinned[k] else min(low + rows, m + nodes.length[k])
    for n in range(first, last):
        chance = _censoring(n - m, nodes.censored[k], nodes.length[k])
        ways[n - first] = filtered.weight[start + (n - low) * BINS + b] * chance
    return first + _choose(ways, uniform)


@njit(cache=True)
def _log_fit(n, nodes, censored, died):
    """Log density of the points, given a path."""
    density, survival, number = 0.0, 1.0, n
    for k in range(len(died)):
        number -= censored[k]
        if not nodes.pinned[k]:
            if number > 0:
                survival *= 1 - died[k] / number
            density += np.log(_fit(nodes.value[k] - survival, nodes.half[k], nodes.sd[k]))
        number -= died[k]
    return density


@njit(cache=True)
def backward(n, nodes, filtered, tilt, uniforms):
    """Sample paths: censorings and events at each node, (draws, K) each; uniforms (draws, 2K + 1).

    The number at risk after the last node is what is left of n. Also returned is the log of a
    weight for each path, for what was lost by merging ways into states.
    """
    draws, size = len(uniforms), len(nodes.value)
    censored, died = np.zeros((draws, size), np.int64), np.zeros((draws, size), np.int64)
    log_weight = np.zeros(draws)
    for draw in range(draws):
        u = uniforms[draw]
        start, rows = filtered.at[1, size - 1], filtered.rows[1, size - 1]
        last = _choose(filtered.weight[start : start + rows * BINS], u[2 * size])
        after, b = filtered.low[1, size - 1] + last // BINS, last % BINS
        assumed = 0.0
        for k in range(size - 1, -1, -1):
            before = after
            if not nodes.pinned[k]:
                before, b, fit = _before_events(after, b, nodes, k, filtered, tilt, u[2 * k])
                assumed += fit
            died[draw, k] = before - after
            after = n
            if k > 0:
                after = _before_censoring(before, b, nodes, k, filtered, u[2 * k + 1])
            censored[draw, k] = after - before
        log_weight[draw] = _log_fit(n, nodes, censored[draw], died[draw]) - assumed
    return censored, died, log_weight
