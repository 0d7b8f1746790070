"""The density that is written out, and the PyMC graph of the same model, are one."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evinet import usertable
from evinet.nma import ClassEffect, Network
from evinet.nma import graph as graphs
from evinet.nma import model as models
from evinet.nma.fit import density, density_data
from evinet.nma.priors import parse, priors
from evinet.nma.terms import Terms

DATA = Path(__file__).parents[1] / "validation"
CLASS = ("Self-help", "Group counselling")
SMOKING = {
    "random logit": ({}, Terms(), {}),
    "unrelated": ({"effects": "fixed"}, Terms(unrelated=True), {}),
    "probit": ({"link": "probit"}, Terms(), {"tau": "log-normal(-1, 0.5)"}),
    "cloglog": ({"link": "cloglog"}, Terms(), {"tau": "exponential(2)"}),
    "log": ({"link": "log"}, Terms(), {}),
    "identity": ({"link": "identity"}, Terms(), {"tau": "half-normal(0.05)"}),
    "risk": ({}, Terms(baseline_risk=True), {"tau": "uniform(0, 2)"}),
    "class": ({}, Terms(group=ClassEffect(CLASS, parse("half-t(3, 0.5)"))),
              {"tau": "half-cauchy(0.5)"}),
    "known class": ({}, Terms(group=ClassEffect(CLASS, 0.2)), {"tau": "log-t(-1, 0.5, 5)"}),
}  # fmt: skip


def evaluated(data: np.ndarray, point: np.ndarray) -> tuple[float, np.ndarray]:
    """The log density and its gradient, by the function that the sampler calls."""
    log_density, record = density.functions()[0], density.record(data)
    gradient, value = np.empty(len(point)), np.empty(1)
    doubles = [each.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
               for each in (point, gradient, value)]  # fmt: skip
    assert log_density.ctypes(len(point), *doubles, record.ctypes.data) == 0
    return value[0], gradient


def agree(model: models.Model) -> None:
    import pytensor
    from pymc.pytensorf import rewrite_pregrad

    values = graphs.values(model)
    graph = graphs.graph(model, values)
    data, size = density_data.vector(model, values), density_data.dimension(model, values)
    start = graph.initial_point()
    order = [variable.name for variable in graph.value_vars]
    logp, mode = graph.logp(), pytensor.compile.Mode("py", None)  # as it is written: quickest
    if model.gaps:  # shares of categories are differences of probabilities, which may be small
        logp, mode = rewrite_pregrad(logp), "FAST_COMPILE"
    elif model.network.regression is not None and model.patients is None:
        # NumPy cannot add as many terms at once as are written
        mode = "FAST_COMPILE"
    outputs = [logp, *pytensor.grad(logp, graph.value_vars)]
    compiled = pytensor.function(graph.value_vars, outputs, on_unused_input="ignore", mode=mode)
    ours = {"effect_moves": len(values["b_sd"]), "members": model.design.mixing[1].shape[1],
            "sigma": int(model.sigma_prior is not None), "tau": int(model.random),
            "deviation": model.design.deviations.shape[1] * model.random,
            "level": model.arms.studies if model.arms else 0, "gap": model.gaps,
            "cuts_sigma": int(model.random_cuts),
            "cut_deviation": model.gaps * model.random_cuts
            and model.arms.studies * model.gaps,
            "residual": density_data.residuals(values)}  # fmt: skip
    if model.baseline is not None:
        walks = len(model.baseline.walks)
        del ours["level"]
        ours |= {"step_sd": walks, "moves": walks * (model.baseline.size - 1),
                 "level": len(model.patients.studies)}  # fmt: skip
    ours = {name: count for name, count in ours.items() if count}
    theirs = {
        name: next(
            each for each in order if each == name or each.startswith((f"{name}_", f"log_{name}"))
        )
        for name in ours
    }  # fmt: skip
    rng, apart = np.random.default_rng(1), []
    for _ in range(3):
        point = rng.uniform(-1, 1, size)
        stops = np.cumsum([0, *ours.values()])
        pieces = {theirs[name]: point[a:b].reshape(start[theirs[name]].shape) for name, a, b in
                  zip(ours, stops[:-1], stops[1:], strict=True)}  # fmt: skip
        value, *slope = compiled(*(pieces[name] for name in order))
        slopes = {name: np.ravel(own) for name, own in zip(order, slope, strict=True)}
        found, gradient = evaluated(data, point)
        wanted = np.concatenate([slopes[theirs[name]] for name in ours])
        assert gradient == pytest.approx(wanted, rel=1e-5, abs=1e-5)
        apart.append(value - found)
    assert apart == pytest.approx([apart[0]] * 3, abs=1e-4)  # the same up to a constant


@pytest.mark.parametrize("name", list(SMOKING))
def test_of_counts(name):
    options, terms, texts = SMOKING[name]
    network = Network.from_arms(usertable.read(DATA / "smoking.csv"), "No intervention")
    agree(models.build(network, terms=terms, priors=priors(texts), **options))


@pytest.mark.parametrize(("link", "cutpoints"), [("probit", "random"), ("logit", "fixed")])
def test_of_ordered_categories(link, cutpoints):
    network = Network.read(DATA / "psoriasis.csv", reference="Supportive care",
                           categories=("PASI50", "PASI75", "PASI90"))  # fmt: skip
    prior = priors({"cuts": "half-t(3, 2)", "cuts_sigma": "exponential(2)"})
    agree(models.build(network, link=link, cutpoints=cutpoints, priors=prior))


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_of_counts_that_weights_make_fractions(link):
    """An arm of four patients that counts a quarter is no arm of one patient."""
    rows = [("S1", "A", 1, 4), ("S1", "B", 3, 4), ("S2", "A", 5, 20), ("S2", "B", 9, 20)]
    frame = pd.DataFrame(rows, columns=["study", "treatment", "r", "n"])
    network = Network.from_arms(frame, "A")
    agree(models.build(network, effects="fixed", link=link, weights={"S1": 0.25}))


def test_of_rates():
    network = Network.from_arms(usertable.read(DATA / "dietary-fat.csv"), "Control")
    agree(models.build(network, likelihood="poisson"))


def test_of_means_and_contrasts():
    network = Network.from_arms(usertable.read(DATA / "parkinsons-mixed.csv"), "4")
    agree(models.build(network, likelihood="normal"))


@pytest.mark.parametrize(
    ("kind", "link"),
    [("binomial", "logit"), ("binomial", "probit"), ("binomial", "cloglog"), ("poisson", "log"),
     ("normal", "identity"), ("ordered", "probit"), ("ordered", "logit"),
     ("binomial2", "logit"), ("binomial2", "cloglog")],
)  # fmt: skip
def test_of_patients_with_covariates(kind, link):
    from tests.nma.population.test_regression import trials

    from evinet.nma.population.regression import network

    own, other, covariates = trials(kind.removesuffix("2"))
    categories = ("mild", "good", "best") if kind == "ordered" else ()
    net = network(own, other, "age + male", covariates=covariates, reference="A", points=9,
                  categories=categories)  # fmt: skip
    narrow = priors({"coefficients": "normal(0, 0.05)"})
    cutpoints = "random" if link == "probit" and categories else "fixed"
    terms, effects = Terms(interactions="separate"), "random"
    if link == "cloglog":  # fixed: NumPy adds up no more arrays
        effects = "fixed"
        terms = Terms(interactions="exchangeable", slope_sigma=parse("half-normal(0.3)"))
    agree(models.build(net, link=link, effects=effects, priors=narrow, cutpoints=cutpoints,
                       likelihood=kind if kind == "binomial2" else None, terms=terms))  # fmt: skip


@pytest.mark.parametrize(
    ("options", "interactions"),
    [({"settings": {"knots": 2, "shapes": "treatment"}}, "separate"),
     ({"baseline": "piecewise"}, "exchangeable")],
)  # fmt: skip
def test_of_survival_of_patients_with_covariates(options, interactions):
    from tests.nma.population.test_regression import trials

    from evinet.nma.population.regression import network

    own, other, covariates = trials("survival")
    net = network(own, other, "age + male", covariates=covariates, reference="A", points=9)
    narrow = priors({"coefficients": "normal(0, 0.05)"})
    spread = parse("half-normal(0.5)") if interactions == "exchangeable" else None
    agree(models.build(net, priors=narrow, effects="fixed", **options,
                       terms=Terms(interactions=interactions, slope_sigma=spread)))  # fmt: skip


def test_of_survival_and_contrasts():
    """Patients who entered late, events within intervals, and a published hazard ratio."""
    rng = np.random.default_rng(2)
    treatment = np.tile(["A", "B", "C"], 20)
    people = pd.DataFrame({"study": np.repeat(["S1", "S2"], 30), "treatment": treatment,
                           "time": rng.exponential(10, 60).round(2) + 3.1, "event": 1})  # fmt: skip
    people.loc[::4, "event"] = 0
    people["entry"] = np.where(np.arange(60) % 3 == 0, 2.5, 0.0)
    seen = pd.DataFrame({"study": "S3", "treatment": np.tile(["A", "B"], 15),
                         "lower": np.arange(30) % 7, "upper": np.arange(30) % 7 + 2.0})  # fmt: skip
    net = Network.from_patients(people, "A").add_patients(seen)
    ratio = pd.DataFrame({"study": ["S4"], "treatment": ["C"], "comparator": ["A"],
                          "diff": [-0.3], "se": [0.2]})  # fmt: skip
    agree(models.build(net.add_contrasts(ratio), effects="random", settings={"knots": 2}))


def test_exponentials_are_those_of_the_library():
    from evinet.nma.fit.standardised import exponentials

    x = np.concatenate([np.linspace(-700, 700, 20_001), [0.0, 1e-300, -800.0, np.nan]])
    found = np.empty_like(x)
    exponentials(x, found)
    assert found[:-2] == pytest.approx(np.exp(x[:-2]), rel=5e-16)
    assert found[-2] == np.exp(-700)
    assert np.isnan(found[-1])
