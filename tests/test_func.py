"""torch.func, forward mode and batched gradients, against PyTorch: values, structures, nesting, histories and errors."""

import numpy as np
import pytest

import lesson_lib
import lesson_lib.func
from lesson_lib.func.tree import tree_flatten

pytestmark = [
    pytest.mark.filterwarnings("ignore:`torch.jit.script:DeprecationWarning"),  # PyTorch's own forward mode uses it
    pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr Node:UserWarning"),  # and its linearize does this
    pytest.mark.filterwarnings("ignore:We've integrated functorch:FutureWarning"),
]


def tensor(lib, *shape, seed=0, requires_grad=False):
    return lib.tensor(np.random.RandomState(seed).uniform(0.5, 2, shape), dtype=lib.float64, requires_grad=requires_grad)


def outcome(run, lib):
    """What ``run`` returns, or the exception it raises."""
    try:
        return run(lib)
    except Exception as error:
        return error


def both(run, torch):
    """``run`` on our library and on PyTorch: the same structure, values and histories, or the same error."""
    ours, theirs = outcome(run, lesson_lib), outcome(run, torch)
    if isinstance(theirs, Exception):
        assert type(ours) is type(theirs), ours
        assert str(ours).splitlines()[0] == str(theirs).splitlines()[0]
        return
    if isinstance(ours, Exception):
        raise ours
    (mine, structure), (their, expected) = tree_flatten(ours), tree_flatten(theirs)
    assert str(structure) == str(expected)
    for a, b in zip(mine, their, strict=True):
        assert tuple(a.shape) == tuple(b.shape) and a.requires_grad == b.requires_grad, (a, b)
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-9, atol=1e-12)


def f(x, y):
    return (x * y).sin().sum() + (y**3).sum()


def vector(x, y):
    return x * y.prod() + x**2


