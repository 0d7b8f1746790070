"""Posterior of the events and censorings of one arm, given its curve and what was printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evinet.patients.data import Floats, Integers
from evinet.reconstruct.curve import Reading, read
from evinet.reconstruct.draws import tempered
from evinet.reconstruct.forward_backward import FORGOTTEN, backward, forward
from evinet.reconstruct.inputs import ArmInput, Flag
from evinet.reconstruct.lattice_censoring import Course, course
from evinet.reconstruct.lattice_nodes import Nodes, Segments, nodes, segments
from evinet.reconstruct.noise import Noise, hypotheses
from evinet.reconstruct.particles import systematic

FIRST = 50  # points of the curve on which hypotheses of style and noise are compared
MORE_TIES = 1.2  # times the events that drops explain, from which on they are of several events
AROUND = 12  # drops on either side that tell of how many events each is
CLICKED = 1e-3  # of the axis: no hand is nearer
HAND_TIES = -10.0  # log prior of a hand that clicked feet of several events each, and no others
PLAUSIBLE = 5.0  # log evidence within which other hypotheses of style and noise are drawn, too
MOST = 3  # such hypotheses
OTHER_STYLE = 5.0  # log evidence lost by a style that the points of another arm cannot have
UNLIKELY = 10.0  # log evidence below the best noise from which larger noises are not looked at
STEEPEST = 20.0  # largest weight of an event, on the log scale, to meet the total
TILTS = 24
BATCHES = 4
LEAST_EFFECTIVE = 0.2  # share of the paths that must keep weight
COARSE = 1e-5  # states less probable than this are dropped in large arms, and to tell the noise
RARER = (1e-8, 1e-12)  # the same where the paths that are left miss a number at risk
LARGE = 400  # patients of an arm
VAGUE = 0.3  # events within which survival is read, from where on drops do not tell who is left
GAP = 1.5  # times the usual distance of numbers at risk: some are missing
TRIES = 32  # paths that tell their total of events
CONTRADICTS = 25.0  # log evidence that a total of events may cost before the curve is kept to ...
UNSEEN = 3.0  # ... and before it tells of events after the end of a curve that may go on
SLACK = 0.03  # of follow-up: less than this is not seen at the end of most curves


@dataclass(frozen=True, eq=False)
class Wanted:
    """How many paths are wanted of a curve whose survival is read too high by a `shift`.

    `place` is that of the shift among those looked at (see `lattice_shift`), and `share` that of
    each plausible hypothesis, if it is not as without a shift.
    """

    paths: int
    shift: float = 0.0
    place: int = 0
    share: Floats | None = None


@dataclass(frozen=True, eq=False)
class Paths:
    """Sampled paths under one hypothesis: (P, K) censorings before, and events at, each of K nodes.

    `pixel` is the width of a pixel of the time axis, or of the error of clicked times, otherwise 0;
    `place` is that of the shift of survival (see `Wanted`).
    """

    segments: Segments
    reading: Reading
    course: Course
    censored: Integers
    died: Integers
    pixel: float
    place: int = 0


@dataclass(frozen=True, eq=False)
class _Arm:
    """An arm under one hypothesis of its style and noise."""

    n: int
    events: int | None
    reading: Reading
    segments: Segments
    course: Course
    noise: Noise
    marked: bool

    @property
    def forgotten(self) -> float:
        """States less probable than this are dropped."""
        return FORGOTTEN if self.n <= LARGE else COARSE

    def nodes(self, single: bool = False) -> Nodes:
        """The nodes, with all levels of censoring that are possible, or the usual one alone."""
        found, time = self.course, self.segments.time
        lost = np.diff(np.interp(time, found.time, found.censored), prepend=0.0)
        factor, chance, stay = found.levels(time, self.segments.pinned, single)
        at_risk = np.maximum(found.number(time), 0.5)
        censored = factor * np.maximum(lost, 0)[:, None]
        return nodes(
            self.segments, self.noise, at_risk, (chance, stay), censored, self.marked
        )  # fmt: skip

    def shifted(self, by: float) -> _Arm:
        """The arm if its whole curve was read too high by so much; all or nobody are read exactly.

        Patients who were seen to be left stay left.
        """
        if not by:
            return self
        value = self.segments.value
        moved = np.clip(value - by, np.minimum(value, 0.5 / self.n), 1.0)
        exact = self.segments.pinned | (value <= 0) | (value >= 1)
        return replace(self, segments=replace(
            self.segments, value=np.where(exact, value, moved)))  # fmt: skip

    @property
    def reach(self) -> float:
        """Within how much survival is read; 0 if it was not, or if marks tell the censoring."""
        if self.marked or not len(self.reading.half):
            return 0.0
        half, sd = self.noise.of(self.reading.half)
        return float(np.median(half + 2 * sd))

    def heavy(self) -> tuple[float, float] | None:
        """See `Course.heavy`; censor marks say when patients were censored."""
        return self.course.heavy(self.reach) if self.reach else None

    def evidence(self, cut: float) -> float:
        """Log evidence of the points up to a time; the same points under every hypothesis.

        Survival between two points, where a number at risk is, was not read; and of points that
        tell nothing beside their neighbours each is as probable as its neighbour.
        """
        every = self.nodes(single=True)  # others would cost time and hardly tell
        first = every.first(int(np.searchsorted(self.segments.time, cut, side="right")))
        if not len(first.value):
            return self.reading.log_prior
        width = np.log(2 * first.half + 2.5066 * first.sd)
        read = self.segments.read[: len(width)]
        between = ~read & ~first.pinned
        found = forward(self.n, first, 0.0, COARSE).log_evidence + float(width[between].sum())
        if self.noise.of_eye and self.reading.log_prior < 0:
            found += HAND_TIES
        skipped = self.reading.early(cut)
        if skipped and read.any():
            found -= skipped * float(np.median(width[read]))
        return found + self.reading.log_prior


@dataclass(frozen=True, eq=False)
class Hypotheses:
    """What the style and the noise of an arm's curve may be, each with its log evidence."""

    arm: ArmInput
    states: list[_Arm]
    scores: Floats

    def best_of(self, style: str) -> float:
        """The largest evidence of a style; of one that is out of the question, a little less."""
        own = [score for state, score in zip(self.states, self.scores, strict=True)
               if state.reading.style == style]  # fmt: skip
        return max(own, default=float(self.scores.max()) - OTHER_STYLE)

    def plausible(self, others: Sequence[Hypotheses], most: int) -> tuple[list[_Arm], Floats]:
        """At most so many hypotheses under which the curve is probable, and their shares.

        The curves of a figure are read the same way: the `others` of the trial tell of the style.
        """
        styles = [state.reading.style for state in self.states]
        common = {style: sum(other.best_of(style) for other in others) for style in set(styles)}
        scores = self.scores + np.array([common[style] for style in styles])
        order = np.argsort(-scores, kind="stable")[:most]
        order = order[scores[order] > scores.max() - PLAUSIBLE]
        weight = np.exp(scores[order] - scores.max())
        return [self.states[which] for which in order], weight / weight.sum()


