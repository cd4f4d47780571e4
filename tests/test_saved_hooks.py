"""autograd.graph: hooks on saved tensors, on several gradients, on nodes; gradient edges and versions. Expected behaviour is PyTorch's."""

import gc
import weakref

import numpy as np
import pytest

import lesson_lib
from lesson_lib.autograd.graph import (
    Node,
    allow_mutation_on_saved_tensors,
    disable_saved_tensors_hooks,
    get_gradient_edge,
    increment_version,
    register_multi_grad_hook,
    save_on_cpu,
    saved_tensors_hooks,
)

PROGRAMS = {
    "product with itself": lambda torch, x: x * x,
    "product": lambda torch, x: (x * 1) * (x + 1),
    "exp": lambda torch, x: x.exp(),
    "constant factor": lambda torch, x: x * 2,
    "sum": lambda torch, x: x.sum(),
    "softmax": lambda torch, x: torch.softmax(x, 0),
    "matrix times vector": lambda torch, x: torch.arange(6.0).reshape(2, 3) @ x,
    "relu": lambda torch, x: torch.relu(x),
    "quotient": lambda torch, x: x / (x + 3),
    "slice": lambda torch, x: x[1:] * x[:1],
    "in place": lambda torch, x: (x * 1).mul_(x),
    "stack": lambda torch, x: torch.stack([x, x]).tanh(),
}
SAVED_APART = {"quotient"}  # the same gradient from other saved values


def recorded(torch, program):
    """(what was packed, what was unpacked, the gradient)."""
    packed, unpacked = [], []

    def pack(tensor):
        packed.append((tuple(tensor.shape), str(tensor.dtype), [round(value, 5) for value in tensor.flatten().tolist()]))
        return tensor * 1, tensor.dtype

    def unpack(pair):
        unpacked.append(pair[0].tolist())
        return pair[0]

    x = torch.tensor([0.5, -1.0, 2.0], requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = program(torch, x)
    y.sum().backward()
    return packed, unpacked, x.grad.tolist()


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_tensors_are_packed_and_unpacked_as_in_pytorch(name, torch):
    (packed, unpacked, grad), (their_packed, their_unpacked, their_grad) = recorded(lesson_lib, PROGRAMS[name]), recorded(torch, PROGRAMS[name])
    np.testing.assert_allclose(grad, their_grad, rtol=1e-6)
    if name not in SAVED_APART:
        assert sorted(map(str, packed)) == sorted(map(str, their_packed))
        assert len(unpacked) == len(their_unpacked)


def test_what_pack_returns_is_what_backward_uses():
    x = lesson_lib.tensor([1.0, 2.0], requires_grad=True)
    with saved_tensors_hooks(lambda tensor: tensor * 10, lambda tensor: tensor):
        y = x.exp()
    assert type(y.grad_fn).__name__ == y.grad_fn.name() == "ExpBackward0"
    y.sum().backward()
    assert lesson_lib.allclose(x.grad, 10 * x.exp())


def test_second_derivatives_through_packed_values():
    x = lesson_lib.tensor(0.7, dtype=lesson_lib.float64, requires_grad=True)

    def second(hooked):
        with saved_tensors_hooks(lambda t: t.numpy(force=True).copy(), lesson_lib.from_numpy) if hooked else lesson_lib.enable_grad():
            y = (x.sin() * x.exp()) * x
        (g,) = lesson_lib.autograd.grad(y, x, create_graph=True)
        return lesson_lib.autograd.grad(g, x)[0].item()

    assert second(True) == pytest.approx(second(False), rel=1e-12)


def test_a_users_function():
    class Product(lesson_lib.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            y = a * b
            ctx.save_for_backward(a, None, b, y)
            return y

        @staticmethod
        def backward(ctx, g):
            a, none, b, y = ctx.saved_tensors
            assert none is None
            return g * b + 0 * y, g * a

    log = []

    def run(x):
        return Product.apply(x, x * 2)

    def pack(tensor):
        log.append(tensor.tolist())
        return tensor.clone()

    x = lesson_lib.tensor([3.0], dtype=lesson_lib.float64, requires_grad=True)
    with saved_tensors_hooks(pack, lambda tensor: tensor):
        y = run(x)
    assert log == [[3.0], [6.0], [18.0]]
    assert type(y.grad_fn).__name__ == "ProductBackward"
    (g,) = lesson_lib.autograd.grad(y, x, create_graph=True)
    assert g.item() == 12
    assert lesson_lib.autograd.grad(g, x)[0].item() == 4


def test_the_innermost_hooks_count_and_none_stay_behind():
    log = []
    x = lesson_lib.ones(1, requires_grad=True)

    def naming(name):
        return saved_tensors_hooks(lambda tensor: log.append(name) or tensor, lambda tensor: tensor)

    with naming("outer"):
        x.exp()
        with naming("inner"):
            x.exp()
        x.exp()
    x.exp()
    assert log == ["outer", "inner", "outer"]


def test_nothing_is_packed_without_a_graph_and_buffers_are_freed():
    log = []
    x = lesson_lib.ones(1, requires_grad=True)
    with saved_tensors_hooks(lambda tensor: log.append(1) or tensor, lambda tensor: tensor):
        with lesson_lib.no_grad():
            x.exp()
        assert log == []
        y = x.exp()
    y.backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward()


def test_packed_values_make_no_cycle():
    gc.disable()
    try:
        with saved_tensors_hooks(lambda tensor: tensor, lambda tensor: tensor):
            y = lesson_lib.ones(2, requires_grad=True).exp().tanh()
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
    finally:
        gc.enable()


def returns_no_tensor(torch):
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: 1, lambda number: number):
        y = torch.ones(2, requires_grad=True).exp()
    y.sum().backward()


def writes_while_packing(torch):
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: tensor.add_(1), lambda tensor: tensor):
        torch.ones(2, requires_grad=True).exp()


