"""The methods of reconstruction by name, and which one an input asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from evinet.errors import InputError, Problem
from evinet.reconstruct.inputs import Flag, Method, Reconstruction, TrialInput


def _at_risk() -> Method:
    from evinet.reconstruct import at_risk

    return at_risk.reconstruct


def _lattice() -> Method:
    from evinet.reconstruct import lattice

    return lattice.reconstruct


def _guyot() -> Method:
    from evinet.reconstruct import guyot

    return guyot.reconstruct


def _ipdfromkm() -> Method:
    from evinet.reconstruct import ipdfromkm

    return ipdfromkm.reconstruct


METHODS: dict[str, Callable[[], Method]] = {
    "at-risk": _at_risk, "lattice": _lattice, "guyot": _guyot, "ipdfromkm": _ipdfromkm,
}  # fmt: skip
"""Each method's name, and the function that imports it (only when it is asked for)."""


def method(name: str) -> Method:
    """The method of a name.

    Raises
    ------
    InputError
        There is no method of that name.
    """
    if name not in METHODS:
        known = f"Use one of {', '.join(METHODS)}"
        raise InputError(Problem("(options)", "--method", name, "there is no such method", known))
    return METHODS[name]()


def default(trial: TrialInput) -> str:
    """`lattice` where there is a curve, otherwise `at-risk`."""
    return "lattice" if any(arm.curve is not None for arm in trial.arms) else "at-risk"


def reconstruct(
    trial: TrialInput, name: str | None, draws: int, rng: np.random.Generator
) -> Reconstruction:
    """Reconstruct by a named method, or by the one each arm asks for.

    Without a name, arms without a curve are reconstructed from their numbers at risk, apart from
    those with one; the flag `arms-apart` says that a published contrast could not weigh them.
    """
    with_curve = [arm for arm in trial.arms if arm.curve is not None]
    if name is not None or len(with_curve) in (0, len(trial.arms)):
        return method(name or default(trial))(trial, draws, rng)
    without = [arm for arm in trial.arms if arm.curve is None]
    parts = [
        method(each)(replace(trial, arms=tuple(arms)), draws, rng)
        for each, arms in (("lattice", with_curve), ("at-risk", without))
    ]
    apart = Flag("arms-apart", "", "some arms have a curve, others none: drawn independently")
    flags = [flag for part in parts for flag in part.flags if flag.code != "contrast-arms"]
    arms = {**parts[0].arms, **parts[1].arms}
    return Reconstruction("lattice + at-risk", arms, (*flags, apart))
