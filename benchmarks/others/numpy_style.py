"""The workloads' inputs as NumPy arrays, and optimizers for the libraries that have none."""

import numpy

import lesson_lib

from ..registry import chosen, work_named
from ..workloads.networks import lenet_model
from ..workloads.small import mlp_model
from .formulas import FORMULAS

# What a workload draws before its inputs: the function is given to a library that began with the workload's seed.
DRAWN_BEFORE = {
    "index_rows": lambda torch, count=8192: [torch.randint(0, 4096, (count,))],
    "index_pairs": lambda torch, count=262144: [torch.randint(0, 4096, (count,)), torch.randint(0, 768, (count,))],
    "index_mask": lambda torch, rows=4096: [torch.rand(rows, 768) < 0.5],
    "gather": lambda torch, rows=4096: [torch.randint(0, 768, (rows, 256))],
    "embedding": lambda torch, count=8192: [torch.randint(0, 4096, (count,))],
}


def inputs(name):
    """(the arrays in which a workload differentiates, the gradient that comes in, what it drew before)."""
    if name == "tiny_ops":
        w, b = (numpy.array(values, numpy.float32) for values in ([0.5, 0.9, 0.7, 0.3], [0.1, 0.2, 0.3, 0.4]))
        return [w, b], numpy.ones(4, numpy.float32), []
    step = work_named(name).prepared(lesson_lib)
    lesson_lib.manual_seed(0)
    before = DRAWN_BEFORE[name](lesson_lib) if name in DRAWN_BEFORE else []
    return [tensor.detach().numpy() for tensor in step.inputs], step.g.numpy(), [tensor.numpy() for tensor in before]


def operation(name, own=()):
    """(the function of the namespace and the arrays, its arrays, the gradient that comes in), or None. ``own`` has functions of the library itself."""
    function = dict(own).get(name) or FORMULAS.get(name)
    if function is None:
        return None
    arrays, g, before = inputs(name)
    return lambda np, *arrays: function(np, *arrays, *before), arrays, g


def convolution(name):
    """What a workload gives to its convolution, as a dict with every name; None for other workloads."""
    work = next((work for work in chosen(["convolutions"]) if work.name == name and name.startswith("conv")), None)
    return work and dict(stride=1, padding=0, dilation=1, groups=1, dims=2, transposed=False) | work.sizes


def training(name):
    """(the first parameters, the images, their classes) of the MLP or LeNet."""
    lesson_lib.manual_seed(0)
    model, shape = {"mlp": (mlp_model, (64, 784)), "lenet": (lenet_model, (64, 1, 32, 32))}[name]
    parameters = [parameter.detach().numpy() for parameter in model(lesson_lib).parameters()]
    return parameters, lesson_lib.randn(shape).numpy(), lesson_lib.randint(0, 10, (64,)).numpy()


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
