"""Every option of `evinet reconstruct`, alone and together, on one simulated trial."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from evinet import tables
from evinet.errors import InputError
from evinet.patients.cox import hazard_ratio
from evinet.patients.data import Patients, at_risk
from evinet.patients.kaplan_meier import kaplan_meier
from evinet.reconstruct.commands import reconstruct

TIMES = np.arange(0.0, 31, 6)


def arm(seed: int, mean: float) -> Patients:
    rng = np.random.default_rng(seed)
    time, censored = rng.exponential(mean, 90), rng.uniform(6, 30, 90)
    return Patients(np.minimum(time, censored), (time <= censored).astype(np.int64))


TRUE = {"a": arm(4, 20.0), "b": arm(5, 11.0)}


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Each option with a value that is true of the trial."""
    folder = tmp_path_factory.mktemp("published")
    estimates = {name: kaplan_meier(own) for name, own in TRUE.items()}
    content = {
        "curve": ("arm,time,survival", _steps()),
        "at-risk": ("arm,time,n", ((name, time, n) for name, own in TRUE.items()
                                   for time, n in zip(TIMES, at_risk(own, TIMES), strict=True))),
        "marks": ("arm,time", ((name, time) for name, own in TRUE.items()
                               for time in own.time[own.event == 0])),
        "landmarks": ("arm,time,survival,lower,upper", (
            (name, time, round(float(found.at(np.array([time]))[0]), 3), *found.limits(time))
            for name, found in estimates.items() for time in (6.0, 12.0, 18.0))),
    }  # fmt: skip
    given = {}
    for name, (header, rows) in content.items():
        given[name] = str(folder / f"{name}.csv")
        with open(given[name], "w", newline="") as file:
            csv.writer(file).writerows([header.split(","), *rows])
    fitted = hazard_ratio(*TRUE.values())
    ratio = fitted.interval()
    medians = {name: found.median().estimate for name, found in estimates.items()}
    given["n"] = ",".join(f"{name}=90" for name in TRUE)
    given["events"] = ",".join(f"{name}={own.event.sum()}" for name, own in TRUE.items())
    given["median"] = ",".join(f"{name}={value:.1f}" for name, value in medians.items())
    given["hr"] = f"a/b={ratio.estimate:.2f}:{ratio.lower:.2f}:{ratio.upper:.2f}"
    given["p"] = f"a/b={fitted.logrank_p:.2g}"
    return given


def _steps() -> Iterator[tuple[str, float, float]]:
    for name, own in TRUE.items():
        found, before = kaplan_meier(own), 1.0
        for time, survival in zip(found.time, found.survival, strict=True):
            yield name, time, before
            yield name, time, survival
            before = survival


def run(out: Path, options: dict[str, str], names: str, *more: str) -> Result:
    chosen = [part for name in names.split() for part in (f"--{name}", options[name])]
    return CliRunner().invoke(
        reconstruct, [*chosen, *more, "--draws", "2", "--out", str(out)], catch_exceptions=False
    )


@pytest.mark.parametrize(
    ("names", "tier"),
    [
        ("curve n", "A"),
        ("curve at-risk", "A"),
        ("curve at-risk events median marks landmarks n hr p", "A"),
        ("at-risk", "B"),
        ("at-risk events", "B"),
        ("at-risk events median landmarks hr p", "B"),
        ("at-risk p", "B"),
        ("landmarks n", "B"),
        ("landmarks n events median hr", "B"),
        ("n median hr", "C"),
        ("events n", "C"),
    ],
)
def test_combinations(tmp_path, options, names, tier):
    done = run(tmp_path, options, names)
    assert done.exit_code == 0, done.output
    quality = json.loads((tmp_path / "quality.json").read_text())
    assert quality["tier"] == tier
    if tier == "C":
        assert not (tmp_path / "ipd.csv").exists()
        return
    ipd = tables.IPD.read(tmp_path / "ipd.csv")
    assert ipd.groupby(["draw", "arm"]).size().tolist() == [90] * 6
    for name, own in TRUE.items():
        found = quality["arms"][name]
        if "at-risk" in names:
            assert all(row["printed"] == row["reconstructed"] for row in found["at_risk"])
        if "events" in names:
            assert found["events"]["reconstructed"] == own.event.sum()
        if "curve" in names:
            assert found["curve"]["max_error"] < 0.02
        if "landmarks" in names:
            assert len(found["landmarks"]) == 3
            for mark in found["landmarks"]:
                assert mark["reconstructed"] == pytest.approx(mark["printed"], abs=0.03)
                assert mark["reconstructed_lower"] < mark["printed"] < mark["reconstructed_upper"]
    if "hr" in names:
        ratio = quality["contrast"]["hr"]
        assert ratio["reconstructed"] == pytest.approx(ratio["printed"], rel=0.2)
        assert ratio["reconstructed_upper"] == pytest.approx(ratio["printed_upper"], rel=0.3)
    if " p" in names:
        assert quality["contrast"]["logrank_p"]["printed"] == float(options["p"][4:])


