"""Files of pairwise meta-analyses: those of R's meta, of metafor and of RevMan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evinet.errors import InputError
from evinet.nma import Network
from evinet.nma.data import groups

VALIDATION = Path(__file__).parents[1] / "validation"
COUNTS = [("Abel", 5, 50, 9, 51), ("Baker", 3, 40, 8, 41)]
MEANS = [("Abel", 50, 3.1, 1.1, 51, 3.9, 1.2), ("Baker", 40, 2.9, 1.3, 41, 3.6, 1.0)]
NAMED = {
    "meta": "studlab,event.e,n.e,event.c,n.c",
    "read.rm5": "studlab,event_e,n_e,event_c,n_c",
    "RevMan 5": "Study or Subgroup,Experimental Events,Experimental Total,Control Events,"
    "Control Total",
    "RevMan Web": "Study,Experimental cases,Experimental N,Control cases,Control N",
    "a spreadsheet": "study,events_experimental,total_experimental,events_control,total_control",
}  # fmt: skip


def bcg() -> pd.DataFrame:
    """dat.bcg of metafor (Colditz et al. 1994), made of the arms of another package's copy."""
    arms = pd.read_csv(VALIDATION / "bcg.csv").pivot(index="study", columns="treatment")
    one, two = "Vaccinated", "Unvaccinated"
    return pd.DataFrame({
        "trial": arms.index, "tpos": arms["r", one], "tneg": arms["n", one] - arms["r", one],
        "cpos": arms["r", two], "cneg": arms["n", two] - arms["r", two],
    })  # fmt: skip


def test_the_four_cells_of_metafor_are_read():
    """yi and vi as escalc(measure = "OR") prints them for the first four trials of dat.bcg."""
    network = Network.read(bcg(), reference="Control")
    arms = network.arms.pivot(index="study", columns="treatment", values=["r", "n"])
    a, b = (arms[("r", name)].astype(float) for name in ("Treated", "Control"))
    c, d = (arms[("n", name)].astype(float) for name in ("Treated", "Control"))
    yi = np.log(a / (c - a)) - np.log(b / (d - b))
    vi = 1 / a + 1 / (c - a) + 1 / b + 1 / (d - b)
    first = ["1", "2", "3", "4"]
    assert yi[first].to_list() == pytest.approx([-0.9387, -1.6662, -1.3863, -1.4564], abs=5e-5)
    assert vi[first].to_list() == pytest.approx([0.3571, 0.2081, 0.4334, 0.0203], abs=5e-5)
    assert "n (tpos + tneg, cpos + cneg)" in network.readings[0]["said"][0]


@pytest.mark.parametrize("columns", NAMED.values(), ids=NAMED)
def test_events_of_two_groups_are_read_as_they_are(columns, tmp_path):
    file = tmp_path / "data.csv"
    file.write_text(columns + "\n" + "\n".join(",".join(map(str, row)) for row in COUNTS))
    network = Network.read(file)
    assert network.treatments == ["Control", "Experimental"]
    found = network.arms[["study", "treatment", "r", "n"]].to_numpy().tolist()
    assert found == [["Abel", "Experimental", 5, 50], ["Abel", "Control", 9, 51],
                     ["Baker", "Experimental", 3, 40], ["Baker", "Control", 8, 41]]  # fmt: skip
    assert "names no treatments" in network.readings[0]["cautions"][0]


@pytest.mark.parametrize(
    "columns",
    ["studlab,n.e,mean.e,sd.e,n.c,mean.c,sd.c", "study,n1i,m1i,sd1i,n2i,m2i,sd2i",
     "Study,Experimental N,Experimental mean,Experimental SD,Control N,Control mean,Control SD",
     "Study,Intervention N,Intervention mean,Intervention SD,Control N,Control mean,Control SD"],
)  # fmt: skip
def test_means_of_two_groups_are_read_as_they_are(columns):
    network = Network.read(pd.DataFrame(MEANS, columns=columns.split(",")))
    assert network.arms[["y", "sd", "n"]].to_numpy().tolist()[:2] == [
        [3.1, 1.1, 50],
        [3.9, 1.2, 51],
    ]
    assert network.arms["se"].iloc[0] == pytest.approx(1.1 / np.sqrt(50))


