"""Random tensors whose distribution is given by tensors: a mean, a probability, a rate for each element.

The numbers depend on these in no differentiable way, so the gradient is 0; the node is there, as in PyTorch.
"""

from ..core import draws, dtypes
from ..core.errors import error
from ..core.op import Op, method, op
from ..core.promote import NUMBERS
from ..core.tensor import Tensor
from .case import case
from .cast import as_dtype, zeros_as
from .create import placed, shape_of
from .data import new_leaf
from .random import generator_for, real_dtype
from .shapes import broadcast_tensors
from .view import broadcast_shapes


class Drawn(Op):
    """Random values that depend on x in no differentiable way.   ∂y/∂x = 0."""

    public = False

    def forward(xp, x, *, values):
        return values

    def grad_x(g):
        return zeros_as.op.raw(g)

    def samples(t):
        yield case(t(2), values=t(2)._a)


@op
class bernoulli_drawn(Drawn):
    """Zeros and ones, one for each probability.   ∂y/∂p = 0."""

    title = "Bernoulli"


@op
class poisson_drawn(Drawn):
    """Counts, one for each rate.   ∂y/∂λ = 0."""

    title = "Poisson"


@op
class binomial_drawn(Op):
    """Counts of successes.   ∂y/∂n = ∂y/∂p = 0."""

    public, title = False, "Binomial"

    def forward(xp, count, prob, *, values):
        return values

    def grad_count(g):
        return zeros_as.op.raw(g)

    def grad_prob(g):
        return zeros_as.op.raw(g)

    def samples(t):
        yield case(t(2), t(2), values=t(2)._a)


# PyTorch numbers the nodes of normal by which of mean and std are tensors.


@op
class normal_of_mean(Drawn):
    """Numbers x ~ N(mean, std²), mean a tensor.   ∂y/∂mean = 0: the numbers are given, not computed from it."""

    title = "NormalBackward1"


@op
class normal_of_std(Drawn):
    """Numbers x ~ N(mean, std²), std a tensor.   ∂y/∂std = 0."""

    title = "NormalBackward2"


@op
class normal_of_both(Op):
    """Numbers x ~ N(mean, std²), both tensors.   ∂y/∂mean = ∂y/∂std = 0."""

    public, title = False, "NormalBackward3"

    def forward(xp, mean, std, *, values):
        return values

    def grad_mean(g):
        return zeros_as.op.raw(g)

    def grad_std(g):
        return zeros_as.op.raw(g)

    def samples(t):
        yield case(t(2), t(2), values=t(2)._a)


def normal(mean=0.0, std=1.0, size=None, *, generator=None, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Numbers x ~ N(mean, std²); mean and std are numbers (then with ``size``) or tensors, one for each x.   ∂x/∂mean = ∂x/∂std = 0.

    A gradient with respect to mean and std needs ``mean + std * randn_like(mean)``.

    Source: https://pytorch.org/docs/stable/generated/torch.normal.html
    """
    source = generator_for("normal", generator)
    if isinstance(mean, NUMBERS) and isinstance(std, NUMBERS):
        if size is None:
            raise error("arguments", name="normal", types=f"{type(mean).__name__}, {type(std).__name__}")
        np_dtype = real_dtype("normal", (dtypes.get_default_dtype() if dtype is None else as_dtype(dtype, "normal")).np)
        return placed(new_leaf(source.normal(shape_of("normal", (size,)), np_dtype, mean, std), device, requires_grad), out, "normal")
    if isinstance(std, Tensor) and (std._a < 0).any():
        raise error("normal_std_all")
    tensors = [v for v in (mean, std) if isinstance(v, Tensor)]
    unit = new_leaf(source.normal(broadcast_shapes(*(v._a.shape for v in tensors)), tensors[0]._a.dtype), tensors[0].device)
    values = unit * (std.detach() if isinstance(std, Tensor) else std) + (mean.detach() if isinstance(mean, Tensor) else mean)
    record = normal_of_both if len(tensors) == 2 else normal_of_mean if isinstance(mean, Tensor) else normal_of_std
    return placed(record.op.raw(*tensors, values=values._a), out, "normal")


@method()
def bernoulli(input, p=None, *, generator=None, out=None):
    """Ones with probability ``input`` (or ``p``), else zeros.   ∂y/∂input = 0. Source: https://pytorch.org/docs/stable/generated/torch.bernoulli.html"""
    kind = input._a.dtype
    if not input.is_floating_point():
        raise error("not_implemented_for", kernel="bernoulli_tensor_cpu_p_", dtype=input.dtype.title)
    probability = input.detach().cpu()._a if p is None else p
    array = generator_for("bernoulli", generator).bernoulli(probability, input._a.shape, kind)
    return placed(bernoulli_drawn.op.raw(input, values=new_leaf(array, input.device)._a), out, "bernoulli")


def poisson(input, generator=None):
    """Counts of what happens ``input`` times on average, $P(k) = λ^k e^{−λ}/k!$, in the dtype of ``input``.   ∂y/∂input = 0.

    >>> import lesson_lib as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.poisson(torch.tensor([0.0, 2.0, 100.0]))
    tensor([ 0.,  6., 96.])

    Errors: RuntimeError for a negative rate; NotImplementedError for integers.

    Source: https://pytorch.org/docs/stable/generated/torch.poisson.html
    """
    if not isinstance(input, Tensor):
        raise error("operand_type", name="poisson", argument="input", position=1, type=type(input).__name__)
    if not input.is_floating_point():
        raise error("not_implemented_for", kernel="poisson_cpu", dtype=input.dtype.title)
    rates = input.detach().cpu()._a
    if not (rates >= 0).all():
        raise error("poisson_rate")
    array = draws.poisson(generator_for("poisson", generator), rates)
    return poisson_drawn.op.raw(input, values=new_leaf(array, input.device)._a)


def binomial(count, prob, generator=None):
    """How many of ``count`` tries succeed, each with probability ``prob``; both are tensors of one floating dtype.   ∂y/∂count = ∂y/∂prob = 0.

    Source: https://pytorch.org/docs/stable/distributions.html#binomial
    """
    for position, (name, value) in enumerate((("count", count), ("prob", prob)), 1):
        if not isinstance(value, Tensor):
            raise error("operand_type", name="binomial", argument=name, position=position, type=type(value).__name__)
        if not value.is_floating_point():
            raise error("binomial_dtype", argument=name, dtype=value.dtype.title)
    if count.dtype is not prob.dtype:
        raise error("out_found", wanted=count.dtype.title, found=prob.dtype.title)
    counts, chances = (value.detach().cpu()._a for value in broadcast_tensors(count, prob))
    array = draws.binomial(generator_for("binomial", generator), counts, chances)
    return binomial_drawn.op.raw(count, prob, values=new_leaf(array, count.device)._a)


@method()
def multinomial(input, num_samples, replacement=False, *, generator=None, out=None):
    """Column numbers drawn with probability proportional to each row of ``input``, (n,) or (rows, n) int64.

    Source: https://pytorch.org/docs/stable/generated/torch.multinomial.html
    """
    if not input.is_floating_point():
        raise error("multinomial_dtype", dtype=input.dtype.title)
    array = generator_for("multinomial", generator).multinomial(input.detach().cpu()._a, num_samples, replacement)
    return placed(new_leaf(array, input.device, False), out, "multinomial")
