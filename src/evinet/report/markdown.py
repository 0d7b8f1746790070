"""Markdown that Quarto and the built-in renderer read alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """A column of a printed table: its heading, alignment (l, r, c) and relative width."""

    heading: str
    align: str = "l"
    width: int = 10


def escape(text: object) -> str:
    """Text that Markdown and HTML leave as it is."""
    return re.sub(r"([\\`*_{}\[\]<>#|$^~@])", r"\\\1", str(text).replace("\n", " "))


def table(fields: Sequence[Field], rows: Iterable[Sequence[object]], label: str) -> str:
    """A pipe table in a box of its own that scrolls when it is wider than the page.

    Cells are Markdown: escape what is data. `label` names the box for screen readers.

    Raises
    ------
    ValueError
        A row has more or fewer cells than the table has columns.
    """
    dashes = {"l": ":{}-", "r": "-{}:", "c": ":{}:"}
    head = "| " + " | ".join(field.heading for field in fields) + " |"
    rule = "|" + "|".join(dashes[f.align].format("-" * f.width) for f in fields) + "|"
    body = [
        "| " + " | ".join(_cell(cell) for _, cell in zip(fields, row, strict=True)) + " |"
        for row in rows
    ]
    box = f'::: {{.scroll role="group" tabindex="0" aria-label="{attribute(label)}"}}'
    return "\n".join([box, "", head, rule, *body, "", ":::", ""])


def searchable(content: str, label: str) -> str:
    """`content`, a table, with a search field above it where scripts run."""
    return f'::: {{.searchable data-label="{attribute(label)}"}}\n\n{content}\n\n:::\n'


def callout(kind: str, title: str, text: str) -> str:
    """A callout box: note, important, warning, tip or caution."""
    return f'::: {{.callout-{kind} title="{attribute(title)}"}}\n\n{text}\n\n:::\n'


def folded(summary: str, text: str) -> str:
    """Text that opens on demand; on paper it is open."""
    box = f'::: {{.callout-note collapse="true" title="{attribute(summary)}"}}'
    return f"{box}\n\n{text}\n\n:::\n"


def figure(name: str, caption: str, alt: str) -> str:
    """A figure of results/figures with its caption; `alt` says in words what it shows."""
    path = f"figures/{name}.svg"
    tag = f'{{#fig-{name} fig-alt="{attribute(alt)}"}}'
    return f"![{caption} [[SVG]({path}){{.download}}]{{.downloads}}]({path}){tag}\n"


def bullets(items: Iterable[str]) -> str:
    """A list."""
    return "\n".join(f"- {item}" for item in items) + "\n"


def attribute(text: str) -> str:
    """Text inside the quotes of a Markdown attribute."""
    return text.replace("\\", "\\\\").replace('"', "”").replace("\n", " ")


def _cell(cell: object) -> str:
    """A cell on one line; an empty one stays empty."""
    return str(cell).replace("\n", " ") if cell is not None else ""
