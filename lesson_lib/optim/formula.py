"""What a method's formula is written with. It works on bare arrays and, for ``differentiable=True``, on Tensors alike."""

import numpy as np

from ..core.blocks import SMALL_BLOCK_BYTES, pieces
from ..core.device import is_array, namespace
from ..core.dtypes import get_default_dtype
from ..core.tensor import Tensor, wrap
from ..core.threads import shares, spread
from ..ops.complex_numbers import view_as_complex, view_as_real

_NUMBERS = (int, float)


def memory_like(p, value=0):
    """Memory for the state of the parameter ``p``, filled with ``value``: an array for an array, a tensor for a tensor."""
    array = p._a if isinstance(p, Tensor) else p
    memory = namespace(array).zeros_like(array)
    if value:
        memory += complex(value, value) if array.dtype.kind == "c" else float(value)
    return wrap(memory) if isinstance(p, Tensor) else memory


def scalar(value, p):
    """One number of the state of ``p``, kept on the CPU in the default dtype as in PyTorch."""
    number = np.array(float(value), get_default_dtype().np)
    return wrap(number) if isinstance(p, Tensor) else number


def count_step(state, p):
    """Count this step in ``state["step"]``; returns its number t = 1, 2, …"""
    if isinstance(state["step"], _NUMBERS):  # so it is in states saved by old versions of PyTorch
        state["step"] = scalar(state["step"], p)
    state["step"] += 1
    return state["step"].item()


def with_decay(p, g, group):
    """The gradient that the method sees: turned round by ``maximize``, with λθ added by ``weight_decay`` λ.

    A decoupled decay leaves it alone and shrinks the parameter instead, θ ← (1 − γλ)·θ.
    """
    weight_decay = group["weight_decay"]
    if group["maximize"]:
        g = -g
    if weight_decay == 0:
        return g
    if group.get("decoupled_weight_decay"):
        p *= 1 - group["lr"] * weight_decay
        return g
    return g + weight_decay * p


def in_blocks(formula, *arrays):
    """Run a formula that changes arrays of one shape in place over pieces of them, which stay in the processor's cache meanwhile.

    Only large arrays of NumPy are cut, and shared between the threads: 3 million numbers at once take Adam a third longer. All others come as
    they are.
    """
    first = arrays[0]
    if type(first) is not np.ndarray or first.nbytes <= SMALL_BLOCK_BYTES or not all(a.flags.c_contiguous for a in arrays):
        formula(*arrays)
        return
    flat = [a.reshape(-1) for a in arrays]

    def run(share):
        for piece in pieces(share.stop - share.start, first.itemsize, SMALL_BLOCK_BYTES):
            formula(*(a[share][piece] for a in flat))

    spread(run, shares(first.size, first.size))


# --- between an optimizer's tensors and its formula ----------------------------------------------------------------------


def real_parts(value):
    """Complex numbers as pairs of real ones, in the same memory: a formula treats each part as a number of its own."""
    if isinstance(value, Tensor):
        return view_as_real(value) if value.is_complex() else value
    if is_array(value) and value.dtype.kind == "c":
        return value[..., None].view(value.real.dtype)
    return value


def whole(value, p):
    """What a formula left in the state of ``p``, as a tensor again; the opposite of ``real_parts``."""
    if not isinstance(value, Tensor):
        if not is_array(value):
            return value
        return wrap(value.view(p._a.dtype)[..., 0] if p.is_complex() and value.ndim == p.ndim + 1 else value)
    return view_as_complex(value) if p.is_complex() and value.ndim == p.ndim + 1 else value


def plain_options(group):
    """The options of a group with numbers in place of tensors: a formula on arrays takes no tensors."""
    for name, value in group.items():
        if isinstance(value, Tensor | tuple) and name != "params":
            return {name: value if name == "params" else _plain(value) for name, value in group.items()}
    return group


def _plain(value):
    if type(value) is tuple:
        return tuple(map(_plain, value))
    return value.item() if isinstance(value, Tensor) else value
