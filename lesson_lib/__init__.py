"""lesson_lib: PyTorch you can see through. ``import lesson_lib as torch``.

PyTorch's names, results and error messages in readable Python on NumPy (and on CuPy, where there is a GPU).
"""

from math import e as _e
from math import inf as _inf
from math import nan as _nan
from math import pi as _pi

from . import accelerator, autograd, backends, cpu, cuda, func, linalg, random, special, version
from .autograd import enable_grad, inference_mode, no_grad, set_grad_enabled
from .autograd.anomaly import is_anomaly_check_nan_enabled, is_anomaly_enabled
from .core.anomaly import set_anomaly_enabled
from .core.device import device
from .core.dtypes import (
    bfloat16,
    can_cast,
    complex32,
    complex64,
    complex128,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    get_default_dtype,
    iinfo,
    int8,
    int16,
    int32,
    int64,
    promote_types,
    set_default_dtype,
    uint8,
    uint16,
    uint32,
    uint64,
)
from .core.dtypes import (
    bool_ as bool,
)
from .core.grad_mode import is_grad_enabled, is_inference_mode_enabled
from .core.messages_memory import OutOfMemoryError
from .core.parity import MISSING_METHODS, MissingMethod, missing_from
from .core.printing import set_printoptions
from .core.promote import result_type
from .core.size import Size
from .core.tensor import Tensor
from .func import vmap
from .ops.accumulate import aminmax, cdist, cumulative_trapezoid, diff, logcumsumexp, renorm, trapezoid, trapz
from .ops.activation import celu, celu_, hardshrink, prelu, relu, relu_, rrelu, rrelu_, selu, selu_, threshold, threshold_
from .ops.affine_grid import affine_grid_generator
from .ops.arithmetic import abs, absolute, add, mul, multiply, neg, negative, positive, reciprocal, rsub, sign, sub, subtract
from .ops.bilinear import bilinear
from .ops.bits import bitwise_and, bitwise_left_shift, bitwise_not, bitwise_or, bitwise_right_shift, bitwise_xor
from .ops.blend import addcdiv, addcmul, lerp
from .ops.cast import clone, detach_
from .ops.combine import block_diag, cartesian_prod, combinations, narrow_copy, vander
from .ops.compare import (  # fmt: skip
    allclose,
    eq,
    equal,
    ge,
    greater,
    greater_equal,
    gt,
    isclose,
    isfinite,
    isinf,
    isnan,
    le,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    lt,
    ne,
    not_equal,
    signbit,
)
from .ops.complex_numbers import (  # fmt: skip
    angle,
    complex,
    imag,
    is_complex,
    is_conj,
    is_floating_point,
    isreal,
    polar,
    real,
    resolve_conj,
    resolve_neg,
    view_as_complex,
    view_as_real,
)
from .ops.conjugate import conj, conj_physical, sgn
from .ops.conv import conv1d, conv2d, conv3d, conv_tbc, conv_transpose1d, conv_transpose2d, conv_transpose3d
from .ops.copying import rebuild as _rebuild
from .ops.covariance import corrcoef, cov
from .ops.create import arange, empty, empty_like, eye, full, full_like, linspace, logspace, ones, ones_like, range, zeros, zeros_like
from .ops.create_strided import empty_permuted, empty_strided
from .ops.data import (  # fmt: skip
    BFloat16Tensor,
    BoolTensor,
    ByteTensor,
    CharTensor,
    DoubleTensor,
    FloatTensor,
    HalfTensor,
    IntTensor,
    LongTensor,
    ShortTensor,
    as_tensor,
    asarray,
    from_numpy,
    get_default_device,
    scalar_tensor,
    set_default_device,
    tensor,
)
from .ops.distance import cosine_similarity, pairwise_distance, pdist
from .ops.division import div, divide, floor_divide, fmod, remainder, true_divide
from .ops.dropout import alpha_dropout, dropout, feature_alpha_dropout
from .ops.einsum import einsum
from .ops.embedding import embedding, embedding_renorm_
from .ops.embedding_bag import embedding_bag
from .ops.exchange import from_dlpack, from_file, frombuffer, to_dlpack
from .ops.gather import gather, scatter, scatter_add, take_along_dim
from .ops.grid_sample import grid_sampler
from .ops.histograms import histc, histogram, histogramdd
from .ops.index import index_put, index_put_
from .ops.index_vector import index_add, index_copy, index_fill, index_select, take
from .ops.join import (  # fmt: skip
    cat,
    chunk,
    column_stack,
    concat,
    concatenate,
    dsplit,
    dstack,
    hsplit,
    hstack,
    row_stack,
    split,
    split_with_sizes,
    stack,
    tensor_split,
    unbind,
    vsplit,
    vstack,
)
from .ops.layout import is_inference, is_neg
from .ops.linalg_factor import cholesky, qr, svd
from .ops.linalg_householder import geqrf, orgqr, ormqr
from .ops.linalg_least import pinverse
from .ops.linalg_lobpcg import lobpcg
from .ops.linalg_lowrank import pca_lowrank, svd_lowrank
from .ops.linalg_lu import lu, lu_solve, lu_unpack
from .ops.linalg_norm import norm
from .ops.linalg_product import chain_matmul, cross, kron, matrix_exp, matrix_power, trace, vdot
from .ops.linalg_solve import det, inverse, logdet, slogdet
from .ops.linalg_triangular import cholesky_inverse, cholesky_solve, triangular_solve
from .ops.mask import argwhere, masked_scatter, masked_select, nonzero, nonzero_static
from .ops.matmul import addmm, bmm, dot, inner, matmul, mm, mv, outer, tensordot
from .ops.matmul_add import addbmm, addmv, addr, baddbmm
from .ops.missing import deg2rad, frexp, is_nonzero, is_signed, is_tensor, isneginf, isposinf, nan_to_num, nanmean, nansum, numel, rad2deg, typename
from .ops.normalize import batch_norm, group_norm, instance_norm, layer_norm, rms_norm
from .ops.order import argsort, max, min, msort, sort, topk
from .ops.overwrite import fill, fill_, zero_
from .ops.pad import constant_pad_nd
from .ops.pairwise import copysign, float_power, fmax, fmin, gcd, heaviside, hypot, lcm, ldexp, logaddexp2, nextafter
from .ops.pool import avg_pool1d, max_pool1d, max_pool2d, max_pool3d
from .ops.pool_adaptive import adaptive_avg_pool1d, adaptive_max_pool1d
from .ops.power import pow, rsqrt, sqrt, square
from .ops.product import cumprod, prod
from .ops.python_maps import apply_ as _apply_
from .ops.quantiles import nanmedian, nanquantile, quantile
from .ops.random import (  # fmt: skip
    Generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    rand,
    rand_like,
    randint,
    randint_like,
    randn,
    randn_like,
    randperm,
    seed,
    set_rng_state,
)
from .ops.random_fill import uniform_ as _uniform_
from .ops.random_given import bernoulli, binomial, multinomial, normal, poisson
from .ops.rank import cummax, cummin, kthvalue, median, mode
from .ops.rearrange import flip, fliplr, flipud, repeat_interleave, roll, rot90, tile
from .ops.recurrent import gru, lstm, rnn_relu, rnn_tanh
from .ops.recurrent_cells import gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell
from .ops.reduce import amax, amin, argmax, argmin, mean, sum
from .ops.rounding import ceil, fix, floor, frac, round, trunc
from .ops.scan import cumsum
from .ops.scatter_fold import index_reduce, scatter_reduce
from .ops.scatter_part import as_strided_scatter, diagonal_scatter, select_scatter, slice_scatter
from .ops.search import bincount, bucketize, isin, searchsorted, unique, unique_consecutive, unravel_index
from .ops.segments import hash_tensor, segment_reduce
from .ops.select import clamp, clamp_max, clamp_min, clip, masked_fill, maximum, minimum, where
from .ops.shapes import adjoint, atleast_1d, atleast_2d, atleast_3d, broadcast_tensors, flatten, meshgrid, movedim, ravel, unflatten
from .ops.shuffle import channel_shuffle, pixel_shuffle, pixel_unshuffle
from .ops.shuffle import channel_shuffle as native_channel_shuffle
from .ops.slicing import as_strided, diagonal, narrow, select
from .ops.slopes import gradient
from .ops.softmax import log_softmax, softmax
from .ops.special_functions import digamma, erfinv, i0, igamma, igammac, lgamma, mvlgamma, polygamma
from .ops.spectral import istft, stft
from .ops.split_unsafe import unsafe_chunk, unsafe_split, unsafe_split_with_sizes
from .ops.statistics import dist, logsumexp, std, std_mean, var, var_mean
from .ops.storage import (  # fmt: skip
    BFloat16Storage,
    BoolStorage,
    ByteStorage,
    CharStorage,
    ComplexDoubleStorage,
    ComplexFloatStorage,
    DoubleStorage,
    FloatStorage,
    HalfStorage,
    IntStorage,
    LongStorage,
    ShortStorage,
    TypedStorage,
    UntypedStorage,
    is_storage,
)
from .ops.transcend import erf, erfc, exp, exp2, expm1, log, log1p, log2, log10, logaddexp, logit, sigmoid, xlogy
from .ops.triangle import diag, diag_embed, diagflat, tril, tril_indices, triu, triu_indices
from .ops.trig import (  # fmt: skip
    acos,
    acosh,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cos,
    cosh,
    sin,
    sinc,
    sinh,
    tan,
    tanh,
)
from .ops.truth import all, any, count_nonzero
from .ops.view import broadcast_shapes, broadcast_to, permute, reshape, squeeze, t, transpose, unsqueeze
from .ops.view import transpose as swapaxes
from .ops.view import transpose as swapdims
from .ops.view_copies import COPIES as _COPIES
from .ops.view_inplace import as_strided_, resize_as_
from .ops.windows import bartlett_window, blackman_window, hamming_window, hann_window, kaiser_window
from .settings import (  # fmt: skip
    are_deterministic_algorithms_enabled,
    compiled_with_cxx11_abi,
    get_deterministic_debug_mode,
    get_device_module,
    get_float32_matmul_precision,
    get_num_interop_threads,
    get_num_threads,
    init_num_threads,
    is_deterministic_algorithms_warn_only_enabled,
    is_warn_always_enabled,
    set_default_tensor_type,
    set_deterministic_debug_mode,
    set_float32_matmul_precision,
    set_flush_denormal,
    set_num_interop_threads,
    set_num_threads,
    set_warn_always,
    use_deterministic_algorithms,
)
from .symbolic import sym_float, sym_int, sym_ite, sym_max, sym_min, sym_not, sym_sum

