"""Every module of ``torch.nn``: a sample of each stands in a table, here or in another test, and each has PyTorch's parameters.

The samples here are those of modules that take something else than one tensor: losses, embeddings, attention, recurrent layers, containers.
"""

import inspect
import warnings

import numpy as np
import pytest

import lesson_lib

from .alike import alike
from .test_lazy import LAYERS as LAZY
from .test_nn import LAYERS
from .test_nn_pairs import PAIRS

#: module classes of PyTorch's without a sample -> why
WITHOUT_SAMPLE = {
    "Module": "the base; tests/test_module.py",
    "RNNBase": "the base of the recurrent layers",
    "RNNCellBase": "the base of the recurrent cells",
    "CrossMapLRN2d": "not documented; PyTorch's own sums wrong channels from the fourth on. LocalResponseNorm is the documented one",
}
NOT_HERE = {"CrossMapLRN2d"}


def numbers(torch, *shape, seed=0):
    """A leaf with random numbers."""
    return torch.from_numpy(np.random.RandomState(seed + sum(shape)).randn(*shape).astype(np.float32)).requires_grad_()


def classes(torch, count, *shape):
    return torch.from_numpy(np.random.RandomState(1).randint(0, count, shape))


def shares(torch, *shape):
    """A leaf with numbers between 0 and 1."""
    return torch.from_numpy(np.random.RandomState(2).uniform(0.1, 0.9, shape).astype(np.float32)).requires_grad_()


def signs(torch, *shape):
    return torch.from_numpy(np.sign(np.random.RandomState(3).randn(*shape)).astype(np.float32))


def maxima(torch, dims):
    """The largest values of windows, and where they stood."""
    return getattr(torch.nn.functional, f"max_pool{dims}d")(numbers(torch, 2, *(4,) * dims), 2, return_indices=True)


def layers(torch, kind, count):
    return getattr(torch.nn, kind)(getattr(torch.nn, f"{kind}Layer")(8, 2, 16, dropout=0.0), count)


