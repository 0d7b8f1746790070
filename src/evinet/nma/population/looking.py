"""What tells a sampler where to look: rough estimates of the coefficients from patients.

They change how fast the sampler moves, never where to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.linalg import block_diag

from evinet.nma.likelihoods.arms import LIKELIHOODS
from evinet.patients import cox

if TYPE_CHECKING:
    from evinet.nma.model import Model
    from evinet.nma.population.regression import Regression

FAINT = 1e-6  # information below this share of the largest is none
STEP = 1e-4


def rough(
    model: Model, regression: Regression, y: np.ndarray, covariance: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rough effects of the free rows, followed by estimates from each study's patients.

    Parameters
    ----------
    y, covariance
        Rough effects of the free rows, as the model has them without covariates.

    Returns
    -------
    columns, y, covariance
        With more rows; the columns are what each coefficient adds to each of them.
    """
    design, size = model.design, model.design.effects.shape[1]
    rows = list(zip(design.rows["study"], design.rows["treatment"], design.rows["against"],
                    strict=True))  # fmt: skip
    own = np.array([
        regression.means.get((study, treatment), np.zeros(len(regression.terms))) @ slopes
        for (study, treatment, _), slopes in zip(rows, design.slopes, strict=True)
    ])  # fmt: skip
    first = {study: row for row, (study, treatment, against) in reversed(list(enumerate(rows)))
             if treatment == against}  # fmt: skip
    base = np.array([own[first[study]] if study in first else np.zeros(size)
                     for study, _, _ in rows])  # fmt: skip
    columns = [(design.effects + own - base)[design.free]]
    blocks, found = [covariance], [y]
    for study in dict.fromkeys(study for study, _ in regression.patients):
        more, values = _patients(model, regression, study)
        columns.append(more)
        found.append(values)
        blocks.append(np.eye(len(values)))
    return np.vstack(columns), np.concatenate(found), block_diag(*blocks)


def _patients(model: Model, regression: Regression, study: str) -> tuple[np.ndarray, np.ndarray]:
    """Independent combinations of coefficients that a study's patients estimate, of variance 1."""
    design = model.design
    columns, outcome = [], []
    for row, (name, treatment) in enumerate(
        zip(design.rows["study"], design.rows["treatment"], strict=True)
    ):
        if name != study:
            continue
        people = regression.patients[name, treatment]
        columns.append(design.effects[row] + regression.matrix(people) @ design.slopes[row])
        outcome.append(people)
    every = np.concatenate(columns)
    varies = np.flatnonzero(np.ptp(every, axis=0) > 0)
    if "time" in outcome[0]:
        time, event = (np.concatenate([each[name] for each in outcome]).astype(float)
                       for name in ("time", "event"))  # fmt: skip
        at = cox.fit(time, event, every[:, varies])
        estimate, information = at.coefficients, np.linalg.pinv(at.covariance)
    else:
        estimate, information = _linear(model, every[:, varies], outcome)
    values, vectors = np.linalg.eigh(information)
    kept = values > FAINT * max(values.max(), 1.0)
    root = vectors[:, kept] * np.sqrt(values[kept])
    found = np.zeros((int(kept.sum()), every.shape[1]))
    found[:, varies] = root.T
    return found, root.T @ estimate


def _linear(
    model: Model, columns: np.ndarray, people: list[pd.DataFrame]
) -> tuple[np.ndarray, np.ndarray]:
    """One step of weighted least squares from each arm's mean: coefficients, information."""
    assert model.arms is not None
    likelihood = model.arms.likelihood
    if likelihood.ordered:  # whether any category is reached
        likelihood = LIKELIHOODS["binomial", likelihood.link]
    predictor, weight = [], []
    for own in people:
        x = own[likelihood.columns[0]].to_numpy(float)
        one = np.ones(len(x))
        if likelihood.name == "normal":
            predictor.append(x)
            weight.append(one / x.var(ddof=1))
            continue
        s = own["e"].to_numpy(float) if likelihood.name == "poisson" else one
        eta = float(likelihood.rough(x.sum()[None], s.sum()[None])[0][0]) * one
        mean = likelihood.fitted(eta, one)
        slope = (likelihood.fitted(eta + STEP, one) - likelihood.fitted(eta - STEP, one)) / STEP / 2
        variance = mean * (1 - mean if likelihood.name == "binomial" else 1) / s
        predictor.append(eta + (x / s - mean) / slope)
        weight.append(slope**2 / variance)
    every, weights = np.concatenate(predictor), np.concatenate(weight)
    centred = columns - weights @ columns / weights.sum()
    information = (centred.T * weights) @ centred
    estimate = np.linalg.lstsq(information, (centred.T * weights) @ every, rcond=None)[0]
    return estimate, information
