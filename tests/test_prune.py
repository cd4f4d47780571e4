"""Pruning against PyTorch: masks from the same seed, prunings on top of prunings, the hook, removal and errors."""

import copy
import importlib
import inspect

import pytest

import lesson_lib

from .alike import alike


def prune_of(torch):
    """The module ``nn.utils.prune`` of either library."""
    return importlib.import_module(f"{torch.__name__}.nn.utils.prune")


def net(torch):
    return torch.nn.Sequential(torch.nn.Conv2d(2, 4, 3), torch.nn.Flatten(), torch.nn.Linear(16, 5))


def pruned(*steps):
    """After these steps: names, masks, values, gradients, a second call after a change of the weight, a copy; then made permanent."""

    def program(torch):
        prune, module = prune_of(torch), net(torch)
        facts = []
        for step in steps:
            returned = step(torch, prune, module)
            facts.append(type(returned).__name__)
        x = torch.randn(2, 2, 4, 4)
        module(x).square().sum().backward()
        facts += [list(module.state_dict()), dict(module.named_buffers()), {name: p.grad for name, p in module.named_parameters()}]
        with torch.no_grad():
            for parameter in module.parameters():
                parameter += 0.5
        facts += [module(x), module[0].weight, module[2].weight, module[2].bias, prune.is_pruned(module), repr(module)]
        for layer in (module[0], module[2]):
            for name in ("weight", "bias"):
                if name not in dict(layer.named_parameters()):
                    facts.append([type(hook).__name__ for hook in hooks(layer)])
                    prune.remove(layer, name)
        return [*facts, prune.is_pruned(module), dict(module.named_parameters()), module(x), copy.deepcopy(module)(x)]

    return program


def hooks(layer):
    """The functions of a layer's forward pre-hooks; lesson_lib keeps them in a list, PyTorch in a dictionary."""
    kept = layer._forward_pre_hooks
    return list(kept.values()) if isinstance(kept, dict) else [hook.function for hook in kept]


STEPS = {
    "identity": [lambda t, p, m: p.identity(m[2], "bias")],
    "l1": [lambda t, p, m: p.l1_unstructured(m[2], "weight", 0.3)],
    "l1, a number": [lambda t, p, m: p.l1_unstructured(m[2], "weight", 7)],
    "l1, none": [lambda t, p, m: p.l1_unstructured(m[2], "weight", 0)],
    "l1, all": [lambda t, p, m: p.l1_unstructured(m[2], "weight", 1.0)],
    "l1 by scores": [lambda t, p, m: p.l1_unstructured(m[2], "bias", 2, importance_scores=t.tensor([3.0, 1.0, 4.0, 1.5, 9.0]))],
    "random": [lambda t, p, m: p.random_unstructured(m[2], "weight", 0.3)],
    "random, none": [lambda t, p, m: p.random_unstructured(m[2], "weight", 0.0)],
    "random rows": [lambda t, p, m: p.random_structured(m[2], "weight", 2, 0)],
    "random channels": [lambda t, p, m: p.random_structured(m[0], "weight", 0.5, dim=1)],
    "random channels, none": [lambda t, p, m: p.random_structured(m[0], "weight", 0, dim=1)],
    "l2 channels": [lambda t, p, m: p.ln_structured(m[0], "weight", 0.5, n=2, dim=0)],
    "l1 last dimension": [lambda t, p, m: p.ln_structured(m[0], "weight", 1, n=1, dim=-1)],
    "inf-norm rows": [lambda t, p, m: p.ln_structured(m[2], "weight", 3, n=float("inf"), dim=0)],
    "l2 rows, none": [lambda t, p, m: p.ln_structured(m[2], "weight", 0.0, n=2, dim=0)],
    "rows by scores": [lambda t, p, m: p.ln_structured(m[2], "weight", 1, n=2, dim=0, importance_scores=t.arange(80.0).view(5, 16))],
    "own mask": [lambda t, p, m: p.custom_from_mask(m[2], "bias", t.tensor([1, 0, 1, 1, 0]))],
    "twice l1": [lambda t, p, m: p.l1_unstructured(m[2], "weight", 0.3), lambda t, p, m: p.l1_unstructured(m[2], "weight", 0.5)],
    "l1, then rows": [lambda t, p, m: p.l1_unstructured(m[2], "weight", 0.3), lambda t, p, m: p.ln_structured(m[2], "weight", 0.5, 2, 0)],
    "rows, then rows": [lambda t, p, m: p.random_structured(m[2], "weight", 2, 0), lambda t, p, m: p.ln_structured(m[2], "weight", 1, 2, -2)],
    "rows, then random, then mask": [
        lambda t, p, m: p.ln_structured(m[2], "weight", 2, 2, 0),
        lambda t, p, m: p.random_unstructured(m[2], "weight", 5),
        lambda t, p, m: p.custom_from_mask(m[2], "weight", (t.arange(80.0).view(5, 16) > 6)),
    ],
    "several parameters": [lambda t, p, m: p.l1_unstructured(m[2], "weight", 0.3), lambda t, p, m: p.identity(m[0], "bias")],
    "global l1": [lambda t, p, m: p.global_unstructured([(m[0], "weight"), (m[2], "weight")], p.L1Unstructured, amount=0.4)],
    "global random": [lambda t, p, m: p.global_unstructured(((m[0], "weight"), (m[2], "bias")), p.RandomUnstructured, amount=10)],
    "global twice": [
        lambda t, p, m: p.global_unstructured([(m[0], "weight"), (m[2], "weight")], p.L1Unstructured, amount=0.4),
        lambda t, p, m: p.global_unstructured([(m[0], "weight"), (m[2], "weight")], p.L1Unstructured, amount=0.4),
    ],
    "global by scores": [
        lambda t, p, m: p.global_unstructured(
            [(m[0], "bias"), (m[2], "bias")], p.L1Unstructured, {(m[2], "bias"): t.arange(5.0)}, amount=3
        )
    ],
    "by class": [lambda t, p, m: p.L1Unstructured.apply(m[2], "weight", amount=3), lambda t, p, m: p.RandomStructured.apply(m[2], "weight", 1)],
}  # fmt: skip


