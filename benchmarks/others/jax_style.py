"""JAX: each step is one compiled program."""

from functools import partial

import jax
import jax.numpy as np

from . import formulas, numpy_style


def prepared(name):
    """The step of a workload, or None."""
    if name in ("mlp", "lenet"):
        return trained(name)
    if how := numpy_style.convolution(name):
        arrays, g, _ = numpy_style.inputs(name)
        options = {option: how[option] for option in ("stride", "padding", "dilation", "groups", "transposed")}
        return differentiated(lambda _, x, w, b: convolved(x, w, b, **options), arrays, g)
    found = numpy_style.operation(name)
    return found and differentiated(*found)


def convolved(x, w, b, stride=1, padding=0, dilation=1, groups=1, transposed=False):
    dims = x.ndim - 2
    if transposed:  # a convolution of the input with zeros between its elements, and of the mirrored weight
        w = np.flip(np.swapaxes(w, 0, 1), tuple(range(2, w.ndim)))
        options = dict(window_strides=[1] * dims, lhs_dilation=[stride] * dims, padding=[(w.shape[-1] - 1 - padding,) * 2] * dims)
    else:
        options = dict(window_strides=[stride] * dims, rhs_dilation=[dilation] * dims, padding=[(padding, padding)] * dims)
    return jax.lax.conv_general_dilated(x, w, **options, feature_group_count=groups) + b.reshape(-1, *[1] * dims)


def differentiated(function, arrays, g):
    inputs, g = [np.array(array) for array in arrays], np.array(g)

    @jax.jit
    def both(inputs, g):
        y, backward = jax.vjp(partial(function, np), *inputs)
        return y, *backward(g)

    return lambda: jax.block_until_ready(both(inputs, g))


def lenet(x, w1, b1, w2, b2, *dense):
    for w, b in ((w1, b1), (w2, b2)):
        x = np.maximum(convolved(x, w, b), 0)
        x = jax.lax.reduce_window(x, -np.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
    return formulas.mlp(np, x.reshape(len(x), -1), *dense)


def trained(name):
    parameters, x, classes = numpy_style.training(name)
    state = [[np.array(p) for p in parameters], [np.zeros(p.shape) for p in parameters], [np.zeros(p.shape) for p in parameters], 0.0]
    network = lenet if name == "lenet" else partial(formulas.mlp, np)

    def loss(parameters, x, classes):
        return formulas.cross_entropy(np, network(x, *parameters), classes)

    @jax.jit
    def updated(state, x, classes):
        parameters, means, squares, steps = state
        value, gradients = jax.value_and_grad(loss)(parameters, x, classes)
        if name == "lenet":  # SGD with momentum
            means = [0.9 * m + g for m, g in zip(means, gradients)]
            return value, [[p - 0.01 * m for p, m in zip(parameters, means)], means, squares, steps]
        steps = steps + 1
        means = [0.9 * m + 0.1 * g for m, g in zip(means, gradients)]
        squares = [0.999 * v + 0.001 * g * g for v, g in zip(squares, gradients)]
        rate, root = 1e-3 / (1 - 0.9**steps), (1 - 0.999**steps) ** 0.5
        parameters = [p - rate * m / (np.sqrt(v) / root + 1e-8) for p, m, v in zip(parameters, means, squares)]
        return value, [parameters, means, squares, steps]

    def step():
        nonlocal state
        value, state = jax.block_until_ready(updated(state, x, classes))
        return [value]

    return step
