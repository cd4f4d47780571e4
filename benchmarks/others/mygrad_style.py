"""MyGrad."""

import mygrad
from mygrad.nnet.layers import conv_nd, max_pool
from mygrad.nnet.losses import softmax_crossentropy

from . import numpy_style


def prepared(name):
    """The step of a workload, or None."""
    if name in ("mlp", "lenet"):
        return trained(name)
    if name in numpy_style.CONVOLUTIONS:
        arrays, padding = numpy_style.convolution(name)
        function = lambda _, x, w, b: conv_nd(x, w, stride=1, padding=padding) + b.reshape(1, -1, 1, 1)  # noqa: E731
        return differentiated(function, arrays, numpy_style.drawn(function(None, *map(mygrad.tensor, arrays)).shape)[0])
    found = numpy_style.operation(name)
    return found and differentiated(*found)


def differentiated(function, arrays, g):
    inputs = [mygrad.tensor(array) for array in arrays]

    def step():
        for tensor in inputs:
            tensor.null_grad()
        y = function(mygrad, *inputs)
        y.backward(g)
        return y.data, *(tensor.grad for tensor in inputs)

    return step


def lenet(x, w1, b1, w2, b2, *dense):
    for w, b in ((w1, b1), (w2, b2)):
        x = mygrad.maximum(conv_nd(x, w, stride=1) + b.reshape(1, -1, 1, 1), 0)
        x = max_pool(x, (2, 2), 2)
    return numpy_style.mlp(mygrad, x.reshape(len(x), -1), *dense)


def trained(name):
    parameters, x, classes = numpy_style.training(name)
    optimizer = numpy_style.Adam(parameters) if name == "mlp" else numpy_style.Momentum(parameters)
    parameters = [mygrad.tensor(parameter) for parameter in parameters]

    def step():
        nonlocal parameters
        scores = lenet(x, *parameters) if name == "lenet" else numpy_style.mlp(mygrad, x, *parameters)
        loss = softmax_crossentropy(scores, classes)
        loss.backward()
        parameters = [mygrad.tensor(p) for p in optimizer.step([p.data for p in parameters], [p.grad for p in parameters])]
        return [loss.data]

    return step