DERIVATIVES = {
    "grad": lambda t: t.func.grad(f)(tensor(t, 3), tensor(t, 3, seed=1)),
    "grad of the second": lambda t: t.func.grad(f, argnums=1)(tensor(t, 3), tensor(t, 3, seed=1)),
    "grad of the last": lambda t: t.func.grad(f, argnums=-1)(tensor(t, 3), tensor(t, 3, seed=1)),
    "grad of both": lambda t: t.func.grad(f, argnums=(1, 0))(tensor(t, 3), tensor(t, 3, seed=1)),
    "grad with aux": lambda t: t.func.grad(lambda x: (x.exp().sum(), {"x": x * 2}), has_aux=True)(tensor(t, 3)),
    "grad and value": lambda t: t.func.grad_and_value(f)(tensor(t, 3), tensor(t, 3, seed=1)),
    "grad and value with aux": lambda t: t.func.grad_and_value(lambda x: (x.exp().sum(), x), has_aux=True)(tensor(t, 3)),
    "grad of a dict": lambda t: t.func.grad(lambda p: (p["w"] ** 2).sum() * p["b"][0])({"w": tensor(t, 3), "b": (tensor(t), tensor(t))}),
    "grad of a constant": lambda t: t.func.grad(lambda x: t.ones(()))(tensor(t, 3)),
    "grad with a keyword": lambda t: t.func.grad(lambda x, *, k: (x * k).sum())(tensor(t, 3), k=3),
    "third derivative": lambda t: t.func.grad(t.func.grad(t.func.grad(lambda x: x**4)))(tensor(t)),
    "inner captures outer": lambda t: t.func.grad(lambda x: x * t.func.grad(lambda y: x * y**2)(x))(tensor(t)),
    "inner ignores outer": lambda t: t.func.grad(lambda x: t.func.grad(lambda y: x + y)(tensor(t)) * x)(tensor(t)),
    "grad inside no_grad": lambda t: t.no_grad()(t.func.grad(lambda x: (x**2).sum()))(tensor(t, 3)),
    "no_grad inside grad": lambda t: t.func.grad(lambda x: (x**2 - t.no_grad()(lambda: x**2)()).sum())(tensor(t, 3)),
    "history outside": lambda t: t.func.grad(lambda x: (x**3).sum())(tensor(t, 3, requires_grad=True)),
    "history of a captured tensor": lambda t: (lambda w: t.func.grad(lambda x: (x * w).sum())(tensor(t, 3)))(tensor(t, 3, requires_grad=True)),
    "vjp": lambda t: t.func.vjp(vector, tensor(t, 3), tensor(t, 3, seed=1))[1](tensor(t, 3, seed=2)),
    "vjp output": lambda t: t.func.vjp(vector, tensor(t, 3), tensor(t, 3, seed=1))[0],
    "vjp of a dict": lambda t: t.func.vjp(lambda x: {"a": x * 2, "b": [x.sum()]}, tensor(t, 3))[1]({"a": tensor(t, 3), "b": [tensor(t)]}),
    "vjp with aux": lambda t: (lambda r: (r[0], r[1](r[0]), r[2]))(t.func.vjp(lambda x: (x * 2, x + 1), tensor(t, 3), has_aux=True)),
    "grad of vjp": lambda t: t.func.grad(lambda v: t.func.vjp(lambda x: x**3, tensor(t, 3))[1](v)[0].sum())(tensor(t, 3, seed=2)),
    "jvp": lambda t: t.func.jvp(vector, (tensor(t, 3), tensor(t, 3, seed=1)), (tensor(t, 3, seed=2), tensor(t, 3, seed=3))),
    "jvp of a tree": lambda t: t.func.jvp(lambda d: [d["x"] * 2, d["x"].sum()], ({"x": tensor(t, 3)},), ({"x": tensor(t, 3)},)),
    "jvp with aux": lambda t: t.func.jvp(lambda x: (x**2, x), (tensor(t, 3),), (tensor(t, 3),), has_aux=True),
    "jvp of a constant": lambda t: t.func.jvp(lambda x: t.ones(2), (tensor(t, 3),), (tensor(t, 3),)),
    "jvp of jvp": lambda t: t.func.jvp(lambda x: t.func.jvp(lambda y: y**3, (x,), (x,))[1], (tensor(t, 3),), (tensor(t, 3, seed=2),)),
    "grad of jvp": lambda t: t.func.grad(lambda x: t.func.jvp(lambda y: y**3, (x,), (t.ones_like(x),))[1].sum())(tensor(t, 3)),
    "jvp of grad": lambda t: t.func.jvp(t.func.grad(lambda x: (x**3).sum()), (tensor(t, 3),), (tensor(t, 3, seed=2),)),
    "linearize": lambda t: t.func.linearize(lambda x: x.sin(), tensor(t, 3))[1](tensor(t, 3, seed=2)),
    "jacrev": lambda t: t.func.jacrev(vector)(tensor(t, 3), tensor(t, 3, seed=1)),
    "jacrev of both": lambda t: t.func.jacrev(vector, argnums=(0, 1))(tensor(t, 3), tensor(t, 3, seed=1)),
    "jacrev of a tree": lambda t: t.func.jacrev(lambda x: (x.sum(), {"a": x * x}))(tensor(t, 2, 3)),
    "jacrev with aux": lambda t: t.func.jacrev(lambda x: (x * x, x), has_aux=True)(tensor(t, 3)),
    "jacfwd": lambda t: t.func.jacfwd(vector, argnums=(0, 1))(tensor(t, 3), tensor(t, 3, seed=1)),
    "jacfwd of matrices": lambda t: t.func.jacfwd(lambda x: x @ x.t())(tensor(t, 2, 3)),
    "jacfwd with aux": lambda t: t.func.jacfwd(lambda x: (x * x, x), has_aux=True)(tensor(t, 3)),
    "hessian": lambda t: t.func.hessian(lambda x: (x**3).sum() * x.prod())(tensor(t, 3)),
    "hessian of both": lambda t: t.func.hessian(f, argnums=(0, 1))(tensor(t, 2), tensor(t, 2, seed=1)),
    "hessian by jacrev": lambda t: t.func.jacrev(t.func.jacfwd(lambda x: (x**3).prod()))(tensor(t, 3)),
}

