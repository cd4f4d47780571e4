"""Functions that make derivatives of functions: grad, vjp, jvp, Jacobians and Hessians.

Each gives its function fresh tensors with the memory of the given ones, so that what it measures is the dependence
through its arguments alone. Transforms nest: a fresh tensor inside another transform keeps its link to the outer one, and
the result has a history exactly if somebody outside may want a gradient.

Source: https://pytorch.org/docs/stable/func.html
"""

from functools import wraps

from ..autograd.directions import alias, basis, depends_on_others, forget, joined, joined_columns, pulled_back, pushed_forward
from ..core.errors import error
from ..core.grad_mode import enable_grad, is_grad_enabled
from ..core.tensor import Tensor
from ..ops.create import zeros_like
from .tree import tree_flatten, tree_map, tree_unflatten


def grad(func, argnums=0, has_aux=False):
    """The function that returns ∂func/∂(its argument ``argnums``); ``func`` returns one number.

    ``argnums`` may be a tuple; arguments may be tuples, lists and dicts of tensors. With ``has_aux``, ``func`` returns
    ``(output, aux)`` and so does the new function.

    >>> import lesson_lib as torch
    >>> torch.func.grad(torch.func.grad(lambda x: x ** 3))(torch.tensor(2.))
    tensor(12.)

    Source: https://pytorch.org/docs/stable/generated/torch.func.grad.html
    """

    @wraps(func)
    def gradient(*args, **kwargs):
        grads, value = grad_and_value(func, argnums, has_aux)(*args, **kwargs)
        return (grads, value[1]) if has_aux else grads

    return gradient


def grad_and_value(func, argnums=0, has_aux=False):
    """As ``grad``, but the new function returns ``(gradient, value)``, or ``(gradient, (value, aux))``.

    >>> import lesson_lib as torch
    >>> torch.func.grad_and_value(lambda x: (x ** 2).sum())(torch.tensor([1., 2.]))
    (tensor([2., 4.]), tensor(5.))

    Source: https://pytorch.org/docs/stable/generated/torch.func.grad_and_value.html
    """

    @wraps(func)
    def both(*args, **kwargs):
        outside = is_grad_enabled()
        with enable_grad():
            fresh, point = _at(args, argnums)
            output, aux = _split_aux(func(*fresh, **kwargs), has_aux, "grad_and_value(f)(*args)")
            forget(point.leaves)
            if not isinstance(output, Tensor):
                raise error("func_grad_output", type=type(output))
            if output.ndim:
                raise error("func_grad_scalar", ndim=output.ndim)
            linked = outside and depends_on_others([output] if output.requires_grad else [], point.leaves)
            grads = point.like(pulled_back((output,), point.leaves, (None,), create_graph=linked))
            value = (output, aux) if has_aux else output
            return point.released(grads, outside), point.released(value, outside)

    return both


def vjp(func, *primals, has_aux=False):
    """``(func(*primals), vjp_fn)``, where ``vjp_fn(v)`` is the tuple of vᵀ·J for each primal. It may be called often.

    >>> import lesson_lib as torch
    >>> y, vjp_fn = torch.func.vjp(torch.sin, torch.tensor(0.))
    >>> vjp_fn(torch.tensor(2.))
    (tensor(2.),)

    Source: https://pytorch.org/docs/stable/generated/torch.func.vjp.html
    """
    outside = is_grad_enabled()
    with enable_grad():
        point = _Point(primals)
        output, aux = _split_aux(func(*point.tree), has_aux, "vjp(f, *primals)")
        forget(point.leaves)
        outputs, spec = _tensors(output, "vjp(f, *primals)")
        linked = depends_on_others([one for one in outputs if one.requires_grad], point.leaves)
        shown = point.released(output, outside)

    def vjp_fn(cotangents, retain_graph=True, create_graph=None):
        given, found = tree_flatten(cotangents)
        if found != spec:
            raise error("func_cotangents", found=found, expected=spec)
        for index, (g, one) in enumerate(zip(given, outputs, strict=True)):
            if g.shape != one.shape:
                raise error("grad_shape", index=index, found=g.shape, expected=one.shape)
        outside = is_grad_enabled()
        record = outside and (linked or any(g.requires_grad for g in given)) if create_graph is None else create_graph
        with enable_grad():
            grads = point.like(pulled_back(outputs, point.leaves, given, create_graph=record, retain_graph=retain_graph))
            return point.released(grads, outside)

    return (shown, vjp_fn, point.released(aux, outside)) if has_aux else (shown, vjp_fn)


