"""Matrix products. ``matmul`` looks at the dimensions and sends the work to ``mm``, ``mv``, ``dot`` or ``bmm``.

The gradients of a product are products: for Y = A·B, with G = ∂L/∂Y,  ∂L/∂A = G·Bᵀ  and  ∂L/∂B = Aᵀ·G.
"""

from ..core.dtypes import from_numpy_dtype
from ..core.errors import error, tensor_title
from ..core.op import Opaque, method, op
from ..core.tensor import Tensor, wrap_dim
from .case import case
from .view import broadcast_shapes, expand, reshape, transpose, unsafe_view, unsqueeze, view

WORDS = {"float32": "float", "float64": "double", "int64": "long int", "int32": "int", "float16": "c10::Half",
         "bfloat16": "c10::BFloat16", "int16": "short int", "uint8": "unsigned char",
         "int8": "signed char", "bool": "bool", "complex64": "c10::complex<float>", "complex128": "c10::complex<double>"}  # fmt: skip


def same_dtype(a, b):
    """PyTorch's matrix products do not promote."""
    if a.dtype != b.dtype:
        raise error("dtype_match", a=WORDS[a.dtype.name], b=WORDS[b.dtype.name])


def _mismatch(exc, arrays, params):
    """NumPy's complaint as PyTorch's."""
    a, b = arrays[-2:]
    return error("matmul", m=a.shape[0], k=a.shape[1], k2=b.shape[0], n=b.shape[1]) if a.ndim == b.ndim == 2 and a.shape[1] != b.shape[0] else None


@op
class mm(Opaque):
    """Product of two matrices, Y = A·B.   ∂L/∂A = G·Bᵀ,  ∂L/∂B = Aᵀ·G.

    >>> import lesson_lib as torch
    >>> torch.mm(torch.tensor([[1., 2.]]), torch.tensor([[3.], [4.]]))
    tensor([[11.]])

    Source: https://pytorch.org/docs/stable/generated/torch.mm.html
    """

    label, explain = "@", _mismatch

    def signature(input, mat2):
        return input, mat2, {}

    def forward(xp, a, b):
        for name, array in (("self", a), ("mat2", b)):
            if array.ndim != 2:
                raise error("must_be_matrix", name=name)
        same_dtype(a, b)
        return a @ b

    def grad_a(g, b):
        return g @ b.T

    def grad_b(g, a):
        # As (Gᵀ·A)ᵀ: B is often a transposed weight, and then the gradient arrives there in row-major order.
        return (g.T @ a).T

    def samples(t):
        yield case(t(2, 3), t(3, 4))
        yield case(t(0, 3), t(3, 4))
        yield case(t(2, 0), t(0, 4))

    def errors(t):
        yield case(t(2, 3), t(2, 3)), RuntimeError, "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"
        yield case(t(3), t(3, 2)), RuntimeError, "self must be a matrix"


@op
class bmm(Opaque):
    """Products of pairs of matrices, Y_i = A_i·B_i.   ∂L/∂A_i = G_i·B_iᵀ,  ∂L/∂B_i = A_iᵀ·G_i.

    Source: https://pytorch.org/docs/stable/generated/torch.bmm.html
    """

    label = "@"

    def signature(input, mat2):
        return input, mat2, {}

    def forward(xp, a, b):  # (B, n, k) @ (B, k, m) -> (B, n, m)
        for name, array in (("batch1", a), ("batch2", b)):
            if array.ndim != 3:
                raise error("must_be_3d", name=name)
        if a.shape[0] != b.shape[0] or a.shape[2] != b.shape[1]:
            raise error("bmm", b=a.shape[0], k=a.shape[2], b2=b.shape[0], k2=b.shape[1])
        if a.dtype != b.dtype:
            raise error("dtype_expected", expected=from_numpy_dtype(a.dtype).title, found=from_numpy_dtype(b.dtype).title)
        return xp.matmul(a, b)

    def grad_a(g, b):
        return g @ b.swapaxes(-1, -2)

    def grad_b(g, a):
        return a.swapaxes(-1, -2) @ g

    def samples(t):
        yield case(t(2, 3, 4), t(2, 4, 2))
        yield case(t(0, 3, 4), t(0, 4, 2))

    def errors(t):
        yield case(t(2, 3, 4), t(2, 3, 4)), RuntimeError, "Expected size for first two dimensions of batch2 tensor to be: [2, 4] but got: [2, 3]."


