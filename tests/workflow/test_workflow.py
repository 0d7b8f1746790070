"""The whole chain, on the real five trials, with short fits."""

from __future__ import annotations

import json
import re
import shutil


def test_the_chain_makes_the_report_and_the_manifest(finished):
    results = finished.folder / "results"
    assert (results / "report/index.html").stat().st_size > 10_000
    hashed = json.loads((results / "manifest.json").read_text())["files"]
    for path in (
        "evidence/contrasts.csv",
        "ipd/netter-2/pfs/ipd.csv",
        "networks/pfs/studies.csv",
        "fits/pfs/fixed/posterior.nc",
        "fits/pfs/ssa-class/league.csv",
    ):
        assert path in hashed


def test_the_results_are_as_their_manifests_say(finished):
    assert "results are the same" in finished.evinet("verify", "results").stdout
    hashed = json.loads((finished.folder / "results/report-manifest.json").read_text())["files"]
    assert {"report/index.html", "report/gep-net.html"} <= hashed.keys()
    inputs = json.loads((finished.folder / "results/manifest.json").read_text())["inputs"]
    assert "data/raw/trials/netter-2/at-risk/pfs.csv" in inputs


OF_EACH_KIND = {
    "evidence/trials/promid/arms.csv", "evidence/arms.csv", "ipd/netter-2/pfs/quality.json",
    "networks/pfs/excluded.csv", "figures/pfs-network.svg", "tables/tables.xlsx",
    "report/tables/references.bib", "manifest.json", "report-manifest.json",
}  # fmt: skip


def test_results_that_were_removed_are_made_again_and_those_that_were_edited_are_told(
    finished_copy,
):
    results = finished_copy.folder / "results"
    edited = {path for path in OF_EACH_KIND if "manifest" not in path}
    for path in edited:
        (results / path).write_bytes((results / path).read_bytes() + b" ")
    said = finished_copy.evinet("verify", "results")
    assert said.returncode != 0
    assert {path for path in edited if path not in said.stdout + said.stderr} == set()
    for path in OF_EACH_KIND:
        (results / path).unlink()
    reasons = re.findall("Missing output files: ([^;\n]*)", finished_copy.run("--dry-run"))
    missing = {path.removeprefix("results/") for each in reasons for path in each.split(", ")}
    assert missing == OF_EACH_KIND


def test_a_second_run_has_nothing_to_do_and_finds_the_profile(finished):
    said = finished.run()
    assert "Nothing to be done" in said
    assert "profiles/default" in said


def test_one_core_gives_the_same_results_as_two(finished_small, small_copy):
    """All that draws is made again: by rules that are given cores, or that spread over them."""
    results = small_copy.folder / "results"
    for part in ("ipd", "fits"):
        shutil.rmtree(results / part)
    targets = [f"results/fits/pfs/{model}/margins.csv" for model in ("fixed", "fixed-ipd")]
    small_copy.run(*targets, cores=1)
    made = [path.relative_to(results) for part in ("ipd", "fits")
            for path in (results / part).rglob("*") if path.is_file()]  # fmt: skip
    assert len(made) > 20
    different = [
        name
        for name in made
        if (results / name).read_bytes() != (finished_small.folder / "results" / name).read_bytes()
    ]
    assert different == []


def test_an_edited_fact_reruns_its_trial_and_what_depends_on_it(finished_copy):
    finished_copy.edit("data/raw/trials/clarinet/trial.yaml", "CLARINET", "CLARINET ")
    planned = finished_copy.planned()
    assert ("extract_trial", "trial=clarinet") in planned
    assert {job for job in planned if job[0] == "extract_trial"} == {
        ("extract_trial", "trial=clarinet")
    }
    assert not any(rule == "reconstruct" for rule, _ in planned)
    assert any(rule == "fit" and "analysis=pfs" in jobs for rule, jobs in planned)
    assert any(rule == "report" for rule, _ in planned)


def test_a_trial_in_no_analysis_refits_nothing(finished_copy):
    source = finished_copy.folder / "data/raw/trials/clarinet/trial.yaml"
    target = finished_copy.folder / "data/raw/trials/sixth/trial.yaml"
    target.parent.mkdir()
    target.write_text(source.read_text().replace("clarinet", "sixth"))
    planned = finished_copy.planned()
    assert ("extract_trial", "trial=sixth") in planned
    assert not {rule for rule, _ in planned} & {"network", "fit", "reconstruct"}


def test_an_edited_prior_refits_but_extracts_nothing(finished_copy):
    finished_copy.edit("config/config.yaml", "effect_prior_sd: 10", "effect_prior_sd: 5")
    rules = {rule for rule, _ in finished_copy.planned()}
    assert "fit" in rules
    assert not rules & {"extract_trial", "reconstruct", "network"}


def test_edited_library_code_reruns_the_stage_that_runs_it(finished_copy):
    path = "src/evinet/reconstruct/draws.py"
    finished_copy.edit(
        path, "from __future__ import annotations", "from __future__ import annotations\n\nNEW = 1"
    )
    rules = {rule for rule, _ in finished_copy.planned()}
    assert "reconstruct" in rules
    assert "extract_trial" not in rules


def test_words_refit_nothing(finished_copy):
    for path, old, new in (
        ("config/config.yaml", "label: Fixed effects, islands apart", "label: Other words"),
        ("config/config.yaml", "title: Progression-free survival", "title: Other words"),
        ("config/config.yaml", "Reviewers' setting, no published threshold", "Other words"),
        ("config/config.yaml", "The effects of octreotide 30 mg, octreotide 60 mg", "Other words"),
        ("config/config.yaml", "Röver et al. 2021, Res Synth Methods 12:448-474", "Other words"),
        ("src/evinet/nma/fit/exact.py", "# fmt: skip", "# another comment"),
        ("src/evinet/nma/model.py", '"""The model of a network', '"""Another model of a network'),
        ("src/evinet/nma/population/adjust.py", "from __future__ import annotations",
         "from __future__ import annotations\n\nNEW = 1"),  # no job of the workflow runs it
        ("src/evinet/extract/scaffold.py", "from __future__ import annotations",
         "from __future__ import annotations\n\nNEW = 1"),
    ):  # fmt: skip
        finished_copy.edit(path, old, new)
    assert not {rule for rule, _ in finished_copy.planned()} & {"fit", "answers", "reconstruct"}


def test_code_that_answers_or_draws_refits_nothing(finished_copy):
    for path in ("nma/answers/threshold", "nma/answers/influence", "nma/answers/survival",
                 "nma/plot", "nma/report", "report/figures/style", "report/exhibits"):  # fmt: skip
        file = finished_copy.folder / f"src/evinet/{path}.py"
        file.write_text(f"{file.read_text()}\n\nNEW = 1\n")
    rules = {rule for rule, _ in finished_copy.planned()}
    assert {"answers", "predict", "exhibits"} <= rules
    assert not rules & {"fit", "network", "modifiers", "reconstruct", "extract_trial"}


def test_a_changed_model_is_fitted_alone(finished_copy):
    finished_copy.edit("config/config.yaml", "    sigma: 0.4", "    sigma: 0.5")
    fitted = {jobs for rule, jobs in finished_copy.planned() if rule == "fit"}
    assert all("model=ssa-class-wide" in jobs for jobs in fitted)
    assert fitted
