"""Parametric families of survival times, written once for NumPy and PyTensor.

Proportional hazards, `eta` the log of the hazard's level:

    exponential     h(t) = exp(eta)
    weibull         h(t) = exp(eta) shape t^(shape - 1)
    gompertz        h(t) = exp(eta) exp(shape t), the shape of either sign

Accelerated failure time, `eta` the location of ln t, w = (ln t - eta) / scale:

    lognormal       S(t) = Phi(-w)
    loglogistic     S(t) = 1 / (1 + exp(w))
    gengamma        w has the generalised gamma distribution of Prentice 1974 (`gengamma`)

They are those of flexsurv (Jackson 2016, J Stat Softw 70:8), its log-logistic shape 1 / scale.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from evinet.nma.likelihoods.survival import gengamma

Shapes = tuple[Any, ...]
Function = Callable[[Any, Any, Shapes, Any], Any]
"""Of (numpy or pytensor.tensor, eta, shapes, time)."""


@dataclass(frozen=True)
class Family:
    """A family of survival times.

    Attributes
    ----------
    shapes : names of the shape parameters; `signed` are those that may be negative.
    accelerated : accelerated failure time, else proportional hazards.
    at_event : log density of accelerated families, log hazard of proportional ones.
    cumulative : cumulative hazard. log_time : whether both are smooth in ln t, else in t.
    """

    shapes: tuple[str, ...]
    signed: tuple[str, ...]
    accelerated: bool
    log_time: bool
    at_event: Function
    cumulative: Function

    def hazards(
        self, eta: np.ndarray, shapes: Shapes, time: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Log hazard and cumulative hazard, by NumPy."""
        spent = self.cumulative(np, eta, shapes, time)
        found = self.at_event(np, eta, shapes, time)
        return (found + spent if self.accelerated else found), spent


def _standardised(xp: Any, eta: Any, scale: Any, time: Any) -> Any:
    return (xp.log(time) - eta) / scale


def _log_ndtr(xp: Any, x: Any) -> Any:
    if xp is np:
        return special.log_ndtr(x)
    from pymc.distributions.dist_math import normal_lcdf

    return normal_lcdf(0.0, 1.0, x)


def _gompertz_cumulative(xp: Any, eta: Any, shapes: Shapes, time: Any) -> Any:
    x = shapes[0] * time
    small = abs(x) < 1e-5
    ratio = xp.where(small, 1 + x / 2, xp.expm1(x) / xp.where(small, 1.0, x))
    return xp.exp(eta) * time * ratio


def _accelerated(log_density: Callable[..., Any], cumulative: Callable[..., Any]) -> Any:
    """`at_event` and `cumulative` of a family from those of w, given (xp, w, further shapes)."""

    def at_event(xp: Any, eta: Any, shapes: Shapes, time: Any) -> Any:
        w = _standardised(xp, eta, shapes[0], time)
        return log_density(xp, w, *shapes[1:]) - xp.log(shapes[0]) - xp.log(time)

    def of_time(xp: Any, eta: Any, shapes: Shapes, time: Any) -> Any:
        return cumulative(xp, _standardised(xp, eta, shapes[0], time), *shapes[1:])

    return at_event, of_time


FAMILIES = {
    "exponential": Family(
        (), (), False, False,
        lambda xp, eta, _, time: eta + 0 * time,
        lambda xp, eta, _, time: xp.exp(eta) * time,
    ),
    "weibull": Family(
        ("shape",), (), False, True,
        lambda xp, eta, shapes, time: eta + xp.log(shapes[0]) + (shapes[0] - 1) * xp.log(time),
        lambda xp, eta, shapes, time: xp.exp(eta + shapes[0] * xp.log(time)),
    ),
    "gompertz": Family(
        ("shape",), ("shape",), False, False,
        lambda xp, eta, shapes, time: eta + shapes[0] * time,
        _gompertz_cumulative,
    ),
    "lognormal": Family(
        ("scale",), (), True, True,
        *_accelerated(
            lambda xp, w: -0.5 * w**2 - 0.5 * np.log(2 * np.pi),
            lambda xp, w: -_log_ndtr(xp, -w),
        ),
    ),
    "loglogistic": Family(
        ("scale",), (), True, True,
        *_accelerated(
            lambda xp, w: w - 2 * xp.logaddexp(0.0, w),
            lambda xp, w: xp.logaddexp(0.0, w),
        ),
    ),
    "gengamma": Family(
        ("scale", "Q"), ("Q",), True, True,
        *_accelerated(gengamma.log_density, gengamma.cumulative),
    ),
}  # fmt: skip
