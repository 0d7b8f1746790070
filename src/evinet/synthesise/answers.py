"""What follows from a posterior: effects of every pair, ranks, and how wrong a bridge must be."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np
import pandas as pd

from evinet import tables

QUANTILES = (0.025, 0.5, 0.975)
NORMAL = 1.959963984540054  # of a 95 % interval
COLUMNS = ("q2.5", "q50", "q97.5")


def summary(draws: np.ndarray) -> dict[str, float]:
    """Mean, standard deviation and quantiles of draws of one quantity."""
    return {
        "mean": float(draws.mean()),
        "sd": float(draws.std(ddof=1)),
        **dict(zip(COLUMNS, map(float, np.quantile(draws, QUANTILES)), strict=True)),
    }


def pairs(islands: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Ordered pairs of treatments that share an island."""
    return (
        (treatment, comparator)
        for treatment, comparator in permutations(islands, 2)
        if islands[treatment] == islands[comparator]
    )


def league(
    d: dict[str, np.ndarray],
    islands: dict[str, int],
    apart: dict[str, int],
    tau: np.ndarray | None,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Table LEAGUE: the effect of every pair inside an island.

    Parameters
    ----------
    d : treatment -> draws of its effect (ln HR) against the reference of its island.
    islands, apart : treatment -> island, with the model's bridge and without any.
    tau : draws of the heterogeneity, or None for fixed effects; adds the interval for a new study.
    """
    rows = []
    for treatment, comparator in pairs(islands):
        effect = d[treatment] - d[comparator]
        row = {
            "treatment": treatment,
            "comparator": comparator,
            "component": islands[treatment],
            "bridged": apart[treatment] != apart[comparator],
            **summary(effect),
            "p_better": float((effect < 0).mean()),
        }
        if tau is not None:
            new = effect + tau * rng.standard_normal(effect.size)
            row["predict_q2.5"], row["predict_q97.5"] = map(float, np.quantile(new, (0.025, 0.975)))
        rows.append(row)
    return tables.LEAGUE.frame(rows)


def ranks(d: dict[str, np.ndarray], islands: dict[str, int]) -> pd.DataFrame:
    """Table RANKS: rank 1 has the lowest hazard; never across islands (Salanti et al. 2011)."""
    rows = []
    for island in sorted(set(islands.values())):
        treatments = [treatment for treatment in islands if islands[treatment] == island]
        if len(treatments) == 1:
            continue
        order = np.argsort(np.argsort(np.array([d[name] for name in treatments]), axis=0), axis=0)
        for treatment, places in zip(treatments, order, strict=True):
            probability = np.bincount(places, minlength=len(treatments)) / places.size
            sucra = np.cumsum(probability)[:-1].mean()
            rows += [
                {
                    "component": island,
                    "treatment": treatment,
                    "rank": rank,
                    "probability": float(share),
                    "sucra": float(sucra),
                }
                for rank, share in enumerate(probability, start=1)
            ]
    return tables.RANKS.frame(rows)


def tipping(league_table: pd.DataFrame) -> pd.DataFrame:
    """Table TIPPING: how wrong the bridge must be before the 95 % interval reaches no difference.

    A bridge says how a treatment of one island relates to one of another. Were it wrong by a shift
    of the ln HR, every comparison across it would move by that shift.
    """
    bridged = league_table[league_table["bridged"].astype(bool)]
    rows = []
    for row in bridged.to_dict("records"):
        lower, upper = row["q2.5"], row["q97.5"]
        shift = max(-upper, lower, 0.0)
        rows.append({
            "treatment": row["treatment"],
            "comparator": row["comparator"],
            **{column: row[column] for column in COLUMNS},
            "shift": shift,
            "ratio": float(np.exp(shift)),
        })  # fmt: skip
    return tables.TIPPING.frame(rows)


def checked(prefix: str, draws: np.ndarray, observed: float) -> dict[str, float]:
    """95 % interval of replicated outcomes, and the two-sided mid-p of the observed one."""
    lower, upper = np.quantile(draws, (0.025, 0.975))
    below = float((draws < observed).mean() + (draws == observed).mean() / 2)
    found = {"q2.5": float(lower), "q97.5": float(upper), "p": 2 * min(below, 1 - below)}
    return {f"{prefix}{name}": value for name, value in found.items()}
