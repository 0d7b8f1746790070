"""Tables of a publication: columns with their N, rows of cells, on one line or one cell a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
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


OTHER = re.compile(
    r"^\W*(?:p|p[- ]?values?|p for .*|p, .*|test|difference|hazard ratio|odds ratio|risk ratio"
    r"|rr|or|hr"
    r"|95% ci|chi.*|statistic.*|smd|relative risk)\b[^a-z]*(?:value|\(95% ci\)|[a-z ,-]{0,20})\W*$",
    re.IGNORECASE,
)
WHOLE = re.compile(r"\b(?:all|total|overall|both|entire)\b", re.IGNORECASE)


EMPTY = "a cell of the row is empty"
"""Why a whole row is doubtful."""


@dataclass
class Column:
    """A column: the arm (None: all patients, or not an arm), its N, its grade if it has one.

    `other` columns hold P values and the like: their cells are of no arm.
    """

    arm: str | None
    label: str
    n: int
    grade: str = ""
    other: bool = False

    @property
    def whole(self) -> bool:
        """Whether it is of all patients."""
        return self.arm is None and not self.other and WHOLE.search(self.label) is not None


@dataclass
class Row:
    """A row: the heading it stands under, its label, its cells, its place, why it is doubtful."""

    section: str
    label: str
    cells: list[str]
    place: str
    doubt: str = ""


@dataclass
class Grid:
    """A table that was read; a `doubt` is of all its rows."""

    title: str
    columns: list[Column]
    rows: list[Row] = field(default_factory=list)
    doubt: str = ""


@dataclass
class Cells:
    """A table whose cells are marked as such: rows of its head and of its body, equally long."""

    title: str
    head: list[list[str]]
    body: list[list[str]]
    place: str


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
            plain = not any("(" in m.group() for m in tail)
            if re.search(r"\d\)?$", label) and (plain or re.search(r"[)\].]|\d{3}", label[-5:])):
                return None  # a row with more cells than columns
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
    counted, match = count_cell(cell), COUNT.match(cell)
    if match and match["of"] and int(match["of"]) != n:
        return False
    return counted is not None and (
        counted[0] <= n if counted[1] is None else agrees(counted[0], n, counted[1])
    )


def heads_repeat(grid: Grid, arms: Arms) -> bool:
    """Whether the head of a table gives every arm its name and its number of patients again."""
    said = {column.arm: column for column in grid.columns if column.arm}
    return all(
        slug in said and said[slug].n == arm.n and arms.names(slug, said[slug].label)
        for arm, slug in zip(arms.arms, arms.slugs, strict=True)
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
            document.tables.append((index, end))
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
    tail = text[cursor:].strip(" |")
    if re.search(r"\bp[- ]?values?\b|^p\b", tail, re.IGNORECASE) and len(tail) < 40:
        columns.append(Column(None, tail, 0, other=True))
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
    counted = [column for column in columns if not column.other]
    if not found or len(found) % len(counted):
        return columns, index
    each = len(found) // len(counted)
    return [
        Column(column.arm, column.label, column.n, found[i * each + j])
        for i, column in enumerate(counted)
        for j in range(each)
    ] + [column for column in columns if column.other], index


def _body(lines: list[Line], index: int, grid: Grid) -> tuple[Grid, int]:
    """Rows until a caption, a footnote, another page or prose."""
    reader = _Rows(grid)
    page = lines[index].page if index < len(lines) else 0
    while index < len(lines) and reader.idle <= 7:
        line = lines[index]
        text = line.text.strip()
        if line.page != page or _CAPTION.match(text) or _FOOT.match(text) or _HEAD.search(text):
            break
        if len(text) > 110 and not reader.whole(text):
            break
        index += 1
        if text:
            reader.take(text, line)
    reader.flush()
    grid.columns = [column for column in grid.columns if not column.other]
    return grid, index


class _Rows:
    """Builds rows from lines: a label and its cells on one line, or one thing a line."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.k = sum(not column.other for column in grid.columns)
        self.extra = len(grid.columns) - self.k
        self.labels: list[str] = []
        self.run: list[tuple[str, Line]] = []
        self.section = ""
        self.idle = 0

    def whole(self, text: str) -> tuple[str, list[str]] | None:
        """A line as label and cells: of the arms, with a P value, or counts and per cents."""
        sizes = [self.k + self.extra, self.k] if self.extra else [self.k]
        for size in sizes:
            found = split_row(text, size)
            if found and (size == self.k or re.match(r"[<>=]?\s?[01]?\.\d|NS|NA|-", found[1][-1])):
                return found[0], found[1][: self.k]
        doubled = split_row(text, 2 * self.k)
        paired = doubled and self._paired(doubled[1])
        return (doubled[0], paired) if doubled and paired else None

    def _paired(self, cells: list[str]) -> list[str] | None:
        """`120 58 118 58` as `120 (58%)`, `118 (58%)`, where every count fits its percentage."""
        pairs = list(zip(cells[::2], cells[1::2], strict=True))
        columns = [column for column in self.grid.columns if not column.other]
        fit = all(
            a.isdigit() and re.fullmatch(r"\d+(?:\.\d+)?%?", b)
            and agrees(int(a), column.n, b.rstrip("%"))
            for (a, b), column in zip(pairs, columns, strict=True)
        )  # fmt: skip
        return [f"{a} ({b.rstrip('%')}%)" for a, b in pairs] if fit else None

    def take(self, text: str, line: Line) -> None:
        """One more line."""
        only = cells_of(text)
        if only:
            self.run += [(cell, line) for cell in only]
            return
        self.flush()
        whole = self.whole(text)
        if whole:
            self.labels.append(whole[0])
            self._row(whole[1], line)
        elif self.grid.rows and not self.labels and re.match(r"[a-z(]", text):
            last = self.grid.rows[-1]
            last.doubt = last.doubt or "its label may go on in the next line"
        else:
            self.labels.append(text)
            self.idle += 1

    def flush(self) -> None:
        """The cells that stood alone on their lines, as a row or rows."""
        run, self.run = self.run, []
        if not run:
            return
        cells = [cell for cell, _ in run]
        step = self.k + 1
        groups = [run[i : i + step] for i in range(0, len(run), step)]
        if self.labels and len(cells) in ({self.k, self.k + self.extra}):
            self._row(cells[: self.k], run[0][1])
        elif len(run) % step == 0 and all(self._numbered(group) for group in groups):
            heads, last = _label(self.labels) if self.labels else ([], self.section)
            self.section = last or (heads[-1] if heads else "")
            for group in groups:
                self.labels = [self.section, group[0][0]] if self.section else [group[0][0]]
                self._row([cell for cell, _ in group[1:]], group[1][1])
        else:
            self.labels = []
            self.section = ""

    def _numbered(self, group: list[tuple[str, Line]]) -> bool:
        """Whether a group of cells is a label that is a number (a score, a year) and its counts."""
        columns = [column for column in self.grid.columns if not column.other]
        return re.fullmatch(r"[<>≥≤]?\d+(?:-\d+)?", group[0][0]) is not None and all(
            "(" in cell and consistent(cell, column.n)
            for (cell, _), column in zip(group[1:], columns, strict=True)
        )

    def _row(self, cells: list[str], line: Line) -> None:
        heads, label = _label(self.labels)
        self.section = heads[-1] if heads else _still_open(self.grid, self.section)
        doubt = "" if re.search(r"[A-Za-z]", label + self.section) else "the row has no label"
        if re.match(r"[a-z(]", label):
            doubt = "the label may be the end of another"
        self.grid.rows.append(Row(self.section, label, cells, line.place, doubt))
        self.labels, self.idle = [], 0


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
    for j, column in enumerate(column for column in grid.columns if not column.other):
        counts = [counted[0] for row in rows if (counted := count_cell(row.cells[j]))]
        if sum(counts) != column.n:
            return section
    return ""


