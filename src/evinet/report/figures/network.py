"""The network: treatments as circles, comparisons as lines, islands apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evinet.report.figures import style
from evinet.report.rows import records

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SPACE = 1.0


def draw(
    nodes: pd.DataFrame,
    studies: pd.DataFrame,
    trial_names: dict[str, str],
    members: list[str],
    *,
    narrow: bool = False,
) -> Figure:
    """Draw the network of one analysis.

    Parameters
    ----------
    nodes, studies
        Tables `network-nodes` and `network-studies`.
    trial_names
        Names of the trials, by slug.
    members
        Treatments that a bridge takes to be of one class; they are marked, not joined.
    narrow
        For a telephone: one island beneath the other.
    """
    components = sorted(nodes["component"].unique())
    layouts = [_layout(nodes[nodes["component"] == c], studies) for c in components]
    widths = [len({round(x, 2) for x, _ in layout.values()}) for layout in layouts]
    if narrow:
        height = 2.8 * len(components) + 0.6
        figure = style.canvas(style.NARROW, height)
        room = {"left": 0.01, "right": 0.99, "top": 1 - 0.25 / height, "bottom": 0.45 / height}
        grid = figure.subplots(
            len(components), 1, squeeze=False, gridspec_kw={**room, "hspace": 0.14}
        )[:, 0]
    else:
        height = 3.3
        figure = style.canvas(style.WIDTH, height)
        grid = figure.subplots(
            1, len(components), width_ratios=[max(1, w) ** 0.75 for w in widths], squeeze=False,
            gridspec_kw={"left": 0.01, "right": 0.99, "top": 0.92, "bottom": 0.12, "wspace": 0.05},
        )[0]  # fmt: skip
    for axes, component, positions in zip(grid, components, layouts, strict=True):
        island = nodes[nodes["component"] == component]
        _comparisons(axes, studies, positions, trial_names)
        _treatments(axes, island, positions, members)
        _frame(axes, positions, f"Island {component}" if len(components) > 1 else "")
    _key(figure, bool(set(members) & set(nodes["treatment"])), 40 if narrow else 90)
    return figure


def _layout(island: pd.DataFrame, studies: pd.DataFrame) -> dict[str, np.ndarray]:
    """Positions of an island: a column for two, the best connected in the middle of a star,
    a circle otherwise."""
    names = list(island["treatment"])
    inside = studies[studies["treatment"].isin(names)]
    pairs = {
        frozenset(pair) for pair in zip(inside["treatment"], inside["comparator"], strict=True)
    }
    degree = {name: sum(name in pair for pair in pairs) for name in names}
    hub = max(names, key=lambda name: (degree[name], name))
    if len(names) <= 2:
        top = [name for name in names if name != hub]
        return {hub: np.array([0.0, -0.7])} | {name: np.array([0.0, 0.7]) for name in top}
    if len(pairs) == len(names) - 1 == degree[hub]:
        rim = [name for name in names if name != hub]
        spread = np.linspace(-1.1, 1.1, len(rim))
        return {hub: np.array([0.0, -0.7])} | {
            name: np.array([x, 0.7]) for name, x in zip(rim, spread, strict=True)
        }
    angles = np.pi / 2 + 2 * np.pi * np.arange(len(names)) / len(names)
    return {
        name: np.array([1.1 * np.cos(angle), 0.8 * np.sin(angle)])
        for name, angle in zip(names, angles, strict=True)
    }


def _comparisons(
    axes: Axes,
    studies: pd.DataFrame,
    positions: dict[str, np.ndarray],
    trial_names: dict[str, str],
) -> None:
    """A line a pair, as wide as the information (sum of 1/SE²) of its trials."""
    information = 1 / studies["se"] ** 2
    pairs = [
        tuple(sorted(pair))
        for pair in zip(studies["treatment"], studies["comparator"], strict=True)
    ]
    totals = information.groupby(np.array([" / ".join(pair) for pair in pairs])).sum()
    most = totals.max()
    for pair in sorted({pair for pair in pairs if pair[0] in positions}):
        a, b = positions[pair[0]], positions[pair[1]]
        width = 1.0 + 7.0 * totals[" / ".join(pair)] / most
        axes.plot(*zip(a, b, strict=True), color=style.MUTED, linewidth=width, zorder=1)
        trials = [
            trial_names.get(trial, trial)
            for trial, other in zip(studies["trial"], pairs, strict=True)
            if other == pair
        ]
        middle = (a + b) / 2
        axes.text(
            middle[0], middle[1], "\n".join(trials), ha="center", va="center", fontsize=8,
            bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 1.8}, zorder=3,
        )  # fmt: skip


def _treatments(
    axes: Axes, island: pd.DataFrame, positions: dict[str, np.ndarray], members: list[str]
) -> None:
    """A circle for each treatment, its area the patients; members of a class have a ring."""
    for row in records(island):
        x, y = positions[row["treatment"]]
        patients = row["patients"]
        area = 60 + 1.6 * patients if patients else 60
        colour = style.BLUE if patients else style.MUTED
        axes.scatter([x], [y], s=area, color=colour, edgecolor=style.PAPER, linewidth=1.2, zorder=4)
        if row["treatment"] in members:
            axes.scatter(
                [x], [y], s=area * 1.5 + 90, facecolor="none", edgecolor=style.ORANGE,
                linewidth=1.4, linestyle=(0, (2.5, 1.5)), zorder=4,
            )  # fmt: skip
        above = y > 0
        number = "\nn not known" if patients is None else f"\nn = {patients:.0f}"
        axes.annotate(
            style.wrap(row["label"], 18) + number, (x, y), xytext=(0, 17 if above else -17),
            textcoords="offset points", ha="center", va="bottom" if above else "top",
            fontsize=8.5, zorder=5,
        )  # fmt: skip


def _frame(axes: Axes, positions: dict[str, np.ndarray], title: str) -> None:
    """Room for the labels, and the name of the island."""
    reach = max(abs(x) for x, _ in positions.values())
    axes.set_xlim(-reach - 0.85, reach + 0.85)
    axes.set_ylim(-1.95, 1.95)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color(style.RULE)
    axes.set_title(title, color=style.MUTED)


def _key(figure: Figure, has_class: bool, width: int) -> None:
    """What size, width and ring mean."""
    text = ["Circle: patients analysed. Line: the wider, the more information (1/SE²)."]
    if has_class:
        text.append("Dashed ring: member of the class that a bridge takes to have similar effects.")
    said = "\n".join(style.wrap(line, width) for line in text)
    height = figure.get_figheight()
    figure.text(0.01, 0.28 / height, said, ha="left", va="top", fontsize=8, color=style.MUTED)
