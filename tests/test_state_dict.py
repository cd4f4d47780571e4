"""state_dict and load_state_dict against PyTorch: names, messages, ``strict``, ``assign``, extra state, hooks, what a failure leaves behind."""

from collections import OrderedDict

import pytest

import lesson_lib


def first(t):
    """A module with everything that a state can hold: parameters, buffers, None, extra state, children, a version of its own."""

    class Inner(t.nn.Module):
        _version = 3

        def __init__(self):
            super().__init__()
            self.weight = t.nn.Parameter(t.arange(4.0).reshape(2, 2))
            self.register_parameter("bias", None)
            self.register_buffer("count", t.tensor(0))
            self.register_buffer("scratch", t.ones(3), persistent=False)
            self.register_buffer("nothing", None)
            self.notes = {"seen": 0}

        def get_extra_state(self):
            return dict(self.notes)

        def set_extra_state(self, state):
            self.notes = dict(state)

    class Net(t.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = t.nn.Parameter(t.tensor(2.0))
            self.inner = Inner()
            self.absent = None
            self.layers = t.nn.Sequential(t.nn.Linear(2, 1), t.nn.ReLU())
            with t.no_grad():
                for n, p in enumerate(self.layers.parameters()):
                    p.fill_(float(n))

    return Net()


def changed(t, m, **more):
    """Another state for ``first``; "__" in a name stands for a dot, and None takes the name out."""
    state = m.state_dict()
    for name, value in list(state.items()):
        state[name] = {"seen": 5} if name.endswith("_extra_state") else value + 1
    for name, value in more.items():
        name = name.replace("__", ".")
        state.pop(name, None) if value is None else state.update({name: value})
    return state


def shown(value):
    """A result as plain data."""
    if isinstance(value, dict):
        return [(name, shown(inner)) for name, inner in value.items()], {k: dict(v) for k, v in getattr(value, "_metadata", {}).items()}
    if isinstance(value, list | tuple):
        return [shown(inner) for inner in value]
    if hasattr(value, "requires_grad"):
        return type(value).__name__, str(value.dtype), value.tolist(), value.requires_grad, value.is_leaf
    return value if isinstance(value, str | int | float | bool) or value is None else repr(value)


def after(t, m, state, **options):
    """What ``load_state_dict`` returns or raises, and how the module is afterwards."""
    try:
        answer = repr(m.load_state_dict(state, **options))
    except RuntimeError as error:
        answer = str(error).partition("\n  at ")[0]
    return [answer, m.state_dict(), m.inner.notes, [p.requires_grad for p in m.parameters()]]


def log_of_hooks(t, m):
    log = []
    m.inner.register_state_dict_pre_hook(lambda module, prefix, keep: log.append(("before saving", type(module).__name__, prefix, keep)))
    m.inner.register_state_dict_post_hook(lambda module, state, prefix, metadata: log.append(("saved", list(state), prefix, sorted(metadata))))
    m.inner.register_load_state_dict_pre_hook(lambda module, state, prefix, metadata, strict, *lists: log.append((list(state), prefix, strict, lists)))
    m.inner.register_load_state_dict_post_hook(lambda module, keys: log.append(("loaded", list(keys.missing_keys), module.weight.tolist())))
    answer = after(t, m, changed(t, m))
    return log, answer


def a_hook_forgives(t, m):
    m.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.clear())
    return after(t, m, changed(t, m, scale=None))


def a_hook_renames(t, m):
    m.register_load_state_dict_pre_hook(lambda module, state, prefix, *rest: state.update(scale=state.pop("old_scale")))
    state = changed(t, m, scale=None, old_scale=t.tensor(9.0))
    return after(t, m, state), "old_scale" in state


def assigned(t, m):
    state = changed(t, m)
    before = m.scale
    m.inner.weight.requires_grad_(False)
    answer = after(t, m, state, assign=True)
    return answer, m.scale is before, m.scale.data_ptr() == state["scale"].data_ptr(), m.inner.count is state["inner.count"], m.inner.weight.requires_grad


def assigned_parameters(t, m):
    state = changed(t, m)
    state["scale"], state["inner.weight"] = t.nn.Parameter(t.tensor(4.0), requires_grad=False), t.nn.Parameter(t.ones(2, 2))
    m.inner.weight.requires_grad_(False)
    return after(t, m, state, assign=True), m.scale is state["scale"], m.scale.requires_grad, m.inner.weight.requires_grad


def older_version(t, m):
    """A module that reads what its earlier version wrote."""
    seen = []

    class Renamed(t.nn.Module):
        _version = 2

        def __init__(self):
            super().__init__()
            self.new = t.nn.Parameter(t.zeros(1))

        def _load_from_state_dict(self, state_dict, prefix, local_metadata, *rest):
            seen.append((prefix, local_metadata.get("version"), rest[0]))
            if local_metadata.get("version", 0) < 2:
                state_dict[prefix + "new"] = state_dict.pop(prefix + "old")
            super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    net = t.nn.Sequential(Renamed())
    state = OrderedDict({"0.old": t.ones(1)})
    answers = [repr(net.load_state_dict(state)), net[0].new.tolist(), list(state)]
    state._metadata = {"0": {"version": 2}}
    try:
        net.load_state_dict(state)
    except RuntimeError as error:
        answers.append(str(error).partition("\n  at ")[0])
    return answers, seen, net.state_dict()


