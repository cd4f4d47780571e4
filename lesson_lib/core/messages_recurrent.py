"""The messages of recurrent layers and of packed sequences. ``errors.py`` builds exceptions from them.

Each row: kind -> (exception type, PyTorch's first line, what to do about it).
"""

_SIZES = "The layer was made with other sizes; print it to see them."
_STATE = "A state is (layers · directions, batch, hidden_size), without the batch for an input without one; leave it away to start from zeros."

RECURRENT_MESSAGES = {
    # cells
    "cell_input": (RuntimeError, "input has inconsistent input_size: got {found} expected {expected}", _SIZES),
    "cell_batch": (RuntimeError, "Input batch size {batch} doesn't match hidden{number} batch size {found}", "One row of the state for each row of the input."),
    "cell_state": (RuntimeError, "hidden{number} has inconsistent hidden_size: got {found}, expected {expected}", _SIZES),
    "cell_dims": (ValueError, "{name}: Expected {what} to be 1D or 2D, got {ndim}D instead", "One step takes (features) or (batch, features)."),
    "cell_nonlinearity": (RuntimeError, "Unknown nonlinearity: {found}", "Use 'tanh' or 'relu'."),
    # sequences
    "recurrent_states_type": (TypeError, "{name}(): argument 'hx' (position 2) must be tuple of Tensors, not {type}", "An LSTM has two states: pass (h, c)."),
    "recurrent_states": (RuntimeError, "{name} expects two hidden states", "An LSTM has two states: pass (h, c)."),
    "recurrent_params": (RuntimeError, "got an incorrect number of RNN parameters", "For each layer and direction: weight_ih, weight_hh, then the two biases if has_biases, then weight_hr of an LSTM with a projection."),
    "recurrent_empty": (RuntimeError, "Expected sequence length to be larger than 0 in RNN", "A sequence needs at least one step."),
    # layers
    "recurrent_mode": (ValueError, "Unrecognized RNN mode: {found}", "Use 'LSTM', 'GRU', 'RNN_TANH' or 'RNN_RELU'."),
    "recurrent_nonlinearity": (ValueError, "Unknown nonlinearity '{found}'. Select from 'tanh' or 'relu'.", "Use one of the two."),
    "recurrent_dropout": (ValueError, "dropout should be a number in range [0, 1] representing the probability of an element being zeroed", "0 drops nothing."),
    "recurrent_type": (TypeError, "{name} should be of type {wanted}, got: {type}", "Convert it: {wanted}({name})."),
    "recurrent_positive": (ValueError, "{name} must be greater than zero", "Use a whole number from 1."),
    "recurrent_projection": (ValueError, "proj_size {what}", "0, the default, is for no projection."),
    "recurrent_projection_lstm": (ValueError, "proj_size argument is only supported for LSTM, not RNN or GRU", "Put a Linear layer after it."),
    "recurrent_ndim": (ValueError, "{name}: Expected input to be 2D or 3D, got {ndim}D {word}", "A sequence is (steps, features), a batch of them (steps, batch, features), or (batch, steps, features) with batch_first=True."),
    "recurrent_dtype": (ValueError, "RNN input dtype ({found}) does not match weight dtype ({wanted}). Convert input: input.to({wanted}), or convert model: model.to({found})", "Convert one of them."),
    "recurrent_input_dims": (RuntimeError, "input must have {wanted} dimensions, got {ndim}", "A packed sequence has (rows, features)."),
    "recurrent_input_size": (RuntimeError, "input.size(-1) must be equal to input_size. Expected {expected}, got {found}", _SIZES),
    "recurrent_hidden": (RuntimeError, "{message}", _STATE),
    "recurrent_hidden_dims": (RuntimeError, "For {batching} input, {what} should also be {wanted}-D but got {found}", _STATE),
    # packed sequences
    "pack_sorted": (RuntimeError, "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you do not need ONNX exportability.", "Pass enforce_sorted=False: the results come back in your order."),
    "pack_length": (RuntimeError, "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0", "Leave empty sequences out."),
    "pack_count": (RuntimeError, "Expected `len(lengths)` to be equal to batch_size, but got {found} (batch_size={batch})", "One length for each sequence; is batch_first right?"),
    "pack_lengths": (RuntimeError, "'lengths' argument should be a 1D CPU int64 tensor, but got {ndim}D {device} {type} tensor", "Pass a list of integers."),
    "pack_empty": (RuntimeError, "Cannot pack empty tensors.", "At least one sequence of at least one step."),
    "pack_pair": (AssertionError, "Expected data to be a list or tuple of length 2", "PackedSequence(data, batch_sizes)."),
    "pack_batch_sizes": (ValueError, "batch_sizes should always be on CPU. Instances of PackedSequence should never be created manually. They should be instantiated by functions like pack_sequence and pack_padded_sequences in nn.utils.rnn. https://pytorch.org/docs/stable/nn.html#torch.nn.utils.rnn.pack_sequence", "Use pack_padded_sequence."),
    "pad_total": (ValueError, "Expected total_length to be at least the length of the longest sequence in input, but got total_length={total} and max sequence length being {longest}", "Leave total_length away, or make it larger."),
    "pad_iterable": (RuntimeError, "pad_sequence: Expected iterable for input sequences, but got arg of type: {type}", "Pass a list of tensors."),
    "pad_side": (RuntimeError, "Expected padding_side to be one of left or right, but got {found}.", "Use 'left' or 'right'."),
    "pad_none": (RuntimeError, "received an empty list of sequences", "Pass at least one tensor."),
    "pad_element": (TypeError, "expected Tensor as element {index} in argument 0, but got {type}", "Convert it with torch.tensor."),
    "pad_0d": (RuntimeError, "ArrayRef: invalid slice, N = 1; size = 0", "A sequence has at least one dimension."),
}  # fmt: skip
