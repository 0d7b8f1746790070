"""All data of a model in one vector.

The sampler's wrapper around compiled code is itself compiled anew in each process, at a cost that
grows with the number of arrays it hands over: one vector starts several times faster than twenty.
"""

from __future__ import annotations

from typing import Any

import numpy as np

NAME = "data"


def pack(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The one array, under the one name, that `unpack` takes apart."""
    return {NAME: np.concatenate([np.ravel(value).astype(float) for value in values.values()])}


def unpack(values: dict[str, np.ndarray]) -> dict[str, Any]:
    """Adds the vector to the PyMC model in whose context this is called, and takes it apart.

    Arrays by their names, in the shapes of `values`, as PyTensor expressions.
    """
    import pymc as pm

    vector = pm.Data(NAME, pack(values)[NAME])
    found, start = {}, 0
    for name, value in values.items():
        stop = start + value.size
        part = vector[start:stop]
        found[name] = part[0] if value.ndim == 0 else part.reshape(value.shape)
        start = stop
    return found
