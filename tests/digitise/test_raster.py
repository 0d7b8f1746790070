"""Pictures give back the curve that they were drawn from, or are refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from benchmarks import digitise as benchmark
from benchmarks import figures

from evinet.digitise import axes, check, trace
from evinet.digitise.axes import Segment, Segments
from evinet.digitise.drawing import Box, Word
from evinet.digitise.raster import curves, shapes, skew, staircase
from evinet.digitise.raster import ink as inks
from evinet.digitise.run import digitise
from evinet.digitise.table import Cell, Row
from evinet.digitise.trace import Curve

PICTURES = ["survminer", "black-two", "black-grey", "ggplot-bands", "lifelines", "last-tick"]


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_read_to_a_fraction_of_a_pixel(figure, name):
    path, truth = figure(name)
    reading = digitise(path).reading
    assert reading.answered, reading.reasons
    pairs = benchmark.matched(reading, truth)
    assert {arm.name for arm, _ in pairs} == {each.name for each in truth}
    end = float(reading.panel.x.value(reading.panel.box.right))
    for arm, each in pairs:
        assert benchmark.error(arm, each, end) < 0.004
        counts = [int((each.time >= cell.time).sum()) for cell in arm.row.cells]
        assert [cell.n for cell in arm.row.cells] == counts


@pytest.mark.parametrize("name", ["small-dashes", "cut"])
def test_an_arm_that_was_not_found_is_missed(figure, name):
    """A dashed arm in a small picture, and a curve that starts above the plot: right or refused."""
    path, truth = figure(name)
    reading = digitise(path).reading
    if reading.answered:
        assert len(reading.arms) == len(truth)
        end = float(reading.panel.x.value(reading.panel.box.right))
        assert max(benchmark.error(*pair, end) for pair in benchmark.matched(reading, truth)) < 0.01


def test_an_arm_that_stands_in_a_legend_above_alone_is_told(figure):
    path, _ = figure("survminer", table="none", arms=3, missing=True)
    reading = digitise(path).reading
    assert "legend-lost" in {reason.code for reason in reading.reasons}
    assert not reading.answered


@pytest.mark.parametrize("wide", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("drops", [[(40, 12), (61, 7), (90, 20)], [(40, 12), (42, 7), (90, 20)]])
def test_drops_of_lines_of_any_width_are_where_they_were_drawn(wide, drops):
    """Lines of 1, 3 and 5 pixels lost every second column, and drops came half a pixel early."""
    ink = np.zeros((80, 130))
    level, left = 10.0, 0.0
    shift = wide % 2 / 2  # the middle of such a line is in a pixel, else between two
    truth, path = [], np.zeros(130, dtype=np.int64)
    for at, fall in [*drops, (130, 0)]:
        x, y = at + shift, level + shift
        ink[int(y - wide / 2) : int(y + wide / 2), max(int(left - wide / 2), 0) : int(x)] = 1
        path[int(left) : int(x)] = int(y)
        if fall:
            ink[int(y - wide / 2) : int(y + fall + wide / 2),
                int(x - wide / 2) : int(x + wide / 2)] = 1  # fmt: skip
            truth.append(x)
        level, left = level + fall, x
    none = np.zeros(130, dtype=bool)
    edges = staircase.edges(ink, np.zeros_like(ink), path)
    bar = staircase.bars(ink, np.zeros_like(ink), path, wide)
    height = staircase.levels(edges, path, wide, none, none, bar)
    steps = staircase.runs(height, np.isfinite(height))
    corners = staircase.corners(steps, 130.0, 10 + shift, staircase.lag(wide))
    found = corners[1:][np.diff(corners[:, 1]) > 1, 0]
    if wide < 4 or drops[1][0] - drops[0][0] > wide:
        assert found == pytest.approx(truth)


def test_many_patients_are_no_slope():
    """With 800 patients nearly every pixel of a steep curve has an event: it was refused."""
    random = np.random.default_rng(5)
    time = np.sort(np.round(775 * random.exponential(0.2, 800)))
    at, count = np.unique(time[time < 700], return_counts=True)
    level = 375 * np.cumsum(count) / 800
    corners = np.array([[0.0, 0.0]] + [
        point for x, before, after in zip(at, [0.0, *level[:-1]], level, strict=True)
        for point in ((x, before), (x, after))
    ])  # fmt: skip
    one = np.full(len(corners), 375 / 800)
    assert trace.slanting(corners, one) < 0.1
    slope = np.repeat(np.arange(0.0, 300, 3), 2)
    drawn = np.column_stack([slope[1:], 0.5 * slope[:-1]])
    assert trace.slanting(drawn, np.full(len(drawn), 375 / 100)) > 0.9


def test_the_lowest_value_of_survival_is_no_value_of_time():
    """Its box may reach down to the row of times, of which it took the place of the first."""
    words = [Word(f"{v / 5:.1f}", Box(87, 433 - 75 * v, 123, 447 - 75 * v)) for v in range(1, 6)]
    words.append(Word("0.0", Box(87, 441, 124, 464)))
    words += [Word(str(v), Box(120 + 97 * v, 452, 130 + 97 * v, 472)) for v in range(7)]
    words += [Word(str(v), Box(120 + 97 * v, 447, 130 + 97 * v, 471)) for v in (7, 8)]
    level = [Segment(448.0 - 75 * v, 119, 125) for v in range(6)] + [Segment(448, 125, 901)]
    upright = [Segment(125.0 + 97 * v, 448, 454) for v in range(9)]
    (panel,) = axes.panels(words, Segments(upright, level), (1000, 600))
    assert [tick.value for tick in panel.x.ticks] == list(range(9))


@pytest.mark.parametrize("letters", ["strokes", "points"])
def test_letters_beside_an_axis_are_no_ticks(letters):
    """Strokes of digits reach out alike, and decimal points stand as evenly as ticks."""
    level = [Segment(400.0 - 75 * v, 92, 98) for v in range(6)]
    if letters == "strokes":
        column = [Word(f"{v / 5:.1f}", Box(60, 393 - 75 * v, 84, 407 - 75 * v)) for v in range(6)]
        level += [Segment(400 - 75 * v + off, 80, 84) for v in range(6) for off in (-3 + v % 2, 4)]
    else:  # the values run up the page
        column = [
            Word(f"{v / 5:.1f}", Box(66, 384 - 75 * v, 84, 412 - 75 * v), upright=False)
            for v in range(6)
        ]
        level += [Segment(408.0 - 75 * v, 79, 82) for v in range(6)]
    row = [Word(str(10 * v), Box(90 + 97 * v, 412, 110 + 97 * v, 426)) for v in range(5)]
    upright = [Segment(100.0 + 97 * v, 402, 408) for v in range(5)]
    (panel,) = axes.panels(column + row, Segments(upright, level), (600, 500))
    ticks = sorted(tick.at for tick in panel.y.ticks)
    assert ticks == [25.0 + 75 * v for v in range(6)]


def test_numbers_below_nobody_are_no_values_of_survival():
    """Names of the rows of a table, "1" and "2", in line with the values beside the axis."""
    column = [Word(f"{v / 5:.1f}", Box(60, 393 - 75 * v, 84, 407 - 75 * v)) for v in range(6)]
    column += [Word(str(v), Box(74, 402 + 18 * v, 84, 416 + 18 * v)) for v in (1, 2)]
    row = [Word(str(10 * v), Box(110 + 97 * v, 452, 130 + 97 * v, 466)) for v in range(5)]
    (panel,) = axes.panels(column + row, Segments(), (600, 500))
    assert panel.y.left_out == ()


COUNTS = """
0 191 201 841  200 361 397 841  400 543 580 841  600 727 763 841  800 910 946 841
1000 1087 1136 841  138 159 195 943  78 355 378 943  31 537 560 943  13 721 744 943  6 916 927 943
2 1099 1109 943  0 184 195 968  6 367 378 968  18 538 561 968  22 720 743 968  22 903 926 968
24 1086 1110 968  0 184 195 993  54 354 378 993  89 537 561 993  103 708 744 993  110 891 927 993
112 1074 1109 993  90 171 195 1069  66 354 378 1069  26 537 561 1069  11 721 743 1069
2 916 926 1069  0 1099 1110 1069  0 184 195 1094  6 367 378 1094  27 537 561 1094  34 720 744 1094
35 903 926 1094  37 1086 1109 1094  0 184 195 1119  18 355 378 1119  37 537 561 1119
45 720 743 1119  53 903 926 1119  53 1086 1109 1119  1.0 104 134 89  0.8 103 134 229
0.6 103 134 370  0.4 103 134 510  0.2 103 133 650  0.0 103 134 790
"""  # text, left, right and middle of each


def test_numbers_of_a_table_whose_time_0_is_off_the_page_are_no_plot():
    """Counts of lifelines' table for `lung` by sex: some are even both ways."""
    words = [
        Word(text, Box(float(left), float(y) - 8, float(right), float(y) + 8))
        for text, left, right, y in zip(*(COUNTS.split()[k::4] for k in range(4)), strict=True)
    ]
    (panel,) = axes.panels(words, Segments(), (1200, 1200))
    assert [tick.value for tick in panel.x.ticks] == [200.0 * k for k in range(6)]