def hypotheses_of(arm: ArmInput) -> tuple[Hypotheses, list[Flag]]:
    """What the points of a tidy arm with a curve and a known number of patients may be."""
    assert arm.curve is not None
    assert arm.n is not None
    table = _table(arm)
    first_guess = course(arm.curve, table, arm.events)
    marked = arm.marks is not None
    alive = float(table[0][table[1] > 0][-1])
    readings, flags = read(*arm.curve, (first_guess.time, first_guess.at_risk), alive, arm.name)
    longest = max(readings, key=lambda each: len(each.time))
    cut = float(longest.time[min(FIRST, len(longest.time)) - 1]) if len(longest.time) else 0.0
    states: list[_Arm] = []
    scores: list[float] = []
    for reading in readings:
        found = course((reading.time, reading.survival), table, arm.events, marked)
        best = -np.inf
        for state in _arms(arm, reading, table, found):
            score = state.evidence(cut)
            states.append(state)
            scores.append(score)
            best = max(best, score)
            # Below 0 the points might as well lie anywhere: there is more noise than in any so far.
            if score < best - UNLIKELY and best > 0:  # more noise is less probable still
                break
    return Hypotheses(arm, states, np.array(scores)), flags


def shift_scores(
    found: Hypotheses, others: Sequence[Hypotheses], shifts: Floats, rng: np.random.Generator,
    single: bool = False,
) -> Floats:  # fmt: skip
    """(J, S) log weight of each plausible hypothesis if the curve is off by each of the shifts.

    It is the evidence of all points, and of the total of events; at the shift that suits it best
    each hypothesis weighs its share.
    """
    states, share = found.plausible(others, 1 if single else MOST)
    events = None if goes_on(found.arm) else found.arm.events
    scores = np.zeros((len(states), len(shifts)))
    for score, state in zip(scores, states, strict=True):
        for which, by in enumerate(shifts if len(state.segments.time) else ()):
            score[which] = _score(state.shifted(by), events, rng)
    scores += np.log(share)[:, None] - scores.max(axis=1, keepdims=True)
    return scores


