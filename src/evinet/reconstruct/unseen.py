"""Follow-up that a curve does not show: numbers at risk go on after its last point.

Feet of drops end with the last event, so nobody may have had one since; or the curve was digitised
in part: both arms of the figure, or one arm alone. Which of these it is is judged by how many
events would have been expected in the time that is not seen, and, where another arm is seen then,
by whether as many are censored there as would have to be here. Points of the line itself show where
it ends. Where follow-up is open, patients who leave have events at about the hazard seen last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evinet.patients.data import Floats, Integers
from evinet.reconstruct.inputs import ArmInput, Flag
from evinet.reconstruct.lattice_arm import SLACK, Paths, contradiction, goes_on
from evinet.reconstruct.lattice_censoring import Course

CUT = 0.03  # prior probability that feet of drops were digitised in part, in all arms ...
CUT_ALONE = 0.005  # ... and in one arm alone, ...
CUT_AT_FOOT = 0.1  # ... also where whole steps end with a drop, without the line after it
RECENT = 1 / 3  # share of the time seen whose events tell the hazard that follows
WORTH = 4.0  # events that the recent hazard is worth at most: it may change
LAST = 4  # drops that tell whether the hazard had gone before the end of the curve ...
LAST_WORTH = 1.5  # ... and what they are worth: curves may reach a plateau
CENSORING_SD = 1.5  # SD of the log of the rate of censoring around half of that of leaving
OTHER_SD = 0.5  # the same around the rate of the other arms, beside that of their counts
CANDIDATES = 200
OTHER_WORTH = 0.5  # of that evidence: arms may be censored differently
WEIGHED = 4000  # the same to tell whether a curve was digitised in part
MARKED = 1.2  # times the patients that marks stand for: more leave in another way
PLATEAU = 0.01  # probability of a plateau from the last event on, whatever the hazard was
TREND_SD = 1.0  # SD by which the log hazard changes in the time not seen
LEAST_CHANCE = 1e-9
MOST_EVENTS = 0.999  # probability up to which the events not seen may be many
LEAST = 0.1  # probability below which the curve of one arm is not taken to end before the others
SAID, BELIEVED = 0.1, 0.5  # probabilities from which it is said, and from which draw 0 has it


@dataclass(frozen=True, eq=False)
class Tail:
    """What is not seen of an arm: the recent hazard, and the person-time from node to node.

    `shape` and `rate` are those of a gamma distribution of the hazard of events; `person_time` (K,)
    is 0 before `seen`; `silent` is the probability of no event in it; `elsewhere` is the rate of
    censoring of the other arms in this time and the SD of its log, None where it is not known.
    """

    seen: float
    shape: float
    rate: float
    person_time: Floats
    silent: float
    elsewhere: tuple[float, float] | None

    @property
    def exposure(self) -> float:
        """Person-time that is not seen."""
        return max(float(self.person_time.sum()), 1e-12)

    def lost(self, censored: Integers) -> Integers:
        """(..., K) of those who leave after each node, those who do in the time not seen."""
        return np.where(self.person_time > 0, censored, 0)

    def share(self, lost: int, rng: np.random.Generator | None) -> float:
        """Probability that a patient who leaves does so by an event, given how many leave."""
        random = rng or np.random.default_rng(0)
        event, censored = self._rates(lost, CANDIDATES, random)
        log_weight = _log_poisson(lost, (event + censored) * self.exposure)
        weight = np.exp(log_weight - log_weight.max())
        share = event / (event + censored)
        if rng is None:
            return float(np.average(share, weights=weight))
        return float(share[rng.choice(CANDIDATES, p=weight / weight.sum())])

    def most(self) -> int:
        """The most events that may be expected after the end, but for one case in a thousand."""
        random = np.random.default_rng(0)
        event, _ = self._rates(1.0, WEIGHED, random)
        changed = np.exp(TREND_SD / 2 * random.standard_normal(WEIGHED))
        counts = random.poisson(event * changed * self.exposure)
        return int(np.quantile(counts, MOST_EVENTS, method="higher"))

    def expected(self, rng: np.random.Generator | None) -> Floats:
        """(K,) events expected after each node, but for a factor: the hazard is even, or changes
        evenly on the log scale in a draw."""
        slope = 0.0 if rng is None else TREND_SD * rng.standard_normal()
        reached = np.cumsum(self.person_time) - self.person_time / 2
        result: Floats = self.person_time * np.exp(slope * reached / self.exposure)
        return result

    def cut(self, lost: float, prior: float) -> float:
        """Probability that events go on unseen, rather than that nobody has one, if so many leave.

        If nobody has an event all of them are censored: where other arms tell how many would be,
        that counts as well.
        """
        odds = prior / (1 - prior) / max(self.silent, PLATEAU)
        if self.elsewhere is not None:
            event, censored = self._rates(lost, WEIGHED, np.random.default_rng(0))
            with_events = _log_poisson(lost, (event + censored) * self.exposure)
            without = _log_poisson(lost, censored * self.exposure)
            top = max(float(with_events.max()), float(without.max()))
            ratio = np.exp(with_events - top).sum() / max(np.exp(without - top).sum(), 1e-300)
            odds *= ratio**OTHER_WORTH
        return float(odds / (1 + odds))

    def _rates(self, lost: float, size: int, random: np.random.Generator) -> tuple[Floats, Floats]:
        """Candidates of the hazards of events and of censoring."""
        event = random.gamma(self.shape, 1 / self.rate, size)
        level, sd = self.elsewhere or (max(lost, 1) / self.exposure / 2, CENSORING_SD)
        return event, level * np.exp(sd * random.standard_normal(size))


@dataclass(frozen=True, eq=False)
class Rest:
    """What may not be seen of an arm, by hypothesis: after the end of the figure, or of its curve.

    `cut` is how probably its curve alone was digitised in part; `end` is where follow-up ends of
    whom nothing more is known, `told` the last time that its own input tells of; `events` is the
    total that the arm is held to, None where none is known or it contradicts the curve.
    """

    figure: list[Tail]
    own: list[Tail]
    cut: float
    end: float
    told: float
    events: int | None

    def tail(self, part: int, follows: bool, cut: bool) -> tuple[Tail | None, float]:
        """What is not seen, and the end, where the figure `follows` on, or the curve was `cut`."""
        if cut:
            return self.own[part], self.told
        return self.figure[part] if follows else None, self.end


def rests(
    arms: Mapping[str, ArmInput], paths: Mapping[str, list[Paths]]
) -> tuple[dict[str, Rest], float, list[Flag]]:
    """What is not seen of each arm, and how probably the whole figure was read in part.

    The arms of a figure share where its curves end, so all of them tell of it; and the curve of
    each may have been digitised in part alone.
    """
    ended = {name: _line_ends(arm, paths[name][0]) for name, arm in arms.items()}
    seen = {name: _seen(arm, marks=False) for name, arm in arms.items()}
    known = {name: _known(arm) for name, arm in arms.items()}
    last = max((_seen(arm) for arm in arms.values()), default=0.0)
    figure, own_tails, held, flags = {}, {}, {}, []
    for name, arm in arms.items():
        others = [(paths[each][0].course, seen[each]) for each in arms if each != name]
        figure[name] = [_tail(arm, each, last) for each in paths[name]]
        own_tails[name] = [_tail(arm, each, seen[name], others, last) for each in paths[name]]
        held[name], found = _held(arm, paths[name], own_tails[name])
        flags += found
    held_arms = {name: replace(arm, events=held[name]) for name, arm in arms.items()}
    open_arms = [
        name for name in arms
        if figure[name][0].person_time.any() and known[name] > (1 + SLACK) * last
    ]  # fmt: skip
    chance = 0.0
    if open_arms:
        silent = float(np.prod([figure[name][0].silent for name in open_arms]))
        chance = 1.0 if any(ended.values()) else CUT / (CUT + (1 - CUT) * max(silent, PLATEAU))
        whole = [name for name in open_arms if seen[name] >= (1 - SLACK) * last]
        chance = max([chance, *(_short_share(held_arms[name], paths[name]) for name in whole)])
    result = {}
    for name, arm in held_arms.items():
        own = own_tails[name]
        before = seen[name] < (1 - SLACK) * last
        cut = _cut(arm, paths[name], own[0]) if before else 0.0
        told = max(_seen(arm), known[name])
        end = told if ended[name] else max(last, *known.values())
        result[name] = Rest(figure[name], own, cut, end, told, held[name])
        what = f"the curve ends at {seen[name]:g}"
        if known[name] > seen[name]:
            what += f", the numbers at risk go on to {known[name]:g}"
        if cut >= SAID:
            what += f", the figure goes on to {last:g}"
            flags.append(_flag(name, what, cut, max(known[name], last) - seen[name]))
        elif name in open_arms and chance >= SAID:
            flags.append(_flag(name, what, chance, known[name] - last))
    return result, chance, flags


def _held(
    arm: ArmInput, paths: Sequence[Paths], own: Sequence[Tail]
) -> tuple[int | None, list[Flag]]:
    """The total of events, unless too many of them would have to be after the end of the curve."""
    if arm.events is None or not goes_on(arm):
        return arm.events, []
    died = paths[0].died.sum(axis=1)
    least, most = int(died.min()), int(died.max())
    left = int(own[0].lost(paths[0].censored).sum(axis=1).max(initial=0))
    if arm.events <= most + min(own[0].most(), left):
        return arm.events, []
    return None, [contradiction(arm, least, most)]


def short(arm: ArmInput, parts: Sequence[Paths], rows: Sequence[tuple[int, int]]) -> np.ndarray:
    """Which of the rows (part and path of it) have fewer events than the total: the rest is not
    seen, so that the curve has not reached a plateau."""
    total = arm.events or 0
    reached = [each.died.sum(axis=1) for each in parts]
    return np.array([reached[part][which] < total for part, which in rows], dtype=bool)


def _short_share(arm: ArmInput, parts: Sequence[Paths]) -> float:
    """The share of the paths that have fewer events than the total."""
    rows = [(part, which) for part, each in enumerate(parts) for which in range(len(each.died))]
    return float(short(arm, parts, rows).mean()) if rows else 0.0


def events(
    tail: Tail, censored: Integers, total: int | None, rng: np.random.Generator | None
) -> Integers:
    """(K,) of those who leave after each node, those with an event; `total` in all, if known.

    Events follow the person-time, because their hazard hardly changes: where few leave, as long as
    follow-up goes on for most, they are a larger share than where many are censored.
    """
    lost = tail.lost(censored)
    number = int(lost.sum())
    if number == 0 or total == 0:
        return np.zeros(len(censored), dtype=np.int64)
    wanted = tail.share(number, rng) * number if total is None else min(total, number)
    chance = _chances(lost, tail.expected(rng), wanted)
    if rng is None:
        reached = np.rint(np.cumsum(lost * chance)).astype(np.int64)
        return np.diff(reached, prepend=0)
    if total is None:
        return rng.binomial(lost, chance)
    node = np.repeat(np.arange(len(lost)), lost)
    weight = np.maximum(chance[node], LEAST_CHANCE)
    picked = rng.choice(node, int(wanted), replace=False, p=weight / weight.sum())
    return np.bincount(picked, minlength=len(lost)).astype(np.int64)


def _chances(lost: Integers, expected: Floats, wanted: float) -> Floats:
    """(K,) chance of an event of those who leave after each node, in proportion to the `expected`
    events, such that `wanted` events result in all; nowhere more than leave.

    >>> _chances(np.array([2, 10]), np.array([3.0, 3.0]), 6.0)
    array([1. , 0.4])
    """
    chance = np.zeros(len(lost))
    open_nodes = lost > 0
    while open_nodes.any():
        rest = wanted - float(lost[chance == 1].sum())
        level = rest / max(float(expected[open_nodes].sum()), 1e-12)
        each = np.divide(level * expected, lost, out=np.zeros(len(lost)), where=open_nodes)
        full = open_nodes & (each >= 1)
        chance[full] = 1.0
        if not full.any():
            return np.where(open_nodes, each, chance)
        open_nodes &= ~full
    return chance


def _log_poisson(count: float, mean: Floats) -> Floats:
    """Log probability of a count, but for a constant."""
    mean = np.maximum(mean, 1e-12)
    result: Floats = count * np.log(mean) - mean
    return result


def _flag(name: str, what: str, chance: float, size: float) -> Flag:
    code = "curve-ends-early" if chance >= BELIEVED else "curve-may-end-early"
    return Flag(code, name, f"{what}: what is not seen is open (probability {chance:.2f})", size)


def _seen(arm: ArmInput, marks: bool = True) -> float:
    """The last time that the points of a curve tell of, or its `marks`."""
    assert arm.curve is not None
    last = float(arm.curve[0][-1])
    if not marks or arm.marks is None or not len(arm.marks):
        return last
    return max(last, float(arm.marks[-1]))


def _known(arm: ArmInput) -> float:
    """The last time at which somebody was at risk, as printed."""
    return 0.0 if arm.at_risk is None else float(arm.at_risk[0][arm.at_risk[1] > 0][-1])


def _line_ends(arm: ArmInput, paths: Paths) -> bool:
    """Whether the points show where the line ends, and not only where it falls."""
    assert arm.curve is not None
    reading = paths.reading
    if reading.style != "steps":
        return len(reading.time) > 0 and not reading.certain[-1]
    time, survival = arm.curve
    before = survival[time < time[-1]]
    return len(before) > 0 and bool(before.min() - survival[-1] <= reading.survival_grid / 2 + 1e-9)


def _cut(arm: ArmInput, paths: Sequence[Paths], tail: Tail) -> float:
    """How probably the curve of an arm was digitised in part, where the figure goes on."""
    assert arm.n is not None
    later = arm.at_risk is not None and arm.at_risk[0][-1] > tail.seen
    if later and _known(arm) <= (1 + SLACK) * tail.seen:  # nobody is left: the curve has its end
        return 0.0
    lost = float(tail.lost(paths[0].censored).sum(axis=1).mean())
    if later and arm.marks is not None and lost <= _on_marks(arm.marks, paths[0], tail.seen):
        return 0.0
    foot = paths[0].reading.style == "steps" and not _line_ends(arm, paths[0])
    chance = tail.cut(lost, CUT_AT_FOOT if foot else CUT_ALONE)
    if later:  # a line does not end while patients are at risk, nor with events to come
        size = np.array([len(each.died) for each in paths])
        ended = float(np.average([_line_ends(arm, each) for each in paths], weights=size))
        chance = max(_short_share(arm, paths), ended + (1 - ended) * chance)
    return chance if chance >= LEAST else 0.0


def _on_marks(marks: Floats, paths: Paths, seen: float) -> float:
    """About how many patients the marks after a time stand for, at most."""
    later = int((marks > seen).sum())
    before = float(paths.censored[:, paths.segments.time <= seen].sum(axis=1).mean())
    each = max(before / max(len(marks) - later, 1), 1.0)
    return MARKED * each * later + 1


def _tail(
    arm: ArmInput, paths: Paths, seen: float, others: Sequence[tuple[Course, float]] = (),
    last: float = 0.0,
) -> Tail:  # fmt: skip
    """What is not seen of an arm after a time.

    `others` are the courses of other arms, and where their curves end. Where nothing is printed
    after `seen`, those who are left may not have been seen until `last`.
    """
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
    exposure = float(person_time.sum())
    if not ended and not (time > seen).any() and last > seen:
        exposure = float(course.number(np.array([seen]))[0]) * (last - seen)
        if course.hazard > 0:
            exposure *= -np.expm1(-course.hazard * (last - seen)) / (course.hazard * (last - seen))
    silent = (1 + exposure / (LAST_WORTH * last_rate)) ** -LAST_WORTH
    return Tail(
        seen, float(shape * worth), float(rate * worth), person_time, float(silent),
        _elsewhere(others, np.maximum(start, seen), time, person_time),
    )  # fmt: skip


def _elsewhere(
    others: Sequence[tuple[Course, float]], start: Floats, stop: Floats, person_time: Floats
) -> tuple[float, float] | None:
    """The rate of censoring that other arms would give so much person-time (see `Tail`).

    It changes with time, because follow-up ends by the calendar: it is taken from node to node.
    """
    censored, exposure = np.zeros((2, len(stop)))
    for course, end in others:
        first, last = np.minimum(start, end), np.minimum(stop, end)
        total = np.append(0.0, np.cumsum(np.diff(course.time) * course.at_risk[:-1]))
        for into, values in ((censored, course.censored), (exposure, total)):
            into += np.interp(last, course.time, values) - np.interp(first, course.time, values)
    open_part = person_time > 0
    count, time = float(censored[open_part].sum()), float(exposure[open_part].sum())
    if count < 1 or time <= 0:
        return None
    usual = count / time
    rate = (censored + 1) / (exposure + 1 / usual)
    return float(np.average(rate, weights=person_time)), float(np.hypot(OTHER_SD, count**-0.5))
