"""``torch.testing``: are two results close? For the tests of one's own programs.

Source: https://pytorch.org/docs/stable/testing.html
"""

import math
import warnings
from collections.abc import Mapping, Sequence

import numpy as np

from .core import dtypes
from .core.errors import error
from .core.parity import missing_from
from .core.promote import NUMBERS
from .core.tensor import Tensor, wrap
from .ops.compare import isclose
from .ops.complex_numbers import view_as_complex
from .ops.create import empty, full_like
from .ops.data import as_tensor
from .ops.random import randint
from .ops.random_fill import uniform_
from .ops.reduce import argmax
from .ops.select import where

__all__ = ["assert_allclose", "assert_close", "make_tensor"]

#: dtype -> (rtol, atol) if none are given; other dtypes must be equal
_TOLERANCES = {
    dtypes.float16: (1e-3, 1e-5), dtypes.bfloat16: (1.6e-2, 1e-5), dtypes.float32: (1.3e-6, 1e-5), dtypes.float64: (1e-7, 1e-7),
    dtypes.complex64: (1.3e-6, 1e-5), dtypes.complex128: (1e-7, 1e-7),
}  # fmt: skip


def assert_close(
    actual, expected, *, allow_subclasses=True, rtol=None, atol=None, equal_nan=False, check_device=True, check_dtype=True, check_layout=True,
    check_stride=False, msg=None,
):  # fmt: skip
    """Nothing if |actual − expected| ≤ atol + rtol·|expected| everywhere, else an AssertionError that says how far off they are.

    Tensors, NumPy arrays and numbers are compared, and lists, tuples and dicts of them. The tolerances depend on the dtype unless given.

    >>> import lesson_lib as torch
    >>> torch.testing.assert_close(torch.tensor([1.0, 2.0]) / 3 * 3, torch.tensor([1.0, 2.0]))

    Errors: AssertionError if they differ; TypeError for what cannot be compared; ValueError if only one tolerance is given.

    Source: https://pytorch.org/docs/stable/testing.html#torch.testing.assert_close
    """
    if (rtol is None) != (atol is None):
        raise error("one_tolerance", missing="rtol" if rtol is None else "atol")
    options = {
        "allow_subclasses": allow_subclasses, "rtol": rtol, "atol": atol, "equal_nan": equal_nan, "check_device": check_device,
        "check_dtype": check_dtype, "check_layout": check_layout, "check_stride": check_stride,
    }  # fmt: skip
    for place, one, other in _pairs(actual, expected, ""):
        where_it_is = f"\n\nThe failure occurred for item {place}" if place else ""
        if isinstance(one, _Failure):
            message = one.message + where_it_is
        else:
            message = _difference(one, other, where_it_is, **options)
            message = message and message + where_it_is
        if message:
            raise error("not_close", message=msg(message) if callable(msg) else msg or message)


class _Failure:
    """Two structures that differ before any number is compared."""

    def __init__(self, message):
        self.message = message


def _pairs(actual, expected, place):
    """(place, actual, expected) for each two things to compare, in order."""
    if all(isinstance(value, Mapping) for value in (actual, expected)):
        missing, additional = (sorted(set(a) - set(b), key=str) for a, b in ((expected, actual), (actual, expected)))
        if missing or additional:
            lines = [f"{name} keys in the actual mapping: {keys}" for name, keys in (("Missing", missing), ("Additional", additional)) if keys]
            yield place, _Failure("\n".join(["The keys of the mappings do not match:", *lines])), None
            return
        for key in sorted(actual, key=str):
            yield from _pairs(actual[key], expected[key], f"{place}[{key!r}]")
    elif all(isinstance(value, Sequence) and not isinstance(value, str) for value in (actual, expected)):
        if len(actual) != len(expected):
            yield place, _Failure(f"The length of the sequences mismatch: {len(actual)} != {len(expected)}"), None
            return
        for number, pair in enumerate(zip(actual, expected, strict=True)):
            yield from _pairs(*pair, f"{place}[{number}]")
    else:
        yield place, actual, expected


