"""The built-in renderer: Quarto documents to a site of plain files, without Quarto."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from evinet import __version__, files
from evinet.report import execute, pandoc, project, qmd
from evinet.report.results import Results

THEME = ("content.css", "site.css", "site.js")
DOWNLOADS = ("figures", "tables")


@dataclass(frozen=True)
class Page:
    """A page of the site: its title, its Markdown after the cells ran, its HTML and headings."""

    name: str
    title: str
    markdown: str
    html: str
    headings: list[tuple[str, str]]


def run(sources: Path, only: str | None = None) -> list[Page]:
    """Run the documents that `_quarto.yml` names, or one of them.

    `sources` holds the documents and what they refer to; results are opened by the environment.
    """
    names = [only] if only else page_names(sources)
    return [_page(sources, name) for name in names]


def write(results: Results, pages: list[Page], sources: Path, out: Path) -> None:
    """Write the site of `pages`, with figures and tables to download, into `out`."""
    menu = _menu(sources)
    for page in pages:
        files.write_text(out / f"{page.name}.html", _html(results, page, menu))
    for name in THEME:
        files.write_text(out / name, theme(name))
    for folder in DOWNLOADS:
        if (sources / folder).exists():
            shutil.copytree(sources / folder, out / folder, dirs_exist_ok=True)


def page_names(sources: Path) -> list[str]:
    """Pages of the menu, in order."""
    return [
        Path(entry).stem for section in project.sections(sources) for entry in section["contents"]
    ]


def theme(name: str) -> str:
    """A file of the theme."""
    return resources.files("evinet.report").joinpath("theme", name).read_text(encoding="utf-8")


def _menu(sources: Path) -> list[dict[str, Any]]:
    return [
        {
            "section": section["section"],
            "pages": [
                {"name": Path(entry).stem, "title": qmd.read(sources / entry).front["title"]}
                for entry in section["contents"]
            ],
        }
        for section in project.sections(sources)
    ]


def _page(sources: Path, name: str) -> Page:
    document = qmd.read(sources / f"{name}.qmd")
    markdown = execute.to_markdown(document)
    html = to_html(markdown, sources)
    return Page(name, document.front["title"], markdown, html, _headings(html))


def to_html(markdown: str, folder: Path, *options: str) -> str:
    """Markdown to the inside of a page, figures inside it, links to .qmd turned to .html."""
    filters = resources.files("evinet.report").joinpath("theme", "site.lua")
    with resources.as_file(filters) as path:
        return pandoc.convert(
            markdown, "html5", folder, "--lua-filter", str(path), "--wrap", "none", *options
        )


def _headings(html: str) -> list[tuple[str, str]]:
    found = re.findall(r'<h2[^>]* id="([^"]+)"[^>]*>(.*?)</h2>', html, re.DOTALL)
    return [(anchor, re.sub(r"<[^>]+>", "", text)) for anchor, text in found]


def _html(results: Results, page: Page, menu: list[dict[str, Any]]) -> str:
    import jinja2

    order = [entry for section in menu for entry in section["pages"]]
    here = next(i for i, entry in enumerate(order) if entry["name"] == page.name)
    template = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return template.from_string(theme("page.html")).render(
        review=results.config.review,
        page=page,
        menu=menu,
        before=order[here - 1] if here else None,
        after=order[here + 1] if here + 1 < len(order) else None,
        version=__version__,
    )
