"""A value that nobody compared with its source reaches no analysis, unless that is asked for."""

from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from evinet import tables
from evinet.cli import cli
from evinet.extract.trace import trace
from evinet.report.pages.summary import not_checked


@pytest.fixture
def marked(data):
    """A copy of the evidence in which one value is marked."""
    line = data.edit(data.file("promid"), "\narms:", "\narms:  # unsure: read once")
    return data, line + 1


def extract(data, out, *options):
    arguments = ["extract", "--trial", "promid", "--data", str(data.folder), "--out", str(out)]
    return CliRunner().invoke(cli, [*arguments, *options])


def test_a_trial_with_marks_is_refused_with_every_mark(marked, tmp_path):
    data, line = marked
    result = extract(data, tmp_path / "out")
    assert result.exit_code != 0
    said = str(result.exception) + result.output
    for words in (f"trial.yaml:{line}", "read once", "--allow-unsure"):
        assert words in said
    assert not (tmp_path / "out").exists()


def test_allowed_marks_stand_among_the_checks(marked, tmp_path):
    data, line = marked
    assert extract(data, tmp_path / "out", "--allow-unsure").exit_code == 0
    checks = tables.CHECKS.read(tmp_path / "out" / "checks.csv")
    (mark,) = checks[checks["rule"] == "unsure"].to_dict("records")
    assert (mark["verdict"], mark["path"]) == ("warn", f"trial.yaml:{line}")
    assert "read once" in mark["expected"]


def test_the_first_page_of_the_report_says_so(marked, tmp_path):
    extract(marked[0], tmp_path / "out", "--allow-unsure")
    checks = tables.CHECKS.read(tmp_path / "out" / "checks.csv")
    results = SimpleNamespace(evidence=lambda _: checks, trial_names={"promid": "PROMID"})
    assert "PROMID" in "".join(not_checked(results))
    settled = checks[checks["rule"] != "unsure"]
    assert not not_checked(SimpleNamespace(evidence=lambda _: settled))


def test_a_trial_without_marks_needs_no_leave(data, tmp_path):
    assert extract(data, tmp_path / "out").exit_code == 0


def test_a_trial_that_was_not_run_is_traced_in_its_own_file(data, tmp_path):
    lines = list(trace(tmp_path / "results", "promid", None, data.folder))
    assert "not run yet" in lines[0]
    assert any("trials/promid/trial.yaml:" in line for line in lines)
    assert any(line.startswith("  [") for line in lines)
