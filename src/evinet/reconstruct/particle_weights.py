"""The weights of the particles, and what all arms have in common."""

from __future__ import annotations

import numpy as np

from evinet.patients.data import Floats, Integers
from evinet.reconstruct.hazards import Hazards
from evinet.reconstruct.likelihood import TRANSFORMS

NO_TAIL = 0.5  # chance that nobody has an event after the last number at risk (the axis ends there)


class Cloud:
    """Weights of the particles and the hazards of all arms."""

    def __init__(self, drawn: Hazards, rng: np.random.Generator):
        self.hazards, self.log_weight = drawn, drawn.log_weight.copy()
        chances = [weight for _, weight in TRANSFORMS]
        self.transform = rng.choice(len(chances), size=len(self.log_weight), p=chances)
        self.ended = rng.random(len(self.log_weight)) < NO_TAIL
        self.rng = rng

    def settle(self) -> Integers:
        """Parents of the particles: all, unless the weights have become uneven."""
        size = len(self.log_weight)
        weight = relative(self.log_weight)
        if weight.sum() ** 2 > size / 2 * (weight**2).sum():
            return np.arange(size)
        return self.resample(size)

    def resample(self, size: int) -> Integers:
        """Parents of `size` particles of equal weight."""
        parents = systematic(self.log_weight, size, self.rng)
        self.hazards.event = [event[parents] for event in self.hazards.event]
        self.hazards.censor = [censor[parents] for censor in self.hazards.censor]
        self.transform, self.ended = self.transform[parents], self.ended[parents]
        self.log_weight = np.zeros(size)
        return parents


def relative(log_weight: Floats) -> Floats:
    """Weights, the largest 1; all 1 where nothing at all is possible."""
    top = log_weight.max()
    result: Floats = np.exp(log_weight - top) if np.isfinite(top) else np.ones(len(log_weight))
    return result


def systematic(log_weight: Floats, size: int, rng: np.random.Generator) -> Integers:
    """Indices of `size` draws in proportion to the weights, by systematic resampling."""
    weight = relative(log_weight)
    cumulative = np.cumsum(weight) / weight.sum()
    points = (np.arange(size) + rng.random()) / size
    return np.minimum(np.searchsorted(cumulative, points), len(weight) - 1)
