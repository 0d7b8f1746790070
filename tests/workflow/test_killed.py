"""Runs that are killed: the same command goes on, and ends in the same results."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time

import pytest

KILLS = 20
TARGET = "results/manifest.json"


def start(project) -> subprocess.Popen[bytes]:
    """A run in a process group of its own."""
    return subprocess.Popen(
        ["evinet", "run", "--cores", "2", TARGET],
        cwd=project.folder, env=project.environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the whole group, the jobs included."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def finish(project) -> str:
    done = project.evinet("run", "--cores", "2", TARGET)
    assert done.returncode == 0, done.stdout + done.stderr
    return (project.folder / TARGET).read_text()


@pytest.mark.slow
def test_runs_that_are_killed_end_in_the_results_of_one_that_was_not(small):
    begun = time.monotonic()
    undisturbed = finish(small)
    duration = time.monotonic() - begun
    shutil.rmtree(small.folder / "results")
    rng, killed, first = random.Random(20261120), 0, True
    while killed < KILLS:
        process = start(small)
        try:
            process.wait(timeout=rng.uniform(0.2, 1) * duration * (1 if first else 0.6))
        except subprocess.TimeoutExpired:
            kill(process)
            killed, first = killed + 1, False
        else:  # it was done before its turn came
            assert process.returncode == 0
            assert (small.folder / TARGET).read_text() == undisturbed
            shutil.rmtree(small.folder / "results")
            first = True
    assert finish(small) == undisturbed
    assert small.evinet("verify", "results").returncode == 0
    assert not list((small.folder / "results").rglob("*.tmp"))


def test_a_run_does_not_start_beside_another_and_goes_on_after_a_kill(small):
    process = start(small)
    locks = small.folder / ".snakemake/locks"
    while not (locks.is_dir() and any(locks.iterdir())):
        assert process.poll() is None
        time.sleep(0.05)
    beside = small.evinet("run", TARGET)
    assert beside.returncode == 2
    assert f"another run works in this folder (process {process.pid} on " in beside.stderr
    assert "Traceback" not in beside.stderr
    kill(process)
    assert any(locks.iterdir())
    done = small.evinet("run", "--cores", "2", "results/evidence/sources.csv")
    assert done.returncode == 0, done.stderr
    assert "The last run was interrupted: going on from there." in done.stderr
    assert "] vocabulary" in done.stderr
    assert "Complete log" in done.stderr


def test_a_failed_job_is_named_with_its_log(small):
    small.edit("data/raw/trials/netter-2/trial.yaml", "\nstatus:", "\nstatsu:")
    done = small.evinet("run", "--cores", "1", "results/evidence/trials/netter-2/arms.csv")
    assert done.returncode != 0
    assert "FAILED: extract_trial netter-2" in done.stderr
    assert "there is no such field" in done.stderr


def test_a_broken_overlay_is_told_with_its_line(small):
    (small.folder / "overlay.yaml").write_text("sampler:\n\tchains: 2\n")
    done = small.evinet("run", "--configfile", "overlay.yaml")
    assert done.returncode == 2
    assert "overlay.yaml:2: YAML" in done.stderr
