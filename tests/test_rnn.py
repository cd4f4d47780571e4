"""Recurrent layers, cells and packed sequences against PyTorch, and the fused sequences against the same in small ops."""

import copy
import warnings

import numpy as np
import pytest

import lesson_lib
from lesson_lib.core.engine import grad
from lesson_lib.ops.recurrent_cells import gru_steps, lstm_steps, rnn_steps
from lesson_lib.ops.recurrent_kernels import gru_sequence, lstm_sequence, rnn_sequence

from .parity import as_array, compare

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")  # PyTorch's own remark

LENGTHS = (2, 5, 3)
INPUTS, HIDDEN = 3, 4


def layer(kind, *args, **kwargs):
    """A layer's constructor call, for either library."""
    return lambda nn: getattr(nn, kind)(INPUTS, HIDDEN, *args, **kwargs)


LAYERS = [
    layer("RNN"),
    layer("RNN", nonlinearity="relu", bias=False),
    layer("RNN", 2, "relu", True, True, 0.0, True),
    layer("GRU"),
    layer("GRU", 2, bias=False, batch_first=True),
    layer("GRU", 3, bidirectional=True),
    layer("LSTM"),
    layer("LSTM", 2, bias=False),
    layer("LSTM", batch_first=True, bidirectional=True),
    layer("LSTM", num_layers=3, bidirectional=True),
    layer("LSTM", proj_size=2),
    layer("LSTM", 2, False, True, bidirectional=True, proj_size=3),
]
LAYERS_IN_DOUBLE = [layer("RNN", dtype=None), layer("GRU", 2, bidirectional=True), layer("LSTM", bidirectional=True), layer("LSTM", 2, proj_size=2)]
FORMS = ["padded", "padded with states", "unbatched", "unbatched with states", "packed", "packed with states", "sorted"]
each_form = pytest.mark.parametrize("form", FORMS)


def described(make):
    return repr(make(lesson_lib.nn)) if callable(make) else None


def numbers(*shape, dtype="float32"):
    return np.random.RandomState(len(shape) + sum(shape)).randn(*shape).astype(dtype)


def inputs_for(torch, module, form, dtype="float32"):
    """(the leaf that the input is made from, what the layer is called with, the states)."""
    batch = len(LENGTHS)
    shape = (max(LENGTHS), INPUTS) if "unbatched" in form else (batch, max(LENGTHS), INPUTS) if module.batch_first else (max(LENGTHS), batch, INPUTS)
    leaf = torch.from_numpy(numbers(*shape, dtype=dtype)).requires_grad_()
    x = leaf
    if "packed" in form or form == "sorted":
        lengths = sorted(LENGTHS, reverse=True) if form == "sorted" else LENGTHS
        x = torch.nn.utils.rnn.pack_padded_sequence(leaf, lengths, batch_first=module.batch_first, enforce_sorted=form == "sorted")
    states = []
    if "states" in form:
        rows = module.num_layers * (2 if module.bidirectional else 1)
        middle = () if "unbatched" in form else (batch,)
        sizes = [module.proj_size or HIDDEN] + [HIDDEN] * (module.mode == "LSTM")
        states = [torch.from_numpy(numbers(rows, *middle, size, dtype=dtype)).requires_grad_() for size in sizes]
    return leaf, x, states


def called(module, x, states):
    """[output, *states at the end] of a call."""
    args = () if not states else (tuple(states) if module.mode == "LSTM" else states[0],)
    y, ends = module(x, *args)
    return [y, *(ends if module.mode == "LSTM" else [ends])]


def weighted(torch, outputs):
    """A number in which each element counts differently."""
    tensors = [getattr(out, "data", out) if isinstance(out, tuple) else out for out in outputs]
    shares = [(t * torch.from_numpy(np.cos(np.arange(t.numel())).reshape(tuple(t.shape))).to(t.dtype)).sum() for t in tensors]
    return sum(shares[1:], shares[0])


