"""Event and censoring hazards given what is printed: Laplace approximations, and draws from them.

The draws are proposals for the particle filter, with their importance weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evinet.patients.data import Floats
from evinet.reconstruct.follow_up import FollowUp
from evinet.reconstruct.prior import Pieces, Shape, pieces, shapes

EVIDENCE = 0.2
"""Worth of the numbers leaving as evidence on the hazards: hazards are not constant on pieces, and
at full worth small departures decide with false certainty how patients were censored. Tuned, as are
the constants of `prior`, on simulated trials; docs/reconstruction.md has the coverage on others."""
FREEDOM = 8.0  # degrees of freedom of the proposals' t distribution


@dataclass(frozen=True)
class Sum:
    """A sum over the events of each interval: `weights @ events` is `value`, SD `noise`."""

    weights: Floats
    value: float
    noise: float


@dataclass(frozen=True, eq=False)
class ArmData:
    """What the hazards of an arm are fitted to; `events` may be a guess."""

    times: FollowUp
    sums: list[Sum]
    events: float


@dataclass(eq=False)
class Hazards:
    """K draws: (K, M) log hazards of the intervals of each arm, and (K,) log importance weights."""

    event: list[Floats]
    censor: list[Floats]
    log_weight: Floats


def sample(arms: Sequence[ArmData], count: int, rng: np.random.Generator) -> Hazards:
    """Draw from the components of the prior, from each as many as its evidence deserves."""
    times = [arm.times for arm in arms]
    cut = pieces(times)
    fits: list[_Fit] = []
    for shape in shapes(times, cut, [arm.events for arm in arms]):
        fits.append(_laplace(arms, cut, shape, fits[-1].mode if fits else shape.mean))
    evidence = np.array([fit.evidence for fit in fits])
    share = np.exp(0.7 * (evidence - evidence.max()))
    counts = np.rint(count * share / share.sum()).astype(int)
    values, log_weights = [], []
    for fit, number in zip(fits, counts, strict=True):
        if number:
            drawn, log_proposal = fit.sample(number, rng)
            values.append(drawn)
            log_target = fit.shape.log_density(drawn) + _log_rates(drawn, times, cut)
            log_weights.append(log_target - log_proposal - np.log(number))
    event, censor = _split(np.concatenate(values), cut)
    return Hazards(event, censor, np.concatenate(log_weights))


def event_share(times: FollowUp, event: Floats, censor: Floats) -> Floats:
    """Probability that who leaves in an interval does so by an event (last axis: interval)."""
    share = 1 / (1 + np.exp(np.clip(censor - event, -30, 30)))
    share[..., -1] = 1 - np.exp(
        -np.exp(event[..., -1]) * times.person_time[-1] / max(times.leaving[-1], 1)
    )
    return np.clip(share, 1e-9, 1 - 1e-9)


def _split(values: Floats, cut: Pieces) -> tuple[list[Floats], list[Floats]]:
    """Log hazards of the intervals of each arm, from those of the pieces (last axis)."""
    number = len(cut.of)
    by_piece = values.reshape((*values.shape[:-1], 2 * number, cut.size))
    parts = [by_piece[..., part, of] for part, of in enumerate([*cut.of, *cut.of])]
    return parts[:number], parts[number:]


def _log_rates(values: Floats, times: Sequence[FollowUp], cut: Pieces) -> Floats:
    """Poisson likelihood of the numbers leaving the closed intervals."""
    total = np.zeros(len(values))
    for arm, event, censor in zip(times, *_split(values, cut), strict=True):
        rate = np.exp(event[:, :-1]) + np.exp(censor[:, :-1])
        total += (arm.leaving[:-1] * np.log(rate) - rate * arm.person_time[:-1]).sum(axis=1)
    return EVIDENCE * total


@dataclass(frozen=True, eq=False)
class _Fit:
    """Laplace approximation under one component."""

    shape: Shape
    mode: Floats
    cholesky: Floats  # of the precision at the mode
    evidence: float

    def sample(self, number: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Multivariate t around the mode, with log densities up to a common constant."""
        size = len(self.mode)
        scale = np.sqrt(rng.chisquare(FREEDOM, number) / FREEDOM)
        standard = rng.standard_normal((number, size)) / scale[:, None]
        from scipy.linalg import solve_triangular

        values = self.mode + solve_triangular(self.cholesky, standard.T, trans=1, lower=True).T
        log_det = np.log(np.diag(self.cholesky)).sum()
        square = (standard**2).sum(axis=1)
        return values, log_det - (FREEDOM + size) / 2 * np.log1p(square / FREEDOM)


