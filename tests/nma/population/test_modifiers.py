"""Effect modifiers from published subgroups: against hand calculation, simulation and bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evinet.errors import InputError
from evinet.nma.population.modifiers import regress


def rows(*given):
    return pd.DataFrame(given, columns=["study", "treatment", "comparator", "diff", "se", "x", "n"])


NETTER_2 = rows(  # Singh et al. 2024, Figure 2: PFS by origin, pancreas 1
    ("netter-2", "lu", "oct", np.log(0.34), np.log(0.56 / 0.20) / 3.92, 1, 123),
    ("netter-2", "lu", "oct", np.log(0.23), np.log(0.46 / 0.12) / 3.92, 0, 103),
)
NETTER_1 = rows(("netter-1", "lu", "oct", -1.560648, 0.229797, 0, None))


def test_within_one_trial_it_is_the_difference_of_the_subgroups():
    found = regress(NETTER_2).slope("lu", "oct", "within")
    assert found.centre == pytest.approx(np.log(0.34 / 0.23), abs=0.002)
    assert found.spread == pytest.approx(np.hypot(*NETTER_2["se"]), rel=0.002)
    assert regress(NETTER_2).slope("oct", "lu", "within").centre == pytest.approx(-found.centre)


def test_across_trials_it_is_the_difference_of_their_results():
    """Two trials, fixed effects: (theta2 - theta1) / (m2 - m1), theta2 at the trial's mean."""
    found = regress(pd.concat([NETTER_1, NETTER_2]), effects_sd=100, slopes_sd=100)
    share = 123 / 226
    at_mean = share * np.log(0.34) + (1 - share) * np.log(0.23)
    slope = (at_mean + 1.560648) / share
    assert found.slope("lu", "oct", "across").centre == pytest.approx(slope, abs=0.005)
    # the shared trial: one slope weighs both kinds of information by generalised least squares
    data = pd.concat([NETTER_1, NETTER_2])
    design = np.column_stack([np.ones(3), data["x"].astype(float)])
    weight = 1 / data["se"].to_numpy(float) ** 2
    covariance = np.linalg.inv(design.T @ (weight[:, None] * design))
    best = covariance @ design.T @ (weight * data["diff"].to_numpy(float))
    both = found.slope("lu", "oct", "both")
    assert both.centre == pytest.approx(best[1], abs=1e-3)
    assert both.spread == pytest.approx(np.sqrt(covariance[1, 1]), rel=1e-3)


def test_what_no_trial_tells_is_none():
    found = regress(
        pd.concat([NETTER_2, rows(("clarinet", "lan", "placebo", -0.75, 0.23, 0.4, 9))])
    )
    assert found.slope("lan", "placebo", "within") is None
    assert found.slope("lan", "placebo", "both") is None
    assert found.effect("lan", "placebo", 1.0) is None
    assert found.effect("lan", "placebo", 0.4) is not None
    assert found.slope("lu", "placebo", "both") is None  # another island
    assert found.slope("lu", "oct", "across") is None


def test_heterogeneity_of_trials_leaves_within_trial_information_as_it_is():
    """The deviation of a trial is shared by its subgroups, and cancels between them."""
    data = pd.concat([NETTER_1, NETTER_2])
    fixed, random = (regress(data, tau=tau).slope("lu", "oct", "within") for tau in (0.0, 2.0))
    assert random.spread == pytest.approx(fixed.spread, rel=1e-3)
    wide = regress(data, tau=2.0).slope("lu", "oct", "across").spread
    assert wide > 3 * regress(data).slope("lu", "oct", "across").spread


def test_indirect_pairs_and_a_shared_slope():
    data = rows(("s1", "B", "A", -0.2, 0.1, 0, 50), ("s1", "B", "A", 0.3, 0.1, 1, 50),
                ("s2", "C", "A", -0.6, 0.1, 0, 50), ("s2", "C", "A", 0.1, 0.1, 1, 50))  # fmt: skip
    apart = regress(data)
    assert apart.slope("C", "B", "within").centre == pytest.approx(0.2, abs=0.01)
    assert apart.studies("B", "C") == []
    shared = regress(data, shared=True, references=["A"])
    assert shared.slope("C", "B", "within").centre == pytest.approx(0.0, abs=1e-9)
    assert shared.slope("B", "A", "within").centre == pytest.approx(0.6, abs=0.01)


def test_ecological_bias_is_seen():
    """Trials of other patients differ by something else: across is wrong, within is right."""
    rng = np.random.default_rng(2)
    data = []
    for number in range(30):
        share = rng.uniform(0.2, 0.8)
        other = 2.0 * share  # what goes along with the share of the trial, not of the patient
        for x, n in ((0, 200 * (1 - share)), (1, 200 * share)):
            se = 2 / np.sqrt(n)
            mean = -0.5 + 0.3 * x + other
            data.append((f"s{number}", "B", "A", rng.normal(mean, se), se, x, round(n)))
    found = regress(rows(*data), tau=0.0)
    within, across = (found.slope("B", "A", kind) for kind in ("within", "across"))
    assert within.centre == pytest.approx(0.3, abs=3 * within.spread)
    assert across.centre == pytest.approx(2.3, abs=3 * across.spread)
    assert found.slope("B", "A", "difference").quantile(0.975) < -1


@pytest.mark.parametrize(
    ("change", "said"),
    [({"se": 0}, "se = 0"), ({"x": None}, "x = "), ({"diff": "low"}, "not a number"),
     ({"comparator": ["oct", "placebo"]}, "several contrasts")],
)  # fmt: skip
def test_bad_input_is_told(change, said):
    with pytest.raises(InputError, match=said):
        regress(NETTER_2.assign(**change))
