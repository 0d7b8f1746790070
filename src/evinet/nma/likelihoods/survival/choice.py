"""The baselines by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from evinet.errors import InputError, Problem
from evinet.nma.data.patients import Patients
from evinet.nma.likelihoods.survival.baseline import Baseline
from evinet.nma.likelihoods.survival.families import FAMILIES
from evinet.nma.likelihoods.survival.fractional import FractionalPolynomial
from evinet.nma.likelihoods.survival.individual import IndividualParametric, IndividualSpline
from evinet.nma.likelihoods.survival.mspline import MSpline
from evinet.nma.likelihoods.survival.parametric import Parametric
from evinet.nma.likelihoods.survival.piecewise import Piecewise

if TYPE_CHECKING:
    from evinet.nma.population.regression import Regression

BASELINES: dict[str, Callable[..., Baseline]] = {
    "mspline": MSpline,
    "piecewise": Piecewise,
    "fracpoly": FractionalPolynomial,
    **{name: partial(Parametric, name=name) for name in FAMILIES},
}
INDIVIDUAL: dict[str, Callable[..., Baseline]] = {
    "mspline": IndividualSpline,
    "piecewise": partial(IndividualSpline, degree=0),
    **{name: partial(IndividualParametric, name=name) for name in FAMILIES},
}


def choose(
    name: str,
    patients: Patients,
    contrasts: bool,
    options: dict[str, Any],
    regression: Regression | None = None,
) -> Baseline:
    """The baseline called `name`; `contrasts` says whether there are published hazard ratios.

    With a regression it is that of patients with covariates.

    Raises
    ------
    InputError
        There is no such baseline or option, too few events for its knots, or published hazard
        ratios cannot be combined with its kind of effect.
    """
    offered = BASELINES if regression is None else INDIVIDUAL
    if regression is None and patients.intervals:  # their hazards cannot be integrated out
        offered = offered | {"piecewise": partial(MSpline, degree=0)}
    if name not in offered:
        kind = "" if regression is None else " of patients with covariates"
        message = f"is not a baseline{kind}"
        raise InputError(
            Problem("(options)", "baseline", name, message, f"Use one of {', '.join(offered)}")
        )
    known = [
        key
        for key in inspect.signature(offered[name]).parameters
        if key not in ("patients", "name", "regression")
    ]
    unknown = [key for key in options if key not in known]
    if unknown:
        raise InputError(
            Problem("(options)", f"option of {name}", ", ".join(unknown), "is unknown",
                    f"Use {', '.join(known)}")
        )  # fmt: skip
    more = {} if regression is None else {"regression": regression}
    baseline = offered[name](patients, **options, **more)
    if contrasts and baseline.scale != "ln HR":
        raise InputError(
            Problem("(options)", "baseline", name, f"its effects are {baseline.scale}, which "
                    "published hazard ratios do not inform", "Use a proportional hazards baseline")
        )  # fmt: skip
    return baseline
