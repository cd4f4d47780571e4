"""autograd.Function: hand-written nodes. Expected behaviour is PyTorch's."""

import gc
import weakref

import pytest

import lesson_lib as torch
from lesson_lib.autograd.function import once_differentiable


class Sigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = 1 / (1 + torch.exp(-x))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y * (1 - y)


def test_one_node_with_pytorchs_name_and_the_right_gradient():
    x = torch.tensor([0.5, -1.0], requires_grad=True)
    y = Sigmoid.apply(x)
    assert y.grad_fn.name() == type(y.grad_fn).__name__ == "SigmoidBackward"
    assert y.grad_fn.next_functions[0][0].variable is x
    y.sum().backward()
    assert torch.allclose(x.grad, torch.sigmoid(x) * (1 - torch.sigmoid(x)))


def test_second_derivative_through_a_saved_output():
    x = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)

    def second(f):
        (g,) = torch.autograd.grad(f(x), x, create_graph=True)
        return torch.autograd.grad(g, x)[0].item()

    assert second(Sigmoid.apply) == pytest.approx(second(torch.sigmoid))


def test_saved_output_makes_no_cycle():
    gc.disable()
    try:
        y = Sigmoid.apply(torch.ones(2, requires_grad=True))
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
    finally:
        gc.enable()


def test_write_to_a_saved_tensor_is_noticed():
    y = Sigmoid.apply(torch.ones(2, requires_grad=True))
    with torch.no_grad():
        y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_two_outputs_unused_one_gets_zeros():
    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.set_materialize_grads(True)
            return a + b, a * 2

        @staticmethod
        def backward(ctx, g_sum, g_double):
            assert g_double.tolist() == [0, 0]
            return g_sum + 2 * g_double, g_sum

    a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    Both.apply(a, b)[0].sum().backward()
    assert a.grad.tolist() == [1, 1] and b.grad.tolist() == [1, 1]


def test_wrong_number_of_gradients():
    class Bad(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a * b

        @staticmethod
        def backward(ctx, g):
            return g

    a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"function BadBackward returned an incorrect number of gradients \(expected 2, got 1\)"):
        Bad.apply(a, b).sum().backward()


def test_needs_input_grad_constants_and_attributes():
    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor):
            ctx.factor = factor
            return x * factor

        @staticmethod
        def backward(ctx, g):
            assert ctx.needs_input_grad == (True, False)
            return g * ctx.factor, None

    x = torch.ones(2, requires_grad=True)
    Scale.apply(x, 3.0).sum().backward()
    assert x.grad.tolist() == [3, 3]


def test_setup_context_style():
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(x):
            return x * x

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(inputs[0])

        @staticmethod
        def backward(ctx, g):
            return 2 * ctx.saved_tensors[0] * g

    x = torch.tensor(3.0, requires_grad=True)
    Square.apply(x).backward()
    assert x.grad.item() == 6


def test_mark_non_differentiable_and_dirty():
    class SortLike(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            order = x.argmax()
            ctx.mark_non_differentiable(order)
            return x * 1, order

        @staticmethod
        def backward(ctx, g, g_order):
            return g

    values, order = SortLike.apply(torch.tensor([1.0, 5.0], requires_grad=True))
    assert values.requires_grad and not order.requires_grad and order.item() == 1


def test_once_differentiable():
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            return g * 3 * ctx.saved_tensors[0] ** 2

    x = torch.tensor(2.0, requires_grad=True)
    (g,) = torch.autograd.grad(Cube.apply(x) ** 2, x, create_graph=True)
    assert g.item() == 2 * 8 * 12
    with pytest.raises(RuntimeError, match="marked with @once_differentiable"):
        g.backward()


@pytest.mark.parametrize("create_graph", [False, True])
def test_more_gradients_than_inputs_are_dropped_if_they_are_none(create_graph):
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2, None, None

    x, seen = torch.ones(1, requires_grad=True), []
    y = Double.apply(x)
    y.grad_fn.register_hook(lambda ins, outs: seen.append(len(ins)))
    assert torch.autograd.grad(y, x, create_graph=create_graph)[0].item() == 2 and seen == [1]


def test_backward_twice():
    y = Sigmoid.apply(torch.ones(1, requires_grad=True))
    y.backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.backward()


def test_forward_is_abstract():
    class Nothing(torch.autograd.Function):
        pass

    with pytest.raises(NotImplementedError, match="You must implement the forward function"):
        Nothing.apply(torch.ones(1))
