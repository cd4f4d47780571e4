"""Products of vectors and matrices beyond ``matmul``: powers, exponentials, chains, cross and Kronecker products."""

from math import factorial, prod

from ..core.errors import error
from ..core.op import method, op
from ..core.promote import COMMON
from ..core.tensor import wrap_dim
from .case import case
from .conjugate import conj, mT
from .join import cat
from .linalg_matrix import Linalg, bad_squares, check_square, dominant, finished, identity_like
from .linalg_solve import linalg_inv, linalg_solve
from .matmul import WORDS, dot, matmul
from .product import cumprod
from .reduce import sum
from .slicing import diagonal, scatter_view
from .view import expand, reshape, unsqueeze


@op
class trace(Linalg):
    """The sum of a matrix's diagonal, y = Σ x_ii.   ∂y/∂x = the identity.

    Source: https://pytorch.org/docs/stable/generated/torch.trace.html
    """

    kinds, kernel = "iufc", "trace"
    method, label, half = True, "tr", "float32"

    def forward(xp, x):
        if x.ndim != 2:
            raise error("trace_ndim", ndim=x.ndim)
        return xp.sum(xp.diagonal(x), dtype="int64" if x.dtype.kind in "biu" else x.dtype)

    def grad_x(g, x_shape):
        n = min(x_shape)
        stretched = expand.op.raw(reshape(g, (1,)), size=(n,))
        return scatter_view.op.raw(stretched, shape=tuple(x_shape), view=diagonal.op, params={"offset": 0, "dim1": 0, "dim2": 1})

    def samples(t):
        yield case(t(3, 3))
        yield case(t(2, 3))

    def errors(t):
        yield case(t(3)), RuntimeError, "trace: expected a matrix, but got tensor with dim 1"


@op
class linalg_cross(Linalg):
    """The cross product of vectors of three numbers along ``dim``, y = a × b.   ∂L/∂a = b × g,  ∂L/∂b = g × a.

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.cross.html
    """

    promotion, label, half = COMMON, "×", "float32"

    def signature(input, other, *, dim=-1):
        if input.ndim != other.ndim:
            raise error("cross_dims")
        wrapped = wrap_dim(dim, input.ndim)
        if input.shape[wrapped] != 3 or other.shape[dim] != 3:
            raise error("cross_size", dim=dim, a=input.shape[wrapped], b=other.shape[dim])
        return input, other, {"dim": wrapped - input.ndim}

    def forward(xp, a, b, *, dim):
        return _rolled(xp, a, 1, dim) * _rolled(xp, b, 2, dim) - _rolled(xp, a, 2, dim) * _rolled(xp, b, 1, dim)

    def grad_a(g, b, dim):
        return linalg_cross.op.raw(b, g, dim=dim)

    def grad_b(g, a, dim):
        return linalg_cross.op.raw(g, a, dim=dim)

    def samples(t):
        yield case(t(2, 3), t(2, 3))
        yield case(t(3, 2), t(3, 1), dim=0)

    def errors(t):
        yield case(t(2), t(2)), RuntimeError, "linalg.cross: inputs dimension -1 must have length 3. Got 2 and 2"


def _rolled(xp, x, steps, dim):
    """(x₂, x₃, x₁) for one step, (x₃, x₁, x₂) for two."""
    return xp.roll(x, -steps, axis=dim)


@method()
def cross(input, other, dim=None, *, out=None):
    """The cross product, y = a × b, along ``dim`` or else the first dimension of size 3. Source: https://pytorch.org/docs/stable/generated/torch.cross.html"""
    if dim is None:
        dim = next((d for d, size in enumerate(input.shape) if size == 3), None)
        if dim is None:
            raise error("cross_none")
    return linalg_cross(input, other, dim=dim, out=out)


def linalg_vecdot(x, y, *, dim=-1, out=None):
    """The dot products of vectors along ``dim``, y = Σ x̄ᵢ·yᵢ. Source: https://pytorch.org/docs/stable/generated/torch.linalg.vecdot.html"""
    return finished(sum(conj(x) * y, dim), out, "linalg_vecdot")


@method()
def vdot(input, other, *, out=None):
    """The dot product of two vectors, y = Σ āᵢ·bᵢ. Source: https://pytorch.org/docs/stable/generated/torch.vdot.html"""
    return finished(dot(conj(input), other), out, "vdot")


# --- powers and exponentials ----------------------------------------------------------------------------------------------------


