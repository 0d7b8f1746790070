"""Prior and proposal for the event and censoring hazards behind numbers at risk.

Log hazards are constant on at most `PIECES` pieces of the follow-up and walk randomly from piece
to piece. How fast, and whether censoring is steady or administrative (patients censored at the
data cut, accrued over a window), is not known: a mixture over a few shapes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evinet.reconstruct.follow_up import FollowUp
from evinet.reconstruct.inputs import Floats, Integers

PIECES = 12
EVENT_STEPS = (0.15, 0.5)  # SD of the step of the log event hazard over a tenth of follow-up
CENSOR_STEPS = {"steady": 0.6, "administrative": 0.3}
ACCRUAL_STARTS = (0.0, 0.35, 0.65)  # first data cut of a patient, as a share of follow-up
BEFORE_CUT = 4.0  # log hazard of censoring before the first data cut: lower by this much


@dataclass(frozen=True)
class Sum:
    """A sum over the events of each interval: `weights @ events` is `value`, SD `noise`."""

    weights: Floats
    value: float
    noise: float


@dataclass(frozen=True, eq=False)
class Shape:
    """One component of the prior: normal (mean, precision) for the log hazards of the pieces."""

    mean: Floats
    precision: Floats
    weight: float


@dataclass(frozen=True, eq=False)
class Hazards:
    """Particles of the log hazards.

    Attributes
    ----------
    event, censor : (K, M) log hazards in each interval.
    log_weight : (K,) log of prior times likelihood of the numbers at risk over proposal.
    """

    event: Floats
    censor: Floats
    log_weight: Floats


def pieces(times: FollowUp) -> Integers:
    """Piece of each interval: all of their own if few, otherwise neighbours together."""
    size = len(times.leaving)
    if size <= PIECES:
        return np.arange(size)
    share = (
        0.5 * np.cumsum(times.leaving) / times.leaving.sum()
        + 0.5 * times.edges[1:] / times.edges[-1]
    )
    piece = np.minimum((share * PIECES).astype(np.int64), PIECES - 1)
    return np.unique(piece, return_inverse=True)[1]


def shapes(times: FollowUp, piece: Integers, events: float) -> Iterator[Shape]:
    """The components of the prior; `events` is a guess of the number of events."""
    size = int(piece[-1]) + 1
    starts = np.array([times.edges[:-1][piece == j][0] for j in range(size)])
    stops = np.array([times.edges[1:][piece == j][-1] for j in range(size)])
    middle, end = (starts + stops) / 2, times.edges[-1]
    step = np.sqrt(10 * np.diff(middle) / end)
    rate = np.log(
        np.array([events + 1, max(times.at_risk[0] - events, 0) + 1]) / times.person_time.sum()
    )
    censoring = [("steady", np.zeros(size), 0.4)]
    for start in ACCRUAL_STARTS:
        cut = -np.log((1.05 * end - middle) / end)
        cut[middle < start * end] -= BEFORE_CUT
        censoring.append(("administrative", cut, 0.6 / len(ACCRUAL_STARTS)))
    for sd in EVENT_STEPS:
        for kind, form, weight in censoring:
            mean = np.concatenate(
                [np.full(size, rate[0]), form - _average(form, times, piece) + rate[1]]
            )
            precision = np.zeros((2 * size, 2 * size))
            precision[:size, :size] = _walk(step * sd, 1.0)
            precision[size:, size:] = _walk(step * CENSOR_STEPS[kind], 1.5)
            yield Shape(mean, precision, weight / len(EVENT_STEPS))


def _average(form: Floats, times: FollowUp, piece: Integers) -> float:
    """Log of the mean hazard of a form over the person-time."""
    return float(np.log(np.average(np.exp(form[piece]), weights=times.person_time)))


def _walk(steps: Floats, level_sd: float) -> Floats:
    """Precision of a random walk whose mean level has a normal prior."""
    size = len(steps) + 1
    difference = np.diff(np.eye(size), axis=0) / steps[:, None] if size > 1 else np.zeros((0, 1))
    return difference.T @ difference + np.full((size, size), 1 / (size * level_sd) ** 2)


def sample(
    times: FollowUp, sums: list[Sum], events: float, count: int, rng: np.random.Generator
) -> Hazards:
    """Particles from Laplace approximations of the components, as many from each as it deserves."""
    piece = pieces(times)
    fits = [_laplace(times, piece, sums, shape) for shape in shapes(times, piece, events)]
    evidence = np.array([fit.evidence for fit in fits])
    share = np.exp(0.7 * (evidence - evidence.max()))
    counts = np.maximum(np.rint(count * share / share.sum()), 0).astype(int)
    log_hazards, log_weights = [], []
    for fit, number in zip(fits, counts, strict=True):
        if number:
            values, log_proposal = fit.sample(number, rng)
            log_target = (
                np.log(fit.shape.weight)
                + _log_prior(values, fit.shape)
                + _log_rates(values, times, piece)
            )
            log_hazards.append(values)
            log_weights.append(log_target - log_proposal - np.log(number))
    values, size = np.concatenate(log_hazards), int(piece[-1]) + 1
    return Hazards(
        values[:, :size][:, piece], values[:, size:][:, piece], np.concatenate(log_weights)
    )


def event_share(times: FollowUp, event: Floats, censor: Floats) -> Floats:
    """Probability that who leaves in an interval does so by an event (last axis: interval)."""
    share = 1 / (1 + np.exp(np.clip(censor - event, -30, 30)))
    share[..., -1] = 1 - np.exp(
        -np.exp(event[..., -1]) * times.person_time[-1] / max(times.leaving[-1], 1)
    )
    return np.clip(share, 1e-9, 1 - 1e-9)


def _log_prior(values: Floats, shape: Shape) -> Floats:
    centred = values - shape.mean
    log_det = np.linalg.slogdet(shape.precision)[1]
    return 0.5 * log_det - 0.5 * np.einsum("ki,ij,kj->k", centred, shape.precision, centred)


def _log_rates(values: Floats, times: FollowUp, piece: Integers) -> Floats:
    """Poisson likelihood of the numbers leaving the closed intervals."""
    size = int(piece[-1]) + 1
    rate = (np.exp(values[:, :size]) + np.exp(values[:, size:]))[:, piece[:-1]]
    return (times.leaving[:-1] * np.log(rate) - rate * times.person_time[:-1]).sum(axis=1)


@dataclass(frozen=True, eq=False)
class _Fit:
    """Laplace approximation under one component."""

    shape: Shape
    mode: Floats
    cholesky: Floats  # of the precision at the mode
    evidence: float

    def sample(
        self, number: int, rng: np.random.Generator, freedom: float = 8
    ) -> tuple[Floats, Floats]:
        """Multivariate t around the mode, with log densities up to a common constant."""
        size = len(self.mode)
        normal = rng.standard_normal((number, size))
        scale = np.sqrt(rng.chisquare(freedom, number) / freedom)
        standard = normal / scale[:, None]
        values = self.mode + np.linalg.solve(self.cholesky.T, standard.T).T
        log_det = np.log(np.diag(self.cholesky)).sum()
        square = (standard**2).sum(axis=1)
        return values, log_det - (freedom + size) / 2 * np.log1p(square / freedom)


def _laplace(times: FollowUp, piece: Integers, sums: list[Sum], shape: Shape) -> _Fit:
    """Damped Gauss-Newton with the summaries as normal observations of the events."""
    values, damping = shape.mean.copy(), 1e-3
    best, gradient, hessian = _objective(values, times, piece, sums, shape)
    for _ in range(40):
        step = np.linalg.solve(hessian + damping * np.diag(np.diag(hessian)), gradient)
        proposed = values + np.clip(step, -2, 2)
        objective, new_gradient, new_hessian = _objective(proposed, times, piece, sums, shape)
        if objective > best - 1e-9:
            done = objective - best < 1e-4
            values, best, gradient, hessian = proposed, objective, new_gradient, new_hessian
            damping = max(damping / 5, 1e-6)
            if done:
                break
        else:
            damping = min(damping * 8, 1e6)
    cholesky = np.linalg.cholesky(hessian).astype(np.float64)
    log_det = np.linalg.slogdet(shape.precision)[1] / 2 - np.log(np.diag(cholesky)).sum()
    return _Fit(shape, values, cholesky, best + log_det + np.log(shape.weight))


def _objective(
    values: Floats, times: FollowUp, piece: Integers, sums: list[Sum], shape: Shape
) -> tuple[float, Floats, Floats]:
    """Log posterior, its gradient and (Gauss-Newton) negative Hessian."""
    size = int(piece[-1]) + 1
    event, censor = values[:size][piece], values[size:][piece]
    h, g = np.exp(event), np.exp(censor)
    leaving, exposed = times.leaving.astype(float), times.person_time.copy()
    known = np.ones(len(leaving))
    known[-1] = 0
    centred = values - shape.mean
    objective = -0.5 * centred @ shape.precision @ centred
    objective += float(known @ (leaving * np.log(h + g) - (h + g) * exposed))
    residual = known * (leaving / (h + g) - exposed)
    gradient = -shape.precision @ centred + _collect(
        np.concatenate([residual * h, residual * g]), piece
    )
    weight = known * exposed / (h + g)
    hessian = shape.precision + _cross(weight * h * h, weight * h * g, weight * g * g, piece)
    if sums:
        share = event_share(times, event, censor)
        slope = share * (1 - share)
        by_event, by_censor = leaving * slope, -leaving * slope
        last = -np.log1p(-share[-1])
        by_event[-1], by_censor[-1] = leaving[-1] * (1 - share[-1]) * last, 0
        weights = np.array([row.weights for row in sums])
        variance = weights * (leaving * slope) @ weights.T
        variance += np.diag([row.noise**2 for row in sums])
        error = np.array([row.value for row in sums]) - weights @ (leaving * share)
        full = np.concatenate([weights * by_event, weights * by_censor], axis=1)
        jacobian = np.array([_collect(row, piece) for row in full])
        inverse = np.linalg.inv(variance)
        objective += -0.5 * float(error @ inverse @ error) - 0.5 * np.linalg.slogdet(variance)[1]
        gradient = gradient + jacobian.T @ inverse @ error
        hessian = hessian + jacobian.T @ inverse @ jacobian
    return float(objective), gradient, hessian


def _collect(by_interval: Floats, piece: Integers) -> Floats:
    """Sums over the intervals of each piece, for events and for censoring."""
    size = int(piece[-1]) + 1
    both = np.concatenate([piece, piece + size])
    return np.bincount(both, by_interval, minlength=2 * size).astype(np.float64)


def _cross(hh: Floats, hg: Floats, gg: Floats, piece: Integers) -> Floats:
    size = int(piece[-1]) + 1
    a, b, c = (np.diag(np.bincount(piece, part, minlength=size)) for part in (hh, hg, gg))
    return np.block([[a, b], [b, c]])