def _difference(actual, expected, where_it_is, *, check_dtype, rtol, atol, equal_nan, allow_subclasses, **checks):
    """What to say about two things that are not close, None if they are."""
    if actual is None or expected is None:
        return None if actual is expected else f"None mismatch: {actual} is not {expected}"
    if all(isinstance(value, bool | np.bool_) for value in (actual, expected)):
        return None if bool(actual) is bool(expected) else f"Booleans mismatch: {bool(actual)} is not {bool(expected)}"
    if all(isinstance(value, (*NUMBERS, np.number)) for value in (actual, expected)):
        one, other = (value.item() if isinstance(value, np.number) else value for value in (actual, expected))
        if check_dtype and type(one) is not type(other):
            return f"The (d)types do not match: {type(one)} != {type(other)}."
        pair = [wrap(np.asarray(value)) for value in (one, other)]
        return _far(*pair, rtol, atol, equal_nan, scalars=(one, other))
    one, other = _as_tensors(actual, expected, allow_subclasses, where_it_is)
    different = _attributes(one, other, check_dtype=check_dtype, **checks)
    return different or _far(one, other, rtol, atol, equal_nan)


def _as_tensors(actual, expected, allow_subclasses, where_it_is):
    """Two tensors, or PyTorch's error for what is none."""
    kinds = type(actual), type(expected)
    related = isinstance(actual, kinds[1]) or isinstance(expected, kinds[0]) if allow_subclasses else kinds[0] is kinds[1]
    if not related or not all(isinstance(value, Tensor | np.ndarray) for value in (actual, expected)):
        raise error("not_comparable", a=kinds[0], b=kinds[1], place=where_it_is)
    return as_tensor(actual).detach(), as_tensor(expected).detach()


def _attributes(a, b, *, check_device, check_dtype, check_layout, check_stride):
    """What to say about the first attribute that differs, None if none does."""
    looks = {"shape": True, "layout": check_layout, "device": check_device, "dtype": check_dtype, "stride": check_stride}
    for name, wanted in looks.items():
        one, other = (getattr(tensor, name) for tensor in (a, b))
        if name == "stride":
            name, one, other = "stride()", one(), other()
        if wanted and one != other:
            return f"The values for attribute '{name}' do not match: {one} != {other}."
    return None


def _tolerances(a, b, rtol, atol):
    """The given tolerances, or the larger ones of the two dtypes."""
    if rtol is not None:
        return rtol, atol
    own = [_TOLERANCES.get(tensor.dtype, (0.0, 0.0)) for tensor in (a, b)]
    return max(pair[0] for pair in own), max(pair[1] for pair in own)


def _far(a, b, rtol, atol, equal_nan, scalars=None):
    """What to say about tensors of one shape that are not close, None if they are. ``scalars`` are the numbers that they stand for."""
    rtol, atol = _tolerances(a, b, rtol, atol)
    common = dtypes.promote_types(a.dtype, b.dtype)
    if common.category < dtypes.FLOATING:
        common = dtypes.int64  # so that no difference overflows
    a, b = a.cpu().to(common), b.to(a.device).cpu().to(common)
    matches = isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)
    if matches.all():
        return None
    exact = rtol == 0 and atol == 0
    bounds = ["" if exact else f" (up to {bound} allowed)" for bound in (atol, rtol)]
    if a.ndim == 0:
        one, other = scalars or (a.item(), b.item())
        absolute, relative = abs(one - other), _ratio(abs(one - other), abs(other))
        lines = [f"Expected {other} but got {one}.", f"Absolute difference: {absolute}{bounds[0]}", f"Relative difference: {relative}{bounds[1]}"]
        return "\n".join([f"Scalars are not {'equal' if exact else 'close'}!", "", *lines])
    distance = where(matches, 0, (a - b).abs())
    ratio = where(matches, 0, distance / b.abs())
    count, total = int((~matches).sum()), matches.numel()
    lines = [
        f"Mismatched elements: {count} / {total} ({count / total:.1%})",
        f"Greatest absolute difference: {_greatest(distance)}{bounds[0]}",
        f"Greatest relative difference: {_greatest(ratio)}{bounds[1]}",
    ]
    return "\n".join([f"Tensor-likes are not {'equal' if exact else 'close'}!", "", *lines])


