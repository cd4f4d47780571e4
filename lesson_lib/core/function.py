"""``autograd.Function``: a user's own node, with its forward and its backward written by hand."""

from . import cpu
from .device import namespace
from .dtypes import INEXACT
from .errors import error
from .node import Node, keys
from .state import notify, thread, watchers
from .tensor import Tensor, edge_of, wrap


class FunctionCtx(Node):
    """The node of a user's Function, and at the same time the ``ctx`` that its ``forward`` and ``backward`` are given.

    Any attribute may be set on it. Tensors go through ``save_for_backward``, which holds outputs without making a
    cycle and notices in-place writes.
    """

    __slots__ = ("__dict__",)
    needs_input_grad = ()
    _to_save = _dirty = _non_differentiable = ()
    _materialize = True

    def save_for_backward(self, *tensors):
        """Keep inputs or outputs for ``backward``."""
        self._to_save = tensors

    save_for_forward = save_for_backward

    def mark_dirty(self, *tensors):
        """Say that ``forward`` changed these inputs in place."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors):
        """Say that these outputs carry no gradient."""
        self._non_differentiable = tensors

    def set_materialize_grads(self, value):
        """With False, an output that nobody used has gradient None instead of zeros."""
        self._materialize = value

    @property
    def saved_tensors(self):
        """The tensors given to ``save_for_backward``, in order; PyTorch's error if they were freed or written to."""
        self.check()
        return tuple(self._unpack(item) for item in self.saved)

    def _kept(self):
        return [value for value, _ in self.saved if value is not None]

    def _maker(self, position, cell):
        value, output_number = [item for item in self.saved if item[0] is not None][position]
        return self.title if output_number is not None else value.grad_fn and value.grad_fn.title

    def _unpack(self, item):
        value, output_number = item
        if output_number is None or value is None:
            return value
        tensor = wrap(value)  # an output: its array was kept, and its history is this very node
        tensor._rg, tensor._edge = True, (self, output_number)
        return tensor

    def contributions(self, g, saved):
        """Run the user's ``backward``. It always sees Tensors, and is recorded when the gradients are."""
        parts = list(g) if self.several else [g]
        taped = any(isinstance(part, Tensor) for part in parts)
        grads = self.function.backward(self, *(self._incoming(part, number) for number, part in enumerate(parts)))
        grads = tuple(grads) if isinstance(grads, tuple | list) else (grads,)
        expected = len(self.edges)
        if len(grads) < expected or any(extra is not None for extra in grads[expected:]):
            raise error("function_grads", name=self.title, expected=expected, found=len(grads))
        grads = grads[:expected]
        return grads if taped else tuple(grad if grad is None else grad._a for grad in grads)

    def _incoming(self, part, number):
        if part is None and self._materialize:
            shape, np_dtype = (self.shape[number], self.dtype[number]) if self.several else (self.shape, self.dtype)
            return wrap(self._xp.zeros(shape, np_dtype))
        return part if part is None or isinstance(part, Tensor) else wrap(self._xp.asarray(part))


