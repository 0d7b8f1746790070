"""What each study contributes to each estimate."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pandas as pd

from evinet import tables
from evinet.nma.answers.effects import pairs
from evinet.nma.fit.exact import NormalData
from evinet.nma.terms import differences

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit

NEGLIGIBLE = 1e-3
"""Flows below this are the wide priors' own, and are left out."""

Edge = tuple[str, str]


def weights(fit: Fit, data: NormalData) -> np.ndarray:
    """How much each effect moves with each row of the data, shape (treatments, rows).

    The rows of the hat matrix (König et al. 2013, Stat Med 32:5414): given tau and sigma the mean
    of b is linear in y, and this is its matrix P X' (X P X' + V + tau^2 H)^-1 averaged over their
    posterior.
    """
    tau, sigma, weight = fit.scales()
    gain = np.einsum("g,gij->ij", weight, data.gain(tau, sigma))
    return np.asarray(fit.effect_rows() @ gain)


def contribution(fit: Fit) -> pd.DataFrame:
    """Table CONTRIBUTION: every study's share of every estimate (Papakonstantinou et al. 2018).

    The weights of an estimate are a flow of evidence from treatment to comparator. It is taken
    apart into streams, shortest first, and what a stream carries is shared evenly by the
    comparisons on its way (F1000Research 7:610). A step along a class has no study: the shares of
    an estimate add up to 1 less what the class, or a prior, carries alone.
    """
    if not fit.linear_in_studies:
        return tables.CONTRIBUTION.frame([])
    data = fit.normal
    moved = dict(zip(fit.treatments, weights(fit, data), strict=True))
    found: dict[tuple[str, ...], np.ndarray] = defaultdict(lambda: np.zeros(2))
    for treatment, comparator in pairs(fit.islands):
        weight = moved[treatment] - moved[comparator]
        flows = _flows(data, fit.treatments, weight, treatment, comparator)
        shares = streams(flows, treatment, comparator)
        along = _along(data.pairs, weight)
        for number, study in enumerate(data.studies):
            if abs(weight[number]) > NEGLIGIBLE:
                edge = _edge(data.pairs[number], weight[number])
                share = shares.get(edge, 0.0) * float(abs(weight[number]) / along[edge])
                key = (treatment, comparator, study, *data.pairs[number])
                found[key] += (float(weight[number]), share)
    names = ("treatment", "comparator", "study", "study_treatment", "study_comparator")
    return tables.CONTRIBUTION.frame([
        {**dict(zip(names, key, strict=True)), "weight": float(weight), "share": float(share)}
        for key, (weight, share) in found.items()
    ])  # fmt: skip


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
    data: NormalData, treatments: list[str], weight: np.ndarray, treatment: str, comparator: str
) -> dict[Edge, float]:
    """Flow of evidence along each edge; what rows leave unbalanced flows through the class, ""."""
    flow: dict[Edge, float] = defaultdict(float)
    for (upper, lower), value in zip(data.pairs, weight, strict=True):
        flow[(upper, lower) if value > 0 else (lower, upper)] += abs(float(value))
    through = -weight @ differences(data.pairs, treatments)
    through[treatments.index(treatment)] += 1
    through[treatments.index(comparator)] -= 1
    for name, value in zip(treatments, through, strict=True):
        flow[(name, "") if value > 0 else ("", name)] += abs(float(value))
    return {edge: value for edge, value in flow.items() if value > NEGLIGIBLE}


def _edge(pair: Edge, weight: float) -> Edge:
    """The way that evidence takes along a row."""
    return pair if weight > 0 else (pair[1], pair[0])


def _along(names: list[Edge], weight: np.ndarray) -> dict[Edge, float]:
    """Sums of the weights of the rows along each edge, by which they divide its share."""
    found: dict[Edge, float] = defaultdict(float)
    for pair, value in zip(names, weight, strict=True):
        found[_edge(pair, value)] += abs(float(value))
    return found
