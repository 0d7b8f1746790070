"""Ordered categories: what is read, and what is fitted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from evinet.errors import InputError
from evinet.nma import Network, command
from evinet.nma import model as models
from evinet.nma.answers.absolute import Population
from evinet.nma.likelihoods.arms import LIKELIHOODS
from evinet.nma.likelihoods.ordered import structure
from evinet.nma.settings import Gates, Sampler

PSORIASIS = Path(__file__).parents[1] / "validation" / "psoriasis.csv"
PASI = ("PASI50", "PASI75", "PASI90")
QUICK = Sampler(chains=2, warmup=300, draws=300, gates=Gates(ess=50, rhat=1.1))
LOOP = pd.DataFrame({
    "study": ["one", "one", "two", "two", "three", "three"],
    "treatment": ["a", "b", "b", "c", "a", "c"],
    "n": 60, "better": [20, 25, 22, 30, 15, 27], "well": [5, 9, 8, 14, None, None],
})  # fmt: skip


@pytest.fixture(scope="module")
def psoriasis():
    network = Network.read(PSORIASIS, reference="Supportive care", categories=PASI)
    priors = {"effects": "normal(0, 10)"}
    return network.fit(effects="fixed", better="higher", priors=priors, sampler=QUICK)


def test_the_published_numbers_are_found(psoriasis):  # more of them: `make validation`
    effects = psoriasis.effects().set_index("parameter")
    published = {"d[Efalizumab]": (1.19, 0.06), "d[Etanercept 50 mg]": (1.92, 0.10),
                 "d[Methotrexate]": (1.61, 0.44), "cut[PASI75]": (0.76, 0.03),
                 "cut[PASI90]": (1.56, 0.05)}  # fmt: skip
    for name, (mean, sd) in published.items():
        assert effects.loc[name, "mean"] == pytest.approx(mean, abs=0.25 * sd + 0.005)
        assert effects.loc[name, "sd"] == pytest.approx(sd, rel=0.2, abs=0.005)
    measures = psoriasis.measures()
    assert measures["data_points"] == 58
    assert measures["residual_deviance"] == pytest.approx(75.1, abs=1)
    assert measures["DIC"] == pytest.approx(100.9, abs=2)


def test_absolute_outcomes_are_those_published(psoriasis):
    """On supportive care normal on the scale of probits, -1.097, precision 123 (TSD 2)."""
    from scipy.stats import norm

    ends = norm.cdf(-1.097 + np.array([0, -1.96, 1.96]) / np.sqrt(123))
    found = psoriasis.absolute([Population("TSD 2", *ends)])
    found = found.set_index(["treatment", "category"])["mean"]
    published = {"Supportive care": (0.14, 0.03, 0.00), "Ciclosporin": (0.78, 0.52, 0.24),
                 "Efalizumab": (0.54, 0.25, 0.07), "Infliximab": (0.88, 0.68, 0.38)}  # fmt: skip
    for treatment, shares in published.items():
        assert found[treatment][list(PASI)].to_numpy() == pytest.approx(shares, abs=0.02)


def test_every_reported_category_is_checked(psoriasis):
    found = psoriasis.predictive()
    assert len(found) == 58
    elewski = found[(found["study"] == "Elewski 2004") & (found["treatment"] == "Supportive care")]
    assert elewski.set_index("category")["observed"].to_dict() == dict(
        zip(PASI, [18, 6, 1], strict=True)
    )


def test_direct_and_indirect_evidence_are_taken_apart():
    network = Network.read(LOOP, categories=("better", "well"), category_counts="inclusive")
    fits = network.fit(effects="fixed", sampler=QUICK).node_splits()
    assert len(fits) == 3
    assert all("cut[well]" in fit.parameters for fit in fits.values())


def test_the_command_writes_them(tmp_path):
    table = tmp_path / "arms.csv"
    LOOP.to_csv(table, index=False)
    options = [
        str(table), "--categories", "better,well", "--category-counts", "inclusive", "--effects",
        "fixed", "--cutpoints", "random", "--draws", "500", "--warmup", "300", "--population",
        "clinic=0.3", "--out", str(tmp_path / "out"),
    ]  # fmt: skip
    result = CliRunner().invoke(command.nma, options)
    assert result.exit_code == 0, result.output
    assert "ordered categories better, well of n" in result.output
    absolute = pd.read_csv(tmp_path / "out" / "absolute.csv")
    assert list(absolute["category"][:2]) == ["better", "well"]
    names = set(pd.read_csv(tmp_path / "out" / "estimates.csv")["parameter"])
    assert {"cut[well]", "cuts_sigma"} <= names


def test_one_reported_category_is_a_binomial():
    x, s = structure(np.array([[4.0, np.nan], [np.nan, 4.0]]), np.array([9.0, 9.0]))
    at = np.array([[0.3, -0.2], [0.8, 0.3]])
    ordered, binomial = (LIKELIHOODS[name, "probit"] for name in ("ordered", "binomial"))
    wanted = binomial.log_likelihood(np.array([4.0] * 2), np.array([9.0] * 2), np.array([0.3] * 2))
    assert ordered.log_likelihood(x, s, at) == pytest.approx(wanted)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 20)] * 4), min_size=1, max_size=5))
def test_counts_of_both_kinds_are_the_same_network(rows):
    counts = np.array(rows)
    exclusive = pd.DataFrame(counts[:, :3], columns=list(PASI)).assign(
        study=np.arange(len(rows)).astype(str), treatment="a", n=counts.sum(axis=1) + 1,
    )  # fmt: skip
    exclusive = pd.concat([exclusive, exclusive.assign(treatment="b")])
    inclusive = exclusive.assign(PASI75=exclusive["PASI75"] + exclusive["PASI90"])
    inclusive["PASI50"] += inclusive["PASI75"]
    read = [
        Network.read(table, categories=PASI, category_counts=kind).arms
        for table, kind in ((exclusive, "exclusive"), (inclusive, "inclusive"))
    ]
    columns = ["r", "n", "pasi50", "pasi75", "pasi90"]
    np.testing.assert_array_equal(read[0][columns], read[1][columns])


@pytest.mark.parametrize(
    ("changed", "options", "message"),
    [
        ({}, {}, "the numbers allow both"),
        ({"well": 41}, {"category_counts": "exclusive"}, "better = .*categories is more than n"),
        ({"well": 41}, {"category_counts": "inclusive"}, "better = .*do not fall from n"),
        ({"well": 55}, {}, r"neither.*alone \(more than n together: one, a\), nor .*one, a\)"),
        (
            {"better": 40, "well": 10, "n": 50},
            {"category_counts": "exclusive"},
            "better.*every patient reached.*Leave it out",
        ),
        ({"well": 1.5}, {}, "is not a count"),
        ({"better": -1}, {}, "is not a count"),
        ({"n": None}, {}, "is not a whole number above 0"),
        ({"r": 5}, {}, "stands beside the columns of ordered categories"),
        ({}, {"categories": ("better", "best")}, "the column of a category is missing"),
        ({}, {"categories": ("better", "better")}, "are not two different columns"),
    ],
)
def test_what_is_wrong_is_said(changed, options, message):
    with pytest.raises(InputError, match=message):
        Network.read(LOOP.assign(**changed), **({"categories": ("better", "well")} | options))


def test_counts_say_themselves_what_they_are():
    found = Network.read(LOOP.assign(well=21), categories=("better", "well"))
    assert "in each category alone, as one, a shows" in found.readings[0]["said"][1]
    found = Network.read(LOOP.assign(better=50, well=40), categories=("better", "well"))
    assert "or a better one, as one, a shows" in found.readings[0]["said"][1]


def test_a_cut_point_that_only_its_prior_tells_is_named():
    apart = LOOP.assign(well=[None, None, 8, 14, None, None], better=[20, 25, None, None, 15, 27])
    network = Network.read(apart, categories=("better", "well"))
    fit = network.fit(effects="fixed", sampler=QUICK)
    from evinet.nma.answers.record import cautions

    assert any("well: no study reports it beside another" in line
               for line in cautions(fit, fit.summary()))  # fmt: skip


def test_a_category_without_patients_is_named():
    from evinet.nma.answers.record import _empty

    empty = LOOP.assign(well=0)
    network = Network.read(empty, categories=("better", "well"), category_counts="exclusive")
    model = models.build(network, effects="fixed")
    assert _empty(model) == ["well"]


def test_categories_and_their_likelihood_go_together():
    network = Network.read(LOOP, categories=("better", "well"), category_counts="inclusive")
    with pytest.raises(InputError, match="go together"):
        models.build(network, likelihood="binomial")
    with pytest.raises(InputError, match="there are none"):
        models.build(Network.read(LOOP.assign(r=LOOP["better"])), cutpoints="random")


def test_two_studies_of_one_label_are_told_apart_by_their_numbers():
    """multinma's tables of psoriasis have Gottlieb 2003 and 2004 as Gottlieb in studyc."""
    table = pd.DataFrame({"studyn": [1, 1, 2, 2], "studyc": "Gottlieb", "trtn": [1, 2, 1, 2],
                          "trtc": ["a", "b"] * 2, "r": [1, 2, 3, 4], "n": 20})  # fmt: skip
    with pytest.raises(InputError, match="one label of several numbers in studyn: 1, 2"):
        Network.read(table)
    assert Network.read(table, columns={"studyn": "study"}).studies == ["1", "2"]
