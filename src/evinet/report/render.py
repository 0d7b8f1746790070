"""Rendering the report: with Quarto where it is installed, with the built-in renderer elsewhere.

The cells of the documents run once, in a private copy; both renderers get what the cells showed.
A failed render leaves what was there before.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from evinet.report import project, quarto, single, site
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
    chosen = _renderer(renderer)
    with tempfile.TemporaryDirectory(prefix="evinet-report-") as temporary:
        sources, filled = Path(temporary, "sources"), Path(temporary, "site")
        for path in project.documents(pages):
            copy = sources / path.relative_to(pages)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        filled.mkdir()
        project.prepare(opened, sources)
        with _environment(config, results, releases):
            ran = site.run(sources, only)
        write = quarto.write if chosen == "quarto" else site.write
        write(opened, ran, sources, filled)
        for folder in project.DOWNLOADS:
            if (opened.root / folder).exists():
                shutil.copytree(opened.root / folder, filled / folder, dirs_exist_ok=True)
        if only is None:
            single.write(opened, ran, sources, filled)
        _check(ran, filled, chosen)
        _publish(filled, out, whole=only is None)
    return chosen


def _renderer(renderer: Renderer) -> Literal["quarto", "builtin"]:
    if renderer == "quarto" and not quarto.installed():
        raise RuntimeError("quarto is not on the PATH; use --renderer builtin, or auto")
    return "quarto" if quarto.installed() and renderer != "builtin" else "builtin"


@contextmanager
def _environment(config: Path, results: Path, releases: Path) -> Iterator[None]:
    """Tell the cells which results to open."""
    names = {
        CONFIG_VARIABLE: str(config.resolve()),
        RESULTS_VARIABLE: str(results.resolve()),
        RELEASES_VARIABLE: str(releases.resolve()),
    }
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
