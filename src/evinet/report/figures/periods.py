"""Hazard ratio by period: does the effect stay the same over time?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from evinet.report.figures import style
from evinet.report.numbers import Interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

PERIODS = 4
FEWEST = 5
"""Events that an arm must have in a period for its ratio to be drawn."""


def cuts(ipd: pd.DataFrame) -> np.ndarray:
    """Ends of periods that hold about the same number of events of both arms together."""
    events = ipd.loc[(ipd["draw"] == 0) & (ipd["event"] == 1), "time"].to_numpy()
    inner = np.quantile(events, np.linspace(0, 1, PERIODS + 1)[1:-1])
    return np.concatenate([[0.0], inner, [float(ipd["time"].max())]])


def rates(patients: pd.DataFrame, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Events and patient-months in each period."""
    times, events = patients["time"].to_numpy(), patients["event"].to_numpy()
    exposure = np.diff(np.minimum(times[:, None], ends[None, :]), axis=1).sum(axis=0)
    counts, _ = np.histogram(times[events == 1], bins=ends)
    return counts, exposure


def ratios(ipd: pd.DataFrame, arm: str, comparator: str, ends: np.ndarray) -> list[Interval | None]:
    """Ratio of event rates in each period; None where an arm has fewer than five events.

    The 95 % interval is that of a ratio of two Poisson rates: SE(ln ratio) = sqrt(1/a + 1/b).
    """
    a, months_a = rates(ipd[ipd["arm"] == arm], ends)
    b, months_b = rates(ipd[ipd["arm"] == comparator], ends)
    found: list[Interval | None] = []
    for i in range(len(ends) - 1):
        if min(a[i], b[i]) < FEWEST:
            found.append(None)
            continue
        log_ratio = math.log(a[i] / months_a[i]) - math.log(b[i] / months_b[i])
        reach = 1.959964 * math.sqrt(1 / a[i] + 1 / b[i])
        found.append(Interval.of_logs(log_ratio, log_ratio - reach, log_ratio + reach))
    return found


def draw(ipd: pd.DataFrame, arm: str, comparator: str, published: Interval) -> Figure | None:
    """Draw the best reconstruction with intervals, the draws as dots, the published ratio as a
    band; None when no period has enough events."""
    ends = cuts(ipd)
    best = ratios(ipd[ipd["draw"] == 0], arm, comparator, ends)
    if not any(best):
        return None
    middles = (ends[:-1] + ends[1:]) / 2
    figure = style.canvas(style.WIDTH * 0.8, 2.8)
    axes = figure.add_subplot()
    axes.axhspan(published.lower, published.upper, color=style.SKY, alpha=0.25, linewidth=0)
    axes.axhline(published.estimate, color=style.BLUE, linewidth=1)
    axes.annotate(
        "published", (ends[-1], published.estimate), xytext=(-4, 3), textcoords="offset points",
        ha="right", fontsize=8.5,
    )  # fmt: skip
    for _, patients in ipd[ipd["draw"] > 0].groupby("draw"):
        for middle, ratio in zip(middles, ratios(patients, arm, comparator, ends), strict=True):
            if ratio:
                axes.plot(middle, ratio.estimate, ".", color=style.MUTED, markersize=3)
    for i, ratio in enumerate(best):
        if ratio:
            axes.plot(ends[i : i + 2], [ratio.estimate] * 2, color=style.ORANGE)
            axes.plot([middles[i]] * 2, [ratio.lower, ratio.upper], color=style.ORANGE)
    shown = [published, *(ratio for ratio in best if ratio)]
    style.ratio_scale(axes, min(r.lower for r in shown), max(r.upper for r in shown), axis="y")
    axes.axhline(1, color=style.MUTED, linewidth=0.8, zorder=0)
    axes.set(xlabel="Months", ylabel="Hazard ratio (log scale)", xlim=(0, ends[-1]))
    return figure