def jvp(func, primals, tangents, *, strict=False, has_aux=False):
    """``(func(*primals), J·tangents)``: how fast the outputs change when the primals, a tuple, move along the tangents.

    Computed by differentiating the backward pass (see ``autograd.directions``), so about three times the cost of ``func``.
    An output that does not depend on the primals has a tangent of zeros (``strict`` is accepted: PyTorch has not written it).

    >>> import lesson_lib as torch
    >>> torch.func.jvp(torch.sin, (torch.tensor(0.),), (torch.tensor(2.),))
    (tensor(0.), tensor(2.))

    Source: https://pytorch.org/docs/stable/generated/torch.func.jvp.html
    """
    output, push, aux = _forward(func, primals, has_aux, "jvp(f, primals, tangents)", tangents)
    moved = push(tangents)
    return (output, moved, aux) if has_aux else (output, moved)


def linearize(func, *primals):
    """``(func(*primals), jvp_fn)``, where ``jvp_fn(*tangents)`` is J·tangents. ``func`` runs once, however often that is called.

    >>> import lesson_lib as torch
    >>> y, jvp_fn = torch.func.linearize(torch.sin, torch.tensor(0.))
    >>> jvp_fn(torch.tensor(2.))
    tensor(2.)

    Source: https://pytorch.org/docs/stable/generated/torch.func.linearize.html
    """
    output, push, _ = _forward(func, primals, False, "linearize(f, *primals)", None)
    return output, lambda *tangents: push(tangents)


def jacrev(func, argnums=0, *, has_aux=False, chunk_size=None):
    """The function that returns the Jacobian, of shape ``(*output.shape, *input.shape)``, by one backward pass for each element of the output.

    ``chunk_size`` is accepted; the passes run one by one, so memory is already at its least.

    >>> import lesson_lib as torch
    >>> torch.func.jacrev(lambda x: x * x)(torch.tensor([1., 2.]))
    tensor([[2., 0.],
            [0., 4.]])

    Source: https://pytorch.org/docs/stable/generated/torch.func.jacrev.html
    """

    @wraps(func)
    def jacobian(*args, **kwargs):
        chosen, rest = _chosen(func, args, argnums, kwargs)
        output, vjp_fn, *aux = vjp(rest, chosen, has_aux=has_aux)
        outputs, spec = tree_flatten(output)
        blocks = []
        for number, one in enumerate(outputs):
            rows = []
            for unit in basis(one):
                cotangents = [unit if i == number else zeros_like(other) for i, other in enumerate(outputs)]
                (gradient,) = vjp_fn(tree_unflatten(cotangents, spec))
                rows.append(tree_flatten(gradient)[0])
            leaves, inner = tree_flatten(chosen)
            parts = [joined([row[i] for row in rows], one.shape + x.shape, x) for i, x in enumerate(leaves)]
            blocks.append(tree_unflatten(parts, inner))
        result = tree_unflatten(blocks, spec)
        return (result, aux[0]) if has_aux else result

    return jacobian


def jacfwd(func, argnums=0, has_aux=False, *, randomness="error"):
    """The Jacobian by one pass for each element of the *input*: better than ``jacrev`` where there are fewer of them.

    ``func`` runs once, so random numbers in it are drawn once; ``randomness`` is accepted.

    >>> import lesson_lib as torch
    >>> torch.func.jacfwd(lambda x: x * x)(torch.tensor([1., 2.]))
    tensor([[2., 0.],
            [0., 4.]])

    Source: https://pytorch.org/docs/stable/generated/torch.func.jacfwd.html
    """

    @wraps(func)
    def jacobian(*args, **kwargs):
        chosen, rest = _chosen(func, args, argnums, kwargs)
        output, push, aux = _forward(rest, (chosen,), has_aux, "jvp(f, primals, tangents)", None)
        outputs, spec = tree_flatten(output)
        leaves, inner = tree_flatten(chosen)
        columns = []
        for number, x in enumerate(leaves):
            for unit in basis(x):
                tangents = [unit if i == number else zeros_like(other) for i, other in enumerate(leaves)]
                columns.append(tree_flatten(push((tree_unflatten(tangents, inner),)))[0])
        blocks = [joined_columns([column[number] for column in columns], one, leaves) for number, one in enumerate(outputs)]
        result = tree_unflatten([tree_unflatten(block, inner) for block in blocks], spec)
        return (result, aux) if has_aux else result

    return jacobian


def hessian(func, argnums=0):
    """The function that returns all second derivatives: ``jacfwd(jacrev(func))``.

    >>> import lesson_lib as torch
    >>> torch.func.hessian(lambda x: (x ** 3).sum())(torch.tensor([1., 2.]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])

    Source: https://pytorch.org/docs/stable/generated/torch.func.hessian.html
    """
    return jacfwd(jacrev(func, argnums), argnums)


