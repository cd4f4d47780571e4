"""Random numbers written into a tensor, in place. PyTorch walks through the memory in order, whatever order the dimensions have."""

import numpy as np

from ..core import draws, dtypes
from ..core.errors import error
from ..core.mutation import make_inplace, must_record, overwrite
from ..core.op import Op, op
from ..core.tensor import Tensor
from .case import case
from .cast import zeros_as
from .data import new_leaf
from .random import generator_for, real_dtype
from .random_given import Drawn


@op
class uniform(Drawn):
    """Numbers x ~ U[low, high) in place of x.   ∂y/∂x = 0."""


@op
class normal_fill(Drawn):
    """Numbers x ~ N(mean, std²) in place of x.   ∂y/∂x = 0."""

    title = "Normal"


@op
class random_fill(Drawn):
    """Whole numbers in place of x.   ∂y/∂x = 0."""

    title = "Random"
    overload = lambda inputs, params: params["bounds"]  # noqa: E731

    def forward(xp, x, *, values, bounds):
        return values

    def samples(t):
        yield case(t(2), values=t(2)._a, bounds=0)


@op
class bernoulli_fill(Drawn):
    """Zeros and ones in place of x.   ∂y/∂x = 0."""

    title = "BernoulliBackward2"


@op
class bernoulli_fill_given(Op):
    """Zeros and ones in place of x, each with its own probability.   ∂y/∂x = ∂y/∂p = 0."""

    public, title = False, "BernoulliBackward1"

    def forward(xp, x, p, *, values):
        return values

    def grad_x(g):
        return zeros_as.op.raw(g)

    def grad_p(g):
        return zeros_as.op.raw(g)

    def samples(t):
        yield case(t(2), t(2), values=t(2)._a)


@op
class exponential(Drawn):
    """Numbers x ~ Exp(rate) in place of x.   ∂y/∂x = 0."""


@op
class cauchy(Drawn):
    """Numbers of the Cauchy distribution in place of x.   ∂y/∂x = 0."""


@op
class log_normal(Drawn):
    """Numbers whose logarithm is normal in place of x.   ∂y/∂x = 0."""


@op
class geometric(Drawn):
    """Numbers of tries in place of x.   ∂y/∂x = 0."""


def _refill(self, redraw, draw, others=(), **params):
    """Write ``draw(shape)`` into the tensor; ``redraw`` is the op that is recorded."""
    recorded = must_record(self, others)
    shape, steps = self._a.shape, self._a.strides
    order = sorted(range(len(shape)), key=lambda dim: -steps[dim])
    values = draw(tuple(shape[dim] for dim in order)).transpose(tuple(np.argsort(order)))
    values = new_leaf(np.ascontiguousarray(values).reshape(shape), self.device)._a
    if recorded:
        return make_inplace(redraw.op.raw, redraw.op.name)(self, *others, values=values, **params)
    overwrite(self, values)
    return self


def _floating(self, kernel):
    """The dtype, or PyTorch's error if it is not a floating one."""
    if not self.is_floating_point():
        raise error("not_implemented_for", kernel=kernel, dtype=self.dtype.title)
    return self._a.dtype


def uniform_(self, from_=0, to=1, *, generator=None):
    """Fill with numbers x ~ U[from_, to). Source: https://pytorch.org/docs/stable/generated/torch.Tensor.uniform_.html"""
    np_dtype, source = real_dtype("rand", self._a.dtype), generator_for("uniform_", generator)
    return _refill(self, uniform, lambda shape: source.uniform(shape, np_dtype, from_, to))


def normal_(self, mean=0, std=1, *, generator=None):
    """Fill with numbers x ~ N(mean, std²). Source: https://pytorch.org/docs/stable/generated/torch.Tensor.normal_.html"""
    np_dtype, source = real_dtype("normal", self._a.dtype), generator_for("normal_", generator)
    return _refill(self, normal_fill, lambda shape: source.normal(shape, np_dtype, mean, std))


