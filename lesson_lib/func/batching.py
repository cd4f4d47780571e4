"""``vmap``: a function of one example becomes a function of a batch.

It runs the function once for each example and stacks the results. That is what vmap *means*, and easy to follow in a
debugger; it is not what makes PyTorch's fast, which rewrites every operation into one over the whole batch. Here the
time grows with the number of examples, as in a loop.

Source: https://pytorch.org/docs/stable/generated/torch.vmap.html
"""

from functools import wraps

from ..core.errors import error
from ..core.tensor import Tensor
from ..ops.create import zeros_like
from ..ops.join import stack
from ..ops.random import get_rng_state, set_rng_state
from .tree import spread, tree_flatten, tree_unflatten


def vmap(func, in_dims=0, out_dims=0, randomness="error", *, chunk_size=None):
    """``func`` for each entry along the dimensions ``in_dims`` of the inputs (None: the whole input each time); the results
    are stacked along ``out_dims``. Calls may be nested, and differentiated.

    ``randomness``: "error" refuses random numbers, "same" gives every example the same ones, "different" others.
    ``chunk_size`` is accepted: examples run one by one anyway. One run of ``func`` for each example, so no faster than a loop.

    >>> import lesson_lib as torch
    >>> torch.func.vmap(torch.dot)(torch.tensor([[1., 2.], [3., 4.]]), torch.tensor([[1., 1.], [2., 0.]]))
    tensor([3., 6.])

    Errors: ValueError if ``in_dims`` or ``out_dims`` do not fit, RuntimeError for random numbers that were not allowed.

    Source: https://pytorch.org/docs/stable/generated/torch.vmap.html
    """
    if randomness not in ("error", "different", "same"):
        raise error("vmap_randomness", randomness=randomness)
    if chunk_size is not None and chunk_size <= 0:
        raise error("vmap_chunk", size=chunk_size)
    name = getattr(func, "__name__", repr(func))

    @wraps(func)
    def batched(*args, **kwargs):
        leaves, dims, spec = _mapped_inputs(name, in_dims, args)
        size = _batch_size(leaves, dims)
        draw = _Randomness(randomness)

        def example(i):
            parts = [leaf if dim is None else leaf.select(dim, i) for leaf, dim in zip(leaves, dims, strict=True)]
            with draw:
                return func(*tree_unflatten(parts, spec), **kwargs)

        if size == 0:
            return _without_examples(name, func, leaves, dims, spec, out_dims, kwargs)
        return _joined(name, [example(i) for i in range(size)], out_dims)

    return batched


def _mapped_inputs(name, in_dims, args):
    """(the tensors and values among the arguments, a dimension or None for each, their structure)."""
    if not args:
        raise error("vmap_no_inputs", name=name)
    if not isinstance(in_dims, int | tuple):
        raise error("vmap_in_dims_type", name=name, dims=in_dims, type=type(in_dims))
    leaves, spec = tree_flatten(args)
    dims = spread(in_dims, spec)
    if dims is None:
        raise error("vmap_in_dims_structure", name=name, dims=in_dims, found=tree_flatten(in_dims)[1], expected=spec)
    return leaves, [_checked_dim(name, in_dims, leaf, dim) for leaf, dim in zip(leaves, dims, strict=True)], spec


def _checked_dim(name, in_dims, leaf, dim):
    if dim is None:
        return None
    if not isinstance(dim, int):
        raise error("vmap_in_dim_type", name=name, dims=in_dims, dim=dim)
    if not isinstance(leaf, Tensor):
        raise error("vmap_in_dim_value", name=name, dims=in_dims, dim=dim, type=type(leaf))
    if not -leaf.ndim <= dim < leaf.ndim:
        raise error("vmap_in_dim_range", name=name, dims=in_dims, dim=dim, ndim=leaf.ndim)
    return dim % leaf.ndim


def _batch_size(leaves, dims):
    sizes = [leaf.shape[dim] for leaf, dim in zip(leaves, dims, strict=True) if dim is not None]
    if len(set(sizes)) != 1:
        raise error("vmap_sizes", sizes=sizes) if sizes else error("vmap_sizes", sizes="none")
    return sizes[0]


class _Randomness:
    """Around each example: may it draw random numbers, and which?"""

    def __init__(self, mode):
        self.mode, self.first = mode, None

    def __enter__(self):
        if self.mode == "different":
            return
        state = get_rng_state()
        if self.first is None:
            self.first = state
        elif self.mode == "same":
            set_rng_state(self.first)

    def __exit__(self, kind, *exc):
        if self.mode == "error" and kind is None and bool((get_rng_state() != self.first).any()):
            set_rng_state(self.first)
            raise error("vmap_random")


def _joined(name, results, out_dims):
    """The outputs of all examples, stacked leaf by leaf."""
    leaves, specs = zip(*map(tree_flatten, results), strict=True)
    dims = _out_dims(name, out_dims, specs[0])
    outputs = []
    for parts, dim in zip(zip(*leaves, strict=True), dims, strict=True):
        if dim is None:
            outputs.append(_common(name, parts))
            continue
        if not isinstance(parts[0], Tensor):
            raise error("vmap_outputs", name=name, type=type(parts[0]))
        outputs.append(stack(parts, dim))
    return tree_unflatten(outputs, specs[0])


def _out_dims(name, out_dims, spec):
    wanted = tree_flatten(out_dims)[0]
    if not all(dim is None or isinstance(dim, int) for dim in wanted):
        raise error("vmap_out_dims_type", name=name, dims=out_dims)
    dims = spread(out_dims, spec)
    if dims is None:
        raise error("vmap_out_dims_structure", name=name, dims=out_dims, found=tree_flatten(out_dims)[1], expected=spec)
    return dims


def _common(name, parts):
    """An output that does not depend on the example."""
    first = parts[0]
    if not isinstance(first, Tensor):
        return first
    if any(part.shape != first.shape or not bool((part == first).all()) for part in parts[1:]):
        raise error("vmap_out_none", name=name)
    return first


def _without_examples(name, func, leaves, dims, spec, out_dims, kwargs):
    """An empty batch: an example of zeros says what the outputs would look like."""
    parts = [leaf if dim is None else zeros_like(leaf.sum(dim)) for leaf, dim in zip(leaves, dims, strict=True)]
    example = _joined(name, [func(*tree_unflatten(parts, spec), **kwargs)], out_dims)
    outputs, outer = tree_flatten(example)
    places = _out_dims(name, out_dims, outer)
    return tree_unflatten([out if dim is None else out.narrow(dim, 0, 0) for out, dim in zip(outputs, places, strict=True)], outer)
