"""Random numbers: PyTorch's own stream, so that the same seed gives the same numbers.

A generator is a *Mersenne Twister* (MT19937): 624 words of 32 bits that are stirred once all have been used. NumPy
turns that crank; this file makes numbers of the words in exactly PyTorch's way. Every draw returns a NumPy array.

Sources: M. Matsumoto and T. Nishimura, Mersenne Twister (1998), https://doi.org/10.1145/272991.272995;
https://pytorch.org/docs/stable/generated/torch.Generator.html
"""

import functools
import math
import os
import threading
from array import array

import numpy as np

from .box_muller import box_muller, fused_multiply_add, normal_pair
from .dtypes import finfo, from_numpy_dtype, iinfo
from .errors import error

_WORDS = 624
_DEFAULT_SEED = 67280421310721  # what a new torch.Generator() starts with

#: the 5056 bytes of torch.get_rng_state(), field by field; normal_y is the one kept normal number
_STATE = np.dtype(
    [("seed", "<u8"), ("left", "<i4"), ("seeded", "<i4"), ("next", "<u8"), ("words", "<u8", _WORDS), ("normal_x", "<f8"), ("normal_y", "<f8"),
     ("normal_rho", "<f8"), ("normal_is_valid", "<i8"), ("next_float", "<f4"), ("next_float_is_valid", "<i4")]
)  # fmt: skip

#: the C++ names of the types, which PyTorch's messages use
_C_NAMES = {
    "bool": "bool", "int8": "signed char", "int16": "short int", "int32": "int", "int64": "long int", "uint8": "unsigned char",
    "uint16": "short unsigned int", "uint32": "unsigned int", "uint64": "long unsigned int", "float16": "c10::Half", "bfloat16": "c10::BFloat16",
    "float32": "float", "float64": "double",
}  # fmt: skip
_LIMIT_NAMES = {"float16": "Half", "bfloat16": "BFloat16", "float32": "Float", "float64": "Double"}


