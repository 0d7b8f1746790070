"""Absolute outcomes of every treatment in a named population, from its outcome on the reference.

    g(outcome on k) = g(outcome on the reference) + d_k

The outcome on the reference is the user's, independent of the network (Dias et al., NICE TSD 5): a
probability, a rate or a mean, normal on the scale of the link g with its 95 % interval.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from evinet.errors import InputError, Problem
from evinet.synthesise.aggregate.fit import Fit
from evinet.synthesise.aggregate.likelihoods import Likelihood
from evinet.synthesise.aggregate.model import BASELINE_RISK
from evinet.synthesise.aggregate.results import effects
from evinet.synthesise.answers import NORMAL, summary

LINKS: dict[str, Callable[[Any], Any]] = {
    "logit": special.logit,
    "probit": special.ndtri,
    "cloglog": lambda p: np.log(-np.log1p(-p)),
    "log": np.log,
    "identity": lambda x: x,
}


@dataclass(frozen=True)
class Population:
    """A population: its outcome on the reference, with the 95 % interval if it is uncertain."""

    name: str
    value: float
    lower: float | None = None
    upper: float | None = None


def parse(text: str, likelihood: Likelihood | None) -> Population:
    """A population from text such as ``clinic=0.12:0.09:0.15``.

    Raises
    ------
    InputError
        The text is none, the numbers are out of order or range, or the network has no arms.
    """
    name, _, numbers = text.partition("=")

    def refused(message: str, remedy: str) -> InputError:
        return InputError(Problem("(options)", "--population", text, message, remedy))

    if likelihood is None:
        raise refused("contrasts have no outcome on the reference", "Give studies by their arms")
    try:
        found = Population(name.strip(), *(float(part) for part in numbers.split(":")))
    except (TypeError, ValueError):
        raise refused("is not understood", "Write NAME=VALUE or NAME=VALUE:LOWER:UPPER") from None
    given = [value for value in (found.lower, found.value, found.upper) if value is not None]
    if not found.name or len(given) == 2 or (np.diff(given) <= 0).any():
        raise refused("needs a name, and a value between both its limits",
                      "Write NAME=VALUE or NAME=VALUE:LOWER:UPPER")  # fmt: skip
    with np.errstate(all="ignore"):
        scale = LINKS[likelihood.link](np.array(given))
    if not np.isfinite(scale).all():
        raise refused(f"is out of the range of the {likelihood.link} link",
                      "Write probabilities between 0 and 1, rates above 0")  # fmt: skip
    return found


def absolute(
    fit: Fit, populations: tuple[Population, ...], rng: np.random.Generator
) -> pd.DataFrame:
    """Outcomes of every treatment, and how much they differ from the reference's.

    Columns population, treatment, then mean, sd, q2.5, q50, q97.5 of the outcome, and the same of
    the difference as difference_mean, .... With random effects those of the mean effects d; with a
    covariate where effects are reported; with baseline risk at the population's own.
    """
    specification = fit.specification
    likelihood = specification.likelihood
    assert likelihood is not None
    link = LINKS[likelihood.link]
    named = effects(fit)
    size = len(named[specification.network.reference])
    slope, centre = np.zeros(size), 0.0
    if specification.baseline_risk:
        slope, centre = fit.coefficients[BASELINE_RISK].ravel(), specification.reported_at
    rows = []
    for population in populations:
        eta = np.full(size, float(link(population.value)))
        if population.lower is not None and population.upper is not None:
            width = float(link(population.upper) - link(population.lower))
            eta = eta + rng.standard_normal(size) * width / (2 * NORMAL)
        on_reference = likelihood.fitted(eta, np.ones(size))
        for treatment, d in named.items():
            other = treatment != specification.network.reference
            outcome = likelihood.fitted(eta + d + other * slope * (eta - centre), np.ones(size))
            gain = summary(outcome - on_reference)
            rows.append({
                "population": population.name, "treatment": treatment, **summary(outcome),
                **{f"difference_{key}": value for key, value in gain.items()},
            })  # fmt: skip
    return pd.DataFrame(rows)
