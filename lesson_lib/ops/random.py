"""Random tensors. All draw from PyTorch's own CPU stream, also for a GPU: the same seed gives the same numbers everywhere."""

from contextlib import contextmanager

import numpy as np

from ..core import dtypes, rng
from ..core.device import device as Device
from ..core.errors import error
from ..core.mutation import make_inplace, must_record, overwrite
from ..core.op import Op, method, op
from ..core.promote import NUMBERS
from ..core.tensor import Tensor, wrap
from .case import case
from .cast import as_dtype, zeros_as
from .create import placed, shape_of
from .data import new_leaf
from .overwrite import scalar_overflow
from .view import broadcast_shapes

# --- generators -------------------------------------------------------------------------------------------------------


class Generator(rng.Generator):
    """A source of random numbers with its own state.

    >>> import lesson_lib as torch
    >>> g = torch.Generator().manual_seed(0)
    >>> torch.rand(2, generator=g)
    tensor([0.4963, 0.7682])

    Source: https://pytorch.org/docs/stable/generated/torch.Generator.html
    """

    def __init__(self, device="cpu"):
        super().__init__()
        self.device = Device(device)

    def get_state(self):
        """The state as a uint8 tensor of PyTorch's own 5056 bytes."""
        return wrap(super().get_state())

    def set_state(self, state):
        """Go on from a state that ``get_state`` gave."""
        super().set_state(state._a)
        return self


# One generator for the whole library: the core draws from it, and here it also speaks in tensors.
default_generator = rng.default_generator
default_generator.__class__, default_generator.device = Generator, Device("cpu")


def manual_seed(seed):
    """Start the random numbers again from ``seed``: the same seed gives the same numbers, PyTorch's numbers.

    >>> import lesson_lib as torch
    >>> _ = torch.manual_seed(0)
    >>> torch.rand(2)
    tensor([0.4963, 0.7682])

    Source: https://pytorch.org/docs/stable/generated/torch.manual_seed.html
    """
    return default_generator.manual_seed(int(seed))


def seed():
    """Start the random numbers from a seed of chance, which is returned. Source: https://pytorch.org/docs/stable/generated/torch.seed.html"""
    return default_generator.seed()


def initial_seed():
    """The seed that the random numbers last started from. Source: https://pytorch.org/docs/stable/generated/torch.initial_seed.html"""
    return default_generator.initial_seed()


def get_rng_state():
    """The state of the random numbers, a uint8 tensor. Source: https://pytorch.org/docs/stable/generated/torch.get_rng_state.html"""
    return default_generator.get_state()


def set_rng_state(new_state):
    """Go on from a state that ``get_rng_state`` gave. Source: https://pytorch.org/docs/stable/generated/torch.set_rng_state.html"""
    default_generator.set_state(new_state)


@contextmanager
def fork_rng(devices=None, enabled=True):
    """Inside, draws do not move the random numbers outside. Source: https://pytorch.org/docs/stable/random.html"""
    state = get_rng_state()
    try:
        yield
    finally:
        if enabled:
            set_rng_state(state)


def _generator(name, generator):
    if generator is None:
        return default_generator
    if not isinstance(generator, rng.Generator):
        raise error("arguments", name=name, types=f"generator={type(generator).__name__}")
    return generator


# --- new tensors ------------------------------------------------------------------------------------------------------


def _real(name, np_dtype):
    """Uniform and normal numbers exist only as floats."""
    if np_dtype.kind not in "fc":
        kernel = "check_uniform_bounds" if name == "rand" else "normal_kernel_cpu"
        raise error("not_implemented_for", kernel=kernel, dtype=dtypes.from_numpy_dtype(np_dtype).title)
    return np_dtype


def _sampler(name, draw, text):
    """rand and randn."""

    def function(*size, generator=None, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, **also):
        shape = shape_of(name, size, also.get("size"))
        np_dtype = _real(name, (dtypes.get_default_dtype() if dtype is None else as_dtype(dtype, name)).np)
        return placed(new_leaf(draw(_generator(name, generator), shape, np_dtype), device, requires_grad), out, name)

    def like(input, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, memory_format=None, generator=None):
        np_dtype = _real(name, input._a.dtype if dtype is None else as_dtype(dtype, name).np)
        return new_leaf(draw(_generator(name, generator), input._a.shape, np_dtype), device or input.device, requires_grad)

    for made, own_name, own_text in ((function, name, text), (like, name + "_like", text + " In the shape, dtype and device of ``input``.")):
        made.__name__ = made.__qualname__ = own_name
        made.__doc__ = f"{own_text}\n\n    Source: https://pytorch.org/docs/stable/generated/torch.{own_name}.html"
    return function, like


