"""The same expression in both libraries, over shapes, dtypes, strides and indexes that hypothesis makes up: equal in everything.

Equal are values, dtype, shape, strides, shared memory, gradients, the exception's type and its first line.
"""

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lesson_lib
from lesson_lib.core.op import Elementwise, registry

from . import opcases

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64", "complex128"]
TOLERANCE = {"float16": 4e-3, "bfloat16": 3e-2, "float32": 1e-4, "complex64": 1e-4}
many = settings(max_examples=100, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
some = settings(many, max_examples=25)


# --- what is made up


@st.composite
def tensors(draw, dtypes=tuple(DTYPES), shape=None, grad=False, smallest=0, different=False):
    """A recipe for the same tensor in both libraries: numbers, dtype, and a step of slicing or turning that makes its strides."""
    shape = draw(st.lists(st.integers(smallest, 4), max_size=4)) if shape is None else shape
    seed, dtype = draw(st.integers(0, 999)), draw(st.sampled_from(dtypes))
    layout = draw(st.sampled_from(["plain", "turned", "stepped", "offset"]))
    return Recipe(tuple(shape), dtype, layout, seed, grad, different)


class Recipe:
    def __init__(self, shape, dtype, layout, seed, grad=False, different=False):
        self.shape, self.dtype, self.layout, self.seed, self.grad, self.different = shape, dtype, layout, seed, grad, different

    def __repr__(self):
        return f"{self.dtype}{list(self.shape)} {self.layout} #{self.seed}"

    def cook(self, library):
        shape = self.shape[::-1] if self.layout == "turned" else self.shape
        if self.layout == "stepped":
            shape = tuple(2 * size for size in shape)
        elif self.layout == "offset":
            shape = tuple(size + 1 for size in shape)
        draw = np.random.RandomState(self.seed)
        numbers = draw.permutation(int(np.prod(shape))).reshape(shape) if self.different else draw.randint(-3, 6, shape)
        tensor = library.tensor(numbers + 1j * (numbers % 3) if self.dtype.startswith("complex") else numbers).to(getattr(library, self.dtype))
        if self.layout == "turned":
            tensor = tensor.permute(tuple(range(tensor.dim()))[::-1])
        for dim in range(tensor.dim() if self.layout in ("stepped", "offset") else 0):
            tensor = tensor[(slice(None),) * dim + (slice(None, None, 2) if self.layout == "stepped" else slice(1, None),)]
        return tensor.detach().requires_grad_() if self.grad and tensor.is_floating_point() else tensor


@st.composite
def pairs(draw, dtypes=tuple(DTYPES)):
    """Two tensors whose shapes broadcast."""
    shape = draw(st.lists(st.integers(0, 4), max_size=3))
    shapes = [[draw(st.sampled_from([size, size, 1])) for size in shape][draw(st.integers(0, len(shape))) :] if shape else [] for _ in range(2)]
    first = draw(tensors(dtypes, shapes[0]))
    # PyTorch has complex numbers of 2 × 16 bits for a mixture of these; NumPy has not.
    half, wide = ("16", "complex") if first.dtype.endswith("16") else ("complex", "oat16")
    return first, draw(tensors([dtype for dtype in dtypes if half not in first.dtype or wide not in dtype], shapes[1]))


@st.composite
def indexes(draw):
    """Index expressions as text, so that both libraries read the same one: ints, slices, None, ..., masks and index tensors."""
    parts = draw(st.lists(st.sampled_from([
        "0", "1", "-1", "2", ":", "1:", ":2", "::2", "1:3:2", "-2:", "None", "...", "True", "False", "[0, 1]", "[-1]", "[[0], [1]]",
        "t.tensor(1)", "t.tensor([1, 0])", "t.tensor([[0, 1]])", "t.tensor([True, False])", "t.tensor([[True, False], [False, True]])", "t.tensor([], dtype=t.long)",
    ]), min_size=1, max_size=4))  # fmt: skip
    if parts.count("...") > 1:
        parts = [part for part in parts if part != "..."]
    return ", ".join(parts) or ":"


# --- what is compared


def outcome(function):
    """The result, or the type and first line of the exception."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return function()
        except (RuntimeError, IndexError, ValueError, TypeError, NotImplementedError) as error:
            return error


def array(tensor):
    tensor = tensor.detach()
    return (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy(force=True)


def compare(theirs, mine, strides=False):
    if isinstance(theirs, Exception):
        assert isinstance(mine, Exception), f"no error for {type(theirs).__name__}: {first_line(theirs)}"
        if not isinstance(theirs, TypeError):  # whose text lists the signatures of C++
            assert (type(mine).__name__, first_line(mine)) == (type(theirs).__name__, first_line(theirs))
        return
    if isinstance(mine, Exception):
        raise mine
    if isinstance(theirs, tuple | list):
        assert len(theirs) == len(mine)
        for a, b in zip(theirs, mine, strict=True):
            compare(a, b, strides)
        return
    if not hasattr(theirs, "dtype"):
        assert mine == theirs
        return
    assert str(mine.dtype) == str(theirs.dtype) and tuple(mine.shape) == tuple(theirs.shape)
    tolerance = TOLERANCE.get(str(theirs.dtype).removeprefix("torch."), 1e-6)
    np.testing.assert_allclose(array(mine), array(theirs), rtol=tolerance, atol=tolerance, equal_nan=True)
    if strides and theirs.numel():
        assert (steps(mine), mine.storage_offset()) == (steps(theirs), theirs.storage_offset())


def steps(tensor):
    """The strides, but for dimensions of size 1: nobody steps there, and NumPy loses track of them."""
    return [step for step, size in zip(tensor.stride(), tensor.shape, strict=True) if size > 1]


def first_line(error):
    return (str(error).splitlines() or [""])[0].rstrip()


def both(torch, function, strides=False):
    theirs, mine = outcome(lambda: function(torch)), outcome(lambda: function(lesson_lib))
    compare(theirs, mine, strides)
    return theirs


# --- every elementwise declaration

UNARY = sorted(name for name, decl in registry.items() if decl.public and issubclass(decl, Elementwise) and decl.arity == 1)
BINARY = sorted(name for name, decl in registry.items() if decl.public and issubclass(decl, Elementwise) and decl.arity == 2)


@pytest.mark.parametrize("name", UNARY)
@some
@given(x=tensors())
def test_functions_of_one_tensor(torch, name, x):
    both(torch, lambda t: function_of(t, name)(x.cook(t)))


def function_of(library, name):
    return opcases.function_of(name) if library is lesson_lib else opcases.oracle_of(name, library)


@pytest.mark.parametrize("name", BINARY)
@some
@given(xs=pairs())
def test_functions_of_two_tensors(torch, name, xs):
    if "polynomial" in name and "uint8" in (xs[0].dtype, xs[1].dtype):
        return  # -1 is 255 there: a polynomial of that degree overflows
    if name == "complex" and xs[0].dtype == xs[1].dtype == "float16":
        return  # complex numbers of 2 × 16 bits
    one_type = registry[name].promotion == "keep" and xs[0].dtype != xs[1].dtype
    if one_type and not all(x.dtype in ("float32", "float64") for x in xs):
        return  # a mixture of types and a type that is not taken: which of two mistakes is told is left open
    both(torch, lambda t: function_of(t, name)(*(x.cook(t) for x in xs)))


@pytest.mark.parametrize("name", BINARY)
def test_shapes_that_do_not_broadcast(torch, name):
    dtype = "float64" if "f" in (registry[name].kinds or "f") else "int64"
    for shapes in [((2,), (3,)), ((2, 3), (2, 1, 2)), ((0,), (2,)), ((4, 1, 3), (2, 2))]:
        both(torch, lambda t: function_of(t, name)(*(t.ones(shape, dtype=getattr(t, dtype)) for shape in shapes)))  # noqa: B023


@pytest.mark.parametrize("name", [name for name in UNARY + BINARY if registry[name].differentiable and name != "polar"])
@some
@given(data=st.data())
def test_gradients(torch, name, data):
    """Of every elementwise function, over inputs that broadcast and lie in memory in every way. (polar's of negative lengths is undefined.)"""
    xs = data.draw(pairs(["float64"]))[: len(registry[name].inputs)]

    def program(t):
        leaves = [x.cook(t).requires_grad_() for x in xs]
        y = t.view_as_real(function_of(t, name)(*(leaf * 0.37 + 0.14 for leaf in leaves)) * (1 + 0j))
        return t.autograd.grad((y * t.arange(y.numel()).reshape(y.shape)).sum(), leaves, allow_unused=True)

    both(torch, program)


@many
@given(x=tensors(), number=st.sampled_from([2, -1, 0, 1.5, True, 2 + 1j, 300]), op=st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "<", "=="]), left=st.booleans())
def test_numbers_promote(torch, x, number, op, left):
    if number == 2 + 1j and x.dtype == "float16":
        return  # PyTorch has complex numbers of 2 × 16 bits for these; NumPy has not
    both(torch, lambda t: eval(f"n {op} x" if left else f"x {op} n", {"x": x.cook(t), "n": number}))


