"""Sensitivity to priors and likelihood by power scaling (Kallioinen et al. 2024)."""

from __future__ import annotations

from typing import Any

import arviz as az
import numpy as np
import pandas as pd

from evinet import tables
from evinet.synthesise.sampled import Sampled

STEP = 1.01
"""Powers 1 / 1.01 and 1.01: a numerical derivative at 1."""
STRONG = 0.05
"""Above this a prior is informative, below it a likelihood is weak (Stat Comput 34:57)."""


def powerscale(drawn: Sampled) -> pd.DataFrame:
    """Table POWERSCALE: how much each parameter would move were a prior or the data to weigh more.

    A prior density is raised to a power a little below and above 1, by importance weights on the
    draws; the sensitivity is the cumulative Jensen-Shannon distance to the posterior for a doubling
    of the power. Trials that entered by patients count by their normal summary.
    """
    return table(_parameters(drawn), components(drawn))


def table(parameters: dict[str, np.ndarray], parts: dict[str, np.ndarray]) -> pd.DataFrame:
    """Table POWERSCALE of any posterior.

    `parameters` are draws by name; `parts` the log densities of the likelihood and of the priors at
    each draw, by name: "likelihood", "prior of tau", ....
    """
    found = []
    for parameter, draws in parameters.items():
        moved = {name: sensitivity(draws, density) for name, density in parts.items()}
        for name, value in moved.items():
            row: dict[str, Any] = {"parameter": parameter, "component": name, "sensitivity": value}
            if name != "likelihood":
                row["finding"] = finding(value, moved["likelihood"])
            found.append(row)
    return tables.POWERSCALE.frame(found)


def finding(prior: float, likelihood: float) -> str:
    """What a prior's and the likelihood's sensitivity mean together."""
    if prior < STRONG:
        return "prior not influential"
    return "prior strong, data weak" if likelihood < STRONG else "prior and data may disagree"


def components(drawn: Sampled) -> dict[str, np.ndarray]:
    """Log density of each prior, and of the data, at each draw; shape (draws,) each."""
    specification, rows = drawn.specification, drawn.rows
    residual = rows.y - drawn.draws("theta")
    precision = np.linalg.inv(rows.within)
    parts = {"likelihood": -0.5 * ((residual @ precision) * residual).sum(axis=1)}
    names, d = specification.treatments, drawn.draws("d")
    free = [name for name in names if name not in specification.references.values()]
    own = d[:, [names.index(name) for name in free if name not in specification.members]]
    if specification.members:
        mine = [names.index(name) for name in specification.members]
        own = np.column_stack([own, d[:, mine].mean(axis=1)])
    parts["prior of effects"] = (
        -0.5 * (own**2).sum(axis=1) / specification.config.effect_prior_sd**2
    )
    if specification.tau_prior is not None:
        parts["prior of tau"] = specification.tau_prior.logpdf(drawn.tau)
    if specification.sigma_prior is not None:
        parts["prior of sigma"] = specification.sigma_prior.logpdf(drawn.sigma)
    return parts


def sensitivity(draws: np.ndarray, log_density: np.ndarray) -> float:
    """Mean distance of the two power-scaled posteriors, for a doubling of the power."""
    distances = []
    for power in (1 / STEP, STEP):
        smoothed, _ = az.psislw((power - 1) * log_density)
        weight = np.exp(np.asarray(smoothed))
        distances.append(distance(draws, weight / weight.sum()))
    return float(np.mean(distances) / np.log2(STEP))


def distance(draws: np.ndarray, weight: np.ndarray) -> float:
    """Cumulative Jensen-Shannon distance of draws and of the same draws weighted.

    Nguyen & Vreeken 2015 (ECML PKDD), normalised; the larger of the distances of x and of -x.
    """
    return max(_distance(draws, weight), _distance(-draws, weight))


def _distance(draws: np.ndarray, weight: np.ndarray) -> float:
    order = np.argsort(draws, kind="stable")
    widths = np.diff(draws[order])
    p = np.arange(1, len(draws)) / len(draws)
    q = np.cumsum(weight[order])[:-1].clip(max=1.0)
    p_total, q_total = float(widths @ p), float(widths @ q)
    divergence = sum(
        float(widths @ (one * (np.log2(one) - np.log2((p + q) / 2))))
        + 0.5 / np.log(2) * (other_total - one_total)
        for one, one_total, other_total in ((p, p_total, q_total), (q, q_total, p_total))
    )
    return float(np.sqrt(max(divergence, 0.0) / (p_total + q_total)))


def _parameters(drawn: Sampled) -> dict[str, np.ndarray]:
    specification = drawn.specification
    references = specification.references.values()
    found = {f"d[{name}]": draws for name, draws in drawn.d.items() if name not in references}
    if specification.tau_prior is not None:
        found["tau"] = drawn.tau
    if specification.sigma_prior is not None:
        found["sigma"] = drawn.sigma
    return found
