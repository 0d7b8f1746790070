"""Tables in the layouts of other programs: their own data sets, and what must come of them."""

from __future__ import annotations

import re
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from evinet import usertable
from evinet.errors import InputError
from evinet.nma import Network
from evinet.nma.data import layouts

STRANGERS = Path(__file__).parent / "strangers"
VALIDATION = Path(__file__).parents[1] / "validation"
PAGE = Path(__file__).parents[2] / "docs" / "data.md"
EXAMPLES = re.findall(r"```text\n(.*?)```\n\n```text\n(.*?)```", PAGE.read_text(), flags=re.S)


def network(name: str, **options) -> Network:
    return Network.read(STRANGERS / name, **options)


def effects(found: Network, **options) -> pd.DataFrame:
    return found.fit(effects="fixed", **options).effects().set_index("parameter")


def arms(found: Network, *columns: str) -> list[tuple]:
    """Outcomes of every study's arms, in an order that no file decides."""
    frame = found.arms
    return sorted(
        sorted(zip(*(mine[name] for name in columns), strict=True))
        for _, mine in frame.groupby("study", sort=False)
    )


@pytest.mark.parametrize(("table", "said"), EXAMPLES)
def test_examples_of_the_page(tmp_path, monkeypatch, table, said):
    monkeypatch.chdir(tmp_path)
    Path("data.csv").write_text(table)
    assert Network.read("data.csv").readings[0]["said"] == said.strip().split("\n")


def test_the_page_has_examples():
    assert len(EXAMPLES) >= 9


@pytest.mark.parametrize(
    ("name", "columns", "studies", "size", "kind"),
    [
        ("netmeta_Senn2013.csv", {}, 26, 27, "contrasts"),
        ("netmeta_Linde2016.csv", {}, 93, 108, "contrasts"),
        ("netmeta_smokingcessation.csv", {}, 24, 50, "arms"),
        ("netmeta_dietaryfat.csv", {"d": "r", "years": "e"}, 10, 21, "arms"),
        ("netmeta_Dogliotti2014.csv", {"stroke": "r"}, 20, 44, "arms"),
        ("netmeta_Woods2010.csv", {}, 3, 8, "arms"),
        ("gemtc_parkinson_diff.data.re.csv", {}, 7, 8, "contrasts"),
        ("gemtc_dietfat.data.ab.csv", {}, 10, 20, "arms"),
        ("bugsnet_parkinsons.csv", {}, 7, 8, "contrasts"),
        ("metainsight_Binary_wide.csv", {}, 3, 8, "arms"),
        ("metainsight_Cont_wide.xlsx", {}, 3, 8, "arms"),
    ],
)
def test_data_sets_of_other_programs_are_read(name, columns, studies, size, kind):
    found = network(name, columns=columns)
    assert len(found.studies) == studies
    assert len(found.arms if kind == "arms" else found.contrasts.rows) == size
    assert len(found.contrasts.rows if kind == "arms" else found.arms) == 0


def test_one_data_set_in_three_programs_is_one_data_set():
    wide, long = (network(name) for name in
                  ("netmeta_smokingcessation.csv", "gemtc_smoking.data.ab.csv"))  # fmt: skip
    ours = Network.read(VALIDATION / "smoking.csv")
    assert arms(wide, "r", "n") == arms(ours, "r", "n")
    assert len(arms(long, "r", "n")) == 24  # gemtc has 146 patients in an arm of 149
    wide, long = (network(name) for name in
                  ("netmeta_parkinson.csv", "gemtc_parkinson.data.ab.csv"))  # fmt: skip
    for one, two in zip(arms(wide, "y", "se"), arms(long, "y", "se"), strict=True):
        assert np.array(one) == pytest.approx(np.array(two), abs=1e-9)
    for form in ("Binary", "Cont"):
        columns = ("treatment", "r", "n") if form == "Binary" else ("treatment", "y", "se")
        wide, long = (network(f"metainsight_{form}_{each}.csv") for each in ("wide", "long"))
        assert arms(wide, *columns) == arms(long, *columns)
    workbook = network("metainsight_Cont_wide.xlsx")
    assert arms(workbook, "y", "se") == arms(network("metainsight_Cont_wide.csv"), "y", "se")


