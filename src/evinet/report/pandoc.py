"""Pandoc, from the wheel that brings it along."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from importlib import resources
from pathlib import Path

READER = "markdown+autolink_bare_uris-smart"
BIBLIOGRAPHY = Path("tables/references.bib")
STYLE = "citations.csl"
CITES = re.compile(r"(?<![\w&;/.])-?@(?!fig-|tbl-)[\w{]")
"""A citation by pandoc's syntax: an @ that no word and no character reference runs into."""


def rendered(text: str, to: str, folder: Path, *filters: str, options: Sequence[str] = (),
             columns: int = 10000) -> str:  # fmt: skip
    """Convert a page by Lua filters of the theme, with its citations, if it has any, resolved.

    `folder` holds the figures and, in tables/, the bibliography that the page refers to.
    """
    theme = resources.files("evinet.report").joinpath("theme")
    with ExitStack() as stack:
        paths = [stack.enter_context(resources.as_file(theme / name)) for name in filters]
        arguments = [part for path in paths for part in ("--lua-filter", str(path))]
        if CITES.search(text) and (folder / BIBLIOGRAPHY).exists():
            style = stack.enter_context(resources.as_file(theme / STYLE))
            arguments += ["--citeproc", "--bibliography", str(BIBLIOGRAPHY), "--csl", str(style)]
        return convert(text, to, folder, *arguments, *options, columns=columns)


def convert(text: str, to: str, folder: Path, *options: str, columns: int = 10000) -> str:
    """Convert Markdown; `folder` is where relative paths start.

    A table with a line longer than `columns` gets columns of relative widths.

    Raises
    ------
    RuntimeError
        Pandoc failed, or warned that it could not find something.
    """
    import pypandoc

    command = [
        pypandoc.get_pandoc_path(), "--from", READER, "--to", to, "--columns", str(columns),
        "--fail-if-warnings", *options,
    ]  # fmt: skip
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, cwd=folder, encoding="utf-8",
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"pandoc failed: {done.stderr.strip()}")
    return done.stdout
