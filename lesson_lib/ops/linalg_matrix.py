"""What the functions of linear algebra share: checks with PyTorch's messages, and matrices for their tests."""

import numpy as np

from ..core.dtypes import from_numpy_dtype
from ..core.errors import error
from ..core.half import is_half
from ..core.op import Opaque
from ..core.tensor import Tensor, wrap
from .case import case


class Linalg(Opaque):
    """A function of matrices: the last two dimensions are the matrix, all before them a batch."""

    method = False
    half = "refused"  # LAPACK has no numbers of 16 bits


def finished(result, out, name):
    """The result, or with ``out=`` the tensors it was written into."""
    if out is None:
        return result
    if type(result) is tuple:
        return tuple(Tensor._write_out(*pair, name) for pair in zip(out, result, strict=True))
    return Tensor._write_out(out, result, name)


def check_matrix(name, a, argument=" A"):
    """At least two dimensions, of floating-point or complex numbers."""
    if a.ndim < 2:
        raise error("linalg_ndim", name=name, argument=argument)
    if is_half(a.dtype):
        raise error("low_precision", name=name, dtype=from_numpy_dtype(a.dtype).title)
    if a.dtype.kind not in "fc":
        raise error("linalg_dtype", name=name, dtype=from_numpy_dtype(a.dtype).title)


def check_square(name, a):
    """Square matrices of floating-point or complex numbers."""
    check_matrix(name, a)
    if a.shape[-1] != a.shape[-2]:
        raise error("linalg_square", name=name, m=a.shape[-2], n=a.shape[-1])


def check_pair(name, a, b, matrix="A"):
    """Two tensors of one dtype."""
    if a.dtype != b.dtype:
        raise error("linalg_same_dtype", name=name, matrix=matrix, a=from_numpy_dtype(a.dtype).title, b=from_numpy_dtype(b.dtype).title)


def check_kernel(kernel, a):
    """Numbers that LAPACK knows: the four floating-point and complex dtypes of 32 bits and more."""
    if a.dtype.name not in ("float32", "float64", "complex64", "complex128"):
        raise error("not_implemented_for", kernel=kernel, dtype=from_numpy_dtype(a.dtype).title)


def failed(exc):
    """True for NumPy's complaint about a matrix that cannot be factored."""
    return isinstance(exc, np.linalg.LinAlgError)


def first_failure(a, fails):
    """(which matrix, PyTorch's words for it): the first one for which ``fails`` gives a number other than 0, and that number."""
    for number, matrix in enumerate(a.reshape(-1, *a.shape[-2:])):
        index = fails(matrix)
        if index:
            return f"(Batch element {number}): " if a.ndim > 2 else "", index
    return "", 1


def first_info(info):
    """(which matrix, PyTorch's words for it; the number) of the first matrix whose ``info`` is not 0. ``info`` is an array."""
    for number, index in enumerate(info.reshape(-1).tolist()):
        if index:
            return f"(Batch element {number}): " if info.ndim else "", index
    return "", 0


def identity_like(A):
    """Ones on the diagonal and zeros elsewhere in A's shape. It stays part of A's history, to which it sends a gradient of 0."""
    result = A.clone().zero_()
    result.diagonal(dim1=-2, dim2=-1).fill_(1)
    return result


# --- test matrices ----------------------------------------------------------------------------------------------------------


def leaf_like(tensor, array):
    """A leaf with the values ``array``, which requires a gradient if ``tensor`` does."""
    leaf = wrap(array.astype(tensor._a.dtype))
    leaf.requires_grad = tensor.requires_grad
    return leaf


def dominant(t, *shape, **options):
    """Matrices with a heavy diagonal: far from singular."""
    a = t(*shape, **options)
    return leaf_like(a, a._a + 3 * _identity_like(a._a))


def definite(t, *shape, **options):
    """Symmetric matrices with positive eigenvalues, well apart."""
    a = t(*shape, **options)
    symmetric = (a._a + a._a.swapaxes(-1, -2).conj()) / 8
    identity = _identity_like(a._a)
    return leaf_like(a, symmetric + 3 * identity * identity.cumsum(axis=-1).cumsum(axis=-2))


def _identity_like(array):
    """The identity on the device of ``array``."""
    n = array.shape[-1]
    flat = array[(0,) * (array.ndim - 2)].reshape(-1)
    places = (flat == flat).cumsum() - 1  # 0, 1, 2, … on that device
    return ((places % (n + 1)) == 0).reshape(n, n) * 1.0


def squares(t):
    """One matrix, a batch, a 1×1 matrix."""
    yield case(dominant(t, 3, 3))
    yield case(dominant(t, 2, 2, 2))
    yield case(dominant(t, 1, 1))


def bad_squares(name):
    """Matrices that are not square, vectors, integers."""

    def errors(t):
        yield case(t(2, 3)), RuntimeError, f"{name}: A must be batches of square matrices, but they are 2 by 3 matrices"
        yield case(t(3)), RuntimeError, f"{name}: The input tensor A must have at least 2 dimensions."
        yield case(t(2, 2, dtype="int64")), RuntimeError, f"{name}: Expected a floating point or complex tensor as input. Got Long"

    return errors
