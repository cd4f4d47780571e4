"""The fused operations (normalisations, attention, losses) forward and backward beside PyTorch's, on one thread.

    python benchmarks/fused_ops.py             # all
    python benchmarks/fused_ops.py layer_norm  # those whose name begins so

The two take turns and the best time of each counts. The last columns are the most memory that NumPy held at once beyond the inputs, forward
and backward, and what the graph keeps in between, in units of the first input.
"""

import os

os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import sys
import tracemalloc

import numpy as np
from tiny_ops import interleaved

import lesson_lib

ROWS, IMAGES = (4096, 768), (32, 64, 32, 32)
REPEATS = 20


def cases(torch):
    """name -> (the function, the shapes of the inputs that need a gradient), for either library."""
    functional = torch.nn.functional
    classes = torch.tensor(np.arange(ROWS[0]) % ROWS[1])
    halves = torch.full(ROWS, 0.5)
    return {
        "softmax": (lambda x: torch.softmax(x, -1), [ROWS]),
        "log_softmax": (lambda x: torch.log_softmax(x, -1), [ROWS]),
        "gelu": (functional.gelu, [ROWS]),
        "gelu tanh": (lambda x: functional.gelu(x, approximate="tanh"), [ROWS]),
        "cross_entropy": (lambda x: functional.cross_entropy(x, classes), [ROWS]),
        "cross_entropy smoothed": (lambda x: functional.cross_entropy(x, classes, label_smoothing=0.1), [ROWS]),
        "bce_with_logits": (lambda x: functional.binary_cross_entropy_with_logits(x, halves), [ROWS]),
        "layer_norm": (lambda x, w, b: functional.layer_norm(x, ROWS[1:], w, b), [ROWS, ROWS[1:], ROWS[1:]]),
        "rms_norm": (lambda x, w: functional.rms_norm(x, ROWS[1:], w), [ROWS, ROWS[1:]]),
        "batch_norm": (lambda x, w, b: functional.batch_norm(x, None, None, w, b, training=True), [IMAGES, IMAGES[1:2], IMAGES[1:2]]),
        "group_norm": (lambda x, w, b: functional.group_norm(x, 8, w, b), [IMAGES, IMAGES[1:2], IMAGES[1:2]]),
        "instance_norm": (lambda x, w, b: functional.instance_norm(x, None, None, w, b), [IMAGES, IMAGES[1:2], IMAGES[1:2]]),
        "attention causal, short": (lambda *qkv: functional.scaled_dot_product_attention(*qkv, is_causal=True), [(12, 4, 64, 32)] * 3),
        "attention, long": (functional.scaled_dot_product_attention, [(8, 8, 512, 64)] * 3),
    }


def prepared(torch, name):
    """A function that runs the case forward and backward once and returns the gradients."""
    function, shapes = cases(torch)[name]
    draw = np.random.default_rng(0)
    inputs = [torch.tensor(draw.standard_normal(shape, np.float32), requires_grad=True) for shape in shapes]
    y = function(*inputs)
    g = torch.tensor(np.asarray(draw.standard_normal(tuple(y.shape)), np.float32))
    return lambda: torch.autograd.grad(function(*inputs), inputs, g), lambda: function(*inputs)


def memory(step, forward):
    """(the most that a step holds, what the graph holds between forward and backward), in bytes."""
    tracemalloc.start()
    result = forward()
    kept = tracemalloc.get_traced_memory()[0]
    del result
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    step()
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return peak, kept


def main():
    import torch

    torch.set_num_threads(1)
    print(f"{'forward + backward':>24} {'lesson_lib':>11} {'PyTorch':>9} {'ratio':>6} {'peak':>6} {'kept':>6}")
    for name in cases(torch):
        if name.startswith(tuple(sys.argv[1:])) or len(sys.argv) == 1:
            (ours, forward), (theirs, _) = (prepared(lib, name) for lib in (lesson_lib, torch))
            for a, b in zip(ours(), theirs(), strict=True):
                np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-3, atol=1e-4 * float(b.abs().max()))
            mine, other = (seconds * 1e3 for seconds in interleaved([ours, theirs], rounds=REPEATS))
            unit = 4 * np.prod(cases(torch)[name][1][0])
            peak, kept = (amount / unit for amount in memory(ours, forward))
            print(f"{name:>24} {mine:>8.2f} ms {other:>6.2f} ms {mine / other:>6.2f} {peak:>6.1f} {kept:>6.1f}", flush=True)


if __name__ == "__main__":
    main()