#: class -> [(constructor, inputs)]; without inputs the module is not called
SAMPLES = {
    # many devices
    "DataParallel": [(lambda t: t.nn.DataParallel(t.nn.Linear(4, 2), dim=1), lambda t: (numbers(t, 3, 4),))],
    "SyncBatchNorm": [
        (lambda t: t.nn.SyncBatchNorm(4, momentum=None), lambda t: (numbers(t, 3, 4),)),
        (lambda t: t.nn.SyncBatchNorm.convert_sync_batchnorm(t.nn.Sequential(t.nn.BatchNorm1d(4, affine=False), t.nn.BatchNorm1d(4))), lambda t: (numbers(t, 3, 4),)),
        (lambda t: t.nn.SyncBatchNorm(4).eval(), lambda t: (numbers(t, 3, 4, 2),)),
    ],
    # losses
    "L1Loss": [(lambda t: t.nn.L1Loss(), lambda t: (numbers(t, 3, 4), numbers(t, 3, 4, seed=1)))],
    "MSELoss": [(lambda t: t.nn.MSELoss(reduction="sum"), lambda t: (numbers(t, 3, 4), numbers(t, 3, 4, seed=1)))],
    "SmoothL1Loss": [(lambda t: t.nn.SmoothL1Loss(beta=0.5), lambda t: (numbers(t, 3, 4), numbers(t, 3, 4, seed=1)))],
    "HuberLoss": [(lambda t: t.nn.HuberLoss(delta=0.5), lambda t: (numbers(t, 3, 4), numbers(t, 3, 4, seed=1)))],
    "BCELoss": [(lambda t: t.nn.BCELoss(weight=t.ones(4) * 2), lambda t: (shares(t, 3, 4), shares(t, 3, 4).detach()))],
    "BCEWithLogitsLoss": [(lambda t: t.nn.BCEWithLogitsLoss(pos_weight=t.ones(4) * 2), lambda t: (numbers(t, 3, 4), shares(t, 3, 4).detach()))],
    "NLLLoss": [(lambda t: t.nn.NLLLoss(ignore_index=1), lambda t: (numbers(t, 5, 4), classes(t, 4, 5)))],
    "NLLLoss2d": [(lambda t: t.nn.NLLLoss2d(), lambda t: (numbers(t, 2, 4, 3, 3), classes(t, 4, 2, 3, 3)))],
    "CrossEntropyLoss": [
        (lambda t: t.nn.CrossEntropyLoss(weight=t.arange(1.0, 5.0), label_smoothing=0.1), lambda t: (numbers(t, 5, 4), classes(t, 4, 5))),
        (lambda t: t.nn.CrossEntropyLoss(reduction="none"), lambda t: (numbers(t, 2, 4, 3), classes(t, 4, 2, 3))),
    ],
    "CTCLoss": [
        (lambda t: t.nn.CTCLoss(zero_infinity=True), lambda t: (t.log_softmax(numbers(t, 6, 2, 4), -1), t.tensor([[1, 2], [3, 1]]), t.tensor([6, 5]), t.tensor([2, 1])))
    ],
    "GaussianNLLLoss": [(lambda t: t.nn.GaussianNLLLoss(full=True), lambda t: (numbers(t, 3, 4), numbers(t, 3, 4, seed=1), shares(t, 3, 4)))],
    "PoissonNLLLoss": [(lambda t: t.nn.PoissonNLLLoss(full=True), lambda t: (numbers(t, 3, 4), shares(t, 3, 4).detach()))],
    "KLDivLoss": [(lambda t: t.nn.KLDivLoss(reduction="batchmean", log_target=True), lambda t: (numbers(t, 3, 4), numbers(t, 3, 4, seed=1)))],
    "LinearCrossEntropyLoss": [(lambda t: t.nn.LinearCrossEntropyLoss(3, 4), lambda t: (numbers(t, 5, 3), classes(t, 4, 5)))],
    "MarginRankingLoss": [(lambda t: t.nn.MarginRankingLoss(0.5), lambda t: (numbers(t, 5), numbers(t, 5, seed=1), signs(t, 5)))],
    "HingeEmbeddingLoss": [(lambda t: t.nn.HingeEmbeddingLoss(0.5), lambda t: (numbers(t, 5), signs(t, 5)))],
    "CosineEmbeddingLoss": [(lambda t: t.nn.CosineEmbeddingLoss(0.1), lambda t: (numbers(t, 5, 3), numbers(t, 5, 3, seed=1), signs(t, 5)))],
    "MultiLabelMarginLoss": [(lambda t: t.nn.MultiLabelMarginLoss(), lambda t: (numbers(t, 2, 4), t.tensor([[3, 0, -1, 1], [1, -1, 0, 0]])))],
    "MultiLabelSoftMarginLoss": [(lambda t: t.nn.MultiLabelSoftMarginLoss(t.arange(1.0, 5.0)), lambda t: (numbers(t, 3, 4), classes(t, 2, 3, 4).float()))],
    "MultiMarginLoss": [(lambda t: t.nn.MultiMarginLoss(2, 0.5), lambda t: (numbers(t, 5, 4), classes(t, 4, 5)))],
    "SoftMarginLoss": [(lambda t: t.nn.SoftMarginLoss(), lambda t: (numbers(t, 3, 4), signs(t, 3, 4)))],
    "TripletMarginLoss": [(lambda t: t.nn.TripletMarginLoss(2.0, swap=True), lambda t: [numbers(t, 4, 3, seed=seed) for seed in range(3)])],
    "TripletMarginWithDistanceLoss": [(lambda t: t.nn.TripletMarginWithDistanceLoss(margin=2.0), lambda t: [numbers(t, 4, 3, seed=seed) for seed in range(3)])],
    "AdaptiveLogSoftmaxWithLoss": [(lambda t: t.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10]), lambda t: (numbers(t, 6, 8), t.tensor([0, 5, 12, 19, 3, 4])))],
    # embeddings, unpooling
    "Embedding": [
        (lambda t: t.nn.Embedding(5, 3, padding_idx=0), lambda t: (classes(t, 5, 2, 3),)),
        (lambda t: t.nn.Embedding(5, 3, max_norm=1.0, scale_grad_by_freq=True), lambda t: (classes(t, 5, 2, 3),)),
    ],
    "EmbeddingBag": [
        (lambda t: t.nn.EmbeddingBag(5, 3, mode="sum", padding_idx=1), lambda t: (classes(t, 5, 2, 3),)),
        (lambda t: t.nn.EmbeddingBag(5, 3, mode="max", include_last_offset=True), lambda t: (classes(t, 5, 6), t.tensor([0, 2, 6]))),
    ],
    **{
        f"MaxUnpool{n}d": [(lambda t, n=n: getattr(t.nn, f"MaxUnpool{n}d")(2), lambda t, n=n: maxima(t, n))]
        for n in (1, 2, 3)
    },
    # attention, transformers
    "MultiheadAttention": [
        (lambda t: t.nn.MultiheadAttention(8, 2), lambda t: [numbers(t, 4, 2, 8, seed=seed) for seed in range(3)]),
        (
            lambda t: t.nn.MultiheadAttention(8, 2, kdim=3, vdim=5, batch_first=True, add_bias_kv=True),
            lambda t: (numbers(t, 2, 4, 8), numbers(t, 2, 6, 3), numbers(t, 2, 6, 5)),
        ),
    ],
    "TransformerEncoderLayer": [(lambda t: t.nn.TransformerEncoderLayer(8, 2, 16, 0.0, "gelu", norm_first=True), lambda t: (numbers(t, 4, 2, 8),))],
    "TransformerDecoderLayer": [(lambda t: t.nn.TransformerDecoderLayer(8, 2, 16, 0.0, batch_first=True), lambda t: (numbers(t, 2, 4, 8), numbers(t, 2, 3, 8)))],
    "TransformerEncoder": [(lambda t: layers(t, "TransformerEncoder", 2), lambda t: (numbers(t, 4, 2, 8),))],
    "TransformerDecoder": [(lambda t: layers(t, "TransformerDecoder", 2), lambda t: (numbers(t, 4, 2, 8), numbers(t, 3, 2, 8)))],
    "Transformer": [(lambda t: t.nn.Transformer(8, 2, 1, 2, 16, 0.0), lambda t: (numbers(t, 4, 2, 8), numbers(t, 3, 2, 8)))],
    # recurrent layers
    "RNN": [(lambda t: t.nn.RNN(3, 4, 2, "relu", bidirectional=True), lambda t: (numbers(t, 5, 2, 3),))],
    "GRU": [(lambda t: t.nn.GRU(3, 4, batch_first=True), lambda t: (numbers(t, 2, 5, 3), numbers(t, 1, 2, 4)))],
    "LSTM": [(lambda t: t.nn.LSTM(3, 4, 2, bidirectional=True), lambda t: (numbers(t, 5, 2, 3),))],
    "RNNCell": [(lambda t: t.nn.RNNCell(3, 4, nonlinearity="relu"), lambda t: (numbers(t, 2, 3),))],
    "GRUCell": [(lambda t: t.nn.GRUCell(3, 4, bias=False), lambda t: (numbers(t, 2, 3), numbers(t, 2, 4)))],
    "LSTMCell": [(lambda t: t.nn.LSTMCell(3, 4), lambda t: (numbers(t, 2, 3),))],
    # containers
    "Container": [(lambda t: t.nn.Container(a=t.nn.ReLU(), b=t.nn.Linear(2, 1)), None)],
    "ModuleList": [(lambda t: t.nn.ModuleList([t.nn.Linear(2, 3), t.nn.ReLU(), t.nn.ReLU()]), None)],
    "ModuleDict": [(lambda t: t.nn.ModuleDict({"b": t.nn.Linear(2, 3), "a": t.nn.ReLU()}), None)],
    "ParameterList": [(lambda t: t.nn.ParameterList([t.ones(2), t.zeros(2, 3)]), None)],
    "ParameterDict": [(lambda t: t.nn.ParameterDict({"b": t.ones(2), "a": t.zeros(2, 3)}), None)],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "number"), [(kind, number) for kind, samples in SAMPLES.items() for number in range(len(samples))])
