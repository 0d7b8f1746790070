"""Which effects a class moves: held against fits with and without it."""

from __future__ import annotations

from itertools import permutations

import pandas as pd
import pytest

from evinet.nma import Network
from evinet.nma.answers.bridge import rests_on_class
from evinet.nma.design import build
from evinet.nma.terms import ClassEffect, Terms

CHAIN = [("S1", "A", "P", -0.5), ("S2", "B", "P", -0.9), ("S3", "N", "C", -1.0)]
LOOSE = [*CHAIN, ("S4", "X", "Y", 0.3)]
THREE_ARMS = [("S1", "A", "P", -0.5), ("S1", "Q", "P", -0.2), ("S2", "B", "R", -0.9)]
MEMBERS = ("A", "B", "C")


@pytest.mark.parametrize(
    ("studies", "references"),
    [(CHAIN, ["P", "N"]), (LOOSE, ["P", "N", "Y"]), (CHAIN[:2], ["P"])],
)
def test_the_marked_effects_are_those_that_the_class_changes(studies, references) -> None:
    """A pair is marked exactly if its posterior is another, or only there, with the class."""
    network = Network.from_contrasts(
        pd.DataFrame(studies, columns=["study", "treatment", "comparator", "diff"]).assign(se=0.2),
        references,
    )
    group = ClassEffect(MEMBERS, 0.05)
    with_class = network.fit(effects="fixed", classes=group).league()
    without = network.fit(effects="fixed").league()
    keys = ["treatment", "comparator"]
    before = without.set_index(keys)
    after = with_class.set_index(keys)
    for pair in permutations(network.treatments, 2):
        if pair not in after.index:
            continue
        moved = (
            pair not in before.index
            or abs(after.at[pair, "mean"] - before.at[pair, "mean"])
            + abs(after.at[pair, "sd"] - before.at[pair, "sd"])
            > 5e-3
        )
        assert after.at[pair, "bridged"] == moved, pair
        assert after.at[pair, "crosses"] == (pair not in before.index), pair


def test_without_a_class_nothing_rests_on_one() -> None:
    network = Network.from_contrasts(
        pd.DataFrame(THREE_ARMS, columns=["study", "treatment", "comparator", "diff"]).assign(
            se=[0.2, 0.2, 0.2], shared_variance=[0.02, 0.02, None]
        ),
        ["P", "R"],
    )
    assert rests_on_class(build(network, Terms())) == set()
