"""A review in a folder of its own, outside the repository: from `evinet init` to a report.

The wheel is installed in an environment that knows nothing of the checkout.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MODULE = """
configfile: "config/config.yaml"

module evinet:
    snakefile: "{snakefile}"
    config: config

use rule * from evinet as evinet_*

rule all:
    default_target: True
    input: rules.evinet_all.input
"""


class Review:
    """A review that `evinet init` made, with the installed wheel."""

    def __init__(self, folder: Path, installed: Path):
        self.folder, self.installed = folder, installed

    def command(self, *words: str | Path, cwd: Path | None = None) -> str:
        environment = {
            "PATH": f"{self.installed}{os.pathsep}/usr/bin:/bin",
            "HOME": str(self.folder.parent),
            "EVINET_CACHE": str(ROOT / ".cache"),
        }
        program, *rest = words
        if program in ("snakemake", "evinet"):
            program = self.installed / program
        done = subprocess.run(
            [program, *rest], cwd=cwd or self.folder, env=environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(installed: Path) -> Path:
    """The programs of the wheel, with a `snakemake` that runs in its environment."""
    program = installed / "snakemake"
    if not program.exists():
        start = "import sys\nfrom snakemake.cli import main\nsys.exit(main())\n"
        program.write_text(f"#!{installed / 'python'}\n{start}")
        program.chmod(0o755)
    return installed


@pytest.fixture(scope="module")
def done(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Review:
    """A review that ran to its report by `evinet run`."""
    folder = tmp_path_factory.mktemp("outside") / "my-review"
    review = Review(folder, wheel)
    review.command("evinet", "init", "my-review", cwd=folder.parent)
    review.command("evinet", "run", "--cores", "2")
    return review


@pytest.fixture
def begun(done: Review, tmp_path: Path) -> Review:
    """The same, with its report and manifests to be made again."""
    copy = tmp_path / "copy"
    shutil.copytree(done.folder, copy, ignore=shutil.ignore_patterns("locks", "log", "tmp*"))
    shutil.rmtree(copy / "results/figures")
    return Review(copy, done.installed)


def test_from_the_wheel_alone_to_a_report(done):
    results = done.folder / "results"
    assert "An example with invented trials" in (results / "report/index.html").read_text()
    assert (results / "figures/os-network.svg").is_file()
    said = done.command("evinet", "verify", "results")
    assert "results are the same" in said
    assert done.command("snakemake", "-n", "--cores", "1").count("Nothing to be done") == 1
    names = [path for path in done.folder.rglob("*") if ".snakemake" not in path.parts]
    told = [path for path in names if path.suffix in (".json", ".html", ".csv", ".yaml")]
    assert not [path for path in told if str(ROOT).encode() in path.read_bytes()]


def test_the_report_of_snakemake_shows_figures_and_tables(done):
    done.command("snakemake", "--report", "report.zip", "--cores", "1")
    listed = done.command(done.installed / "python", "-m", "zipfile", "-l", "report.zip")
    assert "os-network.svg" in listed
    assert "league.csv" in listed


RESPONSES = """responses:
  - outcome: orr
    report: primary
    locator: nowhere
    arms:
      {one}: {{n: {r}, total: 200}}
      {other}: {{n: {s}, total: 200}}
"""
BY_AGE = """
  by-age:
    label: By age
    effects: fixed
    regression:
      formula: age
      patients: data/patients.csv
      covariates: data/covariates.csv
      populations: {clinic: data/clinic.csv}

analyses:
  response:
    title: Response
    outcome: orr
    data: responses
    better: higher
    trials: [example-1, example-2]
    references: [old-drug]
    models: [by-age]
