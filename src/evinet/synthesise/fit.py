"""Fit every model of an analysis: published contrasts exactly, reconstructed patients by NUTS."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from evinet import seeds, tables
from evinet.config import Config, Model
from evinet.errors import InputError, Problem
from evinet.synthesise import diagnostics, exact, model, sampled, write
from evinet.synthesise.network import Network
from evinet.synthesise.sampled import Sampled


@dataclass(frozen=True)
class Analysis:
    """An analysis ready to be fitted: its name, the review, its network and where patients are."""

    name: str
    config: Config
    network: Network
    ipd: Path


def fit_all(analysis: Analysis, out: Path) -> list[str]:
    """Fit the analysis's models and write `out/<model>/`; returns a line a model.

    Raises
    ------
    InputError
        A model needs patients that were not reconstructed, or a bridge that cannot join anything.
    NotConverged
        A fit failed a gate of the configuration; nothing of it is written.
    """
    lines = []
    for name in analysis.config.analyses[analysis.name].models:
        specification = specify(analysis, name, analysis.config.models[name])
        job = f"fit/{analysis.name}/{name}"
        drawn = by_nuts(specification, job) if specification.ipd else exactly(specification, job)
        failed = drawn.failures()
        if failed:
            raise diagnostics.NotConverged(
                f"analysis {analysis.name}, model {name}: {'; '.join(failed)}"
            )
        write.write(name, drawn, seeds.generator(analysis.config.seed, f"{job}/after"), out / name)
        found = drawn.convergence
        worst = f"R-hat {found['rhat_max']:.3f}, ESS {found['ess_bulk_min']:.0f}"
        lines.append(f"{analysis.name}/{name}: {worst}")
    return lines


def specify(analysis: Analysis, name: str, chosen: Model) -> model.Specification:
    """A model of the configuration, with the patients that it asks for.

    Raises
    ------
    InputError
        Patients were not reconstructed, or belong to a trial with several contrasts; or the bridge
        joins nothing, or has a reference in its class.
    """
    studies = analysis.network.studies
    ipd = {}
    for trial in chosen.ipd:
        mine = studies[studies["trial"] == trial]
        if mine.empty:
            continue
        study = mine.iloc[0]
        path = analysis.ipd / trial / str(study["outcome"]) / "ipd.csv"
        if len(mine) > 1 or not path.exists():
            raise InputError(_no_patients(name, trial, path, len(mine)))
        ipd[trial] = model.exposures(
            tables.IPD.read(path), str(study["arm"]), str(study["comparator_arm"])
        )
        if any(draw.events.sum(axis=1).min() == 0 for draw in ipd[trial]):
            raise InputError(
                Problem(str(path), "event", 0, "an arm has no event in some reconstruction",
                        f"Take {trial} out of models.{name}.ipd: its hazard ratio has no limit")
            )  # fmt: skip
    specification = model.Specification(
        analysis.name, analysis.network, chosen, analysis.config, ipd
    )
    _check_bridge(name, specification)
    return specification


def _no_patients(name: str, trial: str, path: Path, contrasts: int) -> Problem:
    field = f"models.{name}.ipd"
    if contrasts > 1:
        return Problem(
            "config/config.yaml", field, trial,
            f"it has {contrasts} contrasts here; patients of two arms only can enter",
            "Take it out of ipd: it enters by its published contrasts",
        )  # fmt: skip
    return Problem(
        "config/config.yaml", field, trial,
        f"{path} does not exist: its patients cannot be reconstructed",
        "Add its numbers at risk or curve, or take it out of ipd",
    )  # fmt: skip


def _check_bridge(name: str, specification: model.Specification) -> None:
    members, field = set(specification.members), f"analyses.{specification.analysis}"
    inside = sorted(members & set(specification.references.values()))
    if specification.model.bridge and len(members) < 2:
        raise InputError(
            Problem("config/config.yaml", f"{field}.models", name,
                    "fewer than two members of its bridge's class are in the network",
                    "Take the model out of this analysis")
        )  # fmt: skip
    if inside:
        raise InputError(
            Problem("config/config.yaml", f"{field}.references", ", ".join(inside),
                    f"the bridge of model {name} needs a reference outside its class",
                    "Name a reference of the joined island that is not in the class first")
        )  # fmt: skip


def exactly(specification: model.Specification, job: str) -> Sampled:
    """Independent draws of a model of published contrasts, as many as the sampler would keep."""
    config = specification.config
    rng = seeds.generator(config.seed, job)
    rows = model.contrasts(specification.network)
    shape = (config.sampler.chains, config.sampler.draws)
    draws = exact.draw(specification, rows, shape[0] * shape[1], rng)
    draws["theta"] = model.study_effects(rows, draws["d"], draws["tau"], rng)
    shaped = {name: values.reshape(*shape, *values.shape[1:]) for name, values in draws.items()}
    posterior = sampled.dataset(specification, rows, shaped)
    found = diagnostics.independent([posterior], specification.reported)
    return Sampled(specification, rows, "exact", [posterior], found)


def by_nuts(specification: model.Specification, job: str) -> Sampled:
    """Draws of a model with patients: one compilation, one fit a reconstruction."""
    from evinet.synthesise import patients, sampler

    config = specification.config
    compiled = sampler.Compiled(patients.graph(specification))
    traces = [
        compiled.sample(
            patients.data(specification, number),
            config.sampler,
            seeds.integer_seed(config.seed, f"{job}/{number}"),
        )
        for number in range(specification.reconstructions)
    ]
    found = diagnostics.convergence(traces, specification.reported)
    rng = seeds.generator(config.seed, f"{job}/theta")
    published = model.contrasts(specification.network)
    single = []
    for trace in traces:
        posterior = trace.posterior
        shape = posterior["d"].shape[:2]
        d = posterior["d"].to_numpy().reshape(-1, len(specification.treatments))
        tau = posterior["tau"].to_numpy().ravel() if "tau" in posterior else np.zeros(len(d))
        theta = model.study_effects(published, d, tau, rng)
        for position, trial in enumerate(specification.ipd):
            own = posterior[f"theta_{position}"].to_numpy().ravel()
            theta[:, published.trials.index(trial)] = own
        draws = {name: posterior[name].to_numpy() for name in specification.reported}
        draws["theta"] = theta.reshape(*shape, -1)
        single.append(sampled.dataset(specification, published, draws))
    rows = _summarised(published, specification)
    return Sampled(specification, rows, "nuts", single, found)


def _summarised(rows: model.Contrasts, specification: model.Specification) -> model.Contrasts:
    """The rows with those of patients replaced by the normal summary of their likelihood."""
    y, within = rows.y.copy(), rows.within.copy()
    for trial, draws in specification.ipd.items():
        row = rows.trials.index(trial)
        y[row], within[row, row] = model.summary(draws)
    return replace(rows, y=y, within=within)
