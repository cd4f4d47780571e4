"""Recurrent layers, cells and functions used wrongly: PyTorch's exceptions and their first lines."""


import pytest

import lesson_lib


def zeros(torch, *shape):
    return torch.zeros(*shape)


def pair(torch, *shape):
    return torch.zeros(*shape), torch.zeros(*shape)


def packed_of(torch, *tail):
    return torch.nn.utils.rnn.pack_sequence([torch.zeros(3, *tail), torch.zeros(2, *tail)])


LAYER_ERRORS = {
    "1-d": lambda torch, m, state: m(torch.zeros(3)),
    "4-d": lambda torch, m, state: m(torch.zeros(1, 2, 2, 3)),
    "features": lambda torch, m, state: m(torch.zeros(5, 2, 9)),
    "double": lambda torch, m, state: m(torch.zeros(5, 2, 3, dtype=torch.float64)),
    "integers": lambda torch, m, state: m(torch.zeros(5, 2, 3, dtype=torch.int64)),
    "no step": lambda torch, m, state: m(torch.zeros(0, 2, 3)),
    "batch of the state": lambda torch, m, state: m(torch.zeros(5, 2, 3), state(torch, 1, 7, 4)),
    "layers of the state": lambda torch, m, state: m(torch.zeros(5, 2, 3), state(torch, 3, 2, 4)),
    "size of the state": lambda torch, m, state: m(torch.zeros(5, 2, 3), state(torch, 1, 2, 9)),
    "2-d state": lambda torch, m, state: m(torch.zeros(5, 2, 3), state(torch, 1, 4)),
    "3-d state without a batch": lambda torch, m, state: m(torch.zeros(5, 3), state(torch, 1, 1, 4)),
    "other state": lambda torch, m, state: m(torch.zeros(5, 2, 3), (zeros if state is pair else pair)(torch, 1, 2, 4)),
    "no state": lambda torch, m, state: m(torch.zeros(5, 2, 3), 3),
    "no tensor": lambda torch, m, state: m([1.0]),
    "packed, features": lambda torch, m, state: m(packed_of(torch, 5)),
    "packed, batch of the state": lambda torch, m, state: m(packed_of(torch, 3), state(torch, 1, 7, 4)),
    "too many arguments": lambda torch, m, state: m(torch.zeros(5, 2, 3), None, None),
}


def failure(program, *args):
    """The type and the first line of the exception."""
    with pytest.raises(Exception) as found:
        program(*args)
    return type(found.value), str(found.value).splitlines()[0]


@pytest.mark.parametrize("what", LAYER_ERRORS)
@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_layer_errors_equal_pytorch(torch, kind, what):
    state = pair if kind == "LSTM" else zeros
    ours, theirs = (failure(LAYER_ERRORS[what], library, getattr(library.nn, kind)(3, 4), state) for library in (lesson_lib, torch))
    assert ours == theirs


@pytest.mark.parametrize(
    "program",
    [
        lambda torch, m: m(torch.zeros(5, 2, 3), (torch.zeros(1, 2, 4), torch.zeros(1, 2, 9))),
        lambda torch, m: m(torch.zeros(5, 3), (torch.zeros(1, 4), torch.zeros(1, 1, 4))),
        lambda torch, m: m(torch.zeros(5, 2, 3), (torch.zeros(1, 2, 4),)),
        lambda torch, m: torch.nn.LSTM(3, 4, proj_size=2)(torch.zeros(5, 2, 3), pair(torch, 1, 2, 4)),
        lambda torch, m: torch.nn.LSTM(3, 4, proj_size=2)(packed_of(torch, 3), pair(torch, 1, 2, 4)),
        lambda torch, m: torch.nn.GRU(3, 4)(packed_of(torch, 1, 3)),
        lambda torch, m: torch.lstm(torch.zeros(5, 2, 3), pair(torch, 1, 2, 4), m.all_weights[0]),
        lambda torch, m: torch.lstm(torch.zeros(5, 2, 3), pair(torch, 1, 2, 4)[:1], m.all_weights[0], True, 1, 0.0, False, False, False),
        lambda torch, m: torch.gru(torch.zeros(5, 2, 3), torch.zeros(1, 2, 4), m.all_weights[0][:3], True, 1, 0.0, False, False, False),
        lambda torch, m: torch.lstm(torch.zeros(5, 3), pair(torch, 1, 2, 4), m.all_weights[0], True, 1, 0.0, False, False, False),
    ],
)
def test_state_and_function_errors_equal_pytorch(torch, program):
    ours, theirs = (failure(program, library, library.nn.LSTM(3, 4)) for library in (lesson_lib, torch))
    assert ours == theirs


