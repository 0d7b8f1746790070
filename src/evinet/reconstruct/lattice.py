"""Reconstruction from a curve: whole numbers of events and censorings, and what is open in them.

A drop from n at risk with d events has height S d / n, with n and d whole: together with the
numbers at risk the drops all but determine the data (the principle: Liu, Rich and Hanley 2014,
doi 10.1186/2046-4053-3-151). The number at risk is the state of a hidden Markov chain; its paths
are sampled by forward filtering and backward sampling (`forward_backward`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evinet.patients.data import Floats, Integers, Patients
from evinet.reconstruct import lattice_arm, lattice_patients, lattice_shift, unseen
from evinet.reconstruct.draws import combine
from evinet.reconstruct.inputs import ArmInput, Flag, Reconstruction, TrialInput, tidy
from evinet.reconstruct.lattice_arm import Hypotheses, Paths, Wanted
from evinet.reconstruct.particles import Pool

METHOD = "lattice"
POOL = 200  # paths sampled, at least, where draws are wanted
COLUMNS = 97
FEW = 60  # the same where they are not
FOR_BEST = -1  # in place of that of a shift: paths of which the best is chosen alone
MOST_CELLS = 400_000  # patients in the pool of an arm, about, at most


@dataclass(frozen=True, eq=False)
class _Sampled:
    """Everything sampled of a trial: rows of paths, by arm, and what all arms share.

    `parts` are the paths under each hypothesis; row k is path `rows[name][k]` of part
    `chosen[name][k]`. `axis` (K, 2) is by how many pixels the time axis is off, `columns`
    (K, C) where in its pixel a mass of events is (see `lattice_patients.place`), `open` (K,)
    whether follow-up goes on where the figure ends, `cut` (K,) by arm whether the curve of that
    arm was digitised in part. `pixel` is the finest of the arms, which share a figure.
    """

    arms: dict[str, ArmInput]
    parts: dict[str, list[Paths]]
    chosen: dict[str, list[tuple[int, int]]]
    rests: dict[str, unseen.Rest]
    axis: Floats
    columns: Floats
    open: np.ndarray
    cut: dict[str, np.ndarray]
    end: float
    pixel: float

    def patients(self, name: str, row: int, rng: np.random.Generator) -> Patients:
        """The patients of an arm in one row."""
        part, which = self.chosen[name][row]
        paths = self.parts[name][part]
        rest = self.rests[name].tail(part, self.open[row], self.cut[name][row])
        return lattice_patients.place(
            self.arms[name], paths, which, self.end, rest, rng, self.axis[row], self.columns[row],
            self.pixel,
        )  # fmt: skip

    def best(self, name: str, follows: bool) -> Patients:
        """The central patients of an arm: of the most plausible hypothesis."""
        paths = self.parts[name][0]
        which = lattice_patients.best(paths)
        short = bool(unseen.short(self.arms[name], [paths], [(0, which)])[0])
        cut = self.rests[name].cut >= (0 if short else unseen.BELIEVED)
        rest = self.rests[name].tail(0, follows or short, cut and self.rests[name].cut > 0)
        return lattice_patients.place(
            self.arms[name], paths, which, self.end, rest, None,
            np.zeros(2), np.zeros(1),
        )  # fmt: skip


def reconstruct(trial: TrialInput, draws: int, rng: np.random.Generator) -> Reconstruction:
    """Reconstruct the arms of a trial from their curves.

    Every input with a curve is answered. An arm without a usable curve, or whose number of
    patients is not known, is left out with a flag.
    """
    trial, flags = tidy(trial)
    noted = list(flags)
    known: dict[str, lattice_arm.Hypotheses] = {}
    for arm in trial.arms:
        if arm.curve is None or not arm.n:
            message = "no curve" if arm.curve is None else "number of patients not known"
            noted.append(Flag("not-reconstructable", arm.name, message))
            continue
        known[arm.name], found = lattice_arm.hypotheses_of(arm)
        noted += found
    arms: dict[str, ArmInput] = {}
    parts: dict[str, list[Paths]] = {}
    rows, wanted = _wanted(known, trial.survival_shift, draws, rng)
    for name, each in known.items():
        others = [other for other in known.values() if other is not each]
        parts[name], total, found = lattice_arm.sample(each, others, wanted[name], rng, not draws)
        arms[name] = replace(each.arm, events=total)
        noted += found
    rests, chance, found = unseen.rests(arms, parts)
    arms = {name: replace(arm, events=rests[name].events) for name, arm in arms.items()}
    noted += found
    size = min((len(_rows(own)) for own in parts.values()), default=0)
    chosen = {name: _mixed(own, size, rows.get(name), rng) for name, own in parts.items()}
    goes_on = rng.random(size) < chance
    cut = {name: _some(rest.cut, size, rng) for name, rest in rests.items()}
    for name, picked in chosen.items():  # a total not reached: a plateau is out of question
        short = unseen.short(arms[name], parts[name], picked)
        if rests[name].cut:
            cut[name] |= short
        else:
            goes_on |= short
    sampled = _Sampled(
        arms, parts, chosen, rests,
        trial.axis_error * (2 * rng.random((size, 2)) - 1),  # the arms share a figure
        rng.random((size, COLUMNS)),
        goes_on, cut,
        _end(list(arms.values())),
        min((own[0].pixel for own in parts.values() if own[0].pixel > 0), default=0.0),
    )  # fmt: skip
    made, strained = _patients(trial, sampled, chance >= unseen.BELIEVED, draws, rng)
    return Reconstruction(METHOD, made, (*noted, *strained))


def _some(share: float, size: int, rng: np.random.Generator) -> np.ndarray:
    """(size,) true in that share of the rows, of the first few as of all: few draws show it."""
    if share > 0.5:
        return ~_some(1 - share, size, rng)
    made = np.zeros(size, dtype=bool)
    if share > 0:
        count = int(size * share) + 1
        rows = ((np.arange(count) + rng.random(count)) / share).astype(np.int64)
        made[rows[rows < size]] = True
    return made


def _wanted(
    known: dict[str, Hypotheses], shift: float, draws: int, rng: np.random.Generator
) -> tuple[dict[str, Integers], dict[str, list[Wanted]]]:
    """By arm: the place of the shift of survival in each row, and the paths wanted, central first.

    Where survival is not off as a whole, no rows are told apart.
    """
    sizes = {
        name: max(min(POOL if draws else FEW, MOST_CELLS // (each.arm.n or 1)), 4 * draws, 40)
        for name, each in known.items()
    }
    if not shift or not known:
        return {}, {name: [Wanted(size)] for name, size in sizes.items()}
    shifts, scores = lattice_shift.grid(shift), []
    for each in known.values():
        others = [other for other in known.values() if other is not each]
        scores.append(lattice_arm.shift_scores(each, others, shifts, rng, not draws))
    found, central = lattice_shift.common(scores, min(sizes.values()), rng)
    rows, wanted = {}, {}
    for name, score, places, middle in zip(known, scores, found, central, strict=True):
        rows[name] = places if draws else np.full(len(places), middle)
        count = np.bincount(rows[name], minlength=len(shifts)).tolist()
        order = sorted(np.flatnonzero(count).tolist(), key=lambda place: abs(place - middle))
        share = lattice_shift.shares(score)
        wanted[name] = [
            Wanted(count[place], float(shifts[place]), place, share[:, place]) for place in order
        ]
        if draws:
            likeliest = (np.arange(len(score)) == share[:, middle].argmax()).astype(float)
            best = Wanted(sizes[name], float(shifts[middle]), FOR_BEST, likeliest)
            wanted[name].insert(0, best)
    return rows, wanted


def _rows(parts: list[Paths]) -> list[tuple[int, int]]:
    """The paths of all hypotheses that are for draws."""
    return [
        (part, which)
        for part, own in enumerate(parts) if own.place != FOR_BEST
        for which in range(len(own.died))
    ]  # fmt: skip


def _mixed(
    parts: list[Paths], size: int, places: Integers | None, rng: np.random.Generator
) -> list[tuple[int, int]]:
    """The paths of all hypotheses in random order, in each row one of the place of its shift."""
    rows = _rows(parts)
    mixed = [rows[k] for k in rng.permutation(len(rows))]
    if places is None:
        return mixed[:size]
    mixed.sort(key=lambda row: parts[row[0]].place)
    made = [mixed[0]] * len(places)
    for row, place in zip(mixed, np.argsort(places, kind="stable").tolist(), strict=True):
        made[place] = row
    return made


def _patients(
    trial: TrialInput, sampled: _Sampled, follows: bool, draws: int, rng: np.random.Generator
) -> tuple[dict[str, list[Patients]], tuple[Flag, ...]]:
    """The best and the draws of each arm; published contrasts steer the draws.

    A ratio known to be unstratified is that of these patients: it steers the best as well.
    """
    best = {name: sampled.best(name, follows) for name in sampled.arms}
    between = [each for each in trial.contrasts if {each.arm, each.comparator} <= set(best)]
    if not between or not draws:
        return {
            name: [best[name], *(sampled.patients(name, row, rng) for row in range(draws))]
            for name in best
        }, ()
    pools = {}
    for name in best:
        patients = [sampled.patients(name, row, rng) for row in range(len(sampled.open))]
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
