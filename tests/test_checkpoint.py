"""utils.checkpoint: the same values and gradients for less memory, the same random numbers twice, PyTorch's complaints."""

import gc
import tracemalloc

import numpy as np
import pytest

import lesson_lib
import lesson_lib as torch
from lesson_lib.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential, set_checkpoint_early_stop

BOTH = pytest.mark.parametrize("use_reentrant", [False, True])


def network(lib):
    """Four layers with fixed weights."""
    net = lib.nn.Sequential(
        lib.nn.Linear(3, 8), lib.nn.Tanh(), lib.nn.Linear(8, 8), lib.nn.ReLU(), lib.nn.Linear(8, 8), lib.nn.Sigmoid(), lib.nn.Linear(8, 1)
    )
    draw = np.random.RandomState(0).standard_normal
    with lib.no_grad():
        for parameter in net.parameters():
            parameter.copy_(lib.tensor(draw(tuple(parameter.shape)), dtype=lib.float32))
    return net


def point():
    return torch.tensor(np.random.RandomState(1).standard_normal((5, 3)), dtype=torch.float32, requires_grad=True)


def gradients(net, run):
    """(output, every gradient) of one backward pass."""
    x = point()
    output = run(net, x)
    output.sum().backward()
    found = [output.tolist(), x.grad.tolist(), *(parameter.grad.tolist() for parameter in net.parameters())]
    net.zero_grad()
    return found


@BOTH
def test_values_and_gradients_are_those_without_a_checkpoint(use_reentrant):
    net = network(torch)
    plain = gradients(net, lambda net, x: net(x))
    assert gradients(net, lambda net, x: checkpoint(net, x, use_reentrant=use_reentrant)) == plain
    for segments in (1, 2, 3):
        assert gradients(net, lambda net, x, s=segments: checkpoint_sequential(net, s, x, use_reentrant=use_reentrant)) == plain


@BOTH
def test_the_second_run_draws_the_same_random_numbers(use_reentrant):
    masks = []

    def noisy(x):
        mask = torch.rand(100)
        masks.append(mask.tolist())
        return torch.nn.functional.dropout(x * mask, 0.5).exp()

    x = torch.ones(100, requires_grad=True)
    torch.manual_seed(3)
    y = checkpoint(noisy, x, use_reentrant=use_reentrant)
    after = torch.rand(1).item()
    y.sum().backward()
    assert masks[0] == masks[1]
    assert torch.equal(x.grad, x.grad.where(y.detach() != 1, torch.zeros(())))  # what dropout dropped has no gradient
    torch.manual_seed(3)
    noisy(x)
    assert torch.rand(1).item() == after  # the stream outside is where one run left it


def test_without_preserving_the_second_run_draws_on():
    draws = []

    def noisy(x):
        draws.append(torch.rand(1).item())
        return x.exp()

    checkpoint(noisy, torch.ones(1, requires_grad=True), use_reentrant=False, preserve_rng_state=False).backward()
    assert draws[0] != draws[1]


def peak_of(run):
    """The most memory, in bytes, that lives between forward and the end of backward."""
    gc.collect()
    tracemalloc.start()
    run().sum().backward()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def deep(x):
    for _ in range(20):
        x = x.sin()
    return x


@BOTH
def test_it_saves_memory(use_reentrant):
    x = torch.ones(50_000, requires_grad=True)  # 200 kB; twenty sines save twenty of them

    def in_segments():
        return checkpoint_sequential([torch.sin] * 100, 10, x, use_reentrant=use_reentrant)

    def plain():
        y = x
        for _ in range(100):
            y = y.sin()
        return y

    size = x.nbytes
    assert peak_of(plain) > 95 * size
    assert peak_of(in_segments) < 35 * size


def test_between_the_passes_only_the_inputs_are_alive():
    x = torch.ones(50_000, requires_grad=True)
    gc.collect()
    tracemalloc.start()
    y = checkpoint(deep, x, use_reentrant=False)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 2 * x.nbytes
    y.sum().backward()


def test_second_derivatives_and_grad_without_reentry():
    x = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)

    def second(y):
        (g,) = torch.autograd.grad(y, x, create_graph=True)
        return torch.autograd.grad(g, x)[0].item()

    assert second(checkpoint(lambda x: x.sin().exp() * x, x, use_reentrant=False)) == pytest.approx(second(x.sin().exp() * x))


def test_backward_twice_through_a_kept_graph():
    x = torch.tensor(0.7, requires_grad=True)
    y = checkpoint(deep, x, use_reentrant=False)
    y.backward(retain_graph=True)
    once = x.grad.item()
    y.backward()
    assert x.grad.item() == pytest.approx(2 * once)


def test_a_checkpoint_in_a_checkpoint():
    x = torch.tensor(0.7, requires_grad=True)

    def outer(x):
        return checkpoint(deep, x.exp(), use_reentrant=False).cos()

    checkpoint(outer, x, use_reentrant=False).backward()
    y = x.detach().requires_grad_()
    deep(y.exp()).cos().backward()
    assert x.grad.item() == pytest.approx(y.grad.item(), rel=1e-6)


