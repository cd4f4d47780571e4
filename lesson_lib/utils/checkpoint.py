"""Checkpoints: forget what the forward pass saved, and compute it again when backward needs it. Time for memory.

Without reentry (the better way) saved-tensor hooks put an empty holder in place of every saved tensor. The first holder
that backward opens runs the function again and fills them all. With reentry the whole function is one node, whose
backward runs the function and a backward pass of its own.

Source: https://pytorch.org/docs/stable/checkpoint.html, https://arxiv.org/abs/1604.06174
"""

import warnings
import weakref
from contextlib import contextmanager, nullcontext

from ..autograd.saved_tensors import saved_tensors_hooks
from ..core.engine import backward
from ..core.errors import error
from ..core.function import Function
from ..core.grad_mode import enable_grad, is_grad_enabled, no_grad
from ..core.messages_autograd import CheckpointError
from ..core.parity import missing_from
from ..core.state import thread
from ..core.tensor import Tensor
from ..ops.create import empty
from ..ops.random import fork_rng, get_rng_state, set_rng_state

__all__ = ["CheckpointError", "checkpoint", "checkpoint_sequential", "noop_context_fn", "set_checkpoint_early_stop"]

_UNSAID = (
    "{name}: the use_reentrant parameter should be passed explicitly. {version} checkpoint without use_reentrant will raise an exception. "
    "use_reentrant=False is recommended, but if you need to preserve the current default behavior, you can pass use_reentrant=True. "
    "Refer to docs for more details on the differences between the two variants."
)
_early_stop = {"asked": None}


def noop_context_fn():
    """Two contexts that do nothing: one for the forward pass, one for the second run."""
    return nullcontext(), nullcontext()


def checkpoint(function, *args, use_reentrant=None, context_fn=noop_context_fn, determinism_check="default", debug=False, early_stop=True, **kwargs):
    """``function(*args, **kwargs)``, saving only the inputs: backward runs the function again for what it needs.

    ``preserve_rng_state`` (True) gives the second run the random numbers of the first. ``early_stop`` ends the second run
    when all that was saved is there. ``context_fn`` returns a context for each run. ``determinism_check="none"`` skips
    the comparison of shapes, dtypes and devices. ``debug`` is accepted; the message is the same.

    >>> import lesson_lib as torch
    >>> from lesson_lib.utils.checkpoint import checkpoint
    >>> x = torch.tensor([0.5], requires_grad=True)
    >>> checkpoint(lambda x: x.sin().exp(), x, use_reentrant=False).backward()
    >>> x.grad
    tensor([1.4174])

    Errors: CheckpointError if the second run saves other tensors than the first.

    Source: https://pytorch.org/docs/stable/checkpoint.html#torch.utils.checkpoint.checkpoint
    """
    if use_reentrant is None:
        warnings.warn(_UNSAID.format(name="torch.utils.checkpoint", version="Starting in PyTorch 2.9, calling"), stacklevel=2)
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if not use_reentrant:
        return _checkpoint_without_reentry(function, preserve, context_fn, determinism_check, early_stop, args, kwargs)
    if kwargs:
        raise error("checkpoint_kwargs", names=",".join(kwargs))
    if context_fn is not noop_context_fn or debug:
        raise error("checkpoint_context")
    return _Reentrant.apply(function, preserve, *args)