def _score(state: _Arm, events: int | None, rng: np.random.Generator) -> float:
    """Log evidence of all points, and of a total of events."""
    each = state.nodes(single=True)
    made = forward(state.n, each, 0.0, COARSE)
    if events is None:
        return float(made.log_evidence)
    wide = 2 * len(each.value) + 1
    died = backward(state.n, each, made, 0.0, rng.random((TRIES, wide)))[1].sum(axis=1)
    sd = max(float(died.std()), 1.0)
    return float(made.log_evidence - 0.5 * ((died.mean() - events) / sd) ** 2 - np.log(sd))


def sample(
    found: Hypotheses, others: Sequence[Hypotheses], wanted: Sequence[Wanted],
    rng: np.random.Generator, single: bool = False,
) -> tuple[list[Paths], int | None, list[Flag]]:  # fmt: skip
    """Sample paths of an arm, as many as `wanted`, and the total of events that it is held to.

    Each of the hypotheses of style and noise that are plausible has as many paths as it deserves,
    the most plausible first; with `single` it has all. A total that contradicts the curve is left
    out. Where patients are at risk after the curve ends, its paths may have fewer events than the
    total: the rest is not seen (see `unseen`).
    """
    arm, flags = found.arm, []
    plausible, share = found.plausible(others, 1 if single else MOST)
    states = [state.shifted(wanted[0].shift) for state in plausible]
    events, unseen = arm.events, goes_on(arm)
    if events is not None and len(states[0].segments.time):
        least, most = _possible(states[0], events, rng, CONTRADICTS)
        if events < least or (events > most and not unseen):
            flags.append(contradiction(arm, least, most))
            events = None
    paths = []
    for each in wanted:
        own = share if each.share is None else each.share
        counts = np.diff(np.rint(np.cumsum(np.append(0.0, own)) * each.paths)).astype(int)
        for state, count in zip(plausible, counts.tolist(), strict=True):
            if count:
                paths.append(_paths(state.shifted(each.shift), events, unseen, count, each, rng))
    _, sd = states[0].noise.of(states[0].reading.half)
    if len(_table(arm)[0]) == 1 and events is None and max(sd, default=0) > 1e-4:
        vague = states[0].n * states[0].reach > VAGUE
        code = "censoring-unknown" if vague else "censoring-assumed"
        message = "neither numbers at risk nor total events: the censoring is assumed" + (
            "; there may be several times fewer events" if vague else ""
        )
        flags.append(Flag(code, arm.name, message))
    elif len(_table(arm)[0]) == 1 and states[0].n * states[0].reach > VAGUE:
        message = "no numbers at risk and no marks: when patients were censored is assumed"
        flags.append(Flag("censoring-assumed", arm.name, message))
    elif (heavy := states[0].heavy()) is not None and events is None:
        part, since = heavy
        message = (
            f"{part:.0%} of the patients at risk at {since:g} are censored before the next number "
            "at risk; when they are decides how many events the curve shows, and it is not known"
        )
        flags.append(Flag("censoring-heavy", arm.name, message, part))
    flags += _narrow(arm.name, states[0], _table(arm)[0], events)
    reached = int(paths[0].died[0].sum())
    if events is not None and reached != events and not (unseen and reached < events):
        message = f"the curve allows {reached} events, not {events}"
        flags.append(Flag("events-unmet", arm.name, message, float(reached - events)))
    return paths, events, flags


def _paths(
    state: _Arm, events: int | None, unseen: bool, count: int, wanted: Wanted,
    rng: np.random.Generator,
) -> Paths:  # fmt: skip
    """So many paths under one hypothesis."""
    censored, died = np.zeros((2, count, 0), np.int64)
    if len(state.segments.time):
        if events is not None and unseen and events > _possible(state, events, rng, UNSEEN)[1]:
            events = None
        censored, died = _sampled(state, events, count, rng)
    return Paths(
        state.segments, state.reading, state.course, censored, died,
        _pixel(state.reading, state.noise), wanted.place,
    )  # fmt: skip


