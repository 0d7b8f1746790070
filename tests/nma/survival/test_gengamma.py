"""The generalised gamma against SciPy's incomplete gamma, mpmath and finite differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from evinet.nma.likelihoods.survival import gengamma
from evinet.nma.likelihoods.survival.gengamma_tail import NEARLY_NORMAL

# w, Q, log S and its derivative by Q, of mpmath 1.4 with 40 digits
PRECISE = [
    (-2.5, 0.02, -0.00672845228745, -0.0256990629),
    (4.0, -0.05, -9.75355990735, -11.6048147),
    (0.5, 0.09, -1.21474842271, -0.4351896706),
    (-5.0, 0.2, -1.23450984508e-5, -0.000185767408),
    (3.0, 0.3, -8.81510605694, -8.946376022),
    (1.0, -0.7, -1.35480918036, -0.6238889617),
    (-3.0, -1.0, -1.89217869663e-9, -5.172273621e-8),
    (2.0, 1.5, -10.887791915, -8.986661362),
    (0.4, 4.0, -2.88752157219, -0.4247723365),
    (-6.0, 4.0, -0.215567445878, -0.09993800226),
    (25.0, -8.0, -3.18116283847, -0.4008089067),
    (-0.2, 8.0, -2.55103133997, -0.1577143848),
    (-0.3, -8.0, -0.0212051599209, -0.006000860296),
]
shapes = st.floats(-8, 8).filter(lambda q: abs(q) > 0.01)


def log_tail(w: np.ndarray, q: float) -> np.ndarray:
    return -gengamma.cumulative(np, np.asarray(w), np.asarray(q))


def slope(w: float, q: float, by: str, step: float = 1e-4) -> float:
    """Central difference of the log tail."""
    dw, dq = (step, 0.0) if by == "w" else (0.0, step)
    return float(log_tail(w + dw, q + dq) - log_tail(w - dw, q - dq)) / (2 * step)


@pytest.mark.parametrize(("w", "q", "value", "by_q"), PRECISE)
def test_the_tail_is_mpmaths(w: float, q: float, value: float, by_q: float) -> None:
    assert float(log_tail(w, q)) == pytest.approx(value, rel=1e-9)
    assert slope(w, q, "Q") == pytest.approx(by_q, rel=1e-5)


@given(shapes, st.floats(-9, 9))
def test_both_tails_are_those_of_the_incomplete_gamma_function(q: float, w: float) -> None:
    a = q**-2
    u = a * np.exp(q * w)
    beyond, below = special.gammaincc(a, u), special.gammainc(a, u)
    if q < 0:
        beyond, below = below, beyond
    if min(beyond, below) > 1e-200:
        expected = np.log(beyond) if beyond < 0.5 else np.log1p(-below)
        assert float(log_tail(w, q)) == pytest.approx(expected, rel=2e-9)


@given(st.floats(-8, 8), st.floats(-9, 9))
def test_the_hazard_is_minus_the_slope_of_the_log_tail(q: float, w: float) -> None:
    if q * w < 4:
        hazard = np.exp(gengamma.log_density(np, np.array(w), np.array(q)) - log_tail(w, q))
        assert slope(w, q, "w") == pytest.approx(-float(hazard), rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("border", [NEARLY_NORMAL, -NEARLY_NORMAL])
def test_nothing_jumps_where_the_method_changes(border: float) -> None:
    w = np.linspace(-8, 8, 81)
    inside, outside = (log_tail(w, border * (1 + step)) for step in (-1e-12, 1e-12))
    assert inside == pytest.approx(outside, rel=2e-9)


@pytest.mark.parametrize("q", [-1.5, -0.5, 0.15, 0.5, 1.0, 2.0])
def test_the_distribution_is_scipys(q: float) -> None:
    w = np.linspace(-6, 3, 60)
    a = q**-2
    x = np.log(a) / q + w  # SciPy's: exp(x) has the distribution gengamma(a, c=q)
    theirs = stats.gengamma(a, c=q)
    assert gengamma.log_density(np, w, np.array(q)) == pytest.approx(
        theirs.logpdf(np.exp(x)) + x, abs=1e-8
    )
    assert np.exp(log_tail(w, q)) == pytest.approx(theirs.sf(np.exp(x)), rel=1e-8, abs=1e-300)


def test_the_distribution_at_0_is_normal() -> None:
    w = np.linspace(-9, 9, 61)
    assert gengamma.log_density(np, w, np.array(0.0)) == pytest.approx(stats.norm.logpdf(w))
    assert log_tail(w, 0.0) == pytest.approx(stats.norm.logsf(w), rel=2e-9)


def test_the_ends() -> None:
    w = np.array([-np.inf, -1e6, np.inf])
    for q in (-3.0, 0.05, 1.0):
        assert log_tail(w, q).tolist() == [0.0, 0.0, -np.inf]


def test_pytensor_has_the_value_and_the_gradient() -> None:
    import pytensor
    import pytensor.tensor as pt

    w, q = pt.dmatrix(), pt.dcol()
    total = gengamma.cumulative(pt, w, q).sum()
    compiled = pytensor.function([w, q], [total, *pytensor.grad(total, [w, q])], mode="NUMBA")
    at = np.random.default_rng(1).normal(0, 1.5, (6, 5))
    shape = np.array([-2.0, -0.3, -0.04, 0.0, 0.15, 1.2])[:, None]
    value, by_w, by_q = compiled(at, shape)
    assert value == pytest.approx(-log_tail(at, shape).sum())
    for row, (points, number) in enumerate(zip(at, shape[:, 0], strict=True)):
        assert by_w[row] == pytest.approx([-slope(x, number, "w") for x in points], rel=1e-6)
        expected = -sum(slope(x, number, "Q") for x in points)
        assert by_q[row, 0] == pytest.approx(expected, rel=1e-6)
