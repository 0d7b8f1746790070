"""Reconstruction without a curve: numbers at risk, events, medians, landmarks, hazard ratio."""

from __future__ import annotations

import numpy as np

from evinet.reconstruct import particles
from evinet.reconstruct.draws import combine
from evinet.reconstruct.inputs import ArmInput, Flag, Reconstruction, TrialInput, tidy

METHOD = "at-risk"
PARTICLES = 1000
MOST_CELLS = 1_000_000  # particles times patients, at most (memory and time)


def reconstruct(trial: TrialInput, draws: int, rng: np.random.Generator) -> Reconstruction:
    """Draw patients from their posterior given what was printed without a curve.

    Each arm is sampled given its own numbers at risk, total events, median with limits and
    landmarks (`particles`); the combinations of arms are weighted by the published hazard ratio
    (`draws`). Numbers at risk and total events hold exactly in every draw.

    An arm that has nothing that orders its patients in time (no numbers at risk and no landmarks)
    is left out, with the flag `not-reconstructable`.
    """
    trial, flags = tidy(trial)
    noted = list(flags)
    pools = {}
    for arm in trial.arms:
        if not _usable(arm):
            noted.append(
                Flag("not-reconstructable", arm.name, "no numbers at risk over time: no patients")
            )
            continue
        if arm.events is None:
            noted.append(
                Flag("events-unknown", arm.name, "total events not given: draws vary in them")
            )
        size = max(600, 2 * draws)
        pools[arm.name] = particles.sample(arm, size, _particles(arm, size), rng)
    if not pools:
        return Reconstruction(METHOD, {}, tuple(noted))
    arms, strained = combine(pools, trial.contrasts, draws, rng)
    return Reconstruction(METHOD, arms, (*noted, *strained))


def _usable(arm: ArmInput) -> bool:
    return arm.at_risk is not None and len(arm.at_risk[0]) > 1 and bool(arm.n)


def _particles(arm: ArmInput, size: int) -> int:
    assert arm.n is not None
    return int(np.clip(MOST_CELLS // arm.n, 300, max(PARTICLES, size)))