def test_a_module_equals_pytorch(torch, kind, number):
    """Text, names and shapes of the state, initial values, outputs, every gradient, evaluation mode."""
    make, inputs = SAMPLES[kind][number]

    def program(torch):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "enable_nested_tensor is True")  # there is one way to compute an encoder here
            module = make(torch)
        facts = [type(module).__name__, repr(module), [(name, tuple(value.shape)) for name, value in module.state_dict().items()]]
        facts += [{name: value.clone() for name, value in module.state_dict().items()}, dict(module.state_dict()._metadata)]
        if inputs is None:
            return facts
        given = inputs(torch)
        leaves = [tensor for tensor in given if tensor.requires_grad and tensor.is_leaf]
        outputs = list(tensors(torch, module(*given)))
        sum((y * torch.cos(torch.arange(float(y.numel()))).view(y.shape)).sum() for y in outputs if y.requires_grad).backward()
        grads = [tensor.grad for tensor in leaves], {name: p.grad for name, p in module.named_parameters() if p.grad is not None}
        with torch.no_grad():
            return [*facts, outputs, grads, list(tensors(torch, module.eval()(*given)))]

    alike(torch, program, rtol=1e-4)


def tensors(torch, value):
    """All tensors in nested tuples."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from tensors(torch, part)


def modules_of(torch):
    return sorted(name for name, value in vars(torch.nn).items() if inspect.isclass(value) and issubclass(value, torch.nn.Module))


def test_every_module_has_a_sample(torch):
    """A new class of PyTorch's, or one whose sample was lost, is found here."""
    sampled = {make.kind for table in (LAYERS, PAIRS) for make, *_ in table} | {kind for kind, *_ in LAZY} | set(SAMPLES)
    assert set(modules_of(torch)) - sampled - set(WITHOUT_SAMPLE) == set()
    assert not sampled & set(WITHOUT_SAMPLE)
    assert set(WITHOUT_SAMPLE) <= set(modules_of(torch))


def test_every_module_is_here(torch):
    assert [name for name in modules_of(torch) if not hasattr(lesson_lib.nn, name)] == sorted(NOT_HERE)


@pytest.mark.filterwarnings("ignore")
def test_every_module_has_pytorchs_parameters(torch):
    """Names, order and defaults of what each constructor and each ``forward`` takes."""

    def parameters(function):
        return [(p.name, p.kind, str(p.default).replace("torch.", "").replace("lesson_lib.", "")) for p in inspect.signature(function).parameters.values()]

    different = {}
    for name in modules_of(torch):
        if name in NOT_HERE or name in ("RNN", "LSTM", "GRU"):  # these say (*args, **kwargs)
            continue
        for method in ("__init__", "forward"):
            ours, theirs = (parameters(getattr(getattr(library.nn, name), method)) for library in (lesson_lib, torch))
            if ours != theirs and "function relu" not in str(ours):
                different[f"{name}.{method}"] = (ours, theirs)
    assert different == {}
