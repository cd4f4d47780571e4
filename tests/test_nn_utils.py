"""What is done to whole networks, against PyTorch: clipping, vectors of parameters, fusing, the older weight and spectral norms."""

import copy
import importlib
import inspect
import math

import numpy as np
import pytest

import lesson_lib

from .alike import alike, outcome


def with_grads(torch, *grads):
    """Parameters with these gradients; None for one without."""
    parameters = []
    for grad in grads:
        parameter = torch.nn.Parameter(torch.zeros(2, dtype=torch.float64 if isinstance(grad, tuple) else torch.float32))
        if grad is not None:
            parameter.grad = torch.tensor(grad, dtype=parameter.dtype)
        parameters.append(parameter)
    return parameters


def clipped(torch, parameters, *args, **kwargs):
    total = torch.nn.utils.clip_grad_norm_(parameters, *args, **kwargs)
    return total, [parameter.grad for parameter in (parameters if isinstance(parameters, list) else [])]


CLIPS = {
    "norm": lambda t: clipped(t, with_grads(t, [3.0, 0.0], [0.0, 4.0]), 1.0),
    "small norm": lambda t: clipped(t, with_grads(t, [0.3, 0.0], None, [0.0, 0.4]), 1.0),
    "norm 1": lambda t: clipped(t, with_grads(t, [3.0, -1.0], [2.0, 4.0]), 2, norm_type=1),
    "norm inf": lambda t: clipped(t, with_grads(t, [3.0, -5.0], [2.0, 4.0]), 2, norm_type="inf"),
    "norm -inf": lambda t: clipped(t, with_grads(t, [3.0, -5.0], [2.0, 4.0]), 1, norm_type=-math.inf),
    "norm 0": lambda t: clipped(t, with_grads(t, [3.0, 0.0], [2.0, 4.0]), 1, norm_type=0),
    "norm 3, one by one": lambda t: clipped(t, with_grads(t, [3.0, -5.0], [2.0, 4.0]), 2, norm_type=3.0, foreach=False),
    "two dtypes": lambda t: clipped(t, with_grads(t, [3.0, -5.0], (2.0, 4.0)), 2),
    "nan": lambda t: clipped(t, with_grads(t, [math.nan, 1.0], [2.0, 4.0]), 2),
    "nan refused": lambda t: clipped(t, with_grads(t, [math.nan, 1.0]), 2, error_if_nonfinite=True),
    "inf refused": lambda t: clipped(t, with_grads(t, [math.inf, 1.0]), 2, 1, error_if_nonfinite=True),
    "none": lambda t: clipped(t, with_grads(t, None), 2),
    "nothing": lambda t: clipped(t, [], 2),
    "an empty generator": lambda t: clipped(t, (p for p in ()), 2),
    "one tensor": lambda t: [clipped(t, p, 1.0)[0] for p in with_grads(t, [3.0, 4.0])],
    "old name": lambda t: t.nn.utils.clip_grad_norm(with_grads(t, [3.0, 4.0]), 1.0),
    "total": lambda t: [t.nn.utils.get_total_norm(t.tensor([3.0, 4.0]), order) for order in (2.0, 1, "inf")],
    "total of nothing": lambda t: t.nn.utils.get_total_norm([]),
    "total refused": lambda t: t.nn.utils.get_total_norm([t.tensor([math.inf])], error_if_nonfinite=True),
}


@pytest.mark.parametrize("name", CLIPS)
def test_clipping_by_norm(torch, name):
    alike(torch, CLIPS[name], fails=None)


def test_clipping_by_value(torch):
    def program(torch):
        parameters = with_grads(torch, [3.0, -0.5], None, (-7.0, 1.0))
        returned = torch.nn.utils.clip_grad_value_(parameters, 1)
        torch.nn.utils.clip_grad_value_(parameters[0], 0.25, foreach=False)
        return returned, [parameter.grad for parameter in parameters]

    alike(torch, program)


def test_clipping_by_a_known_norm(torch):
    def program(torch):
        parameters = with_grads(torch, [3.0, -4.0])
        returned = torch.nn.utils.clip_grads_with_norm_(parameters, 1.0, torch.tensor(10.0))
        return returned, parameters[0].grad

    alike(torch, program)


