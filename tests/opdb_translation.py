"""From PyTorch's objects to ours: its sample inputs, and the Python functions that its op database is written with."""

import contextlib
import functools
import types

import numpy as np

import lesson_lib


def ours(value, seen=None):
    """The same arguments for lesson_lib: tensors with the same strides and numbers, our dtypes, our devices.

    A tensor that comes up twice, as input and as ``out=``, is one tensor here too: ``seen`` remembers.
    """
    import torch

    seen = {} if seen is None else seen
    if isinstance(value, torch.Tensor):
        if id(value) not in seen:
            seen[id(value)] = our_tensor(value, seen).requires_grad_(value.requires_grad)
        return seen[id(value)]
    if isinstance(value, torch.dtype | torch.memory_format | torch.layout):
        return getattr(lesson_lib, str(value).removeprefix("torch."))
    if isinstance(value, torch.device):
        return lesson_lib.device(str(value))
    if isinstance(value, dict):
        return {name: ours(item, seen) for name, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(ours(item, seen) for item in value))
    if isinstance(value, list | tuple):
        items = [ours(item, seen) for item in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, types.FunctionType):
        return translated(value)
    if isinstance(value, torch.nn.Module):
        return getattr(lesson_lib.nn, type(value).__name__)()
    return value


def our_tensor(tensor, seen):
    """The same numbers with the same strides. Tensors over one memory stay over one memory."""
    tensor = tensor.detach().resolve_conj().resolve_neg() if not tensor._is_zerotensor() else tensor.clone()
    place = tensor.untyped_storage().data_ptr(), tensor.dtype
    if place not in seen:
        whole = tensor.as_strided((tensor.untyped_storage().nbytes() // tensor.element_size(),), (1,), 0)
        memory = lesson_lib.from_numpy(to_numpy(whole))
        seen[place] = memory.clone() if tensor.untyped_storage().resizable() else memory
    flat = seen[place]
    if flat.numel() == tensor.numel() and tensor.is_contiguous():
        return flat.view(tuple(tensor.shape)).detach()
    return flat.as_strided(tuple(tensor.shape), tensor.stride(), tensor.storage_offset()).detach()


def to_numpy(tensor):
    """A copy with the same strides over a memory of its own."""
    import torch

    tensor = tensor.detach().resolve_conj().resolve_neg()
    if tensor._is_zerotensor():
        tensor = torch.zeros(tensor.shape, dtype=tensor.dtype)
    if tensor.dtype == torch.bfloat16:
        import ml_dtypes

        return to_numpy(tensor.view(torch.int16)).view(ml_dtypes.bfloat16)
    reach = sum((n - 1) * s for n, s in zip(tensor.shape, tensor.stride())) + 1 if tensor.numel() else 0
    memory = tensor.as_strided((reach,), (1,)).numpy().copy()
    return np.lib.stride_tricks.as_strided(memory, tensor.shape, [s * tensor.element_size() for s in tensor.stride()])


def translated(function):
    """A Python function written for ``torch``, with ``torch`` being lesson_lib."""
    import torch

    if isinstance(function, functools.partial):
        return functools.partial(translated(function.func), *ours(function.args), **ours(function.keywords))
    if not isinstance(function, types.FunctionType):
        return named(function.__name__)
    if not function.__module__.startswith("torch.testing"):
        return named(f"{function.__module__}.{function.__name__}".removeprefix("torch."))
    scope = {name: lesson_lib if value is torch else value for name, value in function.__globals__.items()}
    for name in function.__code__.co_names:
        if isinstance(scope.get(name), types.FunctionType) and scope[name].__module__.startswith("torch.testing"):
            scope[name] = contextlib.nullcontext if name == "freeze_rng_state" else translated(scope[name])
    cells = tuple(types.CellType(_inner(cell.cell_contents)) for cell in function.__closure__ or ())
    return types.FunctionType(function.__code__, scope, function.__name__, ours(function.__defaults__), cells or None)


def _inner(value):
    import torch

    if value is torch:
        return lesson_lib
    if isinstance(value, types.FunctionType):
        return translated(value)
    if isinstance(value, types.BuiltinFunctionType | types.MethodDescriptorType):
        return named(value.__name__)
    return ours(value)


def named(name):
    found = lesson_lib
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is None or isinstance(found, lesson_lib.dtype):  # cfloat: a dtype, and a method
        found = getattr(lesson_lib.Tensor, name, None)
    if found is None:
        raise Missing(name)
    return found


class Missing(Exception):
    """A name that lesson_lib has not."""
