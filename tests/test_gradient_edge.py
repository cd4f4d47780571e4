"""Places in the graph in the place of tensors: ``GradientEdge`` as what is differentiated, and by what; empty and wrong arguments."""

import pytest

from .sameness import same

PROGRAMS = """
grad(z, edge(y))
grad(edge(z), x)
grad(edge(z), x, t.tensor(2.0))
grad(edge(y), x, t.ones(3))
grad(edge(y), x)
grad(edge(y), x, t.ones(4))
grad(z, edge(x))
grad(z, [edge(y), x], create_graph=True)
grad(z, edge(w * 2))
grad(z, edge(w * 2), allow_unused=True)
grad(z, [edge(w * 2), x], materialize_grads=True)
grad(z, t.autograd.graph.GradientEdge(y.grad_fn, 0))
grad(edge(u[1]), x, t.ones(()))
grad(u[0] + u[1], [edge(u[0]), edge(u[1])])
(t.autograd.backward(edge(z)), x.grad)
(t.autograd.backward([edge(y), z], [t.ones(3), None]), x.grad)
(t.autograd.backward(z, inputs=edge(x)), x.grad)
(t.autograd.backward(z, inputs=[edge(y)]), x.grad)
(y.register_hook(lambda g: g * 10), grad(z, edge(y)))[1]
edge(t.zeros(3))
grad(z, [])
grad([], x)
t.autograd.backward(z, inputs=[])
grad([z, z], x, [None])
grad(z, x, [3])
grad(z, [x, w])
grad([z, t.zeros(())], x)
grad(y, x, t.ones(3, dtype=t.complex64))
""".strip().split("\n")


@pytest.mark.parametrize("expression", PROGRAMS)
def test_same(expression, torch):
    def program(t):
        x, w = t.tensor([1.0, 2.0, 3.0], requires_grad=True), t.ones(3, requires_grad=True)
        y = x * 2
        scope = {"t": t, "x": x, "y": y, "w": w, "z": (y * y).sum(), "u": y.unbind()}
        return eval(expression, scope | {"grad": t.autograd.grad, "edge": t.autograd.graph.get_gradient_edge})

    same(program, torch)
