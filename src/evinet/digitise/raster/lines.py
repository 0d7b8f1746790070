"""Straight lines of a picture: axes, ticks, grids and frames, with the middle of each line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from evinet.digitise.axes import Segment, Segments
from evinet.digitise.raster.shapes import opened

SHORTEST = 3  # pixels of a tick
LONG = 25  # pixels: an axis or a frame, not a tick
THICKEST = 7


def segments(picture: NDArray[np.uint8]) -> Segments:
    """Upright and level lines: dark ones of any length, faint ones that are long."""
    grey = picture.astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    paper = float(np.median(grey))
    depth = paper - grey  # darker than the paper
    dark = max(40.0, 0.3 * float(np.percentile(depth, 99.8)))
    found = Segments()
    for way, lines in ((0, found.upright), (1, found.level)):
        turned = depth if way == 0 else depth.T
        mask = turned > dark
        lines += _lines(turned, mask, LONG)
        lines += _lines(turned, mask & ~opened(mask, 1, LONG), SHORTEST)  # without what it crosses
        faint = np.abs(turned) > 6
        lines += [
            line for line in _lines(np.abs(turned), faint, turned.shape[0] // 5)
            if not any(abs(line.at - other.at) < 1.5 and other.length > 0.5 * line.length
                       for other in lines)
        ]  # fmt: skip
    return found


def _lines(depth: NDArray[np.float64], mask: NDArray[np.bool_], shortest: int) -> list[Segment]:
    """Upright lines of a mask: runs down the columns, neighbours put together."""
    size = max(int(shortest), 2)
    runs = opened(mask, size, 1)
    labels, _ = ndimage.label(runs)
    found = []
    for place in ndimage.find_objects(labels):
        if place is None:
            continue
        down, across = place
        height, width = down.stop - down.start, across.stop - across.start
        if width > THICKEST or height < 1.5 * width:
            continue
        wide = slice(max(across.start - 1, 0), across.stop + 1)
        weight = depth[down, wide].clip(0).sum(axis=0)
        columns = np.arange(wide.start, wide.start + len(weight))
        at = float((weight * columns).sum() / max(weight.sum(), 1e-9)) + 0.5
        found.append(Segment(at, float(down.start), float(down.stop)))
    return found
