"""Backward hooks of a module: one call is enclosed between two nodes of the graph, at which the gradients can be seen."""

import warnings

from ..core.errors import error
from ..core.function import Function
from ..core.state import thread
from ..core.tensor import Tensor


class BackwardHookFunction(Function):
    """The identity: a node in the graph at which a gradient can be stopped and looked at."""

    @staticmethod
    def forward(ctx, *tensors):
        """The same tensors."""
        return tensors

    @staticmethod
    def backward(ctx, *grads):
        """The same gradients."""
        return grads


class BackwardCrossing:
    """One call of a module with backward hooks: an identity node before the module and one behind it.

    Backward meets the node behind the module first: the gradients of the outputs are known. When it arrives at the
    node before the module, the gradients of the inputs are known too, and the hooks can be called.
    """

    def __init__(self, module, hooks, pre_hooks):
        self.module, self.hooks, self.pre_hooks = module, hooks, pre_hooks
        self.grad_outputs = None
        self.inputs = None  # positions of the arguments that carry gradients, None if there are none

    def enter(self, args):
        """Pass the arguments through the first node."""
        self.count = len(args)
        args, self.inputs = _through_node(args, self._at_inputs)
        return args

    def leave(self, result):
        """Pass the outputs through the second node."""
        if not isinstance(result, Tensor | tuple):
            warnings.warn(
                f"For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received {type(result)}", stacklevel=4
            )
        outputs = result if isinstance(result, tuple) else (result,)
        self.width = len(outputs)
        outputs, self.outputs = _through_node(outputs, self._at_outputs)
        return outputs if isinstance(result, tuple) else outputs[0]

    def _at_outputs(self, grads, _):
        self.grad_outputs = _spread(self.outputs, grads, self.width)
        for hook in self.pre_hooks:
            changed = hook(self.module, self.grad_outputs)
            if changed is None:
                continue
            changed = changed if isinstance(changed, tuple) else (changed,)
            if len(changed) != self.width:
                raise error("backward_hook_count", hook="pre hook", what="grad_output", got=len(changed), expected=self.width)
            self.grad_outputs = changed
        passed_on = tuple(self.grad_outputs[i] for i in self.outputs)
        if self.inputs is None:
            self._without_inputs()
        return passed_on

    def _without_inputs(self):
        """No argument carries a gradient, so the hooks are called here, with None for every one."""
        for hook in self.hooks:
            changed = hook(self.module, (None,) * self.count, self.grad_outputs)
            if changed is not None and any(grad is not None for grad in changed):
                raise error("backward_hook_none")
        self.grad_outputs = None

    def _at_inputs(self, grads, _):
        if self.grad_outputs is None:  # the gradient came past the module's output, as in double backward
            return None
        grads = _spread(self.inputs, grads, self.count)
        for hook in self.hooks:
            changed = hook(self.module, grads, self.grad_outputs)
            if changed is None:
                continue
            changed = changed if isinstance(changed, tuple) else (changed,)
            if len(changed) != self.count:
                raise error("backward_hook_count", hook="hook", what="grad_input", got=len(changed), expected=self.count)
            grads = changed
        self.grad_outputs = None
        return tuple(grads[i] for i in self.inputs)


def _through_node(values, hook):
    """(values with the tensors that require grad passed through one identity node that calls ``hook``, their positions)."""
    positions = [i for i, value in enumerate(values) if isinstance(value, Tensor) and value.requires_grad]
    if not positions or not thread.grad_enabled:
        return values, None
    passed = BackwardHookFunction.apply(*(values[i] for i in positions))
    passed[0].grad_fn.register_hook(hook)
    new = dict(zip(positions, passed, strict=True))
    values = [new.get(i, value) for i, value in enumerate(values)]
    return tuple(values), positions


def _spread(positions, grads, count):
    """The gradients at their positions among ``count``, None elsewhere."""
    at = dict(zip(positions, grads, strict=True))
    return tuple(at.get(i) for i in range(count))


def watch_last_node(module, hooks, inputs, result):
    """Call ``hook(module, grad_input, grad_output)`` at the node that made ``result``: what was offered before there were full hooks."""
    tensor = result
    while not isinstance(tensor, Tensor):
        tensor = next(value for value in tensor.values() if isinstance(value, Tensor)) if isinstance(tensor, dict) else tensor[0]
    if tensor.grad_fn is None:
        return
    for hook in hooks:
        tensor.grad_fn.register_hook(lambda grad_input, grad_output, hook=hook: hook(module, grad_input, grad_output))
    problem = _seen_wrongly(inputs, result, tensor.grad_fn)
    if problem:
        warnings.warn(f"{problem} Please use register_full_backward_hook to get the documented behavior.".strip(), FutureWarning, stacklevel=4)


def _seen_wrongly(inputs, result, node):
    """Why a hook at the last node does not see all gradients of the inputs and outputs; None if it does."""
    results = (result,) if isinstance(result, Tensor) else result
    outdated = "is deprecated and will be removed in future versions. This hook will be missing"
    for values, does, grads in ((results, "return", "grad_output"), (inputs, "take as input", "grad_input")):
        if not (isinstance(values, tuple) and all(isinstance(value, Tensor) for value in values)):
            return (
                f"Using non-full backward hooks on a Module that does not {does} a single Tensor or a tuple of Tensors {outdated} some of the {grads}."
            )
    nodes = {tensor.grad_fn for tensor in results if tensor.grad_fn is not None}
    if len(nodes) > 1:
        return f"Using a non-full backward hook when outputs are generated by different autograd Nodes {outdated} some grad_output."
    if {tensor.grad_fn for tensor in inputs if tensor.grad_fn is not None} != {before for before, _ in node.next_functions}:
        return f"Using a non-full backward hook when the forward contains multiple autograd Nodes {outdated} some grad_input."
    return None
