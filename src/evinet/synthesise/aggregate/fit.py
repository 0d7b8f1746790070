"""Fit a network of aggregate data: consistency, unrelated mean effects, or every node-split."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from evinet import seeds
from evinet.config import Sampler
from evinet.synthesise.aggregate.model import BASELINE_RISK, Specification, data, graph
from evinet.synthesise.sampler import Compiled


@dataclass(frozen=True)
class Fit:
    """A fitted specification, its trace (`InferenceData`) and its times."""

    specification: Specification
    trace: Any
    seconds_to_compile: float
    seconds_to_sample: float

    @property
    def sampled(self) -> dict[str, np.ndarray]:
        """Draws of each coefficient, shape (chains, draws), effects at the centre."""
        b = self.trace.posterior["b"]
        return {name: b.sel(coefficient=name).to_numpy() for name in self.specification.names}

    @property
    def coefficients(self) -> dict[str, np.ndarray]:
        """Draws of each coefficient, shape (chains, draws), effects where they are reported."""
        found = self.sampled
        effects = [name for name in found if name.startswith("d[")]
        return found | {name: found[name] + self.further(name, found) for name in effects}

    def further(self, effect: str, coefficients: dict[str, np.ndarray]) -> np.ndarray | float:
        """What `coefficients` add to an effect d[...] from the centre to where it is reported."""
        if self.specification.at is None:
            return 0.0
        own = effect.replace("d[", "beta[", 1)
        slope = next(name for name in (own, "beta", BASELINE_RISK) if name in coefficients)
        return (self.specification.at - self.specification.centre) * coefficients[slope]

    @property
    def tau(self) -> np.ndarray | None:
        """Draws of tau, shape (chains, draws); None with fixed effects."""
        return self.trace.posterior["tau"].to_numpy() if "tau" in self.trace.posterior else None

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """What is reported: coefficients, then tau."""
        return self.coefficients | ({} if self.tau is None else {"tau": self.tau})

    def linear(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draws of the arms' eta, their studies' mu and the contrasts' means, each (draws, ...)."""
        linear = self.trace.posterior["linear"].to_numpy()
        linear = linear.reshape(-1, linear.shape[-1])
        arms = self.specification.design.arms
        stop = arms + self.specification.studies
        return linear[:, :arms], linear[:, arms:stop], linear[:, stop:]


def fit_all(
    specifications: dict[str, Specification], sampler: Sampler, seed: int
) -> dict[str, Fit]:
    """Fit every specification; those whose data have the same shapes share one compiled model."""
    compiled: dict[tuple[tuple[str, tuple[int, ...]], ...], Compiled] = {}
    fits = {}
    for name, specification in specifications.items():
        values = data(specification)
        layout = tuple((key, value.shape) for key, value in values.items())
        if layout not in compiled:
            compiled[layout] = Compiled(graph(specification, values))
        model, start = compiled[layout], perf_counter()
        trace = model.sample(values, sampler, seeds.integer_seed(seed, f"nma/{name}"))
        trace.posterior = trace.posterior.assign_coords(coefficient=specification.names)
        fits[name] = Fit(specification, trace, model.seconds, perf_counter() - start)
    return fits