rand, rand_like = _sampler("rand", lambda g, shape, np_dtype: g.uniform(shape, np_dtype), "Numbers x ~ U[0, 1).")
randn, randn_like = _sampler("randn", lambda g, shape, np_dtype: g.normal(shape, np_dtype), "Numbers x ~ N(0, 1).")


def _whole(name, argument, position, value):
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise error("dim_type", name=name, argument=argument, position=position, type=type(value).__name__)
    return value.__index__()


def randint(low=0, high=None, size=None, *, generator=None, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Whole numbers low ≤ x < high: ``randint(high, size)`` or ``randint(low, high, size)``.

    Source: https://pytorch.org/docs/stable/generated/torch.randint.html
    """
    if size is None:
        low, high, size = 0, low, high  # randint(high, size)
    elif high is None:
        low, high = 0, low
    low, high = _whole("randint", "low", 1, low), _whole("randint", "high", 1, high)
    if not isinstance(size, tuple | list):
        raise error("sizes_place", name="randint", type=type(size).__name__)
    np_dtype = (dtypes.int64 if dtype is None else as_dtype(dtype, "randint")).np
    array = _generator("randint", generator).integers(low, high, shape_of("randint", (size,)), np_dtype)
    return placed(new_leaf(array, device, requires_grad), out, "randint")


def randint_like(input, low=0, high=None, *, dtype=None, layout=None, device=None, requires_grad=False, generator=None):
    """``randint`` in the shape, dtype and device of ``input``. Source: https://pytorch.org/docs/stable/generated/torch.randint_like.html"""
    low, high = (0, low) if high is None else (low, high)
    return randint(
        low, high, tuple(input.shape), dtype=dtype or input.dtype, device=device or input.device, requires_grad=requires_grad, generator=generator
    )


def randperm(n, *, generator=None, out=None, dtype=dtypes.int64, layout=None, device=None, requires_grad=False, pin_memory=False):
    """The numbers 0 … n−1 in random order. Source: https://pytorch.org/docs/stable/generated/torch.randperm.html"""
    n, np_dtype = _whole("randperm", "n", 1, n), as_dtype(dtype, "randperm").np
    if np_dtype.kind in "iu" and n > np.iinfo(np_dtype).max:
        raise scalar_overflow(np_dtype)
    array = _generator("randperm", generator).permutation(n, np_dtype)
    return placed(new_leaf(array, device, requires_grad), out, "randperm")


def normal(mean=0.0, std=1.0, size=None, *, generator=None, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False):
    """Numbers x ~ N(mean, std²); mean and std are numbers (then with ``size``) or tensors, one for each x.

    Source: https://pytorch.org/docs/stable/generated/torch.normal.html
    """
    source = _generator("normal", generator)
    if isinstance(mean, NUMBERS) and isinstance(std, NUMBERS):
        if size is None:
            raise error("arguments", name="normal", types=f"{type(mean).__name__}, {type(std).__name__}")
        np_dtype = _real("normal", (dtypes.get_default_dtype() if dtype is None else as_dtype(dtype, "normal")).np)
        return placed(new_leaf(source.normal(shape_of("normal", (size,)), np_dtype, mean, std), device, requires_grad), out, "normal")
    if isinstance(std, Tensor) and (std._a < 0).any():
        raise error("normal_std_all")
    mean, std = (v.detach() if isinstance(v, Tensor) else v for v in (mean, std))
    shape = broadcast_shapes(*(v._a.shape for v in (mean, std) if isinstance(v, Tensor)))
    example = mean if isinstance(mean, Tensor) else std
    result = new_leaf(source.normal(shape, example._a.dtype), example.device) * std + mean
    return placed(result, out, "normal")


@method()
def bernoulli(input, p=None, *, generator=None, out=None):
    """Ones with probability ``input`` (or ``p``), else zeros. Source: https://pytorch.org/docs/stable/generated/torch.bernoulli.html"""
    kind = input._a.dtype
    if kind.kind != "f":
        raise error("not_implemented_for", kernel="bernoulli_tensor_cpu_p_", dtype=input.dtype.title)
    probability = input.detach().cpu()._a if p is None else p
    array = _generator("bernoulli", generator).bernoulli(probability, input._a.shape, kind)
    return placed(new_leaf(array, input.device, False), out, "bernoulli")


@method()
def multinomial(input, num_samples, replacement=False, *, generator=None, out=None):
    """Column numbers drawn with probability proportional to each row of ``input``, (n,) or (rows, n) int64.

    Source: https://pytorch.org/docs/stable/generated/torch.multinomial.html
    """
    if input._a.dtype.kind != "f":
        raise error("multinomial_dtype", dtype=input.dtype.title)
    array = _generator("multinomial", generator).multinomial(input.detach().cpu()._a, num_samples, replacement)
    return placed(new_leaf(array, input.device, False), out, "multinomial")


# --- in place ---------------------------------------------------------------------------------------------------------


class Redraw(Op):
    """Random values in place of x.   ∂y/∂x = 0."""

    public = False

    def forward(xp, x, *, values):
        return xp.asarray(values)

    def grad_x(g):
        return zeros_as(g)

    def samples(t):
        yield case(t(2), values=np.ones(2))


@op
class uniform(Redraw):
    """Numbers x ~ U[low, high) in place of x.   ∂y/∂x = 0."""


@op
class normal_fill(Redraw):
    """Numbers x ~ N(mean, std²) in place of x.   ∂y/∂x = 0."""

    title = "Normal"


@op
class random_fill(Redraw):
    """Whole numbers in place of x.   ∂y/∂x = 0."""

    title = "Random"


@op
class bernoulli_fill(Redraw):
    """Zeros and ones in place of x.   ∂y/∂x = 0."""

    title = "BernoulliBackward2"


@op
class exponential(Redraw):
    """Numbers x ~ Exp(rate) in place of x.   ∂y/∂x = 0."""


def _refill(self, redraw, draw):
    """Write ``draw(shape)`` into the tensor. PyTorch walks through the memory in order, whatever order the dimensions have."""
    recorded = must_record(self, ())
    shape, steps = self._a.shape, self._a.strides
    order = sorted(range(len(shape)), key=lambda dim: -steps[dim])
    values = draw(tuple(shape[dim] for dim in order)).transpose(tuple(np.argsort(order)))
    values = new_leaf(np.ascontiguousarray(values), self.device)._a
    if recorded:
        return make_inplace(redraw.op.raw, redraw.op.name)(self, values=values)
    overwrite(self, values)
    return self


def uniform_(self, from_=0, to=1, *, generator=None):
    """Fill with numbers x ~ U[from_, to). Source: https://pytorch.org/docs/stable/generated/torch.Tensor.uniform_.html"""
    np_dtype, source = _real("rand", self._a.dtype), _generator("uniform_", generator)
    return _refill(self, uniform, lambda shape: source.uniform(shape, np_dtype, from_, to))


def normal_(self, mean=0, std=1, *, generator=None):
    """Fill with numbers x ~ N(mean, std²). Source: https://pytorch.org/docs/stable/generated/torch.Tensor.normal_.html"""
    np_dtype, source = _real("normal", self._a.dtype), _generator("normal_", generator)
    return _refill(self, normal_fill, lambda shape: source.normal(shape, np_dtype, mean, std))


def random_(self, from_=0, to=None, *, generator=None):
    """Fill with whole numbers from_ ≤ x < to; without bounds, up to the largest that the dtype holds exactly.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.random_.html
    """
    np_dtype, source = self._a.dtype, _generator("random_", generator)
    if to is None and from_ == 0:
        return _refill(self, random_fill, lambda shape: source.bits(shape, np_dtype))
    low, high = (0, from_) if to is None else (from_, to)
    return _refill(self, random_fill, lambda shape: source.integers(low, high, shape, np_dtype))


def bernoulli_(self, p=0.5, *, generator=None):
    """Fill with ones with probability ``p`` (a number or a tensor), else zeros. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.bernoulli_.html"""
    np_dtype, source = self._a.dtype, _generator("bernoulli_", generator)
    if isinstance(p, Tensor):
        return self.copy_(new_leaf(source.bernoulli(np.broadcast_to(p.detach().cpu()._a, self._a.shape), None, np_dtype)))
    return _refill(self, bernoulli_fill, lambda shape: source.bernoulli(p, shape, np_dtype))


def exponential_(self, lambd=1, *, generator=None):
    """Fill with numbers x ~ Exp(lambd). Source: https://pytorch.org/docs/stable/generated/torch.Tensor.exponential_.html"""
    np_dtype, source = self._a.dtype, _generator("exponential_", generator)
    if np_dtype.kind != "f":
        raise error("exponential_dtype", dtype=self.dtype.title)
    return _refill(self, exponential, lambda shape: source.exponential(shape, np_dtype, lambd))


for _function in (uniform_, normal_, random_, bernoulli_, exponential_):
    setattr(Tensor, _function.__name__, _function)
