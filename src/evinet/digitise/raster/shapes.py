"""Opening and dilation by rectangles, as running minima and maxima: as fast at any size."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Values = TypeVar("Values", bound=NDArray[Any])


def opened(values: Values, down: int, across: int) -> Values:
    """What holds a rectangle of `down` by `across` pixels; outside the picture there is nothing."""
    return dilated(_running(values, ndimage.minimum_filter1d, down, across, 0), down, across, -1)


def dilated(values: Values, down: int, across: int, lean: int = 0) -> Values:
    """The greatest value within a rectangle around each pixel.

    A rectangle with an even side has no middle: it reaches one pixel further up and to the left,
    or with `lean` of -1 down and to the right.
    """
    return _running(values, ndimage.maximum_filter1d, down, across, lean)


def _running(values: Values, function: Any, down: int, across: int, lean: int) -> Values:
    plain: NDArray[Any] = values.astype(np.uint8) if values.dtype == np.bool_ else values
    for axis, size in ((0, down), (1, across)):
        if size > 1:
            origin = lean if size % 2 == 0 else 0
            plain = function(plain, size, axis=axis, mode="constant", cval=0, origin=origin)
    return plain.astype(values.dtype)  # type: ignore[return-value]