@op
class mv(Opaque):
    """Matrix times vector, y = A·b.   ∂L/∂A = g·bᵀ,  ∂L/∂b = Aᵀ·g.   Source: https://pytorch.org/docs/stable/generated/torch.mv.html"""

    label = "@"

    def signature(input, vec):
        return input, vec, {}

    def forward(xp, a, b):
        if a.ndim != 2 or b.ndim != 1:
            raise error("mv_dims", a=a.ndim, b=b.ndim)
        if a.shape[1] != b.shape[0]:
            raise error("matmul_vec", input=a.shape[0], m=a.shape[0], k=a.shape[1], k2=b.shape[0])
        if a.dtype != b.dtype:
            vector, matrix = from_numpy_dtype(b.dtype).title, from_numpy_dtype(a.dtype).title
            raise error("addmv_dtype", x=vector, a=matrix, b=vector)
        return a @ b

    def grad_a(g, b):
        return unsqueeze(g, 1) * b

    def grad_b(g, a):
        return a.T @ g

    def samples(t):
        yield case(t(2, 3), t(3))

    def errors(t):
        yield case(t(2, 3), t(2)), RuntimeError, "size mismatch, got input (2), mat (2x3), vec (2)"


@op
class dot(Opaque):
    """Product of two vectors, y = Σ aᵢbᵢ.   ∂y/∂a = b,  ∂y/∂b = a.   Source: https://pytorch.org/docs/stable/generated/torch.dot.html"""

    label = "·"

    def signature(input, tensor):
        return input, tensor, {}

    def forward(xp, a, b):
        if a.ndim != 1 or b.ndim != 1:
            raise error("dot_dims", a=a.ndim, b=b.ndim)
        if a.dtype != b.dtype:
            raise error("dot_dtype", a=from_numpy_dtype(a.dtype).title, b=from_numpy_dtype(b.dtype).title)
        if a.shape != b.shape:
            raise error("matmul_1d", a=a.shape[0], b=b.shape[0])
        return a @ b

    def grad_a(g, b):
        return g * b

    def grad_b(g, a):
        return g * a

    def samples(t):
        yield case(t(3), t(3))
        yield case(t(0), t(0))

    def errors(t):
        yield case(t(2), t(3)), RuntimeError, "inconsistent tensor size, expected tensor [2] and src [3]"


@method()
def matmul(input, other, *, out=None):
    """Matrix product by the rules of ``@``: vectors, matrices, or batches of matrices that broadcast; Y = A·B.

    >>> import lesson_lib as torch
    >>> torch.matmul(torch.ones(5, 2, 3), torch.ones(3, 4)).shape
    torch.Size([5, 2, 4])

    Source: https://pytorch.org/docs/stable/generated/torch.matmul.html
    """
    result = _matmul(input, other)
    return result if out is None else Tensor._write_out(out, result, "matmul")


def _matmul(a, b):
    """The case by the numbers of dimensions. The op that does the work is the one PyTorch chooses, so the graph shows its names."""
    dims = (a.ndim, b.ndim)
    if 0 in dims:
        raise error("matmul_0d", a=a.ndim, b=b.ndim)
    if dims == (1, 1):
        return dot(a, b)
    if dims == (2, 1):
        return mv(a, b)
    if dims == (1, 2):
        return mm(unsqueeze(a, 0), b).squeeze(0)
    if dims == (2, 2):
        return mm(a, b)
    if b.ndim <= 2:  # (…, n, k) @ (k, m): one big matrix of all rows
        rows = reshape(a, (-1, a.shape[-1])) if a.shape[-1] else reshape(a, (_count(a.shape[:-1]), 0))
        product = mv(rows, b) if b.ndim == 1 else mm(rows, b)
        return unsafe_view(product, (*a.shape[:-1], *b.shape[1:]))
    return _batched(a, b)


