"""Multilevel network meta-regression: a published analysis, a known truth, and bad input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import special

from evinet.errors import InputError
from evinet.nma.population.multilevel import LINKS, fit

DATA = Path(__file__).parent / "data"
CLASSES = {"ETN": "TNFa", "IXE_Q2W": "IL", "IXE_Q4W": "IL", "SEC_150": "IL", "SEC_300": "IL"}
"""Plaque psoriasis: patients of UNCOVER-1, -2, -3 (simulated to resemble them) and published arms
of FIXTURE, as the R package multinma 0.8 has them; results of its vignette (Phillippo et al.
2020)."""
D = {"ETN": (1.55, 0.08), "IXE_Q2W": (2.95, 0.09), "IXE_Q4W": (2.54, 0.08), "SEC_150": (2.14, 0.11),
     "SEC_300": (2.45, 0.12)}  # fmt: skip
GAMMA = {
    "TNFa": {"durnpso": (-0.03, 0.07), "prevsys": (0.19, 0.19), "bsa": (0.06, 0.51),
             "weight": (-0.17, 0.04), "psa": (-0.06, 0.21)},
    "IL": {"durnpso": (-0.01, 0.07), "prevsys": (0.07, 0.17), "bsa": (0.29, 0.48),
           "weight": (-0.10, 0.03), "psa": (0.00, 0.19)},
}  # fmt: skip
IN_FIXTURE = {"ETN": 1.66, "IXE_Q2W": 3.03, "IXE_Q4W": 2.62, "SEC_150": 2.22, "SEC_300": 2.52}
SHARES = {"PBO": 0.04, "ETN": 0.46, "IXE_Q2W": 0.89, "IXE_Q4W": 0.80, "SEC_150": 0.67,
          "SEC_300": 0.77}  # fmt: skip


def test_plaque_psoriasis():
    people = pd.read_csv(DATA / "psoriasis-patients.csv")
    arms = pd.read_csv(DATA / "psoriasis-arms.csv")
    found = fit(
        people, arms, ["durnpso", "prevsys", "bsa", "weight", "psa"], reference="PBO",
        interactions="class", classes=CLASSES, link="probit", families={"bsa": "logitnormal"},
    )  # fmt: skip
    table = found.coefficients().set_index("parameter")
    published = {f"d[{name}]": each for name, each in D.items()} | {
        f"gamma[{group}, {name}]": each
        for group, own in GAMMA.items()
        for name, each in own.items()
    }
    for name, (mean, sd) in published.items():
        assert table.at[name, "mean"] == pytest.approx(mean, abs=0.1 * sd + 0.005), name
        assert table.at[name, "sd"] == pytest.approx(sd, rel=0.1, abs=0.006), name
    effects = found.effects("FIXTURE").set_index("treatment")["mean"]
    assert effects.to_dict() == pytest.approx(IN_FIXTURE, abs=0.02)
    shares = found.absolute("FIXTURE").set_index("treatment")["mean"]
    assert shares.to_dict() == pytest.approx(SHARES, abs=0.008)
    marginal = found.marginal("FIXTURE").set_index("treatment")["mean"]
    assert (marginal < effects).all()  # averaging over patients draws effects towards none
    assert found.pareto_k < 0.5
    assert found.effective > 1000
    assert found.integration_error < 0.01


def two_trials(size: int, seed: int = 7):
    """Patients on A and C aged 52, published arms of B and C aged 60; A less B is -0.5 anywhere."""
    rng = np.random.default_rng(seed)

    def trial(name: str, treatment: str, effect: float, mean: float) -> pd.DataFrame:
        age = rng.normal(mean, 8, 2 * size)
        treated = np.repeat([1.0, 0.0], size)
        z = (age - 60) / 10
        linear = -0.4 + 0.6 * z + treated * (effect + 0.8 * z)
        return pd.DataFrame({
            "study": name, "treatment": np.where(treated == 1, treatment, "C"), "age": age,
            "r": rng.binomial(1, special.expit(linear)),
        })  # fmt: skip

    ours, theirs = trial("S1", "A", -1.0, 52), trial("S2", "B", -0.5, 60)
    arms = theirs.groupby(["study", "treatment"], as_index=False).agg(
        r=("r", "sum"), n=("r", "size"), age_mean=("age", "mean"), age_sd=("age", "std")
    )
    return ours, arms


def test_it_finds_what_a_plain_comparison_misses():
    ours, arms = two_trials(3000)
    found = fit(ours, arms, ["age"], reference="C")
    place = {name: number for number, name in enumerate(found.names)}
    difference = found.draws[:, place["d[A]"]] - found.draws[:, place["d[B]"]]
    assert difference.mean() == pytest.approx(-0.5, abs=3 * difference.std())
    counts = ours.groupby("treatment")["r"].mean()
    published = dict(zip(arms["treatment"], arms["r"] / arms["n"], strict=True))
    plain = (
        special.logit(counts["A"]) - special.logit(counts["C"])
        - special.logit(published["B"]) + special.logit(published["C"])
    )  # fmt: skip
    assert abs(plain + 0.5) > 3 * difference.std()
    mine = found.effects(ours).set_index("treatment")["mean"]
    assert mine["A"] == pytest.approx(-1.64, abs=0.15)  # at the mean age of the patients
    again = fit(ours, arms, ["age"], reference="C")
    assert (again.draws == found.draws).all()


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_slopes_of_links(link):
    eta = np.linspace(-4, 4, 9)
    numeric = (link.share(eta + 1e-6) - link.share(eta - 1e-6)) / 2e-6
    assert link.slope(eta) == pytest.approx(numeric, rel=1e-6)
    assert np.exp(link.log(eta)) == pytest.approx(link.share(eta))
    assert link.back(link.share(eta)) == pytest.approx(eta)


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        ({"age_sd": 0}, {}, "age_sd = 0"),
        ({"age_mean": None}, {}, "age_mean"),
        ({"study": "S1"}, {}, "has patients as well"),
        ({"treatment": ["D", "B"]}, {}, "no study connects"),
        ({}, {"reference": "Z"}, "none of the treatments"),
        ({}, {"link": "cloglog"}, "no link"),
        ({}, {"interactions": "class", "classes": {"A": "x"}}, "B.*have no class"),
        ({"r": 99999}, {}, "exceeds n"),
        ({}, {"families": {"age": "beta"}}, "between 0 and 1"),
    ],
)
def test_bad_input_is_told(change, options, said):
    ours, arms = two_trials(60)
    with pytest.raises(InputError, match=said):
        fit(ours, arms.assign(**change), ["age"], **{"reference": "C", **options})


def test_a_covariate_may_be_called_weight():
    ours, arms = two_trials(200)
    renamed = {"age": "weight", "age_mean": "weight_mean", "age_sd": "weight_sd"}
    found = fit(ours.rename(columns=renamed), arms.rename(columns=renamed), ["weight"],
                reference="C")  # fmt: skip
    assert "beta[weight]" in found.names
