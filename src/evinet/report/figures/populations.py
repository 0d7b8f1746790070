"""Transitivity: who was in each trial, a panel a characteristic, a bar a trial."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evinet.report.figures import style
from evinet.report.rows import records

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEGEND_COLUMNS = 3
STATISTICS = ("median", "mean")
"""Categories that are statistics of all patients, not shares of them."""

FEWEST = 2
"""Trials that must have given a characteristic for its panel to compare anything."""


def shares(populations: pd.DataFrame, arms: pd.DataFrame) -> pd.DataFrame:
    """Percentage of patients in each category: columns trial, characteristic, category, percent.

    A percentage of the whole trial is taken as printed; counts by arm are added up over arms
    whose size is known. What cannot be had from either is left out, never guessed.
    """
    import pandas as pd

    sizes: dict[str, dict[str, int | None]] = {}
    for arm in records(arms):
        sizes.setdefault(arm["trial"], {})[arm["arm"]] = arm["n_randomised"]
    grouped: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in records(populations):
        if row["category"] is not None and not row["category"].startswith(STATISTICS):
            key = (row["trial"], row["characteristic"], row["category"])
            grouped.setdefault(key, []).append(row)
    rows = [
        (*key, percent)
        for key, group in grouped.items()
        if (percent := _percent(group, sizes.get(key[0], {}))) is not None
    ]
    return pd.DataFrame(rows, columns=["trial", "characteristic", "category", "percent"])


def _percent(rows: list[dict[str, Any]], sizes: dict[str, int | None]) -> float | None:
    """The percentage of one category in one trial, None where it cannot be had."""
    whole = [row for row in rows if row["arm"] is None]
    printed = [row["percent"] for row in whole if row["percent"] is not None]
    if printed:
        return float(printed[0])
    if not sizes or None in sizes.values():
        return None
    total = sum(size for size in sizes.values() if size is not None)
    counts = [row["n"] for row in whole if row["n"] is not None]
    if counts:
        return 100 * counts[0] / total
    by_arm = {row["arm"]: row["n"] for row in rows}
    if set(by_arm) == set(sizes) and None not in by_arm.values():
        return 100 * sum(by_arm.values()) / total
    return None


def draw(shown: pd.DataFrame, names: dict[str, str]) -> Figure | None:
    """Draw the result of `shares`; None when no characteristic is known of two trials."""
    counts = shown.groupby("characteristic")["trial"].nunique()
    panels = list(counts[counts >= FEWEST].sort_values(ascending=False, kind="stable").index)
    if not panels:
        return None
    trials = list(names)
    columns = 2
    rows = -(-len(panels) // columns)
    figure = style.canvas(style.WIDTH, rows * (0.24 * len(trials) + 1.15))
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for axes, characteristic in zip(grid.ravel(), panels, strict=False):
        _panel(axes, shown[shown["characteristic"] == characteristic], trials, names)
        entries = shown.loc[shown["characteristic"] == characteristic, "category"].nunique()
        title = characteristic.replace("-", " ").capitalize()
        axes.set_title(title, pad=10 + 12 * -(-entries // LEGEND_COLUMNS))
    for axes in grid.ravel()[len(panels) :]:
        axes.set_visible(False)
    figure.tight_layout(h_pad=1.2)
    return figure


def _panel(axes: Axes, shown: pd.DataFrame, trials: list[str], names: dict[str, str]) -> None:
    categories = list(dict.fromkeys(shown["category"]))
    for y, trial in enumerate(trials):
        mine = shown[shown["trial"] == trial].set_index("category")["percent"]
        if mine.empty:
            axes.text(2, y, "no percentage", va="center", fontsize=7.5, color=style.MUTED)
        left = 0.0
        for category, colour in zip(categories, _colours(len(categories)), strict=True):
            if category in mine:
                axes.barh(
                    y, mine[category], left=left, color=colour, height=0.68,
                    edgecolor=style.PAPER, linewidth=0.8,
                )  # fmt: skip
                left += mine[category]
    axes.set(xlim=(0, 100), ylim=(len(trials) - 0.5, -0.5), xlabel="% of patients")
    axes.set_yticks(range(len(trials)), [names[trial] for trial in trials])
    axes.tick_params(axis="y", length=0)
    handles = [
        (category.replace("-", " "), colour)
        for category, colour in zip(categories, _colours(len(categories)), strict=True)
    ]
    _legend(axes, handles)


def _legend(axes: Axes, handles: list[tuple[str, str]]) -> None:
    from matplotlib.patches import Patch

    axes.legend(
        [Patch(facecolor=colour) for _, colour in handles], [label for label, _ in handles],
        loc="lower left", bbox_to_anchor=(-0.02, 0.97), ncols=min(LEGEND_COLUMNS, len(handles)),
        fontsize=7.2, handlelength=0.9, handletextpad=0.4, columnspacing=0.9, borderpad=0.1,
    )  # fmt: skip


def _colours(n: int) -> list[str]:
    """As many colours as categories; more than six repeat, which the legend cannot hide."""
    palette = [style.BLUE, style.AMBER, style.GREEN, style.PURPLE, style.SKY, style.ORANGE]
    return [palette[i % len(palette)] for i in range(n)]
