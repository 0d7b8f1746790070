"""Tables in the layouts of other programs: robvis (risk of bias) and CINeMA (certainty).

What nobody has judged is an empty cell: these files are templates until the reviewers fill them in.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evinet import tables
from evinet.report.results import Results
from evinet.report.rows import records

if TYPE_CHECKING:
    import pandas as pd

ROBVIS = {
    "D1": "randomisation", "D2": "deviations", "D3": "missing-data", "D4": "measurement",
    "D5": "selection", "Overall": "overall",
}  # fmt: skip
"""Columns of robvis for RoB 2: its domains in their order, https://doi.org/10.1002/jrsm.1411."""
SPELLED = {"low": "Low", "some concerns": "Some concerns", "high": "High"}
CINEMA = {"low": 1, "some concerns": 2, "high": 3}
"""CINeMA codes low, moderate and high risk of bias, and indirectness, as 1, 2 and 3."""


def all_layouts(results: Results) -> Iterator[tuple[str, pd.DataFrame]]:
    """Both layouts for every analysis, each with its name."""
    for analysis in results.config.analyses:
        yield f"robvis-{analysis}", robvis(results, analysis)
        yield f"cinema-{analysis}", cinema(results, analysis)


def robvis(results: Results, analysis: str) -> pd.DataFrame:
    """One row for each trial: study, the five domains of RoB 2, overall, weight (1 for all)."""
    import pandas as pd

    judged = _judged(results)
    rows = []
    for row in _once(results, analysis):
        cells = {
            column: SPELLED.get(judged.get((row["trial"], row["outcome"], domain), ""))
            for column, domain in ROBVIS.items()
        }
        rows.append({"Study": results.trial_names[row["trial"]], **cells, "Weight": 1})
    return pd.DataFrame(rows, columns=["Study", *ROBVIS, "Weight"])


def cinema(results: Results, analysis: str) -> pd.DataFrame:
    """One row for each contrast, for inverse variance: ln HR of t1 against t2, standard error."""
    import pandas as pd

    judged = _judged(results)
    numbers: dict[str, int] = {}
    rows = [
        {
            "study": results.trial_names[row["trial"]],
            "id": numbers.setdefault(row["trial"], len(numbers) + 1),
            "t1": row["treatment"],
            "t2": row["comparator"],
            "effect": row["log_estimate"],
            "se": row["se"],
            "rob": CINEMA.get(judged.get((row["trial"], row["outcome"], "overall"), "")),
            "indirectness": None,
        }
        for row in records(results.studies(analysis))
    ]
    frame = pd.DataFrame(rows)
    return frame.astype({"rob": "Int64", "indirectness": "Int64"})


def _judged(results: Results) -> dict[tuple[str, str, str], str]:
    return {
        (row["trial"], row["outcome"], row["domain"]): row["judgement"]
        for row in records(results.evidence(tables.RISK_OF_BIAS))
    }


def _once(results: Results, analysis: str) -> list[dict[str, str]]:
    """The trials of a network, each once."""
    return list({row["trial"]: row for row in records(results.studies(analysis))}.values())
