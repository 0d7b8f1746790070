"""A model of patients that is compiled once serves data of any shape."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pytensor.graph.basic import Constant
from pytensor.graph.traversal import ancestors
from tests.nma.population.test_regression import trials
from tests.nma.survival.test_likelihood import BASELINES, NAMES

from evinet.nma import Network, terms
from evinet.nma import graph as graphs
from evinet.nma import model as models
from evinet.nma.fit.compiled import expressions
from evinet.nma.population import regression
from evinet.nma.priors import parse

STUDIES = {"one": "ab", "two": "bc", "three": "ac", "four": "abd", "five": "ad"}


def constants(number: int, name: str, options: dict[str, Any], **asked: Any) -> list[bytes]:
    """The constants of the compiled graph of a network of the first so many studies."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        [(study, treatment, rng.weibull(1.2) * 10, int(rng.random() < 0.8))
         for study in list(STUDIES)[:number] for treatment in STUDIES[study] for _ in range(60)],
        columns=["study", "treatment", "time", "event"],
    )  # fmt: skip
    network = Network.from_patients(frame)
    if name == "weibull":
        published = pd.DataFrame({
            "study": ["six", "seven"], "treatment": ["b", "c"], "comparator": ["a", "a"],
            "diff": [0.1, 0.2], "se": [0.2, 0.2],
        })  # fmt: skip
        network = network.add_contrasts(published.iloc[: number - 3])
    found = models.build(network, baseline=name, settings=options, **asked)
    return of_graph(found)


def of_graph(found: models.Model) -> list[bytes]:
    """The constants of the compiled graph of a model."""
    _, *graph = expressions(graphs.graph(found, graphs.values(found)))
    held = [each for each in ancestors(graph) if isinstance(each, Constant)]
    return sorted(np.asarray(each.data).tobytes() for each in held)


@pytest.mark.parametrize(("name", "options"), BASELINES, ids=NAMES)
def test_nothing_in_the_graph_tells_the_shape(name, options):
    effects = "random" if name in ("weibull", "mspline") else "fixed"
    assert constants(4, name, options, effects=effects) == constants(
        5, name, options, effects=effects
    )


def test_nor_with_a_class():
    group = terms.ClassEffect(("b", "c"), parse("half-normal(0.2)"))
    found = [
        constants(number, "piecewise", {}, effects="fixed", terms=terms.Terms(group=group))
        for number in (4, 5)
    ]
    assert found[0] == found[1]


SURVIVAL = ("mspline", "weibull", "gengamma")


@pytest.mark.parametrize("kind", ["binomial", "poisson", "normal", *SURVIVAL])
def test_nor_with_patients_covariates(kind):
    survival = kind in SURVIVAL
    own, other, covariates = trials("survival" if survival else kind)
    hazards = {"baseline": kind, "settings": {"knots": 2} if kind == "mspline" else {}}
    found = []
    for last in ("S2", "S3"):
        names = ["S2", "S3"][: 1 if last == "S2" else 2]
        arms, told = (
            pd.concat([each.assign(study=name) for name in names]) for each in (other, covariates)
        )
        people = own if last == "S2" else own.iloc[:-3]
        network = regression.network(people, arms, "age + male", covariates=told, reference="A")
        found.append(
            of_graph(models.build(network, effects="fixed", **hazards if survival else {}))
        )
    assert found[0] == found[1]
