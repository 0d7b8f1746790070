"""All data of a model in one vector, which says its own shapes.

A compiled model takes every length from the vector, so that it serves data of any shape. And the
sampler's wrapper around compiled code is itself compiled anew in each process, at a cost that grows
with the number of arrays it hands over: one vector starts several times faster than twenty.

    lengths of the dimensions, shapes of the arrays, the arrays themselves
"""

from __future__ import annotations

from typing import Any

import numpy as np

NAME = "data"


def pack(values: dict[str, np.ndarray], coordinates: dict[str, Any]) -> dict[str, np.ndarray]:
    """The one array, under the one name, that `unpack` takes apart."""
    lengths = [len(names) for names in coordinates.values()]
    shapes = [length for value in values.values() for length in value.shape]
    arrays = [np.ravel(value).astype(float) for value in values.values()]
    return {NAME: np.concatenate([np.array([*lengths, *shapes], float), *arrays])}


def unpack(values: dict[str, np.ndarray], coordinates: dict[str, Any]) -> dict[str, Any]:
    """Adds the vector to the PyMC model in whose context this is called, and takes it apart.

    Arrays by their names, as PyTensor expressions whose shapes the vector tells. Whole numbers stay
    whole, so that they may be indices.
    """
    import pymc as pm
    import pytensor.tensor as pt

    vector = pm.Data(NAME, pack(values, coordinates)[NAME])
    found = {}
    place = len(coordinates)
    start: Any = place + sum(value.ndim for value in values.values())
    for name, value in values.items():
        shape = [_whole(vector[place + number]) for number in range(value.ndim)]
        place += value.ndim
        stop = start + (pt.prod(pt.stack(shape)) if shape else 1)
        part = vector[start:stop].reshape(shape, ndim=value.ndim) if shape else vector[start]
        found[name] = _whole(part) if value.dtype.kind == "i" else part
        start = stop
    return found


def lengths(vector: Any, coordinates: dict[str, Any]) -> dict[str, Any]:
    """The lengths of the dimensions, as expressions of the vector."""
    return {name: _whole(vector[number]) for number, name in enumerate(coordinates)}


def _whole(expression: Any) -> Any:
    import pytensor.tensor as pt

    return pt.cast(expression, "int64")
