"""Columns of a network's linear model beside consistent effects: of models that doubt consistency,
and of meta-regression.

`rows` have columns study, treatment, against (the study's baseline) and covariate: arms, or
contrasts; a column holds what its coefficient adds to each row's effect.
"""

from __future__ import annotations

from itertools import combinations
from typing import Literal

import networkx as nx
import numpy as np
import pandas as pd
from scipy.linalg import block_diag

from evinet.errors import InputError, Problem
from evinet.synthesise.answers import summary

Interactions = Literal["shared", "separate"]


def differences(pairs: list[tuple[str, str]], treatments: list[str]) -> np.ndarray:
    """The first treatment of each pair less the second, shape (pairs, treatments)."""
    found = np.zeros((len(pairs), len(treatments)))
    for row, (name, against) in enumerate(pairs):
        found[row, treatments.index(name)] += 1
        found[row, treatments.index(against)] -= 1
    return found


def deviations(rows: pd.DataFrame) -> np.ndarray:
    """From independent standard normals to the rows' deviations; none for a baseline arm.

    Those of one study, whose rows stand together, have correlation 1/2.
    """
    free = (rows["treatment"] != rows["against"]).to_numpy()
    sizes = rows[free].groupby("study", sort=False).size()
    mapped = np.zeros((len(rows), int(free.sum())))
    if free.any():
        roots = [np.linalg.cholesky((np.eye(size) + 1) / 2) for size in sizes]
        mapped[free] = block_diag(*roots)
    return mapped


def pairs_of(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """Treatment of each row, and what it is against."""
    return list(zip(rows["treatment"], rows["against"], strict=True))


def unrelated(rows: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    """A mean effect of its own for every compared pair: columns, and their names, d[B vs A]."""
    labels = "d[" + rows["treatment"] + " vs " + rows["against"] + "]"
    labels[rows["treatment"] == rows["against"]] = ""
    names = [name for name in dict.fromkeys(labels) if name]
    return np.array([[float(label == name) for name in names] for label in labels]), names


def omega(rows: pd.DataFrame, split: tuple[str, str]) -> np.ndarray:
    """Direct less indirect effect of B against A, in the studies that have both.

    Dias et al. 2010, Stat Med 29:932: 1 for B, -1 where B is the baseline.
    """
    first, second = split
    column = np.zeros(len(rows))
    for _, mine in rows.reset_index(drop=True).groupby("study", sort=False):
        treatments = set(mine["treatment"]) | set(mine["against"])
        if {first, second} <= treatments:
            is_second = (mine["treatment"] == second).to_numpy(float)
            column[mine.index] = is_second - (mine["against"] == second).to_numpy(float)
    return column


def splits(rows: pd.DataFrame, treatments: list[str], file: str) -> list[tuple[str, str]]:
    """Pairs with direct and indirect evidence; `file` is named where there is none.

    Indirect evidence is a path between the pair in the studies that do not compare it (van
    Valkenhoef et al. 2016, Res Synth Methods 7:80, leaves studies that do out of the path too).

    Raises
    ------
    InputError
        There is no such pair.
    """
    arms = {study: set(mine["treatment"]) | set(mine["against"])
            for study, mine in rows.groupby("study", sort=False)}  # fmt: skip
    found = []
    for first, second in combinations(treatments, 2):
        if not any({first, second} <= members for members in arms.values()):
            continue
        graph: nx.Graph[str] = nx.Graph()
        graph.add_nodes_from(treatments)
        for members in arms.values():
            if not {first, second} <= members:
                nx.add_star(graph, list(members))
        if nx.has_path(graph, first, second):
            found.append((first, second))
    if not found:
        raise InputError(
            Problem(file, "--model", "node-split", "no pair of treatments has both direct and "
                    "indirect evidence", "Use the consistency model")
        )  # fmt: skip
    return found


def regression(
    effects: np.ndarray, names: list[str], covariate: np.ndarray, interactions: Interactions
) -> tuple[np.ndarray, list[str]]:
    """Interactions of the effects with a centred covariate (NICE TSD 3): columns, and their names.

    `effects` are the columns of the treatments but the references, `names` theirs, d[...]. Shared:
    one coefficient for all treatments against their reference; else one each.
    """
    if interactions == "shared":
        return (effects.sum(axis=1) * covariate)[:, None], ["beta"]
    return effects * covariate[:, None], [name.replace("d[", "beta[", 1) for name in names]


def study_covariate(tables: dict[str, pd.DataFrame], name: str) -> dict[str, float]:
    """Study -> value of a column, from tables by their file.

    Raises
    ------
    InputError
        The column is missing, or a study has no number in it, or several.
    """
    problems, found = [], {}
    for file, table in tables.items():
        if name not in table:
            problems.append(Problem(file, name, None, "the column is missing", f"Add {name}"))
            continue
        numbers = pd.to_numeric(table[name], errors="coerce")
        for study, values in numbers.groupby(table["study"].astype(str)):
            if not np.isfinite(values).all() or values.nunique() != 1:
                problems.append(
                    Problem(file, name, study, "has no number, or several, in this study",
                            "Write one number in all rows of the study")
                )  # fmt: skip
            found[str(study)] = float(values.iloc[0])
    if problems:
        raise InputError(problems)
    return found


def centre(rows: pd.DataFrame) -> float:
    """Mean of the covariate over studies, where effects d are reported."""
    return float(rows.groupby("study")["covariate"].first().mean())


def difference(direct_less_indirect: np.ndarray, indirect: np.ndarray) -> dict[str, float]:
    """What a node-split says of its pair, from draws of omega and of the indirect effect.

    `p` is twice the smaller share of draws on one side of no difference.
    """
    above = float((direct_less_indirect > 0).mean())
    each = {
        "direct": indirect + direct_less_indirect,
        "indirect": indirect,
        "difference": direct_less_indirect,
    }
    found = {
        f"{label}_{key}": summary(draws)[key]
        for label, draws in each.items()
        for key in ("mean", "sd", "q2.5", "q97.5")
    }
    return found | {"p": 2 * min(above, 1 - above)}
