"""Likelihoods against SciPy, and their deviances against the log-likelihoods."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evinet.nma.likelihoods import ordered
from evinet.nma.likelihoods.arms import EVERY, LIKELIHOODS

EACH = pytest.mark.parametrize("likelihood", EVERY, ids=lambda each: f"{each.name}-{each.link}")


CUTS = np.array([0.0, 0.7, 1.6])


def etas_of(likelihood):
    """Two sets of linear predictors inside the limits of the link."""
    found = np.array([-1.0, -0.3, 0.4]), np.array([0.2, 0.1, -0.5])
    if likelihood.ordered:
        return [each[:, None] - CUTS for each in found]
    if likelihood.limits == (0, 1):
        return [stats.norm.cdf(each) for each in found]
    return [-np.exp(each) for each in found] if likelihood.limited else list(found)


def data_of(likelihood):
    if likelihood.name == "binomial":
        return np.array([0.0, 3, 10]), np.array([10.0, 12, 10])
    if likelihood.name == "poisson":
        return np.array([0.0, 3, 10]), np.array([10.5, 2, 40])
    if likelihood.ordered:
        counts = np.array([[3.0, 0, 2], [np.nan, 4, np.nan], [1, np.nan, 0]])
        return ordered.structure(counts, np.array([10.0, 12, 1]))
    return np.array([-1.0, 0.3, 2]), np.array([0.5, 1, 2])


@EACH
def test_the_symbolic_likelihood_differs_from_the_full_one_by_a_constant(likelihood):
    import pytensor

    x, s = data_of(likelihood)
    etas = etas_of(likelihood)
    as_written = pytensor.compile.Mode("py", None)  # quickest
    found = [likelihood.symbolic(x, s, eta) for eta in etas]
    symbolic = [np.asarray(each.eval(mode=as_written) if hasattr(each, "eval") else each)
                for each in found]  # fmt: skip
    full = [likelihood.log_likelihood(x, s, eta) for eta in etas]
    np.testing.assert_allclose(symbolic[0] - symbolic[1], full[0] - full[1], atol=1e-10)


@EACH
def test_deviance_is_twice_the_loss_of_log_likelihood(likelihood):
    x, s = data_of(likelihood)
    etas = etas_of(likelihood)
    deviance = [likelihood.deviance(x, s, likelihood.fitted(eta, s)) for eta in etas]
    full = [likelihood.log_likelihood(x, s, eta) for eta in etas]
    np.testing.assert_allclose(deviance[0] - deviance[1], -2 * (full[0] - full[1]), atol=1e-10)


@EACH
def test_deviance_is_zero_where_the_data_are_fitted(likelihood):
    x, s = data_of(likelihood)
    np.testing.assert_allclose(likelihood.deviance(x, s, x), 0, atol=1e-12)


@EACH
@pytest.mark.filterwarnings("error")
def test_wide_priors_predict_without_a_warning(likelihood):
    _, s = data_of(likelihood)
    eta = np.array([-800.0, 0.0, 800.0])
    eta = eta[:, None] - CUTS if likelihood.ordered else eta
    new = likelihood.replicate(np.random.default_rng(1), eta, s)
    assert np.isfinite(new).all()


@EACH
def test_the_rough_estimate_is_near_the_maximum_of_large_arms(likelihood):
    if likelihood.name == "normal":
        x, s = np.array([0.4]), np.array([0.1])
    else:
        x, s = np.array([4000.0]), np.array([10000.0])
    if likelihood.ordered:
        x, s = ordered.structure(np.array([[np.nan, 1500.0, 4000.0]] * 2), np.array([10000.0] * 2))
    eta, variance = likelihood.rough(x, s)
    if likelihood.ordered:  # by the second category, from whose cut-point on it is a binomial
        likelihood, x, s = LIKELIHOODS["binomial", likelihood.link], np.array([5500.0]), s[:1, -1]
        eta, variance = eta[:1] - 1, variance[:1]  # no arm tells the second cut-point: taken as 1
    assert likelihood.fitted(eta, s) == pytest.approx(x, rel=1e-3)
    step = np.sqrt(variance)
    drop = likelihood.log_likelihood(x, s, eta) - likelihood.log_likelihood(x, s, eta + step)
    assert drop == pytest.approx(0.5, abs=0.05)  # one standard error away


@given(r=st.integers(0, 50), extra=st.integers(0, 50), eta=st.floats(-5, 5))
def test_binomial_deviance_is_never_negative(r, extra, eta):
    n = np.array([float(max(r + extra, 1))])
    logit = EVERY[0]
    expected = logit.fitted(np.array([eta]), n)
    assert logit.deviance(np.array([float(r)]), n, expected) >= -1e-9
    np.testing.assert_allclose(expected / n, stats.logistic.cdf(eta))