@method()
def matrix_power(input, n, *, out=None):
    """Y = A·A·…·A, n factors, by repeated squaring; for a negative n of the inverse. Source: https://pytorch.org/docs/stable/generated/torch.matrix_power.html"""
    if input.ndim < 2 or input.shape[-1] != input.shape[-2]:
        check_square("linalg.matrix_power", input._a * 1.0)
    if n == 0:
        return finished(identity_like(input), out, "matrix_power")
    base, n = (linalg_inv(input), -n) if n < 0 else (input, n)
    result = None
    while n:
        if n % 2:
            result = base if result is None else matmul(result, base)
        n //= 2
        if n:
            base = matmul(base, base)
    return finished(result.clone() if result is input else result, out, "matrix_power")


TERMS = 18  # of the exponential series: for ‖A‖ ≤ 1 the rest is below 2⁻⁵³


@op
class linalg_matrix_exp(Linalg):
    r"""The matrix exponential, $Y = e^A = \sum_k A^k/k!$, by scaling and squaring: $e^A = (e^{A/2^s})^{2^s}$.

    ∂L/∂A is the upper right block of $\exp\begin{pmatrix} A^T & G \\ 0 & A^T \end{pmatrix}$.

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.matrix_exp.html; the rule: Najfeld and Havel 1995, doi:10.1006/aama.1995.1017
    """

    errors = bad_squares("linalg.matrix_exp")
    half = "float32"

    def signature(A):
        return A, {}

    def forward(xp, a):
        check_square("linalg.matrix_exp", a)
        if a.size == 0:
            return a.copy()
        size = float(xp.max(xp.sum(xp.absolute(a), axis=-2)))
        halvings = 0
        while size > 1:
            size, halvings = size / 2, halvings + 1
        a = a / 2**halvings
        identity = xp.eye(a.shape[-1], dtype=a.dtype)
        y = identity + a / factorial(TERMS) * factorial(TERMS - 1)
        for k in range(TERMS - 1, 0, -1):  # Horner's scheme: 1 + A/1·(1 + A/2·(1 + …))
            y = identity + (a @ y) / k
        for _ in range(halvings):
            y = y @ y
        return y

    def grad_a(g, a):
        n = a.shape[-1]
        transposed = mT(a)
        upper = cat.op.raw(transposed, g, dim=a.ndim - 1)
        lower = cat.op.raw(transposed * 0, transposed, dim=a.ndim - 1)
        return linalg_matrix_exp(cat.op.raw(upper, lower, dim=a.ndim - 2))[..., :n, n:]

    def samples(t):
        yield case(t(3, 3))
        yield case(t(2, 2, 2))
        yield case(dominant(t, 2, 2))


@method()
def matrix_exp(input):
    """The matrix exponential, Y = e^A: ``linalg.matrix_exp``. Source: https://pytorch.org/docs/stable/generated/torch.matrix_exp.html"""
    return linalg_matrix_exp(input)


# --- several factors -------------------------------------------------------------------------------------------------------------


def _best_splits(sizes):
    """Where to split each chain i…j of factors with ``sizes`` so that the products cost least (Cormen et al., "Matrix-chain multiplication")."""
    count = len(sizes) - 1
    cost, split = {(i, i): 0 for i in range(count)}, {}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            options = {k: cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j)}
            split[i, j] = min(options, key=options.get)
            cost[i, j] = options[split[i, j]]
    return split


def linalg_multi_dot(tensors, *, out=None):
    """The product of a chain of matrices, Y = A₁·A₂·…·A_k, in the order that costs least. The first and the last may be vectors.

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.multi_dot.html
    """
    if len(tensors) < 2:
        raise error("multi_dot_few", count=len(tensors))
    first, last = tensors[0].ndim == 1, tensors[-1].ndim == 1
    factors = list(tensors)
    if first:
        factors[0] = unsqueeze(factors[0], 0)
    if last:
        factors[-1] = unsqueeze(factors[-1], -1)
    for i, factor in enumerate(factors):
        if factor.ndim != 2:
            raise error("multi_dot_ndim", index=i, ndim=tensors[i].ndim)
        if i and factors[i - 1].shape[1] != factor.shape[0]:
            raise error("multi_dot_shapes", i=i - 1, j=i, a=list(factors[i - 1].shape), b=list(factor.shape))
        if factor.dtype != factors[0].dtype:
            raise error("multi_dot_dtype", a=WORDS[factors[0].dtype.name], index=i, b=WORDS[factor.dtype.name])
    split = _best_splits([factors[0].shape[0], *(factor.shape[1] for factor in factors)])

    def product(i, j):
        return factors[i] if i == j else matmul(product(i, split[i, j]), product(split[i, j] + 1, j))

    result = product(0, len(factors) - 1)
    shape = list(result.shape)[int(first) : 2 - int(last)]
    return finished(result.reshape(shape), out, "linalg_multi_dot")


