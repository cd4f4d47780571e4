"""The classical orthogonal polynomials, of degree n at x: ``torch.special``. PyTorch defines no gradients for them.

x and n broadcast, and either may be a number; n counts without its fraction, and a negative degree gives 0.
"""

from ..core import special_polynomials as polynomials
from ..core.op import FloatElementwise, op
from .case import case, constant


class Orthogonal(FloatElementwise):
    """A family of polynomials, each orthogonal to the others under some weight."""

    method, inplace, kinds, half = False, False, "biuf", "refused"

    def samples(t):
        yield case(t(2, 3, low=0.2, high=1.2), constant(t(2, 3, low=0, high=5)))
        yield case(t(2, 1, low=0.2, high=1.2), constant(t(3, low=-2, high=4)))
        yield case(t(3, low=0.2, high=1.2), 4)
        yield case(0.3, constant(t(3, low=0, high=7)))

    def errors(t):
        yield case(t(2), t(3)), RuntimeError, "The size of tensor a (2) must match the size of tensor b (3)"
        yield case(t(2), 1j), NotImplementedError, '"'


def of_degree_n(polynomial, shifted=False):
    """The ``forward`` of a family; ``shifted`` from [−1, 1] to [0, 1]."""

    def forward(xp, x, n):
        return polynomials.evaluated(xp, polynomial, x, n, shifted)

    return forward


@op
class special_chebyshev_polynomial_t(Orthogonal):
    """Chebyshev's polynomial of the first kind, y = Tₙ(x): cos(nθ) with x = cos θ.

    >>> import lesson_lib as torch
    >>> torch.special.chebyshev_polynomial_t(torch.tensor([1.5, 0.5]), 2)
    tensor([ 3.5000, -0.5000])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.chebyshev_polynomial_t
    """

    kernel, forward = "chebyshev_polynomial_t_cpu", of_degree_n(polynomials.chebyshev_t)


@op
class special_chebyshev_polynomial_u(Orthogonal):
    """Chebyshev's polynomial of the second kind, y = Uₙ(x): sin((n + 1)θ)/sin θ with x = cos θ.

    >>> import lesson_lib as torch
    >>> torch.special.chebyshev_polynomial_u(torch.tensor([1.5, 0.5]), 2)
    tensor([8., 0.])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.chebyshev_polynomial_u
    """

    kernel, forward = "chebyshev_polynomial_u_cpu", of_degree_n(polynomials.chebyshev_u)


@op
class special_chebyshev_polynomial_v(Orthogonal):
    """Chebyshev's polynomial of the third kind, y = Vₙ(x): cos((n + ½)θ)/cos(θ/2) with x = cos θ.

    >>> import lesson_lib as torch
    >>> torch.special.chebyshev_polynomial_v(torch.tensor([1.5, 0.5]), 2)
    tensor([ 5., -1.])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.chebyshev_polynomial_v
    """

    kernel, forward = "chebyshev_polynomial_v_cpu", of_degree_n(polynomials.chebyshev_v)


@op
class special_chebyshev_polynomial_w(Orthogonal):
    """Chebyshev's polynomial of the fourth kind, y = Wₙ(x): sin((n + ½)θ)/sin(θ/2) with x = cos θ.

    >>> import lesson_lib as torch
    >>> torch.special.chebyshev_polynomial_w(torch.tensor([1.5, 0.5]), 2)
    tensor([11.,  1.])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.chebyshev_polynomial_w
    """

    kernel, forward = "chebyshev_polynomial_w_cpu", of_degree_n(polynomials.chebyshev_w)


@op
class special_shifted_chebyshev_polynomial_t(Orthogonal):
    """Chebyshev's polynomial of the first kind moved to the interval [0, 1], y = Tₙ(2x − 1).

    >>> import lesson_lib as torch
    >>> torch.special.shifted_chebyshev_polynomial_t(torch.tensor([0.25, 1.]), 2)
    tensor([-0.5000,  1.0000])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.shifted_chebyshev_polynomial_t
    """

    kernel, forward = "shifted_chebyshev_polynomial_t_cpu", of_degree_n(polynomials.chebyshev_t, shifted=True)


