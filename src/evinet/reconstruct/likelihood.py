"""What medians and landmarks say about the order in which patients leave, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evinet.patients.data import Floats, Integers
from evinet.patients.kaplan_meier import band
from evinet.reconstruct.follow_up import FollowUp
from evinet.reconstruct.inputs import ArmInput

Crossing = Literal["survival", "lower", "upper"]
MISSED = {"survival": -25.0, "lower": -5.0, "upper": -5.0}
"""Log likelihood floor of a median or limit that is not met: limits depend on the convention."""
MISS_SD = 0.02  # how sharply a missed crossing is pulled towards S = 0.5
TRANSFORMS = (("log-log", 0.6), ("plain", 0.2), ("log", 0.2))
"""Transformations behind confidence limits of a median: the defaults of SAS, its past and of R."""


def rounding(value: float, most: int = 4) -> float:
    """Half a unit of the last digit of a number as printed; 0 if it has more than `most` digits."""
    for digits in range(most + 1):
        if abs(round(value, digits) - value) < 1e-9:
            return 0.5 * 10.0**-digits
    return 0.0


@dataclass(frozen=True)
class Mark:
    """A printed value at a time: survival there (`target`), or that a curve crosses 0.5 there.

    `share` is where in its interval the time is, as the share of the leaving patients expected to
    have left (see `FollowUp.share`); `half` is half the unit to which the time was rounded, in
    months.
    """

    kind: Literal["landmark"] | Crossing
    time: float
    interval: int
    share: float
    half: float = 0.0
    target: float = 0.5
    tolerance: float = 0.0


def marks(arm: ArmInput, times: FollowUp) -> list[Mark]:
    """The printed medians and landmarks of an arm, by time; those after follow-up are left out."""
    found = []
    for landmark in arm.landmarks:
        half = min(rounding(landmark.survival), 0.005)
        found.append(
            _mark("landmark", landmark.time, times, target=landmark.survival, tolerance=half)
        )
    if arm.median is not None:
        crossings: tuple[tuple[Crossing, float | None], ...] = (
            ("survival", arm.median.estimate),
            ("lower", arm.median.lower),
            ("upper", arm.median.upper),
        )
        for kind, time in crossings:
            if time is not None:
                found.append(_mark(kind, time, times, half=min(rounding(time), 0.5)))
    kept = [mark for mark in found if mark is not None]
    return sorted(kept, key=lambda mark: (mark.interval, mark.share))


def _mark(
    kind: Literal["landmark"] | Crossing, time: float, times: FollowUp,
    half: float = 0.0, target: float = 0.5, tolerance: float = 0.0,
) -> Mark | None:  # fmt: skip
    if not 0 < time < times.edges[-1]:
        return None
    interval = int(np.searchsorted(times.edges, time, side="right")) - 1
    if kind == "landmark" and time == times.edges[interval]:
        interval, share = interval - 1, 1.0
    else:
        share = times.share(interval, time)
    while times.leaving[interval] == 0:  # nobody leaves here: the mark belongs to those before
        interval, share = interval - 1, 1.0
        if interval < 0:
            return None
    return Mark(kind, time, interval, share, half, target, tolerance)


def not_reached(arm: ArmInput) -> set[Crossing]:
    """Which of the curve and its limits never cross 0.5, as far as the printed median says."""
    median = arm.median
    if median is None or median.lower is None or median.upper is not None:
        return set()
    return {"upper"} if median.estimate is not None else {"survival", "upper"}


def crossings(
    log_survival: Floats, greenwood: Floats, level: float, transform: Integers
) -> dict[Crossing, Integers]:
    """First position at which the curve and its limits are at or below 0.5, else the length.

    `log_survival` and `greenwood` are (K, L), after each of the L leaving patients;
    `transform` (K,) indexes `TRANSFORMS`.
    """
    survival = np.exp(log_survival)
    lower, upper = np.empty_like(survival), np.empty_like(survival)
    for index, (name, _) in enumerate(TRANSFORMS):
        rows = transform == index
        clipped = np.clip(survival[rows], 1e-12, 1 - 1e-12)
        lower[rows], upper[rows] = band(clipped, greenwood[rows], level, name)  # type: ignore[arg-type]
    curves: dict[Crossing, Floats] = {"survival": survival, "lower": lower, "upper": upper}
    return {kind: _first(curve <= 0.5 + 1e-9) for kind, curve in curves.items()}


def _first(reached: np.ndarray) -> Integers:
    return np.where(reached.any(axis=1), reached.argmax(axis=1), reached.shape[1])


def order_statistic(position: Integers, count: Integers, share: Floats) -> Floats:
    """Log density of the uniform order statistic at 0-based `position` of `count`, at `share`."""
    from scipy.special import gammaln

    before, after = position, count - 1 - position
    share = np.clip(share, 1e-6, 1 - 1e-6)
    return (
        gammaln(count + 1) - gammaln(before + 1) - gammaln(after + 1)
        + before * np.log(share) + after * np.log1p(-share)
    )  # fmt: skip


def log_binomial(events: Integers, count: Integers | int, probability: Floats) -> Floats:
    """Log probability of `events` of `count`."""
    from scipy.special import gammaln

    rest = np.asarray(count) - events
    return (
        gammaln(events + rest + 1) - gammaln(events + 1) - gammaln(rest + 1)
        + events * np.log(probability) + rest * np.log1p(-probability)
    )  # fmt: skip