@many
@given(data=st.data(), op=st.sampled_from(["add_", "mul_", "sub_", "copy_", "div_", "lt_", "pow_", "remainder_", "logical_and_", "atan2_"]))
def test_in_place(torch, data, op):
    takes_complex = op in ("add_", "mul_", "sub_", "copy_", "div_", "logical_and_")
    xs = data.draw(pairs(DTYPES if takes_complex else ["uint8", "int32", "int64", "float16", "float32", "float64"]))

    def program(t):
        x, y = (x.cook(t) for x in xs)
        memory, version = x.data_ptr(), x._version
        getattr(x, op)(y)
        assert x.data_ptr() == memory and x._version == version + 1
        return x

    both(torch, program, strides=True)


OUT = ["add(x, y)", "mul(x, y)", "div(x, y)", "pow(x, y)", "maximum(x, y)", "atan2(x, y)", "eq(x, y)", "logical_and(x, y)", "exp(x)", "neg(x)", "abs(x)", "sum(x, 0)",
       "cumsum(x, 0)", "where(x > 0, x, y)", "cat([x.flatten(), y.flatten()])", "prod(x, 0)"]  # fmt: skip


@pytest.mark.parametrize("call", OUT)
@some
@given(xs=pairs(["int64", "float32", "float64"]), out=tensors(["bool", "int32", "int64", "float32", "float64", "complex64"]), fits=st.booleans())
def test_out(torch, call, xs, out, fits):
    """``out=`` of the right shape or another one (it is resized), of a dtype that holds the result or does not."""

    def program(t):
        x, y = (x.cook(t) for x in xs)
        result = eval(f"t.{call}", {"t": t, "x": x, "y": y})
        memory = t.zeros_like(result, dtype=getattr(t, out.dtype)) if fits else out.cook(t).clone()
        given = eval(f"t.{call[:-1]}, out=out)", {"t": t, "x": x, "y": y, "out": memory})
        return [given, given is memory]

    both(torch, program)


