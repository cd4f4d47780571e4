"""More ways to reshape, each made of the views in ``view``: flatten, movedim, meshgrid, ``.T`` and their like."""

from functools import wraps
from math import prod

from ..core.errors import error
from ..core.op import method
from ..core.tensor import Tensor, wrap_dim
from .cast import contiguous
from .view import broadcast_shapes, expand, permute, reshape, sizes_of, transpose, unsqueeze, view


@method()
def expand_as(input, other):
    """``input.expand(other.shape)``. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.expand_as.html"""
    return expand(input, other.shape)


@method()
def view_as(self, other):
    """``self.view(other.shape)``. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.view_as.html"""
    return view(self, other.shape)


@method()
def reshape_as(self, other):
    """``self.reshape(other.shape)``. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.reshape_as.html"""
    return reshape(self, other.shape)


@method()
def flatten(input, start_dim=0, end_dim=-1):
    """Dimensions ``start_dim`` to ``end_dim`` become one.   ∂y/∂x = 1.

    >>> import lesson_lib as torch
    >>> torch.zeros(2, 3, 4).flatten(1).shape
    torch.Size([2, 12])

    Source: https://pytorch.org/docs/stable/generated/torch.flatten.html
    """
    shape = tuple(input.shape)
    start, end = wrap_dim(start_dim, len(shape)), wrap_dim(end_dim, len(shape))
    if start > end:
        raise error("flatten_order")
    if not shape:
        return reshape(input, 1)
    if start == end:
        return input
    return reshape(input, (*shape[:start], prod(shape[start : end + 1]), *shape[end + 1 :]))


