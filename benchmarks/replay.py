"""How long a graph takes to follow a value that is dragged: from ``set`` to the new Model with all its gradients.

    python benchmarks/replay.py

Prints the minima for chains, a network and a Transformer layer. The promise is 200 ms for 100 operations.
"""

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import time

import lesson_lib as torch
from lesson_lib import nn, viz


def chain(operations):
    """A loop of small operations."""
    x, w = torch.ones(4, 4, requires_grad=True), torch.ones(4, 4, requires_grad=True)
    y = x
    for _ in range(operations // 2):
        y = (y * w).tanh()
    return y.mean()


def network():
    """Four layers on a batch of 64."""
    model = nn.Sequential(*(layer for _ in range(4) for layer in (nn.Linear(64, 64), nn.ReLU())))
    return model(torch.randn(64, 64, requires_grad=True)).square().mean()


def encoder():
    """A Transformer layer, 16 positions of width 32."""
    return nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)(torch.randn(2, 16, 32, requires_grad=True)).square().mean()


def measure(program, rounds=20):
    """(operations, seconds of the first update, of the quickest one)."""
    with viz.record():
        out = program()
    replay = viz.replay(out)
    leaf = next(key for key, card in replay.model.tensors.items() if card.kind == "leaf")
    times = []
    for turn in range(rounds):
        start = time.perf_counter()
        replay.set(leaf, turn / rounds, index=(0,) * len(replay.model.tensors[leaf].shape))
        replay.update()
        times.append(time.perf_counter() - start)
    return len(replay.model.ops), times[0], min(times)


def main():
    """Print the table."""
    print(f"{'program':>16} {'operations':>10} {'first':>9} {'then':>9}")
    programs = {"chain of 30": lambda: chain(30), "chain of 100": lambda: chain(100), "chain of 1000": lambda: chain(1000)}
    for name, program in {**programs, "network": network, "encoder layer": encoder}.items():
        operations, first, then = measure(program)
        print(f"{name:>16} {operations:>10} {first * 1e3:>6.1f} ms {then * 1e3:>6.1f} ms", flush=True)


if __name__ == "__main__":
    main()
