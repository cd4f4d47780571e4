"""tinygrad: each step is a TinyJit, the loop and the optimizer within it. It compiles with clang; `BEAM`, its search for faster kernels, is off."""

import os
import shutil

from tinygrad import Context, Device, Tensor, TinyJit
from tinygrad.nn import optim

from . import formulas, numpy_style


def normalized(x, axes):
    x = x - x.mean(axes, keepdim=True)
    return x * (x.square().mean(axes, keepdim=True) + 1e-5).rsqrt()


def scaled(x, w, b):
    return x * w.reshape(-1, 1, 1) + b.reshape(-1, 1, 1)


# Not here, in its favour: reading at indexes, whose gradient is a product with a matrix of zeros and ones and takes seconds, and
# attention over 512 places and running sums over 4096, which take more than half a minute.
FUNCTIONS = {
    "tiny_ops": lambda w, b: formulas.tiny_ops(None, w, b),
    "max_pool": lambda x: x.max_pool2d((2, 2)),
    "avg_pool": lambda x: x.avg_pool2d((2, 2)),
    "softmax": lambda x: x.softmax(-1),
    "log_softmax": lambda x: x.log_softmax(-1),
    "gelu_tanh": lambda x: x.gelu(),
    "cross_entropy": lambda x: x.sparse_categorical_crossentropy(Tensor.arange(len(x)) % x.shape[1]),
    "cross_entropy_smoothed": lambda x: x.sparse_categorical_crossentropy(Tensor.arange(len(x)) % x.shape[1], label_smoothing=0.1),
    "bce_with_logits": lambda x: x.binary_crossentropy_logits(Tensor.full(x.shape, 0.5)),
    "layer_norm": lambda x, w, b: x.layernorm() * w + b,
    "rms_norm": lambda x, w: x * (x.square().mean(-1, keepdim=True) + 1.1920929e-07).rsqrt() * w,
    "batch_norm": lambda x, w, b: scaled(normalized(x, (0, 2, 3)), w, b),
    "group_norm": lambda x, w, b: scaled(x.reshape(len(x), 8, -1).layernorm().reshape(x.shape), w, b),
    "instance_norm": lambda x, w, b: scaled(normalized(x, (2, 3)), w, b),
    "attention_causal": lambda q, k, v: q.scaled_dot_product_attention(k, v, is_causal=True),
    "mean": Tensor.mean,
    "logsumexp": lambda x: x.logsumexp(1),
    "sum": Tensor.sum,
    "sum_dim0": lambda x: x.sum(0),
    "sum_dim1": lambda x: x.sum(1),
    "max": Tensor.max,
    "max_dim0": lambda x: x.max(0),
    "max_dim1": lambda x: x.max(1),
    "var": Tensor.var,
    "var_dim0": lambda x: x.var(0),
    "var_dim1": lambda x: x.var(1),
    "transpose": lambda x: x.T.contiguous(),
    "permute": lambda x: x.permute(0, 2, 3, 1).contiguous(),
    "elementwise": lambda x, y, row: x * y + row,
    "exp": Tensor.exp,
    "tanh": Tensor.tanh,
    "sigmoid": Tensor.sigmoid,
    "relu": Tensor.relu,
    "sqrt": lambda x: x.abs().sqrt(),
    "slicing": lambda x: x[::2, 1::3] * 2,
}


def prepared(name):
    """The step of a workload, or None."""
    how = numpy_style.convolution(name)
    if (how or name in FUNCTIONS or name in ("mlp", "lenet")) and not shutil.which(os.environ.get("CC", "clang")):
        raise RuntimeError("tinygrad compiles with clang, which is not on the PATH")
    if name in ("mlp", "lenet"):
        return trained(name)
    if how:
        function = Tensor.conv_transpose2d if how["transposed"] else Tensor.conv2d
        options = {option: how[option] for option in ("stride", "padding", "dilation", "groups")}
        return differentiated(lambda x, w, b: function(x, w, b, **options), *numpy_style.inputs(name)[:2])
    return differentiated(FUNCTIONS[name], *numpy_style.inputs(name)[:2]) if name in FUNCTIONS else None


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
