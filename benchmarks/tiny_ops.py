"""200 tiny operations forward and backward, lesson_lib against PyTorch, interleaved in one process on one thread.

    python benchmarks/tiny_ops.py

Prints the minima and their ratio. Where the work per operation is small, the time is the time of the bookkeeping:
the node, the edges, the engine's turn.
"""

import os

os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import platform
import time

import numpy

import lesson_lib


def program(w, b, pairs=100):
    """A chain of 100 products and 100 sums over four numbers; both leaves are used in every turn."""
    x = w
    for _ in range(pairs):
        x = x * w + b
    return x


def prepared(lib):
    """A function that runs the program forward and backward once and returns w's gradient."""
    w = lib.tensor([0.5, 0.9, 0.7, 0.3], requires_grad=True)
    b = lib.tensor([0.1, 0.2, 0.3, 0.4], requires_grad=True)
    ones = lib.ones(4)

    def once():
        w.grad = b.grad = None
        program(w, b).backward(ones)
        return w.grad

    return once


def interleaved(functions, rounds=300):
    """The minimum time of each function, in seconds; they take turns, so that a slow moment hits them alike."""
    best = [float("inf")] * len(functions)
    for _ in range(rounds):
        for i, function in enumerate(functions):
            start = time.perf_counter()
            function()
            best[i] = min(best[i], time.perf_counter() - start)
    return best


def measure(rounds=300):
    """(ours, PyTorch's) seconds, after checking that both computed the same gradient."""
    import torch

    torch.set_num_threads(1)
    ours, theirs = prepared(lesson_lib), prepared(torch)
    numpy.testing.assert_allclose(ours().numpy(), theirs().numpy(), rtol=1e-5)
    return interleaved([ours, theirs], rounds)


def main():
    """Measure and print."""
    import torch

    ours, theirs = measure()
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, NumPy {numpy.__version__}, PyTorch {torch.__version__}")
    print(f"200 tiny ops, forward + backward, 1 thread, minimum of 300: lesson_lib {ours * 1e3:.2f} ms, PyTorch {theirs * 1e3:.2f} ms, ratio {ours / theirs:.2f}")


if __name__ == "__main__":
    main()
