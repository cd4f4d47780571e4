"""Clipping gradients: a step in the same direction, but not too long a one."""

import types
import warnings

from ...core.errors import error
from ...core.grad_mode import no_grad
from ...core.tensor import Tensor
from ...ops.data import tensor
from ...ops.join import stack
from ...ops.statistics import vector_norm
from ..outdated import outdated


@no_grad()
def get_total_norm(tensors, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """The p-norm of all tensors together, as if they were one vector: the norm of their norms.

    >>> import lesson_lib as torch
    >>> torch.nn.utils.get_total_norm([torch.tensor([3.]), torch.tensor([0., 4.])])
    tensor(5.)

    Errors: with ``error_if_nonfinite`` RuntimeError for a norm that is nan or infinite.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.get_total_norm.html
    """
    tensors, norm_type = [tensors] if isinstance(tensors, Tensor) else list(tensors), float(norm_type)
    if not tensors:
        return tensor(0.0)
    total = vector_norm(stack([vector_norm(one, norm_type).to(tensors[0].device) for one in tensors]), norm_type)
    if error_if_nonfinite and not total.isfinite():
        raise error("clip_nonfinite", order=norm_type)
    return total


@no_grad()
def clip_grads_with_norm_(parameters, max_norm, total_norm, foreach=None):
    """Scale the gradients by max_norm / total_norm, in place, if that is less than 1.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grads_with_norm_.html
    """
    # By a tensor and not in an `if`: on a GPU the answer would have to be waited for.
    factor = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
    for grad in _grads(parameters):
        grad.mul_(factor.to(grad.device))


def clip_grad_norm_(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """Scale all gradients, in place, so that their common norm is at most ``max_norm``; returns the norm before.

    >>> import lesson_lib as torch
    >>> p = torch.nn.Parameter(torch.zeros(2))
    >>> p.grad = torch.tensor([3., 4.])
    >>> torch.nn.utils.clip_grad_norm_([p], max_norm=1.0)
    tensor(5.)
    >>> p.grad
    tensor([0.6000, 0.8000])

    Errors: with ``error_if_nonfinite`` RuntimeError for a norm that is nan or infinite.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
    """
    listed = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    if isinstance(parameters, types.GeneratorType) and not listed:
        warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=2)
    total_norm = get_total_norm(_grads(listed), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(listed, max_norm, total_norm, foreach)
    return total_norm


@outdated("`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.")
def clip_grad_norm(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """The old name of ``clip_grad_norm_``.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm.html
    """
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


@no_grad()
def clip_grad_value_(parameters, clip_value, foreach=None):
    """Bring every element of the gradients into ±``clip_value``, in place.

    >>> import lesson_lib as torch
    >>> p = torch.nn.Parameter(torch.zeros(3))
    >>> p.grad = torch.tensor([-5., 0.5, 2.])
    >>> torch.nn.utils.clip_grad_value_(p, 1)
    >>> p.grad
    tensor([-1.0000,  0.5000,  1.0000])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html
    """
    clip_value = float(clip_value)
    for grad in _grads(parameters):
        grad.clamp_(min=-clip_value, max=clip_value)


def _grads(parameters):
    parameters = [parameters] if isinstance(parameters, Tensor) else parameters
    return [parameter.grad for parameter in parameters if parameter.grad is not None]
