"""From patients in a file to the tables of a fitted network."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from lifelines import CoxPHFitter

from evinet import tables
from evinet.errors import InputError
from evinet.nma.command import nma

HAZARDS = {"a": 0.10, "b": 0.06, "c": 0.08}


def simulated(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for study, treatments in {"one": "ab", "two": "abc"}.items():
        for treatment in treatments:
            time = rng.weibull(1.3, 120) / HAZARDS[treatment]
            rows += [(study, treatment, min(t, 20.0), int(t < 20)) for t in time]
    return pd.DataFrame(rows, columns=["study", "treatment", "time", "event"])


CONTRASTS = pd.DataFrame(
    [("three", "a", None, None), ("three", "b", -0.7, 0.15)],
    columns=["study", "treatment", "diff", "se"],
)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mspline")
    simulated().to_csv(folder / "ipd.csv", index=False)
    CONTRASTS.to_csv(folder / "contrasts.csv", index=False)
    told = CliRunner().invoke(nma, [
        "--ipd", str(folder / "ipd.csv"), str(folder / "contrasts.csv"), "--effects", "fixed",
        "--reference", "a", "--target-accept", "0.8", "--times", "5,10", "--horizon", "15",
        "--out", str(folder / "out"),
    ])  # fmt: skip
    assert told.exit_code == 0, told.output
    assert "R-hat 1.00" in told.output
    return folder / "out"


def test_effects_are_those_of_cox_with_the_published_contrast(fitted: Path) -> None:
    ipd = simulated().assign(b=lambda rows: rows["treatment"] == "b")
    ipd["c"] = ipd["treatment"] == "c"
    cox = CoxPHFitter().fit(
        ipd.drop(columns="treatment").astype({"b": float, "c": float}),
        "time", "event", strata=["study"],
    )  # fmt: skip
    precision = np.linalg.inv(cox.variance_matrix_.to_numpy())
    weighted = precision @ cox.params_.to_numpy()
    precision[0, 0] += 1 / 0.15**2
    weighted[0] += -0.7 / 0.15**2
    mean, sd = np.linalg.solve(precision, weighted), np.sqrt(np.diag(np.linalg.inv(precision)))
    found = tables.ESTIMATES.read(fitted / "estimates.csv").set_index("parameter")
    effects = found.loc[["d[b]", "d[c]"]]
    assert ((effects["mean"] - mean).abs() < 0.2 * sd).all()
    assert effects["sd"].to_numpy() == pytest.approx(sd, rel=0.07)
    assert effects["ess_bulk"].min() > 1000


def test_reference_has_no_estimate_and_the_league_has_every_pair(fitted: Path) -> None:
    found = tables.ESTIMATES.read(fitted / "estimates.csv")["parameter"].tolist()
    assert "d[a]" not in found
    assert {"mu[one]", "mu[two]", "step_sd[one]", "step_sd[two]"} < set(found)
    assert len(pd.read_csv(fitted / "league.csv")) == 6
    ranks = tables.RANKS.read(fitted / "ranks.csv")
    best = ranks[ranks["rank"] == 1].set_index("treatment")["probability"]
    assert best.idxmax() == "b"
    assert best.sum() == pytest.approx(1)


def test_measures_of_fit_are_consistent(fitted: Path) -> None:
    fit = json.loads((fitted / "fit.json").read_text())
    assert fit["data_points"] == len(simulated()) + 1  # the patients, and one published study
    assert fit["DIC"] == pytest.approx(fit["deviance"] + fit["pD"])
    assert fit["LOO"]["looic"] == pytest.approx(fit["DIC"], abs=3)  # asymptotically the same
    assert 4 < fit["pD"] < 20  # 2 effects and 2 levels at least; 20 random-walk steps at most
    assert fit["LOO"]["high_pareto_k"] == 0


def test_answers_are_at_the_times_that_were_asked_for(fitted: Path) -> None:
    survival = pd.read_csv(fitted / "survival.csv")
    assert set(survival["time"]) == {5, 10}
    assert len(survival) == 12  # two populations, three treatments, two times
    assert survival["mean"].between(0, 1).all()
    assert set(pd.read_csv(fitted / "rmst_differences.csv")["horizon"]) == {15}
    ratios = pd.read_csv(fitted / "hazard_ratios.csv")
    mine = ratios[(ratios["treatment"] == "c") & (ratios["comparator"] == "a")]
    estimates = tables.ESTIMATES.read(fitted / "estimates.csv").set_index("parameter")
    assert mine["mean"].to_numpy() == pytest.approx(estimates.loc["d[c]", "mean"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--baseline", "cubic"), "cubic.*is not a baseline"),
        (("--knots", "500"), "distinct event times for 500 knots"),
        (("--reference", "z"), "is not a treatment of this network"),
        (("--prior", "tau=half-normal(-1)"), "scale is not above 0"),
    ],
)
def test_wrong_options_are_refused(tmp_path: Path, options: tuple[str, ...], words: str) -> None:
    simulated().to_csv(tmp_path / "ipd.csv", index=False)
    with pytest.raises(InputError, match=words):
        CliRunner().invoke(nma, [
            "--ipd", str(tmp_path / "ipd.csv"), *options, "--out", str(tmp_path / "out"),
        ], catch_exceptions=False)  # fmt: skip
    assert not (tmp_path / "out").exists()