def test_other_arguments_and_several_outputs():
    x = torch.tensor([2.0], requires_grad=True)

    def function(scale, x, *, power):
        return scale * x**power, x + 1

    a, b = checkpoint(function, 3, x, power=2, use_reentrant=False)
    (a + b).backward()
    assert x.grad.item() == 13
    a, b = checkpoint(lambda scale, x: (scale * x**2, x + 1), 3, x, use_reentrant=True)
    (a + b).backward()
    assert x.grad.item() == 26


def test_early_stop():
    runs = []

    def function(x):
        y = x.exp()
        runs.append("saved")
        y = y + 1
        runs.append("end")
        return y

    x = torch.ones(1, requires_grad=True)
    checkpoint(function, x, use_reentrant=False).backward()
    assert runs == ["saved", "end"]
    runs.clear()
    with set_checkpoint_early_stop(False):
        checkpoint(function, x, use_reentrant=False).backward()
    assert runs == ["saved", "end", "saved", "end"]


def test_contexts_for_both_runs():
    log = []

    class Named:
        def __init__(self, name):
            self.name = name

        def __enter__(self):
            log.append(self.name)

        def __exit__(self, *exc):
            pass

    x = torch.ones(1, requires_grad=True)
    y = checkpoint(torch.exp, x, use_reentrant=False, context_fn=lambda: (Named("forward"), Named("again")))
    assert log == ["forward"]
    y.backward()
    assert log == ["forward", "again"]


def test_without_recording_nothing_is_kept():
    with torch.no_grad():
        assert not checkpoint(torch.exp, torch.ones(1, requires_grad=True), use_reentrant=False).requires_grad


def test_an_input_that_was_written_to_is_noticed():
    x = torch.ones(2, requires_grad=True)
    h = x * 1
    y = checkpoint(torch.exp, h, use_reentrant=False)
    h.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


# --- complaints --------------------------------------------------------------------------------------------------


def changing(lib, first, second):
    runs = []

    def function(x):
        runs.append(1)
        return (first if len(runs) == 1 else second)(lib, x)

    return function


def fewer(lib):
    x = lib.ones(2, requires_grad=True)
    lib.utils.checkpoint.checkpoint(changing(lib, lambda lib, x: x.exp().sin(), lambda lib, x: x.exp()), x, use_reentrant=False).sum().backward()


def another_shape(lib):
    x = lib.ones(2, requires_grad=True)
    lib.utils.checkpoint.checkpoint(changing(lib, lambda lib, x: x.sin(), lambda lib, x: x[:1].sin()), x, use_reentrant=False).sum().backward()


def more(lib):
    x = lib.ones(2, requires_grad=True)
    run = changing(lib, lambda lib, x: x.sin(), lambda lib, x: x.sin().sin())
    lib.utils.checkpoint.checkpoint(run, x, use_reentrant=False, early_stop=False).sum().backward()


def grad_of_reentrant(lib):
    x = lib.ones(2, requires_grad=True)
    lib.autograd.grad(lib.utils.checkpoint.checkpoint(lib.exp, x, use_reentrant=True).sum(), x)


def nothing_to_learn(lib):
    x = lib.ones(2, requires_grad=True)
    lib.utils.checkpoint.checkpoint(lambda x: x.detach(), x, use_reentrant=True).sum().backward()


def keyword_for_reentrant(lib):
    lib.utils.checkpoint.checkpoint(lib.sum, lib.ones(2), dim=0, use_reentrant=True)


def context_for_reentrant(lib):
    lib.utils.checkpoint.checkpoint(lib.exp, lib.ones(2), context_fn=lambda: None, use_reentrant=True)


def unknown_check(lib):
    lib.utils.checkpoint.checkpoint(lib.exp, lib.ones(2), determinism_check="some", use_reentrant=False)


def keyword_for_sequential(lib):
    lib.utils.checkpoint.checkpoint_sequential([lib.exp], 1, lib.ones(2), use_reentrant=False, dim=0)


MISTAKES = [
    fewer, another_shape, more, grad_of_reentrant, nothing_to_learn, keyword_for_reentrant, context_for_reentrant, unknown_check, keyword_for_sequential,
]  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_errors_are_pytorchs(mistake, torch):
    with pytest.raises(Exception) as theirs:
        mistake(torch)
    with pytest.raises(Exception) as ours:
        mistake(lesson_lib)
    assert type(ours.value).__name__ == type(theirs.value).__name__
    assert str(ours.value).splitlines()[0] == str(theirs.value).splitlines()[0]


def test_checkpoint_error_is_a_runtime_error():
    with pytest.raises(CheckpointError) as caught:
        fewer(torch)
    assert isinstance(caught.value, RuntimeError) and "during recomputation: 1" in str(caught.value)


def test_warnings():
    x = torch.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="use_reentrant parameter should be passed explicitly"):
        checkpoint(torch.exp, x)
    with pytest.warns(UserWarning, match="checkpoint_sequential: the use_reentrant parameter"):
        checkpoint_sequential([torch.exp], 1, x)
    with pytest.warns(UserWarning, match="None of the inputs have requires_grad=True"):
        checkpoint(torch.exp, torch.ones(2), use_reentrant=True)
