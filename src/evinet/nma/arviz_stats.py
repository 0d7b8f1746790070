"""ArviZ's statistics and data, without its figures, whose import takes a seventh of a short fit.

ArviZ 0.23 imports its plots and Matplotlib with everything else (its successor is in parts, but its
Pareto smoothing gives other digits). Here its `__init__` runs when something is asked of it that
`arviz.stats` and `arviz.data` do not have: ``import arviz`` finds all of it, as always.
"""

from __future__ import annotations

import logging
import sys
from importlib import import_module, metadata, util
from types import ModuleType
from typing import Any


class _Package(ModuleType):
    """The package, whose `__init__` has not run yet."""

    def __getattr__(self, name: str) -> Any:
        self.__class__ = ModuleType  # type: ignore[assignment]
        spec: Any = self.__spec__
        spec.loader.exec_module(self)
        return getattr(self, name)


class _Later(ModuleType):
    """A module that is imported when it is used."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)


def load() -> Any:
    """The module `arviz.stats`; from here on nutpie can be imported without figures too."""
    if "arviz" not in sys.modules:
        spec: Any = util.find_spec("arviz")
        package: Any = _Package("arviz")
        package.__spec__, package.__file__ = spec, spec.origin
        package.__path__ = spec.submodule_search_locations
        package.__version__ = metadata.version("arviz")
        package._log = logging.getLogger("arviz")
        sys.modules["arviz"] = package
        stand_ins = {each.__name__: each for each in
                     (ModuleType("matplotlib"), _Later("matplotlib.pyplot"))
                     if each.__name__ not in sys.modules}  # fmt: skip
        sys.modules.update(stand_ins)
        try:
            import_module("arviz.utils")  # the only one of them that asks for Matplotlib
        finally:
            for name in stand_ins:
                del sys.modules[name]
        data = import_module("arviz.data")  # what nutpie asks for
        package.InferenceData, package.from_dict = data.InferenceData, data.from_dict
    # else its variance is compiled in every process, which takes half a second
    import_module("arviz.utils").Numba.disable_numba()
    return import_module("arviz.stats")
