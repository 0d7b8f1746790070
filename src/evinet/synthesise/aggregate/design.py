"""Which coefficient acts on which arm or contrast: the matrices of a network's linear model.

An arm's linear predictor is ``eta = mu[study] + effect``, the effect 0 in the study's baseline arm
and elsewhere ``X b + tau * deviation``; a contrast's mean is its effect. Deviations of one study
have correlation 1/2, because they share the baseline arm (Dias et al., NICE TSD 2, section 2.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evinet.synthesise import columns
from evinet.synthesise.aggregate.network import Network
from evinet.synthesise.columns import Interactions


@dataclass(frozen=True)
class Design:
    """Rows are the arms, then the contrasts (baseline rows left out).

    Attributes
    ----------
    rows : columns study, treatment, against (the study's baseline).
    coefficients : names of the columns of `effects`; d[...] first.
    effects : shape (rows, coefficients). deviations : shape (rows, free): from independent
        standard normals to the rows' deviations. arms : how many rows are arms.
    study : of each arm, the number of its study.
    """

    rows: pd.DataFrame
    coefficients: list[str]
    effects: np.ndarray
    deviations: np.ndarray
    arms: int
    study: np.ndarray

    @property
    def free(self) -> np.ndarray:
        """Rows with an effect: all but baseline arms."""
        return np.flatnonzero((self.rows["treatment"] != self.rows["against"]).to_numpy())


def build(
    network: Network,
    *,
    unrelated: bool = False,
    split: tuple[str, str] | None = None,
    covariate: str | None = None,
    interactions: Interactions = "shared",
) -> Design:
    """The design of a consistency model, or of the models that doubt it.

    Parameters
    ----------
    unrelated : a mean effect of its own for every compared pair (NICE TSD 4, section 3).
    split : a pair (A, B) with a coefficient ``omega``, direct less indirect.
    covariate, interactions : add its interaction with treatment, centred at the mean over studies.
    """
    rows = rows_of(network)
    effects, names = columns.unrelated(rows) if unrelated else _consistent(rows, network.treatments)
    if split is not None:
        effects = np.column_stack([effects, columns.omega(rows, split)])
        names.append("omega")
    if covariate is not None:
        main, basic = _consistent(rows, network.treatments)
        centred = (rows["covariate"] - columns.centre(rows)).to_numpy(float)
        regression, added = columns.regression(main, basic, centred, interactions)
        effects, names = np.column_stack([effects, regression]), names + added
    arms = len(network.arms)
    study = pd.factorize(rows["study"][:arms])[0]
    return Design(rows, names, effects, columns.deviations(rows), arms, study)


def rows_of(network: Network) -> pd.DataFrame:
    """The arms and contrasts as `columns` takes them."""
    arms = network.arms[["study", "treatment", "covariate"]]
    contrasts = network.contrasts[["study", "treatment", "covariate", "diff"]]
    both = pd.concat([arms, contrasts], ignore_index=True)
    both["against"] = both.groupby("study", sort=False)["treatment"].transform("first")
    is_arm = np.arange(len(both)) < len(arms)
    kept: pd.DataFrame = both[is_arm | both["diff"].notna()]
    return kept.reset_index(drop=True)


def _consistent(rows: pd.DataFrame, treatments: list[str]) -> tuple[np.ndarray, list[str]]:
    effects = columns.differences(columns.pairs_of(rows), treatments)
    return effects[:, 1:], [f"d[{name}]" for name in treatments[1:]]
