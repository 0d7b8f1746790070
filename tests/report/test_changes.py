"""`evinet changes`: the page for a pull request."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from evinet.cli import cli
from evinet.report import releases
from evinet.report.results import Results


def changes(project: Path, folder: Path) -> str:
    options = ["--config", str(project / "config/config.yaml"),
               "--results", str(project / "results"), "--releases", str(folder)]  # fmt: skip
    done = CliRunner().invoke(cli, ["changes", *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_without_a_release_it_says_that_there_is_nothing_to_compare_with(project, tmp_path):
    assert "nothing to compare with" in " ".join(changes(project, tmp_path).split())


def test_with_a_release_it_says_what_changed(project: Path, results: Results, tmp_path: Path):
    releases.keep(results, "first", tmp_path)
    text = changes(project, tmp_path)
    assert "compared with the release first" in text
    assert "## Conclusions and estimates\n" in text
    assert "No conclusion changed" in text
    assert "configuration has not changed" in text
    assert "<div" not in text
    assert ":::" not in text
