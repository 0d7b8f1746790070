"""Bias, standard errors and coverage over the replicates, each with its Monte Carlo error.

The measures and their errors are those of Morris, White and Crowther 2019, Stat Med 38:2074-2102,
tables 5 and 6, with the posterior mean as the estimate and the 95 % credible interval.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from evinet import tables
from evinet.simulate.run import parameters
from evinet.simulate.study import Study


def performance(study: Study, simulated: pd.DataFrame) -> pd.DataFrame:
    """Table PERFORMANCE of table SIMULATED."""
    rows = []
    for (scenario, model, parameter), own in simulated.groupby(
        ["scenario", "model", "parameter"], sort=False
    ):
        asked = study.scenarios[str(scenario)]
        truth = parameters(asked, study.models[str(model)])[str(parameter)]
        kept = own[own["mean"].notna()]
        rows.append({
            "scenario": scenario, "model": model, "parameter": parameter, "truth": truth,
            "replicates": len(kept), "failed": len(own) - len(kept),
            **_measures(kept, truth, str(parameter)),
        })  # fmt: skip
    return tables.PERFORMANCE.frame(rows)


def _measures(kept: pd.DataFrame, truth: float, parameter: str) -> dict[str, Any]:
    """The measures that some replicates allow: two are needed for a spread."""
    count = len(kept)
    if count < 2:
        return {}
    estimate, sd = kept["mean"].to_numpy(float), kept["sd"].to_numpy(float)
    spread = float(estimate.std(ddof=1))
    average = float(np.sqrt((sd**2).mean()))
    found = {
        "bias": float(estimate.mean() - truth),
        "bias_mcse": spread / np.sqrt(count),
        "empirical_se": spread,
        "empirical_se_mcse": spread / np.sqrt(2 * (count - 1)),
        "model_se": average,
        "model_se_mcse": float(np.sqrt((sd**2).var(ddof=1) / (4 * count * average**2))),
    }
    if parameter == "tau" and truth == 0:  # no interval of positive numbers holds 0
        return found
    held = (kept["q2.5"].to_numpy(float) <= truth) & (truth <= kept["q97.5"].to_numpy(float))
    share = float(held.mean())
    return found | {"coverage": share, "coverage_mcse": np.sqrt(share * (1 - share) / count)}
