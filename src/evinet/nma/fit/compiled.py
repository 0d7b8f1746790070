"""A PyMC model as C functions for nutpie, kept in the compile cache between processes.

nutpie wraps a model's functions anew in every process, which takes seconds each. The wrappers here
are cached together with what they wrap, under PyTensor's key of the model's graph. No length is
written into the graph: data of a shape that was never seen find their model compiled.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from evinet.nma.fit import data_vector

if TYPE_CHECKING:
    import pymc as pm

DENSITY = """
def density(size, point, gradient, value, record):
    try:
        found, slope = inner({arguments})
        carray(gradient, (int64(size),))[:] = slope
        carray(value, (1,))[0] = found[()]
        return 0 if isfinite(found[()]) and isfinite(slope).all() else 3
    except Exception:
        return 1
"""
QUANTITIES = """
def quantities(size, length, point, values, record):
    try:
        carray(values, (int64(length),))[:] = inner({arguments})[0]
        return 0
    except Exception:
        return 1
"""
POINT = "carray(point, (int64(size),))"
# nutpie hands over a record that starts with the address and the size of the model's data.
HEADER = "carray(record, (2,), uint64)"
DATA = f"carray(pointer({HEADER}[0]), (int64({HEADER}[1]),), float64)"


def compile_model(model: pm.Model) -> Any:
    """The model ready for `nutpie.sample`; its data are one vector of floats (see `data_vector`).

    Chains start at the model's initial point, moved by a uniform(-1, 1) number in each coordinate.
    """
    import pandas as pd
    from nutpie.compile_pymc import CompiledPyMCModel, make_user_data

    start = model.initial_point()
    free, kept = model.value_vars, _kept(model)
    density, quantities = functions(model)
    names = [each.name for each in kept]
    shapes = _shapes(model, kept, start)
    stops = np.cumsum([int(np.prod(shape)) for shape in shapes])
    origin = np.concatenate([np.ravel(start[each.name]) for each in free]).astype(float)
    shared = {each.name: each for each in density.get_shared()}
    values = {name: np.array(each.get_value(), float) for name, each in shared.items()}
    return CompiledPyMCModel(
        dims=model.named_vars_to_dims,
        compiled_logp_func=_native("density", DENSITY, density),
        compiled_expand_func=_native("quantities", QUANTITIES, quantities),
        initial_point_func=lambda seed: (
            origin + np.random.default_rng(seed).uniform(-1, 1, origin.size)
        ),
        shared_data=values,
        user_data=make_user_data(shared, values),
        n_expanded=int(stops[-1]),
        shape_info=(names, list(map(slice, [0, *stops[:-1]], stops)), shapes),
        logp_func=density,
        expand_func=quantities,
        _n_dim=origin.size,
        _shapes=dict(zip(names, shapes, strict=True)),
        _coords={name: pd.Index(each) for name, each in model.coords.items()},
    )


def functions(model: pm.Model) -> tuple[Any, Any]:
    """The log density with its gradient, and all variables, as PyTensor functions of a point."""
    import pytensor
    from pymc.pytensorf import compile as compile_graph

    from evinet.nma.fit import special  # noqa: F401  registers what the cache can keep

    point, value, everything = expressions(model)
    with model:
        density = compile_graph([point], [value, pytensor.grad(value, point)], mode="NUMBA")
        return density, compile_graph([point], [everything], mode="NUMBA")


def cache_key(function: Any) -> str | None:
    """What the cache knows a PyTensor function by; None: it will compile in every process."""
    from pytensor.link.numba.cache import CACHED_SRC_FUNCTIONS

    found: str | None = CACHED_SRC_FUNCTIONS.get(function.vm.jit_fn.py_func)
    return found


def _kept(model: pm.Model) -> list[Any]:
    """The variables that draws are kept of: those that are sampled first."""
    free = model.value_vars
    return [*free, *(each for each in model.unobserved_value_vars if each not in free)]


def expressions(model: pm.Model) -> tuple[Any, Any, Any]:
    """A point, the log density there, and all variables there, as PyTensor expressions."""
    import pytensor.tensor as pt
    from pytensor.graph import rewrite_graph
    from pytensor.graph.replace import clone_replace

    point = pt.vector("point")
    everything = pt.concatenate([each.ravel() for each in _kept(model)])
    stable: Any = rewrite_graph(model.logp(), include=("canonicalize", "stabilize"))
    lengths = _lengths(model)
    told = _parts(model, point, lengths) | lengths
    value, everything = clone_replace([stable, everything], told, rebuild_strict=False)
    return point, value, everything


def _lengths(model: pm.Model) -> dict[Any, Any]:
    """Lengths of dimensions, which PyMC shares, as the model's data tell them."""
    told = data_vector.lengths(model[data_vector.NAME], model.coords)
    return {model.dim_lengths[name]: length for name, length in told.items()}


def _parts(model: pm.Model, point: Any, lengths: dict[Any, Any]) -> dict[Any, Any]:
    """Each variable as a part of the point, in shapes that the model's data tell."""
    import pytensor.tensor as pt
    from pytensor.graph.replace import clone_replace

    found, position = {}, pt.constant(0, dtype="int64")
    for variable, value in zip(model.free_RVs, model.value_vars, strict=True):
        if variable.ndim == 0:
            found[value] = point[position]
            position = position + 1
            continue
        size = clone_replace(variable.owner.inputs[1], lengths, rebuild_strict=False)
        stop = position + pt.prod(size)
        found[value] = point[position:stop].reshape(size, ndim=variable.ndim)
        position = stop
    return found


def _shapes(
    model: pm.Model, kept: list[Any], start: dict[str, np.ndarray]
) -> list[tuple[int, ...]]:
    """Shapes of the variables; not all are known from the graph alone."""
    import pytensor

    given: Any = [(each, start[each.name]) for each in model.value_vars]
    found = pytensor.function(
        [], [each.shape for each in kept], givens=given, mode="FAST_COMPILE",
        on_unused_input="ignore",
    )()  # fmt: skip
    return [tuple(int(size) for size in shape) for shape in found]


def _native(name: str, source: str, function: Any) -> Any:
    """The C function of a compiled PyTensor function, from the cache if it is there."""
    import numba
    from nutpie.compile_pymc import address_as_void_pointer
    from pytensor.link.numba.cache import compile_numba_function_src

    inner = function.vm.jit_fn
    source = source.format(arguments=f"{POINT}, {DATA}" if function.get_shared() else POINT)
    key = cache_key(function)
    known = {
        "__name__": __name__, "inner": inner, "pointer": address_as_void_pointer,
        "carray": numba.carray, "isfinite": np.isfinite, "int64": np.int64, "uint64": np.uint64,
        "float64": np.float64,
    }  # fmt: skip
    wrapped = compile_numba_function_src(
        source, name, known,
        cache_key=key and f"{name}-{key}-{sha256(source.encode()).hexdigest()}",
    )  # fmt: skip
    doubles, record = numba.types.CPointer(numba.types.double), numba.types.voidptr
    size = numba.types.uint64
    sizes = (size,) if name == "density" else (size, size)
    ends = (doubles, doubles, doubles) if name == "density" else (doubles, doubles)
    return numba.cfunc(numba.types.int64(*sizes, *ends, record), cache=key is not None)(wrapped)