# --- what goes in ------------------------------------------------------------------------------------------------


class _Point:
    """Where a derivative is taken: fresh tensors in the structure of the given ones."""

    def __init__(self, tree):
        given, self.spec = tree_flatten(tree)
        for value in given:
            if not isinstance(value, Tensor):
                raise error("func_no_tensor", type=type(value))
            if not (value.is_floating_point() or value.is_complex()):
                raise error("func_grad_dtype")
        self.leaves = [alias(value, connected=True) for value in given]
        self.tree = tree_unflatten(self.leaves, self.spec)

    def like(self, grads):
        """Gradients in the same structure; zeros for None."""
        return tree_unflatten([zeros_like(x).detach() if g is None else g for x, g in zip(self.leaves, grads, strict=True)], self.spec)

    def released(self, tree, outside):
        """A result for the world outside: without history, unless it depends on something out there that has one."""

        def one(value):
            if not isinstance(value, Tensor) or not value.requires_grad:
                return value
            return value if outside and depends_on_others([value], self.leaves) else value.detach()

        return tree_map(one, tree)


def _positions(args, argnums):
    """``argnums`` as a list of places in ``args``."""
    if not isinstance(argnums, int) and not (isinstance(argnums, tuple) and all(isinstance(n, int) for n in argnums)):
        raise error("func_argnums_type", type=type(argnums))
    places = list(argnums) if isinstance(argnums, tuple) else [argnums]
    if len(set(places)) != len(places):
        raise error("func_argnums_twice", argnums=argnums)
    for place in places:
        if not -len(args) <= place < len(args):
            raise error("func_argnum", argnum=place, count=len(args))
    return [place % len(args) for place in places]


def _at(args, argnums):
    """``args`` with fresh tensors in the places ``argnums``, and the point that they are."""
    places = _positions(args, argnums)
    point = _Point(args[places[0]] if isinstance(argnums, int) else tuple(args[place] for place in places))
    return _replaced(args, argnums, places, point.tree), point


def _replaced(args, argnums, places, values):
    args = list(args)
    for place, value in zip(places, (values,) if isinstance(argnums, int) else values, strict=True):
        args[place] = value
    return args


def _chosen(func, args, argnums, kwargs):
    """(the chosen arguments, ``func`` as a function of them alone)."""
    places = _positions(args, argnums)
    chosen = args[places[0]] if isinstance(argnums, int) else tuple(args[place] for place in places)
    return chosen, lambda values: func(*_replaced(args, argnums, places, values), **kwargs)


# --- what comes out ----------------------------------------------------------------------------------------------


def _split_aux(result, has_aux, name):
    if not has_aux:
        return result, None
    if not (isinstance(result, tuple) and len(result) == 2):
        raise error("func_aux", name=name)
    return result


def _tensors(output, name):
    outputs, spec = tree_flatten(output)
    for one in outputs:
        if not isinstance(one, Tensor):
            raise error("func_outputs", name=name, type=type(one))
    return outputs, spec


def _forward(func, primals, has_aux, name, tangents):
    """(output, the function tangents ↦ J·tangents, aux)."""
    if not isinstance(primals, tuple):
        raise error("func_primals", name=name, what="primals")
    if not tree_flatten(primals)[0]:
        raise error("func_no_primals", name=name, what="primals")
    if tangents is not None:
        _check_tangents(primals, tangents, name)
    outside = is_grad_enabled()
    with enable_grad():
        point = _Point(primals)
        output, aux = _split_aux(func(*point.tree), has_aux, name)
        forget(point.leaves)
        outputs, spec = _tensors(output, name)
        linked = depends_on_others([one for one in outputs if one.requires_grad], point.leaves)
        shown = point.released(output, outside)

    forward = pushed_forward(outputs, point.leaves)

    def push(tangents):
        _check_tangents(primals, tangents, name)
        given = tree_flatten(tangents)[0]
        record = is_grad_enabled() and (linked or any(t.requires_grad for t in given))
        return point.released(tree_unflatten(forward(given, create_graph=record), spec), record)

    return shown, push, point.released(aux, outside)


def _check_tangents(primals, tangents, name):
    (given, expected), (moved, found) = tree_flatten(primals), tree_flatten(tangents)
    if found != expected:
        raise error("func_tangents", name=name, expected=expected, found=found)
    for x, t in zip(given, moved, strict=True):
        if x.shape != t.shape:
            raise error("tangent_size", expected=list(x.shape), found=list(t.shape))
