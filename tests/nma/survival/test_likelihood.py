"""Every baseline's collapsed likelihood and curves, at a point of its parameters."""

from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.integrate import cumulative_simpson

from evinet.nma import Network
from evinet.nma import graph as graphs
from evinet.nma import model as models
from evinet.nma.answers.fit_measures import parts
from evinet.nma.likelihoods.survival.families import FAMILIES
from evinet.nma.model import Model

BASELINES: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in FAMILIES),
    *(("mspline", {"shapes": shapes, "knots": 4}) for shapes in ("study", "treatment", "arm")),
    ("fracpoly", {"powers": (0.0,), "shapes": "study"}),
    ("fracpoly", {"powers": (-1.0,)}),
    ("fracpoly", {"powers": (0.5, 0.5)}),
    ("fracpoly", {"powers": (-2.0, 3.0)}),
]
NAMES = [" ".join([name, *map(str, options.values())]) for name, options in BASELINES]


@cache
def somewhere(number: int) -> tuple[Model, xr.Dataset, float]:
    """A model with the baseline of that number, and a point of its model (see `point`)."""
    found = network(*BASELINES[number])
    return found, *point(found)


def network(name: str, options: dict[str, Any]) -> Model:
    """Three studies of two arms, a with b, b with c, a with c."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        [(study, treatment, rng.weibull(shape) * 10, int(rng.random() < 0.8))
         for study, pair in {"one": "ab", "two": "bc", "three": "ac"}.items()
         for treatment in pair for shape in [0.8 + 0.3 * "abc".index(treatment)] * 60],
        columns=["study", "treatment", "time", "event"],
    )  # fmt: skip
    return models.build(
        Network.from_patients(frame), effects="fixed", baseline=name, settings=options
    )


def point(found: Model) -> tuple[xr.Dataset, float]:
    """A point near the model's start, as one draw, and the patients' log-likelihood there."""
    import pytensor

    model = graphs.graph(found, graphs.values(found))
    rng = np.random.default_rng(0)
    start = {
        key: value + 0.2 * rng.standard_normal(np.shape(value))
        for key, value in model.initial_point().items()
    }
    wanted = ["theta", *found.baseline.saved]
    outputs = model.replace_rvs_by_values([model[key] for key in [*wanted, "patients"]])
    as_written = pytensor.compile.Mode("py", None)  # quickest
    compiled = model.compile_fn(
        outputs, inputs=model.value_vars, on_unused_input="ignore", mode=as_written
    )
    *values, potential = compiled(start)
    posterior = xr.Dataset(
        {
            key: (("sample", *model.named_vars_to_dims[key]), value[None])
            for key, value in zip(wanted, values, strict=True)
        },
        coords={key: np.array(value) for key, value in model.coords.items()},
    )
    return posterior, float(potential)


@pytest.mark.parametrize("number", range(len(BASELINES)), ids=NAMES)
def test_the_model_holds_the_likelihood_of_the_patients(number: int) -> None:
    found, posterior, potential = somewhere(number)
    fit = SimpleNamespace(specification=found, network=found.network, reconstructed=[posterior])
    exact = sum(float(part.log_likelihood[0] @ part.counts) for part in parts(fit))
    assert potential == pytest.approx(exact, rel=1e-5, abs=1e-3)


@pytest.mark.parametrize("number", range(len(BASELINES)), ids=NAMES)
def test_the_cumulative_hazard_is_the_integral_of_the_hazard(number: int) -> None:
    found, posterior, _ = somewhere(number)
    time = np.geomspace(2.0, 12.0, 1501)
    log_hazard, spent = found.baseline.hazards(posterior, "one", "b", np.array([0.3]), time)
    rebuilt = cumulative_simpson(np.exp(log_hazard[0]), x=time, initial=0)
    assert spent[0] - spent[0, 0] == pytest.approx(rebuilt, rel=1e-5, abs=1e-7)


TRANSPORTED = [number for number, (_, options) in enumerate(BASELINES) if "powers" in options
               or options.get("shapes") == "treatment"]  # fmt: skip


@pytest.mark.parametrize("number", TRANSPORTED, ids=[NAMES[number] for number in TRANSPORTED])
def test_an_effect_on_the_shape_is_the_same_in_every_study(number: int) -> None:
    """How the hazard ratio of c to a drifts in a study without c, and where it was given.

    From the start to the end, where M-splines have one coefficient each.
    """
    found, posterior, _ = somewhere(number)
    ends = np.array([0.0, max(map(found.baseline.patients.upper, found.baseline.patients.studies))])

    def drift(study: str) -> float:
        c, a = (
            found.baseline.hazards(posterior, study, name, np.zeros(1), ends)[0][0] for name in "ca"
        )
        return float(np.diff(c - a)[0])

    assert drift("one") == pytest.approx(drift("three"))
    if BASELINES[number][1].get("shapes") != "study":
        assert abs(drift("one")) > 0.01
