"""A few weighted points in place of many: averages over a population at a small cost.

What is averaged is a smooth function of linear combinations of covariates, so that polynomials of
them stand close to it. Weights are found on a few of the many points that keep the averages of all
polynomials to the highest degree that the number allows (Tchakaloff's theorem; Piazzon, Sommariva &
Vianello 2017, Dolomites Res Notes Approx 10:5). Of a few binary covariates alone they are exact.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg, optimize

NEW = 1e-5  # a polynomial below this share of its size is one of those before
HIGHEST = 12  # degree
CANDIDATES = 1024
PER_POINT = 4  # rows by which polynomials are told to be new, for each point that may be kept
EXACT = 1e-9


def compressed(columns: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """At most so many of the points, with weights that keep the averages of polynomials.

    Parameters
    ----------
    columns
        Points of the same weight, shape (points, terms).
    most
        How many may be kept, at least terms + 1.

    Returns
    -------
    kept, weights
        Numbers of points, and their weights, which add up to 1; both of shape (kept,).

    Examples
    --------
    >>> x = np.random.default_rng(1).normal(size=(4096, 2))
    >>> kept, weights = compressed(x, 32)
    >>> len(kept) <= 32
    True
    >>> bool(abs(weights @ np.exp(x[kept] @ [0.3, 0.2]) / np.exp(x @ [0.3, 0.2]).mean() - 1) < 1e-4)
    True
    """
    unique, place, counts = np.unique(columns, axis=0, return_index=True, return_counts=True)
    share = counts / counts.sum()
    if len(unique) <= most:
        return place, share
    basis = _polynomials(unique, share, most)
    target = np.eye(basis.shape[1])[0]  # they are orthonormal: only the constant has an average
    order = np.argsort(place)  # of a Sobol sequence the first points are spread evenly
    count = CANDIDATES
    while True:
        tried = order[:count]
        weights, residual = optimize.nnls(basis[tried].T, target, maxiter=50 * len(target))
        if residual < EXACT or len(tried) == len(unique):
            break
        count *= 4
    kept = tried[weights > 0]
    weights = weights[weights > 0]
    return place[kept], weights / weights.sum()


def _polynomials(columns: np.ndarray, share: np.ndarray, most: int) -> np.ndarray:
    """Orthonormal polynomials of the columns, by degree, at most so many; shape (points, these)."""
    centred = columns - share @ columns
    spread = np.sqrt(share @ centred**2)
    z = centred[:, spread > 0] / spread[spread > 0]
    basis = np.ones((len(z), 1))
    last = basis
    rows = np.linspace(0, len(z) - 1, min(len(z), PER_POINT * most)).astype(int)
    for _ in range(HIGHEST):
        products = (last[rows][:, :, None] * z[rows][:, None, :]).reshape(len(rows), -1)
        chosen = _independent(basis[rows], products)
        if not len(chosen) or basis.shape[1] + len(chosen) > most:
            return basis
        one, other = np.divmod(chosen, z.shape[1])
        last = _orthonormal(basis, last[:, one] * z[:, other], share)
        basis = np.hstack([basis, last])
    return basis


def _independent(basis: np.ndarray, more: np.ndarray) -> np.ndarray:
    """Numbers of columns that neither a basis nor the others hold; shape (these,)."""
    own = np.linalg.qr(basis)[0]
    more = more / np.sqrt((more**2).sum(axis=0)).clip(min=NEW)
    for _ in range(2):  # once leaves rounding errors
        more = more - own @ (own.T @ more)
    triangle, order = linalg.qr(more, mode="r", pivoting=True)
    return np.asarray(order[: (abs(np.diag(triangle)) > NEW).sum()])


def _orthonormal(basis: np.ndarray, more: np.ndarray, share: np.ndarray) -> np.ndarray:
    """What is new in some columns, given an orthonormal basis."""
    more = more / np.sqrt(share @ more**2)
    for _ in range(2):  # once leaves rounding errors
        more = more - basis @ (basis.T @ (share[:, None] * more))
        values, vectors = np.linalg.eigh(more.T @ (share[:, None] * more))
        kept = values > NEW**2
        more = more @ (vectors[:, kept] / np.sqrt(values[kept]))
    return np.asarray(more)
