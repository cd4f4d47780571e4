"""Lazy modules and parameters without a shape, against PyTorch."""

import copy
import inspect
import pickle

import pytest

import lesson_lib

from .alike import alike, outcome

ROWS, SEQUENCES, IMAGES, VOLUMES = (5, 4), (3, 4, 7), (2, 4, 6, 5), (2, 4, 3, 4, 5)

#: (class, arguments, options, shape of the first input)
LAYERS = [
    ("LazyLinear", (3,), {}, ROWS),
    ("LazyLinear", (3,), {"bias": False}, SEQUENCES),
    ("LazyLinear", (3,), {"dtype": "float64"}, ROWS),
    ("LazyConv1d", (6, 3), {"stride": 2, "padding": 1}, SEQUENCES),
    ("LazyConv1d", (6, 3), {}, SEQUENCES[1:]),
    ("LazyConv2d", (6, (3, 2)), {"groups": 2, "bias": False}, IMAGES),
    ("LazyConv2d", (4, 3), {"padding": "same", "padding_mode": "circular"}, IMAGES),
    ("LazyConv3d", (2, 2), {"dilation": (1, 2, 1)}, VOLUMES),
    ("LazyConvTranspose1d", (6, 3), {"stride": 2, "output_padding": 1, "groups": 2}, SEQUENCES),
    ("LazyConvTranspose2d", (3, 2), {}, IMAGES[1:]),
    ("LazyConvTranspose3d", (2, 2), {"bias": False}, VOLUMES),
    ("LazyBatchNorm1d", (), {}, ROWS),
    ("LazyBatchNorm1d", (), {"affine": False}, SEQUENCES),
    ("LazyBatchNorm2d", (1e-3, 0.3), {"bias": False}, IMAGES),
    ("LazyBatchNorm2d", (), {"track_running_stats": False}, IMAGES),
    ("LazyBatchNorm3d", (), {"momentum": None}, VOLUMES),
    ("LazyInstanceNorm1d", (), {"affine": True}, SEQUENCES),
    ("LazyInstanceNorm2d", (), {}, IMAGES),
    ("LazyInstanceNorm2d", (), {"affine": False}, IMAGES),
    ("LazyInstanceNorm3d", (), {"track_running_stats": False}, VOLUMES),
]


def made(torch, kind, args, options):
    options = {key: getattr(torch, value) if key == "dtype" else value for key, value in options.items()}
    return getattr(torch.nn, kind)(*args, **options)


@pytest.mark.parametrize(("kind", "args", "options", "shape"), LAYERS, ids=lambda v: v if isinstance(v, str) else None)
def test_a_layer_before_and_after_its_first_call(torch, kind, args, options, shape):
    """Text, class, state, initial weights of the seed, output, gradients, a second call, evaluation; loading both ways."""

    def program(torch):
        layer = made(torch, kind, args, options)
        x = torch.randn(*shape, dtype=next(layer.parameters(), torch.ones(1)).dtype, requires_grad=True)
        facts = [repr(layer), type(layer).__name__, layer.has_uninitialized_params(), [repr(value) for value in layer.state_dict().values()]]
        facts += [list(layer.state_dict()), [name for name, _ in layer.named_parameters()], isinstance(layer, layer.cls_to_become)]
        # PyTorch cannot copy a buffer without a shape.
        twin, lazy_state = made(torch, kind, args, options) if list(layer.buffers()) else copy.deepcopy(layer), layer.state_dict()
        facts += [repr(twin), repr(twin.load_state_dict(lazy_state))]
        y = layer(x)
        (y * y * y).sum().backward()
        facts += [repr(layer), type(layer).__name__, hasattr(layer, "has_uninitialized_params"), y, x.grad]
        facts += [{name: p.grad for name, p in layer.named_parameters()}, layer(x), dict(layer.state_dict()), layer.eval()(x)]
        facts += [repr(twin.load_state_dict(layer.state_dict())), twin.has_uninitialized_params(), repr(twin)]
        if "InstanceNorm" not in kind:  # PyTorch's loaded one does not know how many channels it has
            facts += [twin.eval()(x), repr(twin), type(twin).__name__]
        return facts

    alike(torch, program, rtol=1e-4)


def test_every_lazy_class_is_in_the_table(torch):
    assert sorted({kind for kind, *_ in LAYERS}) == sorted(name for name in dir(torch.nn) if name.startswith("Lazy"))


@pytest.mark.parametrize("kind", sorted({kind for kind, *_ in LAYERS}))
def test_signatures(torch, kind):
    def described(library):
        return [(p.name, p.default) for p in inspect.signature(getattr(library.nn, kind).__init__).parameters.values()]

    assert described(lesson_lib) == described(torch)


