"""The tables of a fitted network: estimates, league, ranks, node-splits, and what fit.json says."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from evinet import tables
from evinet.synthesise import answers
from evinet.synthesise.aggregate.fit import Fit
from evinet.synthesise.aggregate.measures import fit_measures
from evinet.synthesise.columns import difference

Better = Literal["lower", "higher"]


def estimates(fits: dict[str, Fit]) -> pd.DataFrame:
    """Table ESTIMATES of the first fit."""
    import arviz as az

    fit = next(iter(fits.values()))
    rows = [
        {
            "parameter": name,
            **answers.summary(draws),
            "ess_bulk": float(az.ess(draws, method="bulk")),
            "ess_tail": float(az.ess(draws, method="tail")),
            "rhat": float(az.rhat(draws)),
        }
        for name, draws in fit.parameters.items()
    ]
    return tables.ESTIMATES.frame(rows)


def effects(fit: Fit) -> dict[str, np.ndarray]:
    """Treatment -> draws of its effect against the reference."""
    network, found = fit.specification.network, fit.coefficients
    zero = np.zeros(next(iter(found.values())).size)
    named = {name: found[f"d[{name}]"].ravel() for name in network.treatments[1:]}
    return {network.reference: zero, **named}


def league(fit: Fit, better: Better, rng: np.random.Generator) -> pd.DataFrame:
    """Table LEAGUE: every pair, with the interval of a new study where effects are random."""
    d = effects(fit)
    island = dict.fromkeys(d, 1)
    tau = None if fit.tau is None else fit.tau.ravel()
    table = answers.league(d, island, island, tau, rng)
    if better == "higher":
        table["p_better"] = 1 - table["p_better"]
    return table


def ranks(fit: Fit, better: Better) -> pd.DataFrame:
    """Table RANKS; rank 1 is the best."""
    sign = 1 if better == "lower" else -1
    d = {name: sign * draws for name, draws in effects(fit).items()}
    return answers.ranks(d, dict.fromkeys(d, 1))


def splits(fits: dict[str, Fit]) -> pd.DataFrame:
    """A row a split pair: direct and indirect effect of B against A, and their difference."""
    rows = []
    for name, fit in fits.items():
        if "omega" not in fit.coefficients:
            continue
        first, second = name.split(" vs ")[::-1]
        d = effects(fit)
        rows.append({
            "treatment": second, "comparator": first,
            **difference(fit.coefficients["omega"].ravel(), d[second] - d[first]),
            "DIC": fit_measures(fit)["DIC"],
            "tau_mean": None if fit.tau is None else float(fit.tau.mean()),
        })  # fmt: skip
    return pd.DataFrame(rows)


def convergence(fit: Fit) -> dict[str, float]:
    """The worst R-hat, effective sample sizes and energy, and the divergences."""
    import arviz as az

    every = list(fit.parameters.values())
    return {
        "rhat_max": max(float(az.rhat(draws)) for draws in every),
        "ess_bulk_min": min(float(az.ess(draws, method="bulk")) for draws in every),
        "ess_tail_min": min(float(az.ess(draws, method="tail")) for draws in every),
        "bfmi_min": float(az.bfmi(fit.trace).min()),
        "divergences": int(fit.trace.sample_stats["diverging"].sum()),
    }