# --- indexing


@many
@given(x=tensors(dtypes=["float64", "int64"], smallest=2), index=indexes())
def test_get(torch, x, index):
    both(torch, lambda t: eval(f"x[{index}]", {"x": x.cook(t), "t": t}), strides=False)


@many
@given(x=tensors(dtypes=["float64"], smallest=2, grad=True), index=indexes())
def test_gradient_of_get(torch, x, index):
    def program(t):
        leaf = x.cook(t)
        y = eval(f"x[{index}]", {"x": leaf, "t": t})
        return t.autograd.grad((y * t.arange(y.numel()).reshape(y.shape)).sum(), leaf)

    both(torch, program)


@many
@given(x=tensors(dtypes=["float32", "int64"], smallest=2), index=indexes(), value=tensors(dtypes=["float32", "int64"], shape=()), spread=st.booleans())
def test_set(torch, x, index, value, spread):
    def program(t):
        memory = x.cook(t)
        y = memory.clone()
        new = value.cook(t) if spread else 7
        scope = {"y": y, "t": t, "new": new}
        exec(f"y[{index}] = new", scope)
        return y

    both(torch, program)


@many
@given(x=tensors(dtypes=["float64"], smallest=2), index=indexes())
def test_gradient_of_set(torch, x, index):
    def program(t):
        start = x.cook(t).clone().requires_grad_()
        new = t.tensor(2.0, dtype=t.float64, requires_grad=True)
        y = start * 3
        exec(f"y[{index}] = new", {"y": y, "t": t, "new": new})
        return t.autograd.grad((y * y).sum(), [start, new], allow_unused=True)[0]

    both(torch, program)


# --- views: the same strides, the same memory, the same version

