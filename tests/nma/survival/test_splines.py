"""M-splines: what defines them, checked by numerical integration."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from evinet.nma.likelihoods.survival.splines import Basis, at_quantiles


@st.composite
def bases(draw: st.DrawFn) -> Basis:
    gaps = draw(st.lists(st.floats(0.05, 5), min_size=2, max_size=8))
    knots = np.cumsum(gaps)
    return Basis(knots[:-1], float(knots[-1]), draw(st.integers(0, 3)))


@given(bases())
def test_each_function_is_non_negative_and_integrates_to_one(basis: Basis) -> None:
    assert (basis.hazard(np.linspace(0, basis.upper, 200)) >= 0).all()
    assert basis.cumulative(np.array([basis.upper])) == pytest.approx(1.0)


@given(bases(), st.floats(0.01, 1))
def test_the_integrated_basis_is_the_integral(basis: Basis, share: float) -> None:
    end = share * basis.upper
    for number in range(basis.size):
        value, _ = quad(
            lambda t, k=number: basis.hazard(np.array([t]))[0, k],
            0, end, points=basis.edges[basis.edges < end], limit=200,
        )  # fmt: skip
        assert basis.cumulative(np.array([end]))[0, number] == pytest.approx(value, abs=1e-7)


@given(bases())
def test_constant_coefficients_make_a_constant_hazard(basis: Basis) -> None:
    hazard = basis.hazard(np.linspace(0, basis.upper, 50)) @ basis.constant
    assert basis.constant.sum() == pytest.approx(1.0)
    assert hazard == pytest.approx(1 / basis.upper)


@given(bases())
def test_the_hazard_is_held_after_the_last_knot(basis: Basis) -> None:
    last = basis.hazard(np.array([basis.upper]))
    assert basis.hazard(np.array([basis.upper + 3])) == pytest.approx(last)
    grown = basis.cumulative(np.array([basis.upper + 3])) - basis.cumulative(
        np.array([basis.upper])
    )
    assert grown == pytest.approx(3 * last)


@given(bases())
def test_the_steps_have_total_variance_one(basis: Basis) -> None:
    assert len(basis.steps) == basis.size - 1
    assert (basis.steps**2).sum() == pytest.approx(1.0)


def test_equally_spaced_knots_give_equal_inner_steps() -> None:
    steps = Basis(np.arange(1.0, 10.0), 10.0).steps
    assert steps[2:-2] == pytest.approx(steps[5])


def test_knots_are_quantiles_of_events_and_ties_fall_back_on_distinct_times() -> None:
    events = np.arange(1.0, 101.0)
    assert at_quantiles(events, 120, 3).internal == pytest.approx([25.75, 50.5, 75.25])
    tied = np.repeat([1.0, 2.0, 3.0, 4.0, 5.0], [100, 1, 1, 1, 1])
    assert at_quantiles(tied, 6, 3).internal == pytest.approx([2, 3, 4])


def test_too_few_distinct_times_are_an_error() -> None:
    with pytest.raises(ValueError, match="1 distinct event times for 3 knots"):
        at_quantiles(np.array([2.0, 2.0]), 5, 3)
    with pytest.raises(ValueError, match="2 distinct event times for 3 knots"):
        at_quantiles(np.array([2.0, 3.0]), 5, 3)
