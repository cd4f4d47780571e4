"""Products: of whole dimensions, and running ones. An element's gradient is the product of the others; dividing by it fails at 0."""

from ..core.op import Op, Reduction, op
from .case import case
from .cast import asked_dtype
from .reduce import by_dim, canonical_dims, restored, sum, wide
from .scan import bad_scans, cumsum, one_dim, scans
from .truth import any
from .view import expand, reshape, transpose, unsqueeze


@op
class fill_part(Op):
    """A part of square matrices overwritten: the diagonal, or all above it.   ∂y/∂x = 1 in the rest, 0 there."""

    public = False

    def forward(xp, x, *, part, value):
        y = xp.array(x)
        n = xp.arange(x.shape[-1])
        y[..., n == n[:, None] if part == "diagonal" else n > n[:, None]] = value
        return y

    def grad_x(g, part):
        return fill_part.op.raw(g, part=part, value=0)

    def samples(t):
        yield case(t(2, 3, 3), part="diagonal", value=1)
        yield case(t(3, 3), part="above", value=0)


def _square(x, dim):
    """``x`` with ``dim`` moved to the end and written out n times: entry (…, i, k) is x_k."""
    x = transpose.op.raw(x, dim0=dim, dim1=-1)
    return expand.op.raw(unsqueeze(x, -2), size=(*x.shape[:-1], x.shape[-1], x.shape[-1]))


def _weighted(g, square, dim):
    """For each j the sum over i of gᵢ times entry (…, i, j), back in dimension ``dim``."""
    g = unsqueeze(transpose.op.raw(g, dim0=dim, dim1=-1), -1)
    return transpose.op.raw(sum(g * square, -2), dim0=dim, dim1=-1)


@op
class product_of_others(Op):
    r"""For each element the product of all others along ``dim``, $y_i = \prod_{k \ne i} x_k$.   ∂yᵢ/∂xⱼ = Π x_k over k ≠ i, j.

    One running product from each side; right where elements are 0. Its own gradient needs all pairs, n² numbers.
    """

    public = False

    def forward(xp, x, *, dim):
        x = xp.swapaxes(x, dim, 0)
        before, after = xp.ones_like(x), xp.ones_like(x)
        before[1:] = xp.cumprod(x[:-1], axis=0)
        after[:-1] = xp.cumprod(x[:0:-1], axis=0)[::-1]
        return xp.swapaxes(before * after, dim, 0)

    def grad_x(g, x, dim):
        without_i = fill_part.op.raw(_square(x, dim), part="diagonal", value=1)
        without_i_and_j = fill_part.op.raw(product_of_others.op.raw(without_i, dim=-1), part="diagonal", value=0)
        return _weighted(g, without_i_and_j, dim)

    def samples(t):
        yield case(t(2, 3), dim=1)
        yield case(t(4, 2), dim=0)


@op
class prod(Reduction):
    r"""Product over ``dim`` (all elements if it is not given), $y=\prod_i x_i$.   ∂y/∂xᵢ = the product of the others.

    >>> import lesson_lib as torch
    >>> x = torch.tensor([2., 0., 3.], requires_grad=True)
    >>> torch.prod(x).backward()
    >>> x.grad
    tensor([0., 6., 0.])

    Source: https://pytorch.org/docs/stable/generated/torch.prod.html
    """

    label, overload = "Π", by_dim

    def signature(input, dim=None, keepdim=False, *, dtype=None):
        dims = None if dim is None else canonical_dims("prod", input.ndim, dim)
        if dtype is not None:
            input, dtype = asked_dtype(input, dtype, "prod")
        return input, {"dim": dims, "keepdim": keepdim, "dtype": dtype}

    def forward(xp, x, *, dim, keepdim, dtype):
        return xp.prod(x, axis=dim, dtype=wide(x, dtype), keepdims=keepdim)

    def grad_x(g, x, dim, keepdim):
        if dim == ():
            return g
        if dim is None:
            others = reshape(product_of_others.op.raw(reshape(x, (-1,)), dim=0), tuple(x.shape))
        else:
            others = product_of_others.op.raw(x, dim=dim[0])
        return restored(g, x.shape, dim, keepdim) * others

    def samples(t):
        yield case(t(2, 3))
        yield case(t(2, 3), 1)
        yield case(t(2, 3), 0, True)
        yield case(t(), 0)
        yield case(t(0, 2), 0)

    def errors(t):
        yield case(t(2, 3), 2), IndexError, "Dimension out of range (expected to be in range of [-2, 1], but got 2)"


@op
class cumprod(Op):
    r"""Running product along ``dim``, $y_i = \prod_{j \le i} x_j$.   ∂yᵢ/∂xⱼ = yᵢ/xⱼ for j ≤ i.

    >>> import lesson_lib as torch
    >>> torch.cumprod(torch.tensor([1, 2, 3]), dim=0)
    tensor([1, 2, 6])

    Source: https://pytorch.org/docs/stable/generated/torch.cumprod.html
    """

    label, inplace, samples, errors = "Π…", True, scans, bad_scans

    def signature(input, dim, *, dtype=None):
        if dtype is not None:
            input, dtype = asked_dtype(input, dtype, "cumprod")
        return input, {"dim": one_dim("cumprod", input, dim), "dtype": dtype}

    def forward(xp, x, *, dim, dtype):
        return x.astype(wide(x, dtype)) if dim is None else xp.cumprod(x, axis=dim, dtype=wide(x, dtype))

    def grad_x(g, x, y, dim):
        if dim is None:
            return g
        if not any(x == 0):
            return cumsum.op.raw(g * y, dim=dim, dtype=None, backward=True) / x
        # With a zero among them, every pair by itself: row i holds the factors of yᵢ, which are x₀ … xᵢ.
        factors = fill_part.op.raw(_square(x, dim), part="above", value=1)
        without_j = fill_part.op.raw(product_of_others.op.raw(factors, dim=-1), part="above", value=0)
        return _weighted(g, without_j, dim)
