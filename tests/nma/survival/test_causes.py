"""Competing events: hazards of each cause, and how many have an event of it."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter, CoxPHFitter
from scipy.integrate import quad

from evinet import usertable
from evinet.errors import InputError
from evinet.nma import Network, model
from evinet.nma.answers import incidence, survival
from evinet.nma.command import nma
from evinet.nma.data import causes
from evinet.nma.data import patients as patient_data

HAZARDS = {"a": {"progression": 0.10, "death": 0.04}, "b": {"progression": 0.09, "death": 0.012}}


def competing(seed: int = 1, size: int = 300) -> pd.DataFrame:
    """Two trials of a and b; b prevents deaths, and its patients are left to progress."""
    rng, rows = np.random.default_rng(seed), []
    for study, factor in (("one", 1.0), ("two", 1.6)):
        for treatment, hazards in HAZARDS.items():
            for _ in range(size):
                times = {
                    cause: rng.exponential(1 / hazard / factor) for cause, hazard in hazards.items()
                }
                times["censored"] = rng.uniform(6, 24)
                event = min(times, key=lambda cause: times[cause])
                rows.append((study, treatment, times[event], event))
    return pd.DataFrame(rows, columns=["study", "treatment", "time", "event"])


@given(st.floats(1e-6, 3), st.floats(1e-6, 3), st.floats(0.1, 30), st.integers(1, 50))
def test_incidence_of_two_constant_hazards_is_the_closed_form(
    first: float, second: float, last: float, steps: int
) -> None:
    time = np.linspace(0, last, steps + 1)
    found = incidence.combined([first * time, second * time])
    total = first + second
    for hazard, own in zip((first, second), found, strict=True):
        closed = hazard / total * -np.expm1(-total * time)
        assert own == pytest.approx(closed, rel=1e-9, abs=1e-12)


def test_incidence_of_hazards_that_change_is_the_integral() -> None:
    time = np.linspace(0, 10, survival.GRID + 1)
    cumulative = {"early": lambda t: 0.6 * t**0.5, "late": lambda t: (t / 8) ** 3}
    hazard = {"early": lambda t: 0.3 * t**-0.5, "late": lambda t: 3 / 8 * (t / 8) ** 2}
    found = incidence.combined([each(time) for each in cumulative.values()])
    for cause, own in zip(cumulative, found, strict=True):

        def density(u: float, of: str = cause) -> float:
            return float(hazard[of](u) * np.exp(-sum(each(u) for each in cumulative.values())))

        assert own[-1] == pytest.approx(quad(density, 0, 10)[0], abs=1e-4)
    free = np.exp(-sum(each(time) for each in cumulative.values()))
    assert sum(found) + free == pytest.approx(1.0)


def test_incidence_of_steps_is_that_of_aalen_and_johansen() -> None:
    """With hazards that jump at events, by the formula for small jumps."""
    frame = competing(size=2000).query("study == 'one' and treatment == 'a'")
    times = np.sort(frame["time"].unique())
    at_risk = len(frame) - np.searchsorted(np.sort(frame["time"]), times)
    jumps = [
        np.append(0.0, np.cumsum([(((frame["time"] == t) & (frame["event"] == cause)).sum())
                                  for t in times] / at_risk))
        for cause in HAZARDS["a"]
    ]  # fmt: skip
    found = incidence.combined(jumps)
    for number, own in enumerate(found, start=1):
        code = frame["event"].map({"progression": 1, "death": 2, "censored": 0})
        other = AalenJohansenFitter(calculate_variance=False).fit(frame["time"], code, number)
        theirs = other.cumulative_density_.iloc[:, 0].reindex(times).to_numpy()
        assert own[1:] == pytest.approx(theirs, abs=2e-3)


@pytest.mark.parametrize("codes", [{}, {"progression": "1", "death": "2", "censored": "0"}])
def test_patients_are_censored_at_other_causes(tmp_path: Path, codes: dict[str, str]) -> None:
    frame = competing(size=20)
    frame.replace({"event": codes}).to_csv(tmp_path / "ipd.csv", index=False)
    table = usertable.read(tmp_path / "ipd.csv")
    cause = codes.get("death", "death")
    network = Network.from_patients(table, cause=cause)
    assert network.causes == tuple(sorted(codes.get(each, each) for each in HAZARDS["a"]))
    assert network.cause == cause
    both = network.people.merge(frame, on=["study", "treatment", "time"])
    assert (both["event_x"] == (both["event_y"] == "death")).all()
    assert len(both) == len(frame)


@pytest.mark.parametrize(
    ("change", "cause", "words"),
    [
        ({}, "relapse", "is the cause of no event. Name one of death, progression"),
        ({"event": ["", *["death"] * 79]}, "death", "is empty"),
        ({"event": ["NA", *["death"] * 79]}, "death", "is empty"),
        ({"event": [-1, *[1] * 79]}, "1", "is no number of a cause"),
        ({"event": [0.5, *[1] * 79]}, "1", "is no number of a cause"),
        ({"event": ["Death", *["death"] * 79]}, "death", "Death.* are causes that differ only by"),
        ({"event": ["CV-death", *["CV death"] * 79]}, "CV death", "are causes that differ only by"),
        ({"time2": 3.0}, "death", "between two times are not modelled"),
        ({}, None, "death, progression.*are words.*--cause"),
        ({"event": [0, 1, 2, 1] * 20}, None, "is not 0 or 1.*--cause"),
    ],
)
def test_wrong_causes_are_named(change: dict[str, Any], cause: str | None, words: str) -> None:
    with pytest.raises(InputError, match=words):
        Network.from_patients(competing(size=20).assign(**change), cause=cause)


@pytest.mark.parametrize("word", ["censor", "Censored", "none", "no event", "event-free", "alive"])
def test_who_had_no_event_had_none_by_any_word(word: str) -> None:
    """R's vignette on competing risks has the levels censor, pcm and death."""
    frame = competing(size=20)
    said = frame.replace({"event": {"censored": word}})
    assert Network.from_patients(said, cause="death").causes == ("death", "progression")


