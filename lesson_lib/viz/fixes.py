"""Lines that would have worked: candidates are made from shapes and dtypes, and each one is tried before it is offered.

A trial calls the operation again on zeros of the same shapes, dtypes and strides (whole numbers keep their values: they may be indices). Nothing
of the user's is run or changed. If the unchanged call does not fail on zeros as it failed on the real numbers, the trial proves nothing and no fix is offered.
"""

import ast
import warnings
from contextlib import contextmanager
from typing import NamedTuple

from ..core import state
from ..core.grad_mode import no_grad
from ..core.rng import Generator
from ..core.tensor import Tensor
from ..nn.batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from ..nn.conv import Conv1d, Conv2d, Conv3d
from ..nn.linear import Linear
from ..nn.sparse import Embedding
from ..ops.random import get_rng_state, set_rng_state
from .clash import PRODUCTS, broadcasts
from .summary import shape_text

MOST = 3  # fixes that are offered
LARGEST = 2**22  # elements of all operands together, of which a trial may make a copy
LONGEST = 2**30  # multiplications that a trial may take: about a second
CASTS = {"float32": "float", "int64": "long", "float64": "double", "int32": "int", "float16": "half", "bfloat16": "bfloat16", "bool": "bool"}
JOINED = ("cat", "stack", "cross_entropy", "nll_loss")  # sizes that must agree may be cut to the smaller one
USUAL = ("float32", "int64")  # types to try although no operand has them


class Fix(NamedTuple):
    """A line of code that works, and the shape of what it makes."""

    code: str
    shape: str


class Candidate(NamedTuple):
    """Something to try. A lower ``rank`` is offered first."""

    rank: int
    code: str
    tensors: dict = {}  # place -> another tensor there
    function: object = None  # in place of the operation
    args: list | None = None  # in place of all its arguments
    kwargs: dict = {}  # in place of some of them


def fixes_for(call, code, exc):
    """At most ``MOST`` Fixes for a FailedCall, whose user's line is the UserCode ``code``."""
    if call.function is None or sum(operand.tensor.numel() for operand in call.operands) > LARGEST or _draws_from_given(call):
        return []
    with _unnoticed():
        zeros = {operand.place: stand_in(operand.tensor, call.name == "backward") for operand in call.operands}
        outcome = attempt(call, zeros, Candidate(0, ""))
        if not isinstance(outcome, Exception) or _first_line(outcome) != _first_line(exc) or type(outcome) is not type(exc):
            return []
        shapes = {tuple(operand.tensor.shape) for operand in call.operands}
        warnings.simplefilter("error", UserWarning)  # a line that works but is warned about is no fix
        working = {}
        for candidate in candidates(call, code, zeros):
            result = attempt(call, zeros, candidate)
            if not isinstance(result, Exception) and candidate.code not in working:
                shape = None if result is None else tuple(result.shape)
                grown = shape is not None and len(shape) > max(2, *map(len, shapes))
                working[candidate.code] = (grown, candidate.rank, shape not in shapes, len(working), shape)
    best = sorted(working.items(), key=lambda item: item[1][:4])
    if best and not best[0][1][0]:  # a result with more dimensions than the operands is seldom meant
        best = [item for item in best if not item[1][0]]
    return [Fix(line, "" if found[4] is None else shape_text(found[4])) for line, found in best[:MOST]]


def _draws_from_given(call):
    """True if the call got a random generator: a trial would draw from it."""
    return any(isinstance(value, Generator) for value in (*call.args, *call.kwargs.values()))


def stand_in(tensor, with_gradient=False):
    """A tensor of zeros like ``tensor``, with its strides; whole numbers are kept."""
    if tensor.dtype.is_floating_point or tensor.dtype.is_complex:
        span = 1 + sum((size - 1) * step for size, step in zip(tensor.shape, tensor.stride(), strict=True) if size)
        tensor = tensor.detach().new_zeros(max(span, 0)).as_strided(tuple(tensor.shape), tensor.stride())
        return tensor.requires_grad_().clone() if with_gradient else tensor
    return tensor.detach().clone()


def attempt(call, zeros, candidate):
    """What the operation makes of the candidate's arguments: a tensor, None for something else, or the exception."""
    tensors = {**zeros, **candidate.tensors}
    args, kwargs = call.with_tensors(tensors)
    args = args if candidate.args is None else candidate.args
    try:
        if candidate.code and _work([*args, *kwargs.values()]) > LONGEST:  # the call as it was ended at once
            return MemoryError()
        if call.name == "backward":
            result = (candidate.function or call.function)(*args, **kwargs)
        else:
            with no_grad():
                result = (candidate.function or call.function)(*args, **{**kwargs, **candidate.kwargs})
    except Exception as exc:
        return exc
    result = result[0] if isinstance(result, tuple | list) and result else result
    return result if isinstance(result, Tensor) else None