def run(torch, make, form, dtype="float32"):
    """One layer: text, names, initial weights, results, every gradient."""
    torch.manual_seed(0)
    module = make(torch.nn).to(getattr(torch, dtype))
    values = {f"initial {name}": as_array(v).copy() for name, v in module.state_dict().items()}
    leaf, x, states = inputs_for(torch, module, form, dtype)
    outputs = called(module, x, states)
    facts = {"text": repr(module), "names": list(values), "shapes": [tuple(v.shape) for v in values.values()]}
    facts["weights"] = [[tuple(w.shape) for w in weights] for weights in module.all_weights]
    facts["tracked"] = [out.requires_grad for out in outputs[1:]]
    for number, out in enumerate(outputs):
        if isinstance(out, tuple):
            facts |= {part: repr(getattr(out, part)) for part in ("batch_sizes", "sorted_indices", "unsorted_indices")}
            out = out.data
        else:
            facts[f"contiguous {number}"] = out.is_contiguous()
        values[f"result {number}"] = as_array(out).copy()
    weighted(torch, outputs).backward()
    values |= {f"gradient of input {number}": as_array(t.grad) for number, t in enumerate([leaf, *states])}
    values |= {f"gradient of {name}": as_array(p.grad) for name, p in module.named_parameters()}
    return facts, values


@each_form
@pytest.mark.parametrize("make", LAYERS, ids=described)
def test_layer_equals_pytorch(torch, make, form):
    """Text, initial weights, shapes, layout, results, states and the gradients of all inputs, states and parameters."""
    facts, values = run(lesson_lib, make, form)
    their_facts, their_values = run(torch, make, form)
    assert facts == their_facts
    compare(values, their_values, rtol=2e-5)


@each_form
@pytest.mark.parametrize("make", LAYERS_IN_DOUBLE, ids=described)
def test_second_derivatives_equal_pytorch(torch, make, form):
    """The gradient of the gradient, where the fused sequence hands over to its small ops."""

    def program(torch):
        torch.manual_seed(0)
        module = make(torch.nn).double()
        leaf, x, states = inputs_for(torch, module, form, "float64")
        parameters = [leaf, *states, *module.parameters()]
        first = torch.autograd.grad(weighted(torch, called(module, x, states)), parameters, create_graph=True)
        second = torch.autograd.grad(weighted(torch, first), parameters, allow_unused=True)
        return {str(n): as_array(g) for n, g in enumerate(first)} | {f"second {n}": as_array(g) for n, g in enumerate(second) if g is not None}

    compare(program(lesson_lib), program(torch), rtol=1e-9)


@pytest.mark.parametrize("form", ["padded", "packed"])
@pytest.mark.parametrize("p", [0.4, 1.0])
@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_dropout_between_layers(torch, kind, p, form):
    """In training it draws PyTorch's masks (where PyTorch draws from the common stream); in evaluation nothing is dropped."""
    torch.manual_seed(0)
    theirs = torch.empty(64).bernoulli_(0.5).numpy()
    lesson_lib.manual_seed(0)
    if (theirs != lesson_lib.empty(64).bernoulli_(0.5).numpy()).any():
        pytest.skip("on Intel processors PyTorch draws dropout masks from MKL's generator, which has a stream of its own")
    make = layer(kind, num_layers=3, dropout=p, bidirectional=True)
    facts, values = run(lesson_lib, make, form)
    their_facts, their_values = run(torch, make, form)
    assert facts == their_facts
    compare(values, their_values, rtol=2e-5)


def test_dropout_is_off_in_evaluation(torch):
    def program(torch):
        torch.manual_seed(0)
        return {"output": as_array(torch.nn.LSTM(3, 4, 2, dropout=0.5).eval()(torch.ones(2, 1, 3))[0])}

    compare(program(lesson_lib), program(torch))


def test_dropout_without_a_layer_above_warns(torch):
    def program(torch):
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            torch.nn.GRU(3, 4, dropout=0.5)
        return [(one.category, str(one.message)) for one in found]

    assert program(lesson_lib) == program(torch)


# --- the fused sequences and the composites beside them ---------------------------------------------------------------------------


SEQUENCES = {
    "rnn_tanh": (rnn_sequence, rnn_steps, 1, 1, {"relu": False}),
    "rnn_relu": (rnn_sequence, rnn_steps, 1, 1, {"relu": True}),
    "gru": (gru_sequence, gru_steps, 3, 1, {}),
    "lstm": (lstm_sequence, lstm_steps, 4, 2, {}),
    "lstm with a projection": (lstm_sequence, lstm_steps, 4, 2, {}),
}


