"""Numbers at risk and curves of a trial: one CSV file for each outcome, in the trial's folder."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evinet.document import is_slug
from evinet.errors import InputError, Problem
from evinet.extract.schema import Trial
from evinet.extract.values import MOST
from evinet.extract.vocabulary import suggestion
from evinet.fields import LONGEST
from evinet.files import CONTROL, read_text

KINDS = {"at-risk": "n", "curves": "survival"}
"""Folder of the files: the column of their values."""


@dataclass(frozen=True)
class Point:
    """One row of a file of points."""

    file: str
    line: int
    kind: str
    outcome: str
    report: str
    arm: str
    time: float
    value: float
    source: str
    locator: str

    def problem(self, field: str, value: object, message: str, remedy: str) -> Problem:
        """A problem with this row."""
        return Problem(self.file, field, value, message, remedy, self.line)


def files(folder: Path) -> tuple[list[tuple[str, Path]], list[Problem]]:
    """(kind, path) of all files of points of a trial's folder, and what is wrongly named."""
    found: list[tuple[str, Path]] = []
    problems: list[Problem] = []
    for kind in KINDS:
        for path in sorted((folder / kind).glob("[!.]*")):
            if path.suffix == ".csv" and is_slug(path.stem):
                found.append((kind, path))
            else:
                message = "is not a file name that is read here"
                remedy = "Name it after its outcome, such as pfs.csv, or move it elsewhere"
                problems.append(Problem(str(path), "file", path.name, message, remedy))
    return found, problems


def digitised(made: Path, known: set[str], typed: list[Point]) -> list[Point]:
    """The points of a digitised figure (a folder of `results/digitised/<trial>/`).

    Numbers at risk that were `typed` for the same report and outcome go before those of the figure.

    Raises
    ------
    InputError
        No curve was written, or axis.yaml does not say what the points need.
    """
    from evinet.digitise import axis, handover

    file = made / "axis.yaml"
    report, source, locator = handover.provenance(axis.read(file), str(file))
    before = {(point.kind, point.outcome, point.report) for point in typed}
    return [
        Point(row.file, row.line, row.kind, row.outcome, report, row.arm, row.time, row.value,
              source, locator)
        for row in handover.rows(made, known)
        if (row.kind, row.outcome, report) not in before
    ]  # fmt: skip


def read(folder: Path) -> tuple[list[Point], list[Problem]]:
    """All points of a trial's folder, and what cannot be read."""
    points: list[Point] = []
    found, problems = files(folder)
    for kind, path in found:
        try:
            for item in _rows(path, kind):
                if isinstance(item, Point):
                    points.append(item)
                else:
                    problems.append(item)
        except InputError as error:
            problems += error.problems
        except csv.Error as error:
            message = f"cannot be read: {error}"
            problems.append(Problem(str(path), "file", path.name, message, "Save it as CSV"))
    return points, problems


def _rows(path: Path, kind: str) -> Iterator[Point | Problem]:
    columns = ["report", "arm", "time", KINDS[kind], "source", "locator"]
    reader = csv.reader(io.StringIO(read_text(path), newline=""))
    header = next(reader, [])
    if header != columns:
        yield Problem(
            str(path),
            "columns",
            ",".join(header),
            "are not the columns wanted",
            f"Write the header as {','.join(columns)}",
            1,
        )
        return
    for cells in reader:
        if any(cell.strip() for cell in cells) and not cells[0].startswith("#"):
            yield from _row(path, kind, reader.line_num, columns, cells)


