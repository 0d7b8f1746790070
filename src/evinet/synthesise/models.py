"""From a review's configuration and its tables to a network and a model of the library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from evinet import tables
from evinet.config import Analysis, ComponentSums, Config, Model, Regression
from evinet.errors import InputError, Problem
from evinet.nma import model as models
from evinet.nma import priors
from evinet.nma.network import Network
from evinet.nma.posterior import Fit
from evinet.nma.terms import ClassEffect, Components, Terms

if TYPE_CHECKING:
    from evinet.nma.population.answers import Population


def network(config: Config, analysis: str, model: Model, data: Path, ipd: list[Path]) -> Network:
    """The network that a model of an analysis is fitted to.

    Parameters
    ----------
    data
        Table NETWORK_DATA.
    ipd
        Tables IPD of the studies that enter by their patients.

    Raises
    ------
    InputError
        Patients are asked for that were not reconstructed.
    """
    asked = config.analyses[analysis]
    table = tables.NETWORK_DATA.read(data)
    table.attrs["file"] = _result(data)
    table.index = table.index + 2
    references = list(asked.references)
    if model.regression is not None:
        return _regressed(config, model, model.regression, table, ipd, asked)
    if asked.data != "hazard-ratios":
        columns = ["study", "treatment", "r", "n"]
        return Network.from_arms(_counts(table, model, references)[columns], references)
    contrasts = table.drop(columns=["r", "n", "fewest", "most"])
    wanted = [study for study in model.ipd if study in set(table["study"])]
    if not wanted:
        return Network.from_contrasts(contrasts, references)
    frames = {frame["study"].iloc[0]: frame for frame in map(tables.IPD.read, ipd)}
    missing = [study for study in wanted if study not in frames]
    if missing:
        raise InputError([
            Problem("config/config.yaml", "models.(this model).ipd", study,
                    "its patients cannot be reconstructed",
                    "Add its numbers at risk or curve, or take it out of ipd")
            for study in missing
        ])  # fmt: skip
    patients = pd.concat([frames[study] for study in wanted], ignore_index=True)
    patients.attrs["file"] = ", ".join(map(_result, ipd))
    patients.index = patients.index + 2
    found = Network.from_patients(patients.drop(columns="arm"), references)
    rest = contrasts[~contrasts["study"].isin(wanted)]
    rest.attrs["file"] = _result(data)
    return found.add_contrasts(rest) if len(rest) else found


def _result(path: Path) -> str:
    """A result by its name in the review, also where a storage keeps it elsewhere: fits tell it.

    >>> _result(Path(".snakemake/storage/fs/bucket/results/networks/pfs/data.csv"))
    'results/networks/pfs/data.csv'
    """
    parts = path.parts
    kept = [place for place, part in enumerate(parts) if part == "results"]
    return Path(*parts[kept[-1] :]).as_posix() if kept else str(path)


def _regressed(
    config: Config, model: Model, wanted: Regression, table: pd.DataFrame, ipd: list[Path],
    asked: Analysis,
) -> Network:  # fmt: skip
    """Patients with covariates, and the other trials by reconstructed patients or by counts."""
    from evinet import usertable
    from evinet.nma.data import frames
    from evinet.nma.population import regression

    patients = usertable.read(Path(wanted.patients))
    known = set(frames.prepared(patients, ("study", "treatment"))["study"])
    studies = set(table["study"])
    if asked.data == "hazard-ratios":
        others = [frame.drop(columns="arm") for frame in map(tables.IPD.read, ipd)]
        others = [frame for frame in others if frame["study"].iloc[0] in studies - known]
        published = pd.concat(others, ignore_index=True) if others else None
        file = ", ".join(map(_result, ipd))
    else:
        counted = _counts(table, model, list(asked.references))
        published = counted.loc[~counted["study"].isin(known), ["study", "treatment", "r", "n"]]
        file = str(table.attrs["file"])
    where = "config/config.yaml"
    name = next(name for name, each in config.models.items() if each == model)
    field = f"models.{name}.regression.patients"
    if published is None or not len(published):
        raise InputError(
            Problem(where, field, wanted.patients, "leave no other trial of the analysis",
                    "Remove regression, or name trials in ipd")
        )  # fmt: skip
    found = set(published["study"])
    wrong = [
        (known - studies, "has patients, and is no trial of the analysis", "Leave its rows out"),
        (studies - known - found, "has neither patients nor a reconstruction",
         "Name it in ipd if its curve was read, or take it out of the analysis"),
    ]  # fmt: skip
    problems = [Problem(where, field, study, message, remedy)
                for some, message, remedy in wrong for study in sorted(some)]  # fmt: skip
    if problems:
        raise InputError(problems)
    published.attrs["file"] = file
    return regression.network(
        patients, published, wanted.formula, covariates=Path(wanted.covariates),
        reference=list(asked.references), families=wanted.margins, seed=config.seed,
    )  # fmt: skip


def populations(model: Model, specified: Any) -> list[Population]:
    """The trials and the further populations of a model with patients' covariates; else none."""
    if model.regression is None:
        return []
    from evinet.nma.population import answers

    trials = [answers.population(specified, name) for name in specified.network.studies]
    return trials + [answers.population(specified, Path(file), name=name)
                     for name, file in model.regression.populations.items()]  # fmt: skip


