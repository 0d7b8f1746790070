"""How far a trial's result must move before another treatment is best (Phillippo et al. 2018)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from evinet import tables
from evinet.synthesise.answers import NORMAL
from evinet.synthesise.contribution import NEGLIGIBLE, weights
from evinet.synthesise.model import Contrasts
from evinet.synthesise.sampled import Sampled


def threshold(drawn: Sampled) -> pd.DataFrame:
    """Table THRESHOLD: for every row, the turning points of its ln HR.

    The best treatment has the lowest mean effect. Means are linear in a trial's ln HR with the
    weights of `contribution.weights`, tau and sigma keeping their posterior (J R Stat Soc A
    181:843).
    """
    specification, rows = drawn.specification, drawn.rows
    mean = drawn.draws("d").mean(axis=0)
    moved = weights(specification, rows, drawn.tau, drawn.sigma)
    return table(mean, moved, rows, specification.islands)


def table(
    mean: np.ndarray, moved: np.ndarray, rows: Contrasts, islands: dict[str, int]
) -> pd.DataFrame:
    """Table THRESHOLD of any network.

    `mean` are the mean effects of `rows.treatments`, the lowest best; `moved` how much each moves
    with each row's y.
    """
    found = []
    for number, (trial, (treatment, comparator)) in enumerate(
        zip(rows.trials, rows.pairs, strict=True)
    ):
        mine = [
            place for place, name in enumerate(rows.treatments)
            if islands[name] == islands[treatment]
        ]  # fmt: skip
        best, turns = turning_points(mean[mine], moved[mine, number])
        y, half = float(rows.y[number]), NORMAL * float(np.sqrt(rows.within[number, number]))
        row: dict[str, Any] = {
            "component": islands[treatment],
            "trial": trial,
            "treatment": treatment,
            "comparator": comparator,
            "best": rows.treatments[mine[best]],
            "log_estimate": y,
            "inside_interval": any(abs(shift) < half for shift, _ in turns.values()),
        }
        for side, (shift, new) in turns.items():
            row |= {side: y + shift, f"{side}_best": rows.treatments[mine[new]]}
        found.append(row)
    return tables.THRESHOLD.frame(found)


def turning_points(
    mean: np.ndarray, weight: np.ndarray
) -> tuple[int, dict[str, tuple[float, int]]]:
    """The best of several treatments, and the shifts of one result that make another the best.

    Parameters
    ----------
    mean, weight : shape (treatments,): mean effects, and how much each moves with the result.

    Returns
    -------
    Number of the best, and for "lower" and "upper", where there is one, the shift and the new best.
    """
    best = int(mean.argmin())
    turns: dict[str, tuple[float, int]] = {}
    for other in range(len(mean)):
        slope = weight[best] - weight[other]
        if other == best or abs(slope) < NEGLIGIBLE:
            continue
        shift = float((mean[other] - mean[best]) / slope)
        side = "upper" if shift > 0 else "lower"
        if side not in turns or abs(shift) < abs(turns[side][0]):
            turns[side] = (shift, other)
    return best, turns