def _row(
    path: Path, kind: str, line: int, columns: list[str], cells: list[str]
) -> Iterator[Point | Problem]:
    if len(cells) != len(columns):
        yield Problem(
            str(path),
            "row",
            ",".join(cells),
            f"has {len(cells)} cells",
            f"Write {len(columns)} cells; put text that has commas in quotes",
            line,
        )
        return
    row = {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
    numbers: dict[str, float] = {}
    problems = [
        Problem(str(path), name, "", "the cell is empty", "Fill it in", line)
        for name, cell in row.items()
        if not cell
    ]
    problems += [
        Problem(str(path), name, ascii(cell[:60]), "has a control character", "Remove it", line)
        for name, cell in row.items()
        if CONTROL.search(cell) or "\n" in cell
    ]
    for name in ("time", columns[3]):
        if row[name]:
            try:
                numbers[name] = _number(row[name], name)
            except ValueError as error:
                problems.append(
                    Problem(str(path), name, row[name], str(error), "Correct the cell", line)
                )
    if problems:
        yield from problems
        return
    yield Point(
        str(path),
        line,
        kind,
        path.stem,
        row["report"],
        row["arm"],
        numbers["time"],
        numbers[columns[3]],
        row["source"],
        row["locator"],
    )


def _number(cell: str, name: str) -> float:
    try:
        number = float(cell)
    except ValueError:
        raise ValueError("is not a number") from None
    if not math.isfinite(number):
        raise ValueError("is not a number")
    if number < 0:
        raise ValueError("is below 0")
    if name == "time" and number > LONGEST:
        raise ValueError(f"is later than {LONGEST:g} months: is it in days?")
    if name == "n" and number > MOST:
        raise ValueError("is more patients than there can be")
    if name == "n" and number % 1:
        raise ValueError("is not a whole number of patients")
    if name == "survival" and number > 1:
        raise ValueError("is above 1: survival is a proportion")
    return number


def problems(points: list[Point], trial: Trial, sources: set[str]) -> Iterator[Problem]:
    """What is wrong in the points: names that are not there, doubles, values that rise."""
    before: dict[tuple[str, ...], Point] = {}
    told: set[tuple[str, str, str]] = set()
    for point in points:
        yield from _unknown_names(point, trial, sources, told)
        series = (point.file, point.report, point.arm)
        last = before.get(series)
        before[series] = point
        column = KINDS[point.kind]
        if last is None:
            yield from _start(point, trial)
        elif point.time == last.time and point.kind == "at-risk":
            yield point.problem(
                "time",
                point.time,
                f"is a duplicate of line {last.line}",
                "Keep one row for each time of an arm",
            )
        elif point.time < last.time:
            yield point.problem(
                "time",
                point.time,
                f"is before the {last.time:g} above it",
                "Sort the rows of an arm by time",
            )
        elif point.value > last.value:
            yield point.problem(
                column,
                point.value,
                f"rises from {last.value:g} at {last.time:g} months",
                "Compare with the source: it can only stay or fall",
            )


def _start(point: Point, trial: Trial) -> Iterator[Problem]:
    """At time 0 all are at risk and alive."""
    if point.kind == "curves":
        if point.time == 0 and point.value != 1:
            yield point.problem("survival", point.value, "is not 1 at time 0", "Correct it")
        return
    arm = trial.arms.get(point.arm)
    randomised = arm.n_randomised.value if arm and arm.n_randomised else None
    if randomised is not None and point.value > randomised:
        yield point.problem(
            "n",
            point.value,
            f"is above the {randomised} patients randomised",
            "Compare with the source",
        )


def _unknown_names(
    point: Point, trial: Trial, sources: set[str], told: set[tuple[str, str, str]]
) -> Iterator[Problem]:
    """Names that are not declared, each reported once for a file."""
    for field, value, known in (
        ("arm", point.arm, set(trial.arms)),
        ("report", point.report, set(trial.reports)),
        ("source", point.source, sources),
    ):
        if value in known or (point.file, field, value) in told:
            continue
        told.add((point.file, field, value))
        like = suggestion(value, known)
        remedy = f"Add it to sources.yaml, or use {like}" if field == "source" else f"Use {like}"
        yield point.problem(field, value, f"there is no such {field}", remedy)