def test_all_pairs_of_netmeta_give_its_common_effects():
    """Senn et al. 2013: common effects by netmeta 3.3-1, Q = 96.99 with 18 degrees of freedom."""
    found = network("netmeta_Senn2013.csv", reference="plac")
    fit = found.fit(effects="fixed", priors={"effects": "normal(0, 1000)"})
    table = fit.effects().set_index("parameter")
    published = {"acar": (-0.8274, 0.1085), "benf": (-0.9052, 0.1271), "metf": (-1.1141, 0.0596),
                 "migl": (-0.9439, 0.1269), "piog": (-1.0664, 0.0758), "rosi": (-1.2018, 0.0477),
                 "sita": (-0.5700, 0.1291), "sulf": (-0.4395, 0.0915),
                 "vild": (-0.7000, 0.1273)}  # fmt: skip
    for name, values in published.items():
        assert table.loc[f"d[{name}]", ["mean", "sd"]].tolist() == pytest.approx(values, abs=2e-4)
    measures = fit.measures()
    assert measures["residual_deviance"] - measures["pD"] == pytest.approx(96.99, abs=0.02)
    assert measures["pD"] == pytest.approx(9, abs=1e-3)  # also with a prior this wide


def test_the_baseline_variance_of_bugsnet_is_that_of_gemtc():
    one = effects(network("bugsnet_parkinsons.csv", reference="1"))
    two = effects(network("gemtc_parkinson_diff.data.re.csv", reference="A"))
    for column in ("mean", "sd"):
        assert one[column].to_numpy() == pytest.approx(two[column].to_numpy(), abs=2e-3)


def test_several_files_make_one_network():
    found = Network.read(*(STRANGERS / f"gemtc_parkinson_shared.data.{each}.csv"
                           for each in ("ab", "re")), reference="A")  # fmt: skip
    assert len(found.studies) == 7
    assert len(found.readings) == 2
    together = effects(found)
    alone = effects(network("gemtc_parkinson.data.ab.csv", reference="A"))
    assert together["mean"].to_numpy() == pytest.approx(alone["mean"].to_numpy(), abs=0.03)
    with pytest.raises(InputError, match="is already in the network"):
        Network.read(*[STRANGERS / "gemtc_parkinson.data.ab.csv"] * 2)


def one(frame: dict, **options) -> tuple[float, float]:
    """Effect and standard error of a single study."""
    found = Network.read(pd.DataFrame({"study": ["S"], "treatment": ["B"], "comparator": ["A"],
                                       **{name: [value] for name, value in frame.items()}}),
                         **options).contrasts  # fmt: skip
    return float(found.y[0]), float(np.sqrt(found.covariance[0, 0]))


