"""How likely a difference that matters is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evinet import tables
from evinet.config import Margin
from evinet.synthesise.answers import pairs


def margins(
    d: dict[str, np.ndarray],
    islands: dict[str, int],
    apart: dict[str, int],
    chosen: Sequence[Margin],
    tau: np.ndarray | None,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Table MARGINS: the probability of a hazard ratio below each margin, for every pair.

    Parameters
    ----------
    d : treatment -> draws of its effect (ln HR) against the reference of its island.
    islands, apart : treatment -> island, with the model's bridge and without any.
    tau : draws of the heterogeneity, or None for fixed effects; adds the effect in a new study.
    """
    rows = []
    for treatment, comparator in pairs(islands):
        effect = d[treatment] - d[comparator]
        new = None if tau is None else effect + tau * rng.standard_normal(effect.size)
        for margin in chosen:
            below = np.log(margin.ratio)
            rows.append({
                "treatment": treatment,
                "comparator": comparator,
                "component": islands[treatment],
                "bridged": apart[treatment] != apart[comparator],
                "ratio": margin.ratio,
                "probability": float((effect < below).mean()),
                "probability_new_study": None if new is None else float((new < below).mean()),
            })  # fmt: skip
    return tables.MARGINS.frame(rows)