# Functions that are the method, called with the tensor first.
for _name in (
    "abs_", "acos_", "acosh_", "arccos_", "arccosh_", "arcsin_", "arcsinh_", "arctan_", "arctanh_", "asin_", "asinh_", "atan_", "atanh_",
    "ceil_", "clamp_", "clamp_max_", "clamp_min_", "clip_", "cos_", "cosh_", "detach", "erf_", "erfc_", "exp2_", "exp_", "expm1_", "fill_",
    "fix_", "floor_", "frac_", "ger", "get_device", "is_signed", "log10_", "log1p_", "log2_", "log_", "logit_", "moveaxis", "neg_", "negative_",
    "numel", "reciprocal_", "round_", "rsqrt_", "sigmoid_", "sin_", "sinh_", "sqrt_", "square_", "tan_", "tanh_", "trunc_", "xlogy_",
):  # fmt: skip
    globals()[_name] = getattr(Tensor, _name)

globals().update(_COPIES)  # alias_copy, view_copy and the like

for _name in MISSING_METHODS:
    setattr(Tensor, _name, MissingMethod(_name))

half, float, double = float16, float32, float64
short, int, long = int16, int32, int64
chalf, cfloat, cdouble = complex32, complex64, complex128
strided = "torch.strided"
contiguous_format, preserve_format, channels_last = "torch.contiguous_format", "torch.preserve_format", "torch.channels_last"

inf, nan, pi, e = _inf, _nan, _pi, _e
newaxis = None

__version__ = version.__version__

# Imported when they are first named: a program that works on tensors alone starts in half the time.
_LATER = dict.fromkeys(("fft", "masked", "nn", "optim", "profiler", "serialization", "signal", "testing", "utils"))
_LATER |= dict.fromkeys(("load", "save"), "serialization")

__getattr__ = missing_from("torch", later=_LATER)  # a name that is missing here says why


def __dir__():
    return sorted({*globals(), *_LATER})
