"""Absolute outcomes of every treatment in a named population, from its outcome on the reference.

    g(outcome on k) = g(outcome on the reference) + d_k

The outcome on the reference is the user's, independent of the network (Dias et al., NICE TSD 5): a
probability, a rate or a mean, normal on the scale of the link g with its 95 % interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evinet.errors import InputError, Problem
from evinet.nma.design import BASELINE_RISK
from evinet.nma.distribution import Z95, summary
from evinet.nma.likelihoods.arms import LIKELIHOODS, LINKS, Likelihood
from evinet.nma.model import RISK

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit


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


def absolute(fit: Fit, populations: list[Population], rng: np.random.Generator) -> pd.DataFrame:
    """Outcomes of every treatment, and how much they differ from the reference's.

    Columns population, treatment (of ordered categories also category, of those who reach it: the
    population's own is of the first), then mean, sd, q2.5, q50, q97.5 of the outcome, and the same
    of the difference as difference_mean, .... With random effects those of the mean effects d; with
    a covariate where effects are reported; with baseline risk at the population's own. Only the
    island of the first reference.
    """
    model = fit.specification
    assert model.arms is not None
    likelihood, reference = model.arms.likelihood, fit.references[0]
    if likelihood.ordered:  # whether a category is reached
        likelihood = LIKELIHOODS["binomial", likelihood.link]
    link = LINKS[likelihood.link]
    size = len(fit.tau)
    slope, centre = np.zeros(size), 0.0
    if model.terms.baseline_risk:
        slope = fit.coefficients[:, fit.specification.names.index(BASELINE_RISK)]
        centre = model.reported_at[RISK]
    rows = []
    for population in populations:
        eta = np.full(size, float(link(population.value)))
        if population.lower is not None and population.upper is not None:
            width = float(link(population.upper) - link(population.lower))
            eta = eta + rng.standard_normal(size) * width / (2 * Z95)
        for treatment, d in fit.d.items():
            if fit.islands[treatment] != fit.islands[reference]:
                continue
            other = treatment != reference
            own = eta + d + other * slope * (eta - centre)
            for category, cut in fit.levels.items():
                outcome = likelihood.fitted(own - cut, np.ones(size))
                gain = summary(outcome - likelihood.fitted(eta - cut, np.ones(size)))
                rows.append({
                    "population": population.name, "treatment": treatment,
                    **({"category": category} if category else {}), **summary(outcome),
                    **{f"difference_{key}": value for key, value in gain.items()},
                })  # fmt: skip
    return pd.DataFrame(rows)
