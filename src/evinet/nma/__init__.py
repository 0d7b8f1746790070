"""The model library: tables in, answers out; no files, no workflow.

A `Network` of studies by arms, by contrasts or by patients is fitted, and the `Fit` is asked:

>>> import pandas as pd
>>> from evinet.nma import Network
>>> network = Network.from_contrasts(pd.DataFrame({
...     "study": ["S1", "S2"], "treatment": ["B", "C"], "comparator": ["A", "A"],
...     "diff": [-0.4, -0.1], "se": [0.2, 0.2],
... }), reference="A")
>>> fit = network.fit(effects="fixed")
>>> fit.effects()[["parameter", "mean", "sd"]].round(2).to_dict("records")
[{'parameter': 'd[B]', 'mean': -0.4, 'sd': 0.2}, {'parameter': 'd[C]', 'mean': -0.1, 'sd': 0.2}]
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

WHERE = {
    "Network": "network", "Fit": "posterior", "ClassEffect": "terms", "Priors": "priors",
    "Distribution": "distribution",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """The public names, imported when they are asked for."""
    if name not in WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{WHERE[name]}"), name)


__all__ = ["ClassEffect", "Distribution", "Fit", "Network", "Priors"]
