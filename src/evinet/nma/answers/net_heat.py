"""The net heat plot: which designs disagree with the network, and which drive it.

Krahn, Binder, König 2013 (BMC Med Res Methodol 13:35); netmeta's `netheat`. In a first step the
studies of each design (the set of treatments that a study compares) are pooled to direct estimates
with their covariance V; in a second step the network's effects are fitted to these by weighted
least squares. The residuals r share out Q between designs: row c has Q_c = r_c (V^-1 r)_c. Where
design d has effects of its own (is detached) the rows keep Q_c(d), and the difference
Q_c - Q_c(d) is what d does to the inconsistency of c.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.linalg import block_diag

from evinet.nma.answers.decomposition import applies, named, pooled, tau_within
from evinet.nma.answers.inconsistency import arms
from evinet.nma.terms import differences

if TYPE_CHECKING:
    from evinet.nma.fit.exact import NormalData
    from evinet.nma.posterior import Fit

COLUMNS = [
    "design", "treatment", "comparator", "Q", "detached", "detached_treatment",
    "detached_comparator", "change", "contribution",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Direct:
    """Direct estimates of the designs: one row for each independent comparison of each.

    Attributes
    ----------
    designs, pairs
        Design of each row, and its treatment and comparator.
    estimate, covariance
        Shapes (rows,) and (rows, same).
    """

    designs: list[frozenset[str]]
    pairs: list[tuple[str, str]]
    estimate: np.ndarray
    covariance: np.ndarray


def net_heat(fit: Fit) -> pd.DataFrame:
    """What each design does to the inconsistency of each direct estimate.

    Returns
    -------
    pandas.DataFrame
        A row for each direct estimate (design, treatment, comparator) and each estimate of a design
        that can be detached (detached, detached_treatment, detached_comparator). Q is the row's
        share of Q between designs; change is Q less what is left of it when the design is detached:
        above 0 the design makes the row inconsistent, below 0 it supports it. contribution is the
        element of the hat matrix, how much the detached estimate counts in the network's estimate
        of the row. With random effects the covariance has the heterogeneity within designs
        (`decomposition`). No rows where fewer than two designs can be detached, or where Q is of
        another model than the one that is fitted.

    Examples
    --------
    >>> import pandas as pd
    >>> from evinet.nma import Network
    >>> network = Network.from_contrasts(pd.DataFrame({
    ...     "study": ["1", "2", "3", "4", "5"], "treatment": ["B", "C", "C", "D", "D"],
    ...     "comparator": ["A", "A", "B", "A", "B"], "diff": [1.0, 2.0, 1.0, 1.0, 3.0], "se": 1.0,
    ... }), "A")
    >>> table = net_heat(network.fit(effects="fixed"))
    >>> own = table[table["design"] == table["detached"]]
    >>> print(own["Q"].round(3).tolist(), own["change"].round(3).tolist())
    [0.562, 0.141, 1.266, 0.141, 1.266] [0.562, 0.141, 1.266, 0.141, 1.266]
    """
    if not applies(fit):
        return pd.DataFrame(columns=COLUMNS)
    data = fit.normal
    tau = tau_within(data) if fit.specification.random else 0.0
    found = direct(data, fit.treatments, tau)
    network = differences(found.pairs, sorted({name for pair in found.pairs for name in pair}))
    weight = np.linalg.inv(found.covariance)
    shares, hat, rank = _shares(found, weight, network)
    changes: dict[frozenset[str], np.ndarray] = {}
    for design in dict.fromkeys(found.designs):
        own = np.array([each == design for each in found.designs])
        left, _, wider = _shares(found, weight, np.hstack([network, np.eye(len(own))[:, own]]))
        if wider > rank:
            changes[design] = shares - left
    if len(changes) < 2:
        return pd.DataFrame(columns=COLUMNS)
    rows = []
    for row, design in enumerate(found.designs):
        for column, other in enumerate(found.designs):
            if other in changes and design in changes:
                rows.append((
                    named(design), *found.pairs[row], shares[row], named(other),
                    *found.pairs[column], changes[other][row], hat[row, column],
                ))  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def direct(data: NormalData, treatments: list[str], tau: float) -> Direct:
    """The direct estimates of every design, given the heterogeneity.

    Those of a design of several arms are against its first treatment, in the order of `treatments`.
    """
    own = arms(data)
    kinds = sorted(set(own.values()), key=lambda design: (len(design), sorted(design)))
    designs, pairs, estimates, blocks = [], [], [], []
    for design in kinds:
        mine = data.subset(np.array([own[study] == design for study in data.studies]))
        names = [name for name in treatments if name in design]
        estimate, covariance = pooled(mine, names, tau)
        designs += [design] * len(covariance)
        pairs += [(name, names[0]) for name in names[1:]]
        estimates.append(estimate)
        blocks.append(covariance)
    return Direct(designs, pairs, np.concatenate(estimates), block_diag(*blocks))


def _shares(
    found: Direct, weight: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray, int]:
    """Each row's share of Q of a model, its hat matrix and its rank."""
    middle = np.linalg.pinv(columns.T @ weight @ columns, rcond=1e-10)
    hat = columns @ middle @ columns.T @ weight
    residual = found.estimate - hat @ found.estimate
    return residual * (weight @ residual), hat, int(np.linalg.matrix_rank(columns))
