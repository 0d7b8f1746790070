"""Sufficient statistics give the likelihood of the rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evinet.nma.likelihoods.survival import sufficient as statistics
from evinet.nma.likelihoods.survival.splines import at_quantiles

seeds = st.integers(0, 2**32 - 1)


def patients(seed: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.exponential(10, size), (rng.random(size) < 0.7).astype(int)


@given(seeds, st.integers(1, 6), st.integers(7, 200))
def test_the_quadrature_is_exact_for_polynomials(seed: int, nodes: int, size: int) -> None:
    values = np.random.default_rng(seed).uniform(2, 9, size)
    x, w = statistics.quadrature(values, nodes)
    assert (w > 0).all()
    for power in range(2 * nodes):
        scaled = ((values - 5.5) / 3.5) ** power
        assert w @ ((x - 5.5) / 3.5) ** power == pytest.approx(scaled.sum(), abs=1e-8 * size)


def test_the_quadrature_of_few_distinct_values_is_the_values() -> None:
    x, w = statistics.quadrature(np.array([3.0, 1.0, 3.0]), 4)
    assert x.tolist() == [1, 3]
    assert w.tolist() == [1, 2]


@given(seeds)
def test_event_nodes_sum_log_hazards_of_splines(seed: int) -> None:
    time, event = patients(seed, 600)
    events = time[event == 1]
    basis = at_quantiles(events, float(time.max()), 7)
    x, w = statistics.event_nodes(events, basis, 12)
    assert len(x) <= 96
    coefficients = np.random.default_rng(seed).dirichlet(np.full(basis.size, 2.0))
    exact = np.log(basis.hazard(events) @ coefficients).sum()
    assert w @ np.log(basis.hazard(x) @ coefficients) == pytest.approx(exact, abs=2e-2)
