"""Draws for economic models, from the posteriors and from the survival that was written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evinet import tables
from evinet.nma.distribution import thinned
from evinet.report.results import Fit, Results
from evinet.report.rows import records

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "parameter", "analysis", "model", "population", "treatment", "comparator", "draw", "time",
    "value",
)  # fmt: skip


def sheets(results: Results) -> dict[str, pd.DataFrame]:
    """Wide tables, by the names of sheets: draws of ln HR of each model, of survival by month.

    The first sheet says what the others hold; the last ones summarise survival.
    """
    import pandas as pd

    said: list[dict[str, object]] = []
    found: dict[str, pd.DataFrame] = {}
    for name, fit, wide, _ in _effects(results):
        holds = f"draws of {'overall ' * fit.any_shape}ln HR"
        said.append({"analysis": name, "model": fit.name, "holds": holds})
        found[f"ln HR {len(said)}"] = wide
    for name, drawn in _survival(results):
        by = ["population", "model", "treatment"]
        for (population, model, treatment), rows in drawn.groupby(by, sort=False):
            said.append({
                "analysis": name, "model": model, "population": population, "treatment": treatment,
                "holds": f"draws of {'survival' if model else 'baseline survival'}",
            })  # fmt: skip
            sheet = f"{'survival' if model else 'baseline'} {len(said)}"
            found[sheet] = rows.pivot(index="draw", columns="time", values="value").reset_index()
        said.append({"analysis": name, "holds": "survival with intervals, every model"})
        found[f"survival {name}"] = results.prediction(name, tables.PREDICTED_SURVIVAL)
    columns = ["analysis", "model", "population", "treatment", "holds"]
    contents = pd.DataFrame(said, columns=columns)
    contents.insert(0, "sheet", list(found))
    return {"contents": contents, **found}


def draws(results: Results) -> pd.DataFrame:
    """All draws in one long table with the columns `COLUMNS`."""
    import pandas as pd

    parts = []
    for name, fit, wide, reference in _effects(results):
        long = wide.melt("draw", var_name="treatment", value_name="value")
        parts.append(long.assign(
            parameter="ln_hr_overall" if fit.any_shape else "ln_hr", analysis=name, model=fit.name,
            comparator=long["treatment"].map(reference),
        ))  # fmt: skip
    parts += [drawn.assign(parameter="survival", analysis=name)
              for name, drawn in _survival(results)]  # fmt: skip
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(parts).reindex(columns=list(COLUMNS))


def _effects(results: Results) -> Iterator[tuple[str, Fit, pd.DataFrame, dict[str, str]]]:
    """Draws of each model, a column for each treatment but the references, and its reference."""
    survival = dict(_survival(results))
    for name in results.config.analyses:
        drawn_too = set(survival[name]["model"]) if name in survival else set()
        main = {fit.name for fit in results.main(name)}
        for fit in (fit for fit in results.fits(name) if fit.name in main | drawn_too):
            drawn = fit.effect_draws()
            if drawn.empty:
                continue
            kept = drawn.iloc[list(thinned(len(drawn)))].reset_index(drop=True)
            names = [str(column) for column in kept]
            island = {row["treatment"]: row["component"]
                      for row in records(fit.league)}  # fmt: skip
            zero = [column for column in names if not kept[column].any() and column in island]
            of_island = {island[column]: column for column in zero}
            rest = [column for column in names if column in island and column not in zero]
            wide = kept[rest]
            wide.insert(0, "draw", range(1, len(wide) + 1))
            yield name, fit, wide, {column: of_island[island[column]] for column in rest}


def _survival(results: Results) -> Iterator[tuple[str, pd.DataFrame]]:
    """Table SURVIVAL_DRAWS of each analysis with populations; no model is an empty name."""
    for name, analysis in results.config.analyses.items():
        if analysis.populations:
            drawn = results.prediction(name, tables.SURVIVAL_DRAWS)
            yield name, drawn.rename(columns={"survival": "value"}).fillna({"model": ""})