BATCHES = {
    "one argument": lambda t: t.func.vmap(lambda x: x.sin())(tensor(t, 3, 2)),
    "two arguments": lambda t: t.func.vmap(t.dot)(tensor(t, 4, 3), tensor(t, 4, 3, seed=1)),
    "in_dims": lambda t: t.func.vmap(t.mv, in_dims=(None, 1))(tensor(t, 2, 3), tensor(t, 3, 4)),
    "negative in_dims": lambda t: t.func.vmap(t.mv, in_dims=(None, -1))(tensor(t, 2, 3), tensor(t, 3, 4)),
    "out_dims": lambda t: t.func.vmap(lambda x: (x, x * 2), out_dims=(1, -1))(tensor(t, 3, 2)),
    "a tree": lambda t: t.func.vmap(lambda d: {"y": d["x"] + d["k"]}, in_dims=({"x": 0, "k": None},))({"x": tensor(t, 3, 2), "k": tensor(t)}),
    "a number": lambda t: t.func.vmap(lambda x, k: x * k, in_dims=(0, None))(tensor(t, 3, 2), 5),
    "keywords": lambda t: t.func.vmap(lambda x, k: x * k)(tensor(t, 3, 2), k=tensor(t, 2)),
    "nested": lambda t: t.func.vmap(t.func.vmap(t.dot, in_dims=(None, 0)), in_dims=(0, None))(tensor(t, 2, 3), tensor(t, 4, 3)),
    "chunks": lambda t: t.func.vmap(lambda x: x * 2, chunk_size=2)(tensor(t, 5, 2)),
    "constant output": lambda t: t.func.vmap(lambda x: t.ones(2), out_dims=None)(tensor(t, 3)),
    "with history": lambda t: t.func.vmap(lambda x: x**2)(tensor(t, 3, 2, requires_grad=True)),
    "per-sample gradients": lambda t: t.func.vmap(t.func.grad(lambda w, x: (w * x).sin().sum()), in_dims=(None, 0))(tensor(t, 3), tensor(t, 5, 3)),
    "gradient of a batch": lambda t: t.func.grad(lambda w: t.func.vmap(lambda x: (w * x).sin().sum())(tensor(t, 5, 3)).sum())(tensor(t, 3)),
    "batch of jacobians": lambda t: t.func.vmap(t.func.jacrev(lambda x: x**2))(tensor(t, 2, 3)),
    "batch of hessians": lambda t: t.func.vmap(t.func.hessian(lambda x: (x**3).sum()))(tensor(t, 2, 3)),
}

FORWARD = {
    "product": lambda t, ad: ad.unpack_dual(ad.make_dual(tensor(t, 3), tensor(t, 3, seed=1)) * tensor(t, 3, seed=2)),
    "two duals": lambda t, ad: ad.unpack_dual(
        ad.make_dual(tensor(t, 3), tensor(t, 3, seed=1)).exp() @ ad.make_dual(tensor(t, 3, seed=2), tensor(t, 3, seed=3))
    ),
    "the dual itself": lambda t, ad: ad.unpack_dual(ad.make_dual(tensor(t, 3), tensor(t, 3, seed=1))),
    "in place further on": lambda t, ad: ad.unpack_dual((ad.make_dual(tensor(t, 3), tensor(t, 3, seed=1)) * 2).mul_(3).sin_()),
    "history outside": lambda t, ad: ad.unpack_dual(ad.make_dual(tensor(t, 3, requires_grad=True), tensor(t, 3, seed=1)) ** 3),
    "history of the tangent": lambda t, ad: ad.unpack_dual(ad.make_dual(tensor(t, 3), tensor(t, 3, seed=1, requires_grad=True)) * 2).tangent,
}


@pytest.mark.parametrize("name", DERIVATIVES)
def test_derivatives(name, torch):
    both(DERIVATIVES[name], torch)