def test_standard_errors_of_effects_by_their_formulas():
    ratio = (np.log(0.7), np.log(0.98 / 0.5) / (2 * 1.959964))
    assert one({"hr": 0.7, "lower": 0.5, "upper": 0.98}) == pytest.approx(ratio)
    assert one({"Hazard Ratio": 0.7, "95% CI lower": 0.5, "95% CI upper": 0.98}) == pytest.approx(
        ratio
    )
    logs = {"lnHR": np.log(0.7), "ci.lb": np.log(0.5), "ci.ub": np.log(0.98)}
    assert one(logs) == pytest.approx(ratio)
    assert one({"hr": 0.7, "lower": 0.5, "upper": 0.98}, level=90)[1] == pytest.approx(
        np.log(0.98 / 0.5) / (2 * 1.644854)
    )
    assert one({"or": 0.62, "p": 0.013}) == pytest.approx((np.log(0.62), 0.19245), abs=1e-4)
    assert one({"o_e": -6.8, "v": 17.1}) == pytest.approx((-6.8 / 17.1, 17.1**-0.5))
    assert one({"md": -2.0, "lower": -3.0, "upper": -1.0}) == pytest.approx((-2, 1 / 1.959964))
    assert one({"lnOR": -0.5, "selnOR": 0.2}) == pytest.approx((-0.5, 0.2))


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ({"hr": 0.7, "lower": 0.8, "upper": 0.98}, "is not between its limits"),
        ({"hr": 0.7, "lower": 0.0, "upper": 0.98}, "above 0"),
        ({"hr": -0.7, "lower": 0.5, "upper": 0.98}, "not above 0"),
        ({"hr": 0.7, "se": 0.2}, "of the ratio or of its logarithm"),
        ({"hr": 0.7, "or": 0.6, "lower": 0.5, "upper": 0.98}, "not clear which one to use"),
        ({"or": 1.0, "p": 0.5}, "gives no standard error"),
        ({"or": 0.7, "p": 0.0}, "gives no standard error"),
        ({"x": 0.7, "lower": 0.5}, "Neither outcomes of arms"),
        ({"hr": 0.7}, "se"),
    ],
)
def test_effects_that_cannot_be_are_refused(frame, words):
    with pytest.raises(InputError, match=words):
        one(frame)


def test_an_estimate_off_the_middle_of_its_interval_is_named():
    frame = pd.DataFrame({"study": ["S", "T"], "treat1": "B", "treat2": "A", "hr": [0.7, 0.9],
                          "lower": [0.5, 0.5], "upper": [0.98, 0.98]})  # fmt: skip
    (caution,) = Network.read(frame).readings[0]["cautions"]
    assert caution.startswith("T, B: the estimate is not in the middle")


def test_means_by_interval_use_the_t_distribution():
    frame = pd.DataFrame({"study": ["S", "S"], "treatment": ["A", "B"], "mean": [1.0, 2.0],
                          "lower": [0.0, 1.0], "upper": [2.0, 3.0], "n": [10, 12]})  # fmt: skip
    assert Network.read(frame).arms["se"].tolist() == pytest.approx([1 / 2.262157, 1 / 2.200985])
    wrong = frame.assign(sd=[3.0, 3.0], se=[3.0, 3.0])  # a standard deviation called se
    with pytest.raises(InputError, match=r"is not sd / sqrt\(n\) = 0.9487"):
        Network.read(wrong)


@settings(max_examples=30, deadline=None)
@given(
    y=st.lists(st.floats(-2, 2), min_size=3, max_size=5),
    se=st.lists(st.floats(0.1, 1), min_size=5, max_size=5),
    turned=st.booleans(),
)
def test_all_pairs_say_what_the_arms_say(y, se, turned):
    """Of independent arms the standard errors of pairs give back the covariance of contrasts."""
    names = "ABCDE"[: len(y)]
    rows = [
        {"study": "S", "treatment": two, "comparator": one, "diff": y[j] - y[i],
         "se": np.hypot(se[i], se[j])}
        for i, one in enumerate(names) for j, two in enumerate(names) if i < j
    ]  # fmt: skip
    if turned:
        rows[0] |= {"treatment": rows[0]["comparator"], "comparator": rows[0]["treatment"],
                    "diff": -rows[0]["diff"]}  # fmt: skip
    found = Network.read(pd.DataFrame(rows)).contrasts
    place = {name: number for number, name in enumerate(names)}
    base = place[found.rows[0][2]]
    others = [place[treatment] for _, treatment, _ in found.rows]
    expected = np.full((len(others),) * 2, se[base] ** 2) + np.diag(np.square(se)[others])
    assert found.covariance == pytest.approx(expected)
    assert found.y == pytest.approx(np.array(y)[others] - y[base])


