"""Rendering the site with Quarto, from documents whose cells have run already.

Quarto gets Markdown without cells, so it starts no kernel, and both renderers show the same output.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evinet import files
from evinet.report import project as documents
from evinet.report.site import Page

OUTPUT = "_site"


def installed() -> bool:
    """Whether `quarto` is on the PATH."""
    return shutil.which("quarto") is not None


def write(other: Path, pages: list[Page], sources: Path, out: Path) -> None:
    """Write the site of `pages`, all of the project `sources` or one of them, into `out`.

    `other` is a folder to work in where that of temporary files is hidden.

    Raises
    ------
    RuntimeError
        Quarto failed, or there is no folder that it would look into.
    """
    with _visible_copy(sources, other) as project:
        for page in pages:
            files.write_text(project / f"{page.name}.qmd", page.head + page.markdown)
        settings = documents.read(project / documents.SETTINGS)
        settings["project"].pop("pre-render", None)  # it is done already
        documents.write(project / documents.SETTINGS, settings)
        target = [f"{pages[0].name}.qmd"] if len(pages) == 1 else []
        command = ["quarto", "render", *target, "--to", "html", "--no-execute"]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"quarto failed:\n{done.stderr}")
        if (project / OUTPUT).exists():
            shutil.copytree(project / OUTPUT, out, dirs_exist_ok=True)


@contextmanager
def _visible_copy(sources: Path, other: Path) -> Iterator[Path]:
    """A copy of the project: Quarto ignores all that lies in a folder whose name starts with a dot.

    The folder may be anywhere above, so a place is looked for: that of temporary files, or `other`.
    """
    places = [Path(tempfile.gettempdir()).resolve(), other.resolve()]
    visible = [place for place in places if not any(part[0] == "." for part in place.parts)]
    if not visible:
        raise RuntimeError(
            f"quarto does not look into {places[0]}, which is hidden: set TMPDIR to a folder "
            "without a dot before any name in its path"
        )
    with tempfile.TemporaryDirectory(dir=visible[0], prefix="evinet-report-") as temporary:
        project = Path(temporary, "project")
        shutil.copytree(sources, project)
        yield project
