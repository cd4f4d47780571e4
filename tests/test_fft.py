"""Fourier transforms under all their names: values, dtypes, gradients and errors are PyTorch's."""

import numpy as np
import pytest

import lesson_lib

REAL = np.array([[0.5, -1.5, 2.0, 1.0], [1.25, 0.75, -0.25, 0.0], [2.0, 0.5, 1.5, -1.0]])
NORMS = (None, "backward", "ortho", "forward")

#: (library's fft, real, complex) -> result
CALLS = {
    **{f"{name} {norm}": lambda fft, x, z, name=name, norm=norm: getattr(fft, name)(z, norm=norm)
       for name in ("fft", "ifft", "fft2", "ifft2", "fftn", "ifftn", "irfft", "irfft2", "irfftn", "hfft", "hfft2", "hfftn") for norm in NORMS},
    **{f"{name} of reals {norm}": lambda fft, x, z, name=name, norm=norm: getattr(fft, name)(x, norm=norm)
       for name in ("fft", "ifft", "fft2", "ifftn", "rfft", "rfft2", "rfftn", "irfft", "hfft", "ihfft", "ihfft2", "ihfftn") for norm in NORMS},
    "shorter": lambda fft, x, z: fft.fft(z, 3),
    "longer": lambda fft, x, z: fft.ifft(x, 7, 0),
    "along the first dimension": lambda fft, x, z: fft.rfft(x, dim=0),
    "an odd number": lambda fft, x, z: fft.irfft(z, 5),
    "sizes": lambda fft, x, z: fft.fftn(z, (2, 6)),
    "the last dimension by its size": lambda fft, x, z: fft.fftn(z, (3,)),
    "dimensions": lambda fft, x, z: fft.rfftn(x, dim=(1, 0)),
    "sizes and dimensions": lambda fft, x, z: fft.irfftn(z, (2, 5), (1, 0)),
    "a size that stays": lambda fft, x, z: fft.fftn(z, s=(-1, 2)),
    "hfft of a size": lambda fft, x, z: fft.hfft(z, 5),
    "ihfft of a size": lambda fft, x, z: fft.ihfft(x, 3),
    "hfft2 of sizes": lambda fft, x, z: fft.hfft2(z, (2, 5)),
    "shift": lambda fft, x, z: fft.fftshift(x),
    "shift back": lambda fft, x, z: fft.ifftshift(x, dim=0),
    "shift of two": lambda fft, x, z: fft.fftshift(z, dim=(0, 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_transforms_equal_pytorch(torch, name):
    found = []
    for library in (lesson_lib, torch):
        x = library.tensor(REAL.tolist(), dtype=library.float64, requires_grad=True)
        z = library.tensor((REAL + 1j * np.sin(REAL + 2)).tolist(), dtype=library.complex128, requires_grad=True)
        result = CALLS[name](library.fft, x, z)
        weights = library.tensor(np.exp(1j * np.arange(result.numel())).reshape(tuple(result.shape)).tolist(), dtype=library.complex128)
        gradients = library.autograd.grad((result * weights).real.sum(), [x, z], allow_unused=True)
        found.append(
            (
                result.grad_fn.name(),
                str(result.dtype),
                result.detach().resolve_conj().numpy(),
                *(g if g is None else g.resolve_conj().numpy() for g in gradients),
            )
        )
    for ours, theirs in zip(*found, strict=True):
        if isinstance(theirs, np.ndarray):
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
        else:
            assert ours == theirs


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool", "complex64"])
def test_dtypes(torch, dtype):
    values = [1, 0, 1, 1]
    ours, theirs = (library.fft.fft(library.tensor(values, dtype=getattr(library, dtype))) for library in (lesson_lib, torch))
    assert str(ours.dtype) == str(theirs.dtype)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("n", [1, 4, 5])
def test_frequencies(torch, n):
    for name in ("fftfreq", "rfftfreq"):
        ours, theirs = (getattr(library.fft, name)(n, 0.5) for library in (lesson_lib, torch))
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


ERRORS = [
    lambda torch: torch.fft.fft(torch.ones(2), norm="x"),
    lambda torch: torch.fft.rfft(torch.ones(2, dtype=torch.complex64)),
    lambda torch: torch.fft.rfftn(torch.ones(2, dtype=torch.complex64)),
    lambda torch: torch.fft.irfft(torch.ones(1)),
    lambda torch: torch.fft.ifft(torch.ones(3), -2),
    lambda torch: torch.fft.fft(torch.ones(2, 0)),
    lambda torch: torch.fft.fft(torch.tensor(1.0)),
    lambda torch: torch.fft.fft(torch.ones(2), dim=5),
    lambda torch: torch.fft.fftn(torch.ones(2, 2), (2,), (0, 1)),
    lambda torch: torch.fft.fftn(torch.ones(2, 2), dim=(0, 0)),
    lambda torch: torch.fft.fftn(torch.ones(2, 2), (2, 2, 2)),
    lambda torch: torch.fft.fft(torch.ones(3, dtype=torch.float16)),
]


@pytest.mark.parametrize("call", ERRORS)
def test_errors_equal_pytorch(torch, call):
    with pytest.raises((RuntimeError, IndexError)) as theirs:
        call(torch)
    with pytest.raises(type(theirs.value)) as ours:
        call(lesson_lib)
    assert str(ours.value).splitlines()[0] == str(theirs.value).splitlines()[0]
