"""Running the cells of a page in this process, as a notebook would."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from evinet.report.markdown import escape
from evinet.report.qmd import Cell, Document

ORDER = ("text/markdown", "text/html", "text/plain")


class CellError(Exception):
    """A cell failed; the page is not rendered."""

    def __init__(self, document: Document, cell: Cell, error: BaseException):
        self.document, self.cell, self.error = document, cell, error
        super().__init__(f"{document.path}:{cell.line}: {type(error).__name__}: {error}")


def to_markdown(document: Document) -> str:
    """The page with every cell replaced by what it displayed; cells run in the page's folder.

    Raises
    ------
    CellError
        A cell raised an exception; the exception is its cause.
    """
    shell = _shell()
    with contextlib.chdir(document.path.parent):
        return "".join(
            part
            if isinstance(part, str)
            else _inline(shell, document, part)
            if part.inline
            else _output(shell, document, part)
            for part in document.parts
        )


def _shell() -> Any:
    """A fresh IPython shell that keeps no history and prints no traceback of its own."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    InteractiveShell.clear_instance()
    shell: Any = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell._showtraceback = lambda *_: None
    shell.display_trap.hook = _display_last
    return shell


def _display_last(value: Any) -> None:
    """The value of a cell's last expression is displayed like any other."""
    from IPython.display import display

    if value is not None:
        display(value)


def _output(shell: Any, document: Document, cell: Cell) -> str:
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        result = shell.run_cell(cell.code)
    _raise(result, document, cell)
    if cell.options.get("include") == "false":
        return ""
    shown = [captured.stdout] if captured.stdout else []
    shown += [_richest(output.data) for output in captured.outputs]
    return "\n".join(["", *shown, ""])


def _inline(shell: Any, document: Document, cell: Cell) -> str:
    """The value of an expression in a line of text: plain text is escaped, Markdown is not."""
    with _quiet():
        try:
            value = shell.ev(cell.code)
        except Exception as error:
            raise CellError(document, cell, error) from error
    return escape("" if value is None else value)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    from IPython.utils.capture import capture_output

    with capture_output():
        yield


def _raise(result: Any, document: Document, cell: Cell) -> None:
    error = result.error_before_exec or result.error_in_exec
    if error is not None:
        raise CellError(document, cell, error) from error


def _richest(data: dict[str, str]) -> str:
    kind = next(kind for kind in ORDER if kind in data)
    if kind == "text/html":
        return f"\n```{{=html}}\n{data[kind]}\n```\n"
    return f"\n{data[kind]}\n"
