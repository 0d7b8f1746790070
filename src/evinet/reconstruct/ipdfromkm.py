"""The reconstruction of IPDfromKM, the "modified iKM" algorithm.

Liu N, Zhou Y, Lee JJ (2021). BMC Med Res Methodol 21:111, doi 10.1186/s12874-021-01308-8. It
differs from Guyot's (`guyot`) in that it cleans the points, never censors more patients between
two numbers at risk than leave there, and uses total events only to bound the censorings after the
last of them: the events reconstructed need not be those printed. Written from the paper.
"""

from __future__ import annotations

import numpy as np

from evinet.patients.data import Floats
from evinet.reconstruct.guyot import Points, Walk, each_arm, first_guess, missed, tail
from evinet.reconstruct.inputs import ArmInput, Flag, Reconstruction, TrialInput

METHOD = "ipdfromkm"
FENCE = 3.0  # Tukey's, in interquartile ranges


def reconstruct(trial: TrialInput, draws: int, rng: np.random.Generator) -> Reconstruction:
    """Reconstruct each arm from its curve, numbers at risk and total events; draw 0 alone."""
    return each_arm(METHOD, trial, draws, _solve, _clean)


def _clean(time: Floats, survival: Floats, name: str) -> tuple[Floats, Floats, list[Flag]]:
    """Without spikes to one point, never rising, at most two points at one time."""
    flags = []
    step = np.diff(survival)
    change = np.abs(step)
    kept = np.ones(len(time), dtype=bool)
    if (change > 0).any():
        low, high = np.quantile(change[change > 0], [0.25, 0.75])
        far = change > high + FENCE * (high - low)
        kept[1:-1] = ~(far[:-1] & far[1:] & (step[:-1] * step[1:] < 0))
    if not kept.all():
        message = f"{(~kept).sum()} points far from both neighbours left out"
        flags.append(Flag("curve-outliers", name, message, float((~kept).sum())))
    time, survival = time[kept], survival[kept]
    lowest = np.minimum.accumulate(survival)
    rise = float((survival - lowest).max())
    if rise > 0:
        flags.append(Flag("curve-rises", name, "points above earlier ones lowered", rise))
    edge = np.ones(len(time) + 1, dtype=bool)
    edge[1:-1] = time[1:] != time[:-1]
    ends = edge[:-1] | edge[1:]
    return time[ends], lowest[ends], flags


def _solve(points: Points, arm: ArmInput) -> tuple[Walk, list[Flag]]:
    size, last = len(points.time), len(points.first) - 1
    walk = Walk(np.zeros(size, np.int64), np.zeros(size, np.int64), int(points.at_risk[0]))
    flags: list[Flag] = []
    for index in range(last):
        _interval(walk, points, index)
        flags += missed(points, index, walk.left, arm.name)
    count = tail(walk, points)
    room = walk.left - points.still
    if arm.events is not None:
        room -= max(arm.events - int(walk.died.sum()), 0)
    walk.along(points, last, max(min(count, room), 0), walk.left, walk.level)
    if arm.events is not None and (surplus := int(walk.died.sum()) - arm.events):
        message = f"{arm.events} events printed, {arm.events + surplus} reconstructed"
        flags.append(Flag("events-missed", arm.name, message, float(surplus)))
    return walk, flags


def _interval(walk: Walk, points: Points, index: int) -> None:
    """Change the censorings of an interval, up to all that leave, towards the next number."""
    start = walk.left, walk.level
    wanted = int(points.at_risk[index + 1])
    most = max(start[0] - wanted, 0)
    count, tried = min(first_guess(points, index, start[0]), most), set[int]()
    while count not in tried and count <= most:
        tried.add(count)
        walk.along(points, index, count, *start)
        count = max(count + walk.left - wanted, 0)