def random_(self, from_=..., to=..., *, generator=None):
    """Fill with whole numbers: ``random_(from, to)`` from ≤ x < to, ``random_(to)`` 0 ≤ x < to, ``random_(from, None)`` from ≤ x.

    Without an upper bound, up to the largest that the dtype holds exactly.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.random_.html
    """
    np_dtype, source = self._a.dtype, generator_for("random_", generator)
    if np_dtype.kind == "c":
        raise error("not_implemented_for", kernel="random_kernel_cpu", dtype=self.dtype.title)
    given = [bound for bound in (from_, to) if bound is not ...]
    if not all(bound is None or hasattr(bound, "__index__") for bound in given):
        raise error("arguments", name="random_", types=", ".join(type(bound).__name__ for bound in given))
    if not given:
        return _refill(self, random_fill, lambda shape: source.bits(shape, np_dtype), bounds=2)
    low, high = (0, *given)[-2:]
    if high is None:
        return _refill(self, random_fill, lambda shape: source.integers_from(low, shape, np_dtype), bounds=0)
    return _refill(self, random_fill, lambda shape: source.integers(low, high, shape, np_dtype), bounds=int(len(given) == 1))


def bernoulli_(self, p=0.5, *, generator=None):
    """Fill with ones with probability ``p`` (a number or a tensor), else zeros. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.bernoulli_.html"""
    np_dtype, source = self._a.dtype, generator_for("bernoulli_", generator)
    if np_dtype.kind == "c":
        raise error("not_implemented_for", kernel="bernoulli_scalar_cpu_", dtype=self.dtype.title)
    if not isinstance(p, Tensor):
        return _refill(self, bernoulli_fill, lambda shape: source.bernoulli(p, shape, np_dtype))
    values = source.bernoulli(np.ascontiguousarray(p.detach().expand(self.shape).cpu()._a), None, np_dtype)
    if must_record(self, (p,)):
        return make_inplace(bernoulli_fill_given.op.raw, "bernoulli")(self, p, values=new_leaf(values, self.device)._a)
    overwrite(self, new_leaf(values, self.device)._a)
    return self


def exponential_(self, lambd=1, *, generator=None):
    """Fill with numbers x ~ Exp(lambd). Source: https://pytorch.org/docs/stable/generated/torch.Tensor.exponential_.html"""
    np_dtype, source = self._a.dtype, generator_for("exponential_", generator)
    if not self.is_floating_point():
        raise error("exponential_dtype", dtype=self.dtype.title)
    return _refill(self, exponential, lambda shape: source.exponential(shape, np_dtype, lambd))


def cauchy_(self, median=0, sigma=1, *, generator=None):
    """Fill with numbers of the density $1/(πσ(1 + ((x−m)/σ)²))$. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.cauchy_.html"""
    source = generator_for("cauchy_", generator)
    if not sigma > 0:
        raise error("cauchy_sigma", sigma=sigma)
    if not self.is_floating_point():
        raise error("cauchy_dtype", dtype=dtypes.C_TYPES[self.dtype.title])
    return _refill(self, cauchy, lambda shape: draws.cauchy(source, shape, self._a.dtype, median, sigma))


def log_normal_(self, mean=1, std=2, *, generator=None):
    """Fill with numbers x = exp(z), z ~ N(mean, std²). Source: https://pytorch.org/docs/stable/generated/torch.Tensor.log_normal_.html"""
    source = generator_for("log_normal_", generator)
    if not std > 0:
        raise error("log_normal_std", std=std)
    np_dtype = _floating(self, "log_normal_cpu")
    return _refill(self, log_normal, lambda shape: draws.log_normal(source, shape, np_dtype, mean, std))


def geometric_(self, p, *, generator=None):
    """Fill with the number of tries until the first success of probability p, $P(k) = (1−p)^{k−1}p$.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.geometric_.html
    """
    source = generator_for("geometric_", generator)
    if not 0 < p < 1:
        raise error("geometric_p", p=p)
    if self._a.dtype.kind in "bc":
        raise error("not_implemented_for", kernel="geometric_cpu", dtype=self.dtype.title)
    return _refill(self, geometric, lambda shape: draws.geometric(source, shape, self._a.dtype, p))


for _function in (uniform_, normal_, random_, bernoulli_, exponential_, cauchy_, log_normal_, geometric_):
    setattr(Tensor, _function.__name__, _function)
