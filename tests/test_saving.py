"""torch.save and torch.load: PyTorch opens our files, we open PyTorch's, and what was shared is shared again."""

import io
import zipfile
from collections import Counter, OrderedDict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lesson_lib
from lesson_lib.serialization import archive as archives

from .saved_files import facts, load, saved

pytestmark = pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64", "float16", "bfloat16", "float32", "float64",
          "complex64", "complex128")  # fmt: skip


def first_line(error):
    return str(error).split("\n")[0]


def read_by(t, data):
    return t.load(io.BytesIO(data), weights_only=True)


# --- what can be saved: (library) -> object --------------------------------------------------------------------------------------------


def model(t):
    t.manual_seed(0)
    return t.nn.Sequential(t.nn.Linear(3, 4), t.nn.BatchNorm1d(4), t.nn.ReLU(), t.nn.Linear(4, 2))


def smooth_model(t):
    """One whose training does not magnify a last bit."""
    t.manual_seed(0)
    return t.nn.Sequential(t.nn.Linear(3, 4), t.nn.Tanh(), t.nn.Linear(4, 2))


def trained(t, name, options):
    """An optimizer that has made two steps."""
    net = smooth_model(t)
    optimizer = getattr(t.optim, name)(net.parameters(), **options)

    def loss():
        optimizer.zero_grad()
        result = net(t.ones(5, 3)).pow(2).sum()
        result.backward()
        return result

    for _ in range(2):
        optimizer.step(loss)
    return optimizer


def scheduled(t, make):
    """A scheduler that has made three steps."""
    optimizer = t.optim.SGD(model(t).parameters(), lr=0.1)
    scheduler = make(t.optim.lr_scheduler, optimizer)
    for _ in range(3):
        optimizer.step()
        scheduler.step(*([1.0] if type(scheduler).__name__ == "ReduceLROnPlateau" else []))
    return scheduler


def with_note(tensor):
    tensor.note = "the user's"
    return tensor


def several_views(t):
    x = t.arange(24.0).reshape(2, 3, 4)
    return [x, x[1], x.permute(2, 0, 1)[1:], x[:, ::2, 1:3], x.view(-1)[5:7].detach(), t.nn.Parameter(x[0])]


