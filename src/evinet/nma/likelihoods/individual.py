"""Outcomes of patients with covariates, and of published arms averaged over theirs.

A patient's linear predictor is that of the arm, plus x times the arm's slopes. Patients of the same
covariates are put together. A published arm has

    binomial   r ~ Binomial(n, mean of the probability)
    Poisson    r ~ Poisson(e * mean of the rate)
    normal     y ~ Normal(mean of the predictor, se^2)
    ordered    counts ~ Multinomial(n, means of the probabilities of the categories)

the means over its weighted points (Phillippo et al. 2020, J R Stat Soc A 183:1189). Patients whose
probabilities p differ vary less together than the binomial distribution says: by n times the mean
of p (1 - p). With two parameters (section 3.3 there) it is the binomial distribution of that
variance and of the same mean,

    r ~ Binomial(n mean(p)^2 / mean(p^2), mean(p^2) / mean(p))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evinet.nma.likelihoods import ordered
from evinet.nma.likelihoods.arms import LINKS, binomial_density
from evinet.nma.likelihoods.scaled_normal import flat

if TYPE_CHECKING:
    from evinet.nma.likelihoods.arms import Likelihood
    from evinet.nma.model import Model
    from evinet.nma.population.regression import Regression

TINY = 1e-14  # probabilities are this far from 0 and 1


def data(model: Model, regression: Regression) -> dict[str, np.ndarray]:
    """Sums over patients of the same covariates, points, and means of columns, of the arms."""
    assert model.arms is not None
    likelihood, pairs = model.arms.likelihood, _pairs(model)
    owns = [number for number, pair in enumerate(pairs) if pair in regression.patients]
    people = [regression.patients[pairs[number]] for number in owns]
    x, s = outcome(likelihood, pd.concat(
        [own[outcome_columns(likelihood)] for own in people]).to_numpy(float))  # fmt: skip
    both = np.column_stack([
        np.repeat(owns, [len(own) for own in people]),
        np.concatenate([regression.matrix(own) for own in people]),
    ])  # fmt: skip
    alike, first, group = np.unique(both, axis=0, return_index=True, return_inverse=True)

    def summed(values: np.ndarray) -> np.ndarray:
        found = np.zeros((len(alike), *values.shape[1:]))
        np.add.at(found, group.ravel(), values)
        return found

    every = summed(s)
    if likelihood.ordered:  # the structure of categories is the study's; patients are counted
        every[:, :-1] = s[first, :-1]
    published = _published(model, regression)
    points, weights = regression.stacked([pairs[number] for number in published])
    return {
        "person_arm": alike[:, 0].astype(int), "published_arms": published,
        "person_columns": alike[:, 1:], "person_x": summed(x), "person_s": every,
        "person_n": summed(np.ones(len(x))),
        "person_square": summed(x**2 if likelihood.name == "normal" else np.zeros(len(x))),
        "points": points, "point_weights": weights,
        "arm_means": np.array([regression.means[pair] for pair in pairs]),
        "residual_of": _residual_of(model, regression),
        "residual_start": _residual(model),
    }  # fmt: skip


def _residual_of(model: Model, regression: Regression) -> np.ndarray:
    """Place of each study's standard deviation of patients' outcomes; -1 where it has none."""
    assert model.arms is not None
    known = {study for study, _ in regression.patients}
    has = np.array([study in known for study in dict.fromkeys(study for study, _ in _pairs(model))])
    if model.arms.likelihood.name != "normal":
        has[:] = False
    return np.where(has, has.cumsum() - 1, -1)


def outcome_columns(likelihood: Likelihood) -> list[str]:
    """Columns of patients' outcome: those of arms, but for what an arm is summed over."""
    return [name for name in likelihood.columns if name not in ("n", "se")]