def disabled(torch):
    with torch.autograd.graph.disable_saved_tensors_hooks("not here"), torch.autograd.graph.saved_tensors_hooks(id, id):
        pass


def disabled_too_late(torch):
    with torch.autograd.graph.saved_tensors_hooks(id, id), torch.autograd.graph.disable_saved_tensors_hooks("not here"):
        pass


def edge_of_a_constant(torch):
    torch.autograd.graph.get_gradient_edge(torch.ones(2))


def unknown_mode(torch):
    torch.autograd.graph.register_multi_grad_hook((), print, mode="some")


@pytest.mark.parametrize("mistake", [returns_no_tensor, writes_while_packing, disabled, disabled_too_late, edge_of_a_constant, unknown_mode])
def test_errors_are_pytorchs(mistake, torch):
    with pytest.raises(Exception) as theirs:
        mistake(torch)
    with pytest.raises(type(theirs.value)) as ours:
        mistake(lesson_lib)
    assert str(ours.value).splitlines()[0] == str(theirs.value).splitlines()[0]


def test_after_disabling_hooks_work_again():
    with disable_saved_tensors_hooks("not here"):
        pass
    with saved_tensors_hooks(lambda tensor: tensor, lambda tensor: tensor):
        lesson_lib.ones(1, requires_grad=True).exp().backward()


def test_save_on_cpu_and_mutation_of_saved_tensors():
    x = lesson_lib.tensor([3.0], requires_grad=True)
    with save_on_cpu(pin_memory=True):
        (x * x).backward()
    assert x.grad.item() == 6
    with allow_mutation_on_saved_tensors():
        y = x * 1
        z = y * y
        y.zero_()
        x.grad = None
        z.backward()
    assert x.grad.item() == 6


def test_increment_version_makes_a_saved_tensor_stale():
    x = lesson_lib.ones(2, requires_grad=True)
    y = x.exp()
    increment_version([y])
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


# --- nodes -------------------------------------------------------------------------------------------------------


def node_hooks(torch):
    """What hooks on a node see, and what they change."""
    log = []
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    assert isinstance(y.grad_fn, torch.autograd.graph.Node)
    y.grad_fn.metadata["seen"] = True
    y.grad_fn.register_prehook(lambda grads: (grads[0] * 10,))
    y.grad_fn.register_hook(lambda grad_inputs, grad_outputs: log.append((grad_inputs[0].tolist(), grad_outputs[0].tolist())))
    removed = y.grad_fn.register_hook(lambda grad_inputs, grad_outputs: log.append("removed"))
    removed.remove()
    y.sum().backward()
    return log, x.grad.tolist(), y.grad_fn.metadata, y.grad_fn.name(), [(node and node.name(), index) for node, index in y.grad_fn.next_functions]


def test_node_hooks_and_metadata(torch):
    assert node_hooks(lesson_lib) == node_hooks(torch)


def test_gradient_edges():
    x = lesson_lib.ones(2, requires_grad=True)
    _, b = x.unbind(0)
    edge = get_gradient_edge(b)
    assert isinstance(edge.node, Node) and edge.node is b.grad_fn and edge.output_nr == 1
    assert get_gradient_edge(x).node.variable is x


def several_gradients(torch, mode):
    """What a hook on several gradients sees in three backward passes."""
    log = []
    a, b, c, d = (torch.ones(2, requires_grad=True) for _ in range(4))
    product = a * b
    total = product + c * 2

    def seen(grads):
        log.append([grad if grad is None else grad.tolist() for grad in grads] if mode == "all" else grads.tolist())

    handle = torch.autograd.graph.register_multi_grad_hook((a, b, product, d), seen, mode=mode)
    total.sum().backward(retain_graph=True)
    total.sum().backward(inputs=(a,), retain_graph=True)
    torch.autograd.grad(total.sum(), c, retain_graph=True)
    handle.remove()
    total.sum().backward()
    return log


@pytest.mark.parametrize("mode", ["all", "any"])
def test_hooks_on_several_gradients(mode, torch):
    assert several_gradients(lesson_lib, mode) == several_gradients(torch, mode)


def test_hooks_on_several_gradients_as_a_context():
    x = lesson_lib.ones(1, requires_grad=True)
    log = []
    with register_multi_grad_hook((x,), log.append):
        (x * 2).backward()
    (x * 2).backward()
    assert len(log) == 1
