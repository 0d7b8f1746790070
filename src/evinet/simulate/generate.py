"""Data of a replicate: trials drawn from a scenario, as a network that models are fitted to."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from evinet import seeds
from evinet.errors import InputError
from evinet.nma.network import Network
from evinet.patients import cox
from evinet.simulate.study import Binomial, HazardRatios, Normal, Scenario


class NotAnalysable(Exception):
    """The data of a replicate do not tell every effect."""


def job(scenario: str, replicate: int) -> str:
    """The name by which a replicate is seeded: of its scenario and its number alone."""
    return f"simulate/{scenario}/{replicate}"


def network(scenario: Scenario, seed: int, name: str) -> Network:
    """The trials of a replicate.

    Effects of a trial's arms are d_k + u_jk with u_jk ~ Normal(0, tau^2 / 2), so that contrasts
    vary by tau and those of one trial have the correlation 1/2, as models of networks take it.

    Parameters
    ----------
    seed, name
        The seed of the study, and the name of the replicate (see `job`).

    Raises
    ------
    NotAnalysable
        Trials without an event in an arm publish no hazard ratio, and without them the network
        falls apart.

    Examples
    --------
    >>> from evinet.simulate.study import Scenario
    >>> scenario = Scenario.model_validate({
    ...     "label": "Two trials", "network": [{"arms": ["a", "b"], "trials": 2}],
    ...     "effects": {"b": -0.5}, "tau": 0.0, "patients": [50, 80],
    ...     "outcome": {"kind": "binomial", "risk": [0.3, 0.5]}, "models": ["fixed"],
    ... })
    >>> network(scenario, 1, job("two", 1)).studies
    ['trial-1', 'trial-2']
    """
    rng = seeds.generator(seed, name)
    rows: list[dict[str, Any]] = []
    number = 0
    for design in scenario.network:
        for _ in range(design.trials):
            number += 1
            rows += _trial(scenario, f"trial-{number}", design.arms, rng)
    frame = pd.DataFrame(rows)
    if isinstance(scenario.outcome, HazardRatios):
        return _contrasts(frame, scenario)
    return Network.from_arms(frame, reference=scenario.reference)


def _contrasts(frame: pd.DataFrame, scenario: Scenario) -> Network:
    lost = "trials without an event in an arm leave treatments without a comparison"
    if frame.empty or set(scenario.treatments) != {*frame["treatment"], *frame["comparator"]}:
        raise NotAnalysable(lost)
    found = Network.from_contrasts(frame, reference=scenario.reference)
    try:
        found.islands  # noqa: B018
    except InputError:
        raise NotAnalysable(lost) from None
    return found


def _trial(
    scenario: Scenario, study: str, arms: list[str], rng: np.random.Generator
) -> list[dict[str, Any]]:
    """The rows of one trial: a row for each arm, or of hazard ratios for each pair."""
    outcome = scenario.outcome
    size = int(rng.integers(scenario.patients[0], scenario.patients[1] + 1))
    deviations = rng.normal(0.0, scenario.tau / np.sqrt(2), len(arms))
    effects = np.array([scenario.effects.get(name, 0.0) for name in arms]) + deviations
    names = [{"study": study, "treatment": name} for name in arms]
    match outcome:
        case Binomial():
            risk = _between(outcome.risk, rng)
            odds = np.exp(np.log(risk / (1 - risk)) + effects)
            events = rng.binomial(size, odds / (1 + odds))
            return [name | {"r": int(r), "n": size} for name, r in zip(names, events, strict=True)]
        case Normal():
            level = _between(outcome.mean, rng)
            means = rng.normal(level + effects, outcome.sd / np.sqrt(size))
            spread = outcome.sd * np.sqrt(rng.chisquare(size - 1, len(arms)) / (size - 1))
            return [
                name | {"y": float(y), "se": float(sd / np.sqrt(size))}
                for name, y, sd in zip(names, means, spread, strict=True)
            ]
        case HazardRatios():
            return _hazard_ratios(outcome, study, arms, effects, size, rng)


def _between(limits: list[float], rng: np.random.Generator) -> float:
    """A number between two limits, each as likely."""
    return float(rng.uniform(limits[0], limits[1]))


def _hazard_ratios(
    outcome: HazardRatios, study: str, arms: list[str], effects: np.ndarray, size: int,
    rng: np.random.Generator,
) -> list[dict[str, Any]]:  # fmt: skip
    """ln HR of every pair with its standard error, by a Cox model of exponential survival times.

    None where an arm has no event.
    """
    hazard = np.log(2) / _between(outcome.median, rng) * np.exp(effects)
    shape = (size, len(arms))
    survived = rng.exponential(1 / hazard, shape)
    followed = rng.uniform(outcome.follow_up[0], outcome.follow_up[1], shape)
    event = survived <= followed
    if not event.any(axis=0).all():
        return []
    arm = np.broadcast_to(np.arange(len(arms)), shape)
    columns = arm.ravel()[:, None] == np.arange(1, len(arms))
    fitted = cox.fit(np.minimum(survived, followed).ravel(), event.ravel(), columns)
    log_hazard = np.concatenate([[0.0], fitted.coefficients])
    covariance = np.pad(fitted.covariance, ((1, 0), (1, 0)))
    rows = []
    for first, second in combinations(range(len(arms)), 2):
        variance = covariance[first, first] + covariance[second, second]
        variance -= 2 * covariance[first, second]
        rows.append({
            "study": study, "treatment": arms[second], "comparator": arms[first],
            "diff": float(log_hazard[second] - log_hazard[first]), "se": float(np.sqrt(variance)),
        })  # fmt: skip
    return rows
