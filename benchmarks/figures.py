"""Figures of known patients in the styles that journals print, for tests and the benchmark.

Drawn with Matplotlib; each style has its own seed, so that a style is the same whatever else is
drawn. None of it is used when figures are read.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evinet import seeds
from evinet.patients.data import Floats, Patients
from evinet.patients.kaplan_meier import kaplan_meier

NAMES = ("Placebo", "Treatment", "Combination", "Control B")
WARM = ("#1b6ca8", "#c8442c", "#3a9a5b", "#7b4fa3")
GGPLOT = ("#F8766D", "#00BFC4", "#7CAE00", "#C77CFF")
SURVMINER = ("#E7B800", "#2E9FDF", "#00AF66", "#8E44AD")
BLACK = ("#000000",) * 4
DASHES: tuple[Any, ...] = ("-", (0, (6, 3)), (0, (1.5, 2)), (0, (8, 2, 2, 2)))


@dataclass(frozen=True)
class Style:
    """How a figure looks, and what file it becomes."""

    suffix: str = "png"
    dpi: int = 150
    arms: int = 2
    n: int = 120
    colours: tuple[str, ...] = WARM
    dashed: bool = False
    width: float = 1.3
    mark: str = ""
    bands: bool = False
    grid: bool = False
    paper: str = "white"
    percent: bool = False
    incidence: bool = False
    lowest: float = 0.0
    unit: str = "Months"
    step: float = 6.0
    end: float = 36.0
    highest: float = 1.03  # where the survival axis is cut above
    below: float = 0.03  # what is shown below the lowest value
    beside: float = 0.03  # what is shown before and after the time axis, as a part of it
    massed: bool = False  # all who are left at the end of the time axis have the event there
    lowest_tick: float = 0.0  # the first value beside the survival axis, above where curves end
    sign: str = ""  # of per cent beside each value, perhaps apart from it
    table: str = "names"  # names, coloured, counts (lifelines), blocks (ggsurvfit), none
    legend: str = "inside"  # inside, above, below, direct, none
    missing: bool = False  # the last arm stands in the legend alone
    box: bool = False
    upright: bool = False  # values of the survival axis run up the page
    jpeg: int = 0
    turned: float = 0.0
    noise: float = 0.0
    panels: int = 1
    outlined: bool = False  # letters are shapes
    end_tick: float = 0.0  # a last value of the time axis that breaks its even spacing
    family: str = "sans-serif"
    size: tuple[float, float] = (7.0, 5.5)
    fonts: dict[str, float] = field(default_factory=dict)


STYLES: dict[str, Style] = {
    "matplotlib": Style(box=True),
    "lifelines": Style(box=True, bands=True, table="counts", colours=("#1f77b4", "#ff7f0e")),
    "r-base": Style(mark="+", upright=True, table="none", dpi=144),
    "r-base-table": Style(mark="+", n=200, dpi=200),
    "survminer": Style(mark="|", table="coloured", legend="above", colours=SURVMINER, width=2.0),
    "ggplot-bands": Style(
        bands=True, grid=True, box=True, percent=True, colours=GGPLOT, table="coloured",
        legend="above", width=2.0,
    ),
    "black-two": Style(colours=BLACK, dashed=True, percent=True, family="serif", width=1.1),
    "black-grey": Style(colours=("#000000", "#8c8c8c"), mark="+", family="serif", dpi=200),
    "black-three": Style(colours=BLACK, dashed=True, arms=3, dpi=300, mark="|"),
    "four-arms": Style(arms=4, grid=True, box=True, n=90),
    "direct-labels": Style(legend="direct", table="none", mark="|", dpi=200),
    "truncated": Style(lowest=0.4, n=250, step=12, end=60),
    "incidence": Style(incidence=True, table="none", legend="above"),
    "years": Style(unit="Years since randomisation", step=1, end=6, percent=True, mark="|"),
    "dpi-600": Style(dpi=600, mark="|"),
    "jpeg": Style(jpeg=55, mark="|", dpi=150),
    "turned": Style(turned=1.0, dpi=200),
    "noise": Style(noise=18.0, dpi=120),
    "single": Style(arms=1, n=300, table="coloured", legend="none", colours=SURVMINER, size=(6, 5)),
    "two-panels": Style(panels=2, size=(11, 5), dpi=150),
    "pdf": Style(suffix="pdf", mark="|"),
    "pdf-bands": Style(suffix="pdf", bands=True, grid=True, box=True, percent=True, arms=3),
    "pdf-black": Style(suffix="pdf", colours=BLACK, dashed=True, arms=3, mark="+"),
    "svg": Style(suffix="svg", mark="|"),
    "svg-outlined": Style(suffix="svg", outlined=True),
    "svg-blocks": Style(
        suffix="svg", grid=True, box=True, legend="below", table="blocks", colours=GGPLOT,
    ),
    "pdf-apart": Style(suffix="pdf", percent=True, sign=" %", upright=True, box=True),
    "pdf-no-zero": Style(
        suffix="pdf", lowest_tick=0.25, percent=True, box=True, arms=1, n=200, legend="none",
    ),
    "small-dashes": Style(
        dpi=72, size=(6.7, 6.7), colours=("#000000", "#df536b"), dashed=True, mark="+",
        table="none", box=True, width=1.0,
    ),
    "cut": Style(highest=0.99, lowest=0.5, table="none", box=True, arms=1, bands=True, step=12),
    "last-tick": Style(step=10, end_tick=36, end=36, box=True),
    "cut-line": Style(
        arms=1, n=150, beside=0.0, highest=1.0, below=0.0, massed=True, legend="none", dpi=100,
        width=2.0, size=(10.0, 6.0), step=4,
    ),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class TrueArm(Patients):
    """The patients of one arm, with its name."""

    name: str


def patients(name: str, style: Style, replicate: int = 0) -> list[TrueArm]:
    """The patients of a style's figure, in the unit of its axis."""
    found = []
    for arm in range(style.arms):
        rng = seeds.generator(20260, f"corpus/{name}/{replicate}/{arm}")
        scale = style.end * (0.45 + 0.28 * arm) * (3 if style.lowest or style.massed else 1)
        shape = 1.0 + 0.25 * (arm % 2)
        event_time = scale * rng.weibull(shape, style.n)
        left = rng.uniform(0.35 * style.end, 1.05 * style.end, style.n)
        time = np.round(np.minimum(np.minimum(event_time, left), style.end), 3)
        event = (event_time <= np.minimum(left, style.end)).astype(np.int64)
        if style.massed:
            event[time == style.end] = 1
        found.append(TrueArm(np.maximum(time, 0.001), event, NAMES[arm]))
    return found


