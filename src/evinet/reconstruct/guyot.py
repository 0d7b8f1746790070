"""Guyot's reconstruction, as in reviews of the last decade, and what it shares with its successor.

Guyot P, Ades AE, Ouwens MJNM, Welton NJ (2012). BMC Med Res Methodol 12:9,
doi 10.1186/1471-2288-12-9. Between two numbers at risk censoring is spread evenly, and its amount
changed until the number at risk comes out; after the last one it goes on at the mean rate so far,
or so that the total number of events comes out. As published the method does not end, or fails, on
some inputs: here it stops with a flag. Otherwise its weaknesses are its own: without numbers at
risk nobody is censored before the end, and total events change the last interval alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evinet.patients.data import Floats, Integers, Patients
from evinet.reconstruct.inputs import ArmInput, Flag, Reconstruction, TrialInput, tidy

METHOD = "guyot"
UNUSED = ("median", "landmarks")
MOST = 4000  # points of a curve walked along, at most


def reconstruct(trial: TrialInput, draws: int, rng: np.random.Generator) -> Reconstruction:
    """Reconstruct each arm from its curve, numbers at risk and total events; draw 0 alone."""
    return each_arm(METHOD, trial, draws, _solve)


@dataclass(frozen=True, eq=False)
class Points:
    """A falling curve, and the numbers at risk in whose intervals it has points.

    Attributes
    ----------
    time, survival : (K,) the points, the first of them (0, 1).
    first : (M,) index of the first point at or after each time of the table.
    at_risk : (M,) the numbers printed there.
    still : the number printed for a time after the last point, otherwise 0.
    """

    time: Floats
    survival: Floats
    first: Integers
    at_risk: Integers
    still: int

    def interval(self, index: int) -> slice:
        """The points of an interval."""
        last = index == len(self.first) - 1
        return slice(self.first[index], len(self.time) if last else self.first[index + 1])

    def even(self, index: int, count: int) -> Integers:
        """How many of `count` censorings, spread evenly, come after each point of an interval."""
        points = self.interval(index)
        start, end = self.time[points.start], self.time[min(points.stop, len(self.time) - 1)]
        times = start + np.arange(1, count + 1) * (end - start) / (count + 1)
        after = np.searchsorted(self.time[points], times, side="right") - 1
        return np.bincount(after, minlength=points.stop - points.start)


@dataclass
class Walk:
    """Events and censorings after the points walked along so far.

    `level` is the Kaplan-Meier estimate of what was reconstructed, `left` the patients at risk.
    """

    died: Integers
    lost: Integers
    left: int
    level: float = 1.0

    def along(self, points: Points, index: int, count: int, at_risk: int, level: float) -> None:
        """Walk along an interval with `count` censorings, from `at_risk` patients."""
        died, lost = [], []
        part = points.interval(index)
        for survival, leaving in zip(
            points.survival[part].tolist(), points.even(index, count).tolist(), strict=True
        ):
            events = round(at_risk * (1 - survival / level)) if level > 0 and at_risk > 0 else 0
            if events > 0:
                level *= 1 - events / at_risk
                at_risk -= events
            else:
                events = 0
            leaving = min(leaving, at_risk)
            at_risk -= leaving
            died.append(events)
            lost.append(leaving)
        self.died[part], self.lost[part] = died, lost
        self.left, self.level = at_risk, level


Solve = Callable[[Points, ArmInput], tuple[Walk, list[Flag]]]
Clean = Callable[[Floats, Floats, str], tuple[Floats, Floats, list[Flag]]]


def each_arm(
    method: str, trial: TrialInput, draws: int, solve: Solve, clean: Clean | None = None
) -> Reconstruction:
    """Reconstruct the arms of a trial by a method that walks along their curves.

    Arms without a curve, or whose number of patients is not known, are left out with a flag.
    """
    trial, flags = tidy(trial)
    noted, arms = list(flags), {}
    if draws:
        message = f"{method} gives one reconstruction: no draws, its uncertainty is not known"
        noted.append(Flag("no-draws", "", message))
    if trial.contrasts:
        noted.append(Flag("input-unused", "", f"{method} does not use published contrasts"))
    for arm in trial.arms:
        if arm.curve is None or not arm.n:
            message = "no curve" if arm.curve is None else "number of patients not known"
            noted.append(Flag("not-reconstructable", arm.name, message))
            continue
        ignored = [name for name in UNUSED if getattr(arm, name)]
        if arm.marks is not None:
            ignored.append("marks")
        if ignored:
            message = f"{method} does not use: {', '.join(ignored)}"
            noted.append(Flag("input-unused", arm.name, message))
        points, found = _points(arm, clean or _falling)
        walk, further = solve(points, arm)
        noted += [*found, *further]
        arms[arm.name] = [_patients(points, walk)]
    return Reconstruction(method, arms, tuple(noted))


def _points(arm: ArmInput, clean: Clean) -> tuple[Points, list[Flag]]:
    assert arm.curve is not None
    time, survival, flags = clean(*arm.curve, arm.name)
    if len(time) > MOST:
        kept = np.unique(np.linspace(0, len(time) - 1, MOST).astype(int))
        flags.append(Flag("curve-thinned", arm.name, f"{MOST} points used", float(len(time))))
        time, survival = time[kept], survival[kept]
    times, counts = (np.zeros(1), np.array([arm.n])) if arm.at_risk is None else arm.at_risk
    first = np.searchsorted(time, times, side="left")
    filled = first < np.append(first[1:], len(time))
    still = int(counts[-1]) if first[-1] == len(time) else 0
    if not filled[first < len(time)].all():
        message = "numbers at risk before intervals without a point of the curve not used"
        unused = float((~filled[first < len(time)]).sum())
        flags.append(Flag("at-risk-unused", arm.name, message, unused))
    return Points(time, survival, first[filled], counts[filled], still), flags


def _falling(time: Floats, survival: Floats, name: str) -> tuple[Floats, Floats, list[Flag]]:
    """The published method wants a curve that never rises."""
    lowest = np.minimum.accumulate(survival)
    rise = float((survival - lowest).max())
    message = "points above earlier ones lowered"
    flags = [Flag("curve-rises", name, message, rise)] if rise > 0 else []
    return time, lowest, flags


def _patients(points: Points, walk: Walk) -> Patients:
    """Events at the points, censorings half-way to the next, all others after the last."""
    time = points.time
    halfway = np.append((time[:-1] + time[1:]) / 2, time[-1])
    events, censored = np.repeat(time, walk.died), np.repeat(halfway, walk.lost)
    times = np.concatenate([events, censored, np.full(walk.left, time[-1])])
    event = (np.arange(len(times)) < len(events)).astype(np.int64)
    order = np.lexsort((1 - event, times))
    return Patients(times[order], event[order])


def _solve(points: Points, arm: ArmInput) -> tuple[Walk, list[Flag]]:
    size, last = len(points.time), len(points.first) - 1
    walk = Walk(np.zeros(size, np.int64), np.zeros(size, np.int64), int(points.at_risk[0]))
    flags: list[Flag] = []
    for index in range(last):
        flags += _interval(walk, points, index, arm.name)
    count = tail(walk, points)
    start = walk.left, walk.level
    walk.along(points, last, count, *start)
    if arm.events is None:
        return walk, flags
    part = points.interval(last)
    if last > 0 and walk.died[: part.start].sum() >= arm.events:
        walk.died[part], walk.lost[part], walk.left = 0, 0, start[0]
    else:
        tried = {count}
        surplus = int(walk.died.sum()) - arm.events
        while surplus > 0 or (surplus < 0 and count > 0):
            count = min(max(count + surplus, 0), start[0])
            if count in tried:
                break
            tried.add(count)
            walk.along(points, last, count, *start)
            surplus = int(walk.died.sum()) - arm.events
    missed = int(walk.died.sum()) - arm.events
    if missed:
        message = f"{arm.events} events printed, {arm.events + missed} reconstructed"
        flags.append(Flag("events-missed", arm.name, message, float(missed)))
    return walk, flags


def _interval(walk: Walk, points: Points, index: int, name: str) -> list[Flag]:
    """Change the censorings of an interval until the next number at risk comes out."""
    start = walk.left, walk.level
    wanted = int(points.at_risk[index + 1])
    count, tried = first_guess(points, index, start[0]), set[int]()
    while count not in tried:
        tried.add(count)
        walk.along(points, index, count, *start)
        count = max(count + walk.left - wanted, 0)
    return missed(points, index, walk.left, name)


def first_guess(points: Points, index: int, at_risk: int) -> int:
    """Censorings of an interval if all were at its start."""
    begin, end = points.survival[points.first[index : index + 2]]
    expected = at_risk * end / begin if begin > 0 else 0.0
    return max(round(expected) - int(points.at_risk[index + 1]), 0)


def missed(points: Points, index: int, left: int, name: str) -> list[Flag]:
    """A flag where the number at risk at the end of an interval did not come out."""
    wanted, time = int(points.at_risk[index + 1]), points.time[points.first[index + 1]]
    if left == wanted:
        return []
    message = f"{wanted} at risk printed, {left} reconstructed at {time:g}; the latter used"
    return [Flag("at-risk-missed", name, message, float(left - wanted))]


def tail(walk: Walk, points: Points) -> int:
    """Censorings after the last number at risk, at the mean rate before it."""
    begin = points.first[-1]
    if begin == 0:
        return 0
    rate = walk.lost[:begin].sum() / max(points.time[begin - 1], 1e-12)
    return min(round(rate * (points.time[-1] - points.time[begin])), walk.left)
