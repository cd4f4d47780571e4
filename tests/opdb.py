"""PyTorch's own op database as an oracle: its sample inputs, its functions and its error inputs, run on both libraries.

``python -m tests.opdb nn.functional.glu sort`` prints what differs for these entries, ``python -m tests.opdb`` for all of them.
"""

import contextlib
import functools
import gc
import itertools
import sys
import types
import warnings
from unittest import mock

import numpy as np

import lesson_lib

from .opdb_translation import Missing, named, ours, to_numpy, translated

# Internals of PyTorch's build, which no program calls, and the tensors that are neither dense nor of a type that we have.
INTERNAL = {
    "max_pool2d_with_indices_backward", "native_batch_norm", "native_dropout_backward", "native_group_norm", "native_layer_norm",
    "grid_sampler_2d", "grid_sampler_3d", "slice", "sparse.mm", "sparse.sampled_addmm", "to_sparse",
}  # fmt: skip
INTERNAL_STARTS = ("_", "jiterator_", "torch._", "torch.ops.")
MAIN, GRADS = "float32", "float64"
# dtype -> how many samples of it are compared, spread over all that there are
SAMPLES = {"float32": 5, "float64": 4, "complex64": 1, "complex128": 1, "int64": 2, "uint8": 1, "int32": 1, "bool": 1, "float16": 1, "bfloat16": 1}
THOROUGH = 6  # times as many, when entries are named on the command line
# dtype -> relative, absolute tolerance
CLOSE = {"float64": (1e-6, 1e-7), "complex128": (1e-6, 1e-7), "float32": (2e-4, 2e-5), "complex64": (2e-4, 2e-5), "float16": (4e-3, 4e-3), "bfloat16": (3e-2, 3e-2)}
ROUGH = {"special.bessel_j0": 1e-6, "special.bessel_y1": 1e-6}  # the error of PyTorch's own values just above |x| = 5
# In 16 bits PyTorch's matrix_exp is nan (or −20896 for the matrix 1), and its grid_sample rounds at every step: ten times as far from the truth as ours.
NO_HALF = {"matrix_exp", "nn.functional.grid_sample"}
NO_SECOND = {"nn.functional.ctc_loss"}  # PyTorch has no second derivative
ANY_VALUE = {"empty", "empty_like", "new_empty", "empty_strided", "new_empty_strided", "empty_permuted", "resize_", "resize_as_", "svd_lowrank", "pca_lowrank"}
ANY_TIE = {"sort", "msort", "argsort", "topk", "kthvalue", "median", "nanmedian", "mode"}  # which of equal elements is named
ANY_SIGN = {"svd", "linalg.svd", "linalg.eigh", "linalg.eig", "linalg.qr", "qr", "geqrf"}  # columns may be turned round


def key(entry):
    return entry.name + (f":{entry.variant_test_name}" if entry.variant_test_name else "")


