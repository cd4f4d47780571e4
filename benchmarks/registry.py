"""Workloads: plain functions of the library module, so that lesson_lib and PyTorch run the same lines."""

from collections.abc import Callable
from dataclasses import dataclass, field

WORKLOADS = {}


@dataclass(frozen=True)
class Workload:
    """One row of the table. ``function(torch, **sizes)`` prepares it and returns a step: a function of nothing that gives tensors to compare."""

    name: str
    group: str
    function: Callable
    sizes: dict = field(default_factory=dict)
    grows: dict = field(default_factory=dict)  # size -> the values at which its growth is measured
    training: bool = False  # a whole training step, whose memory is measured too

    def prepared(self, lib, **sizes):
        """The step for this library. The same seed gives the same weights and inputs in lesson_lib and in PyTorch."""
        lib.manual_seed(0)
        return self.function(lib, **{**self.sizes, **sizes})


def workload(group, cases=None, training=False, **grows):
    """Declare the workload that the function below is, or several with different sizes; the growth is that of the first.

    >>> @workload("Networks", batch=(16, 32, 64, 128))
    ... def net(torch, batch=64): ...
    """

    def register(function):
        for n, (name, sizes) in enumerate((cases or {function.__name__: {}}).items()):
            assert name not in WORKLOADS, name
            WORKLOADS[name] = Workload(name, group, function, sizes, {} if n else grows, training)
        return function

    return register


def chosen(names):
    """The workloads whose name begins with one of these, or whose group has one of these names; all of them for no names."""
    import benchmarks.workloads  # noqa: F401  (declares them)

    def fits(work, name):
        return work.name.startswith(name) or work.group.lower() == name.lower()

    unknown = [name for name in names if not any(fits(work, name) for work in WORKLOADS.values())]
    if unknown:
        groups = sorted({work.group for work in WORKLOADS.values()})
        raise SystemExit(f"No workload begins with {', '.join(unknown)}. Groups: {', '.join(groups)}. Workloads: {', '.join(WORKLOADS)}.")
    return [work for work in WORKLOADS.values() if not names or any(fits(work, name) for name in names)]


def work_named(name):
    """The workload of exactly this name."""
    return next(work for work in chosen([name]) if work.name == name)


def differentiated(torch, function, *shapes):
    """A step that runs ``function`` on random inputs of these shapes, forward and backward. The other libraries take the inputs from it."""
    inputs = [torch.randn(shape, requires_grad=True) for shape in shapes]
    g = torch.randn(function(*inputs).shape)

    def step():
        y = function(*inputs)
        return y, *torch.autograd.grad(y, inputs, g)

    step.inputs, step.g = inputs, g
    return step


def trained(model, optimizer, loss):
    """A step that trains: forward, backward, and the optimizer's step. It gives the loss and the first and the last gradient."""
    parameters = list(model.parameters())

    def step():
        optimizer.zero_grad()
        value = loss()
        value.backward()
        optimizer.step()
        return value, parameters[0].grad, parameters[-1].grad

    return step
