"""Markdown that Quarto and the built-in renderer read alike, and the one way for text to get in.

Text from data is a `str`; what pages are made of is `Markdown`. A `str` that meets a `Markdown`, by
any function here, is escaped, so that data can never be read as Markdown, as HTML or as a short
code of Quarto. Only a literal of the source becomes `Markdown` as it stands, by `md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import unescape
from urllib.parse import quote, urlsplit

SCHEMES = ("http", "https", "mailto")
WIDEST = 40
"""Characters beyond which a column of a table is not wider."""
PAPER = 80
"""Characters that a line of a table holds on paper, capitals and the space between columns too."""
NUMBER = re.compile(r"[−–-]?[\d.]*(\s?%)?|not known|exact")
"""Cells of a column of numbers."""
NAME = re.compile(r"[^\s-]+-[^\s-]{1,4}|[A-Z]+-\d")
"""A name that a line must not end inside, such as NETTER-1."""
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_SPECIAL = re.compile(r"[!-$&-+\-.:<->@\[-`{-~]")  # ASCII punctuation but , % / ; ?


class Markdown(str):
    """Text that is Markdown already: escaping leaves it as it is.

    Examples
    --------
    >>> md("**{}**", "a*b") + " & c"
    '**a&#42;b** &#38; c'
    """

    __slots__ = ()

    def __add__(self, other: object) -> Markdown:
        return Markdown(str.__add__(self, escape(other)))

    def __radd__(self, other: object) -> Markdown:
        return Markdown(str.__add__(escape(other), self))

    def join(self, parts: Iterable[object]) -> Markdown:
        """The parts, escaped, with this text between them."""
        return Markdown(str.join(self, map(escape, parts)))

    def _repr_markdown_(self) -> str:
        """What a cell shows when this is its last value."""
        return str(self)


def escape(text: object) -> Markdown:
    """Text that Markdown and HTML show as it is; control characters become spaces.

    Punctuation becomes numeric character references, which mean the same in Markdown, in HTML and
    in attributes of either, and which no other syntax of Quarto looks into.

    Examples
    --------
    >>> escape("# <b>")
    '&#35; &#60;b&#62;'
    """
    if isinstance(text, Markdown):
        return text
    line = _CONTROL.sub(" ", str(text))
    return Markdown(_SPECIAL.sub(lambda found: f"&#{ord(found[0])};", line))


def inert(text: object) -> Markdown:
    """Text of attributes and titles: Quarto resolves references in it, then looks for short codes.

    An invisible character (word joiner) between braces keeps them from being one.

    Examples
    --------
    >>> inert("{{<").replace("&#8288;", "|")
    '&#123;|&#123;|&#60;'
    """
    return Markdown(re.sub("(&#12[35];)(?=&#)", r"\1&#8288;", escape(text)))


def md(template: str, *parts: object) -> Markdown:
    """Markdown from a literal, with `parts`, escaped, in the places of its ``{}``.

    The literal is written in the source: a test looks for calls with anything else.
    """
    return Markdown(template.format(*map(escape, parts)))


def blocks(parts: Iterable[object]) -> Markdown:
    """Blocks, one after the other: a string is a paragraph; an empty one is left out."""
    shown = md("\n\n").join(part for part in map(escape, parts) if part)
    return shown + md("\n") if shown else shown


def sentences(parts: Iterable[object]) -> Markdown:
    """A paragraph of several sentences."""
    return md(" ").join(part for part in map(escape, parts) if part)


def heading(level: int, text: object, anchor: str | None = None) -> Markdown:
    """A heading, with the name that links to it where that is not made of its text."""
    named = md(" {{#{}}}", _name(anchor)) if anchor else md("")
    return md("{} {}{}", Markdown("#" * level), text, named)


def link(text: object, target: str) -> Markdown:
    """A link to a page or to an address, if that is of a kind that cannot run anything.

    Examples
    --------
    >>> link("here", "javascript:alert(1)")
    'here'
    """
    return escape(text) if not safe(target) else md("[{}]({})", text, _address(target))


def safe(target: str) -> bool:
    """Whether a link leads to a page of this report, to the web or to a mailbox."""
    page = re.fullmatch(
        r"([\w-]+\.qmd)?(#[\w-]+)?|[\w-]+\.(html|pdf)|(figures|tables)/[\w.-]+", target
    )
    try:
        return bool(page) or urlsplit(target.strip()).scheme.lower() in SCHEMES
    except ValueError:  # such as a bracket that is not closed
        return False


def sourced(text: object, target: str, where: str) -> Markdown:
    """A value that links to its source, which is told when it is pointed at and when focused."""
    if not safe(target):
        return escape(text)
    return md('[{}]({} "{}"){{.sourced}}', text, _address(target), inert(where))


def anchor(text: object, name: str) -> Markdown:
    """Text that links can lead to by `name`."""
    return md("[{}]{{#{}}}", text, _name(name))


def strong(text: object) -> Markdown:
    """Text in bold."""
    return md("**{}**", text)


def code(text: object) -> Markdown:
    """Text in the type of programs."""
    return md("[{}]{{.code}}", text)


def faint(text: object) -> Markdown:
    """Text in a quieter colour: what is not known."""
    return md("[{}]{{.no}}", text)


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    label: str,
    name: str | None = None,
    caption: object = "",
) -> Markdown:
    """A pipe table in a box of its own that scrolls when it is wider than the page.

    Columns of numbers stand to the right, and each column is as wide as its text asks for.
    `label` names the box for screen readers. A cell that is None is empty. A table with a `name`
    has a numbered caption, and text can refer to it by ``@tbl-name``.

    Raises
    ------
    ValueError
        A row has more or fewer cells than the table has columns.
    """
    body = [
        [escape("" if cell is None else cell) for _, cell in zip(headings, row, strict=True)]
        for row in rows
    ]
    columns = [[_plain(row[place]) for row in body] for place in range(len(headings))]
    rule = "|".join(map(_rule, columns, _widths(headings, columns)))
    lines = [_row(headings), Markdown(f"|{rule}|"), *map(_row, body)]
    box = md(
        '::: {{.scroll role="group" tabindex="0" aria-label="{}"}}\n\n{}\n\n:::',
        inert(label), md("\n").join(lines),
    )  # fmt: skip
    if name is None:
        return box
    return md("::: {{#tbl-{}}}\n\n{}\n\n{}\n\n:::", _name(name), box, caption)


def _plain(cell: Markdown) -> str:
    """What a reader sees of a cell, near enough to measure it."""
    shown = re.sub(r"\]\([^)]*\)|\{[^}]*\}|[*\[\]]", "", cell)
    return unescape(shown)


def _widths(headings: Sequence[str], columns: Sequence[Sequence[str]]) -> list[int]:
    """The width of each column: as its text asks for, but in a wide table no word sticks out."""
    words = [max((len(word) for text in (heading, *cells) for word in text.split(" ")), default=0)
             for heading, cells in zip(headings, columns, strict=True)]  # fmt: skip
    least = [max(4, min(longest, WIDEST)) for longest in words]
    wanted = [max(least[i], min(max(map(len, cells), default=0), WIDEST), len(headings[i]) // 3)
              for i, cells in enumerate(columns)]  # fmt: skip
    over, spare = sum(wanted) - PAPER, sum(wanted) - sum(least)
    share = min(over / spare, 1) if over > 0 and spare else 0
    return [round(wide - share * (wide - low)) for wide, low in zip(wanted, least, strict=True)]


def _rule(cells: Sequence[str], width: int) -> str:
    """The line under the head of a column, which says how it is set and how wide it is."""
    dashes = "-" * width
    some = any(character.isdigit() for cell in cells for character in cell)
    return f"-{dashes}:" if some and all(map(NUMBER.fullmatch, cells)) else f":{dashes}-"


def breaks(lines: Iterable[object]) -> Markdown:
    """Lines one below the other, inside a cell of a table or a paragraph."""
    return md(" []{{.break}}").join(lines)


def searchable(content: Markdown, label: str) -> Markdown:
    """`content`, a table, with a search field above it where scripts run."""
    return md('::: {{.searchable data-label="{}"}}\n\n{}\n\n:::', inert(label), content)


def callout(kind: str, title: object, text: object) -> Markdown:
    """A callout box: note, important, warning, tip or caution."""
    return md("::: {{.callout-{}}}\n\n## {}\n\n{}\n\n:::", _name(kind), title, text)


def folded(summary: object, text: object) -> Markdown:
    """Text that opens on demand; on paper it is open."""
    return md('::: {{.callout-note collapse="true"}}\n\n## {}\n\n{}\n\n:::', summary, text)


def figure(name: str, caption: object, alt: str) -> Markdown:
    """A figure of results/figures with its caption; `alt` says in words what it shows."""
    path = _address(f"figures/{_name(name)}.svg")
    return md(
        '![{} [[SVG]({}){{.download}}]{{.downloads}}]({}){{#fig-{} fig-alt="{}"}}',
        caption, path, path, _name(name), inert(alt),
    )  # fmt: skip


def bullets(items: Iterable[object]) -> Markdown:
    """A list."""
    return md("\n").join(md("- {}", item) for item in items)


def html(text: str) -> Markdown:
    """HTML of the program's own making, as a block: nothing in it is escaped."""
    return Markdown(f"```{{=html}}\n{text}\n```")


def _row(cells: Iterable[object]) -> Markdown:
    """A row of a pipe table, on one line; a name with a hyphen, such as a trial's, is not cut."""
    shown = (escape(cell).replace("\n", " ") for cell in cells)
    whole = (
        md("[{}]{{.whole}}", Markdown(cell)) if NAME.fullmatch(_plain(Markdown(cell))) else cell
        for cell in shown
    )
    return Markdown("| " + " | ".join(whole) + " |")


def _address(target: str) -> Markdown:
    """The target of a link: what Markdown could take for its end is percent-encoded."""
    return Markdown(quote(target.strip(), safe="/:?#@!$&+,;=%~.-_"))


def _name(text: str) -> Markdown:
    """A name that is part of the syntax.

    Raises
    ------
    ValueError
        It has other characters than letters, digits and hyphens.
    """
    if not re.fullmatch(r"[\w-]+", text):
        raise ValueError(f"{text!r} cannot name a part of a page")
    return Markdown(text)