def test_effects_without_a_study_are_those_of_the_other_studies():
    """Of Senn's studies one is left out by hand, and the table must say what is left."""
    found = network("netmeta_Senn2013.csv", reference="plac", measure="MD")
    frame = pd.read_csv(STRANGERS / "netmeta_Senn2013.csv")
    others = Network.read(
        frame[frame["studlab"] != "DeFronzo1995"], reference="plac", measure="MD"
    ).fit().league().set_index(["treatment", "comparator"])  # fmt: skip
    told = found.fit().influence().set_index(["study", "treatment", "comparator"])
    mine = told.loc["DeFronzo1995"].loc[others.index]
    for column in ("mean", "sd", "q2.5", "q97.5"):
        assert mine[column].to_numpy() == pytest.approx(others[column].to_numpy(), abs=1e-6)


SAME_TREATMENT = """study,trt,y,se,arm
CLARK2012,Waitlist,NA,0.1925,1
CLARK2012,Cognitive therapy,-1.627,0.2386,2
CLARK2012,Cognitive therapy,-1.906,0.2449,3
TITOV2010b,Cognitive therapy,NA,NA,1
TITOV2010b,Cognitive therapy,0.1514,0.1743,2
"""
"""Mayo-Wilson et al. 2014 (Lancet Psychiatry 1:368), two of 101 trials, as multinma has them."""


def test_contrasts_of_arms_of_one_treatment(tmp_path):
    """Two effects of a treatment weigh by their covariance; one against itself tells of none."""
    file = tmp_path / "same.csv"
    file.write_text(SAME_TREATMENT)
    found = Network.read(file, columns={"y": "diff"}, reference="Waitlist")
    covariance = np.array([[0.2386**2, 0.1925**2], [0.1925**2, 0.2449**2]])
    weight = np.linalg.inv(covariance).sum(axis=0)
    effect = weight @ [-1.627, -1.906] / weight.sum()
    fit = found.fit(effects="fixed")
    row = fit.effects().set_index("parameter").loc["d[Cognitive therapy]"]
    assert (row["mean"], row["sd"]) == pytest.approx((effect, weight.sum() ** -0.5), rel=1e-3)
    without = fit.influence().set_index(["study", "treatment", "comparator"])
    assert set(without["status"]) == {"not connected without this study"}
    points = {each["study"]: each for each in fit.measures()["points"]}
    assert points["TITOV2010b"]["deviance"] == pytest.approx((0.1514 / 0.1743) ** 2, rel=1e-6)
    assert fit.measures()["data_points"] == 3
    for answer in ("influence", "inconsistency", "contribution", "threshold", "predictive",
                   "decomposition", "net_heat", "summary"):  # fmt: skip
        getattr(found.fit(), answer)()
    file.write_text(SAME_TREATMENT.replace(",2\nCLARK2012,Cog", ",3\nCLARK2012,Cog"))
    with pytest.raises(InputError, match="its own name in the column arm"):
        Network.read(file, columns={"y": "diff"})


def test_pairs_that_disagree_around_a_loop_are_refused():
    frame = pd.DataFrame({"study": "S", "treat1": ["B", "C", "C"], "treat2": ["A", "A", "B"],
                          "TE": [1.0, 2.0, 3.0], "seTE": [0.5, 0.5, 0.5]})  # fmt: skip
    with pytest.raises(InputError, match="differs by 2 from"):
        Network.read(frame)
    with pytest.raises(InputError, match="cannot be right together"):
        Network.read(frame.assign(TE=[1.0, 2.0, 1.0], seTE=[0.1, 0.1, 0.5]))
    with pytest.raises(InputError, match="in another row of the study"):
        Network.read(frame.assign(treat1=["B", "B", "C"], treat2=["A", "A", "B"]))


