"""Square brackets: ``x[0, 1:, None, mask]`` taken apart into views and one gather, as PyTorch takes it apart.

Integers, slices, None and ``...`` become views. What is left (tensors, lists, masks) becomes one ``index`` or one
``index_put``. A mask stands for the list of the places where it is True.
"""

import numpy as np

from ..core.call import record
from ..core.device import namespace, to_array
from ..core.errors import error, operand_shapes_error, tensor_title, typename
from ..core.mutation import is_stretched, make_inplace, must_record, take_history
from ..core.op import View, method, op
from ..core.promote import NUMBERS
from ..core.state import plain_seen
from ..core.tensor import Tensor, edge_of, wrap
from .case import case
from .cast import moved
from .overwrite import copy_, fill_, held
from .positions import check_same_dtype, index, index_put_at, placed, places, shape_at, write_at
from .slicing import select, slice_
from .view import expand, unsqueeze


@op
class alias(View):
    """The tensor itself, as a view: what ``x[...]`` makes.   ∂y/∂x = 1."""

    public = False

    def forward(xp, x):
        return x[...]

    def grad_x(g):
        return g

    def samples(t):
        yield case(t(2, 3))


# --- taking an index apart --------------------------------------------------------------------------------------------


def _items(key, x):
    """The parts of an index: None, ``...``, bools, slices, integers and index tensors."""
    if not isinstance(key, tuple):
        key = tuple(key) if isinstance(key, list) and _stands_for_tuple(key) else (key,)
    return [_item(part, x) for part in key]


def _stands_for_tuple(key):
    """PyTorch reads a list of lists, slices, None, ``...`` or tensors as several indexes, one of numbers as one."""
    return len(key) < 32 and any(part is None or part is Ellipsis or isinstance(part, slice | Tensor | list | tuple | range) for part in key)


def _item(part, x):
    if part is None or part is Ellipsis or isinstance(part, bool | slice | int):
        return part
    if isinstance(part, list | tuple | range):
        numbers = np.asarray([int(p) if isinstance(p, Tensor) else p for p in part])
        if numbers.dtype.kind not in "biuf":
            raise error("index_data", type=type(next(p for p in part if not isinstance(p, NUMBERS))).__name__)
        part = numbers
    elif isinstance(part, str | bytes):
        raise error("index_data", type=type(part).__name__)
    if isinstance(part, np.ndarray):
        # Lists and NumPy arrays are converted; a Tensor must have an index dtype already.
        part = wrap(to_array(part if part.dtype.kind == "b" else part.astype("int64"), x.device))
    if isinstance(part, Tensor):
        return _index_tensor(part, x)
    if hasattr(part, "__index__"):
        return part.__index__()
    raise error("index_type", type=typename(part))


def _index_tensor(part, x):
    array = part._a
    if array.dtype.char not in "?Bilq":  # bool, uint8, and int32 and int64 under the names of every system
        raise error("index_tensor_type")
    if array.ndim == 0 and not _is_mask(part):
        return part.item()
    return part if type(array) is type(x._a) is np.ndarray else moved(part, x.device)


def _is_mask(part):
    return part._a.dtype.char in "?B"


def _takes(part):
    """How many dimensions a part of an index stands for."""
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    return part._a.ndim if isinstance(part, Tensor) and _is_mask(part) else 1


def taken_apart(x, key):
    """(a view made by the simple parts, [(dimension of the view, index tensor), ...] for the others)."""
    items = _items(key, x)
    taken = sum(map(_takes, items))
    if taken > x._a.ndim:
        raise _too_many(x, key, items)
    spread, view, dim, positions = x._a.ndim - taken, x, 0, []
    for number, part in enumerate(items):
        if part is Ellipsis:
            dim, spread = dim + spread, 0  # PyTorch lets a second one stand for nothing
        elif part is None:
            view = unsqueeze.op.raw(view, dim=dim)
            dim += 1
        elif isinstance(part, bool) or (isinstance(part, Tensor) and part._a.ndim == 0):
            view = unsqueeze.op.raw(view, dim=dim)
            here = part if isinstance(part, bool) else bool(part._a)
            positions.append((dim, wrap(namespace(x._a).zeros(int(here), "int64"))))
            dim += 1
        elif isinstance(part, int):
            view = _selected(view, dim, part, number)
        elif isinstance(part, slice):
            view = _sliced(view, dim, part, always=key is part)
            dim += 1
        else:
            positions.append((dim, part))
            dim += max(_takes(part), 1)
    return view, positions


def _too_many(x, key, items):
    if x._a.ndim == 0 and isinstance(items[0], int) and not isinstance(key, tuple | Tensor):
        return error("index_range", index=items[0], dim=0, size=0, low=0, high=-1) if items[0] else error("index_0d")
    if x._a.ndim == 0 and isinstance(key, slice):
        return error("slice_0d")
    return error("index_dims", ndim=x._a.ndim)


