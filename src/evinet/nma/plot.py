"""Figures of a fit, by Matplotlib."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit


@dataclass(frozen=True)
class Plot:
    """Figures of one fit; each method draws on `axes`, or on new ones, and returns them."""

    fit: Fit

    def forest(self, axes: Any = None) -> Any:
        """Effects against the reference of each island: means and 95 % intervals."""
        league = self.fit.league()
        rows = league[league["comparator"].isin(self.fit.references)]
        axes = _axes(axes)
        place = np.arange(len(rows))[::-1]
        axes.axvline(0.0, color="0.6", linewidth=1)
        axes.hlines(place, rows["q2.5"], rows["q97.5"], color="0.2")
        axes.plot(rows["mean"], place, "s", color="0.2")
        names = [f"{t} vs {c}" for t, c in zip(rows["treatment"], rows["comparator"], strict=True)]
        axes.set_yticks(place, names)
        axes.set_xlabel(self.fit.specification.scale)
        return axes

    def ranks(self, axes: Any = None) -> Any:
        """The probability of being at least as good as each rank, a line a treatment."""
        axes = _axes(axes)
        for treatment, rows in self.fit.ranks().groupby("treatment", sort=False):
            axes.plot(rows["rank"], rows["probability"].cumsum(), marker="o", label=treatment)
        axes.set_xlabel("rank or better")
        axes.set_ylabel("probability")
        axes.set_ylim(0, 1)
        axes.legend()
        return axes

    def survival(self, population: str, axes: Any = None) -> Any:
        """Survival of every treatment in a population: medians and 95 % intervals."""
        axes = _axes(axes)
        table = self.fit.survival()
        chosen = table[table["population"] == population]
        for treatment, rows in chosen.groupby("treatment", sort=False):
            (line,) = axes.plot(rows["time"], rows["q50"], label=treatment)
            axes.fill_between(rows["time"], rows["q2.5"], rows["q97.5"], alpha=0.2,
                              color=line.get_color())  # fmt: skip
        axes.set_ylim(0, 1)
        axes.legend()
        return axes


def _axes(axes: Any) -> Any:
    if axes is not None:
        return axes
    from matplotlib.figure import Figure

    return Figure(layout="constrained").subplots()
