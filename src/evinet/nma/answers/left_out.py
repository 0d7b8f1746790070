"""Each study left out: what the others tell, and what they connect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np

from evinet.nma.fit.exact import Mixture, solve

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit


def left_out(fit: Fit) -> dict[str, Mixture]:
    """Study -> the exact posterior of the normal data without it; none of a study alone."""
    data = fit.normal
    studies = list(dict.fromkeys(data.studies))
    if len(studies) == 1:
        return {}
    return {
        study: solve(data.subset(np.array(data.studies) != study), fit.of_normal)
        for study in studies
    }


def joined(fit: Fit, study: str) -> nx.Graph[str]:
    """The treatments, joined by the other studies and by the class."""
    others = np.flatnonzero((fit.network.rows["study"] != study).to_numpy())
    return fit.specification.design.graph(others)
