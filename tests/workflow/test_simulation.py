"""The simulation study as a target of the workflow."""

from __future__ import annotations

import shutil

import pytest
from tests.workflow.test_slurm import OPTIONS, cluster

from evinet import tables

__all__ = ["cluster"]
SHORT = """title: A short study
aim: To see that the target runs.
seed: 1
replicates: 4
batch: 2
models:
  fixed: {label: Fixed effects, effects: fixed}
scenarios:
  one:
    label: Two trials
    network: [{arms: [a, b], trials: 2}]
    effects: {b: -0.3}
    tau: 0.0
    patients: [60, 90]
    outcome: {kind: hazard-ratios, median: [8, 12], follow_up: [12, 24]}
    models: [fixed]
"""


def test_the_target_runs_and_reruns_what_changed(project):
    study = project.folder / "config/simulation.yaml"
    study.write_text(SHORT)
    project.run("simulation")
    results = project.folder / "results/simulation"
    found = tables.PERFORMANCE.read(results / "performance.csv")
    assert found["replicates"].tolist() == [4]
    assert (results / "report/index.html").stat().st_size > 5_000
    assert not (project.folder / "results/fits").exists()
    study.write_text(SHORT.replace("Two trials", "Other words").replace("seed: 1", "seed: 1 # one"))
    planned = project.run("simulation", "--dry-run")
    assert "rule simulate:" not in planned
    assert "rule simulation_report:" in planned
    study.write_text(SHORT.replace("b: -0.3", "b: -0.4"))
    assert "rule simulate:" in project.run("simulation", "--dry-run")


def test_without_a_study_the_target_says_what_is_missing(project):
    (project.folder / "config/simulation.yaml").unlink()
    done = project.snakemake("simulation", "--dry-run")
    assert done.returncode != 0
    assert "config/simulation.yaml is missing" in done.stdout + done.stderr


@pytest.mark.slow
def test_slurm_gives_the_same_table_of_the_whole_study_as_a_local_run(
    cluster, new_project, monkeypatch
):
    local, through_slurm = new_project("simulated"), new_project("simulated-slurm")
    local.run("simulation")
    monkeypatch.setenv("PATH", cluster)
    done = through_slurm.snakemake("simulation", *OPTIONS)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("simulated.csv", "performance.csv"):
        first, second = (
            (each.folder / "results/simulation" / name).read_bytes()
            for each in (local, through_slurm)
        )
        assert first == second, name
    submitted = [line for line in done.stderr.splitlines() if "submitted with SLURM jobid" in line]
    assert sum("/rule_simulate/" in line for line in submitted) == 20
    _is_as_theory_says(local.folder / "results/simulation/performance.csv")
    shutil.rmtree(local.folder / "results")


def _is_as_theory_says(path):
    """Fixed effects cover without heterogeneity, and not with it; random effects always do."""
    rows = tables.PERFORMANCE.read(path)
    assert (rows["replicates"] + rows["failed"]).eq(200).all()
    assert rows["failed"].max() <= 10
    rows = rows[rows["parameter"] != "tau"].set_index(["scenario", "model"])
    error = (0.95 * 0.05 / 200) ** 0.5
    assert rows.loc[("star-alike", "fixed"), "coverage"].sub(0.95).abs().max() < 3.5 * error
    assert rows.loc[("loop-different", "fixed"), "coverage"].max() < 0.85
    assert rows.loc[("loop-different", "random"), "coverage"].min() > 0.95 - 3.5 * error
    exact = rows.drop("counts-rare")
    assert (exact["bias"].abs() < 3.5 * exact["bias_mcse"] + 0.02 * exact["truth"].abs()).all()
