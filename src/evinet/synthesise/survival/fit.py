"""Fit a survival network to one reconstruction of its patients, or to all of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from time import perf_counter
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from evinet import seeds
from evinet.config import Sampler
from evinet.synthesise.sampler import Compiled
from evinet.synthesise.survival import design as designs
from evinet.synthesise.survival import patients as people
from evinet.synthesise.survival.choice import choose
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
        return ["d", "tau"] if self.network.effects == "random" else ["d"]

    def reconstruction_share(self) -> pd.DataFrame:
        """How much of each effect's variance lies between reconstructions.

        Columns parameter, within, between, share: mean variance of a reconstruction's posterior,
        variance of their means, and between / (within + between). Empty with one reconstruction.
        """
        rows = []
        if len(self.traces) > 1:
            for name in self.treatments:
                draws = [trace.posterior["d"].sel(treatment=name) for trace in self.traces]
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
    files: tuple[str, str] = ("ipd", "contrasts"),
    **options: Any,
) -> Fit:
    """Network meta-analysis of patients, with the published contrasts of other trials.

    Parameters
    ----------
    ipd : columns study, treatment, time, event and optionally draw (see `patients.from_frame`).
    contrasts : columns study, treatment, diff, se (see `design.from_frame`).
    baseline : a name of `choice.BASELINES`; `options` are its own, such as ``knots=7``.
    references : the reference treatment of each island; by default that in most studies.
    files : names of the two tables in messages.

    Raises
    ------
    InputError
        Wrong rows, a disconnected network, or contrasts with effects that are not ln HR.
    """
    patients = people.from_frame(ipd, references[0] if references else None, files[0])
    published = None if contrasts is None else designs.from_frame(contrasts, files[1])
    chosen = choose(baseline, patients, published, options)
    plan = designs.build(patients, published, references)
    network = Network(plan, chosen, published, effects, priors or Priors())
    every = [data(network, records) for records in patients.draws]
    compiled = Compiled(graph(network, every[0]))
    traces = []
    start = perf_counter()
    for number, values in enumerate(every):
        job = f"survival/{baseline}/{effects}/{number}"
        trace = compiled.sample(values, sampler or Sampler(), seeds.integer_seed(seed, job))
        rng = seeds.generator(seed, f"{job}/complete")
        trace.posterior = chosen.complete(trace.posterior, values, rng)
        traces.append(trace)
    return Fit(network, traces, compiled.seconds, perf_counter() - start)
