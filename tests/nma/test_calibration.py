"""Simulation-based calibration (Talts et al. 2018, arXiv:1804.06788) of models of arms, contrasts.

Parameters are drawn from the prior, tables from the parameters, and a posterior from the tables:
the rank of each parameter among its posterior draws is uniform if the model, its sampling
coordinates and the exact path are right.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evinet.nma import Network
from evinet.nma.likelihoods.arms import LIKELIHOODS
from evinet.nma.settings import Sampler

pytestmark = pytest.mark.slow

STUDIES = {"one": "ab", "two": "ac", "three": "abc", "four": "bc", "five": "abc"}
SIMULATIONS, BINS, THIN = 200, 8, 5
SAMPLER = Sampler(chains=2, warmup=400, draws=500, target_accept=0.9)
WIDTH, TAU = 0.7, 0.4
PRIORS = {"effects": f"normal(0, {WIDTH})", "intercepts": f"normal(0, {WIDTH})",
          "tau": f"half-normal({TAU})", "cuts": f"half-normal({WIDTH})",
          "cuts_sigma": f"half-normal({TAU})"}  # fmt: skip
CATEGORIES = ("better", "well")
SE, OWN_SE = 0.3, 0.15
FREE = sorted(name for name, each in LIKELIHOODS.items() if not each.limited)
"""Limits cut the priors of the others, which are held to exact answers in `test_measures`."""
KINDS = [*FREE, ("contrast", "identity")]


def outcomes(
    likelihood: str, link: str, eta: np.ndarray, gap: float, rng: np.random.Generator
) -> pd.DataFrame:
    if likelihood == "normal":
        return pd.DataFrame({"y": rng.normal(eta, SE), "se": SE})
    if likelihood == "poisson":
        return pd.DataFrame({"r": rng.poisson(60 * np.exp(eta)), "e": 60.0})
    if likelihood == "ordered":
        at = eta[:, None] - np.array([0.0, gap])
        reached = (stats.norm.cdf if link == "probit" else stats.logistic.cdf)(at)
        counts = [rng.multinomial(80, [1 - one, one - two, two]) for one, two in reached]
        return pd.DataFrame({"n": 80, **dict(zip(CATEGORIES, np.array(counts)[:, 1:].T,
                                                 strict=True))})  # fmt: skip
    p = {"logit": lambda x: 1 / (1 + np.exp(-x)), "probit": stats.norm.cdf,
         "cloglog": lambda x: 1 - np.exp(-np.exp(x))}[link](eta)  # fmt: skip
    return pd.DataFrame({"r": rng.binomial(80, p), "n": 80})


def simulate(
    likelihood: str, link: str, random: bool, rng: np.random.Generator
) -> tuple[Network, dict[str, float]]:
    """Five studies, three of three arms; the last by its contrasts, or all of them.

    Of ordered categories cut-points are random where effects are.
    """
    d = {"a": 0.0, "b": WIDTH * rng.standard_normal(), "c": WIDTH * rng.standard_normal()}
    tau = TAU * abs(rng.standard_normal()) if random else 0.0
    cuts = {f"cut[{CATEGORIES[1]}]": WIDTH * abs(rng.standard_normal())}
    cuts |= {"cuts_sigma": TAU * abs(rng.standard_normal())} if random else {}
    arms, contrasts = [], []
    for study, names in STUDIES.items():
        others = len(names) - 1
        correlation = (np.eye(others) + np.ones((others, others))) / 2
        deviation = rng.multivariate_normal(np.zeros(others), tau**2 * correlation)
        effect = np.array([d[name] - d[names[0]] for name in names[1:]]) + deviation
        if likelihood == "contrast" or study == "five":
            noise = SE**2 * np.eye(others)
            noise[~np.eye(others, dtype=bool)] = OWN_SE**2
            diff = [np.nan, *rng.multivariate_normal(effect, noise)]
            se = [OWN_SE if others > 1 else np.nan] + [SE] * others
            contrasts.append(
                pd.DataFrame({"study": study, "treatment": list(names), "diff": diff, "se": se})
            )
        else:
            eta = WIDTH * rng.standard_normal() + np.append(0.0, effect)
            gap, spread = cuts["cut[well]"], cuts.get("cuts_sigma", 0.0)
            gap *= np.exp(spread * rng.standard_normal())
            made = outcomes(likelihood, link, eta, gap, rng)
            arms.append(made.assign(study=study, treatment=list(names)))
    published = pd.concat(contrasts)
    if arms:
        ordered = likelihood == "ordered"
        options = {"categories": CATEGORIES, "category_counts": "exclusive"} if ordered else {}
        network = Network.read(pd.concat(arms), reference="a", kind="arms", **options)
        network = network.add_contrasts(published)
    else:
        network = Network.from_contrasts(published, "a")
    truth = {"d[b]": d["b"], "d[c]": d["c"], **({"tau": tau} if random else {}),
             **(cuts if likelihood == "ordered" else {})}  # fmt: skip
    return network, truth


@pytest.mark.parametrize("effects", ["fixed", "random"])
@pytest.mark.parametrize(("likelihood", "link"), KINDS)
def test_ranks_are_uniform(likelihood: str, link: str, effects: str) -> None:
    rng, ranks = np.random.default_rng(20), []
    options = {} if likelihood == "contrast" else {"likelihood": likelihood, "link": link}
    options |= {"cutpoints": effects} if likelihood == "ordered" else {}
    for number in range(SIMULATIONS):
        network, truth = simulate(likelihood, link, effects == "random", rng)
        fit = network.fit(
            effects=effects, priors=PRIORS, sampler=SAMPLER, seed=number + 1, **options
        )
        draws = {name: fit.parameters[name][0][:, ::THIN].ravel() for name in truth}
        ranks.append([(draws[name] < value).mean() for name, value in truth.items()])
    counts = [np.histogram(column, BINS, (0, 1 + 1e-9))[0] for column in np.array(ranks).T]
    p = stats.chisquare(np.array(counts), axis=1).pvalue
    assert p.min() > 0.001 / len(p), dict(zip(truth, p.round(5), strict=True))
