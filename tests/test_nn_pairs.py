"""Layers that are called with two tensors, against PyTorch: printing, initial weights, values, every gradient, the graph."""

import numpy as np
import pytest

import lesson_lib

from .parity import as_array, compare, graph
from .test_nn import described, layer

#: layers of two inputs: (constructor, shapes)
PAIRS = [
    (layer("Bilinear", 3, 4, 5), [(2, 3), (2, 4)]),
    (layer("Bilinear", 3, 4, 5, bias=False), [(2, 2, 3), (2, 2, 4)]),
    (layer("Bilinear", 3, 4, 5), [(3,), (4,)]),
    (layer("CosineSimilarity"), [(2, 3), (2, 3)]),
    (layer("CosineSimilarity", dim=0, eps=1e-3), [(2, 3), (3,)]),
    (layer("PairwiseDistance"), [(2, 3), (2, 3)]),
    (layer("PairwiseDistance", 1, keepdim=True), [(2, 3), (3,)]),
]


@pytest.mark.parametrize(("make", "shapes"), PAIRS, ids=lambda v: described(v) if callable(v) else None)
def test_layer_of_two_inputs_equals_pytorch(torch, make, shapes):
    """Text, initial weights, output, graph, gradients."""

    def program(torch):
        torch.manual_seed(0)
        module, draw = make(torch.nn), np.random.RandomState(0)
        inputs = [torch.from_numpy(draw.randn(*shape).astype(np.float32)).requires_grad_() for shape in shapes]
        y = module(*inputs)
        (y * torch.from_numpy(np.cos(np.arange(y.numel(), dtype=np.float32)).reshape(tuple(y.shape)))).sum().backward()
        gradients = {f"gradient {i}": as_array(x.grad) for i, x in enumerate([*inputs, *module.parameters()])}
        return (repr(module), graph(y.grad_fn)), {"output": as_array(y), **gradients}

    (facts, values), (their_facts, their_values) = program(lesson_lib), program(torch)
    assert facts == their_facts
    compare(values, their_values)


def test_adaptive_softmax_equals_pytorch(torch):
    """Weights, text, both outputs and every gradient; one class of each cluster, and one of none."""

    def program(torch):
        torch.manual_seed(0)
        module = torch.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [3, 6, 12], div_value=2.0, head_bias=True)
        x = torch.from_numpy(np.random.RandomState(0).randn(5, 8).astype(np.float32)).requires_grad_()
        output, loss = module(x, torch.tensor([1, 4, 5, 19, 0]))
        (loss + output[3]).backward()
        gradients = {name: as_array(p.grad) for name, p in module.named_parameters() if p.grad is not None}
        return repr(module), {"output": as_array(output), "loss": as_array(loss), "input gradient": as_array(x.grad), **gradients}

    (text, values), (their_text, their_values) = program(lesson_lib), program(torch)
    assert text == their_text
    compare(values, their_values)
