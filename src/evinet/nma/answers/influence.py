"""What each study's absence would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pandas as pd

from evinet import tables
from evinet.nma.answers.effects import pairs
from evinet.nma.answers.left_out import joined

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit

ESTIMATED = "estimated"
ESTIMATES = ["mean", "sd", "q2.5", "q50", "q97.5", "shift"]
CUT = "not connected without this study"


def influence(fit: Fit) -> pd.DataFrame:
    """Table INFLUENCE: every pair's effect with each study left out.

    Studies count by the normal contrasts of `Fit.normal`. A pair that only the left-out study
    connects has no estimate, and the table says so.
    """
    if not fit.linear_in_studies:
        return tables.INFLUENCE.frame([])
    full, left, rows = fit.of_normal, fit.left_out, fit.effect_rows()
    every = list(pairs(fit.islands))
    numbers = np.array([[fit.treatments.index(name) for name in pair] for pair in every])
    centre = rows @ (full.weight @ full.mean)
    studies = list(dict.fromkeys(fit.normal.studies))
    kept = np.zeros((len(studies), len(every)), bool)
    values = np.full((*kept.shape, len(ESTIMATES)), np.nan)
    for study, still, estimates in zip(studies, kept, values, strict=True):
        island = {name: number for number, own in enumerate(nx.connected_components(
            joined(fit, study))) for name in own}  # fmt: skip
        still[:] = [study in left and island[treatment] == island[comparator]
                    for treatment, comparator in every]  # fmt: skip
        if still.any():
            effects = left[study].differences(rows, numbers[still])
            one, other = numbers[still].T
            effects["shift"] = effects["mean"] - (centre[one] - centre[other])
            estimates[still] = np.column_stack([effects[name] for name in ESTIMATES])
    treatments, comparators = zip(*every, strict=True)
    table = pd.DataFrame(values.reshape(-1, len(ESTIMATES)), columns=ESTIMATES).assign(
        study=np.repeat(studies, len(every)),
        treatment=treatments * len(studies), comparator=comparators * len(studies),
        status=np.where(kept.ravel(), ESTIMATED, CUT),
    )  # fmt: skip
    return tables.INFLUENCE.frame(table)