@pytest.mark.parametrize(
    ("kind", "args", "options"),
    [
        ("LSTM", (3,), {"hidden_size": 0}),
        ("LSTM", (3,), {"hidden_size": 4.0}),
        ("LSTM", (3,), {"hidden_size": "4"}),
        ("LSTM", (0, 4), {}),
        ("LSTM", (3.0, 4), {}),
        ("LSTM", (3, 4, 0), {}),
        ("LSTM", (3, 4, -1), {}),
        ("LSTM", (3, 4), {"bias": 1}),
        ("LSTM", (3, 4), {"batch_first": 1}),
        ("LSTM", (3, 4), {"dropout": 2}),
        ("LSTM", (3, 4), {"dropout": True}),
        ("LSTM", (3, 4), {"dropout": "a"}),
        ("LSTM", (3, 4), {"proj_size": 4}),
        ("LSTM", (3, 4), {"proj_size": -1}),
        ("LSTM", (3, 4), {"num_layers": 0, "proj_size": -1}),
        ("LSTM", (3, 4), {"foo": 1}),
        ("LSTM", (3,), {}),
        ("GRU", (3, 4), {"proj_size": 2}),
        ("RNN", (3, 4), {"proj_size": 2}),
        ("RNN", (3, 4), {"nonlinearity": "sin"}),
        ("RNN", (3, 4, 1, "sin"), {}),
        ("RNNBase", ("FOO", 3, 4), {}),
    ],
)
def test_constructor_errors_equal_pytorch(torch, kind, args, options):
    ours, theirs = (failure(lambda nn: getattr(nn, kind)(*args, **options), library.nn) for library in (lesson_lib, torch))
    assert ours == theirs


def test_base_has_no_forward(torch):
    ours, theirs = (failure(lambda nn: nn.RNNBase("GRU", 3, 4)(3), library.nn) for library in (lesson_lib, torch))
    assert ours == theirs


@pytest.mark.parametrize(
    "program",
    [
        lambda torch, cell, state: cell(torch.zeros(2, 2, 3)),
        lambda torch, cell, state: cell(torch.zeros(2, 5)),
        lambda torch, cell, state: cell(torch.zeros(2, 3), state(torch, 1, 2, 4)),
        lambda torch, cell, state: cell(torch.zeros(2, 3), state(torch, 3, 4)),
        lambda torch, cell, state: cell(torch.zeros(2, 3), state(torch, 2, 5)),
        lambda torch, cell, state: cell(torch.zeros(2, 3), state(torch, 4)),
        lambda torch, cell, state: cell(torch.zeros(3), state(torch, 1, 4)),
        lambda torch, cell, state: cell(torch.zeros(2, 3, dtype=torch.float64)),
        lambda torch, cell, state: torch.nn.LSTMCell(3, 4)(torch.zeros(2, 3), torch.zeros(2, 4)),
        lambda torch, cell, state: torch.nn.LSTMCell(3, 4)(torch.zeros(2, 3), (torch.zeros(2, 4), torch.zeros(1, 2, 4))),
        lambda torch, cell, state: torch.nn.LSTMCell(3, 4)(torch.zeros(2, 3), (torch.zeros(2, 4), torch.zeros(2, 5))),
        lambda torch, cell, state: torch.nn.RNNCell(3, 4, nonlinearity="sin")(torch.zeros(2, 3)),
        lambda torch, cell, state: torch.lstm_cell(torch.zeros(2, 3), (torch.zeros(2, 4),), cell.weight_ih, cell.weight_hh),
        lambda torch, cell, state: torch.gru_cell(torch.zeros(3), torch.zeros(4), cell.weight_ih, cell.weight_hh),
    ],
)
@pytest.mark.parametrize("kind", ["RNNCell", "GRUCell", "LSTMCell"])
def test_cell_errors_equal_pytorch(torch, kind, program):
    state = pair if kind == "LSTMCell" else zeros
    ours, theirs = (failure(program, library, getattr(library.nn, kind)(3, 4), state) for library in (lesson_lib, torch))
    assert ours == theirs
