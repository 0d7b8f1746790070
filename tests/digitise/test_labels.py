"""An arm of the legend without a curve is told; letters beside a name are no arm."""

from __future__ import annotations

import numpy as np
import pytest

from evinet.digitise import axes, judge, labels, table
from evinet.digitise.axes import Panel, Tick, fit
from evinet.digitise.drawing import Box, Word
from evinet.digitise.strokes import Sample
from evinet.digitise.table import Row
from evinet.digitise.trace import Look, Trace

BLACK, RED, TEAL, PALE_TEAL = (1, 1, 1), (223, 83, 107), (75, 181, 173), (107, 245, 229)
PANEL = Panel(
    fit([Tick(600, 0), Tick(1470, 12), Tick(2340, 24)]),
    fit([Tick(1480, 0), Tick(830, 0.5), Tick(180, 1)]),
    Box(600, 180, 2340, 1480),
)
ARM_A = [Word("Arm", Box(2177, 163, 2260, 197)), Word("A", Box(2283, 163, 2310, 197))]
ARM_B = [Word("Arm", Box(2177, 223, 2260, 257)), Word("B", Box(2283, 223, 2310, 257))]
TOP, NEXT = Box(2039, 179, 2132, 180), Box(2039, 239, 2132, 240)


def curve(colour):
    return Trace(Look(colour, 3), np.array([[600.0, 180], [2340, 900]]), np.empty((0, 2)))


def lost(drawn, samples):
    found = [Sample(box, Look(colour, 3)) for box, colour in samples]
    return labels.lost([curve(colour) for colour in drawn], found, ARM_A + ARM_B, PANEL)


@pytest.mark.parametrize("height", [0, 2, 4, 9])
def test_letters_before_the_last_word_of_a_name_are_no_sample(height):
    """Between "Arm B" and its line, and as far up and down as the letters go."""
    letters = Box(2188, 239 - height, 2264, 240 - height)
    found = [(TOP, BLACK), (NEXT, BLACK), (letters, BLACK)]
    assert lost([BLACK, BLACK], found) == []
    assert lost([BLACK, BLACK], found[::-1]) == []


@pytest.mark.parametrize(("drawn", "missing"), [
    ([BLACK, BLACK], []), ([BLACK], ["Arm A", "Arm B"]),
])  # fmt: skip
def test_arms_of_one_colour_are_counted(drawn, missing):
    assert lost(drawn, [(TOP, BLACK), (NEXT, BLACK)]) == missing


def test_an_arm_of_another_colour_is_told_also_beside_a_band_taken_for_a_curve():
    samples = [(TOP, BLACK), (NEXT, RED)]
    assert lost([BLACK, RED], samples) == []
    assert lost([BLACK], samples) == ["Arm B"]
    assert lost([BLACK, (150, 150, 150)], samples) == ["Arm B"]


def test_a_curve_paler_than_its_sample_is_its_curve():
    samples = [(TOP, RED), (NEXT, TEAL)]
    assert lost([RED, PALE_TEAL], samples) == []
    assert lost([RED], samples) == ["Arm B"]
    assert lost([RED, (240, 170, 180)], samples) == ["Arm B"], "a band of the first arm"


def test_words_outside_the_column_of_samples_are_no_arm():
    """A line elsewhere beside some words, or one that is not as long."""
    assert lost([BLACK], [(TOP, BLACK), (Box(1700, 239, 1793, 240), RED)]) == []
    assert lost([BLACK], [(TOP, BLACK), (Box(2039, 239, 2070, 240), RED)]) == []


def test_the_legend_of_another_plot_names_the_same_arms():
    other = [Word(word.text, Box(word.box.left + 2000, word.box.top, word.box.right + 2000,
                                 word.box.bottom)) for word in ARM_A + ARM_B]  # fmt: skip
    samples = [
        Sample(Box(box.left + shift, box.top, box.right + shift, box.bottom), Look(colour, 3))
        for shift in (0, 2000) for box, colour in ((TOP, BLACK), (NEXT, RED))
    ]  # fmt: skip
    words = [*ARM_A, *ARM_B, *other]
    assert labels.lost([curve(BLACK), curve(RED)], samples, words, PANEL) == []
    assert labels.lost([curve(BLACK)], samples, words, PANEL) == ["Arm B"]


def test_an_entry_for_the_marks_of_an_arm_is_no_arm():
    """SPSS lists "Surgery" and "Surgery-censored"."""
    marks = [Word("Surgery-censored", Box(2177, 163, 2310, 197))]
    samples = [Sample(TOP, Look(RED, 3)), Sample(NEXT, Look(RED, 3))]
    assert labels.lost([curve(RED)], samples, marks + ARM_B, PANEL) == []


def test_words_beside_other_lines_than_those_of_the_legend_are_no_arm():
    """A title or a P value beside something black, in another place and of another length."""
    title = [Word("Estimates", Box(900, 63, 1100, 97))]
    samples = [(TOP, BLACK), (NEXT, RED), (Box(860, 79, 890, 80), BLACK)]
    found = [Sample(box, Look(colour, 3)) for box, colour in samples]
    assert labels.lost([curve(BLACK), curve(RED)], found, ARM_A + ARM_B + title, PANEL) == []


@pytest.mark.parametrize(("text", "value"), [("1.00-", 1), ("75%\u2013", 75), ("0-", 0)])
def test_a_tick_read_as_a_dash_after_its_value_is_none_of_it(text, value):
    assert axes.number(text) == value


def test_a_number_before_a_name_is_its_label_in_the_table():
    """PROC LIFETEST of SAS: "1: Placebo" in the legend, "1" beside the numbers at risk."""
    rows = [Row(label, (), (0, 0, 0)) for label in ("1", "2")]
    assert judge._by_name(["2: Placebo", "1: Drug"], rows) == [1, 0]


def test_the_row_above_is_no_name_of_a_row():
    """Of a row whose own label is cut off."""
    words = [Word("Drug", Box(380, 1580, 470, 1610))]
    for y, counts in ((1595, (40, 30, 20)), (1655, (41, 25, 11))):
        words += [
            Word(str(n), Box(x - 20, y - 15, x + 20, y + 15))
            for x, n in zip((600, 1470, 2340), counts, strict=True)
        ]
    assert [row.label for row in table.rows(words, PANEL)] == ["Drug", ""]
