"""Odds ratios of sparse networks without priors, to hold the posterior against.

Both take effects as the same in all studies, and neither adds anything to empty cells.

*Mantel-Haenszel* (Efthimiou et al. 2019, Stat Med 38:2992): the generalised estimates of each
design (the studies of the same treatments), with the covariance of Greenland 1989 (Biometrics
45:183), which holds for many small studies and for few large ones, are put together by weighted
least squares. What has no event (or nothing but events) in all studies of a design, or in all that
tell something of a pair, has no estimate there, and is left out of it.

*Penalised likelihood* (Firth 1993, Biometrika 80:27; Evrenoglou et al. 2022, Stat Med 41:5203): a
logistic regression with a level for each study, whose likelihood is multiplied by the root of the
information's determinant, so that estimates are finite and hardly biased.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evinet.nma.distribution import Z95
from evinet.nma.islands import islands_of
from evinet.nma.terms import differences

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit

STEPS, CLOSE = 200, 1e-10  # of the penalised likelihood


def without_priors(fit: Fit) -> pd.DataFrame:
    """Log odds ratios of every pair by each method, beside their posterior.

    Columns treatment, comparator, method, estimate, se, lower, upper (95 % limits), posterior_mean
    and posterior_sd. Of consistent effects of binomial arms with the logit link, without covariate,
    class, components or weights; of anything else none. Pairs that a method does not connect are
    left out.
    """
    model = fit.specification
    arms, terms = model.arms, model.terms
    shaped = terms.unrelated or terms.split or terms.covariates or terms.baseline_risk
    other = terms.group or terms.components or fit.network.regression is not None
    if arms is None or (arms.likelihood.name, arms.likelihood.link) != ("binomial", "logit"):
        return pd.DataFrame()
    if shaped or other or len(fit.network.contrasts.rows) or fit.network.weights:
        return pd.DataFrame()
    own = model.design.rows.iloc[model.design.of("arm")]
    data = pd.DataFrame({"study": own["study"], "treatment": own["treatment"],
                         "r": arms.x, "n": arms.s})  # fmt: skip
    data = data.groupby(["study", "treatment"], sort=False, as_index=False).sum()
    found: list[dict[str, Any]] = []
    league = fit.league()
    for method, estimates in (("Mantel-Haenszel", mantel_haenszel(data)),
                              ("penalised", penalised(data))):  # fmt: skip
        for row in league.to_dict("records"):
            for names, effects, spread in estimates:
                if not {row["treatment"], row["comparator"]} <= set(names):
                    continue
                one, two = names.index(row["treatment"]), names.index(row["comparator"])
                se = float(np.sqrt(spread[one, one] + spread[two, two] - 2 * spread[one, two]))
                difference = float(effects[one] - effects[two])
                found.append({
                    "treatment": row["treatment"], "comparator": row["comparator"],
                    "method": method, "estimate": difference, "se": se,
                    "lower": difference - Z95 * se, "upper": difference + Z95 * se,
                    "posterior_mean": row["mean"], "posterior_sd": row["sd"],
                })  # fmt: skip
    return pd.DataFrame(found)


Estimate = tuple[list[str], np.ndarray, np.ndarray]
"""Treatments of an island, their effects against the first, and the covariance of these."""


def mantel_haenszel(data: pd.DataFrame) -> list[Estimate]:
    """Effects in each island by the method of Mantel and Haenszel, of study, treatment, r, n.

    Examples
    --------
    >>> ((names, effects, covariance),) = mantel_haenszel(pd.DataFrame({
    ...     "study": ["S", "S", "T", "T"], "treatment": ["A", "B"] * 2,
    ...     "r": [3.0, 0, 2, 1], "n": [30.0, 30, 20, 20]}))
    >>> print(effects.round(3), np.sqrt(covariance[1, 1]).round(3))
    [ 0.    -1.695] 1.121
    """
    designs: dict[frozenset[str], list[str]] = {}
    for study, own in data.groupby("study", sort=False):
        if 0 < own["r"].sum() < own["n"].sum():
            designs.setdefault(frozenset(own["treatment"]), []).append(str(study))
    parts = []
    for studies in designs.values():
        cells = data[data["study"].isin(studies)]
        names = list(dict.fromkeys(cells["treatment"]))
        counts = [cells.pivot(index="study", columns="treatment", values=name)[names].to_numpy()
                  for name in ("r", "n")]  # fmt: skip
        r, rest = counts[0], counts[1] - counts[0]
        kept = _comparable(r, rest)
        if kept.sum() > 1:
            names = [name for name, keep in zip(names, kept, strict=True) if keep]
            parts.append((names, *of_design(r[:, kept], rest[:, kept])))
    islands = islands_of({str(number): set(own) for number, (own, _, _) in enumerate(parts)})
    return [_together(names, [part for part in parts if part[0][0] in names]) for names in islands]


def _comparable(r: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Which treatments of a design have finite odds ratios against each other.

    The others have no event (or nothing but events) wherever the study tells something of a pair.
    """
    kept = (r.sum(axis=0) > 0) & (rest.sum(axis=0) > 0)
    cross = np.einsum("sx,sy->xy", r, rest)
    infinite = (cross == 0) | (cross.T == 0)
    while (bad := infinite & kept & kept[:, None]).any():
        kept[bad.sum(axis=1).argmax()] = False
    return kept


