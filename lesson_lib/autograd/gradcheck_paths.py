"""Other ways to the same derivatives, which ``gradcheck`` can hold against each other: forward mode, batches of gradients, missing ones.

Each ``check_*`` raises GradcheckError where two ways part.
"""

import numpy as np

from ..core.device import to_array, to_host
from ..core.engine import grad
from ..core.tensor import Tensor, wrap
from ..ops.complex_numbers import view_as_complex, view_as_real
from ..ops.join import stack
from .forward_ad import dual_level, make_dual, unpack_dual


class GradcheckError(RuntimeError):
    """What ``gradcheck`` raises when the two gradients differ."""


def differentiable(outputs):
    """The outputs through which gradients flow."""
    outputs = (outputs,) if isinstance(outputs, Tensor) else tuple(outputs)
    return tuple(out for out in outputs if isinstance(out, Tensor) and out.requires_grad)


def on_device_of(tensor, array):
    """``array`` as a tensor beside ``tensor``."""
    return wrap(to_array(array, tensor.device))


def in_real_numbers(func, inputs):
    """(function, inputs) that say the same with pairs (real, imaginary) in place of complex numbers: the slopes are then real."""
    is_complex = [isinstance(x, Tensor) and x.is_complex() and x.requires_grad for x in inputs]
    pairs = tuple(view_as_real(x.detach()).requires_grad_() if c else x for x, c in zip(inputs, is_complex, strict=True))

    def real(*args):
        found = func(*(view_as_complex(x) if c else x for x, c in zip(args, is_complex, strict=True)))
        return tuple(view_as_real(out) if out.is_complex() else out for out in ((found,) if isinstance(found, Tensor) else found))

    return real, pairs


def check_undefined(func, inputs, wanted):
    """Nothing comes in at one output and zeros at the others: the gradients must be zeros, or none."""
    outputs = differentiable(func(*inputs))
    for left_out in range(len(outputs)):
        others = outputs[:left_out] + outputs[left_out + 1 :]
        zeros = [on_device_of(out, np.zeros(out.shape, out._a.dtype)) for out in others]
        found = grad(others, [inputs[j] for j in wanted], zeros, retain_graph=True, allow_unused=True) if others else ()
        if any(g is not None and to_host(g._a).any() for g in found):
            raise GradcheckError(
                "Expected backward function to handle undefined output grads. Please look at 'Notes about undefined output gradients' in "
                "'tools/autograd/derivatives.yaml'"
            )


def check_batched(func, inputs, wanted, tolerance):
    """Two gradients sent back together arrive as they do one by one."""
    for i, output in enumerate(differentiable(func(*inputs))):
        draw = np.random.RandomState(0).standard_normal
        gs = [on_device_of(output, np.asarray(draw(output.shape)).astype(output._a.dtype)) for _ in range(2)]
        xs = [inputs[j] for j in wanted]
        singly = [grad(output, xs, g, retain_graph=True, allow_unused=True) for g in gs]
        try:
            together = grad(output, xs, stack(gs), retain_graph=True, allow_unused=True, is_grads_batched=True)
        except RuntimeError as exc:
            raise GradcheckError(f"While computing batched gradients, got: {exc}") from exc
        for j, batch, *single in zip(wanted, together, *singly, strict=True):
            if batch is not None and not _close(batch, stack(single), tolerance):
                raise GradcheckError(f"\nFor output {i} and input {j}:\n\nThe batched gradients are\n{batch}\nand one by one they are\n{stack(single)}")


def _close(a, b, tolerance):
    return np.allclose(to_host(a._a), to_host(b._a), rtol=tolerance.rtol, atol=tolerance.atol, equal_nan=True)


def pushed_forward(func, inputs, j, step):
    """J·step for all outputs through forward mode, each flat; zeros for an output that input ``j`` does not reach."""
    tangent = on_device_of(inputs[j], step.astype(inputs[j]._a.dtype))
    with dual_level():
        dual = make_dual(inputs[j].detach(), tangent)
        found = func(*inputs[:j], dual, *inputs[j + 1 :])
        parts = [unpack_dual(out) for out in ((found,) if isinstance(found, Tensor) else found)]
        return [np.zeros(part.primal.numel()) if part.tangent is None else to_host(part.tangent._a).reshape(-1) for part in parts]