@functools.cache
def entries():
    """The entries that a dense, readable library can be compared by: name -> OpInfo."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.testing._internal.common_methods_invocations import op_db
    gc.freeze()  # some million objects have come in, which every collection would go through again
    operators = ("__getitem__", "__r")  # named like internals, and known to everyone
    return {
        key(entry): entry
        for entry in op_db
        if entry.name not in INTERNAL and (entry.name.startswith(operators) or not entry.name.startswith(INTERNAL_STARTS))
    }


def function_for(entry):
    if isinstance(entry.op, types.FunctionType) and entry.op.__module__.startswith("torch.testing"):
        return translated(entry.op)
    return named(entry.name)


def inplace_for(entry):
    if isinstance(entry.inplace_variant, types.FunctionType | functools.partial):
        return translated(entry.inplace_variant)
    return getattr(lesson_lib.Tensor, entry.inplace_variant.__name__, None)


# comparing


def leaves(value):
    """The tensors and numbers of a result, in order."""
    if isinstance(value, dict):
        value = value.values()
    if isinstance(value, str) or not hasattr(value, "__iter__") or hasattr(value, "detach"):
        return [value]
    return [leaf for item in value for leaf in leaves(item)]


def array_of(value):
    if value is None or not hasattr(value, "detach"):
        return np.asarray(value)
    if isinstance(value, lesson_lib.Tensor):
        return value._a  # numpy() refuses bfloat16
    return to_numpy(value)


def compare(entry, theirs, mine, what, dtype):
    theirs, mine = leaves(theirs), leaves(mine)
    assert len(theirs) == len(mine), f"{what}: {len(mine)} results for {len(theirs)}"
    for i, (a, b) in enumerate(zip(theirs, mine)):
        where = f"{what}, result {i}" if len(theirs) > 1 else what
        if hasattr(a, "dtype"):
            assert hasattr(b, "dtype"), f"{where}: {type(b).__name__} for a tensor"
            assert str(b.dtype) == str(a.dtype), f"{where}: {b.dtype} for {a.dtype}"
            assert tuple(b.shape) == tuple(a.shape), f"{where}: shape {tuple(b.shape)} for {tuple(a.shape)}"
        tied = entry.name in ANY_TIE and dtype not in ("float32", "float64") and (i == 1 or entry.name == "argsort")
        if entry.name not in ANY_VALUE and not tied:
            close(entry, array_of(a), array_of(b), where, dtype)


def close(entry, a, b, where, dtype):
    if a.dtype.kind not in "biufcV":
        assert str(a) == str(b), f"{where}: {b} for {a}"
        return
    if a.dtype.kind == "V":  # bfloat16, as NumPy sees it
        a, b = a.astype(np.float32), b.astype(np.float32)
    if entry.name in ANY_SIGN:
        a, b = abs(a), abs(b)
    relative, absolute = CLOSE.get(dtype, (1e-4, 1e-5))
    absolute = max(absolute, ROUGH.get(entry.name, 0))
    with np.errstate(all="ignore"):
        same = np.isclose(a, b, rtol=relative, atol=absolute * max(1, np.nanmax(abs(a[np.isfinite(a)]), initial=0)), equal_nan=True)
    if not np.all(same):
        at = tuple(map(int, np.argwhere(~same)[0])) if np.ndim(same) else ()
        raise AssertionError(f"{where}: {b[at]!r} for {a[at]!r} at {at}")


def spread(items, count):
    """At most ``count`` of them, from the whole length."""
    items = list(items)
    return items if len(items) <= count else [items[i * len(items) // count] for i in range(count)]


def samples(entry, dtype, scale, requires_grad=False):
    import torch

    torch.manual_seed(0)
    wanted = SAMPLES[dtype] * scale
    made = itertools.islice(entry.sample_inputs("cpu", getattr(torch, dtype), requires_grad=requires_grad), 20 * wanted)
    return spread(made, wanted)


def call(function, input, args, kwargs):
    return function(input, *args, **kwargs)


def show(sample):
    text = ", ".join(_short(v) for v in (sample.input, *sample.args)) + "".join(f", {k}={_short(v)}" for k, v in sample.kwargs.items())
    return text[:160]


def _short(value):
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{tuple(value.shape)}" + ("" if not value.numel() or value.is_contiguous() else " strided")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_short, value)) + "]"
    return getattr(value, "__name__", None) or repr(value)


def dtypes_of(entry):
    supported = {str(dtype).removeprefix("torch.") for dtype in entry.supported_dtypes("cpu")}
    return [dtype for dtype in SAMPLES if dtype in supported and not (entry.name in NO_HALF and dtype.endswith("float16"))]


@contextlib.contextmanager
def located(what):
    """Whatever goes wrong inside says where."""
    try:
        yield
    except Exception as error:
        raise AssertionError(f"{what}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}") from error


def check_values(entry, dtype, scale):
    """Value, dtype and shape for each sample; for the main dtype also the in-place form and ``out=``."""
    function = function_for(entry)
    for number, sample in enumerate(samples(entry, dtype, scale)):
        what = f"{dtype} ({show(sample)})"
        arguments = ours((sample.input, tuple(sample.args), dict(sample.kwargs)))
        import torch

        try:
            torch.manual_seed(1)
            theirs = call(entry.op, sample.input, sample.args, sample.kwargs)
        except Exception:
            continue  # PyTorch's own list of dtypes is wider than its build
        if any(str(getattr(leaf, "dtype", "")) == "torch.complex32" for leaf in leaves(theirs)):
            continue  # NumPy has no complex numbers of 2 × 16 bits
        with located(what):
            lesson_lib.manual_seed(1)
            mine = call(function, *arguments)
        compare(entry, theirs, mine, what, dtype)
        if dtype == MAIN and number < 3:
            check_out(entry, function, sample, theirs, what)
            check_inplace(entry, sample, what)


def check_out(entry, function, sample, theirs, what):
    if not entry.supports_out or not hasattr(theirs, "dtype"):
        return
    out = lesson_lib.empty(tuple(theirs.shape), dtype=ours(theirs.dtype))
    input, args, kwargs = ours((sample.input, tuple(sample.args), dict(sample.kwargs)))
    with located(what + " out="):
        lesson_lib.manual_seed(1)
        result = function(input, *args, **kwargs, out=out)
    assert result is out, what + ": out= is not what is returned"
    compare(entry, theirs, out, what + " out=", MAIN)


def check_inplace(entry, sample, what):
    import torch

    if entry.inplace_variant is None or not isinstance(sample.input, torch.Tensor) or sample.broadcasts_input:
        return
    theirs = sample.input.clone()
    input, args, kwargs = ours((theirs, tuple(sample.args), dict(sample.kwargs)))
    try:
        torch.manual_seed(1)
        entry.inplace_variant(theirs, *sample.args, **sample.kwargs)
    except Exception:
        return
    inplace = inplace_for(entry)
    if inplace is None:
        raise Missing(entry.inplace_variant.__name__)
    with located(what + " in place"):
        lesson_lib.manual_seed(1)
        result = inplace(input, *args, **kwargs)
    assert result is input, what + ": the in-place form returns another tensor"
    compare(entry, theirs, input, what + " in place", MAIN)


def check_gradients(entry, dtype, scale, twice=2):
    """First gradients for each sample, second ones for the first ``twice`` samples."""
    if not entry.supports_autograd:
        return
    function = function_for(entry)
    for number, sample in enumerate(samples(entry, dtype, scale, requires_grad=True)):
        what = f"gradient {dtype} ({show(sample)})"
        arguments = ours((sample.input, tuple(sample.args), dict(sample.kwargs)))
        theirs = derivatives(entry, entry.op, (sample.input, sample.args, sample.kwargs), sample.output_process_fn_grad, number < twice)
        if theirs is None:
            continue
        with located(what):
            mine = derivatives(entry, function, arguments, translated(sample.output_process_fn_grad), number < twice)
        compare_gradients(entry, theirs, mine, what, dtype)


def derivatives(entry, function, arguments, process, twice):
    """(first, second) gradients of fixed random combinations of the results; None if nothing asks for one."""
    import torch

    library = torch if isinstance(next((leaf for leaf in leaves(arguments) if hasattr(leaf, "dtype")), None), torch.Tensor) else lesson_lib
    inputs = [leaf for leaf in leaves(arguments) if hasattr(leaf, "requires_grad") and leaf.requires_grad]
    library.manual_seed(1)
    result = process(call(function, *arguments))
    outputs = [leaf for leaf in leaves(result) if getattr(leaf, "requires_grad", False)]
    if not outputs or not inputs:
        return None
    again = twice and entry.supports_gradgrad and entry.name not in NO_SECOND
    first = library.autograd.grad(outputs, inputs, [cotangent(library, y, i) for i, y in enumerate(outputs)], create_graph=again, allow_unused=True)
    if not again:
        return first, []
    open_ones = [(g, i) for i, g in enumerate(first) if g is not None and g.requires_grad]
    if not open_ones:
        return first, []
    seeds = [cotangent(library, g, i + 7) for g, i in open_ones]
    return first, library.autograd.grad([g for g, _ in open_ones], inputs, seeds, allow_unused=True)


def cotangent(library, like, seed):
    draw = np.random.RandomState(seed)
    numbers = np.asarray(draw.uniform(0.5, 1.5, tuple(like.shape)))
    if like.is_complex():
        numbers = numbers + 1j * draw.uniform(-1, 1, tuple(like.shape))
    return library.tensor(numbers, dtype=like.dtype)


def compare_gradients(entry, theirs, mine, what, dtype):
    assert mine is not None, f"{what}: no gradient"
    for order, (a, b) in enumerate(zip(theirs, mine), 1):
        for i, g in enumerate(a):
            h = b[i] if b else None
            if g is None and h is None:
                continue
            like = g if g is not None else h
            zero = np.zeros(tuple(like.shape))
            with_name = f"{what}, order {order}, input {i}"
            close(entry, zero if g is None else array_of(g), zero if h is None else array_of(h), with_name, dtype)


def check_errors(entry):
    """PyTorch's own cases of wrong use: the same type of exception and the same first line."""
    if entry.error_inputs_func is None:
        return
    function = function_for(entry)
    for case in entry.error_inputs("cpu"):
        sample = case.sample_input
        if entry.name.startswith("__") and not hasattr(sample.input, "dtype"):
            continue  # a method called without its object
        try:
            arguments = ours((sample.input, tuple(sample.args), dict(sample.kwargs)))
        except Exception:
            continue  # of a layout or type that only PyTorch can make
        try:
            call(entry.op, sample.input, sample.args, sample.kwargs)
        except Exception as error:
            expected = error
        else:
            continue
        what = f"error ({show(sample)})"
        if isinstance(expected, TypeError):
            with contextlib.suppress(TypeError, RuntimeError):  # the wording is Python's, or lists C++ signatures
                call(function, *arguments)
                raise AssertionError(f"{what}: no error for TypeError: {first(expected)!r}")
            continue
        raised = None
        try:
            call(function, *arguments)
        except Exception as error:
            raised = error
        told = f"{what}: {type(raised).__name__}: {first(raised)!r} for {type(expected).__name__}: {first(expected)!r}"
        assert isinstance(raised, expected_type(expected)) and first(raised) == first(expected), told