def test_parameters_as_a_vector(torch):
    """There and back; the parameters look into the vector; gradients go through."""

    def program(torch):
        layer = torch.nn.Linear(2, 3)
        vector = torch.nn.utils.parameters_to_vector(layer.parameters())
        vector.square().sum().backward()
        new = torch.arange(9.0)
        identities = [id(p) for p in layer.parameters()]
        returned = torch.nn.utils.vector_to_parameters(new, layer.parameters())
        new[0] = 50.0
        kept = identities == [id(p) for p in layer.parameters()]
        return vector, layer.weight.grad, layer.weight, layer.bias, layer.weight.requires_grad, kept, returned

    alike(torch, program)


@pytest.mark.parametrize(
    "wrong", [lambda t: t.nn.utils.vector_to_parameters([1.0], [t.ones(1)]), lambda t: t.nn.utils.parameters_to_vector([t.ones(2, 3).T])]
)
def test_vector_errors(torch, wrong):
    (ours, _), (theirs, _) = outcome(lesson_lib, wrong), outcome(torch, wrong)
    assert ours[0] == theirs[0]
    assert ours[1].split("(")[0] == theirs[1].split("(")[0]


def used(torch, norm, dims):
    """A batch normalisation with moments and weights of its own, in evaluation mode."""
    norm(torch.randn(4, norm.num_features, *(3,) * dims))
    if norm.affine:
        torch.nn.init.normal_(norm.weight)
        torch.nn.init.normal_(norm.bias)
    return norm.eval()


def fused_conv(kind, transpose=False, dims=2, **options):
    def program(torch):
        nn = torch.nn
        conv = getattr(nn, kind)(3, 4, 2, bias=options.get("bias", True)).eval()
        bn = used(torch, getattr(nn, f"BatchNorm{dims}d")(4, affine=options.get("affine", True)), dims)
        fused, x = nn.utils.fuse_conv_bn_eval(conv, bn, transpose), torch.randn(2, 3, *(5,) * dims)
        return [torch.allclose(fused(x), bn(conv(x)), atol=1e-6), dict(fused.state_dict()), repr(fused), fused.weight.requires_grad, fused is conv]

    return program


FUSIONS = {
    "conv2d": fused_conv("Conv2d"),
    "conv2d without bias": fused_conv("Conv2d", bias=False),
    "conv2d, nothing learned": fused_conv("Conv2d", affine=False),
    "conv1d": fused_conv("Conv1d", dims=1),
    "conv3d": fused_conv("Conv3d", dims=3),
    "transposed": fused_conv("ConvTranspose2d", transpose=True),
    "linear": lambda t: dict(t.nn.utils.fuse_linear_bn_eval(t.nn.Linear(3, 4).eval(), used(t, t.nn.BatchNorm1d(4), 0)).state_dict()),
    "linear without bias": lambda t: dict(t.nn.utils.fuse_linear_bn_eval(t.nn.Linear(3, 4, False).eval(), used(t, t.nn.BatchNorm1d(4), 0)).state_dict()),
    "linear, one feature": lambda t: dict(t.nn.utils.fuse_linear_bn_eval(t.nn.Linear(3, 4).eval(), used(t, t.nn.BatchNorm1d(1), 0)).state_dict()),
    "in training": lambda t: t.nn.utils.fuse_conv_bn_eval(t.nn.Conv2d(1, 1, 1), t.nn.BatchNorm2d(1).eval()),
    "linear in training": lambda t: t.nn.utils.fuse_linear_bn_eval(t.nn.Linear(1, 1).eval(), t.nn.BatchNorm1d(1)),
    "no moments": lambda t: t.nn.utils.fuse_conv_bn_eval(t.nn.Conv2d(1, 1, 1).eval(), t.nn.BatchNorm2d(1, track_running_stats=False).eval()),
    "other features": lambda t: t.nn.utils.fuse_linear_bn_eval(t.nn.Linear(3, 4).eval(), t.nn.BatchNorm1d(3).eval()),
}


@pytest.mark.parametrize("name", FUSIONS)
def test_fusing(torch, name):
    alike(torch, FUSIONS[name], fails=None)


def test_skip_init():
    """No number is drawn, and the memory is not that of drawn weights."""
    lesson_lib.manual_seed(0)
    layer = lesson_lib.nn.utils.skip_init(lesson_lib.nn.Linear, 5, out_features=1, dtype=lesson_lib.float64)
    assert repr(layer) == "Linear(in_features=5, out_features=1, bias=True)"
    assert layer.weight.dtype is lesson_lib.float64
    drawn = lesson_lib.rand(3)
    lesson_lib.manual_seed(0)
    assert drawn.tolist() == lesson_lib.rand(3).tolist()


