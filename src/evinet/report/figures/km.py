"""Kaplan-Meier curves of reconstructed patients, draws as a band, numbers at risk beneath."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evinet.report.figures import style
from evinet.report.rows import records

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS = 200


def survival(times: np.ndarray, events: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Kaplan-Meier estimate at the times `at`; NaN past the last patient, if censored."""
    order = np.lexsort((1 - events, times))
    times, events = times[order], events[order]
    at_risk = len(times) - np.arange(len(times))
    steps = np.cumprod(1 - events / at_risk)
    index = np.searchsorted(times, at, side="right") - 1
    curve = np.where(index < 0, 1.0, steps[np.maximum(index, 0)])
    return np.where((at > times[-1]) & (steps[-1] > 0), np.nan, curve)


def draw(
    ipd: pd.DataFrame,
    arms: dict[str, str],
    medians: dict[str, tuple[float, float, float]],
    at_risk: pd.DataFrame,
    ylabel: str,
    *,
    narrow: bool = False,
) -> Figure:
    """Draw one trial's outcome.

    Parameters
    ----------
    ipd
        Table `ipd`.
    arms
        Labels of the arms, in the order to draw them.
    medians
        Published median and limits (months) of each arm; NaN where not estimated.
    at_risk
        Columns arm, time, printed, reconstructed.
    ylabel
        What survives, in plain words.
    narrow
        For the screen of a telephone: smaller, with fewer times of numbers at risk.
    """
    width = style.width(narrow)
    rows = 0.34 * len(arms) + 0.42
    height = 3.3 + rows
    figure = style.canvas(width, height)
    bottom, left = (rows + 0.45) / height, 0.86 / width
    axes = figure.add_axes((left, bottom, 0.98 - left, 0.97 - bottom))
    end = float(ipd["time"].max())
    for (arm, label), colour in zip(arms.items(), style.SERIES, strict=False):
        _curve(axes, ipd[ipd["arm"] == arm], colour, label, end)
        _median(axes, medians.get(arm), colour)
    axes.set(xlim=(0, end * 1.01), ylim=(0, 1.02), ylabel=ylabel, xlabel="Months")
    axes.axhline(0.5, color=style.RULE, linewidth=0.8, zorder=0)
    above: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (-0.02, 1), "fontsize": 8}
    axes.legend(**above if narrow else {"loc": "upper right"})
    _numbers(figure, axes, at_risk, arms, 6 if narrow else 13)
    return figure


def _curve(axes: Axes, patients: pd.DataFrame, colour: str, label: str, end: float) -> None:
    grid = np.linspace(0, end, POINTS)
    curves = np.array(
        [
            survival(draw["time"].to_numpy(), draw["event"].to_numpy(), grid)
            for _, draw in patients.groupby("draw")
        ]
    )
    best = patients[patients["draw"] == 0]
    times = np.unique(np.concatenate([[0.0], best["time"].to_numpy()]))
    curve = survival(best["time"].to_numpy(), best["event"].to_numpy(), times)
    if len(curves) > 1:
        low, high = _envelope(curves)
        axes.fill_between(grid, low, high, step="post", color=colour, alpha=0.22, linewidth=0)
    axes.step(times, curve, where="post", color=colour, label=label)
    censored = best.loc[best["event"] == 0, "time"].to_numpy()
    heights = survival(best["time"].to_numpy(), best["event"].to_numpy(), censored)
    axes.plot(censored, heights, "|", color=colour, markersize=4, markeredgewidth=0.7)


def _envelope(curves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest curve at each time, where at least one draw still has patients."""
    some = ~np.isnan(curves).all(axis=0)
    low, high = np.full(curves.shape[1], np.nan), np.full(curves.shape[1], np.nan)
    low[some], high[some] = np.nanmin(curves[:, some], 0), np.nanmax(curves[:, some], 0)
    return low, high


def _median(axes: Axes, median: tuple[float, float, float] | None, colour: str) -> None:
    """The published median and its interval, to be held against the curve."""
    if median is None or np.isnan(median[0]):
        return
    estimate, lower, upper = median
    right = axes.get_xlim()[1] if np.isnan(upper) else upper
    axes.plot([lower, right], [0.5, 0.5], color=colour, linewidth=0.9, clip_on=True)
    axes.plot(
        [estimate], [0.5], "D", markersize=5, markerfacecolor=style.PAPER, markeredgecolor=colour
    )


def _numbers(
    figure: Figure, axes: Axes, at_risk: pd.DataFrame, arms: dict[str, str], most: int
) -> None:
    """Numbers at risk as printed, at about `most` times; in brackets another that was found."""
    from matplotlib.transforms import blended_transform_factory

    height = figure.get_figheight()
    place = blended_transform_factory(axes.transData, figure.transFigure)
    top = 0.34 * len(arms) + 0.14
    figure.text(0.005, top / height, "Number at risk", fontsize=8.5, weight="bold", va="center")
    times = sorted(at_risk["time"].unique())
    shown = times[:: max(1, round(len(times) / most))]
    if shown:
        axes.set_xticks(shown)
    for line, ((arm, label), colour) in enumerate(zip(arms.items(), style.SERIES, strict=False)):
        y = (top - 0.17 - 0.34 * line) / height
        figure.text(0.005, y, label, fontsize=8, color=colour, va="center")
        y -= 0.16 / height
        for row in records(at_risk[(at_risk["arm"] == arm) & at_risk["time"].isin(shown)]):
            printed, rebuilt = row["printed"], row["reconstructed"]
            text = f"{printed}" if printed == rebuilt else f"{printed} ({rebuilt})"
            axes.text(
                row["time"], y, text, transform=place, ha="center", va="center", fontsize=8,
                clip_on=False,
            )  # fmt: skip
