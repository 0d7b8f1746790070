"""Risk ratios and differences, standardised mean differences and ratios of means, of arms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import polygamma, psi

from evinet.errors import InputError
from evinet.nma import Network
from evinet.nma.data import means

DATA = Path(__file__).parents[1] / "validation"
# Normand 1999 (Stat Med 18:321): length of stay, specialist and routine care; effects, variances
# and common effects by metafor 3.8 (escalc with vtype LS, rma with method EE).
STROKE = pd.DataFrame(
    [(1, 155, 55, 47, 156, 75, 64, -0.355170, 0.0130647, -0.3101549, 0.00937908),
     (2, 31, 27, 7, 32, 29, 4, -0.347940, 0.0644689, -0.0714590, 0.00276277),
     (3, 75, 64, 17, 71, 119, 29, -2.317569, 0.0458121, -0.6202404, 0.00177721),
     (4, 18, 66, 20, 18, 137, 48, -1.887982, 0.1606177, -0.7303262, 0.01192128),
     (5, 8, 14, 8, 13, 18, 11, -0.383964, 0.2054333, -0.2513144, 0.06954377),
     (6, 57, 19, 7, 52, 18, 4, 0.172149, 0.0369106, 0.0540672, 0.00333097),
     (7, 34, 52, 45, 33, 41, 34, 0.272052, 0.0602671, 0.2376717, 0.04286516),
     (8, 110, 21, 16, 183, 31, 27, -0.424596, 0.0148630, -0.3894648, 0.00942253),
     (9, 60, 30, 27, 52, 23, 20, 0.289556, 0.0362717, 0.2657032, 0.02804122)],
    columns=["study", "n1", "mean1", "sd1", "n2", "mean2", "sd2", "g", "g_var", "rom", "rom_var"],
)  # fmt: skip
COMMON = {"SMD": (-0.4106114, 0.0616028), "ROM": (-0.3027793, 0.0250403)}


@pytest.mark.parametrize(("measure", "column"), [("SMD", "g"), ("ROM", "rom")])
def test_means_give_the_effects_of_metafor(measure, column):
    wide = STROKE.drop(columns=["g", "g_var", "rom", "rom_var"])
    wide = wide.assign(treat1="specialist", treat2="routine")
    found = Network.read(wide, measure=measure, reference="routine")
    sign = [1 if treatment == "specialist" else -1 for _, treatment, _ in found.contrasts.rows]
    assert sign * found.contrasts.y == pytest.approx(STROKE[column].to_numpy(), abs=1e-6)
    variance = np.diag(found.contrasts.covariance)
    assert variance == pytest.approx(STROKE[f"{column}_var"].to_numpy(), rel=1e-5)
    league = found.fit(effects="fixed").league().set_index(["treatment", "comparator"])
    row = league.loc[("specialist", "routine"), ["mean", "sd"]]
    assert row.tolist() == pytest.approx(COMMON[measure], abs=1e-4)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(5, 20), st.floats(0.5, 3), st.integers(5, 90)),
                min_size=3, max_size=4))  # fmt: skip
def test_studies_of_several_arms_have_the_covariance_of_gleser_and_olkin(arms):
    y, sd, n = (np.array(each, float) for each in zip(*arms, strict=True))
    frame = pd.DataFrame({"study": "S", "treatment": list("ABCD")[: len(y)], "y": y, "sd": sd,
                          "n": n})  # fmt: skip
    found = Network.read(frame, measure="SMD", reference="A")
    names = [treatment for _, treatment, _ in found.contrasts.rows]
    base = found.contrasts.rows[0][2]
    place = {name: number for number, name in enumerate("ABCD")}
    freedom = (n - 1).sum()
    pooled = np.sqrt(((n - 1) * sd**2).sum() / freedom)
    own = [place[name] for name in names]
    g = float(means.correction(freedom)) * (y[own] - y[place[base]]) / pooled
    wanted = 1 / n[place[base]] + np.outer(g, g) / (2 * n.sum()) + np.diag(1 / n[own])
    assert found.contrasts.y == pytest.approx(g, abs=1e-9)
    assert found.contrasts.covariance == pytest.approx(wanted, abs=1e-9)


def test_means_that_have_no_ratio_are_refused():
    frame = pd.DataFrame({"study": ["S", "S"], "treatment": ["A", "B"], "y": [1.0, -0.2],
                          "sd": [1, 1], "n": [20, 20]})  # fmt: skip
    with pytest.raises(InputError, match="is not above 0, so that a ratio"):
        Network.read(frame, measure="ROM")
    with pytest.raises(InputError, match="which SMD needs"):
        Network.read(frame.drop(columns=["n", "sd"]).assign(se=0.3), measure="SMD")


R, N = np.array([3, 29]), np.array([30, 31])


def one(measure: str):
    frame = pd.DataFrame({"study": "S", "treatment": ["A", "B"], "r": R, "n": N})
    return Network.read(frame, measure=measure, reference="A").fit(effects="fixed")


def test_a_difference_of_risks_is_that_of_two_beta_distributions():
    """With flat priors of both risks; one arm lies at its limit, where a sampler would stick."""
    fit = one("RD")
    assert fit.failures() == []
    a, b = R + 1, N - R + 1
    mean, variance = a / (a + b), a * b / (a + b) ** 2 / (a + b + 1)
    found = fit.effects().set_index("parameter").loc["d[B]"]
    assert found["mean"] == pytest.approx(mean[1] - mean[0], abs=0.004)
    assert found["sd"] == pytest.approx(np.sqrt(variance.sum()), rel=0.05)


def test_a_ratio_of_risks_is_that_of_two_beta_distributions():
    fit = one("RR")
    assert fit.failures() == []
    assert fit.convergence["divergences"] == 0
    found = fit.effects().set_index("parameter").loc["d[B]"]
    b = N - R + 1
    mean = psi(R) - psi(R + b)
    variance = polygamma(1, R) - polygamma(1, R + b)
    assert found["mean"] == pytest.approx(mean[1] - mean[0], abs=0.04)
    assert found["sd"] == pytest.approx(np.sqrt(variance.sum()), rel=0.06)


def test_risk_ratios_of_gemtc():
    """Aspirin after a heart attack: gemtc's own test of its log link, fixed effects."""
    network = Network.read(DATA / "aspirin.csv", measure="RR", reference="A")
    fit = network.fit(effects="fixed")
    found = fit.effects().set_index("parameter").loc["d[B]", ["mean", "sd"]]
    assert found.tolist() == pytest.approx([-0.0906, 0.0275], abs=0.0015)
    assert fit.specification.scale == "ln RR"


def test_baseline_risk_and_limits_do_not_go_together():
    frame = pd.DataFrame({"study": "S", "treatment": ["A", "B"], "r": R, "n": N})
    with pytest.raises(InputError, match="whose risks have limits"):
        Network.read(frame, measure="RR").fit(baseline_risk=True)
