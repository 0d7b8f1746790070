"""What each study and each prior contributes to a network of arms or contrasts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from evinet.synthesise.nma import nma

DATA = Path(__file__).parents[2] / "validation"


def fitted(out: Path, file: Path, *more: str) -> dict[str, pd.DataFrame]:
    told = CliRunner().invoke(nma, [str(file), "--out", str(out), *more], catch_exceptions=False)
    assert told.exit_code == 0, told.output
    names = ("contribution", "threshold", "powerscale", "estimates")
    return {
        name: pd.read_csv(out / f"{name}.csv") for name in names if (out / f"{name}.csv").exists()
    }


@pytest.fixture(scope="module")
def parkinsons(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    return fitted(
        tmp_path_factory.mktemp("parkinsons"), DATA / "parkinsons-contrasts.csv",
        "--likelihood", "contrast", "--effects", "fixed", "--reference", "4",
    )  # fmt: skip


def test_effects_are_the_weighted_sum_of_the_contrasts(parkinsons):
    """In a linear normal model the weights are those of generalised least squares."""
    table = parkinsons["contribution"].astype({"treatment": str, "comparator": str})
    y = parkinsons["threshold"].set_index(["trial", "treatment"])["log_estimate"]
    estimates = parkinsons["estimates"].set_index("parameter")
    for treatment in ("1", "2", "3", "5"):
        mine = table[(table["treatment"] == treatment) & (table["comparator"] == "4")]
        values = [y[row.trial, row.trial_treatment] for row in mine.itertuples()]
        row = estimates.loc[f"d[{treatment}]"]
        assert mine["weight"] @ np.array(values) == pytest.approx(row["mean"], abs=0.1 * row["sd"])
        assert mine["share"].sum() == pytest.approx(1, abs=0.01)


def test_a_turning_point_is_where_two_treatments_are_equally_good(parkinsons):
    """Treatment 2 is best; its direct evidence against 1 is study 2 alone."""
    row = parkinsons["threshold"].set_index("trial").loc[2]
    assert str(row["best"]) == "2"
    table = parkinsons["contribution"].astype({"treatment": str, "comparator": str})
    other = str(int(row["upper_best"]))
    weight = table.set_index(["treatment", "comparator", "trial"])["weight"]
    means = parkinsons["estimates"].set_index("parameter")["mean"].to_dict() | {"d[4]": 0.0}
    gap = means[f"d[{other}]"] - means["d[2]"]
    assert row["upper"] - row["log_estimate"] == pytest.approx(
        gap / weight["2", other, 2], rel=1e-6
    )


def test_a_narrow_prior_is_found_out(tmp_path):
    table = fitted(
        tmp_path, DATA / "smoking.csv", "--prior", "tau=half-normal(0.2)", "--better", "higher",
        "--reference", "No intervention",
    )  # fmt: skip
    scaled = table["powerscale"].set_index(["parameter", "component"])
    assert scaled.at[("tau", "prior of tau"), "finding"] == "prior and data may disagree"
    assert scaled.at[("d[Self-help]", "prior of effects"), "finding"] == "prior not influential"
    assert set(scaled.index.get_level_values("component")) == {
        "likelihood", "prior of effects", "prior of intercepts", "prior of tau",
    }  # fmt: skip
    assert set(table["threshold"]["best"]) == {"Group counselling"}