@op
class special_shifted_chebyshev_polynomial_u(Orthogonal):
    """Chebyshev's polynomial of the second kind moved to the interval [0, 1], y = Uₙ(2x − 1).

    >>> import lesson_lib as torch
    >>> torch.special.shifted_chebyshev_polynomial_u(torch.tensor([0.25, 1.]), 2)
    tensor([0., 3.])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.shifted_chebyshev_polynomial_u
    """

    kernel, forward = "shifted_chebyshev_polynomial_u_cpu", of_degree_n(polynomials.chebyshev_u, shifted=True)


@op
class special_shifted_chebyshev_polynomial_v(Orthogonal):
    """Chebyshev's polynomial of the third kind moved to the interval [0, 1], y = Vₙ(2x − 1).

    >>> import lesson_lib as torch
    >>> torch.special.shifted_chebyshev_polynomial_v(torch.tensor([0.25, 1.]), 2)
    tensor([1., 1.])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.shifted_chebyshev_polynomial_v
    """

    kernel, forward = "shifted_chebyshev_polynomial_v_cpu", of_degree_n(polynomials.chebyshev_v, shifted=True)


@op
class special_shifted_chebyshev_polynomial_w(Orthogonal):
    """Chebyshev's polynomial of the fourth kind moved to the interval [0, 1], y = Wₙ(2x − 1).

    >>> import lesson_lib as torch
    >>> torch.special.shifted_chebyshev_polynomial_w(torch.tensor([0.25, 1.]), 2)
    tensor([-1.,  5.])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.shifted_chebyshev_polynomial_w
    """

    kernel, forward = "shifted_chebyshev_polynomial_w_cpu", of_degree_n(polynomials.chebyshev_w, shifted=True)


@op
class special_hermite_polynomial_h(Orthogonal):
    """The physicist's Hermite polynomial, y = Hₙ(x): orthogonal under the weight e^(−x²).

    >>> import lesson_lib as torch
    >>> torch.special.hermite_polynomial_h(torch.tensor([1.5, 0.5]), 2)
    tensor([ 7., -1.])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.hermite_polynomial_h
    """

    kernel, forward = "hermite_polynomial_h_cpu", of_degree_n(polynomials.hermite_h)


@op
class special_hermite_polynomial_he(Orthogonal):
    """The probabilist's Hermite polynomial, y = Heₙ(x): orthogonal under the weight e^(−x²/2).

    >>> import lesson_lib as torch
    >>> torch.special.hermite_polynomial_he(torch.tensor([1.5, 0.5]), 2)
    tensor([ 1.2500, -0.7500])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.hermite_polynomial_he
    """

    kernel, forward = "hermite_polynomial_he_cpu", of_degree_n(polynomials.hermite_he)


@op
class special_laguerre_polynomial_l(Orthogonal):
    """Laguerre's polynomial, y = Lₙ(x): orthogonal on [0, ∞) under the weight e⁻ˣ.

    >>> import lesson_lib as torch
    >>> torch.special.laguerre_polynomial_l(torch.tensor([1.5, 0.5]), 2)
    tensor([-0.8750,  0.1250])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.laguerre_polynomial_l
    """

    kernel, forward = "laguerre_polynomial_l_cpu", of_degree_n(polynomials.laguerre_l)


@op
class special_legendre_polynomial_p(Orthogonal):
    """Legendre's polynomial, y = Pₙ(x): orthogonal on [−1, 1].

    >>> import lesson_lib as torch
    >>> torch.special.legendre_polynomial_p(torch.tensor([1.5, 0.5]), 2)
    tensor([ 2.8750, -0.1250])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.legendre_polynomial_p
    """

    kernel, forward = "legendre_polynomial_p_cpu", of_degree_n(polynomials.legendre_p)
