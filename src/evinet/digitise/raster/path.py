"""The path of a curve through a picture: it only goes right, and only down.

Dynamic programming over columns; going along ink costs nothing, along bare paper one a pixel, and
over ink of others (where it may be hidden) something in between.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import ndimage

from evinet.digitise.drawing import Floats

HIDDEN = 0.4  # cost of a pixel under something else
TAKEN = 0.75  # cost of a pixel under another curve of the same colour
GAP = 0.55  # cost of a pixel in the gap of a dashed line
DASH = 13  # pixels: twice the gap of a dashed line
FALL = 0.06  # cost of a pixel downwards, even on ink: level is likelier
BARE_DOWN = 1.3  # cost of a pixel downwards on bare paper


def costs(
    share: Floats, hidden: Floats, taken: NDArray[np.bool_], blank: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Costs of a pixel along and down.

    `hidden` is the share of other ink; `taken` are pixels of curves of the same colour that were
    found before; `blank` are frames, down which no curve is followed. After another curve of the
    colour the next is likely dashed: then paper beside ink is cheaper.
    """
    bare = np.clip(1 - share, 0, 1)
    cheaper = (1 - HIDDEN) * np.clip(hidden, 0, 1)
    cheaper = np.where(taken, 1 - TAKEN, cheaper)
    if taken.any():
        beside = ndimage.maximum_filter1d(share, DASH, axis=1)
        cheaper = np.maximum(cheaper, (1 - GAP) * beside)
    along = bare * (1 - cheaper)
    down = FALL + BARE_DOWN * bare * np.where(blank, 1.0, 1 - cheaper)
    return along, down


@njit(cache=True)
def find(along: Floats, down: Floats, first: int, last: int) -> np.ndarray:
    """The row of the cheapest path in each column, from rows first..last of column 0.

    In each column the path comes in at one row and leaves at one below it or the same.
    """
    rows, columns = along.shape
    best = np.full(rows, np.inf)
    entered = np.zeros((rows, columns), dtype=np.int32)
    fallen = np.inf
    for row in range(first, rows):  # a curve may fall at once
        fallen += down[row, 0]
        if row <= last:
            fallen = min(fallen, 0.0)
        best[row] = fallen + along[row, 0]
    for column in range(1, columns):
        fresh = np.empty(rows)
        cheapest, source = np.inf, 0
        for row in range(rows):
            cheapest += down[row, column]
            if best[row] < cheapest:
                cheapest, source = best[row], row
            fresh[row] = cheapest + along[row, column]
            entered[row, column] = source
        best = fresh
    path = np.empty(columns, dtype=np.int64)
    path[columns - 1] = int(np.argmin(best))
    for column in range(columns - 1, 0, -1):
        path[column - 1] = entered[path[column], column]
    return path
