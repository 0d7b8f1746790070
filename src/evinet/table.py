"""What a table between stages is: kinds of columns, and how it is read, checked and written."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from evinet import files
from evinet.errors import InputError, Problem

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["text", "integer", "number", "flag"]
DTYPES = {"text": "string", "integer": "Int64", "number": "float64", "flag": "boolean"}


@dataclass(frozen=True)
class Column:
    """One column: its kind, what it holds, and whether every row must have it."""

    kind: Kind
    description: str
    required: bool = False


text, integer = partial(Column, "text"), partial(Column, "integer")
number, flag = partial(Column, "number"), partial(Column, "flag")


def _cell(value: Any, kind: Kind) -> object:
    """A value as it is written."""
    if value is None or value != value:
        return ""
    if kind == "number":
        return files.FLOAT_FORMAT % float(value)
    return int(value) if kind == "integer" else value


@dataclass(frozen=True)
class Table:
    """A table between stages; rows are sorted by `key` when written."""

    name: str
    description: str
    columns: dict[str, Column]
    key: tuple[str, ...]

    def frame(self, rows: list[dict[str, object]] | pd.DataFrame) -> pd.DataFrame:
        """Rows as a frame with this table's columns and kinds, sorted by its key."""
        import pandas as pd

        if isinstance(rows, pd.DataFrame):
            names, frame = set(map(str, rows)), rows.reindex(columns=list(self.columns))
        else:
            names = {name for row in rows for name in row}
            frame = pd.DataFrame(rows, columns=list(self.columns), dtype=object)
        unknown = names - set(self.columns)
        if unknown:
            raise KeyError(f"table {self.name} has no column {sorted(unknown)}")
        return self._typed(frame).sort_values(list(self.key), ignore_index=True, kind="stable")

    def write_rows(self, path: Path | str, rows: list[dict[str, object]]) -> None:
        """Write rows as `write` writes their frame, without pandas, which takes long to import."""
        unknown = {name for row in rows for name in row} - set(self.columns)
        if unknown:
            raise KeyError(f"table {self.name} has no column {sorted(unknown)}")
        order = sorted(rows, key=lambda row: [(row.get(n) is None, row.get(n)) for n in self.key])
        written = io.StringIO()
        writer = csv.writer(written, lineterminator="\n")
        writer.writerow(self.columns)
        for row in order:
            writer.writerow(
                _cell(row.get(name), column.kind) for name, column in self.columns.items()
            )
        files.write_text(path, written.getvalue())

    def write(self, path: Path | str, frame: pd.DataFrame) -> None:
        """Write `frame` in this table's order of columns and rows."""
        typed = self._typed(frame[list(self.columns)])
        files.write_csv(path, typed.sort_values(list(self.key), ignore_index=True, kind="stable"))

    def read(self, path: Path | str) -> pd.DataFrame:
        """Read the table.

        Raises
        ------
        InputError
            A column is missing or unknown, a required cell is empty, or a cell is of another kind.
        """
        frame = self._cells(path)
        problems = [
            Problem(str(path), name, None, "the column is missing", f"Add the column {name!r}")
            for name in self.columns
            if name not in frame
        ]
        problems += [
            Problem(
                str(path), name, None, "unknown column", f"Use one of {', '.join(self.columns)}"
            )
            for name in map(str, frame.columns)
            if name not in self.columns
        ]
        problems += [
            problem
            for name, column in self.columns.items()
            if name in frame
            for problem in _cell_problems(str(path), frame[name], column)
        ]
        if problems:
            raise InputError(problems)
        return self._typed(frame[list(self.columns)])

    def _cells(self, path: Path | str) -> pd.DataFrame:
        """The cells of a file as text."""
        import pandas as pd

        files.finished(path)
        content = files.read_text(path)
        found = files.CONTROL.search(content.replace("\r", ""))
        if found:
            line = content.count("\n", 0, found.start()) + 1
            message = f"has the control character {found.group()!a}"
            raise InputError(Problem(str(path), "row", "", message, "Remove it", line))
        try:
            frame = pd.read_csv(
                io.StringIO(content), dtype="string", keep_default_na=False, na_values=[""]
            )
            if not isinstance(frame.index, pd.RangeIndex):
                raise ValueError("rows have more cells than the header")
            return frame
        except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
            message = f"is not a table: {str(error).strip()}"
            remedy = "Write a header, and as many cells in each row"
            raise InputError(Problem(str(path), "file", Path(path).name, message, remedy)) from None

    def _typed(self, frame: pd.DataFrame) -> pd.DataFrame:
        import pandas as pd

        typed = frame.copy()
        for name, column in self.columns.items():
            values = typed[name]
            if column.kind == "flag" and values.dtype == "string":
                values = values.map({"True": True, "False": False}, na_action="ignore")
            if column.kind in ("integer", "number"):
                values = pd.to_numeric(values)
            typed[name] = values.astype(pd.api.types.pandas_dtype(DTYPES[column.kind]))
        return typed


def _cell_problems(path: str, values: pd.Series, column: Column) -> list[Problem]:
    """What is wrong in the cells of one column, each with its line in the file."""
    import pandas as pd

    name = str(values.name)
    empty = values.isna()
    problems = [
        Problem(path, name, "", "the cell is empty", "Fill it in", line=int(row) + 2)
        for row in values.index[empty]
        if column.required
    ]
    if column.kind == "text":
        return problems
    if column.kind == "flag":
        wrong, wanted = ~empty & ~values.isin(["True", "False"]), "Write True or False"
    else:
        numbers = pd.to_numeric(values, errors="coerce").astype("float64")
        wrong, wanted = ~empty & ~(numbers.abs() < math.inf), "Write a number"
        if column.kind == "integer":
            whole = (numbers % 1 == 0) & (numbers.abs() < 2**53)
            wrong, wanted = wrong | (~empty & ~whole), "Write a whole number"
    return problems + [
        Problem(path, name, values[row], f"is not {column.kind}", wanted, line=int(row) + 2)
        for row in values.index[wrong]
    ]
