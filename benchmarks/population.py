"""Multilevel meta-regression: `python -m benchmarks.population speed | simulation`.

speed        whole processes of `evinet nma --regression` on two published examples, cold and with
             a warm cache: wall clock, user CPU time (of a busy machine the better measure), memory,
             smallest bulk effective sample size, integration error.
simulation   two trials whose patients differ in an effect modifier: bias, and coverage of 95 %
             intervals, of the plain network meta-analysis and of the regression.

Another number of simulations: `simulation 200`; some likelihoods alone: `simulation 200 binomial`.
Its calibration is one of those of `benchmarks/calibration.py`.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from benchmarks import calibration
from scipy import special, stats

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests/nma/population/data"
MYELOMA = (
    "--ipd", f"{DATA}/ndmm-patients.csv", "--aggregate", f"{DATA}/ndmm-reconstructed.csv",
    "--covariates", f"{DATA}/ndmm-covariates.csv", "--reference", "Pbo", "--effects", "fixed",
    "--regression", "age + iss_stage3 + response_cr_vgpr + male",
)  # fmt: skip
PSORIASIS = (
    "--ipd", "psoriasis-patients.csv", "--aggregate", "psoriasis-arms.csv",
    "--reference", "PBO", "--effects", "fixed", "--link", "probit", "--margin", "bsa=logitnormal",
    "--regression", "durnpso + prevsys + bsa + weight + psa", "--interactions", "class",
)  # fmt: skip
CLASSES = {"PBO": "none", "ETN": "TNFa", "IXE_Q2W": "IL", "IXE_Q4W": "IL", "SEC_150": "IL",
           "SEC_300": "IL"}  # fmt: skip
CASES = {"plaque psoriasis": PSORIASIS, "newly diagnosed myeloma": MYELOMA}

SURVIVAL = {"survival": "exponential", "ageing": "weibull", "splines": "mspline"}
KINDS = ("binomial", "ordered", "poisson", "normal", *SURVIVAL)
CATEGORIES = ("some", "good")
STUDIES = ("One", "Two")
OWN, PUBLISHED = 150, 200  # patients of each arm of the trial with patients, and of the other
MEANS, SD = (-0.5, 0.5), 1.0  # of the covariate in the two trials
RESIDUAL, SE = 1.0, 0.1
PRIORS = {"effects": "normal(0, 0.7)", "coefficients": "normal(0, 0.5)",
          "intercepts": "normal(0, 0.7)", "cuts": "half-normal(1)"}  # fmt: skip


def speed() -> None:
    """Print a table of the two examples."""
    print(
        "| example | cache | wall, s | user CPU, s | GB | smallest bulk ESS | integration error |"
    )
    print("|---|---|--:|--:|--:|--:|--:|")
    for name, arguments in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            for file in ("psoriasis-patients.csv", "psoriasis-arms.csv"):
                table = pd.read_csv(DATA / file)
                classed = table.assign(**{"class": table["treatment"].map(CLASSES)})
                classed.to_csv(Path(folder) / file, index=False)
            for cache in ("cold", "warm"):
                print(f"| {name} | {cache} | {_process(arguments, Path(folder))} |", flush=True)


def _process(arguments: tuple[str, ...], folder: Path) -> str:
    from evinet import files

    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "evinet.cli", "nma", *arguments, "--out", str(folder / "out")],
        cwd=folder, check=True, capture_output=True, env={**os.environ, "EVINET_CACHE": "cache"},
    )  # fmt: skip
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    record = files.read_json(folder / "out/fit.json")
    return (
        f"{wall:.0f} | {after.ru_utime - before.ru_utime:.0f} | {after.ru_maxrss / 1e6:.2f} | "
        f"{record['convergence']['ess_bulk_min']:.0f} | {100 * record['integration_error']:.2f} %"
    )


def tables(
    kind: str, mu: tuple[float, ...], d: dict[str, float], beta: float, gamma: float,
    x: list[np.ndarray], centre: float, rng: np.random.Generator, shape: tuple[Any, ...],
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Patients of trial one (C, A), trial two (C, B) as published, and its covariates.

    Effects d and levels mu are at the centre; the covariates are those of `x`, by arm of trial one.
    `shape` is what draws times of survival in each trial, given predictors, or the distance of the
    categories' cut-points.
    """

    def predictor(level: float, treatment: str, own: np.ndarray) -> np.ndarray:
        slope = beta + (gamma if treatment != "C" else 0.0)
        return level + d.get(treatment, 0.0) + slope * (own - centre)

    patients = pd.concat([
        pd.DataFrame({"study": "One", "treatment": name, "x": own,
                      **_outcomes(kind, predictor(mu[0], name, own), rng, shape[0])})
        for name, own in zip("CA", x, strict=True)
    ], ignore_index=True)  # fmt: skip
    parts = []
    for name in "CB":
        many = predictor(mu[1], name, rng.normal(MEANS[1], SD, PUBLISHED))
        average = predictor(mu[1], name, stats.norm(MEANS[1], SD).ppf((np.arange(4e3) + 0.5) / 4e3))
        outcome: dict[str, Any] = {}
        if kind in SURVIVAL:
            outcome = _outcomes(kind, many, rng, shape[1])
        elif kind in ("binomial", "ordered"):
            each = _outcomes(kind, many, rng, shape[1])
            outcome = {column: [values.sum()] for column, values in each.items()}
            outcome["n"] = [PUBLISHED]
        elif kind == "poisson":  # as the model has it: without the spread between patients
            mean = PUBLISHED * np.exp(average).mean()
            outcome = {"r": [rng.poisson(mean)], "e": [float(PUBLISHED)]}
        else:
            outcome = {"y": [rng.normal(average.mean(), SE)], "se": [SE]}
        parts.append(pd.DataFrame({"study": "Two", "treatment": name, **outcome}))
    covariates = pd.DataFrame({"study": ["Two"], "n": [2 * PUBLISHED], "x_mean": [MEANS[1]],
                               "x_sd": [SD]})  # fmt: skip
    return patients, pd.concat(parts, ignore_index=True), covariates


