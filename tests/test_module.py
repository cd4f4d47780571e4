"""Module: members, names, hooks, state, printing. Each behaviour is also asked of real PyTorch."""

import copy
import pickle
import re

import pytest

import lesson_lib


def net(torch):
    """A small network with shared weights, buffers of both kinds and nested containers."""
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 3)
            self.register_buffer("count", torch.zeros(2))
            self.register_buffer("scratch", torch.zeros(1), persistent=False)

        def forward(self, x):
            return self.fc(x).relu()

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = Block()
            self.layers = nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3), nn.ReLU()])
            self.named = nn.ModuleDict({"out": nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.25))})
            self.tied = self.first.fc
            self.scale = nn.Parameter(torch.ones(2))
            self.nothing = None

        def forward(self, x):
            x = self.first(x)
            for layer in self.layers:
                x = layer(x)
            return self.named["out"](x) * self.scale

    torch.manual_seed(0)
    return Net()


def shapes(named):
    return [(name, tuple(value.shape)) for name, value in named]


#: what is asked of the network: question -> answer as plain Python
QUESTIONS = {
    "repr": repr,
    "parameters": lambda m: shapes(m.named_parameters()),
    "parameters, tied ones twice": lambda m: shapes(m.named_parameters(remove_duplicate=False)),
    "own parameters": lambda m: shapes(m.named_parameters(recurse=False)),
    "parameters with prefix": lambda m: shapes(m.named_parameters(prefix="net")),
    "buffers": lambda m: shapes(m.named_buffers()),
    "modules": lambda m: [name for name, _ in m.named_modules()],
    "modules, tied ones twice": lambda m: [name for name, _ in m.named_modules(remove_duplicate=False)],
    "children": lambda m: [name for name, _ in m.named_children()],
    "state": lambda m: shapes(m.state_dict().items()),
    "state metadata": lambda m: dict(m.state_dict()._metadata),
    "state requires no grad": lambda m: [v.requires_grad for v in m.state_dict().values()],
    "state with vars": lambda m: [v.requires_grad for v in m.state_dict(keep_vars=True).values()],
    "state with prefix": lambda m: list(m.state_dict(prefix="a.")),
    "sub-modules": lambda m: (repr(m.get_submodule("named.out.0")), m.get_submodule("") is m),
    "get_parameter": lambda m: tuple(m.get_parameter("first.fc.weight").shape),
    "get_buffer": lambda m: tuple(m.get_buffer("first.count").shape),
    "dir": lambda m: [name for name in dir(m) if name in ("first", "scale", "count", "named", "0")],
    "slices": lambda m: (repr(m.layers[1:]), repr(m.named["out"][:1]), repr(m.layers[-1])),
    "lengths": lambda m: (len(m.layers), len(m.named), len(m.named["out"]), list(m.named), "out" in m.named),
    "load": lambda m: repr(m.load_state_dict(m.state_dict())),
    "load, not strict": lambda m: tuple(m.load_state_dict({"scale": m.scale.detach(), "x": m.scale.detach()}, strict=False)),
    "train": lambda m: [sub.training for sub in m.eval().modules()] + [sub.training for sub in m.train().modules()],
    "apply": lambda m: (seen := [], m.apply(lambda sub: seen.append(type(sub).__name__)))[0],
    "double": lambda m: sorted({str(v.dtype) for v in copy.deepcopy(m).double().state_dict().values()}),
    "half": lambda m: str(copy.deepcopy(m).half().scale.dtype),
    "frozen": lambda m: [p.requires_grad for p in copy.deepcopy(m).requires_grad_(False).parameters()],
    "weights": lambda m: [round(p.sum().item(), 5) for p in m.parameters()],
    "deepcopy keeps ties": lambda m: (c := copy.deepcopy(m)).tied is c.first.fc and c.tied is not m.tied,
    "zero_grad": lambda m: [p.grad for p in m.parameters()],
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_equal_pytorch(torch, question):
    ask = QUESTIONS[question]
    assert ask(net(lesson_lib)) == ask(net(torch))


def remove(module, name):
    delattr(module, name)


#: programs that go wrong; each gets a namespace and a fresh network
MISTAKES = {
    "no such attribute": lambda torch, m: m.frist,
    "no forward": lambda torch, m: torch.nn.Module()(1),
    "forgotten super": lambda torch, m: type("Bad", (torch.nn.Module,), {"__init__": lambda self: setattr(self, "x", torch.nn.ReLU())})(),
    "forgotten super, parameter": lambda torch, m: type(
        "Bad", (torch.nn.Module,), {"__init__": lambda self: setattr(self, "x", torch.nn.Parameter(torch.ones(1)))}
    )(),
    "unexpected keyword": lambda torch, m: torch.nn.Module(3),
    "tensor for a parameter": lambda torch, m: setattr(m, "scale", torch.ones(2)),
    "number for a module": lambda torch, m: setattr(m, "first", 3),
    "text for a buffer": lambda torch, m: setattr(m.first, "count", "x"),
    "computed parameter": lambda torch, m: m.register_parameter("p", m.scale * 2),
    "tensor as parameter": lambda torch, m: m.register_parameter("p", torch.ones(2)),
    "number as parameter": lambda torch, m: m.register_parameter("p", 2),
    "number as buffer": lambda torch, m: m.register_buffer("b", 2),
    "dot in a name": lambda torch, m: m.register_buffer("a.b", torch.ones(1)),
    "dot in a module's name": lambda torch, m: m.add_module("a.b", torch.nn.ReLU()),
    "empty name": lambda torch, m: m.register_parameter("", None),
    "number as name": lambda torch, m: m.register_parameter(3, None),
    "name taken": lambda torch, m: m.register_buffer("forward", torch.ones(1)),
    "number as module": lambda torch, m: m.add_module("x", 3),
    "delete what is not there": lambda torch, m: remove(m, "nope"),
    "no such sub-module": lambda torch, m: m.get_submodule("first.nope"),
    "not a module": lambda torch, m: m.get_submodule("scale"),
    "not a parameter": lambda torch, m: m.get_parameter("first.count"),
    "not a buffer": lambda torch, m: m.get_buffer("scale"),
    "train(1)": lambda torch, m: m.train(1),
    "to an integer type": lambda torch, m: m.to(torch.int64),
    "list as state": lambda torch, m: m.load_state_dict([1]),
    "missing keys": lambda torch, m: m.load_state_dict({}),
    "unexpected keys": lambda torch, m: m.load_state_dict({**m.state_dict(), "first.zzz": torch.ones(1), "a.b": torch.ones(1)}),
    "wrong shapes": lambda torch, m: m.load_state_dict({**m.state_dict(), "scale": torch.ones(3), "first.count": torch.ones(1, 2)}),
    "number in a state": lambda torch, m: m.load_state_dict({**m.state_dict(), "scale": 3}),
    "all at once": lambda torch, m: m.load_state_dict({"scale": torch.ones(3), "x": torch.ones(1)}),
    "Sequential of a number": lambda torch, m: torch.nn.Sequential(3),
    "ModuleList of numbers": lambda torch, m: torch.nn.ModuleList([3]),
    "index too large": lambda torch, m: m.layers[9],
    "index too large in Sequential": lambda torch, m: m.named["out"][9],
    "extend by a number": lambda torch, m: m.layers.extend(3),
    "update by a number": lambda torch, m: m.named.update(3),
    "update by triples": lambda torch, m: m.named.update([("a", torch.nn.ReLU(), 1)]),
    "add to Sequential": lambda torch, m: torch.nn.Sequential() + 3,
    "Sequential times zero": lambda torch, m: torch.nn.Sequential() * 0,
    "integer parameter": lambda torch, m: torch.nn.Parameter(torch.zeros(2, dtype=torch.int64)),
    "two gradients for one": lambda torch, m: hooked_wrongly(torch),
    "pre-hook that returns nonsense": lambda torch, m: (m.register_forward_pre_hook(lambda *_: 1, with_kwargs=True), m(torch.ones(1, 3))),
}


def hooked_wrongly(torch):
    layer = torch.nn.Linear(2, 2)
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: (None, None))
    layer(torch.ones(1, 2, requires_grad=True)).sum().backward()


