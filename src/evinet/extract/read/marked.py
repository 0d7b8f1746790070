"""Documents with marked sections and tables: JATS XML (PubMed Central), DOCX, a journal's page."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
import zipfile
import zlib
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from evinet.errors import InputError, Problem
from evinet.extract.read import words
from evinet.extract.read.grid import Cells
from evinet.extract.read.passages import Passage
from evinet.extract.read.text import decimal_points, normalise

CITED = " [cited]"
"""Stands where a reference is cited: the sentence may speak of another trial."""


@dataclass
class Marked:
    """Passages and tables of a document, as they come."""

    title: str = ""
    passages: list[Passage] = field(default_factory=list)
    tables: list[Cells] = field(default_factory=list)
    other_paper: str = ""
    _stack: list[tuple[int, str, str]] = field(default_factory=list)
    _count: dict[str, int] = field(default_factory=dict)

    def heading(self, level: int, text: str, kind: str | None = None) -> None:
        """Open a section at a depth; it closes those as deep or deeper."""
        self._stack = [item for item in self._stack if item[0] < level]
        text = " ".join(normalise(text).split())
        self._stack.append((level, text, kind or words.section(text) or ""))

    def paragraph(self, text: str) -> None:
        """A paragraph of the section that is open."""
        text = " ".join(normalise(text).split())
        if not text:
            return
        kinds = [kind for _, _, kind in self._stack if kind]
        heading = " / ".join(title for _, title, _ in self._stack if title) or "text"
        number = self._count[heading] = self._count.get(heading, 0) + 1
        place = f"{heading}, paragraph {number}"
        kind = "closed" if "closed" in kinds or not kinds else kinds[-1]
        part = "abstract" if "abstract" in kinds else "body"
        inner = self._stack[-1][1] if len(kinds) < len(self._stack) else ""
        self.passages.append(Passage(text, kind, part, inner, lambda _: place))

    def table(self, title: str, head: list[list[str]], body: list[list[str]], place: str) -> None:
        """A table; cells keep the blanks at their start, which show that a row is indented."""
        title = " ".join(normalise(title).split())
        self.tables.append(Cells(title, _plain(head), _plain(body), place))

    def finish(self) -> Marked:
        """With the title as a passage of its own, and decimal commas as points."""
        self.title = " ".join(normalise(self.title).split())
        whole = " ".join(passage.text for passage in self.passages)
        if decimal_points(whole) != whole:
            self.passages = [
                Passage(decimal_points(p.text, force=True), p.section, p.part, p.heading, p.where)
                for p in self.passages
            ]
        title = Passage(self.title, "title", "abstract", "", lambda _: "title")
        self.passages = ([title] if self.title else []) + self.passages
        return self


def _plain(rows: list[list[str]]) -> list[list[str]]:
    return [[re.sub(r"(?<=\S)\s+", " ", normalise(cell)) for cell in row] for row in rows]


def spread(rows: list[list[tuple[str, int, int]]]) -> list[list[str]]:
    """Rows of (text, colspan, rowspan) as rows of equal length; a spanning cell is repeated."""
    done: list[list[str]] = []
    below: dict[int, tuple[int, str]] = {}
    for row in rows:
        cells: list[str] = []
        queue = list(row)
        while queue or len(cells) in below:
            column = len(cells)
            if column in below:
                left, text = below.pop(column)
                cells.append(text)
                if left > 1:
                    below[column] = (left - 1, text)
                continue
            text, across, down = queue.pop(0)
            for _ in range(min(across, 50)):
                if down > 1:
                    below[len(cells)] = (min(down, 200) - 1, text)
                cells.append(text)
        done.append(cells)
    return done


# --- JATS --------------------------------------------------------------------------------

_SKIPPED = {
    "fig", "fig-group", "table-wrap", "table-wrap-group", "ref-list", "disp-formula",
    "supplementary-material", "inline-formula", "tex-math", "boxed-text", "fn", "fn-group", "ack",
    "graphic", "media", "notes",
}  # fmt: skip
_TYPES = {"results": "results", "methods": "methods", "materials|methods": "methods",
          "discussion": "closed", "conclusions": "closed", "intro": "introduction",
          "subjects": "methods", "supplementary-material": "closed"}  # fmt: skip


def read_jats(content: bytes, name: str) -> Marked:
    """The sections and tables of an article in JATS XML.

    Raises
    ------
    InputError
        It is not XML, or no article.
    """
    text = content.decode(
        "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace"
    )
    if "<!ENTITY" in text:
        raise _bad(name, "the XML declares entities of its own", "Save the article without them")
    text = re.sub(r"<\?xml[^>]*\?>|<!DOCTYPE[^>\[]*(?:\[[^\]]*\])?\s*>", "", text, count=2)
    text = re.sub(
        r"&(?!amp;|lt;|gt;|quot;|apos;|#)\w+;",
        lambda m: html.escape(html.unescape(m.group())),
        text,
    )
    try:
        root = ET.fromstring(text)
    except (ET.ParseError, RecursionError) as error:
        raise _bad(name, f"not readable XML ({error})", "Get the article's XML again") from None
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
    article = root if root.tag == "article" else next(root.iter("article"), None)
    if article is None:
        raise _bad(name, "no <article> in it", "Give JATS XML, as PubMed Central has it")
    found = Marked()
    title = next(article.iter("article-title"), None)
    found.title = _text(title) if title is not None else ""
    kind = article.get("article-type", "")
    if re.search("review|analysis|editorial|letter|protocol|comment", kind):
        found.other_paper = f"the article is marked as {kind!r}"
    for meta in article.iter("article-meta"):
        _meta(meta, found)
        break
    body = article.find("body")
    if body is not None:
        _section(body, found, 1)
        for wrap in body.iter("table-wrap"):
            _table(wrap, found)
    for wrap in article.iterfind("floats-group/table-wrap"):
        _table(wrap, found)
    return found.finish()


def _meta(meta: ET.Element, found: Marked) -> None:
    """Numbers of the article, then its abstract."""
    found.heading(1, "Article", "methods")
    for identifier in meta.iterfind("article-id"):
        if identifier.get("pub-id-type") == "doi":
            found.paragraph(f"doi {_text(identifier)}")
    for abstract in meta.iterfind("abstract"):
        if abstract.get("abstract-type") in (None, "", "structured", "summary", "abstract"):
            found.heading(1, "Abstract", "abstract")
            _section(abstract, found, 2)
    for other in (*meta.iterfind("custom-meta-group"), *meta.iterfind("kwd-group")):
        found.heading(1, "Registration", "closed")
        if re.search(r"NCT\d{8}|ISRCTN|EudraCT", _text(other)):
            found.paragraph(_text(other))


def _section(parent: ET.Element, found: Marked, level: int) -> None:
    for child in parent:
        if child.tag in _SKIPPED or not isinstance(child.tag, str):
            continue
        if child.tag == "sec":
            heading = child.find("title")
            text = _text(heading) if heading is not None else ""
            found.heading(level, text, _TYPES.get((child.get("sec-type") or "").lower()))
            _section(child, found, level + 1)
            found._stack = [item for item in found._stack if item[0] < level]
        elif child.tag == "p":
            found.paragraph(_text(child))
        elif child.tag in ("list", "list-item", "disp-quote"):
            _section(child, found, level)


def _text(element: ET.Element | None, table: bool = False) -> str:
    """The text of an element: references become a mark, footnote marks go."""
    if element is None:
        return ""
    parts = [element.text or ""]
    for child in element:
        tail = child.tail or ""
        if child.tag in _SKIPPED:
            parts.append(" ")
        elif child.tag == "xref" and child.get("ref-type") == "bibr":
            parts.append("" if table else CITED)
        elif child.tag == "xref" and child.get("ref-type") in ("fn", "table-fn"):
            pass
        elif child.tag == "sup":
            inside = _text(child, table)
            if CITED in inside:
                parts.append(CITED)
            elif inside.strip().isdigit() and tail[:1].isalpha() and not table:
                parts.append(inside)
        elif child.tag in ("break", "p", "title") and parts != [""]:
            parts.append(" " + _text(child, table))
        else:
            parts.append(_text(child, table))
        parts.append(tail)
    return "".join(parts)


def _table(wrap: ET.Element, found: Marked) -> None:
    label, caption = wrap.find("label"), wrap.find("caption")
    title = " ".join(filter(None, (_text(caption),)))
    place = _text(label).strip().rstrip(".:") or "table"
    for table in wrap.iter("table"):
        head = [_row(tr) for part in table.iterfind("thead") for tr in part.iterfind("tr")]
        body = [_row(tr) for part in table.iterfind("tbody") for tr in part.iterfind("tr")]
        rows = [_row(tr) for tr in table.iterfind("tr")]
        if not head:
            both = body or rows
            head, body = both[:1], both[1:]
        found.table(title, spread(head), spread(body), place)


def _cell(text: str) -> str:
    """A cell whose first blanks are those that were put there to indent it."""
    text = text.strip(" \t\r\n")
    return " " * (len(text) - len(text.lstrip())) + text.strip()


def _row(tr: ET.Element) -> list[tuple[str, int, int]]:
    return [
        (_cell(_text(cell, True)), _span(cell.get("colspan")), _span(cell.get("rowspan")))
        for cell in tr if cell.tag in ("td", "th")
    ]  # fmt: skip


def _span(value: str | None) -> int:
    return max(int(value), 1) if value and value.isdigit() else 1


# --- DOCX --------------------------------------------------------------------------------

_LARGEST = 50_000_000
"""Bytes of text that a DOCX file may unpack to."""


def read_docx(path: Path) -> Marked:
    """The headings, paragraphs and tables of a DOCX file.

    Raises
    ------
    InputError
        It is no DOCX file, or is larger than any paper.
    """
    name = str(path)
    remedy = "Save it as .docx again, or as .txt"
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo("word/document.xml").file_size > _LARGEST:
                raise _bad(name, "the text in it is larger than 50 MB", remedy)
            content = archive.read("word/document.xml")
        if b"<!ENTITY" in content:
            raise _bad(name, "the XML in it declares entities of its own", remedy)
        root = ET.fromstring(content)
    except (zipfile.BadZipFile, KeyError, ET.ParseError, RecursionError, NotImplementedError,
            RuntimeError, OSError, zlib.error) as error:  # fmt: skip
        raise _bad(name, f"not a readable DOCX file ({error})", remedy) from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {key.rpartition("}")[2]: value for key, value in element.items()}
    found = Marked()
    for block in root.iterfind("body/*"):
        _block(block, found)
    if not found.passages:
        raise _bad(name, "no paragraph of text in it", "Save the whole paper as .docx")
    return found.finish()


def _block(block: ET.Element, found: Marked) -> None:
    """A paragraph, heading or table of a DOCX file."""
    if block.tag == "tbl":
        rows = [
            [(_cell(_words(cell)), _span(_value(cell, "gridSpan")), 1) for cell in row.iter("tc")]
            for row in block.iterfind("tr")
        ]
        number = f"Table {len(found.tables) + 1}"
        last = found.passages[-1].text if found.passages else ""
        title = last if re.match(r"Table\s+\d", last) else ""
        found.table(title, spread(rows[:1]), spread(rows[1:]), number)
        return
    text, style = _words(block), (_value(block, "pStyle") or "").lower()
    level = re.fullmatch(r"heading ?(\d)", style)
    if style == "title" and not found.title:
        found.title = text
    elif level:
        found.heading(int(level[1]), text)
    elif len(text) < 40 and words.section(text):
        found.heading(2 if words.section(text) != "abstract" else 1, text)
    else:
        found.paragraph(text)


def _value(element: ET.Element, name: str) -> str | None:
    """The value of a property of a paragraph or cell."""
    found = element.find(f"*/{name}")
    return found.get("val") if found is not None else None


def _words(element: ET.Element) -> str:
    """The text of runs; raised digits after a word are footnote marks, and text that was deleted
    goes."""
    parts: list[str] = []
    for run in element.iter("r"):
        text = "".join(
            (piece.text or "") if piece.tag == "t" else " "
            for piece in run if piece.tag in ("t", "tab", "br")
        )  # fmt: skip
        raised = _value(run, "vertAlign") == "superscript"
        mark = raised and parts and parts[-1][-1:] not in ("", " ", "(", "[")
        parts.append("" if mark and text.strip(" ,-").isdigit() else text)
    return "".join(parts)


# --- HTML --------------------------------------------------------------------------------

_QUIET = {"script", "style", "nav", "footer", "aside", "figure", "noscript", "template", "button",
          "select", "form", "svg"}  # fmt: skip
_VOID = {"br", "img", "hr", "input", "meta", "link", "source", "wbr", "col"}
_BLOCKS = {"p", "li", "dd", "blockquote", "section", "article", "div"}


def read_html(text: str, name: str) -> Marked:
    """The sections and tables of a journal's page.

    Raises
    ------
    InputError
        It has no paragraphs.
    """
    page = _Page()
    page.feed(text)
    page.close()
    page.flush()
    if not page.found.passages:
        raise _bad(name, "no paragraph of text in it", "Save the whole article's page")
    return page.found.finish()


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found = Marked()
        self.quiet: list[str] = []
        self.parts: list[str] = []
        self.level = 0
        self.head: list[list[tuple[str, int, int]]] = []
        self.body: list[list[tuple[str, int, int]]] = []
        self.row: list[tuple[str, int, int]] | None = None
        self.cell: tuple[int, int] | None = None
        self.tables = 0
        self.is_head = False
        self.caption = ""
        self.sup = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _QUIET:
            self.flush()
            self.quiet.append(tag)
        elif tag == "table":
            self.flush()
            self.tables += 1
            self.head, self.body, self.is_head = [], [], False
        elif tag in ("thead", "tbody"):
            self.is_head = tag == "thead"
        elif tag == "tr":
            self.row = []
        elif tag in ("td", "th") and self.row is not None:
            self.parts = []
            self.cell = _span(given.get("colspan")), _span(given.get("rowspan"))
        elif re.fullmatch(r"h[1-6]|title|caption", tag) or self._opens(tag):
            self.flush()
        elif tag == "br":
            self.parts.append(" ")
        elif tag == "sup":
            self.sup = True
            self.parts.append("\0")

    def _opens(self, tag: str) -> bool:
        return tag in _BLOCKS and self.cell is None

    def handle_endtag(self, tag: str) -> None:
        if self.quiet and tag == self.quiet[-1]:
            self.quiet.pop()
            self.parts = []
        elif tag == "table" and self.tables:
            self.tables -= 1
            head, body = (self.head, self.body) if self.head else (self.body[:1], self.body[1:])
            number = f"Table {len(self.found.tables) + 1}"
            self.found.table(self.caption, spread(head), spread(body), number)
            self.caption = ""
        elif tag in ("td", "th") and self.cell is not None and self.row is not None:
            self.row.append((_cell(self._taken()), *self.cell))
            self.cell = None
        elif tag == "tr" and self.row is not None:
            (self.head if self.is_head else self.body).append(self.row)
            self.row = None
        elif re.fullmatch(r"h[1-6]", tag):
            text = self._taken()
            if tag == "h1":
                self.found.title = self.found.title or text
            elif re.match(r"\s*Table\s+\d", text):
                self.caption = text
            else:
                self.found.heading(int(tag[1]), text)
        elif tag == "title":
            self.parts = []
        elif tag == "caption":
            self.caption = self._taken()
        elif tag in _BLOCKS and self.cell is None:
            self.flush()
        elif tag == "sup":
            self.sup = False

    def handle_data(self, data: str) -> None:
        if not self.quiet:
            self.parts.append(data if not self.sup or data.strip().isdigit() else "")

    def _taken(self) -> str:
        text = "".join(self.parts)
        self.parts = []
        return re.sub(r"\0\d*(?=[^\w]|$)|\0", "", text)

    def flush(self) -> None:
        """The text since the last block, as a paragraph."""
        text = self._taken()
        if text.strip() and not self.quiet:
            if re.match(r"\s*(?:Table|TABLE)\s+\d+\b", text) and len(text) < 300:
                self.caption = text
            elif re.match(r"\s*(?:Figure|Fig\.)\s*\d", text) is None:
                self.found.paragraph(text)


def is_jats(content: bytes) -> bool:
    """Whether XML is an article of JATS."""
    return re.search(rb"<(?:\w+:)?article[\s>]", content) is not None


def _bad(name: str, message: str, remedy: str) -> InputError:
    return InputError(Problem(name, "(file)", Path(name).name, message, remedy))
