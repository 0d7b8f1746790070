"""A private copy of the project, and a way to run its workflow."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from evinet import document

ROOT = Path(__file__).parents[2]
PARTS = (
    "Snakefile", "config", "workflow", "profiles", "data", "reports", "src",
)  # fmt: skip
SMALL = Path(__file__).parent / "small.yaml"
FEWER = Path(__file__).parent / "fewer.yaml"
ANALYSED = (
    "netter-1", "netter-2", "clarinet", "promid", "e2211", "compete", "radiant-3", "radiant-4",
    "axinet",
)  # fmt: skip
RECORDER = Path(__file__).parent / "recorder"


@dataclass(frozen=True)
class Project:
    """A copy of the project in a folder of its own."""

    folder: Path
    overlays: tuple[Path, ...] = (SMALL, FEWER)

    @property
    def environment(self) -> dict[str, str]:
        """That of its commands: its own code, not that of the checkout."""
        return {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([str(self.folder / "src"), *self._recorder]),
        }

    @property
    def _recorder(self) -> list[str]:
        """Notes the modules that commands load, in a folder `.loaded` where there is one."""
        return [str(RECORDER)] if (self.folder / ".loaded").is_dir() else []

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def snakemake(self, *arguments: str, cores: int = 2) -> subprocess.CompletedProcess[str]:
        return self.command(
            "snakemake", *arguments, "--cores", str(cores), "--configfile", *map(str, self.overlays)
        )

    def evinet(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.command("evinet", *arguments)

    def run(self, *arguments: str, cores: int = 2) -> str:
        done = self.snakemake(*arguments, cores=cores)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def planned(self) -> set[tuple[str, str]]:
        """(rule, wildcards) of every job that a run would do."""
        text = self.run("--dry-run")
        jobs = re.split(r"^(?:local)?rule ", text, flags=re.M)[1:]
        return {(job.split(":")[0], _wildcards(job)) for job in jobs} - {("all", "")}

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        text = file.read_text()
        assert old in text, f"{path} has no {old!r}"
        file.write_text(text.replace(old, new, 1))


def _wildcards(job: str) -> str:
    found = re.search(r"^    wildcards: (.*)$", job, flags=re.M)
    return found.group(1) if found else ""


def copy_project(folder: Path) -> Project:
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    return Project(folder)


@pytest.fixture(scope="module")
def new_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Project]:
    """Makes a copy in which nothing ran yet, for a whole file of tests."""
    return lambda name: copy_project(tmp_path_factory.mktemp(name))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy in which nothing ran yet."""
    return copy_project(tmp_path)


@pytest.fixture(scope="session")
def finished(once: Callable[[str, Callable[[Path], object]], Path]) -> Project:
    """The review in which the whole workflow ran on two cores (edit a `finished_copy` instead).

    With every trial of an analysis and one that has no results yet.
    """

    def fill(folder: Path) -> None:
        (folder / ".loaded").mkdir()
        project = copy_project(folder)
        keep_trials(project, *ANALYSED, "compose")
        project.run()

    return Project(once("finished", fill))


def keep_trials(project: Project, *names: str) -> None:
    """Leave these trials alone: a job each, and nothing that is analysed hangs on the others."""
    for trial in (project.folder / "data/raw/trials").iterdir():
        if trial.name not in names:
            shutil.rmtree(trial)


def make_small(project: Project) -> Project:
    """Leaves two of its trials and one analysis; of models an exact one and one of patients."""
    kept = ("netter-1", "netter-2")
    keep_trials(project, *kept)
    path = project.folder / "config/config.yaml"
    content = document.load(path).tree
    analysis = content["analyses"]["pfs"]
    for about_more_trials in ("questions", "modifiers", "populations", "proxies"):
        analysis.pop(about_more_trials)
    analysis |= {"trials": [*kept], "references": ["octreotide-60"],
                 "models": ["fixed", "fixed-ipd"]}  # fmt: skip
    models = {name: content["models"][name] for name in analysis["models"]}
    content |= {"analyses": {"pfs": analysis}, "models": models, "bridges": {}, "harms": []}
    with path.open("w", encoding="utf-8") as handle:
        YAML(typ="safe").dump(content, handle)
    return replace(project, overlays=(SMALL,))


@pytest.fixture
def small(project: Project) -> Project:
    """A small review in which nothing ran yet."""
    return make_small(project)


@pytest.fixture(scope="session")
def finished_small(once: Callable[[str, Callable[[Path], object]], Path]) -> Project:
    """A small review in which the whole workflow ran on two cores."""
    folder = once("finished-small", lambda folder: make_small(copy_project(folder)).run())
    return Project(folder, overlays=(SMALL,))


@pytest.fixture
def finished_copy(finished: Project, tmp_path: Path) -> Project:
    """A copy of the finished project, with Snakemake's records, that a test may change."""
    return _copy(finished, tmp_path)


@pytest.fixture
def small_copy(finished_small: Project, tmp_path: Path) -> Project:
    """A copy of the finished small review that a test may change."""
    return _copy(finished_small, tmp_path)


def _copy(project: Project, folder: Path) -> Project:
    momentary = shutil.ignore_patterns("locks", "log", "tmp*")  # of a run in the original
    shutil.copytree(project.folder, folder / "copy", symlinks=True, ignore=momentary)
    return replace(project, folder=folder / "copy")
