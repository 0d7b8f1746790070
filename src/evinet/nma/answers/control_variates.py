"""Posterior means with less Monte Carlo error, by zero-variance control variates.

The gradient g of the log posterior has mean 0, and so has (q - c) g + 1 in every coordinate q, for
any c: they are what the Langevin operator makes of polynomials (Mira, Solgi & Imparato 2013, Stat
Comput 23:653, with linear and squared terms). A function's regression on them leaves its mean and
takes away what of its error they explain: nearly all where the posterior is nearly normal and the
function nearly quadratic, as a deviance is.
"""

from __future__ import annotations

from typing import Any

import numpy as np

FEWEST = 4  # draws a regressor


class Controls:
    """The control variates of a trace: an `InferenceData` with positions and gradients.

    `kept` are the draws whose functions are averaged.
    """

    def __init__(self, trace: Any, kept: slice = slice(None)):
        stats = trace.sample_stats
        position, gradient = (
            np.reshape(values, (-1, values.shape[-1]))[kept]
            for values in (stats["unconstrained_draw"].to_numpy(), stats["gradient"].to_numpy())
        )
        variates = np.hstack([(position - position.mean(axis=0)) * gradient + 1, gradient])
        enough = len(variates) >= FEWEST * (variates.shape[1] + 1)
        self._variates = variates if enough else variates[:, :0]

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Posterior means of functions, shape (draws, functions), the chains one after another.

        With fewer than four draws a variate it is the draws' own mean.
        """
        ones = np.ones((len(self._variates), 1))
        found = np.linalg.lstsq(np.hstack([ones, self._variates]), values, rcond=None)[0]
        return np.asarray(found[0])
