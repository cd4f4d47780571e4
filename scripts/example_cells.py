"""Programs that the pictures of the documentation and the tests have in common, most of them as the text of a notebook's cell."""

import inspect

import lesson_lib as torch

#: The course's second program: y is used twice.
S2 = """\
x = torch.ones(2, 2, requires_grad=True)
y = x + 2
z = y * y * 3
out = z.mean()"""


class Sigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = 1 / (1 + (-x).exp())
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y * (1 - y)


SIGMOID = inspect.getsource(Sigmoid)


def switching(*more):
    """The course's tenth program, filmed: which weight comes second depends on the loss before. `more` are lines for the loop."""
    return f"""\
torch.manual_seed(0)
x, y = torch.randn(4, 3), torch.randn(4, 1)
w1, w2a, w2b = (torch.randn(3, columns, requires_grad=True) for columns in (3, 1, 1))
prev_loss = 10.0
with viz.watch() as film:
    for turn in range(20):
        w2 = w2a if prev_loss < 5.0 else w2b
        loss = ((x @ w1).relu() @ w2 - y).pow(2).sum()
        {"".join(line + chr(10) + " " * 8 for line in more)}for w in (w1, w2a, w2b):
            w.grad = None
        loss.backward()
        with torch.no_grad():
            for w in (w1, w2):
                w -= 0.02 * w.grad
        prev_loss = loss.item()
film"""
