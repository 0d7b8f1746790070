"""How far the survival that was read may be from the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evinet.reconstruct.inputs import Floats

EXACT = 1e-6
LADDER = (EXACT, 1e-5, 1e-4, 3e-4, 1e-3, 2e-3, 4e-3, 1e-2)
LEAST_VALUES = 4
DIVISORS = 12
WIDEST_PIXEL = 0.012


@dataclass(frozen=True)
class Noise:
    """An error of survival: uniform within `half`, with normal flanks of `sd`."""

    half: float
    sd: float


def grid(values: Floats) -> float:
    """Spacing of which all values are multiples, but for a shift; 0 if there is none.

    Pixels and decimals show as such; so do whole days. It is a hypothesis only: survival among
    20 patients without censoring is a multiple of 1/20 and exact.
    """
    distinct = np.unique(np.round(values, 12))
    if len(distinct) < LEAST_VALUES:
        return 0.0
    for digits in range(1, 6):
        if np.abs(np.round(distinct, digits) - distinct).max() < 1e-10:
            unit = 10.0**-digits
            common = int(np.gcd.reduce(np.rint(np.diff(distinct) / unit).astype(np.int64)))
            return common * unit if common > 1 else _divisor(distinct, unit, 0.51) or unit
    return _divisor(distinct, 1e-7 * max(abs(distinct[-1]), 1e-12), 0.02)


def _divisor(distinct: Floats, accuracy: float, slack: float) -> float:
    """The largest spacing that all differences are multiples of, within the accuracy."""
    differences = np.diff(distinct)
    clear = differences[differences > 3 * accuracy]
    if not len(clear):
        return 0.0
    smallest = float(clear.min())
    offsets = distinct - distinct[0]
    for divisor in range(1, DIVISORS + 1):
        spacing = smallest / divisor
        for _ in range(3):  # refine: the smallest difference carries the accuracy of two values
            whole = np.rint(offsets / spacing)
            spacing = float(offsets @ whole / (whole @ whole))
        if spacing < 5 * accuracy:
            return 0.0
        off = np.abs(offsets - np.rint(offsets / spacing) * spacing).max()
        if off <= max(2 * slack * accuracy, 1e-9 * offsets[-1]):
            return spacing
    return 0.0


def hypotheses(spacing: float, n: int) -> list[Noise]:
    """What the noise may be, given the grid of the survival that was read of `n` patients.

    Values on a grid are rounded, unless it is wider than a pixel of any plot or they are whole
    patients of n (or of all but one).
    """
    if spacing < 2 * EXACT:
        return [Noise(0.0, sd) for sd in LADDER]
    rounded = [Noise(spacing / 2, share * spacing) for share in (0.05, 0.4)]
    wider = [Noise(0.0, factor * spacing) for factor in (1.0, 2.0, 4.0, 8.0)]
    whole = abs(1 / spacing - round(1 / spacing)) < 1e-4 and n - 1.5 < 1 / spacing < n + 0.5
    exact = [Noise(0.0, EXACT)] if spacing > WIDEST_PIXEL or whole else []
    return [noise for noise in (*exact, *rounded, *wider) if noise.sd <= 0.03]
