"""What a network's answers rest on: its studies, and its priors."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evinet import tables
from evinet.synthesise import columns, contribution, powerscale, threshold
from evinet.synthesise.aggregate.fit import Fit
from evinet.synthesise.aggregate.measures import points
from evinet.synthesise.aggregate.model import rough_effects
from evinet.synthesise.aggregate.results import Better
from evinet.synthesise.aggregate.results import effects as effects_of
from evinet.synthesise.model import Contrasts

ARM = ["study", "treatment"]
DRAWS = 200  # of tau, over which weights are averaged


def study_tables(fit: Fit, better: Better) -> list[tuple[tables.Table, pd.DataFrame]]:
    """CONTRIBUTION and THRESHOLD; none with baseline risk, nor with several arms of one treatment.

    Arms count by contrasts: differences of their rough estimates on the scale of the link, with the
    variance of these. Given tau, mean effects are linear in them.
    """
    if fit.specification.baseline_risk or fit.specification.design.rows.duplicated(ARM).any():
        return []
    rows = contrasts(fit)
    weight = weights(fit, rows)
    islands = dict.fromkeys(rows.treatments, 1)
    sign = 1 if better == "lower" else -1
    mean = np.array([draws.mean() for draws in effects_of(fit).values()])
    return [
        (tables.CONTRIBUTION, contribution.table(weight, rows, islands)),
        (tables.THRESHOLD, threshold.table(sign * mean, sign * weight, rows, islands)),
    ]


def contrasts(fit: Fit) -> Contrasts:
    """The studies' effects against their baselines, and their covariance."""
    network, design = fit.specification.network, fit.specification.design
    rows, free = design.rows.iloc[design.free], design.free
    y, within = rough_effects(fit.specification)
    effects = columns.differences(columns.pairs_of(rows), network.treatments)
    between = design.deviations[free] @ design.deviations[free].T
    return Contrasts(list(rows["study"]), network.treatments, effects, y, within, between)


def weights(fit: Fit, rows: Contrasts) -> np.ndarray:
    """How much the effect of each treatment moves with each contrast, shape (treatments, rows).

    The rows of the hat matrix (König et al. 2013, Stat Med 32:5414),
    P A' (A P A' + V + tau^2 H)^-1, averaged over the posterior of tau; P is the covariance of the
    prior.
    """
    design = fit.specification.design
    acting = design.effects[design.free]
    prior = fit.specification.prior_sd[: acting.shape[1]] ** 2
    across = prior[:, None] * acting.T
    taus = np.zeros(1) if fit.tau is None else np.sort(fit.tau.ravel())
    chosen = taus[np.linspace(0, len(taus) - 1, min(len(taus), DRAWS)).astype(int)]
    covariance = acting @ across + rows.within + chosen[:, None, None] ** 2 * rows.between
    gain = np.linalg.solve(covariance, across.T).mean(axis=0).T
    named = dict(zip(design.coefficients, gain, strict=True))
    return np.array(
        [np.zeros(len(rows.y))]
        + [named[name] + fit.further(name, named) for name in named if name.startswith("d[")]
    )


def prior_table(fit: Fit) -> pd.DataFrame:
    """Table POWERSCALE."""
    specification, sampled = fit.specification, fit.sampled
    likelihood = np.sum([row["log_likelihood"] for row in points(fit)], axis=0)
    parts = {"likelihood": likelihood}
    names = np.array(list(sampled))
    scaled = np.column_stack([draws.ravel() for draws in sampled.values()]) / specification.prior_sd
    slopes = np.char.startswith(names, "beta")
    for part, mine in {"effects": ~slopes, "coefficients": slopes}.items():
        if mine.any():
            parts[f"prior of {part}"] = -0.5 * (scaled[:, mine] ** 2).sum(axis=1)
    mu = fit.linear()[1]
    if mu.shape[1]:
        parts["prior of intercepts"] = -0.5 * ((mu / specification.priors.intercepts) ** 2).sum(
            axis=1
        )
    if fit.tau is not None:
        parts["prior of tau"] = specification.priors.tau.logpdf(fit.tau.ravel())
    return powerscale.table({name: draws.ravel() for name, draws in fit.parameters.items()}, parts)