SAMPLES = {
    "plain values": lambda t: [None, True, False, 0, -1, 2**31, -(2**63), 2**100, 1.5, float("inf"), "text ü", "", (1,), (1, 2, 3, 4), {}, [], ()],
    "bytes": lambda t: [b"ab\xff", bytearray(b"x\0"), bytearray()],
    "sets and complex": lambda t: [set(), {3}, 1 + 2j],
    "containers": lambda t: {"a": [1, {"b": (2, [3])}], 4: {"c": None}, (1, "x"): 2, 1.5: 3},
    "ordered": lambda t: OrderedDict([("b", 1), ("a", OrderedDict())]),
    "counter": lambda t: Counter("aab"),
    "facts about tensors": lambda t: [t.Size([2, 3]), t.float32, t.bfloat16, t.complex128, t.uint32, t.bool, t.device("cpu"), t.device("cuda", 1)],
    "classes": lambda t: [t.Tensor, t.Size, t.nn.Parameter, OrderedDict],
    "empty": lambda t: [t.empty(0), t.empty(0, 3), t.zeros(2, 0, 3)],
    "0-d": lambda t: [t.tensor(3.5), t.tensor(True), t.tensor(7)],
    **{f"dtype {name}": lambda t, name=name: t.tensor([[0, 1, 1], [1, 0, 1]]).to(getattr(t, name)) for name in DTYPES},
    "views of one memory": several_views,
    "the same tensor twice": lambda t: (lambda x: [x, x, {"x": x}])(t.ones(2)),
    "transposed": lambda t: t.arange(6.0).reshape(2, 3).t(),
    "expanded": lambda t: t.ones(1).expand(5),
    "steps": lambda t: t.arange(10)[1::3],
    "size 1": lambda t: t.ones(3, 3)[:, :1],
    "requires grad": lambda t: [t.ones(2, requires_grad=True), t.nn.Parameter(t.ones(2, 3).t()), t.nn.Parameter(t.ones(1), requires_grad=False)],
    "not a leaf": lambda t: t.ones(2, requires_grad=True) * 2,
    "with attributes": lambda t: [with_note(t.ones(2)), with_note(t.nn.Parameter(t.ones(2)))],
    "untyped storage": lambda t: t.arange(3, dtype=t.int16).untyped_storage(),
    "generator state": lambda t: t.Generator().manual_seed(3).get_state(),
    "state_dict": lambda t: model(t).state_dict(),
    "a checkpoint": lambda t: {"model": model(t).state_dict(), "epoch": 3, "rng": t.Generator().manual_seed(1).get_state(), "best": t.tensor(0.5)},
}  # fmt: skip
OPTIMIZERS = {
    **{name: {} for name in ("Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "ASGD", "LBFGS", "NAdam", "RAdam", "RMSprop", "Rprop", "SGD")},
    "SGD with momentum": {"momentum": 0.9, "nesterov": True},
    "Adam with amsgrad": {"amsgrad": True, "weight_decay": 0.1},
    "RMSprop, centered": {"centered": True, "momentum": 0.5},
}
SCHEDULERS = {
    "StepLR": lambda s, o: s.StepLR(o, 2),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [1, 2]),
    "ConstantLR": lambda s, o: s.ConstantLR(o),
    "LinearLR": lambda s, o: s.LinearLR(o),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda s, o: s.PolynomialLR(o),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 10),
    "CosineAnnealingWarmRestarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 3),
    "CyclicLR": lambda s, o: s.CyclicLR(o, 0.1, 1.0, cycle_momentum=False),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, 1.0, 20),
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda n: 0.9**n),
    "MultiplicativeLR": lambda s, o: s.MultiplicativeLR(o, lambda n: 0.9),
    "ReduceLROnPlateau": lambda s, o: s.ReduceLROnPlateau(o),
    "SequentialLR": lambda s, o: s.SequentialLR(o, [s.ConstantLR(o), s.StepLR(o, 1)], [2]),
    "ChainedScheduler": lambda s, o: s.ChainedScheduler([s.ConstantLR(o), s.StepLR(o, 1)]),
}
# Their numbers differ in the last bit, so only what is in the file is compared.
FROM_TRAINING = {
    **{name: lambda t, name=name: trained(t, name.replace(",", " ").split()[0], OPTIMIZERS[name]).state_dict() for name in OPTIMIZERS},
    **{name: lambda t, make=make: scheduled(t, make).state_dict() for name, make in SCHEDULERS.items()},
}
ALL = {**SAMPLES, **FROM_TRAINING}


