"""What the other stages take from a digitised figure of a trial.

A trial's folder holds `digitised/<outcome>/axis.yaml` and the figure that it names. The workflow
digitises it into `results/digitised/<trial>/<outcome>/`; its times become months, and its arms the
arms of the trial file, before anybody reads them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evinet import files
from evinet.digitise import axis as axis_file
from evinet.digitise.axes import Panel
from evinet.digitise.axis import AxisFile
from evinet.digitise.drawing import Floats
from evinet.document import is_slug
from evinet.errors import InputError, Problem

if TYPE_CHECKING:
    from evinet.reconstruct.inputs import TrialInput

MONTHS = {"days": 12 / 365.25, "weeks": 84 / 365.25, "months": 1.0, "years": 12.0}
"""Months of each unit of time."""


@dataclass(frozen=True)
class Source:
    """A figure to digitise: of which outcome, with which axis file."""

    outcome: str
    figure: Path
    axis: Path


@dataclass(frozen=True)
class Row:
    """A row of a digitised table, in months and with the arm of the trial file."""

    file: str
    line: int
    kind: str  # curves or at-risk
    outcome: str
    arm: str
    time: float
    value: float


def sources(folder: Path) -> list[Source]:
    """The figures of a trial's folder.

    Raises
    ------
    InputError
        A folder is not named by an outcome, has no axis file, or the figure is not there.
    """
    found = []
    for place in sorted((folder / "digitised").glob("[!.]*")):
        axis = place / "axis.yaml"
        if not is_slug(place.name) or not axis.is_file():
            raise InputError(
                Problem(str(place), "folder", place.name, "is not the folder of an outcome",
                        "Name it by the outcome's slug, and keep axis.yaml in it")
            )  # fmt: skip
        figure = place / axis_file.read(axis).figure
        if not figure.is_file():
            raise InputError(
                Problem(str(axis), "figure", figure.name, "is not beside the axis file",
                        "Copy the figure there")
            )  # fmt: skip
        found.append(Source(place.name, figure, axis))
    return found


def months(axis: AxisFile, file: str) -> float:
    """Months of the axis' unit of time.

    Raises
    ------
    InputError
        The unit is not known.
    """
    if axis.unit is None:
        raise InputError(
            Problem(file, "unit", None, "the figure does not state the unit of time",
                    "Write days, weeks, months or years")
        )  # fmt: skip
    return MONTHS[axis.unit]


def named(axis: AxisFile, file: str, known: set[str]) -> dict[str, str]:
    """The arm of the trial file for the name of each arm in the figure.

    Raises
    ------
    InputError
        An arm of the figure is none of the trial's.
    """
    arms, problems = {}, []
    for arm in axis.arms:
        slug = arm.arm or arm.name
        if slug not in known:
            problems.append(
                Problem(file, "arms", arm.name, "it is not known which arm of the trial this is",
                        f"Write arm: with one of {', '.join(sorted(known))}")
            )  # fmt: skip
        arms[arm.name] = slug
    if problems:
        raise InputError(problems)
    return arms


def provenance(axis: AxisFile, file: str) -> tuple[str, str, str]:
    """Report, source and locator of the figure.

    Raises
    ------
    InputError
        One of them is not written.
    """
    values = (axis.report, axis.source, axis.locator)
    problems = [
        Problem(file, name, value, "is not written", "Write it as in trial.yaml")
        for name, value in zip(("report", "source", "locator"), values, strict=True)
        if not value
    ]
    if problems:
        raise InputError(problems)
    return str(axis.report), str(axis.source), str(axis.locator)


def rows(made: Path, known: set[str]) -> Iterator[Row]:
    """The rows of a digitised figure's curve and numbers at risk.

    Raises
    ------
    InputError
        No curve was written, or axis.yaml does not say what the tables need.
    """
    file = str(made / "axis.yaml")
    axis = axis_file.read(made / "axis.yaml")
    factor, arms = months(axis, file), named(axis, file, known)
    for kind, name, column in (
        ("curves", "curve.csv", "survival"),
        ("at-risk", "at-risk.csv", "n"),
    ):
        path = made / name
        if not path.is_file():
            raise InputError(
                Problem(str(path), "file", name, "was not written: the reading is not sure enough",
                        f"Look at {made / 'overlay.html'}, and correct axis.yaml")
            )  # fmt: skip
        with path.open(newline="", encoding="utf-8") as handle:
            for line, row in enumerate(csv.DictReader(handle), 2):
                yield Row(str(path), line, kind, made.name, arms[row["arm"]],
                          factor * float(row["time"]), float(row[column]))  # fmt: skip


@dataclass(frozen=True, eq=False)
class Placed:
    """An arm of the trial where its curve and marks lie in the figure, as (n, 2) positions."""

    arm: str
    curve: Floats
    marks: Floats
    doubtful: tuple[tuple[float, float], ...]  # stretches, from the left


def placed(made: Path, known: set[str]) -> list[Placed]:
    """The tables of a digitised figure, laid over it again by the ticks of its axes.

    Raises
    ------
    InputError
        An arm of the figure is none of the trial's.
    """
    axis = axis_file.read(made / "axis.yaml")
    arms, panel = named(axis, str(made / "axis.yaml"), known), axis.panel()
    if panel is None:
        return []
    said = files.read_json(made / "digitisation.json")
    curves, marks = _floats(made / "curve.csv"), _floats(made / "marks.csv")
    found = []
    for arm in said["arms"]:
        time, survival = np.array(curves[arm["name"]]).T
        at = np.array(marks.get(arm["name"], [])).reshape(-1)
        level = survival[np.searchsorted(time, at, side="right") - 1]
        found.append(Placed(
            arms[arm["name"]],
            _positions(panel, time, survival, said["incidence"]),
            _positions(panel, at, level, said["incidence"]),
            tuple((panel.x.position(each["from"]), panel.x.position(each["to"]))
                  for each in arm["doubtful"]),
        ))  # fmt: skip
    return found


def _positions(panel: Panel, time: Floats, survival: Floats, incidence: bool) -> Floats:
    value = panel.full * (1 - survival if incidence else survival)
    return np.column_stack(
        [[panel.x.position(each) for each in time], [panel.y.position(each) for each in value]]
    )


def _floats(path: Path) -> dict[str, list[list[float]]]:
    """The numbers of a table's rows, by arm."""
    found: dict[str, list[list[float]]] = {}
    with path.open(newline="", encoding="utf-8") as handle:
        for arm, *numbers in list(csv.reader(handle))[1:]:
            found.setdefault(arm, []).append([float(number) for number in numbers])
    return found


def with_figure(content: TrialInput, made: Path) -> TrialInput:
    """A trial's input with the censor marks of its figure, and by how much its axes may be off."""
    axis = axis_file.read(made / "axis.yaml")
    names = {arm.name for arm in content.arms}
    factor = months(axis, str(made / "axis.yaml"))
    arms = named(axis, str(made / "axis.yaml"), names)
    marks = {
        arms[name]: [factor * time for (time,) in times]
        for name, times in _floats(made / "marks.csv").items()
    }
    said = files.read_json(made / "digitisation.json")
    return replace(
        content,
        arms=tuple(
            replace(arm, marks=np.array(marks[arm.name])) if arm.name in marks else arm
            for arm in content.arms
        ),
        axis_error=float(said["axis_error"]),
        survival_shift=float(said["survival_shift"]),
    )
