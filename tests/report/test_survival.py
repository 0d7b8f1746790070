"""The page of survival in named populations."""

from __future__ import annotations

from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evinet import tables
from evinet.report import economic, pages, words
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


def test_a_cost_model_gets_the_draws_of_survival_of_a_model(
    results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each sheet holds what the first says; draws of one number belong together in the table."""
    written = [{"population": "alba", "model": model, "treatment": treatment, "draw": draw,
                "time": time, "survival": 0.9 ** (draw * time)}
               for model, treatment in ((None, "high"), ("fixed", "new"), ("fixed", "high"))
               for draw in (1, 2) for time in (0, 1)]  # fmt: skip
    drawn = tables.SURVIVAL_DRAWS.frame(written)
    read = Results.prediction
    monkeypatch.setattr(Results, "prediction", lambda own, name, table: (
        drawn if table is tables.SURVIVAL_DRAWS else read(own, name, table)))  # fmt: skip
    sheets = economic.sheets(results)
    contents = sheets.pop("contents").set_index("sheet")
    assert list(contents.index) == list(sheets)
    of_fixed = contents[(contents["model"] == "fixed") & (contents["treatment"] == "new")]
    assert sheets[of_fixed.index[0]].to_numpy().tolist() == [[1, 1, 0.9], [2, 1, 0.81]]
    long = economic.draws(results)
    effect = long[(long["parameter"] == "ln_hr") & (long["model"] == "fixed")]
    survival = long[(long["parameter"] == "survival") & (long["model"] == "fixed")]
    assert set(survival["draw"]) <= set(effect["draw"])
    assert len(long[(long["parameter"] == "survival") & (long["model"] == "")]) == 4


def test_a_median_beyond_follow_up_is_not_reached(results: Results) -> None:
    assert "| not reached |" in unescape(pages.survival.every(results))


def test_the_figure_is_on_the_page(results: Results) -> None:
    assert "figures/pfs-alba-predicted.svg" in unescape(pages.survival.every(results))
