"""Simulation-based calibration (Talts et al. 2018, arXiv:1804.06788) of every model class.

Parameters are drawn from the prior, patients from the parameters, and a posterior from the
patients: the rank of each parameter among its posterior draws is uniform if the model, its
likelihood by sufficient statistics and its sampling coordinates are all right.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from evinet.config import Sampler
from evinet.synthesise.priors import parse
from evinet.synthesise.sampler import Compiled
from evinet.synthesise.survival import patients
from evinet.synthesise.survival.choice import choose
from evinet.synthesise.survival.contrasts import from_frame
from evinet.synthesise.survival.design import BETA, OMEGA, Terms, build
from evinet.synthesise.survival.model import Network, Priors, data, graph, prior_sd
from evinet.synthesise.survival.patients import Records

pytestmark = pytest.mark.slow

ARMS = {"one": "ab", "two": "ac", "three": "abc"}
SIZE, LAST = 50, 3.0
SIMULATIONS, BINS = 120, 8
SAMPLER = Sampler(chains=2, warmup=400, draws=500, target_accept=0.9)
PRIORS = Priors(effect_sd=0.5, coefficient_sd=0.3, tau=parse("half-normal(0.4)"))
PUBLISHED = pd.DataFrame(
    [("four", "a", None, 0.1), ("four", "b", 0.0, 0.2), ("four", "c", 0.0, 0.25)],
    columns=["study", "treatment", "diff", "se"],
)
CLASSES = {
    "mspline": ("mspline", {"cuts": (0.5, 1.0, 1.8), "intercept_sd": 0.5}),
    "mspline-arms": (
        "mspline", {"cuts": (0.5, 1.0, 1.8), "intercept_sd": 0.5, "shapes": "arm"},
    ),
    "mspline-treatments": (
        "mspline", {"cuts": (0.5, 1.0, 1.8), "intercept_sd": 0.5, "shapes": "treatment"},
    ),
    "fracpoly": ("fracpoly", {"powers": (0.0,), "intercept_sd": 0.5, "slope_sd": 0.4}),
    "fracpoly-second-order": (
        "fracpoly", {"powers": (-0.5, 1.0), "intercept_sd": 0.5, "slope_sd": 0.4},
    ),
    "exponential": ("exponential", {"intercept_sd": 0.5}),
    "weibull": ("weibull", {"intercept_sd": 0.5, "shape_sd": 1.5}),
    "gompertz": ("gompertz", {"intercept_sd": 0.5, "shape_sd": 1.5}),
    "lognormal": ("lognormal", {"intercept_sd": 0.5, "shape_sd": 1.5}),
    "loglogistic": ("loglogistic", {"intercept_sd": 0.5, "shape_sd": 1.5}),
    "gengamma": ("gengamma", {"intercept_sd": 0.5, "shape_sd": 1.5, "q_sd": 1.0}),
    "exponential-terms": ("exponential", {"intercept_sd": 0.5}),
}  # fmt: skip
TERMS = {
    "exponential-terms": Terms(
        split=("a", "b"), covariate={"one": -1.0, "two": 0.5, "three": 1.0, "four": 0.0},
        interactions="separate",
    ),
}  # fmt: skip


def network(name: str, effects: str) -> Network:
    """Three studies of patients, all followed to LAST; a fourth published where effects allow."""
    frame = pd.DataFrame(
        [(s, t, LAST * (n + 1) / SIZE, int(n + 1 < SIZE)) for s, ts in ARMS.items() for t in ts
         for n in range(SIZE)],
        columns=["study", "treatment", "time", "event"],
    )  # fmt: skip
    people = patients.from_frame(frame)
    baseline_name, options = CLASSES[name]
    published = from_frame(PUBLISHED)
    contrasts = published if choose(baseline_name, people, None, options).scale == "ln HR" else None
    baseline = choose(baseline_name, people, contrasts, options)
    plan = build(people, contrasts, terms=TERMS.get(name))
    return Network(plan, baseline, contrasts, effects, PRIORS)


def prior(network: Network, rng: np.random.Generator) -> dict[str, xr.DataArray]:
    """One draw of the prior."""
    baseline, plan = network.baseline, network.design
    studies = baseline.patients.studies
    columns, names = plan.columns
    coefficients = rng.normal(0, prior_sd(network))
    d = np.zeros(len(plan.treatments))
    d[plan.basic == 1] = coefficients[: int(plan.basic.sum())]
    tau = abs(rng.normal(0, 0.4)) if network.effects == "random" else 0.0
    deviations = plan.deviations @ rng.standard_normal(plan.deviations.shape[1])
    found = {"d": d, "tau": np.array(tau), "theta": columns @ coefficients + tau * deviations}
    if OMEGA in names:
        found[OMEGA] = coefficients[names.index(OMEGA)]
        found[BETA] = coefficients[[name.startswith(BETA) for name in names]]
    found["mu"] = rng.normal(0, baseline.intercept_sd, len(studies))
    if hasattr(baseline, "family"):
        for name in baseline.family.shapes:
            found[name] = rng.normal(0, baseline.shape_sd, len(studies))
            if name == "Q":
                found[name] = rng.normal(0, baseline.q_sd, len(studies))
            elif name in baseline.family.signed:
                found[name] = found[name] / LAST
            else:
                found[name] = abs(found[name])
    elif hasattr(baseline, "powers"):
        sizes = {"slope": len(studies), "shape": len(baseline.effects.changed)}
        for name, size in sizes.items():
            found[name] = rng.normal(0, baseline.slope_sd, (size, len(baseline.powers)))
    else:
        basis, walks = baseline.basis("one"), len(baseline.walks)
        found["sigma"] = abs(rng.normal(0, 1, walks))
        steps = basis.steps * found["sigma"][:, None] * rng.standard_normal((walks, basis.size - 1))
        found["shape"] = np.column_stack([np.zeros(walks), steps.cumsum(axis=1)])
        logits = np.log(basis.constant) + baseline.mixture @ found["shape"]
        found["coefficients"] = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    dims = {"d": ["treatment"], "tau": [], "theta": ["row"], "mu": ["study"],
            OMEGA: [], BETA: ["covaried"], "sigma": ["study"], "Q": ["study"],
            "shape": ["study"], "slope": ["study", "power"],
            "coefficients": ["stratum", "coefficient"]}  # fmt: skip
    if "coefficients" in found:
        dims |= {"sigma": ["walk"], "shape": ["walk", "coefficient"]}
    if "slope" in found:
        dims["shape"] = ["shaped", "power"]
    return {name: xr.DataArray(value, dims=dims[name]) for name, value in found.items()}


def simulate(network: Network, truth: dict[str, xr.DataArray], rng: np.random.Generator) -> Records:
    """Patients with the hazards of the truth."""
    baseline = network.baseline
    coordinates = {"study": baseline.patients.studies, **baseline.coordinates()}
    names = {str(dim) for value in truth.values() for dim in value.dims}
    posterior = xr.Dataset(truth).expand_dims(sample=1).assign_coords(
        {name: value for name, value in coordinates.items() if name in names}
    )  # fmt: skip
    grid = np.concatenate([[0.0], np.geomspace(1e-6, LAST, 4000)])
    arms, times, events = [], [], []
    for number, (study, treatment) in enumerate(baseline.patients.arms):
        effect = truth["theta"].to_numpy()[number : number + 1]
        spent = baseline.hazards(posterior, study, treatment, effect, grid[1:])[1][0]
        spent = np.concatenate([[0.0], spent])
        due = rng.exponential(size=SIZE)
        times.append(np.interp(due, spent, grid))
        events.append((due < spent[-1]).astype(int))
        arms.append(np.full(SIZE, number))
    return Records(np.concatenate(arms), np.concatenate(times), np.concatenate(events))


def published(plan: Network, truth: dict[str, xr.DataArray], rng: np.random.Generator) -> Network:
    """The network with published estimates that the truth could have given."""
    if plan.contrasts is None:
        return plan
    noise = plan.contrasts.root @ rng.standard_normal(len(plan.contrasts.y))
    y = truth["theta"].to_numpy()[plan.design.arms :] + noise
    return replace(plan, contrasts=replace(plan.contrasts, y=y))


def p_values(plan: Network, compiled: Compiled, seed: int) -> np.ndarray:
    """Of the uniformity of every parameter's ranks."""
    wanted = ["d", *(["tau"] if plan.effects == "random" else []), *plan.baseline.parameters]
    wanted += [OMEGA, BETA] if plan.design.terms.split else []
    rng, ranks = np.random.default_rng(seed), []
    while len(ranks) < SIMULATIONS:
        truth = prior(plan, rng)
        records = simulate(plan, truth, rng)
        values = data(published(plan, truth, rng), records)
        trace = compiled.sample(values, SAMPLER, int(rng.integers(2**31)))
        ranks.append(np.concatenate([
            np.ravel((trace.posterior[key].isel(draw=slice(None, None, 5))
                      < truth[key]).sum(("chain", "draw")).to_numpy())
            for key in wanted
        ]))  # fmt: skip
    ranks = np.array(ranks)
    moving = ranks[:, ranks.any(axis=0)]  # the reference's effect is constant
    draws = 2 * 500 // 5
    counts = np.array([
        np.histogram(column, BINS, (-0.5, draws + 0.5))[0] for column in moving.T
    ])  # fmt: skip
    return stats.chisquare(counts, axis=1).pvalue


@pytest.mark.parametrize("effects", ["fixed", "random"])
@pytest.mark.parametrize("name", CLASSES)
def test_ranks_are_uniform(name: str, effects: str) -> None:
    """Where one set of simulations is doubtful, a second decides."""
    plan = network(name, effects)
    compiled = Compiled(graph(plan, data(plan, plan.baseline.patients.best)))
    for seed in (20, 21):
        p = p_values(plan, compiled, seed)
        if p.min() > 0.001 / len(p):
            return
    pytest.fail(f"twice not uniform: {dict(enumerate(p.round(5)))}")
