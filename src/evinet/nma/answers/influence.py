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
    found = []
    for study in dict.fromkeys(fit.normal.studies):
        island = {name: number for number, own in enumerate(nx.connected_components(
            joined(fit, study))) for name in own}  # fmt: skip
        kept = np.array([study in left and island[treatment] == island[comparator]
                         for treatment, comparator in every], bool)  # fmt: skip
        table = pd.DataFrame(every, columns=["treatment", "comparator"])
        table = table.assign(study=study, status=np.where(kept, ESTIMATED, CUT))
        if kept.any():
            effects = left[study].differences(rows, numbers[kept])
            one, other = numbers[kept].T
            shift = effects["mean"] - (centre[one] - centre[other])
            table.loc[kept, [*effects, "shift"]] = np.column_stack([*effects.values(), shift])
        found.append(table)
    return tables.INFLUENCE.frame(pd.concat(found))
