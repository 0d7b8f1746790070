"""The files of one fitted model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr

from evinet import files, tables
from evinet.synthesise import (
    answers,
    contribution,
    diagnostics,
    inconsistency,
    influence,
    margins,
    powerscale,
    predictive,
    sampler,
    threshold,
)
from evinet.synthesise.sampled import Sampled


def write(name: str, drawn: Sampled, rng: np.random.Generator, out: Path) -> None:
    """Write the posterior, and the tables that follow from it, to the folder `out`."""
    specification = drawn.specification
    sampler.write_posterior(out / "posterior.nc", drawn.posterior)
    tables.ESTIMATES.write(out / "estimates.csv", _estimates(drawn))
    islands, apart = specification.islands, specification.apart
    tau = drawn.tau if specification.tau_prior else None
    league = answers.league(drawn.d, islands, apart, tau, rng)
    tables.LEAGUE.write(out / "league.csv", league)
    tables.RANKS.write(out / "ranks.csv", answers.ranks(drawn.d, islands))
    if specification.model.bridge:
        tables.TIPPING.write(out / "tipping.csv", answers.tipping(league))
    _write_robustness(drawn, tau, rng, out)
    files.write_json(out / "fit.json", _record(name, drawn))


def _write_robustness(
    drawn: Sampled, tau: np.ndarray | None, rng: np.random.Generator, out: Path
) -> None:
    """What the answers rest on, and what would turn them."""
    specification = drawn.specification
    islands, apart = specification.islands, specification.apart
    chosen = specification.config.margins
    left = influence.leave_out(drawn, rng)
    frames = [
        (tables.MARGINS, margins.margins(drawn.d, islands, apart, chosen, tau, rng)),
        (tables.CONTRIBUTION, contribution.contribution(drawn)),
        (tables.THRESHOLD, threshold.threshold(drawn)),
        (tables.INFLUENCE, influence.influence(drawn, left)),
        (tables.INCONSISTENCY, inconsistency.inconsistency(drawn, rng)),
        (tables.PREDICTIVE, predictive.predictive(drawn, left, rng)),
        (tables.POWERSCALE, powerscale.powerscale(drawn)),
    ]
    for table, frame in frames:
        table.write(out / f"{table.name}.csv", frame)


def _record(name: str, drawn: Sampled) -> dict[str, Any]:
    specification = drawn.specification
    priors = {"tau": specification.tau_prior, "sigma": specification.sigma_prior}
    return {
        "analysis": specification.analysis,
        "model": name,
        "method": drawn.method,
        "settings": specification.model.model_dump(mode="json"),
        "priors": {key: prior.formula for key, prior in priors.items() if prior is not None},
        "references": {str(key): value for key, value in specification.references.items()},
        "convergence": drawn.convergence,
        "reconstructions": len(drawn.single),
        "reconstruction_share": drawn.reconstruction_share(),
        **_fit_measures(drawn),
    }


def _estimates(drawn: Sampled) -> pd.DataFrame:
    specification = drawn.specification
    references = set(specification.references.values())
    rows = [
        _estimate(
            f"d[{treatment}]", [single["d"].sel(treatment=treatment) for single in drawn.single]
        )
        for treatment in specification.treatments
        if treatment not in references
    ]
    rows += [
        _estimate(name, [single[name] for single in drawn.single])
        for name in specification.reported
        if name != "d"
    ]
    return tables.ESTIMATES.frame(rows)


def _estimate(parameter: str, draws: list[xr.DataArray]) -> dict[str, Any]:
    """One row of ESTIMATES; over reconstructions the sizes add up and the worst R-hat counts."""
    values = [array.to_numpy() for array in draws]
    return {
        "parameter": parameter,
        **answers.summary(np.concatenate([array.ravel() for array in values])),
        "ess_bulk": sum(float(az.ess(array, method="bulk")) for array in values),
        "ess_tail": sum(float(az.ess(array, method="tail")) for array in values),
        "rhat": max(float(az.rhat(array)) for array in values),
    }


def _fit_measures(drawn: Sampled) -> dict[str, Any]:
    """Deviance of the trials that enter by their published contrast; patients have none here."""
    published = ~np.isin(drawn.rows.trials, list(drawn.specification.ipd))
    rows = drawn.rows.subset(published)
    return diagnostics.fit_measures(rows.y, rows.within, drawn.draws("theta")[:, published])
