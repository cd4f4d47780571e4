"""The choice between NumPy and compiled kernels: it is made here and nowhere else.

With the package Numba (the extra ``fast``) the operations of this table have a second form in ``kernels/``, used for large float32 arrays.
The NumPy form beside it is the one to read, and the tests hold the two equal. Where NumPy walks over an array once for each step of a
formula, a kernel walks once for all of them; where NumPy copies every window of a convolution, a kernel reads it where it lies.
"""

import importlib
import importlib.util
from functools import wraps

import numpy as np

LARGE = 1 << 14  # elements: below, NumPy's calls cost less than a kernel's checks save

#: functions that have a compiled form of the same name and arguments -> its module in ``kernels``. ``softmax_grad_x`` is the rule of ``softmax``
TABLE = {
    "softmax_forward": "softmax",
    "softmax_grad_x": "softmax",
    "log_softmax_forward": "softmax",
    "log_softmax_grad_x": "softmax",
    "gelu_forward": "activation",
    "gelu_grad_x": "activation",
    "sigmoid_forward": "activation",
    "sigmoid_grad_x": "activation",
    "silu_forward": "activation",
    "silu_grad_x": "activation",
    "binary_cross_entropy_with_logits_kernel_forward": "loss",
    "binary_cross_entropy_with_logits_kernel_grad_x": "loss",
    "exp_forward": "activation",
    "relu_forward": "unary",
    "relu_grad_x": "unary",
    "tanh_forward": "unary",
    "tanh_grad_x": "unary",
    "sqrt_forward": "unary",
    "sqrt_grad_x": "unary",
    "abs_forward": "unary",
    "abs_grad_x": "unary",
    "sums_of_rows": "sums",
    "stay_awake": "waiting",
    "max_pool2d": "pool",
    "max_pool2d_scatter": "rows",
    "class_probabilities": "loss",
    "class_gradient": "loss",
    "adam_step": "step",
    "native_layer_norm_forward": "norm",
    "native_layer_norm_grad_all": "norm",
    "native_group_norm_forward": "groups",
    "native_group_norm_grad_all": "groups",
    "copied_in_order": "layout",
    "add_rows": "rows",
    "gather_forward": "rows",
    "gather_sum_forward": "rows",
    "attention_weights": "attention",
    "attention_weights_back": "attention",
    "lstm_walk": "recurrent",
    "lstm_walk_back": "recurrent",
    "gru_walk": "recurrent",
    "gru_walk_back": "recurrent",
    "row_moments": "channels",
    "row_affine": "channels",
    "row_products": "channels",
    "row_gradient": "channels",
    "conv2d": "conv",
    "conv2d_input": "conv",
    "conv2d_weight": "conv",
}


class _Choice:
    """Whether kernels are used, and those that are loaded."""

    wanted = True  # False: NumPy alone, for comparisons
    loaded = None  # module name -> module; None until the first large array, because Numba takes a third of a second to import

    def module(self, name):
        """The module of compiled kernels, or None without Numba."""
        if self.loaded is None:
            self.loaded = {} if importlib.util.find_spec("numba") else dict.fromkeys(TABLE.values())
        if name not in self.loaded:
            self.loaded[name] = importlib.import_module(f"{__package__}.kernels.{name}")
        return self.loaded[name]


choice = _Choice()


def has_kernel(name):
    """Is there a compiled form of this function, and is it used?"""
    return name in TABLE and choice.wanted and choice.module(TABLE[name]) is not None


def chosen(name, reference):
    """``reference``, or what tries the compiled kernel for it first, if the table has one. A kernel returns None for what it cannot do."""
    if name not in TABLE:
        return reference

    def run(*args, **params):
        if choice.wanted and any(type(x) is np.ndarray and x.size >= LARGE and x.dtype.char == "f" for x in args):
            kernels = choice.module(TABLE[name])
            result = None if kernels is None else getattr(kernels, name)(*args, **params)
            if result is not None:
                return result
        return reference(*args, **params)

    return wraps(reference)(run)


def with_kernel(function):
    """Decorates a function on arrays that is in the table."""
    return chosen(function.__name__, function)
