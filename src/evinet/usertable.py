"""The reader of every table that a user hands over.

Other programs write tables with commas, semicolons, tabs or blanks between the cells, with decimal
commas, in several encodings, as XLSX, with capitals in the header and with empty rows. All of it is
read here, or refused by name. Cells stay text until `numbers` reads them, because a treatment may
be called NA, None or 1e3.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
import shlex
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evinet import files
from evinet.errors import InputError, Problem

if TYPE_CHECKING:
    import pandas as pd

SEPARATORS = {";": "semicolons", "\t": "tabs", ",": "commas", "|": "bars"}
CONSISTENT = 0.9  # share of rows with the usual number of cells, for a separator
MISSING = {"", "na", "n/a", "nan", "null", "none", ".", "-", "–", "—"}  # numbers not known
MINUS = r"\-−–‐‑"  # hyphens and dashes that stand for a minus sign
PARTS = r"[^\d+\-−–‐‑]"  # what stands between thousands
PLAIN = str.maketrans({",": ".", **dict.fromkeys("−–‐‑", "-")})
NUMBER = re.compile(rf"[+{MINUS}]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?$")
DECIMAL_POINT = re.compile(rf"[+{MINUS}]?\d*\.\d+([eE][-+]?\d+)?$")
DECIMAL_COMMA = re.compile(rf"[+{MINUS}]?\d*,\d+([eE][-+]?\d+)?$")
HUNDREDS = re.compile(rf"[+{MINUS}]?[1-9]\d\d+$")
PARTED = re.compile(rf"[+{MINUS}]?[1-9]\d{{0,2}}([,.'’ \u00a0\u2009\u202f]\d{{3}})+$")  # thousands?


@dataclass(frozen=True)
class Cells:
    """A table as it stands in a file: rows of stripped text, each with its line in the file."""

    path: str
    rows: list[list[str]]
    lines: list[int]
    separator: str = ","
    raw: Sequence[str] = ()
    """The lines of a text file as they are."""

    def __len__(self) -> int:
        return len(self.rows)

    def without(self, count: int) -> Cells:
        """The table without its first rows."""
        return replace(self, rows=self.rows[count:], lines=self.lines[count:])


def read(path: Path | str, required: Sequence[str] = (), sheet: str | None = None) -> pd.DataFrame:
    """Read a table with a header.

    Parameters
    ----------
    path
        CSV or another text with a separator, XLSX, or Parquet.
    required
        Columns that must be there.
    sheet
        The sheet of a workbook; without it the workbook has one that is not empty.

    Returns
    -------
    frame
        Text, stripped, "" where a cell is empty. Columns are named by `column`; `attrs["written"]`
        gives their names as written, `attrs["file"]` the file. The index holds the line of each row
        in the file. A first column without a name (the row names of R) is left out.

    Raises
    ------
    InputError
        The file is no table, has a row with more cells than the header, names a column twice, or
        lacks a required one.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "arms.csv")
    >>> _ = file.write_bytes("Study;N\\r\\n\\r\\nÅre;1,5\\r\\n".encode("latin-1"))
    >>> frame = read(file, ["study", "n"])
    >>> frame.loc[3].tolist()
    ['Åre', '1,5']
    """
    import pandas as pd

    table = cells(path, sheet)
    if not table.rows:
        raise InputError(Problem(table.path, "(whole file)", "", "is empty", "Write a table"))
    header, body = table.rows[0], table.without(1)
    if table.separator in (" ", "\t") and _has_row_names(table):
        header = ["", *header]  # R's write.table has no name for the column of row names
    names = [column(name) for name in header]
    title = _title(table)
    if title:
        raise InputError(title)
    problems = _header_problems(table, names, required)
    for line, row in zip(body.lines, body.rows, strict=True):
        if len(row) > len(header):
            problems.append(_too_long(table, line, row, len(header)))
    if problems:
        raise InputError(problems)
    rows = [row + [""] * (len(header) - len(row)) for row in body.rows]
    index = pd.Index(body.lines, name="line", dtype=np.int64)
    frame = pd.DataFrame(rows, columns=names, index=index, dtype="string")
    for place, name in enumerate(names):
        filled = [line for line, row in zip(body.lines, rows, strict=True) if row[place]]
        if name == "" and place > 0 and filled:
            raise InputError(
                Problem(table.path, f"column {place + 1}", "", "has cells but no name",
                        "Name it in the header, or empty it", line=filled[0])
            )  # fmt: skip
    frame = frame.loc[:, [name != "" for name in names]]
    frame.attrs["file"], frame.attrs["separator"] = table.path, table.separator
    frame.attrs["decimals"] = {
        sign: f" (column {written})"
        for written, cells in zip(header, zip(*rows, strict=True), strict=False)
        if all(missing(cell) or NUMBER.match(cell) or PARTED.match(cell) for cell in cells)
        for sign in decimals(cells)
    }
    frame.attrs["written"] = {
        name: written for name, written in zip(names, header, strict=True) if name in frame
    }
    return frame


def cells(path: Path | str, sheet: str | None = None) -> Cells:
    """Read a table without looking for a header; rows without any text are left out.

    Text is in one form of Unicode (`composed`).

    Raises
    ------
    InputError
        The file cannot be read, or is no table.
    """
    found = _cells(Path(path), sheet)
    rows = [[composed(cell) for cell in row] for row in found.rows]
    return replace(found, rows=rows)


def composed(text: str) -> str:
    """Text in the form of Unicode in which a letter and its accent are one character (NFC).

    Examples
    --------
    >>> apart = "u" + chr(0x308)  # u and its diaeresis
    >>> len(apart), len(composed(apart))
    (2, 1)
    """
    return unicodedata.normalize("NFC", text)


def _cells(path: Path, sheet: str | None) -> Cells:
    files.finished(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            Problem(str(path), "(whole file)", "", f"cannot be read: {reason}", "Check the name")
        ) from None
    if content[:4] == b"PK\x03\x04":
        return _workbook(path, content, sheet)
    if content[:4] == b"PAR1":
        return _parquet(path, content)
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" or content[:5] == b"%PDF-":
        raise InputError(
            Problem(str(path), "(whole file)", "", "is not text and not XLSX",
                    "Save the table as CSV or XLSX")
        )  # fmt: skip
    if sheet is not None:
        raise InputError(
            Problem(str(path), "(sheet)", sheet, "the file is not a workbook",
                    "Name a sheet of an XLSX file, or none")
        )  # fmt: skip
    return _text(path, _decoded(path, content))


def column(name: str) -> str:
    """A column's name as all tables know it: small letters, blanks and hyphens as underscores.

    Examples
    --------
    >>> column(" Std.  Error"), column("At-Risk")
    ('std._error', 'at_risk')
    """
    return re.sub(r"[\s-]+", "_", composed(name).strip().casefold())


def number(text: str) -> float:
    """A number as people write it, also with a decimal comma; NaN where it is none, or missing.

    Examples
    --------
    >>> number("0,25"), number("−3"), number("n/a")
    (0.25, -3.0, nan)
    """
    text = text.strip()
    if NUMBER.match(text) is None:
        return float("nan")
    return float(text.translate(PLAIN))


def written(frame: pd.DataFrame, name: object) -> str:
    """A column's name as it stands in the file."""
    return str(frame.attrs.get("written", {}).get(name, name))


