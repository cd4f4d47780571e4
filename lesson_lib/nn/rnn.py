"""Recurrent layers: RNN, LSTM and GRU over whole sequences.

Source: https://pytorch.org/docs/stable/nn.html#recurrent-layers
"""

import math
import warnings

from ..core.errors import error
from ..ops.create import empty, zeros
from ..ops.index_vector import index_select
from ..ops.recurrent import gru, lstm, rnn_relu, rnn_tanh
from . import init
from .module import Module
from .parameter import Parameter
from .utils.rnn import PackedSequence

#: mode -> (the function, how many rows of numbers each weight holds one below the other)
MODES = {"LSTM": (lstm, 4), "GRU": (gru, 3), "RNN_TANH": (rnn_tanh, 1), "RNN_RELU": (rnn_relu, 1)}


class RNNBase(Module):
    """What RNN, LSTM and GRU share: the weights of all layers and directions, and the way of an input through the checks.

    For layer k they are ``weight_ih_lk``, ``weight_hh_lk``, ``bias_ih_lk``, ``bias_hh_lk`` and, with a projection, ``weight_hr_lk``; those of
    the reverse direction end in ``_reverse``. All start uniform in ±1/√hidden_size.

    Errors: TypeError and ValueError for sizes and options that make no layer.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.RNNBase.html
    """

    def __init__(
        self, mode, input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False, proj_size=0,
        device=None, dtype=None,
    ):  # fmt: skip
        super().__init__()
        self.mode, self.input_size, self.hidden_size, self.num_layers = mode, input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout, self.bidirectional, self.proj_size = bias, batch_first, float(dropout), bidirectional, proj_size
        _check_options(self, dropout)
        if mode not in MODES:
            raise error("recurrent_mode", found=mode)
        self._all_weights = []
        for layer in range(num_layers):
            for direction in range(self._directions()):
                self._add_weights(layer, direction, {"device": device, "dtype": dtype})
        self.reset_parameters()

    def _directions(self):
        return 2 if self.bidirectional else 1

    def _shown_size(self):
        """How many numbers the state has that a step shows."""
        return self.proj_size or self.hidden_size

    def _add_weights(self, layer, direction, options):
        """The parameters of one layer and direction."""
        rows, shown = MODES[self.mode][1] * self.hidden_size, self._shown_size()
        inputs = self.input_size if layer == 0 else shown * self._directions()
        shapes = {"weight_ih": (rows, inputs), "weight_hh": (rows, shown)}
        if self.bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        if self.proj_size:
            shapes["weight_hr"] = (shown, self.hidden_size)
        suffix = f"_l{layer}" + ("_reverse" if direction else "")
        for name, shape in shapes.items():
            setattr(self, name + suffix, Parameter(empty(shape, **options)))
        self._all_weights.append([name + suffix for name in shapes])

    @property
    def all_weights(self):
        """The parameters, one list for each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _flat_weights(self):
        return [weight for weights in self.all_weights for weight in weights]

    def flatten_parameters(self):
        """PyTorch brings the weights into one piece of memory for cuDNN; here, as on its CPU, there is nothing to do."""

    def reset_parameters(self):
        """Draw new weights."""
        bound = 1 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    # --- checks ------------------------------------------------------------------------------------------------

    def check_input(self, input, batch_sizes):
        """Errors for an input of the wrong dtype, number of dimensions or number of features."""
        weight = self.all_weights[0][0]
        if input.dtype is not weight.dtype:
            raise error("recurrent_dtype", found=input.dtype, wanted=weight.dtype)
        wanted = 3 if batch_sizes is None else 2
        if input.dim() != wanted:
            raise error("recurrent_input_dims", wanted=wanted, ndim=input.dim())
        if input.size(-1) != self.input_size:
            raise error("recurrent_input_size", expected=self.input_size, found=input.size(-1))

    def get_expected_hidden_size(self, input, batch_sizes):
        """(layers · directions, batch, size of the state)."""
        batch = input.size(0 if self.batch_first else 1) if batch_sizes is None else int(batch_sizes[0])
        return (self.num_layers * self._directions(), batch, self._shown_size())

    def check_hidden_size(self, hx, expected_hidden_size, msg="Expected hidden size {}, got {}"):
        """An error for a state of another size."""
        if tuple(hx.shape) != tuple(expected_hidden_size):
            raise error("recurrent_hidden", message=msg.format(tuple(expected_hidden_size), list(hx.shape)))

    def check_forward_args(self, input, hidden, batch_sizes):
        """Errors for an input or a state that does not fit."""
        self.check_input(input, batch_sizes)
        self.check_hidden_size(hidden, self.get_expected_hidden_size(input, batch_sizes))

    def permute_hidden(self, hx, permutation):
        """The state with its sequences in another order."""
        return hx if permutation is None else index_select(hx, 1, permutation)

    def extra_repr(self):
        """The sizes, then the options that are not the default."""
        shown = [f"{self.input_size}, {self.hidden_size}"]
        usual = {"proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False}
        shown += [f"{name}={getattr(self, name)}" for name, default in usual.items() if getattr(self, name) != default]
        return ", ".join(shown)

    # --- the way of an input -----------------------------------------------------------------------------------

    def _run(self, input, hx):
        """(output, state at the end) for a packed, a padded or an unbatched input."""
        if isinstance(input, PackedSequence):
            return self._run_packed(input, hx)
        if input.dim() not in (2, 3):
            raise error("recurrent_ndim", name=self._get_name(), ndim=input.dim(), word="tensor instead" if self.mode.startswith("RNN") else "instead")
        batched, batch_dim = input.dim() == 3, 0 if self.batch_first else 1
        if hx is not None:
            self._check_hidden_dims(hx, batched)
        if not batched:
            input = input.unsqueeze(batch_dim)
            hx = hx if hx is None else self._each(hx, lambda state: state.unsqueeze(1))
        hx = self._zeros(input, None) if hx is None else hx
        self.check_forward_args(input, hx, None)
        output, *ends = MODES[self.mode][0](input, hx, *self._options(), self.batch_first)
        if batched:
            return output, self._as_state(ends)
        return output.squeeze(batch_dim), self._as_state([end.squeeze(1) for end in ends])

    def _run_packed(self, input, hx):
        data, batch_sizes, sorted_indices, unsorted_indices = input
        if hx is None:
            hx = self._zeros(data, batch_sizes)
        else:
            hx = self.permute_hidden(hx, sorted_indices)  # the state comes and goes in the caller's order
        self._check_packed(data, hx, batch_sizes)
        output, *ends = MODES[self.mode][0](data, batch_sizes, hx, *self._options())
        packed = PackedSequence(output, batch_sizes, sorted_indices, unsorted_indices)
        return packed, self.permute_hidden(self._as_state(ends), unsorted_indices)

    def _check_packed(self, data, hx, batch_sizes):
        self.check_forward_args(data, hx, batch_sizes)

    def _options(self):
        """What the function of every mode takes after the states."""
        return self._flat_weights, self.bias, self.num_layers, self.dropout, self.training, self.bidirectional

    def _each(self, hx, function):
        """``function`` of the state, or of both states of an LSTM."""
        return function(hx)

    def _as_state(self, ends):
        return ends[0]

    def _zeros(self, input, batch_sizes):
        """The state at the start where none is given."""
        return zeros(self.get_expected_hidden_size(input, batch_sizes), dtype=input.dtype, device=input.device)

    def _check_hidden_dims(self, hx, batched):
        if hx.dim() != 2 + batched:
            raise _hidden_dims(batched, "hx", f"{hx.dim()}-D tensor")


def _hidden_dims(batched, what, found):
    return error("recurrent_hidden_dims", batching="batched 3-D" if batched else "unbatched 2-D", what=what, wanted=2 + batched, found=found)


def _check_options(module, dropout):
    """PyTorch's errors for options that make no layer, in its order."""
    if isinstance(dropout, bool) or not 0 <= dropout <= 1:
        raise error("recurrent_dropout")
    if dropout > 0 and module.num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers greater than 1, but got "
            f"dropout={dropout} and num_layers={module.num_layers}",
            stacklevel=4,
        )
    for name, wanted in {"bias": bool, "batch_first": bool, "input_size": int, "hidden_size": int}.items():
        if not isinstance(getattr(module, name), wanted):
            raise error("recurrent_type", name=name, wanted=wanted.__name__, type=type(getattr(module, name)).__name__)
    for name in ("input_size", "hidden_size", "num_layers"):
        if getattr(module, name) <= 0:
            raise error("recurrent_positive", name=name)
    if module.proj_size < 0:
        raise error("recurrent_projection", what="should be a positive integer or zero to disable projections")
    if module.proj_size >= module.hidden_size:
        raise error("recurrent_projection", what="has to be smaller than hidden_size")


