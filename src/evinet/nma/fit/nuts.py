"""Sampling: one compiled model serves many fits; draws do not depend on the number of cores.

`prepare` must run before NumPy or PyMC is imported: BLAS threads, NumPy's processor features and
fast-math flags change the last bits of draws, and cannot be set later.
"""

from __future__ import annotations

import hashlib
import os
import time
import warnings
from typing import TYPE_CHECKING, Any

from evinet import cache, processor

if TYPE_CHECKING:
    import numpy as np
    import pymc as pm

    from evinet.nma.model import Model
    from evinet.nma.settings import Sampler


def prepare() -> None:
    """Set what makes draws repeatable, and where compiled models are kept (`evinet.cache`)."""
    kept = processor.prepare()
    warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS")
    warnings.filterwarnings("ignore", message=r"\s*ArviZ is undergoing a major refactor")
    # A graph's nodes need not remember where in the code they were made: that takes a fourth of the
    # time to make them.
    os.environ["PYTENSOR_FLAGS"] = (
        f"base_compiledir={kept / 'models'},numba__fastmath=False,traceback__limit=0"
    )


OF_PEOPLE = ("person_", "event_", "other_", "node_")
"""Data whose lengths no variable has: they may differ where a compiled model is used again."""


class Compiled:
    """A compiled PyMC model, whose data are one vector (`data_vector`), for any data of its shapes.

    What is compiled serves data of other shapes too, and comes from the cache for them.

    `sample` gives an `arviz.InferenceData`, whose `sample_stats` hold positions and gradients for
    `control_variates`.
    """

    def __init__(self, model: pm.Model):
        from evinet.nma.fit import compiled

        start = time.perf_counter()
        names = "\n".join(each.name for each in model.unobserved_value_vars)
        with cache.alone(hashlib.sha256(names.encode()).hexdigest()[:12]):
            self._model, self._coordinates = compiled.compile_model(model), dict(model.coords)
        self.seconds = time.perf_counter() - start

    def sample(self, data: dict[str, np.ndarray], sampler: Sampler, seed: int) -> Any:
        """Posterior draws given data in the shapes of the model's."""
        from evinet.nma.fit.data_vector import pack

        packed = pack(data, self._coordinates)
        return _nutpie(self._model.with_data(**packed), sampler, seed)


