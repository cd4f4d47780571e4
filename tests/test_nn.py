"""Layers and activations against PyTorch: printing, initial weights, values, every gradient, the graph, buffers."""

import math
import re
import warnings

import numpy as np
import pytest

import lesson_lib

from .parity import as_array, compare, graph


def layer(kind, *args, **kwargs):
    """A layer's constructor call, for either library."""
    return lambda nn: getattr(nn, kind)(*args, **kwargs)


IMAGES, ROWS, SEQUENCES = (2, 4, 9, 8), (5, 4), (3, 4, 7)

#: (constructor, shape of the input)
LAYERS = [
    (layer("Linear", 4, 3), ROWS),
    (layer("Linear", 4, 3), (4,)),
    (layer("Linear", 4, 3, bias=False), (2, 5, 4)),
    (layer("Linear", 4, 3), (2, 5, 4)),
    (layer("Identity", 7, unused=1), ROWS),
    (layer("Conv2d", 4, 6, 3), IMAGES),
    (layer("Conv2d", 4, 6, 3), IMAGES[1:]),
    (layer("Conv2d", 4, 6, (3, 2), stride=(2, 1), padding=(0, 1), dilation=(1, 2)), IMAGES),
    (layer("Conv2d", 4, 6, 3, groups=2, bias=False), IMAGES),
    (layer("Conv2d", 4, 8, 3, groups=4, padding=1), IMAGES),
    (layer("Conv2d", 4, 6, 1), IMAGES),
    (layer("Conv2d", 4, 3, 3, padding="same", dilation=2), IMAGES),
    (layer("Conv2d", 4, 3, (2, 4), padding="same"), IMAGES),
    (layer("Conv2d", 4, 3, 3, padding="valid"), IMAGES),
    (layer("Conv2d", 4, 3, 3, padding=2, padding_mode="reflect"), IMAGES),
    (layer("Conv2d", 4, 3, 3, padding=(1, 0), padding_mode="replicate"), IMAGES),
    (layer("Conv2d", 4, 3, 3, padding="same", padding_mode="circular"), IMAGES),
    (layer("Conv1d", 4, 3, 3), SEQUENCES),
    (layer("Conv1d", 4, 3, 3), SEQUENCES[1:]),
    (layer("Conv1d", 4, 6, 2, stride=2, padding=1, groups=2), SEQUENCES),
    (layer("Conv1d", 4, 3, 4, padding="same"), SEQUENCES),
    (layer("MaxPool2d", 2), IMAGES),
    (layer("MaxPool2d", 2), IMAGES[1:]),
    (layer("MaxPool2d", (3, 2), stride=(2, 1), padding=1, dilation=(1, 2)), IMAGES),
    (layer("MaxPool2d", 3, stride=2, ceil_mode=True), IMAGES),
    (layer("AvgPool2d", 2), IMAGES),
    (layer("AvgPool2d", 2), IMAGES[1:]),
    (layer("AvgPool2d", 3, stride=2, padding=1, ceil_mode=True, count_include_pad=False), IMAGES),
    (layer("AvgPool2d", (2, 3), divisor_override=5), IMAGES),
    (layer("AdaptiveAvgPool2d", 1), IMAGES),
    (layer("AdaptiveAvgPool2d", (3, 4)), IMAGES),
    (layer("AdaptiveAvgPool2d", (4, None)), IMAGES),
    (layer("Flatten"), IMAGES),
    (layer("Flatten", 2, 3), IMAGES),
    (layer("Unflatten", 1, (2, 2)), ROWS),
    (layer("Sequential"), ROWS),
    (layer("ReLU"), ROWS),
    (layer("ReLU6"), ROWS),
    (layer("SELU"), ROWS),
    (layer("SiLU"), ROWS),
    (layer("Mish"), ROWS),
    (layer("Hardswish"), ROWS),
    (layer("Hardsigmoid"), ROWS),
    (layer("LeakyReLU"), ROWS),
    (layer("LeakyReLU", 0.2), ROWS),
    (layer("ELU", 1.5), ROWS),
    (layer("CELU", 0.5), ROWS),
    (layer("GELU"), ROWS),
    (layer("GELU", approximate="tanh"), ROWS),
    (layer("Softplus"), ROWS),
    (layer("Softplus", 2, 1.0), ROWS),
    (layer("Sigmoid"), ROWS),
    (layer("Tanh"), ROWS),
    (layer("LogSigmoid"), ROWS),
    (layer("Softsign"), ROWS),
    (layer("Tanhshrink"), ROWS),
    (layer("Hardtanh"), ROWS),
    (layer("Hardtanh", -0.5, 0.25), ROWS),
    (layer("Threshold", 0.1, 20), ROWS),
    (layer("PReLU"), ROWS),
    (layer("PReLU", 4, init=0.1), IMAGES),
    (layer("Softmax", dim=1), ROWS),
    (layer("LogSoftmax", dim=-1), IMAGES),
    (layer("Softmin", dim=0), ROWS),
    (layer("Dropout", 0.3), ROWS),
    (layer("Dropout", 0.0), ROWS),
    (layer("Dropout", 1.0), ROWS),
    (layer("Dropout1d", 0.5), SEQUENCES),
    (layer("Dropout2d", 0.5), IMAGES),
    (layer("BatchNorm1d", 4), ROWS),
    (layer("BatchNorm1d", 4, affine=False), SEQUENCES),
    (layer("BatchNorm1d", 4, momentum=None, bias=False), ROWS),
    (layer("BatchNorm2d", 4, eps=1e-3, momentum=0.3), IMAGES),
    (layer("BatchNorm2d", 4, track_running_stats=False), IMAGES),
    (layer("LayerNorm", 8), IMAGES),
    (layer("LayerNorm", (9, 8), bias=False), IMAGES),
    (layer("LayerNorm", 4, elementwise_affine=False, eps=1e-3), ROWS),
]


