"""The page of survival in named populations."""

from __future__ import annotations

from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evinet.report import pages, words
from evinet.report.numbers import Interval
from evinet.report.results import Results

pytestmark = pytest.mark.usefixtures("site")

months = st.floats(-30, 30)


def gains() -> st.SearchStrategy[Interval]:
    return st.tuples(months, months, months).map(lambda three: Interval(*_middle_first(three)))


def _middle_first(values: tuple[float, float, float]) -> tuple[float, float, float]:
    low, middle, high = sorted(values)
    return middle, low, high


@given(gains())
def test_a_gain_that_may_be_none_is_not_called_one(gain: Interval) -> None:
    said = words.mean_gain("A", "B", 24, gain)
    surely = "longer" in said or "less without" in said
    assert surely == ("compatible with a gain and with a loss" not in said)
    if surely:
        assert gain.lower > 0 or gain.upper < 0


@given(gains())
def test_printed_limits_of_a_sure_gain_are_on_one_side_of_none(gain: Interval) -> None:
    said = words.mean_gain("A", "B", 24, gain)
    if "longer" in said:
        assert "interval 0.0" not in said
        assert "interval −" not in said


def test_unconnected_treatments_are_named_and_have_no_numbers(results: Results) -> None:
    page = unescape(pages.survival.every(results))
    said = page.split("Nothing is predicted for")[1].split(":")[0]
    assert all(name in said for name in ("Placebo", "Other drug"))
    assert not [line for line in page.splitlines() if line.startswith("| **Placebo")]
    assert [line for line in page.splitlines() if line.startswith("| **Low dose †**")]


def test_a_prediction_that_the_patients_contradict_is_flagged(results: Results) -> None:
    page = unescape(pages.survival.every(results))
    # the new drug's patients have a hazard of 1/20, and 0.01 is predicted; the control agrees
    start = page.index("The patients did otherwise")
    missed = page[start : page.index(":::", start)]
    assert "New drug at 12 months" in missed
    assert "High dose" not in missed
    row = next(line for line in page.splitlines() if line.startswith("| New drug | 12 |"))
    assert "55\N{NO-BREAK SPACE}%" in row, "what was observed stands beside what was predicted"
    assert "!**" in row


def test_a_cost_model_is_told_where_a_constant_ratio_misses_the_patients(results: Results) -> None:
    told = unescape(pages.economic.apart(results))
    assert "New drug at 12 months" in told
    assert "High dose" not in told


def test_a_median_beyond_follow_up_is_not_reached(results: Results) -> None:
    assert "| not reached |" in unescape(pages.survival.every(results))


def test_the_figure_is_on_the_page(results: Results) -> None:
    assert "figures/pfs-alba-predicted.svg" in unescape(pages.survival.every(results))