def test_a_cause_of_another_file_is_written_alike() -> None:
    frame = competing(size=20)
    other = frame.assign(study=frame["study"] + " b").replace({"event": {"death": "Death"}})
    with pytest.raises(InputError, match="are causes that differ only by case"):
        Network.from_patients(frame, cause="death").add_patients(other)


def test_survival_by_one_cause_is_refused_and_so_are_some_causes() -> None:
    frame = competing(size=20)
    fits: dict[str, Any] = {
        cause: SimpleNamespace(network=Network.from_patients(frame, cause=cause))
        for cause in ("death", "progression")
    }
    for table in (
        survival.survival_table, survival.median_table, survival.restricted_mean_tables,
    ):  # fmt: skip
        with pytest.raises(InputError, match="nobody's survival"):
            table(fits["death"])
    with pytest.raises(InputError, match="Fit each of death, progression"):
        incidence.incidence({"death": fits["death"]})
    other = replace(fits["death"].network, people=patient_data.read(
        causes.alone(competing(2, 20), "death")))  # fmt: skip
    with pytest.raises(InputError, match="other patients"):
        incidence.incidence({**fits, "death": SimpleNamespace(network=other)})


def test_one_folder_is_written_for_each_cause(tmp_path: Path) -> None:
    """A study in which nobody progresses tells of deaths alone."""
    frame = competing()
    third = frame[(frame["study"] == "two") & (frame["event"] != "progression")]
    frame = pd.concat([frame, third.assign(study="three")], ignore_index=True)
    frame.to_csv(tmp_path / "ipd.csv", index=False)
    told = CliRunner().invoke(nma, [
        "--ipd", str(tmp_path / "ipd.csv"), "--cause", "death", "--cause", "progression",
        "--baseline", "mspline", "--effects", "fixed", "--reference", "a", "--times", "2,6,12",
        "--draws", "500", "--out", str(tmp_path / "out"),
    ], catch_exceptions=False)  # fmt: skip
    assert told.exit_code == 0, told.output
    assert "They are not effects on how many have death" in told.output
    assert told.output.count(f"Read {tmp_path}") == 1
    assert "progression: Beware: three: no arm has an event" in told.output
    assert "death: Beware: three" not in told.output
    for cause in HAZARDS["a"]:
        written = {path.name for path in (tmp_path / "out" / cause).iterdir()}
        assert {"league.csv", "hazard_ratios.csv", "fit.json"} <= written
        assert not {"survival.csv", "medians.csv", "rmst.csv"} & written
        cox = CoxPHFitter().fit(pd.DataFrame({
            "time": frame["time"], "event": frame["event"] == cause, "study": frame["study"],
            "b": (frame["treatment"] == "b") * 1.0,
        }), "time", "event", strata=["study"])  # fmt: skip
        own = pd.read_csv(tmp_path / "out" / cause / "estimates.csv").set_index("parameter")
        assert own.loc["d[b]", "mean"] == pytest.approx(
            cox.params_["b"], abs=0.15 * own.loc["d[b]", "sd"]
        )
    table = pd.read_csv(tmp_path / "out" / "incidence.csv")
    totals = table.groupby(["population", "treatment", "time"])["mean"].sum()
    assert totals.to_numpy() == pytest.approx(1.0)
    code = frame["event"].map({"progression": 1, "death": 2, "censored": 0})
    assert set(table["population"]) == {"one", "two"}
    for (study, treatment), rows in frame[frame["study"] != "three"].groupby(
        ["study", "treatment"]
    ):
        for cause, number in (("progression", 1), ("death", 2)):
            other = AalenJohansenFitter(calculate_variance=False).fit(
                rows["time"], code[rows.index], number
            )
            for time in (2.0, 6.0, 12.0):
                (mine,) = table[
                    (table["population"] == study) & (table["treatment"] == treatment)
                    & (table["cause"] == cause) & (table["time"] == time)
                ].to_dict("records")  # fmt: skip
                near = other.cumulative_density_[other.cumulative_density_.index <= time]
                assert mine["mean"] == pytest.approx(near.iloc[-1, 0], abs=0.05)
                total = sum(HAZARDS[str(treatment)].values()) * {"one": 1, "two": 1.6}[str(study)]
                share = HAZARDS[str(treatment)][cause] / sum(HAZARDS[str(treatment)].values())
                truth = share * (1 - np.exp(-total * time))
                assert abs(mine["mean"] - truth) < 4 * mine["sd"]


