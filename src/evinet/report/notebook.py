"""What the cells of a page need: results to read, pages to show, and the way to show them."""

from __future__ import annotations

from evinet.report import pages, words
from evinet.report.markdown import blocks, md
from evinet.report.pages import *  # noqa: F403
from evinet.report.results import open_results

__all__ = [*pages.__all__, "md", "open_results", "show", "words"]


def show(*parts: object) -> None:
    """Put parts on the page, one below the other: a plain text is a paragraph."""
    from IPython.display import Markdown, display

    display(Markdown(blocks(parts)))
