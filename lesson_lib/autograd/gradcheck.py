"""Is a gradient right? Compare it with the slope of the function itself, measured with two small steps."""

import warnings

import numpy as np

from ..core.device import to_host
from ..core.engine import grad
from ..core.tensor import Tensor, wrap
from .gradcheck_paths import GradcheckError, check_batched, check_undefined, differentiable, in_real_numbers, on_device_of, pushed_forward


def gradcheck(
    func, inputs, *, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True, nondet_tol=0.0, check_undefined_grad=True, check_grad_dtypes=False,
    check_batched_grad=False, check_batched_forward_grad=False, check_forward_ad=False, check_backward_ad=True, fast_mode=False, masked=None,
):  # fmt: skip
    """Compare the gradients of ``func`` with numerical ones, ∂y/∂xⱼ ≈ (f(x + ε·eⱼ) − f(x − ε·eⱼ)) / 2ε.

    The inputs that require a gradient should be float64: in float32 rounding alone makes the slope wrong. A complex number counts as
    two real ones. ``fast_mode`` compares the whole Jacobian at once along one random direction. ``check_forward_ad`` compares forward
    mode too, ``check_batched_grad`` sends gradients back in a batch, ``check_undefined_grad`` leaves one output's gradient out.
    Two have no work to do here: forward mode goes one direction at a time (``check_batched_forward_grad``), and there are no sparse
    tensors (``masked``).

    >>> import lesson_lib as torch
    >>> x = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradcheck(lambda x: x.exp() * x, (x,))
    True

    Source: https://pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if check_batched_grad and not check_backward_ad:
        raise AssertionError("Setting check_batched_grad=True requires check_backward_ad to be True")
    if check_batched_forward_grad and not check_forward_ad:
        raise AssertionError("Setting check_batched_forward_grad=True requires check_forward_ad to be True")
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    try:
        _check_inputs(inputs)
        func, inputs = in_real_numbers(func, inputs)
        wanted = [number for number, value in enumerate(inputs) if isinstance(value, Tensor) and value.requires_grad]
        tolerance = _Tolerance(eps, atol, rtol, nondet_tol, check_grad_dtypes, fast_mode)
        _check_outputs(func, inputs, wanted, tolerance, forward=check_forward_ad, backward=check_backward_ad)
        if check_backward_ad and check_undefined_grad:
            check_undefined(func, inputs, wanted)
        if check_batched_grad:
            check_batched(func, inputs, wanted, tolerance)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func, inputs, grad_outputs=None, *, eps=1e-6, atol=1e-5, rtol=1e-3, gen_non_contig_grad_outputs=False, raise_exception=True, nondet_tol=0.0,
    check_undefined_grad=True, check_grad_dtypes=False, check_batched_grad=False, check_fwd_over_rev=False, check_rev_over_rev=True, fast_mode=False,
    masked=False,
):  # fmt: skip
    """``gradcheck`` of the gradient itself: are the second derivatives, ∂²y/∂xᵢ∂xⱼ, right?

    The gradients' own incoming gradients are random unless ``grad_outputs`` gives them. ``check_fwd_over_rev`` takes the second
    derivative by forward mode; the other options are those of ``gradcheck``.

    >>> import lesson_lib as torch
    >>> x = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradgradcheck(lambda x: x.exp() * x, (x,))
    True

    Source: https://pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradgradcheck.html
    """
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    outputs = differentiable(func(*inputs))
    if grad_outputs is None:
        draw = np.random.RandomState(0).standard_normal
        grad_outputs = [on_device_of(out, _spaced(draw(out.shape), gen_non_contig_grad_outputs).astype(out._a.dtype)) for out in outputs]
    grad_outputs = (grad_outputs,) if isinstance(grad_outputs, Tensor) else tuple(grad_outputs)
    for g in grad_outputs:
        g.requires_grad_()
    count = len(inputs)

    def gradients(*args):
        args, gs = args[:count], args[count:]
        wanted = [value for value in args if isinstance(value, Tensor) and value.requires_grad]
        found = grad(differentiable(func(*args)), wanted, gs, create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    return gradcheck(
        gradients, (*inputs, *grad_outputs), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception, nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad, check_grad_dtypes=check_grad_dtypes, check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev, check_backward_ad=check_rev_over_rev, fast_mode=fast_mode, masked=masked,
    )  # fmt: skip


class _Tolerance:
    def __init__(self, eps, atol, rtol, nondet_tol, dtypes, fast):
        self.eps, self.atol, self.rtol, self.nondet_tol, self.dtypes, self.fast = eps, atol, rtol, nondet_tol, dtypes, fast


def _check_inputs(inputs):
    wanted = [(number, value) for number, value in enumerate(inputs) if isinstance(value, Tensor) and value.requires_grad]
    if not wanted:
        raise ValueError("gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True.")
    for number, value in wanted:
        if value._a.dtype not in (np.float64, np.complex128):
            warnings.warn(
                f"Input #{number} requires gradient and is not a double precision floating point or complex. This check will likely fail if all "
                "the inputs are not of double precision floating point or complex. ",
                stacklevel=3,
            )


def _check_outputs(func, inputs, wanted, tolerance, *, forward, backward):
    """Each output's Jacobian with respect to each input, measured and computed."""
    outputs = differentiable(func(*inputs))
    if not outputs:
        if any(np.any(slope) for j in wanted for row in _measured(func, inputs, j, tolerance) for slope in row):
            raise GradcheckError("Numerical gradient for function expected to be zero")
        return
    exact = not tolerance.fast
    measured = {j: _jacobians(_measured(func, inputs, j, tolerance), outputs) for j in wanted} if exact else {}
    for i, output in enumerate(outputs):
        computed = _computed(output, [inputs[j] for j in wanted], tolerance) if backward and exact else [None] * len(wanted)
        for j, jacobian in zip(wanted, computed, strict=True):
            if backward and exact:
                _compare(i, j, measured[j][i], jacobian, tolerance)
            elif backward:
                _compare_along_a_direction(func, inputs, i, j, tolerance)
            if forward:
                wide = measured if exact else {j: _jacobians(_measured(func, inputs, j, tolerance), outputs)}
                _compare(i, j, wide[j][i], _pushed_forward(func, inputs, i, j, wide[j][i].shape), tolerance)


