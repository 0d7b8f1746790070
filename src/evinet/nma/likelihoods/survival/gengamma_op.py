"""`gengamma_tail.log_tails` as a PyTensor operation: value and derivatives in one pass."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytensor.tensor as pt
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_and_cache_key

from evinet.nma.likelihoods.survival import gengamma_tail


class LogTails(Op):
    """Vectors w, Q and constant to the log tail and its derivatives by each of them."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        vectors = [pt.as_tensor_variable(each) for each in inputs]
        return Apply(self, vectors, [pt.dvector() for _ in range(4)])

    def perform(self, node: Any, inputs: Any, output_storage: Any) -> None:
        for storage, found in zip(output_storage, gengamma_tail.log_tails(*inputs), strict=True):
            storage[0] = found

    def infer_shape(self, fgraph: Any, node: Any, shapes: Any) -> list[Any]:
        return [shapes[0]] * 4

    def L_op(self, inputs: Any, outputs: Any, output_grads: Any) -> list[Any]:
        return [output_grads[0] * derivative for derivative in outputs[1:]]


@register_funcify_and_cache_key(LogTails)
def _compiled(op: LogTails, **_: Any) -> tuple[Any, str]:
    """The compiled function, and the key under which PyTensor keeps it: its name and source."""
    name, source = gengamma_tail.__name__, Path(gengamma_tail.__file__).read_bytes()
    return gengamma_tail.log_tails, f"{name}-{sha256(source).hexdigest()}"


def log_tail(w: Any, q: Any, constant: Any) -> Any:
    """Log probability beyond w, of arguments that broadcast."""
    same = pt.broadcast_arrays(w, q, constant)
    found: Any = LogTails()(*(each.ravel() for each in same))
    return found[0].reshape(same[0].shape)