def complaint(torch, program):
    with pytest.raises(Exception) as caught:
        program(torch, net(torch))
    text = str(caught.value.args[0] if caught.value.args else "")
    text = re.split(r"\n  (?:at|Try:) ", text)[0]  # what follows PyTorch's own words
    for ours, theirs in (("lesson_lib.nn.module.", "torch.nn.modules.module."), ("lesson_lib.nn.container.", "torch.nn.modules.container.")):
        text = text.replace(ours, theirs)
    return caught.type, re.sub(r"tests\.test_module\.\S+Bad", "Bad", text).strip()


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_equal_pytorch(torch, mistake):
    kind, text = complaint(lesson_lib, MISTAKES[mistake])
    their_kind, their_text = complaint(torch, MISTAKES[mistake])
    assert text == their_text
    assert issubclass(kind, their_kind)


def test_typo_is_explained():
    """Python adds the name that was probably meant."""
    with pytest.raises(AttributeError) as caught:
        lesson_lib.nn.Linear(2, 1).wieght  # noqa: B018
    assert caught.value.name == "wieght"
    assert caught.value.obj.out_features == 1


def test_names_move_between_kinds(torch):
    """A name belongs to one kind of member; assigning another kind moves it."""

    def program(torch):
        m = torch.nn.Module()
        m.x = 1
        m.x = torch.nn.Parameter(torch.ones(1))
        steps = [(list(m._parameters), list(m._buffers), list(m._modules), "x" in m.__dict__)]
        del m.x
        m.x = torch.nn.Buffer(torch.ones(1), persistent=False)
        steps.append((list(m._parameters), list(m._buffers), list(m._modules), list(m.state_dict())))
        m.x = torch.zeros(3)
        steps.append((list(m._buffers), list(m.state_dict())))
        m.x = torch.nn.ReLU()
        steps.append((list(m._parameters), list(m._buffers), list(m._modules), "x" in m.__dict__))
        m.x = torch.nn.Parameter(torch.ones(1))
        m.x = None
        steps.append((dict(m._parameters), list(m.state_dict()), hasattr(m, "x")))
        return steps

    assert program(lesson_lib) == program(torch)