def described(make):
    return repr(make(lesson_lib.nn))


def follows_portable_stream(torch):
    """PyTorch draws dropout masks from the common stream, except on Intel processors, where MKL draws them."""
    torch.manual_seed(0)
    theirs = torch.empty(64).bernoulli_(0.5).numpy()
    lesson_lib.manual_seed(0)
    return bool((theirs == lesson_lib.empty(64).bernoulli_(0.5).numpy()).all())


def run(torch, make, x):
    """One layer, called twice in training and once in evaluation: everything that can be compared."""
    torch.manual_seed(0)
    module = make(torch.nn)
    facts = {"text": repr(module), "names": list(module.state_dict())}
    values = {f"initial {name}": as_array(v).copy() for name, v in module.state_dict().items()}
    inputs = torch.from_numpy(x.copy()).requires_grad_()
    for turn in ("first", "second"):
        y = module(inputs)
        values[f"{turn} output"] = as_array(y).copy()
    facts["graph"] = y.grad_fn and graph(y.grad_fn)
    weights = torch.from_numpy(np.cos(np.arange(y.numel(), dtype=x.dtype)).reshape(tuple(y.shape)))
    (y * weights).sum().backward()
    values["input gradient"] = as_array(inputs.grad)
    values |= {f"gradient of {name}": as_array(p.grad) for name, p in module.named_parameters()}
    values |= {f"final {name}": as_array(v).copy() for name, v in module.state_dict().items()}
    values["evaluation"] = as_array(module.eval()(inputs))
    return facts, values


