"""Priors of the heterogeneity: their densities, their published values, their names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from evinet.errors import InputError
from evinet.nma import Network, priors
from evinet.nma.published_priors import TABLES

EXAMPLES = [
    "half-normal(0.5)", "half-cauchy(0.3)", "half-t(3, 0.4)", "exponential(2)", "uniform(0, 2)",
    "log-normal(-1.2, 0.8)", "log-t(-1, 0.6, 5)",
]  # fmt: skip


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_density_adds_up_to_the_quantiles(text):
    prior = priors.parse(text)
    lower, upper = prior.ppf(np.array([0.05, 0.9]))
    mass, _ = integrate.quad(lambda tau: float(np.exp(prior.logpdf(tau))), lower, upper)
    assert mass == pytest.approx(0.85, abs=1e-6)


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_variable_of_the_model_has_the_same_distribution(text):
    prior = priors.parse(text)
    with pm.Model():
        draws = pm.draw(prior.variable("tau"), draws=20000, random_seed=1)
    shares = [0.1, 0.5, 0.9]
    below = [(draws < prior.ppf(share)).mean() for share in shares]
    assert below == pytest.approx(shares, abs=0.015)


def test_published_priors_are_of_tau_squared_and_come_as_tau():
    prior = priors.parse("turner-2015:all-cause-mortality:pharmacological-placebo")
    assert prior.family == "log-normal"
    assert prior.parameters == pytest.approx((-3.95 / 2, 1.34 / 2))
    assert prior.ppf(0.5) ** 2 == pytest.approx(np.exp(-3.95))
    assert "sim.6381" in prior.source
    assert prior.effects == "log odds ratio"


@pytest.mark.parametrize(
    ("text", "median"),
    [
        # medians of tau^2 printed beside the parameters, Turner et al. 2012 and Rhodes et al. 2015
        ("turner-2012:any", 0.08),
        ("turner-2012:all-cause-mortality:pharmacological-placebo", 0.017),
        ("turner-2012:semi-objective:pharmacological-pharmacological", 0.040),
        ("turner-2012:subjective:non-pharmacological-any", 0.13),
        ("rhodes-2015:obstetric:pharmacological-placebo", 0.016),
        ("rhodes-2015:resource-use:pharmacological-placebo", 0.078),
        ("rhodes-2015:biological-markers:pharmacological-placebo", 0.033),
        ("rhodes-2015:subjective:pharmacological-placebo", 0.063),
    ],
)
def test_medians_are_those_printed(text, median):
    assert priors.parse(text).ppf(0.5) ** 2 == pytest.approx(median, rel=0.05)


def test_every_table_is_additive_as_its_model_was():
    """Both tables come from a regression of log tau^2 on outcome and comparison, without
    interaction: a comparison shifts every outcome alike, so a misprint would stand out."""
    for name in ("turner-2015", "rhodes-2015"):
        outcomes = TABLES[name].outcomes
        first = next(iter(outcomes.values()))
        for cells in outcomes.values():
            for number in range(1, len(cells)):
                if None in (cells[0], cells[number], first[0], first[number]):
                    continue
                shift = cells[number][0] - cells[0][0]
                assert shift == pytest.approx(first[number][0] - first[0][0], abs=0.021)


def test_every_name_is_understood():
    every = priors.names()
    assert len(every) == 10 + 81 + 70
    assert all(priors.parse(name).source for name in every)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.5", "not a prior"),
        ("gauss(1)", "there is no family 'gauss'"),
        ("half-normal(0)", "its scale is not above 0"),
        ("half-normal(one)", "not numbers"),
        ("half-normal(1, 2)", "has 1 finite parameters"),
        ("half-normal(nan)", "has 1 finite parameters"),
        ("uniform(2, 1)", "0 <= lower < upper"),
        ("turner-2014:any", "there is no table 'turner-2014'"),
        ("turner-2015:mortality:pharmacological-placebo", "has no outcome 'mortality'"),
        ("turner-2015:pain", "the comparison is missing or unknown"),
        ("rhodes-2015:mental-health:non-pharmacological-any", "its printed value is doubtful"),
    ],
)
def test_what_is_not_a_prior_is_refused(text, message):
    with pytest.raises(InputError, match=message):
        priors.parse(text)


@given(st.floats(0.01, 10))
def test_only_half_families_have_a_scale(scale):
    assert priors.parse(f"half-normal({scale!r})").scale == scale
    with pytest.raises(AttributeError):
        _ = priors.parse(f"exponential({scale!r})").scale


MEANS = pd.DataFrame({
    "study": ["A", "A", "B", "B"], "treatment": ["X", "P", "X", "P"],
    "y": [4.62, 4.1, 4.55, 4.05], "se": [0.17, 0.18, 0.16, 0.17],
})  # fmt: skip
PAIRS = pd.DataFrame({
    "study": ["A", "A", "B", "B"], "treatment": ["P", "X", "P", "X"],
    "diff": [None, 0.5, None, 0.4], "se": [None, 0.3, None, 0.2],
})  # fmt: skip


def effect(table: pd.DataFrame, effects: str) -> pd.Series:
    read = Network.from_contrasts if "diff" in table else Network.from_arms
    found = read(table, "P").fit(effects=effects, seed=1)
    return found.effects().set_index("parameter").loc["d[X]", ["mean", "sd"]]


@pytest.mark.parametrize("table", [MEANS, PAIRS], ids=["arms", "contrasts"])
@pytest.mark.parametrize("effects", ["fixed", "random"])
@pytest.mark.parametrize("factor", [10, 1e3, 1e5])
def test_means_on_any_scale_have_the_same_effect(
    table: pd.DataFrame, effects: str, factor: float
) -> None:
    numbers = [name for name in table if name not in ("study", "treatment")]
    larger = table.assign(**{name: table[name] * factor for name in numbers})
    small, large = effect(table, effects), effect(larger, effects) / factor
    assert large["mean"] == pytest.approx(small["mean"], abs=0.03 * small["sd"])
    if effects == "fixed":  # with random effects tau has a prior, wide on either scale
        assert large["sd"] == pytest.approx(small["sd"], rel=0.01)


def test_means_far_from_0_have_the_effect_of_inverse_variance() -> None:
    """Six-minute walks: the prior of the studies' levels is wide beside them."""
    table = MEANS.assign(y=[462, 410, 455, 405], se=[17.4, 17.7, 16.2, 16.7])
    weights = 1 / np.array([17.4**2 + 17.7**2, 16.2**2 + 16.7**2])
    found = effect(table, "fixed")
    assert found["mean"] == pytest.approx(np.average([52, 50], weights=weights), abs=0.1)
    assert found["sd"] == pytest.approx(weights.sum() ** -0.5, rel=0.01)


def test_priors_that_are_named_stay() -> None:
    far = MEANS.assign(y=MEANS["y"] * 100)
    fit = Network.from_arms(far, "P").fit(effects="fixed", priors={"intercepts": "normal(0, 100)"})
    printed = fit.specification.priors.printed
    assert (printed["intercepts"], printed["effects"]) == ("normal(0, 100)", "normal(0, 1000)")
