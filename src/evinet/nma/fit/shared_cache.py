"""Compiled functions in one cache, which several processes write and read at once.

Numba, as it is, allows for neither of two things (numba issues 10486 and 10128):

- It numbers functions from 1 in every process and names their symbols so. Of two models compiled in
  two processes, a third that loads both could run one's function in place of the other's. Here the
  numbers start at random.
- It chooses the name of a file before it writes it, so that two processes could choose the same one
  for different functions. Here one saves at a time.
"""

from __future__ import annotations

from fcntl import LOCK_EX, flock
from functools import cache
from itertools import count
from pathlib import Path
from secrets import randbits
from typing import Any


@cache
def share() -> None:
    """Make this process's compiled functions fit for a shared cache; call it before compiling."""
    from numba.core.bytecode import FunctionIdentity
    from numba.core.caching import IndexDataCacheFile

    FunctionIdentity._unique_ids = count(randbits(60))
    save = IndexDataCacheFile.save

    def save_alone(self: Any, key: Any, data: Any) -> None:
        with open(Path(self._cache_path) / "lock", "w") as lock:
            flock(lock, LOCK_EX)
            save(self, key, data)

    IndexDataCacheFile.save = save_alone  # type: ignore[method-assign]