def test_events_in_time_are_read():
    frame = pd.DataFrame([("Abel", 5, 500, 9, 510)],
                         columns=["studlab", "event.e", "time.e", "event.c", "time.c"])  # fmt: skip
    assert Network.read(frame).arms["e"].to_list() == [500, 510]


def test_groups_have_the_names_that_the_file_gives_them():
    frame = pd.DataFrame(COUNTS, columns=NAMED["meta"].split(","))
    frame = frame.assign(**{"label.e": "Drug", "label.c": ["Placebo", "Usual care"]})
    network = Network.read(frame, reference="Drug")
    assert network.treatments == ["Drug", "Placebo", "Usual care"]
    assert not network.readings[0]["cautions"]


@pytest.mark.parametrize("pair", [("treat1", "treat2"), ("treat.e", "treat.c"), ("T1", "T2")])
@pytest.mark.parametrize("columns", ["meta", "metafor"])
def test_groups_have_the_names_that_the_message_advises(pair, columns):
    """The caution about files without names says to add treat1 and treat2."""
    names = NAMED["meta"].split(",") if columns == "meta" else ["study", "ai", "n1i", "ci", "n2i"]
    frame = pd.DataFrame(COUNTS, columns=names)
    frame = frame.assign(**{pair[0]: ["Drug 1", "Drug 2"], pair[1]: "Placebo"})
    network = Network.read(frame, reference="Placebo")
    assert network.treatments == ["Placebo", "Drug 1", "Drug 2"]
    assert not network.readings[0]["cautions"]


def test_results_of_an_export_are_not_taken_for_data():
    frame = pd.DataFrame(COUNTS, columns=NAMED["RevMan Web"].split(","))
    frame = frame.assign(**{"Mean": 0.5, "CI start": 0.2, "CI end": 1.6, "Weight": 40.0,
                            "O-E": 0, "Variance": 0})  # fmt: skip
    network = Network.read(frame)
    assert "y" not in network.arms
    assert network.readings[0]["cautions"][1].endswith(
        "Mean, CI start, CI end, Weight, O-E, Variance"
    )


def test_a_column_that_an_option_names_is_kept():
    frame = pd.DataFrame(COUNTS, columns=NAMED["meta"].split(",")).assign(weight=[0.5, 1.0])
    network = Network.read(frame, named=("weight",))
    assert network.weights_in("weight") == {"Abel": 0.5, "Baker": 1.0}


def test_columns_that_an_outcome_leaves_empty_are_passed_over():
    """An export has columns for every kind of outcome, with 0 in those of other kinds."""
    frame = pd.DataFrame(
        MEANS, columns=["studlab", "n.e", "mean.e", "sd.e", "n.c", "mean.c", "sd.c"]
    )
    assert "r" not in Network.read(frame.assign(**{"event.e": 0, "event.c": 0})).arms
    events = pd.DataFrame(COUNTS, columns=NAMED["meta"].split(","))
    zero = dict.fromkeys(["mean.e", "sd.e", "mean.c", "sd.c"], 0)
    assert "y" not in Network.read(events.assign(**zero)).arms
    with pytest.raises(InputError, match="not clear which to use"):
        Network.read(frame.assign(**{"event.e": 3, "event.c": 4}))


