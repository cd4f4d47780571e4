"""The gradients of convolutions as functions: what a convolution's node computes in ``backward``.

Source: https://github.com/pytorch/pytorch/blob/main/torch/nn/grad.py
"""

from ..core.engine import grad
from ..core.grad_mode import enable_grad
from ..core.state import thread
from ..ops.conv import conv1d, conv2d, conv3d


def _wanted(convolve, sizes, other, grad_output, first, options):
    """The gradient of the input (``first``) or the weight, whose shape is ``sizes``; recorded if gradients of it may be asked for."""
    recorded = thread.grad_enabled and (other.requires_grad or grad_output.requires_grad)
    wanted = other.new_zeros(sizes).requires_grad_()
    with enable_grad():
        y = convolve(*((wanted, other) if first else (other, wanted)), None, *options)
        return grad(y, wanted, grad_output, create_graph=recorded)[0]


def conv1d_input(input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1):
    """The gradient of ``conv1d`` with respect to its input.

    >>> import lesson_lib as torch
    >>> torch.nn.grad.conv1d_input((1, 1, 3), torch.tensor([[[1., 2.]]]), torch.ones(1, 1, 2))
    tensor([[[1., 3., 2.]]])
    """
    return _wanted(conv1d, input_size, weight, grad_output, True, (stride, padding, dilation, groups))


def conv1d_weight(input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1):
    """The gradient of ``conv1d`` with respect to its weight."""
    return _wanted(conv1d, weight_size, input, grad_output, False, (stride, padding, dilation, groups))


def conv2d_input(input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1):
    """The gradient of ``conv2d`` with respect to its input."""
    return _wanted(conv2d, input_size, weight, grad_output, True, (stride, padding, dilation, groups))


def conv2d_weight(input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1):
    """The gradient of ``conv2d`` with respect to its weight."""
    return _wanted(conv2d, weight_size, input, grad_output, False, (stride, padding, dilation, groups))


def conv3d_input(input_size, weight, grad_output, stride=1, padding=0, dilation=1, groups=1):
    """The gradient of ``conv3d`` with respect to its input."""
    return _wanted(conv3d, input_size, weight, grad_output, True, (stride, padding, dilation, groups))


def conv3d_weight(input, weight_size, grad_output, stride=1, padding=0, dilation=1, groups=1):
    """The gradient of ``conv3d`` with respect to its weight."""
    return _wanted(conv3d, weight_size, input, grad_output, False, (stride, padding, dilation, groups))
