"""The draws of one fitted model, however they were made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import xarray as xr

from evinet.synthesise import diagnostics
from evinet.synthesise.model import Contrasts, Specification

Method = Literal["exact", "nuts"]


@dataclass(frozen=True)
class Sampled:
    """A fit: one posterior a reconstruction of the patients, with what convergence showed.

    Attributes
    ----------
    rows : the network's rows as normal likelihood; a trial that entered by its patients is here by
        the normal summary of its likelihood.
    single : dimensions (chain, draw): d, tau and sigma where they are estimated, theta by row.
    """

    specification: Specification
    rows: Contrasts
    method: Method
    single: list[xr.Dataset]
    convergence: dict[str, Any]

    @cached_property
    def posterior(self) -> xr.Dataset:
        """The posteriors of all reconstructions, their chains side by side: equal weight each."""
        chains = self.single[0].sizes["chain"]
        return xr.concat(
            [
                posterior.assign_coords(chain=np.arange(chains) + number * chains)
                for number, posterior in enumerate(self.single)
            ],
            dim="chain",
        )

    def draws(self, name: str) -> np.ndarray:
        """Draws of a variable, shape (draws, ...)."""
        values = self.posterior[name].to_numpy()
        return values.reshape(-1, *values.shape[2:])

    @property
    def d(self) -> dict[str, np.ndarray]:
        """Treatment -> draws of its effect against the reference of its island."""
        return dict(zip(self.specification.treatments, self.draws("d").T, strict=True))

    @property
    def tau(self) -> np.ndarray:
        """Draws of tau, shape (draws,); 0 with fixed effects."""
        return self._spread("tau", 0.0)

    @property
    def sigma(self) -> np.ndarray:
        """Draws of sigma, shape (draws,); the model's own where it is not estimated."""
        return self._spread("sigma", self.specification.model.sigma or 0.0)

    def _spread(self, name: str, otherwise: float) -> np.ndarray:
        if name in self.posterior:
            return self.draws(name)
        return np.full(self.posterior.sizes["chain"] * self.posterior.sizes["draw"], otherwise)

    def failures(self) -> list[str]:
        """Which gates of the configuration the fit failed, in words."""
        sampler = self.specification.config.sampler
        kept = len(self.single) * sampler.chains * sampler.draws
        return diagnostics.failures(self.convergence, sampler.gates, kept)

    def reconstruction_share(self) -> dict[str, float]:
        """Trial -> share of the variance of its effect that lies between reconstructions."""
        shares = {}
        for trial in self.specification.ipd:
            row = self.rows.trials.index(trial)
            mine = [posterior["theta"].to_numpy()[..., row] for posterior in self.single]
            if len(mine) > 1:
                between = float(np.var([effect.mean() for effect in mine], ddof=1))
                within = float(np.mean([effect.var() for effect in mine]))
                shares[trial] = between / (between + within)
        return shares


def dataset(
    specification: Specification, rows: Contrasts, draws: dict[str, np.ndarray]
) -> xr.Dataset:
    """Draws of shape (chains, draws, ...) as a dataset; theta is named by trial where it can be.

    The rows of a trial with several contrasts are named `trial:treatment`.
    """
    several = [trial for trial in rows.trials if rows.trials.count(trial) > 1]
    first = [int(np.flatnonzero(row > 0)[0]) for row in rows.design]
    names = [
        f"{trial}:{rows.treatments[place]}" if trial in several else trial
        for trial, place in zip(rows.trials, first, strict=True)
    ]
    shapes = {"d": ("treatment",), "theta": ("study",)}
    return xr.Dataset(
        {
            name: (("chain", "draw", *shapes.get(name, ())), values)
            for name, values in draws.items()
            if name in (*specification.reported, "theta")
        },
        coords={"treatment": specification.treatments, "study": names},
    )
