"""Whether direct and indirect evidence agree, where a closed loop lets that be asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
from scipy import stats

from evinet import tables
from evinet.synthesise import exact
from evinet.synthesise.influence import connected
from evinet.synthesise.model import Contrasts, Specification
from evinet.synthesise.sampled import Sampled

DRAWS = 4000
NO_LOOP = "no closed loop: consistency cannot be tested"


def inconsistency(drawn: Sampled, rng: np.random.Generator) -> pd.DataFrame:
    """Table INCONSISTENCY: by island, what can be tested, and what the tests found.

    Loops are those of the trials themselves, without bridges; a comparison is split too where only
    the bridge leads around it, which tests the bridge.
    """
    rows, apart = drawn.rows, drawn.specification.apart
    found = []
    for island in sorted(set(apart.values())):
        here = np.array([apart[treatment] == island for treatment, _ in rows.pairs])
        mine = rows.subset(here)
        if loops(mine):
            found.append({"component": island, **design_by_treatment(mine, drawn.tau)})
        else:
            found.append({"component": island, "method": "loops", "finding": NO_LOOP})
    for first, second in splits(drawn):
        found.append({
            "component": apart[first], "method": "node-split",
            "treatment": first, "comparator": second, **node_split(drawn, first, second, rng),
        })  # fmt: skip
    return tables.INCONSISTENCY.frame(found)


def arms(rows: Contrasts) -> dict[str, frozenset[str]]:
    """Trial -> its treatments: its design."""
    found: dict[str, frozenset[str]] = {}
    for trial, pair in zip(rows.trials, rows.pairs, strict=True):
        found[trial] = found.get(trial, frozenset()) | set(pair)
    return found


def loops(rows: Contrasts) -> int:
    """Independent closed loops; a multi-arm trial is consistent with itself and closes none."""
    graph: nx.Graph[Any] = nx.Graph()
    for design in set(arms(rows).values()):
        graph.add_edges_from((design, treatment) for treatment in design)
    return len(nx.cycle_basis(graph))


def splits(drawn: Sampled) -> list[tuple[str, str]]:
    """Comparisons with direct evidence, and with indirect evidence that is independent of it.

    Comparisons inside a multi-arm trial are left to the design-by-treatment test (van Valkenhoef
    et al. 2016, Res Synth Methods 7:80).
    """
    rows, specification = drawn.rows, drawn.specification
    large = [design for design in arms(rows).values() if len(design) > 2]
    found: dict[frozenset[str], tuple[str, str]] = {}
    for first, second in rows.pairs:
        both = frozenset((first, second))
        if any(both <= design for design in large):
            continue
        rest = rows.subset(~_direct(rows, first, second))
        if nx.has_path(connected(specification, rest), first, second):
            found.setdefault(both, (first, second))
    return list(found.values())


def node_split(
    drawn: Sampled, first: str, second: str, rng: np.random.Generator
) -> dict[str, object]:
    """Direct against indirect evidence of one comparison (Dias et al. 2010, Stat Med 29:932).

    The trials of the comparison are given an effect of their own, direct = indirect + factor; p is
    twice the smaller posterior probability of the factor's sign.
    """
    rows, specification = drawn.rows, drawn.specification
    direct = _direct(rows, first, second)
    sign = rows.design[:, rows.treatments.index(first)]
    wider = replace(rows, design=np.column_stack([rows.design, np.where(direct, sign, 0.0)]))
    d = exact.draw(specification, wider, DRAWS, rng)["d"]
    indirect = d[:, rows.treatments.index(first)] - d[:, rows.treatments.index(second)]
    factor = d[:, -1]
    lower, upper = np.quantile(factor, (0.025, 0.975))
    p = 2 * min((factor > 0).mean(), (factor < 0).mean())
    alone = nx.has_path(connected(_bridgeless(drawn), rows.subset(~direct)), first, second)
    return {
        "direct": float((indirect + factor).mean()), "direct_sd": float((indirect + factor).std()),
        "indirect": float(indirect.mean()), "indirect_sd": float(indirect.std()),
        "difference": float(factor.mean()), "q2.5": float(lower), "q97.5": float(upper),
        "p": float(p),
        "finding": "indirect evidence of trials" if alone else "indirect evidence of the bridge",
    }  # fmt: skip


def design_by_treatment(rows: Contrasts, tau: np.ndarray) -> dict[str, object]:
    """The global test: do designs disagree beyond chance (Higgins et al. 2012; Krahn et al. 2013)?

    Q of the consistency model less Q of a model with effects of their own for every design (Res
    Synth Methods 3:98; BMC Med Res Methodol 13:35), given the posterior median of tau.
    """
    covariance = rows.within + float(np.median(tau)) ** 2 * rows.between
    root = np.linalg.cholesky(covariance)
    own = arms(rows)
    kinds = list(dict.fromkeys(own.values()))
    apart = np.zeros((len(rows.y), len(kinds) * len(rows.treatments)))
    for number, trial in enumerate(rows.trials):
        start = kinds.index(own[trial]) * len(rows.treatments)
        apart[number, start : start + len(rows.treatments)] = rows.design[number]
    (consistent, few), (free, many) = (
        _q(np.linalg.solve(root, design), np.linalg.solve(root, rows.y))
        for design in (rows.design, apart)
    )
    statistic, df = consistent - free, many - few
    return {
        "method": "design-by-treatment", "chi2": statistic, "df": df,
        "p": float(stats.chi2.sf(statistic, df)), "finding": f"{loops(rows)} closed loop(s)",
    }  # fmt: skip


def _q(design: np.ndarray, y: np.ndarray) -> tuple[float, int]:
    """Residual sum of squares of least squares, and the rank of the design."""
    fitted, _, rank, _ = np.linalg.lstsq(design, y, rcond=None)
    return float(((y - design @ fitted) ** 2).sum()), int(rank)


def _direct(rows: Contrasts, first: str, second: str) -> np.ndarray:
    """Rows that compare these two."""
    return np.array([set(pair) == {first, second} for pair in rows.pairs])


def _bridgeless(drawn: Sampled) -> Specification:
    """The model without its bridge."""
    specification = drawn.specification
    model = specification.model.model_copy(update={"bridge": None, "sigma": None})
    return replace(specification, model=model)
