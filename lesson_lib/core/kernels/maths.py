"""Functions of one float32 that the compiler can spread over a whole register of numbers, which it cannot do with the C library's.

``compiled`` is Numba's ``njit`` as the kernels use it: sums may be reordered, a division by zero gives inf as in NumPy, other threads may run
meanwhile, and the machine code is kept on disk for the next process. What is kept does not notice a change in this file: after one, `make clean`.
"""

import numba
import numpy as np
from numba.core import cgutils
from numba.extending import intrinsic

F = np.float32
ROWS = numba.types.Array(numba.float32, 2, "C", readonly=True)  # an input: also an array that must not be written to
OUT = numba.float32[:, ::1]
LINE, OUT_LINE = numba.types.Array(numba.float32, 1, "C", readonly=True), numba.float32[::1]
NUMBER = numba.float32
FLAGS = {"fastmath": {"reassoc", "contract", "arcp", "nsz"}, "error_model": "numpy"}  # not "nnan", "ninf": these stay what they are


def compiled(*signature, gives=numba.void):
    """A kernel for exactly these arguments."""
    return numba.njit(gives(*signature), nogil=True, cache=True, **FLAGS)


def inlined(function):
    """A function that becomes part of the kernel that calls it."""
    return numba.njit(inline="always", **FLAGS)(function)


@intrinsic
def copy_run(context, target, at, source, begin, count):
    """target[at : at + count] = source[begin : begin + count] of two lines, by the C library; nothing for a count below 1. A slice takes three times as long."""

    def emit(context, builder, signature, args):
        lines = [context.make_array(kind)(context, builder, value) for kind, value in zip(signature.args[::2], args[:4:2])]
        ends = [builder.gep(line.data, [place]) for line, place in zip(lines, args[1:4:2])]
        with builder.if_then(builder.icmp_signed(">", args[4], args[4].type(0))):
            cgutils.raw_memcpy(builder, *ends, args[4], 4)
        return context.get_dummy_value()

    return numba.void(target, at, source, begin, count), emit


@inlined
def moments(x, i):
    """The mean and the variance of row i of x."""
    width, total, square = F(x.shape[1]), F(0), F(0)
    for j in range(x.shape[1]):
        total += x[i, j]
    mean = total / width
    for j in range(x.shape[1]):
        square += (x[i, j] - mean) * (x[i, j] - mean)
    return mean, square / width


@inlined
def exp32_near_0(r):
    """eʳ for |r| ≤ ½ ln 2, a polynomial.

    Source: S. Moshier, Cephes, expf.c, https://www.netlib.org/cephes/
    """
    p = F(1.9875691500e-4)
    p = p * r + F(1.3981999507e-3)
    p = p * r + F(8.3334519073e-3)
    p = p * r + F(4.1665795894e-2)
    p = p * r + F(1.6666665459e-1)
    p = p * r + F(5.0000001201e-1)
    return (p * r * r + r) + F(1)


@inlined
def exp32(x):
    """eˣ = 2ᵏ·eʳ with k = round(x/ln 2), so |r| ≤ ½ ln 2: within 2 units of the last place; 0 below −87.3, inf above 88.3."""
    x = min(max(x, F(-104)), F(88.72284))
    k = np.floor(x * F(1.44269504) + F(0.5))
    r = (x - k * F(0.693359375)) + k * F(2.12194440e-4)
    bits = np.int32(max(k, F(-127)) + F(127)) << np.int32(23)  # the exponent field of 2ᵏ
    return exp32_near_0(r) * np.int32(bits).view(np.float32)


@inlined
def exp32_whole(x):
    """eˣ over the whole range: k is added to the exponent field of eʳ, which has room for 2¹²⁸; below 2⁻¹²⁶ first k + 64, then comes a factor."""
    z = min(max(x, F(-104)), F(89))
    k = np.floor(z * F(1.44269504) + F(0.5))
    p = exp32_near_0((z - k * F(0.693359375)) + k * F(2.12194440e-4))
    deep = k < F(-120)
    bits = np.float32(p).view(np.int32) + (np.int32(k + F(64) if deep else k) << np.int32(23))
    y = np.int32(bits).view(np.float32) * (F(2.0**-64) if deep else F(1))
    y = F(np.inf) if x >= F(88.72284) else y
    return y if x == x else x


@inlined
def erf32(x):
    """erf(x) ≈ x·P(x²)/Q(x²), and ±1 from 3.83 on.

    Source: https://gitlab.com/libeigen/eigen, SpecialFunctionsImpl.h (generic_fast_erf_float)
    """
    x = min(max(x, F(-3.8325069)), F(3.8325069))
    z = x * x
    p = F(0.00022905065861350646)
    p = p * z + F(0.0034082910107109506)
    p = p * z + F(0.050955695062380861)
    p = p * z + F(0.18520832239976145)
    p = p * z + F(1.128379143519084)
    q = F(-1.1791602954361697e-7)
    q = q * z + F(0.000023547966471313185)
    q = q * z + F(0.0010179625278914885)
    q = q * z + F(0.014070470171167667)
    q = q * z + F(0.11098505178285362)
    q = q * z + F(0.49746925110067538)
    q = q * z + F(1)
    y = x * p / q
    return np.copysign(F(1), x) if abs(x) >= F(3.8325069) else y  # the fraction misses 1 by half a unit


@inlined
def tanh32(x):
    """tanh(x) = 1 − 2/(e²ˣ + 1), and near 0, where that would lose digits, x + x³·P(x²).

    Source: S. Moshier, Cephes, tanhf.c, https://www.netlib.org/cephes/
    """
    z = x * x
    p = F(-5.70498872745e-3)
    p = p * z + F(2.06390887954e-2)
    p = p * z + F(-5.37397155531e-2)
    p = p * z + F(1.33314422036e-1)
    p = p * z + F(-3.33332819422e-1)
    far = F(1) - F(2) / (exp32(x + x) + F(1))
    return x + x * z * p if abs(x) < F(0.625) else far


@inlined
def log_one_plus32(z):
    """ln(1 + z) = 2·artanh(s) with s = z/(2 + z), for 0 ≤ z ≤ 1: then s ≤ ⅓, and seven terms of the series are enough."""
    s = z / (F(2) + z)
    square = s * s
    p = F(1 / 13)
    p = p * square + F(1 / 11)
    p = p * square + F(1 / 9)
    p = p * square + F(1 / 7)
    p = p * square + F(1 / 5)
    p = p * square + F(1 / 3)
    return F(2) * s * (p * square + F(1))