def _batched(a, b):
    """(…, n, k) @ (…, k, m) with broadcasting batch dimensions, as one list of matrix pairs."""
    vector = a.ndim == 1
    if vector:
        a = unsqueeze(a, 0)
    batch = broadcast_shapes(a.shape[:-2], b.shape[:-2])
    count = _count(batch)
    left = reshape(expand(a, (*batch, *a.shape[-2:])), (count, *a.shape[-2:]))
    right = reshape(expand(b, (*batch, *b.shape[-2:])), (count, *b.shape[-2:]))
    product = unsafe_view(bmm(left, right), (*batch, a.shape[-2], b.shape[-1]))
    return product.squeeze(-2) if vector else product


def _count(sizes):
    total = 1
    for size in sizes:
        total *= size
    return total


def _matmul_operator(self, other):
    return matmul(self, other) if isinstance(other, Tensor) else NotImplemented


Tensor.__matmul__ = _matmul_operator
Tensor.__rmatmul__ = lambda self, other: matmul(other, self) if isinstance(other, Tensor) else NotImplemented


@op
class addmm(Opaque):
    r"""A product on top of a matrix, $Y = \beta\,C + \alpha\,A·B$: one node for a whole linear layer.

    ∂L/∂C = β·G,  ∂L/∂A = α·G·Bᵀ,  ∂L/∂B = α·Aᵀ·G.   Source: https://pytorch.org/docs/stable/generated/torch.addmm.html
    """

    label, explain, inplace = "+ @", _mismatch, True
    kinds, kernel = "iufc", "addmm_impl_cpu_"

    def signature(input, mat1, mat2, *, beta=1, alpha=1):
        return input, mat1, mat2, {"beta": beta, "alpha": alpha}

    def forward(xp, x, a, b, *, beta=1, alpha=1):
        for name, array in (("mat1", a), ("mat2", b)):
            if array.ndim != 2:
                raise error("must_be_matrix_2d", name=name, ndim=array.ndim)
        if a.dtype != b.dtype:
            raise error("addmm_dtype", name="mat1", a=from_numpy_dtype(a.dtype).title, b=from_numpy_dtype(b.dtype).title)
        if a.dtype != x.dtype:
            raise error("addmm_dtype", name="self", a=from_numpy_dtype(x.dtype).title, b=from_numpy_dtype(a.dtype).title)
        if a.shape[1] != b.shape[0]:
            raise _mismatch(None, (a, b), {})
        y = a @ b
        check_expands(x, y.shape)
        if x.dtype.kind in "iu":
            alpha, beta = int(alpha), int(beta)
        if alpha != 1:
            y *= alpha
        if beta != 0:  # with 0 the nan in x do not count
            y += x if beta == 1 else beta * x  # in place: y is ours, and as large as the layer's output
        return y

    def grad_x(g, beta):
        return g if beta == 1 else g * beta

    def grad_a(g, b, alpha):
        y = g @ b.T
        return y if alpha == 1 else y * alpha

    def grad_b(g, a, alpha):
        y = (g.T @ a).T  # see mm
        return y if alpha == 1 else y * alpha

    def samples(t):
        yield case(t(4), t(2, 3), t(3, 4))
        yield case(t(2, 4), t(2, 3), t(3, 4), beta=0.5, alpha=2)

    def errors(t):
        yield case(t(4), t(2, 3), t(2, 4)), RuntimeError, "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x4)"


def check_expands(x, target):
    """The added term must expand to the product's shape."""
    if x.ndim > len(target):
        title, sizes = tensor_title(x.dtype), list(x.shape)
        raise error("expand_few", title=title, sizes=sizes, size=list(target), given=len(target), ndim=x.ndim)
    for back, size in enumerate(reversed(x.shape), 1):
        if size not in (1, target[-back]):
            raise error("expand", new=target[-back], old=size, dim=len(target) - back, target=list(target), sizes=list(x.shape))


