"""What the answers rest on: contribution, threshold, influence, margins, predictions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evinet.config import Margin
from evinet.synthesise import contribution, fit, influence, margins, model, predictive, threshold

ISLANDS = {"a": 1, "b": 1, "c": 1, "e": 2, "f": 2}
STUDIES = [
    ("one", "b", "a", -1.0, 0.2),
    ("two", "b", "a", -0.6, 0.3),
    ("three", "c", "a", -0.5, 0.25),
    ("four", "f", "e", -0.3, 0.2),
]
TRIANGLE = [*STUDIES[:1], ("three", "c", "a", -0.5, 0.25), ("five", "c", "b", 0.9, 0.3)]


@pytest.fixture
def fitted(make_network, make_config):
    """A model of some studies, drawn exactly."""

    def made(studies=STUDIES, islands=ISLANDS, references=("a", "e"), **settings):
        network = make_network(studies, islands)
        chosen = {"label": "m", "effects": "fixed", **settings}
        config = make_config({"m": chosen}, list(references))
        return fit.exactly(model.Specification("x", network, config.models["m"], config), "job")

    return made


def rng():
    return np.random.default_rng(3)


def triangle(fitted, **settings):
    return fitted(TRIANGLE, {"a": 1, "b": 1, "c": 1}, ("a",), **settings)


def left_out(drawn):
    return influence.influence(drawn, influence.leave_out(drawn, rng()))


def predicted(drawn):
    return predictive.predictive(drawn, influence.leave_out(drawn, rng()), rng())


def test_trials_of_one_comparison_share_by_their_precision(fitted):
    table = contribution.contribution(fitted()).set_index(["treatment", "comparator", "trial"])
    weight = np.array([0.2, 0.3]) ** -2.0
    shares = [table.at[("b", "a", trial), "share"] for trial in ("one", "two")]
    assert shares == pytest.approx(weight / weight.sum(), abs=0.002)
    assert ("b", "a", "three") not in table.index
    assert ("b", "f", "one") not in table.index, "never across islands"


def test_a_chain_of_trials_shares_evenly(fitted):
    table = contribution.contribution(fitted())
    mine = table[(table["treatment"] == "b") & (table["comparator"] == "c")]
    by_trial = mine.set_index("trial")["share"]
    assert by_trial["three"] == pytest.approx(0.5, abs=0.002)
    assert by_trial["one"] + by_trial["two"] == pytest.approx(0.5, abs=0.002)


def test_a_triangle_shares_as_its_direct_and_indirect_streams(fitted):
    """The direct trial carries its weight; the rest flows through two trials, half for each."""
    table = contribution.contribution(triangle(fitted))
    mine = table[(table["treatment"] == "b") & (table["comparator"] == "a")].set_index("trial")
    direct, indirect = 0.2**-2, 1 / (0.25**2 + 0.3**2)
    share = direct / (direct + indirect)
    assert mine["share"]["one"] == pytest.approx(share, abs=0.002)
    assert mine["share"]["three"] == pytest.approx((1 - share) / 2, abs=0.002)
    assert mine["share"]["five"] == pytest.approx((1 - share) / 2, abs=0.002)
    assert mine["weight"]["five"] == pytest.approx(-(1 - share), abs=0.002), "c v b, backwards"


def test_what_a_bridge_carries_alone_belongs_to_no_trial(fitted):
    """b and c lumped, with only b tried against a: c v b is known without any trial."""
    studies, islands = [("one", "b", "a", -1.0, 0.2), ("six", "d", "c", -0.4, 0.2)], dict(
        a=1, b=1, c=2, d=2
    )  # fmt: skip
    drawn = fitted(studies, islands, ("a", "d"), bridge="class", sigma=0)
    table = contribution.contribution(drawn)
    assert table[(table["treatment"] == "c") & (table["comparator"] == "b")].empty
    across = table[(table["treatment"] == "d") & (table["comparator"] == "a")]
    assert across["share"].sum() == pytest.approx(1, abs=0.005)


def test_streams_take_the_shortest_first():
    flow = {("s", "t"): 0.5, ("s", "m"): 0.3, ("m", "t"): 0.3, ("s", ""): 0.2, ("", "t"): 0.2}
    shares = contribution.streams(flow, "s", "t")
    assert shares["s", "t"] == pytest.approx(0.5)
    assert shares["s", "m"] == pytest.approx(0.15)
    assert sum(shares.values()) == pytest.approx(0.8), "the rest flows through the class"


def test_the_threshold_is_where_two_treatments_are_equal(fitted):
    table = threshold.threshold(fitted()).set_index("trial")
    weight = np.array([0.2, 0.3]) ** -2.0
    pooled = (weight * [-1.0, -0.6]).sum() / weight.sum()
    shift = (-0.5 - pooled) / (weight[0] / weight.sum())
    assert table.at["one", "best"] == "b"
    assert table.at["one", "upper"] == pytest.approx(-1.0 + shift, abs=0.02)
    assert table.at["one", "upper_best"] == "c"
    assert table["lower"].isna().equals(table.index.to_series().isin(["one", "two", "four"]))
    assert table.at["three", "lower"] == pytest.approx(pooled, abs=0.02)
    assert table.at["four", "upper"] == pytest.approx(0.0, abs=0.02), "its own island alone"


def test_moving_a_result_past_its_threshold_turns_the_decision(fitted):
    """Refitted with the result moved just to each side of its turning point."""
    row = threshold.threshold(triangle(fitted)).set_index("trial").loc["one"]
    turn = row["upper"]
    for moved, best in ((turn - 0.05, row["best"]), (turn + 0.05, row["upper_best"])):
        studies = [("one", "b", "a", moved, 0.2), *TRIANGLE[1:]]
        drawn = fitted(studies, {"a": 1, "b": 1, "c": 1}, ("a",))
        assert set(threshold.threshold(drawn)["best"]) == {best}


def test_turning_points_are_the_nearest_on_each_side():
    mean, weight = np.array([-1.0, -0.5, 0.0, -0.9]), np.array([0.5, 0.0, 0.0, 1.0])
    best, turns = threshold.turning_points(mean, weight)
    assert best == 0
    assert turns["upper"] == (pytest.approx(1.0), 1)
    assert turns["lower"] == (pytest.approx(-0.2), 3)


def test_a_result_that_moves_treatments_alike_never_turns_the_decision():
    """The wide priors leave a trace of a difference, which is no turning point."""
    _, turns = threshold.turning_points(np.array([-1.0, -0.5]), np.array([0.40001, 0.4]))
    assert turns == {}


def test_leaving_out_a_trial_is_refitting_without_it(fitted):
    table = left_out(fitted()).set_index(["trial", "treatment", "comparator"])
    row = table.loc[("one", "b", "a")]
    weight = np.array([0.2, 0.3]) ** -2.0
    pooled = (weight * [-1.0, -0.6]).sum() / weight.sum()
    assert row["mean"] == pytest.approx(-0.6, abs=0.02)
    assert row["sd"] == pytest.approx(0.3, rel=0.05)
    assert row["shift"] == pytest.approx(-0.6 - pooled, abs=0.002)
    assert table.at[("one", "f", "e"), "shift"] == pytest.approx(0, abs=1e-9)


def test_leaving_out_the_only_link_is_said(fitted):
    table = left_out(fitted()).set_index(["trial", "treatment", "comparator"])
    assert table.at[("three", "c", "b"), "status"] == influence.CUT
    assert np.isnan(table.at[("three", "c", "b"), "mean"])
    assert table.at[("three", "b", "a"), "status"] == influence.ESTIMATED


def test_a_margin_is_a_normal_tail(fitted):
    drawn = fitted()
    chosen = [Margin(ratio=0.8, source="s"), Margin(ratio=1, source="s")]
    islands = drawn.specification.islands
    table = margins.margins(drawn.d, islands, islands, chosen, None, rng())
    found = table.set_index(["treatment", "comparator", "ratio"])["probability"]
    assert found["c", "a", 0.8] == pytest.approx(stats.norm(-0.5, 0.25).cdf(np.log(0.8)), abs=0.03)
    assert found["c", "a", 1] + found["a", "c", 1] == pytest.approx(1)
    assert table["probability_new_study"].isna().all()


def test_a_new_study_is_less_certain_to_reach_a_margin(fitted):
    drawn = fitted(effects="random")
    islands = drawn.specification.islands
    chosen = [Margin(ratio=1, source="s")]
    table = margins.margins(drawn.d, islands, islands, chosen, np.full(4000, 0.5), rng())
    row = table.set_index(["treatment", "comparator"]).loc[("b", "a")]
    assert row["probability_new_study"] < row["probability"]


def test_predictions_are_the_convolved_normals(fitted):
    table = predicted(fitted()).set_index("trial")
    row = table.loc["one"]
    others = stats.norm(-0.6, np.hypot(0.3, 0.2))
    assert row["others_p"] == pytest.approx(2 * others.cdf(-1.0), abs=0.04)
    assert row["prior_q97.5"] == pytest.approx(1.96 * np.hypot(10, 0.2), rel=0.06)
    assert np.isnan(table.at["three", "others_p"]), "nothing else connects its treatments"
    assert row["posterior_q2.5"] < -1.0 < row["posterior_q97.5"]


def test_a_trial_that_contradicts_the_others_is_unlikely_under_them(fitted):
    studies = [("one", "b", "a", -3.0, 0.2), *STUDIES[1:]]
    table = predicted(fitted(studies)).set_index("trial")
    assert table.at["one", "others_p"] < 0.001
