"""The tables of a fitted survival network: estimates, league, ranks, and what fit.json says."""

from __future__ import annotations

from itertools import product
from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr

from evinet import tables
from evinet.synthesise import answers, diagnostics
from evinet.synthesise.columns import difference
from evinet.synthesise.survival.design import OMEGA
from evinet.synthesise.survival.fit import Fit
from evinet.synthesise.survival.measures import fit_measures


def estimates(fit: Fit) -> pd.DataFrame:
    """Table ESTIMATES: effects, tau and the baseline's parameters.

    Over reconstructions draws are pooled, effective sample sizes add, the worst R-hat counts.
    """
    names = [*fit.reported, *fit.network.baseline.parameters]
    rows: list[dict[str, object]] = []
    for name in names:
        for label, draws in _scalars(name, [trace.posterior[name] for trace in fit.traces]):
            if label.removeprefix("d[").removesuffix("]") in fit.network.design.references:
                continue
            values = [array.to_numpy() for array in draws]
            rows.append({
                "parameter": label,
                **answers.summary(np.concatenate([array.ravel() for array in values])),
                "ess_bulk": sum(float(az.ess(array, method="bulk")) for array in values),
                "ess_tail": sum(float(az.ess(array, method="tail")) for array in values),
                "rhat": max(float(az.rhat(array)) for array in values),
            })  # fmt: skip
    return tables.ESTIMATES.frame(rows)


def _scalars(name: str, draws: list[xr.DataArray]) -> list[tuple[str, list[xr.DataArray]]]:
    """Every element of a variable by its label, its draws by reconstruction."""
    along = [str(name) for name in draws[0].dims if name not in ("chain", "draw")]
    if not along:
        return [(name, draws)]
    return [
        (
            f"{name}[{', '.join(map(str, labels))}]",
            [array.sel(dict(zip(along, labels, strict=True))) for array in draws],
        )
        for labels in product(*(draws[0][each].to_numpy() for each in along))
    ]


def _effects(fit: Fit) -> dict[str, np.ndarray]:
    draws = fit.samples["d"].transpose("treatment", "sample")
    return dict(zip(fit.treatments, draws.to_numpy(), strict=True))


def league(fit: Fit, rng: np.random.Generator) -> pd.DataFrame:
    """Table LEAGUE: every pair inside an island, on the baseline's scale."""
    at = fit.network.design.islands
    tau = fit.samples["tau"].to_numpy() if "tau" in fit.reported else None
    table = answers.league(_effects(fit), at, at, tau, rng)
    if fit.network.baseline.scale != "ln HR":  # longer survival has the larger effect
        table["p_better"] = 1 - table["p_better"]
    return table


def ranks(fit: Fit) -> pd.DataFrame:
    """Table RANKS: rank 1 has the lowest hazard, or the longest survival."""
    sign = 1 if fit.network.baseline.scale == "ln HR" else -1
    return answers.ranks(
        {name: sign * d for name, d in _effects(fit).items()}, fit.network.design.islands
    )


def splits(fits: dict[tuple[str, str], Fit]) -> pd.DataFrame:
    """A row a split pair: direct and indirect effect of B against A, and their difference."""
    rows = []
    for (first, second), fit in fits.items():
        d, tau = _effects(fit), fit.samples["tau"] if "tau" in fit.reported else None
        rows.append({
            "treatment": second, "comparator": first,
            **difference(fit.samples[OMEGA].to_numpy(), d[second] - d[first]),
            "DIC": fit_measures(fit)["DIC"],
            "tau_mean": None if tau is None else float(tau.mean()),
        })  # fmt: skip
    return pd.DataFrame(rows)


def diagnosis(fit: Fit) -> dict[str, float]:
    """The worst convergence diagnostics of what is reported, over reconstructions."""
    return diagnostics.convergence(fit.traces, [*fit.reported, *fit.network.baseline.parameters])


def summary(fit: Fit) -> dict[str, Any]:
    """What fit.json holds: fit, convergence, reconstructions and seconds."""
    share, terms = fit.reconstruction_share(), fit.network.design.terms
    return {
        "scale": fit.network.baseline.scale,
        "effects": fit.network.effects,
        "references": fit.network.design.references,
        "covariate": None
        if terms.covariate is None
        else {
            "interactions": terms.interactions,
            "centre": fit.network.design.centre,
            "at": fit.network.design.reported_at,
            "studies": terms.covariate,
        },
        "priors": {
            "effects": f"normal(0, {fit.network.priors.effect_sd:g})",
            "coefficients": None
            if terms.covariate is None
            else f"normal(0, {fit.network.priors.coefficient_sd:g})",
            "tau": fit.network.priors.tau.formula if fit.network.effects == "random" else None,
            **fit.network.baseline.priors,
        },
        "patients": _patients(fit),
        "reconstructions": len(fit.traces),
        "reconstruction_share": dict(zip(share["parameter"], share["share"], strict=True)),
        "convergence": diagnosis(fit),
        "seconds": {"compile": fit.seconds_to_compile, "sample": fit.seconds_to_sample},
        **fit_measures(fit),
    }


def _patients(fit: Fit) -> list[dict[str, Any]]:
    """Patients and events of every arm, by the best reconstruction."""
    patients = fit.network.baseline.patients
    rows = []
    for number, (study, treatment) in enumerate(patients.arms):
        time, event = patients.best.of(number)
        rows.append({
            "study": study, "treatment": treatment, "patients": len(time),
            "events": int(event.sum()),
        })  # fmt: skip
    return rows
