"""The grade of a reconstruction: how far it may be from the truth, and from what was printed.

How far it may be is read off the draws: the root mean square distance of their ln HR (of one arm
alone: of their restricted means) from draw 0. Twice that holds the truth in about 95 % of cases.
"""

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

EXPECTED = {"hazard ratio": (0.03, 0.10), "restricted mean": (0.01, 0.03)}
"""Twice the root mean square distance of the draws from draw 0, for `good` and for `fair`: of
ln HR, and of the restricted mean of an arm without another as a share of the time."""

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
    "at-risk-gaps", "at-risk-negative", "at-risk-not-whole", "at-risk-rises", "censoring-assumed",
    "censoring-heavy", "curve-at-risk", "curve-clicked", "curve-ends-early",
    "events-contradict-curve", "events-exceed-n", "events-too-few", "events-unmet", "hr-limits",
    "hr-medians", "hr-p", "input-unused", "landmark-at-risk", "landmark-limits", "landmark-range",
    "landmarks-rise", "marks-at-risk", "marks-exceed-n", "median-at-risk", "median-landmark",
    "median-limits", "n-assumed", "n-differs",
}  # fmt: skip
"""Reason codes of input that contradicts itself, was left out or tells too little: what comes of it
is `fair` at best."""

LOST = {"arms-apart", "censoring-unknown", "curve-empty", "curve-unused", "n-too-large",
        "n-unknown", "not-reconstructable"}  # fmt: skip
"""Reason codes of an arm, or of its curve, that was given and not used, or of which nothing tells
the events: `poor`."""


def grade(quality: dict[str, Any]) -> tuple[str, list[str]]:
    """`good`, `fair`, `poor` or `none` (no patients), and what kept it from being good."""
    if not quality["arms"]:
        return "none", ["no patients were reconstructed"]
    codes = {flag["code"] for flag in quality["flags"]}
    doubts, lost = sorted(codes & DOUBTFUL), sorted(codes & LOST)
    worst = 2 if lost else int(bool(doubts))
    reasons = [f"flag {code}" for code in (*lost, *doubts)]
    for what, place, expected in _expected(quality):
        good, fair = EXPECTED[what]
        if expected is None:
            worst = max(worst, 1)
            reasons.append(f"{place}: without draws the error of the {what} is not known")
        elif expected > good:
            worst = max(worst, 2 if expected > fair else 1)
            reasons.append(f"{place}: {what} within {expected:.2g} in 95 % of draws")
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


def _expected(quality: dict[str, Any]) -> Iterator[tuple[str, str, float | None]]:
    """Twice the root mean square distance of draws from the best; None without draws."""
    contrasts = [quality["contrast"], *quality["further_contrasts"]]
    for contrast in contrasts:
        if contrast is not None:
            distance = contrast["hr"]["log_distance_of_draws"]
            known = 2 * distance if distance is not None else None if not quality["draws"] else 9.0
            yield "hazard ratio", f"{contrast['arm']} v {contrast['comparator']}", known
    if contrasts == [None]:
        for name, arm in quality["arms"].items():
            mean = arm["rmst"]
            known = None if mean is None or mean["distance_of_draws"] is None else (
                2 * mean["distance_of_draws"] / mean["horizon"]
            )  # fmt: skip
            yield "restricted mean", name, known


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
