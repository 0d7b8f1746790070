"""Odds ratios without priors, against netmetabin of netmeta on a data set of its collection."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from evinet import usertable
from evinet.nma import Network
from evinet.nma import model as models
from evinet.nma.answers.without_priors import mantel_haenszel, penalised, without_priors
from evinet.nma.settings import Sampler
from evinet.nma.terms import Terms

STRANGERS = Path(__file__).parent / "strangers"
PLACEBO = "Control/Placebo"


def liver() -> pd.DataFrame:
    """Deaths after liver transplantation, with many empty cells (Gurusamy et al. 2011)."""
    return usertable.read(STRANGERS / "netmeta_Gurusamy2011.csv")


def against(estimates, reference: str) -> dict[str, tuple[float, float]]:
    ((names, effects, spread),) = estimates
    base = names.index(reference)
    return {
        name: (effects[place] - effects[base],
               np.sqrt(spread[place, place] + spread[base, base] - 2 * spread[place, base]))
        for place, name in enumerate(names) if name != reference
    }  # fmt: skip


@pytest.fixture(scope="module")
def arms():
    found = Network.read(liver(), columns={"death": "r"}).arms
    return found[["study", "treatment", "r", "n"]]


def test_mantel_haenszel_is_that_of_netmetabin(arms):
    assert against(mantel_haenszel(arms), PLACEBO) == {
        "Aprotonin": pytest.approx((-1.03495, 0.52527), abs=1e-5),
        "EACA": pytest.approx((-0.30585, 0.84933), abs=1e-5),
        "rFVIIa": pytest.approx((0.43017, 0.81071), abs=1e-5),
        "Tranexamic acid": pytest.approx((-0.26588, 0.62537), abs=1e-5),
    }


def test_penalised_is_that_of_netmetabin(arms):
    assert against(penalised(arms), PLACEBO) == {
        "Antithrombin III": pytest.approx((-1.53798, 1.65284), abs=1e-5),
        "Aprotonin": pytest.approx((-1.03303, 0.47786), abs=1e-5),
        "EACA": pytest.approx((-0.26916, 0.79476), abs=1e-5),
        "rFVIIa": pytest.approx((0.28061, 0.71042), abs=1e-5),
        "Solvent detergent plasma": pytest.approx((0.07696, 2.11824), abs=1e-5),
        "Tranexamic acid": pytest.approx((-0.25346, 0.53754), abs=1e-5),
    }


def test_one_study_of_two_arms_has_the_variance_of_woolf():
    study = pd.DataFrame({"study": "S", "treatment": ["A", "B"], "r": [4.0, 9], "n": [20.0, 30]})
    effect, se = against(mantel_haenszel(study), "A")["B"]
    assert effect == pytest.approx(np.log(9 / 21 / (4 / 16)))
    assert se**2 == pytest.approx(1 / 4 + 1 / 16 + 1 / 9 + 1 / 21)


def test_penalised_is_a_half_event_in_each_cell_of_one_study():
    """Firth's penalty of a saturated logistic regression adds 1/2 to every cell."""
    study = pd.DataFrame({"study": "S", "treatment": ["A", "B"], "r": [0.0, 5], "n": [20.0, 30]})
    effect, _ = against(penalised(study), "A")["B"]
    assert effect == pytest.approx(np.log(5.5 / 25.5 / (0.5 / 20.5)), abs=1e-8)


def test_a_pair_whose_odds_ratio_is_infinite_in_every_study_has_no_mantel_haenszel():
    """A and B have events and others, but no study can put a finite odds ratio on them."""
    study = pd.DataFrame({"study": ["S", "S", "T", "T"], "treatment": ["A", "B"] * 2,
                          "r": [3.0, 30, 0, 10], "n": [30.0, 30, 20, 20]})  # fmt: skip
    assert mantel_haenszel(study) == []
    third = study.replace({"A": "C"}).assign(study=["U", "U", "V", "V"], r=[3.0, 5, 2, 4])
    effect, se = against(mantel_haenszel(pd.concat([study, third])), "C")["B"]
    assert np.isfinite([effect, se]).all()


def test_they_stand_beside_the_posterior(arms):
    network = Network.read(liver(), columns={"death": "r"}, reference=PLACEBO)
    quick = Sampler(chains=2, warmup=200, draws=200)
    fit = network.fit(effects="fixed", priors={"effects": "normal(0, 2)"}, sampler=quick)
    found = fit.without_priors().set_index(["method", "treatment", "comparator"])
    row = found.loc["Mantel-Haenszel", "Aprotonin", PLACEBO]
    assert row["estimate"] == pytest.approx(-1.03495, abs=1e-5)
    assert row["posterior_mean"] == pytest.approx(row["estimate"], abs=0.5)
    assert ("penalised", "Antithrombin III", PLACEBO) in found.index
    assert ("Mantel-Haenszel", "Antithrombin III", PLACEBO) not in found.index


@pytest.mark.parametrize("options", [{"link": "probit"}, {"terms": Terms(unrelated=True)}])
def test_other_models_have_none(options):
    network = Network.read(liver(), columns={"death": "r"}, reference=PLACEBO)
    model = models.build(network, **options)
    assert without_priors(SimpleNamespace(specification=model, network=network)).empty