@pytest.mark.parametrize(("more", "study"), [((), "out"), (("--study", "My trial"), "My trial")])
def test_patients_carry_what_a_network_wants(tmp_path, options, more, study):
    run(tmp_path / "out", options, "curve at-risk", *more)
    frame = pd.read_csv(tmp_path / "out" / "ipd.csv")
    assert {"study", "treatment", "time", "event", "draw"} <= set(frame)
    assert set(frame["study"]) == {study}
    assert set(frame["treatment"]) == {"a", "b"}


def test_what_a_method_does_not_use_is_named(tmp_path, options):
    run(tmp_path, options, "curve at-risk events", "--method", "at-risk")
    flags = json.loads((tmp_path / "quality.json").read_text())["flags"]
    assert {(flag["code"], flag["arm"]) for flag in flags} >= {
        ("curve-unused", "a"), ("curve-unused", "b"),
    }  # fmt: skip


def test_nothing_is_left_of_an_earlier_run(tmp_path, options):
    run(tmp_path, options, "at-risk events")
    assert (tmp_path / "ipd.csv").exists()
    run(tmp_path, options, "n median")
    assert not (tmp_path / "ipd.csv").exists()
    assert (tmp_path / "family.csv").exists()


def test_no_draws(tmp_path, options):
    CliRunner().invoke(reconstruct, ["--at-risk", options["at-risk"], "--draws", "0", "--out",
                                     str(tmp_path)], catch_exceptions=False)  # fmt: skip
    assert set(tables.IPD.read(tmp_path / "ipd.csv")["draw"]) == {0}
    quality = json.loads((tmp_path / "quality.json").read_text())
    assert quality["arms"]["a"]["events"]["band"] is None


def test_batch_takes_every_option(tmp_path, options):
    columns = ["trial", "outcome", "stratified", "method", *options]
    rows = [
        {"trial": "all", "outcome": "os", "stratified": "False", **options},
        {"trial": "posted", "landmarks": options["landmarks"], "n": options["n"]},
        {"trial": "plain", "method": "guyot", "curve": options["curve"],
         "at-risk": options["at-risk"]},
        {"trial": "summary", "n": options["n"], "median": options["median"]},
    ]  # fmt: skip
    with open(tmp_path / "manifest.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    done = CliRunner().invoke(
        reconstruct,
        ["--batch", str(tmp_path / "manifest.csv"), "--draws", "1", "--out", str(tmp_path / "out")],
        catch_exceptions=False,
    )
    assert done.exit_code == 0, done.output
    found = {
        row["trial"]: json.loads((tmp_path / "out" / row["trial"] / "quality.json").read_text())
        for row in rows
    }
    assert [found[row["trial"]]["tier"] for row in rows] == ["A", "B", "A", "C"]
    assert found["all"]["outcome"] == "os"
    assert found["all"]["contrast"]["stratified"] is False
    assert found["plain"]["method"] == "guyot"


@pytest.mark.parametrize("value", ["x", "-1", "inf", "nan", ""])
def test_an_error_of_the_axis_is_a_number_of_pixels(tmp_path, options, value):
    with pytest.raises(InputError, match="is not a number of pixels"):
        run(tmp_path, options, "curve at-risk", "--axis-error", value)


@pytest.mark.parametrize("value", ["x", "-0.001", "0.5", "nan", ""])
def test_a_shift_of_survival_is_a_small_part(tmp_path, options, value):
    with pytest.raises(InputError, match="is not a small part of survival"):
        run(tmp_path, options, "curve at-risk", "--survival-shift", value)


def test_a_shift_of_survival_reaches_the_draws(tmp_path, options):
    run(tmp_path / "plain", options, "curve at-risk")
    run(tmp_path / "moved", options, "curve at-risk", "--survival-shift", "0.002")
    plain, moved = (tables.IPD.read(tmp_path / name / "ipd.csv") for name in ("plain", "moved"))
    assert plain["time"].tolist() != moved["time"].tolist()


def test_a_batch_takes_the_error_of_the_axis(tmp_path, options):
    manifest = tmp_path / "trials.csv"
    rows = [("exact", ""), ("half", "0.5"), ("wrong", "x")]
    with open(manifest, "w", newline="") as file:
        csv.writer(file).writerows([
            ("trial", "curve", "at-risk", "axis-error"),
            *((trial, options["curve"], options["at-risk"], error) for trial, error in rows),
        ])  # fmt: skip
    with pytest.raises(InputError, match="is not a number of pixels"):
        CliRunner().invoke(
            reconstruct, ["--batch", str(manifest), "--draws", "2", "--out", str(tmp_path)],
            catch_exceptions=False,
        )  # fmt: skip
    exact, half = (tables.IPD.read(tmp_path / name / "ipd.csv") for name in ("exact", "half"))
    best = [frame[frame["draw"] == 0]["time"].tolist() for frame in (exact, half)]
    assert best[0] == best[1]
    assert exact["time"].tolist() != half["time"].tolist()
    assert not (tmp_path / "wrong" / "ipd.csv").exists()
