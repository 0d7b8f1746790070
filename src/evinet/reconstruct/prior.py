"""Prior for the event and censoring hazards behind numbers at risk.

Log hazards are constant on pieces of the follow-up that all arms share, and walk randomly from
piece to piece. How fast the event hazard moves is not known, nor how patients are censored:
steadily, or because the data are cut while patients, who came in over a window, are followed. A
mixture over a few shapes covers that. Censoring is similar in all arms of a trial (accrual and data
cut are common), apart from a walk of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evinet.patients.data import Floats, Integers
from evinet.reconstruct.follow_up import FollowUp

PIECES = 12
THINNEST = 1e-3  # width of a piece, as a share of follow-up
EVENT_LEVEL, CENSOR_LEVEL = 1.0, 1.5  # SD of the mean log hazard around a first guess
EVENT_STEPS = (0.6, 1.6)  # SD of the step of the log event hazard over a tenth of follow-up
CENSOR_STEPS = {"steady": 1.2, "cut": 0.6}
OWN_LEVEL, OWN_STEP = 0.6, 0.5  # SD of an arm's censoring around that of all arms
STEADY = 0.3  # weight of steady censoring; the rest is for the shapes of a data cut
POWERS = (1.0, 3.0, 8.0)  # censored by time t: a share (t / end)^power
STARTS = (0.35, 0.65)  # uniform accrual: first cut at this share of follow-up
DROPOUT, DROPOUT_SD = 0.03, 1.2  # besides the cut: share of the mean hazard, and SD of its log
LOGTIME = 2.0  # hazards move faster early: an e-fold of time counts as so many tenths
BEYOND = 1.03  # the data cut comes a little after the last patient left


@dataclass(frozen=True, eq=False)
class Pieces:
    """Pieces of the follow-up: their edges, and the piece of each interval of each arm."""

    edges: Floats
    of: list[Integers]

    @property
    def size(self) -> int:
        """Number of pieces."""
        return len(self.edges) - 1


@dataclass(frozen=True, eq=False)
class Shape:
    """One component of the prior: a normal for the log hazards, and its weight.

    The vector holds the event hazards of the pieces, arm by arm, then the censoring hazards.
    """

    mean: Floats
    precision: Floats
    weight: float

    @property
    def log_normaliser(self) -> float:
        """Log of weight times normalising constant, up to a constant of all components."""
        return float(np.log(self.weight) + 0.5 * np.linalg.slogdet(self.precision)[1])

    def log_density(self, values: Floats) -> Floats:
        """Log of weight times density of (K, ...) values, up to a constant of all components."""
        centred = values - self.mean
        square = ((centred @ self.precision) * centred).sum(axis=1)
        return self.log_normaliser - 0.5 * square


def pieces(arms: Sequence[FollowUp]) -> Pieces:
    """Every interval a piece if there are few, otherwise neighbours together."""
    edges = np.unique(np.concatenate([arm.edges for arm in arms]))
    apart = np.diff(edges) > THINNEST * edges[-1]  # the same time in two arms, but for rounding
    edges = np.concatenate([edges[:1], edges[1:][apart]])
    if len(edges) > PIECES + 1:
        left = sum(np.interp(edges, arm.edges, arm.at_risk[0] - arm.at_risk) for arm in arms)
        share = 0.5 * left / left[-1] + 0.5 * edges / edges[-1]
        nearest = np.searchsorted(share, np.linspace(0, 1, PIECES + 1) - 1e-9)
        edges = edges[np.unique(np.minimum(nearest, len(edges) - 1))]
    middles = [(arm.edges[1:] + arm.edges[:-1]) / 2 for arm in arms]
    last = len(edges) - 2
    return Pieces(
        edges,
        [np.clip(np.searchsorted(edges, middle, side="right") - 1, 0, last) for middle in middles],
    )


def shapes(arms: Sequence[FollowUp], cut: Pieces, events: Sequence[float]) -> Iterator[Shape]:
    """The components of the prior; `events` is a guess of the number of events of each arm."""
    size, number = cut.size, len(arms)
    middle = (cut.edges[1:] + cut.edges[:-1]) / 2
    step = np.sqrt(10 * np.diff(middle) / cut.edges[-1] + LOGTIME * np.diff(np.log(middle)))
    exposure = np.array([arm.person_time.sum() for arm in arms])
    patients = np.array([arm.at_risk[0] for arm in arms])
    rates = np.log((np.array(events) + 1) / exposure)
    censored = np.log((np.maximum(patients - events, 0) + 1) / exposure)
    own = np.kron(np.eye(number), _covariance(step * OWN_STEP, OWN_LEVEL))
    for form, kind, weight in _censoring(cut, arms):
        common = _covariance(step * CENSOR_STEPS[kind], CENSOR_LEVEL)
        if kind == "cut":  # where hardly anybody is cut, the hazard is that of dropping out
            dropping = DROPOUT / np.exp(form)
            common += DROPOUT_SD**2 * np.outer(dropping, dropping)
        precision_of_censoring = np.linalg.inv(np.kron(np.ones((number, number)), common) + own)
        for sd in EVENT_STEPS:
            precision_of_events = np.linalg.inv(_covariance(step * sd, EVENT_LEVEL))
            precision = np.zeros((2 * size * number, 2 * size * number))
            half = size * number
            precision[:half, :half] = np.kron(np.eye(number), precision_of_events)
            precision[half:, half:] = precision_of_censoring
            mean = np.concatenate([np.repeat(rates, size), (censored[:, None] + form).ravel()])
            yield Shape(mean, precision, weight / len(EVENT_STEPS))


def _censoring(cut: Pieces, arms: Sequence[FollowUp]) -> Iterator[tuple[Floats, str, float]]:
    """Forms of the log censoring hazard (mean hazard 1 over the person-time), with weights."""
    yield np.zeros(cut.size), "steady", STEADY
    end = BEYOND * cut.edges[-1]
    start, stop = cut.edges[:-1] / end, cut.edges[1:] / end
    forms = [_hazard(start**power, stop**power) for power in POWERS]
    forms += [
        _hazard(*(np.clip((edge - first) / (1 - first), 0, 1) for edge in (start, stop)))
        for first in STARTS
    ]
    exposure = np.zeros(cut.size)
    for arm, of in zip(arms, cut.of, strict=True):
        exposure += np.bincount(of, arm.person_time, minlength=cut.size)
    for hazard in forms:
        form = hazard / (stop - start)
        mean = max(np.average(form, weights=exposure), 1e-6 * form.max())
        yield np.log(form / mean + DROPOUT), "cut", (1 - STEADY) / len(forms)


def _hazard(before: Floats, after: Floats) -> Floats:
    """Cumulative hazard over pieces, from the share censored at their edges."""
    result: Floats = np.log1p(-np.minimum(before, 1 - 1e-9)) - np.log1p(
        -np.minimum(after, 1 - 1e-9)
    )
    return result


def _covariance(steps: Floats, level_sd: float) -> Floats:
    """Covariance of a random walk around a mean level of its own."""
    path = np.concatenate([[0.0], np.cumsum(steps**2)])
    walk = np.minimum(path[:, None], path[None, :])
    centre = np.eye(len(path)) - 1 / len(path)
    return centre @ walk @ centre.T + level_sd**2 + 1e-6 * np.eye(len(path))
