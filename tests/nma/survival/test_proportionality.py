"""The test of proportional hazards."""

import numpy as np
import pandas as pd
import pytest

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
