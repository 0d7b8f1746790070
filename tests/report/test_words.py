"""A sentence never contradicts the numbers put into it."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evinet.report import words
from evinet.report.numbers import (
    NBSP,
    TOUCHING,
    Interval,
    estimate,
    limits,
    percent,
    ratio,
    with_limits,
)

logs = st.floats(-4, 4)
BOLD = ("best", "superior", "proves", "causes", "effective", "improves", "should be", "winner")


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    """A ratio inside its interval."""
    low, middle, high = sorted(draw(st.lists(logs, min_size=3, max_size=3)))
    return Interval.of_logs(middle, low, high)


@given(st.floats(1e-4, 99))
def test_a_printed_ratio_stays_on_its_side_of_one(value: float) -> None:
    printed = float(ratio(value))
    assert (printed > 1, printed < 1) == (
        math.log(value) > TOUCHING,
        math.log(value) < -TOUCHING,
    )
    assert math.isclose(printed, value, rel_tol=0.01, abs_tol=0.005)


@given(intervals())
def test_lower_and_higher_agree_with_the_interval(hazard_ratio: Interval) -> None:
    sentence = words.comparison("A", "B", hazard_ratio)
    lower = math.log(hazard_ratio.upper) < -TOUCHING
    higher = math.log(hazard_ratio.lower) > TOUCHING
    assert ("was lower with A than with B" in sentence) == lower
    assert ("was higher with A than with B" in sentence) == higher
    assert ("includes 1" in sentence) == (not lower and not higher)


@given(intervals())
def test_the_printed_limits_carry_the_wording(hazard_ratio: Interval) -> None:
    sentence = words.comparison("A", "B", hazard_ratio)
    low, high = map(float, re.search(r"interval ([\d.]+)\sto\s([\d.]+)", sentence).groups())
    assert ("was lower" in sentence) == (high < 1)
    assert ("was higher" in sentence) == (low > 1)


@given(intervals())
def test_a_subgroup_is_told_with_the_direction_of_its_interval(hazard_ratio: Interval) -> None:
    sentence = words.subgroup("A", "B", hazard_ratio)
    side = hazard_ratio.side_of_one()
    assert ("came more slowly with A than with B" in sentence) == (side < 0)
    assert ("came faster with A than with B" in sentence) == (side > 0)
    assert ("includes 1" in sentence) == (side == 0)
    assert limits(hazard_ratio) in sentence


@pytest.mark.parametrize(
    ("ratio", "told"),
    [(0.24, "more slowly with A than"), (1.3, "faster"), (1.0, "as fast with A as")],
)
def test_a_subgroup_without_an_interval_says_that_it_is_not_sure(ratio: float, told: str) -> None:
    sentence = words.subgroup("A", "B", ratio)
    assert told in sentence
    assert "no interval was printed" in sentence


def test_an_estimate_has_no_digits_that_only_tell_it_from_one() -> None:
    assert estimate(Interval(0.99996, 0.5, 1.9)) == "1.00"
    assert estimate(Interval(0.9996, 0.9993, 0.9998)) == "0.9996"
    assert with_limits(Interval(0.277, 0.18, 0.42)) == f"0.28 (0.18{NBSP}to{NBSP}0.42)"


@given(intervals(), st.floats(0, 1))
def test_every_estimate_has_its_interval_and_no_sentence_boasts(
    hazard_ratio: Interval, p_better: float
) -> None:
    sentence = words.comparison("A", "B", hazard_ratio, p_better)
    assert limits(hazard_ratio) in sentence
    assert not any(word in sentence.lower() for word in BOLD)


@given(intervals())
def test_seen_from_the_other_side_it_says_the_opposite(hazard_ratio: Interval) -> None:
    one = words.comparison("A", "B", hazard_ratio)
    other = words.comparison("B", "A", hazard_ratio.inverted())
    assert ("was lower with A" in one) == ("was higher with B" in other)
    assert ("includes 1" in one) == ("includes 1" in other)


@given(st.floats(0, 1))
def test_certainty_is_only_said_when_exact(share: float) -> None:
    assert (percent(share) == f"100{NBSP}%") == (share == 1)
    assert (percent(share) == f"0{NBSP}%") == (share == 0)


@given(st.lists(st.lists(st.text("abc", min_size=1), min_size=1), min_size=1, max_size=4))
def test_islands_are_named_and_never_called_connected(islands: list[list[str]]) -> None:
    sentence = words.connectivity(islands, 5)
    assert ("disconnected" in sentence) == (len(islands) > 1)
    assert ("one connected network" in sentence) == (len(islands) == 1)
    if len(islands) > 1:
        assert all(treatment in sentence for island in islands for treatment in island)


@given(intervals(), intervals())
def test_a_turned_conclusion_is_said(before: Interval, after: Interval) -> None:
    sentence = words.moved(before, after)
    turned = before.side_of_one() != after.side_of_one()
    assert ("now" in sentence) == turned


@given(intervals(), intervals())
def test_a_reconstruction_on_the_other_side_of_one_is_flagged(
    published: Interval, rebuilt: Interval
) -> None:
    flagged = "with care" in words.agreement(published, rebuilt)
    assert flagged == (published.side_of_one() != rebuilt.side_of_one())


@given(intervals(), intervals())
def test_a_reconstruction_of_what_was_not_published_is_compared_with_nothing(
    published: Interval, rebuilt: Interval
) -> None:
    none = words.agreement(Interval(math.nan, math.nan, math.nan), rebuilt)
    assert none.startswith("No hazard ratio was published")
    bare = words.agreement(Interval(published.estimate, math.nan, math.nan), rebuilt)
    assert "without limits" in bare
    assert "with care" not in none + bare


@given(st.floats(0.01, 2), st.floats(0.001, 2))
def test_the_prior_speaks_only_when_the_data_are_silent(prior: float, posterior: float) -> None:
    sentence = words.prior_driven("tau", prior, posterior)
    assert ("prior that speaks" in sentence) == (posterior > 0.9 * prior)
    assert ("data inform" in sentence) == (posterior <= 0.5 * prior)


def test_a_bridge_is_named_in_a_bridged_sentence() -> None:
    sentence = words.bridged("The hazard was lower with A than with B.", "class-effect")
    assert sentence.startswith("Under the assumption “class-effect”: the hazard")


def test_the_class_assumption_says_how_far_members_may_differ() -> None:
    assert "exactly the same" in words.class_effect(0, None)
    assert "factor of 1.74" in words.class_effect(0.2, None)
    assert "scale 0.20" in words.class_effect(None, 0.2)
    with pytest.raises(ValueError, match="sigma"):
        words.class_effect(None, None)