def test_authors_of_several_studies_have_their_years():
    names = ["author", "year", "event.e", "n.e", "event.c", "n.c"]
    rows = [("Abel", 1999, 5, 50, 9, 51), ("Abel", 2001, 3, 40, 8, 41)]
    frame = pd.DataFrame(rows, columns=names)
    assert Network.read(frame).studies == ["Abel 1999", "Abel 2001"]


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pd.DataFrame(COUNTS, columns=NAMED["meta"].split(",")).assign(**{"outcome.no": [1, 2]}),
         "are 2 analyses in one file"),
        (pd.DataFrame([COUNTS[0]] * 2, columns=NAMED["meta"].split(","))
         .assign(subgroup=["men", "women"]), "stands in several rows of subgroup"),
        (pd.DataFrame([(6, 300, 29, 274, 400, 303)],
                      columns=["ai", "bi", "ci", "di", "n1i", "n2i"]).assign(study="S"),
         "n1i = 400: is not ai and bi together"),
        (pd.DataFrame([(50, 3.1, 1.1, 51, 3.9, 1.2, 5, 9)], columns=[
            "n1i", "m1i", "sd1i", "n2i", "m2i", "sd2i", "ai", "ci"]).assign(study="S"),
         "are several outcomes of the same studies"),
        (pd.DataFrame([(*COUNTS[0], 3, 30)], columns=[
            *NAMED["meta"].split(","), "intervention events", "intervention total"]),
         "are of two groups that are both the treated one"),
        (pd.DataFrame(COUNTS, columns=NAMED["meta"].split(",")).assign(**{"label.e": "Drug 1"}),
         "label.e.*names the treatments of one group only"),
        (pd.DataFrame({"studlab": ["S"], "TE": [0.1], "seTE": [0.2]}),
         "effects as R's meta has them, which do not say of what against what.*treat1 and treat2"),
        (pd.DataFrame({"study": ["S"], "yi": [0.1], "vi": [0.2]}), "metafor's escalc"),
    ],
)  # fmt: skip
def test_what_is_ambiguous_is_refused_by_its_layout(frame, said):
    with pytest.raises(InputError, match=said):
        Network.read(frame)


def test_a_table_that_names_its_treatments_is_left_alone():
    frame = pd.DataFrame({"study": ["S", "S"], "treatment": ["A", "B"], "event.e": 1, "event.c": 2})
    frame.attrs["file"] = "f"
    assert groups.read(frame)[0] is frame


@pytest.mark.parametrize(
    ("table", "first", "said"),
    [
        ("studlab,n.e,mean.e,se.e,n.c,mean.c,se.c\nA,20,1.2,0.3,21,1.5,0.4\n", (1.2, 0.3),
         "standard errors of 2 arms as given"),
        ("study,E.events,E.total,C.events,C.total\nA,3,20,5,21\n", (3, 20), "all as given"),
        ("study,int_events,int_total,ctrl_events,ctrl_total\nA,3,20,5,21\n", (3, 20),
         "all as given"),
        ("study,trt,xi,ni\nA,x,3,20\nA,y,5,21\n", (3, 20), "all as given"),
        ("study,trt,mi,sdi,ni\nA,x,3,2,16\nA,y,5,2,16\n", (3, 0.5), "sd / sqrt(n)"),
        ("study,trt,xi,ti\nA,x,3,20\nA,y,5,21\n", (3, 20), "all as given"),
        ("s.id,t.id,py,r\n1,1,20.5,3\n1,2,21,5\n", (3, 20.5), "all as given"),
        ("study,trt,mi,n\nA,x,3,20\nA,y,5,21\n", None, "is missing"),
        ("study,Ee,Ne,Ec,Nc\nA,3,20,5,21\n", None, "is missing"),
    ],
)  # fmt: skip
def test_names_of_metafor_meta_and_pcnetmeta(tmp_path, table, first, said):
    """Of metafor's arms a set of names is read together: mi alone may be infarctions."""
    file = tmp_path / "arms.csv"
    file.write_text(table)
    if first is None:
        with pytest.raises(InputError, match=said):
            Network.read(file)
        return
    found = Network.read(file)
    assert said in found.readings[0]["said"][1]
    columns = ("y", "se") if "y" in found.arms else ("r", "n" if "n" in found.arms else "e")
    assert tuple(found.arms[list(columns)].iloc[0]) == pytest.approx(first)


def test_effects_of_metafor_that_say_what_they_compare():
    """escalc(measure = "OR") of dat.bcg's first trials: yi, and vi its variance."""
    found = Network.read(pd.DataFrame({
        "study": ["Aronson", "Ferguson"], "treat1": "BCG", "treat2": "none",
        "yi": [-0.9387, -1.6662], "vi": [0.3571, 0.2081],
    }), measure="OR")  # fmt: skip
    assert found.contrasts.y.tolist() == [-0.9387, -1.6662]
    assert np.diag(found.contrasts.covariance).tolist() == pytest.approx([0.3571, 0.2081])
    assert found.readings[0]["columns"]["se"] == "the root of vi"
