"""Convolution on the CPU, forward and backward, beside PyTorch's.

    python benchmarks/conv.py              # both on one thread, then both on two
    python benchmarks/conv.py --threads 1

The two take turns, shape by shape, and the best time of each counts: other work on the machine then disturbs both alike.
OPENBLAS_CORETYPE is taken out of the environment, because it can pin NumPy's BLAS to the kernels of an older processor.
Do not read much into a ratio on two threads unless nothing else runs.
"""

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

# images, channels, height, width, output channels, padding: all with 3×3 kernels
SHAPES = [
    (64, 1, 32, 32, 6, 0),
    (64, 6, 15, 15, 16, 0),
    (32, 16, 32, 32, 16, 1),
    (32, 32, 16, 16, 32, 1),
    (32, 64, 8, 8, 64, 1),
    (16, 64, 32, 32, 64, 1),
]
REPEATS = 40


def best_of_turns(*functions):
    """The shortest time in ms of each function, all of them called in turn."""
    best = [math.inf] * len(functions)
    for _ in range(REPEATS):
        for n, function in enumerate(functions):
            start = time.perf_counter()
            function()
            best[n] = min(best[n], (time.perf_counter() - start) * 1e3)
    return best


def time_shapes(threads):
    """(ours, PyTorch's) in ms for every shape, in this process."""
    import numpy as np
    import torch

    from lesson_lib.core.cpu_conv import conv2d, conv2d_input, conv2d_weight
    from lesson_lib.core.window import Window, conv_output_shape

    torch.set_num_threads(threads)
    draw = np.random.default_rng(0).standard_normal

    def case(images, channels, height, width, out_channels, padding):
        win = Window(padding=(padding, padding))
        x, w = draw((images, channels, height, width), np.float32), draw((out_channels, channels, 3, 3), np.float32)
        g = draw(conv_output_shape(x.shape, w.shape, win), np.float32)
        tx, tw = (torch.tensor(array, requires_grad=True) for array in (x, w))
        tg = torch.tensor(g)

        def ours():
            return conv2d(x, w, win), conv2d_input(g, w, x.shape, win), conv2d_weight(g, x, w.shape, win)

        def theirs():
            y = torch.conv2d(tx, tw, padding=padding)
            return y, *torch.autograd.grad(y, (tx, tw), tg)

        for a, b in zip(ours(), theirs()):
            np.testing.assert_allclose(a, b.detach().numpy(), rtol=0, atol=1e-4 * np.abs(a).max())
        return best_of_turns(ours, theirs)

    return [case(*shape) for shape in SHAPES]


def measure(threads):
    """``time_shapes`` in a fresh process, since BLAS reads its number of threads when it is loaded."""
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    environment |= {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    command = [sys.executable, __file__, "--worker", str(threads)]
    answer = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(answer.stdout)


def machine():
    """The processor, and the versions that were compared."""
    import numpy as np
    import torch

    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return (
        f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores, {platform.system()}; Python {platform.python_version()}, "
        f"NumPy {np.__version__} ({blas['name']} {blas['version']}), PyTorch {torch.__version__}; float32, best of {REPEATS}"
    )


def print_table(threads):
    print(f"\n{threads} thread{'s' * (threads > 1)}: forward + both gradients, ms")
    print(f"{'input':>16} {'kernel':>14} {'padding':>8} {'lesson_lib':>11} {'PyTorch':>9} {'ratio':>7}")
    logarithms = []
    for (images, channels, height, width, out_channels, padding), (ours, theirs) in zip(SHAPES, measure(threads)):
        logarithms.append(math.log(ours / theirs))
        inputs, kernel = f"{images}×{channels}×{height}×{width}", f"{out_channels}×{channels}×3×3"
        print(f"{inputs:>16} {kernel:>14} {padding:>8} {ours:>11.2f} {theirs:>9.2f} {ours / theirs:>7.2f}")
    print(f"{'geometric mean':>52} {math.exp(sum(logarithms) / len(logarithms)):>16.2f}")


def main():
    parser = argparse.ArgumentParser(description="Convolution on the CPU beside PyTorch's.")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        print(json.dumps(time_shapes(options.worker)))
        return
    print(machine())
    for threads in options.threads:
        print_table(threads)


if __name__ == "__main__":
    main()
