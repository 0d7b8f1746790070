"""`evinet reconstruct`, from plain files, in batch and from evidence tables."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from evinet import tables
from evinet.errors import InputError
from evinet.reconstruct import quality
from evinet.reconstruct.commands import reconstruct
from evinet.reconstruct.evidence import p_value
from evinet.reconstruct.inputs import TrialInput

MEDIANS = "lu-dotatate=22.8:19.4:NE,octreotide=8.5:7.7:13.8"


@pytest.fixture
def folder(tmp_path: Path, netter_2: TrialInput) -> Path:
    """A folder with NETTER-2's numbers at risk as plain CSV."""
    rows = [
        f"{arm.name},{time:g},{count}"
        for arm in netter_2.arms
        for time, count in zip(*arm.at_risk, strict=True)
    ]
    (tmp_path / "at-risk.csv").write_text("\n".join(["arm,time,n", *rows]) + "\n")
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(reconstruct, [str(argument) for argument in arguments])


def netter(folder: Path, *more: object) -> Result:
    return run("--at-risk", folder / "at-risk.csv", "--events", "lu-dotatate=55,octreotide=46",
               "--median", MEDIANS, "--hr", "lu-dotatate/octreotide=0.276:0.182:0.418",
               "--stratified", "--draws", 3, "--out", folder / "out", *more)  # fmt: skip


def test_plain_files(folder):
    done = netter(folder)
    assert done.exit_code == 0, done.output
    ipd = tables.IPD.read(folder / "out" / "ipd.csv")
    assert ipd.groupby(["draw", "arm"]).size().unstack().to_numpy().tolist() == [[151, 75]] * 4
    written = json.loads((folder / "out" / "quality.json").read_text())
    assert written["tier"] == "B"
    assert written["draws"] == 3
    arm = written["arms"]["lu-dotatate"]
    assert arm["events"] == {"printed": 55, "reconstructed": 55, "band": [55, 55]}
    assert arm["median"]["printed_upper"] is None
    assert all(row["printed"] == row["reconstructed"] for row in arm["at_risk"])
    assert written["contrast"]["hr"]["printed"] == 0.276


def test_the_same_seed_gives_the_same_bytes(folder):
    netter(folder, "--seed", 5)
    first = [(folder / "out" / name).read_bytes() for name in ("ipd.csv", "quality.json")]
    netter(folder, "--seed", 5)
    assert first == [(folder / "out" / name).read_bytes() for name in ("ipd.csv", "quality.json")]
    netter(folder, "--seed", 6)
    assert first[0] != (folder / "out" / "ipd.csv").read_bytes()


def test_a_summary_gives_curves_for_display_but_no_patients(tmp_path):
    done = run("--n", "a=100,b=100", "--events", "a=60,b=70", "--median", "a=12",
               "--hr", "b/a=1.5:1.1:2.0", "--out", tmp_path / "out")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "no patients" in done.output
    assert not (tmp_path / "out" / "ipd.csv").exists()
    written = json.loads((tmp_path / "out" / "quality.json").read_text())
    assert (written["tier"], written["grade"]) == ("C", "none")
    assert {flag["code"] for flag in written["flags"]} == {"not-reconstructable"}
    header, first, *_ = (tmp_path / "out" / "family.csv").read_text().splitlines()
    assert header == "member,arm,time,survival"
    assert first.startswith("1,a,")


def test_bad_cells_and_options_are_all_named(tmp_path):
    (tmp_path / "at-risk.csv").write_text("arm,time,n\na,0,50\na,six,40\n")
    done = run("--at-risk", tmp_path / "at-risk.csv", "--events", "a=many", "--out", tmp_path / "o")
    assert isinstance(done.exception, InputError)
    places = [(problem.field, problem.value, problem.line) for problem in done.exception.problems]
    assert places == [("time", "six", 3), ("--events", "a=many", None)]
    assert not (tmp_path / "o").exists()


