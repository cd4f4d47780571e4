"""``torch.func``: functions of functions. Derivatives, batches, and modules as functions of their parameters.

Source: https://pytorch.org/docs/stable/func.html
"""

from ..core.parity import missing_from
from .batching import vmap
from .derivatives import grad, grad_and_value, hessian, jacfwd, jacrev, jvp, linearize, vjp
from .modules import functional_call, stack_module_state

__all__ = [
    "functional_call", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize", "stack_module_state", "vjp", "vmap",
]  # fmt: skip

__getattr__ = missing_from("torch.func")  # a name that is missing here says why