def _selected(view, dim, number, place):
    size = view._a.shape[dim]
    if not -size <= number < size:
        raise error("index_range", index=number, dim=place, size=size, low=-size, high=size - 1)
    return select.op.raw(view, dim=dim, index=number % size)


def _sliced(view, dim, part, always):
    """The slice, unless it is all of the dimension beside other indexes: then it is nothing."""
    size = view._a.shape[dim]
    start, end, step = part.indices(size)
    if step < 0:
        raise error("slice_step")
    if (start, end, step) == (0, size, 1) and not always:
        return view
    return slice_.op.raw(view, dim=dim, start=start, end=max(start, end), step=step)


def _check_mask(view, mask, dim):
    """PyTorch's error for a mask of another size."""
    for axis, size in enumerate(mask._a.shape):
        if size != view._a.shape[dim + axis]:
            raise error("index_mask", mask=list(mask._a.shape), mask_axis=axis, shape=list(view._a.shape), axis=dim + axis)


def _mask_positions(view, mask, dim):
    """A mask as one index vector for each of its dimensions."""
    _check_mask(view, mask, dim)
    at = places(mask)
    return [(dim + axis, select.op.raw(at, dim=0, index=axis)) for axis in range(mask._a.ndim)]


def together(view, positions):
    """(index tensor (k, *shape), the k dimensions of the view); for a mask alone one row that counts through all of its dimensions."""
    if len(positions) == 1:
        dim, tensor = positions[0]
        array = tensor._a
        if not _is_mask(tensor):
            at = wrap(array[None])
            at._ver = tensor._ver  # who writes to it before the gradient is computed is told
            return at, (dim,)
        _check_mask(view, tensor, dim)
        return wrap(namespace(array).flatnonzero(array)[None]), tuple(range(dim, dim + array.ndim))
    positions = [position for dim, part in positions for position in (_mask_positions(view, part, dim) if _is_mask(part) else [(dim, part)])]
    dims, tensors = tuple(dim for dim, _ in positions), [tensor for _, tensor in positions]
    shapes, xp = [tensor._a.shape for tensor in tensors], namespace(view._a)
    if len(set(shapes)) == 1:
        return wrap(xp.stack([tensor._a for tensor in tensors])), dims
    if operand_shapes_error(shapes) is not None:
        raise error("index_broadcast", shapes=", ".join(str(list(shape)) for shape in shapes))
    shape = np.broadcast_shapes(*shapes)
    return wrap(xp.stack([xp.broadcast_to(tensor._a, shape) for tensor in tensors])), dims


# --- reading and writing ------------------------------------------------------------------------------------------------


def getitem(self, key):
    """``x[key]``: a view for integers, slices, None and ``...``; a copy where index tensors, lists or masks take part.

    Source: https://pytorch.org/docs/stable/tensor_view.html
    """
    if self._a.ndim:  # the commonest indexes need not be taken apart
        if type(key) is int:
            return _selected(self, 0, key, 0)
        if type(key) is slice:
            return _sliced(self, 0, key, always=True)
        if type(key) is tuple and 0 < len(key) <= self._a.ndim and _NUMBERS_AND_SLICES.issuperset(map(type, key)):
            return _part(self, key)
    view, positions = taken_apart(self, key)
    if positions:
        at, dims = together(view, positions)
        return index.op.raw(view, at, dims=dims)
    return alias(view) if view is self else view


_NUMBERS_AND_SLICES = {int, slice}


def _part(x, key):
    """``x[key]`` for integers and slices alone."""
    view, dim = x, 0
    for number, part in enumerate(key):
        if type(part) is int:
            view = _selected(view, dim, part, number)
        else:
            view = _sliced(view, dim, part, always=False)
            dim += 1
    return alias(view) if view is x else view


def setitem(self, key, value):
    """``x[key] = value``: written into x's memory and, where gradients are recorded, into its history.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.index_put_.html
    """
    if not isinstance(value, (Tensor, *NUMBERS)) or isinstance(value, np.generic):
        name = typename(value)
        raise error("assign_type", type=name, title=tensor_title(self._a.dtype))
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise error("long_overflow")
    if key is False:
        return
    if isinstance(value, NUMBERS) and isinstance(key, Tensor) and _is_mask(key) and key._a.shape == self._a.shape and not must_record(self, ()):
        self._a[key._a.astype(bool)] = held(value, self._a.dtype)  # x[mask] = 0 needs no list of places
        self._ver[0] += 1
        return
    if isinstance(key, slice):
        if self._a.ndim == 0:
            raise error("slice_0d")
        key = (key,)
    view, positions = taken_apart(self, key)
    if isinstance(value, Tensor) and value.numel() == 1 and _only_a_mask(key if isinstance(key, tuple) else (key,)):
        value = value.to(self.dtype)  # under one mask it is a number: the dtypes may differ
    if positions:
        at, dims = together(view, positions)
        put_at_(view, at, _unprefixed(value, len(shape_at(view._a.shape, at._a.shape[1:], dims))), dims=dims)
    elif isinstance(value, NUMBERS):
        fill_(view, wrap(namespace(self._a).asarray(held(value, self._a.dtype), self._a.dtype)))
    elif value._a.ndim == 0:
        fill_(view, moved(value, self.device))
    else:
        copy_(view, expand(_unprefixed(value, view._a.ndim), view._a.shape))


