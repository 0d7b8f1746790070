"""How many have had an event of each of several competing causes, by the fits of all of them.

A ratio of cause-specific hazards is no effect on an incidence: a treatment that prevents deaths
leaves more patients to progress. The incidence of a cause is the integral of its hazard times the
probability of being free of all events,

    F_k(t) = integral from 0 to t of exp(-H_1(u) - H_2(u) - ...) dH_k(u)

(Prentice et al. 1978, Biometrics 34:541), which the estimator of Aalen and Johansen has with
hazards of steps. Given the data the hazards of causes are independent, if their priors are, so that
draws of fits are combined in any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evinet import seeds
from evinet.errors import InputError, Problem
from evinet.nma.answers import survival
from evinet.nma.distribution import summary

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit

NONE = "none of them"


def combined(cumulative: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Incidence of each cause by their cumulative hazards, each of shape (..., times), from 0.

    In every step the ratio of the hazards is taken to be constant, so that incidences and the
    probability of no event add up to 1, however wide steps are.

    Examples
    --------
    >>> time = np.array([0.0, 1.0, 10.0])
    >>> [each.round(3).tolist() for each in combined([0.3 * time, 0.1 * time])]
    [[0.0, 0.247, 0.736], [0.0, 0.082, 0.245]]
    """
    steps = [np.diff(each, axis=-1) for each in cumulative]
    every = sum(steps)
    free = np.exp(-sum(cumulative))
    lost = free[..., :-1] * -np.expm1(-every)
    share = [np.divide(each, every, out=np.zeros_like(each), where=every > 0) for each in steps]
    start = np.zeros_like(free[..., :1])
    return [np.concatenate([start, np.cumsum(lost * each, axis=-1)], axis=-1) for each in share]


def incidence(fits: Mapping[str, Fit], times: tuple[float, ...] = ()) -> pd.DataFrame:
    """Cumulative incidence of every cause, in each population and with each treatment.

    Parameters
    ----------
    fits
        Cause -> fit of its network (`Network.from_patients` with `cause`), of the same patients; or
        of counts in person-time (`Network.read` with `cause`), whose rates are taken as constant.
    times
        When; by default even steps up to the end of follow-up. Nothing is extrapolated. Counts tell
        no follow-up, and need it.

    Returns
    -------
    frame
        population, treatment, cause, time, mean, sd, q2.5, q50, q97.5; the cause "none of them" is
        the probability of no event. No study is a population that lacks an event of a cause: it was
        set apart in that cause's fit, whose hazard there is not known.

    Raises
    ------
    InputError
        The fits are not of all causes of the same patients, one of each, or counts have no times.
    """
    first = _checked(fits, times)
    order = {
        cause: seeds.generator(fit.seed, f"{fit.job}/incidence/{cause}").permutation
        for cause, fit in fits.items()
    }
    rows: list[dict[str, object]] = []
    of_patients, common = first.specification.patients is not None, _common(fits)
    for population in filter(common.__contains__, first.network.studies):
        at = survival.times(first, population, times) if of_patients else np.array(sorted(times))
        reached = [_reached(fit, population) for fit in fits.values()]
        every_cause = [name for name in reached[0] if all(name in own for own in reached)]
        last = survival.follow_up(first, population) if of_patients else at.max()
        grid = np.union1d(np.linspace(0.0, last, survival.GRID + 1), at)
        for treatment in every_cause:
            drawn = [order[cause](_cumulative(fit, population, treatment, grid))
                     for cause, fit in fits.items()]  # fmt: skip
            size = min(map(len, drawn))
            found = combined([each[:size] for each in drawn])
            every = dict(zip(fits, found, strict=True)) | {NONE: 1 - np.sum(found, axis=0)}
            rows += [
                {"population": population, "treatment": treatment, "cause": cause, "time": time,
                 **summary(column)}
                for cause, draws in every.items()
                for time, column in zip(at, draws[:, np.searchsorted(grid, at)].T, strict=True)
            ]  # fmt: skip
    return pd.DataFrame(rows)


def _common(fits: Mapping[str, Fit]) -> set[str]:
    """Studies whose patients are in every fit."""
    return set.intersection(*(set(_told(fit)["study"]) for fit in fits.values()))


def _told(fit: Fit) -> pd.DataFrame:
    """The patients, or the arms with their person-time."""
    people, arms = fit.network.people, fit.network.arms
    return arms[["study", "treatment", "e"]] if people is None else people


def _reached(fit: Fit, study: str) -> list[str]:
    """Treatments with a hazard in a study."""
    if fit.specification.patients is not None:
        return survival.treatments(fit, study)
    own = fit.islands[survival.against(fit, study)]
    return [name for name in fit.treatments if fit.islands[name] == own]


def _cumulative(fit: Fit, study: str, treatment: str, grid: np.ndarray) -> np.ndarray:
    """Draws of a cumulative hazard, shape (draws, times); that of counts is constant."""
    if fit.specification.patients is not None:
        return survival.hazards(fit, study, treatment, grid)[1]
    levels = fit.samples["mu"].transpose("sample", ...).to_numpy()
    level = levels[:, fit.specification.studies_of_arms.index(study)]
    rate = np.exp(level + survival.effect(fit, study, treatment))
    return np.asarray(rate[:, None] * grid)


def _checked(fits: Mapping[str, Fit], times: tuple[float, ...]) -> Fit:
    first = next(iter(fits.values()))
    for cause, fit in fits.items():
        network = fit.network
        if network.cause != cause or set(network.causes) != set(fits):
            raise InputError(
                Problem("(options)", "cause", ", ".join(fits), "are not all causes of the patients",
                        f"Fit each of {', '.join(network.causes) or 'them, by name'}: an incidence "
                        "depends on all")
            )  # fmt: skip
        together = _common(fits)
        own, other = (
            told[told["study"].isin(together)].drop(columns="event", errors="ignore")
            .reset_index(drop=True) for told in map(_told, (fit, first))
        )  # fmt: skip
        if not (together and own.equals(other)):
            raise InputError(
                Problem("(options)", "cause", cause, "was fitted to other patients",
                        "Fit every cause to the same table")
            )  # fmt: skip
    if first.specification.patients is None and not (times and min(times) > 0):
        raise InputError(
            Problem("(options)", "times", str(times), "are no times, and counts tell no follow-up",
                    "Name times above 0, in the unit of the person-time")
        )  # fmt: skip
    return first
