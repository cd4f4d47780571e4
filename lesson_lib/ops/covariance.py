"""How variables move together: covariance and correlation."""

from ..core.dtypes import FLOATING, INTEGER, bool_, get_default_dtype
from ..core.errors import error
from ..core.op import method
from .conjugate import conj, mT
from .matmul import matmul
from .power import sqrt
from .reduce import mean, sum
from .select import clamp
from .slicing import diagonal
from .view import unsqueeze


def _check_weights(name, weights, observations):
    if weights.ndim > 1:
        raise error("cov_weights", name=name, ndim=weights.ndim)
    wanted = {"fweights": INTEGER, "aweights": FLOATING}[name]
    if weights.dtype.category != wanted:
        raise error("cov_dtype", name=name, wanted="integral" if wanted == INTEGER else "floating point", found=weights.dtype.title)
    if weights.numel() != observations:
        raise error("cov_count", name=name, found=weights.numel(), wanted=observations)
    if weights.numel() and float(weights.detach().min()) < 0:
        raise error("cov_negative", name=name)


@method()
def cov(input, *, correction=1, fweights=None, aweights=None):
    r"""The covariances of variables (rows) over observations (columns), $C_{ij} = \frac{1}{n-c}\sum_k (x_{ik}-\bar x_i)(x_{jk}-\bar x_j)$.

    ``fweights`` says how often each observation was made, ``aweights`` how much it counts.

    >>> import lesson_lib as torch
    >>> torch.cov(torch.tensor([[0., 1., 2.], [2., 1., 0.]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])

    Source: https://pytorch.org/docs/stable/generated/torch.cov.html
    """
    if input.ndim > 2:
        raise error("cov_ndim", ndim=input.ndim)
    if input.dtype is bool_:
        raise error("cov_bool")
    x = input if input.ndim == 2 else input.reshape(1, -1)
    x = x.to(get_default_dtype()) if x.dtype.category == INTEGER else x
    observations = x.shape[1]
    weights = None
    for name, given in (("fweights", fweights), ("aweights", aweights)):
        if given is not None:
            _check_weights(name, given, observations)
            weights = given if weights is None else weights * given
    if weights is None:
        deviation = x - mean(x, 1, keepdim=True)
        weighted, freedom = deviation, observations - correction
        freedom = max(freedom, 0)
    else:
        total = sum(weights)
        if observations and float(total.detach()) == 0:
            raise error("cov_sum")
        deviation = x - unsqueeze(sum(x * weights, 1) / total, 1)
        weighted = deviation * weights
        lost = correction if aweights is None or correction == 0 else correction * sum(weights * aweights) / total
        freedom = clamp(total - lost, min=0)
    # (a deviation of one variable) · (the conjugate of another's), as PyTorch has it
    result = matmul(weighted, mT(conj(deviation))) / freedom
    return result.squeeze()


@method()
def corrcoef(input):
    r"""The correlations of variables (rows) over observations (columns), $R_{ij} = C_{ij}/\sqrt{C_{ii}C_{jj}}$, between −1 and 1.

    Source: https://pytorch.org/docs/stable/generated/torch.corrcoef.html
    """
    if input.ndim > 2:
        raise error("corrcoef_ndim", ndim=input.ndim)
    covariance = cov(input)
    if covariance.ndim == 0:
        return covariance / covariance
    spread = sqrt(diagonal(covariance, 0, 0, 1))
    result = covariance / unsqueeze(spread, 1) / unsqueeze(spread, 0)
    return result if result.is_complex() else clamp(result, -1, 1)
