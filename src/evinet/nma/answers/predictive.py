"""Would the model, its priors alone, or the other studies have produced each outcome?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pandas as pd

from evinet import tables
from evinet.nma.distribution import Distribution, checked
from evinet.nma.fit.exact import Mixture
from evinet.nma.likelihoods import ordered

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit

PERIODS = 4  # of a study's follow-up, with about as many events each
DRAWS = 4000


def predictive(fit: Fit, rng: np.random.Generator) -> pd.DataFrame:
    """Table PREDICTIVE: outcomes against those of new studies like these.

    One row for each arm (its outcome; of ordered categories a row for each, with those who reached
    it), a contrast (its effect) or a period of an arm of patients (its events). A new study has the
    baseline of the old one, and a deviation of its own where effects are random (Marshall &
    Spiegelhalter 2003, Stat Med 22:1649): with everything from the posterior, from the priors and,
    for contrasts, from the posterior without the study where the others still connect its
    treatments. p is two-sided, mid-p for counts.
    """
    rows: list[dict[str, Any]] = []
    model = fit.specification
    if model.arms is not None:
        rows += _arms(fit, rng)
    if model.patients is not None:
        rows += _patients(fit, rng)
    if len(fit.network.contrasts.rows):
        rows += _contrasts(fit, rng)
    return tables.PREDICTIVE.frame(rows)


def _prior_scales(fit: Fit, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    model = fit.specification
    tau = model.priors.tau.draws(rng, DRAWS) if model.random else np.zeros(DRAWS)
    prior = model.sigma_prior
    sigma = np.full(DRAWS, model.known_sigma) if prior is None else prior.draws(rng, DRAWS)
    return tau, sigma


def _contrasts(fit: Fit, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Effects of contrasts: every prediction is a mixture of normal distributions."""
    from evinet.nma.answers.left_out import joined

    model, design = fit.specification, fit.specification.design
    size = len(design.names)
    contrasts, others = fit.network.contrasts, fit.left_out if fit.linear_in_studies else {}
    tau, sigma = _prior_scales(fit, rng)
    prior = fit.normal.prior(sigma)
    found = []
    for place, number in enumerate(design.of("contrast")):
        study, treatment, comparator = contrasts.rows[place]
        weight = fit.network.weights.get(study, 1.0)
        noise, y = weight * float(contrasts.covariance[place, place]), float(contrasts.y[place])
        row = design.effects[number]
        own = np.flatnonzero(row)
        variance = (prior[:, own[:, None], own] @ row[own]) @ row[own] + tau**2 + noise
        before = Distribution.of_draws(np.zeros(DRAWS), np.sqrt(variance))
        padded = np.append(row, np.zeros(len(model.names) - size))
        after = fit.linear(padded, new_study=True, noise=noise)
        each = {"posterior_": after, "prior_": before}
        if study in others and nx.has_path(joined(fit, study), treatment, comparator):
            each["others_"] = _left(others[study], row, noise)
        found.append({
            "study": study, "treatment": treatment, "comparator": comparator, "observed": y,
            **{name: value for prefix, distribution in each.items()
               for name, value in _checked(prefix, distribution, y).items()},
        })  # fmt: skip
    return found


def _left(mixture: Mixture, row: np.ndarray, noise: float) -> Distribution:
    return mixture.of(row, 1.0, noise)


def _checked(prefix: str, distribution: Distribution, observed: float) -> dict[str, float]:
    below = distribution.below(observed)
    return {
        f"{prefix}q2.5": distribution.quantile(0.025),
        f"{prefix}q97.5": distribution.quantile(0.975),
        f"{prefix}p": 2 * min(below, 1 - below),
    }


