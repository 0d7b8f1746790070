"""Forest plot: groups of hazard ratios with intervals, and prediction intervals where given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evinet.report.figures import style
from evinet.report.numbers import Interval, with_limits

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINE = 0.17
"""Inches of height a line of text."""

LABEL_WIDTH = 46
TITLE_WIDTH = 38
"""Characters of a line: of a label, and of a group's bold title."""

FAVOURS = ("← favours the first", "the second →")
"""What stands at the ends of the axis where lower is better."""


@dataclass(frozen=True)
class Row:
    """One line of the plot."""

    label: str
    interval: Interval
    prediction: Interval | None = None


@dataclass(frozen=True)
class Group:
    """Lines under one heading; a group that rests on a bridge has its own colour."""

    title: str
    rows: list[Row]
    bridged: bool = False


def draw(
    groups: list[Group], label: str = "Hazard ratio", *, higher: bool = False, narrow: bool = False
) -> Figure:
    """Draw the groups beneath each other on one log axis.

    `label` names the ratio; below 1 favours the first treatment, or above 1 where `higher` is
    better.
    `narrow`: for a telephone, with each label on lines of its own above its interval.
    """
    place = NARROW if narrow else WIDE
    heights = [[place.lines(row) + 0.55 for row in group.rows] for group in groups]
    titles = [style.wrap(group.title, TITLE_WIDTH) for group in groups]
    total = sum(sum(rows) + _tall(title) + 1.1 for rows, title in zip(heights, titles, strict=True))
    height = LINE * total + 0.75
    figure = style.canvas(place.inches, height)
    axes = figure.add_axes((place.left, 0.6 / height, place.width, LINE * total / height))
    if not narrow:
        _text(axes, 1.06, 1.0, "Ratio (95 % interval)", weight="bold")
    y = 0.0
    for group, rows, title in zip(groups, heights, titles, strict=True):
        y += _tall(title) + 0.4
        _text(axes, place.edge, y - 0.4 - _tall(title) / 2 + 0.5, title, weight="bold")
        for row, space in zip(group.rows, rows, strict=True):
            label_y, middle = y + space / 2, y + space / 2
            if narrow:
                label_y, middle = y + (space - 1) / 2, y + space - 0.75
            _row(axes, middle, row, style.ORANGE if group.bridged else style.BLUE)
            _text(axes, place.edge + 0.03, label_y, style.wrap(row.label, LABEL_WIDTH))
            y += space
        y += 0.7
    axes.set_ylim(y, 0)
    _scale(axes, [row for group in groups for row in group.rows], label, higher)
    return figure


@dataclass(frozen=True)
class _Place:
    """Where the axes are: width of the figure in inches; left edge and width as shares of it."""

    inches: float
    left: float
    width: float
    above: int
    """Lines of the interval beneath its label."""

    @property
    def edge(self) -> float:
        """The left edge of the figure in widths of the axes."""
        return -self.left / self.width

    def lines(self, row: Row) -> int:
        """Lines of text that a row takes."""
        return _tall(style.wrap(row.label, LABEL_WIDTH)) + self.above


WIDE = _Place(style.WIDTH, 0.44, 0.32, 0)
NARROW = _Place(style.NARROW, 0.02, 0.58, 1)


def _tall(text: str) -> int:
    return text.count("\n") + 1


def _row(axes: Axes, y: float, row: Row, colour: str) -> None:
    interval = row.interval
    if row.prediction is not None:
        axes.plot(
            [row.prediction.lower, row.prediction.upper], [y, y], color=colour, linewidth=0.9,
            linestyle=(0, (2, 1.5)), zorder=1,
        )  # fmt: skip
    axes.plot([interval.lower, interval.upper], [y, y], color=colour, linewidth=1.8, zorder=2)
    axes.plot(
        [interval.estimate],
        [y],
        marker="s",
        markersize=5.5,
        markeredgewidth=0,
        color=colour,
        zorder=3,
    )
    _text(axes, 1.06, y, with_limits(interval))


def _text(axes: Axes, x: float, y: float, text: str, weight: str = "normal") -> None:
    """Text on a ground of its own, which hides the line at 1 where it runs behind."""
    axes.text(
        x, y, text, transform=axes.get_yaxis_transform(), va="center", fontsize=8.5,
        weight=weight, linespacing=1.15, zorder=1,
        bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 0.4},
    )  # fmt: skip


def _scale(axes: Axes, rows: list[Row], label: str, higher: bool) -> None:
    ends = [row.interval for row in rows] + [row.prediction for row in rows if row.prediction]
    style.ratio_scale(axes, min(end.lower for end in ends), max(end.upper for end in ends))
    axes.axvline(1, color=style.MUTED, linewidth=0.8, zorder=0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(f"{label} (log scale)", labelpad=14)
    sides = ("← favours the second", "the first →") if higher else FAVOURS
    for x, place, text in zip((0.0, 1.0), ("left", "right"), sides, strict=True):
        axes.annotate(
            text, (x, 0), xycoords="axes fraction", xytext=(0, -19), textcoords="offset points",
            ha=place, va="top", fontsize=8, color=style.MUTED,
        )  # fmt: skip
