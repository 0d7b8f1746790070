"""Effects on the scale of the linear predictor: ln OR, mean difference, ln HR."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from evinet.nma.data import arms as arm_data
from evinet.nma.data import frames, layouts
from evinet.patients import cox

SCALES = {"binomial": "ln OR", "normal": "difference", "survival": "ln HR"}


@dataclass(frozen=True)
class Effect:
    """An estimate and its variance."""

    estimate: float
    variance: float

    @property
    def se(self) -> float:
        """Standard error."""
        return float(np.sqrt(self.variance))

    def less(self, other: Effect) -> Effect:
        """The difference from an independent one."""
        return Effect(self.estimate - other.estimate, self.variance + other.variance)


def contrast(
    kind: str,
    own: pd.DataFrame,
    other: pd.DataFrame,
    own_weights: np.ndarray | None = None,
    other_weights: np.ndarray | None = None,
) -> Effect:
    """Effect of one arm's patients against another's, with a robust variance if weighted.

    Binomial and normal: the difference of arms (see `arm`). Survival: Cox regression on the arm,
    with the sandwich of Lin & Wei.
    """
    if kind != "survival":
        return arm(kind, own, own_weights).less(arm(kind, other, other_weights))
    weighted = own_weights is not None or other_weights is not None
    first = np.ones(len(own)) if own_weights is None else own_weights
    second = np.ones(len(other)) if other_weights is None else other_weights
    both = pd.concat([own, other])
    treated = np.repeat([1.0, 0.0], [len(own), len(other)])
    found = cox.fit(both["time"].to_numpy(float), both["event"].to_numpy(), treated[:, None],
                    np.concatenate([first, second]))  # fmt: skip
    variance = found.robust if weighted else found.covariance
    return Effect(float(found.coefficients[0]), float(variance[0, 0]))


def arm(kind: str, patients: pd.DataFrame, weights: np.ndarray | None = None) -> Effect:
    """Log odds (binomial) or mean (normal) of an arm's patients.

    Of weighted patients the variance is the sandwich, with residuals divided by one less their
    leverage (HC3: MacKinnon & White 1985, J Econometrics 29:305); weights count as known.
    """
    values = patients["r" if kind == "binomial" else "y"].to_numpy(float)
    weight = np.ones(len(values)) if weights is None else weights
    mean = float(weight @ values / weight.sum())
    spread = mean * (1 - mean) if kind == "binomial" else 1.0
    estimate = float(special.logit(mean)) if kind == "binomial" else mean
    if weights is None:
        own = spread if kind == "binomial" else values.var(ddof=1)
        with np.errstate(divide="ignore"):
            return Effect(estimate, float(own / spread**2 / len(values)))
    residual = weight * (values - mean) / (1 - weight / weight.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        return Effect(estimate, float((residual**2).sum() / (weight.sum() * spread) ** 2))


def published_arms(frame: pd.DataFrame, kind: str, level: float) -> dict[str, Effect]:
    """Treatment -> log odds (columns r, n) or mean (with se; sd, n; limits) of its arm.

    Raises
    ------
    InputError
        A column is missing, a value impossible, a treatment has two rows, or an arm has no event
        (or nothing but events).
    """
    columns = ("r", "n") if kind == "binomial" else ("y", "se")
    found = layouts.read(frame, layouts.Reading(kind="arms", level=level)).table
    frames.stop([
        frames.problem(found, int(row), "treatment", "has another row", "Give each arm one row")
        for row in np.flatnonzero(found.duplicated("treatment").to_numpy())
    ])  # fmt: skip
    x, s, _ = arm_data.data(found, columns, None)
    if kind == "normal":
        return {name: Effect(float(mean), float(se**2))
                for name, mean, se in zip(found["treatment"], x, s, strict=True)}  # fmt: skip
    frames.stop([
        frames.problem(found, int(row), "r", "leaves the odds 0 or infinite",
                       "Give the published contrast (diff, se) instead of the arms")
        for row in np.flatnonzero((x == 0) | (x == s))
    ])  # fmt: skip
    return {
        name: Effect(float(special.logit(r / n)), float(1 / r + 1 / (n - r)))
        for name, r, n in zip(found["treatment"], x, s, strict=True)
    }