def sequence_inputs(name, batch_sizes, bias, dtype):
    """x, the states, W_ih, W_hh, b_ih, b_hh and, for an LSTM, W_hr."""
    _, _, gates, states, _ = SEQUENCES[name]
    shown = 2 if "projection" in name else HIDDEN
    rows, batch = gates * HIDDEN, batch_sizes[0]
    shapes = [(sum(batch_sizes), INPUTS), (batch, shown), *([(batch, HIDDEN)] * (states - 1)), (rows, INPUTS), (rows, shown)]
    shapes += [(rows,), (rows,)] if bias else [None, None]
    shapes += [] if "lstm" not in name else [(shown, HIDDEN)] if "projection" in name else [None]
    draw = np.random.RandomState(0)
    return [None if s is None else lesson_lib.tensor(draw.randn(*s).astype(dtype), requires_grad=True) for s in shapes]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("batch_sizes", [(3, 3, 3, 3), (4, 2, 2, 1), (1,)])
@pytest.mark.parametrize("name", SEQUENCES)
def test_fused_sequence_equals_its_composite(name, batch_sizes, reverse, bias):
    """Values and all gradients of the kernel are those of the cell equations, step by step."""
    fused, steps, _, states, further = SEQUENCES[name]
    found = []
    for function in (fused.op.raw, steps):
        inputs = sequence_inputs(name, batch_sizes, bias, "float64")
        outputs = function(*inputs, batch_sizes=batch_sizes, reverse=reverse, **further)[: states + 1]
        gradients = grad(weighted(lesson_lib, outputs), [x for x in inputs if x is not None])
        found.append({str(n): as_array(v) for n, v in enumerate([*outputs, *gradients])})
    compare(*found, rtol=1e-10)


@pytest.mark.parametrize("name", SEQUENCES)
def test_fused_sequence_stays_in_float32(name):
    fused, _, _, _, further = SEQUENCES[name]
    inputs = sequence_inputs(name, (2, 1), True, "float32")
    outputs = fused.op.raw(*inputs, batch_sizes=(2, 1), reverse=False, **further)
    assert {out._a.dtype.name for out in outputs} == {"float32"}
    node = outputs[0].grad_fn
    parts = node.contributions([np.ones_like(out._a) for out in outputs[: node.several]], node.saved)
    assert {part.dtype.name for part in parts if part is not None} == {"float32"}


def test_only_wanted_gradients_are_computed():
    """A frozen weight and a constant input cost no matrix product."""
    lstm = lesson_lib.nn.LSTM(3, 4)
    lstm.weight_hh_l0.requires_grad_(False)
    lstm.bias_ih_l0.requires_grad_(False)
    node = lstm(lesson_lib.ones(2, 1, 3))[0].grad_fn
    while node.name() != "LstmSequenceBackward0":
        node = node.next_functions[0][0]
    zeros = [np.zeros(shape, np.float32) for shape in node.shape]
    computed = [part is not None for part in node.contributions(zeros, node.saved)]
    assert computed == [False, True, True, True, False, False, True, False]  # the states' come with the loop


def test_a_weight_used_by_two_sequences_and_changed_in_between():
    """Writing to a weight that the backward pass needs is PyTorch's error."""
    gru = lesson_lib.nn.GRU(3, 4)
    y, _ = gru(lesson_lib.ones(2, 1, 3, requires_grad=True))
    with lesson_lib.no_grad():
        gru.weight_hh_l0.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_input_that_depends_on_a_weight(torch):
    """With create_graph the composite runs on copies: what reaches W by way of x is counted once."""

    def program(torch):
        torch.manual_seed(0)
        rnn = torch.nn.RNN(4, 4).double()
        x = torch.ones(3, 2, 4, dtype=torch.float64) @ rnn.weight_hh_l0
        (g,) = torch.autograd.grad(rnn(x)[0].sum(), rnn.weight_hh_l0, create_graph=True)
        g.square().sum().backward()
        return {"first": as_array(g), "second": as_array(rnn.weight_hh_l0.grad)}

    compare(program(lesson_lib), program(torch), rtol=1e-9)


# --- functions and cells ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ["rnn_tanh", "rnn_relu", "gru", "lstm"])
def test_function_equals_pytorch(torch, name, packed):
    """Both overloads, by position and by name."""

    def program(torch):
        torch.manual_seed(0)
        module = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}.get(name, torch.nn.RNN)(3, 4, 2, bidirectional=True)
        x, state = torch.from_numpy(numbers(5, 3, 3)), torch.from_numpy(numbers(4, 3, 4))
        hx = (state, state * 2) if name == "lstm" else state
        params = [weight for weights in module.all_weights for weight in weights]
        options = {"has_biases": True, "num_layers": 2, "dropout": 0.0, "train": True, "bidirectional": True}
        if packed:
            data, sizes, _, _ = torch.nn.utils.rnn.pack_padded_sequence(x, [5, 2, 1])
            given = {"data": data, "batch_sizes": sizes, "hx": hx, "params": params, **options}
        else:
            given = {"input": x, "hx": hx, "params": params, **options, "batch_first": False}
        function = getattr(torch, name)
        results = [*function(*given.values()), *function(**given)]
        return {str(number): as_array(result) for number, result in enumerate(results)}

    compare(program(lesson_lib), program(torch))


