"""What each trial contributes to each answer, as a heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evinet.report.figures import style
from evinet.report.numbers import NBSP, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABEL = "#111418"
"""Text on a coloured cell: dark in both modes, because the cell is light in both."""
LEAST = 0.005
"""A smaller share has no cell."""
ALONE = 0.995
"""From this share on, a trial carries a comparison alone, and there is nothing to draw."""


def draw(
    shares: dict[str, dict[str, float]], columns: list[str], *, narrow: bool = False
) -> Figure:
    """Draw shares of the evidence: comparison -> column (a trial, or the bridge) -> share.

    Cells hold per cent, without the sign: there may be many columns.
    """
    from matplotlib.colors import to_hex, to_rgb
    from matplotlib.patches import Rectangle

    left = 1.45 if narrow else 2.7
    cell = min(0.72, (style.width(narrow) - left - 0.3) / len(columns))
    tall = 0.5 if narrow else 0.42
    height = tall * len(shares) + 0.9
    figure = style.canvas(left + cell * len(columns), height)
    share_of_width = cell * len(columns) / (left + cell * len(columns))
    axes = figure.add_axes(
        (1 - share_of_width, 0.02, share_of_width, tall * len(shares) / height - 0.02)
    )
    blue = to_rgb(style.SKY)
    for line, found in enumerate(shares.values()):
        for place, column in enumerate(columns):
            share = found.get(column, 0.0)
            if share < LEAST:
                axes.add_patch(
                    Rectangle((place, line), 1, 1, facecolor=style.SHADE, edgecolor=style.PAPER)
                )
                continue
            depth = 0.9 * share
            colour = to_hex((
                1 - depth * (1 - blue[0]), 1 - depth * (1 - blue[1]), 1 - depth * (1 - blue[2])
            ))  # fmt: skip
            axes.add_patch(Rectangle((place, line), 1, 1, facecolor=colour, edgecolor=style.PAPER))
            axes.text(
                place + 0.5, line + 0.5, _text(share), ha="center", va="center", fontsize=7.5,
                color=LABEL,
            )  # fmt: skip
    axes.set(xlim=(0, len(columns)), ylim=(len(shares), 0))
    names = [style.wrap(name, 22 if narrow else 40) for name in shares]
    axes.set_yticks([i + 0.5 for i in range(len(shares))], names)
    axes.set_xticks(
        [i + 0.5 for i in range(len(columns))],
        columns,
        rotation=35,
        ha="left",
        rotation_mode="anchor",
    )
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelsize=7.5)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure


def _text(share: float) -> str:
    return percent(share).removesuffix(f"{NBSP}%").replace("more than ", ">")