def test_a_network_is_moved_and_pickled_before_its_first_call(torch):
    def program(torch):
        net = torch.nn.Sequential(torch.nn.LazyLinear(3), torch.nn.LazyBatchNorm1d()).double()
        facts = [str(p.dtype) for p in net.parameters()] + [str(b.dtype) for b in net.buffers()]
        again = pickle.loads(pickle.dumps(net))
        facts += [repr(again), str(next(again.parameters()).dtype), again.half()[0].weight.requires_grad]
        net.zero_grad()
        net.train(False)
        y = net(torch.ones(2, 5, dtype=torch.float64))
        return [*facts, repr(net), str(y.dtype), net.training, str(net[1].running_mean.dtype), len(net[0]._forward_pre_hooks)]

    alike(torch, program)


def test_an_optimizer_made_before_the_first_call_trains_the_layer():
    layer = lesson_lib.nn.LazyLinear(1)
    optimizer = lesson_lib.optim.SGD(layer.parameters(), lr=0.1)
    layer(lesson_lib.ones(1, 2)).sum().backward()
    before = layer.weight.tolist()
    optimizer.step()
    assert layer.weight.tolist() != before


def test_frozen_parameters_stay_frozen(torch):
    def program(torch):
        p = torch.nn.UninitializedParameter(requires_grad=False)
        p.materialize((2, 3), dtype=torch.float64)
        b = torch.nn.UninitializedBuffer(dtype=torch.float16)
        facts = [repr(b), b.persistent, str(b.dtype), str(b.device), torch.nn.parameter.is_lazy(b), isinstance(b, torch.nn.Parameter)]
        b.materialize((4,))
        return [*facts, type(p).__name__, tuple(p.shape), str(p.dtype), p.requires_grad, type(b).__name__, torch.nn.parameter.is_lazy(b)]

    alike(torch, program)


def own(torch, finish):
    class Own(torch.nn.modules.lazy.LazyModuleMixin, torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = torch.nn.UninitializedParameter()

        def forward(self, x):
            return x * self.scale

    if finish is not None:
        Own.initialize_parameters = finish
    return Own()


def test_a_lazy_module_of_ones_own(torch):
    def program(torch):
        def finish(self, x):
            self.scale.materialize(x.shape[-1:])
            torch.nn.init.ones_(self.scale)

        module = own(torch, finish)
        return [repr(module), module(torch.ones(2, 3)), type(module).__name__, module.has_uninitialized_params(), module(torch.ones(1, 3))]

    alike(torch, program)


#: what is refused; PyTorch's text goes on with the name of the function
REFUSED = {
    "addition": lambda t: t.nn.UninitializedParameter() + 1,
    "function": lambda t: t.relu(t.nn.UninitializedParameter()),
    "length": lambda t: len(t.nn.UninitializedParameter()),
    "index": lambda t: t.nn.UninitializedBuffer()[0],
    "numel": lambda t: t.nn.UninitializedParameter().numel(),
    "list": lambda t: t.nn.UninitializedParameter().tolist(),
    "clone": lambda t: t.nn.UninitializedParameter().clone(),
    "detach": lambda t: t.nn.UninitializedParameter().detach(),
    "freezing": lambda t: t.nn.LazyLinear(2).requires_grad_(False),
    "shape": lambda t: t.nn.UninitializedParameter().shape,
    "sharing": lambda t: t.nn.LazyLinear(2).share_memory(),
    "loading into a finished layer": lambda t: t.nn.Linear(2, 2).load_state_dict(t.nn.LazyLinear(2).state_dict()),
    "no initialize_parameters": lambda t: own(t, None)(t.ones(2)),
    "unfinished": lambda t: own(t, lambda self, x: None)(t.ones(2)),
    "dimensions": lambda t: t.nn.LazyConv2d(3, 2)(t.ones(2, 2)),
    "groups": lambda t: t.nn.LazyConv1d(4, 2, groups=2)(t.ones(1, 3, 4)),
    "other features than those loaded": lambda t: loaded(t)(t.ones(1, 3)),
    "other sizes": lambda t: t.nn.LazyBatchNorm2d()(t.ones(2, 2)),
}


def loaded(torch):
    layer = torch.nn.LazyLinear(2)
    layer.load_state_dict(torch.nn.Linear(5, 2).state_dict())
    return layer


@pytest.mark.parametrize("name", REFUSED)
def test_errors(torch, name):
    (ours, _), (theirs, _) = outcome(lesson_lib, REFUSED[name]), outcome(torch, REFUSED[name])
    assert [ours[0], ours[1].split(" in ")[0]] == [theirs[0], theirs[1].split(" in ")[0]]
