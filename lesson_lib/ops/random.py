"""Random tensors. All draw from PyTorch's own CPU stream, also for a GPU: the same seed gives the same numbers everywhere."""

from contextlib import contextmanager

import numpy as np

from ..core import dtypes, rng
from ..core.allocation import check_room
from ..core.device import device as Device
from ..core.errors import error
from ..core.tensor import wrap
from .cast import as_dtype
from .create import placed, shape_of
from .data import new_leaf
from .overwrite import scalar_overflow

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


def generator_for(name, generator):
    """The generator that a draw was given, or the library's own."""
    if generator is None:
        return default_generator
    if not isinstance(generator, rng.Generator):
        raise error("arguments", name=name, types=f"generator={type(generator).__name__}")
    return generator


# --- new tensors ------------------------------------------------------------------------------------------------------


def real_dtype(name, np_dtype):
    """Uniform and normal numbers exist only as floats."""
    if np_dtype.kind not in dtypes.INEXACT:
        kernel = "check_uniform_bounds" if name == "rand" else "normal_kernel_cpu"
        raise error("not_implemented_for", kernel=kernel, dtype=dtypes.from_numpy_dtype(np_dtype).title)
    return np_dtype


def _sampler(name, draw, text):
    """rand and randn."""

    def function(*size, generator=None, out=None, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, **also):
        shape = shape_of(name, size, also.get("size"))
        np_dtype = real_dtype(name, (dtypes.get_default_dtype() if dtype is None else as_dtype(dtype, name)).np)
        check_room(name, shape, np_dtype)
        return placed(new_leaf(draw(generator_for(name, generator), shape, np_dtype), device, requires_grad), out, name)

    def like(input, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, memory_format=None, generator=None):
        np_dtype = real_dtype(name, input._a.dtype if dtype is None else as_dtype(dtype, name).np)
        return new_leaf(draw(generator_for(name, generator), input._a.shape, np_dtype), device or input.device, requires_grad)

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
    shape = shape_of("randint", (size,))
    check_room("randint", shape, np_dtype)
    array = generator_for("randint", generator).integers(low, high, shape, np_dtype)
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
    check_room("randperm", (n,), np_dtype)
    array = generator_for("randperm", generator).permutation(n, np_dtype)
    return placed(new_leaf(array, device, requires_grad), out, "randperm")
