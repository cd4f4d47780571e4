"""Ready parametrizations: weights with a length of their own, of norm 1, or orthogonal."""

from enum import Enum, auto

from ...core.dtypes import finfo
from ...core.errors import error
from ...core.grad_mode import no_grad
from ...core.parity import missing_from
from ...core.tensor import Tensor
from ...ops.compare import allclose
from ...ops.create import eye, zeros_like
from ...ops.join import cat
from ...ops.linalg_householder import geqrf, linalg_householder_product
from ...ops.linalg_product import matrix_exp, vdot
from ...ops.linalg_solve import linalg_solve
from ...ops.matmul import mv
from ...ops.random import randn
from .. import functional as F
from ..module import Module
from .parametrize import register_parametrization
from .spectral_norm import as_matrix, default_dim
from .weight_norm import norm_except_dim, of_length


class _WeightNorm(Module):
    """w = g·v/‖v‖."""

    def __init__(self, dim=0):
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g, weight_v):
        return of_length(weight_v, weight_g, self.dim)

    def right_inverse(self, weight):
        return norm_except_dim(weight, 2, self.dim), weight


def weight_norm(module, name="weight", dim=0):
    """Let the weight be g·v/‖v‖, with g and v as parameters: its direction and its length are learned apart.

    One length for each slice along ``dim``, or one for all (None).

    >>> import lesson_lib as torch
    >>> torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 2))
    ParametrizedLinear(
      in_features=3, out_features=2, bias=True
      (parametrizations): ModuleDict(
        (weight): ParametrizationList(
          (0): _WeightNorm()
        )
      )
    )

    Source: T. Salimans and D. Kingma, https://arxiv.org/abs/1602.07868;
    https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.weight_norm.html
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def read_older_names(state_dict, prefix, *_):
        """The hook of ``torch.nn.utils.weight_norm`` saved ``weight_g`` and ``weight_v``."""
        old = [f"{prefix}{name}_g", f"{prefix}{name}_v"]
        if all(key in state_dict for key in old):
            for number, key in enumerate(old):
                state_dict[f"{prefix}parametrizations.{name}.original{number}"] = state_dict.pop(key)

    module._register_load_state_dict_pre_hook(read_older_names)
    return module


class _SpectralNorm(Module):
    """W/σ, with σ estimated by the power method, one step for each use in training."""

    def __init__(self, weight, n_power_iterations=1, dim=0, eps=1e-12):
        super().__init__()
        if not -weight.ndim <= dim < weight.ndim:
            raise error("spectral_dim", low=-weight.ndim, high=weight.ndim - 1, dim=dim)
        if n_power_iterations <= 0:
            raise error("power_iterations", found=n_power_iterations)
        self.dim, self.eps = dim % weight.ndim, eps
        if weight.ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = as_matrix(weight, self.dim)
            for name, size in zip(("_u", "_v"), matrix.size(), strict=True):
                self.register_buffer(name, F.normalize(matrix.new_empty(size).normal_(0, 1), dim=0, eps=eps))
            self._power_method(matrix, 15)  # a fair start

    @no_grad()
    def _power_method(self, matrix, steps):
        for _ in range(steps):
            F.normalize(mv(matrix, self._v), dim=0, eps=self.eps, out=self._u)
            F.normalize(mv(matrix.H, self._u), dim=0, eps=self.eps, out=self._v)

    def forward(self, weight):
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        u, v = self._u.clone(), self._v.clone()  # a second use before backward changes the buffers, which this graph must not see
        return weight / vdot(u, mv(matrix, v))

    def right_inverse(self, value):
        return value


def spectral_norm(module, name="weight", n_power_iterations=1, eps=1e-12, dim=None):
    """Let the weight be W/σ(W), where σ is an estimate of the largest singular value: a layer that stretches no input.

    >>> import lesson_lib as torch
    >>> layer = torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(20, 40), n_power_iterations=20)
    >>> round(torch.linalg.matrix_norm(layer.weight, 2).item(), 1)
    1.0

    Errors: ValueError for a name that is not a tensor's, IndexError for a dimension that is not there.
    Source: T. Miyato et al., https://arxiv.org/abs/1802.05957;
    https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.spectral_norm.html
    """
    weight = _tensor_of(module, name)
    return register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, default_dim(module, dim), eps))


class _OrthMaps(Enum):
    """Ways from the numbers below a diagonal to an orthogonal matrix."""

    matrix_exp = auto()
    cayley = auto()
    householder = auto()


class _Orthogonal(Module):
    """A matrix with orthonormal columns (rows, if it has fewer), out of the numbers below the diagonal of another.

    With ``base`` the result is base·Q: the numbers start at 0, where Q is the identity and every map behaves well.
    """

    def __init__(self, weight, orthogonal_map, *, use_trivialization=True):
        super().__init__()
        if weight.is_complex() and orthogonal_map is _OrthMaps.householder:
            raise error("orthogonal_complex")
        self.shape, self.orthogonal_map = weight.shape, orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X):
        transposed = X.size(-2) < X.size(-1)
        X = X.mT if transposed else X
        Q = self._by_reflections(X) if self.orthogonal_map is _OrthMaps.householder else self._by_rotation(X)
        if hasattr(self, "base"):
            Q = self.base @ Q
        return Q.mT if transposed else Q

    def _by_rotation(self, X):
        """e^A, or its approximation (1 − A/2)⁻¹(1 + A/2), of the A = X − Xᴴ made from the triangle of X: both are orthogonal."""
        n, k = X.size(-2), X.size(-1)
        X = X.tril()
        if n != k:
            X = cat([X, X.new_zeros(n, n - k).expand(*X.shape[:-2], -1, -1)], dim=-1)
        A = X - X.mH
        if self.orthogonal_map is _OrthMaps.matrix_exp:
            Q = matrix_exp(A)
        else:
            one = eye(n, dtype=A.dtype, device=A.device)
            Q = linalg_solve(one.add(A, alpha=-0.5), one.add(A, alpha=0.5))
        return Q[..., :k] if n != k else Q

    def _by_reflections(self, X):
        """A product of reflections, whose vectors are the columns of X below the diagonal; the diagonal holds signs."""
        A = X.tril(-1)
        Q = linalg_householder_product(A, 2.0 / (1.0 + (A * A).sum(dim=-2)))
        return Q * X.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)

    @no_grad()
    def right_inverse(self, Q):
        if Q.shape != self.shape:
            raise error("orthogonal_shape", expected=self.shape, found=Q.shape)
        transposed = Q.size(-2) < Q.size(-1)
        tall = Q.mT if transposed else Q
        if not hasattr(self, "base"):
            return self._signed_reflections(tall, transposed)
        self.base = _completed(tall)
        start = zeros_like(Q)
        start.diagonal(dim1=-2, dim2=-1).fill_(-1.0)  # with signs of -1 and no reflections the product is the identity
        return start

    def _signed_reflections(self, Q, transposed):
        if self.orthogonal_map is not _OrthMaps.householder:
            raise error("orthogonal_assign")
        A, tau = geqrf(Q)
        signs = A.diagonal(dim1=-2, dim2=-1)
        signs.sign_()
        signs[tau == 0.0] *= -1
        return A.mT if transposed else A


def _completed(Q):
    """Q with random columns added until it is square, and made orthogonal where it is not."""
    n, k = Q.size(-2), Q.size(-1)
    if n != k:
        Q = cat([Q, randn(*Q.shape[:-2], n, n - k, dtype=Q.dtype, device=Q.device)], dim=-1)
    elif allclose(Q.mH @ Q, eye(n, dtype=Q.dtype, device=Q.device), atol=10.0 * n * finfo(Q.dtype).eps):
        return Q.clone()
    reflections, tau = geqrf(Q)
    return linalg_householder_product(reflections, tau) * reflections.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


def orthogonal(module, name="weight", orthogonal_map=None, *, use_trivialization=True):
    """Let the weight be orthogonal (its columns, or rows if they are fewer, orthonormal): lengths are kept.

    ``orthogonal_map``: "matrix_exp", "cayley" or "householder"; ``use_trivialization=False`` starts without a fixed orthogonal factor.

    >>> import lesson_lib as torch
    >>> layer = torch.nn.utils.parametrizations.orthogonal(torch.nn.Linear(3, 3))
    >>> torch.allclose(layer.weight @ layer.weight.T, torch.eye(3), atol=1e-6)
    True

    Errors: ValueError for a vector, an unknown map, or "householder" with complex numbers.
    Source: M. Lezcano-Casado, https://arxiv.org/abs/1909.09501;
    https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.orthogonal.html
    """
    weight = _tensor_of(module, name)
    if weight.ndim < 2:
        raise error("orthogonal_dims", ndim=weight.ndim)
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if weight.size(-2) == weight.size(-1) or weight.is_complex() else "householder"
    if orthogonal_map not in _OrthMaps.__members__:
        raise error("orthogonal_map", found=orthogonal_map)
    function = _Orthogonal(weight, _OrthMaps[orthogonal_map], use_trivialization=use_trivialization)
    return register_parametrization(module, name, function, unsafe=True)


def _tensor_of(module, name):
    tensor = getattr(module, name, None)
    if not isinstance(tensor, Tensor):
        raise error("parametrization_name", module=module, name=name)
    return tensor


__getattr__ = missing_from("torch.nn.utils.parametrizations")  # a name that is missing here says why
