"""Every baseline, from patients in a file to every table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from evinet.nma.command import nma
from evinet.nma.likelihoods.survival.choice import BASELINES

TRUE = -0.5  # of b against a: ln HR, or minus the ln time ratio

# Each baseline but M-splines compiles for half a minute: one of them is quick, the others are slow
# tests. `test_parametric`, `test_likelihood` and `test_splines` have the formulas of all.
QUICK = {"mspline", "weibull"}


@pytest.mark.parametrize(
    "baseline",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in BASELINES],
)
def test_every_table_is_written_and_says_who_lives_longer(tmp_path: Path, baseline: str) -> None:
    rng = np.random.default_rng(3)
    time = rng.exponential(np.repeat([8.0, 8 * np.exp(-TRUE)], 150))
    half = np.arange(300) < 150
    pd.DataFrame({
        "study": "one", "treatment": np.where(half, "a", "b"),
        "time": np.minimum(time, 24.0), "event": (time < 24).astype(int),
    }).to_csv(tmp_path / "ipd.csv", index=False)  # fmt: skip
    out = tmp_path / "out"
    told = CliRunner().invoke(nma, [
        "--ipd", str(tmp_path / "ipd.csv"), "--out", str(out), "--baseline", baseline,
        "--reference", "a", "--times", "6,12", "--target-accept", "0.9", "--effects", "fixed",
    ], catch_exceptions=False)  # fmt: skip
    assert told.exit_code == 0, told.output
    assert {path.name for path in out.iterdir()} > {
        "estimates.csv", "league.csv", "ranks.csv", "fit.json", "posterior.nc", "survival.csv",
        "hazard_ratios.csv", "rmst.csv", "rmst_differences.csv", "medians.csv", "predictive.csv",
    }  # fmt: skip
    ratios = pd.read_csv(out / "hazard_ratios.csv")
    assert (ratios["mean"] - TRUE).abs().max() < 0.5
    survival = pd.read_csv(out / "survival.csv").set_index(["treatment", "time"])["mean"]
    for treatment, mean in {"a": 8.0, "b": 8 * np.exp(-TRUE)}.items():
        for at in (6.0, 12.0):
            assert survival[treatment, at] == pytest.approx(np.exp(-at / mean), abs=0.1)
    gain = pd.read_csv(out / "rmst_differences.csv").set_index(["treatment", "comparator"])
    assert gain.at[("b", "a"), "p_longer"] > 0.95
    ranks = pd.read_csv(out / "ranks.csv").set_index(["treatment", "rank"])
    assert ranks.at[("b", 1), "probability"] > 0.95
    checks = pd.read_csv(out / "predictive.csv")
    # the hazard of the log-normal is never constant: it fits these patients least
    assert checks["posterior_p"].min() > (0.001 if baseline == "lognormal" else 0.01)
    assert checks["observed"].sum() == (time < 24).sum()
