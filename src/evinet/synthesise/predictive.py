"""Would the model, or its priors alone, have produced each trial's result?"""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd

from evinet import tables
from evinet.synthesise import exact
from evinet.synthesise.answers import checked
from evinet.synthesise.influence import Left, connected, without
from evinet.synthesise.model import Contrasts, Specification
from evinet.synthesise.sampled import Sampled

DRAWS = 4000


def predictive(drawn: Sampled, left: Left, rng: np.random.Generator) -> pd.DataFrame:
    """Table PREDICTIVE: the ln HR of each row against what was predicted for such a trial.

    Predicted are a new trial's effect and its result with this trial's standard error (Marshall &
    Spiegelhalter 2003, Stat Med 22:1649), from the priors, from the posterior, and from the
    posterior without the trial (`left`) where the others still connect its treatments. p is
    two-sided.
    """
    specification, rows = drawn.specification, drawn.rows
    prior = prior_draws(specification, rows, DRAWS, rng)
    full = _replicated(rows, drawn.draws("d"), drawn.tau, rng)
    before = _replicated(rows, prior["d"], prior["tau"], rng)
    found = []
    for number, (trial, (treatment, comparator)) in enumerate(
        zip(rows.trials, rows.pairs, strict=True)
    ):
        y = float(rows.y[number])
        row = {
            "trial": trial,
            "treatment": treatment,
            "comparator": comparator,
            "log_estimate": y,
            **checked("prior_", before[:, number], y),
            **checked("posterior_", full[:, number], y),
        }
        rest = without(rows, trial)
        if trial in left and nx.has_path(connected(specification, rest), treatment, comparator):
            others = _replicated(rows, left[trial]["d"], left[trial]["tau"], rng)
            row |= checked("others_", others[:, number], y)
        found.append(row)
    return tables.PREDICTIVE.frame(found)


def prior_draws(
    specification: Specification, rows: Contrasts, size: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draws of d and tau from the priors."""
    tau, sigma = specification.tau_prior, specification.sigma_prior
    fixed = specification.model.sigma or 0.0
    spread = np.full(size, fixed) if sigma is None else sigma.draws(rng, size)
    d = exact.correlated(specification.effect_covariance(spread), size, rng)
    return {"d": d, "tau": np.zeros(size) if tau is None else tau.draws(rng, size)}


def _replicated(
    rows: Contrasts, d: np.ndarray, tau: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Results of new trials like these, shape (draws, rows)."""
    variance = np.diag(rows.within) + tau[:, None] ** 2
    mean = d @ rows.design.T
    return mean + np.sqrt(variance) * rng.standard_normal(mean.shape)