def test_studies_of_one_name_are_not_merged():
    frame = pd.DataFrame({"study": "Lee", "treat1": ["A", "A"], "r1": [3, 3], "n1": 50,
                          "treat2": ["B", "C"], "r2": [5, 6], "n2": 50})  # fmt: skip
    with pytest.raises(InputError, match="not the pairs of its arms"):
        Network.read(frame)


def test_pairs_with_the_outcomes_of_their_arms_are_arms():
    """What pairwise() of netmeta returns: an arm stands in the row of each of its pairs."""
    frame = pd.DataFrame({
        "studlab": ["S", "S", "S", "T"], "treat1": ["A", "A", "B", "A"],
        "treat2": ["B", "C", "C", "B"], "TE": [0.1, 0.2, 0.1, 0.3], "seTE": [0.3] * 4,
        "event1": [3, 3, 5, 2], "n1": [50, 50, 52, 30], "event2": [5, 6, 6, 4],
        "n2": [52, 51, 51, 33],
    })  # fmt: skip
    found = Network.read(frame)
    assert arms(found, "treatment", "r", "n") == [
        [("A", 2, 30), ("B", 4, 33)], [("A", 3, 50), ("B", 5, 52), ("C", 6, 51)],
    ]  # fmt: skip
    clash = frame.assign(event1=[3, 4, 5, 2])
    with pytest.raises(InputError, match="a different outcome"):
        Network.read(clash)


def test_what_is_left_out_is_named():
    frame = pd.DataFrame({"study": ["S", "S", "T", "T", "U", "U", "U"],
                          "treatment": list("ABABABC"), "r": [1, 2, 3, None, 4, 5, None],
                          "n": [10, 10, 10, 10, 10, 10, 10]})  # fmt: skip
    with pytest.raises(InputError, match="is missing"):
        Network.read(frame).fit()
    found = Network.read(frame, drop_incomplete=True)
    assert found.studies == ["S", "U"]
    assert found.readings[0]["dropped"] == [
        "T, A: the only arm of its study that is left", "T, B: no outcome", "U, C: no outcome",
    ]  # fmt: skip


def test_studies_without_information_are_set_apart():
    frame = pd.DataFrame({"study": ["S", "S", "T", "T", "U", "U"], "treatment": list("ABABAB"),
                          "r": [3, 5, 0, 0, 12, 10], "n": [50, 50, 40, 41, 12, 10]})  # fmt: skip
    quick = {"effects": "fixed", "priors": {"effects": "normal(0, 2)"}}
    fit = Network.read(frame).fit(**quick)
    assert fit.specification.apart == ("T", "U")
    assert fit.summary()["set_apart"] == ["T", "U"]
    assert fit.network.studies == ["S"]
    alone = Network.read(frame[:2]).fit(**quick)
    assert fit.effects()["mean"].tolist() == alone.effects()["mean"].tolist()


def test_a_measure_is_kept_and_two_do_not_mix():
    assert (
        Network.read(
            pd.DataFrame(
                {"study": ["S"], "treat1": ["B"], "treat2": ["A"], "TE": [0.1], "seTE": [0.2]}
            ),
            measure="OR",
        ).measure
        == "OR"
    )
    frame = pd.DataFrame({"study": ["S", "S"], "treatment": ["A", "B"], "r": [1, 2], "n": [9, 9]})
    hazards = pd.DataFrame({"study": ["T"], "treat1": ["B"], "treat2": ["A"], "hr": [0.7],
                            "lower": [0.5], "upper": [0.98]})  # fmt: skip
    with pytest.raises(InputError, match="not on the scale of the other studies, ln OR"):
        Network.read(frame, hazards).fit()


def test_a_mapping_that_names_no_column_is_refused():
    with pytest.raises(InputError, match="'dead': is not a column of the file"):
        network("netmeta_Woods2010.csv", columns={"dead": "r"})


