"""``torch.random``: the stream of random numbers.

Source: https://pytorch.org/docs/stable/random.html
"""

from .core.parity import missing_from
from .ops.random import default_generator, fork_rng, get_rng_state, initial_seed, manual_seed, seed, set_rng_state

__all__ = ["default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state"]

__getattr__ = missing_from("torch.random")  # a name that is missing here says why
