"""Reconstruction without a curve: numbers at risk, events, medians, landmarks, hazard ratio."""

from __future__ import annotations

import numpy as np

from evinet.reconstruct import particles, posted_survival
from evinet.reconstruct.draws import combine
from evinet.reconstruct.inputs import ArmInput, Flag, Reconstruction, TrialInput, tidy
from evinet.reconstruct.particles import Pool

METHOD = "at-risk"
PARTICLES = 6000
MISS = 0.02  # draws further than this from survival posted are left out, unless most are
TABLES = 20  # tables of numbers at risk that stand in where none was printed
MOST_CELLS = 1_500_000  # particles times patients, at most (memory and time)


def reconstruct(trial: TrialInput, draws: int, rng: np.random.Generator) -> Reconstruction:
    """Draw patients from their posterior given what was printed without a curve.

    Each arm is sampled given its own numbers at risk, total events, median with limits and
    landmarks (`particles`); the combinations of arms are weighted by the published hazard ratio
    (`draws`). Numbers at risk and total events hold exactly in every draw. Where no numbers at risk
    were printed but survival at several times was, numbers at risk are drawn, too
    (`posted_survival`).

    An arm that has nothing that orders its patients in time is left out, with the flag
    `not-reconstructable`.
    """
    trial, flags = tidy(trial)
    noted, usable = (
        list(flags),
        [arm for arm in trial.arms if _printed(arm) or posted_survival.usable(arm)],
    )
    for arm in trial.arms:
        if arm not in usable:
            message = (
                f"no numbers at risk, nor survival at {posted_survival.LEAST} times: no patients"
            )
            noted.append(Flag("not-reconstructable", arm.name, message))
            continue
        if arm.events is None:
            message = "total events not given: draws vary in them"
            noted.append(Flag("events-unknown", arm.name, message))
        if arm.curve is not None or arm.marks is not None:
            noted.append(Flag("curve-unused", arm.name, "this method uses neither curve nor marks"))
        if not _printed(arm):
            message = "numbers at risk not given: drawn, to agree with survival at stated times"
            noted.append(Flag("at-risk-unknown", arm.name, message))
    if not usable:
        return Reconstruction(METHOD, {}, tuple(noted))
    pools = _pools(usable, _particles(usable, draws), rng)
    arms, strained = combine(pools, trial.contrasts, draws, rng)
    return Reconstruction(METHOD, arms, (*noted, *strained))


def _printed(arm: ArmInput) -> bool:
    return arm.at_risk is not None and len(arm.at_risk[0]) > 1 and bool(arm.n)


def _pools(arms: list[ArmInput], count: int, rng: np.random.Generator) -> dict[str, Pool]:
    """Pools of patients; in parts, each with its own table, where numbers at risk are not known."""
    lacking = [arm for arm in arms if not _printed(arm)]
    if not lacking:
        return particles.sample(arms, count, count, rng)
    each, parts = count // TABLES, []
    for tables in posted_survival.fill(lacking, TABLES, rng):
        complete = {arm.name: arm for arm in (*arms, *tables)}
        parts.append(particles.sample([complete[arm.name] for arm in arms], each, each, rng))
    pools = {
        name: Pool(
            np.concatenate([part[name].time for part in parts]),
            np.concatenate([part[name].event for part in parts]),
        )
        for name in parts[0]
    }
    worst = np.max(
        [
            posted_survival.misses(arm, pools[arm.name].time, pools[arm.name].event)
            for arm in lacking
        ],
        axis=0,
    )
    near = np.flatnonzero(worst <= max(MISS, float(np.quantile(worst, 0.25))))
    return {name: Pool(pool.time[near], pool.event[near]) for name, pool in pools.items()}


def _particles(arms: list[ArmInput], draws: int) -> int:
    """As many as memory and time allow, within reason."""
    patients = sum(arm.n or 0 for arm in arms)
    return int(np.clip(MOST_CELLS // patients, max(300, 2 * draws), max(PARTICLES, 5 * draws)))
