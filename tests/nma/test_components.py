"""Component network meta-analysis, held against the R package netmeta and against arithmetic."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from evinet import files, usertable
from evinet.errors import InputError
from evinet.nma import Network
from evinet.nma.command import nma
from evinet.nma.fit import density_data
from evinet.nma.graph import values
from evinet.nma.model import build
from evinet.nma.terms import Components, Terms

# Linde et al. 2016 (J Clin Epidemiol 75:36), four studies of the data set of netmeta
LINDE = """study,treatment,comparator,diff,se
16,PST,PST + SSRI,-0.237672,0.408287
16,SSRI,PST,0.643137,0.418367
16,SSRI,PST + SSRI,0.405465,0.491596
24,PST,Placebo,1.393842,0.549792
24,TCA,PST,-0.482005,0.522214
24,TCA,Placebo,0.911836,0.536560
49,PST,Placebo,0.310407,0.253818
49,SSRI,PST,0.253643,0.245993
49,SSRI,Placebo,0.564050,0.251433
118,PST,UC,0.039221,0.339447
"""
WIDE = {"effects": "normal(0, 1000)"}


@pytest.fixture
def linde(tmp_path):
    path = tmp_path / "linde.csv"
    path.write_text(LINDE)
    return path


def test_components_are_those_of_netmeta(linde):
    """netcomb of netmeta 3.3-1, inactive "Placebo", common effects."""
    network = Network.read(linde, reference="Placebo", measure="OR")
    fit = network.fit(effects="fixed", components=Components(inactive="Placebo"), priors=WIDE)
    found = fit.components().set_index("component")
    published = {"PST": (0.33769, 0.20862), "SSRI": (0.58359, 0.20891), "TCA": (0.35722, 0.46534),
                 "UC": (0.29846, 0.39843)}  # fmt: skip
    for name, expected in published.items():
        assert found.loc[name, ["mean", "sd"]].to_list() == pytest.approx(expected, abs=2e-5)
    test = fit.additivity()
    names = ("Q_additive", "df_additive", "p_additive", "Q_standard", "df_standard",
             "Q_difference", "df_difference", "p_difference")  # fmt: skip
    assert [test[name] for name in names] == pytest.approx(
        [5.9892177, 3, 0.1121360, 4.1929362, 2, 1.7962815, 1, 0.1801627], abs=1e-5
    )
    league = fit.league().set_index(["treatment", "comparator"])["mean"]
    both = abs(league[("Placebo", "PST + SSRI")])
    assert both == pytest.approx(0.33769 + 0.58359, abs=2e-5)


def test_an_interaction_frees_the_combination(linde):
    """With one for the only combination the model is the usual one."""
    network = Network.read(linde, reference="Placebo", measure="OR")
    of = Components("+", "Placebo", ("PST+SSRI",))
    fit = network.fit(effects="fixed", components=of, priors=WIDE)
    usual = network.fit(effects="fixed", priors=WIDE)
    pd.testing.assert_frame_equal(fit.league()[["mean", "sd"]], usual.league()[["mean", "sd"]],
                                  atol=1e-4)  # fmt: skip
    assert fit.additivity()["df_difference"] == 0
    assert fit.league()["bridged"].sum() == 0


ISLANDS = pd.DataFrame({
    "study": ["S1", "S2", "S3", "S4"], "treatment": ["A", "B", "A+C", "D"],
    "comparator": ["P", "P", "A+B", "E"], "diff": [-0.5, -0.2, -0.4, 0.3],
    "se": [0.1, 0.2, 0.1, 0.1],
})  # fmt: skip


def test_common_components_join_islands_and_others_stay_apart():
    network = Network.from_contrasts(ISLANDS, ["P", "A+B", "E"])
    fit = network.fit(effects="fixed", components=Components(inactive="P"), priors=WIDE)
    assert fit.references == ["P", "E"]
    league = fit.league().set_index(["treatment", "comparator"])
    assert fit.difference("A+C", "P").centre == pytest.approx(-0.5 - 0.2 - 0.4, abs=1e-4)
    crossing = league[league["crosses"]]
    assert crossing["bridged"].all()
    assert not league[~league["crosses"]]["bridged"].any()
    assert "E" not in {name for pair in crossing.index for name in pair}
    table = fit.components().set_index("component")["status"]
    assert table[["A", "B", "C"]].eq("estimated").all()
    assert table[["D", "E"]].eq("not identified").all()
    assert fit.held_by_prior == set()
    assert fit.additivity()["df_difference"] == 0


def test_arms_without_events_are_told_by_sums_too():
    """B has no event alone, but A+B and A tell its effect."""
    frame = pd.DataFrame({
        "study": ["S1", "S1", "S2", "S2", "S3", "S3"],
        "treatment": ["P", "A", "P", "B", "A", "A+B"],
        "r": [9, 5, 8, 0, 7, 4], "n": 50,
    })  # fmt: skip
    network = Network.from_arms(frame, "P")
    alone = build(network, effects="fixed")
    added = build(network, effects="fixed", terms=Terms(components=Components(inactive="P")))
    assert frozenset(("P", "B")) in alone.without_likelihood_limits()
    assert added.without_likelihood_limits() == set()
    given = values(added)
    assert density_data.dimension(added, given) == 2 + 3  # two components, three studies
    assert np.isfinite(density_data.vector(added, given)).all()


def test_the_command_writes_components_and_the_test(linde, tmp_path):
    said = CliRunner().invoke(nma, [
        str(linde), "--measure", "OR", "--reference", "Placebo", "--effects", "fixed",
        "--components", "+", "--inactive", "Placebo", "--out", str(tmp_path / "out"),
    ])  # fmt: skip
    assert said.exit_code == 0, said.output
    assert "Effects of components are taken to add up: Q 1.80 on 1 degrees" in said.output
    found = usertable.read(tmp_path / "out" / "components.csv")
    assert list(found["component"]) == ["PST", "SSRI", "TCA", "UC"]
    record = files.read_json(tmp_path / "out" / "fit.json")["components"]
    assert record["p_difference"] == pytest.approx(0.1801627, abs=1e-5)


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (Components(inactive="X"), "is no component here"),
        (Components(interactions=("A+D",)), "is no pair of active components"),
        (Components(inactive="P", interactions=("A",)), "is no pair of active components"),
    ],
)
def test_what_is_in_no_treatment_is_refused(of, said):
    with pytest.raises(InputError, match=said):
        Network.from_contrasts(ISLANDS, ["P", "A+B", "E"]).fit(components=of)


@pytest.mark.parametrize(
    ("of", "treatments", "said"),
    [
        (Components(), ["P", "A/B", "A"], "is in no name of a treatment"),
        (Components(""), ["P", "A+B"], "is in no name of a treatment"),
        (Components(), ["P", "A++B", "A"], "A\\+\\+B.*has a component without a name"),
        (Components(), ["P", "A + "], "has a component without a name"),
        (Components(), ["P", "cbt", "CBT+Drug"], "CBT, cbt.*differ only by case"),
        (Components(), ["P", "Drug-1", "Drug 1 + B"], "differ only by case, blanks or hyphens"),
        (Components(), ["P", "A+B", "B+A"], "A\\+B, B\\+A.*same components in another order"),
    ],
)
def test_names_of_components_that_cannot_be_told_are_refused(of, treatments, said):
    with pytest.raises(InputError, match=said):
        of.composition(treatments)
