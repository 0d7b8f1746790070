"""M-splines (Ramsay 1988, Statistical Science 3:425): non-negative, each integrates to one.

A hazard is ``exp(intercept) * sum_k s_k M_k(t)`` with `s` on the simplex, so its cumulative hazard
is ``exp(intercept) * sum_k s_k I_k(t)``. Beyond the last knot the hazard stays as it is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Basis:
    """An M-spline basis on [0, upper].

    Parameters
    ----------
    internal : internal knots, increasing, strictly between 0 and `upper`.
    upper : upper boundary knot; the lower one is 0.
    degree : 0 for piecewise constant, 3 for cubic.
    """

    internal: np.ndarray
    upper: float
    degree: int = 3

    @property
    def size(self) -> int:
        """Number of basis functions."""
        return len(self.internal) + self.degree + 1

    @property
    def edges(self) -> np.ndarray:
        """Boundary and internal knots: between two of them every M_k is one polynomial."""
        return np.concatenate([[0.0], self.internal, [self.upper]])

    @property
    def _knots(self) -> np.ndarray:
        return np.concatenate(
            [np.zeros(self.degree + 1), self.internal, np.full(self.degree + 1, self.upper)]
        )

    @property
    def _splines(self) -> Any:
        from scipy.interpolate import BSpline

        knots, order = self._knots, self.degree + 1
        scale = order / (knots[order:] - knots[:-order])
        return BSpline(knots, np.diag(scale), self.degree)

    def hazard(self, time: np.ndarray) -> np.ndarray:
        """M_k(t), shape (times, size)."""
        inside = np.minimum(time, self.upper)
        if self.degree == 0:  # right-continuous pieces: the upper boundary is in the last one
            inside = np.minimum(inside, np.nextafter(self.upper, 0))
        return self._splines(inside)

    def cumulative(self, time: np.ndarray) -> np.ndarray:
        """I_k(t), the integral of M_k from 0 to t, shape (times, size)."""
        time = np.asarray(time, float)
        inside = self._splines.antiderivative()(np.minimum(time, self.upper))
        beyond = np.maximum(time - self.upper, 0.0)
        return inside + beyond[:, None] * self.hazard(np.array([self.upper]))

    @property
    def constant(self) -> np.ndarray:
        """Coefficients on the simplex that make the hazard constant (Jackson 2023, survextrap)."""
        knots, order = self._knots, self.degree + 1
        return (knots[order:] - knots[:-order]) / (order * self.upper)

    @property
    def steps(self) -> np.ndarray:
        """Standard deviations of the random walk's steps, relative to sigma; squares sum to one.

        A step's variance is proportional to the distance that it spans (Phillippo et al. 2024,
        arXiv:2401.12640), so that the prior does not depend on where knots are dense.
        """
        knots, order = self._knots, self.degree + 1
        if order == 1:
            return np.sqrt(np.diff(knots)[1:] / np.diff(knots)[1:].sum())
        span = knots[order : self.size + order - 1] - knots[1 : self.size]
        return np.sqrt(span / span.sum())


def at_quantiles(events: np.ndarray, upper: float, internal: int, degree: int = 3) -> Basis:
    """Basis with internal knots at evenly spaced quantiles of event times.

    Where ties would make two knots one, or put one on the boundary, the quantiles are those of the
    distinct times.

    Raises
    ------
    ValueError
        There are too few distinct times for so many knots.
    """
    shares = np.arange(1, internal + 1) / (internal + 1)
    distinct = np.unique(events)
    for times in (events, distinct) if len(distinct) >= internal else ():
        knots = np.quantile(times, shares)
        if (np.diff(np.concatenate([[0.0], knots, [upper]])) > 0).all():
            return Basis(knots, float(upper), degree)
    raise ValueError(f"{len(distinct)} distinct event times for {internal} knots")
