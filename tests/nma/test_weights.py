"""Studies that count less: powers of their likelihoods, held against closed forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from evinet import files
from evinet.errors import InputError
from evinet.nma import Network
from evinet.nma.command import nma
from evinet.nma.likelihoods.arms import EVERY
from evinet.nma.model import Arms, build

WIDE = {"effects": "normal(0, 1000)"}
PAIRS = pd.DataFrame({
    "study": ["S1", "S2", "S3"], "treatment": "B", "comparator": "A", "diff": [0.0, 1.0, 0.4],
    "se": [0.2, 0.1, 0.3], "rob": ["Low", "high", "some concerns"],
})  # fmt: skip


def test_variances_of_effects_are_divided_by_their_weight():
    """Efthimiou et al. 2017: an inverse-variance mean with w / V in place of 1 / V."""
    weights = {"S2": 0.25, "S3": 0.5}
    fit = Network.from_contrasts(PAIRS, "A").fit(effects="fixed", weights=weights, priors=WIDE)
    share = np.array([1, 0.25, 0.5]) / PAIRS["se"] ** 2
    effect = fit.difference("B", "A")
    assert effect.centre == pytest.approx(share @ PAIRS["diff"] / share.sum(), abs=1e-5)
    assert effect.spread == pytest.approx(share.sum() ** -0.5, abs=1e-5)
    assert fit.summary()["weights"] == weights
    q = share @ (PAIRS["diff"] - effect.centre) ** 2
    assert fit.decomposition().set_index("part").at["total", "Q"] == pytest.approx(q, rel=1e-4)


def test_an_arm_of_a_study_of_three_keeps_its_correlation():
    frame = pd.DataFrame({"study": "S", "treatment": ["A", "B", "C"], "diff": [np.nan, 0.1, 0.3],
                          "se": [0.2, 0.3, 0.4]})  # fmt: skip
    whole = Network.from_contrasts(frame, "A")
    assert whole.weighted({"S": 0.5}).contrasts.covariance == pytest.approx(
        2 * whole.contrasts.covariance
    )


@pytest.mark.parametrize("likelihood", EVERY, ids=lambda each: f"{each.name}-{each.link}")
def test_a_weighted_likelihood_is_the_likelihood_to_a_power(likelihood):
    """Deviances, twice the log-likelihood against its maximum, are weighted at any expectation."""
    x, s = np.array([3.0, 12.0]), np.array([20.0, 30.0])
    categories: tuple[str, ...] = ()
    eta = np.array([-0.7, -0.4]) if likelihood.link != "identity" else np.array([0.3, 0.5])
    if likelihood.ordered:
        from evinet.nma.likelihoods import ordered

        x, s = ordered.structure(np.array([[4.0, 2.0], [5.0, 6.0]]), s)
        categories, eta = ("some", "much"), np.array([[-0.7, -1.1], [-0.4, -0.9]])
    weight = np.array([0.3, 1.0])
    whole = Arms(likelihood, x, s, np.zeros(2), np.array([0, 0]), categories)
    less = whole.weighted(weight)
    own, theirs = (
        likelihood.deviance(each.x, each.s, likelihood.fitted(eta, each.s))
        for each in (less, whole)
    )
    assert own == pytest.approx(weight * theirs)
    assert less.whole[0] == pytest.approx(x)
    assert less.whole[1] == pytest.approx(s)
    assert less.rough[0] == pytest.approx(whole.rough[0])
    assert less.rough[1] == pytest.approx(whole.rough[1] / weight)


ARMS = """study,treatment,r,n,weight
S1,A,10,100,1
S1,B,20,100,1
S2,A,30,200,0.2
S2,B,10,200,0.2
"""


def test_counts_with_a_weight_are_those_of_fewer_patients(tmp_path):
    """A fifth of 30 of 200 and 10 of 200 is 6 of 40 and 2 of 40; predictions are of all 200."""
    file = tmp_path / "arms.csv"
    file.write_text(ARMS)
    said = CliRunner().invoke(nma, [
        str(file), "--weights", "weight", "--effects", "fixed", "--out", str(tmp_path / "out"),
        "--draws", "2000",
    ], catch_exceptions=False)  # fmt: skip
    assert said.exit_code == 0, said.output
    assert "Beware: Studies count less by assumption: S2 0.2" in said.output
    assert "differ more than chance" not in said.output
    fewer = Network.from_arms(pd.DataFrame({
        "study": ["S1", "S1", "S2", "S2"], "treatment": ["A", "B"] * 2, "r": [10, 20, 6, 2],
        "n": [100, 100, 40, 40],
    }), "A").fit(effects="fixed")  # fmt: skip
    league = pd.read_csv(tmp_path / "out/league.csv").set_index(["treatment", "comparator"])
    assert league.at[("B", "A"), "mean"] == pytest.approx(
        fewer.difference("B", "A").centre, abs=0.03
    )
    assert league.at[("B", "A"), "sd"] == pytest.approx(fewer.difference("B", "A").spread, abs=0.03)
    seen = pd.read_csv(tmp_path / "out/predictive.csv").set_index(["study", "treatment"])
    assert seen.at[("S2", "A"), "observed"] == 30
    assert seen.at[("S2", "A"), "posterior_q97.5"] > 30
    record = files.read_json(tmp_path / "out/fit.json")
    assert record["weights"] == {"S2": 0.2}


def test_levels_have_weights():
    network = Network.from_contrasts(PAIRS, "A")
    levels = {"low": 1.0, "some concerns": 0.7, "high": 0.4}
    assert network.weights_in("rob", levels) == {"S1": 1.0, "S2": 0.4, "S3": 0.7}
    assert network.weighted(network.weights_in("rob", levels)).weights == {"S2": 0.4, "S3": 0.7}
    with pytest.raises(InputError, match=r"S3: some concerns.*level without a weight"):
        network.weights_in("rob", {"low": 1.0, "high": 0.4})


@pytest.mark.parametrize("wrong", [{"S9": 0.5}, {"S1": 0.0}, {"S1": 1.2}, {"S1": float("nan")}])
def test_weights_that_cannot_be_are_refused(wrong):
    with pytest.raises(InputError, match="weights"):
        build(Network.from_contrasts(PAIRS, "A"), weights=wrong)


def test_patients_have_no_weight():
    people = pd.DataFrame({"study": "S", "treatment": ["A", "B"] * 10, "time": 1.0, "event": 1})
    with pytest.raises(InputError, match="enters by its patients"):
        Network.from_patients(people, "A").weighted({"S": 0.5})


def test_a_column_named_weight_is_read_only_where_it_is_asked_for(tmp_path):
    frame = PAIRS.assign(weight=0.5)
    with pytest.raises(InputError, match="--weights"):
        Network.read(frame, measure="MD")
    assert Network.read(frame, measure="MD", named=["weight"]).weights_in("weight")["S1"] == 0.5


def test_fits_with_other_weights_are_not_set_side_by_side():
    network = Network.from_contrasts(PAIRS, "A")
    one = network.fit(effects="fixed")
    with pytest.raises(ValueError, match="weight studies differently"):
        one.dev_dev(network.fit(effects="fixed", weights={"S1": 0.5}))


def test_weights_of_a_network_that_has_them_take_their_place(tmp_path):
    """A second model of the same data, as --dev-dev has it, weights them once."""
    network = Network.from_contrasts(PAIRS, "A").weighted({"S2": 0.25})
    whole = Network.from_contrasts(PAIRS, "A")
    for weights in ({"S2": 0.25}, {"S1": 0.5}, {"S2": 1.0}):
        assert network.weighted(weights).contrasts.covariance == pytest.approx(
            whole.weighted(weights).contrasts.covariance
        )
    file = tmp_path / "effects.csv"
    PAIRS.to_csv(file, index=False)
    asked = ["--weights", "rob", "--weight-levels", "low=1,high=0.25,some concerns=0.5"]
    for effects, other in (("fixed", "random"), ("random", "fixed")):
        done = CliRunner().invoke(nma, [str(file), "--effects", effects, *asked, "--dev-dev", other,
                                        "--out", str(tmp_path / effects)])  # fmt: skip
        assert done.exit_code == 0, done.output
    one, two = (pd.read_csv(tmp_path / name / "dev_dev.csv") for name in ("fixed", "random"))
    assert one["deviance_other"].to_numpy() == pytest.approx(two["deviance"].to_numpy(), rel=1e-6)
