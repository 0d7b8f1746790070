"""Rendering the report: with Quarto where it is installed, with the built-in renderer elsewhere.

Both read the same documents from a private copy, so that renders never race and a failed one
leaves what was there before.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from evinet.report import project, single, site
from evinet.report.results import CONFIG_VARIABLE, RELEASES_VARIABLE, RESULTS_VARIABLE, load

QUARTO_THEME = ("content.css", "site.js", "site.lua")
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
    with _private(pages, results, out) as (sources, site_folder):
        project.prepare(opened, sources)
        with _environment(config, results, releases):
            ran = site.run(sources, only)
            if chosen == "quarto":
                _quarto(sources, site_folder, only)
            else:
                site.write(opened, ran, sources, site_folder)
            if only is None:
                single.write(opened, ran, sources, site_folder)
        _publish(site_folder, out, whole=only is None)
    return chosen


def _renderer(renderer: Renderer) -> Literal["quarto", "builtin"]:
    installed = shutil.which("quarto") is not None
    if renderer == "quarto" and not installed:
        raise RuntimeError("quarto is not on the PATH; use --renderer builtin, or auto")
    return "quarto" if installed and renderer != "builtin" else "builtin"


@contextmanager
def _private(pages: Path, results: Path, out: Path) -> Iterator[tuple[Path, Path]]:
    """A private copy of the documents with figures and tables, and an empty folder to fill.

    The folder lies beside `out`, so that it can take its name.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".evinet-report-") as temporary:
        sources, filled = Path(temporary, "sources"), Path(temporary, "site")
        shutil.copytree(pages, sources, ignore=shutil.ignore_patterns("_site", ".quarto"))
        for folder in site.DOWNLOADS:
            if (results / folder).exists():
                shutil.copytree(results / folder, sources / folder)
        filled.mkdir()
        yield sources, filled


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


def _quarto(sources: Path, out: Path, only: str | None) -> None:
    """Run Quarto with this Python; it writes the site to the folder `_site` of its project."""
    for name in QUARTO_THEME:
        (sources / name).write_text(site.theme(name), encoding="utf-8")
    target = [f"{only}.qmd"] if only else []
    command = ["quarto", "render", *target, "--to", "html", "--no-execute-daemon", "--no-cache"]
    done = subprocess.run(
        command, cwd=sources, capture_output=True, text=True,
        env={**os.environ, "QUARTO_PYTHON": sys.executable},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"quarto failed:\n{done.stderr}")
    shutil.copytree(sources / "_site", out, dirs_exist_ok=True)


def _publish(filled: Path, out: Path, whole: bool) -> None:
    """Put the finished folder in the place of the old one, or its files over the old ones."""
    if not whole and out.exists():
        shutil.copytree(filled, out, dirs_exist_ok=True)
        return
    old = filled.parent / "old"
    if out.exists():
        out.rename(old)
    filled.rename(out)
