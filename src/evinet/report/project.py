"""The Quarto project of a review: the documents of reports/, and one page a trial."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evinet import tables
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
    for row in _trials(results):
        name = f"trial-{row['trial']}.qmd"
        page = template.render(slug=row["trial"], title=json.dumps(escape(row["name"])))
        (sources / name).write_text(page, encoding="utf-8")
        names.append(name)
    contents = settings["website"]["sidebar"]["contents"]
    contents.append({"section": TRIALS, "contents": names})
    settings["project"]["render"] = [
        document for section in contents for document in section["contents"]
    ]
    _yaml().dump(settings, sources / SETTINGS)


def _trials(results: Results) -> list[dict[str, Any]]:
    """The trials of the analyses first, in their order, then the others that reported."""
    used = [trial for a in results.config.analyses.values() for trial in a.trials]
    order = {trial: place for place, trial in enumerate(dict.fromkeys(used))}
    rows = records(results.evidence(tables.TRIALS))
    return sorted(
        (row for row in rows if row["trial"] in order or row["status"] == REPORTED),
        key=lambda row: (order.get(row["trial"], len(order)), row["trial"]),
    )
