"""What a fitted network says of survival in a population: curves, means, medians, hazard ratios.

A population is a study of patients in the network: its baseline hazard, and the network's effects.
With random effects these are the mean effects d, not the study's own; with a covariate those at the
study's own value. Nothing is extrapolated: times reach to the end of the population's follow-up.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evinet.errors import InputError, Problem
from evinet.nma.data.patients import Patients
from evinet.nma.distribution import summary
from evinet.nma.likelihoods.survival.baseline import Baseline

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit

GRID = 400  # steps of the integrals; Simpson's rule
STEPS = 20  # times at which curves are written when none are named


def _patients(fit: Fit) -> Patients:
    """The patients of the network.

    Raises
    ------
    InputError
        No study entered by its patients.
    """
    if fit.specification.patients is None:
        raise InputError(
            Problem("(options)", "patients", None, "no study entered by its patients, so that "
                    "there is no survival over time", "Make the network with from_patients")
        )  # fmt: skip
    return fit.specification.patients


def _baseline(fit: Fit) -> Baseline:
    _patients(fit)
    assert fit.specification.baseline is not None
    return fit.specification.baseline


def against(fit: Fit, study: str) -> str:
    """The treatment of a study's baseline arm."""
    rows = fit.specification.design.rows
    return str(rows.loc[rows["study"] == study, "against"].iloc[0])


def effect(fit: Fit, study: str, treatment: str) -> np.ndarray:
    """Draws of a treatment's effect against a study's baseline arm, in that study."""
    design, baseline = fit.specification.design, against(fit, study)
    found = fit.coefficients @ (fit._row(treatment) - fit._row(baseline))
    if design.covariates:
        row = pd.DataFrame([{"study": study, "treatment": treatment, "against": baseline}])
        columns, names = design.interactions(row)
        places = [design.names.index(name) for name in names]
        found = found + fit.coefficients[:, places] @ columns[0]
    return found


def follow_up(fit: Fit, population: str) -> float:
    """Longest follow-up of a population."""
    return _patients(fit).upper(population)


def within_follow_up(fit: Fit, population: str, time: np.ndarray) -> None:
    """Refuse times at which a population was not followed.

    Raises
    ------
    InputError
        A time is negative or after the end of follow-up.
    """
    last = follow_up(fit, population)
    if time.min() < 0 or time.max() > last * (1 + 1e-12):
        raise InputError(
            Problem("(options)", "time", float(time.max()), f"is not between 0 and {last:g}, the "
                    f"follow-up of {population}", "Nothing is extrapolated: name earlier times")
        )  # fmt: skip


def horizon(fit: Fit) -> float:
    """The longest time that every population's follow-up reaches."""
    return min(follow_up(fit, name) for name in _patients(fit).studies)


def treatments(fit: Fit, population: str) -> list[str]:
    """Treatments with a curve in a population: all of its island, or fewer (see `sharing`)."""
    reached = _baseline(fit).reached(population)
    if reached is not None:
        return reached
    patients, islands = _patients(fit), fit.islands
    own = patients.baseline(population)
    return [name for name in fit.treatments if islands[name] == islands[own]]


