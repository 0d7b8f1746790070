"""Each mistake gives one clear message: file, line, field, value, remedy."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from evinet.cli import cli
from evinet.errors import InputError, Problem
from evinet.extract import load

# name: (trial, old text, new text, field has, value has, message or remedy has)
MISTAKES = {
    "a misspelt field": ("netter-2", "\nstatus: reported", "\nstatsu: reported", "statsu",
                         "reported", "no such field"),
    "a number that is text": ("netter-2", "events: 55", 'events: "55"', "events", "55",
                              "valid integer"),
    "an arm that is not there": ("netter-2", "- arm: lu-dotatate", "- arm: lu-dotatat",
                                 "arm", "lu-dotatat", "lu-dotatate"),
    "events above N": ("netter-2", "events: 55", "events: 155", "events", "155", "151 patients"),
    "an interval without its estimate": ("netter-2", "lower: 0.182", "lower: 0.282",
                                         "contrasts", "0.282", "does not contain its estimate"),
    "a median outside its interval": ("netter-2", "lower: 19.4", "lower: 29.4", "median", "29.4",
                                      "does not contain its estimate"),
    "an unknown treatment": ("netter-2", "treatment: octreotide-60", "treatment: octreotid-60",
                             "treatment", "octreotid-60", "octreotide-60"),
    "an unknown source": ("clarinet", "source: somatuline-hcp, locator: table}",
                          "source: somatulin-hcp, locator: table}", "source", "somatulin-hcp",
                          "somatuline-hcp"),
    "a value outside the vocabulary": ("netter-2", "assessor: bicr", "assessor: bcir", "assessor",
                                       "bcir", "investigator"),
    "a field twice": ("netter-2", "year: 2024", "year: 2024\nyear: 2023", "YAML", "year",
                      "duplicate key"),
    "a YAML syntax error": ("netter-2", "events: 55", "events: [55", "YAML", "", "cannot be read"),
    "a report that is not there": ("netter-2", "report: primary", "report: primry", "report",
                                   "primry", "primary"),
    "a bad slug": ("netter-2", "\ntrial: netter-2", "\ntrial: NETTER 2", "trial", "NETTER 2",
                   "lower-case"),
    "a slug of another trial": ("netter-2", "\ntrial: netter-2", "\ntrial: netter-1", "trial",
                                "netter-1", "netter-2"),
    "a count that is not one": ("netter-2", "136 (93%)", "136 patients", "counts.lu-dotatate",
                                "136 patients", "is not a count"),
    "a bad fraction": ("netter-2", "in_arm: 30/86", "in_arm: 30 of 86", "in_arm", "30 of 86",
                       "30/86"),
    "a value without a locator": ("clarinet", "median: {value: NR,",
                                  "median: {source: somatuline-hcp, value: NR,", "median", "NR",
                                  "no locator"),
    "an event in two tables": ("netter-2", "{event: nausea, grade: any,",
                               "{event: anaemia, grade: any,", "most common events",
                               "40 (27%)", "has the same event of the same arm"),
    "a negative ratio": ("netter-2", "value: 0.276", "value: -0.276", "value", "-0.276",
                         "greater than 0"),
    "a median among the counts": ("e2211", "62 years", '"62"', "population", "",
                                  "not a number of patients"),
    "an impossible date": ("netter-2", "data_cutoff: 2023-07-20", "data_cutoff: 2023-07-40", "YAML",
                           "2023-07-40", "not a date that exists"),
    "an interval without width": ("netter-2", "lower: 0.182\n        upper: 0.418",
                                  "lower: 0.276\n        upper: 0.276", "contrasts", "",
                                  "no width"),
    "a huge ratio": ("netter-2", "value: 0.276", "value: 1.0e+308", "contrasts", "",
                     "not a ratio that a trial can estimate"),
    "a negative median": ("netter-2", "value: 22.8, lower: 19.4", "value: -22.8, lower: -29.4",
                          "median.value", "-22.8", "greater than or equal to 0"),
    "more than all": ("netter-2", "136 (93%)", "136 (193%)", "counts", "136 (193%)", "above 100%"),
    "a response above 100": ("netter-2", "lower: 35.0", "lower: 135.0", "lower", "135",
                             "less than or equal to 100"),
    "the year 1": ("netter-2", "year: 2024", "year: 1", "year", "1", "1900 and 2100"),
    "the year 3000": ("netter-2", "year: 2024", "year: 3000", "year", "3000", "1900 and 2100"),
    "a blank name": ("netter-2", "name: NETTER-2", 'name: "  "', "name", " ", "blank"),
    "a name of two lines": ("netter-2", "name: NETTER-2", 'name: "NETTER\\n2"', "name", "NETTER",
                            "line break"),
    "a backslash": ("netter-2", "name: NETTER-2", "name: NETTER\\2", "name", "NETTER", "backslash"),
    "a date of enrolment": ("netter-2", "start: 2020-01-22", "start: January 2020", "start",
                            "January 2020", "not a date such as"),
    "an arm against itself": ("netter-2", "comparator: octreotide\n        measure",
                              "comparator: lu-dotatate\n        measure", "comparator",
                              "lu-dotatate", "with itself"),
    "one treatment in two arms": ("netter-2", "treatment: octreotide-60",
                                  "treatment: lu-dotatate-octreotide", "comparator", "octreotide",
                                  "two arms with one treatment"),
    "a bad name of an arm": ("netter-2", "  lu-dotatate:\n    treatment",
                             "  Lu Dotatate:\n    treatment", "Lu Dotatate", "", "lower-case"),
    "reports of one contrast": ("promid", "        preferred: longest follow-up, most deaths "
                                "(48 of 85)\n", "", "contrasts", "", "none is preferred"),
}  # fmt: skip


FAR = {"a huge ratio": 6, "one treatment in two arms": 30}
"""Lines between a mistake and the block that it makes wrong."""


def shown(problem: Problem) -> str:
    return f"{problem.message}. {problem.remedy}"


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_line(data, mistake):
    trial, old, new, field, value, words = MISTAKES[mistake]
    line = data.edit(data.file(trial), old, new) + (old[0] == "\n")
    problems = data.problems(trial)
    found = [
        problem
        for problem in problems
        if field in problem.field and value in str(problem.value) and words in shown(problem)
    ]
    assert found, [str(problem) for problem in problems]
    assert all(problem.file == str(data.file(trial)) and problem.remedy for problem in problems)
    if mistake not in ("a YAML syntax error", "reports of one contrast", "a field twice"):
        assert abs(found[0].line - line) <= FAR.get(mistake, 6 if "interval" in mistake else 0)


@pytest.mark.parametrize(
    "mistake", ["a misspelt field", "a number that is text", "events above N", "an unknown source"]
)
def test_one_mistake_is_one_message(data, mistake):
    trial, old, new, *_ = MISTAKES[mistake]
    data.edit(data.file(trial), old, new)
    wanted = (
        2 if mistake == "a misspelt field" else 1
    )  # the field is unknown, the right one missing
    assert len(data.problems(trial)) == wanted


def test_all_mistakes_are_told_at_once(data):
    path = data.file("netter-2")
    data.edit(path, "events: 55", "events: 155")
    data.edit(path, "treatment: octreotide-60", "treatment: octreotide-61")
    data.edit(path, "lower: 0.182", "lower: 0.282")
    data.edit(
        data.file("netter-2", "at-risk/pfs.csv"),
        "primary,lu-dotatate,4,138",
        "primary,lu-dotatate,4,148",
    )
    assert len(data.problems("netter-2")) == 4


CELLS = {
    "numbers at risk that rise": ("lu-dotatate,4,138", "lu-dotatate,4,148", "n", "148", "rises"),
    "a cell that is not a number": ("lu-dotatate,4,138", "lu-dotatate,4,x", "n", "x",
                                    "not a number"),
    "a fraction of a patient": ("lu-dotatate,4,138", "lu-dotatate,4,138.5", "n", "138.5", "whole"),
    "an infinite time": ("lu-dotatate,4,138", "lu-dotatate,inf,138", "time", "inf",
                         "not a number"),
    "an empty cell": ("lu-dotatate,4,138", "lu-dotatate,4,", "n", "", "empty"),
    "an arm that is not there": ("lu-dotatate,4,138", "lu,4,138", "arm", "lu", "no such arm"),
    "a time twice": ("lu-dotatate,4,138", "lu-dotatate,2,138", "time", "2", "duplicate"),
    "a time that goes back": ("lu-dotatate,4,138", "lu-dotatate,1,138", "time", "1", "before"),
    "more than randomised": ("lu-dotatate,0,151", "lu-dotatate,0,152", "n", "152", "151"),
    "a cell too many": ("lu-dotatate,4,138", "lu-dotatate,4,138,9", "row", "138", "7 cells"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", CELLS)
def test_a_bad_cell_is_named_with_its_line(data, mistake):
    old, new, field, value, words = CELLS[mistake]
    path = data.file("netter-2", "at-risk/pfs.csv")
    line = data.edit(path, old, new)
    problems = data.problems("netter-2")
    assert [p for p in problems if p.field == field and value in str(p.value)
            and words in shown(p) and p.line == line and p.file == str(path)], problems  # fmt: skip


def test_a_bad_header_is_named(data):
    path = data.file("netter-2", "at-risk/pfs.csv")
    data.edit(path, "report,arm", "arm,report")
    [problem] = data.problems("netter-2")
    assert (problem.field, problem.line) == ("columns", 1)


@pytest.mark.parametrize("name", ["PFS.csv", "pfs.xlsx", "pfs (1).csv"])
def test_a_file_of_points_has_the_name_of_its_outcome(data, name):
    path = data.file("netter-2", "at-risk/pfs.csv")
    path.rename(path.with_name(name))
    [problem] = data.problems("netter-2")
    assert (problem.value, problem.file) == (name, str(path.with_name(name)))


def test_a_file_that_is_not_text_is_named(data):
    path = data.file("netter-2", "at-risk/pfs.csv")
    path.write_bytes(b"report,arm\xff\xfe")
    [problem] = data.problems("netter-2")
    assert "is not UTF-8" in problem.message


def test_a_folder_without_its_file_is_named(data):
    data.file("netter-2").unlink()
    assert "netter-2" in load.slugs(data.folder)
    [problem] = data.problems("netter-2")
    assert problem.file == str(data.file("netter-2"))


def test_a_result_given_twice_is_named(data):
    path = data.file("netter-2")
    data.edit(path, "assessor: investigator", "assessor: bicr")
    assert any("duplicate" in problem.message for problem in data.problems("netter-2"))


def test_a_bad_folder_name_is_refused(data):
    data.file("netter-2").parent.rename(data.folder / "trials" / "NETTER_2")
    [problem] = data.problems("NETTER_2")
    assert "slug" in problem.message


def test_the_command_fails_without_a_traceback_and_writes_nothing(data, tmp_path):
    data.edit(data.file("netter-2"), "events: 55", "events: 155")
    out = tmp_path / "out"
    for arguments in (
        ["check", str(data.folder)],
        ["check", str(data.file("netter-2").parent)],
        ["extract", "--trial", "netter-2", "--data", str(data.folder), "--out", str(out)],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "evinet.cli", *arguments],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert "155" in done.stderr
        assert "Traceback" not in done.stderr
    assert not out.exists()


@pytest.mark.parametrize("name", ["curve", "at_risk", "At-Risk", "atrisk"])
def test_a_folder_that_is_nearly_one_of_points_is_named(data, name):
    data.file("netter-2", f"{name}").mkdir()
    assert any(problem.value == name for problem in data.problems("netter-2"))


@pytest.mark.parametrize("name", ["NETTER-9", "netter 9", "netter_9"])
def test_a_folder_that_cannot_be_a_trial_is_named(data, name):
    (data.folder / "trials" / name).mkdir()
    with pytest.raises(InputError, match="not a slug"):
        load.slugs(data.folder)


def test_a_trial_file_beside_the_folders_is_named(data):
    (data.folder / "trials" / "netter-9.yaml").write_text("trial: netter-9")
    with pytest.raises(InputError, match="without a folder"):
        load.slugs(data.folder)


def test_other_files_of_a_trial_are_nobodys_business(data):
    data.file("netter-2", "notes {draft}.txt").write_text("mine")
    assert not data.problems("netter-2")
    found = load.trial_files(data.folder, "netter-2")
    assert [path.name for path in found] == ["trial.yaml", "pfs.csv"]


def test_a_draft_outside_a_data_folder_is_told_where_to_go(data, tmp_path):
    """As `evinet read --out` writes it where nothing else is."""
    (tmp_path / "draft").mkdir()
    text = data.file("netter-2").read_text(encoding="utf-8")
    (tmp_path / "draft/trial.yaml").write_text(text, encoding="utf-8")
    for path in (tmp_path / "draft", tmp_path / "draft/trial.yaml"):
        done = CliRunner().invoke(cli, ["check", str(path)])
        assert isinstance(done.exception, InputError)
        assert "holds a trial, but stands in no folder trials/" in str(done.exception)
        assert "Move it to data/raw/trials/draft" in str(done.exception)


def test_two_trials_with_one_registration_are_a_warning(data):
    number = load.load(data.folder, "netter-1").trial.registration.value
    data.edit(data.file("netter-2"), "NCT03972488", number)
    done = CliRunner().invoke(cli, ["check", str(data.folder)])
    assert f"netter-1, netter-2: registration: both have {number}" in done.output


def test_marks_of_the_reader_are_counted_and_listed(data):
    path = data.file("netter-2")
    line = data.edit(path, "events: 55", "events: 55  # unsure: 55 and 65 are printed")
    data.edit(path, "events: 46", 'events: {value: 46, note: "a hash#unsure is none"}')
    arguments = ["check", str(path.parent)]
    done = CliRunner().invoke(cli, arguments)
    assert f"unsure: {path}:{line}: events: 55: 55 and 65 are printed" in done.output
    assert "1 value marked unsure" in done.output
    assert done.exit_code == 0
    assert CliRunner().invoke(cli, [*arguments, "--strict"]).exit_code == 1