def of_cells(cells: Cells, arms: Arms) -> Grid | None:
    """A table with marked cells; None where its columns are not the arms of the trial."""
    width = max((len(row) for row in cells.head + cells.body), default=0)
    if width < 3 or not cells.head:
        return None
    labels = [
        " ".join(
            dict.fromkeys(row[j].strip() for row in cells.head if j < len(row) and row[j].strip())
        )
        for j in range(width)
    ]
    columns = [_column(label, arms) for label in labels[1:]]
    subs = [re.sub(r"^.*\)\s*", "", label).strip().lower() for label in labels[1:]]
    merged, columns = _merge(columns, subs)
    named = {column.arm for column in columns if column.arm}
    keys = [(column.arm, column.grade) for column in columns if column.arm]
    if len(named) != len(arms) or len(set(keys)) != len(keys):
        return None
    grid = Grid(cells.title, columns)
    indented = any(map(_indent, cells.body))
    heads: list[tuple[int, str]] = []
    for row in cells.body:
        content = [cell.strip() for cell in row] + [""] * (width - len(row))
        label, values = clean(content[0]), merged(content[1:])
        own = [v for v, column in zip(values, columns, strict=True) if not column.other]
        heads = [head for head in heads if not indented or head[0] < _indent(row)]
        if not any(own) or all(value == content[0] for value in own):
            heads = [*(heads if indented else []), (_indent(row), _heading(label))]
            continue
        section = ": ".join(name for _, name in heads if name)
        section = section if indented else _still_open(grid, section)
        doubt = "" if label and all(own) else EMPTY
        if section and not indented and _overfull(grid, section, values):
            doubt = doubt or f"it may not belong under {section!r}"
        grid.rows.append(Row(section, label, values, cells.place, doubt))
    return grid if grid.rows else None


