"""One thread for linear algebra, and one kind of processor: both change the last bits of results.

Tables are small and jobs run side by side, so that more threads would cost time as well.
"""

from __future__ import annotations

import os

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def prepare() -> None:
    """Set this for the process and those it starts; must run before NumPy is imported."""
    for name in THREADS:
        os.environ[name] = "1"
    os.environ["OPENBLAS_CORETYPE"] = "Haswell"
