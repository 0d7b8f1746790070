"""What all survival of a curve may be off by, one way.

Where ticks are drawn at whole pixels and a line is not, or the other way round, all of its curve is
off by the same part of a pixel. The curves of a figure share most of this. Patients are whole: the
drops of a curve, together, tell by how much it is off.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evinet.patients.data import Floats, Integers
from evinet.reconstruct.particles import systematic

COUNT = 7  # shifts looked at, evenly spaced
OWN = 1.0  # SD of what is a curve's own, in their distance
APART = 0.02  # of the curves: drawn in another way than the others of the figure
LEAST = 0.05  # share of a hypothesis at a shift
CORRELATED = 0.25  # power of the evidence: the errors of points are not independent


def grid(most: float) -> Floats:
    """The shifts looked at, up to `most` either way."""
    return most * np.linspace(-1, 1, COUNT)


def common(
    scores: Sequence[Floats], size: int, rng: np.random.Generator
) -> tuple[list[Integers], list[int]]:
    """The place in the grid of the shift of each arm in `size` rows, and the central one.

    `scores` of each arm are the log weights of its hypotheses at each shift, (J, S). What the
    figure is off by is uniform beforehand; each arm is off by about the same.
    """
    apart = np.subtract.outer(np.arange(COUNT), np.arange(COUNT)) / OWN
    near = np.exp(-0.5 * apart**2)
    near = (1 - APART) * near / near.sum(axis=1, keepdims=True) + APART / COUNT
    own = [near * _tempered(score) for score in scores]
    figure = np.prod([each.sum(axis=1) for each in own], axis=0)
    figure /= figure.sum()
    shared = rng.permutation(systematic(np.log(figure), size, rng))
    rows, central = [], []
    for each in own:
        share = each / each.sum(axis=1, keepdims=True)
        reached = np.cumsum(share, axis=1)[shared]
        rows.append((reached < rng.random((size, 1))).sum(axis=1).clip(0, COUNT - 1))
        central.append(round(float(figure @ share @ np.arange(COUNT))))
    return rows, central


def shares(score: Floats) -> Floats:
    """(J, S) the shares of the hypotheses at each shift; a small share is left out."""
    weight = np.exp(score - score.max(axis=0))
    share = weight / weight.sum(axis=0)
    share[share < LEAST] = 0.0
    found: Floats = share / share.sum(axis=0)
    return found


def _tempered(score: Floats) -> Floats:
    """Weights of the shifts, whichever the hypothesis."""
    score = np.logaddexp.reduce(score, axis=0)
    weight: Floats = np.exp(CORRELATED * (score - score.max()))
    return weight