def test_a_sheet_and_a_parquet_file(tmp_path):
    frame = pd.DataFrame({"study": ["S", "S"], "treatment": ["A", "B"], "r": [1, 2], "n": [9, 9]})
    book = tmp_path / "book.xlsx"
    with pd.ExcelWriter(book) as writer:
        frame.to_excel(writer, sheet_name="arms", index=False)
        frame.to_excel(writer, sheet_name="other", index=False)
    with pytest.raises(InputError, match="several sheets"):
        usertable.read(book)
    assert usertable.read(book, sheet="arms")["r"].tolist() == ["1", "2"]
    with pytest.raises(InputError, match="is not a sheet"):
        usertable.read(book, sheet="none")
    pytest.importorskip("pyarrow")
    frame.to_parquet(tmp_path / "arms.parquet")
    assert Network.read(tmp_path / "arms.parquet").studies == ["S"]


def test_a_covariate_is_found_under_the_name_in_the_file():
    frame = pd.DataFrame({"study": ["S", "S", "T", "T"], "treatment": list("ABAB"),
                          "diff": [None, 1.0, None, 2.0], "se": [None, 0.2, None, 0.2],
                          "Variance": [5, 5, 7, 7]})  # fmt: skip
    found = Network.read(frame).covariate_columns("Variance")["Variance"]
    assert {study: value for (study, _), value in found.items()} == {"S": 5.0, "T": 7.0}


def test_unknown_options_are_refused():
    with pytest.raises(InputError, match="not a known measure"):
        layouts.read(pd.DataFrame({"study": ["S"]}), layouts.Reading(measure="XX"))


@pytest.mark.parametrize(
    ("columns", "measure"),
    [({"r": 1, "n": 9}, "SMD"), ({"r": 1, "n": 9}, "HR"), ({"r": 1, "e": 9.0}, "OR"),
     ({"y": 0.1, "se": 0.2}, "RR")],
)  # fmt: skip
def test_a_measure_that_is_not_made_of_arms_is_refused(columns, measure):
    """Else effects on one scale would be printed under the name of another."""
    frame = pd.DataFrame({"study": ["s", "s"], "treatment": ["a", "b"], **columns})
    with pytest.raises(InputError, match="cannot be computed from these arms"):
        Network.read(frame, measure=measure)


@pytest.mark.parametrize(
    ("name", "unused"),
    [
        ("netmeta_Linde2016.csv", ["author", "year", "treat1.long", "treat2.long", "resp1", "n1",
                                   "resp2", "n2"]),  # effects by id are read, not counts
        ("netmeta_Woods2010.csv", []),
        ("metainsight_Binary_wide.csv", []),
    ],
)  # fmt: skip
def test_columns_that_nothing_reads_are_named(name, unused):
    assert network(name, named=()).readings[0]["unused"] == unused
    assert network(name).readings[0]["unused"] == []  # a model may use them


@pytest.mark.parametrize(
    ("columns", "options", "unused"),
    [
        ({"r": [3, 4], "n": [20, 30], "time": [12, 12], "hr": [1, 0.7], "P value": [1, 0.04],
          "sd": [1, 1], "lower": [0, 0.5], "control": ["x", "x"]}, {},
         ["time", "hr", "P value", "sd", "lower", "control"]),
        ({"events": [3, 4], "dead": [2, 3], "n": [20, 30]}, {"columns": {"dead": "r"}}, ["events"]),
        ({"r": [2, 1], "dead": [2, 3], "n": [20, 30]}, {"columns": {"dead": "r"}}, ["r"]),
        ({"r": [3, 4], "time": [12.0, 12.5]}, {}, []),  # person-time
        ({"r": [3, 4], "n": [20, 30], "time": [12, 12]}, {"named": ("time",)}, []),
        ({"y": [1.0, 2.0], "lower": [0.5, 1.5], "upper": [1.5, 2.5], "n": [9, 9], "level": [90, 90],
          "p": [0.5, 0.5]}, {}, ["p"]),
        ({"comparator": ["p", "q"], "hr": [0.7, 0.8], "lower": [0.5, 0.6], "upper": [0.98, 1.07],
          "r": [3, 4], "n": [20, 30], "sm": ["HR", "HR"]}, {}, ["r", "n"]),
        ({"comparator": ["p", "q"], "yi": [0.1, 0.2], "vi": [0.04, 0.04], "hr": [1.1, 1.2]}, {},
         ["hr"]),
    ],
)  # fmt: skip
def test_a_known_column_without_a_role_in_this_table_is_named(columns, options, unused):
    table = pd.DataFrame({"study": ["A", "A"], "treatment": ["x", "y"], **columns})
    read = layouts.read(table, layouts.Reading(**{"named": (), **options}))
    assert read.record["unused"] == unused


