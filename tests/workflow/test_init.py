"""A review in a folder of its own, outside the repository: from `evinet init` to a report.

The wheel is installed in an environment that knows nothing of the checkout.
"""

from __future__ import annotations

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