def adjusted(fit: Fit, asked: list[Population]) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Tables ADJUSTED and STANDARDISED of a model with patients' covariates, and a record.

    The record has the integration error, and cautions: that error, and where extrapolation begins.
    """
    from evinet.nma.population import answers

    found = answers.tables(fit, asked)
    effects = pd.concat([found[kind].assign(kind=kind) for kind in ("conditional", "marginal")])
    outcomes = found["survival"] if "survival" in found else found["absolute"].assign(time=np.nan)
    error = answers.integration_error(fit)
    cautions = [
        answers.said(error).capitalize(),
        *fit.network.regression.cautions(),
        *(line for each in asked for line in each.cautions),
    ]
    record = {"integration_error": error, "cautions": cautions}
    return {"adjusted": effects, "standardised": outcomes}, record


def _counts(table: pd.DataFrame, model: Model, references: list[str]) -> pd.DataFrame:
    """Arms with the counts that the model takes of those that rounding allows."""
    if model.counts == "likeliest":
        return table
    reference = table["treatment"].isin(references)
    more = (model.counts == "favouring-treatment") != reference
    return table.assign(r=np.where(more, table["most"], table["fewest"]))


def specify(config: Config, model: Model, studies: Network) -> Any:
    """The library's model that a model of the configuration asks for."""
    texts = {"effects": f"normal(0, {config.effect_prior_sd:g})",
             "tau": f"half-normal({config.heterogeneity.scale!r})"}  # fmt: skip
    texts |= {str(name): text for name, text in model.priors.items()}
    if model.tau_prior is not None:
        texts["tau"] = model.tau_prior
    wanted = model.regression
    settings = {"shapes": model.shapes, "knots": model.knots, "powers": tuple(model.powers) or None}
    return models.build(
        studies,
        effects=model.effects,
        terms=Terms(
            model.relation == "ume", None, model.covariate,
            wanted.interactions if wanted else model.interactions, None,
            model.baseline_risk,
            _group(config, model),
            priors.spread(wanted.interactions_sigma, "models.*.regression.interactions_sigma",
                          "config/config.yaml") if wanted else None,
            components=_components(config, model),
        ),
        priors=priors.priors(texts, "models.*.priors.{}", "config/config.yaml"),
        likelihood="binomial2" if wanted and wanted.likelihood == "binomial2" else None,
        link=model.link,
        weights=_weights(model, studies),
        baseline=model.baseline,
        settings={name: value for name, value in settings.items() if value is not None},
    )  # fmt: skip


def _group(config: Config, model: Model) -> ClassEffect | None:
    bridge = config.bridges.get(model.bridge or "")
    if bridge is None or isinstance(bridge, ComponentSums):
        return None
    sigma: Any = model.sigma
    if sigma is None:
        assert bridge.sigma_prior is not None
        sigma = priors.parse(f"half-normal({bridge.sigma_prior.scale!r})")
    return ClassEffect(tuple(bridge.members), sigma)


def _components(config: Config, model: Model) -> Components | None:
    bridge = config.bridges.get(model.bridge or "")
    if not isinstance(bridge, ComponentSums):
        return None
    pairs = tuple("+".join(pair) for pair in bridge.interactions)
    return Components("+", bridge.inactive, pairs, bridge.treatments)


def _weights(model: Model, studies: Network) -> dict[str, float]:
    """How much trials of the network count; a trial of another analysis may be named too."""
    asked = model.weights.trials if model.weights else {}
    return {trial: weight for trial, weight in asked.items() if trial in studies.members}


def improvement(config: Config, analysis: str, name: str) -> Literal["lower", "higher"]:
    """Whether lower or higher effects of a model are improvements.

    A lower hazard is a longer time, so that of time ratios it is the other way round.
    """
    better = config.analyses[analysis].better
    if not config.models[name].time_ratios:
        return better
    return "higher" if better == "lower" else "lower"


def loaded(config: Config, analysis: str, name: str, specified: Any, posterior: Path) -> Fit:
    """The fit whose posterior was written, for what follows from it."""
    from evinet.nma.fit import exact

    job, better = f"fit/{analysis}/{name}", improvement(config, analysis, name)
    if specified.exact:
        mixture = exact.solve(exact.data(specified))
        return Fit(specified, config.sampler, config.seed, job, better, mixture=mixture)
    import arviz as az
    import xarray as xr

    with xr.open_dataset(posterior, group="posterior", engine="h5netcdf") as file:
        trace = az.InferenceData(posterior=file.load())
    return Fit(specified, config.sampler, config.seed, job, better, traces=[trace])
