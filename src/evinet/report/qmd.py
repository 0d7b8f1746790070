"""Quarto documents, as far as the built-in renderer reads them."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evinet import files
from evinet.errors import InputError, Problem

_FRONT = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_CELL = re.compile(
    r"^```\{python\}[ \t]*\n(?P<cell>.*?)^```[ \t]*\n?|`\{python\}[ \t]+(?P<inline>[^`\n]+)`",
    re.DOTALL | re.MULTILINE,
)
_OTHER = re.compile(r"^```\{(?!python\})[^}]*\}", re.MULTILINE)
_OPTION = re.compile(r"^#\|\s*([\w-]+):\s*(.*?)\s*$")


@dataclass(frozen=True)
class Cell:
    """A Python cell: its code, its options, and the line of the file where the code starts.

    An inline cell is an expression in a line of text, whose value takes its place.
    """

    code: str
    options: dict[str, str]
    line: int
    inline: bool = False


@dataclass(frozen=True)
class Document:
    """A page: its front matter (as read, and as written), and its text and cells in order."""

    path: Path
    front: dict[str, Any]
    head: str
    parts: list[str | Cell]

    @property
    def title(self) -> str:
        """The title as plain text: Quarto reads character references in it, as in all Markdown."""
        return html.unescape(str(self.front["title"]))


def read(path: Path) -> Document:
    """Read a Quarto document.

    Raises
    ------
    InputError
        There is no front matter with a title, or a cell is not Python.
    """
    text = files.read_text(path)
    front = _FRONT.match(text)
    metadata = _metadata(path, front[1]) if front else {}
    problems = []
    if "title" not in metadata:
        problems.append(
            Problem(str(path), "title", None, "the page has no title", "Give it one", line=1)
        )
    problems += [
        Problem(
            str(path), "cell", found[0], "is not Python", "Use a ```{python} cell",
            line=text.count("\n", 0, found.start()) + 1,
        )
        for found in _OTHER.finditer(text)
    ]  # fmt: skip
    if problems:
        raise InputError(problems)
    head = front[0] if front else ""
    return Document(path, metadata, head, _parts(text, len(head)))


def _parts(text: str, position: int) -> list[str | Cell]:
    parts: list[str | Cell] = []
    for found in _CELL.finditer(text, position):
        parts.append(text[position : found.start()])
        line = text.count("\n", 0, found.start()) + 1
        if found["inline"] is not None:
            parts.append(Cell(found["inline"].strip(), {}, line, inline=True))
        else:
            options = dict(
                (option[1], option[2])
                for row in found["cell"].splitlines()
                if (option := _OPTION.match(row))
            )
            parts.append(Cell(found["cell"], options, line + 1))
        position = found.end()
    parts.append(text[position:])
    return parts


def _metadata(path: Path, text: str) -> dict[str, Any]:
    """The YAML between the lines ``---``, the first of which is the first of the file."""
    from evinet import document

    tree = document.parse(path, f"\n{text}").tree
    if not isinstance(tree, dict):
        raise InputError(
            Problem(str(path), "YAML", text.strip(), "is not a list of fields",
                    "Write title: and the name of the page between the lines ---", line=1)
        )  # fmt: skip
    return tree
