"""Draws for economic models, from the posteriors and from the baselines that were written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evinet import tables
from evinet.report.results import Fit, Results
from evinet.report.rows import records

if TYPE_CHECKING:
    import pandas as pd

KEPT = 1000
"""Draws of each posterior: enough for a probabilistic analysis, and small enough to mail."""
COLUMNS = (
    "parameter", "analysis", "model", "population", "treatment", "comparator", "draw", "time",
    "value",
)  # fmt: skip


def sheets(results: Results) -> dict[str, pd.DataFrame]:
    """Wide tables: draws of ln HR of each model, and of survival of each baseline, by month."""
    found = {f"ln HR {name} {fit.name}": wide for name, fit, wide, _ in _effects(results)}
    for name, slug, drawn in _baselines(results):
        found[f"baseline {name} {slug}"] = drawn.pivot(
            index="draw", columns="time", values="survival"
        ).reset_index()
    for name, analysis in results.config.analyses.items():
        if analysis.populations:
            found[f"survival {name}"] = results.prediction(name, tables.PREDICTED_SURVIVAL)
    return found


def draws(results: Results) -> pd.DataFrame:
    """All draws in one long table with the columns `COLUMNS`."""
    import pandas as pd

    parts = []
    for name, fit, wide, reference in _effects(results):
        long = wide.melt("draw", var_name="treatment", value_name="value")
        parts.append(long.assign(
            parameter="ln_hr", analysis=name, model=fit.name,
            comparator=long["treatment"].map(reference),
        ))  # fmt: skip
    for name, slug, drawn in _baselines(results):
        parts.append(drawn.rename(columns={"survival": "value"}).assign(
            parameter="survival", analysis=name, population=slug
        ))  # fmt: skip
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(parts).reindex(columns=list(COLUMNS))


def _effects(results: Results) -> Iterator[tuple[str, Fit, pd.DataFrame, dict[str, str]]]:
    """Draws of each model, a column for each treatment but the references, and its reference."""
    for name in results.config.analyses:
        for fit in results.main(name):
            drawn = fit.effect_draws()
            if drawn.empty:
                continue
            step = max(1, len(drawn) // KEPT)
            kept = drawn.iloc[::step].head(KEPT).reset_index(drop=True)
            names = [str(column) for column in kept]
            island = {row["treatment"]: row["component"]
                      for row in records(fit.league)}  # fmt: skip
            zero = [column for column in names if not kept[column].any() and column in island]
            of_island = {island[column]: column for column in zero}
            rest = [column for column in names if column in island and column not in zero]
            wide = kept[rest]
            wide.insert(0, "draw", range(1, len(wide) + 1))
            yield name, fit, wide, {column: of_island[island[column]] for column in rest}


def _baselines(results: Results) -> Iterator[tuple[str, str, pd.DataFrame]]:
    for name, analysis in results.config.analyses.items():
        for slug in analysis.populations:
            frame = results.prediction(name, tables.BASELINE_DRAWS)
            yield name, slug, frame[frame["population"] == slug].drop(columns="population")
