"""Special functions: ``torch.special``.

Source: https://pytorch.org/docs/stable/special.html
"""

from .ops.rounding import round
from .ops.softmax import log_softmax, softmax
from .ops.special_functions import digamma, erfinv, i0, polygamma, sinc
from .ops.special_functions import digamma as psi
from .ops.special_functions import igamma as gammainc
from .ops.special_functions import igammac as gammaincc
from .ops.special_functions import lgamma as gammaln
from .ops.special_functions import mvlgamma as multigammaln
from .ops.special_functions import special_entr as entr
from .ops.special_functions import special_erfcx as erfcx
from .ops.special_functions import special_i0e as i0e
from .ops.special_functions import special_i1 as i1
from .ops.special_functions import special_i1e as i1e
from .ops.special_functions import special_log_ndtr as log_ndtr
from .ops.special_functions import special_ndtr as ndtr
from .ops.special_functions import special_ndtri as ndtri
from .ops.special_functions import special_xlog1py as xlog1py
from .ops.special_functions import special_zeta as zeta
from .ops.statistics import logsumexp
from .ops.transcend import erf, erfc, exp2, expm1, log1p, logit, xlogy
from .ops.transcend import sigmoid as expit

__all__ = [
    "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "exp2", "expit", "expm1", "gammainc", "gammaincc", "gammaln", "i0", "i0e", "i1", "i1e",
    "log1p", "log_ndtr", "log_softmax", "logit", "logsumexp", "multigammaln", "ndtr", "ndtri", "polygamma", "psi", "round", "sinc", "softmax",
    "xlog1py", "xlogy", "zeta",
]  # fmt: skip
