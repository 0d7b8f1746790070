"""What the page of a trial shows of its figure."""

from __future__ import annotations

from dataclasses import replace
from html import unescape
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from benchmarks import figures
from click.testing import CliRunner

from evinet import files
from evinet.digitise import axis as axis_file
from evinet.digitise import handover, run
from evinet.digitise.commands import digitise as command
from evinet.reconstruct.inputs import ArmInput, TrialInput
from evinet.report.exhibit import INDEX
from evinet.report.figures import digitised as drawn
from evinet.report.pages import reconstruction as page

STYLES = {
    "percent": figures.STYLES["pdf-bands"],
    "incidence": replace(figures.STYLES["incidence"], suffix="svg", mark="|"),
    "years": replace(figures.STYLES["years"], suffix="pdf"),
}


@pytest.fixture(params=STYLES)
def digitised(request, tmp_path):
    """(reading, folder of its files): a figure whose arms are those of a trial."""
    style = STYLES[request.param]
    path = tmp_path / f"figure.{style.suffix}"
    figures.draw(path, request.param, style)
    made = run.digitise(path)
    for arm in made.axis.arms:
        arm.arm = arm.name.lower()
    made.axis.source, made.axis.locator = "paper", "Figure 2"
    axis_file.write(tmp_path / "axis.yaml", made.axis)
    out = tmp_path / "results/digitised/birch/pfs"
    words = [str(path), "--axis", str(tmp_path / "axis.yaml"), "--out", str(out)]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0, done.output
    return made, out


def test_the_tables_lie_on_the_curves_and_marks_of_the_figure(digitised):
    made, out = digitised
    placed = handover.placed(out, {arm.arm for arm in made.axis.arms})
    assert [each.arm for each in placed] == [arm.arm for arm in made.axis.arms]
    scale = abs(1 / made.reading.panel.x.slope), abs(1 / made.reading.panel.y.slope)
    rounding = 1e-6 * np.maximum(scale, np.array(scale) * made.reading.panel.full) + 1e-3
    for each, arm in zip(placed, made.reading.arms, strict=True):
        for corner in arm.trace.corners[1:]:
            apart = np.abs(each.curve - corner)
            assert (apart <= rounding).all(axis=1).any(), corner
        assert each.marks[:, 0] == pytest.approx(arm.trace.marks[:, 0], abs=0.01)
        assert each.marks[:, 1] == pytest.approx(arm.trace.marks[:, 1], abs=1.5)


@pytest.mark.parametrize("name", ["survminer", "pdf"])
def test_the_reconstruction_is_told_by_how_much_the_axes_of_a_picture_may_be_off(name, tmp_path):
    style = figures.STYLES[name]
    path, out = tmp_path / f"figure.{style.suffix}", tmp_path / "out"
    figures.draw(path, name, style)
    said = CliRunner().invoke(command, [str(path), "--out", str(out)]).output
    axis = axis_file.read(out / "axis.yaml")
    given = TrialInput(tuple(ArmInput(arm.name) for arm in axis.arms))
    content = handover.with_figure(given, out)
    assert all(arm.marks is not None for arm in content.arms)
    pixel = abs(axis.panel().y.slope)
    if name == "pdf":
        assert content.survival_shift == content.axis_error == 0
        assert "--survival-shift" not in said
    else:  # half a pixel, and a little for ticks off the line; steps of time are half a pixel
        assert 0.5 * pixel <= content.survival_shift < 0.65 * pixel
        assert 1.0 <= content.axis_error < 1.3
        error = f"--axis-error {content.axis_error:g} --survival-shift {content.survival_shift:g}"
        assert error in said


def test_the_figure_has_the_arms_in_the_colours_of_the_trial(digitised):
    made, out = digitised
    arms = {arm.arm: arm.name for arm in reversed(made.axis.arms)}  # the trial's own order
    placed = handover.placed(out, set(arms))
    for narrow in (False, True):
        figure = drawn.draw(out / "figure.png", made.axis, arms, placed, narrow=narrow)
        published, read = figure.axes
        assert not published.lines
        lines = [line for line in read.lines if not line.get_label().startswith("_")]
        assert [line.get_label() for line in lines] == list(arms.values())
        assert [line.get_color() for line in lines] == list(drawn.style.SERIES[: len(arms)])
        frame = made.axis.frame
        assert read.get_xlim()[0] < frame[0] < frame[2] < read.get_xlim()[1]
        assert read.get_ylim()[1] < frame[1] < frame[3] < read.get_ylim()[0]


def test_the_page_says_how_the_figure_was_read(digitised):
    made, out = digitised
    root = out.parents[2]
    files.write_json(
        root / "figures" / INDEX, {"digitised-birch-pfs.svg": {"caption": "", "alt": ""}}
    )
    results: Any = SimpleNamespace(root=root)
    item: Any = SimpleNamespace(trial="birch", outcome="pfs")
    text = unescape(page.digitised(results, item))
    assert "Figure 2" in text
    assert ", page 1," in text or made.figure.suffix == ".svg"
    assert f"{made.reading.confidence:.2f} of 1" in text
    assert "not recorded" in text
    for reason in made.reading.reasons:
        assert reason.message[:20] in text


def test_a_figure_that_was_not_digitised_is_not_shown(tmp_path):
    files.write_json(tmp_path / "figures" / INDEX, {})
    results: Any = SimpleNamespace(root=tmp_path)
    assert page.digitised(results, SimpleNamespace(trial="birch", outcome="pfs")) == ""
