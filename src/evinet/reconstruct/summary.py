"""Tier C: curves that agree with a summary, for display; never patients.

Between printed points (medians and landmarks) log(-log S) is linear in log time, that is, each
piece is Weibull; beyond them the shape is drawn. An arm with no point of its own is taken from
another arm by a published hazard ratio, if hazards were proportional.
"""

from __future__ import annotations

import numpy as np

from evinet.patients.data import Floats
from evinet.reconstruct.inputs import ArmInput, TrialInput

SHAPE_SD = 0.35  # SD of the log of the Weibull shape where no printed point fixes it
POINTS = 100


def family(trial: TrialInput, members: int, rng: np.random.Generator) -> dict[str, Floats]:
    """Curves of the arms of a tidy trial: `time` (T,), and (members, T) survival an arm.

    Arms about which nothing fixes a curve are left out; the result is empty if that is all.
    """
    points = {arm.name: _points(arm) for arm in trial.arms}
    known = [time for times, _ in points.values() for time in times]
    if not known:
        return {}
    time = np.linspace(0, 1.5 * max(known), POINTS + 1)[1:]
    shapes = np.exp(SHAPE_SD * rng.standard_normal(members))
    curves = {
        name: np.array([_curve(time, *printed, shape) for shape in shapes])
        for name, printed in points.items()
        if len(printed[0])
    }
    for contrast in trial.contrasts:
        if contrast.hr is None:
            continue
        if contrast.arm not in curves and contrast.comparator in curves:
            curves[contrast.arm] = curves[contrast.comparator] ** contrast.hr
        elif contrast.comparator not in curves and contrast.arm in curves:
            curves[contrast.comparator] = curves[contrast.arm] ** (1 / contrast.hr)
    return {"time": time, **{name: curves[name] for name in points if name in curves}}


def _points(arm: ArmInput) -> tuple[Floats, Floats]:
    """Times and printed survival, strictly between 0 and 1 and falling."""
    printed = [(mark.time, mark.survival) for mark in arm.landmarks if 0 < mark.survival < 1]
    if arm.median is not None and arm.median.estimate is not None:
        printed.append((arm.median.estimate, 0.5))
    kept: list[tuple[float, float]] = []
    for time, survival in sorted(printed):
        if not kept or (time > kept[-1][0] and survival < kept[-1][1]):
            kept.append((time, survival))
    return np.array([time for time, _ in kept]), np.array([survival for _, survival in kept])


def _curve(time: Floats, at: Floats, survival: Floats, shape: float) -> Floats:
    x, y = np.log(at), np.log(-np.log(survival))
    wanted = np.log(time)
    inside = np.interp(wanted, x, y)
    before, after = np.minimum(wanted - x[0], 0), np.maximum(wanted - x[-1], 0)
    result: Floats = np.exp(-np.exp(inside + shape * (before + after)))
    return result
