"""Bad input: one clear message, a failing exit status, nothing half-written."""

from __future__ import annotations

import pytest

NETTER_2 = "data/raw/trials/netter-2/trial.yaml"


def refused(small, *target: str) -> str:
    done = small.snakemake(*target)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr
    assert not list((small.folder / "results").rglob("*.tmp"))
    return done.stdout + done.stderr


def test_a_misspelt_field_is_named(small):
    small.edit(NETTER_2, "\nstatus:", "\nstatsu:")
    message = refused(small, "results/evidence/trials/netter-2/arms.csv")
    assert "netter-2/trial.yaml" in message
    assert "statsu" in message
    assert not (small.folder / "results/evidence/trials/netter-2/arms.csv").exists()


def test_a_misspelt_key_of_the_configuration_stops_before_any_work(small):
    small.edit("config/config.yaml", "references:", "refs:")
    message = refused(small)
    assert "analyses.pfs.refs" in message
    assert not (small.folder / "results").exists()


def test_a_trial_that_joins_nothing_is_refused(small):
    small.edit("config/config.yaml", "references: [octreotide-60]", "references: [placebo]")
    message = refused(small, "results/networks/pfs/studies.csv")
    assert "netter-1" in message
    assert "references" in message


def test_a_trial_that_is_not_there_is_refused(small):
    small.edit("config/config.yaml", "[netter-1, netter-2]", "[netter-9, netter-2]")
    message = refused(small)
    assert "config/config.yaml:" in message
    assert "there is no trial 'netter-9'" in message


def test_a_configuration_that_is_not_yaml_is_told_with_its_line(small):
    small.edit("config/config.yaml", "\nseed: 20261120", "\nseed: 1\nseed: 2")
    lines = (small.folder / "config/config.yaml").read_text().splitlines()
    told = f"config/config.yaml:{lines.index('seed: 2') + 1}: YAML = 'seed': is a duplicate key"
    assert told in refused(small)


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"sampler:\n\tchains: 2\n", "overlay.yaml:2: YAML"), (b"a:\n  b: caf\xe9\n", "UTF-8"),
     (b"- 1\n", "overlay.yaml"), (b"a: [1\n", "overlay.yaml:")],
)  # fmt: skip
def test_an_overlay_that_cannot_be_read_is_told_with_its_place(small, content, told):
    (small.folder / "overlay.yaml").write_bytes(content)
    done = small.command("snakemake", "--dry-run", "--configfile", "overlay.yaml")
    assert done.returncode != 0
    assert told in done.stdout + done.stderr
    assert "overlay.yaml" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_folder_that_cannot_be_a_trial_is_told_and_a_note_is_not(small):
    trials = small.folder / "data/raw/trials"
    (trials / "netter-2" / "notes {draft}.txt").write_text("mine")
    small.run("--dry-run")
    (trials / "NETTER-9").mkdir()
    assert "NETTER-9" in refused(small, "--dry-run")