def test_forward_hooks(torch):
    """Order, replacement, keyword arguments, removal, and calls after an exception."""

    def program(torch):
        log = []
        layer = torch.nn.Identity()
        layer.register_forward_pre_hook(lambda m, args: log.append(("pre", len(args))))
        first = layer.register_forward_pre_hook(lambda m, args: args[0] + 1, prepend=True)
        layer.register_forward_hook(lambda m, args, out: log.append(("post", out.tolist())))
        layer.register_forward_hook(lambda m, args, out: out * 10)
        log.append(layer(torch.ones(1)).tolist())
        first.remove()
        log.append(layer(torch.ones(1)).tolist())

        class Adds(torch.nn.Module):
            def forward(self, x, *, y=0):
                return x + y

        adds = Adds()
        adds.register_forward_pre_hook(lambda m, args, kwargs: (args, {"y": kwargs["y"] * 2}), with_kwargs=True)
        adds.register_forward_hook(lambda m, args, kwargs, out: log.append(("kwargs", kwargs)), with_kwargs=True)
        log.append(adds(torch.ones(1), y=3).tolist())

        class Fails(torch.nn.Module):
            def forward(self, x):
                raise ValueError("no")

        fails = Fails()
        fails.register_forward_hook(lambda m, args, out: log.append(("always", out)), always_call=True)
        fails.register_forward_hook(lambda m, args, out: log.append("never"))
        with pytest.raises(ValueError, match="no"):
            fails(torch.ones(1))
        return log

    assert program(lesson_lib) == program(torch)


def test_backward_hooks(torch):
    """What the hooks see, what they change, with inputs that carry gradients and without."""

    def program(torch):
        log = []
        torch.manual_seed(0)
        layer = torch.nn.Linear(2, 2)
        layer.register_full_backward_hook(lambda m, gi, go: log.append(("hook", len(gi), gi[0] is not None and gi[0].shape, go[0].tolist())))
        layer.register_full_backward_pre_hook(lambda m, go: (go[0] * 2,))
        x = torch.ones(1, 2, requires_grad=True)
        y = layer(x)
        log.append(y.grad_fn.name())
        y.sum().backward()
        log.append([[round(v, 4) for v in row] for row in (*x.grad.tolist(), *layer.weight.grad.tolist())])

        doubled = torch.nn.Identity()
        doubled.register_full_backward_hook(lambda m, gi, go: (gi[0] * 2,))
        x = torch.ones(2, requires_grad=True)
        doubled(x).sum().backward()
        log.append(x.grad.tolist())

        several = torch.nn.Module()
        several.forward = lambda a, n, b: (a * b, n, b)
        several.register_full_backward_hook(lambda m, gi, go: log.append([g is None for g in (*gi, *go)]))
        a, b = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
        product, _, same = several(a, 3, b)
        (product + same).sum().backward()
        log.append((a.grad.tolist(), b.grad.tolist()))
        return log

    assert program(lesson_lib) == program(torch)


