"""Q within and between designs, held against decomp.design of the R package netmeta 3.3-1."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from evinet.errors import InputError
from evinet.nma import Network
from evinet.nma.answers import effects
from evinet.nma.command import nma
from evinet.nma.posterior import Fit

# Senn et al. 2013 (Stat Methods Med Res 22:169): glucose-lowering drugs, HbA1c
SENN = """diff,se,treatment,comparator,study
-1.9,0.1414,metf,plac,DeFronzo1995
-0.82,0.0992,metf,plac,Lewin2007
-0.2,0.3579,metf,acar,Willms1999
-1.34,0.1435,rosi,plac,Davidson2007
-1.1,0.1141,rosi,plac,Wolffenbuttel1999
-1.3,0.1268,piog,plac,Kipnes2001
-0.77,0.1078,rosi,plac,Kerenyi2004
0.16,0.0849,piog,metf,Hanefeld2004
0.1,0.1831,piog,rosi,Derosa2004
-1.3,0.1014,rosi,plac,Baksi2004
-1.09,0.2263,rosi,plac,Rosenstock2008
-1.5,0.1624,rosi,plac,Zhu2003
-0.14,0.2239,rosi,metf,Yang2003
-1.2,0.1436,rosi,sulf,Vongthavaravat2002
-0.4,0.1549,acar,sulf,Oyama2008
-0.8,0.1432,acar,plac,Costa1997
-0.57,0.1291,sita,plac,Hermansen2007
-0.7,0.1273,vild,plac,Garber2008
-0.37,0.1184,metf,sulf,Alex1998
-0.74,0.1839,migl,plac,Johnston1994
-1.41,0.2235,migl,plac,Johnston1998a
0.0,0.2339,rosi,metf,Kim2007
-0.68,0.2828,migl,plac,Johnston1998b
-0.4,0.4356,metf,plac,Gonzalez-Ortiz2004
-0.23,0.3467,benf,plac,Stucci1996
-1.01,0.1366,benf,plac,Moulin2006
-1.2,0.3758,metf,plac,Willms1999
-1.0,0.4669,acar,plac,Willms1999
"""


@pytest.fixture(scope="module")
def fit() -> Fit:
    network = Network.read(pd.read_csv(io.StringIO(SENN)), reference="plac", measure="MD")
    return network.fit(effects="fixed")


@pytest.fixture(scope="module")
def found(fit) -> pd.DataFrame:
    return fit.decomposition().set_index(["part", "design"])


DETACHED = {  # $Q.inc.detach, of the designs that it shows
    "acar : sulf": (22.5171, 6), "metf : piog": (17.1286, 6), "metf : rosi": (22.5203, 6),
    "metf : sulf": (7.5135, 6), "piog : rosi": (22.4836, 6), "acar : plac": (22.4445, 6),
    "metf : plac": (22.0695, 6), "piog : plac": (17.2468, 6), "plac : rosi": (16.2907, 6),
    "rosi : sulf": (6.7717, 6), "acar : metf : plac": (22.3844, 5),
}  # fmt: skip


def test_the_whole_is_within_and_between_designs(found):
    """decomp.design(net)$Q.decomp."""
    expected = {"total": (96.98555, 18), "within designs": (74.455, 11),
                "between designs": (22.530, 7)}  # fmt: skip
    for part, (q, df) in expected.items():
        row = found.loc[(part, "")]
        assert row["Q"] == pytest.approx(q, abs=1e-3)
        assert row["df"] == df
    assert found.at[("between designs", ""), "p"] == pytest.approx(0.0020570, rel=1e-3)


def test_designs_of_several_studies_have_their_own_q(found):
    """$Q.het.design."""
    expected = {"metf : rosi": (0.18695, 1), "benf : plac": (4.38138, 1),
                "metf : plac": (42.16431, 2), "migl : plac": (6.44928, 2),
                "plac : rosi": (21.27336, 5)}  # fmt: skip
    table = found.loc["within"]
    assert set(table.index) == set(expected)
    for design, (q, df) in expected.items():
        assert table.loc[design, ["Q", "df"]].to_list() == pytest.approx([q, df], abs=1e-4)


def test_detached_designs_leave_less_between_them(found):
    """$Q.inc.detach."""
    table = found.loc["between, design detached"]
    assert set(table.index) == set(DETACHED)
    for design, (q, df) in DETACHED.items():
        assert table.loc[design, ["Q", "df"]].to_list() == pytest.approx([q, df], abs=1e-4)


def test_heterogeneity_within_designs_takes_the_rest(found):
    """$Q.inc.random."""
    row = found.loc[("between, random", "")]
    assert row[["Q", "df", "p", "tau_within"]].to_list() == pytest.approx(
        [2.194, 7, 0.94833, 0.37975], abs=5e-4
    )


def test_a_network_without_loops_has_nothing_between_designs():
    frame = pd.DataFrame({"study": ["S1", "S2"], "treatment": ["B", "C"], "comparator": "A",
                          "diff": [0.1, 0.2], "se": 0.1})  # fmt: skip
    table = Network.from_contrasts(frame, "A").fit(effects="fixed").decomposition()
    assert list(table["part"]) == ["total", "within designs", "between designs"]
    assert table["Q"].to_list() == pytest.approx([0, 0, 0])


def test_columns_of_the_net_heat_plot_add_up_to_what_detaching_takes_away(fit):
    """A column of netheat sums to Q between designs, 22.530, less $Q.inc.detach of its design.

    benf, migl, sita and vild are in no loop: they have no share of Q, and netheat leaves them out.
    """
    table = fit.net_heat()
    assert set(table["design"]) == set(table["detached"]) == set(DETACHED)
    place = ["detached", "detached_treatment", "detached_comparator"]
    for (design, *_), column in table.groupby(place):
        assert column["change"].sum() == pytest.approx(22.530 - DETACHED[design][0], abs=1e-3)
    own = table[table["design"] == table["detached"]]
    assert own["change"].to_numpy() == pytest.approx(own["Q"].to_numpy(), abs=1e-8)
    rows = table.drop_duplicates(["design", "treatment", "comparator"])
    assert len(rows) == 12, "ten designs of two treatments, and two comparisons of three"
    assert rows["Q"].sum() == pytest.approx(22.530, abs=1e-3)
    itself = own[own["treatment"] == own["detached_treatment"]]
    assert itself["contribution"].between(0, 1).all()
    # the nine independent effects less those of four treatments in no loop are fitted to 12 rows
    assert itself["contribution"].sum() == pytest.approx(9 - 4)


def test_a_net_heat_plot_with_random_effects_has_the_heterogeneity_within_designs():
    """netheat(net, random = TRUE): its Q are those of $Q.inc.random."""
    network = Network.read(pd.read_csv(io.StringIO(SENN)), reference="plac", measure="MD")
    table = network.fit().net_heat()
    rows = table.drop_duplicates(["design", "treatment", "comparator"])
    assert rows["Q"].sum() == pytest.approx(2.194, abs=5e-4)


def test_one_loop_says_nothing_of_which_design_is_wrong():
    """Detaching any of its designs takes all of Q away, so that all columns are alike."""
    frame = pd.DataFrame({"study": ["S1", "S2", "S3"], "treatment": ["B", "C", "C"],
                          "comparator": ["A", "A", "B"], "diff": [0.0, 3.0, 0.0],
                          "se": 1.0})  # fmt: skip
    network = Network.from_contrasts(frame, "A")
    table = network.fit(effects="fixed").net_heat()
    assert table["change"].to_numpy() == pytest.approx(np.ones(9), abs=1e-8), "3^2 / 3 variances"
    none = Network.from_contrasts(frame[:2], "A").fit(effects="fixed")
    assert none.net_heat().empty
    assert none.plot.net_heat().texts[0].get_text().startswith("Fewer than two designs")


ORDER = ["plac", "acar", "benf", "metf", "migl", "piog", "rosi", "sita", "sulf", "vild"]


def test_studies_stand_about_the_mean_of_their_comparison(fit):
    """Squares over variances sum to $Q.het.design, where one design makes the comparison."""
    table = fit.funnel(ORDER)
    place = {name: number for number, name in enumerate(ORDER)}
    assert all(place[a] > place[b] for a, b in table[["treatment", "comparator"]].to_numpy())
    assert "sita" not in set(table["treatment"]), "one study makes its comparison"
    q = (table["adjusted"] / table["se"]) ** 2
    sums = q.groupby([table["treatment"], table["comparator"]]).sum()
    published = {("rosi", "plac"): 21.27336, ("migl", "plac"): 6.44928,
                 ("benf", "plac"): 4.38138, ("rosi", "metf"): 0.18695}  # fmt: skip
    for pair, expected in published.items():
        assert sums[pair] == pytest.approx(expected, abs=1e-4)
    willms = table[table["study"] == "Willms1999"].set_index(["treatment", "comparator"])
    assert willms.loc[("metf", "plac"), ["effect", "se"]].to_list() == pytest.approx([-1.2, 0.3758])
    turned = fit.funnel(ORDER[::-1])
    assert sorted(-turned["adjusted"]) == pytest.approx(sorted(table["adjusted"]))
    axes = fit.plot.funnel(ORDER)
    assert sum(len(line.get_xdata()) for line in axes.lines[2:]) == len(table)


@pytest.mark.parametrize(
    ("order", "said"),
    [(ORDER[1:], "plac.*does not stand"), ([*ORDER, "x"], "x.*is no treatment"),
     ([*ORDER, "acar"], "acar.*twice")],
)  # fmt: skip
def test_an_order_names_every_treatment_once(fit, order, said):
    with pytest.raises(InputError, match=said):
        fit.funnel(order)


def test_chosen_pairs_are_split(fit, tmp_path):
    """Direct: the mean of the studies of the pair; indirect: what is left of the network's."""
    frame = pd.DataFrame({"study": ["S1", "S2", "S3", "S4"], "treatment": ["B", "C", "C", "B"],
                          "comparator": ["A", "A", "B", "A"], "diff": [0.0, 3.0, 1.0, 1.0],
                          "se": 1.0})  # fmt: skip
    network = Network.from_contrasts(frame, "A")
    wide = {"effects": "normal(0, 1000)"}
    splits = network.fit(effects="fixed", priors=wide).node_splits([("B", "A")])
    assert list(splits) == [("A", "B")]
    table = effects.splits(splits).iloc[0]
    assert table["direct_mean"] == pytest.approx(0.5, abs=1e-4)
    assert table["indirect_mean"] == pytest.approx(3.0 - 1.0, abs=1e-4)
    assert table["direct_sd"] == pytest.approx(0.5**0.5, abs=1e-4)
    assert table["indirect_sd"] == pytest.approx(2**0.5, abs=1e-4)
    with pytest.raises(InputError, match=r"sita vs plac.*no pair with both"):
        fit.node_splits([("sita", "plac")])
    frame.to_csv(tmp_path / "data.csv", index=False)
    options = [str(tmp_path / "data.csv"), "--effects", "fixed", "--out", str(tmp_path / "out")]
    run = CliRunner().invoke(nma, [*options, "--model", "node-split", "--split", "B vs A"])
    assert run.exit_code == 0, run.output
    found = pd.read_csv(tmp_path / "out/splits.csv")
    assert found[["treatment", "comparator"]].to_numpy().tolist() == [["B", "A"]]
    for wrong in (["--split", "B vs A"], ["--model", "node-split", "--split", "B-A"]):
        assert CliRunner().invoke(nma, [*options, *wrong]).exit_code == 2