def _outcomes(
    kind: str, eta: np.ndarray, rng: np.random.Generator, shape: Any
) -> dict[str, np.ndarray]:
    if kind == "binomial":
        return {"r": (rng.random(len(eta)) < special.expit(eta)).astype(int)}
    if kind == "ordered":  # a patient in the better category is in none of the others
        at = rng.random(len(eta))
        good = at < special.ndtr(eta - shape)
        some = (at < special.ndtr(eta)) & ~good
        return dict(zip(CATEGORIES, (some.astype(int), good.astype(int)), strict=True))
    if kind == "poisson":
        return {"r": rng.poisson(np.exp(eta)), "e": np.ones(len(eta))}
    if kind == "normal":
        return {"y": rng.normal(eta, RESIDUAL)}
    return calibration.followed(shape(eta))


def models(
    kind: str, number: int, rng: np.random.Generator, truth: dict[str, float] | None
) -> Iterator[tuple[dict[str, float], Any]]:
    """True coefficients, and a model of data made by them; drawn from the prior without a truth."""
    from evinet.nma import model
    from evinet.nma.population import regression
    from evinet.nma.priors import priors

    made = 0
    while made < number:
        x = [rng.normal(MEANS[0], SD, OWN) for _ in "CA"]
        centre = float((sum(own.sum() for own in x) + 2 * PUBLISHED * MEANS[1])
                       / (2 * OWN + 2 * PUBLISHED))  # fmt: skip
        at = dict(truth) if truth else {
            "d[A]": rng.normal(0, 0.7), "d[B]": rng.normal(0, 0.7), "beta[x]": rng.normal(0, 0.5),
            "beta[x: all]": rng.normal(0, 0.5), "one": rng.normal(0, 0.7),
            "two": rng.normal(0, 0.7),
        }  # fmt: skip
        level, shape = (at.pop("one"), at.pop("two")), (None, None)
        if kind == "ordered":
            shape = (abs(rng.normal()),) * 2
            at["cut[good]"] = shape[0]
        if kind in SURVIVAL and truth:
            shape = (partial(calibration.times, "exponential", shapes={}, rng=rng),) * 2
        elif kind in SURVIVAL:  # levels are drawn with the baselines
            level, drawn = (0.0, 0.0), [calibration.baseline(SURVIVAL[kind], rng) for _ in STUDIES]
            shape = tuple(draw for _, draw in drawn)
            for study, (shapes, _) in zip(STUDIES, drawn, strict=True):
                at |= {f"{name}[{study}]": value for name, value in shapes.items()}
        own, other, covariates = tables(
            kind, level, {"A": at["d[A]"], "B": at["d[B]"]}, at["beta[x]"],
            at["beta[x: all]"], x, centre, rng, shape,
        )  # fmt: skip
        if kind in SURVIVAL and not calibration.usable(SURVIVAL[kind], pd.concat([own, other])):
            continue  # no model takes it; the data alone say so, and ranks stay uniform
        made += 1
        network = regression.network(
            own, other, "x", covariates=covariates, reference="C", families={"x": "normal"},
            categories=CATEGORIES if kind == "ordered" else (),
            category_counts="exclusive" if kind == "ordered" else None,
        )  # fmt: skip
        hazards = SURVIVAL.get(kind, "mspline")
        settings = calibration.settings(hazards) if kind in SURVIVAL and not truth else {}
        yield at, model.build(
            network, effects="fixed", priors=priors({} if truth else PRIORS),
            baseline=hazards, settings=settings,
        )  # fmt: skip


