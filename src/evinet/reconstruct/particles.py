"""Posterior of the arms given their numbers at risk: a guided particle filter over the intervals.

In each interval the number that leave is printed; unknown are how many leave by an event, in
which order events and censorings come, and when. Given the order, survival after each patient is
exact, and the times are uniform order statistics on the scale of `FollowUp.share`, so a printed
median or landmark has an exact likelihood (`likelihood`). Numbers at risk and the total of events
hold in every particle. A particle holds all arms, because they share their censoring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evinet.patients.data import Floats, Integers
from evinet.reconstruct import hazards
from evinet.reconstruct.follow_up import FollowUp, follow_up
from evinet.reconstruct.hazards import ArmData, Sum
from evinet.reconstruct.inputs import ArmInput
from evinet.reconstruct.likelihood import (
    MISS_SD,
    MISSED,
    Crossing,
    Mark,
    crossings,
    log_binomial,
    marks,
    not_reached,
    order_statistic,
)
from evinet.reconstruct.look_ahead import Guide, survival_sum
from evinet.reconstruct.particle_weights import Cloud, systematic

Mask = np.ndarray
GUESS = 0.6  # share of patients with an event, to start from where the total is not known
NO_EVENTS = 1e-4
HAZARDS = 20  # draws of the hazards for each particle; drawing them is cheap
MOST_HAZARDS = 3_000_000  # draws of the hazards times intervals, at most


@dataclass(frozen=True, eq=False)
class Pool:
    """Equally weighted patients of one arm: (P, N) sorted times and events."""

    time: Floats
    event: Mask


@dataclass(eq=False)
class _Step:
    """What was drawn in one interval: events by position, and marks with their positions."""

    events: Mask
    placed: list[tuple[Mark, Integers]]
    parents: Integers


@dataclass(eq=False)
class _State:
    """One arm of the particles, between intervals."""

    share: Floats
    slope: Floats
    log_survival: Floats
    greenwood: Floats
    left: Integers
    crossed: dict[Crossing, Mask]

    def take(self, parents: Integers) -> None:
        """Keep these particles."""
        for name in ("share", "slope", "log_survival", "greenwood", "left"):
            setattr(self, name, getattr(self, name)[parents])
        self.crossed = {kind: crossed[parents] for kind, crossed in self.crossed.items()}


def sample(
    arms: Sequence[ArmInput], size: int, particles: int, rng: np.random.Generator
) -> dict[str, Pool]:
    """Draw `size` sets of patients for arms with numbers at risk (see `inputs.tidy`).

    Row k of one arm's pool belongs to row k of the others.
    """
    filters = [_Filter(arm, rng) for arm in arms]
    intervals = sum(len(each.times.leaving) for each in filters)
    count = max(min(HAZARDS * particles, MOST_HAZARDS // intervals), particles)
    cloud = Cloud(hazards.sample([each.data for each in filters], count, rng), rng)
    for index, each in enumerate(filters):
        cloud.log_weight += each.outlook(cloud, index)
    cloud.resample(particles)
    for index, each in enumerate(filters):
        each.start(cloud, index)
        each.run()
    chosen = systematic(cloud.log_weight, size, rng)
    pools = {}
    for arm, each in reversed(list(zip(arms, filters, strict=True))):
        pools[arm.name], chosen = each.patients(chosen)
    return {arm.name: pools[arm.name] for arm in arms}


class _Filter:
    """The passage of the particles through the intervals of one arm."""

    state: _State
    cloud: Cloud

    def __init__(self, arm: ArmInput, rng: np.random.Generator):
        self.times: FollowUp = follow_up(arm)
        self.open = arm.at_risk is not None and arm.at_risk[1][-1] > 0
        self.marks = marks(arm, self.times)
        self.never = not_reached(arm)
        self.level = arm.median.level if arm.median else 0.95
        self.crosses = bool({mark.kind for mark in self.marks} - {"landmark"} or self.never)
        self.events = arm.events
        self.rng = rng
        self.steps: list[_Step] = []
        survival = [(mark, survival_sum(self.times, mark, self.level)) for mark in self.marks]
        self.guide = Guide(self.times, survival, arm.events is not None)
        sums = [row for _, row in survival]
        if arm.events is not None:
            sums.append(Sum(np.ones(len(self.times.leaving)), arm.events, 0.5))
        guess = arm.events if arm.events is not None else GUESS * float(self.times.at_risk[0])
        self.data = ArmData(self.times, sums, guess)

    def outlook(self, cloud: Cloud, index: int) -> Floats:
        """Log density of what is printed about the arm, from time 0 (see `Guide`)."""
        share = self._event_share(cloud, index)
        count = len(share)
        return self.guide.ahead(-1, share, np.full(count, self.events or 0), np.zeros(count))

    def _event_share(self, cloud: Cloud, index: int) -> Floats:
        event, censor = cloud.hazards.event[index], cloud.hazards.censor[index]
        share = hazards.event_share(self.times, event, censor)
        if self.open:
            share[cloud.ended, -1] = NO_EVENTS
        return share

    def start(self, cloud: Cloud, index: int) -> None:
        """Take the particles on, everybody at risk."""
        event, censor = cloud.hazards.event[index], cloud.hazards.censor[index]
        count = len(event)
        odds = event - censor
        slope = np.gradient(odds, axis=1) if odds.shape[1] > 1 else np.zeros_like(odds)
        self.cloud = cloud
        self.state = _State(
            self._event_share(cloud, index), np.clip(slope, -3, 3),
            np.zeros(count), np.zeros(count), np.full(count, self.events or 0),
            {kind: np.zeros(count, dtype=bool) for kind in ("survival", "lower", "upper")},
        )  # fmt: skip

    def run(self) -> None:
        """Pass through the intervals."""
        for interval in range(len(self.times.leaving)):
            self._pass(interval)
            self._resample()
        for kind in self.never:
            self.cloud.log_weight += np.where(self.state.crossed[kind], MISSED[kind], 0)

    def _pass(self, interval: int) -> None:
        state, leaving = self.state, int(self.times.leaving[interval])
        count = len(state.left)
        parents = np.arange(count)
        if leaving == 0:
            self.steps.append(_Step(np.zeros((count, 0), dtype=bool), [], parents))
            return
        self.cloud.log_weight -= self.guide.ahead(
            interval - 1, state.share, state.left, state.log_survival
        )
        deaths = self._deaths(interval)
        events = self._order(interval, deaths)
        log_path, green_path = self._paths(interval, events)
        inside = [mark for mark in self.marks if mark.interval == interval]
        placed = self._place(interval, inside, log_path, green_path)
        state.log_survival, state.greenwood = log_path[:, -1], green_path[:, -1]
        self.cloud.log_weight += self.guide.ahead(
            interval, state.share, state.left, state.log_survival
        )
        self.steps.append(_Step(events, placed, parents))

    def _deaths(self, interval: int) -> Integers:
        """Number of events, drawn with an eye on what is printed further on."""
        state, leaving = self.state, int(self.times.leaving[interval])
        grid = np.arange(leaving + 1)[None, :]
        logits = log_binomial(grid, leaving, state.share[:, interval][:, None])
        if self.events is not None:
            rest = int(self.times.leaving[interval + 1 :].sum())
            after = state.left[:, None] - grid
            logits = np.where((after >= 0) & (after <= rest), logits, -np.inf)
        guide = self.guide.choice(interval, state.share, state.left, state.log_survival, grid)
        guided = logits + guide
        top = guided.max(axis=1, keepdims=True)
        total = np.exp(guided - top)
        cumulative = np.cumsum(total, axis=1)
        uniform = self.rng.random((len(guided), 1)) * cumulative[:, -1:]
        deaths = np.minimum((cumulative < uniform).sum(axis=1), leaving)
        chosen = deaths[:, None]
        # the proposal's normalising constant, and the guide taken back (put on again in _pass)
        self.cloud.log_weight += (top + np.log(cumulative[:, -1:]))[:, 0]
        self.cloud.log_weight -= np.take_along_axis(guide, chosen, axis=1)[:, 0]
        if self.events is not None:
            state.left = state.left - deaths
        return deaths

    def _order(self, interval: int, deaths: Integers) -> Mask:
        """Which of the leaving patients, in order of time, leave by an event."""
        leaving, slope = int(self.times.leaving[interval]), self.state.slope[:, interval]
        position = (np.arange(leaving) + 0.5) / leaving
        keys = self.rng.gumbel(size=(len(deaths), leaving)) + slope[:, None] * position
        ordered = np.sort(keys, axis=1)
        ordered = np.concatenate([ordered, np.full((len(deaths), 1), np.inf)], axis=1)
        return keys >= np.take_along_axis(ordered, (leaving - deaths)[:, None], axis=1)

    def _paths(self, interval: int, events: Mask) -> tuple[Floats, Floats]:
        """Log survival and Greenwood's sum after each leaving patient."""
        at_risk = self.times.at_risk[interval] - np.arange(events.shape[1]).astype(float)
        step = np.log(np.maximum(1 - 1 / at_risk, 1e-9))
        green = 1 / (at_risk * np.maximum(at_risk - 1, 1e-3))
        log_path = self.state.log_survival[:, None] + np.cumsum(events * step, axis=1)
        return log_path, self.state.greenwood[:, None] + np.cumsum(events * green, axis=1)

    def _place(
        self, interval: int, inside: list[Mark], log_path: Floats, green_path: Floats
    ) -> list[tuple[Mark, Integers]]:
        """Positions of the marks of an interval, with their likelihood; -1 where one is missed."""
        state, leaving = self.state, log_path.shape[1]
        if self.crosses:
            first = crossings(log_path, green_path, self.level, self.cloud.transform)
            for kind, position in first.items():
                first[kind] = np.where(state.crossed[kind], leaving, position)
                state.crossed[kind] |= position < leaving
        count = len(log_path)
        start, done = np.zeros(count), np.zeros(count, dtype=np.int64)
        placed = []
        for index, mark in enumerate(inside):
            if mark.kind == "landmark":
                bound = np.full(count, leaving)
                for later in inside[index + 1 :]:
                    if later.kind != "landmark":
                        bound = np.minimum(bound, np.maximum(first[later.kind], done))
                position = self._landmark(mark, log_path, start, done, bound)
                start, done = np.full(count, mark.share), position
            else:
                position, density = self._crossing(mark, first[mark.kind], log_path, start, done)
                self.cloud.log_weight += density
                met = position >= 0
                start = np.where(met, mark.share, start)
                done = np.where(met, position + 1, done)
            placed.append((mark, position))
        return placed

    def _landmark(
        self, mark: Mark, log_path: Floats, start: Floats, done: Integers, bound: Integers
    ) -> Integers:
        """How many have left by a landmark's time, given the survival printed there."""
        count, leaving = log_path.shape
        survival = np.exp(np.concatenate([self.state.log_survival[:, None], log_path], axis=1))
        at_risk = self.times.at_risk[mark.interval] - np.arange(leaving + 1)
        step = survival / np.maximum(at_risk, 1)
        spread = np.sqrt(mark.tolerance**2 / 3 + (0.25 * step) ** 2 + 1e-8)
        logits = -0.5 * ((survival - mark.target) / spread) ** 2 - np.log(spread)
        logits = np.maximum(logits, -25 - 0.5 * ((survival - mark.target) / 0.02) ** 2)
        grid = np.arange(leaving + 1)[None, :]
        chance = np.clip((mark.share - start) / np.maximum(1 - start, 1e-9), 1e-6, 1 - 1e-6)[
            :, None
        ]
        allowed = (grid >= done[:, None]) & (grid <= bound[:, None])
        if mark.share >= 1:
            allowed = np.broadcast_to(grid == leaving, allowed.shape)
        else:
            logits = logits + log_binomial(
                np.where(allowed, grid - done[:, None], 0), (leaving - done)[:, None], chance
            )
        logits = np.where(allowed, logits, -np.inf)
        top = logits.max(axis=1, keepdims=True)
        cumulative = np.cumsum(np.exp(logits - top), axis=1)
        self.cloud.log_weight += (top + np.log(cumulative[:, -1:]))[:, 0]
        uniform = self.rng.random((count, 1)) * cumulative[:, -1:]
        return np.minimum((cumulative < uniform).sum(axis=1), leaving)

    def _crossing(
        self, mark: Mark, first: Integers, log_path: Floats, start: Floats, done: Integers
    ) -> tuple[Integers, Floats]:
        """Position of a median or limit and the density of its time."""
        leaving = log_path.shape[1]
        again = (first == done - 1) & (start == mark.share)
        met = (first < leaving) & (first >= done) & (mark.share > start)
        rest = np.maximum(leaving - done, 1)
        within = np.clip(first - done, 0, rest - 1)
        density = order_statistic(within, rest, (mark.share - start) / np.maximum(1 - start, 1e-9))
        expected = min(int(mark.share * leaving), leaving - 1)
        floor = MISSED[mark.kind] + np.zeros(len(first))
        if mark.kind == "survival":
            floor -= 0.5 * ((np.exp(log_path[:, expected]) - 0.5) / MISS_SD) ** 2
        density = np.where(again, 0, np.where(met, density, floor))
        use = met & (density > floor)
        return np.where(use, first, -1), np.maximum(density, floor)

    def _resample(self) -> None:
        parents = self.cloud.settle()
        self.state.take(parents)
        self.steps[-1].parents = parents

    def patients(self, chosen: Integers) -> tuple[Pool, Integers]:
        """Trace the chosen particles back and draw their times; also where they started."""
        blocks: list[tuple[Floats, Mask]] = []
        for interval in reversed(range(len(self.steps))):
            step = self.steps[interval]
            chosen = step.parents[chosen]
            time = self.times.time(interval, self._shares(step, chosen))
            self._pin(interval, step, chosen, time)
            blocks.append((time, step.events[chosen]))
        blocks.reverse()
        time = np.concatenate([block[0] for block in blocks], axis=1)
        return Pool(time, np.concatenate([block[1] for block in blocks], axis=1)), chosen

    def _shares(self, step: _Step, chosen: Integers) -> Floats:
        """Sorted uniform shares of an interval, between the marks as their positions demand."""
        position = np.arange(step.events.shape[1])[None, :]
        low, high = np.zeros((len(chosen), position.size)), np.ones((len(chosen), position.size))
        for mark, where in step.placed:
            at = where[chosen][:, None]
            before = position < at
            high = np.where(before & (at >= 0), np.minimum(high, mark.share), high)
            low = np.where(~before & (at >= 0), np.maximum(low, mark.share), low)
        share = np.sort(low + (high - low) * self.rng.random(low.shape), axis=1)
        return np.clip(share, 1e-6, 1 - 1e-6)

    def _pin(self, interval: int, step: _Step, chosen: Integers, time: Floats) -> None:
        """Put the events at printed medians and limits on their times, within the rounding."""
        for mark, where in step.placed:
            at = where[chosen]
            rows = np.flatnonzero(at >= 0)
            if mark.kind == "landmark" or not len(rows):
                continue
            columns = at[rows]
            size = time.shape[1]
            before = np.where(columns > 0, time[rows, columns - 1], self.times.edges[interval])
            after = np.where(
                columns < size - 1, time[rows, np.minimum(columns + 1, size - 1)],
                self.times.edges[interval + 1],
            )  # fmt: skip
            wanted = mark.time + mark.half * self.rng.uniform(-1, 1, len(rows))
            least = 1e-6 * (after - before)  # a censored patient at its very time would be at risk
            time[rows, columns] = np.clip(wanted, before + least, after - least)