def parts(text: str) -> list[str]:
    """What commas part in an option: names, of which those with commas stand in quotation marks.

    Raises
    ------
    ValueError
        A quotation mark is not closed.

    Examples
    --------
    >>> parts('placebo, "drug, low dose",drug'), parts('"deaths, all"=r')
    (['placebo', 'drug, low dose', 'drug'], ['deaths, all=r'])
    """
    cut = shlex.shlex(text, posix=True, punctuation_chars=False)
    cut.whitespace, cut.whitespace_split = ",", True
    cut.quotes, cut.escape, cut.commenters = '"', "", ""
    return [part.strip() for part in cut]


def missing(text: str) -> bool:
    """Whether a cell that should hold a number says that there is none."""
    return text.strip().casefold() in MISSING


def numbers(frame: pd.DataFrame, name: str, problems: list[Problem]) -> pd.Series:
    """A column of `read` as numbers, NaN where a cell is empty or says that there is none.

    A cell that is neither is added to `problems`, and so is one whose comma or point may part
    thousands (see `doubt`).
    """
    import pandas as pd

    texts = [str(text) for text in frame[name]]
    file = str(frame.attrs.get("file", "(table)"))
    for line, text, why in zip(frame.index, texts, doubts(frame, texts), strict=True):
        if why:
            problems.append(Problem(file, written(frame, name), text, *why, line=int(line)))
    return pd.Series([number(text) for text in texts], index=frame.index, dtype="float64",
                     name=name)  # fmt: skip


