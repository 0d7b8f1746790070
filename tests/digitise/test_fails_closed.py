"""What a figure does not show, or says against itself, is told, and no curve has a good grade."""

from __future__ import annotations

import random
import re
from itertools import pairwise

import numpy as np
import pytest

from evinet.digitise import pdf, svg
from evinet.digitise.drawing import Box, Stroke, clipped
from evinet.digitise.run import digitise
from evinet.errors import InputError

END = 30.0


@pytest.fixture(scope="module")
def arms():
    """Of patients who all have the event: survival falls by 1/n at each time."""
    rng = np.random.default_rng(3)
    found = {}
    for name, n, mean in (("Alt", 80, 12.0), ("Neu", 70, 20.0)):
        time = np.sort(rng.exponential(mean, n))
        found[name] = (np.append(0.0, time), 1 - np.arange(n + 1) / n)
    return found


@pytest.fixture(scope="module")
def drawn(arms, tmp_path_factory):
    """A function that draws the arms, changes the plot, and gives the file."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    def draw(change, suffix="svg", rises=False):
        with plt.rc_context({"svg.fonttype": "none", "figure.dpi": 110}):
            figure, axis = plt.subplots(figsize=(6, 4))
            for name, (time, survival) in arms.items():
                shown = 1 - survival if rises else survival
                axis.step(time, shown, where="post", label=name)
            axis.set(xlim=(0, END), ylim=(0, 1.05), xlabel="Months", ylabel="Survival")
            change(axis)
            axis.legend(loc="center right")
            path = tmp_path_factory.mktemp("drawn") / f"figure.{suffix}"
            figure.savefig(path)
            plt.close(figure)
        return path

    return draw


@pytest.fixture(scope="module")
def plain(drawn):
    """Curves that fall, and curves that rise, each drawn once."""
    return {rises: drawn(lambda _: None, rises=rises) for rises in (False, True)}


def codes(reading):
    return {reason.code for reason in reading.reasons}


def error(arm, truth, end):
    """The greatest distance from the true curve, away from its drops."""
    grid = np.linspace(0.01, end - 0.01, 997)
    grid = grid[np.abs(grid[:, None] - truth[0]).min(axis=1) > 0.01]
    true = truth[1][np.searchsorted(truth[0], grid, side="right") - 1]
    return np.abs(arm.curve.at(grid) - true).max()


@pytest.mark.parametrize("suffix", ["svg", "pdf"])
@pytest.mark.parametrize("end", [12.0, 30.0])
def test_a_drawn_curve_is_read_as_far_as_its_frame(drawn, arms, suffix, end):
    """The file holds it to the edge of the page; nobody sees it there."""
    reading = digitise(drawn(lambda axis: axis.set_xlim(0, end), suffix)).reading
    assert "passes-frame" in codes(reading)
    assert [arm.name for arm in reading.arms] == list(arms)
    for arm in reading.arms:
        assert arm.curve.time[-1] == pytest.approx(end, abs=1e-3)
        assert error(arm, arms[arm.name], end) < 1e-4


@pytest.mark.parametrize("suffix", ["svg", "pdf"])
@pytest.mark.parametrize("low", [0.02, 0.41])
def test_a_drawn_curve_below_its_frame_is_not_read(drawn, arms, suffix, low):
    reading = digitise(
        drawn(lambda axis: axis.set(ylim=(low, 1.05), xlim=(0, 100)), suffix)
    ).reading
    assert all(arm.curve.survival.min() > low - 1e-3 for arm in reading.arms)
    assert {"leaves", "end-unknown"} & codes(reading)
    assert reading.confidence < 0.9


def test_a_drawn_curve_that_starts_above_its_frame_is_refused(drawn):
    """Its axes are read all the same, for a person to go on with."""
    reading = digitise(drawn(lambda axis: axis.set_ylim(0, 0.9))).reading
    assert "no-curve" in codes(reading)
    assert reading.panel.x.highest == END
    assert not reading.answered


@pytest.mark.parametrize("seed", range(5))
def test_a_clip_leaves_what_lies_in_it(seed):
    """Against places along the line, looked up one by one."""
    rng = np.random.default_rng(seed)
    points, box = rng.uniform(0, 900, (9, 2)), Box(200.0, 300.0, 800.0, 650.0)
    pieces = clipped(Stroke(points), box)
    share = np.linspace(0, 1, 2001)[:, None]
    along = np.vstack([a + share * (b - a) for a, b in pairwise(points)])
    step = np.hypot(*np.diff(along, axis=0).T)
    inside = np.array([box.holds(x, y) for x, y in along[1:]])
    length = sum(float(np.hypot(*np.diff(piece.points, axis=0).T).sum()) for piece in pieces)
    assert length == pytest.approx(step[inside].sum(), rel=0.01)
    for piece in pieces:
        assert all(box.holds(x, y, 1e-6) for x, y in piece.points)
    assert all(end in map(tuple, piece.points.tolist()) for piece in pieces for end in piece.cut)


@pytest.mark.parametrize(
    ("suffix", "colour", "count"), [("svg", "white", 1), ("pdf", "black", 1), ("svg", "black", 2)]
)
def test_the_outline_of_a_line_is_no_arm(drawn, arms, suffix, colour, count):
    from matplotlib.patheffects import withStroke

    def outline(axis):
        for line in axis.lines[:count]:
            line.set_path_effects([withStroke(linewidth=5, foreground=colour)])

    reading = digitise(drawn(outline, suffix)).reading
    assert [arm.name for arm in reading.arms] == list(arms)
    assert reading.confidence == 0.9, reading.reasons  # there is no table


@pytest.mark.parametrize(
    ("label", "rises", "told"),
    [
        ("Probability of death", False, "label-shape"),
        ("Cumulative incidence", False, "label-shape"),
        ("Mortality (%)", False, "label-shape"),
        ("1 - survival", False, "label-shape"),
        ("Patients with event", False, "label-shape"),
        ("Overall survival", True, "label-shape"),
        ("Freedom from death", True, "label-shape"),
        ("Cumulative hazard", True, "label-hazard"),
        ("Überleben", True, "label-shape"),
        ("Freedom from death", False, ""),
        ("Relapse-free survival", False, ""),
        ("Probability", False, ""),
        ("Cumulative incidence", True, ""),
        ("1 \N{MINUS SIGN} survival", True, ""),
        ("Probability", True, ""),
    ],
)  # fmt: skip
def test_an_axis_called_other_than_its_curves_go_is_asked_about(plain, label, rises, told):
    path = plain[rises]
    turned = r"(<text [^>]*rotate[(]-90[^>]*>)[^<]*"
    path.write_text(re.sub(turned, rf"\g<1>{label}", path.read_text()))
    reading = digitise(path).reading
    assert ({"label-shape", "label-hazard"} & codes(reading)) == ({told} if told else set())
    assert reading.answered is not bool(told), reading.reasons


@pytest.mark.parametrize("how", ["late", "below", "slanting"])
def test_a_drawn_curve_that_does_not_start_with_everybody_is_not_passed_over(drawn, arms, how):
    time, survival = arms["Alt"]

    def add(axis):
        if how == "late":
            axis.step(time[20:], survival[20:], where="post", color="C3")
        elif how == "below":
            axis.step(time, 0.8 * survival, where="post", color="C3")
        else:
            axis.plot(time, survival, color="C3")

    path = drawn(add)
    text = path.read_text()
    reading = digitise(path).reading
    assert "#d62728" in text
    assert len(reading.arms) == 2
    assert "unexplained" in codes(reading)
    assert not reading.answered


def test_a_picture_tells_its_label_and_a_late_curve_too(drawn, arms):
    """The third curve has a colour of its own, and its end is in the line of the second."""
    time, survival = arms["Alt"]

    def change(axis):
        axis.step(time + 40, survival, where="post", color="C3")
        axis.set(xlim=(0, 80), ylabel="Probability of death")

    reading = digitise(drawn(change, "png")).reading
    assert {"label-shape", "unexplained"} <= codes(reading)
    assert not reading.answered


def sheet(inside):
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><g id="one">'
        f"{inside}</g></svg>"
    )


MALFORMED = [
    '<path d="M nan nan L 1e400 3"/>',
    '<path d="M1,1 L2"/>',
    '<path d="M1,1 L2,2 C1,1 3"/>',
    '<path d="M1,1 L2,2 L"/>',
    '<path d="M1,1 L2,inf"/>',
    '<path d="1,1 2,2"/>',
    '<path d="M1,1 L1e400,2"/>',
    '<path d="M1,1 h5" transform="rotate(abc)"/>',
    '<path d="M1,1 h5" transform="matrix(1 2 3)"/>',
    '<path d="M1,1 h5" transform="turn(3)"/>',
    '<path d="M1,1 h5" transform="scale(1e999)"/>',
    '<polyline points="1,1 2,NaN 3,3"/>',
    '<polyline points="1,1 2"/>',
    '<line x1="NaN" y1="0" x2="4" y2="5"/>',
    '<rect x="1" y="--" width="4" height="5"/>',
    '<text x="nan" y="3">5</text>',
    '<use href="#two" x="NaN"/><path id="two" d="M1,1 h5"/>',
]  # fmt: skip


@pytest.mark.parametrize("inside", MALFORMED)
def test_what_is_malformed_in_an_svg_is_named_with_a_remedy(tmp_path, inside):
    path = tmp_path / "figure.svg"
    path.write_text(sheet(inside.replace("/>", ' stroke="red"/>', 1)))
    with pytest.raises(InputError) as told:
        digitise(path)
    problem = told.value.problems[0]
    assert problem.file == str(path)
    assert re.match(r"<(\w+)", inside)[1] in problem.field
    assert "Mend or delete this element" in problem.remedy


def test_an_svg_that_shows_itself_again_and_again_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(svg, "MOST", 500)
    path = tmp_path / "figure.svg"
    path.write_text(sheet('<use href="#one"/><use href="#one"/><path d="M1,1 h5"/>'))
    with pytest.raises(InputError, match="elements"):
        digitise(path)


WRONG = ["nan", "inf", "1e999", "-1e300", "", "abc", "1e", "1 2", "%", "url(#x)", "scale(0)", "M",
         "9" * 400, "-", ".", ",", "\N{ARABIC-INDIC DIGIT ONE}"]  # fmt: skip


@pytest.mark.parametrize("suffix", ["svg", "pdf"])
def test_a_damaged_figure_is_read_or_told_to_be_damaged(drawn, suffix):
    """Attributes and bytes changed by chance: nothing else than a message comes of it."""
    path, rng = drawn(lambda _: None, suffix), random.Random(20261128)
    whole = path.read_bytes()
    outcomes: dict[str, set[str]] = {}
    for _ in range(25):
        data = bytearray(whole)
        for _ in range(rng.choice((1, 2, 5))):
            if suffix == "svg":
                value = rng.choice(list(re.finditer(rb'="([^"]*)"', data)))
                data[value.start(1) : value.end(1)] = rng.choice(WRONG).encode()
            else:
                at = rng.randrange(len(data))
                data[at : at + rng.choice((1, 1, 30))] = rng.choice([b"", b"\0", b"nan", b"<<"])
        path.write_bytes(bytes(data))
        try:
            found = svg.read(path) if suffix == "svg" else pdf.read(path, 1)
            outcomes.setdefault("read" if found.strokes else "empty", set())
        except InputError as told:
            outcomes.setdefault("told", set()).add(told.problems[0].file)
    assert outcomes["told"] == {str(path)}
    assert "read" in outcomes


def test_a_line_of_a_legend_across_the_axis_is_no_arm(drawn, arms):
    """As R puts it at the top left of curves that rise."""

    def legend(axis):
        axis.plot([-1.0, 2.0], [0.98, 0.98], color="C0", clip_on=False)
        axis.text(3, 0.98, "Alt", va="center")

    reading = digitise(drawn(legend, rises=True)).reading
    assert len(reading.arms) == len(arms)
    assert reading.incidence


def test_a_survival_axis_may_go_on_above_everybody(drawn, arms):
    ticks = {"ylim": (0, 1.22), "yticks": np.arange(0, 1.21, 0.2)}
    reading = digitise(drawn(lambda axis: axis.set(**ticks))).reading
    assert max(error(arm, arms[arm.name], END) for arm in reading.arms) < 1e-4


def test_values_that_run_up_the_page_are_those_of_the_ticks_beside_them(drawn, arms):
    """Their middles stand off the ticks, all by as much (Matplotlib's default)."""

    def turn(axis):
        axis.set_yticks(np.arange(0, 1.01, 0.25))
        axis.yaxis.set_major_formatter("{x:.2f}")
        axis.tick_params(axis="y", labelrotation=90)

    reading = digitise(drawn(turn, "pdf")).reading
    assert reading.confidence == 0.9, reading.reasons
    assert max(error(arm, arms[arm.name], END) for arm in reading.arms) < 1e-4


def test_a_name_may_hold_an_equals_sign(drawn):
    """Stata's: "sex = Male"."""

    def name(axis):
        for line in axis.lines:
            line.set_label(f"sex = {line.get_label()}")

    reading = digitise(drawn(name)).reading
    assert [arm.name for arm in reading.arms] == ["sex = Alt", "sex = Neu"]
