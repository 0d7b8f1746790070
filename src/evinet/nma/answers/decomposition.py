"""Cochran's Q of a network, taken apart into studies of one design and differences of designs.

A design is the set of treatments that a study compares (Krahn et al. 2013, BMC Med Res Methodol
13:35; Higgins et al. 2012, Res Synth Methods 3:98). Weighted least squares of the studies' normal
contrasts: no prior has a part in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from evinet.nma.answers.inconsistency import arms, least_squares, of_designs
from evinet.nma.terms import differences

if TYPE_CHECKING:
    from evinet.nma.fit.exact import NormalData
    from evinet.nma.posterior import Fit

COLUMNS = ["part", "design", "Q", "df", "p", "tau_within"]
MOVED = 1e-9


def decomposition(fit: Fit) -> pd.DataFrame:
    """Q of the whole network and of its parts.

    Returns
    -------
    pandas.DataFrame
        part, design, Q, df, p, tau_within. Parts with fixed effects: ``total``, ``within designs``,
        ``between designs``; ``within`` each design of several studies; ``between, design
        detached``, what is left of Q between designs where one has effects of its own (only
        designs whose detachment changes it). With random effects: ``between, random``, Q between
        designs given tau_within, the heterogeneity within designs by the method of moments.
        No rows for a model whose effects are not linear in the studies or that has a covariate or
        components, where Q would be of another model than the one that is fitted.

    Examples
    --------
    >>> import pandas as pd
    >>> from evinet.nma import Network
    >>> network = Network.from_contrasts(pd.DataFrame({
    ...     "study": ["S1", "S2", "S3", "S4"], "treatment": ["B", "B", "C", "C"],
    ...     "comparator": ["A", "A", "A", "B"], "diff": [0.0, 2.0, 1.0, 1.0], "se": [1.0] * 4,
    ... }), "A")
    >>> found = decomposition(network.fit(effects="fixed"))[["part", "Q", "df"]]
    >>> found.round(3).to_numpy().tolist()[:3]
    [['total', 2.4, 2], ['within designs', 2.0, 1], ['between designs', 0.4, 1]]
    """
    if not applies(fit):
        return pd.DataFrame(columns=COLUMNS)
    data = fit.normal
    rows = [
        _row("total", "", *cochran(data, consistent(data))),
        _row("within designs", "", *cochran(data, separate(data))),
    ]
    between = _between(data, consistent(data))
    rows.append(_row("between designs", "", *between))
    own = arms(data)
    kinds = sorted(set(own.values()), key=lambda design: (len(design), sorted(design)))
    rows += [_row("within", named(design), *cochran(mine, separate(mine)))
             for design in kinds for mine in [_of(data, design)]
             if len(set(mine.studies)) > 1]  # fmt: skip
    for design in kinds if between[1] else ():
        inside = np.array([own[study] == design for study in data.studies])
        columns = np.hstack([consistent(data), consistent(data) * inside[:, None]])
        left = _between(data, columns)
        if left[1] < between[1]:
            rows.append(_row("between, design detached", named(design), *left))
    if between[1]:
        tau = tau_within(data)
        rows.append(_row("between, random", "", *_between(data, consistent(data), tau), tau))
    return pd.DataFrame(rows, columns=COLUMNS)


def applies(fit: Fit) -> bool:
    """Whether Q is of the model that is fitted: its effects are those of treatments, and linear."""
    terms = fit.specification.terms
    return fit.linear_in_studies and not terms.covariates and terms.components is None


def consistent(data: NormalData) -> np.ndarray:
    """Columns of consistent effects, shape (rows, treatments)."""
    return differences(data.pairs, sorted({name for pair in data.pairs for name in pair}))


def separate(data: NormalData) -> np.ndarray:
    """Columns of effects that every design has for itself."""
    return of_designs(data, consistent(data))


def tau_within(data: NormalData) -> float:
    """Heterogeneity within designs by the method of moments (DerSimonian and Laird, multivariate).

    The expectation of Q within designs is df + tau^2 trace(P H), with P its projection.
    """
    weight = np.linalg.inv(data.within)
    columns = separate(data)
    middle = np.linalg.pinv(columns.T @ weight @ columns)
    projection = weight - weight @ columns @ middle @ columns.T @ weight
    q, df = cochran(data, columns)
    slope = float(np.trace(projection @ data.between))
    return float(np.sqrt(max(q - df, 0.0) / slope)) if df else 0.0


def pooled(data: NormalData, names: list[str], tau: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Effects of the data's treatments against the first of `names`, and their covariance."""
    columns = differences(data.pairs, names)[:, 1:]
    weight = np.linalg.inv(data.within + tau**2 * data.between)
    covariance = np.linalg.inv(columns.T @ weight @ columns)
    return covariance @ columns.T @ weight @ data.y, covariance


def cochran(data: NormalData, columns: np.ndarray, tau: float = 0.0) -> tuple[float, int]:
    """Q and its degrees of freedom."""
    root = np.linalg.cholesky(data.within + tau**2 * data.between)
    q, rank = least_squares(np.linalg.solve(root, columns), np.linalg.solve(root, data.y))
    return q, len(data.y) - rank


def _between(data: NormalData, columns: np.ndarray, tau: float = 0.0) -> tuple[float, int]:
    """Q of a model less that within designs."""
    (q, df), (within, free) = cochran(data, columns, tau), cochran(data, separate(data), tau)
    return max(q - within, 0.0), df - free


def _of(data: NormalData, design: frozenset[str]) -> NormalData:
    own = arms(data)
    return data.subset(np.array([own[study] == design for study in data.studies]))


def named(design: frozenset[str]) -> str:
    """What a design is called."""
    return " : ".join(sorted(design))


def _row(part: str, design: str, q: float, df: int, tau: float | None = None) -> tuple[Any, ...]:
    return part, design, q, df, float(chdtrc(df, q)) if df else None, tau
