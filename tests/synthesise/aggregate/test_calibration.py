"""Simulation-based calibration (Talts et al. 2018, arXiv:1804.06788) of the aggregate models.

Parameters are drawn from the prior, arms and contrasts from the parameters, and a posterior from
these: the rank of each parameter among its posterior draws is uniform if the model and its sampling
coordinates are right.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evinet.config import Sampler
from evinet.synthesise.aggregate import design
from evinet.synthesise.aggregate.likelihoods import LIKELIHOODS
from evinet.synthesise.aggregate.model import (
    Priors,
    Specification,
    contrast_covariance,
    data,
    graph,
)
from evinet.synthesise.aggregate.network import Network
from evinet.synthesise.priors import parse
from evinet.synthesise.sampler import Compiled

pytestmark = pytest.mark.slow

STUDIES = {"one": "ab", "two": "ac", "three": "abc", "four": "bc", "five": "abc"}
SIMULATIONS, BINS = 200, 8
SAMPLER = Sampler(chains=2, warmup=400, draws=500, target_accept=0.9)
PRIORS = Priors(effects=0.7, intercepts=0.7, tau=parse("half-normal(0.4)"))
SCALE = {"binomial": 80.0, "poisson": 60.0, "normal": 0.3}
KINDS = [*sorted(LIKELIHOODS), ("contrast", "identity")]


def specification(name: str, link: str, effects: str) -> Specification:
    """Five studies, two of them with three arms; the last as contrasts, or all of them."""
    apart = list(STUDIES) if name == "contrast" else ["five"]
    arms = [(s, t, 1.0, SCALE.get(name, 1.0), 0.0) for s, ts in STUDIES.items() if s not in apart
            for t in ts]  # fmt: skip
    contrasts = []
    for study in apart:
        first, *others = STUDIES[study]
        contrasts.append((study, first, np.nan, 0.15 if len(others) > 1 else np.nan))
        contrasts += [(study, treatment, 0.0, 0.3) for treatment in others]
    network = Network(
        ["a", "b", "c"],
        pd.DataFrame(arms, columns=["study", "treatment", "x", "s", "offset"]).assign(
            covariate=np.nan
        ),
        pd.DataFrame(contrasts, columns=["study", "treatment", "diff", "se"]).assign(
            covariate=np.nan
        ),
    )
    likelihood = LIKELIHOODS.get((name, link))
    return Specification(network, likelihood, design.build(network), effects, PRIORS)


def simulate(
    plan: Specification, rng: np.random.Generator
) -> tuple[Specification, dict[str, np.ndarray]]:
    """The specification with simulated outcomes, and the truth."""
    matrices, arms = plan.design, plan.design.arms
    truth = {"b": plan.prior_sd * rng.standard_normal(len(plan.names))}
    effect = matrices.effects @ truth["b"]
    if plan.effects == "random":
        truth["tau"] = np.abs(0.4 * rng.standard_normal(1))
        z = rng.standard_normal(matrices.deviations.shape[1])
        effect = effect + truth["tau"] * (matrices.deviations @ z)
    network = plan.network
    if plan.likelihood is not None:
        mu = PRIORS.intercepts * rng.standard_normal(plan.studies)
        s = network.arms["s"].to_numpy(float)
        mean = plan.likelihood.fitted(mu[matrices.study] + effect[:arms], s)
        x = {
            "binomial": lambda: rng.binomial(s.astype(int), np.clip(mean / s, 0, 1)),
            "poisson": lambda: rng.poisson(mean),
            "normal": lambda: rng.normal(mean, s),
        }[plan.likelihood.name]()
        network = replace(network, arms=network.arms.assign(x=x.astype(float)))
    root = np.linalg.cholesky(contrast_covariance(network))
    diff = network.contrasts["diff"].to_numpy(float).copy()
    diff[~np.isnan(diff)] = effect[arms:] + root @ rng.standard_normal(len(root))
    network = replace(network, contrasts=network.contrasts.assign(diff=diff))
    return replace(plan, network=network), truth


@pytest.mark.parametrize("effects", ["fixed", "random"])
@pytest.mark.parametrize(("name", "link"), KINDS)
def test_ranks_are_uniform(name: str, link: str, effects: str) -> None:
    plan, rng = specification(name, link, effects), np.random.default_rng(20)
    compiled = Compiled(graph(plan, data(plan)))
    ranks = []
    for _ in range(SIMULATIONS):
        made, truth = simulate(plan, rng)
        posterior = compiled.sample(data(made), SAMPLER, int(rng.integers(2**31))).posterior
        thinned = posterior.isel(draw=slice(None, None, 5))
        ranks.append(np.concatenate([
            np.ravel((thinned[key] < value).sum(("chain", "draw")).to_numpy()) if key == "tau"
            else (thinned[key].to_numpy() < value).sum(axis=(0, 1))
            for key, value in truth.items()
        ]))  # fmt: skip
    draws = 2 * 500 // 5
    counts = [np.histogram(column, BINS, (-0.5, draws + 0.5))[0] for column in np.array(ranks).T]
    p = stats.chisquare(np.array(counts), axis=1).pvalue
    assert p.min() > 0.001 / len(p), dict(enumerate(p.round(5)))
