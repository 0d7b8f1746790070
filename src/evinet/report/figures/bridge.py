"""How the answers across islands move with the strength of the assumption that makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evinet.report.figures import style
from evinet.report.numbers import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw(
    answers: dict[str, list[tuple[float, Interval]]],
    estimated: dict[str, Interval],
    sigma_estimated: Interval | None,
    *,
    narrow: bool = False,
) -> Figure:
    """Draw, a panel for each comparison, the hazard ratio and its interval at each fixed sigma.

    `estimated` has the answers of the main model, which estimates sigma; they stand at the median
    of its posterior, with its 95 % interval along the axis.
    """
    columns = min(2 if narrow else 3, len(answers))
    rows = -(-len(answers) // columns)
    figure = style.canvas(style.width(narrow), 2.15 * rows + 0.2)
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True, sharex=True)
    everything = [interval for points in answers.values() for _, interval in points]
    everything += estimated.values()
    for axes, (label, points) in zip(grid.ravel(), answers.items(), strict=False):
        for sigma, interval in points:
            axes.plot([sigma, sigma], [interval.lower, interval.upper], color=style.ORANGE)
        axes.plot(
            [sigma for sigma, _ in points], [interval.estimate for _, interval in points],
            "s-", color=style.ORANGE, markersize=4.5, linewidth=0.8,
        )  # fmt: skip
        if sigma_estimated is not None and label in estimated:
            _estimated(axes, sigma_estimated, estimated[label])
        axes.set_title(style.wrap(label, (40 if narrow else 66) // columns), fontsize=8)
    style.ratio_scale(
        grid[0, 0], min(i.lower for i in everything), max(i.upper for i in everything), axis="y"
    )
    for axes in grid.ravel():
        axes.axhline(1, color=style.MUTED, linewidth=0.8, zorder=0)
    for axes in grid.ravel()[len(answers) :]:
        axes.set_visible(False)
    for axes in grid[:, 0]:
        axes.set_ylabel("Hazard ratio")
    axis = "Sigma: SD between the members' effects (ln HR scale)"
    figure.supxlabel(style.wrap(axis, 40 if narrow else 80), fontsize=9)
    figure.tight_layout()
    return figure


def _estimated(axes: Axes, sigma: Interval, answer: Interval) -> None:
    """The main model: a cross of both intervals."""
    axes.plot([sigma.lower, sigma.upper], [answer.estimate] * 2, color=style.BLUE, linewidth=0.9)
    axes.plot([sigma.estimate] * 2, [answer.lower, answer.upper], color=style.BLUE)
    axes.plot([sigma.estimate], [answer.estimate], "D", color=style.BLUE, markersize=5)
