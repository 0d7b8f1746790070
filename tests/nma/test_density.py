"""The density that is written out, and the PyMC graph of the same model, are one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evinet import usertable
from evinet.nma import ClassEffect, Network
from evinet.nma import model as models
from evinet.nma.fit import density
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


def agree(model: models.Model) -> None:
    import pytensor

    values = models.values(model)
    graph = models.graph(model, values)
    data, size = density.vector(model, values), density.dimension(model, values)
    start = graph.initial_point()
    order = [variable.name for variable in graph.value_vars]
    outputs = [graph.logp(), graph.dlogp()]
    with pytensor.config.change_flags(mode="FAST_COMPILE"):
        compiled = pytensor.function(graph.value_vars, outputs, on_unused_input="ignore")
    ours = {"effect_moves": len(values["b_sd"]), "members": model.design.mixing[1].shape[1],
            "sigma": int(model.sigma_prior is not None), "tau": int(model.random),
            "deviation": model.design.deviations.shape[1] * model.random,
            "level": model.arms.studies if model.arms else 0, "gap": model.gaps,
            "cuts_sigma": int(model.random_cuts),
            "cut_deviation": model.gaps * model.random_cuts
            and model.arms.studies * model.gaps,
            "residual": density._residuals(values)}  # fmt: skip
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
        value, slope = compiled(*(
            pieces[name] for name in order
        ))  # fmt: skip
        ends = np.cumsum([0, *(start[name].size for name in order)])
        slopes = {name: slope[a:b] for name, a, b in
                  zip(order, ends[:-1], ends[1:], strict=True)}  # fmt: skip
        gradient = np.empty(size)
        found = density._evaluate(point, data, gradient, np.empty(0))
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
     ("normal", "identity"), ("ordered", "probit"), ("ordered", "logit")],
)  # fmt: skip
def test_of_patients_with_covariates(kind, link):
    from tests.nma.population.test_regression import trials

    from evinet.nma.population.regression import network

    own, other, covariates = trials(kind)
    categories = ("mild", "good", "best") if kind == "ordered" else ()
    net = network(own, other, "age + male", covariates=covariates, reference="A", points=9,
                  categories=categories)  # fmt: skip
    narrow = priors({"coefficients": "normal(0, 0.05)"})
    cutpoints = "random" if link == "probit" and categories else "fixed"
    agree(models.build(net, link=link, effects="random", priors=narrow, cutpoints=cutpoints,
                       terms=Terms(interactions="separate")))  # fmt: skip