class RNN(RNNBase):
    r"""The plain recurrent network, $h_t = \tanh(W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh})$, or with relu in the place of tanh.

    ``RNN(input_size, hidden_size, num_layers=1, nonlinearity="tanh", bias=True, batch_first=False, dropout=0.0, bidirectional=False)``.
    Called with (input, h0): input (L, N, input_size), or (N, L, …) with ``batch_first``, or (L, input_size), or a PackedSequence; h0
    (layers · directions, N, hidden_size), zeros if not given → (hₜ of the last layer at every step, last hₜ of every layer).
    A layer reads what the one below gave; ``dropout`` drops some of that in training; ``bidirectional`` reads from both ends.

    >>> import lesson_lib as torch
    >>> output, h = torch.nn.RNN(3, 4, num_layers=2)(torch.ones(5, 2, 3))
    >>> output.shape, h.shape
    (torch.Size([5, 2, 4]), torch.Size([2, 2, 4]))

    Errors: RuntimeError, ValueError for an input or a state of another size.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.RNN.html
    """

    def __init__(self, *args, **kwargs):
        if "proj_size" in kwargs:
            raise error("recurrent_projection_lstm")
        if len(args) > 3:
            nonlinearity, args = args[3], args[:3] + args[4:]
        else:
            nonlinearity = kwargs.pop("nonlinearity", "tanh")
        if nonlinearity not in ("tanh", "relu"):
            raise error("recurrent_nonlinearity", found=nonlinearity)
        super().__init__("RNN_" + nonlinearity.upper(), *args, **kwargs)
        self.nonlinearity = nonlinearity

    def forward(self, input, hx=None):
        """(the state of the last layer at every step, the last state of every layer)."""
        return self._run(input, hx)


