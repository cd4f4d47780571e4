"""tinygrad: each step is a TinyJit. It needs clang."""

from tinygrad import Context, Device, Tensor, TinyJit
from tinygrad.nn import optim

from . import numpy_style

FUNCTIONS = {
    "tiny_ops": lambda w, b: numpy_style.tiny_ops(None, w, b),
    "softmax": lambda x: x.softmax(-1),
    "log_softmax": lambda x: x.log_softmax(-1),
    "cross_entropy": lambda x: x.sparse_categorical_crossentropy(Tensor.arange(len(x)) % x.shape[1]),
    "gelu_tanh": lambda x: x.gelu(),
    "layer_norm": lambda x, w, b: x.layernorm() * w + b,
    "exp": Tensor.exp,
    "tanh": Tensor.tanh,
    "sum": Tensor.sum,
    "sum_dim0": lambda x: x.sum(0),
    "sum_dim1": lambda x: x.sum(1),
    "mean": Tensor.mean,
    "var": Tensor.var,
    "elementwise": lambda x, y, row: x * y + row,
}


def prepared(name):
    """The step of a workload, or None."""
    if name in ("mlp", "lenet"):
        return trained(name)
    if name in numpy_style.CONVOLUTIONS:
        arrays, padding = numpy_style.convolution(name)
        function = lambda x, w, b: x.conv2d(w, b, padding=padding)  # noqa: E731
        return differentiated(function, arrays, numpy_style.drawn(function(*map(Tensor, arrays)).shape)[0])
    found = numpy_style.operation(name)
    return found and differentiated(FUNCTIONS[name], *found[1:])


def waiting(jitted):
    """A step that ends when the results are there."""

    def step():
        results = jitted()
        Device[Device.DEFAULT].synchronize()
        return results

    return step


def differentiated(function, arrays, g):
    inputs, g = [Tensor(array).realize() for array in arrays], Tensor(g).realize()

    @TinyJit
    def both():
        y = function(*inputs)
        results = [y, *y.gradient(*inputs, gradient=g)]
        Tensor.realize(*results)
        return results

    return waiting(both)


def lenet(x, w1, b1, w2, b2, *dense):
    for w, b in ((w1, b1), (w2, b2)):
        x = x.conv2d(w, b).relu().max_pool2d((2, 2))
    return mlp(x.flatten(1), *dense)


def mlp(x, *parameters):
    *hidden, (w, b) = zip(parameters[::2], parameters[1::2])
    for weight, bias in hidden:
        x = x.linear(weight.T, bias).relu()
    return x.linear(w.T, b)


def trained(name):
    parameters, x, classes = numpy_style.training(name)
    parameters = [Tensor(parameter).realize() for parameter in parameters]
    x, classes = Tensor(x).realize(), Tensor(classes.astype("int32")).realize()
    optimizer = optim.Adam(parameters, 1e-3) if name == "mlp" else optim.SGD(parameters, 0.01, momentum=0.9)
    network = {"mlp": mlp, "lenet": lenet}[name]

    @TinyJit
    def both():
        with Context(TRAINING=1):  # without it the optimizer refuses
            optimizer.zero_grad()
            loss = network(x, *parameters).sparse_categorical_crossentropy(classes).backward()
            return [loss.realize(*optimizer.schedule_step())]

    return waiting(both)
