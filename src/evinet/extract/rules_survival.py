"""Plausibility of survival: medians, landmarks and numbers at risk."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from evinet.extract.finding import Finding, name
from evinet.extract.load import Evidence
from evinet.extract.points import Point
from evinet.extract.walk import at_most


def median_interval(evidence: Evidence) -> Iterator[Finding]:
    """A median lies inside its confidence interval."""
    for i, result in enumerate(evidence.trial.results):
        for slug, arm in result.arms.items():
            if arm.median is None or arm.median.value is None:
                continue
            low = -math.inf if arm.median.lower is None else arm.median.lower
            high = math.inf if arm.median.upper is None else arm.median.upper
            if math.isinf(low) and math.isinf(high):
                continue
            value = arm.median.value
            off = max(low - value, value - high, 0.0)
            yield Finding(
                name(evidence, ("results", i, "arms", slug, "median")),
                "median-interval",
                "pass" if off == 0 else "fail",
                f"{value:g}",
                f"from {low:g} to {high:g}",
                off,
            )


def landmark_median(evidence: Evidence) -> Iterator[Finding]:
    """Survival is at least a half before the median, and at most a half after it.

    A median that is not reached leaves survival above a half at every time.
    """
    for i, result in enumerate(evidence.trial.results):
        for slug, arm in result.arms.items():
            if arm.median is None:
                continue
            reached = arm.median.value
            for j, landmark in enumerate(arm.landmarks):
                before = reached is None or landmark.time < reached
                off = 0.5 - landmark.value if before else landmark.value - 0.5
                median = "a median not reached" if reached is None else f"a median of {reached:g}"
                yield Finding(
                    name(evidence, ("results", i, "arms", slug, "landmarks", j)),
                    "landmark-median",
                    "pass" if off <= 0 else "fail",
                    f"survival {landmark.value:g} at {landmark.time:g} months",
                    f"{'at least' if before else 'at most'} 0.5, with {median}",
                    max(0.0, off),
                )


def landmark_order(evidence: Evidence) -> Iterator[Finding]:
    """Survival falls with time."""
    for i, result in enumerate(evidence.trial.results):
        for slug, arm in result.arms.items():
            ordered = sorted(arm.landmarks, key=lambda item: item.time)
            for first, second in pairwise(ordered):
                off = second.value - first.value
                yield Finding(
                    f"{name(evidence, ('results', i, 'arms', slug))}.landmarks[{second.time:g}]",
                    "landmark-order",
                    "pass" if off <= 0 else "fail",
                    f"survival {second.value:g} at {second.time:g} months",
                    f"at most {first.value:g}, that of {first.time:g} months",
                    max(0.0, off),
                )


def _series(evidence: Evidence, kind: str) -> dict[str, list[Point]]:
    found: dict[str, list[Point]] = {}
    for point in evidence.points:
        if point.kind == kind:
            path = f"{kind}/{point.outcome}[{point.report},{point.arm}]"
            found.setdefault(path, []).append(point)
    return found


def at_risk_monotone(evidence: Evidence) -> Iterator[Finding]:
    """Numbers at risk never rise."""
    for path, points in _series(evidence, "at-risk").items():
        rise = max((b.value - a.value for a, b in pairwise(points)), default=0)
        yield Finding(
            path,
            "at-risk-monotone",
            "pass" if rise <= 0 else "fail",
            f"largest rise {max(0, rise):g}",
            "no rise",
            max(0.0, rise),
        )


def at_risk_start(evidence: Evidence) -> Iterator[Finding]:
    """Numbers at risk start at time 0 with the patients analysed."""
    for path, points in _series(evidence, "at-risk").items():
        first = points[0]
        whole = at_most(evidence.trial, first.arm)
        for result in evidence.trial.results:
            if (result.outcome, result.report) == (first.outcome, first.report):
                arm = result.arms.get(first.arm)
                whole = at_most(evidence.trial, first.arm, arm.n if arm else None)
        if whole is None:
            continue
        fine = first.time == 0 and first.value == whole
        yield Finding(
            path,
            "at-risk-start",
            "pass" if fine else "warn",
            f"{first.value:g} at {first.time:g} months",
            f"{whole} at 0 months",
            first.value - whole,
        )
