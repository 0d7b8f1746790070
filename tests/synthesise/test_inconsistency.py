"""Direct against indirect evidence."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evinet.synthesise import fit, inconsistency, model

TRIANGLE = [
    ("one", "b", "a", -1.0, 0.2),
    ("two", "c", "a", -0.5, 0.25),
    ("three", "c", "b", 1.4, 0.3),
]
ISLAND = {"a": 1, "b": 1, "c": 1}


@pytest.fixture
def table(make_network, make_config):
    """Table INCONSISTENCY of some studies."""

    def made(studies=TRIANGLE, islands=ISLAND, shared=None, references=("a",), **settings):
        network = make_network(studies, islands, shared)
        chosen = {"label": "m", "effects": "fixed", **settings}
        config = make_config({"m": chosen}, list(references))
        specification = model.Specification("x", network, config.models["m"], config)
        return inconsistency.inconsistency(
            fit.exactly(specification, "job"), np.random.default_rng(2)
        )

    return made


def test_a_triangle_is_split_at_each_side(table):
    """Direct and indirect are independent normals here, and the factor their difference."""
    splits = table()[lambda frame: frame["method"] == "node-split"].set_index(
        ["treatment", "comparator"]
    )
    assert set(splits.index) == {("b", "a"), ("c", "a"), ("c", "b")}
    row = splits.loc[("c", "b")]
    indirect_sd = np.hypot(0.2, 0.25)
    assert row["direct"] == pytest.approx(1.4, abs=0.02)
    assert row["direct_sd"] == pytest.approx(0.3, rel=0.05)
    assert row["indirect"] == pytest.approx(0.5, abs=0.02)
    assert row["indirect_sd"] == pytest.approx(indirect_sd, rel=0.05)
    z = 0.9 / np.hypot(0.3, indirect_sd)
    assert row["p"] == pytest.approx(2 * stats.norm.sf(z), abs=0.01)
    assert row["finding"] == "indirect evidence of trials"


def test_the_global_test_of_a_triangle_is_its_one_contrast(table):
    row = table()[lambda frame: frame["method"] == "design-by-treatment"].iloc[0]
    chi2 = 0.9**2 / (0.2**2 + 0.25**2 + 0.3**2)
    assert row["chi2"] == pytest.approx(chi2)
    assert row["df"] == 1
    assert row["p"] == pytest.approx(stats.chi2.sf(chi2, 1))


def test_without_a_loop_nothing_is_tested(table):
    studies = [*TRIANGLE[:2], ("four", "b", "a", -0.2, 0.3), ("five", "f", "e", 0.1, 0.3)]
    found = table(studies, {**ISLAND, "e": 2, "f": 2}, references=("a", "e"))
    assert list(found["component"]) == [1, 2]
    assert set(found["finding"]) == {inconsistency.NO_LOOP}


def test_a_three_arm_trial_closes_no_loop_of_its_own(table):
    three = [("one", "b", "a", -1.0, 0.2), ("one", "c", "a", -0.5, 0.25)]
    assert set(table(three, shared={"one": 0.02})["finding"]) == {inconsistency.NO_LOOP}


def test_a_three_arm_trial_against_a_two_arm_trial_is_a_loop_for_the_global_test(table):
    """The design-by-treatment test compares c v b of the two designs; no split is independent."""
    studies = [
        ("one", "b", "a", -1.0, 0.2), ("one", "c", "a", -0.5, 0.25), ("two", "c", "b", 1.4, 0.3),
    ]  # fmt: skip
    found = table(studies, shared={"one": 0.02})
    assert list(found["method"]) == ["design-by-treatment"]
    variance = 0.2**2 + 0.25**2 - 2 * 0.02 + 0.3**2
    assert found["chi2"][0] == pytest.approx((1.4 - 0.5) ** 2 / variance)


def test_a_bridge_is_tested_by_trials_that_go_around_it(table):
    studies = [("one", "b", "a", -1.0, 0.2), ("two", "c", "a", 1.0, 0.2)]
    found = table(studies, bridge="class", sigma=0.1)
    splits = found[found["method"] == "node-split"]
    assert set(splits["finding"]) == {"indirect evidence of the bridge"}
    assert (splits["p"] < 0.001).all()


def test_heterogeneity_weakens_the_evidence_of_inconsistency(table):
    def p(**settings):
        return table(**settings)[lambda frame: frame["method"] == "design-by-treatment"]["p"].iloc[
            0
        ]

    assert p(effects="random") > p()
