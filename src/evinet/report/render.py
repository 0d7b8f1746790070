"""Rendering the report: with Quarto where it is installed, with the built-in renderer elsewhere.

The cells of the documents run once, in a private copy; both renderers get what the cells showed.
A failed render leaves what was there before.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evinet.report import project, quarto, single, site
from evinet.report.markdown import Markdown
from evinet.report.results import CONFIG_VARIABLE, RELEASES_VARIABLE, RESULTS_VARIABLE, load
from evinet.report.site import Page

Renderer = Literal["auto", "quarto", "builtin"]


def render(
    config: Path,
    results: Path,
    pages: Path,
    out: Path,
    releases: Path,
    renderer: Renderer = "auto",
    only: str | None = None,
) -> str:
    """Render the documents of `pages` into the folder `out`; return the renderer that was used.

    With `only`, that page alone is replaced in `out`.

    Raises
    ------
    InputError
        A document, the configuration or the results are not as they must be.
    RuntimeError
        Quarto or pandoc failed.
    evinet.report.execute.CellError
        A cell of a document failed.
    """
    opened = load(config, results, releases)

    def downloads(ran: list[Page], sources: Path, filled: Path) -> None:
        for folder in project.DOWNLOADS:
            if (opened.root / folder).exists():
                shutil.copytree(opened.root / folder, filled / folder, dirs_exist_ok=True)
        if only is None:
            single.write(opened, ran, sources, filled)

    about = Site(
        opened.config.review.title,
        project.footer(opened),
        lambda sources: project.prepare(opened, sources),
        {CONFIG_VARIABLE: config, RESULTS_VARIABLE: results, RELEASES_VARIABLE: releases},
        downloads,
        opened.root,
    )
    return render_site(about, pages, out, renderer, only)


@dataclass(frozen=True)
class Site:
    """What a site is about, beside its documents.

    Attributes
    ----------
    title, footer
        Of every page.
    prepare
        Writes what the documents need into their folder.
    paths
        Variables of the environment by which cells find what they open.
    beside
        Writes what belongs beside the pages; takes the pages, the documents and the site.
    root
        A folder to work in where that of temporary files is hidden: Quarto looks into none.
    """

    title: str
    footer: Markdown
    prepare: Callable[[Path], None]
    paths: dict[str, Path]
    beside: Callable[[list[Page], Path, Path], None]
    root: Path


def render_site(
    about: Site, pages: Path, out: Path, renderer: Renderer = "auto", only: str | None = None
) -> str:
    """Render the documents of `pages` as `render` does, about anything."""
    chosen = _renderer(renderer)
    with tempfile.TemporaryDirectory(prefix="evinet-report-") as temporary:
        sources, filled = Path(temporary, "sources"), Path(temporary, "site")
        for path in project.documents(pages):
            copy = sources / path.relative_to(pages)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        filled.mkdir()
        about.prepare(sources)
        with _environment(about.paths):
            ran = site.run(sources, only)
        if chosen == "quarto":
            quarto.write(about.root, ran, sources, filled)
        else:
            site.write(about.title, about.footer, ran, sources, filled)
        about.beside(ran, sources, filled)
        _check(ran, filled, chosen)
        _publish(filled, out, whole=only is None)
    return chosen


def _renderer(renderer: Renderer) -> Literal["quarto", "builtin"]:
    if renderer == "quarto" and not quarto.installed():
        raise RuntimeError("quarto is not on the PATH; use --renderer builtin, or auto")
    return "quarto" if quarto.installed() and renderer != "builtin" else "builtin"


@contextmanager
def _environment(paths: dict[str, Path]) -> Iterator[None]:
    """Tell the cells which results to open."""
    names = {name: str(path.resolve()) for name, path in paths.items()}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _check(pages: list[Page], filled: Path, renderer: str) -> None:
    """Every page that was asked for must be there, whatever the renderer said."""
    missing = [page.name for page in pages if not (filled / f"{page.name}.html").exists()]
    if missing:
        raise RuntimeError(f"{renderer} did not write these pages: {', '.join(missing)}")


def _publish(filled: Path, out: Path, whole: bool) -> None:
    """Put the finished folder in the place of the old one, or its files over the old ones.

    The last steps are renames inside the folder of `out`, so that a reader never sees half a site.
    """
    if not whole and out.exists():
        shutil.copytree(filled, out, dirs_exist_ok=True)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".evinet-report-") as beside:
        shutil.copytree(filled, Path(beside, "new"))
        if out.exists():
            out.rename(Path(beside, "old"))
        Path(beside, "new").rename(out)
