"""Recurrent cells: one step at a time, for loops of your own.

Source: https://pytorch.org/docs/stable/nn.html#recurrent-layers
"""

import math

from ..core.errors import error
from ..ops.create import empty, zeros
from ..ops.recurrent_cells import gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell
from . import init
from .module import Module
from .parameter import Parameter


class RNNCellBase(Module):
    """What the cells share: ``weight_ih``, ``weight_hh``, ``bias_ih`` and ``bias_hh``, uniform in ±1/√hidden_size.

    Source: https://pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
    """

    def __init__(self, input_size, hidden_size, bias, num_chunks, device=None, dtype=None):
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows, options = num_chunks * hidden_size, {"device": device, "dtype": dtype}
        self.weight_ih = Parameter(empty(rows, input_size, **options))
        self.weight_hh = Parameter(empty(rows, hidden_size, **options))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, Parameter(empty(rows, **options)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self):
        """Draw new weights."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self):
        """The sizes, then the options that are not the default."""
        options = {"bias": True, "nonlinearity": "tanh"}
        shown = [f"{name}={getattr(self, name)}" for name, usual in options.items() if getattr(self, name, usual) != usual]
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *shown])

    def _check_dims(self, tensor, what):
        if tensor.dim() not in (1, 2):
            raise error("cell_dims", name=self._get_name(), what=what, ndim=tensor.dim())

    def _step(self, function, input, hx):
        """``function`` for one state, with or without a batch."""
        self._check_dims(input, "input")
        if hx is not None:
            self._check_dims(hx, "hidden")
        batched = input.dim() == 2
        if not batched:
            input, hx = input.unsqueeze(0), hx if hx is None else hx.unsqueeze(0)
        state = self._call(function, input, self._zeros(input) if hx is None else hx)
        return state if batched else state.squeeze(0)

    def _call(self, function, input, hx):
        return function(input, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)

    def _zeros(self, input):
        return zeros(input.size(0), self.hidden_size, dtype=input.dtype, device=input.device)


class RNNCell(RNNCellBase):
    r"""$h' = \tanh(W_{ih} x + b_{ih} + W_{hh} h + b_{hh})$, or with relu: input (N, input_size), h (N, hidden_size), zeros if not given → h′.

    >>> import lesson_lib as torch
    >>> torch.nn.RNNCell(3, 4, nonlinearity="relu")(torch.ones(2, 3)).shape
    torch.Size([2, 4])

    Errors: ValueError, RuntimeError for an input or a state of another size.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
    """

    def __init__(self, input_size, hidden_size, bias=True, nonlinearity="tanh", device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input, hx=None):
        """The next state."""
        function = {"tanh": rnn_tanh_cell, "relu": rnn_relu_cell}.get(self.nonlinearity)
        if function is None:
            raise error("cell_nonlinearity", found=self.nonlinearity)
        return self._step(function, input, hx)


class GRUCell(RNNCellBase):
    r"""One step of a gated recurrent unit: input (N, input_size), h (N, hidden_size), zeros if not given → h′.

    >>> import lesson_lib as torch
    >>> torch.nn.GRUCell(3, 4)(torch.ones(2, 3)).shape
    torch.Size([2, 4])

    Errors: ValueError, RuntimeError for an input or a state of another size.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.GRUCell.html
    """

    def __init__(self, input_size, hidden_size, bias=True, device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input, hx=None):
        """The next state."""
        return self._step(gru_cell, input, hx)


class LSTMCell(RNNCellBase):
    r"""One step of a long short-term memory: input (N, input_size), (h, c) of (N, hidden_size) each, zeros if not given → (h′, c′).

    >>> import lesson_lib as torch
    >>> h, c = torch.nn.LSTMCell(3, 4)(torch.ones(2, 3))
    >>> h.shape, c.shape
    (torch.Size([2, 4]), torch.Size([2, 4]))

    Errors: ValueError, RuntimeError for an input or a state of another size.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html
    """

    def __init__(self, input_size, hidden_size, bias=True, device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input, hx=None):
        """The next states."""
        self._check_dims(input, "input")
        for number, state in enumerate(() if hx is None else hx):
            self._check_dims(state, f"hx[{number}]")
        batched = input.dim() == 2
        if not batched:
            input, hx = input.unsqueeze(0), hx if hx is None else (hx[0].unsqueeze(0), hx[1].unsqueeze(0))
        states = self._call(lstm_cell, input, (self._zeros(input),) * 2 if hx is None else hx)
        return states if batched else (states[0].squeeze(0), states[1].squeeze(0))
