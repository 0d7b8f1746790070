"""Whether direct and indirect evidence agree, where a closed loop lets that be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pandas as pd
from scipy.special import chdtrc

from evinet import tables
from evinet.errors import InputError
from evinet.nma import terms
from evinet.nma.fit.exact import NormalData, solve

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit

NO_LOOP = "no closed loop: consistency cannot be tested"


def inconsistency(fit: Fit) -> pd.DataFrame:
    """Table INCONSISTENCY: by island, what can be tested, and what the tests found.

    Studies count by the normal contrasts of `Fit.normal`. Loops are those of the studies
    themselves, without a class; a pair is split too where only the class leads around it, which
    tests the class.
    """
    if not fit.linear_in_studies or fit.specification.terms.components is not None:
        return tables.INCONSISTENCY.frame([])
    data, apart = fit.normal, fit.network.islands
    found = []
    for island in sorted(set(apart.values())):
        mine = data.subset(np.array([apart[treatment] == island for treatment, _ in data.pairs]))
        if loops(mine):
            found.append({"component": island, **design_by_treatment(mine, median_tau(fit))})
        else:
            found.append({"component": island, "method": "loops", "finding": NO_LOOP})
    for first, second in splits(fit):
        found.append({
            "component": apart[second], "method": "node-split",
            "treatment": second, "comparator": first, **node_split(fit, first, second),
        })  # fmt: skip
    return tables.INCONSISTENCY.frame(found)


def median_tau(fit: Fit) -> float:
    """The posterior median of the heterogeneity; 0 with fixed effects."""
    return fit.scale("tau").quantile(0.5) if fit.specification.random else 0.0


def splits(fit: Fit) -> list[tuple[str, str]]:
    """Pairs with direct and independent indirect evidence, also by way of the class."""
    design = fit.specification.design
    try:
        return terms.splits(design.rows, fit.treatments, fit.network.file, design.classes)
    except InputError:
        return []


def arms(data: NormalData) -> dict[str, frozenset[str]]:
    """Study -> its treatments: its design."""
    found: dict[str, frozenset[str]] = {}
    for study, pair in zip(data.studies, data.pairs, strict=True):
        found[study] = found.get(study, frozenset()) | set(pair)
    return found


def loops(data: NormalData) -> int:
    """Independent closed loops; a multi-arm trial is consistent with itself and closes none."""
    graph: nx.Graph[Any] = nx.Graph()
    for design in set(arms(data).values()):
        graph.add_edges_from((design, treatment) for treatment in design)
    return len(nx.cycle_basis(graph))


def node_split(fit: Fit, first: str, second: str) -> dict[str, object]:
    """Direct against indirect evidence of one pair (Dias et al. 2010, Stat Med 29:932).

    The studies of the pair are given an effect of their own, direct = indirect + factor; p is twice
    the smaller posterior probability of the factor's sign.
    """
    design = fit.specification.design
    column = terms.omega(design.rows, (first, second))[design.free]
    wider = fit.normal.with_column(column, fit.specification.priors.effects)
    posterior = solve(wider, fit.of_normal)
    rows = dict(zip(fit.treatments, fit.effect_rows(), strict=True))
    indirect = np.append(rows[second] - rows[first], 0.0)
    factor = np.append(np.zeros(len(indirect) - 1), 1.0)
    each = {"direct": indirect + factor, "indirect": indirect}
    found: dict[str, object] = {}
    for name, row in each.items():
        distribution = posterior.of(row)
        found |= {name: distribution.centre, f"{name}_sd": distribution.spread}
    difference = posterior.of(factor)
    above = 1 - difference.below(0.0)
    apart = np.flatnonzero([not {first, second} <= own for own in _members(fit)])
    alone = nx.has_path(design.graph(apart, bridge=False), first, second)
    return {
        **found, "difference": difference.centre, "q2.5": difference.quantile(0.025),
        "q97.5": difference.quantile(0.975), "p": 2 * min(above, 1 - above),
        "finding": "indirect evidence of studies" if alone else "indirect evidence of the class",
    }  # fmt: skip


def _members(fit: Fit) -> list[set[str]]:
    """The treatments of each row's study."""
    return [fit.network.members[study] for study in fit.network.rows["study"]]


def design_by_treatment(data: NormalData, tau: float) -> dict[str, object]:
    """The global test: do designs disagree beyond chance (Higgins et al. 2012; Krahn et al. 2013)?

    Q of the consistency model less Q of a model with effects of their own for every design (Res
    Synth Methods 3:98; BMC Med Res Methodol 13:35), given tau.
    """
    names = sorted({name for pair in data.pairs for name in pair})
    effects = terms.differences(data.pairs, names)
    root = np.linalg.cholesky(data.within + tau**2 * data.between)
    (consistent, few), (free, many) = (
        least_squares(np.linalg.solve(root, each), np.linalg.solve(root, data.y))
        for each in (effects, of_designs(data, effects))
    )
    statistic, df = consistent - free, many - few
    return {
        "method": "design-by-treatment", "chi2": statistic, "df": df,
        "p": float(chdtrc(df, statistic)), "finding": f"{loops(data)} closed loop(s)",
    }  # fmt: skip


def of_designs(data: NormalData, effects: np.ndarray) -> np.ndarray:
    """Effects of its own for every design, shape (rows, effects): those that it tells of."""
    own = arms(data)
    kinds = list(dict.fromkeys(own.values()))
    size = effects.shape[1]
    apart = np.zeros((len(data.y), len(kinds) * size))
    for number, study in enumerate(data.studies):
        start = kinds.index(own[study]) * size
        apart[number, start : start + size] = effects[number]
    return apart[:, apart.any(axis=0)]


def least_squares(design: np.ndarray, y: np.ndarray) -> tuple[float, int]:
    """Residual sum of squares of least squares, and the rank of the design."""
    fitted, _, rank, _ = np.linalg.lstsq(design, y, rcond=None)
    return float(((y - design @ fitted) ** 2).sum()), int(rank)