class Generator:
    """A source of random numbers with a state of its own.

    >>> from lesson_lib.core.rng import Generator
    >>> Generator().manual_seed(0).uniform(3)
    array([0.4962566 , 0.7682218 , 0.08847743], dtype=float32)

    Any number of threads may draw from one generator; each word goes to one of them.

    Source: https://pytorch.org/docs/stable/generated/torch.Generator.html
    """

    def __init__(self):
        self._lock = threading.RLock()
        self.manual_seed(_DEFAULT_SEED)

    # Seeds and states

    def manual_seed(self, seed):
        """Start again from ``seed`` (−2⁶³ ≤ seed < 2⁶⁴, of which the low 32 bits count); returns the generator."""
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
            raise error("seed_type", type=type(seed).__name__)
        if not -(2**63) <= seed < 2**64:
            raise error("int64_overflow")
        with self._lock:
            self._seed = int(seed) % 2**64
            self.__dict__.pop("_twister", None)
            self._untouched = True  # no word drawn since seeding: the saved state tells the difference
            self._kept_normal = None
        return self

    def seed(self):
        """Start again from a seed that the operating system chooses by chance; returns it."""
        chosen = int.from_bytes(os.urandom(8))
        self.manual_seed(chosen)
        return chosen

    def initial_seed(self):
        """The seed this generator last started from."""
        return self._seed

    def get_state(self):
        """All there is to know about the generator: (5056,) uint8, the very bytes of PyTorch's state."""
        state = np.zeros(1, _STATE)
        with self._lock:
            inner = self._twister.state["state"]
            used = 0 if self._untouched else inner["pos"]
            state["seed"], state["seeded"], state["words"] = self._seed, 1, inner["key"]
            state["left"], state["next"] = 1 if self._untouched else _WORDS + 1 - used, used
            if self._kept_normal is not None:
                state["normal_y"], state["normal_is_valid"] = self._kept_normal, 1
        return state.view(np.uint8)

    def set_state(self, state):
        """Go on from ``state``, which ``get_state`` (of this library or of PyTorch) gave."""
        if state.dtype != np.uint8:
            raise error("rng_state_type")
        if state.size != _STATE.itemsize:
            raise error("rng_state_size", expected=_STATE.itemsize, found=state.size)
        fields = np.ascontiguousarray(state).view(_STATE)[0]
        if fields["seeded"] != 1 or not 0 < fields["left"] <= _WORDS or fields["next"] > _WORDS:
            raise error("rng_state_value")
        with self._lock:
            self._seed = int(fields["seed"])
            self._untouched = bool(fields["left"] == 1 and fields["next"] == 0)
            self._set_words(fields["words"].astype(np.uint32), _WORDS if self._untouched else int(fields["next"]))
            self._kept_normal = float(fields["normal_y"]) if fields["normal_is_valid"] else None

    def clone_state(self):
        """A new generator that will draw the same numbers as this one from here on."""
        return _restored(type(self), Generator.get_state(self))

    def __reduce__(self):
        return _restored, (type(self), Generator.get_state(self))

    # Draws

    def uniform(self, shape, np_dtype=np.float32, low=0.0, high=1.0):
        """Numbers x ~ U[low, high), as ``rand`` and ``uniform_``: x = u·(high − low) + low with u of 24 or 53 random bits.

        Errors: RuntimeError if a bound does not fit the dtype, low > high, or the width overflows.
        """
        np_dtype = np.dtype(np_dtype)
        if np_dtype.kind == "c":
            return _as_complex(self.uniform, shape, np_dtype, low, high)
        _check_uniform(np_dtype, low, high)
        real = _real_type(np_dtype)
        u = self._fractions(_count(shape), real)
        if (low, high) != (0, 1):
            u = fused_multiply_add(u, real(high) - real(low), real(low))
        x = u.astype(np_dtype, copy=False)
        x[x == np_dtype.type(high)] = low  # rounding may reach the upper bound, which is not part of the range
        return x.reshape(shape)

    def normal(self, shape, np_dtype=np.float32, mean=0.0, std=1.0):
        """Numbers x ~ N(mean, std²), as ``randn`` and ``normal_``; for the formula see ``box_muller``.

        From 16 numbers on they are made in blocks of 16; where the last block is not full, the last 16 numbers are
        drawn afresh. Fewer are made one by one in float64, and an unused second one of a pair is kept for next time.
        Errors: RuntimeError if std < 0.
        """
        np_dtype = np.dtype(np_dtype)
        if np_dtype.kind == "c":  # half of the variance for each part
            return _as_complex(self.normal, shape, np_dtype, mean, std / math.sqrt(2))
        if not std >= 0:
            raise error("normal_std", std=std)
        n = _count(shape)
        x = self._few_normals(n, mean, std) if n < 16 else self._many_normals(n, np_dtype, mean, std)
        return x.astype(np_dtype, copy=False).reshape(shape)

    def integers(self, low, high, shape, np_dtype=np.int64):
        """Whole numbers low ≤ x < high, as ``randint``: x = low + (word mod (high − low)); two words for a range ≥ 2²⁸.

        Errors: RuntimeError if low ≥ high or a bound does not fit the dtype; ValueError beyond int64.
        """
        np_dtype = np.dtype(np_dtype)
        _check_integers(np_dtype, low, high)
        if np_dtype.kind in "fV":
            low, high = _exact_bounds(low, high, _digits(np_dtype))
        return self._spread(low, high - low, shape, np_dtype)

    def integers_from(self, low, shape, np_dtype=np.int64):
        """Whole numbers from ``low`` up to the largest that the dtype holds exactly, as ``random_(low, None)``."""
        np_dtype = np.dtype(np_dtype)
        most = 2 ** _digits(np_dtype) if np_dtype.kind in "fV" else 1 if np_dtype.kind == "b" else int(np.iinfo(np_dtype).max)
        return self._spread(low, most + 1 - low, shape, np_dtype)

    def _spread(self, low, span, shape, np_dtype):
        """low + (word mod span); all 64 bits of the two words where the span is 2⁶⁴."""
        n = _count(shape)
        words = self._words(n) if span < 2**28 else _join(self._words(2 * n))
        x = words.astype(np.int64) if span == 2**64 else (words % np.uint64(span)).astype(np.int64) + low
        return x.astype(np_dtype).reshape(shape)

    def bits(self, shape, np_dtype=np.int64):
        """Whole numbers 0 ≤ x ≤ the largest that the dtype holds exactly, as ``random_()``: x = word mod (largest + 1)."""
        np_dtype, n = np.dtype(np_dtype), _count(shape)
        if np_dtype.kind in "fV":
            limit = 2 ** _digits(np_dtype) + 1
        else:
            limit = 2 if np_dtype.kind == "b" else int(np.iinfo(np_dtype).max) + 1
        words = _join(self._words(2 * n)) if np_dtype.itemsize == 8 else self._words(n)
        return (words % np.uint64(limit)).astype(np_dtype).reshape(shape)

    def permutation(self, n, np_dtype=np.int64):
        """The numbers 0 … n−1 in random order, as ``randperm``: for i = 0 … n−2 swap p[i] with p[i + word mod (n−i)].

        Source: the shuffle of Fisher and Yates, https://doi.org/10.1145/364520.364540
        """
        if n < 0:
            raise error("negative_size", size=n)
        i = np.arange(max(n - 1, 0), dtype=np.uint64)  # first: it fails at once where there is no room
        p = array("q", range(n))  # one block of memory, which the processor's cache holds better than a list's
        targets = i + self._words(i.size) % (np.uint64(n) - i)
        for i, j in enumerate(targets.tolist()):
            p[i], p[j] = p[j], p[i]
        return np.array(p, np_dtype)

    def bernoulli(self, p, shape=None, np_dtype=np.float32):
        """Ones with probability p, else zeros, as ``bernoulli`` and the mask of dropout: 1 where u < p.

        p: a number, or an array that gives the shape. u has 53 random bits, or 24 if p is a float32 or float16 array.
        Errors: RuntimeError if p is outside [0, 1].
        """
        if isinstance(p, np.ndarray):
            if not ((p >= 0) & (p <= 1)).all():
                raise error("bernoulli_p_array")
            u, p, shape = self._fractions(p.size, _real_type(p.dtype)), p.ravel(), p.shape
        else:
            if not 0 <= p <= 1:
                raise error("bernoulli_p", p=p)
            u = self._fractions(_count(shape), np.float64)
        return (u < p).astype(np_dtype).reshape(shape)

    def exponential(self, shape, np_dtype=np.float32, rate=1.0):
        """Numbers x ~ Exp(rate), as ``exponential_``: x = −ln(1 − u)/rate.  Errors: RuntimeError if rate ≤ 0."""
        if not rate > 0:
            raise error("exponential_rate", rate=rate)
        return (-1.0 / rate * np.log1p(-self._fractions(_count(shape), np.float64))).astype(np_dtype).reshape(shape)

    def multinomial(self, weights, num_samples, replacement=False):
        """Column numbers drawn with probability proportional to each row of ``weights``, as ``multinomial``.

        weights: (k,) or (rows, k), floating point, ≥ 0.  Gives (num_samples,) or (rows, num_samples) int64.
        Without replacement: the columns of the largest wⱼ/eⱼ with eⱼ ~ Exp(1). With: where u falls among the running
        sums of w. Errors: RuntimeError for impossible weights or counts.
        """
        _check_multinomial(weights, num_samples, replacement)
        rows = np.atleast_2d(weights)
        if not replacement or num_samples == 1:
            with np.errstate(divide="ignore", invalid="ignore"):
                keys = rows / self.exponential(rows.shape, rows.dtype)
            chosen = np.argsort(-keys, axis=1, kind="stable")[:, :num_samples]
        else:
            sums = np.cumsum(rows, axis=1, dtype=_real_type(rows.dtype))
            sums /= sums[:, -1:]
            sums[:, -1] = 1
            u = self._fractions(len(rows) * num_samples, np.float64).reshape(len(rows), num_samples)
            chosen = np.array([np.searchsorted(s, v) for s, v in zip(sums, u)], np.int64).reshape(u.shape)
        return chosen.astype(np.int64, copy=False).reshape(*weights.shape[:-1], num_samples)

    # From words to fractions and normal numbers

    @functools.cached_property
    def _twister(self):
        """The crank, at the words of the seed. Made when it is first turned: loading ``numpy.random`` would slow every import of the library."""
        twister = np.random.MT19937(0)
        twister.state = {"bit_generator": "MT19937", "state": {"key": _seed_words(self._seed), "pos": _WORDS}}
        return twister

    def _set_words(self, words, used):
        self._twister.state = {"bit_generator": "MT19937", "state": {"key": words, "pos": used}}

    def _words(self, n):
        """The next n words of 32 bits, as uint64: the one place where the state moves on."""
        with self._lock:
            self._untouched = self._untouched and n == 0
            return self._twister.random_raw(n)

    def _fractions(self, n, real):
        """n numbers of [0, 1): the low 24 bits of a word over 2²⁴ (float32), or the low 53 of two over 2⁵³ (float64)."""
        if real is np.float64:
            return (_join(self._words(2 * n)) & np.uint64(2**53 - 1)) * 2.0**-53
        return (self._words(n) & np.uint64(2**24 - 1)).astype(np.float32) * np.float32(2**-24)

    def _many_normals(self, n, np_dtype, mean, std):
        """n ≥ 16 numbers; u₁ are the first 8 and u₂ the last 8 fractions of each 16."""
        real, whole = _real_type(np_dtype), n - n % 16
        tail = 16 if n % 16 else 0
        ahead = whole if np_dtype.itemsize == 2 else n  # float32 and float64 first fill the incomplete block as well
        u = self._fractions(ahead + tail, real)  # one request: no other thread draws in between
        x = np.empty(n, real)
        x[:whole] = box_muller(u[:whole].reshape(-1, 2, 8), mean, std).ravel()
        x[n - tail :] = box_muller(u[ahead:].reshape(-1, 2, 8), mean, std).ravel()
        return x

    def _few_normals(self, n, mean, std):
        """n < 16 numbers in float64, starting with the one that the last call left over."""
        with self._lock:
            x = [] if self._kept_normal is None or n == 0 else [self._kept_normal]
            pairs = (n - len(x) + 1) // 2
            u = self._fractions(2 * pairs, np.float64).tolist()
            for i in range(0, 2 * pairs, 2):
                x += normal_pair(u[i], u[i + 1])
            if n:
                self._kept_normal = x[n] if len(x) > n else None
        return fused_multiply_add(np.array(x[:n]), np.float64(std), np.float64(mean))


