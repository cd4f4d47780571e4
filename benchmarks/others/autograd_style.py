"""HIPS autograd. Its convolution is meant for single signals, so LeNet is not run."""

import autograd.numpy as np
from autograd import value_and_grad
from autograd.differential_operators import make_vjp

from . import formulas, numpy_style


def prepared(name):
    """The step of a workload, or None."""
    if name == "mlp":
        return mlp()
    found = numpy_style.operation(name)
    return found and differentiated(*found)


def differentiated(function, arrays, g):
    places = tuple(range(1, 1 + len(arrays)))

    def step():
        backward, y = make_vjp(function, places)(np, *arrays)
        return y, *backward(g)

    return step


def mlp():
    parameters, x, classes = numpy_style.training("mlp")
    optimizer = numpy_style.Adam(parameters)
    both = value_and_grad(lambda parameters: formulas.cross_entropy(np, formulas.mlp(np, x, *parameters), classes))

    def step():
        nonlocal parameters
        loss, gradients = both(parameters)
        parameters = optimizer.step(parameters, gradients)
        return [loss]

    return step
