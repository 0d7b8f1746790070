"""Log-cumulative hazard against log time: parallel lines speak for proportional hazards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evinet.patients.data import Patients
from evinet.patients.nelson_aalen import nelson_aalen
from evinet.report.figures import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw(ipd: pd.DataFrame, arms: dict[str, str], *, narrow: bool = False) -> Figure:
    """Draw each arm of table `ipd`: the best reconstruction thick, the draws thin."""
    figure = style.canvas(style.NARROW if narrow else 0.8 * style.WIDTH, 3.0)
    axes = figure.add_subplot()
    for (arm, label), colour in zip(arms.items(), style.SERIES, strict=False):
        for number, patients in ipd[ipd["arm"] == arm].groupby("draw"):
            _line(axes, patients, colour, label if number == 0 else None)
    axes.set(xscale="log", yscale="log", xlabel="Months (log scale)")
    axes.set_ylabel("Cumulative hazard (log scale)")
    _plain_ticks(axes)
    axes.legend(loc="upper left")
    return figure


def _line(axes: Axes, patients: pd.DataFrame, colour: str, label: str | None) -> None:
    times, hazard = nelson_aalen(
        Patients(patients["time"].to_numpy(float), patients["event"].to_numpy(np.int64))
    )
    if label is None:
        axes.step(times, hazard, where="post", color=colour, linewidth=0.4, alpha=0.5)
    else:
        axes.step(times, hazard, where="post", color=colour, label=label, zorder=3)


def _plain_ticks(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    for ticks in (axes.xaxis, axes.yaxis):
        ticks.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        ticks.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ticks.set_minor_formatter(NullFormatter())
