"""Compiled functions in one cache, which processes and copies of evinet use at once.

Numba, as it is, does not allow for three things (of the first two numba issues 10486 and 10128):

- It numbers functions from 1 in every process and names their symbols so. Of two models compiled in
  two processes, a third that loads both could run one's function in place of the other's. Here the
  numbers start at random.
- It chooses the name of a file before it writes it, so that two processes could choose the same one
  for different functions. Here one saves at a time.
- It knows a function by the folder of its source, so that every copy of evinet compiles anew what
  another copy compiled. Here evinet's own functions have one place, and Numba looks at the content
  of the source, as it always does.
"""

from __future__ import annotations

import sys
from fcntl import LOCK_EX, flock
from functools import cache
from itertools import count
from pathlib import Path
from secrets import randbits
from typing import Any

from numba.core.bytecode import FunctionIdentity
from numba.core.caching import CacheImpl, IndexDataCacheFile, UserProvidedCacheLocator

PACKAGE = Path(__file__).parent


class Locator(UserProvidedCacheLocator):
    """Where Numba keeps a function. `evinet.cache` names it in the environment for Numba.

    PyTensor's functions, and those of other packages, go where they always go.
    """

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Any:
        share()
        ours = Path(py_file).is_relative_to(PACKAGE)
        if ours and (found := super().from_function(py_func, py_file)):
            return found
        others: list[Any] = CacheImpl._locator_classes
        tried = (each.from_function(py_func, py_file) for each in others)
        return next(filter(None, tried), None)

    @classmethod
    def get_suitable_cache_subpath(cls, py_file: str) -> str:
        return "-".join(["evinet", *Path(py_file).parent.relative_to(PACKAGE).parts])


@cache
def share() -> None:
    """Make this process's compiled functions fit for a shared cache."""
    FunctionIdentity._unique_ids = count(randbits(60))
    load, save = IndexDataCacheFile.load, IndexDataCacheFile.save

    def load_or_say(self: Any, key: Any) -> Any:
        found = load(self, key)
        if found is None:
            say()
        return found

    def save_alone(self: Any, key: Any, data: Any) -> None:
        with open(Path(self._cache_path) / "lock", "w") as lock:
            flock(lock, LOCK_EX)
            save(self, key, data)

    IndexDataCacheFile.load = load_or_say  # type: ignore[method-assign]
    IndexDataCacheFile.save = save_alone  # type: ignore[method-assign]


@cache
def say() -> None:
    """Tell who sits before a terminal, once, why the first run takes longer."""
    if sys.stderr.isatty():
        print("evinet: compiling, which is done once on a machine and takes up to a minute",
              file=sys.stderr)  # fmt: skip
