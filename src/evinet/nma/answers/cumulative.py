"""Effects as they were known when each study had come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pandas as pd

from evinet.nma.answers.effects import pairs
from evinet.nma.fit.exact import solve

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit


def cumulative(fit: Fit, column: str) -> pd.DataFrame:
    """Every pair's effect by the studies up to each value of a column, such as their year.

    Columns until (the value), studies (how many there were), added (which came then), treatment,
    comparator, mean, sd, q2.5, q50, q97.5. A pair that studies do not connect yet has no row.
    Studies count by the normal contrasts of `Fit.normal`, and tau is that of the studies so far.
    Nothing is corrected for looking often.

    Raises
    ------
    InputError
        The column is missing, or has no number, or several, for a study.
    """
    if not fit.linear_in_studies:
        return pd.DataFrame()
    when = fit.network.study_numbers(column)
    data, design = fit.normal, fit.specification.design
    rows = dict(zip(fit.treatments, fit.effect_rows(), strict=True))
    of_data = np.array([when[study] for study in data.studies])
    of_rows = np.array([when[study] for study in fit.network.rows["study"]])
    found: list[dict[str, object]] = []
    for until in sorted(set(when.values())):
        graph = design.graph(np.flatnonzero(of_rows <= until))
        posterior = solve(data.subset(of_data <= until))
        added = ", ".join(study for study, value in when.items() if value == until)
        for treatment, comparator in pairs(fit.islands):
            if nx.has_path(graph, treatment, comparator):
                effect = posterior.of(rows[treatment] - rows[comparator])
                found.append({
                    "until": until, "studies": int(sum(value <= until for value in when.values())),
                    "added": added, "treatment": treatment, "comparator": comparator,
                    **effect.summary(),
                })  # fmt: skip
    return pd.DataFrame(found)
