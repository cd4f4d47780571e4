"""The same expression or program in lesson_lib and in PyTorch: equal results, equal gradients, equal nodes, equal errors."""

import numpy as np

import lesson_lib


def first_line(error):
    return str(error).split("\n")[0]


def node_names(tensor, depth=4):
    """The names along the first edges: ``["SelectBackward0", "MulBackward0", "AccumulateGrad"]``."""
    names, node = [], tensor.grad_fn
    while node is not None and len(names) < depth:
        names.append(node.name().rpartition("::")[2])
        node = node.next_functions[0][0] if node.next_functions else None
    return names


def described(value):
    """A result as plain data that can be compared."""
    if isinstance(value, tuple | list):
        return [described(part) for part in value]
    if not hasattr(value, "requires_grad"):
        return str(value) if type(value).__module__.split(".")[0] in ("torch", "lesson_lib") else value
    facts = tuple(value.shape), str(value.dtype), value.requires_grad, value.is_leaf, node_names(value)
    return facts, value.detach().numpy().copy()


def outcome(program, t, *args):
    """What ``program(t)`` gives, or which error it raises."""
    try:
        return described(program(t, *args))
    except Exception as error:
        return type(error).__name__, first_line(error)


def assert_same(ours, theirs, path="result", rtol=1e-6):
    if isinstance(theirs, np.ndarray):
        assert isinstance(ours, np.ndarray), (path, ours)
        assert ours.dtype == theirs.dtype and ours.shape == theirs.shape, path
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=1e-7, err_msg=path)
    elif isinstance(theirs, list | tuple) and isinstance(ours, list | tuple):
        assert len(ours) == len(theirs), (path, ours, theirs)
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            assert_same(one, other, f"{path}[{number}]", rtol)
    else:
        assert ours == theirs, path


def evaluated(expression, t):
    """The value of an expression in ``t`` (the library), ``x`` (``grid``), ``i`` (``tensor``) and ``np``."""
    return eval(expression, {"t": t, "np": np, "x": grid(t), "i": t.tensor})


def same(program, torch, *, rtol=1e-6):
    """``program(t)`` in both libraries; a program is a function or an expression."""
    if isinstance(program, str):
        expression = program
        program = lambda t: evaluated(expression, t)  # noqa: E731
    assert_same(outcome(program, lesson_lib), outcome(program, torch), rtol=rtol)


def grid(t):
    """A leaf of 24 different numbers, (2, 3, 4)."""
    return t.tensor(np.linspace(-1, 2, 24).reshape(2, 3, 4), requires_grad=True)


def gradients_of(expression, t):
    """First and second derivatives of a weighted sum of the squares of an expression in ``x``."""
    x = grid(t)
    y = eval(expression, {"t": t, "np": np, "x": x, "i": t.tensor})
    parts = y if isinstance(y, tuple | list) else (y,)
    weighted = [((part * part) * t.tensor(np.linspace(1, 2, part.numel()).reshape(tuple(part.shape)))).sum() for part in parts]
    (first,) = t.autograd.grad(sum(weighted[1:], weighted[0]), x, create_graph=True)
    (second,) = t.autograd.grad((first * first).sum(), x)
    return [first.detach().numpy(), second.numpy()]


def same_gradients(expression, torch):
    assert_same(gradients_of(expression, lesson_lib), gradients_of(expression, torch), rtol=1e-9)
