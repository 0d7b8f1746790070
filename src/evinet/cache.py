"""Where evinet keeps what it compiled, and what it found in code, between runs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

import platformdirs

from evinet.errors import InputError, Problem

CALLED = tuple(
    f"nma/fit/{name}.py"
    for name in ("arms", "density", "density_arms", "density_data", "hazards", "standardised")
)
"""Files with compiled functions that those of other files call."""
INSIDE: dict[str, Any] = {
    "cache": True, "error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True,
}  # fmt: skip
"""Numba's options for a function that compiled functions alone call."""


def folder() -> Path:
    """`.cache` in the folder of a review, elsewhere the user's folder for caches.

    A review keeps its own, so that removing the folder removes everything; a command that is run
    beside data leaves nothing there, and finds what it compiled in another folder. `EVINET_CACHE`
    names any other place.
    """
    if named := os.environ.get("EVINET_CACHE"):
        return Path(os.path.expanduser(named)).resolve()
    if Path("Snakefile").is_file() and Path("config").is_dir():
        return Path(".cache").resolve()
    return _of_user() or Path(".cache").resolve()


def _refuse_unwritable(named: Path) -> None:
    """Refuse a place that is no folder into which this user may write; make it if it lacks."""
    with suppress(OSError):
        named.mkdir(parents=True, exist_ok=True)
    if not (named.is_dir() and os.access(named, os.W_OK)):
        raise InputError(
            Problem("(environment)", "EVINET_CACHE", str(named),
                    "is not a folder into which you may write, so that every run would compile "
                    "its model anew", "Name such a folder, or unset it for the usual one")
        )  # fmt: skip


def _of_user() -> Path | None:
    """The user's folder for caches; some services have a home into which nobody may write."""
    found = Path(platformdirs.user_cache_dir("evinet", appauthor=False))
    with suppress(OSError):
        found.mkdir(parents=True, exist_ok=True)
    return found if os.access(found, os.W_OK) else None


def prepare() -> Path:
    """Tell Numba where to keep compiled functions; must run before it is imported. The folder.

    It is one of its own for each set of modules, since compiled code names the modules that it came
    from; and for each state of `CALLED`, since Numba looks at one file alone to see whether a
    function has changed.

    Raises
    ------
    InputError
        `EVINET_CACHE` is no folder into which this user may write.
    """
    if os.environ.get("EVINET_CACHE"):
        _refuse_unwritable(folder())
    root = Path(__file__).parent
    names = sorted(
        path.relative_to(root).as_posix()
        for part in ("fit", "likelihoods") for path in (root / "nma" / part).rglob("*.py")
    )  # fmt: skip
    called = b"".join((root / name).read_bytes() for name in CALLED)
    found = folder() / hashlib.sha256("\n".join(names).encode() + called).hexdigest()[:12]
    if _of_user() is None:  # where ArviZ would stop, because it keeps the day of its last warning
        os.environ["XDG_CACHE_HOME"] = str(found)
    os.environ["NUMBA_CACHE_DIR"] = str(found / "numba")
    os.environ["NUMBA_CACHE_LOCATOR_CLASSES"] = "evinet.numba_cache.Locator"
    return found


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Hold off other processes that would compile the same: they find it in the cache afterwards.

    Where nothing can be kept, nobody waits. `prepare` must have run.
    """
    with ExitStack() as until_the_end:
        with suppress(OSError):
            folder = Path(os.environ["NUMBA_CACHE_DIR"])
            folder.mkdir(parents=True, exist_ok=True)
            lock = until_the_end.enter_context((folder / f"{name}.lock").open("w"))
            flock(lock, LOCK_EX)
        yield