def _ratio(distance, size):
    return distance / size if size else float("inf") if distance else float("nan")


def _greatest(values):
    """``5.0 at index (1, 1)``: the largest value and its place."""
    flat = argmax(values).item()
    return f"{values.reshape(-1)[flat].item()} at index {tuple(map(int, np.unravel_index(flat, tuple(values.shape))))}"


def assert_allclose(actual, expected, rtol=None, atol=None, equal_nan=True, msg=""):
    """``assert_close`` as it was (old): numbers and lists become tensors, and dtypes and devices may differ.

    Source: https://pytorch.org/docs/stable/testing.html#torch.testing.assert_allclose
    """
    warnings.warn("`torch.testing.assert_allclose()` is deprecated since 1.12. Use `torch.testing.assert_close()` instead.", FutureWarning, stacklevel=2)
    actual, expected = (value if isinstance(value, Tensor) else as_tensor(value) for value in (actual, expected))
    if rtol is None and atol is None:
        rtol, atol = (max(pair) for pair in zip(*(_OLD_TOLERANCES.get(tensor.dtype, (0.0, 0.0)) for tensor in (actual, expected)), strict=True))
    assert_close(actual, expected, rtol=rtol, atol=atol, equal_nan=equal_nan, check_device=False, check_dtype=False, msg=msg or None)


_OLD_TOLERANCES = {dtypes.float16: (1e-3, 1e-3), dtypes.float32: (1e-4, 1e-5), dtypes.float64: (1e-5, 1e-8)}


def _bounds(dtype, low, high):
    """The bounds of ``make_tensor``: the usual ones where none are given, and none beyond what the dtype holds."""
    kind = dtype.np.kind
    defaults = (0, 2) if kind == "b" else (0, 10) if kind == "u" else (-9, 10) if kind == "i" else (-9, 9)
    low, high = (default if given is None else given for given, default in zip((low, high), defaults, strict=True))
    if low != low or high != high:
        raise error("make_nan", low=low, high=high)
    if low > high or (low == high and dtype.category < dtypes.FLOATING):
        raise error("make_order", low=low, high=high)
    if kind == "b":
        return max(low, 0), min(high, 2)
    limits = dtypes.finfo(dtype) if dtype.category >= dtypes.FLOATING else dtypes.iinfo(dtype)
    return max(low, limits.min), min(high, limits.max)


def make_tensor(*shape, dtype, device, low=None, high=None, requires_grad=False, noncontiguous=False, exclude_zero=False, memory_format=None):
    """Random numbers low ≤ x < high for a test: by default −9 to 9, for unsigned integers 0 to 9, for bool both.

    ``noncontiguous`` leaves gaps in memory, ``exclude_zero`` puts the smallest positive number (1 for integers) in place of zeros.

    Source: https://pytorch.org/docs/stable/testing.html#torch.testing.make_tensor
    """
    shape = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], Sequence) else shape
    kind, inexact = dtype.np.kind, dtype.category >= dtypes.FLOATING
    low, high = _bounds(dtype, low, high)
    if requires_grad and not inexact:
        raise error("make_grad", dtype=dtype)
    gaps = noncontiguous and np.prod(shape) > 1
    drawn = (*shape[:-1], 2 * shape[-1]) if gaps else shape
    if inexact:
        result = uniform_(empty((*drawn, 2), dtype=dtype.to_real()) if kind == "c" else empty(drawn, dtype=dtype), low, high)
        result = view_as_complex(result) if kind == "c" else result
    else:
        result = randint(math.ceil(low), math.ceil(high), drawn, dtype=dtype)
    result = result.to(device)[..., 1::2] if gaps else result.to(device)
    if exclude_zero:
        tiny = dtypes.finfo(dtype).tiny if inexact else 1
        result = where(result == 0, full_like(result, complex(tiny, tiny) if kind == "c" else tiny), result)
    return result.requires_grad_(requires_grad)


__getattr__ = missing_from("torch.testing")  # a name that is missing here says why
