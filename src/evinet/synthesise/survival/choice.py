"""The baselines by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from evinet.errors import InputError, Problem
from evinet.synthesise.survival.baseline import Baseline
from evinet.synthesise.survival.contrasts import Contrasts
from evinet.synthesise.survival.families import FAMILIES
from evinet.synthesise.survival.fractional import FractionalPolynomial
from evinet.synthesise.survival.mspline import MSpline
from evinet.synthesise.survival.parametric import Parametric
from evinet.synthesise.survival.patients import Patients
from evinet.synthesise.survival.piecewise import Piecewise

BASELINES: dict[str, Callable[..., Baseline]] = {
    "mspline": MSpline,
    "piecewise": Piecewise,
    "fracpoly": FractionalPolynomial,
    **{name: partial(Parametric, name=name) for name in FAMILIES},
}


def choose(
    name: str, patients: Patients, contrasts: Contrasts | None, options: dict[str, Any]
) -> Baseline:
    """The baseline called `name`.

    Raises
    ------
    InputError
        There is no such baseline or option, too few events for its knots, or published hazard
        ratios cannot be combined with its kind of effect.
    """
    if name not in BASELINES:
        raise InputError(
            Problem("arguments", "baseline", name, "is no baseline",
                    f"Use one of {', '.join(BASELINES)}")
        )  # fmt: skip
    known = [
        key
        for key in inspect.signature(BASELINES[name]).parameters
        if key not in ("patients", "name")
    ]
    unknown = [key for key in options if key not in known]
    if unknown:
        raise InputError(
            Problem("arguments", f"option of {name}", ", ".join(unknown), "is unknown",
                    f"Use {', '.join(known)}")
        )  # fmt: skip
    baseline = BASELINES[name](patients, **options)
    if contrasts is not None and baseline.scale != "ln HR":
        raise InputError(
            Problem("arguments", "baseline", name, f"its effects are {baseline.scale}, which "
                    "published hazard ratios do not inform", "Use a proportional hazards baseline")
        )  # fmt: skip
    return baseline
