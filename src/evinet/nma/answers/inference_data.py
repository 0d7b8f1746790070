"""The groups of an `arviz.InferenceData`: for ``az.loo``, ``az.plot_*``, R's package posterior."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

    from evinet.nma.posterior import Fit

KEPT = ("diverging", "energy", "energy_error", "logp", "n_steps", "depth", "step_size",
        "maxdepth_reached")  # fmt: skip


def groups(fit: Fit) -> dict[str, xr.Dataset]:
    """Groups posterior, observed_data, log_likelihood and sample_stats, as far as a fit has them.

    The variable `outcome` of log_likelihood has a point an arm, and a point a study by contrasts:
    what leave-one-out leaves out at once. Beside patients' covariates it has a point a patient, in
    about 1,000 of the draws. Patients without covariates have none, nor have several
    reconstructions, each of which is another data set.
    """
    import xarray as xr

    found: dict[str, xr.Dataset] = {"posterior": fit.posterior}
    outcomes = observed(fit)
    if outcomes:
        found["observed_data"] = xr.Dataset(outcomes)
    patients = fit.specification.patients is not None
    if len(fit.traces) < 2 and (fit.network.regression is not None or not patients):
        found["log_likelihood"] = _log_likelihood(fit)
    if fit.traces:
        chains = fit.traces[0].posterior.sizes["chain"]
        found["sample_stats"] = xr.concat(
            [
                trace.sample_stats[
                    [name for name in KEPT if name in trace.sample_stats]
                ].assign_coords(chain=np.arange(chains) + number * chains)
                for number, trace in enumerate(fit.traces)
            ],
            dim="chain",
        )
    return found


def write(path: Path, parts: Mapping[str, xr.Dataset]) -> None:
    """Write groups as NetCDF, the same bytes for the same draws: times are left out."""
    from evinet import files

    with files.replacing(path) as temporary:
        for number, (name, group) in enumerate(parts.items()):
            clean = group.copy()
            clean.attrs = {}
            compressed: dict[Any, dict[str, Any]] = {
                each: {"zlib": True, "complevel": 1, "shuffle": True}
                for each, variable in clean.variables.items() if variable.dtype.kind in "fiub"
            }  # fmt: skip
            if name == "log_likelihood":  # a patient a column: half the size, and seven digits
                compressed = {each: {**how, "dtype": "float32"} for each, how in compressed.items()
                              if each in clean.data_vars}  # fmt: skip
            clean.to_netcdf(temporary, mode="a" if number else "w", group=name,
                            engine="h5netcdf", encoding=compressed)  # fmt: skip


def observed(fit: Fit) -> dict[str, Any]:
    """Outcomes of arms and contrasts, and what they are of: name -> (dimension, values)."""
    model, rows = fit.specification, fit.specification.design.rows
    found: dict[str, Any] = {}
    if model.arms is not None:
        *outcomes, last = model.arms.likelihood.columns
        x, s = model.arms.whole
        if model.gaps:  # counts in each category alone; what is not reported is in the one below
            x, s = x[:, 1:], s[:, -1]
        each = x.reshape(len(x), -1).T
        found |= {name: ("arm", own) for name, own in zip(outcomes, each, strict=True)}
        found[last] = ("arm", s)
        own = rows.iloc[model.design.of("arm")]
        found |= {f"arm_{name}": ("arm", own[name].to_numpy(str))
                  for name in ("study", "treatment")}  # fmt: skip
    if fit.network.regression is not None:
        found |= _patients(fit)
    if len(fit.network.contrasts.rows):
        found["effect"] = ("contrast", fit.network.contrasts.y)
        own = rows.iloc[model.design.of("contrast")]
        weight = np.array([fit.network.weights.get(name, 1.0) for name in own["study"]])
        variance = weight * np.diag(fit.network.contrasts.covariance)
        found["effect_variance"] = ("contrast", variance)
        found |= {f"contrast_{name}": ("contrast", own[name].to_numpy(str))
                  for name in ("study", "treatment", "against")}  # fmt: skip
    return found


def _patients(fit: Fit) -> dict[str, Any]:
    """Outcomes of the patients beside covariates, and of reconstructed ones, an arm at a time."""
    import pandas as pd

    model, regression = fit.specification, fit.network.regression
    tables = []
    for study, treatment in zip(model.design.rows["study"], model.design.rows["treatment"],
                                strict=True):  # fmt: skip
        pair = (str(study), str(treatment))
        if pair in regression.patients:
            own = regression.patients[pair].drop(columns=regression.names)
        elif model.patients is not None:
            records = model.patients.draws[0].of(model.patients.arms.index(pair))
            own = pd.DataFrame(dict(zip(("time", "event"), records, strict=True)))
        else:
            continue
        tables.append(own.assign(study=pair[0], treatment=pair[1]))
    every = pd.concat(tables, ignore_index=True)
    return {f"patient_{name}": ("patient", every[name].to_numpy(str if name in
                                ("study", "treatment") else float)) for name in every}  # fmt: skip


def _log_likelihood(fit: Fit) -> Any:
    import xarray as xr

    if fit.mixture is None:
        names, columns = [], []
        for part in fit.parts:
            own = part.log_likelihood
            own = own if part.place is None else own[:, part.place]
            label = f"{part.study}: {part.treatment}" if part.treatment else part.study
            columns.append(own)
            names += own.shape[1] * [label]
        values = np.hstack(columns).reshape(fit.posterior.sizes["chain"], -1, len(names))
    else:
        names, values = _exactly(fit)
    return xr.Dataset({"outcome": (("chain", "draw", "point"), values)},
                      coords={"point": _unique(names)})  # fmt: skip


def _exactly(fit: Fit) -> tuple[list[str], np.ndarray]:
    """Of an exact posterior, by draws of the fitted values."""
    from evinet.nma.answers.fit_measures import _blocks
    from evinet.nma.fit.exact import data

    given = data(fit.specification)
    fitted = fit.posterior["fitted"].to_numpy()
    names, columns = [], []
    for study, treatment, own in _blocks(fit):
        residual = (given.y - fitted)[..., own]
        root = np.linalg.cholesky(given.noise[np.ix_(own, own)])
        z = residual @ np.linalg.inv(root).T
        columns.append(
            -0.5 * (z**2).sum(axis=-1) - np.log(np.sqrt(2 * np.pi) * np.diag(root)).sum()
        )
        names.append(f"{study}: {treatment}" if treatment else study)
    return names, np.stack(columns, axis=-1)


def _unique(names: list[str]) -> list[str]:
    """Names of which several are the same are numbered."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found
