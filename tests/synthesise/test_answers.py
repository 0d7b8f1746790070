"""Effects of pairs, ranks and tipping points from draws."""

from __future__ import annotations

import numpy as np
import pytest

from evinet.synthesise import answers


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.fixture
def draws(rng):
    return {
        name: mean + 0.1 * rng.standard_normal(4000)
        for name, mean in {"a": 0.0, "b": -1.0, "c": -0.5, "d": 0.0}.items()
    }


ISLANDS = {"a": 1, "b": 1, "c": 1, "d": 2}


def test_pairs_never_cross_islands():
    assert set(answers.pairs({"a": 1, "b": 1, "c": 2})) == {("a", "b"), ("b", "a")}


def test_the_league_is_antisymmetric_and_marks_what_rests_on_a_bridge(draws, rng):
    apart = {**ISLANDS, "c": 2}
    league = answers.league(draws, ISLANDS, apart, None, rng).set_index(["treatment", "comparator"])
    assert league.loc[("b", "a"), "q2.5"] == pytest.approx(-league.loc[("a", "b"), "q97.5"])
    assert league.loc[("b", "a"), "mean"] == pytest.approx(-1, abs=0.02)
    assert league.loc[("b", "a"), "p_better"] == 1
    assert not league.loc[("b", "a"), "bridged"]
    assert league.loc[("b", "c"), "bridged"]
    assert league["predict_q2.5"].isna().all()


def test_a_new_study_is_less_certain_than_the_mean(draws, rng):
    league = answers.league(draws, ISLANDS, ISLANDS, np.full(4000, 0.3), rng)
    assert (league["predict_q2.5"] < league["q2.5"]).all()
    assert (league["predict_q97.5"] > league["q97.5"]).all()


def test_ranks_stay_inside_islands_and_add_up(draws):
    ranks = answers.ranks(draws, ISLANDS)
    assert ranks.groupby("treatment")["probability"].sum().round(12).eq(1).all()
    first = ranks[ranks["rank"] == 1].set_index("treatment")
    assert first.loc["b", "probability"] == pytest.approx(1, abs=0.01)
    assert first.loc["b", "sucra"] == pytest.approx(1, abs=0.01)
    assert first.loc["a", "sucra"] == pytest.approx(0, abs=0.01)
    assert "d" not in set(ranks["treatment"]), "alone on its island: there is nothing to rank"


def test_the_tipping_shift_is_the_distance_of_the_interval_from_no_difference(draws, rng):
    league = answers.league(draws, ISLANDS, {**ISLANDS, "c": 2, "b": 3}, None, rng)
    tipping = answers.tipping(league).set_index(["treatment", "comparator"])
    row = tipping.loc[("b", "a")]
    assert row["shift"] == -row["q97.5"]
    assert row["ratio"] == pytest.approx(np.exp(row["shift"]))
    assert tipping.loc[("a", "b"), "shift"] == pytest.approx(row["shift"])
