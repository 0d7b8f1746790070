"""Evidence synthesis of survival outcomes, from published trials to a living report.

>>> import evinet
>>> evinet.Network.__name__
'Network'
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"
LIBRARY = ("Network", "Fit", "ClassEffect")


def __getattr__(name: str) -> Any:
    """The names of the library, imported when they are asked for."""
    if name in LIBRARY:
        from evinet import nma

        return getattr(nma, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
