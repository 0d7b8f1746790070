"""What a baseline hazard must offer to a survival network: data, a likelihood, and curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from evinet.errors import InputError, Problem
from evinet.nma.likelihoods.scaled_normal import flat
from evinet.nma.likelihoods.survival.splines import Basis, at_quantiles

if TYPE_CHECKING:
    import xarray as xr

    from evinet.nma.data.patients import Patients, Records


def spline_basis(patients: Patients, studies: list[str], knots: int, degree: int) -> Basis:
    """The spline basis of some studies: knots by the best reconstruction, the same for all.

    Raises
    ------
    InputError
        There are too few distinct event times.
    """
    arms = [number for study in studies for number in patients.arms_of(study)]
    time, event = patients.best.rough.of(*arms)
    upper = max(patients.upper(study) for study in studies)
    try:
        return at_quantiles(time[event == 1], upper, knots, degree)
    except ValueError as error:
        names = ", ".join(studies)
        raise InputError(
            Problem("arguments", "knots", knots, f"{names} has {error}", "Use fewer knots")
        ) from None


def intercepts(
    patients: Patients, values: dict[str, Any], events: Any, relative: Any, sd: float,
    spent: Any = None,
) -> Any:  # fmt: skip
    """The log hazard levels mu of the studies, normal(0, sd); adds mu.

    The sampler moves the log of a study's expected events, which hardly depend on its shape.
    `events` are those of every arm, `relative` those that it expects when mu is 0; `spent` is the
    hazard that then adds up over each interval that holds an event (see `within`), half of which
    stands for the time until the event.
    """
    import pymc as pm
    import pytensor.tensor as pt

    incidence = values["incidence"]
    level = flat("level", (len(patients.studies),), incidence.shape[:1])
    observed, expected = pt.dot(incidence, events), pt.dot(incidence, relative)
    if spent is not None:
        of, count = incidence.T[values["interval_arm"]], values["interval_count"]
        observed = observed + pt.dot(count, of)
        expected = expected + pt.dot(count * spent / 2, of)
    mu = pm.Deterministic("mu", level + pt.log(observed) - pt.log(expected), dims="study")
    pm.Potential("mu_prior", -0.5 * pt.sqr(mu / sd).sum())
    return mu


def within(values: dict[str, Any], spent: Any) -> Any:
    """Log-likelihood that events fell within intervals, of those free of them at the start.

    log(S(start) - S(end)) = log S(start) + log(1 - exp(-spent)), with `spent` the hazard that adds
    up over each interval (Gómez et al. 2009, Statistical Modelling 9:259): the first term is that
    of a patient who is censored at the start.
    """
    import pytensor.tensor as pt

    return (values["interval_count"] * pt.log1mexp(-spent)).sum()


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

    def reached(self, study: str) -> list[str] | None:
        """Treatments with a hazard in a study; None: all of the study's island."""
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
