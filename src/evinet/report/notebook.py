"""What the cells of a page need: results to read, pages to show, and the way to show them."""

from __future__ import annotations

from evinet.report import pages
from evinet.report.results import open_results

__all__ = ["open_results", "pages", "show"]


def show(markdown: str) -> None:
    """Put Markdown on the page."""
    from IPython.display import Markdown, display

    display(Markdown(markdown))
