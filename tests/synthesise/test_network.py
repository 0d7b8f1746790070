"""The network of an analysis: choice, exclusion, islands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evinet import tables
from evinet.config import Analysis
from evinet.errors import InputError
from evinet.nma import Network
from evinet.synthesise import network

TREATMENTS = ("a", "b", "c", "d")


def write_evidence(
    folder: Path, trials: dict[str, list[dict]], events: dict[str, int] | None = None
) -> None:
    rows = [{"treatment": name, "label": name.upper()} for name in TREATMENTS]
    tables.TREATMENTS.write(folder / "treatments.csv", tables.TREATMENTS.frame(rows))
    for trial, contrasts in trials.items():
        arms = {arm for row in contrasts for arm in (row["arm"], row["comparator"])}
        write_trial(folder / "trials" / trial, trial, sorted(arms), contrasts)
        survival = [
            {"trial": trial, "report": "primary", "outcome": "pfs", "arm": arm, "events": number,
             "source": "s", "locator": "l"}
            for arm, number in (events or {}).items()
        ]  # fmt: skip
        tables.SURVIVAL.write(
            folder / "trials" / trial / "survival.csv", tables.SURVIVAL.frame(survival)
        )


def write_trial(folder: Path, trial: str, arms: list[str], contrasts: list[dict]) -> None:
    named = {"trial": trial}
    tables.TRIALS.write(
        folder / "trials.csv",
        tables.TRIALS.frame([{**named, "name": trial, "status": "reported", "tier": "C"}]),
    )
    tables.ARMS.write(
        folder / "arms.csv",
        tables.ARMS.frame([{**named, "arm": x, "treatment": x, "n_randomised": 10} for x in arms]),
    )
    fixed = {
        **named, "report": "primary", "measure": "hr", "estimate": 0.5, "log_estimate": -0.7,
        "selected": True, "source": "s", "locator": "l", "outcome": "pfs", "se": 0.2,
    }  # fmt: skip
    tables.CONTRASTS.write(
        folder / "contrasts.csv", tables.CONTRASTS.frame([{**fixed, **row} for row in contrasts])
    )


def contrast(arm: str, comparator: str, **other: object) -> dict:
    return {"arm": arm, "comparator": comparator, **other}


def analysis(trials: list[str], references: list[str], **other: object) -> Analysis:
    return Analysis(
        title="t", outcome="pfs", trials=trials, references=references, models=["fixed"], **other
    )


def test_islands_are_numbered_in_the_order_of_their_references(tmp_path):
    write_evidence(tmp_path, {"one": [contrast("a", "b")], "two": [contrast("c", "d")]})
    built = network.build("x", analysis(["one", "two"], ["d", "b"]), tmp_path)
    assert dict(zip(built.nodes["treatment"], built.nodes["component"], strict=True)) == {
        "c": 1, "d": 1, "a": 2, "b": 2,
    }  # fmt: skip


def test_a_network_comes_back_as_it_was_written(tmp_path):
    write_evidence(tmp_path, {"one": [contrast("a", "b")]})
    built = network.build("x", analysis(["one"], ["b"]), tmp_path)
    built.write(tmp_path / "out")
    found = tables.NETWORK_STUDIES.read(tmp_path / "out" / "studies.csv")
    assert found.equals(built.studies)
    data = tables.NETWORK_DATA.read(tmp_path / "out" / "data.csv")
    assert data[["study", "treatment", "comparator", "diff", "se"]].to_numpy().tolist() == [
        ["one", "a", "b", -0.7, 0.2]
    ]


def test_a_trial_that_joins_no_reference_is_refused(tmp_path):
    write_evidence(tmp_path, {"one": [contrast("a", "b")], "two": [contrast("c", "d")]})
    with pytest.raises(InputError, match=r"'two': joins no reference: an island of c, d"):
        network.build("x", analysis(["one", "two"], ["b"]), tmp_path)


@pytest.mark.parametrize(
    ("references", "message"),
    [
        (["b", "a"], "its island already has a reference"),
        (["b", "d"], "no trial of this analysis has it"),
    ],
)
def test_a_reference_that_does_not_fit_is_refused(tmp_path, references, message):
    write_evidence(tmp_path, {"one": [contrast("a", "b")]})
    with pytest.raises(InputError, match=message):
        network.build("x", analysis(["one"], references), tmp_path)


def test_a_trial_without_evidence_is_refused(tmp_path):
    write_evidence(tmp_path, {"one": [contrast("a", "b")]})
    with pytest.raises(InputError, match="'two': there is no evidence for this trial"):
        network.build("x", analysis(["one", "two"], ["b"]), tmp_path)


def test_contrasts_of_one_trial_share_the_variance_of_their_comparator(tmp_path):
    three = [contrast("a", "b"), contrast("c", "b"), contrast("a", "c")]
    write_evidence(tmp_path, {"one": three}, events={"b": 50})
    built = network.build("x", analysis(["one"], ["b"]), tmp_path)
    assert list(built.studies["treatment"]) == ["a", "c"], "a v c follows from the other two"
    assert list(built.studies["shared_variance"]) == [1 / 50, 1 / 50]
    found = Network.from_contrasts(built.data, "b").contrasts
    assert found.covariance == pytest.approx(np.array([[0.04, 0.02], [0.02, 0.04]]))


@pytest.mark.parametrize(
    ("contrasts", "events", "message"),
    [
        ([("a", "b"), ("c", "b")], {}, "the events of that arm in report primary are not known"),
        ([("a", "b"), ("c", "b")], {"b": 20}, "events and intervals contradict each other"),
        ([("a", "b"), ("c", "a")], {"b": 50}, "do not compare each arm once"),
    ],
)
def test_contrasts_whose_covariance_is_not_known_are_refused(tmp_path, contrasts, events, message):
    write_evidence(tmp_path, {"one": [contrast(*pair) for pair in contrasts]}, events=events)
    with pytest.raises(InputError, match=message):
        network.build("x", analysis(["one"], ["b"]), tmp_path)


def test_the_best_assessor_with_an_interval_is_taken(tmp_path):
    reviews = [
        contrast("a", "b", assessor="bicr", se=None),
        contrast("a", "b", assessor="investigator", log_estimate=-0.1),
    ]
    write_evidence(tmp_path, {"one": reviews})
    built = network.build("x", analysis(["one"], ["b"]), tmp_path)
    assert list(built.studies["log_estimate"]) == [-0.1]


def test_a_rejected_value_is_used_only_where_the_configuration_asks(tmp_path):
    write_evidence(tmp_path, {"one": [contrast("a", "b")]})
    other = {
        "trial": "one", "report": "primary", "outcome": "pfs", "arm": "a", "comparator": "b",
        "measure": "hr", "estimate": 0.4, "log_estimate": -0.9, "se": 0.3, "reason": "older",
        "source": "news", "locator": "text",
    }  # fmt: skip
    bare = {**other, "source": "registry", "se": None}
    tables.REJECTED_CONTRASTS.write(
        tmp_path / "trials/one/rejected-contrasts.csv",
        tables.REJECTED_CONTRASTS.frame([other, bare]),
    )
    built = network.build("x", analysis(["one"], ["b"]), tmp_path)
    assert list(built.studies["log_estimate"]) == [-0.7]
    asked = analysis(["one"], ["b"], instead={"one": "news"})
    row = network.build("x", asked, tmp_path).studies.iloc[0]
    assert (row["log_estimate"], row["se"], row["source"]) == (-0.9, 0.3, "news")
    for source in ("registry", "nothing"):
        asked = analysis(["one"], ["b"], instead={"one": source})
        with pytest.raises(InputError, match=r"instead\.one .*Use one of news"):
            network.build("x", asked, tmp_path)


def test_a_network_counts_the_patients_analysed_or_none(tmp_path):
    write_evidence(tmp_path, {"one": [contrast("a", "b")]}, events={"a": 5, "b": 7})
    built = network.build("x", analysis(["one"], ["b"]), tmp_path)
    assert built.nodes["patients"].isna().all(), "10 were randomised, how many analysed is unknown"
    path = tmp_path / "trials/one/survival.csv"
    survival = tables.SURVIVAL.read(path).assign(n=9)
    tables.SURVIVAL.write(path, survival)
    built = network.build("x", analysis(["one"], ["b"]), tmp_path)
    assert list(built.nodes["patients"]) == [9, 9]


def test_a_proxy_stands_in_only_where_it_is_declared(tmp_path):
    trials = {"one": [contrast("a", "b")], "two": [contrast("c", "b", outcome="ttp")]}
    write_evidence(tmp_path, trials)
    without = network.build("x", analysis(["one", "two"], ["b"]), tmp_path)
    assert list(without.excluded["study"]) == ["two"]
    assert without.excluded["reason"][0] == "no hazard ratio for PFS in the sources that were read"
    declared = analysis(["one", "two"], ["b"], proxies={"ttp": "stands in"})
    assert list(network.build("x", declared, tmp_path).studies["study"]) == ["one", "two"]


def test_a_ratio_without_an_interval_is_excluded_never_imputed(tmp_path):
    trials = {"one": [contrast("a", "b")], "two": [contrast("c", "b", se=None)]}
    write_evidence(tmp_path, trials)
    built = network.build("x", analysis(["one", "two"], ["b"]), tmp_path)
    assert "confidence interval" in built.excluded["reason"][0]


def test_the_studies_of_an_analysis_go_into_the_library_as_they_are(tmp_path):
    """`evinet nma studies.csv`: ln HR, standard errors and treatments in their own columns."""
    from evinet.nma import Network

    rows = [
        {"study": study, "treatment": one, "comparator": "p", "outcome": "pfs", "tier": "C",
         "arm": one, "comparator_arm": "p", "log_estimate": y, "se": se, "component": 1,
         "report": "primary", "assessor": "bicr", "source": "s", "locator": "l"}
        for study, one, y, se in (("one", "a", -0.5, 0.2), ("two", "a", -0.1, 0.1))
    ]  # fmt: skip
    path = tmp_path / "studies.csv"
    tables.NETWORK_STUDIES.write(path, tables.NETWORK_STUDIES.frame(rows))
    fit = Network.read(path, reference="p").fit(effects="fixed")
    league = fit.league().set_index(["treatment", "comparator"])
    assert league.at[("a", "p"), "mean"] == pytest.approx((-0.5 * 25 - 0.1 * 100) / 125, abs=1e-4)
