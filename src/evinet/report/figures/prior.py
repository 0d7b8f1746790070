"""Posterior of a standard deviation against its half-normal prior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evinet.report.figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(
    posteriors: dict[str, np.ndarray], scale: float, symbol: str, *, narrow: bool = False
) -> Figure:
    """Draw a histogram of each model's draws over the density of half-normal(`scale`)."""
    shape = (len(posteriors), 1) if narrow else (1, len(posteriors))
    figure = style.canvas(style.width(narrow), 2.3 * shape[0])
    grid = figure.subplots(*shape, sharey=True, squeeze=False).ravel()
    end = 3.2 * scale
    values = np.linspace(0, end, 200)
    density = np.sqrt(2 / np.pi) / scale * np.exp(-0.5 * (values / scale) ** 2)
    for axes, (label, draws) in zip(grid, posteriors.items(), strict=True):
        axes.hist(draws, bins=_edges(draws, end), density=True, color=style.SKY, label="posterior")
        axes.plot(values, density, color=style.ORANGE, label="prior")
        axes.set(xlim=(0, end), xlabel=f"{symbol} (ln HR scale)", yticks=[])
        axes.set_title(style.wrap(label, (40 if narrow else 66) // shape[1]), fontsize=8.5)
        axes.spines["left"].set_visible(False)
    grid[-1].legend(loc="upper right")
    grid[0].set_ylabel("Density")
    figure.tight_layout(w_pad=2.5)
    return figure


def _edges(draws: np.ndarray, end: float) -> list[float]:
    """Edges of the bars, between values: an exact posterior is drawn from the points of a grid.

    Bars of one width would have now no point, now two, and look like a comb.
    """
    points, edges = np.unique(draws), [0.0]
    for edge in (points[1:] + points[:-1]) / 2:
        if edge - edges[-1] >= end / 40:
            edges.append(float(edge))
    return [*edges, max(end, float(points[-1]))]
