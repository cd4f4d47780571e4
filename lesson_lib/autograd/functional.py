"""Derivatives of whole functions: Jacobians, Hessians and their products with a vector.

Source: https://pytorch.org/docs/stable/autograd.html#functional-higher-level-api
"""

from ..core.errors import error
from ..core.grad_mode import enable_grad, is_grad_enabled, set_grad_enabled
from ..core.tensor import Tensor
from ..ops.create import zeros_like
from .directions import alias, basis, joined, joined_columns, pulled_back, pushed_forward

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]


def vjp(func, inputs, v=None, create_graph=False, strict=False):
    """``(func(*inputs), vᵀ·J)``: the gradient of the outputs, weighted by ``v``, with respect to each input.

    ``v`` has the outputs' shapes; it may be left out for a single number. ``create_graph`` makes the result
    differentiable; ``strict`` makes an input that the outputs do not depend on an error instead of zeros.

    >>> import lesson_lib as torch
    >>> torch.autograd.functional.vjp(lambda x: x * x, torch.tensor([1., 2.]), torch.tensor([1., 10.]))
    (tensor([1., 4.]), tensor([ 2., 40.]))

    Source: https://pytorch.org/docs/stable/generated/torch.autograd.functional.vjp.html
    """
    with enable_grad():
        many_in, inputs = _fresh_inputs(inputs, "vjp", create_graph)
        many_out, outputs = _outputs(func, inputs, "vjp", strict)
        if v is None and (len(outputs) != 1 or outputs[0].numel() != 1):
            raise error("vjp_needs_v")
        v = _direction(v, "vjp", outputs, many_out, create_graph)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _filled(pulled_back(outputs, inputs, v, create_graph), inputs, strict and "strict_unused", create_graph)
    return _given_back(outputs, many_out, create_graph), _given_back(found, many_in, create_graph)


def jvp(func, inputs, v=None, create_graph=False, strict=False):
    """``(func(*inputs), J·v)``: how fast the outputs change when the inputs move along ``v``.

    ``v`` has the inputs' shapes; it may be left out for a single number. Computed by differentiating the backward pass
    (see ``directions``), as in PyTorch.

    >>> import lesson_lib as torch
    >>> torch.autograd.functional.jvp(lambda x: x * x, torch.tensor([1., 2.]), torch.tensor([1., 10.]))
    (tensor([1., 4.]), tensor([ 2., 40.]))

    Source: https://pytorch.org/docs/stable/generated/torch.autograd.functional.jvp.html
    """
    with enable_grad():
        many_in, inputs = _fresh_inputs(inputs, "jvp", create_graph)
        v = _input_direction(v, "jvp", inputs, many_in, create_graph)
        many_out, outputs = _outputs(func, inputs, "jvp", strict)
        dummies = tuple(zeros_like(out, requires_grad=True) for out in outputs)
        pulled = pulled_back(outputs, inputs, dummies, create_graph=True)
        _check(pulled, strict and "strict_grad_inputs")
    found = pulled_back(pulled, dummies, v, create_graph)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _filled(found, outputs, strict and "strict_trick", create_graph)
    return _given_back(outputs, many_out, create_graph), _given_back(found, many_out, create_graph)