def hazards(
    fit: Fit, population: str, treatment: str, time: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Log hazard and cumulative hazard of a treatment, each of shape (draws, times).

    Raises
    ------
    InputError
        The population is not a study with patients, the treatment has no curve in it, or a time is
        negative or after the end of follow-up.
    """
    patients = _patients(fit)
    if population not in patients.studies:
        raise _refused("population", population, "is not a study with patients", patients.studies)
    if treatment not in treatments(fit, population):
        raise _refused("treatment", treatment, f"has no curve in {population}",
                       treatments(fit, population))  # fmt: skip
    within_follow_up(fit, population, time)
    own = effect(fit, population, treatment)
    return _baseline(fit).hazards(fit.samples, population, treatment, own, time)


def _refused(field: str, value: str, message: str, known: list[str]) -> InputError:
    return InputError(Problem("(options)", field, value, message, f"Use one of {', '.join(known)}"))


def survival(fit: Fit, population: str, treatment: str, time: np.ndarray) -> np.ndarray:
    """Draws of the survival probability, shape (draws, times)."""
    return np.exp(-hazards(fit, population, treatment, time)[1])


def restricted_mean(fit: Fit, population: str, treatment: str, until: float) -> np.ndarray:
    """Draws of the mean survival time restricted to `until`, shape (draws,)."""
    from scipy.integrate import simpson

    grid = np.linspace(0.0, until, GRID + 1)
    return np.asarray(simpson(survival(fit, population, treatment, grid), x=grid, axis=1))


def median(fit: Fit, population: str, treatment: str) -> np.ndarray:
    """Draws of the median survival time, infinite if follow-up ends before; shape (draws,)."""
    grid = np.linspace(0.0, follow_up(fit, population), GRID + 1)
    spent = hazards(fit, population, treatment, grid)[1]
    after = (spent < np.log(2)).sum(axis=1)
    reached = after <= GRID
    right = np.minimum(after, GRID)
    rows = np.arange(len(spent))
    low, high = spent[rows, right - 1], spent[rows, right]
    share = np.divide(np.log(2) - low, high - low, out=np.zeros(len(rows)), where=high > low)
    return np.where(reached, grid[right - 1] + share * (grid[right] - grid[right - 1]), np.inf)


def _each(fit: Fit) -> Iterator[tuple[str, str]]:
    for population in _patients(fit).studies:
        for treatment in treatments(fit, population):
            yield population, treatment


def times(fit: Fit, population: str, named: tuple[float, ...]) -> np.ndarray:
    """The named times within follow-up, or even steps up to its end."""
    last = follow_up(fit, population)
    if not named:
        return np.linspace(0.0, last, STEPS + 1)
    return np.array([time for time in named if time <= last])


def _of_all_events(fit: Fit) -> None:
    """Refuse to tell survival by the hazard of one of several causes.

    Raises
    ------
    InputError
        The fit is of one cause of competing events.
    """
    if fit.network.cause is not None:
        raise InputError(
            Problem("(options)", "cause", fit.network.cause, "is one of several causes, whose "
                    "hazard alone is nobody's survival", "Use evinet.nma.answers.incidence")
        )  # fmt: skip


def survival_table(fit: Fit, named: tuple[float, ...] = ()) -> pd.DataFrame:
    """Columns population, treatment, time, mean, sd, q2.5, q50, q97.5."""
    _of_all_events(fit)
    rows = []
    for population, treatment in _each(fit):
        at = times(fit, population, named)
        if len(at):
            draws = survival(fit, population, treatment, at)
            rows += [
                {"population": population, "treatment": treatment, "time": time, **summary(column)}
                for time, column in zip(at, draws.T, strict=True)
            ]
    return pd.DataFrame(rows)


def hazard_ratio_table(fit: Fit, named: tuple[float, ...] = ()) -> pd.DataFrame:
    """The ln HR of every treatment against its population's baseline arm, over time.

    Columns population, treatment, comparator, time, mean, sd, q2.5, q50, q97.5; without time 0,
    where a hazard may be 0 or infinite.
    """
    patients = _patients(fit)
    rows = []
    for population in patients.studies:
        at = times(fit, population, named)
        at = at[at > 0]
        if not len(at):
            continue
        comparator = patients.baseline(population)
        against = hazards(fit, population, comparator, at)[0]
        for treatment in treatments(fit, population):
            if treatment != comparator:
                ratio = hazards(fit, population, treatment, at)[0] - against
                names = {"population": population, "treatment": treatment, "comparator": comparator}
                rows += [
                    {**names, "time": time, **summary(column)}
                    for time, column in zip(at, ratio.T, strict=True)
                    if np.isfinite(column).all()
                ]
    return pd.DataFrame(rows)


def restricted_mean_tables(
    fit: Fit, until: float | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Restricted means, and their differences between every two treatments of a population.

    Columns population, treatment (, comparator), horizon, mean, sd, q2.5, q50, q97.5 (, p_longer).
    """
    _of_all_events(fit)
    end = horizon(fit) if until is None else until
    means, differences = [], []
    for population in _patients(fit).studies:
        draws = {
            name: restricted_mean(fit, population, name, end)
            for name in treatments(fit, population)
        }
        for name, own in draws.items():
            means.append(
                {"population": population, "treatment": name, "horizon": end, **summary(own)}
            )
        for name, other in permutations(draws, 2):
            gain = draws[name] - draws[other]
            differences.append({
                "population": population, "treatment": name, "comparator": other, "horizon": end,
                **summary(gain), "p_longer": float((gain > 0).mean()),
            })  # fmt: skip
    return pd.DataFrame(means), pd.DataFrame(differences)


def median_table(fit: Fit) -> pd.DataFrame:
    """Columns population, treatment, q2.5, q50, q97.5 and p_reached, within follow-up.

    A quantile after the end of follow-up is missing.
    """
    _of_all_events(fit)
    rows = []
    for population, treatment in _each(fit):
        draws = median(fit, population, treatment)
        rows.append({"population": population, "treatment": treatment, **reached(draws)})
    return pd.DataFrame(rows)


def reached(draws: np.ndarray) -> dict[str, float | None]:
    """Quantiles of times that may be infinite, and the probability that they are not.

    Examples
    --------
    >>> reached(np.array([1.0, 2.0, np.inf]))
    {'q2.5': 1.0, 'q50': 2.0, 'q97.5': None, 'p_reached': 0.6666666666666666}
    """
    quantiles = np.quantile(np.sort(draws), (0.025, 0.5, 0.975), method="nearest")
    known = [float(value) if np.isfinite(value) else None for value in quantiles]
    return {
        **dict(zip(("q2.5", "q50", "q97.5"), known, strict=True)),
        "p_reached": float(np.isfinite(draws).mean()),
    }