def test_counts_of_missing_outcomes_are_named_as_not_used():
    """R's rnmamod models them (columns m1, m2, ...); here they change nothing."""
    table = pd.DataFrame({"study": ["A"], "t1": [1], "t2": [2], "r1": [10], "r2": [12],
                          "m1": [3], "m2": [4], "n1": [100], "n2": [100]})  # fmt: skip
    read = layouts.read(table, layouts.Reading(named=()))
    assert read.record["unused"] == ["m1", "m2"]


def test_years_that_tell_studies_of_one_author_apart_and_classes_are_used():
    table = pd.DataFrame({"author": ["Smith", "Smith"], "year": [2001, 2005], "event.e": [3, 4],
                          "n.e": [20, 30], "event.c": [5, 6], "n.c": [21, 31]})  # fmt: skip
    found = layouts.read(table, layouts.Reading(named=()))
    assert set(found.table["study"]) == {"Smith 2001", "Smith 2005"}
    assert found.record["unused"] == []
    classed = pd.DataFrame({"study": ["A", "A"], "treatment": ["x", "y"], "r": [3, 4],
                            "n": [20, 30], "Trt Class": ["p", "q"]})  # fmt: skip
    assert layouts.read(classed, layouts.Reading(named=())).record["unused"] == []


@pytest.mark.parametrize("frame", [
    {"study": ["a", "b"], "t1": ["A", "A"], "t2": ["B", "B"], "r1": [3, 4], "r2": [5, 6],
     "n": [100, 120]},
    {"study": ["a", "b"], "t1": ["A", "A"], "t2": ["B", "B"], "r1": [3, 4], "r2": [5, 6],
     "exposure": [100, 120]},
    {"study": ["a", "b"], "t1": ["A", "A"], "t2": ["B", "B"], "y1": [3.0, 4], "y2": [5.0, 6],
     "se": [0.5, 0.6]},
])  # fmt: skip
def test_what_stands_once_for_a_study_is_not_given_to_each_of_its_arms(frame):
    with pytest.raises(InputError, match="stands once for each study"):
        Network.from_arms(pd.DataFrame(frame), reference="A")


@pytest.mark.parametrize(("r", "words"), [
    ([12, 14], "exceeds n"),
    ([0, 0], "no arm has an event"),
])  # fmt: skip
def test_a_table_without_one_usable_study_is_refused(r, words):
    frame = pd.DataFrame({"study": ["a", "a"], "treatment": ["A", "B"], "r": r, "n": [10, 10]})
    with pytest.raises(InputError, match=words):
        Network.from_arms(frame).fit(effects="fixed")


@pytest.mark.parametrize(("labels", "same"), [
    (("Drug 1.5 mg", "Drug 15 mg"), False), (("1", "1.0"), True), (("10", "1.0"), False),
    (("2-3 weeks", "23 weeks"), False), (("Drug-A 5 mg", "drug a 5mg"), True),
    (("St. Gallen", "st gallen"), True),
])  # fmt: skip
def test_labels_that_differ_by_a_number_are_two(labels, same):
    assert bool(usertable.same_but_written_differently(labels)) is same
