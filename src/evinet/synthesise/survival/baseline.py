"""What a baseline hazard must offer to a survival network: data, a likelihood, and curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from evinet.errors import InputError, Problem
from evinet.synthesise.survival.splines import Basis, at_quantiles

if TYPE_CHECKING:
    import xarray as xr

    from evinet.synthesise.survival.patients import Patients, Records


def study_basis(patients: Patients, study: str, knots: int, degree: int) -> Basis:
    """A study's spline basis: knots by its best reconstruction, the same for all of them.

    Raises
    ------
    InputError
        The study has too few distinct event times.
    """
    time, event = patients.best.of(*patients.arms_of(study))
    try:
        return at_quantiles(time[event == 1], patients.upper(study), knots, degree)
    except ValueError as error:
        raise InputError(
            Problem("arguments", "knots", knots, f"{study} has {error}", "Use fewer knots")
        ) from None


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
    def transports(self) -> bool:
        """Whether a treatment has a hazard in studies without an arm of it."""
        ...

    @property
    def priors(self) -> dict[str, str]:
        """Priors of its parameters, as formulas."""
        ...

    @property
    def parameters(self) -> Sequence[str]:
        """Variables of the posterior that are reported, beside the effects."""
        ...

    @property
    def positive(self) -> Sequence[str]:
        """Those of `saved` that are positive, so that a mean of theirs is one of logarithms."""
        ...

    @property
    def saved(self) -> Sequence[str]:
        """Variables of the posterior that `hazards` needs, beside the effects."""
        ...

    def data(self, records: Records) -> dict[str, np.ndarray]:
        """The model's data for one reconstruction of the patients; of the same shapes for all."""
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
