"""Signals, slopes, histograms, segments and masked reductions: calls and mistakes against PyTorch, and the same calls on a strict device."""

import math

import numpy as np
import pytest

import lesson_lib
from lesson_lib.core.device import to_host

from . import standin

standin.install()
NAN, INF = math.nan, math.inf
SIGNAL = [0.5, -1.5, 2.0, 0.25, 1.25, 0.75, -0.25, 3.0, -2.0, 1.0, 0.125, -0.5]
POINTS = [[0.0, 1.0], [1.0, 0.0], [2.0, 0.0], [2.0, 2.0]]
MASK = [[True, False, True], [False, False, True], [False, False, False]]
GRID = [[1.0, 4.0, 2.0], [0.5, 3.0, -1.0], [2.0, 2.5, 7.0]]

WHOLE = ("sum", "prod", "amax", "mean", "norm", "var", "std", "argmin")
ALONG = ("median", "logsumexp", "softmax", "log_softmax", "softmin", "cumsum", "cumprod", "amin")

#: (library, signal, points, grid, mask) -> result or results; `make` puts further values on the device
CALLS = {
    "stft": lambda torch, x, p, g, m, make: torch.view_as_real(torch.stft(x, 4, 2, return_complex=True)),
    "stft with a narrow window": lambda torch, x, p, g, m, make: torch.stft(x, 6, 2, 3, make([0.5, 1.0, 0.5]), False, return_complex=False),
    "stft of windows aligned": lambda torch, x, p, g, m, make: torch.stft(x, 6, 2, 3, center=False, return_complex=False, align_to_window=True),
    "stft of a batch": lambda torch, x, p, g, m, make: torch.stft(x.reshape(2, 6), 4, pad_mode="constant", normalized=True, return_complex=False),
    "stft, whole spectra": lambda torch, x, p, g, m, make: x.stft(4, onesided=False, return_complex=True).abs(),
    "istft": lambda torch, x, p, g, m, make: torch.istft(torch.stft(x, 4, 1, return_complex=True), 4, 1),
    "istft of a length": lambda torch, x, p, g, m, make: torch.stft(x, 4, 2, return_complex=True).istft(4, 2, length=20),
    "istft to complex": lambda torch, x, p, g, m, make: torch.istft(torch.stft(x, 4, 1, onesided=False, return_complex=True), 4, 1, onesided=False, return_complex=True).real,
    "gradient": lambda torch, x, p, g, m, make: torch.gradient(g),
    "gradient of coordinates": lambda torch, x, p, g, m, make: torch.gradient(x, spacing=(make(np.cumsum(np.arange(1.0, 13.0)).tolist()),), edge_order=2),
    "gradient along one": lambda torch, x, p, g, m, make: torch.gradient(g, spacing=0.5, dim=-1, edge_order=2),
    "histc of all": lambda torch, x, p, g, m, make: torch.histc(x.detach(), 5),
    "histogram by weight": lambda torch, x, p, g, m, make: torch.histogram(x.detach(), 4, weight=x.detach(), density=True),
    "histogram of nothing": lambda torch, x, p, g, m, make: torch.histogram(x.detach()[:0], 3),
    "histogramdd": lambda torch, x, p, g, m, make: (torch.histogramdd(p, [2, 3]).hist, *torch.histogramdd(p, [2, 3]).bin_edges),
    "histogramdd of edges": lambda torch, x, p, g, m, make: torch.histogramdd(p, [make([0.0, 1.0, 3.0]), make([0.0, 3.0])], weight=make([1.0, 2.0, 4.0, 8.0])).hist,
    "histogramdd of a range": lambda torch, x, p, g, m, make: torch.histogramdd(p, 2, range=[0.0, 1.0, 0.0, 2.0], density=True).hist,
    **{f"segments by {how}": lambda torch, x, p, g, m, make, how=how: torch.segment_reduce(x, how, lengths=make([3, 0, 9])) for how in ("sum", "mean", "max", "min", "prod")},
    "segments of rows": lambda torch, x, p, g, m, make: torch.segment_reduce(g, "max", lengths=make([[1, 2], [3, 0], [2, 1]]), axis=1, initial=0.25),
    "segments from offsets": lambda torch, x, p, g, m, make: torch.segment_reduce(g, "mean", offsets=make([0, 1, 3])),
    "hash of a tensor": lambda torch, x, p, g, m, make: torch.hash_tensor(g.detach(), 1).long(),
    "bessel": lambda torch, x, p, g, m, make: [f(x.detach()) for f in (torch.special.modified_bessel_k0, torch.special.scaled_modified_bessel_k1, torch.special.airy_ai)],
    "polynomials": lambda torch, x, p, g, m, make: [f(g.detach(), 9) for f in (torch.special.chebyshev_polynomial_u, torch.special.laguerre_polynomial_l)],
    **{f"masked {name}": lambda torch, x, p, g, m, make, name=name: getattr(torch.masked, name)(g, mask=m) for name in WHOLE},
    **{f"masked {name} along": lambda torch, x, p, g, m, make, name=name: getattr(torch.masked, name)(g, 1, mask=m) for name in ALONG},
    "masked prod over two": lambda torch, x, p, g, m, make: torch.masked.prod(g, (0, 1), keepdim=True, mask=m[0]),
    "masked normalize": lambda torch, x, p, g, m, make: torch.masked.normalize(g, 2.0, 1, mask=m),
    "masked integers": lambda torch, x, p, g, m, make: [torch.masked.amax(g.detach().int(), 1, mask=m), torch.masked.var(g.detach().int(), mask=m)],
    "masked logaddexp": lambda torch, x, p, g, m, make: torch.masked.logaddexp(g, g + 1, input_mask=m).exp(),
}  # fmt: skip