def _heading(label: str) -> str:
    """The heading of a section without what its rows count: `Sex, n (%)` is `Sex`."""
    return re.sub(r"[,;]?\s*[-—]?\s*\(?(?:n|no\.?|number)?\s*\(?%\)?\)?\s*$", "", label).strip(
        " ,:"
    )


def _column(label: str, arms: Arms) -> Column:
    found = _HEAD.search(label)
    n = int(found["n"].replace(",", "")) if found else None
    name = _HEAD.sub(" ", label)
    if OTHER.match(name.strip()) or re.search(r"\bP[- ]?value|\bp\b\s*$|95% ?CI|ratio", name, re.I):
        return Column(None, label, 0, other=True)
    grade = GRADE.search(name)
    arm = arms.identify(GRADE.sub(" ", name), n)
    whole = WHOLE.search(GRADE.sub(" ", name)) if arm is None else None
    if arm is None and not (whole and n):
        return Column(None, label, 0, other=True)
    known = n if n is not None else (arms.n(arm) if arm else None)
    return Column(arm, name.strip(), known or 0, grade.group() if grade else "")


def _merge(
    columns: list[Column], subs: list[str]
) -> tuple[Callable[[list[str]], list[str]], list[Column]]:
    """Columns of counts and of per cents put together: how to do it for a row, and the columns."""
    pairs = [
        j for j in range(len(columns) - 1)
        if columns[j].arm == columns[j + 1].arm and columns[j].arm is not None
        and columns[j].grade == columns[j + 1].grade
        and re.search(r"\b(?:n|no\.?|number|count)$", subs[j])
        and re.search(r"%\)?$|per ?cent", subs[j + 1])
    ]  # fmt: skip
    if not pairs:
        return (lambda values: values), columns

    def join(values: list[str]) -> list[str]:
        done = []
        for j, value in enumerate(values):
            if j in pairs and values[j + 1]:
                done.append(f"{value} ({values[j + 1].rstrip('%')}%)")
            elif j - 1 not in pairs:
                done.append(value)
        return done

    return join, [column for j, column in enumerate(columns) if j - 1 not in pairs]


def _indent(row: list[str]) -> int:
    """How far the label of a row is indented."""
    return len(row[0]) - len(row[0].lstrip()) if row else 0


def _overfull(grid: Grid, section: str, cells: list[str]) -> bool:
    """Whether a section would count more patients than there are with this row."""
    rows = [row.cells for row in grid.rows if row.section == section] + [cells]
    for j, column in enumerate(grid.columns):
        counts = [found[0] for row in rows if not column.other and (found := count_cell(row[j]))]
        if column.n and sum(counts) > column.n:
            return True
    return False


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
