"""Releases are kept whole, and differences between runs are found."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from evinet import tables
from evinet.errors import InputError
from evinet.report import pages, releases
from evinet.report.results import Results, load


@pytest.fixture
def kept(results: Results, tmp_path: Path) -> Path:
    """A folder with one release."""
    releases.keep(results, "first", tmp_path / "releases")
    return tmp_path / "releases"


def later(project: Path, folder: Path) -> Path:
    """A copy of the results to change."""
    shutil.copytree(project / "results", folder / "results")
    return folder / "results"


def edit(path: Path, table: tables.Table, column: str, where: pd.Series, value: object) -> None:
    frame = table.read(path)
    frame.loc[where, column] = value
    table.write(path, frame)


def test_the_same_run_has_changed_nothing(project: Path, kept: Path) -> None:
    again = load(project / "config/config.yaml", project / "results", kept)
    before = releases.releases_of(again)[-1].results
    assert all(not move.turned and move.distance == 1 for move in releases.moves(before, again))
    assert releases.changed_facts(before, again) == []
    assert releases.changed_settings(before, again) == []
    assert "No conclusion changed" in pages.changes.estimates(again)


def test_a_turned_conclusion_comes_first(project: Path, kept: Path, tmp_path: Path) -> None:
    root = later(project, tmp_path)
    path = root / "fits/pfs/fixed/league.csv"
    league = tables.LEAGUE.read(path)
    pair = (league["treatment"] == "high") & (league["comparator"] == "new")
    edit(path, tables.LEAGUE, "q2.5", pair, -0.1)
    now = load(project / "config/config.yaml", root, kept)
    first, second, *_ = releases.moves(releases.releases_of(now)[-1].results, now)
    assert (first.treatment, first.comparator, first.turned) == ("high", "new", True)
    assert not second.turned
    assert "One conclusion changed" in pages.changes.estimates(now)


def test_a_changed_fact_is_shown_with_both_values(
    project: Path, kept: Path, tmp_path: Path
) -> None:
    root = later(project, tmp_path)
    path = root / "evidence/facts.csv"
    facts = tables.FACTS.read(path)
    birch = (facts["trial"] == "birch") & (facts["use"] == "used")
    edit(path, tables.FACTS, "value", birch, "0.41")
    now = load(project / "config/config.yaml", root, kept)
    found = releases.changed_facts(releases.releases_of(now)[-1].results, now)
    assert found == [
        {"trial": "birch", "path": "outcomes.pfs.hr", "before": "0.37", "after": "0.41"}
    ]
    assert "BIRCH" in pages.changes.evidence(now)


def test_releases_keep_their_order(results: Results, kept: Path) -> None:
    releases.keep(results, "again", kept)
    assert [(r.name, r.order) for r in releases.all_releases(kept)] == [("first", 1), ("again", 2)]


def test_a_name_is_used_once_and_nothing_is_overwritten(results: Results, kept: Path) -> None:
    with pytest.raises(InputError, match="exists"):
        releases.keep(results, "first", kept)


def test_an_unfinished_run_is_no_release(project: Path, tmp_path: Path) -> None:
    root = later(project, tmp_path)
    (root / "fits/pfs/wide/league.csv").unlink()
    unfinished = load(project / "config/config.yaml", root)
    with pytest.raises(InputError, match=r"wide/league\.csv"):
        releases.keep(unfinished, "broken", tmp_path / "releases")
    assert not list((tmp_path / "releases").glob("**/*.csv"))


@pytest.mark.parametrize(
    "name", ["../../x", "..", "", "a" * 300, "/tmp/x", "a/b", "A", "a\n", "a b", ".evinet"]
)
def test_the_name_of_a_release_is_a_slug(results: Results, tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="is not a slug"):
        releases.keep(results, name, tmp_path / "releases")
    assert list(tmp_path.glob("**/release.json")) == []
    assert not (tmp_path / "releases").exists()