"""


@pytest.mark.slow
def test_patients_with_covariates_answer_for_whom_on_the_page(begun):
    """Age is five years above the patients' in the clinic, and the effect grows with age."""
    folder = begun.folder
    lines, count = ["study,treatment,age,r"], {"new-drug": 0, "old-drug": 0}
    for number in range(400):  # ages and outcomes that follow one another in fixed cycles
        treatment, age = ("new-drug", "old-drug")[number % 2], 50 + number // 2 % 21
        share = 0.4 if treatment == "old-drug" else 0.4 + 0.025 * (age - 50)
        event = int(number * 0.6180339887 % 1 < share)
        count[treatment] += event
        lines.append(f"example-1,{treatment},{age},{event}")
    (folder / "data/patients.csv").write_text("\n".join(lines) + "\n")
    (folder / "data/covariates.csv").write_text("study,n,age_mean,age_sd\nexample-2,400,62,6\n")
    (folder / "data/clinic.csv").write_text("age_mean,age_sd\n65,4\n")
    for trial, arms in {
        "example-1": count,
        "example-2": {"old-drug": 80, "older-drug": 60},
    }.items():
        (one, r), (other, s) = arms.items()
        with (folder / f"data/raw/trials/{trial}/trial.yaml").open("a") as file:
            file.write(RESPONSES.format(one=one, other=other, r=r, s=s))
    config = folder / "config/config.yaml"
    config.write_text(config.read_text().replace("\nanalyses:\n", BY_AGE, 1))
    begun.command("evinet", "run", "--cores", "2")
    page = (folder / "results/report/for-whom.html").read_text()
    assert all(part in page for part in ("By age", "clinic", "New drug vs Old drug"))
    with (folder / "results/fits/response/by-age/adjusted.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "conditional"]
    effect = {row["population"]: float(row["mean"]) for row in rows
              if (row["treatment"], row["comparator"]) == ("new-drug", "old-drug")}  # fmt: skip
    assert effect["example-1"] < effect["example-2"] < effect["clinic"]


def test_the_workflow_as_a_module_makes_the_same(begun, done):
    """As `snakefile: github(...)` would: rules have other names, and no file lies beside."""
    elsewhere = begun.folder.parent / "fetched"
    shutil.copytree(ROOT / "workflow", elsewhere)
    (begun.folder / "Snakefile").write_text(MODULE.format(snakefile=elsewhere / "Snakefile"))
    shutil.rmtree(begun.folder / "results")
    begun.command("snakemake", "--cores", "2", "results/manifest.json")
    names = ("results/manifest.json", "results/fits/os/fixed/league.csv")
    for name in names:
        assert (begun.folder / name).read_text() == (done.folder / name).read_text()


def test_the_workflow_by_its_path_works_in_another_folder(begun, done):
    (begun.folder / "Snakefile").unlink()
    begun.command(
        "snakemake", "--snakefile", ROOT / "workflow/Snakefile", "--directory", begun.folder,
        "--cores", "2", cwd=begun.folder.parent,
    )  # fmt: skip
    for name in ("results/manifest.json", "results/report-manifest.json"):
        assert (begun.folder / name).read_text() == (done.folder / name).read_text()


@pytest.mark.skipif(shutil.which("rsync") is None, reason="the storage plugin fs calls rsync")
def test_without_a_shared_file_system_the_results_are_the_same_bytes(begun, done):
    """Every file goes through a storage and comes back, as on Kubernetes."""
    shutil.rmtree(begun.folder / "results")
    bucket = begun.folder.parent / "bucket"
    shutil.copytree(begun.folder / "data", bucket / "data")
    begun.command(
        "snakemake", "--cores", "2", "--shared-fs-usage", "none",
        "--default-storage-provider", "fs", "--default-storage-prefix", bucket,
    )  # fmt: skip
    beside = [path.name for path in (begun.folder / "results").iterdir()]
    assert beside == ["config.json"], "the configuration as it is run; all results are stored"
    for name in ("results/manifest.json", "results/report-manifest.json"):
        assert (bucket / name).read_text() == (done.folder / name).read_text()


def test_a_second_init_changes_nothing(begun):
    path = begun.folder / "config/config.yaml"
    path.write_text("# mine\n")
    said = begun.command("evinet", "init", "--pages", ".")
    assert "left as it is: config/config.yaml" in said
    assert path.read_text() == "# mine\n"
    assert (begun.folder / "reports/index.qmd").is_file()


def test_an_archive_opens_elsewhere_and_verifies(done, tmp_path):
    for name in ("first.zip", "second.zip"):
        done.command("evinet", "archive", tmp_path / name)
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
    elsewhere = tmp_path / "elsewhere"
    with zipfile.ZipFile(tmp_path / "first.zip") as archive:
        archive.extractall(elsewhere)
    said = done.command("evinet", "verify", "results", cwd=elsewhere)
    assert "results are the same" in said
    assert "input changed" not in said
    crate = json.loads((elsewhere / "ro-crate-metadata.json").read_text())
    things = {each["@id"]: each for each in crate["@graph"]}
    assert things["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    there = {
        path.relative_to(elsewhere).as_posix() for path in elsewhere.rglob("*") if path.is_file()
    }
    listed = {part["@id"] for part in things["./"]["hasPart"]}
    assert listed == there - {"ro-crate-metadata.json"}
    assert listed <= things.keys()
    assert "evinet==" in (elsewhere / "environment.txt").read_text()
    assert (elsewhere / "data/raw/trials/example-1/trial.yaml").is_file()


def test_results_that_were_edited_are_not_archived(begun, tmp_path):
    done = subprocess.run(
        [begun.installed / "evinet", "archive", tmp_path / "a.zip"], cwd=begun.folder,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "figures/os-network.svg" in done.stderr
    assert not (tmp_path / "a.zip").exists()
