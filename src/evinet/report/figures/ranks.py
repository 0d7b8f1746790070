"""Rankogram: the probability of each rank, a panel for each treatment, with SUCRA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evinet.report.figures import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def draw(ranks: pd.DataFrame, labels: dict[str, str], *, narrow: bool = False) -> Figure | None:
    """Draw table `ranks`, if it has any: a row of panels for each island, best SUCRA first."""
    if not len(ranks):
        return None
    islands = [
        (component, island)
        for component, island in ranks.groupby("component")
        if island["treatment"].nunique() > 1
    ]
    most = max(island["treatment"].nunique() for _, island in islands)
    columns = min(most, 2 if narrow else 4)
    rows = [-(-island["treatment"].nunique() // columns) for _, island in islands]
    figure = style.canvas(style.width(narrow), 1.55 * sum(rows) + 0.3)
    grid = figure.subplots(sum(rows), columns, sharey=True, squeeze=False)
    first = 0
    for (_, island), count in zip(islands, rows, strict=True):
        cells = grid[first : first + count].ravel()
        best = island.groupby("treatment")["sucra"].first().sort_values(ascending=False)
        for axes, (treatment, sucra) in zip(cells, best.items(), strict=False):
            mine = island[island["treatment"] == treatment]
            axes.bar(mine["rank"], mine["probability"], color=style.BLUE, width=0.7)
            axes.set_xticks(list(mine["rank"]))
            title = style.wrap(labels[str(treatment)], (34 if narrow else 64) // columns)
            axes.set_title(f"{title}\nSUCRA {sucra:.2f}", fontsize=8.5)
        for axes in cells[len(best) :]:
            axes.set_visible(False)
        first += count
    for axes in grid[:, 0]:
        axes.set(ylim=(0, 1), ylabel="Probability")
    figure.supxlabel("Rank (1 = lowest hazard)", fontsize=9)
    figure.tight_layout()
    return figure