def _only_a_mask(parts):
    """Is one mask the only tensor of an index?"""
    tensors = [part for part in parts if isinstance(part, Tensor) and part._a.ndim]
    return len(tensors) == 1 and _is_mask(tensors[0])


def _unprefixed(value, ndim):
    """A value's leading dimensions of size 1 do not count."""
    while isinstance(value, Tensor) and value._a.ndim > ndim and value._a.shape[0] == 1:
        value = select.op.raw(value, dim=0, index=0)
    return value


_recorded_put = make_inplace(index_put_at.op.raw, "index_put")


def _put_and_record(self, at, values, params):
    """``_recorded_put`` without a copy of what was there before, which no rule of ``index_put_at`` asks for: half the time for 2048 of 16384 rows."""
    before = wrap(self._a)
    edges = (edge_of(self), None, edge_of(values) if isinstance(values, Tensor) else None)
    _put(self, at, values, **params)
    result = wrap(self._a)
    record(index_put_at.op, (before, at, values), [self._a, at._a, getattr(values, "_a", values)], (result,), params, edges)
    take_history(self, result)
    return self


def _put(self, at, values, dims, accumulate):
    """Into the memory alone."""
    array, xp = values._a if isinstance(values, Tensor) else held(values, self._a.dtype), namespace(self._a)
    try:
        (xp.add_at if accumulate else write_at)(*placed(xp, self._a, at._a, dims), array)
    except (IndexError, ValueError) as exc:
        raise index_put_at.op.explain(exc, (self._a, at._a, array), {"dims": dims}) from None
    self._ver[0] += 1


def put_at_(self, at, values, dims, accumulate=False):
    """Write ``values`` at the positions ``at`` of the dimensions ``dims``."""
    if isinstance(values, Tensor):
        check_same_dtype(self, values)
        values = moved(values, self.device)
    if must_record(self, (values,)):
        if type(self) is not Tensor or plain_seen() or self._a.dtype.char not in "fd" or is_stretched(self._a):  # who watches wants to see the value from before
            return _recorded_put(self, at, values, dims=dims, accumulate=accumulate)
        return _put_and_record(self, at, values, {"dims": dims, "accumulate": accumulate})
    _put(self, at, values, dims, accumulate)
    return self


def delitem(self, key):
    """PyTorch's tensors cannot lose elements."""
    raise TypeError("Tensor does not support deleting items")


Tensor.__getitem__, Tensor.__setitem__, Tensor.__delitem__ = getitem, setitem, delitem


# --- the same by name -------------------------------------------------------------------------------------------------


def _put_arguments(input, indices, values):
    """(index tensor, its dimensions, values) of ``index_put``; None in ``indices`` stands for a whole dimension."""
    if len(indices) > input.ndim:
        raise error("index_put_dims", ndim=input.ndim, found=len(indices))
    items = [slice(None) if part is None else _index_tensor(part, input) for part in indices]
    positions, dim = [], 0
    for part in items:
        if isinstance(part, slice):
            dim += 1
            continue
        part = wrap(namespace(input._a).asarray([part])) if isinstance(part, int) else part
        positions.append((dim, part))
        dim += part._a.ndim if _is_mask(part) else 1
    at, dims = together(input, positions)
    return at, dims, _unprefixed(values, len(shape_at(input._a.shape, at._a.shape[1:], dims)))


def index_put_(self, indices, values, accumulate=False):
    """Write ``values`` at ``self[indices]``; with ``accumulate`` add them, as often as an index comes up.   ∂y/∂values = 1.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.index_put_.html
    """
    at, dims, values = _put_arguments(self, indices, values)
    return put_at_(self, at, values, dims, accumulate)


@method()
def index_put(input, indices, values, accumulate=False):
    """A copy of ``input`` with ``values`` written (or added) at ``input[indices]``.   ∂y/∂values = 1.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.index_put.html
    """
    at, dims, values = _put_arguments(input, indices, values)
    check_same_dtype(input, values)
    return index_put_at.op.raw(input, at, values, dims=dims, accumulate=accumulate)


Tensor.index_put_ = index_put_