def of_design(r: np.ndarray, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Effects of a design's treatments against its first, and their covariance.

    Of patients with and without the event, both of shape (studies, treatments).
    """
    size = r.shape[1]
    total = (r + rest).sum(axis=1)
    cross = np.einsum("sx,sy,s->xy", r, rest, 1 / total)
    pairs = list(combinations(range(size), 2))
    log = np.array([np.log(cross[y, x] / cross[x, y]) for x, y in pairs])  # y against x

    def joint(x: int, y: int, z: int) -> float:
        """Covariance of the effects of y and of z against x."""
        squared = 1 / total**2
        if y == z:
            one, other = (r[:, a] * rest[:, b] * squared for a, b in ((x, y), (y, x)))
            near, far = r[:, x] + rest[:, y], r[:, y] + rest[:, x]
            return float(
                (one * near).sum() / cross[x, y] ** 2 / 2
                + (one * far + other * near).sum() / (2 * cross[x, y] * cross[y, x])
                + (other * far).sum() / cross[y, x] ** 2 / 2
            )
        n = r[:, x] + rest[:, x]
        terms = (
            (r[:, x] * rest[:, y] * rest[:, z], cross[x, y] * cross[x, z]),
            (n * rest[:, y] * r[:, z], cross[x, y] * cross[z, x]),
            (n * r[:, y] * rest[:, z], cross[y, x] * cross[x, z]),
            (rest[:, x] * r[:, y] * r[:, z], cross[y, x] * cross[z, x]),
        )
        return float(sum((count * squared).sum() / by / 3 for count, by in terms))

    spread = np.zeros((len(pairs), len(pairs)))
    for one, first in enumerate(pairs):
        for two, second in enumerate(pairs):
            both = {*first} & {*second}
            if first == second:
                spread[one, two] = joint(first[0], first[1], first[1])
            elif both:
                (shared,) = both
                y, z = (a + b - shared for a, b in (first, second))
                same = (first[0] == shared) == (second[0] == shared)
                spread[one, two] = (1 if same else -1) * joint(shared, y, z)
    means = np.zeros((size, len(pairs)))  # of the effects of each against every other
    for place, (x, y) in enumerate(pairs):
        means[y, place], means[x, place] = 1 / size, -1 / size
    against = (means - means[0])[1:]
    return against @ log, against @ spread @ against.T


def _together(names: list[str], parts: list[Estimate]) -> Estimate:
    """Weighted least squares of the effects of an island's designs."""
    from scipy.linalg import block_diag

    pairs = [(name, own[0]) for own, _, _ in parts for name in own[1:]]
    columns = differences(pairs, names)[:, 1:]
    weight = np.linalg.inv(block_diag(*(spread for _, _, spread in parts)))
    covariance = np.linalg.inv(columns.T @ weight @ columns)
    effects = covariance @ columns.T @ weight @ np.concatenate([effects for _, effects, _ in parts])
    return _with_first(names, effects, covariance)


def _with_first(names: list[str], effects: np.ndarray, covariance: np.ndarray) -> Estimate:
    return names, np.append(0.0, effects), np.pad(covariance, ((1, 0), (1, 0)))


def penalised(data: pd.DataFrame) -> list[Estimate]:
    """Effects in each island by Firth's penalised likelihood, of study, treatment, r, n.

    An island for which the steps to the maximum do not settle is left out.
    """
    members = {str(study): set(own["treatment"])
               for study, own in data.groupby("study", sort=False)}  # fmt: skip
    found = [_firth(names, data[data["treatment"].isin(names)]) for names in islands_of(members)]
    return [each for each in found if each is not None]


def _firth(names: list[str], data: pd.DataFrame) -> Estimate | None:
    columns = np.hstack([
        pd.get_dummies(data["study"]).to_numpy(float),
        (data["treatment"].to_numpy()[:, None] == np.array(names[1:], object)).astype(float),
    ])  # fmt: skip
    r, n = data["r"].to_numpy(float), data["n"].to_numpy(float)
    at, free = np.zeros(columns.shape[1]), len(names) - 1
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-columns @ at))
        weight = n * p * (1 - p)
        spread = np.linalg.inv(columns.T @ (weight[:, None] * columns))
        leverage = weight * np.einsum("ij,jk,ik->i", columns, spread, columns)
        step = spread @ (columns.T @ (r - n * p + leverage * (0.5 - p)))
        at = at + step / max(1.0, float(np.abs(step).max()) / 2)
        if np.abs(step).max() < CLOSE:
            return _with_first(names, at[-free:], spread[-free:, -free:])
    return None
