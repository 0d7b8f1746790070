"""Ratio of event rates by period: does the effect stay the same over time?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evinet.report.figures import style
from evinet.report.numbers import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FLOOR = 0.01
"""Intervals reach down to here on the page: without events they would reach to nothing."""


def draw(
    periods: list[tuple[float, float, Interval]], published: Interval, *, narrow: bool = False
) -> Figure:
    """Draw (start, end, ratio with 95 % interval) of each period, and the published ratio."""
    figure = style.canvas(style.NARROW if narrow else 0.8 * style.WIDTH, 2.8)
    axes = figure.add_subplot()
    axes.axhspan(published.lower, published.upper, color=style.SKY, alpha=0.25, linewidth=0)
    axes.axhline(published.estimate, color=style.BLUE, linewidth=1)
    last = periods[-1][1]
    axes.annotate(
        "published", (last, published.estimate), xytext=(-4, 3), textcoords="offset points",
        ha="right", fontsize=8.5,
    )  # fmt: skip
    for start, end, ratio in periods:
        middle = (start + end) / 2
        axes.plot([start, end], [ratio.estimate] * 2, color=style.ORANGE)
        axes.plot([middle] * 2, [max(ratio.lower, FLOOR), ratio.upper], color=style.ORANGE)
    shown = [published, *(each for _, _, each in periods)]
    low = max(min(each.lower for each in shown), FLOOR)
    style.ratio_scale(axes, low, max(each.upper for each in shown), axis="y")
    axes.axhline(1, color=style.MUTED, linewidth=0.8, zorder=0)
    axes.set(xlabel="Months", ylabel="Ratio of rates (log scale)", xlim=(0, last))
    return figure
