r"""Recurrent networks with layers and directions: what ``nn.RNN``, ``nn.LSTM`` and ``nn.GRU`` call.

Each layer reads what the one below it gave, each direction has weights of its own, and the two directions' states stand side by side. A
batch comes *padded*, as one tensor with equal numbers of steps, or *packed*: the steps of all sequences one below the other, and how many
sequences are still there at each step. Inside, both are packed.
"""

from ..core.errors import error
from .dropout import dropout as drop
from .join import cat, stack, unbind
from .recurrent_cells import gru_steps, lstm_steps, rnn_steps
from .recurrent_kernels import gru_sequence, lstm_sequence, rnn_sequence
from .view import reshape, transpose

PADDED = ("input", "hx", "params", "has_biases", "num_layers", "dropout", "train", "bidirectional", "batch_first")
PACKED = ("data", "batch_sizes", "hx", "params", "has_biases", "num_layers", "dropout", "train", "bidirectional")


def rnn_tanh(*args, **kwargs):
    r"""Layers of $h_t = \tanh(W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh})$ → (every hₜ of the last layer, the last hₜ of each layer).

    ``rnn_tanh(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)`` with input (steps, N, I), or
    ``rnn_tanh(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional)`` with the parts of a packed sequence.
    hx (layers · directions, N, H); ``params`` holds W_ih (H, I), W_hh (H, H) and the two biases for each layer and direction.

    >>> import lesson_lib as torch
    >>> weights = [torch.ones(1, 1), torch.ones(1, 1)]
    >>> torch.rnn_tanh(torch.ones(2, 1, 1), torch.zeros(1, 1, 1), weights, False, 1, 0.0, False, False, False)[1]
    tensor([[[0.9427]]])

    Errors: RuntimeError for sizes that do not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.RNN.html
    """
    return _layers("rnn_tanh", args, kwargs)


def rnn_relu(*args, **kwargs):
    r"""Layers of $h_t = \max(0,\ W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh})$; arguments and results are those of ``rnn_tanh``.

    >>> import lesson_lib as torch
    >>> weights = [torch.ones(1, 1), torch.ones(1, 1)]
    >>> torch.rnn_relu(torch.ones(2, 1, 1), torch.zeros(1, 1, 1), weights, False, 1, 0.0, False, False, False)[1]
    tensor([[[2.]]])

    Errors: RuntimeError for sizes that do not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.RNN.html
    """
    return _layers("rnn_relu", args, kwargs)


def gru(*args, **kwargs):
    r"""Layers of gated recurrent units, $h_t = (1-z_t)\,n_t + z_t\,h_{t-1}$; arguments and results are those of ``rnn_tanh``.

    ``gru_cell`` says what z and n are; W_ih (3H, I), W_hh (3H, H) and the biases hold the rows of r, z and n.

    >>> import lesson_lib as torch
    >>> weights = [torch.zeros(3, 1), torch.zeros(3, 1)]
    >>> torch.gru(torch.ones(2, 1, 1), torch.ones(1, 1, 1), weights, False, 1, 0.0, False, False, False)[1]
    tensor([[[0.2500]]])

    Errors: RuntimeError for sizes that do not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.GRU.html
    """
    return _layers("gru", args, kwargs)


def lstm(*args, **kwargs):
    r"""Layers of long short-term memories, $h_t = o_t \tanh c_t$ with $c_t = f_t\,c_{t-1} + i_t\,g_t$ → (every hₜ, the last h, the last c).

    Arguments are those of ``rnn_tanh``, but hx = (h0, c0). ``lstm_cell`` says what i, f, g and o are; W_ih (4H, I), W_hh (4H, H) and the
    biases hold their rows. If h0 is smaller than c0 each state is projected: a further parameter W_hr (P, H) comes after the biases.

    >>> import lesson_lib as torch
    >>> weights, zeros = [torch.zeros(4, 1), torch.zeros(4, 1)], torch.zeros(1, 1, 1)
    >>> torch.lstm(torch.ones(2, 1, 1), (zeros, torch.ones(1, 1, 1)), weights, False, 1, 0.0, False, False, False)[2]
    tensor([[[0.2500]]])

    Errors: RuntimeError for sizes that do not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html
    """
    return _layers("lstm", args, kwargs)


#: name -> (the sequence as one operation, the same in small ops, further parameters)
SEQUENCES = {
    "rnn_tanh": (rnn_sequence.op.raw, rnn_steps, {"relu": False}),
    "rnn_relu": (rnn_sequence.op.raw, rnn_steps, {"relu": True}),
    "gru": (gru_sequence.op.raw, gru_steps, {}),
    "lstm": (lstm_sequence.op.raw, lstm_steps, {}),
}


