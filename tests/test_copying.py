"""copy and pickle of tensors, Parameters, modules, optimizers and generators, against PyTorch."""

import copy
import pickle
import subprocess
import sys

import pytest

import lesson_lib


class Own(lesson_lib.Tensor):
    """A subclass of the user's."""


def with_grad(p):
    p.sum().backward()
    return p


def with_note(x):
    x.note = [1]
    return x


def pickled(x):
    return pickle.loads(pickle.dumps(x))


def facts(x):
    grad = None if x.grad is None else x.grad.tolist()
    plain = type(x).__name__, str(x.dtype), x.tolist(), x.stride(), x.requires_grad, x.is_leaf, grad
    return *plain, x.__dict__.get("note"), x.is_contiguous()


TENSORS = {
    "plain": lambda t: t.arange(6.0),
    "0-d": lambda t: t.tensor(3),
    "empty": lambda t: t.empty(0, 2),
    "transposed": lambda t: t.arange(6.0).reshape(2, 3).t(),
    "a part": lambda t: t.arange(12).reshape(3, 4)[1:, ::2],
    "expanded": lambda t: t.ones(1, 2).expand(3, 2),
    "bfloat16": lambda t: t.arange(4.0).to(t.bfloat16),
    "complex": lambda t: t.complex(t.ones(2), t.zeros(2)),
    "leaf": lambda t: t.ones(2, requires_grad=True),
    "leaf with gradient": lambda t: with_grad(t.ones(2, requires_grad=True)),
    "with an attribute": lambda t: with_note(t.ones(2)),
    "Parameter": lambda t: t.nn.Parameter(t.arange(6.0).reshape(2, 3).t()),
    "Parameter with gradient": lambda t: with_grad(t.nn.Parameter(t.ones(2))),
    "Parameter with an attribute": lambda t: with_note(t.nn.Parameter(t.ones(2))),
    "frozen Parameter": lambda t: t.nn.Parameter(t.ones(2), requires_grad=False),
    "Parameter over a part": lambda t: t.nn.Parameter(t.arange(12.0).reshape(3, 4)[:, 1]),
    "detached": lambda t: (t.ones(2, requires_grad=True) * 2)[1:].detach(),
}
WAYS = {"copy": copy.copy, "deepcopy": copy.deepcopy, "pickle": pickled}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", TENSORS)
def test_tensors(name, way, torch):
    ours, theirs = (facts(WAYS[way](TENSORS[name](t))) for t in (lesson_lib, torch))
    assert ours == theirs


@pytest.mark.parametrize("way", ["copy", "pickle"])
def test_what_is_no_leaf_becomes_one(way, torch):
    ours, theirs = (facts(WAYS[way](t.ones(2, requires_grad=True) * 2)) for t in (lesson_lib, torch))
    assert ours == theirs


def test_what_is_no_leaf_has_no_deep_copy(torch):
    for t in (lesson_lib, torch):
        with pytest.raises(RuntimeError, match="Only Tensors created explicitly by the user"):
            copy.deepcopy(t.ones(2, requires_grad=True) * 2)


def sharing(t, way):
    """Which of several views share memory after they were copied together."""
    x = t.arange(6.0)
    other = way([x, x[1:3], x.view(2, 3).t(), x.detach(), x.clone(), t.nn.Parameter(x[2:])])
    places = [one.untyped_storage().data_ptr() for one in other]
    return [places.index(place) for place in places], [one.storage_offset() for one in other], [one._base is None for one in other]


def test_a_deep_copy_shares_what_was_shared(torch):
    assert sharing(lesson_lib, copy.deepcopy) == sharing(torch, copy.deepcopy)
    assert sharing(lesson_lib, copy.copy) == sharing(torch, copy.copy)
    assert sharing(lesson_lib, lambda x: [copy.copy(one) for one in x])[0] == [0, 0, 0, 0, 4, 0]


def test_a_pickle_holds_each_tensor_by_itself(torch):
    for t in (lesson_lib, torch):
        x = t.arange(6.0)
        a, b = pickled([x, x[1:3]])
        a.zero_()
        assert b.tolist() == [1, 2]


def test_a_pickle_of_a_part_is_small():
    assert len(pickle.dumps(lesson_lib.ones(100_000)[:2])) < 1000


def test_a_copy_is_independent():
    x = lesson_lib.arange(3.0)
    y = copy.deepcopy(x)
    z = pickled(x)
    shallow = copy.copy(x)
    x.add_(10)
    assert y.tolist() == z.tolist() == [0, 1, 2] and shallow.tolist() == [10, 11, 12]


def test_attributes_are_copied_deeply():
    x = with_note(lesson_lib.ones(1))
    y = copy.deepcopy(x)
    y.note.append(2)
    assert x.note == [1] and type(copy.deepcopy(lesson_lib.ones(2).as_subclass(Own))) is Own and type(pickled(lesson_lib.ones(2).as_subclass(Own))) is Own


def test_a_buffer_stays_one():
    buffer = lesson_lib.nn.Buffer(lesson_lib.ones(2), persistent=False)
    for other in (copy.copy(buffer), copy.deepcopy(buffer), pickled(buffer)):
        assert type(other) is lesson_lib.nn.Buffer and other.persistent is False


@pytest.mark.parametrize("way", [copy.deepcopy, pickled])
def test_a_model_with_its_optimizer(way):
    """Copied together, the optimizer goes on with the copy of the model."""
    net = lesson_lib.nn.Sequential(lesson_lib.nn.Linear(2, 3), lesson_lib.nn.Tanh(), lesson_lib.nn.Linear(3, 1))
    optimizer = lesson_lib.optim.Adam(net.parameters(), lr=0.1)

    def step(net, optimizer):
        optimizer.zero_grad()
        net(lesson_lib.ones(4, 2)).pow(2).sum().backward()
        optimizer.step()

    step(net, optimizer)
    net2, optimizer2 = way((net, optimizer))
    if way is copy.deepcopy:
        assert optimizer2.param_groups[0]["params"][0] is net2[0].weight
        step(net2, optimizer2)
    else:
        optimizer2 = lesson_lib.optim.Adam(net2.parameters(), lr=0.1)
        optimizer2.load_state_dict(pickled(optimizer.state_dict()))
        step(net2, optimizer2)
    step(net, optimizer)
    assert all((a == b).all() for a, b in zip(net.parameters(), net2.parameters(), strict=True))


@pytest.mark.parametrize("way", WAYS)
def test_generators(way):
    g = lesson_lib.Generator().manual_seed(3)
    lesson_lib.randn(5, generator=g)
    other = WAYS[way](g)
    if way != "copy":
        assert lesson_lib.randn(3, generator=other).tolist() == lesson_lib.randn(3, generator=g).tolist()


def test_a_tensor_has_all_its_methods_from_the_first_import():
    """Nothing that is imported when first named adds one."""
    program = """
import lesson_lib
before = set(vars(lesson_lib.Tensor))
for name in lesson_lib._LATER:
    getattr(lesson_lib, name)
print(sorted(set(vars(lesson_lib.Tensor)) - before))
"""
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"
