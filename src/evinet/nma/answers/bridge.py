"""What a class of treatments, the bridge of a review, does to each comparison."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

from evinet.nma.design import SAME
from evinet.nma.terms import differences, pairs_of

if TYPE_CHECKING:
    from evinet.nma.design import Design

CLASS = "\0"
"""The node of a class among the treatments."""


def rests_on_class(design: Design) -> set[frozenset[str]]:
    """Pairs of treatments whose effect would be another, or none, without the class.

    The class informs a pair where evidence can come from one to the other by way of it: along a
    path that meets no treatment twice. That is so for every pair of islands that the class joins,
    and inside an island for every pair between which the class makes another way.

    Examples
    --------
    Two members of a class were each compared with placebo; the class moves both effects. A third
    member was compared with a new drug; that effect stays what its trial found.

    >>> import pandas as pd
    >>> from evinet.nma import Network
    >>> from evinet.nma.design import build
    >>> from evinet.nma.terms import ClassEffect, Terms
    >>> network = Network.from_contrasts(pd.DataFrame({
    ...     "study": ["S1", "S2", "S3"], "treatment": ["A", "B", "new"],
    ...     "comparator": ["placebo", "placebo", "C"],
    ...     "diff": [-0.5, -0.7, -1.0], "se": [0.2, 0.2, 0.2],
    ... }), ["placebo", "new"])
    >>> found = rests_on_class(build(network, Terms(group=ClassEffect(("A", "B", "C"), 0.1))))
    >>> frozenset({"A", "placebo"}) in found, frozenset({"new", "placebo"}) in found
    (True, True)
    >>> frozenset({"new", "C"}) in found
    False
    """
    if design.terms.components is not None:
        return _rests_on_sums(design)
    if not design.group:
        return set()
    nodes = [f"{CLASS}{number}" for number in range(len(design.classes))]
    graph: nx.Graph[str] = nx.Graph(
        (node, member) for node, own in zip(nodes, design.classes, strict=True) for member in own
    )
    graph.add_nodes_from(design.network.treatments)
    for compared in design.network.members.values():
        graph.add_edges_from(combinations(compared, 2))
    found = set()
    for pair in combinations(design.network.treatments, 2):
        closed = graph.copy()
        closed.add_edge(*pair)  # a path through the class then closes a ring with this edge
        rings = nx.biconnected_components(closed)
        if nx.has_path(graph, *pair) and _by_way(nodes, pair, rings):
            found.add(frozenset(pair))
    return found


def _rests_on_sums(design: Design) -> set[frozenset[str]]:
    """Pairs whose estimate is another, or only there, where components' effects add up.

    By least squares with weights that no pair of networks has by chance.
    """
    treatments, apart = design.network.treatments, design.network.islands
    compared = differences(pairs_of(design.rows), treatments)
    weight = np.diag(np.linspace(1, 2, len(compared)) ** 0.5)
    parts = design.composition[0]
    alone = np.linalg.pinv(weight @ compared) @ weight
    added = parts @ np.linalg.pinv(weight @ compared @ parts) @ weight
    found = set()
    for first, second in combinations(range(len(treatments)), 2):
        pair = treatments[first], treatments[second]
        if design.islands[pair[0]] != design.islands[pair[1]]:
            continue
        moved = (alone[first] - alone[second]) - (added[first] - added[second])
        if apart[pair[0]] != apart[pair[1]] or np.abs(moved).max() > SAME:
            found.add(frozenset(pair))
    return found


def _by_way(nodes: list[str], pair: tuple[str, str], rings: Iterable[Any]) -> bool:
    """Whether one of the nodes is in the ring of a pair."""
    return any(set(pair) <= ring and not ring.isdisjoint(nodes) for ring in rings)