VIEWS = [
    "x.t()", "x.transpose(0, -1)", "x.permute(*reversed(range(x.dim())))", "x.unsqueeze(1)", "x.squeeze()", "x.squeeze(0)", "x.view(-1)", "x.reshape(-1, 2)",
    "x.flatten()", "x.expand(3, *x.shape)", "x.diagonal()", "x.diagonal(1, -1, 0)", "x.unfold(0, 2, 1)", "x[::2]", "x[1:]", "x[..., 0]", "x[:, None]", "x.narrow(0, 1, 1)",
    "x.select(-1, 0)", "x.movedim(0, -1)", "x.split(2)[0]", "x.chunk(2, -1)[-1]", "x.unbind(0)[0]", "x.mT", "x.view_as(x)", "x.swapaxes(0, 1)", "x.unflatten(0, (-1, 2))",
    "x.as_strided((2, 2), (1, 1))", "x.contiguous()", "x.expand_as(x)", "x.tensor_split(2)[0]", "x.ravel()", "x.real", "x.detach()", "x.view(t.int32)", "x.hsplit(1)[0]",
    "x.as_strided((2,), (1,))", "x.expand(size=(2, *x.shape))",
]  # fmt: skip
OVERLAPPING = ["x.unfold(0, 2, 1)", "x.as_strided((2, 2), (1, 1))"]  # a write to these is undefined: some elements are there twice


def walked(t, start, chain):
    """``start`` seen through the chain of views. It ends at an empty view: where in memory that lies, NumPy forgets."""
    x = start
    for step in chain:
        if x.numel():
            x = eval(step, {"x": x, "t": t, "reversed": reversed, "range": range})
    return x


def looks(x):
    """What a view is, besides its numbers."""
    return [x, x.is_contiguous(), x._version, x.element_size()]


@many
@given(x=tensors(dtypes=["float32", "int64", "complex64"]), chain=st.lists(st.sampled_from(VIEWS), min_size=1, max_size=4))
def test_views(torch, x, chain):
    def program(t):
        base = x.cook(t)
        y = walked(t, base, chain)
        shared = bool(y.numel()) and y.untyped_storage().data_ptr() == base.untyped_storage().data_ptr()
        return [*looks(y), *looks(base), shared]

    both(torch, program, strides=True)


@many
@given(x=tensors(dtypes=["float32", "int64"], smallest=1), chain=st.lists(st.sampled_from(VIEWS), min_size=1, max_size=3), write=st.sampled_from(["y", "base", "both"]))
def test_writes_to_views(torch, x, chain, write):
    """A write to a view shows in its base and the other way round, and both count it."""

    def program(t):
        base = x.cook(t)
        y = walked(t, base, [step for step in chain if step not in OVERLAPPING])
        if write != "base":
            y.add_(1)
        if write != "y":
            base.mul_(2)
        return [*looks(y), *looks(base)]

    both(torch, program, strides=True)


@many
@given(x=tensors(dtypes=["float64"], smallest=1, grad=True), chain=st.lists(st.sampled_from(VIEWS), min_size=1, max_size=3), write=st.booleans())
def test_gradients_through_views(torch, x, chain, write):
    def program(t):
        leaf = x.cook(t)
        base = leaf * 2
        y = walked(t, base, [step for step in chain if step not in (*OVERLAPPING, "x.detach()", "x.view(t.int32)")])
        if write:
            y.mul_(base.detach().sum())
        return t.autograd.grad((y * t.arange(y.numel()).reshape(y.shape)).sum() + (base * base).sum(), leaf)

    both(torch, program)


# --- reductions, products, joins

REDUCTIONS = ["sum", "mean", "prod", "amax", "amin", "argmax", "all", "any", "var", "std", "logsumexp", "norm", "cumsum", "cumprod", "sort", "argsort", "median", "max", "min",
              "nansum", "count_nonzero", "softmax", "log_softmax", "flip", "unique", "cummax", "diff", "nanmean", "nanmedian", "mode", "aminmax"]  # fmt: skip
WITHOUT_KEEPDIM = {"cumsum", "cumprod", "sort", "argsort", "softmax", "log_softmax", "flip", "unique", "cummax", "diff", "count_nonzero"}
NUMERIC = ["bool", "uint8", "int32", "int64", "float16", "float32", "float64"]


@pytest.mark.parametrize("name", REDUCTIONS)
@some
@given(x=tensors(NUMERIC), floats=tensors(["float32"]), dim=st.sampled_from([None, 0, 1, -1, 3]), keepdim=st.booleans())
def test_along_a_dimension(torch, name, x, floats, dim, keepdim):
    x = x if dim is None or -1 <= dim < max(len(x.shape), 1) else floats  # one mistake at a time: which of two is told is left open

    def program(t):
        arguments = {} if dim is None else {"dim": dim}
        if keepdim and dim is not None and name not in WITHOUT_KEEPDIM:
            arguments["keepdim"] = True
        result = getattr(x.cook(t), name)(**arguments)
        if name == "sort" or (name in ("median", "nanmedian", "mode", "max", "min", "cummax") and dim is not None):
            return result[0]  # which of equal elements is named is left open
        return result.shape if name in ("argsort", "argmax") else result

    both(torch, program)


