"""Transitivity: who was in each trial, a panel for what may change effects, a row for a trial."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evinet.conduct import Modifier
from evinet.report.figures import style
from evinet.report.rows import records

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEGEND_COLUMNS = 3
CHARACTERS = 44
"""Characters of a line of words in a panel."""
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


@dataclass(frozen=True)
class Panel:
    """What each trial says of one thing: percentages of categories, else words."""

    title: str
    bars: dict[str, dict[str, float]]
    words: dict[str, str]


def modifiers_of(rows: list[dict[str, Any]], trials: list[str]) -> list[Modifier]:
    """A modifier for each characteristic that at least two of the trials give, most first."""
    given: dict[str, set[str]] = {}
    for row in rows:
        if row["trial"] in trials:
            given.setdefault(row["characteristic"], set()).add(row["trial"])
    return [
        Modifier(characteristics=[name], label=name.replace("-", " ").capitalize(), why=name)
        for name in sorted(given, key=lambda name: (-len(given[name]), name))
        if len(given[name]) >= FEWEST
    ]


def panels(
    populations: pd.DataFrame, arms: pd.DataFrame, asked: Sequence[Modifier], trials: list[str]
) -> list[Panel]:
    """A panel for each effect modifier; without any, for each characteristic of two trials.

    A trial is told by the first characteristic of the modifier that it gives; categories that the
    review calls alike are one.
    """
    percents = shares(populations, arms)
    modifiers = asked or modifiers_of(records(percents), trials)
    told = records(populations[populations["arm"].isna() & populations["value"].notna()])
    return [_told(each, records(percents), told, trials) for each in modifiers]


def _told(
    modifier: Modifier, percents: list[dict[str, Any]], told: list[dict[str, Any]],
    trials: list[str],
) -> Panel:  # fmt: skip
    alike = {each: name for name, found in modifier.alike.items() for each in found}
    panel = Panel(modifier.label, {}, {})
    for trial in trials:
        for name in modifier.characteristics:
            bars = {category: 0.0 for category in modifier.alike}
            mine = [
                row for row in percents if (row["trial"], row["characteristic"]) == (trial, name)
            ]
            for row in mine:
                category = alike.get(row["category"], row["category"])
                bars[category] = bars.get(category, 0.0) + row["percent"]
            said = [_said(row, modifier.label) for row in told
                    if (row["trial"], row["characteristic"]) == (trial, name)]  # fmt: skip
            if mine:
                panel.bars[trial] = bars
            elif said:
                first = name == modifier.characteristics[0]
                of = "" if first else f"{name.replace('-', ' ').capitalize()}, "
                panel.words[trial] = of + "; ".join(said)
            if mine or said:
                break
    return panel


def _said(row: dict[str, Any], title: str) -> str:
    """A value, with its category unless the title of the panel ends with it."""
    category = row["category"]
    return (
        row["value"] if not category or title.endswith(category) else f"{category}: {row['value']}"
    )


def draw(shown: list[Panel], names: dict[str, str], narrow: bool = False) -> Figure | None:
    """Draw the result of `panels`; None when there is nothing to compare."""
    shown = [panel for panel in shown if len(panel.bars) + len(panel.words) >= FEWEST]
    if not shown:
        return None
    columns = 1 if narrow else 2
    rows = -(-len(shown) // columns)
    width = style.width(narrow)
    figure = style.canvas(width, rows * (0.25 * len(names) + 0.8))
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for axes, panel in zip(grid.ravel(), shown, strict=False):
        entries = _panel(axes, panel, names)
        axes.set_title(
            panel.title, pad=4 + (6 + 11 * -(-entries // LEGEND_COLUMNS) if entries else 0)
        )
    for axes in grid.ravel()[len(shown) :]:
        axes.set_visible(False)
    figure.tight_layout(h_pad=1.0)
    return figure


def _panel(axes: Axes, panel: Panel, names: dict[str, str]) -> int:
    """Draw one panel; the number of its categories."""
    given = dict.fromkeys(name for bars in panel.bars.values() for name in bars)
    categories = [
        name for name in given if any(bars.get(name) for bars in panel.bars.values())
    ]  # fmt: skip
    colours = dict(zip(categories, _colours(len(categories)), strict=True))
    for y, trial in enumerate(names):
        left = 0.0
        for category, colour in colours.items():
            percent = panel.bars.get(trial, {}).get(category, 0.0)
            if percent:
                axes.barh(
                    y, percent, left=left, color=colour, height=0.68, edgecolor=style.PAPER,
                    linewidth=0.8,
                )  # fmt: skip
                left += percent
        if trial not in panel.bars:
            said = textwrap.wrap(panel.words.get(trial, "not known"), CHARACTERS)
            if len(said) > 2:
                said = [said[0], said[1][: CHARACTERS - 2].rstrip(" ,;") + " …"]
            axes.text(1, y, "\n".join(said), va="center", fontsize=6.6, linespacing=1.05,
                      color=style.INK if trial in panel.words else style.MUTED)  # fmt: skip
    axes.set(xlim=(0, 100), ylim=(len(names) - 0.5, -0.5))
    axes.set_yticks(range(len(names)), list(names.values()))
    axes.tick_params(axis="y", length=0)
    if categories:
        axes.set_xticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100 %"])
        _legend(axes, list(colours.items()))
    else:
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
    return len(categories)


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
