"""A published figure beside what was read off it."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evinet.report.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from evinet.digitise.axis import AxisFile
    from evinet.digitise.handover import Placed

WIDTH = 9.6  # inches of both pictures side by side
DPI = 150  # of the pictures
PALE = 0.35  # of the ink of the published figure, where the reading lies over it
BLANK = 0.1  # of full scale: pixels less unlike their surround are empty
MARGIN = 0.03  # of the picture, left around what is drawn


def draw(
    published: Path, axis: AxisFile, arms: dict[str, str], placed: list[Placed],
    *, narrow: bool = False,
) -> Figure:  # fmt: skip
    """Both pictures: the figure as published, and pale below the reading laid over it again.

    Parameters
    ----------
    published
        `figure.png` of the digitisation.
    axis
        Its axis file.
    arms
        Labels of the trial's arms, in the order and so in the colours of its patients' figure.
    placed
        Curves and censor marks in the coordinates of the axis file.
    narrow
        For the screen of a telephone: one below the other.
    """
    from matplotlib.image import imread

    from evinet.digitise.overlay import view

    picture = imread(published)[..., :3]
    left, top, wide, high = view(axis)
    x0, x1, y0, y1 = _inked(picture)
    shape = (y1 - y0) * high / ((x1 - x0) * wide)
    width = style.NARROW if narrow else WIDTH / 2 - 0.1
    title, key = 0.3, 0.1 + 0.2 * len(placed)
    above, below = title + width * shape, key
    total = (2 if narrow else 1) * above + below
    figure = style.canvas(width if narrow else WIDTH, total, DPI)
    for place, heading in enumerate(("As published", "As read")):
        bottom = below + (above if narrow and place == 0 else 0)
        start = 0 if narrow else place * (WIDTH / 2 + 0.1)
        axes = figure.add_axes(
            (start / figure.get_figwidth(), bottom / total, width / figure.get_figwidth(),
             width * shape / total)
        )  # fmt: skip
        shown = picture if place == 0 else 1 - PALE * (1 - picture)
        axes.imshow(shown, extent=(left, left + wide, top + high, top), interpolation="lanczos",
                    aspect="auto")  # fmt: skip
        if place == 1:
            _reading(axes, axis, arms, placed)
        axes.set(xlim=(left + x0 * wide, left + x1 * wide), ylim=(top + y1 * high, top + y0 * high))
        axes.set_title(heading)
        axes.set_axis_off()
    return figure


def _inked(picture: np.ndarray) -> tuple[float, float, float, float]:
    """The part of a picture that is not empty: left, right, top and bottom as shares of it."""
    drawn = np.abs(picture - np.median(picture, axis=(0, 1))).max(axis=2) > BLANK
    ends = []
    for any_in in (drawn.any(axis=0), drawn.any(axis=1)):
        found = np.flatnonzero(any_in) if any_in.any() else np.array([0, len(any_in) - 1])
        ends += [found[0] / len(any_in) - MARGIN, (found[-1] + 1) / len(any_in) + MARGIN]
    x0, x1, y0, y1 = (float(min(max(end, 0.0), 1.0)) for end in ends)
    return x0, x1, y0, y1


def _reading(axes: Axes, axis: AxisFile, arms: dict[str, str], placed: list[Placed]) -> None:
    colours = dict(zip(arms, cycle(style.SERIES), strict=False))
    for arm in sorted(placed, key=lambda each: list(arms).index(each.arm)):
        colour = colours[arm.arm]
        for start, end in arm.doubtful:
            axes.axvspan(start, end, color=style.AMBER, alpha=0.2, linewidth=0)
        axes.plot(*arm.curve.T, color=colour, linewidth=1.2, label=arms[arm.arm])
        axes.plot(*arm.marks.T, "o", markersize=4, markerfacecolor="none", markeredgewidth=0.7,
                  markeredgecolor=colour)  # fmt: skip
    panel = axis.panel()
    assert panel is not None
    box = panel.box
    for at, along, mark in (
        ([tick.at for tick in axis.time], box.bottom, "|"),
        ([tick.at for tick in axis.survival], box.left, "_"),
    ):
        other = [along] * len(at)
        axes.plot(*((at, other) if mark == "|" else (other, at)), mark, color=style.PURPLE,
                  markersize=7, markeredgewidth=1.3)  # fmt: skip
    axes.legend(loc="upper left", bbox_to_anchor=(0, 0), borderaxespad=0.3)
