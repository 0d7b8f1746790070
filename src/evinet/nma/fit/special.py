"""Special functions as compiled code that the cache can keep.

PyTensor calls SciPy for these. Such a call holds an address of this process, so that neither it nor
anything that contains it would be kept: a model with one of them would compile in every process.
"""

from __future__ import annotations

import math
from hashlib import sha256
from pathlib import Path
from typing import Any

from numba import njit
from pytensor.link.numba.dispatch.basic import register_funcify_and_cache_key
from pytensor.scalar.math import Erfcx, Psi

from evinet.nma.fit import standardised
from evinet.nma.fit.standardised import psi

SQRT_PI = math.sqrt(math.pi)


@njit(error_model="numpy")
def erfcx(x):
    """exp(x^2) erfc(x), with a relative error below 1e-13.

    From x = 25 on by its asymptotic series (DLMF 7.12.1), as erfc(x) is no normal number there.
    """
    if x < 25:
        return math.exp(x * x) * math.erfc(x)
    half = 0.5 / (x * x)
    series = 1 - half * (1 - 3 * half * (1 - 5 * half * (1 - 7 * half * (1 - 9 * half))))
    return series / (x * SQRT_PI)


def _key(name: str) -> str:
    source = Path(__file__).read_bytes() + Path(standardised.__file__).read_bytes()
    return f"{__name__}.{name}-{sha256(source).hexdigest()}"


@register_funcify_and_cache_key(Erfcx)
def _erfcx(op: Erfcx, **_: Any) -> tuple[Any, str]:
    return erfcx, _key("erfcx")


@register_funcify_and_cache_key(Psi)
def _psi(op: Psi, **_: Any) -> tuple[Any, str]:
    return psi, _key("psi")