def _layers(name, args, kwargs):
    """Both overloads of a network: a padded batch is packed, and its results are brought into its shape again."""
    given = _named(name, args, kwargs)
    states = given["hx"] if name == "lstm" else (given["hx"],)
    if len(states) != 2 and name == "lstm":
        raise error("recurrent_states", name=name)
    options = {key: given[key] for key in ("has_biases", "num_layers", "dropout", "train", "bidirectional")}
    if "data" in given:
        return _run(name, given["data"], tuple(given["batch_sizes"].tolist()), states, given["params"], **options)
    x = transpose(given["input"], 0, 1) if given["batch_first"] else given["input"]
    steps, batch, features = x.size(0), x.size(1), x.size(2)
    if steps == 0:
        raise error("recurrent_empty")
    y, *ends = _run(name, reshape(x, (steps * batch, features)), (batch,) * steps, states, given["params"], **options)
    y = reshape(y, (steps, batch, y.size(1)))
    return (transpose(y, 0, 1) if given["batch_first"] else y, *ends)


def _named(name, args, kwargs):
    """The arguments by name. The two overloads differ in where the list of parameters stands."""
    packed = "data" in kwargs or "batch_sizes" in kwargs or (len(args) > 3 and isinstance(args[3], tuple | list))
    names = PACKED if packed else PADDED
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    if len(args) > len(names) or len(args) + len(kwargs) != len(given) or given.keys() != set(names):
        types = ", ".join([*(type(value).__name__ for value in args), *(f"{key}={type(value).__name__}" for key, value in kwargs.items())])
        raise error("arguments", name=name, types=types)
    return given


def _run(name, x, batch_sizes, states, params, *, has_biases, num_layers, dropout, train, bidirectional):
    """(what the last layer gives at each step, the last states of all layers and directions, stacked)."""
    fused, steps, further = SEQUENCES[name]
    sequence = steps if x.is_complex() else fused  # the kernels are derived for real numbers
    directions = 2 if bidirectional else 1
    weights = _by_layer(params, num_layers * directions, has_biases, name == "lstm", name == "lstm" and states[0].size(2) != states[1].size(2))
    _check(x, batch_sizes, states, weights)
    starts, ends = list(zip(*map(unbind, states), strict=True)), []
    for layer in range(num_layers):
        outputs = []
        for direction in range(directions):
            number = layer * directions + direction
            y, *last = sequence(x, *starts[number], *weights[number], batch_sizes=batch_sizes, reverse=direction == 1, **further)
            outputs.append(y)
            ends.append(last[: len(states)])
        x = outputs[0] if directions == 1 else cat(outputs, 1)
        if dropout and train and layer < num_layers - 1:
            x = drop(x, dropout)
    return (x, *map(stack, zip(*ends, strict=True)))


def _by_layer(params, count, has_biases, is_lstm, is_projected):
    """For each layer and direction W_ih, W_hh, b_ih, b_hh and, for an LSTM, W_hr; None for what there is not."""
    each = 2 + 2 * bool(has_biases) + is_projected
    if len(params) != count * each:
        raise error("recurrent_params")
    found = []
    for start in range(0, len(params), each):
        own = params[start : start + each]
        biases = own[2:4] if has_biases else (None, None)
        found.append((*own[:2], *biases, *((own[-1] if is_projected else None,) if is_lstm else ())))
    return found


def _check(x, batch_sizes, states, weights):
    """Errors for an input or states that do not fit the first layer's weights."""
    w_ih, w_hh = weights[0][:2]
    if x.size(1) != w_ih.size(1):
        raise error("matmul", m=x.size(0), k=x.size(1), k2=w_ih.size(1), n=w_ih.size(0))
    for tensor in (x, *states):
        if tensor.dtype is not w_ih.dtype:
            raise error("addmm_dtype", name="mat1", a=tensor.dtype.title, b=w_ih.dtype.title)
    for state in states:
        if state.size(0) != len(weights):
            raise error("select_range", index=min(state.size(0), len(weights) - 1), sizes=list(state.shape), dim=0)
        if state.size(1) != batch_sizes[0]:
            raise error("broadcast", a=state.size(1), b=batch_sizes[0], dim=0)
    if states[0].size(2) != w_hh.size(1):
        raise error("matmul", m=states[0].size(1), k=states[0].size(2), k2=w_hh.size(1), n=w_hh.size(0))