def test_a_batch_takes_a_file_of_each_arm(folder):
    whole = pd.read_csv(folder / "at-risk.csv")
    for name, rows in whole.groupby("arm"):
        rows.drop(columns="arm").to_csv(folder / f"{name}.csv", index=False)
    names = ";".join(f"{name}= {name}.csv" for name in whole["arm"].unique())
    (folder / "manifest.csv").write_text(
        f'trial,at-risk,events\napart,{names},"lu-dotatate=55,octreotide=46"\n'
        'whole,at-risk.csv,"lu-dotatate=55,octreotide=46"\n'
    )
    done = run("--batch", folder / "manifest.csv", "--draws", 0, "--out", folder / "all")
    assert done.exit_code == 0, done.output
    apart, one = (pd.read_csv(folder / "all" / trial / "ipd.csv") for trial in ("apart", "whole"))
    assert set(apart["arm"]) == set(one["arm"]) == {"lu-dotatate", "octreotide"}
    assert apart.groupby("arm")["event"].sum().to_dict() == {"lu-dotatate": 55, "octreotide": 46}


def test_batch_answers_every_row(folder):
    (folder / "broken.csv").write_text("arm,when,n\na,0,50\n")
    (folder / "manifest.csv").write_text(
        "trial,at-risk,events,median\n"
        f'one,at-risk.csv,"lu-dotatate=55,octreotide=46","{MEDIANS}"\n'
        "two,broken.csv,a=20,\n"
        "three,,a=20,a=5\n"
    )
    done = run("--batch", folder / "manifest.csv", "--draws", 1, "--out", folder / "all")
    assert isinstance(done.exception, InputError)
    assert [problem.field for problem in done.exception.problems] == ["time"]
    found = {
        trial: json.loads((folder / "all" / trial / "quality.json").read_text())
        for trial in ("one", "two", "three")
    }
    assert found["one"]["tier"] == "B"
    assert [flag["code"] for flag in found["two"]["flags"]] == ["bad-input"]
    assert [flag["code"] for flag in found["three"]["flags"]] == ["not-reconstructable"]


def evidence(folder: Path, netter_2: TrialInput, at_risk: bool = True) -> Path:
    """NETTER-2 as evidence tables, with a second assessor that must not be mixed in."""
    key = {"trial": "netter-2", "report": "primary", "outcome": "pfs"}
    source = {"source": "singh-2024", "locator": "Figure 2A"}
    survival, counts, arms = [], [], []
    for arm in netter_2.arms:
        limits = {"lower": arm.median.lower, "upper": arm.median.upper, "level": 0.95}
        survival += [
            {**key, **source, "assessor": "bicr", "arm": arm.name, "n": arm.n,
             "events": arm.events, "median": arm.median.estimate, **limits},
            {**key, **source, "assessor": "investigator", "arm": arm.name, "median": 1.0},
        ]  # fmt: skip
        arms.append({"trial": "netter-2", "arm": arm.name, "treatment": arm.name})
        counts += [
            {**key, **source, "arm": arm.name, "time": time, "n": count}
            for time, count in zip(*arm.at_risk, strict=True)
            if at_risk
        ]
    contrast = {**key, **source, "assessor": "bicr", "arm": "lu-dotatate",
                "comparator": "octreotide", "measure": "hr", "estimate": 0.276, "lower": 0.182,
                "upper": 0.418, "level": 0.95, "stratified": True, "log_estimate": -1.287,
                "selected": True}  # fmt: skip
    trial = {"trial": "netter-2", "name": "NETTER-2", "status": "reported", "tier": "B"}
    content = [
        (tables.SURVIVAL, survival), (tables.CONTRASTS, [contrast]), (tables.AT_RISK, counts),
        (tables.LANDMARKS, []), (tables.CURVES, []), (tables.ARMS, arms), (tables.TRIALS, [trial]),
    ]  # fmt: skip
    for table, rows in content:
        table.write(folder / f"{table.name}.csv", table.frame(rows))
    return folder


