"""Parts of the particle filter, each against its definition or SciPy."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from evinet.reconstruct.likelihood import log_binomial, order_statistic
from evinet.reconstruct.particle_weights import Cloud, systematic


def test_order_statistics_of_uniform_numbers_are_beta() -> None:
    position, count = np.array([0, 2, 9, 3]), np.array([5, 7, 10, 40])
    share = np.array([0.1, 0.5, 0.97, 0.2])
    expected = stats.beta.logpdf(share, position + 1, count - position)
    assert order_statistic(position, count, share) == pytest.approx(expected)


def test_the_binomial_is_that_of_scipy() -> None:
    events, count, chance = np.array([0, 3, 12]), np.array([4, 9, 12]), np.array([0.2, 0.6, 0.9])
    expected = stats.binom.logpmf(events, count, chance)
    assert log_binomial(events, count, chance) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("weight", "kept"),
    [([1.0] * 8, True), ([1.0] * 5 + [0.01] * 3, True), ([1.0] * 3 + [0.01] * 5, False),
     ([1.0] + [0.1] * 7, False), ([1.0] + [0.5] * 7, True)],
)  # fmt: skip
def test_particles_are_drawn_anew_where_fewer_than_half_of_them_count(weight, kept) -> None:
    """By Kish's effective size, the square of the sum by the sum of squares."""
    kish = sum(weight) ** 2 / sum(each**2 for each in weight)
    assert (kish > len(weight) / 2) is kept
    rates = [np.arange(8.0)]
    drawn = SimpleNamespace(event=rates, censor=rates, log_weight=np.log(weight) - 700)
    cloud = Cloud(drawn, np.random.default_rng(1))
    parents = cloud.settle()
    assert cloud.hazards.event[0].tolist() == parents.tolist()
    assert np.array_equal(parents, np.arange(8)) is kept
    assert np.allclose(cloud.log_weight, np.log(weight) - 700 if kept else 0.0)


def test_each_particle_has_as_many_children_as_its_weight_asks_for() -> None:
    weight = np.array([0.5, 4.0, 0.0, 1.25, 2.25])
    with np.errstate(divide="ignore"):
        parents = systematic(np.log(weight), 32, np.random.default_rng(3))
    children = np.bincount(parents, minlength=5)
    assert (np.abs(children - 32 * weight / weight.sum()) < 1).all()
