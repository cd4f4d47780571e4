"""Much memory, little arithmetic: reductions, transposes and elementwise operations on 16 million numbers, an optimizer's step alone."""

from ..registry import differentiated, workload

SIDES = (512, 1024, 2048, 4096)


@workload("Memory", parameters=(375_000, 750_000, 1_500_000, 3_000_000))
def adam(torch, parameters=3_000_000):
    """The step alone, on three tensors."""
    tensors = [torch.randn(parameters // 3, requires_grad=True) for _ in range(3)]
    for tensor in tensors:
        tensor.grad = torch.randn(tensor.shape)
    optimizer = torch.optim.Adam(tensors, 1e-3)

    def step():
        optimizer.step()
        return tensors

    return step


OVER = {"mean": {"name": "mean"}, "logsumexp": {"name": "logsumexp", "dim": 1}, "cumsum": {"name": "cumsum", "dim": 1}}
OVER |= {f"{name}{'' if dim is None else f'_dim{dim}'}": {"name": name, "dim": dim} for name in ("sum", "max", "var") for dim in (None, 0, 1)}


@workload("Memory", OVER, side=SIDES)
def reduction(torch, name, dim=None, side=4096):
    """Over everything, over columns, over rows."""

    def function(x):
        y = getattr(torch, name)(x) if dim is None else getattr(torch, name)(x, dim)
        return y.values if name == "max" and dim is not None else y

    return differentiated(torch, function, (side, side))


@workload("Memory", side=SIDES)
def transpose(torch, side=4096):
    """A transposed matrix, copied."""
    return differentiated(torch, lambda x: x.t().contiguous(), (side, side))


@workload("Memory", channels=(16, 32, 64, 128))
def permute(torch, channels=64):
    """Images with the channels last, copied."""
    return differentiated(torch, lambda x: x.permute(0, 2, 3, 1).contiguous(), (64, channels, 64, 64))


@workload("Memory", side=SIDES)
def elementwise(torch, side=4096):
    """A product and a sum, with a row that is broadcast."""
    return differentiated(torch, lambda x, y, row: x * y + row, (side, side), (side, side), (side,))


@workload("Memory", {name: {"name": name} for name in ("exp", "tanh", "sigmoid", "relu", "sqrt")}, side=(256, 512, 1024, 2048))
def unary(torch, name, side=2048):
    """A function of each element."""
    function = getattr(torch, name)
    return differentiated(torch, lambda x: function(x.abs()) if name == "sqrt" else function(x), (side, side))
