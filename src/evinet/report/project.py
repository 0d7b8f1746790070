"""The Quarto project of a review: the documents of reports/, and what is written beside them.

People write the documents and `_quarto.yml`. Everything else that a renderer needs is written from
the results: a page for each trial, the menu of those pages, the theme, the figures and the tables.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from evinet import __version__, files, tables
from evinet.config import Analysis
from evinet.report.markdown import Markdown, inert, link, md
from evinet.report.results import REPORTED, Results
from evinet.report.rows import records

SETTINGS = "_quarto.yml"
DOCUMENTS = Path(__file__).parents[1] / "documents"
"""The documents of the package, for a review that has none of its own."""
THEME_FOLDER = Path(__file__).parent / "theme"  # an input of the workflow
REVIEW = "_review.yml"
"""Settings that depend on the review; `_quarto.yml` includes them by `metadata-files`."""
TRIAL_TEMPLATE = "_trial.qmd"
TRIALS = "The trials"
DOWNLOADS = ("figures", "tables")
"""Folders of the results that the documents refer to."""
THEME = ("content.css", "site.js", "sections.lua", "site.lua", "light.scss", "dark.scss",
         "citations.csl")  # fmt: skip
"""Files of the theme that Quarto reads."""
MARK = "---\n# Made from _trial.qmd"
"""How the page of a trial starts until somebody makes it their own by removing that line."""


def documents(sources: Path) -> list[Path]:
    """The files of the project that people write, without what is made beside them."""
    made = {"_site", REVIEW, *DOWNLOADS, *THEME}
    found = []
    for path in sorted(sources.rglob("*")):
        parts = path.relative_to(sources).parts
        hidden = any(part.startswith(".") for part in parts)
        if path.is_file() and not hidden and parts[0] not in made and not _is_made(path):
            found.append(path)
    return found


def _is_made(path: Path) -> bool:
    page = path.suffix == ".qmd" and path.name != TRIAL_TEMPLATE
    return page and path.read_text(encoding="utf-8").startswith(MARK)


def theme(name: str) -> str:
    """A file of the theme."""
    return resources.files("evinet.report").joinpath("theme", name).read_text(encoding="utf-8")


def page_names(sections: list[dict[str, Any]]) -> list[str]:
    """The pages of a menu, in order."""
    return [Path(entry).stem for section in sections for entry in section["contents"]]


def read(path: Path) -> dict[str, Any]:
    """Settings of the project; none where there is no such file."""
    settings: dict[str, Any] = (_yaml().load(path) if path.exists() else None) or {}
    return settings


def write(path: Path, settings: dict[str, Any]) -> None:
    """Write settings of the project."""
    text = io.StringIO()
    _yaml().dump(settings, text)
    files.write_text(path, text.getvalue())


def _yaml() -> Any:
    """YAML whose keys keep their order: Quarto opens a site in the theme that is named first."""
    from ruamel.yaml import YAML

    return YAML()


def sections(sources: Path, name: str = SETTINGS) -> list[dict[str, Any]]:
    """The sections of the menu: each has a name, `section`, and documents, `contents`."""
    settings = read(sources / name)
    contents: list[dict[str, Any]] = (
        settings.get("website", {}).get("sidebar", {}).get("contents", [])
    )
    return contents


def menu(sources: Path) -> list[dict[str, Any]]:
    """The sections of the prepared project, those of the trials included."""
    return [*sections(sources), *sections(sources, REVIEW)]


def prepare(results: Results, sources: Path) -> None:
    """Write all that the documents need beside them.

    A page for each trial, from `_trial.qmd`; a page that somebody made their own stays as it is.
    The name of the review and the menu of those pages, in `_review.yml`. The theme, and the figures
    and tables of the results.
    """
    import jinja2

    template = jinja2.Template(
        (sources / TRIAL_TEMPLATE).read_text(encoding="utf-8"), keep_trailing_newline=True
    )
    names = []
    trials = {row["trial"]: row for row in records(results.evidence(tables.TRIALS))}
    status = {trial: row["status"] for trial, row in trials.items()}
    for trial in trial_pages(results.config.analyses.values(), status):
        path = sources / f"{page_of(trial)}.qmd"
        if not path.exists() or _is_made(path):
            title = json.dumps(inert(trials[trial]["name"]))
            files.write_text(path, template.render(slug=trial, title=title))
        names.append(path.name)
    of_trials = {"section": TRIALS, "contents": names}
    write(
        sources / REVIEW,
        {
            "project": {
                "render": [f"{name}.qmd" for name in page_names([*sections(sources), of_trials])]
            },
            "website": {
                "title": str(inert(results.config.review.title)),
                "page-footer": str(footer(results)),
                "sidebar": {"contents": [of_trials]},
            },
        },
    )
    for name in THEME:
        files.write_text(sources / name, theme(name))
    for folder in DOWNLOADS:
        if (results.root / folder).exists():
            shutil.copytree(results.root / folder, sources / folder, dirs_exist_ok=True)


def footer(results: Results) -> Markdown:
    """What stands below every page: what there is to take along, and which run this is."""
    review = results.config.review
    return md(
        "Download: {}, {} with {}, {}. Evidence collected to {}. Fingerprint of this run: {} ({}). "
        "Made by evinet {}; every number can be followed to its source under {}.",
        link("the whole report in one file", f"{review.slug}.html"),
        link("as PDF", f"{review.slug}.pdf"),
        link("appendices", f"{review.slug}-appendices.pdf"),
        link("all tables", "tables/tables.xlsx"), review.data_cutoff,
        results.fingerprint or "not known", link("what it means", "reproducibility.html"),
        __version__, link("Provenance", "provenance.html"),
    )  # fmt: skip


def trial_pages(analyses: Iterable[Analysis], status: Mapping[str, str]) -> list[str]:
    """The trials that have a page: those of the analyses, in their order, then the others.

    Parameters
    ----------
    analyses
        The analyses that have answers of their own.
    status
        The status of every trial of the review, by its slug; of those in no analysis, the trials
        that reported have a page.
    """
    order = dict.fromkeys(trial for analysis in analyses for trial in analysis.trials)
    others = (trial for trial in sorted(status) if status[trial] == REPORTED)
    return [trial for trial in dict.fromkeys([*order, *others]) if trial in status]


def page_of(trial: str) -> str:
    """The name of the page of a trial."""
    return f"trial-{trial}"