def without_id(data):
    """The bytes of a file with the forty digits of its id, and their checksums, blanked."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        entry = file.getinfo("archive/.data/serialization_id")
        digits, checksum = file.read(entry), entry.CRC.to_bytes(4, "little")
    return data.replace(digits, b"#" * 40).replace(checksum, b"####")


@pytest.mark.parametrize("name", SAMPLES)
def test_our_file_is_pytorchs_byte_for_byte(name, torch):
    assert without_id(saved(SAMPLES[name](lesson_lib))) == without_id(saved(SAMPLES[name](torch), torch))


@pytest.mark.parametrize("name", ALL)
def test_pytorch_opens_ours(name, torch):
    ours = ALL[name](lesson_lib)
    assert facts(read_by(torch, saved(ours))) == facts(ours)


@pytest.mark.parametrize("name", ALL)
def test_we_open_pytorchs(name, torch):
    theirs = ALL[name](torch)
    assert facts(read_by(lesson_lib, saved(theirs, torch))) == facts(theirs)


@pytest.mark.parametrize("name", ALL)
def test_we_open_ours(name):
    ours = ALL[name](lesson_lib)
    assert facts(read_by(lesson_lib, saved(ours))) == facts(ours)


def test_every_entry_begins_at_a_multiple_of_64():
    data = saved([lesson_lib.ones(n) for n in range(5)])
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.testzip() is None
        for entry in file.infolist():
            header = archives._LOCAL.unpack_from(data, entry.header_offset)
            assert (entry.header_offset + archives._LOCAL.size + header[-2] + header[-1]) % 64 == 0


def test_views_share_their_memory_again():
    x = lesson_lib.arange(6.0)
    a, b, c = load(saved([x, x[1:3], lesson_lib.nn.Parameter(x[4:])]))
    a[1], a[4] = 100, 200
    assert b.tolist() == [100, 2] and c.tolist() == [200, 5]
    assert a.untyped_storage() == b.untyped_storage() == c.untyped_storage()
    assert a._base is None and b._base is None and b.is_leaf


def test_tied_weights_stay_tied():
    class Tied(lesson_lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = lesson_lib.nn.Linear(2, 2), lesson_lib.nn.Linear(2, 2)
            self.b.weight = self.a.weight

    state = load(saved(Tied().state_dict()))
    assert state["a.weight"].data_ptr() == state["b.weight"].data_ptr() != state["a.bias"].data_ptr()


def test_a_buffer_is_a_buffer_again(torch):
    for t in (lesson_lib, torch):
        buffer = load(saved(t.nn.Buffer(t.ones(2), persistent=False), t))
        assert isinstance(buffer, lesson_lib.nn.Buffer) and buffer.persistent is False
    assert isinstance(read_by(torch, saved(lesson_lib.nn.Buffer(lesson_lib.ones(2)))), torch.nn.Buffer)


def test_a_conjugate_of_pytorchs_is_its_values(torch):
    x = torch.tensor([1 + 2j, 3 - 1j])
    conjugate, negative = load(saved([x.conj(), torch._neg_view(x)], torch))
    assert conjugate.tolist() == [1 - 2j, 3 + 1j] and negative.tolist() == [-1 - 2j, -3 + 1j]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_other_protocols(protocol):
    obj = {"t": lesson_lib.ones(2), "b": b"x" * 300, "s": {1, 2}, "l": list(range(3000)), "long": "é" * 300, "big": 2**3000}
    back = load(saved(obj, pickle_protocol=protocol))
    assert back.pop("t").tolist() == [1, 1]
    assert back == {name: value for name, value in obj.items() if name != "t"}


def test_empty_bytes():
    assert load(saved([b"", b""])) == [b"", b""]


def test_a_list_in_itself():
    x = [1]
    x.append(x)
    y = load(saved(x))
    assert y[1] is y


def test_gradients_are_not_saved():
    p = lesson_lib.ones(2, requires_grad=True)
    p.sum().backward()
    assert load(saved(p)).grad is None


BYTES = st.binary(min_size=1)  # PyTorch refuses b"", which protocol 2 writes as a call of bytes
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | BYTES
KEYS = st.text() | st.integers() | st.booleans() | st.tuples(st.integers(), st.text())
NESTS = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner) | st.tuples(inner, inner), max_leaves=20)


@settings(max_examples=30, deadline=None)
@given(NESTS)
def test_any_nest_of_plain_values(value):
    assert repr(load(saved(value))) == repr(value)


@settings(max_examples=20, deadline=None)
@given(NESTS)
def test_any_nest_goes_to_pytorch_and_back(torch, value):
    assert repr(read_by(torch, saved(value))) == repr(value)
    assert repr(load(saved(value, torch))) == repr(value)


# --- models, optimizers, schedulers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to_pytorch", [True, False])
def test_training_goes_on_in_the_other_library(to_pytorch, torch):
    first, second = (lesson_lib, torch) if to_pytorch else (torch, lesson_lib)
    results = []
    for go_on in (first, second):
        net = smooth_model(first)
        optimizer = first.optim.Adam(net.parameters(), lr=0.05)
        for t in (first, go_on):
            if t is not first:
                files = saved(net.state_dict(), first), saved(optimizer.state_dict(), first)
                net = smooth_model(t)
                optimizer = t.optim.Adam(net.parameters(), lr=0.05)
                net.load_state_dict(read_by(t, files[0]))
                optimizer.load_state_dict(read_by(t, files[1]))
            for _ in range(3):
                optimizer.zero_grad()
                (net(t.arange(15.0).reshape(5, 3) / 15) - 1).pow(2).sum().backward()
                optimizer.step()
        results.append([p.detach().numpy().copy() for p in net.parameters()])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_the_metadata_of_a_state_dict_comes_along(torch):
    state = read_by(torch, saved(model(lesson_lib).state_dict()))
    assert state._metadata == model(torch).state_dict()._metadata
    model(torch).load_state_dict(state)
