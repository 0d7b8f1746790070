"""How answers across a bridge move when the bridge is wrong, and where they turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evinet.report.figures import style
from evinet.report.numbers import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(answers: dict[str, tuple[Interval, float]], *, narrow: bool = False) -> Figure:
    """Draw comparison -> its hazard ratio, and the factor at which its interval reaches 1."""
    columns = min(2 if narrow else 3, len(answers))
    rows = -(-len(answers) // columns)
    figure = style.canvas(style.width(narrow), 2.15 * rows + 0.3)
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True, sharex=True)
    widest = 1.3 * max([2.0, *(turning for _, turning in answers.values())])
    factor = np.geomspace(1, widest, 50)
    lows, highs = [], []
    for axes, (label, (ratio, turning)) in zip(grid.ravel(), answers.items(), strict=False):
        way = factor if ratio.estimate < 1 else 1 / factor
        axes.fill_between(factor, ratio.lower * way, ratio.upper * way, color=style.ORANGE,
                          alpha=0.22, linewidth=0)  # fmt: skip
        axes.plot(factor, ratio.estimate * way, color=style.ORANGE)
        if turning > 1:
            axes.axvline(turning, color=style.INK, linewidth=0.9, linestyle=(0, (2, 2)))
        axes.axhline(1, color=style.MUTED, linewidth=0.8, zorder=0)
        axes.set_title(style.wrap(label, (40 if narrow else 66) // columns), fontsize=8)
        lows.append(min(ratio.lower, ratio.lower * way[-1]))
        highs.append(max(ratio.upper, ratio.upper * way[-1]))
    style.ratio_scale(grid[0, 0], min(lows), max(highs), axis="y")
    style.ratio_scale(grid[0, 0], 1.0, widest)
    grid[0, 0].set_xlim(1, widest)
    for axes in grid.ravel()[len(answers) :]:
        axes.set_visible(False)
    for axes in grid[:, 0]:
        axes.set_ylabel("Hazard ratio")
    axis = "Factor by which the bridge is wrong, against the answer"
    figure.supxlabel(style.wrap(axis, 40 if narrow else 80), fontsize=9)
    figure.tight_layout()
    return figure
