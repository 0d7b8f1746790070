"""Comparison-adjusted funnel plot (Chaimani & Salanti 2012, Res Synth Methods 3:161)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evinet.report.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw(points: dict[str, list[tuple[str, float, float]]], *, narrow: bool = False) -> Figure:
    """Draw comparison -> trials: name, ln HR less that of the comparison, standard error."""
    figure = style.canvas(style.width(narrow), 3.6)
    axes = figure.add_axes((0.17, 0.14, 0.8, 0.82) if narrow else (0.11, 0.14, 0.52, 0.82))
    widest = max(se for trials in points.values() for _, _, se in trials) * 1.15
    farthest = max(abs(off) for trials in points.values() for _, off, _ in trials)
    axes.plot([-1.96 * widest, 0, 1.96 * widest], [widest, 0, widest], color=style.MUTED,
              linewidth=0.8, linestyle=(0, (3, 2)))  # fmt: skip
    axes.axvline(0, color=style.MUTED, linewidth=0.8)
    markers = "osD^vP*X"
    for number, (comparison, trials) in enumerate(points.items()):
        colour = style.SERIES[number % len(style.SERIES)]
        axes.plot(
            [off for _, off, _ in trials], [se for *_, se in trials],
            markers[number % len(markers)], color=colour, markersize=5.5, linestyle="none",
            label=style.wrap(comparison, 34), markeredgewidth=0,
        )  # fmt: skip
    reach = max(1.96 * widest, farthest) * 1.5
    axes.set(xlim=(-reach, reach), ylim=(widest, 0), ylabel="Standard error (small above)")
    ticks = [tick for tick in np.array([0.25, 0.5, 1, 2, 4]) if abs(np.log(tick)) <= reach]
    axes.set_xticks([float(np.log(tick)) for tick in ticks], [f"{tick:g}" for tick in ticks])
    axis = "Trial's hazard ratio / that of its comparison (log scale)"
    axes.set_xlabel(style.wrap(axis, 40 if narrow else 80))
    for side in (-1, 1):
        _names(axes, [each for trials in points.values() for each in trials], side, reach, widest)
    if narrow:
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.02), borderaxespad=0)
    else:
        axes.legend(loc="upper left", bbox_to_anchor=(1.03, 1.0), borderaxespad=0)
    return figure


def _names(
    axes: Axes, trials: list[tuple[str, float, float]], side: int, reach: float, widest: float
) -> None:
    """Names of the trials on one side, at the edge, none upon another."""
    place = 0.0
    for name, off, se in sorted(trials, key=lambda trial: trial[2]):
        if (off >= 0) != (side > 0):
            continue
        place = max(se, place + 0.055 * widest)
        axes.annotate(
            name, (off, se), xytext=(side * reach * 0.99, place), fontsize=7, va="center",
            ha="right" if side > 0 else "left",
            arrowprops={"arrowstyle": "-", "color": style.RULE, "linewidth": 0.6, "shrinkB": 3},
        )  # fmt: skip
