"""Releases: finished runs that are kept, and what changed since the last one."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evinet import config as configuration
from evinet import files, tables
from evinet.document import is_slug
from evinet.errors import InputError, Problem
from evinet.report.effects import interval
from evinet.report.numbers import Interval
from evinet.report.results import Results, load
from evinet.report.rows import records

if TYPE_CHECKING:
    import pandas as pd

CONFIG, RECORD = "config.json", "release.json"
EVIDENCE = (tables.TRIALS, tables.TREATMENTS, tables.CONTRASTS, tables.FACTS)
LEAGUE = "league.csv"


@dataclass(frozen=True)
class Release:
    """A kept run: `order` counts the releases of a review from 1."""

    name: str
    order: int
    data_cutoff: str
    results: Results


@dataclass(frozen=True)
class Move:
    """An estimate in two runs; None where one of them does not have it."""

    analysis: str
    model: str
    treatment: str
    comparator: str
    before: Interval | None
    after: Interval | None

    @property
    def turned(self) -> bool:
        """Whether the conclusion is another: the interval lies differently about 1."""
        if self.before is None or self.after is None:
            return True
        return self.before.side_of_one() != self.after.side_of_one()

    @property
    def distance(self) -> float:
        """How far the estimate moved, as a factor of at least 1; infinite where one is missing."""
        if self.before is None or self.after is None:
            return float("inf")
        factor = self.after.estimate / self.before.estimate
        return max(factor, 1 / factor)


def keep(results: Results, name: str, folder: Path) -> Path:
    """Keep what a comparison needs, the manifest and the report in `folder`/`name`.

    Raises
    ------
    InputError
        The name is not a slug, there is a release of that name, or the results are not complete.
    """
    if not is_slug(name):
        remedy = "Use lower-case letters, digits and single hyphens, such as 2026-11"
        raise InputError(Problem("(command line)", "name", name, "is not a slug", remedy))
    target = folder / name
    if target.exists():
        raise InputError(
            Problem(str(target), "name", name, "this release exists", "Choose another name")
        )
    order = max((release.order for release in all_releases(folder)), default=0) + 1
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".evinet-") as temporary:
        filling = Path(temporary, name)
        _copy(results, filling)
        files.write_json(
            filling / RECORD,
            {"name": name, "order": order, "data_cutoff": results.config.review.data_cutoff},
        )
        filling.rename(target)
    return target


def _copy(results: Results, target: Path) -> None:
    files.write_json(target / CONFIG, results.config.model_dump(mode="json"))
    wanted = [Path("evidence", f"{table.name}.csv") for table in EVIDENCE]
    wanted += [
        Path("fits", analysis, model, LEAGUE)
        for analysis, content in results.config.analyses.items()
        for model in content.models
    ]
    wanted.append(Path("manifest.json"))
    missing = [path for path in wanted if not (results.root / path).exists()]
    if missing:
        raise InputError(
            [
                Problem(str(results.root / path), "results", None, "is not there", "Finish the run")
                for path in missing
            ]
        )
    slug = results.config.review.slug
    report = [Path("report", f"{slug}.{suffix}") for suffix in ("html", "pdf")]
    for path in [*wanted, *(path for path in report if (results.root / path).exists())]:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(results.root / path, target / path)


def releases_of(results: Results) -> list[Release]:
    """Earlier releases of the review that the results belong to, oldest first."""
    return all_releases(results.releases_folder) if results.releases_folder else []


def all_releases(folder: Path) -> list[Release]:
    """All releases below `folder`, oldest first."""
    found = []
    for record in folder.glob(f"*/{RECORD}"):
        content = files.read_json(record)
        kept = load(record.parent / CONFIG, record.parent)
        found.append(Release(content["name"], content["order"], content["data_cutoff"], kept))
    return sorted(found, key=lambda release: release.order)


def moves(before: Results, after: Results) -> list[Move]:
    """Every estimate of either run, the furthest moved first."""
    old, new = _estimates(before), _estimates(after)
    found = [Move(*key, old.get(key), new.get(key)) for key in {**old, **new}]
    return sorted(found, key=lambda move: (-move.turned, -move.distance, move.analysis, move.model))


def _estimates(results: Results) -> dict[tuple[str, str, str, str], Interval]:
    return {
        (analysis, model, row["treatment"], row["comparator"]): interval(row)
        for analysis, content in results.config.analyses.items()
        for model in content.models
        for row in records(results.fit(analysis, model).league)
        if row["treatment"] < row["comparator"]
    }


def changed_facts(before: Results, after: Results) -> list[dict[str, Any]]:
    """Facts that were added, removed or changed: trial, path, before, after."""
    old, new = (_facts(run.evidence(tables.FACTS)) for run in (before, after))
    return [
        {"trial": trial, "path": path, "before": old.get((trial, path)),
         "after": new.get((trial, path))}
        for trial, path in sorted(old.keys() | new.keys())
        if old.get((trial, path)) != new.get((trial, path))
    ]  # fmt: skip


def _facts(frame: pd.DataFrame) -> dict[tuple[str, str], str]:
    used = records(frame[frame["use"] == "used"])
    return {(row["trial"], row["path"]): row["value"] or "" for row in used}


def changed_settings(before: Results, after: Results) -> list[str]:
    """Sections of the configuration that are not as they were."""
    old, new = (run.config.model_dump(mode="json") for run in (before, after))
    return [name for name in configuration.Config.model_fields if old[name] != new[name]]