def expected_type(error):
    """The built-in exception that PyTorch's own ones are."""
    return next(kind for kind in type(error).__mro__ if kind.__module__ == "builtins")


def first(error):
    return (str(error).splitlines() or [""])[0]


@contextlib.contextmanager
def no_stacks():
    """Keep PyTorch from writing down the whole stack: under pytest, where it is deep, that is most of the time.

    torch.manual_seed does it for GPUs that may come later, the op database to find the unittest it is called from.
    """
    with mock.patch("traceback.format_stack", list), mock.patch("inspect.stack", list):
        yield


def check(entry, scale=1):
    """Everything about one entry; raises AssertionError or Missing at the first difference."""
    with warnings.catch_warnings(), np.errstate(all="ignore"), no_stacks():
        warnings.simplefilter("ignore")
        for dtype in dtypes_of(entry):
            check_values(entry, dtype, scale)
        for dtype in (GRADS, "complex128"):
            if dtype in dtypes_of(entry) and entry.supports_autograd:
                check_gradients(entry, dtype, scale)
        check_errors(entry)


def report(names):
    """Print every difference that one run finds, and how many entries are without."""
    import time

    chosen = {k: e for k, e in entries().items() if not names or e.name in names or k in names}
    good = 0
    for name, entry in chosen.items():
        start = time.perf_counter()
        try:
            check(entry, THOROUGH if names else 1)
            good += 1
        except Exception as error:
            print(f"{name}: {type(error).__name__ if not isinstance(error, AssertionError) else ''} {str(error).splitlines()[0] if str(error) else ''}", flush=True)
        if time.perf_counter() - start > 5:
            print(f"    {name} took {time.perf_counter() - start:.1f} s", flush=True)
    print(f"{good} of {len(chosen)} entries agree")


if __name__ == "__main__":
    report(set(sys.argv[1:]))