def own_saving(t, m):
    """A module that writes its state in a way of its own."""

    class Halved(t.nn.Linear):
        def _save_to_state_dict(self, destination, prefix, keep_vars):
            super()._save_to_state_dict(destination, prefix, keep_vars)
            destination[prefix + "half"] = destination.pop(prefix + "weight") / 2

    net = t.nn.Sequential(Halved(2, 1, bias=False))
    with t.no_grad():
        net[0].weight.fill_(3.0)
    return net.state_dict(), net.state_dict(prefix="a.b.")


def collected(t, m):
    """A given dictionary is filled, and returned."""
    target = OrderedDict(x=1)
    same = m.state_dict(destination=target, prefix="p.") is target
    return same, target


PROGRAMS = {
    "state": lambda t, m: m.state_dict(),
    "prefix": lambda t, m: m.state_dict(prefix="a."),
    "vars": lambda t, m: [m.state_dict(keep_vars=True), m.state_dict(keep_vars=True)["scale"] is m.scale],
    "a given dictionary": collected,
    "load": lambda t, m: after(t, m, changed(t, m)),
    "a plain dictionary": lambda t, m: after(t, m, dict(changed(t, m))),
    "missing": lambda t, m: after(t, m, changed(t, m, scale=None, inner__weight=None, layers__0__bias=None)),
    "missing, not strict": lambda t, m: after(t, m, changed(t, m, scale=None, inner__weight=None), strict=False),
    "unexpected": lambda t, m: after(t, m, changed(t, m, x=t.ones(1), inner__y=t.ones(1), layers__9__weight=t.ones(1), layers__1__z=t.ones(1), a__b=t.ones(1))),
    "unexpected, not strict": lambda t, m: after(t, m, changed(t, m, x=t.ones(1), inner__y=t.ones(1)), strict=False),
    "what is not persistent is unexpected": lambda t, m: after(t, m, changed(t, m, inner__scratch=t.ones(3), inner__bias=t.ones(2), inner__nothing=t.ones(1))),
    "missing and unexpected": lambda t, m: after(t, m, changed(t, m, scale=None, inner__count=None, x=t.ones(1), y=t.ones(1))),
    "other shapes": lambda t, m: after(t, m, changed(t, m, inner__weight=t.ones(3, 2), layers__0__weight=t.ones(1))),
    "other shapes, not strict": lambda t, m: after(t, m, changed(t, m, inner__weight=t.ones(3, 2)), strict=False),
    "all at once": lambda t, m: after(t, m, changed(t, m, inner__weight=t.ones(3, 2), scale=None, x=t.ones(1), layers__0__bias=3)),
    "numbers for tensors": lambda t, m: after(t, m, changed(t, m, scale=3, inner__weight="text")),
    "a vector of one for a number": lambda t, m: after(t, m, changed(t, m, scale=t.ones(1))),
    "a vector of two for a number": lambda t, m: after(t, m, changed(t, m, scale=t.ones(2))),
    "another dtype is converted": lambda t, m: after(t, m, changed(t, m, scale=t.tensor(3.5, dtype=t.float64), inner__count=t.tensor(2.5))),
    "another dtype is assigned": lambda t, m: after(t, m, changed(t, m, scale=t.tensor(3.5, dtype=t.float64)), assign=True),
    "no extra state": lambda t, m: after(t, m, changed(t, m, inner___extra_state=None)),
    "extra state too much": lambda t, m: after(t, m, changed(t, m, layers___extra_state=3, _extra_state=1)),
    "empty": lambda t, m: after(t, m, {}),
    "assign": assigned,
    "assign Parameters": assigned_parameters,
    "assign with other shapes": lambda t, m: after(t, m, changed(t, m, scale=t.ones(2)), assign=True),
    "hooks": log_of_hooks,
    "a hook that forgives": a_hook_forgives,
    "a hook that renames": a_hook_renames,
    "a hook's handle": lambda t, m: (m.register_load_state_dict_post_hook(lambda *args: 1 / 0).remove(), after(t, m, changed(t, m))),
    "an older version": older_version,
    "saving of one's own": own_saving,
    "the argument stays as it is": lambda t, m: (lambda state: (after(t, m, state), state))(changed(t, m, x=t.ones(1))),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_same_as_pytorch(name, torch):
    results = [shown(PROGRAMS[name](t, first(t))) for t in (lesson_lib, torch)]
    assert results[0] == results[1]


@pytest.mark.parametrize("state", [None, [1], 3, "text"])
def test_a_state_must_be_a_dictionary(state, torch):
    errors = []
    for t in (lesson_lib, torch):
        with pytest.raises(TypeError) as caught:
            first(t).load_state_dict(state)
        errors.append(str(caught.value).split("\n")[0])
    assert errors[0] == errors[1]


def test_an_optimizer_goes_on_after_loading_and_not_after_assigning(torch):
    """Loading writes into the Parameters that the optimizer holds; assigning puts others in their place."""
    results = []
    for t in (lesson_lib, torch):
        for assign in (False, True):
            m = t.nn.Linear(1, 1)
            optimizer = t.optim.SGD(m.parameters(), lr=1.0)
            m.load_state_dict({"weight": t.zeros(1, 1), "bias": t.zeros(1)}, assign=assign)
            m(t.ones(1, 1)).sum().backward()
            optimizer.step()
            results.append(m.weight.tolist())
    assert results == [[[-1.0]], [[0.0]]] * 2


def test_a_state_is_loaded_without_a_history():
    m, source = lesson_lib.nn.Linear(2, 1), lesson_lib.nn.Linear(2, 1)
    m.load_state_dict(source.state_dict(keep_vars=True))
    assert m.weight.is_leaf and m.weight.grad_fn is None and m.weight.tolist() == source.weight.tolist()
