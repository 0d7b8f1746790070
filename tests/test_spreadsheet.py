"""Tables for spreadsheets, whatever their columns are called."""

from __future__ import annotations

import unicodedata

import pandas as pd
from openpyxl import load_workbook

from evinet import spreadsheet


def test_any_names_of_columns_can_be_written(tmp_path):
    names = ["class", "a", "a", "_x", "1", *(unicodedata.normalize(form, "Müller")
                                             for form in ("NFC", "NFD"))]  # fmt: skip
    frame = pd.DataFrame([[f"={number}" for number in range(len(names))]], columns=names)
    spreadsheet.workbook({"table": frame}, tmp_path / "book.xlsx")
    rows = list(load_workbook(tmp_path / "book.xlsx")["table"].iter_rows(values_only=True))
    assert rows == [tuple(names), tuple(frame.iloc[0])]
    quoted = spreadsheet.without_formulas(frame)
    assert list(quoted.columns) == names
    assert quoted.iloc[0].tolist() == [f"'={number}" for number in range(len(names))]
