"""What a baseline hazard must offer to a survival network: data, a likelihood, and curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

    from evinet.synthesise.survival.patients import Patients, Records


class Baseline(Protocol):
    """A family of baseline hazards, one free in each study, with its kind of effect."""

    @property
    def patients(self) -> Patients:
        """Whose hazards they are."""
        ...

    @property
    def scale(self) -> str:
        """What effects are: ``ln HR`` or ``ln time ratio``."""
        ...

    @property
    def saved(self) -> Sequence[str]:
        """Variables of the posterior that `hazards` needs, beside the effects."""
        ...

    def data(self, records: Records) -> dict[str, np.ndarray]:
        """The model's data (`pm.Data`) for one reconstruction of the patients."""
        ...

    def coordinates(self) -> dict[str, Any]:
        """Names along the dimensions of the baseline's variables, beside study."""
        ...

    def log_likelihood(self, values: dict[str, Any], theta: Any) -> Any:
        """Log-likelihood given the arms' effects; adds the baseline's own parameters."""
        ...

    def complete(
        self, posterior: xr.Dataset, data: dict[str, np.ndarray], rng: np.random.Generator
    ) -> xr.Dataset:
        """The posterior of one reconstruction, what was integrated out drawn given the rest."""
        ...

    def hazards(
        self,
        posterior: xr.Dataset,
        population: str,
        treatment: str,
        effect: np.ndarray,
        time: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Log hazard and cumulative hazard, shape (draws, times), of a treatment in a study.

        `effect` is that of the treatment against the study's baseline arm, shape (draws,);
        `posterior` has the dimension `sample` in place of chain and draw.
        """
        ...