@pytest.mark.parametrize("name", BATCHES)
def test_vmap(name, torch):
    both(BATCHES[name], torch)


@pytest.mark.parametrize("name", FORWARD)
def test_forward_mode(name, torch):
    def run(lib):
        with lib.autograd.forward_ad.dual_level():
            return (
                tuple(FORWARD[name](lib, lib.autograd.forward_ad))
                if name != "history of the tangent"
                else FORWARD[name](lib, lib.autograd.forward_ad)
            )

    both(run, torch)


def identity(x):
    return x


MISTAKES = {
    "vector": lambda t: t.func.grad(identity)(t.ones(3)),
    "tuple": lambda t: t.func.grad(lambda x: (x, x))(t.ones(3)),
    "argnum": lambda t: t.func.grad(identity, argnums=2)(t.ones(())),
    "argnums twice": lambda t: t.func.grad(identity, argnums=(0, 0))(t.ones(())),
    "argnums type": lambda t: t.func.grad(identity, argnums="a")(t.ones(())),
    "aux": lambda t: t.func.grad(identity, has_aux=True)(t.ones(())),
    "float": lambda t: t.func.grad(identity)(3.0),
    "integers": lambda t: t.func.grad(identity)(t.tensor(1)),
    "vjp of a number": lambda t: t.func.vjp(lambda x: 3, t.ones(3)),
    "cotangent size": lambda t: t.func.vjp(identity, t.ones(3))[1](t.ones(2)),
    "cotangent structure": lambda t: t.func.vjp(identity, t.ones(3))[1]((t.ones(3),)),
    "primals": lambda t: t.func.jvp(identity, t.ones(3), t.ones(3)),
    "tangents": lambda t: t.func.jvp(identity, (t.ones(3),), (t.ones(3), t.ones(3))),
    "tangent size": lambda t: t.func.jvp(identity, (t.ones(3),), (t.ones(2),)),
    "jvp of a number": lambda t: t.func.jvp(lambda x: 3, (t.ones(3),), (t.ones(3),)),
    "no primals": lambda t: t.func.jvp(identity, (), ()),
    "vmap of a number": lambda t: t.func.vmap(identity)(3),
    "vmap in_dims structure": lambda t: t.func.vmap(identity, in_dims=(0, 0))(t.ones(3)),
    "vmap in_dims None": lambda t: t.func.vmap(identity, in_dims=None)(t.ones(3)),
    "vmap in_dims range": lambda t: t.func.vmap(identity, in_dims=1)(t.ones(3)),
    "vmap in_dims float": lambda t: t.func.vmap(identity, in_dims=(1.5,))(t.ones(3)),
    "vmap in_dims list": lambda t: t.func.vmap(t.mv, in_dims=[None, -1])(t.ones(2, 3), t.ones(3, 4)),
    "vmap in_dims text": lambda t: t.func.vmap(identity, in_dims="a")(t.ones(3)),
    "vmap of 0-d": lambda t: t.func.vmap(identity)(t.ones(())),
    "vmap output": lambda t: t.func.vmap(lambda x: 3)(t.ones(3)),
    "vmap out_dims structure": lambda t: t.func.vmap(identity, out_dims=(0, 0))(t.ones(3)),
    "vmap out_dims range": lambda t: t.func.vmap(identity, out_dims=2)(t.ones(3)),
    "vmap out_dims text": lambda t: t.func.vmap(identity, out_dims="a")(t.ones(3)),
    "vmap sizes": lambda t: t.func.vmap(lambda x, y: x)(t.ones(3), t.ones(2)),
    "vmap randomness": lambda t: t.func.vmap(identity, randomness="some")(t.ones(3)),
    "vmap random": lambda t: t.func.vmap(lambda x: x + t.rand(()))(t.ones(3)),
    "vmap chunk": lambda t: t.func.vmap(identity, chunk_size=0)(t.ones(3)),
    "vmap without inputs": lambda t: t.func.vmap(lambda: 3)(),
    "vmap differing constant": lambda t: t.func.vmap(lambda x: x * 1, out_dims=None)(t.arange(3.0)),
    "functional_call type": lambda t: t.func.functional_call(t.nn.Linear(2, 1), 3, t.ones(2)),
    "functional_call elements": lambda t: t.func.functional_call(t.nn.Linear(2, 1), [3], t.ones(2)),
    "functional_call repeated": lambda t: t.func.functional_call(t.nn.Linear(2, 1), [{"bias": 1}, {"bias": 2}], t.ones(2)),
    "functional_call strict": lambda t: t.func.functional_call(t.nn.Linear(2, 1), {"foo": t.ones(1)}, t.ones(2), strict=True),
    "stack nothing": lambda t: t.func.stack_module_state([]),
    "stack different": lambda t: t.func.stack_module_state([t.nn.Linear(1, 1), t.nn.ReLU()]),
    "stack modes": lambda t: t.func.stack_module_state([t.nn.Linear(1, 1), t.nn.Linear(1, 1).eval()]),
    "dual without level": lambda t: t.autograd.forward_ad.make_dual(t.ones(1), t.ones(1)),
    "batched without gradients": lambda t: t.autograd.grad(t.ones((), requires_grad=True) * 2, t.ones((), requires_grad=True), is_grads_batched=True),
    "materialize": lambda t: t.autograd.grad(t.ones(()), t.ones((), requires_grad=True), allow_unused=False, materialize_grads=True),
}


