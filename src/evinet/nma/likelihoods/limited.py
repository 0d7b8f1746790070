"""Study levels where the linear predictor has limits: risks on the log or the identity scale.

The predictors of all arms of a study must lie between limits: ln risks below 0, risks between 0 and
1. The prior is that of any model, cut at these limits. A sampler must not meet them as walls, so
that what it moves is a number x on the whole line. Let theta be the effects of the arms, and m the
study's mean predictor (weights w).

Below 0, with ``gap = max(theta) - w theta``,

    m = log(expit(x + gap)) - gap,

which for small risks is m = x, as in models without limits. Between 0 and 1, with ``width = 1 -
(max(theta) - min(theta))``, where the arms leave room,

    m = w theta - min(theta) + width expit(x).

(Warn, Thompson & Spiegelhalter 2002, Stat Med 21:1601, cut the priors in the same way.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import logit

FAR = 1e9


def start(
    upper_only: bool, level: np.ndarray, scale: np.ndarray, top: np.ndarray, bottom: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Centre and scale of x, by rough mean predictors, their errors, and the extreme arms' own.

    Examples
    --------
    >>> centre, scale = start(True, np.log([0.1]), np.ones(1), np.log([0.2]), np.log([0.05]))
    >>> from scipy.special import expit
    >>> gap = np.log(0.2) - np.log(0.1)
    >>> print((np.log(expit(centre + gap)) - gap).round(3), np.log(0.1).round(3))
    [-2.303] -2.303
    """
    if upper_only:
        highest = np.exp(top)
        return logit(highest) - (top - level), scale / (1 - highest)
    width = 1 - (top - bottom)
    share = np.clip(bottom / width, 0.01, 0.99)
    return logit(share), scale / (width * share * (1 - share))


def level(upper_only: bool, x: Any, theta: Any, weights: Any, member: np.ndarray) -> Any:
    """The study's intercept mu, and the logarithm of its slope in x, as PyTensor expressions.

    `theta` holds the effects of the arms, `weights` and `member` have shape (studies, arms).
    """
    import pytensor.tensor as pt

    each = theta[None, :]
    top = pt.where(member > 0, each, -FAR).max(axis=1)
    if upper_only:
        within = x + top - pt.dot(weights, theta)
        return -pt.softplus(-within) - top, -pt.softplus(within)
    bottom = pt.where(member > 0, each, FAR).min(axis=1)
    width = 1 - (top - bottom)
    slope = pt.switch(width > 0, pt.log(pt.maximum(width, 1e-300)), -np.inf)
    return width * pt.sigmoid(x) - bottom, slope - pt.softplus(x) - pt.softplus(-x)