def test_a_curve_does_not_leave_its_own_line_for_one_that_goes_on():
    """Black falls and ends; red comes down to its height and goes on to the end of the axis."""
    picture = np.full((220, 420, 3), 255, dtype=np.uint8)
    black = [(10, 10), (60, 10), (60, 80), (150, 80), (150, 150), (160, 150), (160, 180)]
    black += [(230, 180), (230, 195)]
    red = [(10, 10), (90, 10), (90, 100), (170, 100), (170, 150), (400, 150)]
    for points, colour in ((black, (0, 0, 0)), (red, (223, 83, 107))):
        for (x0, y0), (x1, y1) in pairwise(points):
            picture[y0 : y1 + 2, x0 : x1 + 2] = colour
    panel = axes.Panel(
        axes.fit([axes.Tick(11 + 97.5 * k, 10 * k) for k in range(5)]),
        axes.fit([axes.Tick(211 - 50 * k, k / 4) for k in range(5)]), Box(11, 11, 401, 211),
    )  # fmt: skip
    ends = {
        min(curve.look.colour): float(curve.corners[-1, 0])
        for curve in curves.Plot(picture, panel).find(0)
    }
    assert ends == {0: pytest.approx(231, abs=1.5), 83: pytest.approx(401, abs=2)}


def test_dashes_lower_the_confidence_of_a_picture(figure):
    """Small drops hide in their gaps: ln HR was 0.03 off where everything else spoke for it."""
    reading = digitise(figure("black-two")[0]).reading
    assert "dashed" in {reason.code for reason in reading.reasons}
    assert reading.answered
    assert reading.confidence < 0.9


