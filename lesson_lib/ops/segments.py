"""Folds over parts of a dimension: segments of given lengths; and a whole tensor folded into one number that tells it from others."""

import math

from ..core.device import device_of, namespace
from ..core.errors import error
from ..core.op import method
from ..core.tensor import Tensor, wrap, wrap_dim
from .create import arange, full, zeros
from .join import cat
from .reduce import canonical_dims, sum
from .scan import cumsum
from .scatter_fold import scatter_reduce
from .select import where_else
from .slicing import narrow
from .truth import all, any

FOLDS = {"sum": "sum", "mean": "sum", "max": "amax", "min": "amin", "prod": "prod"}
OF_NOTHING = {"sum": 0, "mean": math.nan, "max": -math.inf, "min": math.inf, "prod": 1}


def segment_reduce(data, reduce, *, lengths=None, indices=None, offsets=None, axis=0, unsafe=False, initial=None):
    """Sum, mean, max, min or product of each segment of ``axis``: the segments follow one another, as long as ``lengths`` says.

    ``offsets`` says instead where each segment starts and, last, where the last one ends. With ``axis`` above 0 every row before it has segments of
    its own. ``initial`` is folded into each segment. ∂y/∂x is that of the fold, shared by equal extremes.

    >>> import lesson_lib as torch
    >>> torch.segment_reduce(torch.tensor([1., 2., 3., 4.]), "sum", lengths=torch.tensor([1, 3]))
    tensor([1., 9.])

    Source: https://pytorch.org/docs/stable/generated/torch.segment_reduce.html
    """
    if reduce not in FOLDS:
        raise error("scatter_reduce", reduce=reduce)
    if not data.is_floating_point():
        raise error("not_implemented_for", kernel="_segment_reduce_cpu", dtype=data.dtype.title)
    axis = wrap_dim(axis, data.ndim)
    offsets = _offsets(data, lengths, indices, offsets, axis, unsafe)
    count, rest = offsets.shape[-1] - 1, (1,) * (data.ndim - axis - 1)
    # Position p belongs to as many segments' starts as lie at or before it; what lies before the first or after the last gets a row of its own.
    position = arange(data.shape[axis], device=device_of(data._a))
    owner = sum(offsets.unsqueeze(-1) <= position, -2).reshape(*data.shape[: axis + 1], *rest).expand(data.shape)
    start = 0 if initial is None else initial
    rows = full((*data.shape[:axis], count + 2, *data.shape[axis + 1 :]), start, dtype=data.dtype, device=device_of(data._a))
    folded = scatter_reduce(rows, axis, owner, data, FOLDS[reduce], include_self=initial is not None)
    result = narrow(folded, axis, 1, count)
    sizes = (narrow(offsets, -1, 1, count) - narrow(offsets, -1, 0, count)).reshape(*data.shape[:axis], count, *rest)
    if reduce == "mean":
        result = result / where_else.op.raw(sizes == 0, 1, sizes).to(data.dtype)
    return where_else.op.raw(sizes == 0, OF_NOTHING[reduce] if initial is None else initial, result)


def _offsets(data, lengths, indices, offsets, axis, unsafe):
    """Where the segments start and the last one ends, for each row; or PyTorch's error."""
    if indices is not None:
        raise error("segment_indices")
    if lengths is None and offsets is None:
        raise error("segment_missing")
    given, name = (lengths, "lengths") if offsets is None else (offsets, "offsets")
    if given.dtype.name not in ("int32", "int64"):
        raise error("not_implemented_for", kernel=f"_segment_reduce_{name}_cpu_kernel1", dtype=given.dtype.title)
    if data.ndim < given.ndim:
        raise error("segment_dims", name=name)
    if axis != given.ndim - 1:
        raise error("segment_axis", name=name, axis=axis)
    if offsets is not None:
        return offsets
    if not unsafe and bool(any(lengths < 0)):
        raise error("segment_negative")
    if not unsafe and not bool(all(sum(lengths, -1) == data.shape[axis])):
        raise error("segment_total")
    first = zeros(*lengths.shape[:-1], 1, dtype=lengths.dtype, device=device_of(lengths._a))
    return cat([first, cumsum(lengths, -1).to(lengths.dtype)], -1)


# --- one number for a whole tensor ------------------------------------------------------------------------------------------


@method()
def hash_tensor(input, dim=(), *, keepdim=False, mode=0, out=None):
    """The exclusive or of the 64 bits of all elements over ``dim``, as uint64; a float counts as float64, an integer as int64.

    >>> import lesson_lib as torch
    >>> torch.hash_tensor(torch.tensor([1, 2, 7]))
    tensor(4, dtype=torch.uint64)

    Source: https://pytorch.org/docs/stable/generated/torch.hash_tensor.html
    """
    if mode != 0:
        raise error("hash_mode", mode=mode)
    if input.is_complex():
        raise error("not_implemented_for", kernel="xor_sum_cpu", dtype=input.dtype.title)
    x = input._a.astype("float64" if input.is_floating_point() else "int64").view("uint64")
    xp, dims = namespace(x), canonical_dims("hash_tensor", input.ndim, dim)
    dims = tuple(range(input.ndim)) if dims is None else dims
    kept = [size for d, size in enumerate(x.shape) if d not in dims]
    lines = xp.moveaxis(x, dims, tuple(range(-len(dims), 0))).reshape(*kept, math.prod(x.shape[d] for d in dims))
    if not lines.shape[-1]:
        lines = xp.zeros((*kept, 1), "uint64")
    while lines.shape[-1] > 1:  # by halves: every library can do this in parallel
        half = lines.shape[-1] // 2
        lines = xp.concatenate([lines[..., :half] ^ lines[..., half : 2 * half], lines[..., 2 * half :]], axis=-1)
    result = wrap(lines.reshape([1 if d in dims else size for d, size in enumerate(x.shape)] if keepdim else kept))
    return result if out is None else Tensor._write_out(out, result, "hash_tensor")
