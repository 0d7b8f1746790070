"""A private copy of the evidence that a test may spoil."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from evinet.errors import InputError, Problem
from evinet.extract import checks, load
from evinet.extract.finding import Finding

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Data:
    """A copy of data/raw."""

    folder: Path

    def file(self, trial: str, name: str = "trial.yaml") -> Path:
        return self.folder / "trials" / trial / name

    def edit(self, path: Path, old: str, new: str) -> int:
        """Replace the one or first `old`; the line on which it was."""
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{path} has no {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return text[: text.index(old)].count("\n") + 1

    def problems(self, trial: str) -> list[Problem]:
        """What `load` says is wrong."""
        try:
            load.load(self.folder, trial)
        except InputError as error:
            return error.problems
        return []

    def findings(self, trial: str, rule: str) -> list[Finding]:
        """What a rule finds, even in a trial that contradicts itself."""
        evidence, _ = load.read(self.folder, trial)
        return list(checks.RULES[rule](evidence))


@pytest.fixture
def data(tmp_path: Path) -> Data:
    shutil.copytree(ROOT / "data" / "raw", tmp_path / "raw")
    return Data(tmp_path / "raw")