def curve(arm: Patients) -> tuple[Floats, Floats, Floats]:
    """Times of the events, survival after each, and its standard error (Greenwood)."""
    found = kaplan_meier(arm)
    return found.time, found.survival, found.survival * np.minimum(np.sqrt(found.greenwood), 1.0)


def draw(path: Path, name: str, style: Style, replicate: int = 0) -> list[TrueArm]:
    """Draw a style's figure and give its patients (of the first panel)."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    options: Any = {
        "font.family": style.family, "pdf.fonttype": 42,
        "svg.fonttype": "path" if style.outlined else "none",
        "svg.hashsalt": "evinet", "font.size": 10,
    }  # fmt: skip
    everybody = patients(name, style, replicate)
    with plt.rc_context(options):
        figure, axes = plt.subplots(1, style.panels, figsize=style.size, squeeze=False)
        for place, axis in enumerate(axes[0]):
            arms = everybody if place == 0 else patients(name, style, replicate + 1000)
            _plot(axis, style, arms)
        rows = style.arms * {"none": 0, "counts": 3, "blocks": 3}.get(style.table, 1)
        figure.subplots_adjust(left=0.17, right=0.95, top=0.9, bottom=0.22 + 0.05 * rows)
        _save(figure, path, style)
        plt.close(figure)
    return everybody


def _plot(axis: Any, style: Style, arms: list[TrueArm]) -> None:
    full = 100.0 if style.percent else 1.0
    axis.set_facecolor(style.paper)
    for place, arm in enumerate(arms):
        times, survival, error = curve(arm)
        end = float(arm.time.max())
        x = np.concatenate([[0.0], times, [end]])
        y = np.concatenate([[1.0], survival, survival[-1:]])
        band = np.concatenate([[0.0], error, error[-1:]])
        shown = 1 - y if style.incidence else y
        dash = DASHES[place] if style.dashed else "-"
        axis.step(x, full * shown, where="post", color=style.colours[place], linestyle=dash,
                  linewidth=style.width, label=arm.name, zorder=3 + place)  # fmt: skip
        if style.bands:
            low, high = np.clip(y - 1.96 * band, 0, 1), np.clip(y + 1.96 * band, 0, 1)
            axis.fill_between(x, full * low, full * high, step="post", alpha=0.25,
                              color=style.colours[place], linewidth=0)  # fmt: skip
        if style.mark:
            censored = arm.time[arm.event == 0]
            level = y[np.searchsorted(x, censored, side="right") - 1]
            axis.plot(censored, full * (1 - level if style.incidence else level),
                      style.mark, color=style.colours[place], markersize=7,
                      markeredgewidth=1.0)  # fmt: skip
    _decorate(axis, style, arms, full)
    if style.missing:
        labels = [line.get_label() for line in axis.lines]
        for line in axis.lines[labels.index(arms[-1].name) :]:
            line.set_visible(False)
    _TABLES.get(style.table, lambda *_: None)(axis, style, arms)


def time_ticks(style: Style) -> Floats:
    """The values of the time axis, under which the numbers at risk stand."""
    even = np.arange(0, style.end + 1e-9, style.step)
    return np.append(even, style.end_tick) if style.end_tick else even


def _decorate(axis: Any, style: Style, arms: list[TrueArm], full: float) -> None:
    axis.set_xlim(-style.beside * style.end, (1 + style.beside) * style.end)
    axis.set_ylim(full * (style.lowest - style.below * (1 - style.lowest)), style.highest * full)
    axis.set_xticks(time_ticks(style))
    lowest = max(style.lowest, style.lowest_tick)
    axis.set_yticks(full * np.arange(lowest, 1.0001, 0.25 if full == 100 else 0.2))
    axis.yaxis.set_major_formatter("{x:.0f}" + style.sign if style.percent else "{x:.1f}")
    if style.upright:
        axis.tick_params(axis="y", labelrotation=90)
        for label in axis.get_yticklabels():
            label.set_verticalalignment("center")
    axis.set_xlabel(style.unit)
    what = "Cumulative incidence" if style.incidence else "Survival"
    axis.set_ylabel(f"{what} (%)" if style.percent else f"{what} probability")
    for side in ("top", "right"):
        axis.spines[side].set_visible(style.box)
    if style.grid:
        axis.grid(color="#e6e6e6", linewidth=0.8)
        axis.set_axisbelow(True)
    if style.legend == "inside":
        axis.legend(frameon=False, loc="lower right" if style.incidence else "upper right")
    elif style.legend == "above":
        axis.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(arms))
    elif style.legend == "below":
        axis.legend(frameon=False, loc="upper left", bbox_to_anchor=(-0.2, -0.12), ncols=len(arms))
    elif style.legend == "direct":
        for place, arm in enumerate(arms):
            times, survival, _ = curve(arm)
            at = 0.62 * style.end
            level = survival[np.searchsorted(times, at) - 1]
            axis.text(at, full * level + 0.04 * full, arm.name, color=style.colours[place])


def _named(axis: Any, style: Style, arms: list[TrueArm], coloured: bool = False) -> None:
    across = axis.get_xaxis_transform()
    axis.text(-0.03 * style.end, -0.24, "Number at risk", transform=across, fontsize=9)
    for place, arm in enumerate(arms):
        down = -0.31 - 0.075 * place
        colour = style.colours[place] if coloured else "black"
        axis.text(-0.06 * style.end, down, arm.name, transform=across, ha="right", fontsize=8,
                  color=colour, va="center")  # fmt: skip
        for time in time_ticks(style):
            count = int((arm.time >= time).sum())
            axis.text(time, down, str(count), transform=across, ha="center", va="center",
                      fontsize=9)  # fmt: skip


def _counted(axis: Any, style: Style, arms: list[TrueArm]) -> None:
    """As lifelines does it: the arm above, then at risk, censored and events."""
    across = axis.get_xaxis_transform()
    for place, arm in enumerate(arms):
        down = -0.25 - 0.24 * place
        axis.text(-0.06 * style.end, down, arm.name, transform=across, ha="right", fontsize=8,
                  va="center")  # fmt: skip
        for row, what in enumerate(("At risk", "Censored", "Events"), 1):
            axis.text(-0.06 * style.end, down - 0.06 * row, what, transform=across, ha="right",
                      fontsize=8, va="center")  # fmt: skip
            for time in np.arange(0, style.end + 1e-9, style.step):
                gone = arm.time < time
                count = {
                    "At risk": int((~gone).sum()),
                    "Censored": int((gone & (arm.event == 0)).sum()),
                    "Events": int((gone & (arm.event == 1)).sum()),
                }[what]
                axis.text(time, down - 0.06 * row, str(count), transform=across, ha="center",
                          va="center", fontsize=8)  # fmt: skip


def _blocks(axis: Any, style: Style, arms: list[TrueArm]) -> None:
    """As ggsurvfit does it: the arms at risk under one heading, their events under another."""
    across = axis.get_xaxis_transform()
    for block, what in enumerate(("At Risk", "Events")):
        down = -0.26 - 0.24 * block
        axis.text(0, down, what, transform=across, fontsize=9, va="center")
        for row, arm in enumerate(arms, 1):
            low = down - 0.06 * row
            axis.text(-0.06 * style.end, low, arm.name, transform=across, ha="right", fontsize=8,
                      va="center")  # fmt: skip
            for time in time_ticks(style):
                failed = int(((arm.time < time) & (arm.event == 1)).sum())
                count = failed if block else int((arm.time >= time).sum())
                axis.text(time, low, str(count), transform=across, ha="center", va="center",
                          fontsize=8)  # fmt: skip


_TABLES: dict[str, Callable[..., None]] = {
    "names": _named,
    "coloured": lambda axis, style, arms: _named(axis, style, arms, coloured=True),
    "counts": _counted,
    "blocks": _blocks,
}


def _save(figure: Any, path: Path, style: Style) -> None:
    if style.suffix in ("pdf", "svg"):
        figure.savefig(path, metadata={"CreationDate": None} if style.suffix == "pdf" else
                       {"Date": None})  # fmt: skip
        if style.outlined:  # Matplotlib writes the words beside the shapes, as comments
            path.write_text(re.sub(r"<!--.*?-->", "", path.read_text(), flags=re.S))
        return
    from PIL import Image

    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=style.dpi)
    picture = Image.open(stream).convert("RGB")
    if style.turned:
        picture = picture.rotate(style.turned, Image.Resampling.BICUBIC, fillcolor="white")
    if style.noise:
        rng = seeds.generator(20260, "corpus/noise")
        pixels = np.asarray(picture, dtype=np.float64)
        pixels = pixels + rng.normal(0, style.noise, pixels.shape)
        picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if style.jpeg:
        stream = io.BytesIO()
        picture.save(stream, format="JPEG", quality=style.jpeg)
        path.write_bytes(stream.getvalue())
    else:
        picture.save(path, format="PNG")


def suffix(style: Style) -> str:
    """The ending of the style's file."""
    return "jpg" if style.jpeg else style.suffix
