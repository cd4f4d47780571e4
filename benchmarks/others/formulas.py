"""Workloads as formulas of NumPy's functions, for the libraries that look like NumPy. ``np`` is the library's namespace.

A library that has a function of its own for one of them uses that one. What these libraries have no formula for is not here: a copy in another
layout (their transposes are views), rows written or added at indexes (they have no such function), erf.

Constants are float32, since MyGrad makes an array of each, and NumPy's result of a float32 and a float64 array is float64: twice the work.
"""

import numpy
from numpy import float32

ZERO, HALF, ONE = float32(0), float32(0.5), float32(1)


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


def cross_entropy(np, x, classes=None, smoothing=0.0):
    classes = numpy.arange(len(x)) % x.shape[1] if classes is None else classes
    logs = log_softmax(np, x)
    loss = -np.mean(logs[numpy.arange(len(x)), classes])
    return loss * float32(1 - smoothing) - float32(smoothing) * np.mean(logs) if smoothing else loss


def logsumexp(np, x):
    most = np.max(x, axis=1, keepdims=True)
    return np.log(np.sum(np.exp(x - most), axis=1)) + most[:, 0]


def bce_with_logits(np, x):
    """With a target of a half."""
    return np.mean(np.maximum(x, ZERO) - HALF * x + np.log1p(np.exp(-np.abs(x))))


def gelu_tanh(np, x):
    return HALF * x * (ONE + np.tanh(float32(0.7978845608) * (x + float32(0.044715) * x * x * x)))


def normalized(np, x, axes):
    x = x - np.mean(x, axis=axes, keepdims=True)
    return x / np.sqrt(np.mean(x * x, axis=axes, keepdims=True) + float32(1e-5))


def scaled(x, w, b):
    """Each channel of images by its own factor."""
    return x * w.reshape(-1, 1, 1) + b.reshape(-1, 1, 1)


def layer_norm(np, x, w, b):
    return normalized(np, x, -1) * w + b


def rms_norm(np, x, w):
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + float32(1.1920929e-07)) * w


def batch_norm(np, x, w, b):
    return scaled(normalized(np, x, (0, 2, 3)), w, b)


def instance_norm(np, x, w, b):
    return scaled(normalized(np, x, (2, 3)), w, b)


def group_norm(np, x, w, b):
    return scaled(normalized(np, x.reshape(len(x), 8, -1), -1).reshape(x.shape), w, b)


def attention(np, q, k, v, causal=False):
    scores = np.matmul(q, np.swapaxes(k, -1, -2)) * float32(q.shape[-1] ** -0.5)
    if causal:
        scores = scores + numpy.triu(numpy.full(scores.shape[-2:], -numpy.inf, float32), 1)
    return np.matmul(softmax(np, scores), v)


def windows(x):
    """Images in windows of 2×2."""
    n, channels, height, width = x.shape
    return x.reshape(n, channels, height // 2, 2, width // 2, 2)


def mlp(np, x, *parameters):
    """The scores of a network of linear layers with ReLU between them."""
    *hidden, (w, b) = zip(parameters[::2], parameters[1::2])
    for weight, bias in hidden:
        x = np.maximum(np.matmul(x, weight.T) + bias, ZERO)
    return np.matmul(x, w.T) + b


# Each is called with the namespace, the arrays that the workload differentiates in, and what it drew before them.
FORMULAS = {
    "tiny_ops": tiny_ops,
    "max_pool": lambda np, x: np.max(windows(x), axis=(3, 5)),
    "avg_pool": lambda np, x: np.mean(windows(x), axis=(3, 5)),
    "softmax": softmax,
    "log_softmax": log_softmax,
    "gelu_tanh": gelu_tanh,
    "cross_entropy": cross_entropy,
    "cross_entropy_smoothed": lambda np, x: cross_entropy(np, x, smoothing=0.1),
    "bce_with_logits": bce_with_logits,
    "layer_norm": layer_norm,
    "rms_norm": rms_norm,
    "batch_norm": batch_norm,
    "group_norm": group_norm,
    "instance_norm": instance_norm,
    "attention_long": attention,
    "attention_causal": lambda np, q, k, v: attention(np, q, k, v, causal=True),
    "mean": lambda np, x: np.mean(x),
    "logsumexp": logsumexp,
    "cumsum": lambda np, x: np.cumsum(x, axis=1),
    "sum": lambda np, x: np.sum(x),
    "sum_dim0": lambda np, x: np.sum(x, axis=0),
    "sum_dim1": lambda np, x: np.sum(x, axis=1),
    "max": lambda np, x: np.max(x),
    "max_dim0": lambda np, x: np.max(x, axis=0),
    "max_dim1": lambda np, x: np.max(x, axis=1),
    "var": lambda np, x: np.var(x, ddof=1),
    "var_dim0": lambda np, x: np.var(x, axis=0, ddof=1),
    "var_dim1": lambda np, x: np.var(x, axis=1, ddof=1),
    "elementwise": lambda np, x, y, row: x * y + row,
    "exp": lambda np, x: np.exp(x),
    "tanh": lambda np, x: np.tanh(x),
    "sigmoid": lambda np, x: ONE / (ONE + np.exp(-x)),
    "relu": lambda np, x: np.maximum(x, ZERO),
    "sqrt": lambda np, x: np.sqrt(np.abs(x)),
    "index_rows": lambda np, x, rows: x[rows],
    "index_pairs": lambda np, x, rows, columns: x[rows, columns],
    "index_mask": lambda np, x, mask: x[mask],
    "gather": lambda np, x, columns: x[numpy.arange(len(x))[:, None], columns],
    "slicing": lambda np, x: x[::2, 1::3] * float32(2),
    "embedding": lambda np, table, ids: table[ids],
}
