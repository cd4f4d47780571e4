"""Bessel's functions and Airy's function: ``torch.special``. PyTorch defines no gradients for them."""

from ..core import special_bessel as bessel
from ..core.op import FloatElementwise, op
from .case import case


class Cylinder(FloatElementwise):
    """A solution of Bessel's equation or of one like it; of real numbers, without a gradient."""

    method, inplace, kinds, half = False, False, "biuf", "refused"

    def samples(t):
        yield case(t(2, 3, low=0.1, high=3))
        yield case(t(5, low=2, high=40))
        yield case(t())

    def errors(t):
        yield case(t(2, dtype="complex64")), NotImplementedError, '"'


@op
class special_airy_ai(Cylinder):
    """Airy's function, y = Ai(x): the solution of y″ = x·y that dies out for large x. nan at ±∞, as in PyTorch.

    >>> import lesson_lib as torch
    >>> torch.special.airy_ai(torch.tensor([0., 1., -2.]))
    tensor([0.3550, 0.1353, 0.2274])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.airy_ai
    """

    kernel = "airy_ai_cpu"

    def forward(xp, x):
        return bessel.airy_ai(xp, x)


@op
class special_bessel_j0(Cylinder):
    """Bessel's function of the first kind of order 0, y = J₀(x): how a drum swings.

    >>> import lesson_lib as torch
    >>> torch.special.bessel_j0(torch.tensor([0., 1., 10.]))
    tensor([ 1.0000,  0.7652, -0.2459])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.bessel_j0
    """

    kernel = "bessel_j0_cpu"

    def forward(xp, x):
        return bessel.bessel_j(xp, x, 0)


@op
class special_bessel_j1(Cylinder):
    """Bessel's function of the first kind of order 1, y = J₁(x).

    >>> import lesson_lib as torch
    >>> torch.special.bessel_j1(torch.tensor([0., 1., 10.]))
    tensor([0.0000, 0.4401, 0.0435])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.bessel_j1
    """

    kernel = "bessel_j1_cpu"

    def forward(xp, x):
        return bessel.bessel_j(xp, x, 1)


@op
class special_bessel_y0(Cylinder):
    """Bessel's function of the second kind of order 0, y = Y₀(x); −∞ at 0, nan below.

    >>> import lesson_lib as torch
    >>> torch.special.bessel_y0(torch.tensor([1., 10.]))
    tensor([0.0883, 0.0557])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.bessel_y0
    """

    kernel = "bessel_y0_cpu"

    def forward(xp, x):
        return bessel.bessel_y(xp, x, 0)


@op
class special_bessel_y1(Cylinder):
    """Bessel's function of the second kind of order 1, y = Y₁(x); −∞ at 0, nan below.

    >>> import lesson_lib as torch
    >>> torch.special.bessel_y1(torch.tensor([1., 10.]))
    tensor([-0.7812,  0.2490])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.bessel_y1
    """

    kernel = "bessel_y1_cpu"

    def forward(xp, x):
        return bessel.bessel_y(xp, x, 1)


@op
class special_modified_bessel_i0(Cylinder):
    """The modified Bessel function of the first kind of order 0, y = I₀(x): ``special.i0`` without a gradient.

    >>> import lesson_lib as torch
    >>> torch.special.modified_bessel_i0(torch.tensor([0., 1.]))
    tensor([1.0000, 1.2661])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.modified_bessel_i0
    """

    kernel = "modified_bessel_i0_cpu"

    def forward(xp, x):
        return xp.bessel_i0(x)


@op
class special_modified_bessel_i1(Cylinder):
    """The modified Bessel function of the first kind of order 1, y = I₁(x): ``special.i1`` without a gradient.

    >>> import lesson_lib as torch
    >>> torch.special.modified_bessel_i1(torch.tensor([0., 1.]))
    tensor([0.0000, 0.5652])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.modified_bessel_i1
    """

    kernel = "modified_bessel_i1_cpu"

    def forward(xp, x):
        return xp.bessel_i1(x)


@op
class special_modified_bessel_k0(Cylinder):
    """The modified Bessel function of the second kind of order 0, y = K₀(x); ∞ at 0, nan below.

    >>> import lesson_lib as torch
    >>> torch.special.modified_bessel_k0(torch.tensor([1., 10.]))
    tensor([4.2102e-01, 1.7780e-05])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.modified_bessel_k0
    """

    kernel = "modified_bessel_k0_cpu"

    def forward(xp, x):
        return bessel.modified_bessel_k(xp, x, 0, scaled=False)


@op
class special_modified_bessel_k1(Cylinder):
    """The modified Bessel function of the second kind of order 1, y = K₁(x); ∞ at 0, nan below.

    >>> import lesson_lib as torch
    >>> torch.special.modified_bessel_k1(torch.tensor([1., 10.]))
    tensor([6.0191e-01, 1.8649e-05])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.modified_bessel_k1
    """

    kernel = "modified_bessel_k1_cpu"

    def forward(xp, x):
        return bessel.modified_bessel_k(xp, x, 1, scaled=False)


@op
class special_scaled_modified_bessel_k0(Cylinder):
    """The modified Bessel function of the second kind without its decay, y = eˣ·K₀(x).

    >>> import lesson_lib as torch
    >>> torch.special.scaled_modified_bessel_k0(torch.tensor([1., 1000.]))
    tensor([1.1445, 0.0396])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.scaled_modified_bessel_k0
    """

    kernel = "scaled_modified_bessel_k0_cpu"

    def forward(xp, x):
        return bessel.modified_bessel_k(xp, x, 0, scaled=True)


@op
class special_scaled_modified_bessel_k1(Cylinder):
    """The modified Bessel function of the second kind without its decay, y = eˣ·K₁(x).

    >>> import lesson_lib as torch
    >>> torch.special.scaled_modified_bessel_k1(torch.tensor([1., 1000.]))
    tensor([1.6362, 0.0396])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.scaled_modified_bessel_k1
    """

    kernel = "scaled_modified_bessel_k1_cpu"

    def forward(xp, x):
        return bessel.modified_bessel_k(xp, x, 1, scaled=True)


@op
class special_spherical_bessel_j0(Cylinder):
    """The spherical Bessel function of order 0, y = sin(x)/x.

    >>> import lesson_lib as torch
    >>> torch.special.spherical_bessel_j0(torch.tensor([0., 1.]))
    tensor([1.0000, 0.8415])

    Source: https://pytorch.org/docs/stable/special.html#torch.special.spherical_bessel_j0
    """

    kernel = "spherical_bessel_j0_cpu"

    def forward(xp, x):
        return bessel.spherical_bessel_j0(xp, x)