@pytest.mark.parametrize("wrong", [lambda t: t.nn.utils.skip_init(int), lambda t: t.nn.utils.skip_init(t.nn.ReLU)])
def test_skip_init_errors(torch, wrong):
    (ours, _), (theirs, _) = outcome(lesson_lib, wrong), outcome(torch, wrong)
    assert ours[0] == theirs[0]
    assert ours[1].split(";")[0] == theirs[1].split(";")[0]


def test_weight_memory_format_changes_no_value():
    layer = lesson_lib.nn.Conv2d(2, 2, 2)
    before = layer.weight.tolist()
    assert lesson_lib.nn.utils.convert_conv2d_weight_memory_format(layer, lesson_lib.channels_last) is layer
    assert lesson_lib.nn.utils.convert_conv3d_weight_memory_format(layer, lesson_lib.channels_last) is layer
    assert layer.weight.tolist() == before


def normed(apply, shape, make):
    """A layer with a norm: names, text, two calls in training and one in evaluation, every gradient, then without the norm."""

    def program(torch):
        module = apply(torch, make(torch.nn))
        facts = [repr(module), list(module.state_dict())]
        x = torch.randn(*shape)
        facts += [module(x), module(x)]
        (module(x) * module(x)).sum().backward()
        facts += [{name: p.grad for name, p in module.named_parameters()}, module.eval()(x), dict(module.state_dict())]
        remove = torch.nn.utils.remove_weight_norm if "weight_g" in module.state_dict() else torch.nn.utils.remove_spectral_norm
        facts += [repr(remove(module)), dict(module.state_dict()), module(x), list(module._forward_pre_hooks), list(module._state_dict_hooks)]
        return facts

    return program


NORMS = {
    "weight_norm": normed(lambda t, m: t.nn.utils.weight_norm(m), (4, 3), lambda nn: nn.Linear(3, 2)),
    "weight_norm, columns": normed(lambda t, m: t.nn.utils.weight_norm(m, dim=1), (4, 3), lambda nn: nn.Linear(3, 2)),
    "weight_norm, one length": normed(lambda t, m: t.nn.utils.weight_norm(m, "weight", None), (4, 3), lambda nn: nn.Linear(3, 2)),
    "weight_norm, images": normed(lambda t, m: t.nn.utils.weight_norm(m), (2, 3, 4, 4), lambda nn: nn.Conv2d(3, 2, 2)),
    "spectral_norm": normed(lambda t, m: t.nn.utils.spectral_norm(m), (4, 3), lambda nn: nn.Linear(3, 2)),
    "spectral_norm, 3 steps": normed(lambda t, m: t.nn.utils.spectral_norm(m, n_power_iterations=3, eps=1e-6), (2, 3, 4, 4), lambda nn: nn.Conv2d(3, 2, 2)),
    "spectral_norm, transposed": normed(lambda t, m: t.nn.utils.spectral_norm(m), (2, 3, 4), lambda nn: nn.ConvTranspose1d(3, 2, 2)),
}


@pytest.mark.parametrize("name", NORMS)
def test_norms_by_hooks(torch, name):
    alike(torch, NORMS[name])


NORM_ERRORS = {
    "weight norm twice": lambda t: t.nn.utils.weight_norm(t.nn.utils.weight_norm(t.nn.Linear(2, 2))),
    "weight norm of a lazy layer": lambda t: t.nn.utils.weight_norm(t.nn.LazyLinear(2)),
    "no weight norm": lambda t: t.nn.utils.remove_weight_norm(t.nn.Linear(2, 2)),
    "spectral norm twice": lambda t: t.nn.utils.spectral_norm(t.nn.utils.spectral_norm(t.nn.Linear(2, 2))),
    "spectral norm of None": lambda t: t.nn.utils.spectral_norm(t.nn.Linear(2, 2, bias=False), "bias"),
    "spectral norm of a lazy layer": lambda t: t.nn.utils.spectral_norm(t.nn.LazyLinear(2)),
    "spectral norm without steps": lambda t: t.nn.utils.spectral_norm(t.nn.Linear(2, 2), n_power_iterations=0),
    "no spectral norm": lambda t: t.nn.utils.remove_spectral_norm(t.nn.Linear(2, 2)),
}


