"""Vector figures give back the curve that they were drawn from."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import digitise as benchmark
from benchmarks import figures
from click.testing import CliRunner

from evinet.digitise import axis
from evinet.digitise.commands import digitise as command
from evinet.digitise.run import digitise
from evinet.errors import InputError

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
