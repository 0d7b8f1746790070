"""Counts of patients with a response or an adverse event, as the arms of a network.

Where only a percentage was printed, the count is the one that rounding allows, and the fewest and
the most that it allows are kept beside it. Where the number of patients was not printed with it,
the randomised are taken, which the note says.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from evinet import tables
from evinet.config import Analysis

PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%?")


def allowed(percent: str, total: int) -> tuple[int, int, int] | None:
    """The likeliest, the fewest and the most patients of `total` that round to a percentage.

    None where no count of them does: the percentage is then of other patients.

    Examples
    --------
    >>> allowed("18", 117), allowed("43.0", 151)
    ((21, 21, 21), (65, 65, 65))
    >>> allowed("1", 1000)
    (10, 5, 14)
    >>> allowed("21.9", 207) is None
    True
    """
    written = Decimal(percent)
    exponent = written.as_tuple().exponent
    half = Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0) / 2
    fewest = max(math.ceil((written - half) / 100 * total), 0)
    most = min(math.ceil((written + half) / 100 * total) - 1, total)
    if most < fewest:
        return None
    return min(max(round(written / 100 * total), fewest), most), fewest, most


def study(
    analysis: Analysis, trial: str, evidence: Path
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], str]:
    """Rows of NETWORK_STUDIES and of NETWORK_DATA that a trial brings, or why it brings none.

    Of several reports, or assessors of a response, the first with counts of two arms is taken.
    """
    folder = evidence / "trials" / trial
    arms = tables.ARMS.read(folder / "arms.csv").set_index("arm")
    rows = _published(analysis, folder)
    wrong = ""
    for (report, assessor, _), group in rows.groupby(["report", "assessor", "_order"], sort=False):
        counted = [_counted(dict(row), arms) for row in group.to_dict("records")]
        known = [row for row in counted if isinstance(row, dict)]
        wrong = wrong or next((row for row in counted if isinstance(row, str)), "")
        if len(known) > 1:
            tier = tables.TRIALS.read(folder / "trials.csv").iloc[0]["tier"]
            data = [{"study": trial, **{name: row[name] for name in
                     ("treatment", "r", "n", "fewest", "most")}} for row in known]  # fmt: skip
            shared = {"study": trial, "outcome": analysis.outcome, "tier": tier, "report": report,
                      "assessor": assessor or None}  # fmt: skip
            return _compared(known, analysis, shared), data, ""
    named = analysis.title[0].lower() + analysis.title[1:]
    return [], [], wrong or f"no counts of {named} were published for two arms"


def _published(analysis: Analysis, folder: Path) -> pd.DataFrame:
    """The rows of the outcome, the preferred assessor first."""
    if analysis.data == "responses":
        found = tables.RESPONSES.read(folder / "responses.csv")
        found = found[found["outcome"] == analysis.outcome]
        found = found.assign(assessor=found["assessor"].fillna("unstated"))
        found = found[found["assessor"].isin(analysis.assessors)]
        order = found["assessor"].map(analysis.assessors.index)
        return found.assign(_order=order).sort_values(["_order", "report"], kind="stable")
    found = tables.ADVERSE_EVENTS.read(folder / "adverse-events.csv")
    found = found[(found["event"] == analysis.event) & found["grade"].isin(analysis.grades)]
    order = found["grade"].map(analysis.grades.index)
    return found.assign(assessor="", _order=order).sort_values("_order", kind="stable")


def _counted(row: dict[Any, Any], arms: pd.DataFrame) -> dict[str, Any] | str | None:
    """The counts of an arm; None where there is neither a count nor a share.

    What is wrong, in words, where the share is none of these patients'.
    """
    total, note = row["total"], ""
    if pd.isna(total):
        total, note = arms.at[row["arm"], "n_randomised"], "; of all randomised, as assumed"
    if pd.isna(total):
        return None
    total = int(total)
    if not pd.isna(row["n"]):
        r = fewest = most = int(row["n"])
    else:
        percent = "" if pd.isna(row["percent"]) else str(row["percent"])
        found = PERCENT.fullmatch(percent.removesuffix(".0") if "percent" in row else percent)
        if found is None:
            return None
        counts = allowed(found[1], total)
        if counts is None:
            return f"{percent} % is the share of no count of {total} patients{note}"
        r, fewest, most = counts
        others = f"allows {fewest} to {most}" if fewest < most else "fits no other count"
        note = f"; count from {found[1]} %, which {others}{note}"
    return {
        "arm": row["arm"], "treatment": arms.at[row["arm"], "treatment"], "r": r, "n": total,
        "fewest": fewest, "most": most, "source": row["source"],
        "locator": f"{row['locator']}: {r} of {total}{note}",
    }  # fmt: skip


def _compared(
    known: list[dict[str, Any]], analysis: Analysis, shared: dict[str, Any]
) -> list[dict[str, Any]]:
    """ln OR of each arm against the first reference that the trial has, else its last arm.

    A half is added to every count where one of them is 0 or all.
    """
    names = [row["treatment"] for row in known]
    references = [name for name in analysis.references if name in names]
    baseline = known[names.index(references[0])] if references else known[-1]
    rows = []
    for row in known:
        if row is baseline:
            continue
        cells = [row["r"], row["n"] - row["r"], baseline["r"], baseline["n"] - baseline["r"]]
        more = 0.5 if 0 in cells else 0.0
        a, b, c, d = (cell + more for cell in cells)
        rows.append({
            **shared, "treatment": row["treatment"], "comparator": baseline["treatment"],
            "arm": row["arm"], "comparator_arm": baseline["arm"],
            "log_estimate": math.log(a * d / (b * c)), "se": math.sqrt(1/a + 1/b + 1/c + 1/d),
            "source": row["source"], "locator": f"{row['locator']}; {baseline['locator']}",
        })  # fmt: skip
    return rows