def _seed_words(seed):
    """The 624 words that a seed starts from: wⱼ = 1812433253·(wⱼ₋₁ xor ⌊wⱼ₋₁/2³⁰⌋) + j mod 2³²."""
    words = [seed % 2**32]
    for j in range(1, _WORDS):
        words.append((1812433253 * (words[-1] ^ words[-1] >> 30) + j) % 2**32)
    return np.array(words, np.uint32)


def _restored(cls, state):
    generator = cls()
    Generator.set_state(generator, state)
    return generator


def _join(words):
    """Two words make one of 64 bits, the first one on top."""
    return words[0::2] << np.uint64(32) | words[1::2]


def _count(shape):
    return shape if isinstance(shape, int) else math.prod(shape)


def _real_type(np_dtype):
    """The type a draw is computed in: float16 is made from float32."""
    return np.float64 if np_dtype == np.float64 else np.float32


def _as_complex(draw, shape, np_dtype, *parameters):
    """Real and imaginary parts are drawn in turn."""
    shape = (shape,) if isinstance(shape, int) else shape
    return draw((*shape, 2), np_dtype.type(0).real.dtype, *parameters).view(np_dtype)[..., 0]


def _check_uniform(np_dtype, low, high):
    limits = finfo(from_numpy_dtype(np_dtype))
    for name, bound in (("from", low), ("to", high)):
        if not limits.min <= bound <= limits.max:
            raise error("out_of_bounds", name=name, type=_C_NAMES[np_dtype.name])
    if low > high:
        raise error("uniform_order", low=low, high=high)
    if high - low > limits.max:
        raise error("uniform_width", low=low, high=high, type=_LIMIT_NAMES[np_dtype.name])