def test_counts_of_causes_have_rates_and_incidence(tmp_path: Path) -> None:
    """Rates of one trial are conjugate; the incidence of constant rates is a closed form.

    In the second study nobody relapses: it tells of deaths alone.
    """
    pd.DataFrame({
        "study": ["one", "one", "two", "two"], "treatment": ["a", "b"] * 2,
        "deaths": [40, 80, 30, 45], "relapses": [90, 60, 0, 0], "e": [400.0, 500.0, 300.0, 300.0],
    }).to_csv(tmp_path / "arms.csv", index=False)  # fmt: skip
    told = CliRunner().invoke(nma, [
        str(tmp_path / "arms.csv"), "--cause", "deaths", "--cause", "relapses", "--times", "1,4",
        "--effects", "fixed", "--reference", "a", "--out", str(tmp_path / "out"),
    ], catch_exceptions=False)  # fmt: skip
    assert told.exit_code == 0, told.output
    assert "relapses: Beware: two: no arm has an event" in told.output
    own = pd.read_csv(tmp_path / "out/relapses/estimates.csv").set_index("parameter")
    drawn = np.log(np.random.default_rng(1).gamma([60, 90], 1 / np.array([500, 400]), (40_000, 2)))
    assert own.loc["d[b]", "mean"] == pytest.approx(
        np.mean(drawn[:, 0] - drawn[:, 1]), abs=0.1 * own.loc["d[b]", "sd"]
    )
    table = pd.read_csv(tmp_path / "out/incidence.csv")
    assert set(table["population"]) == {"one"}
    at = table[(table["treatment"] == "a") & (table["time"] == 4)].set_index("cause")["q50"]
    pooled = 120 / (400 + 500 * 1.56)  # deaths of the first study, by the ratio of both
    rates = {"deaths": pooled, "relapses": 90 / 400}
    total = sum(rates.values())
    for cause, rate in rates.items():
        assert at[cause] == pytest.approx(rate / total * -np.expm1(-4 * total), abs=0.01)
    assert at["none of them"] == pytest.approx(np.exp(-4 * total), abs=0.01)


def test_counts_of_a_cause_are_no_risks(tmp_path: Path) -> None:
    arms = pd.DataFrame({"study": "s", "treatment": ["a", "b"], "deaths": [1, 2], "n": [9, 9]})
    with pytest.raises(InputError, match=r"e = .*absent"):
        model.build(Network.read(arms, cause="deaths"))
    with pytest.raises(InputError, match="of a cause's events in person-time"):
        model.build(Network.read(arms.assign(e=9.0), cause="deaths"), likelihood="binomial")
