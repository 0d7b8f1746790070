"""The grade of a reconstruction: a stated rule over its differences from what was printed."""

from __future__ import annotations

from collections.abc import Iterator
from math import log
from typing import Any

from evinet.reconstruct.inputs import Flag

CODES = {
    "numbers at risk": "at-risk-missed",
    "events": "events-missed",
    "median": "median-missed",
    "landmark": "landmark-missed",
    "curve, root mean square": "curve-missed",
    "curve, largest": "curve-missed",
    "hazard ratio": "hr-missed",
    "hazard ratio, stratified": "hr-missed",
}
"""Reason codes of what makes a reconstruction `poor`."""

LIMITS = {
    "numbers at risk": (0, 0.02),
    "events": (0, 0.02),
    "median": (0.01, 0.05),
    "landmark": (0.01, 0.03),
    "curve, root mean square": (0.01, 0.03),
    "curve, largest": (0.03, 0.10),
    "hazard ratio": (0.05, 0.15),
    "hazard ratio, stratified": (0.10, 0.20),
}
"""Largest difference for `good` and for `fair`; beyond it is `poor`.

Numbers at risk and events as a share of the patients, medians as a share of the follow-up,
landmarks and curves in survival, hazard ratios in ln HR (wider where the published one is
stratified, or does not say, because the reconstructed one is not).
"""


DOUBTFUL = {
    "at-risk-rises", "curve-at-risk", "events-exceed-n", "events-too-few", "hr-limits",
    "hr-medians", "hr-p", "landmark-at-risk", "landmark-limits", "landmark-range",
    "landmarks-rise", "median-at-risk", "median-landmark", "median-limits",
}  # fmt: skip
"""Reason codes of input that contradicts itself: a reconstruction from it is `fair` at best."""


def grade(quality: dict[str, Any]) -> tuple[str, list[str]]:
    """`good`, `fair`, `poor` or `none` (no patients), and what kept it from being good."""
    if not quality["arms"]:
        return "none", ["no patients were reconstructed"]
    doubts = sorted({flag["code"] for flag in quality["flags"]} & DOUBTFUL)
    worst, reasons = int(bool(doubts)), [f"input contradicts itself: {code}" for code in doubts]
    for what, place, difference in _differences(quality):
        good, fair = LIMITS[what]
        rank = int(difference > good + 1e-9) + int(difference > fair + 1e-9)
        if rank:
            reasons.append(f"{place}: {what} off by {difference:.3g}")
        worst = max(worst, rank)
    return ("good", "fair", "poor")[worst], reasons


def missed(quality: dict[str, Any]) -> Iterator[Flag]:
    """A flag for each printed number that the best reconstruction does not come near."""
    for what, place, difference in _differences(quality):
        if difference > LIMITS[what][1] + 1e-9:
            arm = place.split(" at ")[0] if place.split(" at ")[0] in quality["arms"] else ""
            yield Flag(CODES[what], arm, f"{place}: {what} off by {difference:.3g}", difference)


def _differences(quality: dict[str, Any]) -> Iterator[tuple[str, str, float]]:
    for name, arm in quality["arms"].items():
        rows = arm["at_risk"]
        yield from (
            ("numbers at risk", f"{name} at {row['time']:g}",
             abs(row["printed"] - row["reconstructed"]) / arm["n"])
            for row in rows
        )  # fmt: skip
        events, median = arm["events"], arm["median"]
        if events["printed"] is not None:
            yield "events", name, abs(events["printed"] - events["reconstructed"]) / arm["n"]
        end = (
            max([row["time"] for row in rows if row["printed"]], default=None) or median["printed"]
        )
        if median["printed"] is not None:
            found = median["reconstructed"]
            yield "median", name, 1.0 if found is None else abs(found - median["printed"]) / end
        for mark in arm["landmarks"]:
            off = abs(mark["printed"] - mark["reconstructed"])
            yield "landmark", f"{name} at {mark['time']:g}", off
        if arm["curve"] is not None:
            yield "curve, root mean square", name, arm["curve"]["rmse"]
            yield "curve, largest", name, arm["curve"]["max_error"]
    for contrast in [quality["contrast"], *quality["further_contrasts"]]:
        if contrast is None or contrast["hr"]["printed"] is None:
            continue
        found = contrast["hr"]["reconstructed"]
        off = 9.0 if found is None else abs(log(found / contrast["hr"]["printed"]))
        exact = contrast["stratified"] is False
        place = f"{contrast['arm']} v {contrast['comparator']}"
        yield "hazard ratio" if exact else "hazard ratio, stratified", place, off
