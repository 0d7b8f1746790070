"""One look for all figures: colour-blind safe, thin, labelled in plain words, byte-stable SVG.

Text stays text in the SVG, and ink is a handful of fixed colours that the style sheet of the
site maps to its own in dark mode (theme/site.css).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evinet import files

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1f2328"
MUTED = "#5b6470"
RULE = "#d5dae0"
PAPER = "#ffffff"
SHADE = "#eef1f4"

# Okabe and Ito, https://jfly.uni-koeln.de/color/
BLUE, ORANGE, GREEN, PURPLE = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
SKY, AMBER = "#56b4e9", "#e69f00"
SERIES = (BLUE, ORANGE, GREEN, PURPLE, AMBER, SKY)

WIDTH = 6.6  # inches of a figure
NARROW = 3.5  # inches of its form for a telephone
FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans'"

_SETTINGS: dict[Any, Any] = {
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlecolor": INK,
    "figure.dpi": 100,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "butt",
    "savefig.bbox": "tight",
    "savefig.pad_inches": 0.04,
    "svg.fonttype": "none",
    "svg.hashsalt": "evinet",
    "text.color": INK,
    "text.parse_math": False,  # a dollar in a name is a dollar
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 8.5,
}


@contextmanager
def styled() -> Iterator[None]:
    """The settings of matplotlib for all that is drawn in the block, whatever the user's own."""
    import matplotlib as mpl
    from cycler import cycler

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({**_SETTINGS, "axes.prop_cycle": cycler(color=SERIES)})
        yield


def width(narrow: bool) -> float:
    """Inches of a figure, for a page or for a telephone."""
    return NARROW if narrow else WIDTH


def canvas(width: float, height: float = 3.0, dpi: float | None = None) -> Figure:
    """An empty figure that no global state knows of; `dpi` is that of pictures in it."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=dpi)


def ratio_panels(labels: list[str], axis: str, narrow: bool) -> tuple[Figure, list[Axes]]:
    """A panel for each comparison, of hazard ratios against what `axis` names."""
    columns = min(2 if narrow else 3, len(labels))
    rows = -(-len(labels) // columns)
    figure = canvas(width(narrow), 2.15 * rows + 0.3)
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True, sharex=True)
    panels = list(grid.ravel())
    for axes in panels[len(labels) :]:
        axes.set_visible(False)
    for axes, label in zip(panels, labels, strict=False):
        axes.set_title(wrap(label, (40 if narrow else 66) // columns), fontsize=8)
        axes.axhline(1, color=MUTED, linewidth=0.8, zorder=0)
    for axes in grid[:, 0]:
        axes.set_ylabel("Hazard ratio")
    figure.supxlabel(wrap(axis, 40 if narrow else 80), fontsize=9)
    return figure, panels[: len(labels)]


def save(figure: Figure, path: Path | str) -> None:
    """Write `figure` as an SVG of stable bytes."""
    with files.replacing(path) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None, "Creator": "evinet"})
        temporary.write_text(tidy(temporary.read_text(encoding="utf-8")), encoding="utf-8")


def tidy(svg: str) -> str:
    """SVG fit for a page: no identifiers that nothing refers to, and the fonts of the reader."""
    used = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", svg))
    svg = re.sub(r' id="([^"]*)"', lambda match: match[0] if match[1] in used else "", svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    return svg.replace("'DejaVu Sans'", FONTS)


def ratio_scale(axes: Axes, low: float, high: float, axis: str = "x") -> None:
    """A log axis of ratios with plain labels, wide enough for `low` to `high`."""
    from matplotlib.ticker import FixedLocator, NullLocator

    marks = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]
    low, high = max(min(low, 0.5), 0.01), min(max(high, 2.0), 100)
    shown = [mark for mark in marks if low * 0.99 <= mark <= high * 1.01]
    axes.set(**{f"{axis}scale": "log", f"{axis}lim": (low * 0.94, high * 1.06)})
    ticks = axes.xaxis if axis == "x" else axes.yaxis
    ticks.set_major_locator(FixedLocator(shown))
    ticks.set_minor_locator(NullLocator())
    ticks.set_ticklabels([f"{mark:g}" for mark in shown])


def wrap(text: str, width: int) -> str:
    """`text` broken into lines of at most `width` characters."""
    import textwrap

    return "\n".join(textwrap.wrap(text, width, break_long_words=False))
