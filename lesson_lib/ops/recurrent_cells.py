r"""Recurrent cells: one step of a network with a memory, and the sequences made of them one step after the other.

A cell reads an input $x_t$ and its own last state $h_{t-1}$, and gives the next state. All of them start with the same two products,
$W_{ih} x + b_{ih}$ and $W_{hh} h + b_{hh}$; an LSTM needs four such rows of numbers, a GRU three: they stand one below the other in W.

The functions ``*_steps`` run a cell along a sequence. This is the text to read; ``recurrent_kernels`` has the same as one operation.
"""

from ..core.errors import error
from .activation import relu
from .join import cat, chunk, split_with_sizes
from .matmul import linear
from .transcend import sigmoid
from .trig import tanh


def rnn_tanh_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    r"""$h' = \tanh(W_{ih} x + b_{ih} + W_{hh} h + b_{hh})$: input (N, I), hx (N, H) → (N, H).

    >>> import lesson_lib as torch
    >>> torch.rnn_tanh_cell(torch.ones(1, 2), torch.zeros(1, 3), torch.ones(3, 2), torch.ones(3, 3))
    tensor([[0.9640, 0.9640, 0.9640]])

    Errors: RuntimeError for sizes that do not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
    """
    check_cell(input, (hx,), w_ih, w_hh)
    return tanh(linear(input, w_ih, b_ih) + linear(hx, w_hh, b_hh))


def rnn_relu_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    r"""$h' = \max(0,\ W_{ih} x + b_{ih} + W_{hh} h + b_{hh})$: input (N, I), hx (N, H) → (N, H).

    >>> import lesson_lib as torch
    >>> torch.rnn_relu_cell(torch.ones(1, 2), torch.zeros(1, 3), torch.ones(3, 2), torch.ones(3, 3))
    tensor([[2., 2., 2.]])

    Errors: RuntimeError for sizes that do not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
    """
    check_cell(input, (hx,), w_ih, w_hh)
    return relu(linear(input, w_ih, b_ih) + linear(hx, w_hh, b_hh))


def lstm_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    r"""One step of a long short-term memory: input (N, I), hx = (h, c), both (N, H) → (h', c').

    The memory c keeps what the forget gate f lets it, and takes in what the input gate i lets of the candidate g; the output gate o says
    what is shown: $c' = f\,c + i\,g$ and $h' = o \tanh c'$. i, f and o are sigmoids and g is a tanh of $W_{ih} x + b_{ih} + W_{hh} h + b_{hh}$.

    >>> import lesson_lib as torch
    >>> zeros = torch.zeros(1, 1)
    >>> torch.lstm_cell(zeros, (zeros, torch.ones(1, 1)), torch.zeros(4, 1), torch.zeros(4, 1))
    (tensor([[0.2311]]), tensor([[0.5000]]))

    Errors: TypeError if hx is no tuple, RuntimeError for sizes that do not fit.
    Source: S. Hochreiter, J. Schmidhuber, https://doi.org/10.1162/neco.1997.9.8.1735;
    https://pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html
    """
    if not isinstance(hx, tuple | list):
        raise error("recurrent_states_type", name="lstm_cell", type=type(hx).__name__)
    if len(hx) != 2:
        raise error("recurrent_states", name="lstm_cell")
    check_cell(input, hx, w_ih, w_hh)
    return _lstm_gates(input, *hx, w_ih, w_hh, b_ih, b_hh)


def _lstm_gates(x, h, c, w_ih, w_hh, b_ih, b_hh):
    i, f, g, o = chunk(linear(x, w_ih, b_ih) + linear(h, w_hh, b_hh), 4, 1)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(c), c


def gru_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    r"""One step of a gated recurrent unit: input (N, I), hx (N, H) → (N, H).

    The reset gate r says how much of the old state goes into the candidate n, the update gate z how much of it stays:
    $h' = (1-z)\,n + z\,h$ with $n = \tanh(W_{in} x + b_{in} + r\,(W_{hn} h + b_{hn}))$.

    >>> import lesson_lib as torch
    >>> torch.gru_cell(torch.zeros(1, 1), torch.ones(1, 1), torch.zeros(3, 1), torch.zeros(3, 1))
    tensor([[0.5000]])

    Errors: RuntimeError for sizes that do not fit.
    Source: K. Cho et al., https://arxiv.org/abs/1406.1078; https://pytorch.org/docs/stable/generated/torch.nn.GRUCell.html
    """
    check_cell(input, (hx,), w_ih, w_hh)
    x_r, x_z, x_n = chunk(linear(input, w_ih, b_ih), 3, 1)
    h_r, h_z, h_n = chunk(linear(hx, w_hh, b_hh), 3, 1)
    n = tanh(x_n + sigmoid(x_r + h_r) * h_n)
    return n + sigmoid(x_z + h_z) * (hx - n)


def check_cell(input, states, w_ih, w_hh):
    """PyTorch's errors for an input or a state whose size does not fit."""
    if input.size(1) != w_ih.size(1):
        raise error("cell_input", found=input.size(1), expected=w_ih.size(1))
    for number, state in enumerate(states):
        if input.size(0) != state.size(0):
            raise error("cell_batch", batch=input.size(0), number=number, found=state.size(0))
        if state.size(1) != w_hh.size(1):
            raise error("cell_state", number=number, found=state.size(1), expected=w_hh.size(1))


# --- along a sequence -----------------------------------------------------------------------------------------------------------


def rnn_steps(x, h, w_ih, w_hh, b_ih, b_hh, *, relu, batch_sizes, reverse):
    """The states of all steps (steps · N, H), and the last (N, H), of a plain recurrent network. ``lstm_steps`` says how steps are laid out."""
    cell = rnn_relu_cell if relu else rnn_tanh_cell

    def step(x, h):
        return (cell(x, h, w_ih, w_hh, b_ih, b_hh),)

    return _along(step, x, (h,), batch_sizes, reverse)


def lstm_steps(x, h, c, w_ih, w_hh, b_ih, b_hh, w_hr, *, batch_sizes, reverse):
    """The states h of all steps, then the last h and c, of an LSTM; ``w_hr``, if there is one, projects h to fewer numbers.

    x holds the inputs of all steps one below the other: ``batch_sizes[t]`` rows for step t. Sequences are sorted by length, so that those
    which go on are always the first rows; one that has ended keeps its state. ``reverse`` reads from the last step to the first.
    """

    def step(x, h, c):
        h, c = _lstm_gates(x, h, c, w_ih, w_hh, b_ih, b_hh)
        return h if w_hr is None else linear(h, w_hr), c

    return _along(step, x, (h, c), batch_sizes, reverse)


def gru_steps(x, h, w_ih, w_hh, b_ih, b_hh, *, batch_sizes, reverse):
    """The states of all steps, and the last, of a GRU. ``lstm_steps`` says how steps are laid out."""

    def step(x, h):
        return (gru_cell(x, h, w_ih, w_hh, b_ih, b_hh),)

    return _along(step, x, (h,), batch_sizes, reverse)


def _along(step, x, states, batch_sizes, reverse):
    """Run ``step`` along a sequence: (the first state after each step, *the states at the end)."""
    inputs = split_with_sizes(x, batch_sizes)
    outputs = []
    for rows in reversed(inputs) if reverse else inputs:
        live = len(rows)
        moved = step(rows, *(state[:live] for state in states))
        outputs.append(moved[0])
        states = [new if live == len(old) else cat([new, old[live:]]) for new, old in zip(moved, states, strict=True)]
    return (cat(outputs[::-1] if reverse else outputs), *states)
