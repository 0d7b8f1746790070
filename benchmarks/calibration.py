"""Simulation-based calibration: `python -m benchmarks.calibration [NUMBER] [KIND ...]`.

Talts et al. 2018, arXiv:1804.06788: parameters are drawn from the prior, data from them, and a
posterior from the data; the rank of each parameter among its posterior draws is uniform if the
model and its sampling coordinates are right. Printed is, of each parameter, the P value of a
chi-squared test of uniform ranks.

Survival networks (`FAMILIES`, mspline, piecewise): random effects, two studies of two arms and one
of three by their patients, and where effects are ln HR one by its published contrast. Multilevel
meta-regressions, of `population.KINDS`: binomial, ordered, poisson, normal, survival (exponential),
ageing (Weibull) and splines (M-splines, of which piecewise hazards are those of degree 0).

Data sets that a model cannot take (an arm almost without events, an interval without) are drawn
anew. Which they are the data alone say, so that ranks stay uniform.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

BINS, THIN = 8, 4
STUDIES = {"One": "CA", "Two": "CB", "Three": "CAB"}
PATIENTS, EVENTS = 100, 5  # of an arm; events at least
END = 2.0  # of follow-up
EARLIEST = 1e-8  # time that is told from 0
WIDTH, TAU, SE = 0.7, 0.4, 0.2  # of effects and levels, of heterogeneity, of the published contrast
SHAPE, Q = 1.0, 1.0  # scales of the priors of shapes
CUTS = (0.25, 0.6, 1.2)
HAZARDS = (0.2, 2.0)
"""Piecewise hazards, flat on the logarithm between these: the model's prior has no limits, so that
draws of its posterior beyond them are left out."""
PRIORS = {"effects": f"normal(0, {WIDTH})", "tau": f"half-normal({TAU})"}

Truth = dict[str, float]
Simulated = tuple[Truth, Any]


def p_values(
    made: Iterable[Simulated], inside: Callable[[Any], np.ndarray] | None = None
) -> dict[str, float]:
    """Parameter -> P value of uniform ranks; `inside` says which draws of a fit count.

    The models are compiled once.
    """
    from benchmarks import population

    found = population.fits(list(made))
    ranks = []
    for truth, fit in found:
        kept = np.ones(fit.samples.sizes["sample"], bool) if inside is None else inside(fit)
        drawn = {name: fit.parameters[name][0].ravel()[kept][::THIN] for name in truth}
        ranks.append([(drawn[name] < value).mean() for name, value in truth.items()])
    counts = [np.histogram(column, BINS, (0, 1 + 1e-9))[0] for column in np.array(ranks).T]
    p = stats.chisquare(np.array(counts), axis=1).pvalue
    return dict(zip(truth, map(float, p), strict=True))


def times(name: str, eta: np.ndarray, shapes: Truth, rng: np.random.Generator) -> np.ndarray:
    """Survival times of patients with these predictors, written down apart from the models."""
    if name == "lognormal":
        return np.exp(eta + shapes["scale"] * rng.standard_normal(eta.shape))
    if name == "loglogistic":
        return np.exp(eta + shapes["scale"] * rng.logistic(size=eta.shape))
    if name == "gengamma":  # Prentice 1974
        q = shapes["Q"]
        w = np.log(q**2 * rng.gamma(q**-2, size=eta.shape)) / q
        return np.exp(eta + shapes["scale"] * w)
    spent = rng.exponential(size=eta.shape) * np.exp(-eta)
    if name == "exponential":
        return spent
    if name == "weibull":
        return spent ** (1 / shapes["shape"])
    with np.errstate(invalid="ignore"):  # gompertz: with a falling hazard some never have an event
        found = np.log1p(shapes["shape"] * spent) / shapes["shape"]
    return np.where(np.isnan(found), np.inf, found)


def by_hazard(
    edges: np.ndarray, cumulative: np.ndarray, eta: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Survival times of exp(eta) times a cumulative hazard, known at `edges`, linear between."""
    spent = rng.exponential(size=eta.shape) * np.exp(-eta)
    return np.interp(spent, cumulative, edges, right=np.inf)


def baseline(
    name: str, rng: np.random.Generator
) -> tuple[Truth, Callable[[np.ndarray], np.ndarray]]:
    """Parameters of a study's baseline, and what draws times given effects of the patients."""
    if name == "piecewise":
        hazard = np.exp(rng.uniform(*np.log(HAZARDS), len(CUTS) + 1))
        edges = np.array([0.0, *CUTS, END])
        total = np.append(0.0, np.cumsum(hazard * np.diff(edges)))
        return {}, lambda effect: by_hazard(edges, total, effect, rng)
    mu = WIDTH * rng.standard_normal()
    if name == "mspline":
        from evinet.nma.likelihoods.survival.splines import Basis

        basis = Basis(np.array(CUTS), END)
        sigma = SHAPE * abs(rng.standard_normal())
        walk = np.append(0.0, np.cumsum(basis.steps * sigma * rng.standard_normal(basis.size - 1)))
        share = basis.constant * np.exp(walk)
        grid = np.linspace(0, END, 4001)
        total = basis.cumulative(grid) @ (share / share.sum())
        return {"mu": mu, "step_sd": sigma}, lambda effect: by_hazard(grid, total, mu + effect, rng)
    shapes: Truth = {}
    if name in ("weibull", "gompertz"):
        shapes["shape"] = SHAPE * rng.standard_normal() / (END if name == "gompertz" else 1.0)
    if name == "weibull":
        shapes["shape"] = abs(shapes["shape"])
    if name in ("lognormal", "loglogistic", "gengamma"):
        shapes["scale"] = SHAPE * abs(rng.standard_normal())
    if name == "gengamma":
        shapes["Q"] = Q * rng.standard_normal()
    return {"mu": mu} | shapes, lambda effect: times(name, mu + effect, shapes, rng)