def checkpoint_sequential(functions, segments, input, use_reentrant=None, **kwargs):
    """Run modules or functions one after the other, in ``segments`` groups; all but the last are checkpoints.

    Source: https://pytorch.org/docs/stable/checkpoint.html#torch.utils.checkpoint.checkpoint_sequential
    """
    if use_reentrant is None:
        warnings.warn(_UNSAID.format(name="torch.utils.checkpoint.checkpoint_sequential", version="In version 2.9"), stacklevel=2)
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise error("checkpoint_kwargs", names=",".join(kwargs))
    functions = list(functions.children()) if hasattr(functions, "children") else list(functions)
    size = len(functions) // segments
    for start in range(0, size * (segments - 1), size):
        input = checkpoint(_chain(functions[start : start + size]), input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return _chain(functions[size * (segments - 1) :])(input)


def _chain(functions):
    def run(input):
        for function in functions:
            input = function(input)
        return input

    return run


@contextmanager
def set_checkpoint_early_stop(enable):
    """Inside, checkpoints stop early (or do not), whatever their own ``early_stop`` says.

    Source: https://pytorch.org/docs/stable/checkpoint.html#torch.utils.checkpoint.set_checkpoint_early_stop
    """
    before, _early_stop["asked"] = _early_stop["asked"], enable
    try:
        yield
    finally:
        _early_stop["asked"] = before


class _Replay:
    """Runs the function a second time with the random numbers of the first."""

    def __init__(self, function, preserve):
        self.function, self.state = function, get_rng_state() if preserve else None

    def __call__(self, *args):
        with fork_rng(enabled=self.state is not None), enable_grad():
            if self.state is not None:
                set_rng_state(self.state)
            return self.function(*args)


# --- without reentry ---------------------------------------------------------------------------------------------


class _StopRecomputation(Exception):
    """Everything that was saved is there again."""


class _Holder:
    """What a node keeps instead of a saved tensor: its place in the order of saving."""

    def __init__(self, number):
        self.number = number


class _Frame:
    """One checkpoint: how to compute again, and what the second run gave, for each backward pass."""

    def __init__(self, replay, args, described, early_stop):
        self.replay, self.described, self.early_stop = replay, described, early_stop
        self.kept = _KeepInputs.keep(args)
        self.holders, self.descriptions = [], []  # of the first run: weak references, because a node may die before backward
        self.filled = weakref.WeakKeyDictionary()  # {a backward pass: {place in the order: tensor}}

    def pack(self, tensor):
        """First run: keep a holder, and only the tensor's description."""
        holder = _Holder(len(self.holders))
        self.holders.append(weakref.ref(holder))
        self.descriptions.append(self.described(tensor))
        return holder

    def unpack(self, holder):
        """The saved tensor, from the second run; each is handed out once, so that its memory goes as backward goes on."""
        task = thread.task if thread.task is not None else _Holder(-1)
        if task not in self.filled:
            self.filled[task] = self._recomputed()
        if holder.number not in self.filled[task]:
            raise error("checkpoint_twice")
        return self.filled[task].pop(holder.number)

    def _recomputed(self):
        found, count = {}, 0

        def pack(tensor):
            nonlocal count
            if count == len(self.holders):
                raise error("checkpoint_more")
            if self.holders[count]() is not None:
                found[count] = tensor.detach()
            count += 1
            if self.early_stop and count == len(self.holders):
                raise _StopRecomputation
            return tensor

        try:
            with saved_tensors_hooks(pack, lambda tensor: tensor):
                self.replay(*self.kept())
        except _StopRecomputation:
            pass
        if count != len(self.holders):
            raise error("checkpoint_count", first=len(self.holders), second=count)
        self._compare(found)
        return found

    def _compare(self, found):
        different = [(number, self.descriptions[number], self.described(tensor)) for number, tensor in found.items()]
        lines = [
            f"tensor at position {number}:\nsaved metadata: {first}\nrecomputed metadata: {second}\n"
            for number, first, second in different
            if first != second
        ]
        if lines:
            raise error("checkpoint_different", tensors="".join(lines))


class _KeepInputs(Function):
    """A node beside the graph that keeps the inputs: outer hooks may pack them, and in-place writes to them are noticed."""

    @staticmethod
    def forward(ctx, anchor, *tensors):
        ctx.save_for_backward(*tensors)
        return empty(0)

    @staticmethod
    def keep(args):
        """A function that gives ``args`` back."""
        tensors = [arg for arg in args if isinstance(arg, Tensor)]
        node = _KeepInputs.apply(empty(0, requires_grad=True), *tensors).grad_fn

        def kept():
            saved = iter(node.saved_tensors)
            return [next(saved) if place is None else place[0] for place in places]

        places = [None if isinstance(arg, Tensor) else (arg,) for arg in args]
        return kept


def _checkpoint_without_reentry(function, preserve, context_fn, determinism_check, early_stop, args, kwargs):
    if determinism_check not in _DESCRIPTIONS:
        raise error("checkpoint_check", known=list(_DESCRIPTIONS), found=determinism_check)
    first_context, second_context = context_fn()
    if not is_grad_enabled():
        return function(*args, **kwargs)

    def again(*args):
        with second_context:
            return function(*args, **kwargs)

    asked = _early_stop["asked"]
    frame = _Frame(_Replay(again, preserve), args, _DESCRIPTIONS[determinism_check], early_stop if asked is None else asked)
    with saved_tensors_hooks(frame.pack, frame.unpack), first_context:
        return function(*args, **kwargs)


_DESCRIPTIONS = {
    "default": lambda tensor: {"shape": tensor.shape, "dtype": tensor.dtype, "device": tensor.device},
    "none": lambda tensor: None,
}


# --- with reentry ------------------------------------------------------------------------------------------------


class _Reentrant(Function):
    """The whole function as one node."""

    @staticmethod
    def forward(ctx, function, preserve, *args):
        if not any(isinstance(arg, Tensor) and arg.requires_grad for arg in args):
            warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", stacklevel=4)
        ctx.replay = _Replay(function, preserve)
        ctx.others = [None if isinstance(arg, Tensor) else (arg,) for arg in args]
        ctx.save_for_backward(*(arg for arg in args if isinstance(arg, Tensor)))
        with no_grad():
            return function(*args)

    @staticmethod
    def backward(ctx, *grads):
        if thread.task.captured is not None:
            raise error("checkpoint_grad")
        tensors = iter(ctx.saved_tensors)
        inputs = [_detached(next(tensors)) if other is None else other[0] for other in ctx.others]
        outputs = ctx.replay(*inputs)
        outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
        pairs = [(out, g) for out, g in zip(outputs, grads, strict=True) if isinstance(out, Tensor) and out.requires_grad]
        if not pairs:
            raise error("checkpoint_needless")
        backward(*zip(*pairs, strict=True))
        return (None, None, *(value.grad if isinstance(value, Tensor) else None for value in inputs))


_Reentrant.__name__ = "CheckpointFunction"


def _detached(tensor):
    fresh = tensor.detach()
    fresh.requires_grad = tensor.requires_grad
    return fresh

__getattr__ = missing_from("torch.utils.checkpoint")  # a name that is missing here says why