def answers(library, call, device=None):
    """Values of the results and gradients of a sum of them, as NumPy arrays."""

    def make(values, **options):
        options = options or ({"dtype": library.float64} if isinstance(np.ravel(values)[0], np.floating) else {})
        tensor = library.tensor(values, **options)
        return tensor.to(device) if device else tensor

    signal, grid = (make(values).requires_grad_() for values in (SIGNAL, GRID))
    result = call(library, signal, make(POINTS), grid, make(MASK, dtype=library.bool), make)
    results = [result] if isinstance(result, library.Tensor) else list(result)
    whole = sum((r * make(np.cos(np.arange(r.numel())).reshape(tuple(r.shape)).tolist())).sum() for r in results if r.requires_grad)
    gradients = library.autograd.grad(whole, [signal, grid], allow_unused=True) if isinstance(whole, library.Tensor) else []
    read = (lambda t: to_host(t._a)) if device else (lambda t: t.numpy())
    return [str(r.dtype) for r in results] + [read(t.detach()) for t in (*results, *gradients) if t is not None]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CALLS)
def test_calls_equal_pytorch(torch, name):
    _same(answers(lesson_lib, CALLS[name]), answers(torch, CALLS[name]))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CALLS)
def test_calls_stay_on_their_device(name):
    _same(answers(lesson_lib, CALLS[name], standin.TYPE), answers(lesson_lib, CALLS[name]))


def _same(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        if isinstance(b, str):
            assert a == b
        else:
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-9)