def _narrow(name: str, state: _Arm, times: Floats, events: int | None) -> Iterator[Flag]:
    """What makes bands narrower than they should be (docs/reconstruction-benchmark.md)."""
    if state.reading.style == "points" and state.noise.of_eye:
        message = "clicked points: the restricted mean is less certain than its band says"
        yield Flag("curve-clicked", name, message, state.noise.sd)
    apart = np.diff(times)
    gap = float(apart.max() / np.median(apart)) if len(apart) else 0.0
    if gap > GAP and events is None and state.n * state.reach > VAGUE:
        message = (
            f"numbers at risk are missing for {apart.max():g} from {times[np.argmax(apart)]:g}: "
            "how many events an arm so large has is less certain than its band says"
        )
        yield Flag("at-risk-gaps", name, message, float(apart.max()))


def contradiction(arm: ArmInput, least: int, most: int) -> Flag:
    """Said where a total of events is far from those that the curve has."""
    assert arm.events is not None
    likely = f"about {least} to {most}" if least < most else f"about {least}"
    message = f"{arm.events} events, but the curve has {likely}: kept to the curve"
    off = arm.events - (most if arm.events > most else least)
    return Flag("events-contradict-curve", arm.name, message, float(off))


def goes_on(arm: ArmInput) -> bool:
    """Whether patients are at risk well after the last point of the curve, as printed."""
    assert arm.curve is not None
    if arm.at_risk is None or arm.curve[1][-1] <= 0:
        return False
    return bool(arm.at_risk[0][arm.at_risk[1] > 0][-1] > (1 + SLACK) * arm.curve[0][-1])


def _table(arm: ArmInput) -> tuple[Floats, Integers]:
    assert arm.n is not None
    return arm.at_risk or (np.zeros(1), np.array([arm.n]))


def _arms(
    arm: ArmInput, reading: Reading, table: tuple[Floats, Integers], found: Course
) -> list[_Arm]:
    """The arm under each hypothesis of its noise."""
    assert arm.n is not None
    reading = replace(reading, hidden=_ties(reading, found) - 1)
    fine = reading.style == "points" and reading.survival_grid < CLICKED
    states = []
    for noise in hypotheses(reading.survival_grid, arm.n):
        if fine and noise.of_eye and noise.sd < CLICKED:
            continue
        blur, spread = _blur(reading, noise), _spread(reading, noise, found)
        parts = segments(reading, table, arm.marks, blur, spread)
        states.append(_Arm(arm.n, arm.events, reading, parts, found, noise, arm.marks is not None))
    return states


def _ties(reading: Reading, found: Course) -> Floats:
    """Events expected at each drop if there is one: so many as all drops have, if these are more
    than the rounding of their times explains.

    The steps of a picture are no smaller than can be seen in it: where events are dense, several
    are read as one step. There the steps around each tell how many.
    """
    level = np.minimum.accumulate(np.concatenate([[1.0], reading.survival]))
    fall = 1 - level[1:] / np.maximum(level[:-1], 1e-9)
    size, explained = len(fall), 1 + reading.hidden
    seen = reading.style == "steps" and reading.survival_grid > 0
    around = AROUND if seen else size
    first = np.maximum(np.arange(size) - around, 0)
    last = np.minimum(np.arange(size) + around + 1, size)
    events = np.append(0.0, np.cumsum(fall * found.number(reading.time)))
    drops = np.append(0.0, np.cumsum(explained))
    more = (events[last] - events[first]) / np.maximum(drops[last] - drops[first], 1.0)
    return explained * np.where(more > MORE_TIES, more, 1.0)


def _blur(reading: Reading, noise: Noise) -> Floats:
    """Width of the error of times: their rounding, or that of survival in shares of the axes."""
    size = len(reading.time)
    if noise.of_eye and size:
        return np.full(size, 12**0.5 * noise.sd * reading.time[-1])
    if noise.rounded and reading.style != "points":
        return 2 * reading.time_half
    return np.zeros(size)