def on_a_level(run):
    def inside(lib):
        with lib.autograd.forward_ad.dual_level():
            return run(lib, lib.autograd.forward_ad)

    return inside


MISTAKES |= {
    "dual size": on_a_level(lambda t, ad: ad.make_dual(t.ones(3), t.ones(2))),
    "dual integers": on_a_level(lambda t, ad: ad.make_dual(t.tensor([1]), t.ones(1))),
    "dual integer tangent": on_a_level(lambda t, ad: ad.make_dual(t.ones(1), t.tensor([1]))),
    "dual twice": on_a_level(lambda t, ad: ad.make_dual(ad.make_dual(t.ones(1), t.ones(1)), t.ones(1))),
    "nested levels": on_a_level(lambda t, ad: ad.enter_dual_level()),
    "wrong level": on_a_level(lambda t, ad: ad.exit_dual_level(level=5)),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_errors_are_pytorchs(name, torch):
    both(MISTAKES[name], torch)


@pytest.mark.parametrize("create_graph", [False, True])
def test_batched_gradients(create_graph, torch):
    def run(lib):
        x, y = tensor(lib, 3, requires_grad=True), tensor(lib, 3, seed=1, requires_grad=True)
        return lib.autograd.grad(x**2 * y, (x, y), tensor(lib, 4, 3, seed=2), create_graph=create_graph, is_grads_batched=True)

    both(run, torch)


def test_batched_gradients_of_another_size():
    x = lesson_lib.ones(3, requires_grad=True)
    with pytest.raises(
        RuntimeError, match=r"^If `is_grads_batched=True`, we interpret the first dimension .* grad_output\[0\] has a shape of torch.Size\(\[2\]\)"
    ):
        lesson_lib.autograd.grad(x * 2, x, lesson_lib.ones(2, 2), is_grads_batched=True)


def test_randomness_of_vmap():
    torch = lesson_lib
    torch.manual_seed(0)
    same = torch.func.vmap(lambda x: x * 0 + torch.rand(()), randomness="same")(torch.ones(4))
    different = torch.func.vmap(lambda x: x * 0 + torch.rand(()), randomness="different")(torch.ones(4))
    assert len(set(same.tolist())) == 1 and len(set(different.tolist())) == 4


def test_a_refused_random_number_leaves_the_stream_alone():
    torch = lesson_lib
    torch.manual_seed(0)
    with pytest.raises(RuntimeError, match="randomness error mode"):
        torch.func.vmap(lambda x: x + torch.rand(()))(torch.ones(4))
    after = torch.rand(1).item()
    torch.manual_seed(0)
    assert torch.rand(1).item() == after


def test_an_empty_batch(torch):
    both(lambda t: t.func.vmap(lambda x: (x.sum(), x.repeat(2)), out_dims=(0, 1))(t.ones(0, 3)), torch)


def test_functional_call_uses_other_tensors_for_one_call(torch):
    def run(lib):
        net = lib.nn.Sequential(lib.nn.Linear(2, 2), lib.nn.BatchNorm1d(2))
        given = {"0.weight": lib.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True), "0.bias": lib.ones(2), "1.running_mean": lib.ones(2)}
        net.eval()
        before = dict(net.named_parameters())
        result = lib.func.functional_call(net, given, lib.ones(3, 2))
        assert all(before[name] is parameter for name, parameter in net.named_parameters())
        return result

    both(run, torch)


