"""Tables of a publication: columns with their N, rows of cells, on one line or one cell a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from evinet.extract.read.arms import Arms
from evinet.extract.read.numbers import NUMBER, agrees
from evinet.extract.read.text import Document, Line

COUNT = re.compile(
    r"^(?P<n>\d[\d,]*)\s*(?:/\s*(?P<of>\d+)\s*)?[(\[]\s*(?P<percent><?\s?\d+(?:\.\d+)?)\s*%?[)\]]$"
)
_INSIDE = r"[^()\[\]]{0,60}"
CELL = re.compile(
    rf"(?<![\w.,-])(?:(?:{NUMBER})\s?%?\s*[(\[]{_INSIDE}\d{_INSIDE}[)\]]|[<>](?:{NUMBER})%?|(?:{NUMBER})%?"
    r"|NA\b|NR\b|NE\b|NC\b|··|—|-)(?=\s|$)"
)
_HEAD = re.compile(r"\(?\b[nN]\s*=\s*(?P<n>\d[\d,]*)(?P<rest>[^()]*)\)?")
_CAPTION = re.compile(
    r"^\s*(?:Supplementary |Appendix )?(?:Table|TABLE)\s*[\dIVXS]+\b[.:|]?\s*(?P<title>.*)"
)
_FOOT = re.compile(
    r"^\s*(?:Data are|Values are|Abbreviations?\b|NOTE|Note[.:]|[*†‡§¶] ?[A-Z]"
    r"|[A-Za-z/-]+ ?= ?[A-Za-z]|Figure \d"
    r"|Footnote|a [A-Z])"
)
GRADE = re.compile(
    r"(?:any|all)[- ]grades?|grades?\s*(?:≥|>=?|<=?|≤)?\s*[1-5](?:\s*(?:-|or|and|to"
    r"|/)\s*(?:[1-5]|worse|higher|more))?(?: or (?:worse|higher))?",
    re.IGNORECASE,
)
_WRAP = re.compile(
    r"(?:\b(?:to|of|or|and|any|with|the|for|in|a|by|non|per|serious)|[,\-/])$", re.IGNORECASE
)


@dataclass
class Column:
    """A column: the arm (None: all patients, or not an arm), its N, its grade if it has one."""

    arm: str | None
    label: str
    n: int
    grade: str = ""


@dataclass
class Row:
    """A row: the heading it stands under, its label, its cells as printed, and the first's line."""

    section: str
    label: str
    cells: list[str]
    line: Line


@dataclass
class Grid:
    """A table that was read."""

    title: str
    columns: list[Column]
    rows: list[Row] = field(default_factory=list)


def cells_of(text: str) -> list[str] | None:
    """The cells of a line that holds nothing else."""
    rest, found = text.strip(), []
    while rest:
        match = CELL.match(rest)
        if match is None:
            return None
        found.append(match.group())
        rest = rest[match.end() :].strip()
    return found or None


def split_row(text: str, k: int) -> tuple[str, list[str]] | None:
    """A line as label and exactly `k` cells at its end."""
    matches = list(CELL.finditer(text))
    for start in range(len(matches)):
        tail = matches[start:]
        label = text[: tail[0].start()].strip()
        if (
            len(tail) == k
            and label
            and cells_of(text[tail[0].start() :]) == [m.group() for m in tail]
        ):
            if re.search(r"\d$", label) and not any("(" in m.group() for m in tail):
                return None  # a row of plain numbers with more cells than columns
            return label, [m.group() for m in tail]
    return None


def count_cell(cell: str) -> tuple[int, str | None] | None:
    """Patients and percentage of a cell `81 (54%)`, `0`, `0 (0)`; None for anything else."""
    match = COUNT.match(cell)
    if match:
        return int(match["n"].replace(",", "")), match["percent"].replace(" ", "")
    return (int(cell), None) if re.fullmatch(r"\d+", cell) else None


def consistent(cell: str, n: int) -> bool:
    """Whether a cell's count and percentage agree with the column's N."""
    counted = count_cell(cell)
    return counted is not None and (
        counted[0] <= n if counted[1] is None else agrees(counted[0], n, counted[1])
    )


def grids(document: Document, arms: Arms) -> Iterator[Grid]:
    """The tables whose columns give N for each arm; their lines are no longer prose."""
    lines, index, below = document.lines, 0, False
    while index < len(lines):
        text = lines[index].text.strip()
        possible = _HEAD.search(text) and len(text) < 120 and not text.endswith(".")
        head = _head(lines, index, arms) if possible else None
        if head is None:
            index += 1
            continue
        columns, body = head
        caption = None if below else _caption_before(lines, index)
        grid, end = _body(lines, body, Grid(caption or "", columns))
        if grid.rows:
            document.tables.append((lines[index], lines[end - 1]))
            for column in columns:
                if column.arm:
                    arms.learn(column.arm, column.label)
        index = end
        if not caption and grid.rows:
            grid.title = _caption_after(lines, index)
            below = below or grid.title != ""  # this journal prints captions under its tables
        if grid.rows:
            yield grid


