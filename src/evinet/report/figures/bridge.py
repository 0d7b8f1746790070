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
    axis = "Sigma: SD between the members' effects (ln HR scale)"
    figure, panels = style.ratio_panels(list(answers), axis, narrow)
    everything = [interval for points in answers.values() for _, interval in points]
    everything += estimated.values()
    for axes, (label, points) in zip(panels, answers.items(), strict=True):
        for sigma, interval in points:
            axes.plot([sigma, sigma], [interval.lower, interval.upper], color=style.ORANGE)
        axes.plot(
            [sigma for sigma, _ in points], [interval.estimate for _, interval in points],
            "s-", color=style.ORANGE, markersize=4.5, linewidth=0.8,
        )  # fmt: skip
        if sigma_estimated is not None and label in estimated:
            _estimated(axes, sigma_estimated, estimated[label])
    style.ratio_scale(
        panels[0], min(i.lower for i in everything), max(i.upper for i in everything), axis="y"
    )
    figure.tight_layout()
    return figure


def _estimated(axes: Axes, sigma: Interval, answer: Interval) -> None:
    """The main model: a cross of both intervals."""
    axes.plot([sigma.lower, sigma.upper], [answer.estimate] * 2, color=style.BLUE, linewidth=0.9)
    axes.plot([sigma.estimate] * 2, [answer.lower, answer.upper], color=style.BLUE)
    axes.plot([sigma.estimate], [answer.estimate], "D", color=style.BLUE, markersize=5)