@method("ger")
def outer(input, vec2, *, out=None):
    """All products of two vectors, Y_ij = a_i·b_j.   ∂L/∂a = G·b,  ∂L/∂b = Gᵀ·a.   Source: https://pytorch.org/docs/stable/generated/torch.outer.html"""
    if input.ndim != 1 or vec2.ndim != 1:
        raise error("outer_dims", name="self" if input.ndim != 1 else "vec2", ndim=input.ndim if input.ndim != 1 else vec2.ndim)
    result = view(input, input.shape[0], 1) * vec2
    return result if out is None else Tensor._write_out(out, result, "outer")


@method()
def inner(input, other, *, out=None):
    """Products summed over the last dimension of both, Y_…ij = Σ_k A_…ik·B_jk.   Source: https://pytorch.org/docs/stable/generated/torch.inner.html"""
    scalar = input.ndim == 0 or other.ndim == 0
    if not scalar and input.shape[-1] != other.shape[-1]:
        raise error("inner_sizes", a=list(input.shape), b=list(other.shape))
    result = input * other if scalar else tensordot(input, other, dims=([-1], [-1]))
    return result if out is None else Tensor._write_out(out, result, "inner")


def _contracted(a, b, dims):
    """The dimensions of ``a`` and of ``b`` that are summed."""
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise error("tensordot_negative", dims=dims)
        if dims > min(a.ndim, b.ndim):
            raise error("tensordot_many", dims=dims)
        return list(range(a.ndim - dims, a.ndim)), list(range(dims))
    first, second = ([wrap_dim(d, t.ndim) for d in side] for side, t in zip(dims, (a, b), strict=True))
    if len(first) != len(second):
        raise error("tensordot_lengths")
    return first, second


def tensordot(a, b, dims=2, out=None):
    """Products summed over several dimensions at once: both are flattened to matrices and multiplied, Y = A·B.

    ``dims`` is the number of last dimensions of ``a`` (first of ``b``) to sum, or a pair of lists of dimensions.

    Source: https://pytorch.org/docs/stable/generated/torch.tensordot.html
    """
    dims_a, dims_b = _contracted(a, b, dims)
    if a.dtype != b.dtype:
        raise error("same_dtype")
    for i, j in zip(dims_a, dims_b, strict=True):
        if a.shape[i] == 1:  # it stretches over the other: the other is summed beforehand
            b = b.sum(j, keepdim=True, dtype=a.dtype)
        elif b.shape[j] == 1:
            a = a.sum(i, keepdim=True, dtype=a.dtype)
        elif a.shape[i] != b.shape[j]:
            raise error("contract_sizes", i=i, j=j, a=a.shape[i], b=b.shape[j])
    for d in dims_a + dims_b:
        if dims_a.count(d) > 1 or dims_b.count(d) > 1:
            raise error("tensordot_twice", dim=d)
    free_a = [d for d in range(a.ndim) if d not in dims_a]
    free_b = [d for d in range(b.ndim) if d not in dims_b]
    summed = _count(a.shape[d] for d in dims_a)
    left = reshape(a.permute(free_a + dims_a), (_count(a.shape[d] for d in free_a), summed))
    right = reshape(b.permute(dims_b + free_b), (summed, _count(b.shape[d] for d in free_b)))
    result = mm(left, right).reshape([a.shape[d] for d in free_a] + [b.shape[d] for d in free_b])
    return result if out is None else Tensor._write_out(out, result, "tensordot")


def linear(input, weight, bias=None, *, out=None):
    """A linear layer, y = x·Wᵀ + b, over the last dimension of ``input``.

    ∂L/∂x = G·W,  ∂L/∂W = Gᵀ·x,  ∂L/∂b = Σ G.   Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
    """
    if bias is None:
        y = matmul(input, transpose(weight, 0, 1) if weight.ndim != 2 else weight.t())
    elif input.ndim == 2:
        y = addmm(bias, input, weight.t())
    else:
        rows = reshape(input, (_count(input.shape[:-1]), input.shape[-1]))
        y = addmm(bias, rows, weight.t()).view(*input.shape[:-1], weight.shape[0])
    return y if out is None else Tensor._write_out(out, y, "linear")
