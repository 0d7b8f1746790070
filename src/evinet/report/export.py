"""The tables of the report for spreadsheets and other programs: CSV files, and one workbook."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from evinet import files, tables
from evinet.report import economic, layouts, references
from evinet.report.exhibit import INDEX
from evinet.report.results import Results
from evinet.report.rows import records
from evinet.spreadsheet import without_formulas, workbook

if TYPE_CHECKING:
    import pandas as pd

WORKBOOK = "tables.xlsx"


def write(results: Results, folder: Path) -> list[str]:
    """Write every table as CSV and all of them as one workbook; return the names of the files.

    Beside them: the bibliography as BibTeX and RIS, the layouts of robvis and CINeMA, draws for
    economic models, and an index of the folder.
    """
    frames = dict(all_tables(results))
    sources = records(results.evidence(tables.SOURCES))
    files.write_text(folder / "references.bib", references.bibtex(sources))
    files.write_text(folder / "references.ris", references.ris(sources))
    csv = {f"{name}.csv": frame for name, frame in (*layouts.all_layouts(results), *frames.items())}
    for name, frame in csv.items():
        files.write_csv(folder / name, without_formulas(frame))
    workbook(frames, folder / WORKBOOK)
    files.write_csv(folder / "economic.csv", economic.draws(results))
    workbook(economic.sheets(results), folder / "economic.xlsx")
    names = ["references.bib", "references.ris", WORKBOOK, *csv, "economic.csv", "economic.xlsx"]
    for left in folder.glob("*.csv"):  # by an earlier run, with other models
        if left.name not in names:
            left.unlink()
    files.write_json(folder / INDEX, sorted(names))
    return names


def all_tables(results: Results) -> Iterator[tuple[str, pd.DataFrame]]:
    """The tables that readers ask for, each with its name."""
    for table in (
        tables.TRIALS, tables.CONTRASTS, tables.SURVIVAL, tables.RESPONSES, tables.ADVERSE_EVENTS,
        tables.LATER_TREATMENT, tables.POPULATIONS, tables.FACTS,
    ):  # fmt: skip
        yield table.name, results.evidence(table)
    for analysis in (*results.config.analyses, *results.supporting):
        yield f"network-{analysis}", results.studies(analysis)
        for fit in results.converged(analysis):
            yield f"league-{analysis}-{fit.name}", ratios(fit.league, fit.model.time_ratios)
        if results.analysis(analysis).populations:
            for table in (
                tables.PREDICTED_SURVIVAL, tables.PREDICTED_TIMES, tables.PREDICTED_OBSERVED,
                tables.OBSERVED_TIMES,
            ):  # fmt: skip
                yield f"{table.name}-{analysis}", results.prediction(analysis, table)


def ratios(league: pd.DataFrame, of_times: bool = False) -> pd.DataFrame:
    """A league table of ratios: the column of estimates says whether of hazards or of times."""
    import numpy as np

    columns = {
        "q50": "time_ratio" if of_times else "hazard_ratio", "q2.5": "lower", "q97.5": "upper",
        "predict_q2.5": "predict_lower", "predict_q97.5": "predict_upper",
    }  # fmt: skip
    shown = league[["treatment", "comparator", "component", "bridged", *columns, "p_better"]].copy()
    for column in columns:
        shown[column] = np.exp(shown[column])
    return shown.rename(columns=columns)
