"""Published results of a network of patients: newly diagnosed multiple myeloma."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ruamel.yaml import YAML

from evinet.nma import Network
from evinet.nma.settings import Sampler

FOLDER = Path(__file__).parents[2] / "validation"
CASES: dict[str, Any] = YAML(typ="safe").load(FOLDER / "ndmm.yaml")


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_effects_are_as_published(name: str) -> None:
    case = CASES[name]
    network = Network.from_patients(pd.read_csv(FOLDER / "ndmm.csv"), "Pbo")
    asked = dict(case["settings"])
    baseline = asked.pop("baseline", "mspline")
    fit = network.fit(
        effects="fixed", baseline=baseline, settings=asked, seed=1,
        sampler=Sampler(draws=2000, target_accept=0.8),
    )  # fmt: skip
    found = fit.effects().set_index("parameter")
    assert found["ess_bulk"].min() > 2000
    unit = 0.5 * 10 ** -case["decimals"]
    for treatment, (mean, sd) in case["d"].items():
        ours = found.loc[f"d[{treatment}]"]
        assert ours["mean"] == pytest.approx(mean, abs=0.05 * sd + unit)
        assert ours["sd"] == pytest.approx(sd, abs=0.05 * sd + unit)