def _arms(fit: Fit, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Outcomes of arms, replicated with the study's own mu."""
    model, design = fit.specification, fit.specification.design
    arms = model.arms
    assert arms is not None
    if fit.mixture is None:
        b, mu, tau = fit.coefficients, fit.samples["mu"].to_numpy(), fit.tau
    else:
        b, tau = fit.coefficients, fit.tau
        fitted = fit.samples["fitted"].transpose("sample", ...).to_numpy()
        mu = _intercepts(fit, fitted, b, tau)
    after = _replicated(fit, fit.predictors, b, mu, tau, rng)
    rows = design.rows.iloc[design.of("arm")]
    found = [
        {"study": rows["study"].iloc[place], "treatment": rows["treatment"].iloc[place],
         "category": category, "observed": float(value), **checked("posterior_", new, float(value))}
        for (place, category, value), (_, _, new) in zip(
            arms.outcomes(arms.whole[0]), arms.outcomes(after), strict=True
        )
    ]  # fmt: skip
    if arms.likelihood.limited:  # the limits cut the priors: they have no simple draws
        return found
    tau, sigma = _prior_scales(fit, rng)
    keep, spread = design.mixing
    independent = rng.standard_normal((DRAWS, len(model.stand_for))) * model.independent_sd
    size = keep.shape[1]
    moved = sigma[:, None] * rng.standard_normal((DRAWS, spread.shape[1])) @ spread.T
    prior = np.hstack([independent[:, :size] @ keep.T + moved, independent[:, size:]])
    prior_mu = rng.standard_normal((DRAWS, arms.studies)) * model.priors.intercepts
    before = _replicated(fit, lambda eta: _with_cuts(fit, eta, rng), prior, prior_mu, tau, rng)
    return [
        {**row, **checked("prior_", new, row["observed"])}
        for row, (_, _, new) in zip(found, arms.outcomes(before), strict=True)
    ]


def _with_cuts(fit: Fit, eta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """`Fit.predictors` with cut-points from their priors."""
    model = fit.specification
    if not model.gaps:
        return eta
    size = len(eta) * model.gaps
    gaps = model.priors.cuts.draws(rng, size).reshape(len(eta), 1, model.gaps)
    if model.random_cuts:
        sigma = model.priors.cuts_sigma.draws(rng, len(eta))[:, None, None]
        gaps = gaps * np.exp(sigma * rng.standard_normal((*eta.shape, model.gaps)))
    return ordered.predictors(eta, gaps.cumsum(axis=-1))


def _intercepts(fit: Fit, fitted: np.ndarray, b: np.ndarray, tau: np.ndarray) -> np.ndarray:
    """mu of each study of normal arms: the fitted value of its baseline arm, without offset."""
    arms = fit.specification.arms
    assert arms is not None
    first = [int(np.flatnonzero(arms.study == study)[0]) for study in range(arms.studies)]
    return fitted[:, first]


def _replicated(
    fit: Fit, predictors: Callable[[np.ndarray], np.ndarray], b: np.ndarray, mu: np.ndarray,
    tau: np.ndarray, rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Outcomes of the arms of new studies, shape (draws, arms), with any axis of the outcome."""
    model, design = fit.specification, fit.specification.design
    arms, own = model.arms, design.of("arm")
    assert arms is not None
    size = len(design.names)
    fresh = rng.standard_normal((len(b), design.deviations.shape[1]))
    effect = b[:, :size] @ design.effects[own].T
    effect = effect + tau[:, None] * (fresh @ design.deviations[own].T)
    eta = arms.offset + mu[:, arms.study] + effect
    if model.terms.baseline_risk:
        eta = eta + model.risk * (mu[:, arms.study] - model.risk_centre) * b[:, [-1]]
    return arms.likelihood.replicate(rng, predictors(eta), arms.whole[1])


def _patients(fit: Fit, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Events of every arm in each quarter of its study's events.

    Replicated events of a period are Poisson, their mean the cumulative hazard that the period's
    patients spent in it: the compensator of the counting process (Andersen et al. 1993, Statistical
    Models Based on Counting Processes, section II.4). Low p late or early says that the hazards'
    shapes are wrong. Over reconstructions `observed` is the mean, and their replicates are pooled,
    each less its own number of events. A study with events within intervals has no row: in which
    quarter they happened is not known.
    """
    from evinet.patients.person_time import events_and_exposure

    baseline, patients = fit.specification.baseline, fit.specification.patients
    assert baseline is not None
    assert patients is not None
    place = fit.specification.design.of("patients")
    rows = []
    for number, (study, treatment) in enumerate(patients.arms):
        if study in patients.intervals:
            continue
        time, event = patients.best.of(*patients.arms_of(study))
        inner = np.quantile(time[event == 1], np.arange(1, PERIODS) / PERIODS)
        edges = np.unique(np.concatenate([[0.0], inner, [patients.upper(study)]]))
        observed, excess = [], []
        for samples, records in zip(fit.reconstructed, patients.draws, strict=True):
            time, event = records.of(number)
            effect = samples["theta"].to_numpy()[:, place[number]]
            spent = np.clip(edges, records.entries(number)[:, None], time[:, None])
            at, where = np.unique(spent, return_inverse=True)
            cumulative = baseline.hazards(samples, study, treatment, effect, at)[1]
            counts = np.zeros((len(at), len(edges)))
            np.add.at(counts, (where.reshape(spent.shape), np.arange(len(edges))), 1)
            expected = np.diff(cumulative @ counts, axis=1)
            observed.append(events_and_exposure(time, event, edges[1:-1])[0])
            excess.append(rng.poisson(np.maximum(expected, 0.0)) - observed[-1])
        mean = np.mean(observed, axis=0)
        for period, draws in enumerate(np.concatenate(excess).T):
            rows.append({
                "study": study, "treatment": treatment,
                "start": edges[period], "end": edges[period + 1], "observed": mean[period],
                **checked("posterior_", draws + mean[period], mean[period]),
            })  # fmt: skip
    return rows
