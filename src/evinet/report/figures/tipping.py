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
    axis = "Factor by which the bridge is wrong, against the answer"
    figure, panels = style.ratio_panels(list(answers), axis, narrow)
    widest = 1.3 * max([2.0, *(turning for _, turning in answers.values())])
    factor = np.geomspace(1, widest, 50)
    lows, highs = [], []
    for axes, (ratio, turning) in zip(panels, answers.values(), strict=True):
        way = factor if ratio.estimate < 1 else 1 / factor
        axes.fill_between(factor, ratio.lower * way, ratio.upper * way, color=style.ORANGE,
                          alpha=0.22, linewidth=0)  # fmt: skip
        axes.plot(factor, ratio.estimate * way, color=style.ORANGE)
        if turning > 1:
            axes.axvline(turning, color=style.INK, linewidth=0.9, linestyle=(0, (2, 2)))
        lows.append(min(ratio.lower, ratio.lower * way[-1]))
        highs.append(max(ratio.upper, ratio.upper * way[-1]))
    style.ratio_scale(panels[0], min(lows), max(highs), axis="y")
    style.ratio_scale(panels[0], 1.0, widest)
    panels[0].set_xlim(1, widest)
    figure.tight_layout()
    return figure
