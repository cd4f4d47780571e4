"""What PyTorch gave for every sample of every declaration, written down: a machine without PyTorch checks its values against it.

One line of golden.jsonl is one sample: the flattened outputs and first gradients, 8 digits each. The inputs are not stored: they are
made from the declarations. ``python -m tests.golden`` writes the file anew; to be run when a declaration's samples change.
"""

import json
import warnings
from pathlib import Path

import numpy as np

from lesson_lib.core.engine import grad
from lesson_lib.core.tensor import wrap

from . import opcases

FILE = Path(__file__).with_name("golden.jsonl")
DTYPE = "float64"


def weights(shape, complex_numbers):
    """Different weights for different elements, so that a transposed gradient is noticed."""
    angles = np.arange(np.prod(shape, dtype=int), dtype=np.float64).reshape(shape)
    return np.asarray(np.exp(1j * angles) if complex_numbers else np.cos(angles))


def plain(array):
    """Numbers as JSON has them; a complex number as a pair."""
    array = np.asarray(array)
    if array.dtype.kind == "c":
        array = np.stack([array.real, array.imag], -1)
    if array.dtype.kind == "f":
        return [float(f"{number:.8g}") for number in array.ravel().tolist()]
    return array.ravel().tolist()


def described(outputs, gradients):
    return {
        "dtypes": [str(out.dtype).removeprefix("torch.") for out in outputs],
        "shapes": [list(out.shape) for out in outputs],
        "values": [plain(out.numpy(force=True)) for out in outputs],
        "gradients": [None if g is None else plain(g.numpy(force=True)) for g in gradients],
    }


def ours(name, number):
    """The line that lesson_lib gives."""
    case = opcases.sample(name, number, dtype=DTYPE, grad=True)
    outputs = opcases.free_of_signs(name, opcases.tensors_in(opcases.function_of(name)(*case.args, **case.kwargs)))
    inputs = [x for x in opcases.tensors_in((case.args, case.kwargs)) if x.requires_grad]
    ends = [out for out in outputs if out.requires_grad]
    seeds = [wrap(weights(out.shape, out.is_complex()).astype(out.numpy(force=True).dtype)) for out in ends]
    return described(outputs, gradients(grad, ends, inputs, seeds))


def theirs(name, number, torch):
    """The line that PyTorch gives."""
    case = opcases.sample(name, number, dtype=DTYPE, grad=True)
    args, kwargs = opcases.for_torch(case.args, torch), opcases.for_torch(case.kwargs, torch)
    outputs = opcases.free_of_signs(name, flat(opcases.oracle_of(name, torch)(*args, **kwargs), torch))
    inputs = [x for x in flat((args, list(kwargs.values())), torch) if x.requires_grad and name not in opcases.WRONG_GRADIENT]
    ends = [out for out in outputs if out.requires_grad]
    seeds = [torch.from_numpy(weights(tuple(out.shape), out.is_complex())).to(out.dtype) for out in ends]
    return described(outputs, gradients(torch.autograd.grad, ends, inputs, seeds))


def gradients(grad, ends, inputs, seeds):
    """The first gradients; none where there is a value and no derivative."""
    try:
        return grad(ends, inputs, seeds, allow_unused=True) if ends and inputs else []
    except RuntimeError:
        return []


def flat(value, torch):
    if isinstance(value, torch.Tensor):
        return [value]
    return [tensor for part in value for tensor in flat(part, torch)] if isinstance(value, tuple | list) else []


def cases():
    """Every sample that PyTorch has a function for."""
    return [(name, number) for name, number in opcases.sampled() if opcases.has_counterpart(name)]


def recorded():
    """{(name, number): line}"""
    lines = map(json.loads, FILE.read_text(encoding="utf-8").splitlines())
    return {tuple(line.pop("case")): line for line in lines}


def record(torch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lines = [json.dumps({"case": [name, number], **theirs(name, number, torch)}) for name, number in cases()]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{FILE.name}: {len(lines)} samples, {FILE.stat().st_size // 1000} kB")


if __name__ == "__main__":
    import torch

    record(torch)
