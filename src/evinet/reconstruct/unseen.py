"""Follow-up that the curve does not show: numbers at risk go on after its last point.

Feet of drops end with the last event, so nobody may have had one since; or the curve was digitised
in part. Which of the two is judged by how many events would have been expected in the time that is
not seen; points of the line itself show where it ends. Where follow-up is open, patients who leave
have events at about the hazard seen last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evinet.patients.data import Floats, Integers
from evinet.reconstruct.inputs import ArmInput, Flag
from evinet.reconstruct.lattice_arm import Paths

CUT = 0.03  # prior probability that feet of drops were digitised in part
SLACK = 0.03  # of follow-up: less than this is not seen at the end of most curves
RECENT = 1 / 3  # share of the time seen whose events tell the hazard that follows
WORTH = 4.0  # events that the recent hazard is worth at most: it may change
LAST = 4  # drops that tell whether the hazard had gone before the end of the curve ...
LAST_WORTH = 1.5  # ... and what they are worth: curves may reach a plateau
CENSORING_SD = 1.5  # SD of the log of the rate of censoring around half of that of leaving
CANDIDATES = 200
PLATEAU = 0.01  # probability of a plateau from the last event on, whatever the hazard was
SAID, BELIEVED = 0.1, 0.5  # probabilities from which it is said, and from which draw 0 has it


@dataclass(frozen=True, eq=False)
class Tail:
    """What is not seen of an arm: the recent hazard, and the person-time from node to node.

    `shape` and `rate` are those of a gamma distribution of the hazard of events; `person_time` (K,)
    is 0 before `seen`; `silent` is the probability of no event in it.
    """

    seen: float
    shape: float
    rate: float
    person_time: Floats
    silent: float

    def share(self, lost: int, rng: np.random.Generator | None) -> float:
        """Probability that a patient who leaves does so by an event, given how many leave."""
        random = rng or np.random.default_rng(0)
        exposure = max(float(self.person_time.sum()), 1e-12)
        event = random.gamma(self.shape, 1 / self.rate, CANDIDATES)
        level = max(lost, 1) / exposure / 2
        censored = level * np.exp(CENSORING_SD * random.standard_normal(CANDIDATES))
        expected = np.maximum((event + censored) * exposure, 1e-12)
        log_weight = lost * np.log(expected) - expected
        weight = np.exp(log_weight - log_weight.max())
        share = event / (event + censored)
        if rng is None:
            return float(np.average(share, weights=weight))
        return float(share[rng.choice(CANDIDATES, p=weight / weight.sum())])


def tails(
    arms: Mapping[str, ArmInput], paths: Mapping[str, list[Paths]]
) -> tuple[dict[str, list[Tail]], float, list[Flag]]:
    """What is not seen of each arm, by hypothesis, and how probably the figure was read in part.

    The arms of a figure share where its curves end, so all of them tell of it.
    """
    seen = max((_seen(arm) for arm in arms.values()), default=0.0)
    found = {name: [_tail(arm, each, seen) for each in paths[name]] for name, arm in arms.items()}
    silent, ended, short = 1.0, False, False
    for name, arm in arms.items():
        tail, reading = found[name][0], paths[name][0].reading
        ended |= len(reading.time) > 0 and not reading.certain[-1]
        known = 0.0 if arm.at_risk is None else float(arm.at_risk[0][arm.at_risk[1] > 0][-1])
        if tail.person_time.sum() > 0 and known > (1 + SLACK) * seen:
            short = True
            silent *= tail.silent
    if not short:
        return found, 0.0, []
    chance = 1.0 if ended else CUT / (CUT + (1 - CUT) * max(silent, PLATEAU))
    flags = []
    for name, arm in arms.items():
        if chance >= SAID and found[name][0].person_time.sum() > 0 and arm.at_risk is not None:
            last = float(arm.at_risk[0][arm.at_risk[1] > 0][-1])
            if last > (1 + SLACK) * seen:
                message = (
                    f"the curve ends at {seen:g}, the numbers at risk go on to {last:g}: what is "
                    f"not seen is open (probability {chance:.2f})"
                )
                code = "curve-ends-early" if chance >= BELIEVED else "curve-may-end-early"
                flags.append(Flag(code, name, message, last - seen))
    return found, chance, flags


def events(
    tail: Tail, censored: Integers, total: int | None, rng: np.random.Generator | None
) -> Integers:
    """(K,) of those who leave after each node, those with an event; `total` in all, if known."""
    lost = np.where(tail.person_time > 0, censored, 0)
    number = int(lost.sum())
    if number == 0 or total == 0:
        return np.zeros(len(censored), dtype=np.int64)
    share = tail.share(number, rng)
    if rng is None:
        wanted = round(share * number) if total is None else min(total, number)
        reached = np.rint(np.cumsum(lost) * wanted / number).astype(np.int64)
        return np.diff(reached, prepend=0)
    if total is None:
        return rng.binomial(lost, share)
    picked = rng.choice(np.repeat(np.arange(len(lost)), lost), min(total, number), replace=False)
    return np.bincount(picked, minlength=len(lost)).astype(np.int64)


def _seen(arm: ArmInput) -> float:
    assert arm.curve is not None
    last = float(arm.curve[0][-1])
    return last if arm.marks is None or not len(arm.marks) else max(last, float(arm.marks[-1]))


def _tail(arm: ArmInput, paths: Paths, seen: float) -> Tail:
    assert arm.n is not None
    time = paths.segments.time
    start = np.concatenate([[0.0], time[:-1]])
    course, ended = paths.course, arm.curve is not None and arm.curve[1][-1] <= 0
    grid = np.linspace(0, max(seen, 1e-9), 200)
    number = course.number(grid)
    died = paths.died.mean(axis=0)
    recent = (1 - RECENT) * seen
    late = grid >= recent
    all_time, late_time = (float(np.trapezoid(number[part], grid[part])) for part in
                           (slice(None), late))  # fmt: skip
    overall = (died.sum() + 0.5) / max(all_time, 1e-9)
    shape, rate = died[time >= recent].sum() + 1, late_time + 1 / overall
    worth = min(1.0, WORTH / shape)
    open_part = np.maximum(time - np.maximum(start, seen), 0) * (time > seen)
    middle = (course.number(np.maximum(start, seen)) + course.number(time)) / 2
    person_time = np.zeros(len(time)) if ended else open_part * middle
    drops = np.flatnonzero(died > 0.5)
    local = grid >= (time[drops[-LAST]] if len(drops) >= LAST else 0.0)
    last_rate = float(np.trapezoid(number[local], grid[local])) / LAST + 1e-9
    silent = (1 + person_time.sum() / (LAST_WORTH * last_rate)) ** -LAST_WORTH
    return Tail(seen, float(shape * worth), float(rate * worth), person_time, float(silent))
