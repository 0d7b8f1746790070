"""Bad input: one clear message, a failing exit status, nothing half-written."""

from __future__ import annotations

import pytest

NETTER_2 = "data/raw/trials/netter-2/trial.yaml"


def refused(project, *target: str) -> str:
    done = project.snakemake(*target)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr
    assert not list((project.folder / "results").rglob("*.tmp"))
    return done.stdout + done.stderr


def test_a_misspelt_field_is_named(project):
    project.edit(NETTER_2, "\nstatus:", "\nstatsu:")
    message = refused(project, "results/evidence/trials/netter-2/arms.csv")
    assert "netter-2/trial.yaml" in message
    assert "statsu" in message
    assert not (project.folder / "results/evidence/trials/netter-2/arms.csv").exists()


def test_a_misspelt_key_of_the_configuration_stops_before_any_work(project):
    project.edit("config/config.yaml", "references:", "refs:")
    message = refused(project)
    assert "analyses.pfs.refs" in message
    assert not (project.folder / "results").exists()


@pytest.mark.parametrize("analysis", ["pfs"])
def test_a_trial_that_joins_nothing_is_refused(project, analysis):
    project.edit("config/config.yaml", "octreotide-60, temozolomide]", "octreotide-60]")
    message = refused(project, f"results/networks/{analysis}/studies.csv")
    assert "e2211" in message
    assert "references" in message


def test_a_trial_that_is_not_there_is_refused(project):
    project.edit("config/config.yaml", "[netter-1, netter-2,", "[netter-9, netter-2,")
    message = refused(project)
    assert "config/config.yaml:" in message
    assert "there is no trial 'netter-9'" in message


def test_a_configuration_that_is_not_yaml_is_told_with_its_line(project):
    project.edit("config/config.yaml", "seed: 20261120", "seed: 1\nseed: 2")
    assert "config/config.yaml:14: YAML = 'seed': is a duplicate key" in refused(project)


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"sampler:\n\tchains: 2\n", "overlay.yaml:2: YAML"), (b"a:\n  b: caf\xe9\n", "UTF-8"),
     (b"- 1\n", "overlay.yaml"), (b"a: [1\n", "overlay.yaml:")],
)  # fmt: skip
def test_an_overlay_that_cannot_be_read_is_told_with_its_place(project, content, told):
    (project.folder / "overlay.yaml").write_bytes(content)
    done = project.command("snakemake", "--dry-run", "--configfile", "overlay.yaml")
    assert done.returncode != 0
    assert told in done.stdout + done.stderr
    assert "overlay.yaml" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_folder_that_cannot_be_a_trial_is_told_and_a_note_is_not(project):
    trials = project.folder / "data/raw/trials"
    (trials / "netter-2" / "notes {draft}.txt").write_text("mine")
    project.run("--dry-run")
    (trials / "NETTER-9").mkdir()
    assert "NETTER-9" in refused(project, "--dry-run")
