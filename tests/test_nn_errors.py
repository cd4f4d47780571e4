"""Bad input to layers, losses and initialisations: PyTorch's exception and first line, then the user's line and a remedy."""

import warnings

import pytest

import lesson_lib

#: mistakes over ``torch``: the exception and its first line are PyTorch's
MISTAKES = {
    "linear": lambda torch, F: torch.nn.Linear(2, 4)(torch.ones(2, 3)),
    "conv channels": lambda torch, F: F.conv2d(torch.ones(2, 3, 5, 5), torch.ones(6, 1, 3, 3)),
    "conv channels, one image": lambda torch, F: F.conv2d(torch.ones(3, 5, 5), torch.ones(6, 1, 3, 3)),
    "conv1d channels": lambda torch, F: F.conv1d(torch.ones(1, 2, 5), torch.ones(1, 1, 2)),
    "conv dims": lambda torch, F: F.conv2d(torch.ones(5, 5), torch.ones(6, 1, 3, 3)),
    "conv1d dims": lambda torch, F: F.conv1d(torch.ones(2), torch.ones(1, 1, 2)),
    "conv kernel": lambda torch, F: F.conv2d(torch.ones(1, 1, 2, 2), torch.ones(6, 1, 3, 3)),
    "conv kernel, dilated": lambda torch, F: F.conv2d(torch.ones(1, 1, 2, 2), torch.ones(6, 1, 3, 3), padding=1, dilation=3),
    "conv1d kernel": lambda torch, F: F.conv1d(torch.ones(1, 1, 1), torch.ones(1, 1, 2)),
    "conv bias": lambda torch, F: F.conv2d(torch.ones(1, 1, 5, 5), torch.ones(2, 1, 3, 3), torch.ones(3)),
    "conv groups": lambda torch, F: F.conv2d(torch.ones(1, 2, 5, 5), torch.ones(3, 1, 3, 3), groups=2),
    "conv groups, too many": lambda torch, F: F.conv2d(torch.ones(1, 2, 5, 5), torch.ones(1, 1, 3, 3), groups=2),
    "conv groups 0": lambda torch, F: F.conv2d(torch.ones(1, 1, 5, 5), torch.ones(1, 1, 3, 3), groups=0),
    "conv padding": lambda torch, F: F.conv2d(torch.ones(1, 1, 5, 5), torch.ones(1, 1, 3, 3), padding=-1),
    "conv stride": lambda torch, F: F.conv2d(torch.ones(1, 1, 5, 5), torch.ones(1, 1, 3, 3), stride=0),
    "conv three strides": lambda torch, F: F.conv2d(torch.ones(1, 1, 5, 5), torch.ones(1, 1, 3, 3), stride=(1, 1, 1)),
    "conv dilation": lambda torch, F: F.conv2d(torch.ones(1, 1, 5, 5), torch.ones(1, 1, 3, 3), dilation=0),
    "conv padding name": lambda torch, F: F.conv2d(torch.ones(1, 1, 5, 5), torch.ones(1, 1, 3, 3), padding="full"),
    "conv same with stride": lambda torch, F: F.conv2d(torch.ones(1, 1, 5, 5), torch.ones(1, 1, 3, 3), padding="same", stride=2),
    "conv dtypes": lambda torch, F: F.conv2d(torch.ones(1, 1, 5, 5, dtype=torch.float64), torch.ones(1, 1, 3, 3)),
    "conv dtypes, bias": lambda torch, F: F.conv2d(torch.ones(1, 1, 5, 5, dtype=torch.float64), torch.ones(1, 1, 3, 3), torch.ones(1)),
    "Conv2d groups": lambda torch, F: torch.nn.Conv2d(3, 4, 3, groups=2),
    "Conv2d groups, out": lambda torch, F: torch.nn.Conv2d(4, 3, 3, groups=2),
    "Conv2d groups 0": lambda torch, F: torch.nn.Conv2d(4, 3, 3, groups=0),
    "Conv2d same with stride": lambda torch, F: torch.nn.Conv2d(1, 1, 3, padding="same", stride=2),
    "max pool dims": lambda torch, F: F.max_pool2d(torch.ones(4, 4), 2),
    "max pool too small": lambda torch, F: F.max_pool2d(torch.ones(1, 4, 4), 6),
    "max pool padding": lambda torch, F: F.max_pool2d(torch.ones(1, 4, 4), 2, padding=2),
    "max pool three": lambda torch, F: F.max_pool2d(torch.ones(1, 4, 4), (2, 2, 2)),
    "max pool stride": lambda torch, F: F.max_pool2d(torch.ones(1, 4, 4), 2, stride=0),
    "max pool without channels": lambda torch, F: F.max_pool2d(torch.ones(1, 0, 4, 4), 2),
    "avg pool too small": lambda torch, F: F.avg_pool2d(torch.ones(1, 4, 4), 6),
    "avg pool divisor": lambda torch, F: F.avg_pool2d(torch.ones(1, 4, 4), 2, divisor_override=0),
    "pad odd": lambda torch, F: F.pad(torch.ones(2), (1,)),
    "pad too many": lambda torch, F: F.pad(torch.ones(2), (1, 1, 1, 1)),
    "pad mode": lambda torch, F: F.pad(torch.ones(1, 2), (1, 1), mode="mirror"),
    "pad value": lambda torch, F: F.pad(torch.ones(1, 2), (1, 1), mode="reflect", value=1.0),
    "pad reflect": lambda torch, F: F.pad(torch.ones(1, 1, 3, 3), (3, 1, 1, 1), mode="reflect"),
    "pad reflect dims": lambda torch, F: F.pad(torch.ones(2), (1, 1), mode="reflect"),
    "pad circular": lambda torch, F: F.pad(torch.ones(1, 1, 3, 3), (4, 1, 1, 1), mode="circular"),
    "nll batch": lambda torch, F: F.nll_loss(torch.ones(3, 2), torch.tensor([0, 1])),
    "nll class": lambda torch, F: F.nll_loss(torch.ones(3, 2), torch.tensor([0, 1, 5])),
    "nll negative class": lambda torch, F: F.nll_loss(torch.ones(3, 2), torch.tensor([0, 1, -1])),
    "nll float target": lambda torch, F: F.nll_loss(torch.ones(3, 2), torch.ones(3)),
    "nll int target": lambda torch, F: F.nll_loss(torch.ones(3, 2), torch.ones(3, dtype=torch.int32)),
    "nll weight": lambda torch, F: F.nll_loss(torch.ones(3, 2), torch.tensor([0, 1, 1]), weight=torch.ones(3)),
    "nll learned weight": lambda torch, F: F.nll_loss(
        torch.ones(3, 2, requires_grad=True), torch.tensor([0, 1, 1]), torch.ones(2, requires_grad=True)
    ),
    "nll of numbers": lambda torch, F: F.nll_loss(torch.ones(()), torch.tensor(1)),
    "nll images": lambda torch, F: F.nll_loss(torch.ones(3, 2, 4), torch.tensor([0, 1, 1])),
    "cross entropy batch": lambda torch, F: F.cross_entropy(torch.ones(3, 2), torch.tensor([0, 1])),
    "cross entropy class": lambda torch, F: F.cross_entropy(torch.ones(3, 2), torch.tensor([0, 1, 5])),
    "cross entropy float class": lambda torch, F: F.cross_entropy(torch.ones(3, 2), torch.ones(3)),
    "cross entropy one-hot": lambda torch, F: F.cross_entropy(torch.ones(3, 2), torch.ones(3, 2, dtype=torch.long)),
    "cross entropy other probabilities": lambda torch, F: F.cross_entropy(torch.ones(3, 2), torch.ones(3, 3)),
    "cross entropy reduction": lambda torch, F: F.cross_entropy(torch.ones(3, 2), torch.tensor([0, 1, 1]), reduction="average"),
    "cross entropy smoothing": lambda torch, F: F.cross_entropy(torch.ones(3, 2), torch.tensor([0, 1, 1]), label_smoothing=2),
    "cross entropy ignored probabilities": lambda torch, F: F.cross_entropy(torch.ones(3, 2), torch.ones(3, 2), ignore_index=1),
    "mse shapes": lambda torch, F: F.mse_loss(torch.ones(2), torch.ones(3)),
    "mse of integers": lambda torch, F: F.mse_loss(torch.ones(2, dtype=torch.long), torch.ones(2, dtype=torch.long)),
    "bce shapes": lambda torch, F: F.binary_cross_entropy(torch.ones(2), torch.ones(2, 1)),
    "bce range": lambda torch, F: F.binary_cross_entropy(torch.ones(2) * 2, torch.ones(2)),
    "bce integers": lambda torch, F: F.binary_cross_entropy(torch.ones(2), torch.ones(2, dtype=torch.long)),
    "bce logits shapes": lambda torch, F: F.binary_cross_entropy_with_logits(torch.ones(2), torch.ones(2, 1)),
    "huber delta": lambda torch, F: F.huber_loss(torch.ones(2), torch.ones(2), delta=-1),
    "smooth l1 beta": lambda torch, F: F.smooth_l1_loss(torch.ones(2), torch.ones(2), beta=-1),
    "mse weight": lambda torch, F: F.mse_loss(torch.ones(2), torch.ones(2), weight=torch.ones(3)),
    "mse weighted, reduction": lambda torch, F: F.mse_loss(torch.ones(2), torch.ones(2), weight=torch.ones(2), reduction="x"),
    "huber of integers and floats": lambda torch, F: F.huber_loss(torch.ones(2, dtype=torch.long), torch.ones(2)),
    "bce target range": lambda torch, F: F.binary_cross_entropy(torch.ones(2), torch.ones(2) * 2),
    "bce weight": lambda torch, F: F.binary_cross_entropy(torch.ones(3, 2), torch.ones(3, 2), torch.ones(3)),
    "bce logits weight": lambda torch, F: F.binary_cross_entropy_with_logits(torch.ones(3, 2), torch.ones(3, 2), torch.ones(3)),
    "bce logits large weight": lambda torch, F: F.binary_cross_entropy_with_logits(torch.ones(2), torch.ones(2), torch.ones(3, 2)),
    "kl of integers": lambda torch, F: F.kl_div(torch.ones(2), torch.ones(2, dtype=torch.long)),
    "kl of complex numbers": lambda torch, F: F.kl_div(torch.ones(2) + 1j, torch.ones(2)),
    "nll image size": lambda torch, F: F.nll_loss(torch.ones(3, 2, 4, 5), torch.zeros(3, 4, 4, dtype=torch.long)),
    "nll image dims": lambda torch, F: F.nll_loss(torch.ones(3, 2, 4, 5), torch.zeros(3, 4, dtype=torch.long)),
    "nll image weight": lambda torch, F: F.nll_loss(torch.ones(3, 2, 4), torch.zeros(3, 4, dtype=torch.long), torch.ones(3)),
    "nll of integers": lambda torch, F: F.nll_loss(torch.ones(1, 2, dtype=torch.long), torch.tensor([1])),
    "soft margin shapes": lambda torch, F: F.soft_margin_loss(torch.ones(3), torch.ones(2)),
    "soft margin learned target": lambda torch, F: F.soft_margin_loss(torch.ones(3), torch.ones(3, requires_grad=True)),
    "multi margin class": lambda torch, F: F.multi_margin_loss(torch.ones(2, 3), torch.tensor([0, 3])),
    "multi margin target": lambda torch, F: F.multi_margin_loss(torch.ones(2, 3), torch.tensor([0])),
    "multi margin p": lambda torch, F: torch.nn.MultiMarginLoss(p=3),
    "multi margin weight": lambda torch, F: F.multi_margin_loss(torch.ones(2, 3), torch.tensor([0, 1]), weight=torch.ones(2)),
    "MultiMarginLoss weight": lambda torch, F: torch.nn.MultiMarginLoss(weight=torch.ones(2, 2)),
    "multi margin dims": lambda torch, F: F.multi_margin_loss(torch.ones(2, 3, 4), torch.tensor([0, 1])),
    "multi margin of half precision": lambda torch, F: F.multi_margin_loss(torch.ones(1, 3, dtype=torch.float16), torch.tensor([0])),
    "multilabel margin class": lambda torch, F: F.multilabel_margin_loss(torch.ones(3), torch.tensor([0, 1, 3])),
    "multilabel margin target": lambda torch, F: F.multilabel_margin_loss(torch.ones(3), torch.tensor([0, 1])),
    "multilabel soft margin reduction": lambda torch, F: F.multilabel_soft_margin_loss(torch.ones(2, 3), torch.ones(2, 3), reduction="x"),
    "ranking dims": lambda torch, F: F.margin_ranking_loss(torch.ones(3), torch.ones(3, 1), torch.ones(3)),
    "cosine embedding dims": lambda torch, F: F.cosine_embedding_loss(torch.ones(3, 4, 2), torch.ones(3, 4, 2), torch.ones(3)),
    "cosine embedding target": lambda torch, F: F.cosine_embedding_loss(torch.ones(3, 4), torch.ones(3, 4), torch.ones(3, 4)),
    "triplet margin": lambda torch, F: F.triplet_margin_loss(torch.ones(2, 3), torch.ones(2, 3), torch.ones(2, 3), margin=0),
    "TripletMarginLoss margin": lambda torch, F: torch.nn.TripletMarginLoss(margin=0),
    "triplet dims": lambda torch, F: F.triplet_margin_loss(torch.ones(2, 3), torch.ones(2, 3), torch.ones(3)),
    "gaussian variance": lambda torch, F: F.gaussian_nll_loss(torch.ones(2, 3), torch.ones(2, 3), torch.ones(3)),
    "gaussian negative variance": lambda torch, F: F.gaussian_nll_loss(torch.ones(2), torch.ones(2), -0.5),
    "ctc input length": lambda torch, F: F.ctc_loss(torch.ones(4, 1, 3), torch.tensor([[1]]), (5,), (1,)),
    "ctc target length": lambda torch, F: F.ctc_loss(torch.ones(4, 1, 3), torch.tensor([[1]]), (4,), (2,)),
    "ctc batch": lambda torch, F: F.ctc_loss(torch.ones(4, 2, 3), torch.tensor([[1], [1]]), (4,), (1, 1)),
    "ctc blank": lambda torch, F: F.ctc_loss(torch.ones(4, 1, 3), torch.tensor([[1]]), (4,), (1,), blank=3),
    "ctc float lengths": lambda torch, F: F.ctc_loss(torch.ones(4, 1, 3), torch.tensor([[1]]), torch.tensor([4.0]), torch.tensor([1])),
    "linear cross entropy sizes": lambda torch, F: F.linear_cross_entropy(torch.ones(2, 3), torch.ones(4, 4), torch.tensor([0, 1])),
    "linear cross entropy bias": lambda torch, F: torch.nn.functional.linear_cross_entropy(
        torch.ones(2, 3), torch.ones(4, 3), torch.tensor([0, 1]), linear_bias=torch.ones(3)
    ),
    "chunk size": lambda torch, F: torch.nn.LinearCrossEntropyOptions(batch_chunk_size=0),
    "chunking method": lambda torch, F: torch.nn.LinearCrossEntropyOptions(chunking_method="aspect_ratio:0"),
    "chunk policy": lambda torch, F: torch.nn.LinearCrossEntropyOptions(acc_policy="exact"),
    "chunk dtype": lambda torch, F: torch.nn.LinearCrossEntropyOptions(acc_dtype=torch.int64),
    "adaptive cutoffs": lambda torch, F: torch.nn.AdaptiveLogSoftmaxWithLoss(4, 10, [5, 3]),
    "adaptive class": lambda torch, F: torch.nn.AdaptiveLogSoftmaxWithLoss(4, 10, [5], 2.0)(torch.ones(2, 4), torch.tensor([0, 10])),
    "adaptive batch": lambda torch, F: torch.nn.AdaptiveLogSoftmaxWithLoss(4, 10, [5], 2.0)(torch.ones(2, 4), torch.tensor([0])),
    "bilinear sizes": lambda torch, F: torch.nn.Bilinear(3, 4, 5)(torch.ones(2, 3), torch.ones(2, 5)),
    "bilinear batches": lambda torch, F: torch.nn.Bilinear(3, 4, 5)(torch.ones(2, 3), torch.ones(3, 4)),
    "bilinear features": lambda torch, F: torch.nn.Bilinear(0, 4, 5),
    "pdist dims": lambda torch, F: F.pdist(torch.ones(3)),
    "pdist p": lambda torch, F: F.pdist(torch.ones(3, 3), -1),
    "cosine similarity of integers": lambda torch, F: F.cosine_similarity(torch.ones(2, 3).long(), torch.ones(2, 3).long()),
    "Softmax2d dims": lambda torch, F: torch.nn.Softmax2d()(torch.ones(2)),
    "softshrink lambda": lambda torch, F: F.softshrink(torch.ones(2), -1),
    "glu of an odd size": lambda torch, F: F.glu(torch.ones(3)),
    "rrelu order": lambda torch, F: F.rrelu(torch.ones(3), 0.5, 0.25),
    "rrelu infinite": lambda torch, F: F.rrelu(torch.ones(3), 0.5, float("inf")),
    "rrelu of half precision": lambda torch, F: F.rrelu(torch.ones(3, dtype=torch.float16), training=True),
    "prelu dims": lambda torch, F: F.prelu(torch.ones(2, 2), torch.ones(2, 1)),
    "prelu dtypes": lambda torch, F: F.prelu(torch.ones(2, 2), torch.ones(2, dtype=torch.float64)),
    "prelu of a scalar": lambda torch, F: F.prelu(torch.ones(()), torch.ones(2)),
    "hardtanh of bytes": lambda torch, F: F.hardtanh(torch.ones(2, dtype=torch.uint8)),
    "alpha dropout p": lambda torch, F: F.alpha_dropout(torch.ones(2), 1.5),
    "feature dropout dims": lambda torch, F: F.feature_alpha_dropout(torch.ones(2), 0.5, True),
    "dropout of integers": lambda torch, F: F.dropout(torch.ones(2, dtype=torch.long)),
    "dropout p": lambda torch, F: F.dropout(torch.ones(2), 2.0),
    "Dropout p": lambda torch, F: torch.nn.Dropout(-0.5),
    "dropout1d dims": lambda torch, F: F.dropout1d(torch.ones(2)),
    "batch norm dims": lambda torch, F: torch.nn.BatchNorm2d(3)(torch.ones(2, 3)),
    "batch norm 1d dims": lambda torch, F: torch.nn.BatchNorm1d(3)(torch.ones(2, 3, 4, 5)),
    "batch norm channels": lambda torch, F: torch.nn.BatchNorm1d(4)(torch.ones(2, 3)),
    "batch norm of one": lambda torch, F: torch.nn.BatchNorm1d(3)(torch.ones(1, 3)),
    "batch norm without moments": lambda torch, F: F.batch_norm(torch.ones(2, 3), None, None),
    "layer norm shape": lambda torch, F: F.layer_norm(torch.ones(3, 2), (3,)),
    "embedding range": lambda torch, F: torch.nn.Embedding(3, 2)(torch.tensor([3])),
    "embedding negative": lambda torch, F: torch.nn.Embedding(3, 2)(torch.tensor([-1])),
    "embedding of floats": lambda torch, F: torch.nn.Embedding(3, 2)(torch.ones(1)),
    "embedding padding": lambda torch, F: torch.nn.Embedding(3, 2, padding_idx=3),
    "hardtanh order": lambda torch, F: torch.nn.Hardtanh(1, -1),
    "one_hot of floats": lambda torch, F: F.one_hot(torch.ones(1)),
    "one_hot negative": lambda torch, F: F.one_hot(torch.tensor([-1])),
    "one_hot too small": lambda torch, F: F.one_hot(torch.tensor([3]), 2),
    "fan of a vector": lambda torch, F: torch.nn.init.xavier_uniform_(torch.ones(3)),
    "gain of nothing": lambda torch, F: torch.nn.init.calculate_gain("swish"),
    "kaiming mode": lambda torch, F: torch.nn.init.kaiming_uniform_(torch.ones(3, 3), mode="fan"),
    "eye of a vector": lambda torch, F: torch.nn.init.eye_(torch.ones(3)),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_equal_pytorch(torch, name):
    """PyTorch's exception type and first line; then the user's line and a remedy."""
    found = []
    for library in (lesson_lib, torch):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(Exception) as caught:
                MISTAKES[name](library, library.nn.functional)
        found.append((caught.type, str(caught.value).splitlines()[0]))
    assert found[0] == found[1]


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_mistakes_are_explained(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Exception) as caught:
            MISTAKES[name](lesson_lib, lesson_lib.nn.functional)
    assert "\n  Try: " in str(caught.value)
    assert "test_nn_errors.py" in str(caught.value)
