"""What each study's absence would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import pandas as pd

from evinet import tables
from evinet.nma.answers.effects import pairs
from evinet.nma.answers.left_out import joined, left_out
from evinet.nma.fit.exact import solve

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
    full, left = solve(fit.normal), left_out(fit)
    rows = dict(zip(fit.treatments, fit.effect_rows(), strict=True))
    found: list[dict[str, object]] = []
    for study in dict.fromkeys(fit.normal.studies):
        graph = joined(fit, study)
        for treatment, comparator in pairs(fit.islands):
            row: dict[str, object] = {
                "study": study, "treatment": treatment, "comparator": comparator,
            }  # fmt: skip
            if study not in left or not nx.has_path(graph, treatment, comparator):
                found.append({**row, "status": CUT})
                continue
            contrast = rows[treatment] - rows[comparator]
            effect = left[study].of(contrast)
            shift = effect.centre - full.of(contrast).centre
            found.append({**row, "status": ESTIMATED, **effect.summary(), "shift": shift})
    return tables.INFLUENCE.frame(found)