def _work(values):
    """About how many multiplications, or elements of a broadcast result, the two largest operands can lead to."""
    found = [item for value in values for item in (value if isinstance(value, tuple | list) else (value,)) if isinstance(item, Tensor)]
    if len(found) < 2:
        return 0
    a, b = sorted(found, key=lambda tensor: -tensor.numel())[:2]
    return a.numel() * b.numel() // max({*a.shape} & {*b.shape}, default=1)


@contextmanager
def _unnoticed():
    """Trials are seen by no tape, give no warnings and move no random stream."""
    drawn = get_rng_state()
    try:
        with state.unwatched(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        set_rng_state(drawn)


def _first_line(exc):
    return str(exc).split("\n")[0]


# --- candidates -----------------------------------------------------------------------------------------------------


def candidates(call, code, zeros):
    """Every Candidate, in the order in which equally good ones are offered."""
    for operand in call.operands:
        part = code.parts.get(operand.place)
        if part is None or part is getattr(code.statement, "target", None) or (call.name == "setitem" and operand is call.operands[0]):
            continue  # what is written to stays what it is
        others = [other for other in call.operands if other.place != operand.place]
        for rank, words, change in changes(operand.tensor, others, code, call.name):
            try:
                changed = change(zeros[operand.place])
            except Exception:  # this candidate is not for such a tensor
                continue
            yield Candidate(rank, code.line({part: code.receiver(operand) + words}), {operand.place: changed})
    yield from _other_dims(call, code, zeros)
    if call.name in ("view", "reshape"):
        yield from _other_sizes(call, code, zeros)
    if call.name == "index":
        yield from _other_indices(call, code, zeros)
    if call.name in ("index", "embedding"):
        yield from _kept_within(call, code)
    if isinstance(code.statement, ast.AugAssign) and hasattr(call.function, "grown"):
        yield Candidate(1, code.written_out(), function=call.function.grown)
    yield from _other_layers(call, code)


def changes(tensor, others, code, name):
    """(rank, what is written after the operand, the change as a function) for one operand."""
    shape, ndim = tuple(tensor.shape), tensor.ndim
    if name == "backward":
        yield 0, ".sum()", lambda t: t.sum()
        yield 0, ".mean()", lambda t: t.mean()
        return
    for other in others:
        if other.tensor.device != tensor.device and code.name(other):
            yield 0, f".to({code.receiver(other)}.device)", lambda t, to=other.tensor.device: t.to(to)
    wanted = {other.tensor.dtype.name for other in others} | set(USUAL)
    for dtype, method in CASTS.items():
        if dtype in wanted and dtype != tensor.dtype.name:
            yield 0, f".{method}()", lambda t, method=method: getattr(t, method)()
    if not tensor.is_contiguous():
        yield 1, ".contiguous()", lambda t: t.contiguous()
    if name in ("view", "reshape", "index"):
        return
    if ndim == 2:
        yield 1, ".T", lambda t: t.T
    if ndim > 2:
        yield 1, ".transpose(-1, -2)", lambda t: t.transpose(-1, -2)
        yield 1, ".flatten(1)", lambda t: t.flatten(1)
    if ndim == 4:
        yield 1, ".permute(0, 3, 1, 2)", lambda t: t.permute(0, 3, 1, 2)
    for dim in range(ndim, -1, -1) if name not in PRODUCTS or ndim == 1 else ():
        yield 1, f".unsqueeze({dim})", lambda t, dim=dim: t.unsqueeze(dim)
    for dim in (dim for dim, size in enumerate(shape) if size == 1):
        yield 1, f".squeeze({dim})", lambda t, dim=dim: t.squeeze(dim)
    for other in others:
        target = tuple(other.tensor.shape)
        if target != shape and other.tensor.numel() == tensor.numel() and code.name(other):
            yield 2, f".reshape({code.receiver(other)}.shape)", lambda t, target=target: t.reshape(target)
        for dim, size in _longer(shape, target) if broadcasts(name) or name in JOINED else ():
            yield 3, f"[{':, ' * dim}:{size}]", lambda t, dim=dim, size=size: t.narrow(dim, 0, size)


def _longer(shape, target):
    """(dimension, size there in ``target``) where ``shape`` has more."""
    if len(shape) == len(target):
        return [(dim, size) for dim, size in enumerate(target) if 1 < size < shape[dim]]
    return [(0, target[0])] if shape and target and 1 < target[0] < shape[0] else []


def _other_dims(call, code, zeros):
    """The other dimensions, where the call names one."""
    if "dim" not in call.roles or not call.operands:
        return
    position, now = call.roles.index("dim"), call.kwargs.get("dim")
    by_place = len(call.args) > position
    now = call.args[position] if by_place else now
    if not (now is None or isinstance(now, int)):
        return
    for dim in range(call.operands[0].tensor.ndim):
        replaced = code.parameter(position, "dim", str(dim))
        if dim != now and replaced:
            line = code.line(replaced)
            yield Candidate(1, line, args=_changed(call, zeros, position, dim)) if by_place else Candidate(1, line, kwargs={"dim": dim})


def _changed(call, zeros, position, value):
    args, _ = call.with_tensors(zeros)
    args[position] = value
    return args


def _other_sizes(call, code, zeros):
    """For ``view``: each size in turn left to be worked out, and ``reshape``, which may copy."""
    operand = call.operands[0]
    given = call.args[1:] if len(call.args) > 1 else [call.kwargs.get("size", call.kwargs.get("shape", ()))]
    sizes = list(given[0]) if given and isinstance(given[0], tuple | list) else [size for size in given if size is not None]
    receiver = code.receiver(operand) if code.name(operand) else None
    if receiver is None or code.expression is None or not sizes or not all(isinstance(size, int) for size in sizes):
        return
    zero = zeros[operand.place]
    written = lambda name, chosen: code.line({code.expression: f"{receiver}.{name}({', '.join(map(str, chosen))})"})  # noqa: E731
    yield Candidate(1, written("reshape", sizes), function=Tensor.reshape, args=[zero, *sizes])
    for place in range(len(sizes) - 1, -1, -1):
        chosen = [*sizes[:place], -1, *sizes[place + 1 :]]
        yield Candidate(1, written(call.name, chosen), args=[zero, *chosen])
    yield Candidate(2, written(call.name, [-1]), args=[zero, -1])


def _other_indices(call, code, zeros):
    """The last element in place of one past the end; fewer indices where there are too many; indices of a tensor kept within bounds."""
    operand, key = call.operands[0], call.args[1]
    shape, receiver = operand.tensor.shape, code.receiver(operand) if code.name(operand) else None
    keys = list(key) if isinstance(key, tuple) else [key]
    if receiver is None or code.expression is None:
        return
    zero = zeros[operand.place]
    if all(isinstance(one, int) for one in keys):
        for last in (lambda size: -1, lambda size: size - 1):
            inside = [one if -size <= one < size else last(size) for one, size in zip(keys, shape, strict=False)]
            yield Candidate(0, code.line({code.expression: f"{receiver}[{', '.join(map(str, inside))}]"}), args=[zero, tuple(inside)])


def _kept_within(call, code):
    """Indices in a tensor, cut to those that there are."""
    table, indices = sorted(call.operands, key=lambda operand: operand.tensor.dtype.is_floating_point, reverse=True)[:2] if len(call.operands) > 1 else (None, None)
    part = None if indices is None else code.parts.get(indices.place)
    if part is not None and table.tensor.ndim and indices.tensor.dtype.name == "int64":
        last = table.tensor.shape[0] - 1
        line = code.line({part: f"{code.receiver(indices)}.clamp(0, {last})"})
        yield Candidate(2, line, {indices.place: indices.tensor.clamp(0, last)})


def _other_layers(call, code):
    """The layer that would fit the input, for a layer of one of the common kinds."""
    if not call.calls or call.module_path is None:
        return
    layer, tensor = call.calls[-1], call.operands[0].tensor
    name = code.module_name(*call.module_path)
    if name is None:
        return
    weights = {id(operand.tensor): operand for operand in call.operands}
    weight = weights.get(id(getattr(layer, "weight", None)))
    if isinstance(layer, Linear) and weight is not None and tensor.ndim:
        words = f"{name} = nn.Linear({tensor.shape[-1]}, {layer.out_features})"
        yield Candidate(2, words, {weight.place: weight.tensor.new_zeros(layer.out_features, tensor.shape[-1])})
    if isinstance(layer, Conv1d | Conv2d | Conv3d) and weight is not None and tensor.ndim == weight.tensor.ndim and layer.groups == 1:
        kernel = layer.kernel_size
        size = kernel[0] if len(set(kernel)) == 1 else tuple(kernel)
        words = f"{name} = nn.{type(layer).__name__}({tensor.shape[1]}, {layer.out_channels}, {size})"
        yield Candidate(2, words, {weight.place: weight.tensor.new_zeros(layer.out_channels, tensor.shape[1], *kernel)})
    if isinstance(layer, Embedding) and weight is not None and tensor.dtype.name == "int64" and tensor.numel():
        rows = int(tensor.max()) + 1
        words = f"{name} = nn.Embedding({rows}, {layer.embedding_dim})"
        yield Candidate(1, words, {weight.place: weight.tensor.new_zeros(rows, layer.embedding_dim)})
    if isinstance(layer, BatchNorm1d | BatchNorm2d | BatchNorm3d) and tensor.ndim > 1:
        channels = tensor.shape[1]
        own = [operand for operand in call.operands if operand.place != call.operands[0].place]
        words = f"{name} = nn.{type(layer).__name__}({channels})"
        yield Candidate(2, words, {operand.place: operand.tensor.new_zeros(channels) for operand in own})
