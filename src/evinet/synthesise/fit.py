"""Fit every model of an analysis, compiling each structure once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr

from evinet import files, seeds, tables
from evinet.config import Config, Model
from evinet.errors import InputError, Problem
from evinet.synthesise import answers, diagnostics, model, sampler
from evinet.synthesise.network import Network


class NotConverged(Exception):
    """A fit that must not be reported."""


@dataclass(frozen=True)
class Analysis:
    """An analysis ready to be fitted: its name, the review, its network and where patients are."""

    name: str
    config: Config
    network: Network
    ipd: Path


@dataclass(frozen=True)
class Sampled:
    """A fit: the stacked posterior, and what it is stacked from, one a reconstruction."""

    specification: model.Specification
    posterior: xr.Dataset
    single: list[xr.Dataset]
    effects: list[xr.DataArray]


def fit_all(analysis: Analysis, out: Path) -> list[str]:
    """Fit the analysis's models and write `out/<model>/`; returns a line a model.

    Raises
    ------
    InputError
        A model needs patients that were not reconstructed, or a bridge that cannot join anything.
    NotConverged
        A fit failed a gate of the configuration; nothing of it is written.
    """
    compiled: dict[tuple[str, ...], sampler.Compiled] = {}
    lines = []
    for name in analysis.config.analyses[analysis.name].models:
        specification = _specification(analysis, name, analysis.config.models[name])
        structure = tuple(specification.ipd)
        if structure not in compiled:
            compiled[structure] = sampler.Compiled(model.graph(specification))
        lines.append(_fit(analysis, name, specification, compiled[structure], out / name))
    return lines


def _specification(analysis: Analysis, name: str, chosen: Model) -> model.Specification:
    studies = analysis.network.studies.set_index("trial")
    ipd = {}
    for trial in chosen.ipd:
        if trial not in studies.index:
            continue
        study = studies.loc[trial]
        path = analysis.ipd / trial / str(study["outcome"]) / "ipd.csv"
        if not path.exists():
            raise InputError(
                Problem("config/config.yaml", f"models.{name}.ipd", trial,
                        f"{path} does not exist: its patients cannot be reconstructed",
                        "Add its numbers at risk or curve, or take it out of ipd")
            )  # fmt: skip
        ipd[trial] = model.exposures(
            tables.IPD.read(path), str(study["arm"]), str(study["comparator_arm"])
        )
    specification = model.Specification(analysis.network, chosen, analysis.config, ipd)
    _check_bridge(analysis, name, specification)
    return specification


def _check_bridge(analysis: Analysis, name: str, specification: model.Specification) -> None:
    members = set(specification.members)
    references = specification.references(analysis.name).values()
    if specification.model.bridge and len(members) < 2:
        raise InputError(
            Problem("config/config.yaml", f"analyses.{analysis.name}.models", name,
                    "fewer than two members of its bridge's class are in the network",
                    "Take the model out of this analysis")
        )  # fmt: skip
    if members & set(references):
        raise InputError(
            Problem("config/config.yaml", f"analyses.{analysis.name}.references",
                    ", ".join(sorted(members & set(references))),
                    f"the bridge of model {name} needs a reference outside its class",
                    "Name a reference of the joined island that is not in the class first")
        )  # fmt: skip


def _fit(
    analysis: Analysis,
    name: str,
    specification: model.Specification,
    compiled: sampler.Compiled,
    out: Path,
) -> str:
    config = analysis.config
    job = f"fit/{analysis.name}/{name}"
    repeats = max((len(draws) for draws in specification.ipd.values()), default=1)
    traces = [
        compiled.sample(
            model.data(specification, analysis.name, draw),
            config.sampler,
            seeds.integer_seed(config.seed, f"{job}/{draw}"),
        )
        for draw in range(repeats)
    ]
    reported = _reported(specification)
    found = diagnostics.convergence(traces, reported)
    kept = repeats * config.sampler.chains * config.sampler.draws
    failed = diagnostics.failures(found, config.sampler.gates, kept)
    if failed:
        raise NotConverged(f"analysis {analysis.name}, model {name}: {'; '.join(failed)}")
    rng = seeds.generator(config.seed, f"{job}/after")
    effects = [
        model.study_effects(specification, trace.posterior, rng).rename("theta") for trace in traces
    ]
    posterior = _stacked(
        [
            xr.merge([trace.posterior[reported], effect])
            for trace, effect in zip(traces, effects, strict=True)
        ]
    )
    out_of = Sampled(specification, posterior, [trace.posterior for trace in traces], effects)
    _write(analysis, name, out_of, found, rng, out)
    return f"{analysis.name}/{name}: R-hat {found['rhat_max']:.3f}, ESS {found['ess_bulk_min']:.0f}"


def _reported(specification: model.Specification) -> list[str]:
    chosen = specification.model
    names = ["d"]
    if chosen.effects == "random":
        names.append("tau")
    if chosen.bridge is not None and chosen.sigma is None:
        names.append("sigma")
    return names


def _stacked(posteriors: list[xr.Dataset]) -> xr.Dataset:
    """The posteriors of all reconstructions, their chains side by side: equal weight each."""
    chains = posteriors[0].sizes["chain"]
    return xr.concat(
        [
            posterior.assign_coords(chain=np.arange(chains) + number * chains)
            for number, posterior in enumerate(posteriors)
        ],
        dim="chain",
    )


def _draws(posterior: xr.Dataset, name: str) -> np.ndarray:
    """Draws of a variable, shape (draws, ...)."""
    values = posterior[name].to_numpy()
    return values.reshape(-1, *values.shape[2:])


def _write(
    analysis: Analysis,
    name: str,
    sampled: Sampled,
    found: dict[str, float],
    rng: np.random.Generator,
    out: Path,
) -> None:
    specification = sampled.specification
    d = dict(zip(specification.treatments, _draws(sampled.posterior, "d").T, strict=True))
    tau = _draws(sampled.posterior, "tau") if "tau" in sampled.posterior else None
    apart = dict(
        zip(specification.treatments, analysis.network.nodes["component"].astype(int), strict=True)
    )
    league = answers.league(d, specification.islands, apart, tau, rng)
    sampler.write_posterior(out / "posterior.nc", sampled.posterior)
    tables.ESTIMATES.write(out / "estimates.csv", _estimates(sampled, analysis.name))
    tables.LEAGUE.write(out / "league.csv", league)
    tables.RANKS.write(out / "ranks.csv", answers.ranks(d, specification.islands))
    if specification.model.bridge:
        tables.TIPPING.write(out / "tipping.csv", answers.tipping(league))
    references = specification.references(analysis.name)
    files.write_json(
        out / "fit.json",
        {
            "analysis": analysis.name,
            "model": name,
            "settings": specification.model.model_dump(mode="json"),
            "references": {str(island): treatment for island, treatment in references.items()},
            "convergence": found,
            "reconstructions": len(sampled.single),
            "reconstruction_share": _reconstruction_share(sampled),
            **_fit_measures(sampled),
        },
    )


def _estimates(sampled: Sampled, analysis: str) -> pd.DataFrame:
    specification = sampled.specification
    references = set(specification.references(analysis).values())
    rows = [
        _estimate(
            f"d[{treatment}]", [single["d"].sel(treatment=treatment) for single in sampled.single]
        )
        for treatment in specification.treatments
        if treatment not in references
    ]
    rows += [
        _estimate(name, [single[name] for single in sampled.single])
        for name in _reported(specification)
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


def _fit_measures(sampled: Sampled) -> dict[str, Any]:
    """Deviance of the trials that enter by their published contrast; patients have none here."""
    studies = sampled.specification.network.studies
    published = ~studies["trial"].isin(list(sampled.specification.ipd)).to_numpy()
    return diagnostics.fit_measures(
        studies["log_estimate"].to_numpy(float)[published],
        studies["se"].to_numpy(float)[published],
        _draws(sampled.posterior, "theta")[:, published],
    )


def _reconstruction_share(sampled: Sampled) -> dict[str, float]:
    """Trial -> share of the variance of its effect that lies between reconstructions."""
    shares = {}
    for trial in sampled.specification.ipd:
        mine = [effect.sel(study=trial) for effect in sampled.effects]
        if len(mine) > 1:
            between = float(np.var([float(effect.mean()) for effect in mine], ddof=1))
            within = float(np.mean([float(effect.var()) for effect in mine]))
            shares[trial] = between / (between + within)
    return shares