def outcome(likelihood: Likelihood, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Data x and s of patients' outcomes, shape (patients, columns of the outcome)."""
    one = np.ones(len(values))
    if likelihood.ordered:
        return ordered.structure(values, one)
    return values[:, 0], values[:, 1] if likelihood.name == "poisson" else one


def expected(
    likelihood: Likelihood, at: np.ndarray, cuts: np.ndarray | None, weights: np.ndarray,
    s: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Draws of a published arm's mean outcome over its points, in the units of its x.

    Parameters
    ----------
    at
        Predictors of the points, shape (draws, points).
    cuts
        Of ordered categories, but the first, shape (draws, categories - 1); else None.
    s
        Of the arm: patients, an exposure, or the structure of its categories.
    """
    if cuts is None:
        each = likelihood.fitted(at, np.ones(1)) @ weights
        return np.asarray(each if likelihood.name == "normal" else s * each)
    each = likelihood.fitted(ordered.predictors(at, cuts[:, None, :]), s)
    return np.asarray(np.einsum("dqc,q->dc", each, weights))


def density(
    likelihood: Likelihood, x: np.ndarray, s: np.ndarray, at: np.ndarray, mean: np.ndarray,
    weights: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Log-likelihood of a published arm at draws of `expected`, in full.

    Examples
    --------
    Three patients with probabilities 0.2, 0.5 and 0.8, of whom two had the event; exactly it is the
    distribution of the sum, 0.42.

    >>> from evinet.nma.likelihoods.arms import LIKELIHOODS
    >>> from dataclasses import replace
    >>> at, third = LINKS["logit"](np.array([[0.2, 0.5, 0.8]])), np.full(3, 1 / 3)
    >>> binomial = LIKELIHOODS["binomial", "logit"]
    >>> for each in (binomial, replace(binomial, of_two=True)):
    ...     mean = expected(each, at, None, third, np.array(3.0))
    ...     print(np.exp(density(each, np.array(2.0), np.array(3.0), at, mean, third)).round(3))
    [0.375]
    [0.44]
    """
    if likelihood.ordered:
        return ordered.multinomial(x, s, mean / s[-1])
    if likelihood.of_two:
        square = likelihood.fitted(at, np.ones(1)) ** 2 @ weights
        share = mean / s
        return binomial_density(x, s * share**2 / square, square / share)
    each = mean if likelihood.name == "normal" else mean / s
    return likelihood.log_likelihood(x, s, LINKS[likelihood.link](each))


def _pairs(model: Model) -> list[tuple[str, str]]:
    rows = model.design.rows.iloc[model.design.of("arm")]
    return list(zip(rows["study"], rows["treatment"], strict=True))


def _published(model: Model, regression: Regression) -> np.ndarray:
    """Numbers of the published arms."""
    return np.array([number for number, pair in enumerate(_pairs(model))
                     if pair not in regression.patients], int)  # fmt: skip


def log_likelihood(
    model: Model, known: dict[str, Any], eta: Any, slopes: Any, cuts: Any = None
) -> Any:
    """Log-likelihood given the arms' predictors and slopes; of normal outcomes adds residual_sd.

    Parameters
    ----------
    eta, slopes
        Of the arms: where covariates have their mean, shape (arms,); shape (arms, terms).
    cuts
        Cut-points of ordered categories, shape (arms, categories).
    """
    import pymc as pm
    import pytensor.tensor as pt

    assert model.arms is not None
    assert model.network.regression is not None
    likelihood = model.arms.likelihood
    arm, published = known["person_arm"], known["published_arms"]
    own = eta[arm] + (known["person_columns"] * slopes[arm]).sum(axis=1)
    if likelihood.name == "normal":
        moves = flat("residual", _residual(model).shape, known["residual_start"].shape)
        spread = known["residual_start"] + moves
        pm.Deterministic("residual_sd", pt.exp(spread))
        scale = spread[known["residual_of"][known["study_of_arm"][arm]]]
        squares = known["person_square"] - 2 * own * known["person_x"] + known["person_n"] * own**2
        found = (-known["person_n"] * scale - 0.5 * squares * pt.exp(-2 * scale)).sum()
    else:
        reaching = own if cuts is None else own[:, None] - cuts[arm]
        found = likelihood.symbolic(known["person_x"], known["person_s"], reaching).sum()
    if not len(_published(model, model.network.regression)):
        return found
    at = eta[published][:, None] + (
        known["points"] * slopes[published][:, None, :]
    ).sum(axis=2)  # fmt: skip
    x, s, weights = known["x"][published], known["s"][published], known["point_weights"]
    if likelihood.name == "normal":
        return found - 0.5 * pt.sqr((x - (weights * at).sum(axis=1)) / s).sum()
    if cuts is not None:
        share = _share(likelihood.link, at[:, :, None] - cuts[published][:, None, :])
        reached = (weights[:, :, None] * share).sum(axis=1)
        lower = pt.concatenate([pt.ones_like(reached[:, :1]), reached], axis=1)
        every = pt.concatenate([lower, pt.zeros_like(reached[:, :1])], axis=1)
        upper = pt.take_along_axis(every, pt.cast(s[:, :-1], "int64"), axis=1)
        apart = pt.switch(x > 0, pt.maximum(lower - upper, TINY), 1.0)
        return found + (x * pt.log(apart)).sum()
    if likelihood.name == "poisson":
        mean = s * (weights * pt.exp(at)).sum(axis=1)
        return found + (x * pt.log(mean) - mean).sum()
    each = _share(likelihood.link, at)
    share = pt.clip((weights * each).sum(axis=1), TINY, 1 - TINY)
    if likelihood.of_two:
        square = pt.maximum((weights * pt.sqr(each)).sum(axis=1), TINY**2)
        size, chance = s * pt.sqr(share) / square, pt.clip(square / share, TINY, 1 - TINY)
        ways = pt.gammaln(size + 1) - pt.gammaln(size - x + 1)
        logs = ways + x * pt.log(chance) + (size - x) * pt.log1p(-chance)
        return found + pt.switch(size >= x, logs, -np.inf).sum()
    return found + (x * pt.log(share) + (s - x) * pt.log1p(-share)).sum()


def _share(link: str, eta: Any) -> Any:
    import pytensor.tensor as pt

    if link == "logit":
        return pt.sigmoid(eta)
    if link == "probit":
        return 0.5 * pt.erfc(-eta / np.sqrt(2))
    return -pt.expm1(-pt.exp(eta))


def _residual(model: Model) -> np.ndarray:
    """Log of the standard deviation of normal outcomes in each study with patients."""
    assert model.arms is not None
    assert model.network.regression is not None
    if model.arms.likelihood.name != "normal":
        return np.zeros(0)
    found: dict[str, list[pd.Series[float]]] = {}
    for study, treatment in _pairs(model):
        if (study, treatment) in model.network.regression.patients:
            each = model.network.regression.patients[study, treatment]["y"]
            found.setdefault(study, []).append(each)
    return np.array([np.log(pd.concat(own).std()) for own in found.values()])
