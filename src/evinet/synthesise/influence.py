"""What each trial's absence would change."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pandas as pd

from evinet import tables
from evinet.synthesise import exact
from evinet.synthesise.answers import pairs, summary
from evinet.synthesise.contribution import weights
from evinet.synthesise.model import Contrasts, Specification
from evinet.synthesise.sampled import Sampled

DRAWS = 4000
ESTIMATED = "estimated"
CUT = "not connected without this trial"


Left = dict[str, dict[str, np.ndarray]]
"""Trial -> draws of d, tau and sigma without it."""


def leave_out(drawn: Sampled, rng: np.random.Generator) -> Left:
    """Refit the model without each trial; a trial that is alone in the network has no entry."""
    trials = list(dict.fromkeys(drawn.rows.trials))
    return {
        trial: exact.draw(drawn.specification, without(drawn.rows, trial), DRAWS, rng)
        for trial in trials
        if len(trials) > 1
    }


def influence(drawn: Sampled, left: Left) -> pd.DataFrame:
    """Table INFLUENCE: every pair's effect with each trial left out.

    A trial that entered by its patients counts as the normal summary of their likelihood. A pair
    that only the left-out trial connects has no estimate, and the table says so. The shift of the
    mean is computed from conditional means, free of the noise of sampling d.
    """
    specification, rows = drawn.specification, drawn.rows
    full = _mean(specification, rows, {"tau": drawn.tau, "sigma": drawn.sigma})
    place = specification.treatments.index
    found: list[dict[str, object]] = []
    for trial in dict.fromkeys(rows.trials):
        rest = without(rows, trial)
        joined = connected(specification, rest)
        draws = left.get(trial)
        change = np.zeros(len(full)) if draws is None else _mean(specification, rest, draws) - full
        for treatment, comparator in pairs(specification.islands):
            row: dict[str, object] = {
                "trial": trial,
                "treatment": treatment,
                "comparator": comparator,
            }
            if draws is None or not nx.has_path(joined, treatment, comparator):
                found.append({**row, "status": CUT})
                continue
            this, that = place(treatment), place(comparator)
            effect = draws["d"][:, this] - draws["d"][:, that]
            shift = float(change[this] - change[that])
            found.append({**row, "status": ESTIMATED, **summary(effect), "shift": shift})
    return tables.INFLUENCE.frame(found)


def without(rows: Contrasts, trial: str) -> Contrasts:
    """The rows of all other trials."""
    return rows.subset(np.array(rows.trials) != trial)


def connected(specification: Specification, rows: Contrasts) -> nx.Graph[str]:
    """The treatments as a graph: joined by rows, and by the model's bridge."""
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(specification.treatments)
    graph.add_edges_from(rows.pairs)
    graph.add_edges_from(pairwise(specification.members))
    return graph


def _mean(
    specification: Specification, rows: Contrasts, draws: dict[str, np.ndarray]
) -> np.ndarray:
    """Posterior mean of d: the mean of its conditional means."""
    return weights(specification, rows, draws["tau"], draws["sigma"]) @ rows.y