def fits(made: list[tuple[dict[str, float], Any]]) -> list[tuple[dict[str, float], Any]]:
    """True parameters and the fit of each model; what is the same in all is compiled once."""
    from evinet.nma.fit import run
    from evinet.nma.settings import Sampler

    sampler = Sampler(chains=2, warmup=300, draws=500, target_accept=0.85)
    jobs = [f"simulation/{place}" for place in range(len(made))]
    found = run([model for _, model in made], sampler, 1, None, jobs)
    return [(truth, fit) for (truth, _), fit in zip(made, found, strict=True)]


def simulation(number: int, kinds: tuple[str, ...]) -> None:
    """Print bias and coverage of A against B for patients of the same covariates.

    Treatments A and B are modified alike, so that A against B is the same in all patients; A
    against C and B against C are not, and the trials' patients differ by one SD.
    """
    truth = {"d[A]": -0.8, "d[B]": -0.5, "beta[x]": 0.3, "beta[x: all]": 0.6, "one": 0.0,
             "two": 0.0}  # fmt: skip
    true = truth["d[A]"] - truth["d[B]"]
    print("| likelihood | simulations | model | bias | SE of the bias | coverage |")
    print("|---|--:|---|--:|--:|--:|")
    for kind in kinds:
        found: dict[str, list[tuple[float, float, float]]] = {"regression": [], "plain": []}
        made = list(models(kind, number, np.random.default_rng(20), truth))
        for _, fit in fits(made):
            names = fit.specification.names
            drawn = (
                fit.coefficients[:, names.index("d[A]")] - fit.coefficients[:, names.index("d[B]")]
            )
            found["regression"].append((drawn.mean(), *np.quantile(drawn, (0.025, 0.975))))
            y, covariance = fit.specification.rough_effects()
            error = 1.96 * np.sqrt(covariance.trace())
            found["plain"].append((y[0] - y[1], y[0] - y[1] - error, y[0] - y[1] + error))
        for name, each in found.items():
            mean, low, high = np.array(each).T
            inside = ((low < true) & (true < high)).mean()
            print(f"| {kind} | {number} | {name} | {mean.mean() - true:.3f} "
                  f"| {mean.std() / np.sqrt(number):.3f} | {100 * inside:.0f} % |",
                  flush=True)  # fmt: skip


def main() -> None:
    """Run what is asked for."""
    from evinet.nma.fit import nuts

    nuts.prepare()
    what, *rest = sys.argv[1:] or ["speed"]
    number = int(rest[0]) if rest else 200
    kinds = tuple(rest[1:]) or KINDS
    if what == "speed":
        speed()
    elif what == "simulation":
        simulation(number, kinds)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
