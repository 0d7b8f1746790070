"""The built wheel, in an environment of its own and without the repository: every command works."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from evinet import cli

ROOT = Path(__file__).parents[1]
TRIAL = """\
trial: {slug}
name: {slug}
status: reported
source: a-2020
locator: Table 1
arms:
  new: {{treatment: new, n_randomised: 100}}
  old: {{treatment: old, n_randomised: 100}}
reports:
  primary: {{title: Primary analysis}}
results:
  - outcome: pfs
    report: primary
    arms:
      new: {{events: 50}}
      old: {{events: 60}}
    contrasts:
      - {{arm: new, comparator: old, measure: hr, value: 0.7, lower: 0.5, upper: 0.98}}
"""
FILES = {
    "data/raw/treatments.yaml": """\
classes: {}
treatments:
  new: {label: New, components: [new]}
  old: {label: Old, components: [old]}
""",
    "data/raw/sources.yaml": """\
sources:
  a-2020: {kind: publication, citation: A. 2020}
""",
    "data/raw/trials/one/trial.yaml": TRIAL.format(slug="one"),
    "paper.txt": """\
A randomised, double-blind trial of drug A against placebo in 200 patients.

Results. 200 patients were randomised: 100 to drug A and 100 to placebo. Median progression-free
survival was 22.8 months (95% CI 19.4 to 30.1) with drug A and 8.5 months (7.7 to 13.8) with
placebo (hazard ratio 0.28, 95% CI 0.18 to 0.42; P<0.0001). ClinicalTrials.gov NCT01234567.
""",
    "at-risk.csv": "arm,time,n\nA,0,100\nA,6,80\nA,12,50\nB,0,100\nB,6,60\nB,12,20\n",
    "curve.csv": "arm,time,survival\nA,0,1\nA,3,0.95\nA,6,0.85\nA,9,0.7\nA,12,0.55\n"
    "B,0,1\nB,3,0.85\nB,6,0.65\nB,9,0.4\nB,12,0.25\n",
    "arms.csv": "study,treatment,r,n\n1,A,10,100\n1,B,20,100\n2,A,12,90\n2,B,18,95\n",
}


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the smallest evidence."""
    folder = tmp_path_factory.mktemp("review")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def run(installed: Path, review: Path, *arguments: str) -> str:
    environment = {
        "PATH": f"{installed}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(review),
        "EVINET_CACHE": str(ROOT / ".cache"),
    }
    done = subprocess.run(
        [installed / "evinet", *arguments],
        cwd=review, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def test_it_is_the_wheel_that_is_run(installed):
    code = "import evinet, pandas; print(evinet.__file__)"
    done = subprocess.run(
        [installed / "python", "-c", code], cwd="/", capture_output=True, text=True, check=True
    )
    assert str(installed.parent) in done.stdout


def test_every_file_of_the_package_is_in_the_wheel(installed):
    [site] = installed.parent.glob("lib/python*/site-packages")
    for path in (ROOT / "src").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts and "egg-info" not in str(path):
            assert (site / path.relative_to(ROOT / "src")).is_file(), path


def test_every_command_explains_itself(installed, review):
    assert "evinet" in run(installed, review, "--version")
    said = run(installed, review, "--help")
    assert all(name in said for name in cli.COMMANDS)
    code = "from evinet import cli\nfor name in cli.COMMANDS:\n    cli.cli.get_command(None, name)"
    subprocess.run([installed / "python", "-c", code], cwd=review, check=True)


def test_a_trial_is_started_checked_and_extracted(installed, review):
    run(installed, review, "new-trial", "two", "--data", "new")
    assert (review / "new/trials/two/trial.yaml").is_file()
    assert "1 trial valid" in run(installed, review, "check")
    run(installed, review, "extract", "--trial", "one", "--out", "results/evidence/trials/one")
    assert (review / "results/evidence/trials/one/contrasts.csv").is_file()


def test_a_publication_is_read(installed, review):
    run(installed, review, "read", "paper.txt", "--trial", "three", "--out", "draft")
    assert "0.28" in (review / "draft/trial.yaml").read_text()


def test_patients_are_reconstructed(installed, review):
    arguments = ["--curve", "curve.csv", "--at-risk", "at-risk.csv", "--draws", "2", "--out", "ipd"]
    run(installed, review, "reconstruct", *arguments)
    assert (review / "ipd/ipd.csv").is_file()


def test_a_network_meta_analysis_is_made(installed, review):
    arguments = ["--likelihood", "binomial", "--effects", "fixed", "--out", "nma"]
    run(installed, review, "nma", "arms.csv", *arguments)
    assert (review / "nma/league.csv").is_file()