def _compare(i, j, measured, computed, tolerance):
    if not np.allclose(computed, measured, rtol=tolerance.rtol, atol=tolerance.atol, equal_nan=True):
        raise GradcheckError(_mismatch(i, j, measured, computed))


def _pushed_forward(func, inputs, i, j, shape):
    """The Jacobian from forward mode: a row for each element of the input."""
    place, x = _place(func(*inputs), i), inputs[j]
    rows = [pushed_forward(func, inputs, j, step)[place] for step in np.eye(x.numel()).reshape(x.numel(), *x.shape)]
    return np.stack(rows) if rows else np.zeros(shape)


def _place(outputs, i):
    """Where the i-th differentiable output stands among all."""
    return [number for number, out in enumerate(outputs) if isinstance(out, Tensor) and out.requires_grad][i]


def _mismatch(i, j, measured, computed):
    return f"Jacobian mismatch for output {i} with respect to input {j},\nnumerical:{wrap(measured)}\nanalytical:{wrap(computed)}\n"


def _computed(output, xs, tolerance):
    """The output's Jacobians from backward passes, one for each input: a column for each element of the output. Shape (input's size, output's size)."""
    columns = []
    for element in range(output.numel()):
        g = np.zeros(output.shape, output._a.dtype)
        g.reshape(-1)[element] = 1
        columns.append(_pulled_back(output, xs, g, tolerance))
    return [np.stack(each, axis=1) for each in zip(*columns, strict=True)] if columns else [np.zeros((x.numel(), 0)) for x in xs]


def _pulled_back(output, xs, g, tolerance):
    """gᵀJ for each input, flat; twice, to see that it is the same both times."""
    passes = (grad(output, xs, on_device_of(output, g), retain_graph=True, allow_unused=True) for _ in range(2))
    return [_same_twice(x, first, again, tolerance) for x, first, again in zip(xs, *passes, strict=True)]


def _same_twice(x, first, again, tolerance):
    if first is None:
        return np.zeros(x.numel())
    if tolerance.dtypes and first.dtype != x.dtype:
        raise GradcheckError(f"Gradient has dtype {first.dtype}, and its input has dtype {x.dtype}")
    first, again = to_host(first._a), to_host(again._a)
    if not np.allclose(first, again, rtol=0, atol=tolerance.nondet_tol, equal_nan=True):
        raise GradcheckError(
            "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives different values"
        )
    return first.reshape(-1)


def _measured(func, inputs, j, tolerance):
    """For a small step of each element of input ``j``: the slopes of all outputs."""
    size = inputs[j].numel()
    return [_slopes(func, inputs, j, step, tolerance.eps) for step in np.eye(size).reshape(size, *inputs[j].shape)]


def _jacobians(rows, outputs):
    """One matrix for each output from the rows that were measured: shape (input's size, output's size)."""
    return [np.stack(each) for each in zip(*rows, strict=True)] if rows else [np.zeros((0, out.numel())) for out in outputs]


def _slopes(func, inputs, j, step, eps):
    """(f(x + ε·step) − f(x − ε·step)) / 2ε for each output, flat."""
    before, after = (_flat(func(*_moved(inputs, j, sign * eps * step))) for sign in (-1, 1))
    return [(b - a) / (2 * eps) for a, b in zip(before, after, strict=True)]


def _moved(inputs, j, change):
    """The inputs with the j-th moved a little."""
    x = inputs[j]
    moved = on_device_of(x, (to_host(x._a) + change).astype(x._a.dtype))
    moved.requires_grad_()
    return (*inputs[:j], moved, *inputs[j + 1 :])


def _flat(result):
    """The values of each differentiable output in one row; of each output, where none is."""
    results = differentiable(result) or ((result,) if isinstance(result, Tensor) else tuple(result))
    return [np.asarray(to_host(r._a)).reshape(-1).astype(np.float64) for r in results]


def _compare_along_a_direction(func, inputs, i, j, tolerance):
    """uᵀ·J·v both ways, for a random u over the input and v over the output."""
    output = differentiable(func(*inputs))[i]
    draw = np.random.RandomState(0).standard_normal
    u, v = draw(inputs[j].shape), draw(output.shape)
    measured = _slopes(func, inputs, j, u, tolerance.eps)[i] @ v.reshape(-1)
    (pulled,) = _pulled_back(output, [inputs[j]], v.astype(output._a.dtype), tolerance)
    computed = pulled @ u.reshape(-1)
    if not np.allclose(computed, measured, rtol=tolerance.rtol, atol=tolerance.atol, equal_nan=True):
        raise GradcheckError(f"Jacobian mismatch for output {i} with respect to input {j},\nnumerical:{measured}\nanalytical:{computed}\n")


def _spaced(array, spaced):
    """The same values, with gaps in memory if that is wanted."""
    return np.repeat(array[..., None], 2, axis=-1)[..., 0] if spaced else array