@method()
def unflatten(input, dim, sizes):
    """Dimension ``dim`` becomes the dimensions ``sizes``, one of which may be -1.   ∂y/∂x = 1.

    Source: https://pytorch.org/docs/stable/generated/torch.unflatten.html
    """
    shape = tuple(input.shape)
    dim, sizes = wrap_dim(dim, len(shape)), sizes_of("unflatten", (sizes,) if not isinstance(sizes, int) else sizes)
    if not sizes:
        raise error("unflatten_empty")
    if not shape:
        raise error("unflatten_0d")
    rest = prod(size for size in sizes if size != -1)
    full = tuple(shape[dim] // rest if size == -1 and rest else size for size in sizes)
    if prod(full) != shape[dim]:
        raise error("unflatten_sizes", sizes=list(sizes), dim=dim, size=shape[dim])
    return view(input, (*shape[:dim], *full, *shape[dim + 1 :]))


@method()
def ravel(input):
    """All elements in one dimension; a copy only if the memory is not in row-major order.   ∂y/∂x = 1.

    Source: https://pytorch.org/docs/stable/generated/torch.ravel.html
    """
    return view(contiguous(input), -1)


def broadcast_tensors(*tensors):
    """All tensors stretched to their common shape.   ∂y/∂x = 1, summed over what was stretched.

    Source: https://pytorch.org/docs/stable/generated/torch.broadcast_tensors.html
    """
    shape = broadcast_shapes(*(tensor.shape for tensor in tensors))
    return tuple(expand(tensor, shape) for tensor in tensors)


@method("moveaxis")
def movedim(input, source, destination):
    """Dimensions moved to new places, the others in their old order.   ∂y/∂x = 1.

    Source: https://pytorch.org/docs/stable/generated/torch.movedim.html
    """
    ndim = input.ndim
    given = [[dims] if isinstance(dims, int) else list(dims) for dims in (source, destination)]
    if len(given[0]) != len(given[1]):
        raise error("movedim_count", source=given[0], destination=given[1])
    sources, places = ([wrap_dim(d, ndim) for d in dims] for dims in given)
    for name, dims, shown in zip(("source", "destination"), (sources, places), given, strict=True):
        if len(set(dims)) < len(dims):
            raise error("movedim_twice", name=name, dims=shown)
    rest = iter(d for d in range(ndim) if d not in sources)
    return permute.op.raw(input, dims=tuple(sources[places.index(d)] if d in places else next(rest) for d in range(ndim)))


def _several(function):
    """PyTorch's ``atleast_*`` take one tensor, several, or a tuple of them."""

    @wraps(function)
    def of_any(*tensors):
        if len(tensors) == 1 and not isinstance(tensors[0], tuple | list):
            return function(tensors[0])
        return tuple(map(function, tensors[0] if len(tensors) == 1 else tensors))

    return of_any


@_several
def atleast_1d(input):
    """A number becomes a vector of one element. Source: https://pytorch.org/docs/stable/generated/torch.atleast_1d.html"""
    return input if input.ndim else reshape(input, 1)


@_several
def atleast_2d(input):
    """A vector becomes a matrix of one row. Source: https://pytorch.org/docs/stable/generated/torch.atleast_2d.html"""
    return input if input.ndim > 1 else unsqueeze(input, 0) if input.ndim else reshape(input, 1, 1)


@_several
def atleast_3d(input):
    """A matrix gets a last dimension of size 1, a vector one on either side. Source: https://pytorch.org/docs/stable/generated/torch.atleast_3d.html"""
    if input.ndim == 0:
        return reshape(input, 1, 1, 1)
    return input if input.ndim > 2 else unsqueeze(input, -1) if input.ndim == 2 else unsqueeze(unsqueeze(input, 0), -1)


def meshgrid(*tensors, indexing=None):
    """Coordinates of a grid: output $i$ varies along dimension $i$ ("ij"), or with the first two swapped ("xy").

    Source: https://pytorch.org/docs/stable/generated/torch.meshgrid.html
    """
    tensors = tuple(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], tuple | list) else tensors
    if indexing not in (None, "ij", "xy"):
        raise error("meshgrid_indexing", indexing=indexing)
    if not tensors:
        raise error("empty_list", message="meshgrid expects a non-empty TensorList")
    if any(tensor.ndim > 1 for tensor in tensors):
        raise error("meshgrid_ndim", found=next(tensor.ndim for tensor in tensors if tensor.ndim > 1))
    if len({tensor.dtype for tensor in tensors}) > 1:
        raise error("meshgrid_dtype")
    swap = indexing == "xy" and len(tensors) > 1
    if swap:
        tensors = (tensors[1], tensors[0], *tensors[2:])
    shape, count = tuple(tensor.numel() for tensor in tensors), len(tensors)
    grids = [expand(view(tensor, (1,) * i + (-1,) + (1,) * (count - 1 - i)), shape) for i, tensor in enumerate(tensors)]
    return (grids[1], grids[0], *grids[2:]) if swap else tuple(grids)


def _reversed_dims(self):
    """The dimensions in reverse order; of a matrix, the transpose."""
    return permute.op.raw(self, dims=tuple(reversed(range(self.ndim))))


def _matrix_transpose(self):
    """The last two dimensions swapped."""
    if self.ndim == 1:
        raise error("matrix_property", message="tensor.mT is only supported on matrices or batches of matrices. Got 1-D tensor.")
    return transpose(self, -2, -1) if self.ndim else self


def _adjoint(self):
    """The conjugate transpose of a matrix."""
    if self.ndim not in (0, 2):
        hint = " For batches of matrices, consider using tensor.mH" if self.ndim > 2 else ""
        raise error("matrix_property", message=f"tensor.H is only supported on matrices (2-D tensors). Got {self.ndim}-D tensor.{hint}")
    return adjoint(self)


@method()
def adjoint(input):
    """The last two dimensions swapped and complex numbers conjugated. Source: https://pytorch.org/docs/stable/generated/torch.adjoint.html"""
    swapped = _matrix_transpose(input)
    return swapped.conj() if input.is_complex() else swapped


Tensor.T, Tensor.mT, Tensor.H, Tensor.mH = property(_reversed_dims), property(_matrix_transpose), property(_adjoint), property(adjoint)
