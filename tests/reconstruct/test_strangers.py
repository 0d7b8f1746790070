"""Inputs as strangers have them: styles of points, layouts of tables, names, units."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from benchmarks import trials
from click.testing import CliRunner

from evinet.errors import InputError
from evinet.patients.kaplan_meier import kaplan_meier
from evinet.reconstruct.commands import reconstruct
from evinet.reconstruct.inputs import ArmInput, TrialInput, tidy
from evinet.reconstruct.methods import reconstruct as reconstruct_trial
from evinet.reconstruct.options import Options
from evinet.reconstruct.options import read as read_options
from evinet.reconstruct.quality import assess

CASES = Path(__file__).parent / "data" / "cases"


def answer(out: Path, *options: str | Path) -> dict[str, Any]:
    """quality.json of a run; bad input raises."""
    done = CliRunner().invoke(
        reconstruct, [*map(str, options), "--out", str(out)], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    return json.loads((out / "quality.json").read_text())


def of(case: str, curve: str = "curve.csv", table: str = "at-risk.csv") -> list[str | Path]:
    return ["--curve", CASES / case / curve, "--at-risk", CASES / case / table]


def events(quality: dict[str, Any]) -> dict[str, int]:
    return {name: arm["events"]["reconstructed"] for name, arm in quality["arms"].items()}


def codes(quality: dict[str, Any]) -> set[str]:
    return {flag["code"] for flag in quality["flags"]}


def test_the_end_of_the_line_changes_nothing(tmp_path):
    """11 and 12 patients; the ratio of their true times is 2.50."""
    found = [
        answer(tmp_path / name, *of("tailpoint", f"{name}-tail.csv"))["contrast"]["hr"]
        for name in ("with", "without")
    ]
    assert found[0]["reconstructed"] == pytest.approx(found[1]["reconstructed"], rel=0.01)
    assert found[0]["reconstructed"] == pytest.approx(2.50, rel=0.04)
    for each in found:
        assert each["band"][0] <= 2.50 <= each["band"][1] * 1.02


@pytest.mark.parametrize(
    ("curve", "table"),
    [("curve.csv", "at-risk.csv"), ("curve-36.2.csv", "at-risk.csv"),
     ("curve.csv", "at-risk-no36.csv")],
)  # fmt: skip
def test_a_mass_of_events_at_the_end_of_the_axis_is_kept(tmp_path, curve, table):
    quality = answer(tmp_path, *of("endmass", curve, table))
    assert events(quality) == {"a0": 66, "a1": 51}
    assert quality["grade"] == "good"
    low, high = quality["contrast"]["hr"]["band"]
    assert high / low < 1.1


def test_masses_at_one_time_stay_at_one_time_on_grids_that_seem_different():
    """The pixels of each arm are told from its own points: by chance they seem twice as wide."""
    table = np.array([0.0, 12, 24, 36]), np.array([40, 38, 34, 28])
    arms = []
    for name, pixel in (("a", 0.125), ("b", 0.25)):
        drops = np.array([3.1, 7.4, 11.3, 14.9, 19.2, 23.3, 25.8, 28.3, 30.1, 33.7, 34.4, 35.2])
        time = np.repeat(np.round(drops / pixel) * pixel, 2)
        level = np.repeat(1 - np.arange(13) / 40, 2)
        curve = np.append(time, [36.0, 36.0]), np.append(level[:-2], [level[-1], 0.02])
        curve = np.concatenate([[0.0], curve[0]]), np.concatenate([[1.0], curve[1]])
        arms.append(ArmInput(name, curve=curve, at_risk=table))
    made = reconstruct_trial(TrialInput(tuple(arms), axis_error=0.5), None, 8,
                             np.random.default_rng(1))  # fmt: skip
    for one, other in zip(made.arms["a"], made.arms["b"], strict=True):
        assert one.time[one.event == 1].max() == other.time[other.event == 1].max()


@pytest.mark.parametrize(("index", "printed", "unit"), [(144, "3.60", 0.01), (184, "22.7", 0.1)])
def test_times_of_three_digits_are_as_open_as_they_were_written(index, printed, unit):
    """A median at the last time of a curve, and one where several had events."""
    trial = trials.simulated(1, index)
    given = trials.published(trial, "digits", ("at-risk",), 1)
    made = reconstruct_trial(given, None, 20, np.random.default_rng(1))
    name = next(iter(trial.arms))
    true = kaplan_meier(trial.arms[name]).median().estimate
    assert f"{true:.3g}" == printed.rstrip("0")
    drawn = [kaplan_meier(each).median().estimate for each in made.arms[name][1:]]
    assert min(drawn) < true < max(drawn)
    assert 0.5 * unit < max(drawn) - min(drawn) < 1.3 * unit


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_a_total_of_events_with_a_mass_at_the_end(tmp_path, seed):
    quality = answer(tmp_path, *of("crash"), "--events", "a0=177,a1=160", "--seed", seed)
    assert events(quality) == {"a0": 177, "a1": 160}
    assert quality["grade"] == "good"


def test_a_total_of_events_far_from_the_curve_is_not_followed(tmp_path):
    quality = answer(tmp_path, *of("crash"), "--events", "a0=7", "--events", "a1=160")
    assert "events-contradict-curve" in codes(quality)
    assert events(quality)["a0"] == pytest.approx(177, abs=4)
    assert quality["grade"] != "good"


def test_a_curve_that_stops_leaves_its_rest_open(tmp_path):
    """64 of 69 patients had an event; the curve shows 46 of them."""
    quality = answer(tmp_path, *of("trunc"), "--draws", "100")
    low, high = quality["arms"]["t1"]["events"]["band"]
    assert low <= 64 <= high
    assert "curve-ends-early" in codes(quality)
    assert quality["grade"] != "good"


def test_a_true_curve_and_a_true_table_do_not_contradict_each_other(tmp_path):
    assert "curve-at-risk" not in codes(answer(tmp_path, *of("false-contradiction")))


def test_two_spellings_of_an_arm_are_joined_and_said(tmp_path):
    quality = answer(tmp_path, *of("armnames"))
    assert quality["tier"] == "A"
    assert set(quality["arms"]) == {"T1", "T2"}
    assert "arm-names-joined" in codes(quality)


def test_arms_that_do_not_match_are_refused_with_both_names(tmp_path):
    table = pd.read_csv(CASES / "armnames" / "at-risk.csv")
    table["arm"] = table["arm"].map({"t1": "Treat1", "t2": "Treat2"})
    table.to_csv(tmp_path / "at-risk.csv", index=False)
    curve = CASES / "armnames" / "curve.csv"
    with pytest.raises(InputError, match=r"'T1', 'T2'.*'Treat1', 'Treat2'"):
        answer(tmp_path / "out", "--curve", curve, "--at-risk", tmp_path / "at-risk.csv")
    with pytest.raises(InputError, match="'T3'"):
        answer(tmp_path / "out", *of("armnames"), "--events", "T3=5")


FILES = CASES / "usability"


def test_layouts_of_digitisers_give_the_same_curve(tmp_path):
    """One curve in per cent with a header, without a header, and among others in pairs."""
    runs = {
        "getpoints": ["--curve", f"f500={FILES / 'getpoints.csv'}", "--n", "f500=200"],
        "one": ["--curve", f"f500={FILES / 'wpd-one.csv'}", "--n", "f500=200"],
        "all": ["--curve", FILES / "wpd-all.csv", "--n", "f500=200", "--n", "f250=190"],
    }
    found = {name: answer(tmp_path / name, *options) for name, options in runs.items()}
    assert set(found["all"]["arms"]) == {"f500", "f250"}
    means = [each["arms"]["f500"]["rmst"]["reconstructed"] for each in found.values()]
    assert np.ptp(means) < 0.02 * max(means)
    assert "curve-percent" in codes(found["getpoints"])


ROWS = [("a", 0, 100), ("a", 6, 90.5), ("a", 12, 70), ("b, low", 0, 100), ("b, low", 6, 80),
        ("b, low", 12, 60), ("b, low", 18, 41.5)]  # fmt: skip


def written(folder: Path, layout: str) -> list[str | Path]:
    file = folder / "points.csv"
    lines = {
        "long": ["Arm,Time,Survival", *(f'"{arm}",{t},{s}' for arm, t, s in ROWS)],
        "semicolons": ["arm;time;survival", *(f"{arm};{t};{s}".replace(".", ",")
                                              for arm, t, s in ROWS)],
        "tabs": ["arm\ttime\tsurvival", *(f"{arm}\t{t}\t{s}" for arm, t, s in ROWS)],
        "columns": ["x;a;b, low", "0;100;100", "6;90.5;80", "12;70;60", "18;;41.5"],
        "pairs": ["a;;b, low;", "X;Y;X;Y", "0;100;0;100", "6;90.5;6;80", "12;70;12;60",
                  ";;18;41.5"],
    }  # fmt: skip
    file.write_text("\ufeff" + "\r\n".join(lines[layout]) + "\r\n", encoding="utf-8")
    return ["--curve", file]


@pytest.mark.parametrize("layout", ["long", "semicolons", "tabs", "columns", "pairs"])
def test_every_layout_says_the_same(tmp_path, layout):
    quality = answer(tmp_path / "out", *written(tmp_path, layout), "--n", "b, low=50,a=40",
                     "--draws", "1")  # fmt: skip
    assert quality["arms"]["a"]["curve"]["points"] == 3
    assert quality["arms"]["b, low"]["curve"]["points"] == 4
    assert {name: arm["n"] for name, arm in quality["arms"].items()} == {"a": 40, "b, low": 50}


def test_a_name_with_a_comma_may_stand_in_quotation_marks(tmp_path):
    """As in the options of `evinet nma` and `evinet read`."""
    quality = answer(tmp_path / "out", *written(tmp_path, "long"), "--n", '"b, low"=50,a=40',
                     "--draws", "1")  # fmt: skip
    assert {name: arm["n"] for name, arm in quality["arms"].items()} == {"a": 40, "b, low": 50}


def test_one_file_for_each_arm_and_times_across_the_top(tmp_path):
    for arm in ("a", "b"):
        (tmp_path / f"{arm}.csv").write_text("0,1\n3,0.9\n9,0.7\n12,0.7\n")
    (tmp_path / "risk.csv").write_text("No. at risk;0;6;12\nA;40;36;28\nB;50;44;\n")
    quality = answer(
        tmp_path / "out", "--curve", tmp_path / "a.csv", "--curve", tmp_path / "b.csv",
        "--at-risk", tmp_path / "risk.csv", "--comparison", "b:a", "--draws", "1",
    )  # fmt: skip
    assert [row["printed"] for row in quality["arms"]["a"]["at_risk"]] == [40, 36, 28]
    assert [row["printed"] for row in quality["arms"]["b"]["at_risk"]] == [50, 44]
    assert (quality["contrast"]["arm"], quality["contrast"]["comparator"]) == ("b", "a")


def test_a_published_ratio_is_turned_round_with_its_limits(tmp_path):
    options = [*of("tailpoint", "with-tail.csv"), "--hr", "Maintained/Nonmaintained=0.4:0.2:0.8",
               "--comparison", "nonmaintained:maintained", "--draws", "2"]  # fmt: skip
    ratio = answer(tmp_path, *options)["contrast"]["hr"]
    printed = (ratio["printed"], ratio["printed_lower"], ratio["printed_upper"])
    assert printed == pytest.approx((2.5, 1.25, 5.0))


def test_units_that_differ_are_said_and_mended(tmp_path):
    table = pd.read_csv(CASES / "tailpoint" / "at-risk.csv")
    table.assign(time=table["time"] / 12).to_csv(tmp_path / "years.csv", index=False)
    options = [
        "--curve",
        CASES / "tailpoint" / "with-tail.csv",
        "--at-risk",
        tmp_path / "years.csv",
    ]
    with pytest.raises(InputError, match=r"in years and months.*--time-unit curve=months"):
        answer(tmp_path / "out", *options)
    quality = answer(tmp_path / "out", *options, "--time-unit", "curve=months,at-risk=years")
    assert events(quality) == {"Maintained": 7, "Nonmaintained": 11}
    assert "time-converted" in codes(quality)


def test_medians_have_the_unit_of_all_times():
    given, _ = options_of_trial(n="a=90,b=90", median="a=1.5:1:2,b=1", time_unit="years")
    assert [arm.median.estimate for arm in given.arms] == [18, 12]
    assert (given.arms[0].median.lower, given.arms[0].median.upper) == (12, 24)
    given, _ = options_of_trial(n="a=90", median="a=18", time_unit="curve=years")
    assert given.arms[0].median.estimate == 18


def test_small_numbers_among_percentages_are_percentages(tmp_path):
    table = tmp_path / "landmarks.csv"
    table.write_text("arm,time,survival\na,6,75\na,30,0.9\nb,30,1.2\n")
    given, _ = options_of_trial(n="a=90,b=90", landmarks=str(table))
    found = [mark.survival for arm in tidy(given)[0].arms for mark in arm.landmarks]
    assert found == pytest.approx([0.75, 0.009, 0.012])
    curve = tmp_path / "incidence.csv"
    curve.write_text("arm,time,incidence\na,0,0\na,9,4\nb,0,0\nb,9,0.8\n")
    given, _ = options_of_trial(n="a=90,b=90", curve=str(curve), incidence=True)
    assert [arm.curve[1][-1] for arm in given.arms] == pytest.approx([0.96, 0.992])


def test_one_misread_point_does_not_make_a_curve_per_cent(tmp_path):
    curve = tmp_path / "curve.csv"
    rows = "".join(f"{time},{1 - time / 20}\n" for time in range(11))
    curve.write_text(f"time,survival\n{rows}5.2,1.62\n")
    with pytest.raises(InputError, match=r"curve.csv:13.*1.62.*far outside 0 to 1"):
        options_of_trial(n="curve=90", curve=str(curve))


def test_events_without_numbers_at_risk_are_not_called_good():
    """Of 80 patients read in whole per cent: the total does not tell when they were censored."""
    trial = trials.simulated(77, 0, 80, "usual")
    for known, code, grades in (
        ({"events"}, "censoring-assumed", ("fair", "poor")),
        (set(), "censoring-unknown", ("poor",)),
    ):
        given = trials.published(trial, "percent", known, 0)
        made = reconstruct_trial(given, None, 0, np.random.default_rng(0))
        quality = assess(given, made, "S", None)
        assert code in codes(quality)
        assert quality["grade"] in grades


def options_of_trial(n: str, incidence: bool = False, time_unit: str | None = None, **texts: str):
    lists = {name: [text] for name, text in texts.items()}
    return read_options(Options(patients=[n], incidence=incidence, time_unit=time_unit, **lists))


def test_a_curve_in_years_beside_a_table_in_months_is_said(tmp_path):
    """The curve ends before the table's second time, so that they meet at time 0 alone."""
    curve = pd.read_csv(CASES / "tailpoint" / "with-tail.csv")
    curve.assign(time=curve["time"] / 12).to_csv(tmp_path / "years.csv", index=False)
    options = ["--curve", tmp_path / "years.csv", "--at-risk", CASES / "tailpoint" / "at-risk.csv"]
    with pytest.raises(InputError, match=r"in months and years.*--time-unit curve=years"):
        answer(tmp_path / "out", *options)


