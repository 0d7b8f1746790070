"""What others deploy with: the case that the Snakemake catalogue runs, and the container file."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_case_of_the_catalogue_is_planned_to_its_report(project):
    case = project.folder / "case"
    shutil.copytree(ROOT / ".test", case)
    at = replace(project, folder=case)
    done = at.command(
        "snakemake", "--snakefile", str(ROOT / "workflow/Snakefile"), "--dry-run", "--cores", "1"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", done.stdout + done.stderr, flags=re.M))
    assert jobs["extract_trial"] == "2"
    assert {"fit", "report", "manifest_report"} <= jobs.keys()


def test_the_container_file_copies_what_is_there_and_trusts_hashes():
    """What can be looked at without Docker; hadolint as well, where it is installed."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    [image] = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", image), "an image of a named version"
    kept = (ROOT / ".dockerignore").read_text().splitlines()
    for line in lines:
        if line.startswith("COPY "):
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), line
                assert f"!{source}" in kept, f"{source} is left out by .dockerignore"
        if "pip install" in line:
            assert "--require-hashes" in line or "--no-deps" in line, line
    before = text.index("USER ")
    assert "useradd" in text[:before], "it does not run as root"
    if shutil.which("hadolint"):
        subprocess.run(["hadolint", str(ROOT / "Dockerfile")], check=True)
