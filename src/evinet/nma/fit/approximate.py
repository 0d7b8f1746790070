"""A rough normal approximation of effects' posterior, to tell the sampler where to look."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular

TAUS = np.geomspace(0.01, 10, 40)


def rough(
    columns: np.ndarray,
    y: np.ndarray,
    covariance: np.ndarray,
    deviations: np.ndarray | None,
    prior_sd: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Centre of the coefficients and a root of their covariance, by generalised least squares.

    Parameters
    ----------
    columns : what the coefficients (normal, of mean 0 and `prior_sd`) add to rough effects y, whose
        covariance is known; shape (effects, coefficients).
    deviations : roots of the effects' deviations, (effects, free), times tau; None if fixed. tau is
        where its marginal likelihood is largest on a grid.
    """
    spread = 0.0 if deviations is None else deviations @ deviations.T
    best: tuple[float, np.ndarray, np.ndarray] | None = None
    for tau in [0.0] if deviations is None else TAUS:
        root = cholesky(covariance + tau**2 * spread, lower=True)
        white_x = solve_triangular(root, columns, lower=True)
        white_y = solve_triangular(root, y, lower=True)
        factor = cholesky(white_x.T @ white_x + np.diag(1 / prior_sd**2), lower=True)
        centre = cho_solve((factor, True), white_x.T @ white_y)
        residual = white_y - white_x @ centre
        score = -0.5 * residual @ residual - np.log(np.diag(root)).sum()
        score -= np.log(np.diag(factor)).sum()
        if best is None or score > best[0]:
            best = float(score), centre, factor
    assert best is not None
    return best[1], solve_triangular(best[2], np.eye(len(best[1])), lower=True).T