def test_a_last_event_is_seen_where_the_curve_ends_on_the_axis(tmp_path):
    """Both curves end at 0, in the line of the axis."""
    style = replace(figures.STYLES["matplotlib"], n=25, below=0.0)
    truth = figures.draw(tmp_path / "figure.png", "matplotlib", style, 48)
    reading = digitise(tmp_path / "figure.png").reading
    assert reading.answered, reading.reasons
    for arm, each in benchmark.matched(reading, truth):
        assert each.event[each.time == each.time.max()].all()
        assert arm.curve.survival[-1] == pytest.approx(0.0, abs=0.003)
        assert arm.curve.time[-1] == pytest.approx(each.time.max(), abs=0.2)


@pytest.mark.parametrize(("name", "n", "last"), [("matplotlib", 180, 0), ("cut-line", 107, 1)])
def test_the_last_event_of_a_curve_just_above_the_axis(tmp_path, monkeypatch, name, n, last):
    """The line is three pixels above the axis, or three and a half, where a drop was not seen."""
    time = np.append(np.sort(np.random.default_rng(1).exponential(6, n - 1).clip(max=28)), 34.0)
    event = np.append(np.ones(n - 1, dtype=np.int64), last)
    monkeypatch.setattr(figures, "patients", lambda *_: [figures.TrueArm(time, event, "Arm A")])
    style = replace(figures.STYLES[name], arms=1, n=n, below=0.0, legend="none")
    figures.draw(tmp_path / "figure.png", name, style)
    [arm] = digitise(tmp_path / "figure.png").reading.arms
    assert arm.curve.survival[-1] == pytest.approx(0 if last else 1 / n, abs=0.003)