def test_evidence_tables(tmp_path, netter_2):
    folder = evidence(tmp_path / "netter-2", netter_2)
    done = run("--evidence", folder, "--outcome", "pfs", "--draws", 2, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    written = json.loads((tmp_path / "out" / "quality.json").read_text())
    assert (written["trial"], written["outcome"], written["draws"]) == ("netter-2", "pfs", 2)
    assert written["arms"]["octreotide"]["median"]["printed"] == 8.5
    assert written["contrast"]["stratified"] is True


def test_evidence_without_counts_is_refused_before_anything_is_written(tmp_path, netter_2):
    folder = evidence(tmp_path / "netter-2", netter_2, at_risk=False)
    done = run("--evidence", folder, "--outcome", "pfs", "--out", tmp_path / "out")
    assert isinstance(done.exception, InputError)
    assert "neither a curve nor numbers at risk" in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_a_curve_is_enough_where_no_result_was_printed_beside_it(tmp_path, netter_2):
    folder = evidence(tmp_path / "netter-2", netter_2)
    key = {"trial": "netter-2", "report": "primary", "outcome": "os", "source": "singh-2024",
           "locator": "Figure 3"}  # fmt: skip
    points = {"time": [0, 2, 5, 9], "survival": [1, 0.9, 0.7, 0.7]}
    curves = [
        {**key, "arm": arm, "time": time, "survival": value}
        for arm in ("lu-dotatate", "octreotide")
        for time, value in zip(*points.values(), strict=True)
    ]
    counts = [
        {**key, "arm": arm, "time": time, "n": n}
        for arm in ("lu-dotatate", "octreotide")
        for time, n in ((0, 20), (4, 18), (8, 14))
    ]
    tables.CURVES.write(folder / "curves.csv", tables.CURVES.frame(curves))
    tables.AT_RISK.write(folder / "at-risk.csv", tables.AT_RISK.frame(counts))
    done = run("--evidence", folder, "--outcome", "os", "--draws", 1, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    ipd = tables.IPD.read(tmp_path / "out" / "ipd.csv")
    best = ipd[ipd["draw"] == 0].groupby("arm")["event"].agg(["size", "sum"])
    assert best.to_numpy().tolist() == [[20, 6], [20, 6]]


def test_an_outcome_that_is_not_there(tmp_path, netter_2):
    folder = evidence(tmp_path / "netter-2", netter_2)
    done = run("--evidence", folder, "--outcome", "os", "--out", tmp_path / "out")
    assert isinstance(done.exception, InputError)
    assert "Use one of: pfs" in str(done.exception)


@pytest.mark.parametrize(
    ("printed", "value"),
    [("0.003", 0.003), ("<0.0001", None), (".04 (one-sided)", 0.08), (None, None), ("=0.5", 0.5)],
)
def test_p_values_as_printed(printed, value):
    assert p_value(printed) == value


def test_quality_without_patients_has_every_field():
    from evinet.reconstruct.inputs import Reconstruction

    content = quality.assess(TrialInput(()), Reconstruction("none", {}), "x", None)
    assert content["grade"] == "none"
    assert content["arms"] == {}
    assert content["contrast"] is None


def test_a_trial_with_curves_loads_neither_pandas_nor_scipy_special(tmp_path):
    """They would take a quarter of the time of the command."""
    case = Path(__file__).parent / "data" / "cases" / "false-contradiction"
    code = (
        "import sys; from evinet.reconstruct.commands import reconstruct\n"
        f"reconstruct(['--curve', {str(case / 'curve.csv')!r}, '--at-risk', "
        f"{str(case / 'at-risk.csv')!r}, '--draws', '0', '--out', {str(tmp_path / 'out')!r}], "
        "standalone_mode=False)\n"
        "print(sorted({'pandas', 'scipy.special', 'pydantic', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
