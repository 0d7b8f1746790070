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
    """Whether a column of the path is under a mark: its ink sticks out on both sides.

    Beside a drop one end of a mark is lost in the drop: there the other end tells, if it is as far
    from the line as the ends of marks that were seen whole.
    """
    out = max(1.5, 0.6 * wide)
    size = int(np.ceil(wide)) + 2
    entering = ndimage.minimum_filter1d(path, 2 * size + 1)
    leaving = ndimage.maximum_filter1d(path, 2 * size + 1)
    above = entering + 0.5 - wide / 2 - found.upper
    below = found.lower - (leaving + 0.5 + wide / 2)
    with np.errstate(invalid="ignore"):
        whole = (above > out) & (below > out)
        level = whole & (entering == leaving)
        if level.sum() < 3:
            return np.asarray(whole)
        up, down = np.median(above[level]), np.median(below[level])
        ended = (np.abs(above - up) < 1.2) | (np.abs(below - down) < 1.2)
        return np.asarray(whole | (ended & (entering != leaving)))


def centres(marked: NDArray[np.bool_], found: Edges, wide: float) -> Floats:
    """Columns in which marks stand: the middle of each group, or evenly over a wide one.

    The commonest width of a group is that of one mark.
    """
    labels, count = ndimage.label(marked)
    groups = [np.flatnonzero(labels == group) for group in range(1, count + 1)]
    if not groups:
        return np.zeros(0)
    widths = np.array([len(group) for group in groups])
    one = int(np.bincount(widths).argmax()) if count >= 4 else int(widths.min())
    one = max(one, round(0.5 * wide), 2)
    places: list[float] = []
    for group in groups:
        share = np.array_split(group, max(1, round(len(group) / one)))
        places += [float(piece.mean()) + 0.5 for piece in share]
    return np.array(places)
