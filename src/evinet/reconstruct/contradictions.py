"""Published numbers that cannot all be true, and by how much."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from evinet.patients.data import Floats, normal_quantile
from evinet.reconstruct.inputs import ArmInput, Contrast, Flag, TrialInput
from evinet.reconstruct.noise import rounding

ROUNDING = 0.006  # of a printed survival proportion
FOLD = np.log(2)  # between a hazard ratio and the ratio of medians on the other side of 1
BELOW = 0.02  # of a curve below the share at risk
BLUR = 0.003  # of the time axis: error of a point
APART = 1.0  # between the z of a P value and that of a hazard ratio with its limits
ASYMMETRIC = 0.1  # of a hazard ratio between its limits, as a share of their distance


def contradictions(trial: TrialInput) -> tuple[Flag, ...]:
    """Flags for numbers of a tidy trial that contradict each other, whatever the method."""
    arms = {arm.name: arm for arm in trial.arms}
    of_arms = [flag for arm in trial.arms for flag in _of_arm(arm)]
    return (*of_arms, *(flag for each in trial.contrasts for flag in _of_contrast(each, arms)))


def _of_contrast(contrast: Contrast, arms: dict[str, ArmInput]) -> Iterator[Flag]:
    if contrast.hr is None:
        return
    place, log_hr = f"{contrast.arm} v {contrast.comparator}", float(np.log(contrast.hr))
    medians = [
        None if (median := arms[name].median) is None else median.estimate
        for name in (contrast.arm, contrast.comparator)
    ]
    if medians[0] and medians[1]:
        ratio = float(np.log(medians[1] / medians[0]))
        if ratio * log_hr < 0 and abs(log_hr - ratio) > FOLD:
            message = f"{place}: HR {contrast.hr:g}, but medians {medians[0]:g} and {medians[1]:g}"
            yield Flag("hr-medians", "", f"{message} (ln, apart)", log_hr - ratio)
    if contrast.lower is None or contrast.upper is None:
        return
    low, high = np.log([contrast.lower, contrast.upper])
    off = (log_hr - (low + high) / 2) / max(high - low, 1e-9)
    if abs(off) > ASYMMETRIC:
        message = f"{place}: HR {contrast.hr:g} is not midway between its limits (share of width)"
        yield Flag("hr-asymmetric", "", message, float(off))
    if contrast.p is not None and contrast.p < 1:
        z = abs(log_hr) * 2 * normal_quantile(contrast.level) / max(high - low, 1e-9)
        gap = z - normal_quantile(1 - contrast.p)
        if abs(gap) > APART:
            message = f"{place}: P {contrast.p:g}, but HR and limits give z = {z:.2f} (z, apart)"
            yield Flag("hr-p", "", message, float(gap))


def _of_arm(arm: ArmInput) -> Iterator[Flag]:
    yield from _below_at_risk(arm)
    yield from _too_few_events(arm)
    yield from _fewer_than_falls(arm)
    yield from _more_marks_than_leave(arm)
    survival = [(mark.time, mark.survival) for mark in arm.landmarks]
    for (early, before), (late, after) in pairwise(survival):
        if after > before:
            message = f"survival {after:g} at {late:g} is above {before:g} at {early:g}"
            yield Flag("landmarks-rise", arm.name, message, after - before)
    if arm.median is not None and arm.median.estimate is not None:
        for time, value in survival:
            side = value - 0.5 if time > arm.median.estimate else 0.5 - value
            if side > ROUNDING:
                message = f"survival {value:g} at {time:g}, but a median of {arm.median.estimate:g}"
                yield Flag("median-landmark", arm.name, message, side)


def _fewer_than_falls(arm: ArmInput) -> Iterator[Flag]:
    """Survival falls by an event at least from each printed level to the next."""
    if arm.events is None or not arm.landmarks:
        return
    levels = np.array([1.0, *(mark.survival for mark in arm.landmarks)])
    falls = int((-np.diff(levels) > ROUNDING).sum())
    if falls > arm.events:
        message = f"{arm.events} events, but survival falls {falls} times"
        yield Flag("events-too-few", arm.name, message, falls - arm.events)


def _more_marks_than_leave(arm: ArmInput) -> Iterator[Flag]:
    """Between two numbers at risk no more patients are censored than leave."""
    if arm.at_risk is None or arm.marks is None or not len(arm.marks):
        return
    times, counts = arm.at_risk
    blur = BLUR * max(float(arm.marks[-1]), float(times[-1]))
    ends = np.append(times[1:], np.inf)
    inside = (arm.marks > times[:, None] + blur) & (arm.marks < ends[:, None] - blur)
    excess = inside.sum(axis=1) - (counts - np.append(counts[1:], 0))
    worst = int(np.argmax(excess))
    if excess[worst] > 0:
        message = f"{inside[worst].sum()} censor marks after {times[worst]:g}"
        if worst < len(times) - 1:
            message += f" and before {ends[worst]:g}"
        message += f", but only {inside[worst].sum() - excess[worst]} patients leave then"
        yield Flag("marks-at-risk", arm.name, message, float(excess[worst]))


def _below_at_risk(arm: ArmInput) -> Iterator[Flag]:
    """Survival is at least the share still at risk."""
    if arm.at_risk is None or not arm.n:
        return
    times, counts = arm.at_risk
    share = counts / arm.n
    for mark in arm.landmarks:
        later = np.flatnonzero(times >= mark.time)
        least = float(share[later[0]]) if len(later) else 0.0
        if mark.survival < least - ROUNDING:
            message = (
                f"survival {mark.survival:g} at {mark.time:g}, but a share {least:.3g} at risk"
            )
            yield Flag("landmark-at-risk", arm.name, message, least - mark.survival)
    median = None if arm.median is None else arm.median.estimate
    if median is not None and (later := np.flatnonzero(times >= median)).size:
        least = float(share[later[0]])
        if least > 0.5 + ROUNDING:
            message = f"median {median:g}, but a share {least:.3g} at risk at {times[later[0]]:g}"
            yield Flag("median-at-risk", arm.name, message, least - 0.5)
    if arm.curve is not None:
        yield from _curve_below(arm.name, *arm.curve, times, share)


def _curve_below(
    name: str, time: Floats, survival: Floats, times: Floats, share: Floats
) -> Iterator[Flag]:
    """A curve that is below the share at risk: before a time survival is no more than at the last
    point well before it, whatever the points are."""
    blur = rounding(np.unique(time)).spacing or BLUR * float(time[-1])
    before = np.searchsorted(time, times - blur, side="right") - 1
    most = np.minimum.accumulate(survival)[np.maximum(before, 0)]
    gap = np.where((before >= 0) & (times <= time[-1] + blur), share - most, 0.0)
    worst = int(np.argmax(gap))
    if gap[worst] > BELOW:
        message = f"at {times[worst]:g} the curve is at {most[worst]:.3g}, " + (
            f"below the share {share[worst]:.3g} of the patients that is still at risk"
        )
        yield Flag("curve-at-risk", name, message, float(gap[worst]))


def _too_few_events(arm: ArmInput) -> Iterator[Flag]:
    """The fewest events that bring survival down to a printed level: each as late as it can be."""
    if arm.at_risk is None or arm.events is None or not arm.n:
        return
    levels = [(mark.time, mark.survival + ROUNDING) for mark in arm.landmarks]
    if arm.median is not None and arm.median.estimate is not None:
        levels.append((arm.median.estimate, 0.5))
    times, counts = arm.at_risk
    for time, level in levels:
        usable = np.flatnonzero(times >= time)
        at_risk = int(counts[usable[0]]) if len(usable) else 0
        if at_risk == 0:  # the last event of all brings survival to 0
            continue
        factors = np.log1p(-1 / np.arange(at_risk + 1, arm.n + 1))
        fewest = int(np.searchsorted(-np.cumsum(factors), -np.log(max(level, 1e-9))))
        if fewest + 1 > arm.events and fewest + 1 <= arm.n:
            message = f"{arm.events} events, but survival {level:.3g} at {time:g} needs more"
            yield Flag("events-too-few", arm.name, message, fewest + 1 - arm.events)