class Function:
    """Base class for operations with a hand-written gradient.

    >>> import lesson_lib as torch
    >>> class Square(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return 2 * x * g
    >>> x = torch.tensor(3., requires_grad=True)
    >>> Square.apply(x).backward()
    >>> x.grad
    tensor(6.)

    A subclass may split ``forward(*args)`` from ``setup_context(ctx, inputs, output)``.

    Source: https://pytorch.org/docs/stable/autograd.html#function
    """

    op = None
    _node_class = None

    @staticmethod
    def forward(*args, **kwargs):
        """Compute the outputs (abstract: a subclass writes it)."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Save what ``backward`` needs, where ``forward`` is written without ``ctx`` (abstract: a subclass writes it)."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx, *grad_outputs):
        """One gradient, or None, for each argument of ``forward`` (abstract: a subclass writes it)."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with backward mode AD."
        )

    def __init_subclass__(cls):
        # Its own node class, so that type(y.grad_fn).__name__ reads "SquareBackward" as in PyTorch.
        title = cls.__name__ + "Backward"
        cls._node_class = type(title, (FunctionCtx,), {"__slots__": (), "title": title, "function": cls})

    @classmethod
    def apply(cls, *args):
        """Run ``forward`` unrecorded and put one node in its place."""
        ctx = object.__new__(cls._node_class)
        ctx.hooks = None
        ctx.needs_input_grad = tuple(isinstance(a, Tensor) and a.requires_grad for a in args)
        recording = thread.grad_enabled and any(ctx.needs_input_grad)
        ctx.edges = tuple(edge_of(a) if recording and needed else None for a, needed in zip(args, ctx.needs_input_grad, strict=True))
        output = cls._run_forward(ctx, args)
        ctx.key = next(keys)  # after forward: older than no node that consumes it, younger than its inputs
        several = isinstance(output, tuple)
        outputs = tuple(_connected(ctx, out, number, args, recording) for number, out in enumerate(output if several else (output,)))
        _describe(ctx, outputs)
        _save(ctx, outputs)
        result = outputs if several else outputs[0]
        if watchers:
            notify(cls, args, {}, result)
        return result

    @classmethod
    def _run_forward(cls, ctx, args):
        before, thread.grad_enabled = thread.grad_enabled, False
        try:
            if cls.setup_context is Function.setup_context:
                return cls.forward(ctx, *args)
            output = cls.forward(*args)
            cls.setup_context(ctx, args, output)
            return output
        finally:
            thread.grad_enabled = before


def _connected(ctx, out, number, args, recording):
    """An output of ``forward`` as the output ``number`` of the node."""
    if not isinstance(out, Tensor):
        return out
    dirty = any(out is tensor for tensor in ctx._dirty)
    if dirty:
        out._ver[0] += 1
    elif any(out is arg for arg in args):
        out = wrap(out._a)  # an input handed through is a new tensor in the graph
    if recording and out._a.dtype.kind in INEXACT and not any(out is tensor for tensor in ctx._non_differentiable):
        out._rg, out._edge = True, (ctx, number)
    return out


def _describe(ctx, outputs):
    """Shapes and dtypes that the incoming gradients must have."""
    arrays = [out._a if isinstance(out, Tensor) else None for out in outputs]
    ctx._xp = next((namespace(a) for a in arrays if a is not None), cpu)
    shapes, dtypes = tuple(getattr(a, "shape", ()) for a in arrays), tuple(getattr(a, "dtype", None) for a in arrays)
    if len(outputs) > 1:
        ctx.shape, ctx.dtype, ctx.several = shapes, dtypes, len(outputs)
    else:
        ctx.shape, ctx.dtype, ctx.several = shapes[0], dtypes[0], None


def _save(ctx, outputs):
    """What ``save_for_backward`` was given: inputs as they are, outputs as arrays (a tensor would make a cycle)."""
    kept = []
    for tensor in ctx._to_save:
        number = next((i for i, out in enumerate(outputs) if out is tensor and tensor is not None and out._edge is not None), None)
        kept.append((tensor if number is None else tensor._a, number))
    ctx.saved = tuple(kept)
    ctx.guards = tuple((t._ver, t._ver[0]) for t in ctx._to_save if isinstance(t, Tensor))
    ctx._to_save = ctx._dirty = ctx._non_differentiable = ()


def once_differentiable(backward):
    """Decorator for a ``backward`` that cannot itself be differentiated.

    Source: https://pytorch.org/docs/stable/generated/torch.autograd.function.once_differentiable.html
    """

    def wrapper(ctx, *grads):
        before, thread.grad_enabled = thread.grad_enabled, False
        try:
            outputs = backward(ctx, *grads)
        finally:
            thread.grad_enabled = before
        if not (before and any(isinstance(g, Tensor) and g.requires_grad for g in grads)):
            return outputs
        refuse = _Refusal.apply
        return tuple(refuse(out, *grads) for out in outputs) if isinstance(outputs, tuple) else refuse(outputs, *grads)

    return wrapper


class _Refusal(Function):
    """Hands its first argument through; asking for its gradient is PyTorch's error."""

    @staticmethod
    def forward(ctx, out, *grads):
        return out

    @staticmethod
    def backward(ctx, g):
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")
