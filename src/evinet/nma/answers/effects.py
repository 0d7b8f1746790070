"""Parameters, effects of every pair, ranks, margins, and how wrong a class may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evinet import tables
from evinet.nma.answers.bridge import rests_on_class
from evinet.nma.convergence import mixing
from evinet.nma.distribution import COLUMNS, Distribution, summary
from evinet.nma.settings import Margin

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit


def pairs(islands: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Ordered pairs of treatments that share an island."""
    return (
        (treatment, comparator)
        for treatment, comparator in permutations(islands, 2)
        if islands[treatment] == islands[comparator]
    )


def estimates(fit: Fit) -> pd.DataFrame:
    """Table ESTIMATES: coefficients, tau, sigma and the baseline hazards' parameters.

    Over reconstructions draws are pooled, and so is what tells of their convergence.
    """
    if fit.mixture is not None:
        return tables.ESTIMATES.frame(
            [{"parameter": name, **each.summary()} for name, each in _exactly(fit).items()]
        )
    rows: list[dict[str, Any]] = []
    for name, values in fit.parameters.items():
        rows.append({
            "parameter": name,
            **summary(np.concatenate([array.ravel() for array in values])),
            **mixing(values),
        })  # fmt: skip
    return tables.ESTIMATES.frame(rows)


def _exactly(fit: Fit) -> dict[str, Distribution]:
    assert fit.mixture is not None
    to = fit.specification.to_reported()
    found = {name: fit.mixture.of(to[row]) for row, name in enumerate(fit.specification.names)}
    if fit.specification.random:
        found["tau"] = fit.mixture.scale("tau")
    if fit.specification.sigma_prior is not None:
        found["sigma"] = fit.mixture.scale("sigma")
    return found


def league(fit: Fit) -> pd.DataFrame:
    """Table LEAGUE: every pair inside an island; with random effects also in a new study."""
    apart, moved = fit.network.islands, rests_on_class(fit.specification.design)
    rows = []
    for treatment, comparator in pairs(fit.islands):
        effect = fit.difference(treatment, comparator)
        row: dict[str, Any] = {
            "treatment": treatment,
            "comparator": comparator,
            "component": fit.islands[treatment],
            "bridged": frozenset((treatment, comparator)) in moved,
            "crosses": apart[treatment] != apart[comparator],
            **effect.summary(),
            "p_better": better(fit, effect),
            "prior_only": frozenset((treatment, comparator)) in fit.held_by_prior,
        }
        if fit.specification.random:
            new = fit.difference(treatment, comparator, new_study=True)
            row["predict_q2.5"], row["predict_q97.5"] = new.quantile(0.025), new.quantile(0.975)
        rows.append(row)
    return tables.LEAGUE.frame(rows)


def better(fit: Fit, effect: Distribution) -> float:
    """The probability that an effect is an improvement."""
    below = effect.below(0.0)
    return below if fit.better == "lower" else 1 - below


def ranks(fit: Fit) -> pd.DataFrame:
    """Table RANKS: rank 1 is the best; never across islands (Salanti et al. 2011).

    SUCRA is the mean probability of being better than another treatment, so that it is exact where
    effects are; the probabilities of ranks are shares of draws, but for two treatments.
    """
    sign = 1 if fit.better == "lower" else -1
    drawn = fit.ranked_draws()
    rows = []
    for island in sorted(set(fit.islands.values())):
        names = [name for name in fit.treatments if fit.islands[name] == island]
        if len(names) == 1:
            continue
        order = np.argsort(np.argsort(np.array([sign * drawn[name] for name in names]), axis=0),
                           axis=0)  # fmt: skip
        held = [name for name in names if any(name in pair for pair in fit.held_by_prior)]
        for treatment, places in zip(names, order, strict=True):
            probability = np.bincount(places, minlength=len(names)) / places.size
            beats = [better(fit, fit.difference(treatment, other))
                     for other in names if other != treatment]  # fmt: skip
            if len(names) == 2:
                probability = np.array([beats[0], 1 - beats[0]])
            rows += [
                {
                    "component": island,
                    "treatment": treatment,
                    "rank": rank,
                    "probability": float(share),
                    "sucra": float(np.mean(beats)),
                    "prior_only": bool(held),
                }
                for rank, share in enumerate(probability, start=1)
            ]
    return tables.RANKS.frame(rows)


def margins(fit: Fit, chosen: Sequence[Margin]) -> pd.DataFrame:
    """Table MARGINS: the probability of a ratio below each margin, for every pair."""
    moved = rests_on_class(fit.specification.design)
    rows = []
    for treatment, comparator in pairs(fit.islands):
        effect = fit.difference(treatment, comparator)
        new = fit.difference(treatment, comparator, new_study=True)
        for margin in chosen:
            at = float(np.log(margin.ratio))
            rows.append({
                "treatment": treatment,
                "comparator": comparator,
                "component": fit.islands[treatment],
                "bridged": frozenset((treatment, comparator)) in moved,
                "ratio": margin.ratio,
                "probability": effect.below(at),
                "probability_new_study": new.below(at) if fit.specification.random else None,
            })  # fmt: skip
    return tables.MARGINS.frame(rows)


def tipping(league_table: pd.DataFrame) -> pd.DataFrame:
    """Table TIPPING: how wrong the bridge must be before the 95 % interval reaches no difference.

    A bridge says how a treatment of one island relates to one of another. Were it wrong by a shift
    of the effect, every comparison across it would move by that shift.
    """
    across = league_table[league_table["crosses"].astype(bool)]
    rows = []
    for row in across.to_dict("records"):
        shift = max(-row["q97.5"], row["q2.5"], 0.0)
        rows.append({
            "treatment": row["treatment"],
            "comparator": row["comparator"],
            **{column: row[column] for column in COLUMNS},
            "shift": shift,
            "ratio": float(np.exp(shift)),
        })  # fmt: skip
    return tables.TIPPING.frame(rows)


def splits(fits: dict[tuple[str, str], Fit]) -> pd.DataFrame:
    """One row for each split pair: direct and indirect effect of B against A, and their difference.

    `p` is twice the smaller probability of the difference's sign.
    """
    from evinet.nma.design import OMEGA

    rows = []
    for (first, second), fit in fits.items():
        names = fit.specification.names
        indirect = (fit._row(second) - fit._row(first)) @ fit.specification.to_reported()
        omega = np.array([float(name == OMEGA) for name in names])
        each = {"direct": indirect + omega, "indirect": indirect, "difference": omega}
        found = {label: fit.linear(row) for label, row in each.items()}
        above = 1 - found["difference"].below(0.0)
        row: dict[str, Any] = {"treatment": second, "comparator": first}
        for label, distribution in found.items():
            said = distribution.summary()
            row |= {f"{label}_{key}": said[key] for key in ("mean", "sd", "q2.5", "q97.5")}
        tau = fit.scale("tau") if fit.specification.random else None
        rows.append(row | {
            "p": 2 * min(above, 1 - above),
            "DIC": fit.measures()["DIC"],
            "tau_mean": None if tau is None else tau.centre,
        })  # fmt: skip
    return tables.SPLITS.frame(rows)
