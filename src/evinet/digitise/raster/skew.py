"""A scan that lies askew, turned level."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST = 3.0  # degrees
LEAST = 0.12  # degrees: less is left alone
CLEARER = 1.25  # how much longer the longest lines must become


def levelled(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture turned so that its long level and upright lines run level and upright."""
    from PIL import Image

    angle = skew(picture)
    if abs(angle) < LEAST:
        return picture
    turned = Image.fromarray(picture).rotate(
        -angle, Image.Resampling.BICUBIC, fillcolor=(255, 255, 255)
    )
    return np.asarray(turned)


def skew(picture: NDArray[np.uint8]) -> float:
    """By how many degrees the picture is turned (anticlockwise is positive); 0 if it is level.

    The rows that a long line fills are most when the picture is sheared back by its own skew.
    """
    grey = picture.mean(axis=2)
    rows, columns = np.nonzero(grey < np.median(grey) - 70)
    if len(rows) < 200:
        return 0.0
    coarse = np.arange(-MOST, MOST + 0.01, 0.1)
    best = _sharpest(rows, columns, coarse)
    best = _sharpest(rows, columns, best + np.arange(-0.1, 0.101, 0.02))
    level, turned = _sharpness(rows, columns, 0.0), _sharpness(rows, columns, best)
    return float(best) if turned > CLEARER * level else 0.0


def _sharpest(rows: NDArray[np.int64], columns: NDArray[np.int64], angles: np.ndarray) -> float:
    return float(max(angles, key=lambda angle: _sharpness(rows, columns, float(angle))))


def _sharpness(rows: NDArray[np.int64], columns: NDArray[np.int64], angle: float) -> float:
    """The length of the longest level line and the longest upright line together."""
    slope = np.tan(np.deg2rad(angle))
    down = np.rint(rows + slope * columns).astype(np.int64)
    across = np.rint(columns - slope * rows).astype(np.int64)
    return float(np.bincount(down - down.min()).max() + np.bincount(across - across.min()).max())