def _laplace(arms: Sequence[ArmData], cut: Pieces, shape: Shape, start: Floats) -> _Fit:
    """Damped Gauss-Newton with the sums as normal observations of the events."""
    values, damping = start.copy(), 1e-3
    best, gradient, hessian = _objective(values, arms, cut, shape)
    for _ in range(30):
        step = np.linalg.solve(hessian + damping * np.diag(np.diag(hessian)), gradient)
        proposed = values + np.clip(step, -2, 2)
        objective, new_gradient, new_hessian = _objective(proposed, arms, cut, shape)
        if objective > best - 1e-9:
            done = objective - best < 1e-3
            values, best, gradient, hessian = proposed, objective, new_gradient, new_hessian
            damping = max(damping / 5, 1e-6)
            if done:
                break
        else:
            damping *= 8
            if damping > 1e4:
                break
    cholesky = np.linalg.cholesky(hessian).astype(np.float64)
    evidence = best + shape.log_normaliser - float(np.log(np.diag(cholesky)).sum())
    return _Fit(shape, values, cholesky, evidence)


def _objective(
    values: Floats, arms: Sequence[ArmData], cut: Pieces, shape: Shape
) -> tuple[float, Floats, Floats]:
    """Log posterior, its gradient and (Gauss-Newton) negative Hessian."""
    centred = values - shape.mean
    objective = -0.5 * float(centred @ shape.precision @ centred)
    gradient, hessian = -shape.precision @ centred, shape.precision.copy()
    size, number = cut.size, len(arms)
    for index, (arm, event, censor) in enumerate(zip(arms, *_split(values, cut), strict=True)):
        own = np.concatenate([np.arange(size), number * size + np.arange(size)]) + index * size
        part = _of_arm(arm, event, censor)
        to_piece = np.zeros((2 * size, 2 * len(event)))
        columns = np.arange(len(event))
        to_piece[cut.of[index], columns] = 1
        to_piece[size + cut.of[index], len(event) + columns] = 1
        objective += part[0]
        gradient[own] += to_piece @ part[1]
        hessian[np.ix_(own, own)] += to_piece @ part[2] @ to_piece.T
    return objective, gradient, hessian


def _of_arm(arm: ArmData, event: Floats, censor: Floats) -> tuple[float, Floats, Floats]:
    """Log likelihood of one arm, with derivatives by the hazards of its intervals."""
    h, g = np.exp(event), np.exp(censor)
    leaving, exposed = arm.times.leaving.astype(float), arm.times.person_time
    closed = np.full(len(leaving), EVIDENCE)
    closed[-1] = 0
    log_likelihood = float(closed @ (leaving * np.log(h + g) - (h + g) * exposed))
    residual, weight = closed * (leaving / (h + g) - exposed), closed * exposed / (h + g)
    gradient = np.concatenate([residual * h, residual * g])
    event_part, censor_part = np.arange(len(h)), len(h) + np.arange(len(h))
    hessian = np.zeros((2 * len(h), 2 * len(h)))
    hessian[event_part, event_part] = weight * h * h
    hessian[censor_part, censor_part] = weight * g * g
    hessian[event_part, censor_part] = hessian[censor_part, event_part] = weight * h * g
    if not arm.sums:
        return log_likelihood, gradient, hessian
    share = event_share(arm.times, event, censor)
    slope = leaving * share * (1 - share)
    by_event, by_censor = slope.copy(), -slope
    by_event[-1] = -leaving[-1] * (1 - share[-1]) * np.log1p(-share[-1])
    by_censor[-1] = 0
    weights = np.array([row.weights for row in arm.sums])
    variance = weights * slope @ weights.T + np.diag([row.noise**2 for row in arm.sums])
    error = np.array([row.value for row in arm.sums]) - weights @ (leaving * share)
    jacobian = np.concatenate([weights * by_event, weights * by_censor], axis=1)
    inverse = np.linalg.inv(variance)
    log_likelihood -= 0.5 * float(error @ inverse @ error + np.linalg.slogdet(variance)[1])
    gradient += jacobian.T @ inverse @ error
    return log_likelihood, gradient, hessian + jacobian.T @ inverse @ jacobian
