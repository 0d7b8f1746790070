"""The report of a simulation study: a site of one page, by either renderer."""

from __future__ import annotations

import shutil
from pathlib import Path

from evinet import __version__, files
from evinet.report import project
from evinet.report.figures import style
from evinet.report.markdown import escape, md
from evinet.report.render import Renderer, Site, render_site
from evinet.report.site import Page
from evinet.simulate import pages
from evinet.simulate.study import DOCUMENTS


def render(config: Path, performance: Path, out: Path, renderer: Renderer = "auto") -> str:
    """Render the report into the folder `out`; return the renderer that was used.

    Parameters
    ----------
    config
        Configuration of the study.
    performance
        Table PERFORMANCE.

    Raises
    ------
    InputError
        The configuration or the table is not as it must be.
    RuntimeError
        Quarto or pandoc failed.
    """
    opened = pages.load(config, performance)
    title = opened.study.title
    footer = md("Made by evinet {}.", __version__)

    def prepare(sources: Path) -> None:
        website = {"title": str(escape(title)), "page-footer": str(footer)}
        project.write(sources / project.REVIEW, {"website": website})
        for name in project.THEME:
            files.write_text(sources / name, project.theme(name))
        with style.styled():
            for name in pages.FIGURES:
                style.save(pages.draw(opened, name), sources / "figures" / f"{name}.svg")

    def figures(ran: list[Page], sources: Path, filled: Path) -> None:
        shutil.copytree(sources / "figures", filled / "figures", dirs_exist_ok=True)

    paths = {pages.CONFIG_VARIABLE: config, pages.PERFORMANCE_VARIABLE: performance}
    about = Site(title, footer, prepare, paths, figures, performance.parent)
    return render_site(about, DOCUMENTS, out, renderer)
