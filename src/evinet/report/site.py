"""The built-in renderer: Quarto documents to a site of plain files, without Quarto."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evinet import __version__, files
from evinet.errors import InputError, Problem
from evinet.report import execute, pandoc, project, qmd
from evinet.report.markdown import Markdown

THEME = ("content.css", "site.css", "site.js")


@dataclass(frozen=True)
class Page:
    """A page of the site: its title, its front matter, and its Markdown after the cells ran.

    An appendix stands in a PDF apart.
    """

    name: str
    title: str
    head: str
    markdown: str
    appendix: bool = False


def run(sources: Path, only: str | None = None) -> list[Page]:
    """Run the documents that `_quarto.yml` names, or one of them.

    `sources` holds the documents and what they refer to; results are opened by the environment.

    Raises
    ------
    InputError
        `_quarto.yml` names no page `only`.
    """
    names = project.page_names(project.menu(sources))
    if only is not None and only not in names:
        raise InputError(
            Problem(
                str(sources / project.SETTINGS), "page", only, "there is no such page",
                f"Use one of {', '.join(names)}",
            )
        )  # fmt: skip
    return [_page(sources, name) for name in ([only] if only else names)]


def write(title: str, footer: Markdown, pages: list[Page], sources: Path, out: Path) -> None:
    """Write the site of `pages` into `out`."""
    menu = _menu(sources)
    foot = to_html(footer, sources)
    for page in pages:
        body = to_html(page.markdown, sources)
        files.write_text(out / f"{page.name}.html", _html(title, foot, page, body, menu))
    for name in THEME:
        files.write_text(out / name, project.theme(name))


def _menu(sources: Path) -> list[dict[str, Any]]:
    return [
        {
            "section": section["section"],
            "pages": [
                {"name": Path(entry).stem, "title": qmd.read(sources / entry).title}
                for entry in section["contents"]
            ],
        }
        for section in project.menu(sources)
    ]


def _page(sources: Path, name: str) -> Page:
    document = qmd.read(sources / f"{name}.qmd")
    appendix = bool(document.front.get("appendix"))
    return Page(name, document.title, document.head, execute.to_markdown(document), appendix)


def to_html(markdown: str, folder: Path, *options: str) -> str:
    """Markdown to the inside of a page, figures inside it, links to .qmd turned to .html."""
    return pandoc.rendered(
        markdown, "html5", folder, "sections.lua", "references.lua", "site.lua",
        options=("--wrap", "none", "--mathml", *options),
    )  # fmt: skip


def _headings(html: str) -> list[tuple[str, str]]:
    found = re.findall(r'<h2[^>]* id="([^"]+)"[^>]*>(.*?)</h2>', html, re.DOTALL)
    return [(anchor, re.sub(r"<[^>]+>", "", text)) for anchor, text in found]


def _html(title: str, foot: str, page: Page, body: str, menu: list[dict[str, Any]]) -> str:
    import jinja2

    order = [entry for section in menu for entry in section["pages"]]
    here = next(i for i, entry in enumerate(order) if entry["name"] == page.name)
    template = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return template.from_string(project.theme("page.html")).render(
        title=title,
        page=page,
        body=body,
        headings=_headings(body),
        menu=menu,
        before=order[here - 1] if here else None,
        after=order[here + 1] if here + 1 < len(order) else None,
        footer=foot,
        version=__version__,
    )
