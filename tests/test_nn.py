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

    def make(nn):
        return getattr(nn, kind)(*args, **kwargs)

    make.kind = kind
    return make


IMAGES, ROWS, SEQUENCES, VOLUMES = (2, 4, 9, 8), (5, 4), (3, 4, 7), (2, 4, 3, 4, 5)

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
    (layer("Conv3d", 4, 6, 2), VOLUMES),
    (layer("Conv3d", 4, 6, 2), VOLUMES[1:]),
    (layer("Conv3d", 4, 6, (2, 1, 3), stride=(1, 2, 2), padding=(1, 0, 1), dilation=(2, 1, 1), groups=2), VOLUMES),
    (layer("Conv3d", 4, 2, (2, 3, 1), padding="same", bias=False), VOLUMES),
    (layer("Conv3d", 4, 2, 3, padding=1, padding_mode="circular"), VOLUMES),
    (layer("ConvTranspose1d", 4, 3, 3), SEQUENCES),
    (layer("ConvTranspose1d", 4, 3, 3), SEQUENCES[1:]),
    (layer("ConvTranspose1d", 4, 6, 3, 2, 1, 1, 2, False, 3), SEQUENCES),
    (layer("ConvTranspose2d", 4, 3, (3, 2)), IMAGES),
    (layer("ConvTranspose2d", 4, 6, 3, stride=(2, 3), padding=(1, 0), output_padding=(1, 2), groups=2), IMAGES),
    (layer("ConvTranspose2d", 4, 3, 2, stride=2, padding=1, dilation=(1, 3), output_padding=(0, 1)), IMAGES[1:]),
    (layer("ConvTranspose3d", 4, 3, 2), VOLUMES),
    (layer("ConvTranspose3d", 4, 4, (2, 1, 3), stride=(2, 1, 3), padding=(1, 0, 1), output_padding=(1, 0, 2), groups=4, bias=False), VOLUMES),
    (layer("ReflectionPad1d", 2), SEQUENCES),
    (layer("ReflectionPad2d", (1, 2, -1, 3)), IMAGES),
    (layer("ReflectionPad3d", (1, 2, 3, 0, 1, 2)), VOLUMES),
    (layer("ReplicationPad1d", (5, 9)), SEQUENCES),
    (layer("ReplicationPad2d", (-2, 9, 4, 3)), IMAGES),
    (layer("ReplicationPad3d", 1), VOLUMES),
    (layer("CircularPad1d", (6, -1)), SEQUENCES),
    (layer("CircularPad2d", (1, 2, 3, -2)), IMAGES[1:]),
    (layer("CircularPad3d", 2), VOLUMES),
    (layer("ZeroPad1d", (2, -1)), SEQUENCES),
    (layer("ZeroPad2d", 1), IMAGES),
    (layer("ZeroPad3d", (1, 0, 2, 1, 0, 1)), VOLUMES),
    (layer("ConstantPad1d", 2, 3.5), SEQUENCES),
    (layer("ConstantPad2d", (1, 2, 3, 4), -1), IMAGES),
    (layer("ConstantPad3d", 1, 0.5), VOLUMES),
    (layer("Unfold", (3, 2), dilation=(1, 2), padding=1, stride=2), IMAGES),
    (layer("Unfold", 3), IMAGES[1:]),
    (layer("Fold", (3, 7), (2, 1)), (2, 4, 14)),
    (layer("Fold", 4, 2, padding=1, stride=2), (8, 9)),
    (layer("MaxPool1d", 2), SEQUENCES),
    (layer("MaxPool1d", (3,), stride=2, padding=1, dilation=2, ceil_mode=True), SEQUENCES[1:]),
    (layer("MaxPool3d", 2), VOLUMES),
    (layer("MaxPool3d", (2, 3, 2), stride=(1, 2, 2), padding=(1, 1, 0), dilation=(2, 1, 1), ceil_mode=True), VOLUMES[1:]),
    (layer("AvgPool1d", 2), SEQUENCES),
    (layer("AvgPool1d", 3, stride=2, padding=1, ceil_mode=True, count_include_pad=False), SEQUENCES[1:]),
    (layer("AvgPool3d", 2), VOLUMES),
    (layer("AvgPool3d", (2, 3, 2), stride=(1, 2, 2), padding=(1, 1, 0), ceil_mode=True, count_include_pad=False), VOLUMES[1:]),
    (layer("AvgPool3d", 2, stride=1, padding=1, divisor_override=3), VOLUMES),
    (layer("LPPool1d", 2, 3), SEQUENCES),
    (layer("LPPool2d", 2.0, (3, 2), stride=(2, 1), ceil_mode=True), IMAGES),
    (layer("LPPool3d", 4, 2, stride=1), VOLUMES),
    (layer("AdaptiveAvgPool1d", 3), SEQUENCES),
    (layer("AdaptiveAvgPool1d", 1), SEQUENCES),
    (layer("AdaptiveAvgPool3d", (2, None, 3)), VOLUMES),
    (layer("AdaptiveAvgPool3d", 1), VOLUMES[1:]),
    (layer("AdaptiveMaxPool1d", 3), SEQUENCES),
    (layer("AdaptiveMaxPool2d", (4, None)), IMAGES),
    (layer("AdaptiveMaxPool2d", 1), IMAGES[1:]),
    (layer("AdaptiveMaxPool3d", (2, 5, 3)), VOLUMES),
    (layer("FractionalMaxPool2d", 2, output_ratio=(0.6, 0.7)), IMAGES),
    (layer("FractionalMaxPool2d", (3, 1), output_size=5), IMAGES[1:]),
    (layer("FractionalMaxPool3d", (1, 2, 2), output_size=(2, 1, 3)), VOLUMES),
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
    (layer("Hardshrink"), ROWS),
    (layer("Hardshrink", 0.25), ROWS),
    (layer("Softshrink", 0.25), ROWS),
    (layer("RReLU"), ROWS),
    (layer("RReLU", 0.25, 0.75), IMAGES),
    (layer("GLU"), ROWS),
    (layer("GLU", dim=1), IMAGES),
    (layer("Softmax2d"), IMAGES),
    (layer("Softmax2d"), IMAGES[1:]),
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
    (layer("Dropout3d", 0.5), VOLUMES),
    (layer("Dropout3d", 1.0), VOLUMES),
    (layer("AlphaDropout", 0.3), ROWS),
    (layer("AlphaDropout", 1.0), ROWS),
    (layer("FeatureAlphaDropout", 0.5), IMAGES),
    (layer("BatchNorm1d", 4), ROWS),
    (layer("BatchNorm1d", 4, affine=False), SEQUENCES),
    (layer("BatchNorm1d", 4, momentum=None, bias=False), ROWS),
    (layer("BatchNorm2d", 4, eps=1e-3, momentum=0.3), IMAGES),
    (layer("BatchNorm2d", 4, track_running_stats=False), IMAGES),
    (layer("BatchNorm3d", 4), VOLUMES),
    (layer("InstanceNorm1d", 4), SEQUENCES),
    (layer("InstanceNorm1d", 4, affine=True, track_running_stats=True), SEQUENCES),
    (layer("InstanceNorm1d", 3), SEQUENCES[:2]),
    (layer("InstanceNorm2d", 4, eps=1e-3, affine=True, bias=False), IMAGES),
    (layer("InstanceNorm2d", 4, momentum=None, track_running_stats=True), IMAGES[1:]),
    (layer("InstanceNorm3d", 4, momentum=0.3, track_running_stats=True), VOLUMES),
    (layer("GroupNorm", 2, 4), IMAGES),
    (layer("GroupNorm", 4, 4, eps=1e-3, bias=False), SEQUENCES),
    (layer("GroupNorm", 1, 4, affine=False), ROWS),
    (layer("RMSNorm", 8), IMAGES),
    (layer("RMSNorm", (9, 8), eps=1e-3, elementwise_affine=False), IMAGES),
    (layer("LocalResponseNorm", 2), IMAGES),
    (layer("LocalResponseNorm", 3, alpha=0.5, beta=0.5, k=2.0), SEQUENCES),
    (layer("Upsample", scale_factor=2), SEQUENCES),
    (layer("Upsample", (5, 12), mode="nearest-exact"), IMAGES),
    (layer("Upsample", 6, mode="linear"), SEQUENCES),
    (layer("Upsample", scale_factor=(1.5, 0.7), mode="bilinear"), IMAGES),
    (layer("Upsample", scale_factor=1.3, mode="bicubic", align_corners=True), IMAGES),
    (layer("Upsample", scale_factor=1.7, mode="trilinear", recompute_scale_factor=True), VOLUMES),
    (layer("UpsamplingNearest2d", scale_factor=2), IMAGES),
    (layer("UpsamplingBilinear2d", (12, 5)), IMAGES),
    (layer("PixelShuffle", 2), IMAGES),
    (layer("PixelUnshuffle", 2), (1, 2, 4, 6)),
    (layer("ChannelShuffle", 2), IMAGES),
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
    if re.search("circular|reflect|replicate|Circular|Reflection|Replication|LocalResponseNorm|RMSNorm", text):
        facts["graph"] = their_facts["graph"] = None  # the same numbers by other steps
    if re.search("softsign|Softsign|Tanhshrink|Softmin", text) is None:
        assert facts == their_facts
    assert facts["text"] == their_facts["text"]
    compare(values, their_values)


