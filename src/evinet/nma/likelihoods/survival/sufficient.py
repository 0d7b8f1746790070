"""What a likelihood needs of the patients, so that its cost does not grow with their number.

The log-likelihood of right-censored data is ``sum over events of log h(t) - sum over patients of
H(t)``. With a hazard that is linear in fixed functions of time, the second sum needs only their
summed integrals; a piecewise constant hazard also collapses the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import eigh_tridiagonal

from evinet.nma.likelihoods.survival.splines import Basis

if TYPE_CHECKING:
    from evinet.nma.data.patients import Patients, Records


def distinct(*columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct rows of the columns, shape (rows, columns), and how often each occurs."""
    rows, counts = np.unique(np.column_stack(columns), axis=0, return_counts=True)
    return rows, counts.astype(float)


def intervals(patients: Patients, records: Records) -> tuple[np.ndarray, np.ndarray]:
    """Arm, start and end of distinct intervals that hold an event, and how often each occurs.

    Shape (rows, 3) and (rows,), the same for every reconstruction: rows that one has not count 0.
    """
    each = [distinct(*(column[one.within] for column in (one.arm, one.time, one.latest)))
            for one in (records, *patients.every)]  # fmt: skip
    rows, counts = each[0]
    spare = max((found for found, _ in each), key=len)[len(rows) :]
    return np.concatenate([rows, spare]), np.concatenate([counts, np.zeros(len(spare))])


def quadrature(
    values: np.ndarray, nodes: int, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights with ``sum w f(x) = sum f(values)`` for polynomials up to 2 * nodes - 1.

    With `weights` of the values the right side is their weighted sum.

    The Gauss rule of the values' own distribution, from the Jacobi matrix that the Lanczos
    iteration gives (Golub & Welsch 1969; Gautschi 2004, Orthogonal Polynomials, section 2.2). With
    no more distinct values than nodes it is the values themselves, and exact for any function.
    """
    points, place = np.unique(values, return_inverse=True)
    counts = np.bincount(place, weights, len(points)).astype(float)
    if len(points) <= nodes:
        return points, counts
    centre, half = (points[0] + points[-1]) / 2, (points[-1] - points[0]) / 2
    scaled = (points - centre) / half
    vector = np.sqrt(counts / counts.sum())
    rows: list[np.ndarray] = []
    diagonal, off = np.empty(nodes), np.empty(nodes)
    for step in range(nodes):
        rows.append(vector)
        image = scaled * vector
        diagonal[step] = image @ vector
        known = np.array(rows)
        for _ in range(2):  # twice is enough to keep the vectors orthogonal
            image = image - known.T @ (known @ image)
        off[step] = np.linalg.norm(image)
        vector = image / off[step]
    roots, vectors = eigh_tridiagonal(diagonal, off[:-1])
    return centre + half * roots, counts.sum() * vectors[0] ** 2


def event_nodes(events: np.ndarray, basis: Basis, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Times and weights that stand for the event times in sums of a log hazard.

    One Gauss rule between each two knots, where the hazard is one polynomial and its logarithm
    smooth; `nodes` of them an interval.
    """
    if not len(events):
        return np.empty(0), np.empty(0)
    interval = np.searchsorted(basis.internal, events, side="left")
    rules = [quadrature(events[interval == number], nodes) for number in np.unique(interval)]
    return np.concatenate([x for x, _ in rules]), np.concatenate([w for _, w in rules])
