"""Vector figures give back the curve that they were drawn from."""

from __future__ import annotations

import re

import numpy as np
import pytest
from benchmarks import digitise as benchmark
from benchmarks import figures
from click.testing import CliRunner

from evinet.digitise import axis, check, judge, strokes, svg
from evinet.digitise.axes import Panel, Tick, fit
from evinet.digitise.commands import digitise as command
from evinet.digitise.drawing import BLACK, Box, Stroke
from evinet.digitise.reading import Arm as ReadArm
from evinet.digitise.reading import Reading, Traced
from evinet.digitise.run import digitise
from evinet.digitise.table import Cell, Row
from evinet.digitise.trace import Curve, Look, Trace
from evinet.errors import InputError
from evinet.patients.data import Patients
from evinet.patients.kaplan_meier import kaplan_meier

VECTOR = [name for name, style in figures.STYLES.items() if style.suffix in ("pdf", "svg")]


@pytest.mark.parametrize("name", VECTOR)
def test_curves_names_and_numbers_at_risk_are_exact(figure, name):
    path, truth = figure(name)
    made = digitise(path)
    reading = made.reading
    assert made.axis.kind == "vector"
    assert made.axis.unit == "months"
    assert reading.confidence > 0.9, reading.reasons
    assert [arm.name for arm in reading.arms] == [arm.name for arm in truth]
    for arm, each in zip(reading.arms, truth, strict=True):
        assert benchmark.error(arm, each, 36) < 2e-4
        counts = [int((each.time >= cell.time).sum()) for cell in arm.row.cells]
        assert [cell.n for cell in arm.row.cells] == counts


def test_a_drawing_in_large_units_is_read_as_one_in_points(figure, tmp_path):
    """As GNU plotutils writes it: the whole drawing is one unit wide."""
    path, truth = figure("svg")
    text = path.read_text().replace('viewBox="0 0 504 396"', f'viewBox="0 0 1 {396 / 504}"')
    text = text.replace('<g id="figure_1">', f'<g id="figure_1" transform="scale({1 / 504})">')
    small = tmp_path / "small.svg"
    small.write_text(text)
    reading = digitise(small).reading
    assert reading.confidence > 0.9, reading.reasons
    for arm, each in zip(reading.arms, truth, strict=True):
        assert benchmark.error(arm, each, 36) < 2e-4


def test_axes_half_a_pixel_off_and_ends_set_flush_are_read(figure, tmp_path):
    """As Altair draws: the first and the last number of the time axis do not stand out."""
    path, truth = figure("svg")
    plain = digitise(path)
    panel = plain.reading.panel
    curves = "".join(
        f'<path d="M{" L".join(f"{x:.3f},{y:.3f}" for x, y in arm.trace.corners)}" fill="none" '
        f'stroke="#{"".join(f"{part:02x}" for part in arm.trace.look.colour)}" stroke-width="2"/>'
        for arm in plain.reading.arms
    )
    floor = panel.y.position(0.0)
    flush = {0: "start", 36: "end"}
    parts = [
        f'<g transform="translate({panel.x.position(each.value) + 0.5:.3f},{floor + 0.5:.3f})">'
        f'<line y2="5" stroke="#888"/><text y="16" text-anchor="'
        f'{flush.get(round(each.value), "middle")}" font-size="10">{each.value:g}</text></g>'
        for each in panel.x.ticks
    ]
    parts += [
        f'<g transform="translate({panel.box.left + 0.5:.3f},'
        f'{panel.y.position(each.value) + 0.5:.3f})"><line x2="-5" stroke="#888"/><text x="-7" '
        f'y="3.5" text-anchor="end" font-size="10">{each.value:.1f}</text></g>'
        for each in panel.y.ticks
    ]
    made = tmp_path / "flush.svg"
    made.write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 504 396">'
                    + curves + "".join(parts) + "</svg>")  # fmt: skip
    reading = digitise(made).reading
    assert not {"x-left-out", "y-left-out"} & {reason.code for reason in reading.reasons}
    assert [tick.value for tick in reading.panel.x.ticks] == [t.value for t in panel.x.ticks]
    for arm, each in zip(reading.arms, truth, strict=True):
        assert benchmark.error(arm, each, 36) < 1e-4


def test_ticks_put_at_whole_units_are_read_with_their_error(figure, tmp_path):
    """As Altair and plotly draw them, so that they are sharp; the curves are where they belong."""
    path, truth = figure("svg")
    text = re.sub(
        r'(<use [^>]*x=")([\d.]+)(" y=")([\d.]+)"',
        lambda at: f'{at[1]}{float(at[2]):.0f}{at[3]}{float(at[4]):.0f}"', path.read_text(),
    )  # fmt: skip
    made = tmp_path / "whole.svg"
    made.write_text(text)
    reading = digitise(made).reading
    assert all(axis.snapped for axis in (reading.panel.x, reading.panel.y))
    assert reading.confidence > 0.9, reading.reasons
    assert reading.sigma > 3e-5
    for arm, each in zip(reading.arms, truth, strict=True):
        assert benchmark.error(arm, each, 36) < 2e-3


