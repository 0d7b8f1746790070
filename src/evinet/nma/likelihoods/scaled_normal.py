"""Sampling ``scale * z``, z standard normal, when the scale is unknown.

Where data are strong the posterior of z depends on the scale steeply, where they are weak not at
all, so neither z (non-centred) nor scale * z (centred) suits a sampler everywhere. Let the
log-likelihood of w = scale * z be near ``slope w - curvature w^2 / 2``. Then w given the scale is
normal with

    mean = scale^2 slope / (1 + scale^2 curvature)
    variance = scale^2 / (1 + scale^2 curvature)

and the sampler moves the standardised w, which hardly depends on the scale (Papaspiliopoulos et al.
2007, Stat Sci 22:59). The approximation changes how fast the sampler moves, never where to: the
density holds the exact prior of z and the Jacobian.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def standard_normal(
    name: str, shape: tuple[int, ...], scale: Any, slope: Any, curvature: Any
) -> Any:
    """z, a priori independent standard normal; adds the variable `name`, z standardised.

    `curvature` has this shape, to which `scale` and `slope` must broadcast; slope may depend on
    other variables.
    """
    import pymc as pm
    import pytensor.tensor as pt

    narrow = 1 / pt.sqrt(1 + pt.sqr(scale) * curvature)
    moves = flat(name, shape, curvature.shape)
    z = scale * slope * pt.sqr(narrow) + narrow * moves
    pm.Potential(f"{name}_prior", (pt.log(narrow) - 0.5 * pt.sqr(z)).sum())
    return z


def flat(name: str, shape: tuple[int, ...], told: Any) -> Any:
    """A variable with a flat prior that starts at 0, in the shape that the model's data tell."""
    import pymc as pm

    return pm.Flat(name, shape=tuple(told), initval=np.zeros(shape))
