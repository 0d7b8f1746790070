"""Reconstruction from a curve: whole numbers of events and censorings, and what is open in them.

A drop from n at risk with d events has height S d / n, with n and d whole: together with the
numbers at risk the drops all but determine the data (the principle: Liu, Rich and Hanley 2014,
doi 10.1186/2046-4053-3-151). The number at risk is the state of a hidden Markov chain; its paths
are sampled by forward filtering and backward sampling (`ffbs`).
"""

from __future__ import annotations

import numpy as np

from evinet.reconstruct import lattice_arm, lattice_patients
from evinet.reconstruct.draws import combine
from evinet.reconstruct.inputs import ArmInput, Flag, Patients, Reconstruction, TrialInput, tidy
from evinet.reconstruct.lattice_arm import Paths
from evinet.reconstruct.particles import Pool

METHOD = "lattice"
POOL = 200  # paths sampled, at least
MOST_CELLS = 400_000  # patients in the pool of an arm, about, at most


def reconstruct(trial: TrialInput, draws: int, rng: np.random.Generator) -> Reconstruction:
    """Reconstruct the arms of a trial from their curves.

    Every input with a curve is answered. An arm without a usable curve, or whose number of
    patients is not known and cannot be told from the curve, is left out with a flag.
    """
    trial, flags = tidy(trial)
    noted = list(flags)
    paths: dict[str, Paths] = {}
    arms: dict[str, ArmInput] = {}
    for arm in trial.arms:
        if arm.curve is None or not arm.n:
            message = "no curve" if arm.curve is None else "number of patients not known"
            noted.append(Flag("not-reconstructable", arm.name, message))
            continue
        size = max(min(POOL, MOST_CELLS // arm.n), 4 * draws, 40)
        paths[arm.name], found = lattice_arm.sample(arm, size, rng)
        arms[arm.name] = arm
        noted += found
    end = _end(list(arms.values()))
    made, strained = _patients(trial, arms, paths, end, draws, rng)
    return Reconstruction(METHOD, made, (*noted, *strained))


def _patients(
    trial: TrialInput, arms: dict[str, ArmInput], paths: dict[str, Paths], end: float, draws: int,
    rng: np.random.Generator,
) -> tuple[dict[str, list[Patients]], tuple[Flag, ...]]:  # fmt: skip
    """The best and the draws of each arm; published contrasts steer the draws.

    A ratio known to be unstratified is that of these patients: it steers the best as well.
    """

    size = max((len(each.died) for each in paths.values()), default=0)
    axis = trial.axis_error * (2 * rng.random((size, 2)) - 1)  # the arms share a figure

    def placed(name: str, which: int, random: np.random.Generator | None) -> Patients:
        return lattice_patients.place(arms[name], paths[name], which, end, random, axis[which])

    best = {name: placed(name, lattice_patients.best(paths[name]), None) for name in arms}
    between = [each for each in trial.contrasts if {each.arm, each.comparator} <= set(arms)]
    if not between:
        return {
            name: [best[name], *(placed(name, which, rng) for which in range(draws))]
            for name in arms
        }, ()
    pools = {}
    for name in arms:
        patients = [placed(name, which, rng) for which in range(len(paths[name].died))]
        time, event = (np.array([getattr(each, what) for each in patients])
                       for what in ("time", "event"))  # fmt: skip
        pools[name] = Pool(time, event == 1)
    drawn, flags = combine(pools, between, draws, rng)
    if not any(each.stratified is False and each.hr is not None for each in between):
        drawn = {name: [best[name], *patients[1:]] for name, patients in drawn.items()}
    return drawn, flags


def _end(arms: list[ArmInput]) -> float:
    """End of follow-up: the last time that any arm tells of."""
    known = [0.0]
    for arm in arms:
        assert arm.curve is not None
        known.append(float(arm.curve[0][-1]))
        if arm.at_risk is not None:
            known.append(float(arm.at_risk[0][arm.at_risk[1] > 0][-1]))
        if arm.marks is not None and len(arm.marks):
            known.append(float(arm.marks[-1]))
    return max(known)