@pytest.mark.parametrize("name", ["pdf", "pdf-black"])
@pytest.mark.parametrize("legend", ["inside", "above", "below"])
def test_names_come_from_the_legend_where_there_is_no_table(figure, name, legend):
    path, truth = figure(name, table="none", legend=legend)
    reading = digitise(path).reading
    assert [arm.name for arm in reading.arms] == [each.name for each in truth]
    assert [reason.code for reason in reading.reasons] == ["no-table"]


@pytest.mark.parametrize("name", ["pdf", "pdf-black"])
@pytest.mark.parametrize("legend", ["inside", "above", "below"])
def test_an_arm_that_stands_in_the_legend_alone_is_told(figure, name, legend):
    path, _ = figure(name, table="none", legend=legend, arms=3, missing=True)
    reading = digitise(path).reading
    assert "legend-lost" in {reason.code for reason in reading.reasons}
    assert not reading.answered


@pytest.mark.parametrize("name", ["pdf", "pdf-black", "svg"])
def test_marks_are_the_censored_patients(figure, name):
    path, truth = figure(name)
    reading = digitise(path).reading
    for arm, each in zip(reading.arms, truth, strict=True):
        true = np.unique(each.time[each.event == 0])
        read = reading.panel.x.value(arm.trace.marks[:, 0])
        near = np.abs(read[:, None] - true[None, :]).min(axis=1)
        assert near.max() < 0.05
        assert len(read) >= 0.9 * len(true)