@pytest.mark.parametrize(
    "kind", ["ReLU", "LeakyReLU", "ELU", "SiLU", "Hardtanh", "ReLU6", "SELU", "CELU", "Mish", "Hardswish", "Hardsigmoid", "RReLU", "Dropout"]
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
    "rrelu in place": lambda torch: torch.nn.functional.rrelu_(torch.linspace(-2, 2, 9), training=True),
    "threshold in place": lambda torch: torch.nn.functional.threshold_(torch.linspace(-2, 2, 9), 0.5, 7),
    "silu of complex numbers": lambda torch: torch.nn.functional.silu(torch.tensor([1 + 2j, -1j])),
    "softshrink of nan": lambda torch: torch.nn.functional.softshrink(torch.tensor([math.nan, 0.5, -0.75])),
    "gumbel softmax": lambda torch: torch.nn.functional.gumbel_softmax(torch.linspace(-1, 1, 6).view(2, 3), 0.5),
    "hard gumbel softmax": lambda torch: torch.nn.functional.gumbel_softmax(torch.linspace(-1, 1, 6).view(2, 3), hard=True, dim=0),
    "cosine similarity of 0": lambda torch: torch.nn.functional.cosine_similarity(torch.zeros(1, 2), torch.ones(1, 2)),
    "pairwise distance, p = inf": lambda torch: torch.nn.PairwiseDistance(math.inf, keepdim=True)(torch.ones(2, 3), torch.arange(6.0).view(2, 3)),
    "pdist, p = 0": lambda torch: torch.nn.functional.pdist(torch.tensor([[1.0, 2.0], [1.0, 3.0], [0.0, 0.0]]), 0),
    "normalize, p = 0": lambda torch: torch.nn.functional.normalize(torch.arange(6.0).view(2, 3), p=0),
    "weighted huber of one row": lambda torch: torch.nn.functional.huber_loss(torch.arange(3.0), torch.zeros(3), weight=torch.full((3,), 2.0)),
    "ctc that cannot be": lambda torch: torch.nn.functional.ctc_loss(torch.zeros(1, 1, 3), torch.tensor([[1, 2]]), (1,), (2,), reduction="none"),
    "ctc that cannot be, as 0": lambda torch: torch.nn.functional.ctc_loss(
        torch.zeros(1, 1, 3), torch.tensor([[1, 2]]), (1,), (2,), zero_infinity=True
    ),
    "ctc of one sample": lambda torch: torch.nn.functional.ctc_loss(torch.zeros(4, 3), torch.tensor([1, 2]), torch.tensor(4), torch.tensor(2)),
    "ctc of nothing": lambda torch: torch.nn.functional.ctc_loss(torch.zeros(4, 1, 3), torch.tensor([[1]]), (3,), (0,)),
    "variance as a number": lambda torch: torch.nn.functional.gaussian_nll_loss(torch.ones(2), torch.zeros(2), 0.5, full=True),
    "adaptive softmax, all classes": lambda torch: torch.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [3, 6, 12], div_value=2.0).log_prob(torch.ones(2, 8)),
    "adaptive softmax, likeliest": lambda torch: torch.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [3, 6, 12], div_value=2.0).predict(torch.eye(8)),
    "adaptive softmax, one sample": lambda torch: torch.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [3], 2.0, True)(torch.ones(8), torch.tensor(7)).output,
    "dropout of a transpose": lambda torch: torch.nn.functional.dropout(torch.ones(4, 5).t(), 0.5),
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