def doubts(frame: pd.DataFrame, texts: list[str]) -> list[tuple[str, str] | None]:
    """Why each cell of a column cannot be taken for a number, and the remedy; None where it can.

    Points of a column in which each has three digits behind it may part thousands.

    ``frame.attrs["decimals"]`` tells how the numbers of the file are written; without it the
    column itself does.
    """
    signs = frame.attrs.get("decimals", decimals(texts))
    texts = [text.strip() for text in texts]
    found = [doubt(text, signs) for text in texts]
    if "." in signs or not all(PARTED.match(text) for text in texts if "." in text):
        return found
    if frame.attrs.get("separator") != ";" and not any(map(HUNDREDS.match, texts)):
        return found
    # 1.250 beside 980, or in a file as programs write it where the decimal sign is a comma
    return [why or (parted(text) if "." in text else None)
            for text, why in zip(texts, found, strict=True)]  # fmt: skip


def parted(text: str) -> tuple[str, str] | None:
    """What is doubtful of a cell such as 1.234, where a decimal sign is not likely; else None.

    Examples
    --------
    >>> parted("1.234")
    ('has a point that may stand between thousands', 'Write 1234 or 1.2340')
    >>> parted("1.25")
    """
    text = text.strip()
    if PARTED.match(text) is None or NUMBER.match(text) is None:
        return None
    sign = "comma" if "," in text else "point"
    return (f"has a {sign} that may stand between thousands",
            f"Write {re.sub('[.,]', '', text)} or {text.replace(',', '.')}0")  # fmt: skip


def decimals(texts: Iterable[str]) -> str:
    """Which of comma and point some cells surely have as decimal sign: "", ",", "." or ",.".

    A cell that may have a sign between thousands tells nothing.

    Examples
    --------
    >>> decimals(["0,25", "Placebo", "1.234"]), decimals(["1,234", "12"])
    (',', '')
    """
    sure = [text for text in texts if ("," in text or "." in text) and not PARTED.match(text)]
    return "".join(
        sign for sign, form in ((",", DECIMAL_COMMA), (".", DECIMAL_POINT))
        if any(sign in text and form.match(text) for text in sure)
    )  # fmt: skip


def doubt(text: str, signs: str | Mapping[str, str]) -> tuple[str, str] | None:
    """Why a cell is no number, or not surely the one that it seems, and the remedy.

    `signs` are those of `decimals`, or tell of each where it stands. A cell such as 1,234 is one
    number with a decimal comma and another with its thousands parted: only a file whose other
    numbers have decimal commas tells. A point is the decimal sign, unless other numbers have
    decimal commas.

    Examples
    --------
    >>> doubt("1,234", ""), doubt("1,234", ",")
    (('has a comma: between thousands, or a decimal comma?', 'Write 1234 or 1.234'), None)
    """
    text = text.strip()
    one_way = "Write all numbers in one way, without thousands separators"
    if NUMBER.match(text) and math.isfinite(number(text)):
        where = signs if isinstance(signs, Mapping) else {}
        if "," in text and "." in signs:
            return f"has a comma, other numbers have a decimal point{where.get('.', '')}", one_way
        if "," in text and set(signs) != {","} and PARTED.match(text):
            plain = text.replace(",", "")
            return ("has a comma: between thousands, or a decimal comma?",
                    f"Write {plain} or {text.replace(',', '.')}")  # fmt: skip
        if "." in text and "," in signs:
            return f"has a point, other numbers have a decimal comma{where.get(',', '')}", one_way
        return None
    if missing(text):
        return None
    if PARTED.match(text):
        return "has signs between its thousands", f"Write {re.sub(PARTS, '', text)}"
    if text[:1] in "<>≤≥":
        return "is a bound, not a number", "Write the number itself, or leave the cell empty"
    return "is not a number", "Write a number, or leave the cell empty"