def test_events_at_the_end_of_an_axis_that_cuts_the_line_are_seen(figure):
    """Half of the line is cut off, at the top and where all who are left have the event."""
    path, [truth] = figure("cut-line")
    reading = digitise(path).reading
    [arm] = reading.arms
    assert reading.confidence == 1
    assert benchmark.error(arm, truth, 36.0) < 0.0015
    assert arm.curve.survival[0] == pytest.approx(1.0, abs=0.001)
    last = truth.time.max()
    assert (arm.curve.time[-1], arm.curve.survival[-1]) == pytest.approx((last, 0.0), abs=0.002)
    [found] = benchmark.reconstructed(reading, ["arm"]).values()
    assert found.event[found.time > 35.9].sum() == truth.event[truth.time == last].sum()
    assert found.event.sum() == pytest.approx(truth.event.sum(), abs=1)


@pytest.mark.parametrize(
    "changes",
    [
        {"arms": 2, "width": 1.3, "dpi": 150, "size": (7.0, 5.5), "legend": "above"},
        {"box": True, "width": 1.3, "dpi": 150, "size": (7.0, 5.5), "colours": ("#d62728",)},
    ],
    ids=["two arms fall there", "at a frame"],
)
def test_the_last_drop_is_seen_or_said_to_be_unknown(figure, changes):
    path, truth = figure("cut-line", **changes)
    reading = digitise(path).reading
    assert reading.answered, reading.reasons
    for arm, each in benchmark.matched(reading, truth):
        unknown = ("end-unknown", arm.name) in {(why.code, why.arm) for why in reading.reasons}
        assert unknown or arm.curve.survival[-1] == pytest.approx(0.0, abs=0.004)
        assert benchmark.error(arm, each, 36.0) < 0.003
    assert reading.confidence == 1 or "end-unknown" in {why.code for why in reading.reasons}


def test_a_mark_that_only_goes_down_is_no_last_drop():
    """Three marks went as far below the line before."""
    level, lower = np.full(100, 50.5), np.full(100, 52.0)
    lower[[20, 40, 60]] = 60.0
    edges = staircase.Edges(level - 1.5, lower)
    corners = np.array([[0.0, 50.5], [100.0, 50.5]])
    assert curves._of_marks(corners, edges, 3.0) == pytest.approx(60.0 - 1.5 - 50.5)
    lower[[20, 40]] = 52.0
    assert np.isnan(curves._of_marks(corners, edges, 3.0))


def test_a_deeper_shade_of_a_colour_is_that_colour():
    """Thin lines show their colour pale at both edges and full in the middle."""
    pixels = np.array([[[255.0, 255, 255], [219, 70, 70], [214, 39, 40], [0, 0, 0]]])
    none = np.zeros((1, 4), dtype=bool)
    ink = inks.Ink(pixels, np.full(3, 255.0), np.abs(pixels - 255).max(axis=2), none)
    own, other = inks.share(ink, (219, 70, 70))
    assert own[0, 1:3].min() > 0.9
    assert other[0, 1:3].max() < 0.1
    assert own[0, 3] < 0.1
    assert other[0, 3] == 1


@pytest.mark.parametrize(("end", "told"), [(440.0, False), (700.0, True)])
def test_an_axis_that_goes_on_beyond_its_values_is_told(end, told):
    column = [
        Word(each, Box(90.0, 75.0 * place, 118.0, 75.0 * place + 14))
        for place, each in enumerate(["1.0", "0.8", "0.6", "0.4", "0.2", "0.0"])
    ]
    row = [
        Word(str(each), Box(120.0 + each, 400.0, 140.0 + each, 414.0))
        for each in (0, 100, 200, 300)
    ]
    lines = Segments([], [Segment(382.0, 130.0, end)])
    [panel] = axes.panels([*column, *row], lines, (900.0, 500.0))
    assert panel.x.goes_on is told


