"""Little work per operation: the time is the bookkeeping's."""

from itertools import pairwise

from ..registry import trained, workload


@workload("Small", ops=(50, 100, 200, 400))
def tiny_ops(torch, ops=200):
    """A chain of products and sums over four numbers; both leaves are used in every turn."""
    w = torch.tensor([0.5, 0.9, 0.7, 0.3], requires_grad=True)
    b = torch.tensor([0.1, 0.2, 0.3, 0.4], requires_grad=True)
    ones = torch.ones(4)

    def step():
        w.grad = b.grad = None
        x = w
        for _ in range(ops // 2):
            x = x * w + b
        x.backward(ones)
        return x, w.grad, b.grad

    return step


def mlp_model(torch, width=256, depth=2, inputs=784, outputs=10):
    """784-256-128-10, or more hidden layers in between."""
    widths = [inputs, *[width] * (depth - 1), width // 2]
    layers = [layer for pair in pairwise(widths) for layer in (torch.nn.Linear(*pair), torch.nn.ReLU())]
    return torch.nn.Sequential(*layers, torch.nn.Linear(widths[-1], outputs))


@workload("Small", training=True, batch=(64, 128, 256, 512), width=(256, 512, 1024, 2048), depth=(2, 4, 8, 16))
def mlp(torch, batch=64, width=256, depth=2):
    """A perceptron on images of digits, with Adam."""
    model = mlp_model(torch, width, depth)
    x, y = torch.randn(batch, 784), torch.randint(0, 10, (batch,))
    return trained(model, torch.optim.Adam(model.parameters(), 1e-3), lambda: torch.nn.functional.cross_entropy(model(x), y))
