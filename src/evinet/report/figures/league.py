"""League table as a heat map; a pair that no chain of trials joins has no cell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from evinet.report.figures import style
from evinet.report.numbers import NBSP, Interval, estimate, limits
from evinet.report.rows import records

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

DEEPEST = math.log(5)
"""The ln HR that has the full colour."""
MOST = 8
"""Treatments whose table can be read on a telephone."""


def draw(
    league: pd.DataFrame, labels: dict[str, str], order: list[str], *, narrow: bool = False
) -> Figure | None:
    """Draw table `league`: the row's treatment against the column's.

    `narrow` heads columns by the numbers of their rows, and draws nothing for more than `MOST`.
    """
    from matplotlib.patches import Rectangle

    size = len(order)
    if narrow and size > MOST:
        return None
    left = 0.85 if narrow else 1.5
    cell = min(0.95, (style.width(narrow) - left) / size)
    figure = style.canvas(left + 0.1 + cell * size, (0.5 if narrow else 0.72) * size + 1.1)
    axes = figure.add_subplot()
    known = {(r["treatment"], r["comparator"]): r for r in records(league)}
    for i, treatment in enumerate(order):
        for j, comparator in enumerate(order):
            row = known.get((treatment, comparator))
            face = _colour(row["q50"]) if row is not None else style.SHADE
            if treatment == comparator:
                face = style.RULE
            axes.add_patch(Rectangle((j, i), 1, 1, facecolor=face, edgecolor=style.PAPER))
            nothing = "–" if narrow else "no\ncomparison"
            text = _text(row, narrow) if row is not None else "" if i == j else nothing
            axes.text(
                j + 0.5, i + 0.5, text, ha="center", va="center", fontsize=6.8 if narrow else 7.5,
                color=_LABEL if row is not None else style.MUTED,
            )  # fmt: skip
    axes.set(xlim=(0, size), ylim=(size, 0))
    names = [labels[name] for name in order]
    heads = [style.wrap(name, 12) for name in names]
    if narrow:
        heads = [str(i + 1) for i in range(size)]
        names = [f"{head} {name}" for head, name in zip(heads, names, strict=True)]
    axes.set_xticks([i + 0.5 for i in range(size)], heads)
    axes.set_yticks(
        [i + 0.5 for i in range(size)], [style.wrap(name, 14 if narrow else 18) for name in names]
    )
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelsize=7.5)
    axes.tick_params(axis="x", labelsize=6.8)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure


_LABEL = "#111418"
"""Text on a coloured cell: dark in both modes, because the cell is light in both."""


def _text(row: dict[Any, Any], narrow: bool) -> str:
    interval = Interval.of_logs(row["q50"], row["q2.5"], row["q97.5"])
    mark, lasting = "†" if row["bridged"] else "", limits(interval)
    if narrow:
        lasting = lasting.replace(f"to{NBSP}", "to\n")
    return f"{estimate(interval)}{mark}\n{lasting}"


def _colour(log_ratio: float) -> str:
    """Blue for a lower hazard, amber for a higher one, paler the nearer to 1."""
    from matplotlib.colors import to_hex, to_rgb

    depth = min(abs(log_ratio) / DEEPEST, 1) * 0.75
    red, green, blue = to_rgb(style.SKY if log_ratio < 0 else style.AMBER)
    paler = (1 - depth * (1 - red), 1 - depth * (1 - green), 1 - depth * (1 - blue))
    return str(to_hex(paler))