@pytest.mark.parametrize("name", NORM_ERRORS)
def test_errors_of_norms_by_hooks(torch, name):
    alike(torch, NORM_ERRORS[name], fails=True)


def test_spectral_norm_says_its_version(torch):
    def program(torch):
        return dict(torch.nn.utils.spectral_norm(torch.nn.Linear(2, 2)).state_dict()._metadata)

    alike(torch, program)


def test_spectral_norm_is_a_good_estimate():
    lesson_lib.manual_seed(0)
    layer = lesson_lib.nn.utils.spectral_norm(lesson_lib.nn.Linear(8, 6))
    for _ in range(50):
        layer(lesson_lib.ones(1, 8))
    np.testing.assert_allclose(np.linalg.norm(layer.weight.detach().numpy(), 2), 1.0, rtol=1e-3)


#: functional_call, strict and tied
CALLS = {
    "one": lambda t, m, x: t.func.functional_call(m, {"0.weight": t.ones(2, 2)}, x),
    "old place": lambda t, m, x: t.nn.utils.stateless.functional_call(m, {"0.weight": t.ones(2, 2)}, x),
    "unknown name": lambda t, m, x: t.func.functional_call(m, {"zzz": t.ones(1)}, (x,)),
    "unknown module": lambda t, m, x: t.func.functional_call(m, {"7.weight": t.ones(1)}, (x,)),
    "strict": lambda t, m, x: t.func.functional_call(m, {"0.weight": t.zeros(2, 2), "q": x}, x, strict=True),
    "buffer": lambda t, m, x: t.func.functional_call(m.eval(), {"1.running_mean": t.ones(2)}, x),
    "tied": lambda t, m, x: t.func.functional_call(tied(t), {"0.weight": t.ones(2, 2)}, x),
    "not tied": lambda t, m, x: t.func.functional_call(tied(t), {"0.weight": t.ones(2, 2)}, x, tie_weights=False),
    "tied, two values": lambda t, m, x: t.func.functional_call(tied(t), {"0.weight": t.ones(2, 2), "1.weight": t.zeros(2, 2)}, x),
    "not a dict": lambda t, m, x: t.func.functional_call(m, 3, x),
    "keywords": lambda t, m, x: t.func.functional_call(m[0], {"weight": t.ones(2, 2)}, kwargs={"input": x}),
}


def tied(torch):
    first, second = torch.nn.Linear(2, 2, bias=False), torch.nn.Linear(2, 2, bias=False)
    second.weight = first.weight
    return torch.nn.Sequential(first, second)


@pytest.mark.parametrize("name", CALLS)
def test_modules_as_functions(torch, name):
    """Values, errors with all their lines, and the module as it was before."""

    def program(torch):
        module = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2)).eval()
        before = copy.deepcopy(dict(module[0].state_dict()))
        try:
            result = CALLS[name](torch, module, torch.randn(3, 2))
        except RuntimeError as problem:
            result = [line for line in str(problem).splitlines() if "key" in line or "Error" in line]
        return result, all(bool((before[key] == value).all()) for key, value in module[0].state_dict().items())

    alike(torch, program, fails=None)


@pytest.mark.parametrize(
    "name", [
        "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm", "parameters_to_vector", "vector_to_parameters",
        "fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights", "skip_init", "weight_norm", "remove_weight_norm",
        "spectral_norm", "remove_spectral_norm", "convert_conv2d_weight_memory_format", "parametrize.register_parametrization",
        "parametrize.is_parametrized", "parametrize.remove_parametrizations", "parametrizations.orthogonal", "parametrizations.weight_norm",
        "parametrizations.spectral_norm", "prune.l1_unstructured", "prune.global_unstructured", "prune.ln_structured", "prune.random_structured",
        "prune.custom_from_mask", "prune.remove", "prune.is_pruned", "stateless.functional_call",
    ],
)  # fmt: skip
def test_signatures(torch, name):
    """Names, order and defaults of the parameters."""

    def described(library):
        path, _, last = f"{library.__name__}.nn.utils.{name}".rpartition(".")
        function = getattr(importlib.import_module(path), last)
        return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]

    assert described(lesson_lib) == described(torch)
