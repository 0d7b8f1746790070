"""Benefit and risk: two effects of each comparison, each with its interval, on two axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evinet.report.figures import style
from evinet.report.numbers import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(
    panels: dict[str, dict[str, tuple[Interval, Interval]]],
    label: str,
    measures: dict[str, str],
    narrow: bool = False,
) -> Figure:
    """Draw outcome -> comparison -> its effect along the axis `label`, and that on the outcome.

    `measures` names the ratio of each outcome.
    `narrow` sets the outcomes one below the other, for the screen of a telephone.
    """
    shape = (len(panels), 1) if narrow else (1, len(panels))
    figure = style.canvas(style.width(narrow), 3.4 * shape[0])
    grid = figure.subplots(*shape, squeeze=False).ravel()
    for axes, (title, points) in zip(grid, panels.items(), strict=True):
        for colour, (name, (across, up)) in zip(style.SERIES * 9, points.items(), strict=False):
            axes.plot([across.lower, across.upper], [up.estimate] * 2, color=colour)
            axes.plot([across.estimate] * 2, [up.lower, up.upper], color=colour)
            axes.plot([across.estimate], [up.estimate], "s", color=colour, markersize=5.5,
                      label=style.wrap(name, 40))  # fmt: skip
        style.ratio_scale(axes, min(x.lower for x, _ in points.values()),
                          max(x.upper for x, _ in points.values()))  # fmt: skip
        style.ratio_scale(axes, min(y.lower for _, y in points.values()),
                          max(y.upper for _, y in points.values()), axis="y")  # fmt: skip
        axes.axvline(1, color=style.MUTED, linewidth=0.8, zorder=0)
        axes.axhline(1, color=style.MUTED, linewidth=0.8, zorder=0)
        axes.set_xlabel(label)
        axes.set_ylabel(measures[title].capitalize())
        axes.set_title(style.wrap(title, 34))
    handles = {text: line for axes in grid for line, text in
               zip(*axes.get_legend_handles_labels(), strict=True)}  # fmt: skip
    columns = 1 if narrow else 2
    below = (0.02 + 0.1 * -(-len(handles) // columns)) / shape[0]
    figure.tight_layout(rect=(0, below, 1, 1))
    figure.legend(list(handles.values()), list(handles), loc="lower center", ncols=columns)
    return figure
