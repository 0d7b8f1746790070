"""Censor marks of a picture: ink that sticks out above and below a level stretch of the curve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from evinet.digitise.drawing import Floats
from evinet.digitise.raster.staircase import Edges


def covered(found: Edges, path: NDArray[np.int64], wide: float) -> NDArray[np.bool_]:
    """Whether a column has more ink than the line and its drops: under a mark, or touched."""
    size = int(np.ceil(wide)) + 1
    fall = ndimage.maximum_filter1d(path, 2 * size + 1)
    fall = fall - ndimage.minimum_filter1d(path, 2 * size + 1)
    with np.errstate(invalid="ignore"):
        return np.asarray(found.thickness > wide + fall + 1.2)


def columns(found: Edges, path: NDArray[np.int64], wide: float) -> NDArray[np.bool_]:
    """Whether a column of the path is under a mark: its ink sticks out on both sides."""
    out = max(1.5, 0.6 * wide)
    size = int(np.ceil(wide)) + 2
    entering = ndimage.minimum_filter1d(path, 2 * size + 1)
    leaving = ndimage.maximum_filter1d(path, 2 * size + 1)
    above = entering + 0.5 - wide / 2 - found.upper
    below = found.lower - (leaving + 0.5 + wide / 2)
    with np.errstate(invalid="ignore"):
        both = (above > out) & (below > out)
    return np.asarray(both)


def centres(marked: NDArray[np.bool_], found: Edges, wide: float) -> Floats:
    """Columns in which marks stand: the middle of each group, or of each peak of a wide one."""
    labels, count = ndimage.label(marked)
    places: list[float] = []
    for group in range(1, count + 1):
        inside = np.flatnonzero(labels == group)
        pieces = max(1, round(len(inside) / max(2.5 * wide, 4.0)))
        if len(inside) <= 2.0 * wide + 2:
            pieces = 1
        share = np.array_split(inside, pieces)
        places += [float(piece.mean()) + 0.5 for piece in share]
    return np.array(places)