@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("with_state", [True, False])
@pytest.mark.parametrize(
    ("kind", "options"),
    [("RNNCell", {}), ("RNNCell", {"nonlinearity": "relu", "bias": False}), ("LSTMCell", {}), ("LSTMCell", {"bias": False}), ("GRUCell", {}),
     ("GRUCell", {"bias": False, "dtype": "float64"})],
)  # fmt: skip
def test_cell_equals_pytorch(torch, kind, options, with_state, batched):
    dtype = options.get("dtype", "float32")

    def program(torch):
        torch.manual_seed(0)
        cell = getattr(torch.nn, kind)(3, 4, **{**options, "dtype": getattr(torch, dtype)})
        middle = (2,) if batched else ()
        x = torch.from_numpy(numbers(*middle, 3, dtype=dtype)).requires_grad_()
        state = torch.from_numpy(numbers(*middle, 4, dtype=dtype)).requires_grad_()
        hx = () if not with_state else ((state, state * 0.5),) if kind == "LSTMCell" else (state,)
        outputs = cell(x, *hx)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        weighted(torch, outputs).backward()
        values = {f"result {n}": as_array(out) for n, out in enumerate(outputs)} | {"dx": as_array(x.grad)}
        values |= {f"initial {name}": as_array(v) for name, v in cell.state_dict().items()}
        values |= {f"gradient of {name}": as_array(p.grad) for name, p in cell.named_parameters()}
        return (repr(cell), [out.grad_fn.name() for out in outputs]), values | ({"dh": as_array(state.grad)} if with_state else {})

    (facts, values), (their_facts, their_values) = program(lesson_lib), program(torch)
    assert facts == their_facts
    compare(values, their_values)


# --- the life of a module ---------------------------------------------------------------------------------------------------------


def test_weights_are_found_after_copying_converting_and_loading():
    """There is no second list of weights that could be forgotten."""
    lstm = lesson_lib.nn.LSTM(3, 4, 2)
    other = copy.deepcopy(lstm).double()
    assert other.all_weights[1][0] is other.weight_ih_l1
    assert lstm.flatten_parameters() is None
    x = lesson_lib.ones(2, 1, 3)
    compare({"y": as_array(other(x.double())[0].float())}, {"y": as_array(lstm(x)[0])})
    fresh = lesson_lib.nn.LSTM(3, 4, 2)
    fresh.load_state_dict(lstm.state_dict(), assign=True)
    assert lesson_lib.equal(fresh(x)[0], lstm(x)[0])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "complex64"])
@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_other_dtypes(torch, kind, dtype):
    """16 bits are rounded once here and at every step there."""

    def program(torch):
        module = getattr(torch.nn, kind)(3, 4, dtype=getattr(torch, dtype))
        with torch.no_grad():
            for parameter in module.parameters():
                count = parameter.numel()
                parameter.copy_(torch.linspace(-0.5, 0.5, count).reshape(parameter.shape))
        y, _ = module(torch.linspace(-1, 1, 12).reshape(2, 2, 3).to(getattr(torch, dtype)))
        assert str(y.dtype) == f"torch.{dtype}"
        return {"y": as_array(y.to(torch.complex64 if dtype == "complex64" else torch.float32))}

    compare(program(lesson_lib), program(torch), rtol=1e-5 if dtype == "complex64" else 2e-2)


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_empty_batch(torch, kind):
    def program(torch):
        module = getattr(torch.nn, kind)(3, 4)
        y, _ = module(torch.zeros(2, 0, 3))
        y.sum().backward()
        return tuple(y.shape), module.weight_hh_l0.grad.abs().sum().item()

    assert program(lesson_lib) == program(torch)


def test_one_state_alone_is_asked_for(torch):
    """Only the last c of an LSTM is used: the gradients of the other outputs are zero."""

    def program(torch):
        torch.manual_seed(0)
        lstm = torch.nn.LSTM(3, 4, 2)
        _, (_, c) = lstm(torch.ones(3, 2, 3))
        c[0].sum().backward()
        return {name: as_array(p.grad) for name, p in lstm.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}

    compare(program(lesson_lib), program(torch))