def _nutpie(model: Any, sampler: Sampler, seed: int) -> Any:
    import nutpie

    return nutpie.sample(
        model,
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


def _written_out(model: Model, values: dict[str, np.ndarray], sampler: Sampler, seed: int) -> Any:
    """A trace by the density that is written out for any network (`density`)."""
    import numpy as np
    import xarray as xr
    from nutpie.compile_pymc import CompiledPyMCModel

    from evinet.nma import model as models
    from evinet.nma.fit import density, density_data, hazards

    data = density_data.vector(model, values)
    shapes = density_data.names(model, values)
    log_density, kept = density.functions()
    stops = np.cumsum([int(np.prod(shape)) for shape in shapes.values()])
    size = density_data.dimension(model, values)
    compiled = CompiledPyMCModel(
        dims={name: (f"of_{name}",) for name, shape in shapes.items() if shape},
        compiled_logp_func=log_density,
        compiled_expand_func=kept,
        initial_point_func=lambda chain: np.random.default_rng(chain).uniform(-1, 1, size),
        shared_data={"data": data},
        user_data=density.record(data),
        n_expanded=int(stops[-1]),
        shape_info=(list(shapes), list(map(slice, [0, *stops[:-1]], stops)), list(shapes.values())),
        logp_func=None,
        expand_func=None,
        _n_dim=size,
        _shapes=shapes,
        _coords={f"of_{name}": np.arange(shape[0]) for name, shape in shapes.items() if shape},
    )
    trace = _nutpie(compiled, sampler, seed)
    drawn = {name: trace.posterior[name].to_numpy() for name in shapes}
    keep, spread = model.design.mixing
    b = drawn["c"][..., : keep.shape[1]] @ keep.T
    if "members" in drawn:
        b = b + drawn["members"] @ spread.T
    drawn["b"] = np.concatenate([b, drawn["c"][..., keep.shape[1] :]], axis=-1)
    along = {"b": ("parameter",), "theta": ("row",), "eta": ("arm",), "mu": ("study",),
             "cut": ("category",), "study_gap": ("study", "category"),
             "residual_sd": ("study_with_patients",)}  # fmt: skip
    coords: dict[str, Any] = {"parameter": model.names}
    if model.patients is not None and model.baseline is not None:
        coords |= {"study": model.patients.studies, **model.baseline.coordinates()}
    if model.network.regression is not None and model.arms is not None:
        coords["study"] = model.studies_of_arms
    if model.arms is not None and model.gaps:
        coords["category"] = list(model.arms.categories[1:])
        drawn["cut"] = drawn["gap"].cumsum(axis=-1)
        if "study_gap" in drawn:
            sizes = (*drawn["gap"].shape[:2], -1, model.gaps)
            drawn["study_gap"] = drawn["study_gap"].reshape(sizes)
    variables = {
        name: (("chain", "draw", *along.get(name, ())), drawn[name])
        for name in ("b", "theta", "eta", "mu", "tau", "sigma", *models.CUTS, "residual_sd")
        if name in drawn
    }
    variables |= {
        name: (("chain", "draw", *dims), each)
        for name, (dims, each) in hazards.complete(model, drawn).items()
    }
    trace.posterior = xr.Dataset(variables, coords=coords)
    return trace


def shared(sampler: Sampler, reconstructions: int) -> Sampler:
    """What each of several reconstructions is sampled with, since their draws are pooled.

    The draws are shared among up to five; more get a fifth each, so that their chains can be
    compared. Half the warm-up is enough where the data differ so little.
    """
    part = min(reconstructions, 5)
    warmup = sampler.warmup if part == 1 else (sampler.warmup + 1) // 2
    return sampler.model_copy(update={"warmup": warmup, "draws": -(-sampler.draws // part)})


def sample(
    model: Model, sampler: Sampler, seed: int, job: str, known: dict[Any, Any]
) -> tuple[list[Any], dict[str, float]]:
    """A trace of each reconstruction of the patients (one without patients), and the seconds taken.

    `known` holds compiled models by the shapes of their data, and is added to.
    """
    from evinet import seeds
    from evinet.nma import arviz_stats, graph
    from evinet.nma.fit import density_data

    arviz_stats.load()  # before nutpie, which else imports figures
    patients = model.patients
    draws: list[Any] = [None] if patients is None else list(patients.draws)
    each = shared(sampler, len(draws))
    names = [job] if patients is None else [f"{job}/{number}" for number in range(len(draws))]
    if density_data.supported(model):
        start = time.perf_counter()
        traces = [
            _written_out(model, graph.values(model, records), each, seeds.integer_seed(seed, name))
            for name, records in zip(names, draws, strict=True)
        ]
        return traces, {"compile": 0.0, "sample": time.perf_counter() - start}
    every = [graph.values(model, records) for records in draws]
    arms, rows = model.arms, model.design.rows
    layout = (
        model.effects, model.sigma_prior, model.known_sigma, str(model.priors), model.hazards,
        str(model.settings), arms and (arms.likelihood.name, arms.likelihood.link),
        tuple(zip(rows["study"], rows["treatment"], strict=True)),
        tuple((key, value.ndim if key.startswith(OF_PEOPLE) else value.shape)
              for key, value in every[0].items()),
    )  # fmt: skip
    if layout not in known:
        known[layout] = Compiled(graph.graph(model, every[0]))
    compiled, start, traces = known[layout], time.perf_counter(), []
    for name, values in zip(names, every, strict=True):
        trace = compiled.sample(values, each, seeds.integer_seed(seed, name))
        trace.posterior = trace.posterior.assign_coords(parameter=model.names)
        rng = seeds.generator(seed, f"{name}/complete")
        assert model.baseline is not None
        trace.posterior = model.baseline.complete(trace.posterior, values, rng)
        traces.append(trace)
    return traces, {"compile": compiled.seconds, "sample": time.perf_counter() - start}
