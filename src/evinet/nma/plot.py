"""Figures of a fit, by Matplotlib, in the style of the report."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evinet.nma.answers import natural

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from evinet.nma.posterior import Fit

ROW, LEAST = 0.28, 1.5  # inches
FIGURES = (
    "network", "forest", "ranks", "league", "deviance", "inconsistency", "net_heat", "chains",
)  # fmt: skip
"""Figures that need nothing but the fit."""
HOTTEST = 8.0  # of net heat plots, as in netmeta
MARKERS = "osD^vP*X"


@dataclass(frozen=True)
class Plot:
    """Figures of one fit; each method draws on `axes`, or on new ones, and returns them."""

    fit: Fit

    def network(self, axes: Any = None) -> Any:
        """Treatments as circles, by how many studies they are in; comparisons as lines."""
        fit = self.fit
        counts = {name: sum(name in own for own in fit.network.members.values())
                  for name in fit.treatments}  # fmt: skip
        joined: dict[frozenset[str], int] = {}
        for own in fit.network.members.values():
            names = sorted(own)
            for number, one in enumerate(names):
                for two in names[number + 1 :]:
                    joined[frozenset((one, two))] = joined.get(frozenset((one, two)), 0) + 1
        axes = _axes(axes, 4.6)
        turn = 2 * np.pi * np.arange(len(counts)) / len(counts) + np.pi / 2
        at = {name: (np.cos(a), np.sin(a)) for name, a in zip(counts, turn, strict=True)}
        for pair, count in joined.items():
            (x0, y0), (x1, y1) = (at[name] for name in sorted(pair))
            axes.plot([x0, x1], [y0, y1], color=_style().MUTED, linewidth=0.8 + 1.1 * count**0.7,
                      solid_capstyle="round", alpha=0.55, zorder=1)  # fmt: skip
            if len(joined) <= 30:
                axes.annotate(str(count), ((x0 + x1) / 2, (y0 + y1) / 2), fontsize=8,
                              ha="center", va="center", color=_style().INK, zorder=3)  # fmt: skip
        most = max(counts.values())
        for name, count in counts.items():
            x, y = at[name]
            axes.scatter([x], [y], s=60 + 340 * count / most, color=_style().BLUE, zorder=2,
                         edgecolor="none")  # fmt: skip
            side = "center" if abs(x) < 0.3 else "left" if x > 0 else "right"
            axes.annotate(name, (x, y), xytext=(14 * np.sign(round(x, 1)), 15 * np.sign(y)),
                          textcoords="offset points", ha=side, va="center", fontsize=9)  # fmt: skip
        axes.set(xlim=(-1.7, 1.7), ylim=(-1.35, 1.35), aspect="equal")
        axes.axis("off")
        return axes

    def forest(self, axes: Any = None) -> Any:
        """Effects against the reference of each island: medians, 95 % intervals, predictions."""
        league = self.fit.league()
        rows = league[league["comparator"].isin(self.fit.references)].reset_index(drop=True)
        names = [f"{t} vs {c}" for t, c in zip(rows["treatment"], rows["comparator"], strict=True)]
        axes = _axes(axes, max(LEAST, ROW * len(rows) + 0.8))
        self._intervals(axes, rows, names)
        return axes

    def _intervals(self, axes: Any, rows: pd.DataFrame, names: list[str]) -> None:
        scale = self.fit.specification.scale
        place = np.arange(len(rows))[::-1]
        at = {name: natural.shown(rows[name].to_numpy(float), scale)
              for name in ("q50", "q2.5", "q97.5")}  # fmt: skip
        axes.axvline(float(natural.shown(0.0, scale)), color=_style().RULE, linewidth=1)
        if "predict_q2.5" in rows and rows["predict_q2.5"].notna().any():
            ends = [natural.shown(rows[f"predict_{q}"].to_numpy(float), scale)
                    for q in ("q2.5", "q97.5")]  # fmt: skip
            axes.hlines(place, *ends, color=_style().SKY, linewidth=1, label="new study")
        axes.hlines(place, at["q2.5"], at["q97.5"], color=_style().INK, linewidth=1.8,
                    label="mean effect")  # fmt: skip
        axes.plot(at["q50"], place, "s", color=_style().INK, markersize=5)
        axes.set_yticks(place, names)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xlabel(f"{natural.name_of(scale)}, 95 % intervals")
        if natural.is_ratio(scale) and len(rows):
            _style().ratio_scale(axes, float(at["q2.5"].min()), float(at["q97.5"].max()))

    def ranks(self, axes: Any = None) -> Any:
        """The probability of being at least as good as each rank, a line for each treatment."""
        axes = _axes(axes, 3.2)
        styles = ("-", "--", ":", "-.")
        for number, (treatment, rows) in enumerate(
            self.fit.ranks().groupby("treatment", sort=False)
        ):
            axes.plot(rows["rank"], rows["probability"].cumsum(), marker="o", markersize=3,
                      label=treatment, linestyle=styles[number // 6 % 4])  # fmt: skip
        axes.set_xlabel("rank or better")
        axes.set_ylabel("probability")
        axes.set_ylim(0, 1.02)
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
        return axes

    def league(self, axes: Any = None) -> Any:
        """Every pair in a matrix: colour by the effect, darker the further from no difference."""
        import matplotlib as mpl

        fit = self.fit
        order = list(fit.league_matrix()["treatment"])
        league = fit.league()
        mean, sd = (
            league.pivot(index="treatment", columns="comparator", values=name)
            .reindex(index=order, columns=order).to_numpy(float) for name in ("mean", "sd")
        )  # fmt: skip
        z = mean / sd
        axes = _axes(axes, max(2.4, 0.3 * len(order) + 1.6))
        sign = -1 if fit.better == "lower" else 1
        image = axes.imshow(sign * z, cmap=mpl.colormaps["PuOr"], vmin=-4, vmax=4)
        axes.set_xticks(range(len(order)), order, rotation=60, ha="right")
        axes.set_yticks(range(len(order)), order)
        bar = axes.figure.colorbar(image, ax=axes, shrink=0.8)
        bar.set_label("mean / SD; above 0: the row's\ntreatment is better")
        return axes

    def deviance(self, axes: Any = None) -> Any:
        """Residual deviance against leverage, both for each data point of an arm or a study."""
        points = self.fit.measures()["points"]
        x, y = (_per_point(points, name) for name in ("leverage", "deviance"))
        axes = _axes(axes, 3.2)
        axes.axhline(1.0, color=_style().RULE, linewidth=1)
        axes.scatter(np.maximum(x, 0.0), y, s=18, color=_style().BLUE, edgecolor="none")
        _name_furthest(axes, points, x, y, y)
        axes.set_xlabel("leverage of a data point")
        axes.set_ylabel("its mean residual deviance")
        axes.set_ylim(bottom=0)
        return axes

    def dev_dev(self, other: Fit, axes: Any = None) -> Any:
        """Residual deviances against those of another model of the same network, such as ume.

        For each data point of an arm or a study (Dias et al., NICE TSD 4). What lies above the line
        is fitted better by the other model.

        Raises
        ------
        ValueError
            The fits are of different data.
        """
        table = self.fit.dev_dev(other)
        points = table.to_dict("records")
        y, x = (table[name].to_numpy(float) for name in ("deviance", "deviance_other"))
        axes, end = _axes(axes, 4.0), 1.08 * float(max(x.max(), y.max()))
        axes.plot([0, end], [0, end], color=_style().RULE, linewidth=1)
        axes.scatter(x, y, s=18, color=_style().BLUE, edgecolor="none")
        _name_furthest(axes, points, x, y, abs(y - x))
        axes.set_xlabel(f"residual deviance of a data point: {named(other)}")
        axes.set_ylabel(named(self.fit))
        axes.set_xlim(0, end)
        axes.set_ylim(0, end)
        return axes

    def net_heat(self, axes: Any = None) -> Any:
        """What each design (column) does to the inconsistency of each direct estimate (row).

        See `evinet.nma.answers.net_heat`. Orange: the design makes the row inconsistent, and on the
        diagonal the row's own share of Q; purple: it supports the row. The area of a grey square is
        how much the column counts in the network's estimate of the row. Rows and columns are put in
        the order of a hierarchical clustering of the colours (complete linkage), as in netmeta.
        """
        import matplotlib as mpl
        from scipy.cluster.hierarchy import leaves_list, linkage
        from scipy.spatial.distance import pdist

        table = self.fit.net_heat()
        if table.empty:
            axes = _axes(axes, LEAST)
            axes.axis("off")
            axes.annotate("Fewer than two designs can be detached: there is nothing to compare.",
                          (0.02, 0.5), xycoords="axes fraction")  # fmt: skip
            return axes
        row, column = (
            [f"{one} vs {two}" + (f" ({design})" if design.count(" : ") > 1 else "")
             for design, one, two in table[names].itertuples(index=False)]
            for names in (["design", "treatment", "comparator"],
                          ["detached", "detached_treatment", "detached_comparator"])
        )  # fmt: skip
        names = list(dict.fromkeys(row))
        change, share = (
            table.assign(row=row, column=column).pivot(index="row", columns="column", values=value)
            .loc[names, names].to_numpy(float) for value in ("change", "contribution")
        )  # fmt: skip
        apart = pdist(change, "cityblock") + pdist(change.T, "cityblock")
        order = leaves_list(linkage(apart, "complete"))
        change, share = (each[np.ix_(order, order)] for each in (change, share))
        axes = _axes(axes, max(2.8, 0.34 * len(names) + 1.8))
        image = axes.imshow(change, cmap=mpl.colormaps["PuOr_r"], vmin=-HOTTEST, vmax=HOTTEST)
        for place, value in np.ndenumerate(np.sqrt(np.abs(share).clip(max=1))):
            side = 0.9 * float(value)
            axes.add_patch(mpl.patches.Rectangle(
                (place[1] - side / 2, place[0] - side / 2), side, side,
                facecolor=_style().MUTED, alpha=0.45, linewidth=0,
            ))  # fmt: skip
        shown = [names[number] for number in order]
        axes.set_xticks(range(len(shown)), shown, rotation=60, ha="right")
        axes.set_yticks(range(len(shown)), shown)
        axes.set_xlabel("design detached")
        bar = axes.figure.colorbar(image, ax=axes, shrink=0.8, extend="both")
        bar.set_label("Q of the row: less (orange) or\nmore (purple) without the column")
        return axes

    def funnel(self, order: Sequence[str], axes: Any = None) -> Any:
        """Studies about the mean of their comparison, by their standard error.

        See `evinet.nma.answers.funnel`; to the right a treatment later in the order has the higher
        effect.

        Raises
        ------
        InputError
            The order does not name each treatment once.
        """
        table = self.fit.funnel(order)
        axes = _axes(axes, 3.6)
        if table.empty:
            axes.axis("off")
            axes.annotate("No comparison has several studies.", (0.02, 0.5),
                          xycoords="axes fraction")  # fmt: skip
            return axes
        low = 1.1 * float(table["se"].max())
        axes.plot([-1.96 * low, 0, 1.96 * low], [low, 0, low], color=_style().MUTED, linewidth=0.8,
                  linestyle="--")  # fmt: skip
        axes.axvline(0, color=_style().MUTED, linewidth=0.8)
        for number, (pair, rows) in enumerate(table.groupby(["treatment", "comparator"],
                                                            sort=False)):  # fmt: skip
            axes.plot(rows["adjusted"], rows["se"], MARKERS[number % len(MARKERS)], markersize=5,
                      markeredgewidth=0, label=" vs ".join(map(str, pair)))  # fmt: skip
        axes.set_ylim(low, 0)
        axes.set_xlabel(f"{self.fit.specification.scale} less the mean of its comparison")
        axes.set_ylabel("standard error")
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
        return axes

    def inconsistency(self, axes: Any = None) -> Any:
        """Direct and indirect effect of every pair that has both."""
        table = self.fit.inconsistency()
        rows = table[table["method"] == "node-split"] if len(table) else table
        axes = _axes(axes, max(LEAST, 2 * ROW * len(rows) + 0.8))
        if not len(rows):
            axes.axis("off")
            axes.annotate("No pair has direct and indirect evidence: nothing can be tested.",
                          (0.02, 0.5), xycoords="axes fraction")  # fmt: skip
            return axes
        scale = self.fit.specification.scale
        place = np.arange(len(rows))[::-1].astype(float)
        low, high = [], []
        for kind, shift, colour in (("direct", 0.14, _style().BLUE),
                                    ("indirect", -0.14, _style().ORANGE)):  # fmt: skip
            mean, sd = (rows[name].to_numpy(float) for name in (kind, f"{kind}_sd"))
            ends = [natural.shown(mean + side * 1.96 * sd, scale) for side in (-1, 1)]
            low.append(ends[0].min())
            high.append(ends[1].max())
            axes.hlines(place + shift, *ends, color=colour, label=kind)
            axes.plot(natural.shown(mean, scale), place + shift, "o", color=colour, markersize=4)
        names = [f"{t} vs {c} (p = {p:.2f})" for t, c, p in
                 zip(rows["treatment"], rows["comparator"], rows["p"], strict=True)]  # fmt: skip
        axes.axvline(float(natural.shown(0.0, scale)), color=_style().RULE, linewidth=1)
        axes.set_yticks(place, names)
        axes.set_xlabel(natural.name_of(scale))
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)
        if natural.is_ratio(scale):
            _style().ratio_scale(axes, float(min(low)), float(max(high)))
        return axes

    def chains(self, axes: Any = None) -> Any:
        """R-hat and effective sample size of every parameter; an exact posterior has neither."""
        table = self.fit.effects()
        axes = _axes(axes, 2.6)
        if self.fit.mixture is not None:
            axes.axis("off")
            axes.annotate("The posterior is exact: there are no chains.", (0.02, 0.5),
                          xycoords="axes fraction")  # fmt: skip
            return axes
        axes.scatter(table["ess_bulk"], table["rhat"], s=18, color=_style().BLUE, edgecolor="none")
        axes.axhline(self.fit.sampler.gates.rhat, color=_style().ORANGE, linewidth=1)
        axes.axvline(self.fit.sampler.gates.ess, color=_style().ORANGE, linewidth=1)
        axes.set_xlabel("effective sample size")
        axes.set_ylabel("R-hat")
        return axes

    def survival(self, population: str, axes: Any = None) -> Any:
        """Survival of every treatment in a population: medians and 95 % intervals."""
        axes = _axes(axes, 3.4)
        table = self.fit.survival()
        chosen = table[table["population"] == population]
        for treatment, rows in chosen.groupby("treatment", sort=False):
            (line,) = axes.plot(rows["time"], rows["q50"], label=treatment)
            axes.fill_between(rows["time"], rows["q2.5"], rows["q97.5"], alpha=0.2,
                              color=line.get_color())  # fmt: skip
        axes.set_ylim(0, 1)
        axes.legend()
        return axes

    def save(
        self, folder: Path | str, more: Mapping[str, tuple[Any, ...]] | None = None
    ) -> list[Path]:
        """Write FIGURES, and `more` by what each needs, as SVG and PNG; the files."""
        written = []
        for name, given in {**dict.fromkeys(FIGURES, ()), **(more or {})}.items():
            figure = self.figure(name, *given)
            for ending in ("svg", "png"):
                path = Path(folder) / f"{name}.{ending}"
                if ending == "svg":
                    _style().save(figure, path)
                else:
                    _png(figure, path)
                written.append(path)
        return written

    def figure(self, name: str, *given: Any) -> Figure:
        """One of the figures, by what it needs, in the style of the report."""
        with _style().styled():
            found: Figure = getattr(self, name)(*given).figure
        return found

    def svg(self, name: str, *given: Any) -> str:
        """One of the figures as SVG, for a page."""
        with _style().styled():
            figure = getattr(self, name)(*given).figure
            buffer = io.StringIO()
            figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": "evinet"})
        text = _style().tidy(buffer.getvalue())
        return text[text.index("<svg") :]


def _per_point(points: list[dict[str, Any]], name: str) -> np.ndarray:
    return np.array([point[name] / point["size"] for point in points])


def _name_furthest(
    axes: Any, points: Sequence[Mapping[Any, Any]], x: np.ndarray, y: np.ndarray, far: np.ndarray
) -> None:
    """Writes the names of the three points that are furthest."""
    for number in np.argsort(far)[::-1][:3]:
        point = points[number]
        axes.annotate(" ".join(part for part in (point["study"], point["treatment"]) if part),
                      (x[number], y[number]), xytext=(5, 2), textcoords="offset points",
                      fontsize=8)  # fmt: skip


def named(fit: Fit) -> str:
    """What a model is called beside another."""
    from evinet.nma.answers.record import kind

    return f"{kind(fit)}, {fit.specification.effects} effects"


def _png(figure: Figure, path: Path) -> None:
    from evinet import files

    with files.replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=200, facecolor="white",
                       metadata={"Software": "evinet"})  # fmt: skip


def _style() -> Any:
    from evinet.report.figures import style

    return style


def _axes(axes: Any, height: float) -> Any:
    if axes is not None:
        return axes
    from matplotlib.figure import Figure

    return Figure(figsize=(_style().WIDTH, height), layout="constrained").subplots()
