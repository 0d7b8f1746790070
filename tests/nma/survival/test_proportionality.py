"""The test of proportional hazards."""

import numpy as np
import pandas as pd
import pytest

from evinet import tables
from evinet.nma import Network
from evinet.nma.answers import proportionality
from evinet.nma.data.patients import Patients


def trials(shape: float, seed: int = 0) -> Patients:
    """A trial whose hazards are proportional if `shape` is 1, and one whose hazards are."""
    rng = np.random.default_rng(seed)
    rows = []
    for study, power in {"crossing": shape, "plain": 1.0}.items():
        for treatment, k in {"a": 1.0, "b": power}.items():
            time = rng.weibull(k, 400) * 10
            rows += [(study, treatment, min(t, 25.0), int(t < 25)) for t in time]
    frame = pd.DataFrame(rows, columns=["study", "treatment", "time", "event"])
    return Network.from_patients(frame).patients


def test_crossing_hazards_are_found_and_proportional_ones_are_not() -> None:
    found = proportionality.schoenfeld_tests(trials(2.0)).set_index("study")
    assert found.loc["crossing", "p"] < 1e-6
    assert found.loc["plain", "p"] > 0.001
    assert found.loc["plain", ["treatment", "comparator", "draw"]].tolist() == ["b", "a", 1]


def test_the_p_value_is_uniform_when_hazards_are_proportional() -> None:
    p = np.concatenate(
        [proportionality.schoenfeld_tests(trials(1.0, seed))["p"] for seed in range(20)]
    )
    assert p.mean() == pytest.approx(0.5, abs=4 * np.sqrt(1 / 12 / len(p)))
    assert (p < 0.05).mean() < 0.2


def patients(hazards: dict[str, float], draws: int = 3, count: int = 400) -> pd.DataFrame:
    """Exponential patients of two arms, censored at 20 months, in several reconstructions."""
    rng = np.random.default_rng(4)
    return tables.IPD.frame([
        {"study": "one", "draw": draw, "arm": arm, "treatment": arm, "time": min(time, 20.0),
         "event": int(time < 20)}
        for draw in range(draws)
        for arm, hazard in hazards.items()
        for time in rng.exponential(1 / hazard, count)
    ])  # fmt: skip


def test_ratios_by_period_of_constant_hazards_are_their_ratio():
    ipd = patients({"a": 0.05, "b": 0.1})
    found = proportionality.periods(ipd, [("a", "b")], np.random.default_rng(1))
    assert len(found) == proportionality.PERIODS
    assert found["q50"].to_numpy() == pytest.approx(np.full(4, np.log(0.5)), abs=0.35)
    assert (found["q2.5"] < np.log(0.5)).all()
    assert (found["q97.5"] > np.log(0.5)).all()
    events = ipd[(ipd["arm"] == "a") & (ipd["draw"] > 0)].groupby("draw")["event"].sum().mean()
    assert found["events"].sum() == pytest.approx(events)
    p = proportionality.tests(ipd, [("a", "b")])
    assert p["draws"].tolist() == [2]
    assert (p["p_lowest"] <= p["p"]).all()


def test_a_period_without_an_event_is_not_dropped():
    ipd = patients({"a": 0.05, "b": 0.1})
    late = ipd.assign(time=np.where(ipd["arm"] == "a", 10 + ipd["time"] / 2, ipd["time"]))
    found = proportionality.periods(late, [("a", "b")], np.random.default_rng(1))
    assert found["events"].iloc[0] == 0
    assert found["q50"].iloc[0] < np.log(0.05)
    assert (proportionality.tests(late, [("a", "b")])["p_highest"] < 0.001).all()


def test_an_arm_without_events_is_not_tested():
    ipd = patients({"a": 0.05, "b": 0.1})
    none = ipd.assign(event=np.where(ipd["arm"] == "a", 0, ipd["event"]))
    found = proportionality.tests(none, [("a", "b")])
    assert found["draws"].tolist() == [0]
    assert found["p"].isna().all()
