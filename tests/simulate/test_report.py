"""Both renderers show the page of a simulation study, with the same words."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from evinet import tables
from evinet.cli import cli
from evinet.simulate import study as studies
from evinet.simulate.run import parameters

ROOT = Path(__file__).parents[2]
STAND_IN = Path(__file__).parents[1] / "report/quarto_stand_in.py"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Invented measures of the study of the project; one model fails, one does not cover."""
    study = studies.load(ROOT / "config/simulation.yaml")
    rows = [
        {"scenario": name, "model": model, "parameter": parameter, "truth": truth,
         "replicates": 200, "failed": 3 if name == "counts-rare" else 0, "bias": 0.01,
         "bias_mcse": 0.002, "empirical_se": 0.2, "empirical_se_mcse": 0.01, "model_se": 0.19,
         "model_se_mcse": 0.003,
         "coverage": None if parameter == "tau" else 0.7 if model == "fixed" else 0.95,
         "coverage_mcse": None if parameter == "tau" else 0.02}
        for name, each in study.scenarios.items()
        for model in each.models
        for parameter, truth in parameters(each, study.models[model]).items()
    ]  # fmt: skip
    path = tmp_path_factory.mktemp("simulation") / "performance.csv"
    tables.PERFORMANCE.write(path, tables.PERFORMANCE.frame(rows))
    return path


def words(html: str) -> set[str]:
    """The words of a page, with straight quotes."""
    html = html.translate(str.maketrans("‘’“”", "''\"\""))
    text = re.sub(r"<(script|style|svg).*?</\1>", " ", html, flags=re.DOTALL)
    return set(re.sub(r"<[^>]*>", " ", text).split())


def test_both_renderers_show_the_study(table, tmp_path, monkeypatch):
    program = tmp_path / "bin/quarto"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setenv("STAND_IN_KERNELS", str(tmp_path / "kernels"))
    for renderer in ("builtin", "quarto"):
        done = CliRunner().invoke(
            cli,
            ["simulation-report", "--config", str(ROOT / "config/simulation.yaml"), "--performance",
             str(table), "--out", str(tmp_path / renderer), "--renderer", renderer],
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        assert f"rendered with {renderer}" in done.output
    text = (tmp_path / "builtin/index.html").read_text()
    shown = text[text.index("</h1>") : text.index('<nav class="turn"')]
    assert words(shown) <= words((tmp_path / "quarto/index.html").read_text())
    assert text.count("<svg") == 2
    assert "3 of 203" in text
    assert "70.0 (2.0)" in text
    assert "not defined" in text
    assert (tmp_path / "builtin/figures/coverage.svg").exists()
    assert not (tmp_path / "kernels").exists()
    for link in re.findall(r'href="([^"#:]+)"', text):
        assert (tmp_path / "builtin" / link).exists() or link == "data:,", link
