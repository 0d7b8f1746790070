"""Which coefficient acts on which arm or contrast: the matrices of a network's linear model.

An arm's linear predictor is ``eta = mu[study] + effect``, the effect 0 in the study's baseline arm
and elsewhere ``X b + tau * deviation``; a contrast's mean is its effect. Deviations of one study
have correlation 1/2, because they share the baseline arm (Dias et al., NICE TSD 2, section 2.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import networkx as nx
import numpy as np
import pandas as pd
from scipy.linalg import block_diag

from evinet.synthesise.aggregate.network import Network

Interactions = Literal["shared", "separate"]


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
    split : a pair (A, B) with a coefficient ``omega``, direct less indirect, in the studies that
        have both (Dias et al. 2010, Stat Med 29:932).
    covariate : adds its interaction with treatment, centred at the mean over studies: one
        coefficient for all treatments against the reference, or one each (NICE TSD 3).
    """
    rows = _rows(network)
    effects, names = _unrelated(rows) if unrelated else _consistent(rows, network.treatments)
    if split is not None:
        effects = np.column_stack([effects, _omega(rows, split)])
        names.append("omega")
    if covariate is not None:
        regression, added = _regression(rows, network, interactions)
        effects, names = np.column_stack([effects, regression]), names + added
    arms = len(network.arms)
    study = pd.factorize(rows["study"][:arms])[0]
    return Design(rows, names, effects, _deviations(rows), arms, study)


def splits(network: Network) -> list[tuple[str, str]]:
    """Pairs with direct and indirect evidence.

    Indirect evidence is a path between the pair in the studies that do not compare it (van
    Valkenhoef et al. 2016, Res Synth Methods 7:80, leaves studies that do out of the path too).
    """
    rows = _rows(network)
    arms = {study: set(mine["treatment"]) | set(mine["against"])
            for study, mine in rows.groupby("study", sort=False)}  # fmt: skip
    found = []
    for first, second in combinations(network.treatments, 2):
        if not any({first, second} <= treatments for treatments in arms.values()):
            continue
        graph: nx.Graph[str] = nx.Graph()
        graph.add_nodes_from(network.treatments)
        for treatments in arms.values():
            if not {first, second} <= treatments:
                nx.add_star(graph, list(treatments))
        if nx.has_path(graph, first, second):
            found.append((first, second))
    return found


def _rows(network: Network) -> pd.DataFrame:
    arms = network.arms[["study", "treatment", "covariate"]]
    contrasts = network.contrasts[["study", "treatment", "covariate", "diff"]]
    both = pd.concat([arms, contrasts], ignore_index=True)
    both["against"] = both.groupby("study", sort=False)["treatment"].transform("first")
    is_arm = np.arange(len(both)) < len(arms)
    kept: pd.DataFrame = both[is_arm | both["diff"].notna()]
    return kept.reset_index(drop=True)


def _consistent(rows: pd.DataFrame, treatments: list[str]) -> tuple[np.ndarray, list[str]]:
    effects = np.zeros((len(rows), len(treatments)))
    number = np.arange(len(rows))
    effects[number, rows["treatment"].map(treatments.index)] += 1
    effects[number, rows["against"].map(treatments.index)] -= 1
    return effects[:, 1:], [f"d[{name}]" for name in treatments[1:]]


def _unrelated(rows: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    labels = "d[" + rows["treatment"] + " vs " + rows["against"] + "]"
    labels[rows["treatment"] == rows["against"]] = ""
    names = [name for name in dict.fromkeys(labels) if name]
    return np.array([[float(label == name) for name in names] for label in labels]), names


def _omega(rows: pd.DataFrame, split: tuple[str, str]) -> np.ndarray:
    """1 for B, -1 where B is the baseline, in studies with both A and B."""
    first, second = split
    column = np.zeros(len(rows))
    for _, mine in rows.groupby("study", sort=False):
        treatments = set(mine["treatment"]) | set(mine["against"])
        if {first, second} <= treatments:
            is_second = (mine["treatment"] == second).to_numpy(float)
            column[mine.index] = is_second - (mine["against"] == second).to_numpy(float)
    return column


def _regression(
    rows: pd.DataFrame, network: Network, interactions: Interactions
) -> tuple[np.ndarray, list[str]]:
    """Columns of the interactions with the centred covariate."""
    centred = (rows["covariate"] - centre(rows)).to_numpy(float)
    main, names = _consistent(rows, network.treatments)
    if interactions == "shared":
        return main.sum(axis=1) * centred, ["beta"]
    return main * centred[:, None], [name.replace("d[", "beta[", 1) for name in names]


def centre(rows: pd.DataFrame) -> float:
    """Mean of the covariate over studies, where effects d are reported."""
    return float(rows.groupby("study")["covariate"].first().mean())


def _deviations(rows: pd.DataFrame) -> np.ndarray:
    free = (rows["treatment"] != rows["against"]).to_numpy()
    sizes = rows[free].groupby("study", sort=False).size()
    mapped = np.zeros((len(rows), int(free.sum())))
    if free.any():
        roots = [np.linalg.cholesky((np.eye(size) + 1) / 2) for size in sizes]
        mapped[free] = block_diag(*roots)
    return mapped
