"""Contributions of studies, against what follows from symmetry (Papakonstantinou et al. 2018)."""

from __future__ import annotations

import pandas as pd
import pytest

from evinet.nma import Network
from evinet.nma.terms import ClassEffect


def shares(studies: list[tuple[str, str, str]], references: list[str], pair: tuple[str, str],
           **options: object) -> dict[str, float]:  # fmt: skip
    """Study -> its share of an effect, where all studies are as large."""
    frame = pd.DataFrame(studies, columns=["study", "treatment", "comparator"])
    network = Network.from_contrasts(frame.assign(diff=-0.3, se=0.2), references)
    found = network.fit(effects="fixed", **options).contribution()
    own = found[(found["treatment"] == pair[0]) & (found["comparator"] == pair[1])]
    return own.groupby("study")["share"].sum().to_dict()


@pytest.mark.parametrize("pair", [("B", "A"), ("A", "B")])
@pytest.mark.parametrize("turned", [False, True])
def test_a_triangle(pair, turned):
    """Two thirds come directly; the third that goes round is shared by the two on its way."""
    last = ("3", "C", "B") if turned else ("3", "B", "C")
    found = shares([("1", "B", "A"), ("2", "C", "A"), last], ["A"], pair)
    assert found == pytest.approx({"1": 2 / 3, "2": 1 / 6, "3": 1 / 6}, abs=0.003)


def test_a_chain_is_shared_evenly():
    found = shares([("1", "B", "A"), ("2", "C", "B"), ("3", "D", "C")], ["A"], ("D", "A"))
    assert found == pytest.approx({"1": 1 / 3, "2": 1 / 3, "3": 1 / 3}, abs=0.003)


def test_a_step_along_a_class_has_no_share():
    """From N by C to the class, and from there by A or by B to P."""
    studies = [("1", "A", "P"), ("2", "B", "P"), ("3", "N", "C")]
    alike = ClassEffect(("A", "B", "C"), 0.05)
    found = shares(studies, ["P", "N"], ("N", "P"), classes=alike)
    assert found == pytest.approx({"1": 0.25, "2": 0.25, "3": 0.5}, abs=0.01)


def test_two_studies_of_a_pair_share_by_their_precision():
    frame = pd.DataFrame({"study": ["1", "2"], "treatment": "B", "comparator": "A",
                          "diff": [0.1, -0.2], "se": [0.1, 0.2]})  # fmt: skip
    fit = Network.from_contrasts(frame, ["A"]).fit(effects="fixed")
    found = fit.contribution()
    own = found[found["treatment"] == "B"].set_index("study")["share"]
    assert own.to_dict() == pytest.approx({"1": 0.8, "2": 0.2}, abs=0.003)
    left = {study: float(each.of(fit.effect_rows()[1]).centre)
            for study, each in fit.left_out.items()}  # fmt: skip
    assert left == pytest.approx({"1": -0.2, "2": 0.1}, abs=0.003)
