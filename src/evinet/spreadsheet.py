"""Tables for spreadsheets: text that looks like a formula stays text."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from evinet import files

if TYPE_CHECKING:
    import pandas as pd
    from openpyxl.cell.cell import Cell

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
SHEET_NAME = 31
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How text starts that a spreadsheet takes for a formula."""


def workbook(frames: dict[str, pd.DataFrame], path: Path) -> None:
    """Write a workbook whose bytes depend on the tables alone.

    A workbook is a ZIP archive that holds times of writing: openpyxl's own are set to the
    cut-off of ZIP, and the archive is packed again with fixed entry dates.
    """
    import datetime

    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    book.remove(book.active)
    epoch = datetime.datetime(*ZIP_EPOCH)
    book.properties.created = book.properties.modified = epoch
    for name, frame in zip(sheet_names(list(frames)), frames.values(), strict=True):
        sheet = book.create_sheet(name)
        sheet.append([str(column) for column in frame.columns])
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        sheet.freeze_panes = "A2"
        for number, row in enumerate(frame.itertuples(index=False, name=None), 2):
            for column, value in enumerate(row, 1):
                _fill(sheet.cell(number, column), _value(value))
    with files.replacing(path) as temporary:
        book.save(temporary)
        _pack_again(temporary)


def without_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """The table for a spreadsheet: a quote before text that it would take for a formula."""
    import pandas as pd

    found = frame.copy()
    for place, kind in enumerate(frame.dtypes):
        if not pd.api.types.is_numeric_dtype(kind):
            cells = frame.iloc[:, place].map(_quoted, na_action="ignore")
            found.isetitem(place, cells.array)
    return found


def _quoted(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and _is_formula(value) else value


def _is_formula(text: str) -> bool:
    """Whether a spreadsheet would compute the text: a number is only a number."""
    if text[:1] not in FORMULA:
        return False
    try:
        float(text)
    except ValueError:
        return True
    return False


def _fill(cell: Cell, value: object) -> None:
    """Text stays text, also when somebody edits the cell."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub(" ", value)
        cell.data_type = "s"
        cell.quotePrefix = _is_formula(value)
    else:
        cell.value = value


def sheet_names(names: list[str]) -> list[str]:
    """Names as a workbook allows them: at most 31 characters, none twice."""
    short: list[str] = []
    for name in names:
        candidate, n = name[:SHEET_NAME], 2
        while candidate in short:
            tail = f"-{n}"
            candidate, n = name[: SHEET_NAME - len(tail)] + tail, n + 1
        short.append(candidate)
    return short


def _value(value: object) -> object:
    """A cell: empty where the value is missing."""
    import pandas as pd

    if pd.isna(value):  # type: ignore[call-overload]
        return None
    if isinstance(value, float):
        return float(files.FLOAT_FORMAT % value) if math.isfinite(value) else str(value)
    return value.item() if hasattr(value, "item") else value


def _pack_again(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            if name == "docProps/core.xml":
                data = _without_time_of_saving(data)
            entry = zipfile.ZipInfo(name, ZIP_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)


def _without_time_of_saving(properties: bytes) -> bytes:
    """openpyxl stamps the time of saving whatever was set before."""
    import re

    stamp = "{}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*ZIP_EPOCH).encode()
    return re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, properties)
