"""What each trial contributes to each estimate."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import networkx as nx
import numpy as np
import pandas as pd

from evinet import tables
from evinet.synthesise import exact
from evinet.synthesise.answers import pairs
from evinet.synthesise.model import Contrasts, Specification
from evinet.synthesise.sampled import Sampled

DRAWS = 2000
NEGLIGIBLE = 1e-3
"""Flows below this are the wide priors' own, and are left out."""

Edge = tuple[str, str]


def weights(
    specification: Specification, rows: Contrasts, tau: np.ndarray, sigma: np.ndarray
) -> np.ndarray:
    """How much each effect moves with each row's ln HR, shape (treatments, rows).

    The rows of the hat matrix (König et al. 2013, Stat Med 32:5414): given tau and sigma the mean
    of d is linear in y, and this is its matrix P A' (A P A' + V + tau^2 H)^-1 averaged over their
    posterior, of which `tau` and `sigma` are draws.
    """
    constant = np.ptp(tau) == 0 and np.ptp(sigma) == 0
    chosen = np.linspace(0, len(tau) - 1, 1 if constant else min(len(tau), DRAWS)).astype(int)
    return exact.gain(specification, rows, tau[chosen], sigma[chosen]).mean(axis=0)


def contribution(drawn: Sampled) -> pd.DataFrame:
    """Table CONTRIBUTION: every trial's share of every estimate (Papakonstantinou et al. 2018).

    The weights of an estimate are a flow of evidence from treatment to comparator. It is taken
    apart into streams, shortest first, and what a stream carries is shared evenly by the
    comparisons on its way (F1000Research 7:610). A step along a bridge has no trial: the shares of
    an estimate add up to 1 less what the bridge, or a prior, carries alone.
    """
    specification, rows = drawn.specification, drawn.rows
    weight_of = weights(specification, rows, drawn.tau, drawn.sigma)
    return table(weight_of, rows, specification.islands)


def table(weight_of: np.ndarray, rows: Contrasts, islands: dict[str, int]) -> pd.DataFrame:
    """Table CONTRIBUTION of any network.

    `weight_of` is how much each effect, in the order of `islands`, moves with each row's y.
    """
    moved = dict(zip(islands, weight_of, strict=True))
    names = rows.pairs
    found = []
    for treatment, comparator in pairs(islands):
        weight = moved[treatment] - moved[comparator]
        shares = streams(_flows(rows, weight, treatment, comparator), treatment, comparator)
        for number, trial in enumerate(rows.trials):
            if abs(weight[number]) > NEGLIGIBLE:
                found.append({
                    "treatment": treatment,
                    "comparator": comparator,
                    "trial": trial,
                    "trial_treatment": names[number][0],
                    "trial_comparator": names[number][1],
                    "weight": float(weight[number]),
                    "share": _of_row(shares, names, weight, number),
                })  # fmt: skip
    return tables.CONTRIBUTION.frame(found)


def streams(flow: dict[Edge, float], source: str, sink: str) -> dict[Edge, float]:
    """Edge -> its share of what flows from source to sink.

    An edge of the class (an end is "") carries a stream but has no part of its share.
    """
    left, shares = dict(flow), dict.fromkeys(flow, 0.0)
    graph: nx.DiGraph[str] = nx.DiGraph(edge for edge in flow)
    while source in graph and sink in graph and nx.has_path(graph, source, sink):
        path = min(nx.all_shortest_paths(graph, source, sink))
        edges = list(pairwise(path))
        amount = min(left[edge] for edge in edges)
        own = [edge for edge in edges if "" not in edge]
        for edge in own:
            shares[edge] += amount / len(own)
        for edge in edges:
            left[edge] -= amount
            if left[edge] <= NEGLIGIBLE:
                graph.remove_edge(*edge)
    return shares


def _flows(
    rows: Contrasts, weight: np.ndarray, treatment: str, comparator: str
) -> dict[Edge, float]:
    """Flow of evidence along each edge; what rows leave unbalanced flows through the class, ""."""
    flow: dict[Edge, float] = defaultdict(float)
    for (upper, lower), value in zip(rows.pairs, weight, strict=True):
        flow[(upper, lower) if value > 0 else (lower, upper)] += abs(float(value))
    through = -weight @ rows.design
    through[rows.treatments.index(treatment)] += 1
    through[rows.treatments.index(comparator)] -= 1
    for name, value in zip(rows.treatments, through, strict=True):
        flow[(name, "") if value > 0 else ("", name)] += abs(float(value))
    return {edge: value for edge, value in flow.items() if value > NEGLIGIBLE}


def _of_row(shares: dict[Edge, float], names: list[Edge], weight: np.ndarray, number: int) -> float:
    """A row's part of its edge's share: rows along one edge divide it by their weights."""

    def edge(other: int) -> Edge:
        upper, lower = names[other]
        return (upper, lower) if weight[other] > 0 else (lower, upper)

    mine = edge(number)
    along = [abs(weight[other]) for other in range(len(names)) if edge(other) == mine]
    return shares.get(mine, 0.0) * float(abs(weight[number]) / sum(along))