@pytest.mark.parametrize("weekly", ["curve", "table"])
def test_weeks_beside_months_are_said(tmp_path, weekly):
    """52 weeks in 12 months: no two units are nearer to each other."""
    curve = pd.read_csv(CASES / "tailpoint" / "with-tail.csv")
    table = pd.read_csv(CASES / "tailpoint" / "at-risk.csv")
    frame = curve if weekly == "curve" else table
    frame["time"] *= 365.25 / 84
    curve.to_csv(tmp_path / "curve.csv", index=False)
    table.to_csv(tmp_path / "table.csv", index=False)
    options = ["--curve", tmp_path / "curve.csv", "--at-risk", tmp_path / "table.csv"]
    units = "curve=weeks,at-risk=months" if weekly == "curve" else "curve=months,at-risk=weeks"
    with pytest.raises(InputError, match=f"--time-unit {units}"):
        answer(tmp_path / "out", *options)


def test_cumulative_incidence_is_said_and_mended(tmp_path):
    curve = pd.read_csv(CASES / "tailpoint" / "with-tail.csv")
    curve.assign(survival=1 - curve["survival"]).to_csv(tmp_path / "cif.csv", index=False)
    options = ["--curve", tmp_path / "cif.csv", "--at-risk", CASES / "tailpoint" / "at-risk.csv"]
    with pytest.raises(InputError, match="cumulative incidence"):
        answer(tmp_path / "out", *options)
    assert events(answer(tmp_path / "out", *options, "--incidence"))["Maintained"] == 7


