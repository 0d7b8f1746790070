"""Reconstruction without a curve: numbers at risk, events, medians, landmarks, hazard ratio."""

from __future__ import annotations

import numpy as np

from evinet.reconstruct import particles
from evinet.reconstruct.draws import combine
from evinet.reconstruct.inputs import ArmInput, Flag, Reconstruction, TrialInput, tidy

METHOD = "at-risk"
PARTICLES = 3000
MOST_CELLS = 1_500_000  # particles times patients, at most (memory and time)


def reconstruct(trial: TrialInput, draws: int, rng: np.random.Generator) -> Reconstruction:
    """Draw patients from their posterior given what was printed without a curve.

    Each arm is sampled given its own numbers at risk, total events, median with limits and
    landmarks (`particles`); the combinations of arms are weighted by the published hazard ratio
    (`draws`). Numbers at risk and total events hold exactly in every draw.

    An arm that has nothing that orders its patients in time (no numbers at risk and no landmarks)
    is left out, with the flag `not-reconstructable`.
    """
    trial, flags = tidy(trial)
    noted, usable = list(flags), [arm for arm in trial.arms if _usable(arm)]
    for arm in trial.arms:
        if arm not in usable:
            message = "no numbers at risk over time: no patients"
            noted.append(Flag("not-reconstructable", arm.name, message))
        elif arm.events is None:
            message = "total events not given: draws vary in them"
            noted.append(Flag("events-unknown", arm.name, message))
    if not usable:
        return Reconstruction(METHOD, {}, tuple(noted))
    count = _particles(usable, draws)
    pools = particles.sample(usable, count, count, rng)
    arms, strained = combine(pools, trial.contrasts, draws, rng)
    return Reconstruction(METHOD, arms, (*noted, *strained))


def _usable(arm: ArmInput) -> bool:
    return arm.at_risk is not None and len(arm.at_risk[0]) > 1 and bool(arm.n)


def _particles(arms: list[ArmInput], draws: int) -> int:
    """As many as memory and time allow, within reason."""
    patients = sum(arm.n or 0 for arm in arms)
    return int(np.clip(MOST_CELLS // patients, max(300, 2 * draws), max(PARTICLES, 5 * draws)))