class GRU(RNNBase):
    r"""Gated recurrent units: $h_t = (1-z_t)\,n_t + z_t\,h_{t-1}$, where z says how much of the old state stays.

    ``GRU(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False)``. Inputs and results are
    those of ``RNN``; ``torch.gru_cell`` has the whole equations.

    >>> import lesson_lib as torch
    >>> output, h = torch.nn.GRU(3, 4, bidirectional=True)(torch.ones(5, 2, 3))
    >>> output.shape, h.shape
    (torch.Size([5, 2, 8]), torch.Size([2, 2, 4]))

    Errors: RuntimeError, ValueError for an input or a state of another size.
    Source: K. Cho et al., https://arxiv.org/abs/1406.1078; https://pytorch.org/docs/stable/generated/torch.nn.GRU.html
    """

    def __init__(self, *args, **kwargs):
        if "proj_size" in kwargs:
            raise error("recurrent_projection_lstm")
        super().__init__("GRU", *args, **kwargs)

    def forward(self, input, hx=None):
        """(the state of the last layer at every step, the last state of every layer)."""
        return self._run(input, hx)


class LSTM(RNNBase):
    r"""Long short-term memories: $c_t = f_t\,c_{t-1} + i_t\,g_t$ is kept, $h_t = o_t \tanh c_t$ is shown.

    ``LSTM(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False, proj_size=0)``. Inputs and
    results are those of ``RNN``, but the state is a pair (h, c). ``proj_size`` P > 0 shows W_hr·h, P numbers, in the place of h.
    ``torch.lstm_cell`` has the whole equations.

    >>> import lesson_lib as torch
    >>> output, (h, c) = torch.nn.LSTM(3, 4, batch_first=True)(torch.ones(2, 5, 3))
    >>> output.shape, h.shape, c.shape
    (torch.Size([2, 5, 4]), torch.Size([1, 2, 4]), torch.Size([1, 2, 4]))

    Errors: RuntimeError, ValueError for an input or a state of another size.
    Source: S. Hochreiter, J. Schmidhuber, https://doi.org/10.1162/neco.1997.9.8.1735;
    https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html
    """

    def __init__(self, *args, **kwargs):
        super().__init__("LSTM", *args, **kwargs)

    def get_expected_cell_size(self, input, batch_sizes):
        """(layers · directions, batch, hidden_size)."""
        return (*self.get_expected_hidden_size(input, batch_sizes)[:2], self.hidden_size)

    def check_forward_args(self, input, hidden, batch_sizes):
        """Errors for an input or states that do not fit."""
        self.check_input(input, batch_sizes)
        self.check_hidden_size(hidden[0], self.get_expected_hidden_size(input, batch_sizes), "Expected hidden[0] size {}, got {}")
        self.check_hidden_size(hidden[1], self.get_expected_cell_size(input, batch_sizes), "Expected hidden[1] size {}, got {}")

    def permute_hidden(self, hx, permutation):
        """The states with their sequences in another order."""
        return hx if permutation is None else self._each(hx, lambda state: index_select(state, 1, permutation))

    def forward(self, input, hx=None):
        """(h of the last layer at every step, (the last h of every layer, the last c))."""
        return self._run(input, hx)

    def _check_packed(self, data, hx, batch_sizes):
        """PyTorch leaves this to the function."""

    def _each(self, hx, function):
        return function(hx[0]), function(hx[1])

    def _as_state(self, ends):
        return tuple(ends)

    def _zeros(self, input, batch_sizes):
        shapes = self.get_expected_hidden_size(input, batch_sizes), self.get_expected_cell_size(input, batch_sizes)
        return tuple(zeros(shape, dtype=input.dtype, device=input.device) for shape in shapes)

    def _check_hidden_dims(self, hx, batched):
        dims = hx[0].dim(), hx[1].dim()
        if dims != (2 + batched, 2 + batched):
            raise _hidden_dims(batched, "hx and cx", f"({dims[0]}-D, {dims[1]}-D) tensors")
