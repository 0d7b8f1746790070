"""From sampled paths to patients with times."""

from __future__ import annotations

import numpy as np

from evinet.patients.data import Floats, Integers, Patients
from evinet.reconstruct import unseen
from evinet.reconstruct.inputs import ArmInput
from evinet.reconstruct.lattice_arm import Paths
from evinet.reconstruct.unseen import Tail

MASS = 3  # events at one time
PLACES = 10_000  # of the time axis: masses of two arms at the same of them are at one time
BUNCHING = 1.2  # SD of the slope of the log rate of censoring within a segment, in the draws


def best(paths: Paths) -> int:
    """The sampled path nearest to the mean number at risk, of those with the likeliest total."""
    total = paths.died.sum(axis=1)
    if not paths.died.shape[1]:
        return 0
    likeliest = np.flatnonzero(total == np.bincount(total).argmax())
    lost = np.cumsum(paths.died + paths.censored, axis=1)[likeliest]
    deaths = np.cumsum(paths.died, axis=1)[likeliest]
    off = np.abs(lost - lost.mean(axis=0)).mean(axis=1)
    off += np.abs(deaths - deaths.mean(axis=0)).mean(axis=1)
    return int(likeliest[np.argmin(off)])


def place(
    arm: ArmInput, paths: Paths, which: int, end: float, beyond: tuple[Tail | None, float],
    rng: np.random.Generator | None, axis: Floats, columns: Floats, pixel: float = 0.0,
) -> Patients:  # fmt: skip
    """Patients of one path of an arm of a figure that ends at `end`.

    Times that the input does not tell are drawn with `rng`, or spread evenly without it. `axis` is
    by how many pixels the start and the end of the time axis are off; `columns` are shares of a
    `pixel`, common to all arms, by which masses of events are off: those of two arms that were read
    at one time are at one time. `beyond` is what is not seen, where some of those who leave have
    events, and how long those left after the last node are followed (see `unseen.Rest.tail`).
    """
    assert arm.n is not None
    censored, died = paths.censored[which], paths.died[which]
    segments = paths.segments
    start = np.concatenate([[0.0], segments.time[:-1]])
    row = np.repeat(np.arange(len(died)), died)
    events = _spread(row, segments.earliest, segments.latest, died, rng)
    if rng is not None and len(events):
        own = rng.random(len(died))
        reached = segments.time / max(end, segments.time[-1])
        common = columns[np.rint(PLACES * reached).astype(int) % len(columns)]
        massed = died >= MASS
        read = segments.blur[~segments.pinned]
        even = not len(read) or read.min() == read.max()  # not so where digits are significant
        wide = pixel if even else segments.blur
        shift = np.where(massed, wide * (common - 0.5), segments.blur * (own - 0.5))
        off = axis[0] + (axis[1] - axis[0]) * reached
        shift += np.where(massed, pixel, paths.pixel) * off
        events = np.maximum(events + shift[row], 0)
        events = _kept_apart(events, row, segments.time, segments.pinned)
    events = np.maximum(events, _earliest(paths))
    row = np.repeat(np.arange(len(censored)), censored)
    share = _spread(row, np.zeros(len(start)), np.ones(len(start)), censored, rng)
    if rng is not None:  # earlier or later in a segment, all together
        slope = BUNCHING * rng.standard_normal(len(start))[row]
        share = np.log1p(share * np.expm1(slope)) / slope
    leaving = paths.course.between(start[row], segments.time[row], share)
    if arm.marks is not None and len(arm.marks):
        leaving = _on_marks(leaving, row, arm.marks, segments.time, rng)
    left = arm.n - int(censored.sum() + died.sum())
    last = float(segments.time[-1]) if len(segments.time) else 0.0
    tail, stop = beyond
    rest = _rest(arm, left, last, stop, paths.course.hazard, rng)
    time = np.concatenate([events, leaving, rest])
    event = np.zeros(len(time), dtype=np.int64)
    event[: len(events)] = 1
    if tail is not None:
        known = None if arm.events is None else max(arm.events - len(events), 0)
        for node, count in enumerate(unseen.events(tail, censored, known, rng)):
            if count:
                leavers = len(events) + np.flatnonzero(row == node)
                event[_picked(leavers, int(count), rng)] = 1
    order = np.lexsort((-event, time))
    return Patients(time[order], event[order])


def _picked(places: Integers, count: int, rng: np.random.Generator | None) -> Integers:
    """So many of the places: at random, or evenly."""
    if rng is not None:
        return rng.choice(places, count, replace=False)
    return places[((np.arange(count) + 0.5) * len(places) / count).astype(np.int64)]


def _earliest(paths: Paths) -> float:
    """The least time of an event: at time 0 nobody was yet followed."""
    time = paths.reading.time[paths.reading.time > 0]
    first = float(time[0]) if len(time) else 1.0
    return min(first, paths.reading.time_grid or first) / 2


def _spread(
    row: Integers, low: Floats, high: Floats, count: Integers, rng: np.random.Generator | None
) -> Floats:
    """Times between `low` and `high` of each row; exactly `high` where the two are one."""
    if rng is not None:
        share = 1 - rng.random(len(row))
    else:
        first = np.cumsum(count) - count
        share = (np.arange(len(row)) - first[row] + 0.5) / np.maximum(count, 1)[row]
    result: Floats = low[row] + (high - low)[row] * share
    return result


def _kept_apart(events: Floats, row: Integers, time: Floats, pinned: np.ndarray) -> Floats:
    """Events on their side of the numbers at risk."""
    index = np.arange(len(time))
    before = np.maximum.accumulate(np.where(pinned, index, -1))[row]
    after = np.minimum.accumulate(np.where(pinned, index, len(time))[::-1])[::-1][row]
    edges = np.concatenate([time, [np.inf], [0.0]])
    return np.clip(events, edges[before], np.nextafter(edges[after], -1))


def _on_marks(
    leaving: Floats, row: Integers, marks: Floats, time: Floats, rng: np.random.Generator | None
) -> Floats:
    """Censorings of a segment moved to its marks: each mark once, then again at random."""
    place = np.searchsorted(time, marks, side="right")
    moved = leaving.copy()
    for segment in np.unique(row):
        own = marks[place == segment]
        members = np.flatnonzero(row == segment)
        if not len(own):
            continue
        if rng is None:
            moved[members] = own[np.arange(len(members)) * len(own) // len(members)]
            if len(members) >= len(own):
                extra = own[np.arange(len(members) - len(own)) % len(own)]
                moved[members] = np.concatenate([own, extra])
        else:
            extra = rng.choice(own, max(len(members) - len(own), 0))
            moved[members] = np.concatenate([rng.permutation(own), extra])[: len(members)]
    return moved


def _rest(
    arm: ArmInput, left: int, last: float, end: float, hazard: float,
    rng: np.random.Generator | None,
) -> Floats:  # fmt: skip
    """Times of those who have no event: on the marks after the last node, else by the same rate."""
    marks = np.zeros(0) if arm.marks is None else arm.marks[arm.marks >= last][:left]
    left -= len(marks)
    end = max(end, last)
    if end == last or left == 0:
        return np.concatenate([marks, np.full(left, end)])
    leaving = 1 - np.exp(-hazard * (end - last))
    if rng is None:
        gone = round(left * leaving)
        times = last + (end - last) * (np.arange(gone) + 0.5) / max(gone, 1)
    else:
        gone = int(rng.binomial(left, leaving))
        times = last + (end - last) * np.sort(rng.random(gone))
    return np.concatenate([marks, times, np.full(left - gone, end)])