def test_axis_file_gives_the_same_bytes_again(figure, tmp_path):
    path, _ = figure("pdf")
    first, second = tmp_path / "first", tmp_path / "second"
    assert CliRunner().invoke(command, [str(path), "--out", str(first)]).exit_code == 0
    options = [str(path), "--axis", str(first / "axis.yaml"), "--out", str(second)]
    assert CliRunner().invoke(command, options).exit_code == 0
    for name in ("axis.yaml", "curve.csv", "marks.csv", "at-risk.csv", "digitisation.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_a_typed_value_changes_the_curve_and_is_told(figure, tmp_path):
    path, _ = figure("pdf")
    made = digitise(path)
    typed = made.axis.model_copy(deep=True)
    for tick in typed.time:
        tick.value *= 2
    again = digitise(path, axis=typed)
    before, after = made.reading.arms[0].curve, again.reading.arms[0].curve
    np.testing.assert_allclose(after.time, 2 * before.time)
    assert any("time tick" in said for said in again.axis.typed())
    axis.write(tmp_path / "axis.yaml", typed)
    assert axis.read(tmp_path / "axis.yaml") == typed


def test_a_table_of_other_patients_is_refused(figure):
    """Numbers at risk that the curve cannot have: no curve with a good grade."""
    path, _ = figure("pdf")
    typed = digitise(path).axis.model_copy(deep=True)
    for row in typed.at_risk.rows:
        row.n = [row.n[0], *(min(row.n[0], round(1.8 * n)) for n in row.n[1:])]
    assert not digitise(path, axis=typed).reading.answered


def test_a_curve_that_does_not_start_with_everybody_is_refused(figure):
    """Values that stand beside the wrong place, as where "100 %" was not read as one word."""
    path, _ = figure("pdf")
    typed = digitise(path).axis.model_copy(deep=True)
    for tick in typed.survival:
        tick.at += 8
    reading = digitise(path, axis=typed).reading
    assert "start-off" in {reason.code for reason in reading.reasons}
    assert not reading.answered


def test_numbers_at_risk_without_those_at_the_start_are_told(figure):
    path, _ = figure("pdf")
    typed = digitise(path).axis.model_copy(deep=True)
    typed.at_risk.times = typed.at_risk.times[1:]
    for row in typed.at_risk.rows:
        row.n = row.n[1:]
    reading = digitise(path, axis=typed).reading
    assert "table-start" in {reason.code for reason in reading.reasons}
    assert not reading.answered


def test_two_plots_on_a_page_are_asked_for(figure):
    path, _ = figure("pdf", panels=2, size=(11.0, 5.0))
    reading = digitise(path).reading
    assert not reading.answered
    assert "panels" in {reason.code for reason in reading.reasons}


@pytest.mark.parametrize("panel", [1, 2])
def test_one_of_two_plots_with_the_same_legend_is_read(figure, panel):
    path, truth = figure("pdf", panels=2, size=(11.0, 5.0))
    reading = digitise(path, panel=panel).reading
    assert reading.confidence == 1, reading.reasons
    assert [arm.name for arm in reading.arms] == [each.name for each in truth]


def test_an_empty_page_is_named(figure, tmp_path):
    """R's survminer writes one before the figure."""
    from pypdf import PdfWriter

    writer = PdfWriter()
    writer.add_blank_page(300, 300)
    writer.append(figure("pdf")[0])
    writer.write(tmp_path / "two.pdf")
    with pytest.raises(InputError, match="the page is empty"):
        digitise(tmp_path / "two.pdf")
    assert digitise(tmp_path / "two.pdf", page=2).reading.answered


@pytest.mark.parametrize("lying", ["nothing", "of another figure"])
def test_the_advice_for_a_foreign_axis_file_leads_out(figure, tmp_path, lying):
    path, _ = figure("pdf")
    made = digitise(figure("svg")[0])
    own = tmp_path / "axis.yaml"
    own.write_text("")
    if lying == "of another figure":
        axis.write(own, made.axis)
    options = [str(path), "--out", str(tmp_path)]
    with pytest.raises(InputError, match=r"(?i)delete"):
        CliRunner().invoke(command, options, catch_exceptions=False, standalone_mode=False)
    own.unlink()
    assert CliRunner().invoke(command, options).exit_code == 0


@pytest.mark.parametrize("changes", [{"page": 2}, {"panel": 2}])
def test_an_axis_file_of_another_page_or_plot_is_not_used(figure, changes):
    path, _ = figure("pdf")
    made = digitise(path, panel=1).axis
    assert digitise(path, page=1, panel=1, axis=made).reading.answered
    with pytest.raises(InputError, match="is not that of the axis file"):
        digitise(path, axis=made, **changes)


@pytest.mark.parametrize("after", [False, True], ids=["at", "after"])
def test_numbers_at_risk_are_counted_at_or_after_their_times(after):
    """Whole months: who fails at 6 months counts among those at risk at 6, or no more."""
    rng = np.random.default_rng(5)
    time = np.ceil(rng.exponential(14, 120)).clip(max=36)
    arm = Patients(time, (rng.random(120) < 0.7).astype(int))
    drawn = kaplan_meier(arm)
    traced = Trace(Look(BLACK, 1.0), np.zeros((2, 2)))
    whole, cells = np.arange(37.0), np.arange(0.0, 31, 6)
    level = drawn.at(whole)
    curve = Curve(np.repeat(whole, 2)[1:], np.repeat(level, 2)[:-1])
    counts = [int((time > t).sum() if after else (time >= t).sum()) for t in cells]
    row = Row(
        "", tuple(Cell(t, n, axis.NOWHERE) for t, n in zip(cells, counts, strict=True)), BLACK
    )
    assert check.counted([(curve, row)], 1e-5, 3e-4).after is after
    drawn_as = {1e-5: ["counted-after"] if after else [], 2e-4: ["count-unclear"] if after else []}
    for sigma, codes in drawn_as.items():  # of a vector figure, and of a fine picture
        reading = Reading(None, arms=[ReadArm("arm", traced, curve, row)], sigma=sigma, dt=3e-4)
        judge._settled(reading)
        assert [reason.code for reason in reading.reasons] == codes
    settled = check.settled(curve, row, 1e-5, 3e-4, after)
    lost = settled.time < 6 if after else settled.time <= 6
    np.testing.assert_allclose(settled.survival[lost].min(), drawn.at(np.array([6.0]))[0])


def test_limits_that_rise_are_limits():
    """R's limits of the last patients rise; they are dashed, of the curve's own colour."""

    def line(points, dash=()):
        return Stroke(np.array(points, dtype=float), (0, 0, 0), 1.0, dash, False)

    panel = Panel(
        fit([Tick(0, 0), Tick(50, 12), Tick(100, 24)]), fit([Tick(100, 0), Tick(0, 1)]),
        Box(0, 0, 100, 100),
    )  # fmt: skip
    curve = line([(0, 0), (30, 0), (30, 30), (70, 30), (70, 60), (100, 60)])
    upper = line([(0, 0), (30, 0), (30, 15), (70, 15), (70, 35), (85, 35), (85, 30), (100, 30)],
                 (4, 4))  # fmt: skip
    lower = line([(0, 0), (30, 0), (30, 45), (70, 45), (70, 80), (100, 80)], (4, 4))
    found = strokes.find([upper, curve, lower], [], panel).traces
    assert [trace.look.dash for trace in found] == [()]


def test_a_current_colour_is_that_of_the_element_around(tmp_path):
    """Gnuplot's marks."""
    path = tmp_path / "marks.svg"
    path.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><g color="#aa0000">'
        '<path stroke="currentColor" d="M1,1 h8"/></g></svg>'
    )
    assert [stroke.colour for stroke in svg.read(path).strokes] == [(170, 0, 0)]


def test_a_picture_of_lines_that_slant_is_refused():
    """Straight from point to point: where the events were is not known."""
    steps = np.arange(40.0)
    points = np.column_stack([np.repeat(3 * steps, 2)[1:], np.repeat(steps, 2)[:-1]])
    panel = Panel(
        fit([Tick(0, 0), Tick(60, 12), Tick(120, 24), Tick(180, 36)]),
        fit([Tick(40, 0), Tick(20, 0.5), Tick(10, 0.75), Tick(0, 1)]), Box(0, 0, 180, 40),
    )  # fmt: skip
    traced = Traced((Trace(Look((0, 0, 0), 2.0), points),), 0.3, 0.3)
    reading = judge.confirm(panel, traced, [("arm", None)], [], 1.0)
    assert "slanting" in {reason.code for reason in reading.reasons}
    assert not reading.answered