ERRORS = {
    "window of -1": lambda torch: torch.hann_window(-1),
    "window of integers": lambda torch: torch.kaiser_window(5, dtype=torch.int64),
    "window of a center": lambda torch: torch.signal.windows.exponential(5, center=2),
    "stft without return_complex": lambda torch: torch.stft(torch.ones(9), 4),
    "stft of a wide frame": lambda torch: torch.stft(torch.ones(9), 10, center=False, return_complex=True),
    "stft of a wrong window": lambda torch: torch.stft(torch.ones(9), 4, window=torch.ones(3), return_complex=True),
    "stft of three dimensions": lambda torch: torch.stft(torch.ones(1, 2, 9), 4, center=False, return_complex=True),
    "stft, half of a complex spectrum": lambda torch: torch.stft(torch.ones(9, dtype=torch.complex64), 4, onesided=True),
    "istft of reals": lambda torch: torch.istft(torch.ones(3, 4), 4),
    "istft of other sizes": lambda torch: torch.istft(torch.ones(3, 4, dtype=torch.complex64), 6),
    "istft of too far hops": lambda torch: torch.istft(torch.ones(3, 4, dtype=torch.complex64), 4, 5),
    "istft under no window": lambda torch: torch.istft(torch.ones(3, 4, dtype=torch.complex64), 4, window=torch.zeros(4)),
    "gradient of few": lambda torch: torch.gradient(torch.ones(1)),
    "gradient of bytes": lambda torch: torch.gradient(torch.ones(3, dtype=torch.uint8)),
    "gradient by wrong spacing": lambda torch: torch.gradient(torch.ones(3, 3), spacing=[1.0]),
    "gradient by a grid": lambda torch: torch.gradient(torch.ones(3), spacing=[torch.ones(1, 3)]),
    "diff of order -1": lambda torch: torch.diff(torch.ones(3), -1),
    "diff after a matrix": lambda torch: torch.diff(torch.ones(3), prepend=torch.ones(1, 1)),
    "diff before another size": lambda torch: torch.diff(torch.ones(3, 2), append=torch.ones(2, 2)),
    "trapezoid of bools": lambda torch: torch.trapezoid(torch.ones(3, dtype=torch.bool)),
    "trapezoid of too many x": lambda torch: torch.trapezoid(torch.ones(3), torch.ones(4)),
    "histc upside down": lambda torch: torch.histc(torch.ones(3), 4, 2, 1),
    "histc without end": lambda torch: torch.histc(torch.ones(3), 4, 0, INF),
    "histc of no bins": lambda torch: torch.histc(torch.ones(3), 0),
    "histogram of doubles and floats": lambda torch: torch.histogram(torch.ones(3), torch.ones(3, dtype=torch.float64)),
    "histogram of integers": lambda torch: torch.histogram(torch.ones(3, dtype=torch.int64), 2),
    "histogram upside down": lambda torch: torch.histogram(torch.ones(3), 2, range=(2.0, 1.0)),
    "histogramdd of a vector": lambda torch: torch.histogramdd(torch.ones(3), [2]),
    "histogramdd of few bins": lambda torch: torch.histogramdd(torch.ones(3, 2), [2]),
    "histogramdd of other weights": lambda torch: torch.histogramdd(torch.ones(3, 2), [2, 2], weight=torch.ones(2)),
    "bincount of few weights": lambda torch: torch.bincount(torch.tensor([1, 2]), torch.ones(3)),
    "bincount of minlength -1": lambda torch: torch.bincount(torch.tensor([1, 2]), minlength=-1),
    "segments of nothing": lambda torch: torch.segment_reduce(torch.ones(3), "sum"),
    "segments of another total": lambda torch: torch.segment_reduce(torch.ones(3), "sum", lengths=torch.tensor([1, 1])),
    "segments of another axis": lambda torch: torch.segment_reduce(torch.ones(3, 3), "sum", lengths=torch.tensor([1, 2]), axis=1),
    "masked by more dimensions": lambda torch: torch.masked.sum(torch.ones(2), mask=torch.ones(1, 2, dtype=torch.bool)),
    "masked extreme of bools": lambda torch: torch.masked.amax(torch.ones(2, dtype=torch.bool), mask=torch.ones(2, dtype=torch.bool)),
    "masked mean of integers": lambda torch: torch.masked.mean(torch.ones(2, dtype=torch.int64)),
    "masked median of nothing": lambda torch: torch.masked.median(torch.ones(2, dtype=torch.int64), mask=torch.zeros(2, dtype=torch.bool)),
    "polynomials of complex numbers": lambda torch: torch.special.legendre_polynomial_p(torch.ones(2), 1j),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ERRORS)
def test_errors_equal_pytorch(torch, name):
    with pytest.raises(Exception) as theirs:  # its type and first line are compared below
        ERRORS[name](torch)
    with pytest.raises(type(theirs.value)) as ours:
        ERRORS[name](lesson_lib)
    assert str(ours.value).splitlines()[0] == str(theirs.value).splitlines()[0]


# PyTorch's own J and Y are off by up to 1e-6, so these are held against what must be true of them.


def test_bessel_functions_keep_wronskis_determinant():
    x = lesson_lib.logspace(-6, 5, 300, dtype=lesson_lib.float64)
    special = lesson_lib.special
    found = special.bessel_j1(x) * special.bessel_y0(x) - special.bessel_j0(x) * special.bessel_y1(x)
    np.testing.assert_allclose((found * x).numpy(), 2 / math.pi, rtol=3e-15)


def test_bessel_functions_of_known_places():
    zeros = lesson_lib.tensor([2.404825557695773, 5.520078110286311, 30.634606468431975], dtype=lesson_lib.float64)
    np.testing.assert_allclose(lesson_lib.special.bessel_j0(zeros).numpy(), 0, atol=1e-15)
    at_5 = lesson_lib.tensor([5.0, 0.0, -1.0], dtype=lesson_lib.float64)
    np.testing.assert_allclose(lesson_lib.special.bessel_y1(at_5).numpy(), [0.14786314339122684, -INF, NAN], rtol=1e-14)
    np.testing.assert_allclose(lesson_lib.special.bessel_j1(-at_5).numpy(), [0.32757913759146523, 0, 0.44005058574493355], rtol=1e-14)
