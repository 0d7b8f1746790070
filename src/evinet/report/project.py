"""The Quarto project of a review: the documents of reports/, and one page a trial."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from evinet import tables
from evinet.config import Analysis
from evinet.report.markdown import escape, link, md
from evinet.report.results import REPORTED, Results
from evinet.report.rows import records

SETTINGS = "_quarto.yml"
TRIAL_TEMPLATE = "_trial.qmd"
TRIALS = "The trials"


def page_names(sources: Path) -> list[str]:
    """Pages of the menu, in order."""
    return [Path(entry).stem for section in sections(sources) for entry in section["contents"]]


def read(sources: Path) -> dict[str, Any]:
    """The settings of the project."""
    settings: dict[str, Any] = _yaml().load(sources / SETTINGS)
    return settings


def _yaml() -> Any:
    """YAML whose keys keep their order: Quarto opens a site in the theme that is named first."""
    from ruamel.yaml import YAML

    return YAML()


def sections(sources: Path) -> list[dict[str, Any]]:
    """The sections of the menu: each has a name, `section`, and documents, `contents`."""
    contents: list[dict[str, Any]] = read(sources)["website"]["sidebar"]["contents"]
    return contents


def prepare(results: Results, sources: Path) -> None:
    """Write a document a trial from `_trial.qmd`, and name them and the review in the settings."""
    import jinja2

    settings = read(sources)
    review = results.config.review
    settings["website"]["title"] = str(escape(review.title))
    settings["website"]["page-footer"] = str(
        md(
            "Evidence collected to {}. Fingerprint of this run: {}. {}, {}, {}.",
            review.data_cutoff, results.fingerprint or "not known",
            link("In one file", f"{review.slug}.html"), link("as PDF", f"{review.slug}.pdf"),
            link("all tables", "tables/tables.xlsx"),
        )
    )  # fmt: skip
    template = jinja2.Template(
        (sources / TRIAL_TEMPLATE).read_text(encoding="utf-8"), keep_trailing_newline=True
    )
    names = []
    trials = {row["trial"]: row for row in records(results.evidence(tables.TRIALS))}
    status = {trial: row["status"] for trial, row in trials.items()}
    for trial in trial_pages(results.config.analyses.values(), status):
        name = f"{page_of(trial)}.qmd"
        page = template.render(slug=trial, title=json.dumps(escape(trials[trial]["name"])))
        (sources / name).write_text(page, encoding="utf-8")
        names.append(name)
    contents = settings["website"]["sidebar"]["contents"]
    contents.append({"section": TRIALS, "contents": names})
    settings["project"]["render"] = [
        document for section in contents for document in section["contents"]
    ]
    _yaml().dump(settings, sources / SETTINGS)


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
