"""``out=``: a result written into a tensor that the user gave. PyTorch's conditions for that stand here, once for all functions."""

import warnings

from .device import device_of, namespace
from .dtypes import C_TYPES, can_cast
from .errors import error
from .mutation import is_stretched, overlap
from .state import thread
from .tensor import Tensor

# Most functions convert their result to the dtype of out=. These do not; each line is the message that PyTorch has for it.
_UNCONVERTED = {
    "out_expected": "aminmax argmax argmin bmm cross gather index_add linalg_cross index_copy index_reduce isin log_softmax max_dim min_dim mm msort renorm scatter"
                    " scatter_add scatter_reduce slice_scatter softmax sort take_along_dim topk tril triu vector_norm norm",
    "out_found": "abs bitwise_not ceil conj_physical floor frac neg round sign sgn trunc",
    "out_extreme": "amax amin",
    "out_complex": "complex polar",
    "out_running": "cummax cummin logcumsumexp",
    "out_bool": "signbit isposinf isneginf",
    "out_truth": "all any",
    "out_scalar": "index_select masked_select",
    "out_take": "take",
    "out_long": "multinomial",
    "out_nonzero": "nonzero",
    "out_search": "searchsorted",
    "out_where": "where",
    "out_narrow": "narrow_copy",
    "out_product": "dot vdot matmul",
    "out_contract": "tensordot inner",
    "out_quantile": "quantile nanquantile",
    "out_nan": "nan_to_num",
    "out_mode": "mode",
    "out_kth": "kthvalue",
    "out_frexp": "frexp",
    "out_hist": "histogram histc",
    "heaviside_dtype": "heaviside",
}  # fmt: skip
_MESSAGE = {name: kind for kind, names in _UNCONVERTED.items() for name in names.split()}
# The others convert, but not a float to an integer; that has messages of its own too.
_UNCASTABLE = {
    "out_cat": "cat column_stack dstack hstack stack vstack",
    "out_cast": "ldexp",
    "out_extreme_cast": "max min",
    "out_float": "logsumexp",
    "out_input_types": "mean",
    "out_requires": "float_power",
}  # fmt: skip
_CAST_MESSAGE = {name: kind for kind, names in _UNCASTABLE.items() for name in names.split()}
_CONVERTS_ALL = {"cumprod", "cumsum", "nansum", "prod", "sum"}
_NEVER_BOOL = {"cumprod", "cumsum"}
_GROWS_SILENTLY = {"addbmm", "empty", "linspace", "logspace", "multinomial", "narrow_copy", "ones", "stack", "zeros"}
# These read their inputs again after they began to write, so that out= may not be an input.
_APART = {"index_select", "kthvalue", "masked_select", "nonzero", "take"}
# So do these, but they look at the memory only when out= has got its shape.
_APART_LATE = {"cat", "column_stack", "dstack", "gather", "hstack", "index_add", "index_copy", "index_reduce", "linalg_cross", "scatter", "scatter_add",
               "scatter_reduce", "stack", "take_along_dim", "vstack"}  # fmt: skip


def write_out(out, result, name, inputs=(), several=False):
    """Put ``result``, which the function ``name`` made of ``inputs``, into ``out``, which takes the result's shape if its own does not fit.

    ``several`` says that it is one of several results: ``max`` with ``dim`` has other conditions than ``max`` without.
    """
    if isinstance(result, tuple):
        return type(result)(*(write_out(*pair, name, inputs, several=True) for pair in zip(out, result, strict=True)))
    if not isinstance(out, Tensor):
        raise error("out_type", name=name, type=type(out).__name__)
    if thread.grad_enabled and (out.requires_grad or result.requires_grad):
        raise error("out_grad", name=name)
    if device_of(out._a) != device_of(result._a):
        raise error("device_mix", a=device_of(out._a), b=device_of(result._a))
    late = name in _APART_LATE
    if not late:
        _check_memory(out, inputs, ("partly", "wholly") if name in _APART else ("partly",))
    _check_dtype(out, result, name, several)
    if not late and out._a.shape != result._a.shape and any(source is out for source in inputs):
        raise error("inplace_shape", shape=list(out.shape), broadcast=list(result.shape))
    _fit(out, result, name)
    if late:
        _check_memory(out, inputs, ("partly", "wholly"))
    out._a[...] = result._a
    out._ver[0] += 1
    return out


def _check_memory(out, inputs, forbidden):
    """PyTorch's errors for memory that is written twice, or that is read after it was written."""
    if is_stretched(out._a):
        raise error("overlap")
    for source in inputs:
        if isinstance(source, Tensor) and overlap(out, source) in forbidden:
            raise error("overlap_partly")


def _check_dtype(out, result, name, several):
    wanted, found = result.dtype.title, out.dtype.title
    if name + "_dim" in _MESSAGE and several:
        name += "_dim"
    if wanted != found and name in _MESSAGE:
        types = {"c_wanted": C_TYPES.get(wanted), "c_found": C_TYPES.get(found), "flag": wanted == "Int"}
        raise error(_MESSAGE[name], name=name, wanted=wanted, found=found, **types)
    if name in _NEVER_BOOL and found == "Bool" and result.ndim and result._a.size:
        raise error("not_implemented_for", kernel=f"{name}_out_cpu", dtype=found)
    if not can_cast(result.dtype, out.dtype) and name not in _CONVERTS_ALL:
        if name in _CAST_MESSAGE:
            raise error(_CAST_MESSAGE[name], name=name, wanted=wanted, found=found)
        raise error("cast_result", found=wanted, wanted=found)


def _fit(out, result, name):
    """Give ``out`` the result's shape, with a warning if it held something. A view grows into the memory that it looks into."""
    if out._a.shape == result._a.shape:
        return
    if out._a.size and name not in _GROWS_SILENTLY:
        warnings.warn(
            f"An output with one or more elements was resized since it had shape {list(out.shape)}, which does not match the required output shape "
            f"{list(result.shape)}. This behavior is deprecated, and in a future PyTorch release outputs will not be resized unless they have zero "
            "elements. You can explicitly reuse an out tensor t by resizing it, inplace, to zero elements with t.resize_(0).",
            UserWarning,
            stacklevel=5,
        )
    if out._foreign or out._base is not None or out._memory is not None:
        out.resize_(tuple(result._a.shape))
    else:
        out._a = namespace(out._a).empty(result._a.shape, out._a.dtype)


Tensor._write_out = staticmethod(write_out)