def _head(lines: list[Line], index: int, arms: Arms) -> tuple[list[Column], int] | None:
    """The columns of a heading that starts about `index`, and where the rows begin."""
    start = index
    while start > 0 and index - start < 3 and _heading_like(lines[start - 1].text):
        start -= 1
    end = index
    for ahead in range(index, min(index + 14, len(lines))):
        text = lines[ahead].text
        if cells_of(text) or (ahead > end + 4) or _CAPTION.match(text):
            break
        if _HEAD.search(text):
            end = ahead
    text = " ".join(
        line.text.strip() for line in lines[start : end + 1] if not _CAPTION.match(line.text)
    )
    columns, cursor = [], 0
    for match in _HEAD.finditer(text):
        label = re.split(r"[.;]\s", text[cursor : match.start()].rstrip(" (;,"))[-1].strip(" (;,")
        n = int(match["n"].replace(",", ""))
        whole = re.search(r"\b(?:all|total|overall)\b", label[-40:], re.IGNORECASE)
        arm = None if whole else arms.identify(label[-70:], n)
        columns.append(Column(arm, label, n))
        cursor = match.end()
    named = [column.arm for column in columns if column.arm]
    if len(named) != len(arms) or len(set(named)) != len(named) or not named:
        return None
    return _grades(lines, end + 1, columns)


def _heading_like(text: str) -> bool:
    """Whether a line can be the start of a column's heading: a few words, not prose."""
    return (
        0 < len(text.split()) <= 6
        and len(text) <= 45
        and not text.rstrip().endswith(".")
        and (cells_of(text) is None and not _CAPTION.match(text))
    )


def _grades(lines: list[Line], index: int, columns: list[Column]) -> tuple[list[Column], int]:
    """Columns split by grade when a line or lines of grades follow the heading."""
    found: list[str] = []
    while index < len(lines):
        text = lines[index].text.strip()
        labels = GRADE.findall(text)
        rest = GRADE.sub("", text).strip(" ,;|")
        if text and rest in ("", "n (%)", "no. (%)", "Event", "Adverse event") and (labels or rest):
            found += [match.group() for match in GRADE.finditer(text)]
        elif text and not re.fullmatch(
            r"(?:n|no\.?|number)? ?\(%\)(?: (?:n|no\.?)? ?\(%\))*", text, re.I
        ):
            break
        index += 1
    if not found or len(found) % len(columns):
        return columns, index
    each = len(found) // len(columns)
    return [
        Column(column.arm, column.label, column.n, found[i * each + j])
        for i, column in enumerate(columns)
        for j in range(each)
    ], index


def _body(lines: list[Line], index: int, grid: Grid) -> tuple[Grid, int]:
    """Rows until a caption, a footnote, another page or prose."""
    k = len(grid.columns)
    page = lines[index].page if index < len(lines) else 0
    labels: list[str] = []
    cells: list[str] = []
    origin: Line | None = None
    section = ""
    idle = 0
    while index < len(lines):
        line = lines[index]
        text = line.text.strip()
        if line.page != page or _CAPTION.match(text) or _FOOT.match(text) or _HEAD.search(text):
            break
        index += 1
        if not text:
            continue
        only = cells_of(text)
        whole = None if only or cells else split_row(text, k)
        if only and not cells and len(only) == k + 1 and re.fullmatch(r"\d+(?:-\d+)?", only[0]):
            labels.append(only[0])  # a label that is a number
            cells, origin = only[1:], line
        elif only and labels and len(cells) + len(only) <= k:
            origin = origin or line
            cells += only
            if len(cells) == k and len(only) == 1 and _one_more(lines, index, k):
                labels.append(cells.pop(0))  # a label that is a number: a score, a year
        elif whole:
            labels.append(whole[0])
            cells, origin = whole[1], line
        else:
            labels, cells, origin = ([] if cells else labels), [], None
            idle += 1
            if only is None:
                labels.append(text)
            if idle > 7 or len(text) > 110:
                break
            continue
        if len(cells) == k and origin:
            heads, label = _label(labels)
            section = heads[-1] if heads else _still_open(grid, section)
            grid.rows.append(Row(section, label, cells, origin))
            labels, cells, origin, idle = [], [], None, 0
    return grid, index


def _one_more(lines: list[Line], index: int, k: int) -> bool:
    """Whether exactly one more cell stands alone on the next line."""
    following = [cells_of(line.text) for line in lines[index : index + 2]]
    return k > 1 and len(following) == 2 and len(following[0] or []) == 1 and not following[1]


def _label(lines: list[str]) -> tuple[list[str], str]:
    """Headings and the row's label, the lines of wrapped labels put together."""
    joined: list[str] = []
    for text in lines:
        wrapped = joined and (_WRAP.search(joined[-1]) or re.match(r"[a-z(]", text))
        if wrapped:
            glue = "" if joined[-1].endswith("-") else " "
            joined[-1] += glue + text
        else:
            joined.append(text)
    return [clean(text) for text in joined[:-1]], clean(joined[-1])


def clean(label: str) -> str:
    """A label without footnote marks."""
    return re.sub(r"\s*(?:[*†‡§¶]|\|\|)+$", "", label.strip()).rstrip(":")


def _still_open(grid: Grid, section: str) -> str:
    """The section, unless its categories already add up to every column's N."""
    rows = [row for row in grid.rows if row.section == section]
    if not section or not rows:
        return section
    for j, column in enumerate(grid.columns):
        counts = [counted[0] for row in rows if (counted := count_cell(row.cells[j]))]
        if sum(counts) != column.n:
            return section
    return ""


def _caption_before(lines: list[Line], index: int) -> str | None:
    for back in range(index - 1, max(index - 8, -1), -1):
        match = _CAPTION.match(lines[back].text)
        if match:
            return " ".join([match["title"], *(line.text for line in lines[back + 1 : index])])
        if cells_of(lines[back].text):
            return None
    return None


def _caption_after(lines: list[Line], index: int) -> str:
    for ahead in range(index, min(index + 22, len(lines))):
        match = _CAPTION.match(lines[ahead].text)
        if match and lines[ahead].page == lines[min(index, len(lines) - 1)].page:
            return match["title"]
    return ""
