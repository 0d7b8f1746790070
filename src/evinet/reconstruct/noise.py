"""How precisely a curve was read: the rounding of its values, and what its noise may be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evinet.patients.data import Floats

EXACT = 1e-6
LADDER = (EXACT, 1e-5, 1e-4, 3e-4, 1e-3, 2e-3, 4e-3, 1e-2)
WIDER = (1.0, 2.0, 4.0, 8.0)  # times the spacing of a grid
WIDEST = 0.03
LEAST_VALUES = 4
DIVISORS = 60
WIDEST_PIXEL = 0.012
CHANCE = 0.01  # most that a grid may be expected to fit by chance
MOST_DIGITS = 12  # significant digits that an export may have been cut to


@dataclass(frozen=True)
class Noise:
    """An error of survival: rounding, with normal flanks.

    Attributes
    ----------
    rounded : values are uniform within the width to which they were rounded, with normal flanks.
    share : SD of the flanks as a share of that width.
    sd : SD of the flanks, at least.
    """

    rounded: bool
    share: float
    sd: float

    @property
    def of_eye(self) -> bool:
        """Whether an eye or a hand made it, which misses times as well as survival."""
        return not self.rounded and self.sd > 2 * EXACT

    def of(self, half: Floats) -> tuple[Floats, Floats]:
        """Half width and SD of each value, given half the width to which it was rounded."""
        return half * self.rounded, np.maximum(2 * half * self.share, self.sd)


@dataclass(frozen=True, eq=False)
class Rounding:
    """To what values were rounded: `spacing` (0 if to nothing), and (K,) half the width of each.

    The width is the spacing of the grid on which all values are (pixels, decimals), or the last
    of the significant digits to which they were written.
    """

    spacing: float
    half: Floats


def rounding(values: Floats) -> Rounding:
    """The grid or the significant digits of values.

    A grid is a hypothesis only: survival among 20 patients without censoring is a multiple of 1/20,
    and exact; so are whole days.
    """
    distinct = np.unique(np.round(values, 12))
    none = Rounding(0.0, np.zeros(len(values)))
    if len(distinct) < LEAST_VALUES:
        return none
    fixed = next((d for d in range(1, 13) if _written(distinct, np.full(len(distinct), d))), 13)
    decimals = fixed if fixed <= 5 else None
    digits = next(
        (d for d in range(1, MOST_DIGITS + 1) if _written(distinct, _decimals(distinct, d))), None
    )
    unit = np.maximum(10.0 ** -_decimals(distinct, digits or 15), 10.0**-fixed)
    significant = decimals is None or int((unit > 1.5 * 10.0**-decimals).sum()) >= LEAST_VALUES - 1
    if not significant and decimals is not None:
        unit = np.full(len(distinct), 10.0**-decimals)
        whole = np.rint(np.diff(distinct) / 10.0**-decimals).astype(np.int64)
        common = int(np.gcd.reduce(whole))
        if common > 1:
            return _even(common * 10.0**-decimals, values)
    pixel = _divisor(distinct, 0.51 * unit + 1e-12)
    if pixel and significant and digits is not None:  # the larger the value, the less is written
        return Rounding(pixel, np.maximum(pixel, _width(values, digits)) / 2)
    if pixel:
        return _even(pixel, values)
    if not significant and decimals is not None:
        return _even(10.0**-decimals, values)
    if digits is None or digits > 5:
        return none
    width = _width(values, digits)
    return Rounding(float(np.median(width)), width / 2)


def _width(values: Floats, digits: int) -> Floats:
    """A unit of the last of so many significant digits of each value."""
    width: Floats = 10.0 ** -_decimals(np.maximum(np.abs(values), 1e-12), digits)
    return width


def _even(spacing: float, values: Floats) -> Rounding:
    return Rounding(spacing, np.full(len(values), spacing / 2))


def _decimals(values: Floats, digits: int) -> Floats:
    """Decimals that show so many significant digits of each value."""
    size = np.floor(np.log10(np.maximum(np.abs(values), 1e-12)) + 1e-9)
    return np.where(values == 0, 12.0, digits - 1 - size)


def _written(values: Floats, decimals: Floats) -> bool:
    """Whether each value has no more than so many decimals."""
    scale = 10.0**decimals
    return bool((np.abs(np.rint(values * scale) / scale - values) < 1e-10 * (1 + values)).all())


def _divisor(distinct: Floats, accuracy: Floats) -> float:
    """The largest spacing that all differences are multiples of; each value has its accuracy.

    A spacing fits from the closest values to ever further ones: as long as the error of the spacing
    adds up to less than a quarter of it, the whole number between two values is certain.
    """
    gaps, slack = np.diff(distinct), accuracy[1:] + accuracy[:-1]
    clear = np.flatnonzero(gaps > 3 * slack)
    if not len(clear):
        return 0.0
    start = int(clear[np.argmin(gaps[clear])])
    offsets = np.abs(distinct - distinct[start])
    errors = accuracy + accuracy[start]
    order = np.argsort(offsets)[1:]
    offsets, errors = offsets[order], errors[order]
    for divisor in range(1, DIVISORS + 1):
        spacing, doubt = gaps[start] / divisor, slack[start] / divisor
        if spacing < 5 * errors.min():
            return 0.0
        while True:
            near = offsets * doubt < 0.25 * spacing**2
            whole = np.rint(offsets[near] / spacing)
            weight = whole / errors[near] ** 2
            if not whole.any():
                break
            spacing = float(weight @ offsets[near] / (weight @ whole))
            off = np.abs(offsets[near] - whole * spacing)
            if (off > 2 * errors[near] + 1e-9 * offsets[near]).any():
                break
            if near.all():
                by_chance = min(4 * float(np.median(errors)) / spacing, 1.0) ** (len(offsets) - 1)
                return spacing if divisor * by_chance < CHANCE else 0.0
            better = float((errors[near] / np.maximum(whole, 1))[whole > 0].min())
            doubt = min(doubt / 2, better)
    return 0.0


def hypotheses(spacing: float, n: int) -> list[Noise]:
    """What the noise may be, given the grid of the survival that was read of `n` patients.

    Values on a grid are rounded, unless it is wider than a pixel of any plot or they are whole
    patients of n (or of all but one). Beyond that a hand may have missed the curve, by whatever
    decimals its points were written with.
    """
    if spacing < 2 * EXACT:
        return [Noise(False, 0.0, sd) for sd in LADDER]
    rounded = [Noise(True, share, 0.0) for share in (0.05, 0.4)]
    wider = [Noise(False, 0.0, factor * spacing) for factor in WIDER]
    whole = abs(1 / spacing - round(1 / spacing)) < 1e-4 and n - 1.5 < 1 / spacing < n + 0.5
    exact = [Noise(False, 0.0, EXACT)] if spacing > WIDEST_PIXEL or whole else []
    by_hand = [Noise(False, 0.0, sd) for sd in LADDER if sd > WIDER[-1] * spacing]
    return [
        each for each in (*exact, *rounded, *wider, *by_hand)
        if max(each.sd, each.share * spacing) <= WIDEST
    ]  # fmt: skip