@pytest.mark.parametrize(("make", "shape"), LAYERS, ids=lambda v: described(v) if callable(v) else None)
def test_layer_equals_pytorch(torch, make, shape):
    """Text, initial weights, outputs, graph, gradients, buffers, evaluation mode."""
    text = described(make)
    if "Dropout" in text and not follows_portable_stream(torch):
        pytest.skip("on Intel processors PyTorch draws dropout masks from MKL's generator, which has a stream of its own")
    x = np.random.RandomState(0).randn(*shape).astype(np.float32)
    facts, values = run(lesson_lib, make, x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns that padding="same" may copy
        their_facts, their_values = run(torch, make, x)
    if "circular" in text or "reflect" in text or "replicate" in text or "AdaptiveAvgPool2d(output_size=(" in text:
        facts["graph"] = their_facts["graph"] = None  # the same numbers by other steps
    if re.search("softsign|Softsign|Tanhshrink|Softmin", text) is None:
        assert facts == their_facts
    assert facts["text"] == their_facts["text"]
    compare(values, their_values)


@pytest.mark.parametrize(
    "kind", ["ReLU", "LeakyReLU", "ELU", "SiLU", "Hardtanh", "ReLU6", "SELU", "CELU", "Mish", "Hardswish", "Hardsigmoid", "Dropout"]
)
def test_in_place(torch, kind):
    """``inplace=True`` writes over the input, prints so, and has the same gradient."""

    def program(torch):
        torch.manual_seed(0)
        module = getattr(torch.nn, kind)(inplace=True) if kind != "Dropout" else torch.nn.Dropout(0.0, inplace=True)
        start = torch.tensor([-1.5, -0.5, 0.5, 2.0], requires_grad=True)
        x = start * 1
        y = module(x)
        y.sum().backward()
        return repr(module), y is x, [round(v, 5) for v in start.grad.tolist()], [round(v, 5) for v in y.tolist()]

    assert program(lesson_lib) == program(torch)


#: programs over ``torch`` whose numbers are compared
PROGRAMS = {
    "batchmean": lambda torch: torch.nn.functional.kl_div(torch.zeros(2, 3), torch.full((2, 3), 0.3), reduction="batchmean"),
    "nll of one sample": lambda torch: torch.nn.functional.nll_loss(torch.tensor([-1.0, -2.0]), torch.tensor(1)),
    "nll of one sample, target of one": lambda torch: torch.nn.functional.nll_loss(torch.tensor([-1.0, -2.0]), torch.tensor([1])),
    "nll, all ignored": lambda torch: torch.nn.functional.nll_loss(torch.ones(2, 2), torch.tensor([-100, -100])),
    "nll, empty": lambda torch: torch.nn.functional.nll_loss(torch.ones(0, 2), torch.zeros(0, dtype=torch.long)),
    "nll of bytes": lambda torch: torch.nn.functional.nll_loss(torch.ones(2, 2), torch.ones(2, dtype=torch.uint8)),
    "cross entropy of one sample": lambda torch: torch.nn.functional.cross_entropy(torch.tensor([1.0, 2.0]), torch.tensor(1)),
    "cross entropy of large scores": lambda torch: torch.nn.functional.cross_entropy(torch.tensor([[1e4, -1e4]]), torch.tensor([1])),
    "bce of large logits": lambda torch: torch.nn.functional.binary_cross_entropy_with_logits(torch.tensor([1e4, -1e4]), torch.tensor([0.0, 0.0])),
    "bce of certainties": lambda torch: torch.nn.functional.binary_cross_entropy(torch.tensor([0.0, 1.0]), torch.tensor([1.0, 1.0])),
    "weighted mse": lambda torch: torch.nn.functional.mse_loss(torch.ones(3), torch.zeros(3), weight=torch.arange(3.0)),
    "weighted huber": lambda torch: torch.nn.functional.huber_loss(torch.arange(3.0), torch.zeros(3), weight=torch.arange(3.0)),
    "mse of float and double": lambda torch: torch.nn.functional.mse_loss(torch.ones(3), torch.zeros(3, dtype=torch.float64)),
    "max pool with indices": lambda torch: torch.nn.functional.max_pool2d(torch.arange(16.0).view(1, 4, 4), 2, return_indices=True)[1],
    "max pool of nan": lambda torch: torch.nn.functional.max_pool2d(torch.tensor([[[1.0, math.nan], [3.0, 2.0]]]), 2),
    "max pool of integers": lambda torch: torch.nn.functional.max_pool2d(torch.arange(16).view(1, 4, 4), 2),
    "constant pad": lambda torch: torch.nn.functional.pad(torch.ones(1, 2, 3), (1, 0, 2, -1), value=7.0),
    "reflect pad": lambda torch: torch.nn.functional.pad(torch.arange(4.0).view(1, 4), (3, 2), mode="reflect"),
    "replicate pad": lambda torch: torch.nn.functional.pad(torch.arange(4.0).view(1, 4), (3, 2), mode="replicate"),
    "circular pad": lambda torch: torch.nn.functional.pad(torch.arange(8.0).view(1, 1, 2, 4), (3, 2, 1, 1), mode="circular"),
    "one_hot": lambda torch: torch.nn.functional.one_hot(torch.tensor([[0, 2], [1, 1]])),
    "one_hot of more": lambda torch: torch.nn.functional.one_hot(torch.tensor([0, 2]), 5),
    "normalize": lambda torch: torch.nn.functional.normalize(torch.tensor([[3.0, 4.0], [0.0, 0.0]])),
    "softmax, dim left out": lambda torch: torch.nn.functional.softmax(torch.arange(6.0).view(2, 3)),
    "layer_norm": lambda torch: torch.nn.functional.layer_norm(torch.arange(6.0).view(2, 3), (3,)),
    "empty batch": lambda torch: torch.nn.Conv2d(1, 2, 3)(torch.ones(0, 1, 5, 5)),
    "pretrained embedding": lambda torch: torch.nn.Embedding.from_pretrained(torch.arange(6.0).view(3, 2))(torch.tensor([2, 0])),
    "half precision linear": lambda torch: torch.nn.Linear(2, 2).half().weight,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_equals_pytorch(torch, name):
    results = []
    for library in (lesson_lib, torch):
        library.manual_seed(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results.append(PROGRAMS[name](library))
    ours, theirs = results
    assert repr(ours) == repr(theirs)
    np.testing.assert_allclose(as_array(ours), as_array(theirs), rtol=1e-6, equal_nan=True)


@pytest.mark.parametrize(
    "options",
    [{}, {"padding_idx": 1}, {"padding_idx": -1, "scale_grad_by_freq": True}, {"max_norm": 1.0}, {"max_norm": 1.0, "norm_type": 1.0}],
    ids=str,
)
def test_embedding_equals_pytorch(torch, options):
    def program(torch):
        torch.manual_seed(0)
        table = torch.nn.Embedding(20, 3, **options)
        y = table(torch.tensor([[1, 4, 4], [19, 0, 1]]))
        (y * y).sum().backward()
        return (repr(table), y.grad_fn.name()), {"rows": as_array(y), "table": as_array(table.weight), "gradient": as_array(table.weight.grad)}

    (facts, values), (their_facts, their_values) = program(lesson_lib), program(torch)
    assert facts == their_facts
    compare(values, their_values)


def test_double_backward_through_a_convolution(torch):
    """The gradient of a gradient: a penalty on the slope, as in a WGAN."""

    def program(torch):
        torch.manual_seed(0)
        net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Tanh(), torch.nn.AvgPool2d(2), torch.nn.Flatten(), torch.nn.Linear(8, 1))
        x = torch.randn(3, 1, 6, 6).requires_grad_()
        (g,) = torch.autograd.grad(net(x).sum(), x, create_graph=True)
        ((g.pow(2).sum((1, 2, 3)).sqrt() - 1) ** 2).mean().backward()
        return {name: as_array(p.grad) for name, p in net.named_parameters() if p.grad is not None}

    compare(program(lesson_lib), program(torch), rtol=1e-4)
