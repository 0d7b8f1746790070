"""What a reconstruction is given and what it returns, and the tidying of messy input.

Times are in months, survival is a proportion. Every method has the signature of `Method`; it
takes a tidy trial (see `tidy`) and answers with a `Reconstruction`, whatever the input: what it
had to distrust or could not satisfy is a `Flag`, never an exception.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from evinet.patients.data import Floats, Integers, Interval, Patients

MOST_PATIENTS = 50_000  # of an arm: more are a registry, and take too much memory
SMALLEST = 1e-6  # times and ratios below it, or above its inverse, are none


@dataclass(frozen=True)
class Landmark:
    """Survival at a stated time."""

    time: float
    survival: float
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True, eq=False)
class ArmInput:
    """What was published about one arm.

    Attributes
    ----------
    n : patients at time 0; None if not known.
    curve : (time, survival), the digitised Kaplan-Meier curve.
    at_risk : (time, count), the printed numbers at risk.
    events : total number of events.
    marks : times of the censor marks; a mark stands for one censored patient or more.
    median : median survival with its confidence limits.
    landmarks : survival at stated times.
    """

    name: str
    n: int | None = None
    curve: tuple[Floats, Floats] | None = None
    at_risk: tuple[Floats, Integers] | None = None
    events: int | None = None
    marks: Floats | None = None
    median: Interval | None = None
    landmarks: tuple[Landmark, ...] = ()


@dataclass(frozen=True)
class Contrast:
    """Published hazard ratio of `arm` over `comparator`."""

    arm: str
    comparator: str
    hr: float | None
    lower: float | None = None
    upper: float | None = None
    level: float = 0.95
    p: float | None = None
    stratified: bool | None = None


@dataclass(frozen=True, eq=False)
class TrialInput:
    """The arms of one outcome of one trial, and the published contrasts between them.

    `axis_error` is by how many pixels of the figure either end of its time axis may be off, and
    `survival_shift` by how much all survival of a curve may be off, one way; `comparison` is the
    arm and the comparator of the hazard ratio where none was published.
    """

    arms: tuple[ArmInput, ...]
    contrasts: tuple[Contrast, ...] = ()
    axis_error: float = 0.0
    survival_shift: float = 0.0
    comparison: tuple[str, str] | None = None


@dataclass(frozen=True)
class Flag:
    """Something the reader of a reconstruction must know.

    `code` is a reason code (docs/reconstruction.md lists them); `arm` is empty when the whole trial
    is meant; `size` says by how much, in the units of what is named.
    """

    code: str
    arm: str
    message: str
    size: float | None = None


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """The draws of each arm, draw 0 the best; draw k of one arm belongs to draw k of the others."""

    method: str
    arms: dict[str, list[Patients]]
    flags: tuple[Flag, ...] = ()


class Method(Protocol):
    """A method of reconstruction: a pure function of the trial, the draws and the generator.

    Returns draw 0 (the best) and `draws` draws of what is not identified; methods without
    uncertainty return draw 0 alone.
    """

    def __call__(
        self, trial: TrialInput, draws: int, rng: np.random.Generator
    ) -> Reconstruction: ...


@dataclass
class _Notes:
    """Flags of one arm, as they come up."""

    arm: str
    flags: list[Flag] = field(default_factory=list)

    def add(self, code: str, message: str, size: float | None = None) -> None:
        self.flags.append(Flag(code, self.arm, message, size))


def tidy(trial: TrialInput) -> tuple[TrialInput, tuple[Flag, ...]]:
    """Bring messy input into one form, and say what was changed.

    Afterwards: curves are sorted by time (at one time from high to low), proportions, start at
    (0, 1), and hold no duplicates (they may still rise: that is the method's to judge); numbers at
    risk are whole, sorted, never rise, and start at time 0 with `n`; `n` is known wherever
    a number at risk is; events do not exceed `n`; medians and landmarks lie in their limits.
    """
    arms, flags = [], []
    percent = any(mark.survival > 1.5 for arm in trial.arms for mark in arm.landmarks)
    for arm in trial.arms:
        notes = _Notes(arm.name)
        arms.append(_tidy_arm(arm, notes, percent))
        flags += notes.flags
    contrasts = []
    for contrast in trial.contrasts:
        notes = _Notes("")
        contrasts += _tidy_contrast(contrast, {arm.name for arm in arms}, notes)
        flags += notes.flags
    return replace(trial, arms=tuple(arms), contrasts=tuple(contrasts)), tuple(flags)


def _tidy_arm(arm: ArmInput, notes: _Notes, percent: bool) -> ArmInput:
    n = arm.n if arm.n is not None and arm.n > 0 else None
    counts = [] if arm.at_risk is None else [x for x in _floats(arm.at_risk[1]) if np.isfinite(x)]
    if max([n or 0, *counts]) > MOST_PATIENTS:
        notes.add("n-too-large", f"more than {MOST_PATIENTS} patients are not reconstructed",
                  float(max([n or 0, *counts])))  # fmt: skip
        n, arm = None, replace(arm, at_risk=None)
    curve = None if arm.curve is None else _tidy_curve(*arm.curve, notes)
    least = None if n is not None else _fewest_at_start(replace(arm, curve=curve))
    if least is not None:
        notes.add("n-unknown", f"the numbers at risk begin after time 0, and at least {least} "
                  "patients started: not reconstructed without their number", least)  # fmt: skip
        arm = replace(arm, at_risk=None)
    at_risk = None if arm.at_risk is None else _tidy_at_risk(*arm.at_risk, n, notes)
    if at_risk is not None:
        n = int(at_risk[1][0])
    events = arm.events
    if events is not None and (events < 0 or (n is not None and events > n)):
        notes.add("events-exceed-n", f"{events} events of {n} patients: ignored", events - (n or 0))
        events = None
    marks = None if arm.marks is None else _tidy_marks(arm.marks, n, notes)
    return replace(
        arm, n=n, curve=curve, at_risk=at_risk, events=events, marks=marks,
        median=_tidy_median(arm.median, notes),
        landmarks=_tidy_landmarks(arm.landmarks, notes, percent),
    )  # fmt: skip


def _fewest_at_start(arm: ArmInput) -> int | None:
    """The fewest patients at time 0, where the first number at risk is printed after it and cannot
    be theirs: the curve has fallen before its time, or there are more events. Otherwise None.

    Where R are at risk and survival is S, R / S have started, and as many more as were censored.

    >>> curve = np.array([0.0, 5.0, 20.0]), np.array([1.0, 0.8, 0.3])
    >>> _fewest_at_start(ArmInput("a", curve=curve, at_risk=(np.array([6.0]), np.array([120]))))
    150
    """
    if arm.at_risk is None:
        return None
    times, counts = _floats(arm.at_risk[0]), _floats(arm.at_risk[1])
    usable = np.isfinite(counts) & (counts >= 0) & (times >= 0)
    if not usable.any() or times[usable].min() == 0:
        return None
    first, count = float(times[usable].min()), float(counts[usable].max())
    least = count
    if arm.curve is not None:
        survival = float(arm.curve[1][arm.curve[0] < first][-1])  # curves begin at time 0
        least = count / max(survival, 1 / MOST_PATIENTS)
    least = max(round(least), arm.events or 0)
    return int(least) if least > count else None


def _tidy_marks(times: Floats, n: int | None, notes: _Notes) -> Floats | None:
    marks = np.sort(_floats(times))
    known = np.isfinite(marks) & (marks >= 0)
    if not known.all():
        notes.add("marks-incomplete", "censor marks without a time, or before time 0, left out",
                  float((~known).sum()))  # fmt: skip
    marks = marks[known]
    if n is not None and len(marks) > n:
        notes.add("marks-exceed-n", f"{len(marks)} censor marks of {n} patients: ignored",
                  float(len(marks) - n))  # fmt: skip
        return None
    return marks


def _tidy_curve(time: Floats, survival: Floats, notes: _Notes) -> tuple[Floats, Floats] | None:
    time, survival = _floats(time), _floats(survival)
    known = np.isfinite(time) & np.isfinite(survival)
    if not known.any():
        notes.add("curve-empty", "the curve has no usable point: ignored")
        return None
    if not known.all():
        notes.add("curve-incomplete", "points without number left out", float((~known).sum()))
    time, survival = time[known], survival[known]
    if per_cent(survival):
        notes.add("curve-percent", "survival read as per cent", float(survival.max()))
        survival = survival / 100
    outside = float(max(survival.max() - 1, -survival.min(), -time.min(), 0))
    if outside > 0:
        notes.add("curve-outside", "points outside the axes moved to the edge", outside)
        time, survival = np.maximum(time, 0), np.clip(survival, 0, 1)
    time = np.where(time < SMALLEST, 0.0, time)
    if time.max() <= 0:
        notes.add("curve-empty", "the curve has no point after time 0: ignored")
        return None
    order = np.lexsort((-survival, time))
    points = np.column_stack([time[order], survival[order]])
    kept = np.ones(len(points), dtype=bool)
    kept[1:] = (points[1:] != points[:-1]).any(axis=1)
    points = points[kept]
    if points[0, 0] > 0 or points[0, 1] < 1:
        points = np.vstack([[0.0, 1.0], points])
    return points[:, 0], points[:, 1]


def per_cent(survival: Floats) -> bool:
    """Whether points of a curve are in per cent: more than a fifth are above 1.5.

    One point that was misread does not make it so.
    """
    return bool((_floats(survival) > 1.5).mean() > 0.2)


def _tidy_at_risk(
    time: Floats, count: Integers, n: int | None, notes: _Notes
) -> tuple[Floats, Integers] | None:
    time, number = _floats(time), _floats(count)
    negative, broken = (number < 0).sum(), (number % 1 > 0).sum()
    if negative:
        notes.add("at-risk-negative", "negative numbers at risk left out", float(negative))
    if broken:
        notes.add("at-risk-not-whole", "numbers at risk that are not whole rounded", float(broken))
    known = np.isfinite(number) & (time >= 0) & (time < 1 / SMALLEST) & (number >= 0)
    time, counts = np.round(time[known], 6), np.rint(number[known]).astype(np.int64)
    if not len(time):
        notes.add("at-risk-empty", "no usable number at risk")
        return None if n is None else (np.zeros(1), np.array([n]))
    order = np.lexsort((-counts, time))
    time, counts = time[order], counts[order]
    if time[0] > 0:
        start = n if n is not None else int(counts.max())
        if n is None:
            notes.add("n-assumed", "patients at time 0 taken from the first number at risk", start)
        time, counts = np.insert(time, 0, 0.0), np.insert(counts, 0, start)
    elif n is not None and counts[0] != n:
        notes.add(
            "n-differs", f"{n} patients, but {counts[0]} at risk at 0: the latter used",
            float(counts[0] - n),
        )  # fmt: skip
    kept = _falling(time, counts)
    if not kept.all():
        worst = float(np.max(np.diff(counts), initial=0))
        left = ", ".join(f"{counts[i]} at {time[i]:g}" for i in np.flatnonzero(~kept)[:5])
        notes.add("at-risk-rises", f"numbers at risk rise or repeat: left out {left}", worst)
    return time[kept], counts[kept]


def _falling(time: Floats, number: Integers) -> np.ndarray:
    """The largest set of entries with the first, times that differ and counts that never rise."""
    size = len(number)
    length, before = np.ones(size, dtype=int), np.full(size, -1)
    for i in range(1, size):
        length[i] = -size
        usable = np.flatnonzero((number[:i] >= number[i]) & (time[:i] < time[i]))
        if len(usable):
            best = usable[np.argmax(length[usable])]
            length[i], before[i] = length[best] + 1, best
    kept = np.zeros(size, dtype=bool)
    last = int(np.argmax(length))
    while last >= 0:
        kept[last] = True
        last = before[last]
    return kept


def _tidy_median(median: Interval | None, notes: _Notes) -> Interval | None:
    if median is None:
        return None
    usable = _limits(median.estimate, median.lower, median.upper)
    if usable is None:
        printed = (median.lower, median.estimate, median.upper)
        message = f"median {_printed(*printed)} are not in order: limits ignored"
        notes.add("median-limits", message, _disorder(*printed))
        usable = (_positive(median.estimate), None, None)
    interval = Interval(*usable, level=_level(median.level))
    return None if interval == Interval(None, level=interval.level) else interval


def _tidy_landmarks(
    landmarks: Iterable[Landmark], notes: _Notes, percent: bool
) -> tuple[Landmark, ...]:
    """Landmarks in order; where one of the trial is above 1.5 all are per cent, also 0.9."""
    kept: list[Landmark] = []
    for mark in landmarks:
        numbers = [mark.survival, mark.lower, mark.upper]
        if percent:
            numbers = [None if value is None else value / 100 for value in numbers]
            notes.add("landmark-percent", f"survival {mark.survival:g} read as per cent")
        survival, lower, upper = numbers
        if survival is None or not SMALLEST < mark.time < 1 / SMALLEST:
            notes.add("landmark-time", f"landmark at {mark.time}: ignored")
        elif any(abs(mark.time - other.time) < SMALLEST for other in kept):
            notes.add("landmark-time", f"second landmark at {mark.time}: ignored")
        elif not 0 <= survival <= 1:
            notes.add("landmark-range", f"survival {mark.survival} at {mark.time}: ignored")
        elif not (0 if lower is None else lower) <= survival <= (1 if upper is None else upper):
            message = f"at {mark.time:g} {_printed(lower, survival, upper)} are not in order"
            notes.add("landmark-limits", f"{message}: limits ignored",
                      _disorder(lower, survival, upper))  # fmt: skip
            kept.append(Landmark(mark.time, survival))
        else:
            kept.append(Landmark(mark.time, survival, lower, upper))
    return tuple(sorted(kept, key=lambda mark: mark.time))


def _tidy_contrast(contrast: Contrast, arms: set[str], notes: _Notes) -> list[Contrast]:
    place = f"{contrast.arm} v {contrast.comparator}"
    if not {contrast.arm, contrast.comparator} <= arms or contrast.arm == contrast.comparator:
        notes.add("contrast-arms", f"{place}: no such two arms, ignored")
        return []
    usable = _limits(contrast.hr, contrast.lower, contrast.upper)
    if usable is None:
        printed = (contrast.lower, contrast.hr, contrast.upper)
        message = f"{place}: {_printed(*printed)} are not in order: all ignored"
        notes.add("hr-limits", message, _disorder(*printed))
        usable = (None, None, None)
    p = contrast.p if contrast.p is not None and 0 < contrast.p <= 1 else None
    hr, lower, upper = usable
    if hr is None and p is None:
        return []
    return [replace(contrast, hr=hr, lower=lower, upper=upper, level=_level(contrast.level), p=p)]


def _limits(
    estimate: float | None, lower: float | None, upper: float | None
) -> tuple[float | None, float | None, float | None] | None:
    """Positive numbers in order, or None when they are not in order."""
    numbers = tuple(_positive(value) for value in (estimate, lower, upper))
    known = [value for value in (numbers[1], numbers[0], numbers[2]) if value is not None]
    return numbers if known == sorted(known) else None  # type: ignore[return-value]


def _printed(lower: float | None, estimate: float | None, upper: float | None) -> str:
    parts = zip(("lower", "estimate", "upper"), (lower, estimate, upper), strict=True)
    return ", ".join(f"{name} {value:g}" for name, value in parts if value is not None)


def _disorder(*values: float | None) -> float:
    """By how much a value is below one that comes before it."""
    known = [value for value in values if value is not None]
    return max((a - b for i, a in enumerate(known) for b in known[i + 1 :]), default=0.0)


def _positive(value: float | None) -> float | None:
    return value if value is not None and SMALLEST < value < 1 / SMALLEST else None


def _level(level: float) -> float:
    return level if 0.5 <= level < 1 else 0.95


def _floats(values: Floats | Integers) -> Floats:
    return np.asarray(values, dtype=np.float64).ravel()
