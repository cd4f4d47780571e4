"""The place of a leaf's gradient: what may be assigned to ``.grad``, and ``.grad_dtype``, the dtype that it accumulates in."""

from . import dtypes
from .errors import error


def grad_np_dtype(tensor):
    """The NumPy dtype in which the tensor's gradient arrives."""
    kind = tensor._grad_dtype
    return tensor._a.dtype if kind is None or kind == "any" else kind


def check_grad(tensor, value):
    """PyTorch's error for what cannot be the tensor's gradient."""
    if not hasattr(value, "_a"):
        raise error("assign_grad_type", type=type(value).__name__)
    if value is tensor:
        raise error("assign_grad_itself")
    wanted, found = grad_np_dtype(tensor), value.dtype
    if tensor._grad_dtype != "any" and value._a.dtype != wanted:
        raise error("assign_grad_dtype", found=dtypes.C_TYPES.get(found.title, found.title), wanted=dtypes.from_numpy_dtype(wanted).title)
    if value.device != tensor.device:
        raise error("assign_grad_device")
    if value._a.shape != tensor._a.shape:
        raise error("assign_grad_size", found=list(value.shape), wanted=list(tensor.shape))


def grad_dtype(self):
    """The dtype of this leaf's gradient: its own, unless another was set. None accepts any.

    >>> import lesson_lib as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> x.grad_dtype = torch.float64
    >>> (x * 3).sum().backward()
    >>> x.grad
    tensor([3., 3.], dtype=torch.float64)

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.grad_dtype.html
    """
    if not self.is_leaf:
        raise error("grad_dtype_leaf", what="accessed")
    return None if self._grad_dtype == "any" else dtypes.from_numpy_dtype(grad_np_dtype(self))


def set_grad_dtype(self, value):
    """Let the gradient of this leaf accumulate in another dtype."""
    if not self.is_leaf:
        raise error("grad_dtype_leaf", what="set")
    if value is not None and not isinstance(value, dtypes.dtype):
        raise error("grad_dtype_type", type=type(value).__name__)
    if value is not None and self._grad is not None and self._grad.dtype is not value:
        held = self._grad.dtype.title
        raise error("grad_dtype_held", wanted=value.title, found=dtypes.C_TYPES.get(held, held))
    self._grad_dtype = "any" if value is None else value.np
    node = self._acc and self._acc()
    if node is not None:  # a graph leads here already
        node.dtype = grad_np_dtype(self)
