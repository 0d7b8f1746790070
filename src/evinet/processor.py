"""One thread for linear algebra, and one kind of processor: both change the last bits of results.

Tables are small and jobs run side by side, so that more threads would cost time as well.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

from evinet import cache

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def one_thread() -> None:
    """Set this for the process and those it starts; must run before NumPy is imported."""
    for name in THREADS:
        os.environ[name] = "1"
    if platform.machine() in ("x86_64", "AMD64"):
        os.environ["OPENBLAS_CORETYPE"] = "Haswell"


def prepare() -> Path:
    """As `one_thread`; and tell Numba where to keep compiled code, which is returned."""
    one_thread()
    return cache.prepare()


def cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