def _spread(reading: Reading, noise: Noise, found: Course) -> Floats:
    """Factor of the noise of survival of points of a line that a hand clicked.

    Times are as noisy as survival, which counts the more, the steeper the curve; and where it is
    steep some points are on the risers of its steps, half an event off at most.
    """
    if reading.style != "points" or not noise.of_eye:
        return np.ones(len(reading.time))
    fall = -np.diff(reading.survival, prepend=1.0, append=reading.survival[-1:])
    event = np.maximum(reading.survival, 0) / np.maximum(found.number(reading.time), 1.0)
    off = np.clip(np.minimum(fall[:-1], fall[1:]), 0, event / 2)
    riser = off * np.sqrt(reading.steepness / (1 + reading.steepness) / 3)
    return np.hypot(np.hypot(1.0, reading.steepness), riser / noise.sd)


def _pixel(reading: Reading, noise: Noise) -> float:
    blur = _blur(reading, noise)
    return max(reading.time_grid, float(blur[0]) if len(blur) else 0.0)


def _possible(
    state: _Arm, events: int, rng: np.random.Generator, most_cost: float
) -> tuple[int, int]:
    """The least and the most events of the curve, and a total if it costs no more evidence."""
    each = state.nodes()
    made = forward(state.n, each, 0.0, state.forgotten)
    _, died, _ = backward(state.n, each, made, 0.0, rng.random((TRIES, 2 * len(each.value) + 1)))
    total = died.sum(axis=1)
    least, most = int(total.min()), int(total.max())
    if least <= events <= most:
        return least, most
    tilt = _tilt(state, each, events, rng)
    steep = forward(state.n, each, tilt, state.forgotten)
    _, died, _ = backward(state.n, each, steep, tilt, rng.random((TRIES, 2 * len(each.value) + 1)))
    reached = died.sum(axis=1)
    cost = made.log_evidence - (steep.log_evidence - tilt * float(reached.mean()))
    near = abs(float(reached.mean()) - events) <= max(3 * float(reached.std()), 3.0)
    if near and cost < most_cost:
        return min(least, events), max(most, events)
    return least, most


def _sampled(
    state: _Arm, events: int | None, size: int, rng: np.random.Generator
) -> tuple[Integers, Integers]:
    """Sampled paths, with the total of events nearest to a known one."""
    each = state.nodes()
    tilt = 0.0 if events is None else _tilt(state, each, events, rng)
    wide = 2 * len(each.value) + 1
    for forgotten in (state.forgotten, *(less for less in RARER if less < state.forgotten)):
        made = forward(state.n, each, tilt, forgotten)
        if _met(state, *backward(state.n, each, made, tilt, rng.random((1, wide)))[:2]):
            break
    batches, met = [], 0
    for _ in range(1 if events is None else BATCHES):
        batches.append(backward(state.n, each, made, tilt, rng.random((size, wide))))
        met += int((batches[-1][1].sum(axis=1) == events).sum())
        if met >= size // 2:
            break
    censored, died, log_weight = (np.concatenate(part) for part in zip(*batches, strict=True))
    usable = np.arange(len(died))
    if events is not None:
        off = np.abs(died.sum(axis=1) - events)
        usable = np.flatnonzero(off == off.min())
    weight, _ = tempered(log_weight[usable], LEAST_EFFECTIVE * min(size, len(usable)))
    picked = usable[rng.permutation(systematic(weight, size, rng))]
    return censored[picked], died[picked]


def _met(state: _Arm, censored: Integers, died: Integers) -> bool:
    """Whether paths have the numbers at risk that were printed."""
    number = state.n - np.cumsum(censored + died, axis=1)
    pinned = state.segments.pinned
    return bool((number[:, pinned] == state.segments.value[pinned]).all())


def _tilt(state: _Arm, each: Nodes, events: int, rng: np.random.Generator) -> float:
    """Weight of an event with which paths have the total often."""
    n, forgotten = state.n, state.forgotten
    low, high, tilt = -STEEPEST, STEEPEST, 0.0
    best, least = 0.0, np.inf
    for _ in range(TILTS):
        made = forward(n, each, tilt, forgotten)
        _, died, _ = backward(n, each, made, tilt, rng.random((TRIES, 2 * len(each.value) + 1)))
        total = died.sum(axis=1)
        off = float(total.mean() - events)
        if abs(off) < least:
            best, least = tilt, abs(off)
        if abs(off) < max(0.7 * total.std(), 0.3) or high - low < 0.05:
            break
        low, high = (tilt, high) if off < 0 else (low, tilt)
        step = -off / max(float(total.var()), 0.05)
        tilt = tilt + step if low < tilt + step < high else (low + high) / 2
    return best
