"""Outcomes of patients with covariates, and of published arms averaged over theirs.

A patient's linear predictor is that of the arm, plus x times the arm's slopes. Patients of the same
covariates are put together. A published arm has

    binomial   r ~ Binomial(n, mean of the probability)
    Poisson    r ~ Poisson(e * mean of the rate)
    normal     y ~ Normal(mean of the predictor, se^2)

the means over its weighted points (Phillippo et al. 2020, J R Stat Soc A 183:1189).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evinet.nma.likelihoods.scaled_normal import flat

if TYPE_CHECKING:
    from evinet.nma.model import Model
    from evinet.nma.population.regression import Regression

TINY = 1e-14  # probabilities are this far from 0 and 1


def data(model: Model, regression: Regression) -> dict[str, np.ndarray]:
    """Sums over patients of the same covariates, points, and means of columns, of the arms."""
    assert model.arms is not None
    likelihood = model.arms.likelihood
    pairs = _pairs(model)
    rows: list[pd.DataFrame] = []
    for number, pair in enumerate(pairs):
        if pair not in regression.patients:
            continue
        own = regression.patients[pair]
        columns = regression.matrix(own)
        frame = pd.DataFrame(columns, columns=range(columns.shape[1]))
        frame["arm"], frame["n"] = float(number), 1.0
        frame["x"] = own["y" if likelihood.name == "normal" else "r"].to_numpy(float)
        frame["s"] = own["e"].to_numpy(float) if likelihood.name == "poisson" else 1.0
        frame["square"] = frame["x"] ** 2
        rows.append(frame)
    every = pd.concat(rows)
    covariates = list(range(len(regression.terms)))
    summed = every.groupby(["arm", *covariates], sort=True).sum().reset_index()
    published = _published(model, regression)
    points, weights = regression.stacked([pairs[number] for number in published])
    return {
        "person_arm": summed["arm"].to_numpy(int), "published_arms": published,
        "person_columns": summed[covariates].to_numpy(),
        **{f"person_{name}": summed[name].to_numpy() for name in ("x", "s", "n", "square")},
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


def _pairs(model: Model) -> list[tuple[str, str]]:
    rows = model.design.rows.iloc[model.design.of("arm")]
    return list(zip(rows["study"], rows["treatment"], strict=True))


def _published(model: Model, regression: Regression) -> np.ndarray:
    """Numbers of the published arms."""
    return np.array([number for number, pair in enumerate(_pairs(model))
                     if pair not in regression.patients], int)  # fmt: skip


def log_likelihood(model: Model, known: dict[str, Any], eta: Any, slopes: Any) -> Any:
    """Log-likelihood given the arms' predictors and slopes; of normal outcomes adds residual_sd.

    Parameters
    ----------
    eta, slopes
        Of the arms: where covariates have their mean, shape (arms,); shape (arms, terms).
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
        found = likelihood.symbolic(known["person_x"], known["person_s"], own).sum()
    if not len(_published(model, model.network.regression)):
        return found
    at = eta[published][:, None] + (
        known["points"] * slopes[published][:, None, :]
    ).sum(axis=2)  # fmt: skip
    x, s, weights = known["x"][published], known["s"][published], known["point_weights"]
    if likelihood.name == "normal":
        return found - 0.5 * pt.sqr((x - (weights * at).sum(axis=1)) / s).sum()
    if likelihood.name == "poisson":
        mean = s * (weights * pt.exp(at)).sum(axis=1)
        return found + (x * pt.log(mean) - mean).sum()
    share = pt.clip((weights * _share(likelihood.link, at)).sum(axis=1), TINY, 1 - TINY)
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