def simulate(name: str, rng: np.random.Generator) -> Simulated:
    """A true set of parameters and a model of data that it made."""
    while True:
        truth, patients, published = _drawn(name, rng)
        if usable(name, patients):
            return truth, _model(name, patients, published)


def _drawn(name: str, rng: np.random.Generator) -> tuple[Truth, pd.DataFrame, pd.DataFrame]:
    d = {"C": 0.0, "A": WIDTH * rng.standard_normal(), "B": WIDTH * rng.standard_normal()}
    tau = TAU * abs(rng.standard_normal())
    truth: Truth = {"d[A]": d["A"], "d[B]": d["B"], "tau": tau}
    frames = []
    for study, arms in STUDIES.items():
        own, draw = baseline(name, rng)
        if study == "One":
            truth |= {f"{each}[{study}]": value for each, value in own.items()}
        others = len(arms) - 1
        correlation = (np.eye(others) + np.ones((others, others))) / 2
        deviation = tau * rng.multivariate_normal(np.zeros(others), correlation)
        effects = np.append(0.0, [d[arm] - d[arms[0]] for arm in arms[1:]] + deviation)
        for arm, effect in zip(arms, effects, strict=True):
            time = draw(np.full(PATIENTS, effect))
            frames.append(pd.DataFrame({"study": study, "treatment": arm, **followed(time)}))
    effect = d["B"] - d["A"] + rng.normal(0, np.hypot(tau, SE))
    published = pd.DataFrame({"study": "Four", "treatment": ["A", "B"], "diff": [np.nan, effect],
                              "se": [np.nan, SE]})  # fmt: skip
    return truth, pd.concat(frames, ignore_index=True), published


def followed(time: np.ndarray) -> dict[str, np.ndarray]:
    """Columns time and event of patients who are followed up to `END`."""
    return {"time": np.minimum(time, END), "event": (time < END).astype(int)}


def usable(name: str, patients: pd.DataFrame) -> bool:
    """Whether a model can take the data, and its scales are those of the simulation."""
    events = patients[patients["event"] == 1]
    arms = len(patients[["study", "treatment"]].drop_duplicates())
    enough = events.groupby(["study", "treatment"]).size()
    found = len(enough) == arms and enough.min() >= EVENTS and events["time"].min() > EARLIEST
    last = patients.groupby("study")["time"].max()
    if name == "piecewise":
        intervals = np.searchsorted(CUTS, events["time"])
        full = pd.crosstab(events["study"], intervals)
        found &= full.shape == (len(last), len(CUTS) + 1) and full.to_numpy().min() >= EVENTS
    return bool(found and (last == END).all())


def _model(name: str, patients: pd.DataFrame, published: pd.DataFrame) -> Any:
    from evinet.nma import Network, model
    from evinet.nma.likelihoods.survival.families import FAMILIES
    from evinet.nma.priors import priors

    network = Network.from_patients(patients, "C")
    accelerated = name in FAMILIES and FAMILIES[name].accelerated
    if not accelerated:
        network = network.add_contrasts(published)
    return model.build(network, effects="random", priors=priors(PRIORS), baseline=name,
                       settings=settings(name))  # fmt: skip


def settings(name: str) -> dict[str, Any]:
    """Those of a baseline that has the priors from which `baseline` draws."""
    from evinet.nma.likelihoods.survival.families import FAMILIES

    found: dict[str, Any] = {"cuts": CUTS} if name in ("mspline", "piecewise") else {}
    if name != "piecewise":
        found["intercept_sd"] = WIDTH
    if name == "mspline":
        found["sigma_scale"] = SHAPE
    if name in FAMILIES and FAMILIES[name].shapes:
        found["shape_sd"] = SHAPE
    if name == "gengamma":
        found["q_sd"] = Q
    return found


def _limited(fit: Any) -> np.ndarray:
    """Draws whose piecewise hazards are all within `HAZARDS`."""
    hazard = fit.samples["hazard"].transpose("sample", ...).to_numpy().reshape(
        fit.samples.sizes["sample"], -1)  # fmt: skip
    return np.asarray(((hazard > HAZARDS[0]) & (hazard < HAZARDS[1])).all(axis=1))


def kinds() -> list[str]:
    """What may be calibrated: survival networks, then regressions."""
    from benchmarks import population

    from evinet.nma.likelihoods.survival.families import FAMILIES

    return [*FAMILIES, "mspline", "piecewise", *population.KINDS]


def simulated(kind: str, number: int) -> Iterator[Simulated]:
    """True parameters and a model of data made by them, `number` times."""
    from benchmarks import population

    rng = np.random.default_rng(20)
    if kind in population.KINDS:
        for truth, model in population.models(kind, number, rng, None):
            yield {name: value for name, value in truth.items() if "[" in name}, model
        return
    for _ in range(number):
        yield simulate(kind, rng)


def main() -> None:
    """Print a row of P values for each kind that is asked for."""
    from evinet.nma.fit import nuts

    nuts.prepare()
    number, chosen = int((sys.argv[1:] or ["200"])[0]), sys.argv[2:] or kinds()
    print("| model | simulations | P value of uniform ranks, by parameter |\n|---|--:|---|")
    for kind in chosen:
        found = p_values(simulated(kind, number), _limited if kind == "piecewise" else None)
        said = ", ".join(f"{name} {each:.2f}" for name, each in found.items())
        print(f"| {kind} | {number} | {said} |", flush=True)


if __name__ == "__main__":
    main()