@pytest.mark.parametrize("name", STEPS)
def test_pruning(torch, name):
    alike(torch, pruned(*STEPS[name]))


def test_a_container_lists_its_methods(torch):
    def program(torch):
        prune, layer = prune_of(torch), torch.nn.Linear(4, 3)
        prune.l1_unstructured(layer, "weight", 2)
        prune.random_unstructured(layer, "weight", 2)
        (container,) = hooks(layer)
        names = [type(method).__name__ for method in container]
        return [type(container).__name__, len(container), names, type(container[0]).__name__, container._tensor_name, layer.weight_mask]

    alike(torch, program)


def test_a_method_of_ones_own(torch):
    def program(torch):
        prune = prune_of(torch)

        class EveryOther(prune.BasePruningMethod):
            PRUNING_TYPE = "unstructured"

            def compute_mask(self, t, default_mask):
                mask = default_mask.clone()
                mask.view(-1)[::2] = 0
                return mask

        class Fails(EveryOther):
            def compute_mask(self, t, default_mask):
                raise ValueError("no")

        layer = torch.nn.Linear(4, 3)
        before = id(layer.weight)
        with pytest.raises(ValueError, match="no"):
            Fails.apply(layer, "weight")
        facts = [list(layer.state_dict()), id(layer.weight) == before]
        EveryOther.apply(layer, "weight")
        return [*facts, layer.weight_mask, layer.weight, EveryOther().prune(torch.arange(4.0)), id(layer.weight_orig) == before]

    alike(torch, program)


def test_a_tensor_can_be_pruned_without_a_module(torch):
    def program(torch):
        prune, t = prune_of(torch), torch.arange(6.0).view(2, 3)
        scores = torch.tensor([[9.0, 1.0, 1.5], [0.5, 8.0, 7.0]])
        method = prune.L1Unstructured(2)
        return [method.prune(t), method.prune(t, importance_scores=scores), method.prune(t, default_mask=torch.tensor([[1.0, 0, 1], [1, 1, 1]]))]

    alike(torch, program)


def container_of(prune, name, *methods):
    """A PruningContainer for the tensor ``name``."""
    container = prune.PruningContainer()
    container._tensor_name = name
    for method in methods:
        container.add_pruning_method(method)
    return container


def odd_method(t, kind):
    class Odd(prune_of(t).Identity):
        PRUNING_TYPE = kind

    return Odd


ERRORS = {
    "amount of text": lambda t, p, m: p.l1_unstructured(m, "weight", "3"),
    "negative number": lambda t, p, m: p.l1_unstructured(m, "weight", -1),
    "share above 1": lambda t, p, m: p.random_unstructured(m, "weight", 1.5),
    "negative share": lambda t, p, m: p.random_unstructured(m, "weight", -0.5),
    "too many": lambda t, p, m: p.l1_unstructured(m, "weight", 13),
    "too many rows": lambda t, p, m: p.ln_structured(m, "weight", 4, 2, 0),
    "a vector's channels": lambda t, p, m: p.ln_structured(m, "bias", 1, 2, 0),
    "no such dimension": lambda t, p, m: p.random_structured(m, "weight", 1, 2),
    "no such parameter": lambda t, p, m: p.l1_unstructured(m, "wait", 1),
    "scores of another shape": lambda t, p, m: p.l1_unstructured(m, "bias", 1, importance_scores=t.ones(2)),
    "prune, scores of another shape": lambda t, p, m: p.L1Unstructured(1).prune(t.ones(3), importance_scores=t.ones(2)),
    "mask of another shape": lambda t, p, m: p.custom_from_mask(m, "bias", t.ones(2)),
    "remove nothing": lambda t, p, m: p.remove(m, "weight"),
    "container of something": lambda t, p, m: container_of(p, "weight", 3),
    "container of another's": lambda t, p, m: container_of(p, "weight", p.L1Unstructured.apply(m, "bias", 1)),
    "global, no list": lambda t, p, m: p.global_unstructured(3, p.L1Unstructured, amount=1),
    "global, structured": lambda t, p, m: p.global_unstructured([(m, "weight")], p.LnStructured, amount=1, n=2),
    "global, scores": lambda t, p, m: p.global_unstructured([(m, "weight")], p.L1Unstructured, [1], amount=1),
    "unknown type": lambda t, p, m: (p.identity(m, "bias"), odd_method(t, "odd").apply(m, "bias")),
    "structured without dim": lambda t, p, m: (p.identity(m, "bias"), odd_method(t, "structured").apply(m, "bias")),
    "abstract": lambda t, p, m: p.BasePruningMethod(),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(torch, name):
    def program(torch):
        try:
            ERRORS[name](torch, prune_of(torch), torch.nn.Linear(4, 3))
        except Exception as problem:
            raise type(problem)(str(problem).splitlines()[0].split("<")[0]) from problem

    alike(torch, program, fails=True)


def test_public_names(torch):
    theirs = [name for name, value in vars(prune_of(torch)).items() if inspect.isclass(value) or inspect.isfunction(value)]
    theirs = [name for name in theirs if not name.startswith("_") and name not in ("ABC", "Iterable", "abstractmethod")]
    assert [name for name in theirs if not hasattr(prune_of(lesson_lib), name)] == []
