"""Inputs that contradict each other: the command answers, names which, and says by how much."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from evinet.errors import InputError
from evinet.reconstruct import contradictions
from evinet.reconstruct.commands import reconstruct
from evinet.reconstruct.inputs import ArmInput

COUNTS = {
    "a": [(0, 100), (6, 80), (12, 50), (18, 30), (24, 10)],
    "b": [(0, 100), (6, 70), (12, 40), (18, 20), (24, 5)],
}


def answer(folder: Path, *options: str, counts: dict[str, list[tuple[int, int]]] = COUNTS) -> dict:
    """The quality of a reconstruction from the counts and options; it must not fail."""
    rows = [f"{arm},{time},{n}" for arm, cells in counts.items() for time, n in cells]
    (folder / "at-risk.csv").write_text("\n".join(["arm,time,n", *rows]) + "\n")
    out = folder / "out"
    given = ["--at-risk", str(folder / "at-risk.csv"), "--draws", "2", "--out", str(out), *options]
    done = CliRunner().invoke(reconstruct, given)
    assert done.exit_code == 0, done.output
    quality: dict = json.loads((out / "quality.json").read_text())
    for flag in quality["flags"]:
        assert flag["message"] in done.output
    return quality


def found(quality: dict) -> dict[tuple[str, str], float | None]:
    return {(flag["code"], flag["arm"]): flag["size"] for flag in quality["flags"]}


def test_what_agrees_is_not_flagged(tmp_path):
    quality = answer(tmp_path, "--events", "a=70,b=80", "--median", "a=13:11:16,b=10:8:12",
                     "--hr", "a/b=0.72:0.52:0.99", "--p", "a/b=0.045")  # fmt: skip
    assert found(quality) == {}


@pytest.mark.parametrize(
    ("options", "code", "arm", "size"),
    [
        (["--events", "a=150,b=80"], "events-exceed-n", "a", 50),
        (["--events", "a=70,b=80", "--median", "a=12:13:16"], "median-limits", "a", 1),
        (["--events", "a=70,b=80", "--median", "a=4"], "median-at-risk", "a", 0.3),
        (["--hr", "a/b=0.4:0.3:0.53", "--median", "a=8,b=16"], "hr-medians", "", -1.609),
        (["--hr", "a/b=0.7:0.75:0.9"], "hr-limits", "", 0.05),
        (["--hr", "a/b=0.7:0.5:0.71"], "hr-asymmetric", "", 0.459),
        (["--hr", "a/b=0.5:0.35:0.71", "--p", "a/b=0.8"], "hr-p", "", 3.587),
    ],
)
def test_contradictions_are_named_with_their_size(tmp_path, options, code, arm, size):
    flags = found(answer(tmp_path, *options))
    assert flags[code, arm] == (size if size is None else pytest.approx(size, abs=0.01))


def test_a_ratio_of_an_arm_that_is_not_there_is_refused(tmp_path):
    table = tmp_path / "at-risk.csv"
    table.write_text("arm,time,n\na,0,100\na,6,80\nb,0,100\nb,6,70\n")
    given = ["--at-risk", str(table), "--hr", "c/b=0.5", "--out", str(tmp_path / "out")]
    with pytest.raises(InputError, match="'c/b': does not name two arms"):
        reconstruct.main(given, standalone_mode=False)


def test_numbers_at_risk_that_rise(tmp_path):
    rising = {"a": [(0, 100), (6, 80), (12, 50), (18, 60), (24, 10)]}
    quality = answer(tmp_path, "--events", "a=70", counts=rising)
    assert found(quality) == {("at-risk-rises", "a"): 10}
    assert quality["grade"] == "fair"
    assert quality["grade_reasons"][0] == "flag at-risk-rises"


@pytest.mark.parametrize(
    ("rows", "code", "size"),
    [
        ("a,12,0.70\n", "median-landmark", 0.2),
        ("a,3,0.6\n", "landmark-at-risk", 0.2),
        ("a,6,0.85\na,12,0.90\n", "landmarks-rise", 0.05),
        ("a,6,130\n", "landmark-range", None),
    ],
)
def test_landmarks(tmp_path, rows, code, size):
    (tmp_path / "landmarks.csv").write_text("arm,time,survival\n" + rows)
    options = ["--events", "a=70,b=80", "--median", "a=10"]
    flags = found(answer(tmp_path, *options, "--landmarks", str(tmp_path / "landmarks.csv")))
    assert flags[code, "a"] == (size if size is None else pytest.approx(size, abs=0.01))


def test_too_few_events_for_a_median(tmp_path):
    quality = answer(tmp_path, "--events", "a=3,b=80", "--median", "a=14")
    assert found(quality)["events-too-few", "a"] > 10
    assert quality["grade"] == "poor"
    assert ("median-missed", "a") in found(quality)


@pytest.mark.parametrize(
    ("times", "code", "size"),
    [
        ([1 + 0.03 * k for k in range(20)], None, None),  # as many as leave
        ([1 + 0.03 * k for k in range(27)], "marks-at-risk", 7),
        ([24.5 + 0.01 * k for k in range(13)], "marks-at-risk", 3),
        ([0.0] * 104, "marks-exceed-n", 4),
        (["", -1, 3], "marks-incomplete", 2),
    ],
)
def test_censor_marks_that_cannot_be(tmp_path, times, code, size):
    curve = "".join(f"a,{t},{1 - 0.02 * t}\n" for t in range(1, 25))
    (tmp_path / "curve.csv").write_text(f"arm,time,survival\n{curve}")
    (tmp_path / "marks.csv").write_text("arm,time\n" + "".join(f"a,{t}\n" for t in times))
    quality = answer(
        tmp_path, "--curve", str(tmp_path / "curve.csv"), "--marks", str(tmp_path / "marks.csv"),
        counts={"a": COUNTS["a"]},
    )  # fmt: skip
    flags = {pair: each for pair, each in found(quality).items() if "marks" in pair[0]}
    assert flags == ({} if code is None else {(code, "a"): size})
    assert quality["grade"] != "good"


@pytest.mark.parametrize(("mark", "told"), [(11.95, False), (12.05, False), (11.8, True)])
def test_a_mark_at_the_time_of_a_number_at_risk_may_stand_on_either_side(mark, told):
    """Points are read to 0.3 % of the axis: 0.072 of 24 months. Two patients leave before 12."""
    at_risk = (np.array([0.0, 12.0, 24.0]), np.array([10.0, 8.0, 0.0]))
    arm = ArmInput("a", n=10, at_risk=at_risk, marks=np.full(3, mark))
    assert bool(list(contradictions._more_marks_than_leave(arm))) is told
