"""The wider surface of tensors: functions that are made of others, or that give no gradient, against PyTorch."""

import math

import numpy as np
import pytest

import lesson_lib

NAN, INF = math.nan, math.inf
X = [[0.5, -1.5, 2.0, 0.25], [1.25, 0.75, -0.25, 3.0], [-2.0, 1.0, 0.125, -0.5]]
Y = [[1.5, 0.5, -0.5, 1.0], [-2.0, 1.0, 3.0, 0.75], [0.3, -0.7, 1.1, 2.2]]
INDEX = [[3, 1, 3, 0], [1, 1, 2, 0], [3, 1, 3, 0]]

#: (library, x, y, i) -> result or results
CALLS = {
    "float_power_": lambda torch, x, y, i: (x * 1).float_power_(3),
    "float_power of complex": lambda torch, x, y, i: torch.float_power(torch.complex(x.float(), y.float()), 2).real,
    "diff": lambda torch, x, y, i: torch.diff(x),
    "diff twice": lambda torch, x, y, i: x.diff(2, 0),
    "diff with ends": lambda torch, x, y, i: torch.diff(x, prepend=y[:, :1], append=y),
    "diff of bools": lambda torch, x, y, i: torch.diff(i > 1),
    "trapezoid": lambda torch, x, y, i: torch.trapezoid(x, dx=0.5),
    "trapezoid over x": lambda torch, x, y, i: torch.trapz(x, y),
    "trapezoid over a vector": lambda torch, x, y, i: torch.trapezoid(x, y[:, 0], dim=0),
    "cumulative trapezoid": lambda torch, x, y, i: torch.cumulative_trapezoid(x),
    "cumulative trapezoid over x": lambda torch, x, y, i: torch.cumulative_trapezoid(x, y, dim=1),
    "logcumsumexp of far apart": lambda torch, x, y, i: torch.logcumsumexp(300 * x, 1),
    "renorm": lambda torch, x, y, i: torch.renorm(x, 2, 0, 1.5),
    "cdist": lambda torch, x, y, i: torch.cdist(x, y),
    "cdist p=1": lambda torch, x, y, i: torch.cdist(x, y[:2], 1.0),
    "cdist of a batch": lambda torch, x, y, i: torch.cdist(torch.stack([x, y]), y, 3.0),
    "cdist at 0": lambda torch, x, y, i: torch.cdist(x, x),
    "addr": lambda torch, x, y, i: torch.addr(x, y[:, 0], y[0], beta=0.5, alpha=2),
    "addbmm": lambda torch, x, y, i: torch.addbmm(x[:, :3], y[None, :, :3], torch.stack([x[:, :3]]), beta=2, alpha=3),
    "vander": lambda torch, x, y, i: torch.vander(x[0].detach()),
    "vander, increasing": lambda torch, x, y, i: torch.vander(x[0].detach(), 3, True),
    "cartesian_prod": lambda torch, x, y, i: torch.cartesian_prod(x[0], y[:, 0]),
    "combinations": lambda torch, x, y, i: torch.combinations(x[0], 3),
    "combinations with replacement": lambda torch, x, y, i: torch.combinations(x[0], with_replacement=True),
    "block_diag": lambda torch, x, y, i: torch.block_diag(x, y[0], x[0, 0]),
    "float_power": lambda torch, x, y, i: torch.float_power(x.float(), 2),
    "nanmean": lambda torch, x, y, i: torch.nanmean(x / (i > 0), 1),
    "nanmedian": lambda torch, x, y, i: torch.nanmedian(torch.where(i > 0, x, NAN)),
    "nanmedian along": lambda torch, x, y, i: torch.nanmedian(torch.where(i > 0, x, NAN), 1).values,
    **{f"quantile {how}": lambda torch, x, y, i, how=how: torch.quantile(x, 0.3, interpolation=how) for how in ("linear", "lower", "higher", "midpoint", "nearest")},
    "several quantiles": lambda torch, x, y, i: torch.quantile(x, torch.tensor([0.0, 0.4, 1.0], dtype=torch.float64), dim=1),
    "quantile kept": lambda torch, x, y, i: torch.quantile(x, 0.4, 0, True),
    "quantile of all kept": lambda torch, x, y, i: torch.quantile(x, torch.tensor([0.4], dtype=torch.float64), keepdim=True),
    "quantile with nan": lambda torch, x, y, i: torch.quantile(torch.where(x > 2.5, NAN, x), 0.4, 1),
    "nanquantile": lambda torch, x, y, i: torch.nanquantile(torch.where(x > 1.0, NAN, x), 0.4, 1),
    "index_reduce prod": lambda torch, x, y, i: torch.index_reduce(x, 0, torch.tensor([0, 2, 0]), y, "prod"),
    "index_reduce mean": lambda torch, x, y, i: x.index_reduce(1, torch.tensor([1, 1]), y[:, :2], "mean", include_self=False),
    "index_reduce amax": lambda torch, x, y, i: torch.index_reduce(x, 0, torch.tensor([0, 2]), y[:2], "amax"),
    "scatter_reduce with zeros": lambda torch, x, y, i: torch.scatter_reduce(x, 1, i, torch.where(i > 1, y, y * 0), "prod"),
    "scatter_reduce of integers": lambda torch, x, y, i: torch.scatter_reduce(i, 1, i, i, "mean"),
    "scatter_reduce amin of integers": lambda torch, x, y, i: i.scatter_reduce(1, i, i, "amin", include_self=False),
    "nan_to_num": lambda torch, x, y, i: torch.nan_to_num(x / (i > 0)),
    "nan_to_num with numbers": lambda torch, x, y, i: torch.nan_to_num(x / (i > 0), posinf=1.0, neginf=-1.0),
    "narrow_copy": lambda torch, x, y, i: torch.narrow_copy(x, 1, 1, 2),
    "relu_ as a function": lambda torch, x, y, i: torch.relu_(x * 1),
    "aminmax": lambda torch, x, y, i: torch.aminmax(x, dim=0),
    "complex": lambda torch, x, y, i: torch.view_as_real(torch.complex(x, y) * torch.complex(y, x)),
    "polar": lambda torch, x, y, i: torch.polar(x.abs(), y).real,
    "imaginary part": lambda torch, x, y, i: torch.complex(x, y).exp().imag,
    # no gradients
    "searchsorted": lambda torch, x, y, i: torch.searchsorted(x.detach().sort(-1)[0], y.detach()),
    "searchsorted with a sorter": lambda torch, x, y, i: torch.searchsorted(x.detach(), y.detach(), sorter=x.detach().argsort(), side="right"),
    "searchsorted of a number": lambda torch, x, y, i: torch.searchsorted(torch.tensor([1, 3, 5]), 4),
    "bucketize": lambda torch, x, y, i: torch.bucketize(x.detach(), torch.tensor([-1.0, 0.0, 0.5], dtype=torch.float64), right=True),
    "bucketize int32": lambda torch, x, y, i: torch.bucketize(i, torch.tensor([0, 2]), out_int32=True),
    "bincount": lambda torch, x, y, i: torch.bincount(i[0]),
    "bincount of weights": lambda torch, x, y, i: torch.bincount(i[0], weights=x[0].detach(), minlength=6),
    "histc": lambda torch, x, y, i: torch.histc(x.detach(), 5),
    "histc of a range": lambda torch, x, y, i: torch.histc(x.detach(), 4, -1, 1),
    "histogram": lambda torch, x, y, i: torch.histogram(x.detach(), 4),
    "histogram of edges": lambda torch, x, y, i: torch.histogram(x.detach(), torch.tensor([-1.0, 0.0, 2.0], dtype=torch.float64), weight=y.detach()),
    "unique": lambda torch, x, y, i: torch.unique(i),
    "unique, all of it": lambda torch, x, y, i: torch.unique(i, return_inverse=True, return_counts=True),
    "unique rows": lambda torch, x, y, i: torch.unique(i, dim=0, return_inverse=True, return_counts=True),
    "unique columns": lambda torch, x, y, i: i.unique(dim=1),
    "unique_consecutive": lambda torch, x, y, i: torch.unique_consecutive(i, return_inverse=True, return_counts=True),
    "unique_consecutive rows": lambda torch, x, y, i: i.unique_consecutive(dim=0),
    "isin": lambda torch, x, y, i: torch.isin(i, torch.tensor([0, 2])),
    "isin of a number": lambda torch, x, y, i: torch.isin(i, 3, invert=True),
    "unravel_index": lambda torch, x, y, i: torch.unravel_index(i, (2, 2)),
    "isposinf": lambda torch, x, y, i: torch.isposinf(x / (i > 0)),
    "gcd": lambda torch, x, y, i: torch.gcd(i * 6, torch.tensor([4, -9, 15, 0])),
    "frexp": lambda torch, x, y, i: torch.frexp(x.detach()),
    "angle": lambda torch, x, y, i: torch.angle(torch.complex(x, y)),
    "window": lambda torch, x, y, i: torch.hann_window(6),
    "symmetric window": lambda torch, x, y, i: torch.hamming_window(6, periodic=False),
    "triangle": lambda torch, x, y, i: torch.bartlett_window(7),
    "blackman": lambda torch, x, y, i: torch.blackman_window(7),
    "kaiser": lambda torch, x, y, i: torch.kaiser_window(7, True, 5.0),
    "a window of one": lambda torch, x, y, i: torch.hann_window(1),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*deprecated", "ignore:index_reduce", "ignore:torch.searchsorted", "ignore:.*non-contiguous")
@pytest.mark.parametrize("name", CALLS)
def test_calls_equal_pytorch(torch, name):
    found = []
    for library in (lesson_lib, torch):
        x, y = (library.tensor(values, dtype=library.float64, requires_grad=True) for values in (X, Y))
        result = CALLS[name](library, x, y, library.tensor(INDEX))
        results = [result] if isinstance(result, library.Tensor) else list(result)
        total = sum(
            (r * library.tensor(np.cos(np.arange(r.numel())).reshape(tuple(r.shape)).tolist(), dtype=library.float64)).sum()
            for r in results
            if r.requires_grad
        )
        gradients = []
        if isinstance(total, library.Tensor):
            gradients = [np.zeros(x.shape) if g is None else g.numpy() for g in library.autograd.grad(total, [x, y], allow_unused=True)]
        found.append([*(str(r.dtype) for r in results), *(r.detach().numpy() for r in results), *gradients])
    for ours, theirs in zip(*found, strict=True):
        if isinstance(theirs, np.ndarray):
            near = 1e-6 if theirs.dtype == np.float32 else 1e-9
            np.testing.assert_allclose(ours, theirs, rtol=near, atol=near / 10)
        else:
            assert ours == theirs


ERRORS = {
    "diff of a number": lambda torch: torch.diff(torch.tensor(1.0)),
    "quantile beyond 1": lambda torch: torch.quantile(torch.ones(2), 1.3),
    "quantile of integers": lambda torch: torch.quantile(torch.ones(2, dtype=torch.int64), 0.5),
    "quantile of nothing": lambda torch: torch.quantile(torch.ones(0), 0.5),
    "quantile by another dtype": lambda torch: torch.quantile(torch.ones(2), torch.tensor(0.5, dtype=torch.float64)),
    "quantile interpolated": lambda torch: torch.quantile(torch.ones(2), 0.5, interpolation="foo"),
    "cdist of two spaces": lambda torch: torch.cdist(torch.ones(2, 3), torch.ones(2, 2)),
    "renorm of a vector": lambda torch: torch.renorm(torch.ones(2), 2, 0, 1.0),
    "cartesian_prod of matrices": lambda torch: torch.cartesian_prod(torch.ones(2, 2)),
    "index_reduce by sum": lambda torch: torch.index_reduce(torch.ones(2), 0, torch.tensor([0]), torch.ones(1), "sum"),
    "nanmean of integers": lambda torch: torch.nanmean(torch.ones(2, dtype=torch.int64)),
    "isposinf of complex": lambda torch: torch.isposinf(torch.ones(2, dtype=torch.complex64)),
    "imag of reals": lambda torch: torch.imag(torch.ones(2)),
    "is_nonzero of two": lambda torch: torch.is_nonzero(torch.ones(2)),
    "histc of integers": lambda torch: torch.histc(torch.ones(2, dtype=torch.int64)),
    "bincount of negatives": lambda torch: torch.bincount(torch.tensor([-1])),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_equal_pytorch(torch, name):
    with pytest.raises((RuntimeError, NotImplementedError)) as theirs:
        ERRORS[name](torch)
    with pytest.raises(type(theirs.value)) as ours:
        ERRORS[name](lesson_lib)
    assert str(ours.value).splitlines()[0] == str(theirs.value).splitlines()[0]
