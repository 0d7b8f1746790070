"""One outcome of one trial, from its evidence tables."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evinet import tables
from evinet.errors import InputError, Problem
from evinet.patients.data import Interval
from evinet.reconstruct.inputs import ArmInput, Contrast, Flag, Landmark, TrialInput

if TYPE_CHECKING:
    import pandas as pd

AXIS_ERROR = 0.5  # pixels of a published figure


@dataclass(frozen=True)
class Selection:
    """What was taken from a trial's folder: which report, and whose assessment.

    `treatments` has the treatment of each arm.
    """

    trial: str
    outcome: str
    report: str
    assessor: str
    content: TrialInput
    treatments: dict[str, str]
    flags: tuple[Flag, ...] = ()


def read(folder: Path, outcome: str) -> Selection:
    """The published results of an outcome that belong together.

    Report and assessor are those of the contrast selected for analyses, or else of another
    contrast, of events and medians, or of a curve with nothing beside it. If that report prints
    neither a curve nor numbers at risk but another one does, all is taken from the other one (the
    counts of one data cut must not meet the events of another), with the flag `report-differs`.

    Raises
    ------
    InputError
        The trial has no result of this outcome.
    """
    found = {
        table.name: _of(table.read(folder / f"{table.name}.csv"), outcome=outcome)
        for table in (tables.SURVIVAL, tables.LANDMARKS, tables.CONTRASTS, tables.AT_RISK)
    }
    found["curves"] = _of(tables.CURVES.read(folder / "curves.csv"), outcome=outcome)
    results = (_of(found["contrasts"], measure="hr"), found["survival"], found["curves"])
    if all(frame.empty for frame in results):
        of = (table.read(folder / f"{table.name}.csv")["outcome"]
              for table in (tables.SURVIVAL, tables.CONTRASTS, tables.CURVES))  # fmt: skip
        known = ", ".join(sorted({str(name) for names in of for name in names}))
        raise InputError(
            Problem(str(folder), "outcome", outcome, "the trial has no result of this outcome",
                    f"Use one of: {known or 'none'}")
        )  # fmt: skip
    report, assessor = _preferred(*results)
    shown = [found["curves"], found["at-risk"]]
    used = next((name for name in _reports(shown, report)), report)
    flags: tuple[Flag, ...] = ()
    if used != report:
        message = f"report {used} has numbers at risk or curves, the selected report {report} none"
        flags = (Flag("report-differs", "", message),)
    inside = {name: _of(frame, report=used) for name, frame in found.items()}
    arms = tables.ARMS.read(folder / "arms.csv").set_index("arm")
    names = sorted(
        {*inside["survival"]["arm"], *inside["at-risk"]["arm"], *inside["curves"]["arm"]}
    )
    content = TrialInput(
        tuple(_arm(name, inside, assessor, arms["n_randomised"]) for name in names),
        tuple(_contrasts(_assessed(_of(inside["contrasts"], measure="hr"), assessor))),
        AXIS_ERROR,
    )
    trial = str(tables.TRIALS.read(folder / "trials.csv")["trial"].iloc[0])
    treatments = {name: str(arms["treatment"].get(name, name)) for name in names}
    return Selection(trial, outcome, used, assessor, content, treatments, flags)


def _preferred(
    contrasts: pd.DataFrame, survival: pd.DataFrame, curves: pd.DataFrame
) -> tuple[str, str]:
    """Report and assessor of the first of these that there is."""
    choices = (contrasts[contrasts["selected"]], contrasts, survival, curves)
    row = next(frame for frame in choices if len(frame)).iloc[0]
    return str(row["report"]), _text(row.get("assessor")) or "unstated"


def _reports(shown: list[pd.DataFrame], preferred: str) -> list[str]:
    """Reports with curves or numbers at risk, the preferred one first."""
    names = {str(name) for frame in shown for name in frame["report"]}
    return sorted(names, key=lambda name: (name != preferred, name))


def _of(frame: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    for column, value in wanted.items():
        frame = frame[frame[column] == value]
    return frame


def _assessed(frame: pd.DataFrame, assessor: str) -> pd.DataFrame:
    """Rows of the assessor, or else of an assessor not stated."""
    rows = frame[frame["assessor"].fillna("unstated") == assessor]
    return rows if len(rows) else frame[frame["assessor"].fillna("unstated") == "unstated"]


def _arm(name: str, inside: dict[str, pd.DataFrame], assessor: str, sizes: pd.Series) -> ArmInput:
    arm = ArmInput(name, n=_whole(sizes.get(name)))
    survival = _assessed(_of(inside["survival"], arm=name), assessor)
    if len(survival):
        row = survival.iloc[0]
        limits = (_number(row["median"]), _number(row["lower"]), _number(row["upper"]))
        median = Interval(*limits, level=_number(row["level"]) or 0.95)
        arm = replace(arm, n=_whole(row["n"]) or arm.n, events=_whole(row["events"]), median=median)
    landmarks = _assessed(_of(inside["landmarks"], arm=name), assessor)
    at_risk, curve = _of(inside["at-risk"], arm=name), _of(inside["curves"], arm=name)
    return replace(
        arm,
        landmarks=tuple(
            Landmark(row["time"], row["survival"], _number(row["lower"]), _number(row["upper"]))
            for _, row in landmarks.iterrows()
        ),
        at_risk=(
            (at_risk["time"].to_numpy(np.float64), at_risk["n"].to_numpy(np.int64))
            if len(at_risk) else None
        ),
        curve=(
            (curve["time"].to_numpy(np.float64), curve["survival"].to_numpy(np.float64))
            if len(curve) else None
        ),
    )  # fmt: skip


def _contrasts(rows: pd.DataFrame) -> list[Contrast]:
    return [
        Contrast(
            row["arm"], row["comparator"], _number(row["estimate"]), _number(row["lower"]),
            _number(row["upper"]), _number(row["level"]) or 0.95, p_value(_text(row["p"])),
            None if _number(row["stratified"]) is None else bool(row["stratified"]),
        )
        for _, row in rows.iterrows()
    ]  # fmt: skip


def p_value(printed: str | None) -> float | None:
    """A two-sided P value as printed; None when only a bound is given."""
    found = re.fullmatch(r"\s*=?\s*(0?\.\d+|1(?:\.0*)?)\s*(.*)", printed or "")
    if found is None:
        return None
    p = float(found[1])
    return min(2 * p, 1.0) if re.search(r"one[- ]?(sided|tailed)", found[2]) else p


def _number(value: object) -> float | None:
    import pandas as pd

    return None if value is None or pd.isna(value) else float(value)  # type: ignore[arg-type,call-overload]


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _text(value: object) -> str | None:
    import pandas as pd

    return None if pd.isna(value) else str(value)  # type: ignore[call-overload]