SCANS = ["x.cumsum({d})", "x.cumprod({d})", "x.logcumsumexp({d})", "x.cummax({d})", "x.cummin({d})", "x.sort({d})", "x.sort({d}, descending=True)", "x.argsort({d})",
         "x.topk(2, {d})", "x.topk(1, {d}, largest=False)", "x.kthvalue(2, {d})", "x.median({d})", "x.max({d})", "x.argmin({d})", "x.diff(dim={d})", "x.diff(2, {d})",
         "x.roll(1, {d})", "x.flip({d})", "x.detach().unique_consecutive(dim={d})", "x.detach().unique(dim={d}, return_inverse=True, return_counts=True)",
         "x.renorm(2, {d}, 3)", "t.cumulative_trapezoid(x, dim={d})", "t.trapezoid(x, dim={d})", "x.quantile(0.3, {d})", "t.gradient(x, dim={d})[0]", "x.msort()"]  # fmt: skip


@pytest.mark.parametrize("call", SCANS)
@some
@given(x=tensors(["float64"], different=True), d=st.sampled_from([0, 1, -1, -2]))
def test_scans_and_their_gradients(torch, call, x, d):
    """Running values, order and neighbours, with the indices: no two numbers of such a tensor are equal."""

    def program(t):
        leaf = x.cook(t).requires_grad_()
        result = eval(call.format(d=d), {"x": leaf, "t": t})
        results = [result] if hasattr(result, "dtype") else list(result)
        y = results[0]
        if y.requires_grad:
            results += t.autograd.grad((y * t.arange(y.numel()).reshape(y.shape)).sum(), leaf)
        return [part.detach() for part in results]

    both(torch, program)


@many
@given(data=st.data())
def test_matmul(torch, data):
    fits = data.draw(st.integers(0, 3)) > 0
    n, k, m = (data.draw(st.integers(0 if fits else 2, 4)) for _ in range(3))
    batch = data.draw(st.lists(st.integers(1, 3), max_size=2)) if fits else []  # how PyTorch folds batches decides the words of its error
    k2 = k if fits else k + 1
    left = data.draw(tensors(dtypes=["float32", "float64", "int64", "complex64"], shape=data.draw(st.sampled_from([[k], [n, k], [*batch, n, k]]))))
    right = data.draw(tensors(dtypes=[left.dtype], shape=data.draw(st.sampled_from([[k2], [k2, m], [*batch, k2, m]]))))
    both(torch, lambda t: left.cook(t) @ right.cook(t))


@many
@given(data=st.data(), name=st.sampled_from(["cat", "stack", "hstack", "vstack", "dstack", "broadcast_tensors", "meshgrid", "block_diag"]))
def test_joins(torch, name, data):
    shape = data.draw(st.lists(st.integers(0, 3), max_size=3))
    parts = [data.draw(tensors(dtypes=["float32", "int64", "bool", "float64"], shape=[*shape, *([1] if data.draw(st.integers(0, 8)) == 0 else [])])) for _ in range(3)]

    def program(t):
        cooked = [part.cook(t) for part in parts]
        if name == "meshgrid":
            return t.meshgrid(*(part.flatten() for part in cooked), indexing="ij")
        return getattr(t, name)(*cooked) if name in ("broadcast_tensors", "block_diag") else getattr(t, name)(cooked)

    both(torch, program)


# --- types


@many
@given(a=st.sampled_from(DTYPES), b=st.sampled_from(DTYPES), shapes=st.sampled_from([((), ()), ((2,), ()), ((), (2,)), ((2,), (2,))]))
def test_result_types(torch, a, b, shapes):
    both(torch, lambda t: str(t.result_type(t.ones(shapes[0], dtype=getattr(t, a)), t.ones(shapes[1], dtype=getattr(t, b)))))
    both(torch, lambda t: [str(t.promote_types(getattr(t, a), getattr(t, b))), t.can_cast(getattr(t, a), getattr(t, b))])


@many
@given(x=tensors(dtypes=["float32", "float64", "int64", "bool", "float16", "uint8", "complex64"]))
def test_printing(torch, x):
    both(torch, lambda t: repr(x.cook(t) * (0.1 if x.dtype.startswith(("float", "complex")) else 1)))