def chain_matmul(*matrices, out=None):
    """The product of a chain of matrices: ``linalg.multi_dot``. Source: https://pytorch.org/docs/stable/generated/torch.chain_matmul.html"""
    if not matrices:
        raise error("chain_none")
    return matrices[0].clone() if len(matrices) == 1 else linalg_multi_dot(matrices, out=out)


@method()
def kron(input, other, *, out=None):
    """The Kronecker product: every element of the first times the whole second, Y_{(i,k),(j,l)} = A_ij·B_kl.

    >>> import lesson_lib as torch
    >>> torch.kron(torch.tensor([1, 2]), torch.tensor([1, 10]))
    tensor([ 1, 10,  2, 20])

    Source: https://pytorch.org/docs/stable/generated/torch.kron.html
    """
    ndim = max(input.ndim, other.ndim)
    a, b = ((1,) * (ndim - x.ndim) + tuple(x.shape) for x in (input, other))
    left = reshape(input, [size for pair in zip(a, (1,) * ndim, strict=True) for size in pair])  # (i, 1, j, 1, …)
    right = reshape(other, [size for pair in zip((1,) * ndim, b, strict=True) for size in pair])  # (1, k, 1, l, …)
    result = reshape(left * right, [p * q for p, q in zip(a, b, strict=True)])
    return finished(result, out, "kron")


def linalg_vander(x, *, N=None):
    """The powers of each element in a row, Y_ij = x_iʲ for j < N. Source: https://pytorch.org/docs/stable/generated/torch.linalg.vander.html"""
    x = unsqueeze(x, 0) if x.ndim == 0 else x
    n = x.shape[-1] if N is None else N
    if n <= 1:
        raise error("vander_size")
    repeated = expand(unsqueeze(x, -1), (*x.shape, n - 1))
    ones = expand(x.new_ones(()), (*x.shape, 1))
    return cat([ones, cumprod(repeated, -1)], -1)


def linalg_diagonal(A, *, offset=0, dim1=-2, dim2=-1):
    """The diagonal of each matrix, a view. Source: https://pytorch.org/docs/stable/generated/torch.linalg.diagonal.html"""
    return diagonal(A, offset, dim1, dim2)


# --- equations between tensors -----------------------------------------------------------------------------------------------------


def linalg_tensorsolve(A, B, dims=None, *, out=None):
    """X of A·X = B, summed over all dimensions of X: A's first dimensions are B's, its last ones X's; ``dims`` of A are moved to the end first.

    >>> import lesson_lib as torch
    >>> torch.linalg.tensorsolve(torch.eye(4).reshape(2, 2, 2, 2) * 2, torch.tensor([[2., 4.], [6., 8.]]))
    tensor([[1., 2.],
            [3., 4.]])

    Source: https://pytorch.org/docs/stable/generated/torch.linalg.tensorsolve.html
    """
    if dims is not None:
        A = A.movedim(tuple(dims), tuple(range(A.ndim - len(dims), A.ndim)))
    unknowns = A.shape[B.ndim :]
    if prod(unknowns) != B.numel():
        raise error("tensor_equation", split="other.ndim", tail=prod(unknowns), head=B.numel())
    result = reshape(linalg_solve(reshape(A, (prod(unknowns), -1)), B.flatten()), unknowns)
    return finished(result, out, "linalg_tensorsolve")


def linalg_tensorinv(A, ind=2, *, out=None):
    """The inverse of the map that A's first ``ind`` dimensions and the rest describe. Source: https://pytorch.org/docs/stable/generated/torch.linalg.tensorinv.html"""
    if ind <= 0:
        raise error("tensorinv_ind", ind=ind)
    head, tail = A.shape[:ind], A.shape[ind:]
    if prod(tail) != prod(head):
        raise error("tensor_equation", split="ind", tail=prod(tail), head=prod(head))
    result = reshape(linalg_inv(reshape(A, (prod(head), -1))), (*tail, *head))
    return finished(result, out, "linalg_tensorinv")
