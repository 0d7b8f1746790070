"""`evinet nma` on published data, end to end."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import click
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from evinet import files
from evinet.errors import InputError
from evinet.nma import command_options
from evinet.nma.command import nma

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "validation"


def script(name: str):
    """A script of benchmarks/ as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look it up
    spec.loader.exec_module(module)
    return module


validation = script("validation")


def run(*arguments: str) -> str:
    result = CliRunner().invoke(nma, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_smoking_cessation(tmp_path):
    """Random effects on 24 studies, two of them with three arms (NICE TSD 4)."""
    out = tmp_path / "out"
    said = run(
        str(DATA / "smoking.csv"), "--effects", "random", "--reference", "No intervention",
        "--better", "higher", "--prior", "tau=half-normal(5)", "--population", "known=0.1",
        "--population", "unsure=0.1:0.05:0.2", "--out", str(out),
    )  # fmt: skip
    assert "24 studies, 4 treatments" in said
    estimates = pd.read_csv(out / "estimates.csv").set_index("parameter")
    published = {"Group counselling": (1.1015, 0.4377), "Self-help": (0.4914, 0.4021)}
    for name, (mean, sd) in published.items():
        assert estimates.at[f"d[{name}]", "mean"] == pytest.approx(mean, abs=0.1 * sd)
        assert estimates.at[f"d[{name}]", "sd"] == pytest.approx(sd, rel=0.08)
    assert estimates.at["tau", "mean"] == pytest.approx(0.8453, abs=0.02)
    record = files.read_json(out / "fit.json")
    assert record["residual_deviance"] == pytest.approx(54.0, abs=0.2)
    assert record["DIC"] == pytest.approx(97.8, abs=0.3)
    assert record["priors"]["tau"] == "half-normal(5)"
    ranks = pd.read_csv(out / "ranks.csv").set_index(["treatment", "rank"])
    assert ranks.at[("Group counselling", 1), "probability"] == pytest.approx(0.71, abs=0.03)
    league = pd.read_csv(out / "league.csv").set_index(["treatment", "comparator"])
    assert league.at[("Self-help", "Group counselling"), "mean"] == pytest.approx(-0.61, abs=0.05)
    assert (out / "posterior.nc").exists()
    absolute_outcomes(pd.read_csv(out / "absolute.csv"), estimates)
    checks = pd.read_csv(out / "predictive.csv")
    assert len(checks) == 50
    assert checks["observed"].sum() == pd.read_csv(DATA / "smoking.csv")["r"].sum()
    assert (checks["posterior_q97.5"] - checks["posterior_q2.5"] > 0).all()
    assert checks["posterior_p"].between(0.02, 1).all()
    assert checks["prior_q2.5"].eq(0).all()  # wide priors predict next to anything


def absolute_outcomes(table: pd.DataFrame, estimates: pd.DataFrame) -> None:
    """The odds of every treatment are those of the reference times its ratio."""
    known = table[table["population"] == "known"].set_index("treatment")
    assert known.loc["No intervention", ["mean", "sd"]].tolist() == pytest.approx([0.1, 0.0])
    assert known.at["No intervention", "difference_mean"] == 0.0
    odds = 0.1 / 0.9 * np.exp(estimates.at["d[Self-help]", "q50"])
    assert known.at["Self-help", "q50"] == pytest.approx(odds / (1 + odds), rel=1e-6)
    assert known.at["Self-help", "difference_q50"] == pytest.approx(odds / (1 + odds) - 0.1)
    unsure = table[table["population"] == "unsure"].set_index("treatment").loc["No intervention"]
    assert unsure[["q2.5", "q97.5"]].tolist() == pytest.approx([0.05, 0.2], rel=0.1)


def test_mixed_arms_and_contrasts_repeat_to_the_byte(tmp_path):
    for name in ("one", "two"):
        run(str(DATA / "parkinsons-mixed.csv"), "--likelihood", "normal", "--effects", "fixed",
            "--reference", "4", "--draws", "500", "--out", str(tmp_path / name))  # fmt: skip
    one, two = ((tmp_path / name / "estimates.csv").read_bytes() for name in ("one", "two"))
    assert one == two
    estimates = pd.read_csv(tmp_path / "one" / "estimates.csv").set_index("parameter")
    assert estimates.at["d[2]", "mean"] == pytest.approx(-1.27, abs=0.03)
    record = files.read_json(tmp_path / "one" / "fit.json")
    assert record["pD"] == pytest.approx(7, abs=0.02)  # of a linear normal model its parameters


def test_effects_are_given_where_they_are_asked_for(tmp_path):
    for name, more in {"mean": (), "there": ("--at", "50")}.items():
        run(str(DATA / "bcg.csv"), "--covariate", "latitude", "--effects", "fixed", "--reference",
            "Unvaccinated", "--out", str(tmp_path / name), *more)  # fmt: skip
    mean, there = (
        pd.read_csv(tmp_path / name / "estimates.csv").set_index("parameter")["mean"]
        for name in ("mean", "there")
    )
    record = files.read_json(tmp_path / "there" / "fit.json")
    further = mean["beta"] * (50 - record["depends_on"]["centre"])
    assert there["d[Vaccinated]"] == pytest.approx(mean["d[Vaccinated]"] + further)
    assert there["beta"] == mean["beta"]
    league = pd.read_csv(tmp_path / "there" / "league.csv").set_index("treatment")
    assert league.at["Vaccinated", "mean"] == pytest.approx(there["d[Vaccinated]"])
    checks = [(tmp_path / name / "predictive.csv").read_text() for name in ("mean", "there")]
    assert checks[0] == checks[1]


def test_a_place_for_effects_needs_something_that_they_depend_on(tmp_path):
    with pytest.raises(InputError, match="--at"):
        run(str(DATA / "bcg.csv"), "--at", "50", "--out", str(tmp_path / "out"))


def test_what_does_not_converge_is_sampled_once_more(tmp_path):
    said = CliRunner().invoke(nma, [
        str(DATA / "smoking.csv"), "--reference", "No intervention", "--warmup", "500",
        "--draws", "100", "--out", str(tmp_path / "out"),
    ])  # fmt: skip
    assert said.exit_code == 0, said.output
    assert "tail ESS" in said.output
    assert "Sampled again, with --warmup 1000 --draws 400 --target-accept 0.98" in said.output
    record = files.read_json(tmp_path / "out" / "fit.json")
    assert record["sampler"]["draws"] == 400
    assert record["convergence"]["ess_tail_min"] > 400


def test_what_never_converges_is_not_written(tmp_path):
    said = CliRunner().invoke(nma, [
        str(DATA / "smoking.csv"), "--baseline-risk", "--reference", "No intervention",
        "--warmup", "100", "--draws", "100", "--chains", "2", "--out", str(tmp_path / "out"),
    ])  # fmt: skip
    assert said.exit_code == 1
    assert "not converged, not reported" in said.output
    assert not (tmp_path / "out").exists()


def test_what_was_understood_is_said_and_kept(tmp_path):
    file = tmp_path / "trials.csv"
    file.write_text("id;t1;d1;size1;t2;d2;size2\nLee;A;3;50;B;5;52\nMay;A;0;20;B;0;21\n"
                    "Poe;A;4;40;B;;41\n")  # fmt: skip
    said = run(str(file), "--columns", "d=r,size=n", "--drop-incomplete", "--effects", "fixed",
               "--out", str(tmp_path / "out"))  # fmt: skip
    assert "2 studies, 4 arms, one row for each study; r (d1, d2) of n (size1, size2)" in said
    assert "left out: Poe, B: no outcome" in said
    assert "May: no arm has an event" in said
    record = files.read_json(tmp_path / "out" / "fit.json")
    assert record["data"][0]["columns"]["r"] == "d1, d2"
    assert record["set_apart"] == ["May"]
    assert record["studies"] == 1


def test_a_pair_that_names_allow_two_of_is_refused_and_any_other_taken():
    pairs = command_options.pairs_to_split
    names = ["A", "C", "A vs B", "B vs C"]
    with pytest.raises(click.BadParameter, match="may be 'A' and 'B vs C' or 'A vs B' and 'C'"):
        pairs(("A vs B vs C",), names)
    assert pairs(("C vs A", "A vs B vs A"), names) == [("C", "A"), ("A vs B", "A")]
    assert pairs(("X vs Y vs A",), names) == [("X", "Y vs A")]  # the network says that it has none
    for text in ("A", "A vs ", " vs A", ""):
        with pytest.raises(click.BadParameter, match="write 'A vs B'"):
            pairs((text,), names)


COMMAS = """study,treatment,diff,se,"risk, of bias"
S,Placebo,,,low
S,"Drug, low dose",-0.5,0.2,low
T,Placebo,,,high
T,"Drug, high dose",-0.8,0.3,high
U,"Drug, low dose",,,low
U,"Drug, high dose",-0.1,0.3,low
V,Placebo,,,low
V,"Drug, low dose",-0.4,0.2,low
"""


def test_names_with_commas_in_every_option(tmp_path):
    file, out = tmp_path / "doses.csv", tmp_path / "out"
    file.write_text(COMMAS.replace("diff", '"effect, raw"'))
    run(
        str(file), "--columns", '"effect, raw"=diff', "--effects", "fixed", "--funnel-order",
        'Placebo,"Drug, low dose","Drug, high dose"', "--weights", "risk, of bias",
        "--weight-levels", "low=1,high=0.5", "--reference", "Placebo", "--out", str(out),
    )  # fmt: skip
    assert set(pd.read_csv(out / "funnel.csv")["treatment"]) == {"Drug, low dose"}
    found = CliRunner().invoke(nma, [str(file), "--columns", '"effect=diff', "--out", str(out)])
    assert found.exit_code == 2
    assert "close the quotation marks" in found.output


def test_of_an_earlier_run_nothing_stays_but_what_others_wrote(tmp_path):
    file, out = tmp_path / "doses.csv", tmp_path / "out"
    file.write_text(COMMAS)
    options = [str(file), "--effects", "fixed", "--out", str(out)]
    run(*options, "--dev-dev", "ume", "--save-draws", "--report")
    assert (out / "dev_dev.csv").exists()
    (out / "funnel.csv").write_text("mine")
    said = run(*options)
    assert "Removed, as an earlier run wrote it: dev_dev.csv, draws.csv, figures/" in said
    left = {path.name for path in out.iterdir()}
    assert not left & {"dev_dev.csv", "draws.csv", "figures", "report.html"}
    assert (out / "funnel.csv").read_text() == "mine"
    kept = {path: path.read_bytes() for path in out.iterdir()}
    file.write_text(COMMAS.replace("-0.5", "minus"))
    assert CliRunner().invoke(nma, options).exit_code != 0
    assert {path: path.read_bytes() for path in out.iterdir()} == kept
    file.write_text(COMMAS)
    assert "Removed" not in run(*options)


def test_a_list_of_written_files_reaches_no_other_folder(tmp_path):
    out, other = tmp_path / "out", tmp_path / "other.csv"
    out.mkdir()
    other.write_text("mine")
    (out / files.WRITTEN).write_text(f'["../other.csv", "{other}", "gone.csv"]')
    with files.together(out) as removed:
        files.write_text(out / "new.csv", "new")
    assert (removed, other.read_text()) == ([], "mine")
    for number, text in enumerate(("{", "7", '{"new.csv": 1}')):
        (out / files.WRITTEN).write_text(text)
        with files.together(out) as removed:
            files.write_text(out / f"newer-{number}.csv", "new")
        assert removed == []
    assert (out / "new.csv").exists()


def test_bad_input_writes_nothing(tmp_path):
    (tmp_path / "arms.csv").write_text("study,treatment,r,n\ns1,a,11,10\ns1,b,2,10\n")
    out = tmp_path / "out"
    result = CliRunner().invoke(nma, [str(tmp_path / "arms.csv"), "--out", str(out)])
    assert result.exit_code != 0
    assert not out.exists()


@pytest.mark.slow
def test_node_splits_of_smoking_cessation(tmp_path):
    """Six pairs can be split; none of them disagrees, and tau hardly moves (NICE TSD 4)."""
    run(str(DATA / "smoking.csv"), "--model", "node-split", "--reference", "No intervention",
        "--out", str(tmp_path))  # fmt: skip
    splits = pd.read_csv(tmp_path / "splits.csv")
    assert len(splits) == 6
    assert splits["p"].min() > 0.1
    assert splits["tau_mean"].between(0.83, 0.90).all()


@pytest.mark.slow
def test_baseline_risk_and_person_time_are_recovered(tmp_path):
    """Poisson arms whose ln rate ratio is -0.5 + 0.6 (mu - mean)."""
    rng = np.random.default_rng(1)
    mu = rng.normal(-2, 0.7, 40)
    effect = -0.5 + 0.6 * (mu - mu.mean())
    rows = [
        {"study": study, "treatment": treatment, "r": rng.poisson(3000 * np.exp(mu[study] + shift)),
         "E": 3000.0}
        for study in range(40)
        for treatment, shift in (("control", 0.0), ("drug", effect[study]))
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "arms.csv", index=False)
    run(str(tmp_path / "arms.csv"), "--likelihood", "poisson", "--effects", "fixed",
        "--reference", "control", "--baseline-risk", "--out", str(tmp_path / "out"))  # fmt: skip
    estimates = pd.read_csv(tmp_path / "out" / "estimates.csv").set_index("parameter")
    for name, true in (("d[drug]", -0.5), ("beta[baseline risk]", 0.6)):
        row = estimates.loc[name]
        assert abs(row["mean"] - true) < 3 * row["sd"]
        assert row["sd"] < 0.05
    centre = files.read_json(tmp_path / "out" / "fit.json")["depends_on"]["centre"]
    assert centre == pytest.approx(mu.mean(), abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("name", validation.cases(DATA))
def test_every_published_result(name):
    """Effects and tau within the tolerance and a tenth, for our own Monte Carlo error; measures of
    deviance, of published runs of 4,000 draws, within three of their errors.
    """
    case = validation.cases(DATA)[name]
    rows = list(validation.compare(name, case, DATA))
    for row in rows:
        allowed = 1.1 * row.tolerance
        if row.parameter in case.get("fit", {}):
            allowed = 6 * np.sqrt(2 * case["fit"]["pD"] / 4000) + 0.05
        assert row.ours == pytest.approx(row.published, abs=allowed), row.parameter
