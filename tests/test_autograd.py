"""The engine: what backward() does to leaves, graphs and memory. Expected values are PyTorch's."""

import gc
import threading
import weakref

import numpy as np
import pytest

import lesson_lib as torch
from lesson_lib.core import state


def leaf(*values):
    return torch.tensor(values if len(values) > 1 else values[0], requires_grad=True)


def test_s2_gradient_and_names():
    x = torch.ones(2, 2, requires_grad=True)
    y = x + 2
    z = y * y * 3
    out = z.mean()
    assert [t.grad_fn.name() for t in (y, z, out)] == ["AddBackward0", "MulBackward0", "MeanBackward0"]
    assert repr(y) == "tensor([[3., 3.],\n        [3., 3.]], grad_fn=<AddBackward0>)"
    out.backward()
    assert repr(x.grad) == "tensor([[4.5000, 4.5000],\n        [4.5000, 4.5000]])"


def test_next_functions_lead_to_the_leaf():
    x = leaf(1.0, 2.0)
    y = x * 3
    (edge, constant) = y.grad_fn.next_functions
    assert edge[0].name() == "torch::autograd::AccumulateGrad" and edge[0].variable is x
    assert constant == (None, 0)
    assert type(y.grad_fn).__name__ == "MulBackward0"


def test_the_youngest_node_is_visited_first():
    x, visited = leaf(1.0, 2.0), []
    made = [x * 1]
    for i in range(40):  # branches of many lengths, joined in many ways
        made.append(made[i // 2] * made[i * 7 % (i + 1)] if i % 3 else made[-1] + made[i // 5])
        made.append(made[-1].unbind()[i % 2].sum() + made[i // 4])  # a node with several outputs
    for y in made:
        y.grad_fn.register_hook(lambda ins, outs, key=y.grad_fn.key: visited.append(key))
    torch.autograd.backward([y.sum() for y in made])
    assert visited == sorted(y.grad_fn.key for y in made)


def test_a_node_has_metadata_and_takes_no_other_attributes():
    node = (leaf(1.0) * 2).grad_fn
    assert node.metadata == {}
    node.metadata["note"] = 1
    assert node.metadata == {"note": 1}
    with pytest.raises(AttributeError):
        node.note = 1


def test_gradients_accumulate_until_cleared():
    x = leaf(3.0)
    (x * x).backward()
    first = x.grad
    (x * x).backward()
    assert x.grad is first and x.grad.item() == 12
    x.grad = None
    (x * x).backward()
    assert x.grad.item() == 6


def test_one_node_used_twice_runs_once_with_the_sum():
    x = leaf(2.0)
    y = x * x
    calls = []
    y.register_hook(lambda g: calls.append(g.item()))
    (y + y * 3).backward()
    assert calls == [4.0] and x.grad.item() == 16


def test_leaf_gradients_do_not_share_memory():
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    seed = torch.ones(2)
    (a + b).backward(seed)
    a.grad.zero_()
    assert b.grad.tolist() == [1, 1] and seed.tolist() == [1, 1]


def test_broadcast_gradients_are_summed_back():
    row, column = torch.ones(3, requires_grad=True), torch.ones(2, 1, requires_grad=True)
    (row * column).sum().backward()
    assert row.grad.tolist() == [2, 2, 2] and column.grad.tolist() == [[3], [3]]


def test_gradient_keeps_its_tensors_dtype():
    a = torch.ones(2, requires_grad=True)
    b = torch.ones(2, dtype=torch.float64, requires_grad=True)
    (a * b).sum().backward()
    assert a.grad.dtype is torch.float32 and b.grad.dtype is torch.float64


def test_backward_twice_is_an_error_and_retain_graph_the_cure():
    x = leaf(2.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.backward()
    assert x.grad.item() == 8, "the failed call must not have changed anything"


def test_backward_without_history():
    with pytest.raises(RuntimeError, match="element 0 of tensors does not require grad and does not have a grad_fn"):
        torch.ones(1).sum().backward()


def test_backward_of_many_numbers_needs_a_gradient():
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar outputs"):
        (x * 2).backward()
    with pytest.raises(RuntimeError, match="Mismatch in shape: grad_output"):
        (x * 2).backward(torch.ones(3))
    assert x.grad is None


def test_grad_returns_and_does_not_accumulate():
    x, unused = leaf(3.0), leaf(1.0)
    y = x**3
    (dx,) = torch.autograd.grad(y, x, create_graph=True)
    assert dx.item() == 27 and x.grad is None
    (ddx,) = torch.autograd.grad(dx, x, create_graph=True)
    (dddx,) = torch.autograd.grad(ddx, x)
    assert (ddx.item(), dddx.item()) == (18, 6)
    with pytest.raises(RuntimeError, match="appears to not have been used in the graph"):
        torch.autograd.grad(x * 2, unused)
    assert torch.autograd.grad(x * 2, unused, allow_unused=True) == (None,)


def test_grad_of_an_intermediate():
    x = leaf(2.0)
    y = x * x
    z = y * 5
    assert torch.autograd.grad(z, y)[0].item() == 5


def test_backward_inputs_touches_only_those():
    a, b = leaf(2.0), leaf(3.0)
    (a * b).backward(inputs=[a])
    assert a.grad.item() == 3 and b.grad is None


@pytest.mark.parametrize("name", ["exp", "tanh", "sigmoid", "sqrt", "log", "sin"])
def test_second_derivative_through_a_saved_output(name):
    x = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(getattr(torch, name)(x), x, create_graph=True)
    (second,) = torch.autograd.grad(first, x)
    step = 1e-5

    def slope(at):
        t = torch.tensor(at, dtype=torch.float64, requires_grad=True)
        return torch.autograd.grad(getattr(torch, name)(t), t)[0].item()

    assert second.item() == pytest.approx((slope(0.7 + step) - slope(0.7 - step)) / (2 * step), rel=1e-6)


def test_hooks_see_and_change_gradients():
    x = leaf(1.0, 2.0)
    y = x * 2
    handle = y.register_hook(lambda g: g * 10)
    y.sum().backward()
    assert x.grad.tolist() == [20, 20]
    handle.remove()
    x.grad = None
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2, 2]


def test_post_accumulate_hook():
    x, seen = leaf(1.0), []
    x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.item()))
    (x * 4).backward()
    assert seen == [4]


def test_node_hooks():
    x, seen = leaf(3.0), []
    y = x * x
    y.grad_fn.register_prehook(lambda outs: seen.append(("pre", outs[0].item())))
    y.grad_fn.register_hook(lambda ins, outs: seen.append(("post", [i.item() for i in ins])))
    y.backward()
    assert seen == [("pre", 1.0), ("post", [3.0, 3.0])]


def test_retain_grad():
    x = leaf(3.0)
    y = x * x
    y.retain_grad()
    (y * 2).backward()
    assert y.grad.item() == 2 and y.retains_grad


def test_no_grad_as_context_and_decorator():
    x = leaf(1.0)

    @torch.no_grad()
    def double(t):
        return t * 2

    with torch.no_grad():
        assert not (x * 2).requires_grad
        with torch.enable_grad():
            assert (x * 2).requires_grad
    assert not double(x).requires_grad and (x * 2).requires_grad
    with torch.set_grad_enabled(False):
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()


def test_threads_have_their_own_mode():
    inside = []
    with torch.no_grad():
        thread = threading.Thread(target=lambda: inside.append(torch.is_grad_enabled()))
        thread.start()
        thread.join()
    assert inside == [True]


def test_detach_shares_memory_and_version():
    x = leaf(1.0, 2.0)
    y = x * 1
    d = y.detach()
    assert not d.requires_grad and d.is_leaf
    d.add_(1)
    assert y.tolist() == [2, 3] and y._version == 1


def test_a_chain_of_100_000_operations_neither_recurses_nor_leaks():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 0
    node = weakref.ref(y.grad_fn)
    y.backward()
    assert x.grad.item() == 1
    del y
    assert node() is None


def test_a_graph_dies_with_its_last_user_without_the_collector():
    gc.disable()
    try:
        x = leaf(1.0, 2.0)
        y = (x * x).exp().sum()
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
        y = torch.ones(2, requires_grad=True)
        alive = weakref.ref(y)
        (y * 2).sum().backward()
        del y
        assert alive() is None
    finally:
        gc.enable()


def test_saved_arrays_are_gone_after_backward():
    x = torch.ones(1000, requires_grad=True)
    y = x.exp()
    saved = weakref.ref(y._a)
    loss = y.sum()
    del y
    assert saved() is not None
    loss.backward()
    assert saved() is None


def test_watchers_hear_every_op_and_may_leave():
    heard = []

    def watcher(op, inputs, params, output):
        heard.append(op.name)
        if op.name == "mean":
            state.watchers.remove(watcher)

    state.watchers.append(watcher)
    x = leaf(1.0, 2.0)
    (x * 2 + 1).mean()
    x * 3
    assert heard == ["mul", "add", "mean"]


def test_inplace_write_to_a_saved_tensor_is_noticed():
    x = leaf(1.0, 2.0)
    y = x * 1
    z = y * y
    y.add_(1)
    with pytest.raises(RuntimeError, match=r"modified by an inplace operation: \[torch.FloatTensor \[2\]\].*is at version 1; expected version 0 instead"):
        z.sum().backward()


def test_inplace_on_a_leaf():
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used in an in-place operation."):
        x += 1
    with pytest.raises(RuntimeError, match="a view of a leaf Variable that requires grad is being used in an in-place operation."):
        x[0] = 5
    assert x.tolist() == [1, 2] and x._version == 0
    with torch.no_grad():
        x -= 1
    assert x.tolist() == [0, 1] and x._version == 1 and x.is_leaf


def test_requires_grad_flags():
    with pytest.raises(RuntimeError, match="[oO]nly Tensors of floating point and complex dtype can require gradients"):
        torch.tensor([1, 2], requires_grad=True)
    x = leaf(1.0)
    with pytest.raises(RuntimeError, match="you can only change requires_grad flags of leaf variables"):
        (x * 2).requires_grad_(False)
    with pytest.raises(RuntimeError, match="Can't call numpy\\(\\) on Tensor that requires grad"):
        x.numpy()


def test_readonly_gradients_survive():
    x = leaf(1.0, 2.0)
    g = np.ones(2, np.float32)
    g.flags.writeable = False
    (x * 2).backward(torch.from_numpy(g.copy()) * 1)
    x.grad.zero_()
    assert x.grad.tolist() == [0, 0]
