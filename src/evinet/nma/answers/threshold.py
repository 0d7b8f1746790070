"""How far a study's result must move before another treatment is best (Phillippo et al. 2018)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from evinet import tables
from evinet.nma.answers.contribution import NEGLIGIBLE, weights
from evinet.nma.distribution import Z95

if TYPE_CHECKING:
    from evinet.nma.posterior import Fit


def threshold(fit: Fit) -> pd.DataFrame:
    """Table THRESHOLD: for every row, the turning points of its effect.

    The best treatment has the best mean effect. Means are linear in a study's effect with the
    weights of `contribution.weights`, tau and sigma keeping their posterior (J R Stat Soc A
    181:843). None with several arms of one treatment in a study.
    """
    data = fit.normal
    if not fit.linear_in_studies or len(set(zip(data.studies, data.pairs, strict=True))) < len(
        data.y
    ):
        return tables.THRESHOLD.frame([])
    sign = 1 if fit.better == "lower" else -1
    mean = np.array([_mean(fit, name) for name in fit.treatments])
    moved = weights(fit, data)
    found = []
    for number, (study, (treatment, comparator)) in enumerate(
        zip(data.studies, data.pairs, strict=True)
    ):
        mine = [
            place for place, name in enumerate(fit.treatments)
            if fit.islands[name] == fit.islands[treatment]
        ]  # fmt: skip
        best, turns = turning_points(sign * mean[mine], sign * moved[mine, number])
        y, half = float(data.y[number]), Z95 * float(np.sqrt(data.within[number, number]))
        row: dict[str, Any] = {
            "component": fit.islands[treatment],
            "study": study,
            "treatment": treatment,
            "comparator": comparator,
            "best": fit.treatments[mine[best]],
            "log_estimate": y,
            "inside_interval": any(abs(shift) < half for shift, _ in turns.values()),
        }
        for side, (shift, new) in turns.items():
            row |= {side: y + shift, f"{side}_best": fit.treatments[mine[new]]}
        found.append(row)
    return tables.THRESHOLD.frame(found)


def _mean(fit: Fit, treatment: str) -> float:
    """Mean effect against the reference of its island."""
    reference = next(name for name in fit.references if fit.islands[name] == fit.islands[treatment])
    return fit.difference(treatment, reference).centre


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
