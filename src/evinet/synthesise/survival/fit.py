"""Fit a survival network to one reconstruction of its patients, or to all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from time import perf_counter
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from evinet import seeds
from evinet.config import Sampler
from evinet.synthesise import columns
from evinet.synthesise.columns import Interactions, study_covariate
from evinet.synthesise.sampler import Compiled
from evinet.synthesise.survival import design as designs
from evinet.synthesise.survival import patients as people
from evinet.synthesise.survival.choice import choose
from evinet.synthesise.survival.contrasts import from_frame
from evinet.synthesise.survival.model import Network, Priors, data, graph

Effects = Literal["fixed", "random"]


@dataclass(frozen=True)
class Fit:
    """A fitted network: the model, and the draws of each reconstruction with its data.

    `traces` has one `InferenceData` a reconstruction; `posterior` stacks their chains, with equal
    weight: the posterior that carries what the reconstruction left open.
    """

    network: Network
    traces: list[Any]
    seconds_to_compile: float
    seconds_to_sample: float

    @property
    def treatments(self) -> list[str]:
        return self.network.design.treatments

    @property
    def posterior(self) -> xr.Dataset:
        """Draws of every variable, the chains of all reconstructions side by side."""
        names = [*self.reported, "theta", *self.network.baseline.saved]
        chains = self.traces[0].posterior.sizes["chain"]
        return xr.concat(
            [
                trace.posterior[names].assign_coords(chain=np.arange(chains) + number * chains)
                for number, trace in enumerate(self.traces)
            ],
            dim="chain",
        )

    @cached_property
    def samples(self) -> xr.Dataset:
        """`posterior` with the one dimension `sample` in place of chain and draw."""
        return self.posterior.stack(sample=("chain", "draw")).transpose("sample", ...)

    @cached_property
    def reconstructed(self) -> list[xr.Dataset]:
        """The posterior of each reconstruction, with the one dimension `sample`."""
        return [
            trace.posterior.stack(sample=("chain", "draw")).transpose("sample", ...)
            for trace in self.traces
        ]

    @property
    def reported(self) -> list[str]:
        """Variables of the effects."""
        terms, random = self.network.design.terms, self.network.effects == "random"
        present = {
            "d": True, designs.OMEGA: terms.split is not None,
            designs.BETA: terms.covariate is not None, "tau": random,
        }  # fmt: skip
        return [name for name, there in present.items() if there]

    def effect(self, study: str, treatment: str) -> np.ndarray:
        """Draws of a treatment's effect against a study's baseline arm, in that study."""
        baseline, d = self.network.baseline.patients.baseline(study), self.samples["d"]
        found = d.sel(treatment=treatment).to_numpy() - d.sel(treatment=baseline).to_numpy()
        if self.network.design.terms.covariate is not None:
            row = pd.DataFrame([{"study": study, "treatment": treatment, "against": baseline}])
            design = self.network.design
            interactions = design.interactions(row, design.reported_at)[0][0]
            beta = self.samples[designs.BETA].to_numpy().reshape(len(found), -1)
            found = found + beta @ interactions
        return found

    def reconstruction_share(self) -> pd.DataFrame:
        """How much of each effect's variance lies between reconstructions.

        Columns parameter, within, between, share: mean variance of a reconstruction's posterior,
        variance of their means, and between / (within + between). Empty with one reconstruction.
        """
        rows = []
        if len(self.traces) > 1:
            along = "pair" if self.network.design.terms.unrelated else "treatment"
            for name in self.traces[0].posterior[along].to_numpy():
                draws = [trace.posterior["d"].sel({along: name}) for trace in self.traces]
                within = float(np.mean([float(draw.var(ddof=1)) for draw in draws]))
                between = float(np.var([float(draw.mean()) for draw in draws], ddof=1))
                if within > 0:
                    rows.append((f"d[{name}]", within, between, between / (within + between)))
        return pd.DataFrame(rows, columns=["parameter", "within", "between", "share"])


def fit_network(
    ipd: pd.DataFrame,
    contrasts: pd.DataFrame | None = None,
    *,
    baseline: str = "mspline",
    effects: Effects = "fixed",
    priors: Priors | None = None,
    sampler: Sampler | None = None,
    seed: int = 0,
    references: list[str] | None = None,
    covariate: str | None = None,
    interactions: Interactions = "shared",
    at: float | None = None,
    unrelated: bool = False,
    files: tuple[str, str] = ("ipd", "contrasts"),
    **options: Any,
) -> Fit:
    """Network meta-analysis of patients, with the published contrasts of other trials.

    Parameters
    ----------
    ipd : columns study, treatment, time, event and optionally draw (see `patients.from_frame`).
    contrasts : columns study, treatment, diff, se (see `contrasts.from_frame`).
    baseline : a name of `choice.BASELINES`; `options` are its own, such as ``knots=7``.
    references : the reference treatment of each island; by default that in most studies.
    covariate : a column of both tables, the same in all rows of a study: adds its interaction with
        treatment (see `columns.regression`). at : its value for which effects are reported; None
        for the mean over the studies that compare.
    unrelated : an effect of its own for every compared pair (NICE TSD 4, section 3).
    files : names of the two tables in messages.

    Raises
    ------
    InputError
        Wrong rows, a disconnected network, or contrasts with effects that are not ln HR.
    """
    patients = people.from_frame(ipd, references[0] if references else None, files[0])
    published = None if contrasts is None else from_frame(contrasts, files[1])
    chosen = choose(baseline, patients, published, options)
    terms = designs.Terms(unrelated)
    if covariate is not None:
        tables = {files[0]: ipd} | ({} if contrasts is None else {files[1]: contrasts})
        terms = designs.Terms(unrelated, None, study_covariate(tables, covariate), interactions, at)
    plan = designs.build(patients, published, references, terms)
    network = Network(plan, chosen, published, effects, priors or Priors())
    job = f"{baseline}/{effects}"
    return fit_all({job: network}, sampler or Sampler(), seed)[job]


def fit_all(networks: dict[str, Network], sampler: Sampler, seed: int) -> dict[str, Fit]:
    """Fit every network, to each reconstruction; those of one shape share a compiled model."""
    compiled: dict[tuple[Any, ...], Compiled] = {}
    fits = {}
    for name, network in networks.items():
        every = [data(network, records) for records in network.baseline.patients.draws]
        shapes = [(key, value.shape) for key, value in every[0].items()]
        layout = (network.design.terms.split is None, *shapes)
        if layout not in compiled:
            compiled[layout] = Compiled(graph(network, every[0]))
        model, start, traces = compiled[layout], perf_counter(), []
        for number, values in enumerate(every):
            job = f"survival/{name}/{number}"
            trace = model.sample(values, sampler, seeds.integer_seed(seed, job))
            rng = seeds.generator(seed, f"{job}/complete")
            posterior = network.baseline.complete(trace.posterior, values, rng)
            trace.posterior = _reported(posterior, network.design)
            traces.append(trace)
        fits[name] = Fit(network, traces, model.seconds, perf_counter() - start)
    return fits


def _reported(posterior: xr.Dataset, plan: designs.Design) -> xr.Dataset:
    """The posterior with effects d where they are reported."""
    if plan.terms.covariate is None:
        return posterior
    further = plan.reported_at - plan.centre
    slope = posterior[designs.BETA]
    if "covaried" in slope.dims:
        slope = slope.rename(covaried="treatment")
    slope = slope * xr.DataArray(plan.basic, coords={"treatment": plan.treatments})
    slope = slope.reindex(treatment=plan.treatments, fill_value=0.0)
    return posterior.assign(d=posterior["d"] + (further * slope).transpose(*posterior["d"].dims))


def node_splits(
    fit: Fit, sampler: Sampler, seed: int, file: str = "ipd"
) -> dict[tuple[str, str], Fit]:
    """A fit with direct and indirect effects apart, for every pair (A, B) that has both.

    Raises
    ------
    InputError
        No pair has both; `file` is named.
    """
    network, plan = fit.network, fit.network.design
    pairs = {
        f"node-split/{second} vs {first}": (first, second)
        for first, second in columns.splits(plan.rows, plan.treatments, file)
    }
    split = {
        name: replace(network, design=replace(plan, terms=replace(plan.terms, split=pair)))
        for name, pair in pairs.items()
    }
    return {pairs[name]: found for name, found in fit_all(split, sampler, seed).items()}