def _check_integers(np_dtype, low, high):
    if not -(2**63) <= min(low, high) <= max(low, high) < 2**63:
        raise error("int64_overflow")
    if low >= high:
        raise error("randint_order", low=low, high=high)
    if np_dtype.kind == "c":
        raise error("randint_dtype")
    if np_dtype.kind == "b":
        least, most = 0, 1
    else:
        limits = (finfo if np_dtype.kind in "fV" else iinfo)(from_numpy_dtype(np_dtype))
        least, most = int(limits.min), int(limits.max)
    for name, bound in (("from", low), ("to - 1", high - 1)):
        if not least <= bound <= most:
            raise error("out_of_bounds", name=name, type=_C_NAMES[np_dtype.name])


def _digits(np_dtype):
    """How many binary digits the floating-point type holds, the leading one included: 24 for float32."""
    return 1 - round(math.log2(finfo(from_numpy_dtype(np_dtype)).eps))


def _exact_bounds(low, high, digits):
    """Bounds between which no whole number rounds to one outside low ≤ x < high: beyond 2^digits a float does not hold them all."""
    first, last = _rounded_whole(low + 1, digits), _rounded_whole(high - 1, digits)
    return first + _step(low + 1, digits) if first < low else low, last - _step(high - 1, digits) if last >= high else high


def _rounded_whole(number, digits):
    """The whole number of ``digits`` binary digits that is nearest, an even one in the middle between two."""
    step = _step(number, digits)
    quotient, rest = divmod(number, step)
    return (quotient + (2 * rest > step or (2 * rest == step and quotient % 2))) * step


def _step(number, digits):
    """How far apart whole numbers of ``digits`` binary digits lie near ``number``."""
    return 2 ** max(abs(number).bit_length() - digits, 0)


def _check_multinomial(weights, num_samples, replacement):
    one_draw = not replacement or num_samples == 1
    if weights.ndim not in (1, 2):
        raise error("multinomial_dims")
    if num_samples <= 0:
        raise error("multinomial_count")
    if not replacement and num_samples > weights.shape[-1]:
        raise error("multinomial_too_many", size=weights.shape[-1])
    if weights.shape[-1] > 2**24:
        raise error("multinomial_categories")
    if one_draw and not ((weights >= 0) & (weights < np.inf)).all():
        raise error("multinomial_entry")
    if not (weights >= 0).all():
        raise error("multinomial_negative")
    if not np.isfinite(weights).all():
        raise error("multinomial_infinite")
    if weights.size and (weights.sum(axis=-1) == 0).any():
        raise error("multinomial_zero")


#: the generator behind ``manual_seed``, ``rand`` and every draw that names none; starts from a seed of chance
default_generator = Generator()
default_generator.seed()
