"""Hooks for all modules at once, the older backward hooks, and hooks at registration, against PyTorch."""

import importlib

import pytest

import lesson_lib

from .alike import alike


def everywhere(torch):
    """The module ``nn.modules.module`` of either library."""
    return importlib.import_module(f"{torch.__name__}.nn.modules.module")


def name(module):
    return type(module).__name__


def net(torch):
    return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())


def called(register, run=lambda torch, module: module(torch.ones(1, 2))):
    """What the hooks that ``register(torch, hooks, log)`` adds see while ``run`` runs; they are removed, and it runs again."""

    def program(torch):
        log, module = [], net(torch)
        handles = register(torch, everywhere(torch), module, log)
        try:
            log.append(run(torch, module))
        except ZeroDivisionError as problem:
            log.append(str(problem))
        finally:
            for handle in handles:
                handle.remove()
        count = len(log)
        run(torch, net(torch))
        return [*log, count == len(log)]

    return program


def backward(torch, module):
    x = torch.ones(1, 2, requires_grad=True)
    module(x).sum().backward()
    return [x.grad, module[0].weight.grad]


class Fails:
    """Makes the second module fail."""

    def __call__(self, module, args, output):
        if name(module) == "ReLU":
            raise ZeroDivisionError("no")


AROUND = {
    "before": called(lambda t, h, m, log: [h.register_module_forward_pre_hook(lambda module, args: log.append([name(module), args[0]]))]),
    "before, replacing": called(lambda t, h, m, log: [h.register_module_forward_pre_hook(lambda module, args: args[0] * 2)]),
    "before, replacing by a tuple": called(lambda t, h, m, log: [h.register_module_forward_pre_hook(lambda module, args: (args[0] + 1,))]),
    "after": called(lambda t, h, m, log: [h.register_module_forward_hook(lambda module, args, out: log.append([name(module), args[0], out]))]),
    "after, replacing": called(lambda t, h, m, log: [h.register_module_forward_hook(lambda module, args, out: out + 1)]),
    "after, with keywords": called(
        lambda t, h, m, log: [h.register_module_forward_hook(lambda module, args, kwargs, out: log.append(kwargs), with_kwargs=True)],
        lambda t, module: module(input=t.ones(1, 2)),
    ),
    "always": called(
        lambda t, h, m, log: [
            h.register_module_forward_hook(Fails()),
            h.register_module_forward_hook(lambda module, args, out: log.append([name(module), out]), always_call=True),
        ],
    ),
    "always, and failing itself": called(
        lambda t, h, m, log: [h.register_module_forward_hook(Fails()), h.register_module_forward_hook(lambda module, args, out: 1 / 0, always_call=True)]
    ),
    "order": called(
        lambda t, h, m, log: [
            m[0].register_forward_hook(lambda module, args, out: log.append("own")),
            m[0].register_forward_pre_hook(lambda module, args: log.append("own before")),
            h.register_module_forward_hook(lambda module, args, out: log.append("everywhere")),
            h.register_module_forward_pre_hook(lambda module, args: log.append("everywhere before")),
        ]
    ),
    "backward": called(
        lambda t, h, m, log: [h.register_module_full_backward_hook(lambda module, gi, go: log.append([name(module), list(gi), list(go)]))], backward
    ),
    "backward, replacing": called(lambda t, h, m, log: [h.register_module_full_backward_hook(lambda module, gi, go: (gi[0] * 2,))], backward),
    "before backward": called(
        lambda t, h, m, log: [h.register_module_full_backward_pre_hook(lambda module, go: log.append([name(module), list(go)]))], backward
    ),
    "before backward, replacing": called(lambda t, h, m, log: [h.register_module_full_backward_pre_hook(lambda module, go: (go[0] * 3,))], backward),
    "order of backward": called(
        lambda t, h, m, log: [
            m[0].register_full_backward_hook(lambda module, gi, go: log.append("own")),
            m[0].register_full_backward_pre_hook(lambda module, go: log.append("own before")),
            h.register_module_full_backward_hook(lambda module, gi, go: log.append(name(module))),
            h.register_module_full_backward_pre_hook(lambda module, go: log.append(name(module) + " before")),
        ],
        backward,
    ),
    "older backward": called(
        lambda t, h, m, log: [h.register_module_backward_hook(lambda module, gi, go: log.append([name(module), list(go)]))],
        lambda t, module: backward(t, module[1:])[0] if len(module) < 2 else module[1](t.ones(2, requires_grad=True)).sum().backward(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", AROUND)
def test_hooks_around_every_call(torch, case):
    """PyTorch remembers for ever that a hook of the other kind was registered, so it is told to forget."""
    everywhere(torch)._global_is_full_backward_hook = None
    alike(torch, AROUND[case])


def test_backward_hooks_of_two_kinds(torch):
    def program(torch):
        everywhere(torch)._global_is_full_backward_hook = None
        handle = everywhere(torch).register_module_full_backward_hook(lambda *_: None)
        try:
            everywhere(torch).register_module_backward_hook(lambda *_: None)
        finally:
            handle.remove()

    alike(torch, program, fails=True)


#: hooks of the older kind on one module
OLDER = {
    "one node": lambda t, log: t.nn.ReLU(),
    "several nodes": lambda t, log: t.nn.Sequential(t.nn.ReLU(), t.nn.Tanh()),
    "several outputs": lambda t, log: plain(t, lambda x: (x * 2, x + 1)),
    "one tuple": lambda t, log: plain(t, lambda x: (x * 2,)),
    "list": lambda t, log: plain(t, lambda x: [x * 2, x + 1]),
    "dict": lambda t, log: plain(t, lambda x: {"a": x * 2}),
    "number among the inputs": lambda t, log: plain(t, lambda x, n=3: x * n),
}


def plain(torch, function):
    class Plain(torch.nn.Module):
        def forward(self, *args):
            return function(*args)

    return Plain()


@pytest.mark.parametrize("case", OLDER)
def test_older_backward_hooks(torch, case):
    """What they see, and PyTorch's warnings that they do not see everything."""

    def program(torch):
        log = []
        module = OLDER[case](torch, log)
        handle = module.register_backward_hook(lambda m, gi, go: log.append(list(go)))
        x = torch.tensor([1.0, -2.0], requires_grad=True)
        inputs = (x * 1, 3) if "number" in case else (x * 1,)
        for _ in range(2):
            output = module(*inputs)
            output = next(iter(output.values())) if isinstance(output, dict) else output if isinstance(output, torch.Tensor) else output[0]
            output.sum().backward(retain_graph=True)
            handle.remove()
        return [*log, x.grad]

    alike(torch, program)


@pytest.mark.parametrize("first", ["register_backward_hook", "register_full_backward_hook"])
def test_one_module_has_hooks_of_one_kind(torch, first):
    def program(torch):
        module = torch.nn.ReLU()
        getattr(module, first)(lambda *_: None)
        for other in ("register_backward_hook", "register_full_backward_hook"):
            getattr(module, other)(lambda *_: None)

    alike(torch, program, fails=True)


def test_hooks_at_registration(torch):
    """They are told of every new parameter, buffer and child, in order, and may replace them."""

    def program(torch):
        log, hooks = [], everywhere(torch)
        handles = [
            hooks.register_module_parameter_registration_hook(lambda m, key, value: log.append([name(m), "parameter", key, value is None])),
            hooks.register_module_buffer_registration_hook(lambda m, key, value: log.append([name(m), "buffer", key, value is None])),
            hooks.register_module_module_registration_hook(lambda m, key, value: log.append([name(m), "child", key, name(value)])),
        ]
        made = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(2, 3, bias=False), torch.nn.BatchNorm1d(3))
        made.extra = torch.nn.Parameter(torch.ones(1))
        made.extra = None
        made.state = torch.nn.Buffer(torch.ones(1))
        made.state = torch.zeros(1)
        made.more = torch.nn.ReLU()
        made.more = None
        for handle in handles:
            handle.remove()
        count = len(log)
        torch.nn.BatchNorm1d(3)
        log.append(count == len(log))
        handles = [
            hooks.register_module_parameter_registration_hook(lambda m, key, value: torch.nn.Parameter(value * 0 + 7)),
            hooks.register_module_module_registration_hook(lambda m, key, value: torch.nn.Tanh() if isinstance(value, torch.nn.ReLU) else None),
            hooks.register_module_buffer_registration_hook(lambda m, key, value: None if value is None else value + 1),
        ]
        replaced = torch.nn.Sequential(torch.nn.ReLU())
        replaced.weight = torch.nn.Parameter(torch.ones(2))
        replaced.register_buffer("mean", torch.ones(2))
        replaced.add_module("last", torch.nn.ReLU())
        for handle in handles:
            handle.remove()
        return [*log, repr(replaced), replaced.weight, replaced.mean]

    alike(torch, program)


def test_state_dict_hooks_of_the_older_kind(torch):
    """They may return another dictionary; the loading hook gets no module."""

    def program(torch):
        module, log = torch.nn.Linear(2, 1), []
        module._register_state_dict_hook(lambda m, state, prefix, metadata: {"new." + key: value for key, value in state.items()})
        module._register_load_state_dict_pre_hook(lambda state, prefix, *rest: log.append([prefix, len(rest), sorted(state)]))
        module._register_load_state_dict_pre_hook(lambda m, state, *rest: log.append(name(m)), with_module=True)
        state = module.state_dict()
        return [list(state), *log, repr(module.load_state_dict(state, strict=False)), *log]

    alike(torch, program)


def test_no_hook_costs_one_truth_test():
    """A call without hooks goes straight to ``forward``."""
    module = lesson_lib.nn.Identity()
    module._call_with_hooks = None
    assert module(3) == 3