def jacobian(func, inputs, create_graph=False, strict=False, vectorize=False, strategy="reverse-mode"):
    """All partial derivatives ∂yᵢ/∂xⱼ, of shape ``(*output.shape, *input.shape)``.

    With several inputs or outputs, a tuple for each. Reverse mode runs one backward pass for each element of the outputs,
    "forward-mode" one for each element of the inputs. ``vectorize`` is accepted and changes nothing: the passes run one
    after the other.

    >>> import lesson_lib as torch
    >>> torch.autograd.functional.jacobian(lambda x: x * x, torch.tensor([1., 2.]))
    tensor([[2., 0.],
            [0., 4.]])

    Source: https://pytorch.org/docs/stable/generated/torch.autograd.functional.jacobian.html
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise error("strategy")
    if strategy == "forward-mode":
        for wrong, kind in ((create_graph, "forward_create_graph"), (strict, "forward_strict"), (not vectorize, "forward_vectorize")):
            if wrong:
                raise error(kind)
    with enable_grad():
        many_in, inputs = _fresh_inputs(inputs, "jacobian", create_graph)
        many_out, outputs = _outputs(func, inputs, "jacobian", strict)
        if vectorize and strict:
            raise error("vectorize_strict")
        if strategy == "forward-mode":
            rows = _by_columns(outputs, inputs)
        else:
            rows = [_by_rows(out, number, inputs, create_graph, strict) for number, out in enumerate(outputs)]
    rows = tuple(_given_back(row, many_in, create_graph) for row in rows)
    return rows if many_out else rows[0]


def hessian(func, inputs, create_graph=False, strict=False, vectorize=False, outer_jacobian_strategy="reverse-mode"):
    """All second derivatives ∂²y/∂xᵢ∂xⱼ of a function with one number as its result: the Jacobian of the gradient.

    >>> import lesson_lib as torch
    >>> torch.autograd.functional.hessian(lambda x: (x ** 3).sum(), torch.tensor([1., 2.]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])

    Source: https://pytorch.org/docs/stable/generated/torch.autograd.functional.hessian.html
    """
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise error("strategy_outer")
    many_in, inputs = _as_tuple(inputs, "inputs", "hessian")

    def scalar(*args):
        return _single_output(func, args, "hessian", strict).squeeze()

    def gradient(*args):
        rows = jacobian(scalar, args, create_graph=True)
        _check(rows, strict and "strict_jacobian")
        return rows

    rows = jacobian(gradient, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)
    return rows if many_in else rows[0][0]


def _recorded_gradient(func, inputs, v, name, create_graph, strict):
    """What ``vhp`` and ``hvp`` start from: the gradient, recorded, and the direction ``v`` to take its derivative in."""
    with enable_grad():
        many_in, inputs = _fresh_inputs(inputs, name, create_graph)
        v = _input_direction(v, name, inputs, many_in, create_graph)
        output = _single_output(func, inputs, name, strict)
        gradient = pulled_back((output,), inputs, (None,), create_graph=True)
        _check(gradient, strict and "strict_jacobian")
    return many_in, inputs, v, output, gradient


def vhp(func, inputs, v=None, create_graph=False, strict=False):
    """``(func(*inputs), vᵀ·H)`` for a function with one number as its result: the gradient of ``v``·∇f.

    >>> import lesson_lib as torch
    >>> torch.autograd.functional.vhp(lambda x: (x ** 3).sum(), torch.tensor([1., 2.]), torch.tensor([1., 1.]))
    (tensor(9.), tensor([ 6., 12.]))

    Source: https://pytorch.org/docs/stable/generated/torch.autograd.functional.vhp.html
    """
    many_in, inputs, v, output, gradient = _recorded_gradient(func, inputs, v, "vhp", create_graph, strict)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _filled(pulled_back(gradient, inputs, v, create_graph), inputs, strict and "strict_double", create_graph, "hessian")
    return _given_back((output,), False, create_graph), _given_back(found, many_in, create_graph)


def hvp(func, inputs, v=None, create_graph=False, strict=False):
    """``(func(*inputs), H·v)``. H is symmetric where the second derivatives are continuous: there ``vhp`` gives the same for less.

    >>> import lesson_lib as torch
    >>> torch.autograd.functional.hvp(lambda x: (x ** 3).sum(), torch.tensor([1., 2.]), torch.tensor([1., 1.]))
    (tensor(9.), tensor([ 6., 12.]))

    Source: https://pytorch.org/docs/stable/generated/torch.autograd.functional.hvp.html
    """
    many_in, inputs, v, output, gradient = _recorded_gradient(func, inputs, v, "hvp", create_graph, strict)
    with enable_grad():
        dummies = tuple(zeros_like(x, requires_grad=True) for x in inputs)
        pulled = pulled_back(gradient, inputs, dummies, create_graph=True)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _filled(pulled_back(pulled, dummies, v, create_graph), inputs, strict and "strict_double_trick", create_graph, "hessian")
    return _given_back((output,), False, create_graph), _given_back(found, many_in, create_graph)


# --- what goes in ------------------------------------------------------------------------------------------------


def _as_tuple(value, what, name):
    """(was it a tuple?, the value as a tuple of Tensors)."""
    many = isinstance(value, tuple)
    values = value if many else (value,)
    for index, one in enumerate(values):
        if not isinstance(one, Tensor):
            raise error("functional_type_at" if many else "functional_type", what=what, name=name, index=index, type=type(one))
    return many, values


def _fresh_inputs(inputs, name, create_graph):
    many, inputs = _as_tuple(inputs, "inputs", name)
    return many, tuple(alias(x, create_graph) for x in inputs)


def _outputs(func, inputs, name, strict):
    many, outputs = _as_tuple(func(*inputs), "outputs of the user-provided function", name)
    _check(outputs, strict and "strict_outputs")
    return many, outputs


def _single_output(func, inputs, name, strict):
    many, outputs = _outputs(func, inputs, name, strict)
    if many:
        raise error("hessian_output", name=name)
    if outputs[0].numel() != 1:
        raise error("hessian_size", name=name)
    return outputs[0]


def _input_direction(v, name, inputs, many, create_graph):
    if v is None and (len(inputs) != 1 or inputs[0].numel() != 1):
        raise error("jvp_needs_v")
    return _direction(v, name, inputs, many, create_graph)


def _direction(v, name, others, many, create_graph):
    """``v`` as a tuple that matches ``others``; (None, ...) stands for 1."""
    if v is None:
        return (None,) * len(others)
    _, v = _as_tuple(v, "v", name)
    if len(v) != len(others):
        raise error("functional_v_count" if many else "functional_v_single", expected=len(others), found=len(v))
    for index, (one, other) in enumerate(zip(v, others, strict=True)):
        if one.shape != other.shape:
            raise error("functional_v_size", entry=f"Entry {index} in " if many else "", expected=other.shape, found=one.shape)
    return tuple(one.view_as(one) if create_graph and one.requires_grad else one.detach() for one in v)


# --- what comes out ----------------------------------------------------------------------------------------------


def _check(tensors, strict):
    """In strict mode (``strict`` is then the message to give) all of them must have a history."""
    if not strict:
        return
    for index, tensor in enumerate(tensors):
        if tensor is None:
            raise error("strict_unused", index=index)
        if not tensor.requires_grad:
            raise error(strict, index=index)


def _filled(grads, like, strict, create_graph, what="jacobian"):
    """Zeros for what is None; an error instead in strict mode."""
    for index, g in enumerate(grads):
        if strict and g is None:
            raise error(strict, index=index)
        if strict and create_graph and not g.requires_grad:
            raise error("strict_graph", what=what, index=index)
    return tuple(zeros_like(x) if g is None else g for g, x in zip(grads, like, strict=True))


def _given_back(tensors, many, create_graph):
    """A tuple or the single tensor, as the user gave it; with history only if that is wanted."""
    tensors = tuple(tensors) if create_graph else tuple(tensor.detach() for tensor in tensors)
    return tensors if many else tensors[0]


def _by_rows(output, number, inputs, create_graph, strict):
    """∂output/∂x for each input: one backward pass for each element of the output."""
    rows = [[] for _ in inputs]
    for direction in basis(output):
        grads = pulled_back((output,), inputs, (direction,), create_graph, retain_graph=True)
        for index, (row, g, x) in enumerate(zip(rows, grads, inputs, strict=True)):
            if strict and g is None:
                raise error("strict_unused_output", output=number, index=index)
            if strict and create_graph and not g.requires_grad:
                raise error("strict_graph", what="jacobian", index=number)
            row.append(zeros_like(x) if g is None else g)
    return [joined(row, output.shape + x.shape, x) for row, x in zip(rows, inputs, strict=True)]


def _by_columns(outputs, inputs):
    """The same blocks from J·t: one pass for each element of the inputs."""
    push, columns = pushed_forward(outputs, inputs), []
    for index, x in enumerate(inputs):
        for unit in basis(x):
            columns.append(push([unit if i == index else zeros_like(other) for i, other in enumerate(inputs)]))
    return [joined_columns([column[number] for column in columns], out, inputs) for number, out in enumerate(outputs)]
