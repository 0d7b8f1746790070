"""One job of a simulation study: some replicates of a scenario, every model fitted to each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from evinet import tables
from evinet.nma import model as models
from evinet.nma import priors
from evinet.nma.fit import longer, run
from evinet.nma.network import Network
from evinet.simulate import generate
from evinet.simulate.study import Fitted, Scenario, Study

COLUMNS = ("mean", "sd", "q2.5", "q97.5")


def parameters(scenario: Scenario, model: Fitted) -> dict[str, float]:
    """What a model estimates, and the truth: each effect against the reference, and tau."""
    found = {f"d[{name}]": value for name, value in scenario.effects.items()}
    return found | ({"tau": scenario.tau} if model.effects == "random" else {})


def replicates(study: Study, name: str, numbers: Iterable[int]) -> pd.DataFrame:
    """Table SIMULATED of some replicates of a scenario.

    A replicate depends on the seed, the name of its scenario and its number alone, so that it is
    the same whichever job draws it. A model that does not converge is sampled once more, longer;
    if that fails too its rows say why and hold no estimate.
    """
    scenario = study.scenarios[name]
    rows: list[dict[str, Any]] = []
    for number in numbers:
        job = generate.job(name, number)
        try:
            network, reason = generate.network(scenario, study.seed, job), ""
        except generate.NotAnalysable as error:
            network, reason = None, str(error)
        for label in scenario.models:
            model = study.models[label]
            found: dict[str, dict[str, Any]] = {}
            if network is not None:
                found, reason = _fitted(network, model, study, f"{job}/{label}")
            wanted = parameters(scenario, model)
            if found and not wanted.keys() <= found.keys():
                found, reason = {}, "trials without events leave treatments without a comparison"
            rows += [
                {"scenario": name, "model": label, "replicate": number, "parameter": parameter}
                | (found[parameter] if found else {"failure": reason})
                for parameter in wanted
            ]
    return tables.SIMULATED.frame(rows)


def _fitted(
    network: Network, model: Fitted, study: Study, job: str
) -> tuple[dict[str, dict[str, Any]], str]:
    """What a model says of each parameter, or why it says nothing."""
    texts = {str(name): text for name, text in model.priors.items()}
    built = models.build(network, effects=model.effects, priors=priors.priors(texts))
    (fit,) = run([built], study.sampler, study.seed, "lower", [job])
    if fit.mixture is None:
        if fit.failures():
            (fit,) = run([built], longer(study.sampler), study.seed, "lower", [job])
        if fit.failures():
            return {}, "; ".join(fit.failures())
    rows = fit.effects().set_index("parameter")[list(COLUMNS)]
    return {str(name): dict(row) for name, row in rows.iterrows()}, ""
