"""Special functions of compiled models: SciPy's values, in code that the cache keeps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import special as scipys
from tests.nma.population.test_regression import trials

from evinet.nma import Network
from evinet.nma import graph as graphs
from evinet.nma import model as models
from evinet.nma.fit import compiled, special
from evinet.nma.population import regression


def test_erfcx_is_scipys() -> None:
    x = np.concatenate([np.linspace(-26, 26, 2001), np.geomspace(24.9, 1e10, 300)])
    assert np.array([special.erfcx(each) for each in x]) == pytest.approx(
        scipys.erfcx(x), rel=1e-13
    )
    assert special.erfcx(-30.0) == np.inf
    assert np.isnan(special.erfcx(np.nan))


def test_psi_is_scipys() -> None:
    x = np.concatenate([np.geomspace(1e-6, 1e8, 2000), -np.linspace(0.13, 9.9, 50)])
    assert np.array([special.psi(each) for each in x]) == pytest.approx(
        scipys.digamma(x), rel=1e-12, abs=1e-13
    )
    assert np.isnan(special.psi(-2.0))


def survival(baseline: str) -> models.Model:
    time = np.random.default_rng(3).exponential(9, 60)
    frame = pd.DataFrame(
        {"study": "one", "treatment": ["a", "b"] * 30, "time": time, "event": [0, 1, 1] * 20}
    )
    return models.build(Network.from_patients(frame), baseline=baseline, effects="fixed")


def with_covariates(link: str) -> models.Model:
    own, other, told = trials("binomial")
    network = regression.network(
        own, other.assign(study="S2"), "age + male", covariates=told.assign(study="S2"),
        reference="A",
    )  # fmt: skip
    return models.build(network, effects="fixed", link=link)


SLOW = pytest.mark.slow
OTHERS = ("mspline", "piecewise", "fracpoly", "exponential", "weibull", "gompertz", "loglogistic")


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (survival, "lognormal"),
        (survival, "gengamma"),
        (with_covariates, "probit"),
        *(pytest.param(survival, what, marks=SLOW) for what in OTHERS),
        *(pytest.param(with_covariates, what, marks=SLOW) for what in ("logit", "cloglog")),
    ],
)  # fmt: skip
def test_the_cache_keeps_every_function(make, what) -> None:
    model = make(what)
    for function in compiled.functions(graphs.graph(model, graphs.values(model))):
        assert compiled.cache_key(function) is not None
