"""The intervals of an arm's follow-up, and how patients leave within them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evinet.patients.data import Floats, Integers
from evinet.reconstruct import monotone
from evinet.reconstruct.inputs import ArmInput

TAIL = 1.0  # the open interval is given the width of this many closed ones


@dataclass(frozen=True, eq=False)
class FollowUp:
    """Numbers at risk as intervals; the last interval is open: nobody stays in it.

    Attributes
    ----------
    edges : (M + 1,) times; the last is where follow-up is taken to end.
    at_risk : (M + 1,) patients at risk at each edge; the last is 0.
    leaving : (M,) patients that leave in each interval, by an event or censored.
    person_time : (M,) patient-months in each interval.
    """

    edges: Floats
    at_risk: Integers
    leaving: Integers
    person_time: Floats

    def share(self, interval: int, time: float) -> float:
        """Share of the patients leaving in `interval` expected to have left by `time`."""
        grid, left = self._profile(interval)
        return float(np.interp(time, grid, left))

    def time(self, interval: int, share: Floats) -> Floats:
        """Inverse of `share`."""
        grid, left = self._profile(interval)
        return np.interp(share, left, grid)

    def _profile(self, interval: int) -> tuple[Floats, Floats]:
        start, stop = self.edges[interval], self.edges[interval + 1]
        grid = np.linspace(start, stop, 33)
        if self.leaving[interval] == 0:
            return grid, np.linspace(0, 1, 33)
        at_risk = monotone.interpolate(grid, self.edges, self.at_risk.astype(float))
        left = (self.at_risk[interval] - at_risk) / self.leaving[interval]
        # never quite flat, so that the inverse exists
        return grid, 0.98 * np.clip(left, 0, 1) + 0.02 * np.linspace(0, 1, 33)


def follow_up(arm: ArmInput) -> FollowUp:
    """Intervals of an arm whose numbers at risk start at time 0 (see `inputs.tidy`)."""
    assert arm.at_risk is not None
    time, count = arm.at_risk
    last = int(np.argmax(count == 0)) if (count == 0).any() else len(count) - 1
    edges, at_risk = time[: last + 1], count[: last + 1]
    if at_risk[-1] > 0:
        edges = np.append(edges, edges[-1] + _tail(edges, at_risk, arm))
        at_risk = np.append(at_risk, 0)
    middle = (at_risk[1:] + at_risk[:-1]) / 2
    return FollowUp(edges, at_risk, at_risk[:-1] - at_risk[1:], middle * np.diff(edges))


def _tail(edges: Floats, at_risk: Integers, arm: ArmInput) -> float:
    """Width of the open interval: long enough to lose everybody at the rate seen last."""
    known = [mark.time for mark in arm.landmarks]
    if arm.median is not None:
        known += [x for x in (arm.median.estimate, arm.median.lower, arm.median.upper) if x]
    beyond = max([x - edges[-1] for x in known], default=0.0) * 1.05
    if len(edges) < 2:
        return float(max(beyond, 1.0))
    width = float(np.median(np.diff(edges)))
    recent = max(len(edges) - 4, 0)
    rate = (at_risk[recent] - at_risk[-1]) / (edges[-1] - edges[recent])
    needed = at_risk[-1] / rate if rate > 0 else 4 * width
    return float(max(beyond, TAIL * width, min(needed, 4 * width)))