def test_state_hooks(torch):
    """Hooks around saving and loading, extra state, and loading by assignment."""

    def program(torch):
        log = []

        class Counted(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.w = torch.nn.Parameter(torch.ones(1))
                self.steps = 5

            def get_extra_state(self):
                return {"steps": self.steps}

            def set_extra_state(self, state):
                self.steps = state["steps"] + 1

        m = Counted()
        m.register_state_dict_pre_hook(lambda module, prefix, keep_vars: log.append(("save", prefix, keep_vars)))
        m.register_state_dict_post_hook(lambda module, state, prefix, metadata: state.update(extra=torch.ones(1)))
        state = m.state_dict()
        log.append(list(state))
        m.register_load_state_dict_pre_hook(lambda module, state, prefix, *rest: log.append((module is m, state.pop("extra").tolist())))
        m.register_load_state_dict_post_hook(lambda module, keys: log.append(("loaded", tuple(keys))))
        log.append((repr(m.load_state_dict(state)), m.steps))
        w = m.w
        log.append(m.w is w)
        new = {**state, "w": torch.full((1,), 7.0)}
        m.load_state_dict(new, assign=True)
        log.append((m.w is w, type(m.w).__name__, m.w.requires_grad, m.w.data_ptr() == new["w"].data_ptr()))
        return log

    assert program(lesson_lib) == program(torch)


def test_state_dict_shares_memory():
    m = lesson_lib.nn.Linear(2, 1)
    m.state_dict()["bias"].fill_(3)
    assert m.bias.item() == 3


def test_zero_grad_keeps_or_drops():
    m = lesson_lib.nn.Linear(2, 1)
    m(lesson_lib.ones(1, 2)).sum().backward()
    kept = m.bias.grad
    m.zero_grad(set_to_none=False)
    assert m.bias.grad.item() == 0
    assert kept.item() == 0
    m.zero_grad()
    assert m.bias.grad is None


def test_to_keeps_parameter_objects():
    """An optimizer made before the conversion goes on working: the Parameter stays, its data and gradient change."""
    m = lesson_lib.nn.Linear(2, 1)
    before = list(m.parameters())
    m(lesson_lib.ones(1, 2)).sum().backward()
    m.to(lesson_lib.float64)
    assert all(a is b for a, b in zip(before, m.parameters(), strict=True))
    assert m.weight.grad.dtype is lesson_lib.float64
    m(lesson_lib.ones(1, 2, dtype=lesson_lib.float64)).sum().backward()


def test_pickle_round_trip():
    m = lesson_lib.nn.Sequential(lesson_lib.nn.Linear(2, 2), lesson_lib.nn.BatchNorm1d(2)).eval()
    again = pickle.loads(pickle.dumps(m))
    assert repr(again) == repr(m)
    assert not again.training
    for (name, a), (other, b) in zip(m.state_dict().items(), again.state_dict().items(), strict=True):
        assert name == other
        assert a.tolist() == b.tolist()


def test_parameter_text_and_copy(torch):
    def program(torch):
        p = torch.nn.Parameter(torch.ones(2))
        p.grad = torch.ones(2)
        c = copy.deepcopy(p)
        return repr(p), isinstance(p, torch.Tensor), p.is_leaf, c.grad, type(c).__name__, type(p + 1).__name__, repr(torch.nn.Parameter(p, False))

    assert program(lesson_lib) == program(torch)


#: changes to containers, and what they look like afterwards
CHANGES = {
    "insert": lambda nn, s: s.insert(1, nn.Tanh()),
    "append": lambda nn, s: s.append(nn.Tanh()),
    "pop": lambda nn, s: s.pop(0),
    "delete": lambda nn, s: s.__delitem__(0),
    "delete a slice": lambda nn, s: s.__delitem__(slice(0, 2)),
    "replace": lambda nn, s: s.__setitem__(-1, nn.Tanh()),
    "extend": lambda nn, s: s.extend([nn.Tanh(), nn.Tanh()]),
}


@pytest.mark.parametrize("kind", ["Sequential", "ModuleList"])
@pytest.mark.parametrize("change", CHANGES)
def test_changes_to_containers(torch, change, kind):
    def program(nn):
        members = [nn.ReLU(), nn.Sigmoid(), nn.ReLU()]
        container = nn.Sequential(*members) if kind == "Sequential" else nn.ModuleList(members)
        CHANGES[change](nn, container)
        return repr(container)

    assert program(lesson_lib.nn) == program(torch.nn)


def test_sums_of_sequentials(torch):
    def program(nn):
        a, b = nn.Sequential(nn.ReLU()), nn.Sequential(nn.Tanh())
        total, twice = a + b, a * 2
        a += b
        b *= 3
        longer = nn.ModuleList([nn.ReLU()]) + [nn.Tanh()]  # noqa: RUF005 - the sum of a ModuleList and a list is what is tested
        return [repr(x) for x in (total, twice, a, b, longer)]

    assert program(lesson_lib.nn) == program(torch.nn)
