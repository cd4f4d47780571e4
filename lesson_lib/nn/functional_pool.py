"""Pooling functions that are made of others: power means, and the forms that always give the indices."""

from inspect import signature
from math import prod

from ..ops import pool, pool_adaptive, pool_fractional
from ..ops.spatial import numbers
from .functional_activation import relu


def lp_pool1d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    r"""The power sum of each window, $y[t] = \sqrt[p]{\sum_i x[ts+i]^p}$: (N, C, L) → (N, C, Lo); N may be missing.

    With p = 1 a sum; for large p nearly the largest value.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.lp_pool1d(torch.tensor([[3., 4., 0., 2.]]), 2.0, 2)
    tensor([[5., 2.]])

    Errors: RuntimeError for a wrong number of dimensions, or a window that does not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool1d.html
    """
    means = pool.avg_pool1d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return _power_mean(means, kernel_size, norm_type)


def lp_pool2d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    r"""The power sum of each window of an image, $y[h,w] = \sqrt[p]{\sum_{i,j} x[hs+i,\,ws+j]^p}$.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.lp_pool2d(torch.ones(1, 2, 2), 2.0, 2)
    tensor([[[2.]]])

    Errors: RuntimeError for a wrong number of dimensions, or a window that does not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool2d.html
    """
    means = pool.avg_pool2d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return _power_mean(means, prod(numbers(kernel_size, 2)), norm_type)


def lp_pool3d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    r"""The power sum of each window of a volume, $y[t,h,w] = \sqrt[p]{\sum_{l,i,j} x[ts+l,\,hs+i,\,ws+j]^p}$.

    >>> import lesson_lib as torch
    >>> torch.nn.functional.lp_pool3d(torch.ones(1, 2, 2, 2), 3.0, 2)
    tensor([[[[2.]]]])

    Errors: RuntimeError for a wrong number of dimensions, or a window that does not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool3d.html
    """
    means = pool.avg_pool3d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return _power_mean(means, prod(numbers(kernel_size, 3)), norm_type)


def _power_mean(means, count, norm_type):
    """The root of the sums. The middle part changes no number; PyTorch has it for the gradient at 0, and so it stands here."""
    return (means.sign() * relu(means.abs())).mul(count).pow(1.0 / norm_type)


def with_indices(function):
    """The form of a pooling that always gives the indices, whatever ``return_indices`` says."""
    parameters = signature(function)

    def pooled(*args, **kwargs):
        bound = parameters.bind(*args, **kwargs)
        bound.arguments["return_indices"] = True
        return function(*bound.args, **bound.kwargs)

    pooled.__name__ = pooled.__qualname__ = function.__name__ + "_with_indices"
    pooled.__doc__ = f"``{function.__name__}`` with ``return_indices=True``: the largest values, and where they stood."
    pooled.__signature__ = parameters
    return pooled


max_pool1d_with_indices = with_indices(pool.max_pool1d)
max_pool2d_with_indices = with_indices(pool.max_pool2d)
max_pool3d_with_indices = with_indices(pool.max_pool3d)
adaptive_max_pool1d_with_indices = with_indices(pool_adaptive.adaptive_max_pool1d)
adaptive_max_pool2d_with_indices = with_indices(pool_adaptive.adaptive_max_pool2d)
adaptive_max_pool3d_with_indices = with_indices(pool_adaptive.adaptive_max_pool3d)
fractional_max_pool2d_with_indices = with_indices(pool_fractional.fractional_max_pool2d)
fractional_max_pool3d_with_indices = with_indices(pool_fractional.fractional_max_pool3d)