def test_a_drop_stands_on_the_side_of_a_time_where_the_table_has_it():
    """37 of 69 are at risk at 36: the drop to 0 that was read just before it is at it."""
    box = Box(0.0, 0.0, 1.0, 1.0)
    curve = Curve(np.array([0.0, 20.0, 20.0, 35.97, 35.97]), np.array([1.0, 1.0, 0.6, 0.6, 0.0]))
    for left, when in ((37, 36.0), (0, 35.97)):
        row = Row("", (Cell(0.0, 69, box), Cell(36.0, left, box)), (0, 0, 0))
        assert check.settled(curve, row, 0.001, 0.017).drops[0].tolist() == [20.0, when]


@pytest.mark.parametrize(("text", "kept"), [("1.01", True), ("1.02", False), ("0.91", False)])
def test_the_line_of_an_axis_beside_a_value_is_no_digit_of_it(text, kept):
    values = [text, "0.8", "0.6", "0.4", "0.2", "0.0"]
    column = [
        Word(each, Box(90.0, 75.0 * place, 120.0, 75.0 * place + 14))
        for place, each in enumerate(values)
    ]
    row = [
        Word(str(each), Box(120.0 + each, 400.0, 140.0 + each, 414.0))
        for each in (0, 100, 200, 300)
    ]
    [panel] = axes.panels([*column, *row], Segments([], []), (600.0, 500.0))
    assert panel.y.left_out == (() if kept else (text,))
    assert panel.y.highest == (1.0 if kept else 0.8)


def test_a_scan_that_lies_askew_is_turned_level(figure):
    from PIL import Image

    path, _ = figure("turned")
    assert skew.skew(np.asarray(Image.open(path).convert("RGB"))) == pytest.approx(1.0, abs=0.1)


def test_a_picture_without_axes_is_refused(tmp_path):
    from PIL import Image

    path = tmp_path / "grey.png"
    Image.new("RGB", (400, 300), (200, 200, 200)).save(path)
    made = digitise(path)
    assert not made.reading.answered
    assert made.axis.time == []


def test_marks_and_names_of_a_fine_picture(figure):
    """Ticks to a tenth of a pixel beside thick axes, and marks that are near each other."""
    path, truth = figure("dpi-600")
    reading = digitise(path).reading
    assert np.abs(reading.panel.y.residuals).max() < 0.3
    for arm, each in zip(reading.arms, truth, strict=True):
        assert arm.name == each.name
        assert benchmark.error(arm, each, 36) < 0.001
        censored = np.unique(each.time[each.event == 0])
        assert 0.75 * len(censored) <= len(arm.trace.marks) <= len(censored)


def test_a_mark_that_reads_like_a_letter_is_no_name(figure):
    path, truth = figure("direct-labels")
    made = digitise(path)
    reading = made.reading
    assert len(made.source.seen) == 1  # what was worked out to propose the arms serves the trace
    assert [arm.name for arm in reading.arms] == [each.name for each in truth]


def test_opening_with_an_even_side_does_not_move_what_it_keeps():
    line = np.zeros((3, 12))
    line[1, 3:9] = 1
    line[0, 5] = 1
    kept = shapes.opened(line, 1, 4)
    np.testing.assert_array_equal(kept, np.where(np.arange(3)[:, None] == 1, line, 0))


@pytest.mark.parametrize(("top", "frame"), [(0, True), (14, False), (60, False)])
def test_a_drop_to_0_at_the_last_time_is_no_frame(top, frame):
    """It fills the last column as a frame does, but from the curve's own level only."""
    part = np.full((120, 80, 3), 255.0)
    part[top:, 77] = (0, 114, 255)
    assert curves._frames(part)[:, 77].all() == frame


@pytest.mark.parametrize(("deep", "more"), [(80, True), (6, False), (0, False)])
def test_ink_that_falls_beyond_the_end_of_a_curve_is_told(deep, more):
    """A level of few pixels before the last drop was passed over: 2 of 6 events were missed."""
    share = np.zeros((100, 70))
    share[10 : 10 + deep, 56] = 1.0
    assert curves._goes_on(np.array([[0.0, 10.0], [50.0, 10.0]]), share, 2.0) == more


def test_a_curve_that_is_plainly_seen_is_kept_though_the_table_has_no_row_for_it(figure):
    """Numbers at risk of two arms printed over each other are one row: an arm was left out."""
    path, truth = figure("direct-labels")
    plot = next(iter(digitise(path).source.seen.values()))
    assert len(plot.find(1)) == len(truth)