@pytest.mark.parametrize(
    ("curve", "table", "message"),
    [
        ("arm,time,survival\n", None, "a header and no rows"),
        ("arm,time,survival\na,5,0.8\n", None, "one point does not make a curve"),
        ("0,1,2\n1,2,3\n", None, "3 columns without a header"),
        ("arm,time,event\na,5,1\n", None, "holds patients"),
        ("arm,time,height\na,5,1\n", None, "no column survival"),
        ("time,status,survival\n5,1,1\n", None, "holds patients"),
        ("arm,time,survival\na,5,eight\n", None, "csv:2: .*eight.*not a number"),
        (None, "arm,time,n\na,0,-5\na,6,2\n", "csv:2: .*not negative"),
        (None, "arm,time,n\na,0,50\na,6,12.5\n", "csv:3: .*whole"),
        (None, "arm,time,n\na,0,1000000000\n", "csv:2: .*more than 50000"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_line(tmp_path, curve, table, message):
    options: list[str | Path] = ["--n", "a=50"]
    for name, content in (("curve", curve), ("at-risk", table)):
        if content is not None:
            (tmp_path / f"{name}.csv").write_text(content)
            options += [f"--{name}", tmp_path / f"{name}.csv"]
    with pytest.raises(InputError, match=message):
        answer(tmp_path / "out", *options)


def test_one_bad_trial_does_not_stop_a_batch(tmp_path, monkeypatch):
    from evinet.reconstruct import run

    rows = [
        ("good", "curve.csv", "at-risk.csv"),
        ("broken", "curve.csv", "at-risk.csv"),
        ("missing", "no.csv", "at-risk.csv"),
        ("also-good", "curve.csv", "at-risk.csv"),
    ]
    case = CASES / "false-contradiction"
    lines = [f"{trial};{case / curve};{case / table}" for trial, curve, table in rows]
    (tmp_path / "manifest.csv").write_text("\n".join(["trial;curve;at-risk", *lines]))
    usual = run.reconstruct
    calls = iter(range(9))

    def fails(*given: Any) -> Any:
        if next(calls) == 1:
            raise ZeroDivisionError("division by zero")
        return usual(*given)

    monkeypatch.setattr(run, "reconstruct", fails)
    with pytest.raises(InputError, match=r"(?s)broken.*ZeroDivisionError.*no\.csv"):
        answer(tmp_path / "out", "--batch", tmp_path / "manifest.csv", "--draws", "1")
    assert (tmp_path / "out/good/ipd.csv").exists()
    assert (tmp_path / "out/also-good/ipd.csv").exists()
    for trial, code in (("broken", "failed"), ("missing", "bad-input")):
        quality = json.loads((tmp_path / f"out/{trial}/quality.json").read_text())
        assert codes(quality) == {code}


def test_events_at_time_0_get_a_time_that_a_model_can_use(tmp_path):
    (tmp_path / "curve.csv").write_text(
        "arm,time,survival\na,-0.1,1\na,0,0.9\na,3,0.8\na,8,0.7\na,12,0.6\na,15,0.5\n"
    )
    (tmp_path / "risk.csv").write_text("arm,time,n\na,0,10\na,6,8\na,12,7\n")
    answer(tmp_path / "out", "--curve", tmp_path / "curve.csv", "--at-risk", tmp_path / "risk.csv")
    ipd = pd.read_csv(tmp_path / "out" / "ipd.csv")
    assert (ipd.loc[ipd["event"] == 1, "time"] > 0).all()
    best = ipd[ipd["draw"] == 0]
    assert ((best["event"] == 1) & (best["time"] < 3)).sum() == 1


def test_an_arm_that_was_given_and_not_used_makes_the_grade_poor(tmp_path):
    quality = answer(tmp_path, *of("armnames"), "--method", "at-risk")
    assert quality["grade"] == "poor"
    assert "curve-unused" in codes(quality)


@pytest.mark.parametrize("start", ["", "a,0,\n"])
def test_patients_at_the_start_are_asked_for_where_the_table_lacks_them(tmp_path, start):
    """110 at risk at 6, where the curve is at 0.733, are no longer the 150 who started."""
    (tmp_path / "curve.csv").write_text(
        "arm,time,survival\na,2,0.9\na,5,0.733\na,11,0.3\na,14,0.2\n"
    )
    (tmp_path / "table.csv").write_text(f"arm,time,n\n{start}a,6,110\na,12,40\n")
    options = ["--curve", tmp_path / "curve.csv", "--at-risk", tmp_path / "table.csv"]
    with pytest.raises(InputError, match=r"at least 150 patients started.*--n \"a=NUMBER\""):
        answer(tmp_path / "out", *options)
    with pytest.raises(InputError, match="at least 124 patients started"):
        answer(tmp_path / "out", *options[2:], "--events", "a=124")
    quality = answer(tmp_path / "out", *options, "--n", "a=150", "--events", "a=100")
    assert quality["arms"]["a"]["n"] == 150


def test_patients_at_the_start_that_are_assumed_are_no_good_grade(tmp_path):
    (tmp_path / "table.csv").write_text("arm,time,n\na,6,110\na,12,40\n")
    quality = answer(tmp_path / "out", "--at-risk", tmp_path / "table.csv", "--events", "a=80")
    assert "n-assumed" in codes(quality)
    assert quality["grade"] != "good"
