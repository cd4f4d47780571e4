"""Workloads for the libraries that look like NumPy: MyGrad, HIPS autograd and JAX. ``np`` is the library's namespace."""

import numpy

import lesson_lib

from ..workloads.networks import lenet_model
from ..workloads.small import mlp_model

ROWS, SQUARE = (4096, 768), (2048, 2048)


def tiny_ops(np, w, b):
    x = w
    for _ in range(100):
        x = x * w + b
    return x


def softmax(np, x):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def log_softmax(np, x):
    x = x - np.max(x, axis=-1, keepdims=True)
    return x - np.log(np.sum(np.exp(x), axis=-1, keepdims=True))


def cross_entropy(np, x, classes=None):
    classes = numpy.arange(len(x)) % x.shape[1] if classes is None else classes
    return -np.mean(log_softmax(np, x)[numpy.arange(len(x)), classes])


def gelu_tanh(np, x):
    return 0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))


def layer_norm(np, x, w, b):
    x = x - np.mean(x, axis=-1, keepdims=True)
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + 1e-5) * w + b


def mlp(np, x, *parameters):
    """The scores of a network of linear layers with ReLU between them."""
    *hidden, (w, b) = zip(parameters[::2], parameters[1::2])
    for weight, bias in hidden:
        x = np.maximum(np.matmul(x, weight.T) + bias, 0)
    return np.matmul(x, w.T) + b


# name -> (the function, the shapes of what it is differentiated in)
FUNCTIONS = {
    "softmax": (softmax, [ROWS]),
    "log_softmax": (log_softmax, [ROWS]),
    "cross_entropy": (cross_entropy, [ROWS]),
    "gelu_tanh": (gelu_tanh, [ROWS]),
    "layer_norm": (layer_norm, [ROWS, ROWS[1:], ROWS[1:]]),
    "exp": (lambda np, x: np.exp(x), [SQUARE]),
    "tanh": (lambda np, x: np.tanh(x), [SQUARE]),
    "sum": (lambda np, x: np.sum(x), [(4096, 4096)]),
    "sum_dim0": (lambda np, x: np.sum(x, axis=0), [(4096, 4096)]),
    "sum_dim1": (lambda np, x: np.sum(x, axis=1), [(4096, 4096)]),
    "mean": (lambda np, x: np.mean(x), [(4096, 4096)]),
    "var": (lambda np, x: np.var(x, ddof=1), [(4096, 4096)]),
    "elementwise": (lambda np, x, y, row: x * y + row, [(4096, 4096), (4096, 4096), (4096,)]),
}

CONVOLUTIONS = {
    # name -> (shapes of input, weight and bias, padding)
    "conv_1x32x32": ([(64, 1, 32, 32), (6, 1, 5, 5), (6,)], 0),
    "conv_6x15x15": ([(64, 6, 15, 15), (16, 6, 3, 3), (16,)], 0),
    "conv_16x32x32": ([(32, 16, 32, 32), (16, 16, 3, 3), (16,)], 1),
}


def drawn(*shapes):
    """Random arrays, as the workload draws them."""
    return [lesson_lib.randn(shape).numpy() for shape in shapes]


def operation(name):
    """(the function, its arrays, the gradient that comes in), or None."""
    if name == "tiny_ops":
        return tiny_ops, [numpy.array(values, numpy.float32) for values in ([0.5, 0.9, 0.7, 0.3], [0.1, 0.2, 0.3, 0.4])], numpy.ones(4, numpy.float32)
    if name not in FUNCTIONS:
        return None
    function, shapes = FUNCTIONS[name]
    lesson_lib.manual_seed(0)
    arrays = drawn(*shapes)
    return function, arrays, drawn(numpy.shape(function(numpy, *arrays)))[0]


def convolution(name):
    """(the arrays of input, weight and bias, the padding)."""
    shapes, padding = CONVOLUTIONS[name]
    lesson_lib.manual_seed(0)
    return drawn(*shapes), padding


def training(name):
    """(the first parameters, the images, their classes) of the MLP or LeNet."""
    lesson_lib.manual_seed(0)
    model, shape = {"mlp": (mlp_model, (64, 784)), "lenet": (lenet_model, (64, 1, 32, 32))}[name]
    parameters = [parameter.detach().numpy() for parameter in model(lesson_lib).parameters()]
    return parameters, *drawn(shape), lesson_lib.randint(0, 10, (64,)).numpy()


class Adam:
    """Adam in plain NumPy, for libraries without optimizers."""

    def __init__(self, parameters, rate=1e-3):
        self.rate, self.steps = rate, 0
        self.means, self.squares = ([numpy.zeros_like(p) for p in parameters] for _ in range(2))

    def step(self, parameters, gradients):
        """The new parameters."""
        self.steps += 1
        found = []
        for p, g, m, v in zip(parameters, gradients, self.means, self.squares):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            size = self.rate / (1 - 0.9**self.steps)
            found.append(p - size * m / (numpy.sqrt(v) / (1 - 0.999**self.steps) ** 0.5 + 1e-8))
        return found


class Momentum:
    """SGD with momentum in plain NumPy."""

    def __init__(self, parameters, rate=0.01):
        self.rate, self.speeds = rate, [numpy.zeros_like(p) for p in parameters]

    def step(self, parameters, gradients):
        """The new parameters."""
        for speed, g in zip(self.speeds, gradients):
            speed *= 0.9
            speed += g
        return [p - self.rate * speed for p, speed in zip(parameters, self.speeds)]
