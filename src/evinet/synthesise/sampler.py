"""Sampling: one compiled model serves many fits; draws do not depend on the number of cores.

`prepare` must run before NumPy or PyMC is imported: BLAS threads, NumPy's processor features and
fast-math flags change the last bits of draws, and cannot be set later.
"""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evinet import processor

if TYPE_CHECKING:
    import numpy as np
    import pymc as pm

    from evinet.config import Sampler


def prepare() -> None:
    """Set what makes draws repeatable, and where compiled code is kept (`.cache/`)."""
    cache = Path(os.environ.get("EVINET_CACHE", ".cache")).resolve()
    processor.prepare()
    os.environ["NUMBA_CACHE_DIR"] = str(cache / "numba")
    warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS")
    os.environ["PYTENSOR_FLAGS"] = f"base_compiledir={cache / 'models'},numba__fastmath=False"


class Compiled:
    """A compiled model, whose data are one vector (`packing`), to be sampled with any others."""

    def __init__(self, model: pm.Model):
        from evinet.synthesise import native

        start = time.perf_counter()
        self._model = native.compile_model(model)
        self.seconds = time.perf_counter() - start

    def sample(self, data: dict[str, np.ndarray], sampler: Sampler, seed: int) -> Any:
        """Posterior draws, an `arviz.InferenceData`, given data in the shapes of the model's.

        Its `sample_stats` hold positions and gradients, for `control`.
        """
        import nutpie

        from evinet.synthesise.packing import pack

        return nutpie.sample(
            self._model.with_data(**pack(data)),
            draws=sampler.draws,
            tune=sampler.warmup,
            chains=sampler.chains,
            cores=min(sampler.chains, processor.cores()),
            target_accept=sampler.target_accept,
            seed=seed,
            progress_bar=False,
            save_warmup=False,
            store_gradient=True,
            store_unconstrained=True,
        )


def write_posterior(path: Path, posterior: Any) -> None:
    """Write a dataset as NetCDF without the times of sampling, so that its bytes repeat."""
    import arviz as az

    from evinet import files

    clean = posterior.copy()
    clean.attrs = {}
    data = az.InferenceData(posterior=clean)
    data.attrs.clear()
    with files.replacing(path) as temporary:
        data.to_netcdf(str(temporary), engine="h5netcdf")
