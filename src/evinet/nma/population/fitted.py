"""How well a regression on patients' covariates fits each patient and each published arm.

A patient with covariates is a data point of the outcome's own likelihood; a published arm is one of
the likelihood that is averaged over its points, and each of its reconstructed patients is one of
the averaged density (Phillippo et al. 2020, J R Stat Soc A 183:1189, section 3.4).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import norm

from evinet.nma.answers.fit_measures import Part, posterior_mean, thinned
from evinet.nma.likelihoods import individual, ordered

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from evinet.nma.data.patients import Records
    from evinet.nma.likelihoods.survival.baseline import Baseline
    from evinet.nma.population.regression import Regression
    from evinet.nma.posterior import Fit

Rule = tuple[np.ndarray, np.ndarray]


def slopes(fit: Fit, samples: xr.Dataset) -> np.ndarray:
    """Draws of each row's slopes in the covariates' columns, shape (draws, rows, terms)."""
    design = fit.specification.design
    b = samples["b"].transpose("sample", ...).to_numpy()[:, : design.slopes.shape[2]]
    return np.einsum("rtk,dk->drt", design.slopes, b)


def arms(fit: Fit, samples: xr.Dataset) -> Iterator[Part]:
    """The patients of each arm, and each published arm."""
    model, regression = fit.specification, _regression(fit)
    assert model.arms is not None
    likelihood, every = model.arms.likelihood, slopes(fit, samples)
    eta = samples["eta"].transpose("sample", ...).to_numpy()
    for place, row in enumerate(model.design.of("arm")):
        pair = (str(model.design.rows["study"][row]), str(model.design.rows["treatment"][row]))
        cuts = fit.cuts(place)
        cuts = None if cuts is None else cuts[:: thinned(fit)]
        if pair in regression.published:
            columns, weights = regression.rules[pair]
            at = eta[:, [place]] + every[:, row] @ columns.T
            x, s = model.arms.x[place], model.arms.s[place]
            expected = individual.expected(likelihood, at, cuts, weights, s)
            density = individual.density(likelihood, x, s, at, expected, weights)
            deviance = likelihood.deviance(x, s, expected)
            at_mean = likelihood.deviance(x, s, expected.mean(axis=0))
            size = int(model.arms.points[place])
            yield Part(*pair, size, deviance, float(at_mean), density[:, None], np.ones(1))
            continue
        outcome, columns, counts, place_of = _unique(
            regression.patients[pair][individual.outcome_columns(likelihood)].to_numpy(float),
            regression.matrix(regression.patients[pair]),
        )
        at = eta[:, [place]] + every[:, row] @ columns.T
        if likelihood.name == "normal":
            studies = list(dict.fromkeys(study for study, _ in regression.patients))
            known = [study for study in model.studies_of_arms if study in studies]
            sd = samples["residual_sd"].transpose("sample", ...).to_numpy()
            yield replace(_means(pair, outcome[:, 0], at, sd[:, known.index(pair[0])], counts),
                          place=place_of)  # fmt: skip
            continue
        x, s = individual.outcome(likelihood, outcome)
        given = at if cuts is None else ordered.predictors(at, cuts[:, None, :])
        fitted = likelihood.fitted(given, s)
        yield Part(
            *pair, int(counts.sum()), likelihood.deviance(x, s, fitted) @ counts,
            float(likelihood.deviance(x, s, fitted.mean(axis=0)) @ counts),
            likelihood.log_likelihood(x, s, given), counts, place_of,
        )  # fmt: skip


def _regression(fit: Fit) -> Regression:
    found: Regression = fit.network.regression
    return found


def _unique(
    outcome: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Outcomes and columns of the distinct patients of an arm, how many are alike, who is which."""
    found, place, counts = np.unique(np.column_stack([outcome, columns]), axis=0,
                                     return_inverse=True, return_counts=True)  # fmt: skip
    return found[:, : outcome.shape[1]], found[:, outcome.shape[1] :], counts, place.ravel()


def _means(
    pair: tuple[str, str], y: np.ndarray, at: np.ndarray, sd: np.ndarray, counts: np.ndarray
) -> Part:
    """Normal outcomes of patients: the deviance is -2 log-likelihood, as no spread is known."""
    values = np.asarray(norm.logpdf(y, at, sd[:, None]))
    plug_in = norm.logpdf(y, at.mean(axis=0), np.exp(np.log(sd).mean()))
    return Part(*pair, int(counts.sum()), -2 * values @ counts,
                float(-2 * plug_in @ counts), values, counts)  # fmt: skip


def patients(fit: Fit, samples: xr.Dataset, records: Records) -> Iterator[Part]:
    """Survival of patients with covariates, and of reconstructed ones averaged over points."""
    model, regression = fit.specification, _regression(fit)
    assert model.baseline is not None
    assert model.patients is not None
    centre = posterior_mean(fit, samples)
    theta = samples["theta"].transpose("sample", ...).to_numpy()
    every = slopes(fit, samples)
    for number, row in enumerate(model.design.of("patients")):
        pair = model.patients.arms[number]
        rule: Rule | None = None
        if pair in regression.published:
            both = np.column_stack(records.of(number))
            rule = regression.rules[pair]
            outcome, columns, counts, place = _unique(both, np.zeros((len(both), 0)))
        else:
            own: pd.DataFrame = regression.patients[pair]
            outcome, columns, counts, place = _unique(
                own[["time", "event"]].to_numpy(float), regression.matrix(own)
            )
        of = partial(_survival, model.baseline, pair, outcome, columns, rule)
        values = of(samples, theta[:, row], every[:, row])
        plug_in = of(centre, theta[:, row].mean(keepdims=True),
                     every[:, row].mean(axis=0, keepdims=True))  # fmt: skip
        yield Part(
            *pair, int(counts.sum()), -2 * values @ counts, float(-2 * plug_in[0] @ counts),
            values, counts, place,
        )  # fmt: skip


def _survival(
    baseline: Baseline, pair: tuple[str, str], outcome: np.ndarray, columns: np.ndarray,
    rule: Rule | None, samples: xr.Dataset, theta: np.ndarray, slope: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Log density of an arm's patients, shape (draws, patients); of a `rule` averaged over it."""
    time, event = outcome.T

    def density(effect: np.ndarray, chosen: Any = slice(None)) -> np.ndarray:
        log_hazard, spent = baseline.hazards(samples, *pair, effect, time[chosen])
        return np.asarray(np.where(event[chosen] == 1, log_hazard, 0.0) - spent)

    if baseline.scale == "ln HR":  # one curve, raised to the power of each patient's hazard
        log_hazard, spent = baseline.hazards(samples, *pair, theta, time)
        log_hazard = np.where(event == 1, log_hazard, 0.0)
        if rule is None:
            more = slope @ columns.T
            return np.asarray(log_hazard + event * more - spent * np.exp(more))
        total = np.zeros_like(spent)
        for own, weight in zip((slope @ rule[0].T).T, rule[1], strict=True):
            total += weight * np.exp(event * own[:, None] - spent * np.exp(own)[:, None])
        return np.asarray(log_hazard + np.log(total))
    if rule is not None:
        found = np.full((len(theta), len(time)), -np.inf)
        for own, weight in zip((slope @ rule[0].T).T, rule[1], strict=True):
            found = np.logaddexp(found, np.log(weight) + density(theta + own))
        return found
    found = np.empty((len(theta), len(time)))
    alike, group = np.unique(columns, axis=0, return_inverse=True)
    for place, own in enumerate(alike):
        chosen = np.flatnonzero(group.ravel() == place)
        found[:, chosen] = density(theta + slope @ own, chosen)
    return found
