"""Convergence of draws that are pooled over reconstructions."""

from __future__ import annotations

import numpy as np
import pytest

from evinet.nma.convergence import mixing


def drawn(*means: float, chains: tuple[float, ...] = (0, 0, 0, 0)) -> list[np.ndarray]:
    """Independent draws of four chains and a fit for each mean, with standard deviation 1."""
    rng = np.random.default_rng(1)
    return [mean + np.array(chains)[:, None] + rng.normal(size=(4, 500)) for mean in means]


def test_reconstructions_that_differ_are_no_chains_that_do() -> None:
    found = mixing(drawn(0, 5))
    assert found["rhat"] == pytest.approx(1, abs=0.01)
    assert found["ess_bulk"] == pytest.approx(4000, rel=0.15)
    assert found["ess_tail"] == pytest.approx(4000, rel=0.15)


def test_chains_that_differ_are_told_in_every_reconstruction() -> None:
    found = mixing(drawn(0, 0, chains=(0, 0, 0, 3)))
    assert found["rhat"] > 1.1
    assert found["ess_bulk"] < 100


def test_a_fit_in_which_the_quantity_does_not_move_counts_nothing() -> None:
    moving = drawn(0)
    assert mixing([*moving, np.zeros((4, 500))]) == mixing(moving)