def test_functional_call_moves_buffers_and_ties_weights():
    torch = lesson_lib
    net = torch.nn.BatchNorm1d(2)
    state = {**dict(net.named_parameters()), **{name: buffer.clone() for name, buffer in net.named_buffers()}}
    torch.func.functional_call(net, state, torch.arange(6.0).reshape(3, 2))
    assert state["running_mean"].tolist() != [0, 0] and net.running_mean.tolist() == [0, 0]

    tied = torch.nn.Sequential(torch.nn.Linear(2, 2, bias=False), torch.nn.Linear(2, 2, bias=False))
    tied[1].weight = tied[0].weight
    x, w = torch.ones(1, 2), 2 * torch.eye(2)
    assert torch.func.functional_call(tied, {"0.weight": w}, x).tolist() == [[4, 4]]
    before = tied[0].weight.detach()
    assert torch.allclose(torch.func.functional_call(tied, {"0.weight": w}, x, tie_weights=False), x @ w.t() @ before.t())


def test_an_ensemble():
    torch = lesson_lib
    nets = [torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1)) for _ in range(5)]
    parameters, buffers = torch.func.stack_module_state(nets)
    assert parameters["0.weight"].is_leaf and parameters["0.weight"].requires_grad and buffers == {}
    x = torch.randn(7, 3)
    run = torch.func.vmap(lambda p, x: torch.func.functional_call(nets[0], p, x), in_dims=(0, None))
    assert torch.allclose(run(parameters, x), torch.stack([net(x) for net in nets]))


def test_per_sample_gradients_of_a_network():
    torch = lesson_lib
    net = torch.nn.Linear(3, 1)
    x, y = torch.randn(4, 3), torch.randn(4, 1)

    def loss(parameters, x, y):
        return ((torch.func.functional_call(net, parameters, x) - y) ** 2).mean()

    parameters = {name: parameter.detach() for name, parameter in net.named_parameters()}
    each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))(parameters, x, y)
    for i in range(4):
        (expected,) = torch.autograd.grad(((net(x[i]) - y[i]) ** 2).mean(), [net.weight])
        assert torch.allclose(each["weight"][i], expected)


def test_the_function_keeps_its_name():
    assert lesson_lib.func.grad(f).__name__ == lesson_lib.func.vmap(f).__name__ == "f"


def test_forward_mode_as_a_decorator_and_after_the_level():
    ad = lesson_lib.autograd.forward_ad

    @ad.dual_level()
    def tangent():
        return ad.unpack_dual(ad.make_dual(lesson_lib.tensor(3.0), lesson_lib.tensor(1.0)) ** 2).tangent

    assert tangent().item() == 6
    assert ad.unpack_dual(lesson_lib.ones(1, requires_grad=True) * 2).tangent is None


def test_gradient_of_a_tangent():
    ad = lesson_lib.autograd.forward_ad
    x = lesson_lib.tensor(2.0, requires_grad=True)
    with ad.dual_level():
        tangent = ad.unpack_dual(ad.make_dual(x, lesson_lib.tensor(1.0)) ** 3).tangent
    tangent.backward()
    assert x.grad.item() == 12
