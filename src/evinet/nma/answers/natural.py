"""Effects as people read them: ratios in place of their logarithms, tables as texts, draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit

LOGGED = "ln "
QUANTILES = ("q50", "q2.5", "q97.5", "predict_q2.5", "predict_q97.5")
NAMES = {
    "ln HR": "hazard ratio", "ln OR": "odds ratio", "ln RR": "risk ratio",
    "ln rate ratio": "rate ratio", "ln ratio of means": "ratio of means", "ln ratio": "ratio",
    "ln time ratio": "time ratio",
}  # fmt: skip


def is_ratio(scale: str) -> bool:
    """Whether effects are logarithms of ratios."""
    return scale.startswith(LOGGED)


def name_of(scale: str) -> str:
    """What effects are on the natural scale.

    Examples
    --------
    >>> name_of("ln OR"), name_of("mean difference")
    ('odds ratio', 'mean difference')
    """
    return NAMES.get(scale, scale.removeprefix(LOGGED))


def shown(values: np.ndarray | float, scale: str) -> np.ndarray:
    """Effects on the natural scale."""
    return np.exp(values) if is_ratio(scale) else np.asarray(values)


def beside(league: pd.DataFrame, scale: str) -> pd.DataFrame:
    """A league table with columns ratio_q50, ratio_q2.5, ... beside those of logarithms.

    Quantiles of a ratio are those of its logarithm, exponentiated; means are not, and have none.
    """
    if not is_ratio(scale):
        return league
    known = [name for name in QUANTILES if name in league]
    with np.errstate(over="ignore"):
        ratios = {f"ratio_{name}": np.exp(league[name].astype(float)) for name in known}
    return league.assign(**ratios)


def text(row: Mapping[Any, Any], scale: str) -> str:
    """A median and its 95 % interval on the natural scale.

    Examples
    --------
    >>> text({"q50": 0.0, "q2.5": -0.6931, "q97.5": 0.6931}, "ln OR")
    '1.00 (0.50 to 2.00)'
    >>> text({"q50": 0.0018, "q2.5": -0.0041, "q97.5": 0.0077}, "risk difference")
    '0.002 (-0.004 to 0.008)'
    """
    middle, low, high = numbers([float(row[name]) for name in QUANTILES[:3]], scale)
    return f"{middle} ({low} to {high})"


def numbers(values: list[float], scale: str) -> list[str]:
    """Effects on the natural scale with two decimals, or as many as tell them apart."""
    with np.errstate(over="ignore"):
        found = [float(value) for value in shown(np.array(values), scale)]
    width = max(found) - min(found)
    decimals = 2 if not 0 < width < 0.1 else int(1 - np.floor(np.log10(width)))
    return [
        f"{value:.{decimals if abs(value) < 1000 else 0}f}" if abs(value) < 1e6 else f"{value:.3g}"
        for value in found
    ]


def matrix(fit: Fit) -> pd.DataFrame:
    """The effect of each row's treatment against each column's, best first; "" across islands."""
    known = {
        (str(row["treatment"]), str(row["comparator"])): row
        for row in fit.league().to_dict("records")
    }
    sucra = fit.ranks().drop_duplicates("treatment").set_index("treatment")["sucra"]
    order = sorted(fit.treatments, key=lambda name: (fit.islands[name], -sucra.get(name, 0.0)))
    scale = fit.specification.scale
    cells = [
        [name if name == other else
         text(known[name, other], scale) if (name, other) in known else ""
         for other in order] for name in order
    ]  # fmt: skip
    return pd.DataFrame([[name, *row] for name, row in zip(order, cells, strict=True)],
                        columns=["treatment", *order])  # fmt: skip


def draws(fit: Fit) -> pd.DataFrame:
    """Draws of the reported parameters; chains of all reconstructions are numbered on."""
    parameters = {name: np.concatenate(values) for name, values in fit.parameters.items()}
    chains, size = next(iter(parameters.values())).shape
    return pd.DataFrame({
        "chain": np.repeat(np.arange(1, chains + 1), size),
        "draw": np.tile(np.arange(1, size + 1), chains),
        **{name: values.ravel() for name, values in parameters.items()},
    })  # fmt: skip