def same_but_written_differently(labels: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of labels that differ by case, blanks, hyphens or full stops alone.

    Examples
    --------
    >>> same_but_written_differently(["Placebo", "Drug A", "placebo", "drug-A", "Drug B"])
    [('Placebo', 'placebo'), ('Drug A', 'drug-A')]
    """
    first: dict[str, str] = {}
    pairs = []
    for label in dict.fromkeys(labels):
        known = first.setdefault(key(label), label)
        if known != label:
            pairs.append((known, label))
    return pairs


def key(label: str) -> str:
    """What two spellings of one label have in common.

    What parts two digits tells labels apart; a whole number is the same with a point.

    Examples
    --------
    >>> key("Drug-A 5 mg") == key("drug a 5mg"), key("1.0") == key("1")
    (True, True)
    >>> key("Drug 1.5 mg") == key("Drug 15 mg"), key("1.0") == key("10")
    (False, False)
    """
    plain = unicodedata.normalize("NFKC", label).casefold().strip()
    plain = re.sub(r"^(\d+)\.0+$", r"\1", plain)
    plain = re.sub(r"(?<=\d)[\s_\-‐-―]+(?=\d)", ":", plain)
    return re.sub(r"[\s_\-‐-―]+|(?<!\d)\.+|\.+(?!\d)", "", plain) or label


def _decoded(path: Path, content: bytes) -> str:
    wide = "utf-32" if content[:4] in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE) else "utf-16"
    if wide == "utf-32" or content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        try:
            return content.decode(wide)
        except UnicodeDecodeError as error:
            raise InputError(
                Problem(str(path), "(whole file)", "", f"is not text in {wide}: {error.reason}",
                        "Save the table again, as CSV in UTF-8")
            ) from None  # fmt: skip
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:  # what Excel and SAS write in Europe and America
        text = content.decode("cp1252", errors="replace")
    if "\0" in text:
        raise InputError(
            Problem(str(path), "(whole file)", "", "is not text", "Save the table as CSV or XLSX")
        )
    return text


def _text(path: Path, text: str) -> Cells:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    first = text.lstrip().split("\n", 1)[0].strip()
    given = re.fullmatch(r"sep=(.)", first, flags=re.IGNORECASE)  # as Excel writes it
    tried = [given[1]] if given else [each for each in SEPARATORS if each in text]
    found = [_parsed(path, text, each, skip=bool(given)) for each in tried]
    found = [each for each in found if _consistent(each)]
    if not found and "," not in text and ";" not in text:
        found = [_blanks(path, text)]
    table = replace(found[0] if found else _parsed(path, text, ",", skip=False),
                    raw=text.split("\n"))  # fmt: skip
    return _decimal_commas(table)


def _parsed(path: Path, text: str, separator: str, skip: bool) -> Cells:
    rows: list[list[str]] = []
    lines: list[int] = []
    start = 1
    reader = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True)
    try:
        for row in reader:
            stripped = [cell.strip() for cell in row]
            if any(stripped) and not (skip and not rows and start == 1):
                rows.append(stripped)
                lines.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            Problem(str(path), "(whole file)", "", f"is not a table: {error}", "Write it as CSV",
                    line=start)
        ) from None  # fmt: skip
    return _without_comments(Cells(str(path), rows, lines, separator))


def _blanks(path: Path, text: str) -> Cells:
    """A table with blanks between its cells."""
    lines = [re.sub(r"[ \t]+", " ", line.strip()) for line in text.split("\n")]
    cut = csv.reader(lines, delimiter=" ")
    rows = [(number, row) for number, row in enumerate(cut, 1) if row]
    return _without_comments(
        Cells(str(path), [row for _, row in rows], [number for number, _ in rows], " ")
    )


def _without_comments(table: Cells) -> Cells:
    """Lines that begin with # before the table are remarks."""
    count = 0
    while count < len(table) and table.rows[count][0].startswith("#"):
        count += 1
    return table.without(count)


def _consistent(table: Cells) -> bool:
    """Whether a separator gives most rows as many cells, and more than one.

    The header may have another number of them.
    """
    for rows in (table.rows, table.rows[1:] if table.rows and len(table.rows[0]) > 1 else []):
        lengths = Counter(len(row) for row in rows)
        usual, count = lengths.most_common(1)[0] if lengths else (0, 0)
        if usual > 1 and count >= CONSISTENT * len(rows):
            return True
    return False


def _title(table: Cells) -> Problem | None:
    """A line of text above the header, where all rows below have more cells."""
    first = [cell for cell in table.rows[0] if cell]
    if len(table) < 3 or len(first) != 1 or any(sum(map(bool, row)) < 2 for row in table.rows[1:]):
        return None
    return Problem(table.path, "(row)", first[0],
                   f"seems to be a title, and line {table.lines[1]} the header",
                   "Take the lines above the header out", line=table.lines[0])  # fmt: skip


def _decimal_commas(table: Cells) -> Cells:
    """Refuse a table whose commas are separators and decimal commas alike."""
    if table.separator != "," or len(table) < 2:
        return table
    header, row = table.rows[0], table.rows[1]
    if len(row) > len(header) > 1 and not any("." in cell for cell in row):
        raise InputError(_too_long(table, table.lines[1], row, len(header)))
    return table


def _numbered(rows: list[list[str]]) -> bool:
    """Whether the first cells are 1, 2, 3, ..., as R numbers rows."""
    return [row[0] for row in rows] == [str(number + 1) for number in range(len(rows))]


def _has_row_names(table: Cells) -> bool:
    """Whether every row has one cell more than the header, the first, for a name as R writes it.

    R numbers rows or, with names, quotes all text; other first cells are words of a longer name.
    """
    width, rows = len(table.rows[0]), table.rows[1:]
    if {len(row) for row in rows} != {width + 1} or not any(row[-1] for row in rows):
        return False
    return _numbered(rows) or all(
        table.raw[line - 1].lstrip().startswith('"') for line in table.lines
    )


def _parquet(path: Path, content: bytes) -> Cells:
    """The cells of a Parquet file, a missing one empty; lines count as if it had a header."""
    import pandas as pd

    try:
        frame = pd.read_parquet(io.BytesIO(content))
    except Exception as error:
        raise InputError(
            Problem(str(path), "(whole file)", "", f"cannot be read as Parquet: {error}",
                    "Save the table as CSV or XLSX")
        ) from None  # fmt: skip
    rows = [["" if pd.isna(cell) else _cell(cell) for cell in row]
            for row in frame.itertuples(index=False, name=None)]  # fmt: skip
    kept = [(line, row) for line, row in enumerate([list(map(str, frame.columns)), *rows], 1)
            if any(row)]  # fmt: skip
    return Cells(str(path), [row for _, row in kept], [line for line, _ in kept], "")


def _workbook(path: Path, content: bytes, sheet: str | None) -> Cells:
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheets = {
            name: [list(row) for row in book[name].iter_rows(values_only=True)]
            for name in book.sheetnames
            if hasattr(book[name], "iter_rows")
        }
    except Exception as error:
        raise InputError(
            Problem(str(path), "(whole file)", "", f"is not an XLSX workbook: {error}",
                    "Save the table as CSV or XLSX")
        ) from None  # fmt: skip
    filled = {
        name: rows
        for name, rows in sheets.items()
        if any(cell not in (None, "") for row in rows for cell in row)
    }
    if sheet is not None and sheet not in sheets:
        raise InputError(
            Problem(str(path), "(sheet)", sheet, "is not a sheet of the workbook",
                    f"There are {', '.join(sheets)}")
        )  # fmt: skip
    if sheet is not None:
        filled = {sheet: sheets[sheet]}
    if len(filled) > 1:
        raise InputError(
            Problem(str(path), "(sheets)", ", ".join(filled), "the workbook has several sheets",
                    "Name the one that is meant (evinet nma --sheet), or save it as CSV")
        )  # fmt: skip
    rows = [[_cell(cell) for cell in row] for row in next(iter(filled.values()), [])]
    kept = [(line, row) for line, row in enumerate(rows, 1) if any(row)]
    width = max((max(i for i, cell in enumerate(row) if cell) + 1 for _, row in kept), default=0)
    table = Cells(str(path), [row[:width] for _, row in kept], [line for line, _ in kept], "")
    return _without_comments(table)


def _cell(value: object) -> str:
    """The text of a cell of a workbook; a number with as many digits as Excel shows."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else str(value)
    return str(value).strip()


def _header_problems(table: Cells, names: list[str], required: Sequence[str]) -> list[Problem]:
    line, header = table.lines[0], table.rows[0]
    problems = []
    for name, count in Counter(name for name in names if name).items():
        if count > 1:
            problems.append(
                Problem(table.path, name, ", ".join(header), "the column appears twice",
                        "Name each column once", line=line)
            )  # fmt: skip
    lacking = [name for name in required if column(name) not in names]
    if lacking and len(names) == 1 and len(required) > 1:
        problems.append(
            Problem(table.path, "(header)", header[0],
                    "has one column: no separator was found",
                    "Write commas, semicolons or tabs between the cells", line=line)
        )  # fmt: skip
    else:
        known = ", ".join(name for name in header if name)
        problems += [
            Problem(table.path, name, "(absent)", "the column is missing",
                    f"Add it, or name it so; the file has {known}", line=line)
            for name in lacking
        ]  # fmt: skip
    return problems


def _too_long(table: Cells, line: int, row: list[str], width: int) -> Problem:
    """A row with more cells than the header, and what seems to be the cause."""
    why, remedy = _cause(table, line, row, width)
    return Problem(
        table.path, "(row)", table.separator.join(row),
        f"has {len(row)} cells under a header of {width}{why and ': '}{why}", remedy, line=line,
    )  # fmt: skip


def _cause(table: Cells, line: int, row: list[str], width: int) -> tuple[str, str]:
    """What seems to give a row more cells than the header, and the remedy."""
    between = SEPARATORS.get(table.separator, "blanks")
    rows = table.rows[1:]
    parts = re.split(",(?! )", table.raw[line - 1]) if table.raw else []
    text = next((part.strip() for part in parts if ", " in part), "")
    if not any(row[width:]):
        return (f"it ends in {between} that the header does not have",
                "Remove them from the ends of the rows")  # fmt: skip
    if table.separator == " ":
        return ("a name seems to have a blank", "Put names with blanks in quotes, or write commas "
                "between the cells; give R's row names a name in the header")  # fmt: skip
    if _numbered(rows) and {len(each) for each in rows} == {width + 1}:
        return ("the first cells seem to be R's row names, which the header does not name",
                "Write the table with row.names = FALSE, or by write.csv")  # fmt: skip
    if table.separator == "\t" and {len(each) for each in rows} == {width + 1}:
        return "the first column seems to have no name", "Name it in the header"
    if table.separator == "," and len(parts) == width and text:
        return "a text seems to have a comma", f'Put text with a comma in quotes: "{text}"'
    commas = table.separator == "," and not any("." in cell for cell in row)
    if commas and all(len(each) > width for each in rows):
        return ("commas seem to be both separators and decimal commas",
                "Write semicolons between the cells, or decimal points; put text with a comma in "
                "quotes")  # fmt: skip
    return "", "Give every row the cells of the header; put text with a separator in quotes"
