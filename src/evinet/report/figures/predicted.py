"""Survival predicted in a population, with bands, over the curves of its own patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evinet.report.figures import style
from evinet.report.figures.km import survival

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def draw(
    curves: pd.DataFrame,
    labels: dict[str, str],
    own: dict[str, pd.DataFrame],
    ylabel: str,
    *,
    narrow: bool = False,
) -> Figure:
    """Draw one model's predictions, a panel a treatment.

    Parameters
    ----------
    curves
        Rows of table `predicted-survival` of one population and model.
    labels
        Names of the treatments, in the order to draw them.
    own
        Treatment -> draw, time and event of the patients of the population's own arm.
    ylabel
        What survives, in plain words.
    narrow
        For the screen of a telephone: two panels in a row instead of three.
    """
    width, most = (style.NARROW, 2) if narrow else (style.WIDTH, 3)
    columns = min(len(labels), most)
    rows = -(-len(labels) // columns)
    figure = style.canvas(width, (1.9 if narrow else 2.15) * rows + 0.5)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    end = float(curves["time"].max())
    for axes, (treatment, label) in zip(panels.flat, labels.items(), strict=False):
        mine = curves[curves["treatment"] == treatment].sort_values("time")
        bridged = bool(mine["bridged"].iloc[0])
        colour = style.ORANGE if bridged else style.BLUE
        axes.fill_between(
            mine["time"], mine["q2.5"], mine["q97.5"], color=colour, alpha=0.22, linewidth=0
        )
        axes.plot(mine["time"], mine["q50"], color=colour)
        if treatment in own:
            patients = own[treatment][own[treatment]["draw"] == 0]
            times = np.unique(np.concatenate([[0.0], patients["time"].to_numpy(float)]))
            times = times[times <= end]
            curve = survival(
                patients["time"].to_numpy(float), patients["event"].to_numpy(int), times
            )
            axes.step(times, curve, where="post", color=style.INK, linewidth=0.9)
        axes.set(xlim=(0, end), ylim=(0, 1.02))
        axes.set_title(
            style.wrap(label + (" †" if bridged else ""), 20 if narrow else 26), fontsize=8.5
        )
    for axes in panels.flat[len(labels) :]:
        axes.set_visible(False)
    for number in range(len(labels)):
        if number + columns >= len(labels):
            panels.flat[number].set_xlabel("Months")
            panels.flat[number].tick_params(labelbottom=True)
    for row in panels:
        row[0].set_ylabel(ylabel)
    figure.tight_layout()
    return figure
